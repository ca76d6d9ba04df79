"""Runs everything compiled once, on the smallest network there is."""

from __future__ import annotations

import importlib.util

import geopandas as gpd
import numpy as np
import shapely

from geoplan.network.areas import service_area
from geoplan.network.build import network_from_streets
from geoplan.network.snap import Snaps, snap_points
from geoplan.network.times import count_within, k_nearest, nearest, within

__all__ = ["compile_searches", "numba_is_installed"]


def numba_is_installed() -> bool:
    """Tell whether numba can be imported, without importing it."""
    return importlib.util.find_spec("numba") is not None


def compile_searches() -> None:
    """
    Compile every search, and the drawing of service areas; numba keeps the machine code for later runs.

    Raises
    ------
    MissingExtraError
        If numba is not installed.
    """
    street = shapely.LineString([(500_000, 4_000_000), (500_100, 4_000_000)])
    network = network_from_streets(gpd.GeoDataFrame(geometry=[street], index=["a"], crs="EPSG:4544"))
    costs = network.costs(speed_m_per_min=60.0)
    points = shapely.points([(500_010, 4_000_000), (500_060, 4_000_000)])
    edge, offset_m, snap_m = snap_points(network, points, max_snap_m=10.0, engine="numba")
    places = Snaps(owner=np.arange(2), owners=2, edge=edge, offset_m=offset_m, snap_m=snap_m)
    nearest(network, costs, places, places, engine="numba")
    count_within(network, costs, places, places, limit_ms=60_000, engine="numba")
    within(network, costs, places, places, limit_ms=60_000, engine="numba")
    k_nearest(network, costs, places, places, k=2, engine="numba")
    service_area(network, costs, places, limits_ms=[60_000], engine="numba")
