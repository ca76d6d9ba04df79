"""
Today's walks of a study, and what they would be with one place more or other streets.

What comes out is what a run of the whole check on the changed study would say: verdicts by the same
functions, walks to the millisecond.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.needs import ServicePart, service_parts
from geoplan.analysis.reach import PlacesOnNetwork, combine_verdicts, decide_service
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import BoolArray, Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.snap import Snaps, entrance_points, snap_places, snap_points
from geoplan.network.times import k_nearest, nearest
from geoplan.network.walking import fastest_m_per_min, walking_costs
from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS

__all__ = [
    "SHARE_OF_WALK",
    "Decided",
    "PartWalks",
    "Today",
    "Walks",
    "changed_streets",
    "counts_for",
    "nearest_ms",
    "places_at",
    "services_of",
    "walks_after",
]

_ONE_VERTEX_M = 0.02
"""Vertices in one centimetre are one: streets nearer than this may join."""
SHARE_OF_WALK = 0.5
"""Of places within half the limit's walk of one another one is enough, as in ``gap_places``."""
_TABLES = ("residences", "facilities", "centres")

Decided = dict[str, tuple[IntArray, npt.NDArray[np.object_]]]
"""Service -> the walk that tells [ms] and the verdict of each home asked about."""


@dataclass(frozen=True, eq=False)
class PartWalks:
    """
    The walks of every home to what a part of a service needs.

    Parameters
    ----------
    part
        What is needed.
    ms
        Array of shape (homes, needed): to the nearest that count, nearest first [ms].
    usable
        How many that count met the network.
    """

    part: ServicePart
    ms: IntArray
    usable: int

    def with_place(self, rows: IntArray, ms: IntArray, *, snapped: bool) -> PartWalks:
        """Return the walks of some homes if one place more counted, to which they walk so long."""
        before = self.ms[rows]
        return PartWalks(
            dataclasses.replace(self.part, rows=np.append(self.part.rows, -1)),
            np.sort(np.column_stack([before, ms]), axis=1)[:, : before.shape[1]],
            self.usable + int(snapped),
        )

    @property
    def short(self) -> bool:
        """Whether there are too few to decide anything: then one more decides for everybody."""
        return len(self.part.rows) < self.part.needed or self.usable < self.part.needed


@dataclass(frozen=True, eq=False)
class Walks:
    """
    The walks of every home to everything that the services need.

    Parameters
    ----------
    parts
        Service -> its parts.
    snapped
        Whether each home met the network.
    """

    parts: Mapping[str, tuple[PartWalks, ...]]
    snapped: BoolArray

    def decide(self, services: Iterable[str]) -> Decided:
        """Return walks and verdicts of some services."""
        return _decided({one: self.parts[one] for one in services}, self.snapped)

    def with_place(
        self, rows: IntArray, counted: Mapping[str, BoolArray], ms: IntArray, *, snapped: bool
    ) -> Decided:
        """
        Return walks and verdicts of the services that one place more touches.

        Parameters
        ----------
        rows
            Homes asked about.
        counted
            Service -> whether the place counts in each of its parts (`counts_for`).
        ms
            The walk to it from each of these homes [ms].
        snapped
            Whether it met the network.
        """
        parts = {
            service: tuple(
                one.with_place(rows, ms, snapped=snapped)
                if counts
                else dataclasses.replace(one, ms=one.ms[rows])
                for one, counts in zip(self.parts[service], every, strict=True)
            )
            for service, every in counted.items()
            if every.any()
        }
        return _decided(parts, self.snapped[rows])

    def short_of(self, counted: Mapping[str, BoolArray]) -> bool:
        """Tell whether so few exist of something that one place more may decide for everybody."""
        return any(
            one.short
            for service, every in counted.items()
            for one, counts in zip(self.parts[service], every, strict=True)
            if counts
        )


