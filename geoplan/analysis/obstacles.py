"""Which gates and barriers stand on the walks that people would take if none stopped them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.needs import ServicePart, service_parts
from geoplan.analysis.reach import PlacesOnNetwork, place_on_network
from geoplan.model.study import Study
from geoplan.network.graph import IntArray, WalkNetwork
from geoplan.network.snap import Snaps, entrance_points
from geoplan.network.times import k_nearest, nearest
from geoplan.network.walking import walking_costs
from geoplan.network.walks import Walk, quickest_walks
from geoplan.standards.standard import Standard

__all__ = [
    "Crossed",
    "barriers_walked_across",
    "gates_walked_through",
    "needed_walks",
    "on_either_street",
]

Crossed = dict[int, dict[str, str]]
"""Row -> the barriers its walks cross, and of each the lowest id of the rows they cross."""


def needed_walks(
    network: WalkNetwork, study: Study, standard: Standard, places: PlacesOnNetwork, rows: pd.DataFrame
) -> dict[int, list[Walk]]:
    """
    Return the quickest walks to everything each row needs.

    Parameters
    ----------
    network, study, standard, places
        What is walked.
    rows
        Columns ``residence_id`` and ``service``, indexed by number.

    Returns
    -------
    Row -> its walks: to the nearest that counts; to several where several, or several kinds, are needed.
    """
    homes = study.need("residences")[0].index.get_indexer(rows["residence_id"])
    wanted: dict[str, list[tuple[IntArray, IntArray]]] = {}
    for service in rows["service"].unique():
        of_service = np.flatnonzero((rows["service"] == service).to_numpy(bool))
        for part in service_parts(study, standard, service):
            for target in _nearest_rows(network, places, part, homes[of_service]).T:
                met = target >= 0
                pairs = np.column_stack([homes[of_service][met], part.rows[target[met]]])
                wanted.setdefault(part.table, []).append((of_service[met], pairs))
    found: dict[int, list[Walk]] = {}
    for table, asked in wanted.items():
        at, pairs = np.concatenate([one for one, _ in asked]), np.concatenate([two for _, two in asked])
        here, there = ((study.need(one)[0], places.of(one)) for one in ("residences", table))
        walks = quickest_walks(network, places.costs, here, there, pairs)
        for row, walk in zip(rows.index[at], walks, strict=True):
            if walk is not None:
                found.setdefault(int(row), []).append(walk)
    return found


def _nearest_rows(
    network: WalkNetwork, places: PlacesOnNetwork, part: ServicePart, homes: IntArray
) -> IntArray:
    """Return the targets a part needs, an array of shape (homes, needed); -1 where there is none."""
    here, number = np.unique(homes, return_inverse=True)
    some: Snaps = places.residences.only(here)
    targets = places.of(part.table).only(part.rows)
    if part.needed == 1:
        found = nearest(network, places.costs, some, targets, metres=False).target[:, None]
    else:
        found = k_nearest(network, places.costs, some, targets, k=part.needed).target
    return found[number]


def on_either_street(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    *,
    added: Collection[str],
    barriers: gpd.GeoDataFrame | None,
) -> PlacesOnNetwork:
    """
    Place a study's places on the streets of today and on those they may meet without obstacles, at once.

    Parameters
    ----------
    network, study, standard
        A study without obstacles, and its network.
    added
        Its streets that nobody can walk today: behind closed gates, or straight across barriers.
    barriers
        Those of today.

    Returns
    -------
    Whichever obstacles are taken away, hardly a walk is quicker than the one found from here. An entrance has
    several entries, one a street.
    """
    new = np.isin(network.edge_street, list(added))
    old = dataclasses.replace(network, edge_enterable=network.edge_enterable & ~new)
    today = place_on_network(old, dataclasses.replace(study, barriers=barriers), standard)
    freed = place_on_network(old, study, standard)
    doors = np.flatnonzero(new & network.edge_enterable)

    def both(table: gpd.GeoDataFrame | None, snaps: Snaps | None, other: Snaps | None) -> Snaps | None:
        if table is None or snaps is None or other is None:
            return None
        points, _ = entrance_points(table)
        at, near = shapely.STRtree(network.edge_geometry[doors]).query(
            points, "dwithin", np.where(snaps.snapped, snaps.snap_m, today.max_snap_m)
        )
        edge = doors[near]
        lines = network.edge_geometry[edge]
        offset_m = np.minimum(shapely.line_locate_point(lines, points[at]), network.edge_length_m[edge])
        owner = np.concatenate([snaps.owner, other.owner, snaps.owner[at]])
        order = np.argsort(owner, kind="stable")
        snap_m = shapely.distance(lines, points[at])
        return Snaps(
            owner=owner[order],
            owners=snaps.owners,
            edge=np.concatenate([snaps.edge, other.edge, edge])[order],
            offset_m=np.concatenate([snaps.offset_m, other.offset_m, offset_m])[order],
            snap_m=np.concatenate([snaps.snap_m, other.snap_m, snap_m])[order],
        )

    residences = both(study.need("residences")[0], today.residences, freed.residences)
    return dataclasses.replace(
        today,
        costs=walking_costs(network, standard),
        residences=today.residences if residences is None else residences,
        facilities=both(study.facilities, today.facilities, freed.facilities),
        centres=both(study.centres, today.centres, freed.centres),
    )


def gates_walked_through(walks: dict[int, list[Walk]], shut: set[str]) -> dict[int, list[str]]:
    """
    Return the gates on the walks of each row, in the order of walking.

    Parameters
    ----------
    walks
        `needed_walks` where gates are open.
    shut
        Streets whose gate is closed today.
    """
    return {
        row: list(dict.fromkeys(one for walk in own for one in walk.streets if one in shut))
        for row, own in walks.items()
    }


def barriers_walked_across(
    walks: dict[int, list[Walk]], links: gpd.GeoSeries, barriers: gpd.GeoDataFrame, barrier: pd.Series
) -> Crossed:
    """
    Return the barriers that the walks of each row cross, in the order of walking.

    Parameters
    ----------
    walks
        `needed_walks` where barriers are gone.
    links
        Street id -> line of each link across a barrier.
    barriers, barrier
        Table ``barriers``, and the barrier each of its rows belongs to.
    """
    shapes = barriers.geometry.loc[barrier.index].to_numpy()
    ids = barrier.index.to_numpy(object)
    tree = shapely.STRtree(shapes)
    lines = links.to_dict()
    crossed: Crossed = {}
    for row, own in walks.items():
        names = crossed.setdefault(row, {})
        for line in _off_streets(own, lines):
            met = tree.query(line, "intersects")
            for at in sorted(met[shapely.crosses(line, shapes[met])]):
                name, barrier_id = str(barrier.iloc[at]), str(ids[at])
                names[name] = min(names.get(name, barrier_id), barrier_id)
    return crossed


def _off_streets(walks: list[Walk], links: dict[str, shapely.LineString]) -> Iterator[shapely.LineString]:
    """Yield what of the walks is no street: access legs, and links across a barrier."""
    for walk in walks:
        yield walk.legs[0]
        yield from (links[one] for one in walk.streets if one in links)
        yield walk.legs[1]
