"""What people call a spot: the nearest thing there that has a name."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.model.study import Study

__all__ = ["names_near"]


def names_near(study: Study, spots: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """
    Return the name of the nearest residence or street that has one, spot by spot.

    Parameters
    ----------
    study
        Takes ``residences`` and ``streets`` if present.
    spots
        Geometries in the study's CRS, none empty.

    Returns
    -------
    Names; empty where nothing in the study has one. Of things equally near, a residence goes first, then
    the name that comes first in order.
    """
    named = [_named(table) for table in (study.residences, study.streets) if table is not None]
    shapes = np.concatenate([np.zeros(0, object), *(shape for shape, _ in named)])
    names = np.concatenate([np.zeros(0, object), *(name for _, name in named)])
    found = np.full(len(spots), "", object)
    if len(names) and len(spots):
        spot, thing = shapely.STRtree(shapes).query_nearest(spots)
        order = np.lexsort((thing, spot))
        first = np.r_[True, np.diff(spot[order]) != 0]
        found[spot[order][first]] = names[thing[order][first]]
    return found


def _named(table: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return the shapes and names of the rows that have both, by name."""
    if "name" not in table:
        return np.zeros(0, object), np.zeros(0, object)
    shapes = table.geometry.to_numpy()
    names = pd.Series(table["name"]).fillna("").astype(str).str.strip().to_numpy(object)
    has = (names != "") & ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    order = np.argsort(names[has].astype(str), kind="stable")
    return shapes[has][order], names[has][order]
