"""Which gates and barriers stand on the walks that people would take if none stopped them."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.reach import PlacesOnNetwork, ServicePart, service_parts
from geoplan.model.study import Study
from geoplan.network.graph import IntArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.network.times import k_nearest, nearest
from geoplan.network.walks import Walk, quickest_walks
from geoplan.standards.standard import Standard

__all__ = ["Candidates", "barriers_walked_across", "gates_walked_through", "needed_walks"]

Candidates = dict[int, list[tuple[str, ...]]]
"""Row -> what to try, in order; what stands together in a tuple is tried together."""


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


def gates_walked_through(walks: dict[int, list[Walk]], shut: set[str]) -> Candidates:
    """
    Return which gates to open for each row: each on its own, then all of them.

    Parameters
    ----------
    walks
        `needed_walks` where every gate is open.
    shut
        Streets whose gate is closed today.
    """
    tried: Candidates = {}
    for row, own in walks.items():
        gates = dict.fromkeys(one for walk in own for one in walk.streets if one in shut)
        tried[row] = [(one,) for one in gates]
        if len(gates) > 1:
            tried[row].append(tuple(sorted(gates)))
    return tried


def barriers_walked_across(
    walks: dict[int, list[Walk]], links: gpd.GeoSeries, barriers: gpd.GeoDataFrame, barrier: pd.Series
) -> tuple[Candidates, dict[tuple[int, str], str]]:
    """
    Return which barriers to take away for each row, one at a time.

    Parameters
    ----------
    walks
        `needed_walks` where every barrier is gone.
    links
        Street id -> line of each link across a barrier.
    barriers, barrier
        Table ``barriers``, and the barrier each of its rows belongs to.

    Returns
    -------
    tried, crossed
        ``crossed`` tells, by row and barrier, the lowest id of its rows that the walks cross.
    """
    shapes = barriers.geometry.loc[barrier.index].to_numpy()
    ids = barrier.index.to_numpy(object)
    tree = shapely.STRtree(shapes)
    lines = links.to_dict()
    tried: Candidates = {}
    crossed: dict[tuple[int, str], str] = {}
    for row, own in walks.items():
        for line in _off_streets(own, lines):
            met = tree.query(line, "intersects")
            for at in sorted(met[shapely.crosses(line, shapes[met])]):
                name = str(barrier.iloc[at])
                if (name,) not in tried.setdefault(row, []):
                    tried[row].append((name,))
                crossed[row, name] = min(crossed.get((row, name), str(ids[at])), str(ids[at]))
    return tried, crossed


def _off_streets(walks: list[Walk], links: dict[str, shapely.LineString]) -> Iterator[shapely.LineString]:
    """Yield what of the walks is no street: access legs, and links across a barrier."""
    for walk in walks:
        yield walk.legs[0]
        yield from (links[one] for one in walk.streets if one in links)
        yield walk.legs[1]
