"""What every answer is made from: one audited study, read once, never changed."""

from __future__ import annotations

import dataclasses
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from starlette.requests import Request

import geoplan as gp
from geoplan.analysis.points import PointCoverage
from geoplan.errors import DataError
from geoplan.messages import Lang
from geoplan.standards.parse import pack_ids
from geoplan_api.positions import Positions
from geoplan_api.problems import ProblemError
from geoplan_api.settings import Settings
from geoplan_api.store import alone, audit_key, read_audit, write_audit

__all__ = ["Served", "load_served", "read_basis", "served_of"]

_log = logging.getLogger("geoplan_api.served")


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
        How often a reload was asked for, and one: grows each time the study is read again.
    lang
        Language of answers that ask for none.
    loaded_at
        When it was ready [s since 1970].
    key
        Digest of everything the audit was made of.
    """

    study: gp.Study
    standard: gp.Standard
    network: gp.WalkNetwork | None
    audit: gp.Audit
    generation: int
    lang: Lang
    loaded_at: float
    key: str = ""
    _kept: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False)
    _lock: Any = dataclasses.field(default_factory=threading.RLock, repr=False)

    @cached_property
    def positions(self) -> Positions:
        """Reader of positions."""
        return Positions(self.study)

    @cached_property
    def standard_ids(self) -> tuple[str, ...]:
        """The packs that may be asked for: the study's own first, then those shipped."""
        return tuple(dict.fromkeys((self.standard.id, *pack_ids())))

    def standard_called(self, standard_id: str | None) -> gp.Standard:
        """
        Return a pack by its id, the audit's own for None.

        Raises
        ------
        ProblemError
            422 if there is no such pack. The id is looked up in a list: it never names a file.
        """
        if standard_id is None or standard_id == self.standard.id:
            return self.standard
        if standard_id not in self.standard_ids:
            raise ProblemError(
                422, "problem.standard", standard=standard_id, known=", ".join(self.standard_ids)
            )
        found: gp.Standard = self.kept(("standard", standard_id), lambda: gp.load_standard(standard_id))
        return found

    def points(self, standard_id: str | None = None) -> PointCoverage:
        """
        Return what answers single points under a pack, made at its first use.

        Raises
        ------
        ProblemError
            404 if the study has no streets, or nothing to walk to.
        """
        standard = self.standard_called(standard_id)
        network = self.need_network()
        if self.study.facilities is None and self.study.centres is None:
            raise ProblemError(404, "problem.lacking", lacking="facilities, centres")
        found: PointCoverage = self.kept(
            ("points", standard.id), lambda: PointCoverage(network, self.study, standard)
        )
        return found

    @property
    def answers_points(self) -> bool:
        """Whether the study has streets, and something to walk to."""
        return self.network is not None and (
            self.study.facilities is not None or self.study.centres is not None
        )

    def need_network(self) -> gp.WalkNetwork:
        """Return the network; ProblemError 404 if the study has no streets."""
        if self.network is None:
            raise ProblemError(404, "problem.lacking", lacking="streets")
        return self.network

    def table(self, name: str) -> Any:
        """Return a table of the audit; ProblemError 404 naming what the study lacks for it."""
        if name not in self.audit.tables:
            lacking = ", ".join(self.audit.not_computed.get(name, (name,)))
            raise ProblemError(404, "problem.lacking", lacking=lacking)
        return self.audit.tables[name]

    def ready(self, key: Any) -> bool:
        """Tell whether what is kept under this key is made already."""
        return key in self._kept

    def kept(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made under this key; made once, under a lock."""
        if key not in self._kept:
            with self._lock:
                if key not in self._kept:
                    self._kept[key] = make()
        return self._kept[key]


def load_served(settings: Settings, *, generation: int = 1) -> Served:
    """
    Read the study, and its stored audit or audit it.

    Parameters
    ----------
    settings
        ``study``, ``standard``, ``profile``, ``lang`` and ``state_dir`` are used.
    generation
        Number it gets.

    Raises
    ------
    GeoplanError
        If the study cannot be read or audited.
    """
    study, standard, network, key = read_basis(settings)
    return Served(
        study=study,
        standard=standard,
        network=network,
        audit=_audit(settings.state_folder, key, study, standard),
        generation=generation,
        lang=settings.lang or study.lang,
        loaded_at=time.time(),
        key=key,
    )


def read_basis(settings: Settings) -> tuple[gp.Study, gp.Standard, gp.WalkNetwork | None, str]:
    """
    Read what an audit is made of: the study, the pack, the network, and the key of all that.

    Raises
    ------
    GeoplanError
        If the study or the pack cannot be read.
    """
    if settings.study is None:
        raise DataError("error.service_no_study")
    study = gp.read_study(settings.study, lang=settings.lang)
    standard = _standard(settings, study).with_profile(settings.profile)
    network = None if study.streets is None else gp.walk_network(study)
    return study, standard, network, audit_key(study, standard, settings.study)


def _audit(folder: Path, key: str, study: gp.Study, standard: gp.Standard) -> gp.Audit:
    """Return the stored audit; without one, audit and store it, one process at a time."""
    stored = read_audit(folder, key, study, standard)
    if stored is not None:
        return stored
    try:
        with alone(folder):
            stored = read_audit(folder, key, study, standard)
            if stored is None:
                stored = gp.audit(study, standard)
                write_audit(folder, key, stored)
            return stored
    except (OSError, sqlite3.Error) as error:
        _log.warning("the audit cannot be stored in the state folder: %s", error)
        return gp.audit(study, standard)


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
    if served is None and getattr(request.app.state, "failed", False):
        raise ProblemError(503, "problem.not_loaded", retry_after=60)
    if served is None:
        raise ProblemError(503, "problem.not_ready", retry_after=2)
    return served
