"""Words of records that were written before it was known in which language they are read."""

from __future__ import annotations

from typing import Any

from geoplan.messages import Lang, catalogue, text

__all__ = ["job_words"]


def job_words(record: dict[str, Any], lang: Lang) -> dict[str, Any]:
    """Return a job's record with its error in words."""
    error = record["error"]
    return {**record, "error": text(error, lang) if error in catalogue() else error}
