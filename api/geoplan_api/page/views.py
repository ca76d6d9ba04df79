"""What the page can look at: one snapshot under a standard and with limits of so many minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, get_args

import geopandas as gpd
import pandas as pd

from geoplan.analysis.centres import centre_times, coverage_by_centre, service_circles
from geoplan.analysis.coverage import coverage
from geoplan.analysis.points import PointCoverage
from geoplan.errors import UnknownStandardError
from geoplan.messages import Lang
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.standards.parse import load_standard, pack_ids
from geoplan.standards.standard import Standard
from geoplan.workflow import Audit
from geoplan_api.page.payload import Memo

Made = TypeVar("Made")

__all__ = ["CIRCLE_MINUTES", "MINUTES", "Minutes", "Snapshot", "View", "Views"]

Minutes = Literal["own", "5", "10", "15"]
"""``own``: the limits that the standard states; else that limit for every service."""
MINUTES: tuple[Minutes, ...] = get_args(Minutes)
CIRCLE_MINUTES = (5.0, 10.0, 15.0)

_MOST_SENT = 128
_MOST_MADE = 16
"""Tables of a large city are heavy: only those looked at last are kept."""


class Snapshot(Protocol):
    """What the page reads of the service: one audited study, which never changes."""

    @property
    def study(self) -> Study: ...  # noqa: D102
    @property
    def standard(self) -> Standard: ...  # noqa: D102
    @property
    def network(self) -> WalkNetwork | None: ...  # noqa: D102
    @property
    def audit(self) -> Audit: ...  # noqa: D102
    @property
    def generation(self) -> int: ...  # noqa: D102
    @property
    def lang(self) -> Lang: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class View:
    """
    One way to look at a snapshot.

    Parameters
    ----------
    snapshot
        What is looked at.
    standard
        The rules, with the limits of this view.
    minutes
        How those limits were chosen.
    services
        Services that the study allows to decide, categories first.
    tables
        Result tables of those limits, by name; none where no home can be decided.
    """

    snapshot: Snapshot
    standard: Standard
    minutes: Minutes
    services: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]


class Views:
    """
    Views of the newest snapshot, each made when it is first asked for.

    ``sent`` keeps what was sent of them, ready to be sent again.
    """

    def __init__(self) -> None:
        self.sent = Memo(_MOST_SENT)
        self._made = Memo(_MOST_MADE)

    def view(self, snapshot: Snapshot, standard_id: str, minutes: Minutes) -> View:
        """
        Return a view.

        Parameters
        ----------
        snapshot
            What is served now.
        standard_id
            One of `packs`; empty takes the one served.
        minutes
            See `Minutes`.

        Raises
        ------
        UnknownStandardError
            If there is no such pack.
        """
        pack = self.pack(snapshot, standard_id)
        return self._kept(snapshot, ("view", pack.id, minutes), lambda: _looked_at(snapshot, pack, minutes))

    def packs(self, snapshot: Snapshot) -> tuple[Standard, ...]:
        """Return the standards one can switch to: the one served, then the shipped ones."""
        own = snapshot.standard
        return (own, *(load_standard(one) for one in pack_ids() if one != own.id))

    def pack(self, snapshot: Snapshot, standard_id: str) -> Standard:
        """Return one of `packs` by id; a file of the server cannot be named."""
        known = {one.id: one for one in self.packs(snapshot)}
        if (standard_id or snapshot.standard.id) not in known:
            raise UnknownStandardError("error.unknown_standard", standard=standard_id, known=", ".join(known))
        return known[standard_id or snapshot.standard.id]

    def points(self, snapshot: Snapshot, network: WalkNetwork, standard_id: str) -> PointCoverage:
        """Return what answers for any point under a pack."""
        pack = self.pack(snapshot, standard_id)
        return self._kept(snapshot, ("points", pack.id), lambda: PointCoverage(network, snapshot.study, pack))

    def circles(self, snapshot: Snapshot, standard_id: str) -> gpd.GeoDataFrame | None:
        """Return the service circles of every centre at `CIRCLE_MINUTES`, largest first; None without any."""
        pack, study, network = self.pack(snapshot, standard_id), snapshot.study, snapshot.network
        if network is None or study.centres is None or study.centres.empty:
            return None
        found: gpd.GeoDataFrame | None = snapshot.audit.tables.get("service_circles")
        if pack is not snapshot.standard or found is None or set(found["minutes"]) != set(CIRCLE_MINUTES):
            found = service_circles(
                network, study.centres, pack,
                minutes=CIRCLE_MINUTES, max_snap_m=study.max_snap_m, barriers=study.barriers,
            )  # fmt: skip
        return found.sort_values("minutes", ascending=False, kind="stable")

    def _kept(self, snapshot: Snapshot, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        return self._made.get(snapshot.generation, key, make)


def _looked_at(snapshot: Snapshot, pack: Standard, minutes: Minutes) -> View:
    study, network = snapshot.study, snapshot.network
    standard = pack if minutes == "own" else pack.with_limit(float(minutes))
    services = () if study.facilities is None else tuple(one.id for one in standard.categories)
    services += () if study.centres is None else tuple(CENTRE_SERVICES)
    tables: dict[str, pd.DataFrame] = {}
    if standard is snapshot.standard:
        tables = dict(snapshot.audit.tables)
    elif network is not None and study.residences is not None and services:
        found = coverage(network, study, standard)
        tables = {
            "reach": found.reach,
            "completeness": found.completeness,
            "coverage_by_category": found.by_category,
        }
        if found.by_community is not None:
            tables["coverage_by_community"] = found.by_community
        if study.centres is not None:
            times = centre_times(network, study, found.places)
            tables["coverage_by_centre"] = coverage_by_centre(study, standard, found.places, times)
    return View(snapshot, standard, minutes, services, MappingProxyType(tables))
