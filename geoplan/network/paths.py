"""
Walking paths: the way each place takes to its nearest target, drawn along the streets, door to door.

It is the walk that `geoplan.network.times.nearest` times and measures, not merely one as long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.arcs import Along, Arcs, Doors, along_edges, door_entrances, doors, walking_arcs
from geoplan.network.graph import BoolArray, Costs, FloatArray, WalkNetwork
from geoplan.network.kernels import INF_MS
from geoplan.network.search import lengths_at_nodes, nearest_at_nodes
from geoplan.network.snap import Snaps
from geoplan.network.spans import StreetLines
from geoplan.network.times import Nearest, nearest

__all__ = ["Paths", "walking_paths"]

ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Paths:
    """
    For each place, the way to its nearest target.

    Parameters
    ----------
    nearest
        Times, targets and lengths, as `geoplan.network.times.nearest` gives them.
    line
        LineString from the place's entrance to the target's; None where no walk leads. Its length is
        ``nearest.metres``.
    """

    nearest: Nearest
    line: ObjectArray


def walking_paths(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    *,
    place_points: ObjectArray,
    target_points: ObjectArray,
) -> Paths:
    """
    Return the way each place takes to its nearest target.

    Parameters
    ----------
    network, costs, places, targets
        As in `geoplan.network.times.nearest`; for the ways to one target, pass that target alone.
    place_points, target_points
        The entrances, one an entry of ``places`` and ``targets``
        (`geoplan.network.snap.entrance_points`): the ends of the lines.

    Returns
    -------
    Paths
        One entry a place.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoplan.network.build import network_from_streets
    >>> from geoplan.network.snap import entrance_points, snap_places
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (96, 0), (96, 32)])], crs="EPSG:4544")
    >>> network = network_from_streets(street)
    >>> ends = [gpd.GeoDataFrame(geometry=[shapely.Point(xy)], crs="EPSG:4544") for xy in ((32, 5), (96, 24))]
    >>> home, shop = (snap_places(network, one, max_snap_m=50) for one in ends)
    >>> points = [entrance_points(one)[0] for one in ends]
    >>> found = walking_paths(network, network.costs(speed_m_per_min=67), home, shop,
    ...                       place_points=points[0], target_points=points[1])
    >>> found.line[0].wkt, float(found.nearest.metres[0])
    ('LINESTRING (32 5, 32 0, 96 0, 96 24)', 93.0)
    """
    found = nearest(network, costs, places, targets, engine="scipy")
    tree = _Tree(network, costs, places, targets)
    on_edge = along_edges(network, costs, places, targets)
    lines = np.full(places.owners, None, dtype=object)
    for place in np.flatnonzero(found.target >= 0).tolist():
        spans, leaves, enters = tree.spans(place, found) or _one_edge(
            network, on_edge, place, found, places, targets
        )
        xy = [tree.cut(*one) for one in spans]
        ends = [shapely.get_coordinates(one) for one in (place_points[leaves], target_points[enters])]
        lines[place] = shapely.LineString(_without_repeats(np.concatenate([ends[0], *xy, ends[1]])))
    return Paths(nearest=found, line=lines)


_Span = tuple[int, float, float]
"""Edge, and from where to where it is walked, as shares of its length; backwards if the first is larger."""
_Way = tuple[list[_Span], int, int]
"""Spans in walking order, and the entries in `Snaps` of the entrances at both ends."""


class _Tree:
    """The walks from every node to the nearest target, and the doors at both ends of them."""

    def __init__(self, network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps) -> None:
        self.network, self.costs = network, costs
        self.places, self.targets = places, targets
        self.lines = StreetLines(network)
        self.arcs = walking_arcs(network, costs)
        self.starts = doors(network, costs, targets, leaving=False)
        self.ends = doors(network, costs, places, leaving=True)
        self.start_entries = door_entrances(network, costs, targets, leaving=False)
        self.end_entries = door_entrances(network, costs, places, leaving=True)
        self.dist, self.row = nearest_at_nodes(network, costs, self.starts, numba=False)
        self.metres = lengths_at_nodes(
            network, costs, self.starts, self.dist, self.row, self.ends.node, numba=False
        )
        self.door_of = _last_doors(self.starts, self.dist, self.row)
        self.edge_of = _EdgeOfArc(network, costs)

    def spans(self, place: int, found: Nearest) -> _Way | None:
        """Return the way of a place by way of a junction; None if it never leaves one edge."""
        own = slice(self.ends.first[place], self.ends.first[place + 1])
        node, ms, metres = self.ends.node[own], self.ends.ms[own], self.ends.metres[own]
        fits = (self.row[node] == found.target[place]) & (self.dist[node] != INF_MS)
        fits &= self.dist[node].astype(np.int64) + ms == found.ms[place]
        fits &= self.metres[node] + metres == found.metres[place]
        if not fits.any():
            return None
        door = own.start + int(fits.argmax())
        entry, at_start = int(self.end_entries[0][door]), bool(self.end_entries[1][door])
        here, walked = int(self.ends.node[door]), []
        walked.append(
            (int(self.places.edge[entry]), self._share(self.places, entry), 0.0 if at_start else 1.0)
        )
        while here not in self.door_of:
            arc = self._next_arc(here)
            edge, onward = self.edge_of.find(here, self.arcs, arc)
            walked.append((edge, 0.0, 1.0) if onward else (edge, 1.0, 0.0))
            here = int(self.arcs.head[arc])
        door = self.door_of[here]
        last, at_start = int(self.start_entries[0][door]), bool(self.start_entries[1][door])
        walked.append(
            (int(self.targets.edge[last]), 0.0 if at_start else 1.0, self._share(self.targets, last))
        )
        return walked, entry, last

    def cut(self, edge: int, begin: float, end: float) -> FloatArray:
        """Return the vertices of part of an edge, in walking order."""
        low, high = min(begin, end), max(begin, end)
        xy, _ = self.lines.cut(np.array([edge]), np.array([low]), np.array([high]))
        return xy if begin <= end else xy[::-1]

    def _share(self, snaps: Snaps, entry: int) -> float:
        return float(snaps.offset_m[entry] / self.network.edge_length_m[snaps.edge[entry]])

    def _next_arc(self, here: int) -> int:
        """Return the first arc that takes exactly the time left: the rule of `lengths_at_nodes`."""
        for arc in range(self.arcs.indptr[here], self.arcs.indptr[here + 1]):
            head = self.arcs.head[arc]
            left = int(self.dist[head]) + int(self.arcs.ms[arc])
            if self.row[head] == self.row[here] and left == self.dist[here]:
                return arc
        raise AssertionError("a node with a walking time has a next one")


def _last_doors(starts: Doors, dist: npt.NDArray[np.int32], row: npt.NDArray[np.int32]) -> dict[int, int]:
    """Return the doors by which walks leave the streets, by node: of those equally quick, the shortest."""
    tight = np.flatnonzero((dist[starts.node] == starts.ms) & (row[starts.node] == starts.owner))
    order = tight[np.lexsort((tight, starts.metres[tight], starts.node[tight]))]
    node = starts.node[order]
    first = np.ones(len(node), bool)
    first[1:] = node[1:] != node[:-1]
    return dict(zip(node[first].tolist(), order[first].tolist(), strict=True))


class _EdgeOfArc:
    """Finds the edge that an arc stands for: the quickest between its nodes, of those the shortest."""

    def __init__(self, network: WalkNetwork, costs: Costs) -> None:
        self.nodes, self.edges = network.node_count, network.edge_count
        tail = np.concatenate([network.edge_u, network.edge_v])
        head = np.concatenate([network.edge_v, network.edge_u])
        ms = np.concatenate([costs.edge_ms, costs.backward_ms])
        metres = np.concatenate([network.edge_length_m, network.edge_length_m])
        pair = tail * self.nodes + head
        self.order = np.lexsort((metres, ms, pair))
        self.pair = pair[self.order]

    def find(self, tail: int, arcs: Arcs, arc: int) -> tuple[int, bool]:
        """Return the edge, and whether it is walked from its start to its end."""
        at = self.order[np.searchsorted(self.pair, tail * self.nodes + int(arcs.head[arc]))]
        return int(at % self.edges), bool(at < self.edges)


def _one_edge(
    network: WalkNetwork, along: Along, place: int, found: Nearest, places: Snaps, targets: Snaps
) -> _Way:
    """Return the way of a place that never leaves one edge."""
    fits: BoolArray = (along.place == place) & (along.target == found.target[place])
    fits &= (along.ms == found.ms[place]) & (along.metres == found.metres[place])
    at = int(fits.argmax())
    leaves, enters = int(along.leaves[at]), int(along.enters[at])
    edge = int(places.edge[leaves])
    length = network.edge_length_m[edge]
    span = (edge, float(places.offset_m[leaves] / length), float(targets.offset_m[enters] / length))
    return [span], leaves, enters


def _without_repeats(xy: FloatArray) -> FloatArray:
    """Return vertices without those that repeat the one before; two at least, so that it is a line."""
    kept = np.r_[True, (np.diff(xy, axis=0) != 0).any(axis=1)]
    return xy[kept] if kept.sum() > 1 else xy[[0, -1]]
