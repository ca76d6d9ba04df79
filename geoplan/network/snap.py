"""Places meet the network on the nearest walkable edge, within a cap, never across a river or railway."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.network.graph import FloatArray, IntArray, WalkNetwork

__all__ = ["SEVERING_KINDS", "Snaps", "entrance_points", "snap_places", "snap_points"]

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
    """

    owner: IntArray
    owners: int
    edge: IntArray
    offset_m: FloatArray
    snap_m: FloatArray

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
        The declared entrances; without any, the point itself or a point inside the polygon.
    """
    geometry = places.geometry.to_numpy()
    own = np.where(shapely.get_type_id(geometry) == 0, geometry, shapely.point_on_surface(geometry))
    if "entrances" not in places:
        return own, np.arange(len(places))
    declared = places["entrances"].to_numpy(object)
    has = np.array([one is not None and not pd.isna(one) and not one.is_empty for one in declared], bool)
    chosen = np.where(has, declared, own)
    points, owner = shapely.get_parts(chosen, return_index=True)
    return points, owner.astype(np.int64)


def snap_places(
    network: WalkNetwork,
    places: gpd.GeoDataFrame,
    *,
    max_snap_m: float,
    barriers: gpd.GeoDataFrame | None = None,
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
    """
    points, owner = entrance_points(places)
    severing = None
    if barriers is not None and len(barriers):
        stops = barriers["kind"].isin(SEVERING_KINDS).to_numpy()
        if "severity" in barriers:
            stops = stops & (barriers["severity"].fillna("impassable") == "impassable").to_numpy(bool)
        severing = barriers.geometry.to_numpy()[stops]
    edge, offset_m, snap_m = snap_points(network, points, max_snap_m=max_snap_m, severing=severing)
    return Snaps(owner=owner, owners=len(places), edge=edge, offset_m=offset_m, snap_m=snap_m)


def snap_points(
    network: WalkNetwork,
    points: npt.NDArray[np.object_],
    *,
    max_snap_m: float,
    severing: npt.NDArray[np.object_] | None = None,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """
    Snap points to the nearest edge that people can step onto.

    Of edges equally near, the one with the lowest number wins. The cap is inclusive.

    Parameters
    ----------
    network, points
        In one CRS.
    max_snap_m
        Cap [m].
    severing
        Geometries the straight leg must not cross.

    Returns
    -------
    edge, offset_m, snap_m
        Edge number or -1; position along it; distance to it.
    """
    edge = np.full(len(points), -1, np.int64)
    candidates = network.enterable_edges
    if len(points) and len(candidates):
        which, found = network.enterable_tree.query_nearest(points, max_distance=max_snap_m + 1)
        order = np.lexsort((found, which))
        first = np.r_[True, np.diff(which[order]) > 0] if len(order) else np.zeros(0, bool)
        edge[which[order][first]] = candidates[found[order][first]]
    if severing is not None and len(severing):
        edge = _avoid(network, points, edge, max_snap_m, severing)
    met = np.flatnonzero(edge >= 0)
    distance = shapely.distance(network.edge_geometry[edge[met]], points[met])
    edge[met[distance > max_snap_m]] = -1
    met, distance = met[distance <= max_snap_m], distance[distance <= max_snap_m]
    offset_m = np.zeros(len(points))
    snap_m = np.full(len(points), np.nan)
    lines = network.edge_geometry[edge[met]]
    offset_m[met] = np.minimum(
        shapely.line_locate_point(lines, points[met]), network.edge_length_m[edge[met]]
    )
    snap_m[met] = distance
    return edge, offset_m, snap_m


def _avoid(
    network: WalkNetwork,
    points: npt.NDArray[np.object_],
    edge: IntArray,
    max_snap_m: float,
    severing: npt.NDArray[np.object_],
) -> IntArray:
    """Replace edges whose access leg crosses a barrier by the next nearest edge whose leg does not."""
    tree = shapely.STRtree(severing)
    met = np.flatnonzero(edge >= 0)
    crossing = met[_crosses(tree, _legs(network, points[met], edge[met]))]
    edge = edge.copy()
    for point in crossing:
        near = network.enterable_edges[network.enterable_tree.query(points[point], "dwithin", max_snap_m)]
        distance = shapely.distance(network.edge_geometry[near], points[point])
        near = near[np.lexsort((near, distance))]
        severed = _crosses(tree, _legs(network, np.full(len(near), points[point]), near))
        edge[point] = -1 if severed.all() else near[np.argmin(severed)]
    return edge


def _legs(network: WalkNetwork, points: npt.NDArray[np.object_], edge: IntArray) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.shortest_line(points, network.edge_geometry[edge]), dtype=object)


def _crosses(tree: shapely.STRtree, legs: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    crossed = np.zeros(len(legs), bool)
    crossed[tree.query(legs, "crosses")[0]] = True
    return crossed
