"""Logs as JSON lines on standard error. Positions are personal: queries are not written unless asked for."""

from __future__ import annotations

import asyncio
import logging
import time

import orjson

__all__ = ["AccessLog", "start_logs"]

_access = logging.getLogger("geoplan_api.access")
_HELD_SECONDS = 0.02


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == _access.name:
            return record.getMessage()  # lines of JSON already
        line = {
            "time": _stamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def start_logs() -> None:
    """Let the service write its log, and uvicorn none of its own of requests: that holds whole queries."""
    logger = logging.getLogger("geoplan_api")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_JsonLines())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    logging.getLogger("uvicorn.access").disabled = True


class AccessLog:
    """
    Write requests to the log, several at a time: a line each would cost as much as some answers do.

    Lines are held back for a fiftieth of a second at most: to write many at once would hold up who asks next.
    """

    def __init__(self) -> None:
        self._waiting: list[dict[str, object]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, told: dict[str, object]) -> None:
        """Note one request."""
        told["time"] = time.time()
        self._waiting.append(told)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_HELD_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what was noted."""
        waiting, self._waiting = self._waiting, []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if waiting and _access.isEnabledFor(logging.INFO):
            for told in waiting:
                told["time"] = _stamp(float(str(told["time"])))
            _access.info("\n".join(orjson.dumps(_HEAD | told).decode() for told in waiting))


_HEAD: dict[str, object] = {"time": "", "level": "info", "logger": _access.name}


def _stamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
