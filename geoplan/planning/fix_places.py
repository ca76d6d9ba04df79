"""
New centres and facilities: where one may stand, and whom it would let pass.

A place more leaves every other walk as it is. So one search against the direction of walking, from the new
place to the homes within the longest limit, decides whose verdict changes; and of homes that need several,
the walks to those they have today tell the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.reach import residence_points
from geoplan.errors import PlanningError
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.model.study import Study
from geoplan.model.tables import CENTRE_LEVELS
from geoplan.network.graph import BoolArray, FloatArray, IntArray
from geoplan.network.lists import ListedPlaces
from geoplan.network.snap import Snaps, snap_places
from geoplan.network.times import times_from_each, within
from geoplan.planning.edits import AddCentre, AddFacility
from geoplan.planning.fix_effects import ANY_SERVICE, Effect, People, gained_of
from geoplan.planning.fix_walks import SHARE_OF_WALK, Decided, Today, counts_for
from geoplan.planning.site_candidates import SPACING_M, candidate_sites
from geoplan.planning.study_edits import edit_study
from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS

__all__ = [
    "Spots",
    "Variant",
    "best_spots",
    "centre_variants",
    "effects_of_places",
    "facility_variants",
    "find_spots",
    "spot_edit",
]

SPOT_TABLES = ("premises", "gap", "network")


@dataclass(frozen=True, eq=False)
class Spots:
    """
    Where something may stand.

    Parameters
    ----------
    table
        Index ``spot_id``; ``spot_table`` (premises, gap, network), ``name``, ``community_id``,
        ``floor_area_m2``; points, to the centimetre.
    snaps
        Where they meet the network.
    near
        The homes within the longest limit of each, and their walks.
    """

    table: gpd.GeoDataFrame
    snaps: Snaps
    near: ListedPlaces

    def homes(self, spot: int) -> tuple[IntArray, IntArray]:
        """Return the homes near a spot and their walks to it [ms]."""
        span = slice(self.near.indptr[spot], self.near.indptr[spot + 1])
        return self.near.place[span].astype(np.int64), self.near.ms[span].astype(np.int64)


@dataclass(frozen=True, eq=False)
class Variant:
    """
    What may stand at a spot.

    Parameters
    ----------
    table
        ``centres`` or ``facilities``.
    what
        Level of the centre, or kind of the facility.
    counted
        Service -> in which of its parts it counts.
    least_m2
        Floor area that premises must have for it [m²].
    """

    table: str
    what: str
    counted: dict[str, BoolArray]
    least_m2: float = 0.0


def find_spots(today: Today, gap_places: gpd.GeoDataFrame) -> Spots:
    """
    Return the spots: premises, the street nearest to the middle of each gap, and a grid along the streets.

    Parameters
    ----------
    today
        The study as it is.
    gap_places
        Table ``gap_places``.
    """
    study = today.study
    parts = [
        _from_candidates(today, "premises"),
        _from_gaps(today, gap_places),
        _from_candidates(today, "network"),
    ]
    table = pd.concat([one for one in parts if len(one)] or parts[:1])
    table = table[~table.index.duplicated()]
    points = np.round(shapely.get_coordinates(table.geometry.to_numpy()), 2)
    table = table.set_geometry(gpd.GeoSeries(shapely.points(points), index=table.index, crs=study.crs))
    places = gpd.GeoDataFrame(geometry=table.geometry.to_numpy(), crs=study.crs)
    snaps = snap_places(today.network, places, max_snap_m=today.places.max_snap_m, barriers=study.barriers)
    near = within(
        today.network, today.places.costs, today.places.residences, snaps, limit_ms=today.farthest_ms
    )
    return Spots(table, snaps, near)


def _from_candidates(today: Today, source: str) -> gpd.GeoDataFrame:
    try:
        found, _ = candidate_sites(
            today.network, today.study, today.standard, source, min_floor_area_m2=0.0, spacing_m=SPACING_M
        )
    except PlanningError:  # no premises of a known size, or no street within the communities
        return _shaped(gpd.GeoDataFrame(geometry=[], crs=today.study.crs), source)
    points = residence_points(found.drop(columns="entrances"))
    return _shaped(found.set_geometry(gpd.GeoSeries(points, index=found.index, crs=found.crs)), source)


def _from_gaps(today: Today, gap_places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    network = today.network
    middles = shapely.centroid(gap_places.geometry.to_numpy())
    near, street = network.enterable_tree.query_nearest(middles, all_matches=False)
    lines = network.edge_geometry[network.enterable_edges[street]]
    feet = shapely.get_point(shapely.shortest_line(lines, middles[near]), 0)
    rows = gap_places.iloc[near]
    frame = gpd.GeoDataFrame(
        {"name": rows["name"].to_numpy(object)}, geometry=feet, index=rows.index, crs=today.study.crs
    )
    return _shaped(frame, "gap")


def _shaped(found: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        {
            one: found[one].to_numpy(object) if one in found else np.full(len(found), None, object)
            for one in ("name", "community_id", "floor_area_m2")
        },
        index=pd.Index([f"{source}-{one}" for one in found.index], dtype="str", name="spot_id"),
    )
    frame["floor_area_m2"] = frame["floor_area_m2"].astype(float)
    frame["spot_table"], frame["source_id"] = source, found.index.astype(str)
    return gpd.GeoDataFrame(frame, geometry=found.geometry.to_numpy(), crs=found.crs)


def centre_variants(study: Study, standard: Standard, at: shapely.Point) -> list[Variant]:
    """Return a centre of each level, counted as the standard counts it."""
    found = []
    for level in CENTRE_LEVELS:
        rule = standard.get(f"centre.min_floor_area_{level}") or standard.get("premises.min_floor_area")
        edit = AddCentre("new", (at.x, at.y), level=level)
        row = edit_study(dataclasses.replace(study, centres=None), edit, study.crs).need("centres")[0]
        counted = counts_for(study, standard, row, "centres")
        least = 0.0 if rule is None else float(rule.value)
        found.append(Variant("centres", level, counted, least))
    return found


def facility_variants(study: Study, standard: Standard, at: shapely.Point) -> list[Variant]:
    """Return a facility of each kind that a category uses; of kinds that count alike, the first named."""
    found: dict[tuple[tuple[str, tuple[bool, ...]], ...], Variant] = {}
    for kind in dict.fromkeys(kind for one in standard.categories for kind in one.kinds):
        edit = AddFacility("new", (at.x, at.y), kind=kind)
        row = edit_study(dataclasses.replace(study, facilities=None), edit, study.crs).need("facilities")[0]
        counted = counts_for(study, standard, row, "facilities")
        alike = tuple((service, tuple(map(bool, every))) for service, every in counted.items())
        found.setdefault(alike, Variant("facilities", kind, counted))
    return list(found.values())


def _decided(today: Today, spots: Spots, variant: Variant, spot: int) -> tuple[IntArray, Decided]:
    """Return whom a variant at a spot may touch, and what is then decided of them."""
    rows, ms = spots.homes(spot)
    snapped = bool(spots.snaps.snapped[spot])
    if today.walks.short_of(variant.counted):
        walk = np.full(len(today.homes), UNREACHED_MS)
        walk[rows] = ms
        rows, ms = np.arange(len(walk)), walk
    decided = today.walks.with_place(rows, variant.counted, ms, snapped=snapped)
    return rows, today.joined(decided, rows)


def best_spots(today: Today, spots: Spots, variant: Variant, people: People, by: str) -> list[int]:
    """
    Return where a variant helps most: of spots near one another, one of premises and one of streets.

    Parameters
    ----------
    today, spots, variant
        What may stand where.
    people
        Of ``residences``.
    by
        A service, or `ANY_SERVICE`.

    Returns
    -------
    Spots at which somebody newly passes or is no longer unknown, most households first; then by id.
    """
    rows = _usable(spots, variant)
    open_home = np.zeros(len(today.homes), bool)
    for service in variant.counted:
        open_home |= today.decided[service][1] != "pass"
    scores: list[tuple[tuple[float, ...], int, int]] = []
    for spot in rows:
        near, _ = spots.homes(spot)
        if open_home[near].any():
            homes, decided = _decided(today, spots, variant, spot)
            score, helps = _score(today, people, homes, decided, by)
            if helps:
                source = SPOT_TABLES.index(spots.table["spot_table"].iloc[spot])
                scores.append((score, source, int(spot)))
    limits = [part.part.limit_ms for one in variant.counted for part in today.walks.parts[one]]
    walk_m = max(limits, default=0) / MS_PER_MINUTE * today.standard.number("walking.speed")
    order = [spot for _, _, spot in sorted(scores)]
    xy = shapely.get_coordinates(spots.table.geometry.to_numpy())
    premises = (spots.table["spot_table"] == "premises").to_numpy(bool)
    return list(_apart(order, xy, premises, SHARE_OF_WALK * walk_m))


def _usable(spots: Spots, variant: Variant) -> IntArray:
    """Return the spots that suit: on the network; premises only for centres, and large enough."""
    premises = (spots.table["spot_table"] == "premises").to_numpy(bool)
    enough = spots.table["floor_area_m2"].to_numpy(float) >= variant.least_m2
    suits = ~premises | (enough & (variant.table == "centres"))
    return np.flatnonzero(suits & spots.snaps.snapped)


def _score(
    today: Today, people: People, homes: IntArray, decided: Decided, by: str
) -> tuple[tuple[float, ...], bool]:
    """Return what ranks a place, the less the better; and whether anybody is helped."""
    wanted = [one for one in decided if one != ALL_CATEGORIES] if by == ANY_SERVICE else [by]
    gained, helped = np.zeros(len(homes), bool), np.zeros(len(homes), bool)
    for service in wanted:
        if service in decided:
            before, after = today.decided[service][1][homes], decided[service][1]
            gained |= gained_of(before, after)
            helped |= (before != "pass") & (after == "pass")
    own, unsure = homes[gained], homes[helped & ~gained]
    households, persons = (float(np.nansum(one[own])) for one in (people.households, people.persons))
    unknown = float(np.nansum(people.households[unsure]))
    return (-households, -persons, -len(own), -unknown, -len(unsure)), bool(helped.any())


def _apart(order: list[int], xy: FloatArray, premises: BoolArray, apart_m: float) -> Iterator[int]:
    """Yield spots in order, but none near one before; premises and streets each for themselves."""
    kept: dict[bool, list[int]] = {True: [], False: []}
    for spot in order:
        own = kept[bool(premises[spot])]
        if not own or np.hypot(*(xy[own] - xy[spot]).T).min() > apart_m:
            own.append(spot)
            yield spot


def effects_of_places(
    today: Today, spots: Spots, people: People, chosen: list[tuple[Variant, int]]
) -> Iterator[Effect]:
    """Yield the effect of each variant at its spot, with every walk however long."""
    rows = np.array(sorted({spot for _, spot in chosen}), np.int64)
    walks = dict(
        zip(
            rows.tolist(),
            (
                ms
                for _, ms in times_from_each(
                    today.network, today.places.costs, today.places.residences, spots.snaps.only(rows)
                )
            ),
            strict=True,
        )
    )
    everybody = np.arange(len(today.homes))
    for variant, spot in chosen:
        decided = today.walks.with_place(everybody, variant.counted, walks[spot], snapped=True)
        after = today.joined(decided)
        yield Effect(people, {one: today.decided[one] for one in after}, after)


def spot_edit(
    spots: Spots, variant: Variant, spot: int, study: Study, new_id: str
) -> AddCentre | AddFacility:
    """Return what a variant at a spot is as an edit."""
    row = spots.table.iloc[spot]
    at = (float(row.geometry.x), float(row.geometry.y))
    name = row["name"] if isinstance(row["name"], str) and row["name"].strip() else None
    if variant.table == "facilities":
        return AddFacility(new_id, at, kind=variant.what, name=name)
    area = row["floor_area_m2"]
    community = row["community_id"]
    known = study.communities is not None and community in study.communities.index
    return AddCentre(
        new_id, at, level=variant.what, name=name,
        community_id=str(community) if known else None,
        floor_area_m2=None if np.isnan(area) else float(area),
    )  # fmt: skip
