"""
Coverage of any point: the answers of `geoplan.coverage` for a home that stands there, without a search.

Everything that does not depend on the point is done once: the walk from every node of the network to what
counts (`geoplan.network.fields`). `PointCoverage.one` answers a point in a tenth of a millisecond,
`PointCoverage.many` many points in arrays; both to the digit what ``coverage`` says.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.coverage import services_of
from geoplan.analysis.needs import ServicePart, service_limit, service_parts
from geoplan.analysis.reach import PartReach, all_of, combine_verdicts, decide, part_reach
from geoplan.model.study import Study
from geoplan.network.fields import Foot, TimeField, foot_at, time_field
from geoplan.network.from_nodes import Nearest
from geoplan.network.graph import WalkNetwork
from geoplan.network.point_snap import PointSnapper
from geoplan.network.snap import Snaps, snap_places, snap_points
from geoplan.network.walking import walking_costs
from geoplan.standards.standard import Standard, set_by_user
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS, minutes_to_ms

__all__ = ["PointCoverage", "PointReach", "ServiceReach", "verdict_of_all"]


class ServiceReach(NamedTuple):
    """A row of table ``reach``; its figures are NaN where nothing is reached."""

    service: str
    minutes: float
    metres: float
    nearest_id: str | None
    limit_minutes: float
    margin_minutes: float
    verdict: str
    reason: str
    clause: str


class PointReach(NamedTuple):
    """
    Where a point meets the network, and what it reaches.

    Parameters
    ----------
    foot
        Where it meets the network, as a search wants it; None if it does not.
    edge, offset_m, snap_m
        Edge met (-1: none), distance along it, and distance to it [m] (NaN: none).
    services
        One a service, in the order of table ``reach``.
    verdict
        Of all categories together, as ``verdict_all_five``.
    """

    foot: Foot | None
    edge: int
    offset_m: float
    snap_m: float
    services: tuple[ServiceReach, ...]
    verdict: str


@dataclass(frozen=True, eq=False)
class _Part:
    """One part of a service, its field, and what is said where the walk does not matter."""

    part: ServicePart
    field: TimeField
    ids: pd.Index
    names: tuple[str | None, ...]
    settled: tuple[str, str] | None


@dataclass(frozen=True, eq=False)
class _Service:
    id: str
    limit_minutes: float
    limit_ms: int
    clause: str
    parts: tuple[_Part, ...]


def verdict_of_all(verdicts: list[str]) -> str:
    """
    Combine verdicts that must all pass; without any it is unknown.

    Examples
    --------
    >>> verdict_of_all(["pass", "unknown"]), verdict_of_all(["fail", "unknown"]), verdict_of_all([])
    ('unknown', 'fail', 'unknown')
    """
    if not verdicts:
        return "unknown"
    return next((one for one in ("fail", "unknown") if one in verdicts), "pass")


class PointCoverage:
    """
    What any point of a study reaches under a standard.

    Parameters
    ----------
    network, study, standard
        As for `geoplan.coverage`; residences are not needed.

    Raises
    ------
    DataError
        If the study has neither facilities nor centres.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/monaco"), geoplan.load_standard("default")
    >>> points = PointCoverage(geoplan.walk_network(study), study, standard)
    >>> home = study.residences.representative_point().iloc[0]
    >>> found = points.one(home.x, home.y)
    >>> found.services[0].service, found.services[0].verdict
    ('daily', 'pass')
    """

    def __init__(self, network: WalkNetwork, study: Study, standard: Standard) -> None:
        if study.facilities is None and study.centres is None:
            study.need("facilities", "centres")
        self.network, self.study, self.standard = network, study, standard
        self.costs = walking_costs(network, standard)
        cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
        self.snapper = PointSnapper(network, max_snap_m=cap, barriers=study.barriers)
        self.snaps = {
            name: snap_places(network, table, max_snap_m=cap, barriers=study.barriers)
            for name, table in (("facilities", study.facilities), ("centres", study.centres))
            if table is not None
        }
        self.categories, self.services = services_of(study, standard)
        self._fields: dict[tuple[str, bytes, int], TimeField] = {}
        self._prepared = tuple(self._prepare(one) for one in self.services)

    def _prepare(self, service: str) -> _Service:
        limit, clause = service_limit(self.standard, service)
        parts = []
        for part in service_parts(self.study, self.standard, service):
            field = self._field(part)
            ids = self.study.need(part.table)[0].index[part.rows]
            parts.append(_Part(part, field, ids, (*map(str, ids), None), _settled(part, field)))
        return _Service(service, limit, minutes_to_ms(limit), clause, tuple(parts))

    def _field(self, part: ServicePart) -> TimeField:
        """Return the field of a part; services that count the same rows share it."""
        key = part.table, part.rows.tobytes(), part.needed
        if key not in self._fields:
            targets = self.snaps[part.table].only(part.rows)
            self._fields[key] = time_field(self.network, self.costs, targets, k=part.needed)
        return self._fields[key]

    def one(self, x: float, y: float, *, minutes: float | None = None) -> PointReach:
        """
        Return what one point reaches.

        Parameters
        ----------
        x, y
            Place in the study's CRS, finite.
        minutes
            One limit in place of the standard's, as by `geoplan.Standard.with_limit` [min].
        """
        return self.at(shapely.Point(x, y), minutes=minutes)

    def at(self, point: shapely.Point, *, minutes: float | None = None) -> PointReach:
        """Return the same of a point that is made already."""
        edge, offset_m, snap_m = self.snapper.snap_point(point)
        foot = None if edge < 0 else foot_at(self.network, self.costs, edge, offset_m, snap_m)
        walks: dict[int, _Walk] = {}
        limit_ms = None if minutes is None else minutes_to_ms(minutes)
        services = tuple([_service_at(one, foot, minutes, limit_ms, walks) for one in self._prepared])
        verdict = verdict_of_all([one.verdict for one in services[: len(self.categories)]])
        return PointReach(foot, edge, offset_m, snap_m, services, verdict)

    def many(
        self, points: npt.NDArray[np.object_], *, minutes: float | None = None
    ) -> tuple[Snaps, dict[str, PartReach]]:
        """
        Return what many points reach: where they meet the network, and arrays by service.

        Parameters
        ----------
        points
            Points in the study's CRS.
        minutes
            As in `one`.
        """
        edge, offset_m, snap_m = snap_points(
            self.network, points, max_snap_m=self.snapper.max_snap_m, severing=self.snapper.severing
        )
        snaps = Snaps(np.arange(len(points)), len(points), edge, offset_m, snap_m)
        walks: dict[int, Nearest] = {}
        found = {}
        for service in self._prepared:
            parts = []
            for one in service.parts:
                if id(one.field) not in walks:
                    walks[id(one.field)] = one.field.kth_nearest(snaps)
                part = one.part
                if minutes is not None:
                    part = dataclasses.replace(part, limit_ms=minutes_to_ms(minutes))
                parts.append(part_reach(walks[id(one.field)], snaps, one.field.targets, one.ids, part))
            found[service.id] = all_of(parts)
        return snaps, found

    def verdicts(self, found: dict[str, PartReach]) -> npt.NDArray[np.object_]:
        """Return the verdicts on all categories together of what `many` found."""
        decided = [found[one].verdict for one in self.categories]
        if not decided:
            return np.full(len(next(iter(found.values())).verdict), "unknown", object)
        return combine_verdicts(np.array(decided, dtype=object))

    def limits(self, minutes: float | None = None) -> dict[str, tuple[float, str]]:
        """Return the limit [min] and the clause of each service."""
        if minutes is None:
            return {one.id: (one.limit_minutes, one.clause) for one in self._prepared}
        return {
            one.id: (float(minutes), set_by_user(one.clause, one.limit_minutes)) for one in self._prepared
        }


_Walk = tuple[int, int, float]
_NOWHERE: _Walk = (int(UNREACHED_MS), -1, math.nan)


def _settled(part: ServicePart, field: TimeField) -> tuple[str, str] | None:
    """Return verdict and reason where they hang on no walk: too few places, or too few on the streets."""
    usable = int(field.targets.owner_snapped().sum())
    if part.needed <= min(len(part.rows), usable):
        return None
    walk = Nearest(np.array([UNREACHED_MS]), np.array([-1]), np.array([math.nan]))
    verdict, reason = decide(
        walk, np.ones(1, bool), limit_ms=part.limit_ms, known=len(part.rows), usable=usable,
        needed=part.needed, complete=part.complete,
    )  # fmt: skip
    return str(verdict[0]), str(reason[0])


def _service_at(
    service: _Service,
    foot: Foot | None,
    minutes: float | None,
    limit_ms: int | None,
    walks: dict[int, _Walk],
) -> ServiceReach:
    """Decide one service for one point, as `geoplan.analysis.reach.reach_table` does for many."""
    found = []
    for one in service.parts:
        key = id(one.field)
        walk = walks.get(key)
        if walk is None:
            walk = walks[key] = _NOWHERE if foot is None else one.field.at(foot)
        verdict, reason = one.settled or _decide(
            walk[0], foot, one.part.limit_ms if limit_ms is None else limit_ms
        )
        found.append((verdict, reason, walk, one))
    verdict, reason, (ms, target, metres), part = found[0] if len(found) == 1 else _telling(found)
    limit = service.limit_minutes if minutes is None else float(minutes)
    within_ms = service.limit_ms if limit_ms is None else limit_ms
    walked = math.nan if ms == UNREACHED_MS else ms / MS_PER_MINUTE
    return ServiceReach(
        service.id,
        walked,
        metres,
        part.names[target],
        limit,
        (within_ms - walked * MS_PER_MINUTE) / MS_PER_MINUTE,
        verdict,
        reason,
        service.clause if minutes is None else set_by_user(service.clause, service.limit_minutes),
    )


def _decide(ms: int, foot: Foot | None, limit_ms: int) -> tuple[str, str]:
    if foot is None:
        return "unknown", "reason.residence_not_on_network"
    if ms == UNREACHED_MS:
        return "fail", "reason.unreachable"
    return ("pass", "reason.within") if ms <= limit_ms else ("fail", "reason.too_far")


_Found = tuple[str, str, _Walk, _Part]


def _telling(found: list[_Found]) -> _Found:
    """Return the slowest of the parts that have the verdict of all."""
    verdict = verdict_of_all([one[0] for one in found])
    return max((one for one in found if one[0] == verdict), key=lambda one: one[2][0])