def _decided(parts: Mapping[str, tuple[PartWalks, ...]], snapped: BoolArray) -> Decided:
    return {
        service: decide_service(
            [one.part for one in every],
            [one.ms[:, -1] for one in every],
            [one.usable for one in every],
            snapped,
        )
        for service, every in parts.items()
    }


@dataclass(frozen=True, eq=False)
class Today:
    """
    A study as it is: what every fix is held against.

    Parameters
    ----------
    network, study, standard, places
        What coverage was decided with.
    walks
        Of every home.
    decided
        Of every service, and of all categories together if the study has facilities.
    """

    network: WalkNetwork
    study: Study
    standard: Standard
    places: PlacesOnNetwork
    walks: Walks
    decided: Decided

    @classmethod
    def of(cls, network: WalkNetwork, study: Study, standard: Standard, places: PlacesOnNetwork) -> Today:
        """Search today's walks."""
        walks = _walks(network, study, standard, _snaps_of(places), places.costs)
        decided = walks.decide(walks.parts)
        return cls(network, study, standard, places, walks, _joined(decided, decided, slice(None)))

    @property
    def homes(self) -> gpd.GeoDataFrame:
        """Table ``residences``."""
        return self.study.need("residences")[0]

    @property
    def farthest_ms(self) -> int:
        """The longest limit of any service [ms]."""
        return max((one.part.limit_ms for every in self.walks.parts.values() for one in every), default=0)

    @property
    def farthest_m(self) -> float:
        """How far anybody can walk within any limit [m]."""
        return self.farthest_ms / MS_PER_MINUTE * fastest_m_per_min(self.standard) + 1.0

    def joined(self, decided: Decided, rows: IntArray | slice = slice(None)) -> Decided:
        """Return what is decided of some homes with the verdict on all categories, if one is among it."""
        return _joined(decided, self.decided, rows)


def _joined(decided: Decided, today: Decided, rows: IntArray | slice) -> Decided:
    apart = (*CENTRE_SERVICES, ALL_CATEGORIES)
    if all(one in apart for one in decided):
        return decided
    verdicts = [
        decided[one][1] if one in decided else verdict[rows]
        for one, (_, verdict) in today.items()
        if one not in apart
    ]
    every = combine_verdicts(np.array(verdicts, dtype=object))
    return {**decided, ALL_CATEGORIES: (np.full(len(every), UNREACHED_MS), every)}


def counts_for(study: Study, standard: Standard, row: gpd.GeoDataFrame, table: str) -> dict[str, BoolArray]:
    """
    Tell in which parts of which services a new row of a table would count.

    Parameters
    ----------
    study, standard
        What is asked of the homes.
    row
        The new row alone.
    table
        ``facilities`` or ``centres``.
    """
    alone = dataclasses.replace(study, **{table: row})
    found = {}
    for service in services_of(study, standard):
        if (table == "centres") == (service in CENTRE_SERVICES):
            every = np.array([len(part.rows) > 0 for part in service_parts(alone, standard, service)])
            if every.any():
                found[service] = every
    return found


def services_of(study: Study, standard: Standard) -> list[str]:
    """Return the services that coverage decides for a study, in its order."""
    categories = [one.id for one in standard.categories] if study.facilities is not None else []
    return categories + (list(CENTRE_SERVICES) if study.centres is not None else [])


def _snaps_of(places: PlacesOnNetwork) -> dict[str, Snaps]:
    known = {name: getattr(places, name) for name in _TABLES}
    return {name: snaps for name, snaps in known.items() if snaps is not None}


def _walks(
    network: WalkNetwork, study: Study, standard: Standard, snaps: Mapping[str, Snaps], costs: Costs
) -> Walks:
    homes = snaps["residences"]

    def searched(part: ServicePart) -> PartWalks:
        targets = snaps[part.table].only(part.rows)
        usable = int(targets.owner_snapped().sum())
        return PartWalks(part, nearest_ms(network, costs, homes, targets, part.needed), usable)

    parts = {
        service: tuple(searched(part) for part in service_parts(study, standard, service))
        for service in services_of(study, standard)
    }
    return Walks(parts, homes.owner_snapped())


