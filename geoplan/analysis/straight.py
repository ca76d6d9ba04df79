"""Straight lines from door to door: what would be near if people could fly. Never a verdict."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.needs import ServicePart, service_parts
from geoplan.model.study import Study
from geoplan.network.graph import FloatArray, IntArray
from geoplan.network.snap import entrance_points
from geoplan.standards.standard import Standard

__all__ = ["doors_of", "nearest_by_air"]

_AT_ONCE = 256


def doors_of(table: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return the entrances of each row as one MultiPoint, empty for a row without geometry."""
    points, owner = entrance_points(table)
    located = ~shapely.is_empty(points)
    doors = np.full(len(table), shapely.MultiPoint(), object)
    if located.any():
        shapely.multipoints(points[located], indices=owner[located], out=doors)
    return doors


def nearest_by_air(
    study: Study, standard: Standard, rows: pd.DataFrame
) -> tuple[npt.NDArray[np.object_], FloatArray]:
    """
    Return what is nearest in a straight line of what each row needs.

    Parameters
    ----------
    study, standard
        What counts.
    rows
        Columns ``residence_id`` and ``service``.

    Returns
    -------
    place_id, air_m
        The last of those needed to come near, and how far it is from door to door [m]; None and NaN where
        fewer exist than are needed.
    """
    (residences,) = study.need("residences")
    home = residences.index.get_indexer(rows["residence_id"])
    home_doors = doors_of(residences)
    place, air_m = np.full(len(rows), None, object), np.full(len(rows), np.nan)
    doors = {
        name: doors_of(table)
        for name in ("facilities", "centres")
        if (table := study.table(name)) is not None
    }
    for service in rows["service"].unique():
        at = np.flatnonzero((rows["service"] == service).to_numpy(bool))
        for part in service_parts(study, standard, service):
            found, metres = _kth(home_doors[home[at]], doors[part.table], part)
            ids = study.need(part.table)[0].index.to_numpy(object)
            farther = (found >= 0) & ~(metres <= air_m[at])
            place[at[farther]], air_m[at[farther]] = ids[found[farther]], metres[farther]
    return place, air_m


def _kth(
    homes: npt.NDArray[np.object_], doors: npt.NDArray[np.object_], part: ServicePart
) -> tuple[IntArray, FloatArray]:
    """Return the row and distance of the k-th nearest of a part; of equals the lowest row."""
    rows = part.rows[~shapely.is_empty(doors[part.rows])]
    found, metres = np.full(len(homes), -1, np.int64), np.full(len(homes), np.nan)
    located = np.flatnonzero(~shapely.is_empty(homes))
    if len(rows) < part.needed:
        return found, metres
    if part.needed == 1:
        which, near = shapely.STRtree(doors[rows]).query_nearest(homes[located])
        order = np.lexsort((near, which))
        first = np.r_[True, np.diff(which[order]) != 0] if len(order) else np.zeros(0, bool)
        found[located[which[order][first]]] = rows[near[order][first]]
    else:
        for low in range(0, len(located), _AT_ONCE):
            some = located[low : low + _AT_ONCE]
            apart = shapely.distance(homes[some][:, None], doors[rows][None, :])
            found[some] = rows[np.argsort(apart, axis=1, kind="stable")[:, part.needed - 1]]
    met = found >= 0
    metres[met] = shapely.distance(homes[met], doors[found[met]])
    return found, metres
