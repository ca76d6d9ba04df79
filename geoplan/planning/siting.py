"""Where new centres should stand: prepare, solve, label."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import sparse

from geoplan.analysis.needs import centre_facilities
from geoplan.analysis.tally import counts
from geoplan.errors import PlanningError, some_ids
from geoplan.model.provenance import Provenance, library_versions
from geoplan.model.study import Study
from geoplan.model.tables import CENTRE_LEVELS
from geoplan.network.graph import Costs, WalkNetwork
from geoplan.network.snap import Snaps, snap_places
from geoplan.network.times import nearest, within
from geoplan.network.walking import walking_costs
from geoplan.planning.site_candidates import SPACING_M, Note, candidate_sites
from geoplan.planning.site_plan import SitePlan
from geoplan.planning.site_tables import (
    Served,
    residence_rows,
    site_ids,
    site_rows,
    summarise_sites,
    uncoverable_rows,
)
from geoplan.planning.siting_costs import (
    SITING_MODELS,
    BoolArray,
    IntArray,
    SitingModel,
    SitingSolution,
    siting_costs,
)
from geoplan.planning.siting_from_costs import mclp_from_costs, solve_siting
from geoplan.standards.standard import Standard
from geoplan.units import UNREACHED_MS, minutes_to_ms, ms_to_minutes

__all__ = ["locate_centres"]

Progress = Callable[[str, int, int], None]
_LEAST_SECONDS = 1.0
"""The solver gets so much, even if the walks took all the time."""
_PLAN_SHARE = 0.8
"""Share of the time for the plan with capacities; the rest is for whom the existing centres serve."""
_FARTHEST = 4
"""p-median and p-centre know walks up to this many times the limit."""


def locate_centres(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    *,
    model: SitingModel = "mclp",
    add: int = 2,
    level: Literal["district", "community"] = "community",
    candidates: gpd.GeoDataFrame | Literal["premises", "network"] | None = None,
    demand: Literal["persons", "households"] = "persons",
    minutes: float | None = None,
    capacitated: bool = False,
    site_capacity: int | None = None,
    min_floor_area_m2: float | None = None,
    spacing_m: float = SPACING_M,
    seed: int = 0,
    seconds: float = 60.0,
    progress: Progress | None = None,
) -> SitePlan:
    """
    Find where new centres should stand beside the existing ones, by walking time on the network.

    Parameters
    ----------
    network
        The study's.
    study
        Needs ``residences``; takes ``centres``, ``premises``, ``communities``, ``streets``, ``barriers``.
    standard
        Rules used: ``centre.minutes``, ``centre.district_serves_community_tier``, walking,
        ``premises.min_floor_area``; with ``capacitated``, ``premises.area_per_100_households``.
    model
        ``mclp``: reach as many as can be by ``add`` centres. ``lscp``: as few centres as reach everyone.
        ``p_median``: ``add`` centres for the shortest walks on average. ``p_centre``: for the shortest
        longest walk. The last two know walks of up to four times the limit.
    add
        Most centres to add; without meaning for ``lscp``. Fewer are added where more bring nothing.
    level
        Level of the centres. Existing centres that count for it stay.
    candidates
        A table of places in the study's CRS; ``"premises"``; ``"network"``: a place along the streets in
        each square of ``spacing_m``; None: premises if some are large enough, else the network.
    demand
        What is counted.
    minutes
        In place of ``centre.minutes`` [min]; a walk of exactly this counts.
    capacitated
        Centres serve no more than their capacity, and each residence goes whole to one centre. Capacities
        are persons of column ``capacity``; if households are counted, what the floor area holds by
        ``premises.area_per_100_households``. A centre whose capacity is not known serves nobody here.
    site_capacity
        Capacity of candidates that have none, in what is counted.
    min_floor_area_m2
        Least floor area of candidates [m²]; None: the standard's for premises, any for a layer.
    spacing_m
        Of candidates on the network [m].
    seed
        Of the search; the same seed gives the same plan unless time ran out.
    seconds
        Most time, the walks included; what is then not proven is ``feasible``, with its gap.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    SitePlan
        Infeasible is an answer, not an error. A residence without a count weighs nothing in sums, must be
        reached by ``lscp`` and ``p_centre`` all the same, and is named in the notes; one off every street
        is in ``uncoverable``.

    Raises
    ------
    PlanningError
        If there are no candidates, fewer than ``add``, or nobody to serve; or an option makes no sense.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> network = geoplan.walk_network(study)
    >>> plan = geoplan.locate_centres(network, study, standard, add=2)
    >>> plan.status, len(plan.chosen), plan.gain > 0
    ('optimal', 2, True)
    """
    ends = time.monotonic() + seconds
    _check_options(model, level, demand, add)
    limit = standard.number("centre.minutes") if minutes is None else float(minutes)
    if not (math.isfinite(limit) and limit > 0):
        raise PlanningError("error.siting_limit", limit=minutes)
    if progress is not None:
        progress("stage.candidates", 0, 3)
    table, notes = candidate_sites(
        network, study, standard, candidates, min_floor_area_m2=min_floor_area_m2, spacing_m=spacing_m
    )
    places = _Places(network, study, standard, table, level, limit)
    if progress is not None:
        progress("stage.reach", 1, 3)
    room, more_notes = places.capacities(demand, site_capacity) if capacitated else (None, [])
    weights, unknown = _weights(places.residences, demand, model, capacitated)
    if model != "lscp" and not 1 <= add <= len(table):
        raise PlanningError("error.siting_add", add=add, candidates=len(table))
    usable = np.ones(places.targets, bool) if room is None else room > 0
    if not usable[places.existing :].any():
        raise PlanningError("error.siting_no_capacity")
    if progress is not None:
        progress("stage.siting", 2, 3)
    solution, before = _solve(
        places, model, add, weights, room, usable, seed, max(_LEAST_SECONDS, ends - time.monotonic())
    )
    if len(unknown):
        more_notes = [*more_notes, ("note.siting_unknown", {"column": demand, "ids": some_ids(unknown)})]
    served = places.served(solution, before)
    taken = pd.Index([]) if study.centres is None else study.centres.index
    ids = site_ids(table.index, taken)
    sites, residences = site_rows(study, table, served, ids, level), residence_rows(study, served, ids)
    return SitePlan(
        model=model, level=level, demand=demand, minutes=limit, status=solution.status,
        objective=solution.objective, bound=solution.bound, gap=solution.gap, seed=seed, sites=sites,
        residences=residences, uncoverable=uncoverable_rows(study, served),
        summary=summarise_sites(
            residences, demand, candidates=len(table), existing=places.existing, sites=len(sites)
        ),
        notes=(*notes, *more_notes),
        provenance=Provenance(
            library_versions(), standard.id, standard.digest, study.layers,
            {
                "model": model, "add": add, "level": level, "demand": demand, "minutes": limit,
                "capacitated": capacitated, "site_capacity": site_capacity, "spacing_m": spacing_m,
                "min_floor_area_m2": min_floor_area_m2, "candidates": str(table["candidate_table"].iloc[0]),
                "seed": seed,
            },
        ),
    )  # fmt: skip


def _check_options(model: str, level: str, demand: str, add: int) -> None:
    for name, value, choices in (
        ("model", model, SITING_MODELS),
        ("level", level, CENTRE_LEVELS),
        ("demand", demand, ("persons", "households")),
    ):
        if value not in choices:
            raise PlanningError("error.siting_option", name=name, value=value, choices=", ".join(choices))
    if isinstance(add, bool) or not isinstance(add, int | np.integer):
        raise PlanningError("error.siting_add", add=add, candidates="…")


def _weights(
    residences: gpd.GeoDataFrame, demand: str, model: str, capacitated: bool
) -> tuple[IntArray, list[object]]:
    """Return what each residence weighs, and those of which that is not known."""
    known = counts(residences, demand)
    unknown = residences.index[np.isnan(known)].tolist()
    if len(unknown) == len(known):
        raise PlanningError("error.siting_no_demand", column=demand)
    if model in ("lscp", "p_centre") and not capacitated:
        return (np.isnan(known) | (known > 0)).astype(np.int64), unknown
    return np.nan_to_num(known).astype(np.int64), unknown


@dataclass(frozen=True, eq=False)
class _Walks:
    """Walks from residences to existing centres and candidates, in that order."""

    place: IntArray
    target: IntArray
    ms: IntArray


class _Places:
    """Residences, existing centres and candidates on the network."""

    def __init__(
        self,
        network: WalkNetwork,
        study: Study,
        standard: Standard,
        table: gpd.GeoDataFrame,
        level: str,
        limit: float,
    ) -> None:
        self.network, self.study, self.standard, self.table = network, study, standard, table
        (self.residences,) = study.need("residences")
        self.limit_ms = minutes_to_ms(limit)
        cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m

        def snaps(places: gpd.GeoDataFrame) -> Snaps:
            return snap_places(network, places, max_snap_m=cap, barriers=study.barriers)

        self.centres = _existing(study, standard, level)
        self.existing, self.targets = len(self.centres), len(self.centres) + len(table)
        own = self.centres
        doors = own["entrances"].to_numpy(object) if "entrances" in own else np.full(len(own), None, object)
        self.at = gpd.GeoDataFrame(
            {"entrances": np.concatenate([doors, table["entrances"].to_numpy(object)])},
            geometry=np.concatenate([own.geometry.to_numpy(), table.geometry.to_numpy()]), crs=study.crs,
        )  # fmt: skip
        self.homes, self.doors = snaps(self.residences), snaps(self.at)
        self.costs: Costs = walking_costs(network, standard)

    def walks(self, limit_ms: int) -> _Walks:
        """Return the walks of at most a time."""
        lists = within(self.network, self.costs, self.homes, self.doors, limit_ms=limit_ms)
        target = np.repeat(np.arange(self.targets), np.diff(lists.indptr))
        return _Walks(lists.place, target, lists.ms)

    def capacities(self, demand: str, site_capacity: int | None) -> tuple[IntArray, list[Note]]:
        """Return how much each centre and candidate can serve, 0 where that is not known."""
        if site_capacity is not None and site_capacity < 1:
            raise PlanningError("error.siting_site_capacity", value=site_capacity)
        rooms = []
        for table in (self.centres, self.table):
            if demand == "persons":
                rooms.append(counts(table, "capacity"))
            else:
                per = self.standard.number("premises.area_per_100_households") / 100.0
                rooms.append(np.floor(counts(table, "floor_area_m2") / per))
        if site_capacity is not None:
            rooms[1] = np.where(np.isnan(rooms[1]), float(site_capacity), rooms[1])
        room = np.concatenate(rooms)
        ids = np.concatenate([self.centres.index.to_numpy(object), self.table.index.to_numpy(object)])
        lacking = ids[np.isnan(room)]
        notes: list[Note] = [("note.siting_no_capacity", {"ids": some_ids(lacking)})] if len(lacking) else []
        return np.nan_to_num(room).astype(np.int64), notes

    def served(self, solution: SitingSolution, before: IntArray | None) -> Served:
        """Return who walks how long to which centre, before and after."""
        old = nearest(
            self.network, self.costs, self.homes, self.doors.only(np.arange(self.existing)), metres=False
        )
        chosen = solution.chosen if solution.status != "infeasible" else np.arange(self.existing)
        chosen = np.union1d(chosen, np.arange(self.existing))
        new = nearest(self.network, self.costs, self.homes, self.doors.only(chosen), metres=False)
        after = np.where(new.target >= 0, chosen[new.target], -1) if len(chosen) else new.target
        ms_after = new.ms
        served_before, served_after = old.ms <= self.limit_ms, new.ms <= self.limit_ms
        if before is not None:
            after = solution.assignment if solution.status != "infeasible" else before
            ms_after = self._ms_to(after)
            served_before, served_after = before >= 0, (ms_after <= self.limit_ms)
        return Served(
            existing=self.existing, centre_ids=self.centres.index.to_numpy(object),
            chosen=chosen[chosen >= self.existing] - self.existing, solution=solution,
            snapped=self.homes.owner_snapped(), snap_m=self.doors.owner_snap_m()[self.existing :],
            before=old.target, minutes_before=ms_to_minutes(old.ms), reached_before=served_before,
            after=after, minutes_after=ms_to_minutes(ms_after), reached_after=served_after,
        )  # fmt: skip

    def _ms_to(self, target: IntArray) -> IntArray:
        """Return each residence's walk to one target."""
        walks = self.walks(self.limit_ms * _FARTHEST)
        ms = np.full(len(target), UNREACHED_MS)
        own = target[walks.place] == walks.target
        ms[walks.place[own]] = walks.ms[own]
        return ms


