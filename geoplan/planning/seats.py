"""Seats: where a part may have its premises, and the walks there."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.communities import rows_of_community
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.network.snap import snap_places
from geoplan.network.times import times_from_each
from geoplan.network.walking import walking_costs
from geoplan.planning.plan import Blocks
from geoplan.standards.standard import Standard

__all__ = ["candidate_seats", "seat_walks"]

_ATTACH_M = 500.0
"""How far outside its community premises may stand and still be a seat of it."""


def candidate_seats(study: Study, community_id: str, blocks: Blocks) -> gpd.GeoDataFrame:
    """
    Return where a part of a community may have its seat.

    Parameters
    ----------
    study
        Takes ``premises`` and ``centres``; centres of level ``community`` only.
    community_id, blocks
        The community and its cells.

    Returns
    -------
    One row a candidate: ``seat_table``, ``seat_id``, ``name``, ``residence_id`` (the compound in whose cell
    it stands), ``fixed`` (the community's present premises: the first by id, if there are several),
    ``entrances`` and the geometry. Every compound is a candidate: premises may be found there.
    """
    rows: list[dict[str, Any]] = []
    for table in ("premises", "centres"):
        places = study.table(table)
        if places is None:
            continue
        own = rows_of_community(places, community_id)
        if table == "centres":
            own = own[(own["level"] == "community").to_numpy(bool)]
        own = own[~(shapely.is_missing(own.geometry.to_numpy()) | shapely.is_empty(own.geometry.to_numpy()))]
        for number, (seat_id, place) in enumerate(own.sort_index().iterrows()):
            residence = _cell_of(place.geometry, blocks)
            if residence is not None:
                fixed = table == "premises" and number == 0
                rows.append(_row(table, str(seat_id), place, residence, fixed=fixed))
    homes = study.need("residences")[0]
    rows.extend(
        _row("residences", residence_id, homes.loc[residence_id], residence_id, fixed=False)
        for residence_id in blocks.cells.index
    )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=study.crs)


def _cell_of(place: shapely.Geometry, blocks: Blocks) -> str | None:
    """Return the compound in whose cell a place stands, or nearest to it; None if far from all."""
    distance = shapely.distance(blocks.cells.geometry.to_numpy(), shapely.point_on_surface(place))
    nearest = int(distance.argmin())
    return str(blocks.cells.index[nearest]) if distance[nearest] <= _ATTACH_M else None


def _row(table: str, seat_id: str, place: pd.Series, residence_id: str, *, fixed: bool) -> dict[str, Any]:
    name = place.get("name")
    return {
        "seat_table": table,
        "seat_id": seat_id,
        "name": seat_id if name is None or pd.isna(name) else str(name),
        "residence_id": residence_id,
        "fixed": fixed,
        "entrances": place.get("entrances"),
        "geometry": place.geometry,
    }


def seat_walks(
    network: WalkNetwork, study: Study, standard: Standard, blocks: Blocks, seats: gpd.GeoDataFrame
) -> npt.NDArray[np.int64]:
    """
    Return the walks from compounds to seats.

    Parameters
    ----------
    network, study
        The streets, and the residences with their entrances.
    standard
        Rules used: those of walking, and ``walking.max_snap``.
    blocks, seats
        From where, and to where.

    Returns
    -------
    Array of shape (compounds, seats) [ms], door to door; 0 to a seat at the compound itself;
    `UNREACHED_MS` where no walk leads.
    """
    (residences,) = study.need("residences")
    cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    homes = snap_places(network, residences.loc[blocks.cells.index], max_snap_m=cap, barriers=study.barriers)
    places = snap_places(network, seats, max_snap_m=cap, barriers=study.barriers)
    walks = np.zeros((len(blocks.cells), len(seats)), np.int64)
    costs = walking_costs(network, standard)
    for seat, ms in times_from_each(network, costs, homes, places):
        walks[:, seat] = ms
    at_home = seats["seat_table"].to_numpy(object) == "residences"
    rows = blocks.cells.index.get_indexer(seats["residence_id"])
    walks[rows[at_home], np.flatnonzero(at_home)] = 0
    return walks
