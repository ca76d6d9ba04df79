"""What every answer is made from: one audited study, read once, never changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

import geoplan as gp
from geoplan.errors import DataError
from geoplan.messages import Lang
from geoplan_api.problems import ProblemError
from geoplan_api.settings import Settings

__all__ = ["Served", "load_served", "served_of"]


@dataclass(frozen=True, eq=False)
class Served:
    """
    One audited study and what was prepared from it.

    It is replaced as a whole when the study is read again: an answer uses the one it began with.

    Parameters
    ----------
    study, standard
        What was audited, and against what.
    network
        The study's walking network; None where it has no streets.
    audit
        Every table of the audit, in the study's metric CRS.
    generation
        1 for the first, one more each time the study is read again.
    lang
        Language of answers that ask for none.
    loaded_at
        When it was ready [s since 1970].
    """

    study: gp.Study
    standard: gp.Standard
    network: gp.WalkNetwork | None
    audit: gp.Audit
    generation: int
    lang: Lang
    loaded_at: float


def load_served(settings: Settings, *, generation: int = 1) -> Served:
    """
    Read and audit the study.

    Parameters
    ----------
    settings
        ``study``, ``standard``, ``profile`` and ``lang`` are used.
    generation
        Number it gets.

    Raises
    ------
    GeoplanError
        If the study cannot be read or audited.
    """
    if settings.study is None:
        raise DataError("error.service_no_study")
    study = gp.read_study(settings.study, lang=settings.lang)
    standard = _standard(settings, study).with_profile(settings.profile)
    network = None if study.streets is None else gp.walk_network(study)
    return Served(
        study=study,
        standard=standard,
        network=network,
        audit=gp.audit(study, standard),
        generation=generation,
        lang=settings.lang or study.lang,
        loaded_at=time.time(),
    )


def _standard(settings: Settings, study: gp.Study) -> gp.Standard:
    """Return the pack asked for; a file that the study itself names lies in its folder."""
    asked = settings.standard or study.standard_id
    if not asked.endswith(".toml"):
        return gp.load_standard(asked)
    return gp.load_standard(Path(asked) if settings.standard else Path(settings.study or ".") / asked)


def served_of(request: Request) -> Served:
    """
    Return what the answer to a request is made from.

    Raises
    ------
    ProblemError
        503 while the first audit is not ready.
    """
    served: Served | None = request.app.state.served
    if served is None:
        raise ProblemError(503, "problem.not_ready", retry_after=2)
    return served
