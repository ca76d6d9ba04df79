"""Places meet the network on the nearest walkable edge, within a cap, never across a river or railway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import SnapError
from geoplan.network.graph import FloatArray, IntArray, WalkNetwork
from geoplan.network.snap_grid import nearest_by_grid, numba_state

__all__ = [
    "SEVERING_KINDS",
    "SNAPPED",
    "SNAP_SEVERED",
    "SNAP_TOO_FAR",
    "SnapEngine",
    "Snaps",
    "entrance_points",
    "severing_barriers",
    "snap_places",
    "snap_points",
]

SnapEngine = Literal["auto", "numba", "geos"]
"""
``geos``: a tree of GEOS; ``numba``: the compiled grid; both give the same. ``auto``: the grid where it
repays the time to load it.
"""

SNAPPED = ""
"""Reason of an entrance that met the network."""
SNAP_TOO_FAR = "reason.snap_too_far"
"""Reason: no street within the cap."""
SNAP_SEVERED = "reason.snap_severed"
"""Reason: every street within the cap lies across a barrier."""
_NO_GEOMETRY = "reason.snap_no_geometry"

_POINTS_FOR_GRID = 20_000
"""Points from which making the grid pays, once numba is loaded: 2 µs a point against 25 µs by the tree."""
_POINTS_FOR_NUMBA = 100_000
"""Points from which loading numba pays as well, about 2 s."""
_FIRST_LOOK_M = 50.0
"""How far a place whose nearest street lies across a barrier first looks for another; then twice as far."""
_POINTS_AT_ONCE = 4096

SEVERING_KINDS = ("river", "railway", "expressway")
"""Barrier kinds an access leg must not cross. Walls are left through declared entrances."""


@dataclass(frozen=True, eq=False)
class Snaps:
    """
    Where places meet the network: one entry an entrance.

    Parameters
    ----------
    owner
        Row number of the place each entrance belongs to, ascending.
    owners
        How many places there are.
    edge
        Edge met, or -1.
    offset_m
        Distance along that edge from its start [m].
    snap_m
        Straight distance from the entrance to the edge [m]; NaN if not snapped.
    reason
        Message key telling why an entrance is not snapped: ``reason.snap_too_far``,
        ``reason.snap_severed`` or ``reason.snap_no_geometry``; `SNAPPED` if it is. None: not told.
    """

    owner: IntArray
    owners: int
    edge: IntArray
    offset_m: FloatArray
    snap_m: FloatArray
    reason: npt.NDArray[np.object_] | None = None

    @property
    def snapped(self) -> npt.NDArray[np.bool_]:
        """Entry by entry, whether the entrance met the network."""
        return self.edge >= 0

    def owner_snapped(self) -> npt.NDArray[np.bool_]:
        """Place by place, whether at least one entrance met the network."""
        met = np.zeros(self.owners, bool)
        met[self.owner[self.snapped]] = True
        return met

    def owner_snap_m(self) -> FloatArray:
        """Place by place, the shortest distance from an entrance to the network [m]; NaN if none met it."""
        best = np.full(self.owners, np.inf)
        np.minimum.at(best, self.owner[self.snapped], self.snap_m[self.snapped])
        return np.where(np.isinf(best), np.nan, best)

    def reasons(self) -> npt.NDArray[np.object_]:
        """Entry by entry, why it did not meet the network (a message key); `SNAPPED` if it did."""
        return (
            np.where(self.snapped, SNAPPED, SNAP_TOO_FAR).astype(object)
            if self.reason is None
            else self.reason
        )

    def only(self, rows: IntArray) -> Snaps:
        """Return the entries of the places ``rows`` (ascending), renumbered 0, 1, ..."""
        number = np.full(self.owners, -1, np.int64)
        number[rows] = np.arange(len(rows))
        kept = number[self.owner] >= 0
        return Snaps(
            owner=number[self.owner[kept]],
            owners=len(rows),
            edge=self.edge[kept],
            offset_m=self.offset_m[kept],
            snap_m=self.snap_m[kept],
            reason=None if self.reason is None else self.reason[kept],
        )


def entrance_points(places: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.object_], IntArray]:
    """
    Return the points through which people enter each place, and whose they are.

    Parameters
    ----------
    places
        Table with geometry, and ``entrances`` (MultiPoint or missing) if it has that column.

    Returns
    -------
    points, owner
        The declared entrances; without any, the point itself or a point inside the polygon. A place
        without geometry has one empty point.
    """
    geometry = places.geometry.to_numpy()
    lacks = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    own = np.where(lacks, shapely.Point(), geometry)
    wide = shapely.get_type_id(own) != shapely.GeometryType.POINT
    own[wide] = shapely.point_on_surface(own[wide])
    if "entrances" not in places:
        return own, np.arange(len(places))
    declared = places["entrances"].to_numpy(object)
    has = np.array([one is not None and not pd.isna(one) and not one.is_empty for one in declared], bool)
    chosen = np.where(has, declared, own)
    points, owner = shapely.get_parts(chosen, return_index=True)
    return points, owner.astype(np.int64)


def severing_barriers(barriers: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """
    Return the barriers that an access leg must not cross: impassable rivers, railways and expressways.

    Parameters
    ----------
    barriers
        Table ``barriers``, or None.

    Returns
    -------
    Those rows; None if there are none.
    """
    if barriers is None or not len(barriers):
        return None
    stops = barriers["kind"].isin(SEVERING_KINDS).to_numpy()
    if "severity" in barriers:
        stops = stops & (barriers["severity"].fillna("impassable") == "impassable").to_numpy(bool)
    return barriers[stops] if stops.any() else None


def snap_places(
    network: WalkNetwork,
    places: gpd.GeoDataFrame,
    *,
    max_snap_m: float,
    barriers: gpd.GeoDataFrame | None = None,
    engine: SnapEngine = "auto",
) -> Snaps:
    """
    Snap every entrance of every place.

    Parameters
    ----------
    network
        Network in the same CRS as ``places``.
    places
        Table with geometry and, if known, ``entrances``.
    max_snap_m
        Cap on the distance to the edge [m].
    barriers
        Table ``barriers``; a leg across an impassable river, railway or expressway is refused, and the
        next nearest edge is tried.
    engine
        See `SnapEngine`; the result does not depend on it.
    """
    points, owner = entrance_points(places)
    stops = severing_barriers(barriers)
    severing = None if stops is None else stops.geometry.to_numpy()
    edge, offset_m, snap_m, reason = _snap(
        network, points, max_snap_m=max_snap_m, severing=severing, engine=engine
    )
    return Snaps(owner=owner, owners=len(places), edge=edge, offset_m=offset_m, snap_m=snap_m, reason=reason)


def snap_points(
    network: WalkNetwork,
    points: npt.NDArray[np.object_],
    *,
    max_snap_m: float,
    severing: npt.NDArray[np.object_] | None = None,
    engine: SnapEngine = "auto",
) -> tuple[IntArray, FloatArray, FloatArray]:
    """
    Snap points to the nearest edge that people can step onto.

    Of edges equally near, the one with the lowest number wins. The cap is inclusive.

    Parameters
    ----------
    network, points
        In one CRS. A point that is missing, empty or not finite is not snapped.
    max_snap_m
        Cap [m].
    severing
        Geometries the straight leg must not cross.
    engine
        See `SnapEngine`; the result does not depend on it.

    Returns
    -------
    edge, offset_m, snap_m
        Edge number or -1; position along it; distance to it.

    Raises
    ------
    SnapError
        If the cap is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoplan.network.build import network_from_streets
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> network = network_from_streets(gpd.GeoDataFrame(geometry=[line], index=["a"], crs="EPSG:4544"))
    >>> edge, offset_m, snap_m = snap_points(network, shapely.points([[30, 4], [30, 400]]), max_snap_m=200)
    >>> edge.tolist(), offset_m.tolist(), snap_m.tolist()
    ([0, -1], [30.0, 0.0], [4.0, nan])
    """
    return _snap(network, points, max_snap_m=max_snap_m, severing=severing, engine=engine)[:3]


def _snap(
    network: WalkNetwork,
    points: npt.NDArray[np.object_],
    *,
    max_snap_m: float,
    severing: npt.NDArray[np.object_] | None,
    engine: SnapEngine,
) -> tuple[IntArray, FloatArray, FloatArray, npt.NDArray[np.object_]]:
    """Return edge, offset, distance and reason of each point."""
    if not 0 <= max_snap_m < np.inf:
        raise SnapError("error.snap_cap", cap=max_snap_m)
    edge = np.full(len(points), -1, np.int64)
    offset_m, snap_m = np.zeros(len(points)), np.full(len(points), np.nan)
    reason = np.full(len(points), SNAP_TOO_FAR, object)
    usable, xy = _coordinates(points)
    reason[~usable] = _NO_GEOMETRY
    if not len(network.enterable_edges):
        return edge, offset_m, snap_m, reason
    rows = np.flatnonzero(usable)
    if _takes_grid(engine, len(rows)):
        hits = nearest_by_grid(network, xy[rows], max_snap_m=max_snap_m)
        edge[rows], snap_m[rows] = hits.edge, hits.snap_m
        offset_m[rows] = np.minimum(hits.offset_m, network.edge_length_m[hits.edge])
        rows = rows[hits.doubtful]
    edge[rows], offset_m[rows], snap_m[rows] = _nearest_by_tree(network, points[rows], max_snap_m)
    if severing is not None and len(severing):
        changed = _avoid(network, points, edge, max_snap_m, severing)
        moved = np.flatnonzero(changed != edge)
        edge = changed
        offset_m[moved], snap_m[moved] = _measure(network, points[moved], edge[moved])
        reason[moved] = SNAP_SEVERED
    reason[edge >= 0] = SNAPPED
    return edge, offset_m, snap_m, reason


def _coordinates(points: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Return which points have finite coordinates, and the coordinates (NaN where there are none)."""
    xy = np.full((len(points), 2), np.nan)
    has = ~(shapely.is_missing(points) | shapely.is_empty(points))
    xy[has] = shapely.get_coordinates(points[has])
    return np.isfinite(xy).all(axis=1), xy