def nearest_ms(network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps, needed: int) -> IntArray:
    """Return the walks to the nearest targets, nearest first, an array of shape (places, needed) [ms]."""
    if needed == 1:
        return nearest(network, costs, places, targets, metres=False).ms[:, None]
    return k_nearest(network, costs, places, targets, k=needed).ms


def places_at(network: WalkNetwork, xy: FloatArray, max_snap_m: float) -> Snaps:
    """Return places at points of the streets, one each."""
    edge, offset_m, snap_m = snap_points(network, shapely.points(xy), max_snap_m=max_snap_m)
    return Snaps(owner=np.arange(len(xy)), owners=len(xy), edge=edge, offset_m=offset_m, snap_m=snap_m)


def changed_streets(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> pd.Index:
    """Return the ids of streets that are new, gone, of another line, or whose gate is another."""
    both = before.index.intersection(after.index)
    one, other = before.loc[both], after.loc[both]
    differs = one.geometry.to_numpy() != other.geometry.to_numpy()
    if "gate" in one:
        gates = [part["gate"].fillna("").to_numpy(object) for part in (one, other)]
        differs |= gates[0] != gates[1]
    return before.index.symmetric_difference(after.index).union(both[differs])


def walks_after(today: Today, later: Study) -> Walks:
    """
    Return the walks if some streets were others.

    Parameters
    ----------
    today
        Network, study and places as they are.
    later
        The study with its streets changed, and nothing else: only places near a changed street look for
        their street anew.
    """
    after = walk_network(later)
    snaps = _met_again(today.network, after, today.study, later, today.places)
    return _walks(after, later, today.standard, snaps, walking_costs(after, today.standard))


def _met_again(
    before: WalkNetwork, after: WalkNetwork, study: Study, later: Study, places: PlacesOnNetwork
) -> dict[str, Snaps]:
    streets, others = study.need("streets")[0], later.need("streets")[0]
    changed = changed_streets(streets, others)
    shapes = np.concatenate([table.geometry[table.index.isin(changed)] for table in (streets, others)])
    touched = set(changed)
    for table in (streets, others):
        _, near = shapely.STRtree(table.geometry.to_numpy()).query(shapes, "dwithin", _ONE_VERTEX_M)
        touched |= set(table.index[np.unique(near)])
    lines = np.concatenate([table.geometry[table.index.isin(touched)] for table in (streets, others)])
    edge = np.full(before.edge_count + 1, -1, np.int64)
    # edges go by street and then along it: those of streets that nothing touches keep their order
    kept = [~pd.Index(one.edge_street).isin(touched) for one in (before, after)]
    edge[np.flatnonzero(kept[0])] = np.flatnonzero(kept[1])
    return {
        name: _some_anew(after, study, name, snaps, edge[snaps.edge], lines, places.max_snap_m)
        for name, snaps in _snaps_of(places).items()
    }


def _some_anew(
    network: WalkNetwork,
    study: Study,
    name: str,
    snaps: Snaps,
    edge: IntArray,
    lines: npt.NDArray[np.object_],
    cap_m: float,
) -> Snaps:
    """Return snaps on another network: of places near some lines looked for anew, of others as they were."""
    table = study.need(name)[0]
    points, owner = entrance_points(table)
    near, _ = shapely.STRtree(lines).query(points, "dwithin", cap_m + 1)
    rows = np.unique(owner[near])
    fresh = snap_places(network, table.iloc[rows], max_snap_m=cap_m, barriers=study.barriers)
    anew = np.isin(snaps.owner, rows)
    merged: dict[str, Any] = {"edge": edge, "offset_m": snaps.offset_m.copy(), "snap_m": snaps.snap_m.copy()}
    for column, values in merged.items():
        values[anew] = getattr(fresh, column)
    return Snaps(owner=snaps.owner, owners=snaps.owners, **merged)