def _existing(study: Study, standard: Standard, level: str) -> gpd.GeoDataFrame:
    if study.centres is None:
        return gpd.GeoDataFrame(geometry=[], crs=study.crs)
    counted = centre_facilities(study.centres, f"centre_{level}", standard)
    return study.centres[counted.to_numpy(bool)].sort_index()


def _solve(
    places: _Places, model: SitingModel, add: int, weights: IntArray, room: IntArray | None,
    usable: BoolArray, seed: int, seconds: float,
) -> tuple[SitingSolution, IntArray | None]:  # fmt: skip
    """Return the answer, and with capacities whom the existing centres serve."""
    limit = places.limit_ms if model in ("lscp", "mclp") else places.limit_ms * _FARTHEST
    walks = places.walks(limit)
    kept = usable[walks.target]
    shape = (len(weights), places.targets)
    matrix = sparse.coo_array((walks.ms[kept], (walks.place[kept], walks.target[kept])), shape=shape)
    fixed = np.arange(places.targets) < places.existing
    capacities = None if room is None else np.maximum(room, 1)
    costs = siting_costs(
        matrix, weights=weights, fixed=fixed, capacities=capacities, limit=limit,
        p=None if model == "lscp" else places.existing + int(add),
    )  # fmt: skip
    ends = time.monotonic() + seconds
    share = 1.0 if capacities is None else _PLAN_SHARE
    solution = solve_siting(costs, model, seed=seed, seconds=seconds * share)
    if capacities is None:
        return solution, None
    if not places.existing:
        return solution, np.full(len(weights), -1, np.int64)
    old = sparse.coo_array(matrix).tocsc()[:, : places.existing]
    before = mclp_from_costs(
        old, limit=places.limit_ms, p=places.existing, weights=weights,
        capacities=capacities[: places.existing], fixed=np.ones(places.existing, bool),
        seed=seed, seconds=max(_LEAST_SECONDS, ends - time.monotonic()),
    )  # fmt: skip
    return solution, before.assignment