def _takes_grid(engine: SnapEngine, points: int) -> bool:
    if engine != "auto":
        return engine == "numba"
    if points < _POINTS_FOR_GRID:
        return False
    state = numba_state()
    return state == "loaded" or (state == "installed" and points >= _POINTS_FOR_NUMBA)


def _nearest_by_tree(
    network: WalkNetwork, points: npt.NDArray[np.object_], max_snap_m: float
) -> tuple[IntArray, FloatArray, FloatArray]:
    edge = np.full(len(points), -1, np.int64)
    if len(points):
        # a metre more than the cap: the tree's own cap is exclusive
        which, found = network.enterable_tree.query_nearest(points, max_distance=max_snap_m + 1)
        order = np.lexsort((found, which))
        first = np.r_[True, np.diff(which[order]) > 0] if len(order) else np.zeros(0, bool)
        edge[which[order][first]] = network.enterable_edges[found[order][first]]
    offset_m, snap_m = _measure(network, points, edge)
    beyond = ~(snap_m <= max_snap_m)
    edge[beyond], offset_m[beyond], snap_m[beyond] = -1, 0.0, np.nan
    return edge, offset_m, snap_m


def _measure(
    network: WalkNetwork, points: npt.NDArray[np.object_], edge: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the position of each point along its edge, and its distance from it [m]."""
    offset_m, snap_m = np.zeros(len(points)), np.full(len(points), np.nan)
    met = np.flatnonzero(edge >= 0)
    lines = network.edge_geometry[edge[met]]
    snap_m[met] = shapely.distance(lines, points[met])
    along = shapely.line_locate_point(lines, points[met])
    offset_m[met] = np.minimum(along, network.edge_length_m[edge[met]])
    return offset_m, snap_m


def _avoid(
    network: WalkNetwork,
    points: npt.NDArray[np.object_],
    edge: IntArray,
    max_snap_m: float,
    severing: npt.NDArray[np.object_],
) -> IntArray:
    """Replace edges whose access leg crosses a barrier by the next nearest edge whose leg does not."""
    met = np.flatnonzero(edge >= 0)
    waiting = met[_crosses(severing, _legs(network, points[met], edge[met]))]
    edge = edge.copy()
    edge[waiting] = -1
    look_m = min(_FIRST_LOOK_M, max_snap_m)
    while len(waiting):
        for low in range(0, len(waiting), _POINTS_AT_ONCE):
            some = waiting[low : low + _POINTS_AT_ONCE]
            edge[some] = _nearest_unsevered(network, points[some], look_m, severing)
        if look_m >= max_snap_m:
            break
        waiting = waiting[edge[waiting] < 0]
        look_m = min(2 * look_m, max_snap_m)
    return edge


def _nearest_unsevered(
    network: WalkNetwork,
    points: npt.NDArray[np.object_],
    look_m: float,
    severing: npt.NDArray[np.object_],
) -> IntArray:
    """Return the nearest edge within ``look_m`` whose leg crosses no barrier, or -1."""
    which, found = network.enterable_tree.query(points, "dwithin", look_m)
    near = network.enterable_edges[found]
    free = ~_crosses(severing, _legs(network, points[which], near))
    which, near = which[free], near[free]
    order = np.lexsort((near, shapely.distance(network.edge_geometry[near], points[which]), which))
    first = np.r_[True, np.diff(which[order]) > 0] if len(order) else np.zeros(0, bool)
    edge = np.full(len(points), -1, np.int64)
    edge[which[order][first]] = near[order][first]
    return edge


def _legs(network: WalkNetwork, points: npt.NDArray[np.object_], edge: IntArray) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.shortest_line(points, network.edge_geometry[edge]), dtype=object)


def _crosses(severing: npt.NDArray[np.object_], legs: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    crossed = np.zeros(len(legs), bool)
    # GEOS is quick at meeting one long river many times, not at crossing it: meet first
    barrier, leg = shapely.STRtree(legs).query(severing, "intersects")
    crossed[leg[shapely.crosses(legs[leg], severing[barrier])]] = True
    return crossed
