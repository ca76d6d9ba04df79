"""One point at a time meets the network: the answers of `geoplan.network.snap.snap_points`, sooner."""

from __future__ import annotations

import geopandas as gpd
import shapely

from geoplan.errors import SnapError
from geoplan.network.graph import WalkNetwork
from geoplan.network.snap import SNAP_SEVERED, SNAP_TOO_FAR, severing_barriers, snap_points

__all__ = ["PointSnapper"]


class PointSnapper:
    """
    Snap single points to the nearest edge that people can step onto.

    Parameters
    ----------
    network
        The network.
    max_snap_m
        Cap on the distance to the edge [m].
    barriers
        Table ``barriers``: what an access leg must not cross.

    Examples
    --------
    >>> from geoplan.network.build import network_from_streets
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (99, 0)])], index=["a"], crs=4544)
    >>> PointSnapper(network_from_streets(street), max_snap_m=50).snap(10, 4)
    (0, 10.0, 4.0)
    """

    def __init__(
        self, network: WalkNetwork, *, max_snap_m: float, barriers: gpd.GeoDataFrame | None = None
    ) -> None:
        if not 0 <= max_snap_m < float("inf"):
            raise SnapError("error.snap_cap", cap=max_snap_m)
        self.network, self.max_snap_m = network, max_snap_m
        stops = severing_barriers(barriers)
        self.severing = None if stops is None else stops.geometry.to_numpy()
        self._barriers = None if self.severing is None else shapely.STRtree(self.severing)
        self._streets = network.enterable_tree
        self._edge_barrier_m: dict[int, float] = {}

    def snap(self, x: float, y: float) -> tuple[int, float, float]:
        """
        Return edge (-1: none), distance along it and distance to it [m] of a point in the network's CRS.

        Coordinates are finite.
        """
        return self.snap_point(shapely.Point(x, y))

    def snap_point(self, point: shapely.Point) -> tuple[int, float, float]:
        """Return the same of a point that is made already."""
        network = self.network
        # a metre more than the cap: the tree's own cap is exclusive
        found, far = self._streets.query_nearest(
            point, max_distance=self.max_snap_m + 1, return_distance=True
        )
        if not len(found):
            return -1, 0.0, float("nan")
        edge = network.enterable_edges.item(found.min() if len(found) > 1 else found.item(0))
        snap_m = far.item(0)
        if not snap_m <= self.max_snap_m:
            return -1, 0.0, float("nan")
        line = network.edge_geometry[edge]
        # a leg shorter than the way to the nearest barrier cannot cross one
        if self._barriers is not None and snap_m >= self._barrier_m(edge):
            leg = shapely.shortest_line(point, line)
            if len(self._barriers.query(leg, predicate="crosses")):
                return self._beyond(point)
        offset_m = float(shapely.line_locate_point(line, point))
        return edge, min(offset_m, network.edge_length_m.item(edge)), snap_m

    def _barrier_m(self, edge: int) -> float:
        """Return the distance from an edge to the nearest barrier [m], infinite beyond the cap."""
        known = self._edge_barrier_m.get(edge)
        if known is None:
            assert self._barriers is not None  # noqa: S101 - asked only where there are some
            line = self.network.edge_geometry[edge]
            _, far = self._barriers.query_nearest(
                line, max_distance=self.max_snap_m + 1, return_distance=True
            )
            known = self._edge_barrier_m[edge] = far.item(0) if len(far) else float("inf")
        return known

    def reason(self, x: float, y: float) -> str:
        """Return the message key that tells why a point that meets no edge meets none."""
        found = self._streets.query_nearest(
            shapely.Point(x, y), max_distance=self.max_snap_m + 1, return_distance=True
        )
        near = found[1] if len(found) > 1 else ()
        return SNAP_SEVERED if any(one <= self.max_snap_m for one in near) else SNAP_TOO_FAR

    def _beyond(self, point: shapely.Point) -> tuple[int, float, float]:
        """Return what is met by a point whose nearest edge lies across a barrier."""
        edge, offset_m, snap_m = snap_points(
            self.network,
            shapely.points([[point.x, point.y]]),
            max_snap_m=self.max_snap_m,
            severing=self.severing,
        )
        return int(edge[0]), float(offset_m[0]), float(snap_m[0])
