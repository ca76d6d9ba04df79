"""
Records of jobs and of reloads, shared by all processes of a service: one SQLite file in the state folder.

A record is on disk before its job is accepted. A process that dies takes none with it: what it was running
shows no sign of life for a while, and another process begins it again.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from geoplan_api.problems import ProblemError

__all__ = ["ACTIVE", "JobStore"]

ACTIVE = ("queued", "running")
_SILENT_SECONDS = 15.0
_MOST_ATTEMPTS = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT UNIQUE NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    question BLOB NOT NULL,
    lang TEXT NOT NULL,
    audit_key TEXT NOT NULL,
    status TEXT NOT NULL,
    stage TEXT NOT NULL DEFAULT '',
    progress REAL NOT NULL DEFAULT 0,
    error TEXT,
    result BLOB,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    heartbeat REAL,
    stop INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS reloads (id INTEGER PRIMARY KEY CHECK (id = 1), wanted INTEGER NOT NULL);
INSERT OR IGNORE INTO reloads VALUES (1, 0);
"""
_TOLD = (
    "job_id", "kind", "status", "stage", "progress", "question", "error", "created_at", "started_at",
    "finished_at",
)  # fmt: skip


class JobStore:
    """
    Read and write the records.

    Parameters
    ----------
    folder
        State folder; it is made if it is not there.

    Raises
    ------
    OSError, sqlite3.Error
        If it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "jobs.sqlite"
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._file, timeout=10, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA synchronous=FULL")
            yield db
        finally:
            db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Let one writer at a time in: what it reads stays true until it has written."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def add(
        self, kind: str, subject: str, question: dict[str, Any], *, lang: str, audit_key: str, most: int
    ) -> dict[str, Any]:
        """
        Accept a job: when this returns, its record is on disk.

        Raises
        ------
        ProblemError
            429 if ``most`` jobs wait already.
        """
        job_id = uuid.uuid4().hex
        with self._writing() as db:
            waiting = db.execute("SELECT count(*) FROM jobs WHERE status = 'queued'").fetchone()[0]
            if waiting >= most:
                raise ProblemError(429, "problem.queue_full", retry_after=30, most=most)
            db.execute(
                "INSERT INTO jobs (job_id, kind, subject, question, lang, audit_key, status, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                (job_id, kind, subject, orjson.dumps(question), lang, audit_key, time.time()),
            )
        return self.get(job_id)

    def get(self, job_id: str) -> dict[str, Any]:
        """Return a job's record; ProblemError 404 if there is none."""
        with self._open() as db:
            row = db.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        if row is None:
            raise ProblemError(404, "problem.no_job", id=job_id)
        return _told(row)

    def listed(self, most: int) -> list[dict[str, Any]]:
        """Return the records of the latest jobs, the last first."""
        with self._open() as db:
            rows = db.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT ?", (most,)).fetchall()
        return [_told(row) for row in rows]

    def result(self, job_id: str) -> bytes:
        """Return a job's result as JSON; ProblemError 409 if it has none, or none yet."""
        record = self.get(job_id)
        if record["status"] != "done":
            raise ProblemError(409, "problem.not_done", state=record["status"])
        with self._open() as db:
            row = db.execute("SELECT result FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        return bytes(row["result"])

    def latest(self, kind: str, subject: str, audit_key: str) -> bytes | None:
        """Return the latest result of a kind about a subject from the same data, or None."""
        with self._open() as db:
            row = db.execute(
                "SELECT result FROM jobs WHERE kind = ? AND subject = ? AND audit_key = ? AND status = 'done'"
                " ORDER BY number DESC LIMIT 1",
                (kind, subject, audit_key),
            ).fetchone()
        return None if row is None else bytes(row["result"])

    def stop(self, job_id: str) -> dict[str, Any]:
        """Cancel a job: one that waits at once, one that runs at its next sign of life."""
        with self._writing() as db:
            db.execute("UPDATE jobs SET stop = 1 WHERE job_id = ? AND status = 'running'", (job_id,))
            db.execute(
                "UPDATE jobs SET status = 'cancelled', finished_at = ?"
                " WHERE job_id = ? AND status = 'queued'",
                (time.time(), job_id),
            )
        return self.get(job_id)

    def claim(self, most_running: int) -> str | None:
        """Return the next job to run, marked as running; None if there is none, or enough run already."""
        now = time.time()
        with self._writing() as db:
            silent = now - _SILENT_SECONDS
            db.execute(
                "UPDATE jobs SET status = CASE WHEN stop THEN 'cancelled' ELSE 'failed' END,"
                " error = CASE WHEN stop THEN NULL ELSE 'problem.job_died' END, finished_at = ?"
                " WHERE status = 'running' AND heartbeat < ? AND (stop OR attempts >= ?)",
                (now, silent, _MOST_ATTEMPTS),
            )
            db.execute(
                "UPDATE jobs SET status = 'queued', progress = 0, stage = ''"
                " WHERE status = 'running' AND heartbeat < ?",
                (silent,),
            )
            running = db.execute("SELECT count(*) FROM jobs WHERE status = 'running'").fetchone()[0]
            row = db.execute(
                "SELECT job_id FROM jobs WHERE status = 'queued' ORDER BY number LIMIT 1"
            ).fetchone()
            if running >= most_running or row is None:
                return None
            db.execute(
                "UPDATE jobs SET status = 'running', started_at = ?, heartbeat = ?, attempts = attempts + 1"
                " WHERE job_id = ?",
                (now, now, row["job_id"]),
            )
            return str(row["job_id"])

    def taken(self, job_id: str) -> dict[str, Any]:
        """Return what the process that runs a job needs to know."""
        with self._open() as db:
            row = db.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        return {
            **{name: row[name] for name in ("kind", "subject", "lang", "audit_key", "status")},
            "question": orjson.loads(row["question"]),
        }

    def alive(self, job_id: str, stage: str, progress: float) -> bool:
        """Give a sign of life; return whether the job is to stop."""
        with self._writing() as db:
            db.execute(
                "UPDATE jobs SET heartbeat = ?, stage = ?, progress = ?"
                " WHERE job_id = ? AND status = 'running'",
                (time.time(), stage, min(1.0, max(0.0, progress)), job_id),
            )
            row = db.execute("SELECT stop, status FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        return row is None or bool(row["stop"]) or row["status"] != "running"

    def finish(
        self, job_id: str, status: str, *, result: bytes | None = None, error: str | None = None
    ) -> None:
        """Write how a running job ended; one that has ended stays as it is."""
        with self._writing() as db:
            db.execute(
                "UPDATE jobs SET status = ?, result = ?, error = ?, finished_at = ?, stage = '',"
                " progress = CASE WHEN ? = 'done' THEN 1 ELSE progress END"
                " WHERE job_id = ? AND status = 'running'",
                (status, result, error, time.time(), status, job_id),
            )

    def give_back(self, job_id: str) -> None:
        """Let a job that was interrupted by the service's end wait again."""
        with self._writing() as db:
            db.execute(
                "UPDATE jobs SET status = 'queued', progress = 0, stage = '', attempts = attempts - 1"
                " WHERE job_id = ? AND status = 'running'",
                (job_id,),
            )

    def prune(self, kept: int) -> None:
        """Forget the oldest jobs that have ended beyond ``kept``."""
        with self._writing() as db:
            db.execute(
                "DELETE FROM jobs WHERE status NOT IN ('queued', 'running') AND number NOT IN (SELECT number"
                " FROM jobs WHERE status NOT IN ('queued', 'running') ORDER BY number DESC LIMIT ?)",
                (kept,),
            )

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are of each status."""
        with self._open() as db:
            rows = db.execute("SELECT status, count(*) AS count FROM jobs GROUP BY status").fetchall()
        return {row["status"]: row["count"] for row in rows}

    def reloads(self) -> int:
        """Return how often a reload was asked for."""
        with self._open() as db:
            return int(db.execute("SELECT wanted FROM reloads").fetchone()[0])

    def want_reload(self) -> int:
        """Ask every process to read the study again; return how often that was asked for."""
        with self._writing() as db:
            db.execute("UPDATE reloads SET wanted = wanted + 1")
            return int(db.execute("SELECT wanted FROM reloads").fetchone()[0])


def _told(row: sqlite3.Row) -> dict[str, Any]:
    return {**{name: row[name] for name in _TOLD}, "question": orjson.loads(row["question"])}
