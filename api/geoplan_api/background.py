"""What goes on beside answering: jobs are begun, and the study is read again when that is asked for."""

from __future__ import annotations

import asyncio
import gc
import logging
import sqlite3
import sys
from typing import Any

from fastapi import FastAPI

from geoplan.errors import GeoplanError
from geoplan.messages import LANGS
from geoplan_api.answers import desk_of
from geoplan_api.jobs import JobStore
from geoplan_api.problems import ProblemError
from geoplan_api.served import Served, load_served
from geoplan_api.settings import Settings

__all__ = ["Background"]

_LOOK_SECONDS = 0.5
_log = logging.getLogger("geoplan_api.background")


class Background:
    """
    Look every half second for a job to run and for a reload that was asked for, in any process.

    Parameters
    ----------
    app
        ``app.state.served`` is replaced when the study was read again.
    settings
        Those of the service.
    """

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.reload_error: str | None = None
        self.loading = False
        self._seen = 0
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._store: JobStore | None = None
        try:
            self._store = JobStore(settings.state_folder)
            self._seen = self._store.reloads()
        except (OSError, sqlite3.Error) as error:
            _log.warning("no jobs and no reloads: the state folder cannot be written (%s)", error)

    @property
    def store(self) -> JobStore:
        """The records; ProblemError 503 if the state folder cannot be written."""
        if self._store is None:
            raise ProblemError(503, "problem.no_state", retry_after=60)
        return self._store

    def start(self) -> None:
        """Begin to look; read the study first if nothing is served yet."""
        if self.app.state.served is None:
            self._spawn(self._load())
        self._spawn(self._look())

    async def stop(self) -> None:
        """End; what runs is stopped, and waits again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job_id, process in self._running.items():
            if process.returncode is None:
                process.terminate()
                await process.wait()
                self.store.give_back(job_id)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        while self._store is not None:
            try:
                await self._look_once(self._store)
            except sqlite3.Error as error:
                _log.warning("the state folder cannot be read: %s", error)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look_once(self, store: JobStore) -> None:
        wanted = await asyncio.to_thread(store.reloads)
        if wanted != self._seen and not self.loading:
            self._seen = wanted
            self._spawn(self._load())
        if self.settings.study is None:
            return
        job_id = await asyncio.to_thread(store.claim, self.settings.job_workers)
        if job_id is not None:
            self._spawn(self._run(store, job_id))

    async def _run(self, store: JobStore, job_id: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "geoplan_api.job_process",
            job_id,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        self._running[job_id] = process
        await process.communicate(self.settings.model_dump_json().encode())
        del self._running[job_id]
        # a process that was killed has told nothing
        await asyncio.to_thread(store.finish, job_id, "failed", error="problem.job_died")
        await asyncio.to_thread(store.prune, self.settings.jobs_kept)

    async def _load(self) -> None:
        """Read the study; answers come from the old one until the new one is ready."""
        old: Served | None = self.app.state.served
        self.loading = True
        try:
            # of all processes the same: one that was begun later must not tell another number
            generation = self._seen + 1
            served = await asyncio.to_thread(_prepared, self.settings, generation)
            self.app.state.served = served
            _settle()
            self.reload_error = None
        except GeoplanError as error:
            self.reload_error = error.text(old.lang if old is not None else "en")
            _log.error("the study cannot be read: %s", error)
        except Exception as error:
            self.reload_error = type(error).__name__
            _log.exception("the study cannot be read")
        finally:
            self.loading = False
            self.app.state.failed = self.app.state.served is None


def _settle() -> None:
    """Spare the collector the study: it looked through all of it time and again, between answers."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _prepared(settings: Settings, generation: int) -> Served:
    """Read the study, and make what its first answers would otherwise wait for."""
    served = load_served(settings, generation=generation)
    if served.answers_points:
        served.positions.said()
        for lang in LANGS:
            desk_of(served, None, lang)
    return served
