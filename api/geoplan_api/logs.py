"""Logs as JSON lines on standard error. Positions are personal: queries are not written unless asked for."""

from __future__ import annotations

import logging
import time

import orjson

__all__ = ["access", "start_logs"]

_access = logging.getLogger("geoplan_api.access")


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        told = getattr(record, "told", None)
        if told is None:
            line["message"] = record.getMessage()
        else:
            line |= told
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


def access(told: dict[str, object]) -> None:
    """Write one request."""
    if _access.isEnabledFor(logging.INFO):
        _access.info("", extra={"told": told})
