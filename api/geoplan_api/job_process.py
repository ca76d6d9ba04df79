"""
One job in a process of its own: it can be stopped at any time, and holds up no answer.

``python -m geoplan_api.job_process JOB_ID`` with the settings as JSON on standard input.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson

import geoplan as gp
from geoplan.errors import GeoplanError
from geoplan.report.site_json import site_as_dict
from geoplan.report.split_json import split_as_dict
from geoplan_api.jobs import JobStore
from geoplan_api.served import read_basis
from geoplan_api.settings import Settings

__all__ = ["main", "run_job"]

_BEAT_SECONDS = 0.5


class _Pulse:
    """Tell the store that the job lives and how far it is; end the process when it is to stop."""

    def __init__(self, store: JobStore, job_id: str, seconds: float) -> None:
        self.store, self.job_id = store, job_id
        self.stage, self.share = "", 0.0
        self._until = time.monotonic() + seconds
        threading.Thread(target=self._beat, daemon=True).start()

    def moved(self, stage: str, done: int, total: int) -> None:
        self.stage, self.share = stage, done / total if total else 0.0

    def _beat(self) -> None:
        while True:
            if self.store.alive(self.job_id, self.stage, self.share):
                self.store.finish(self.job_id, "cancelled")
                os._exit(0)
            if time.monotonic() > self._until:
                self.store.finish(self.job_id, "failed", error="problem.job_too_long")
                os._exit(0)
            time.sleep(_BEAT_SECONDS)


def run_job(settings: Settings, job: dict[str, Any], progress: Any) -> bytes:
    """
    Return the result of a job as JSON.

    Parameters
    ----------
    settings
        Those of the service: which study, under which pack.
    job
        Of `JobStore.taken`.
    progress
        Called as ``progress(stage, done, total)``.

    Raises
    ------
    GeoplanError
        If it cannot be done.
    """
    study, standard, network, key = read_basis(settings)
    if key != job["audit_key"]:
        raise _StudyChangedError
    asked, lang = job["question"], job["lang"]
    if job["kind"] == "split":
        plan = gp.plan_split(
            network,
            study,
            job["subject"],
            standard,
            parts=asked.pop("parts") or "auto",
            progress=progress,
            **asked,
        )
        found = split_as_dict(plan, lang=lang)
    else:
        if network is None:
            study.need("streets")
        sites = gp.locate_centres(network, study, standard, progress=progress, **asked)  # type: ignore[arg-type]
        found = site_as_dict(sites, lang=lang)
    return orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)


class _StudyChangedError(Exception):
    """The study on disk is not the one that is served."""


def main() -> None:
    """Run the job named by the only argument."""
    settings = Settings.model_validate_json(sys.stdin.buffer.read())
    store, job_id = JobStore(Path(settings.state_folder)), sys.argv[1]
    job = store.taken(job_id)
    pulse = _Pulse(store, job_id, settings.job_seconds)
    try:
        result = run_job(settings, job, pulse.moved)
    except _StudyChangedError:
        store.finish(job_id, "failed", error="problem.study_changed")
    except GeoplanError as error:
        store.finish(job_id, "failed", error=error.text(job["lang"]))
    except BaseException as error:
        store.finish(job_id, "failed", error="problem.job_died")
        raise SystemExit(f"job {job_id} failed: {type(error).__name__}: {error}") from error
    else:
        store.finish(job_id, "done", result=result)


if __name__ == "__main__":
    main()
