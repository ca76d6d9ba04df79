"""The quickest walk between a place and a target as a line along the streets."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.arcs import Along, Arcs, Doors, Int32Array, along_edges, doors, walking_arcs
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.search import Engine, takes_numba, times_at_nodes
from geoplan.network.snap import Snaps, entrance_points
from geoplan.units import UNREACHED_MS

__all__ = ["Walk", "quickest_walks"]

_BATCH = 64
"""Targets searched at once."""


@dataclass(frozen=True, eq=False)
class Walk:
    """
    One quickest walk.

    Parameters
    ----------
    ms, metres
        Walking time [ms] and length [m], access legs included.
    line
        LineString from the entrance left to the entrance met.
    streets
        Ids of the streets walked, in the order of walking, each once for every time it is entered.
    legs
        The access legs at both ends, LineStrings from the entrance to the street.
    """

    ms: int
    metres: float
    line: shapely.LineString
    streets: tuple[str, ...]
    legs: tuple[shapely.LineString, shapely.LineString]


def quickest_walks(
    network: WalkNetwork,
    costs: Costs,
    places: tuple[gpd.GeoDataFrame, Snaps],
    targets: tuple[gpd.GeoDataFrame, Snaps],
    pairs: IntArray,
    *,
    engine: Engine = "auto",
) -> list[Walk | None]:
    """
    Return the quickest walk from a place to a target, pair by pair.

    Parameters
    ----------
    network, costs
        The network and what walking it costs.
    places, targets
        Each table with its snaps.
    pairs
        Array of shape (pairs, 2): row of the place, row of the target.
    engine
        See `geoplan.network.search.Engine`.

    Returns
    -------
    One walk a pair, None where none leads there. Its time is that of `geoplan.network.times.nearest` where
    the target is the nearest. Of walks equally quick, the one through the lowest node numbers.

    Examples
    --------
    >>> from geoplan.network.build import network_from_streets
    >>> from geoplan.network.snap import snap_places
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (99, 0)])], index=["a"], crs=4544)
    >>> network = network_from_streets(street)
    >>> homes = gpd.GeoDataFrame(geometry=shapely.points([[10, 4]]), crs=4544)
    >>> shops = gpd.GeoDataFrame(geometry=shapely.points([[70, 0]]), crs=4544)
    >>> snaps = [snap_places(network, one, max_snap_m=50) for one in (homes, shops)]
    >>> costs = network.costs(speed_m_per_min=60)
    >>> (walk,) = quickest_walks(network, costs, (homes, snaps[0]), (shops, snaps[1]), np.array([[0, 0]]))
    >>> walk.metres, walk.streets, walk.line.wkt
    (64.0, ('a',), 'LINESTRING (10 4, 10 0, 70 0)')
    """
    walks: list[Walk | None] = [None] * len(pairs)
    if not len(pairs):
        return walks
    here, there = _Ends.of(network, costs, *places), _Ends.of(network, costs, *targets)
    tracer = _Tracer(network, costs, here, there)
    asked = np.unique(pairs[:, 1])
    for low in range(0, len(asked), _BATCH):
        batch = asked[low : low + _BATCH]
        some = targets[1].only(batch)
        numba = takes_numba(engine, network.node_count * len(batch))
        times = times_at_nodes(
            network, costs, doors(network, costs, some, leaving=False), len(batch), numba=numba
        )
        for at in np.flatnonzero((pairs[:, 1] >= batch[0]) & (pairs[:, 1] <= batch[-1])):
            place, target = int(pairs[at, 0]), int(pairs[at, 1])
            walks[at] = tracer.walk(place, target, times[np.searchsorted(batch, target)])
    return walks


@dataclass(frozen=True, eq=False)
class _Ends:
    """Places with every entrance on its own: its point, its doors, and which entries are whose."""

    points: npt.NDArray[np.object_]
    snaps: Snaps
    first: IntArray
    leaving: Doors
    entering: Doors

    @classmethod
    def of(cls, network: WalkNetwork, costs: Costs, table: gpd.GeoDataFrame, snaps: Snaps) -> _Ends:
        points, _ = entrance_points(table)
        count = len(snaps.edge)
        each = dataclasses.replace(snaps, owner=np.arange(count), owners=count)
        return cls(
            points=points,
            snaps=each,
            first=np.searchsorted(snaps.owner, np.arange(snaps.owners + 1)),
            leaving=doors(network, costs, each, leaving=True),
            entering=doors(network, costs, each, leaving=False),
        )

    def entries(self, row: int) -> tuple[int, int]:
        """Return the first entry of a place, and the first of the next."""
        return int(self.first[row]), int(self.first[row + 1])

    def foot(self, entry: int) -> tuple[int, float]:
        return int(self.snaps.edge[entry]), float(self.snaps.offset_m[entry])


class _Tracer:
    """Follows the times of a search back to its target."""

    def __init__(self, network: WalkNetwork, costs: Costs, here: _Ends, there: _Ends) -> None:
        self.network = network
        self.here, self.there = here, there
        self.arcs = walking_arcs(network, costs)
        self.edge_of = _edges_of_arcs(network, costs, self.arcs)
        self.along = _by_place(along_edges(network, costs, here.snaps, there.snaps))

    def walk(self, place: int, target: int, times: IntArray) -> Walk | None:
        """Return the quickest walk, given the time from every node to the target."""
        low, high = self.here.entries(place)
        leaving = self.here.leaving
        best, start, direct = UNREACHED_MS, -1, -1
        for door in range(int(leaving.first[low]), int(leaving.first[high])):
            onward = int(times[leaving.node[door]])
            if onward != UNREACHED_MS and onward + int(leaving.ms[door]) < best:
                best, start = onward + int(leaving.ms[door]), door
        first, stop = self.there.entries(target)
        along, rows = self.along
        for at in range(int(np.searchsorted(rows, low)), int(np.searchsorted(rows, high))):
            if first <= along.target[at] < stop and along.ms[at] < best:
                best, direct = int(along.ms[at]), at
        if direct >= 0:
            return self._direct(best, int(along.place[direct]), int(along.target[direct]))
        return None if start < 0 else self._traced(best, start, (first, stop), times)

    def _direct(self, ms: int, entry: int, other: int) -> Walk:
        edge, from_m = self.here.foot(entry)
        _, to_m = self.there.foot(other)
        middle = _cut(self.network.edge_geometry[edge], from_m, to_m)
        return self._whole(ms, entry, other, [middle], [edge])

    def _traced(self, ms: int, start: int, entries: tuple[int, int], times: IntArray) -> Walk:
        entry, node = int(self.here.leaving.owner[start]), int(self.here.leaving.node[start])
        edge, foot_m = self.here.foot(entry)
        lines, edges = [self._to_end(edge, foot_m, node)], [edge]
        ends = self._doors_at(entries)
        while (node, int(times[node])) not in ends:
            low, high = int(self.arcs.indptr[node]), int(self.arcs.indptr[node + 1])
            onward = times[self.arcs.head[low:high]]
            tight = (onward != UNREACHED_MS) & (
                np.where(onward == UNREACHED_MS, 0, onward) + self.arcs.ms[low:high] == times[node]
            )
            arc = low + int(np.argmax(tight))
            edge, onwards = int(self.edge_of[arc]), int(self.arcs.head[arc])
            line = shapely.get_coordinates(self.network.edge_geometry[edge])
            lines.append(line if self.network.edge_u[edge] == node else line[::-1])
            edges.append(edge)
            node = onwards
        other = ends[(node, int(times[node]))]
        edge, foot_m = self.there.foot(other)
        lines.append(self._to_end(edge, foot_m, node)[::-1])
        edges.append(edge)
        return self._whole(ms, entry, other, lines, edges)

    def _doors_at(self, entries: tuple[int, int]) -> dict[tuple[int, int], int]:
        """Return (node, time) -> entry of the doors of a target; of equals the lowest entry."""
        doors = self.there.entering
        low, high = int(doors.first[entries[0]]), int(doors.first[entries[1]])
        return {
            (int(doors.node[at]), int(doors.ms[at])): int(doors.owner[at])
            for at in reversed(range(low, high))
        }

    def _to_end(self, edge: int, foot_m: float, node: int) -> FloatArray:
        """Return the part of an edge from a foot on it to the node at its end."""
        line = self.network.edge_geometry[edge]
        length = float(self.network.edge_length_m[edge])
        # on a loop both ends are the node: the door leads to the nearer one, or takes as long
        ends = [
            at for at, one in ((0.0, self.network.edge_u), (length, self.network.edge_v)) if one[edge] == node
        ]
        return _cut(line, foot_m, min(ends, key=lambda at: abs(at - foot_m)))

    def _whole(self, ms: int, entry: int, other: int, lines: list[FloatArray], edges: list[int]) -> Walk:
        door, last = (
            shapely.get_coordinates(ends.points[at]) for ends, at in ((self.here, entry), (self.there, other))
        )
        xy = np.concatenate([door, *lines, last])
        kept = np.r_[True, (np.diff(xy, axis=0) != 0).any(axis=1)]
        kept[-1] |= kept.sum() == 1  # a place at its target: a line needs two ends
        streets = self.network.edge_street[edges].tolist()
        changes = [True, *(a != b for a, b in zip(streets[1:], streets[:-1], strict=True))]
        line = shapely.LineString(xy[kept])
        return Walk(
            ms=ms,
            metres=float(shapely.length(line)),
            line=line,
            streets=tuple(str(one) for one, new in zip(streets, changes, strict=True) if new),
            legs=(
                shapely.LineString(np.concatenate([door, lines[0][:1]])),
                shapely.LineString(np.concatenate([last, lines[-1][-1:]])),
            ),
        )


def _edges_of_arcs(network: WalkNetwork, costs: Costs, arcs: Arcs) -> Int32Array:
    """Return the edge each arc runs along: of several between two nodes, the quickest, then the shortest."""
    tail = np.concatenate([network.edge_u, network.edge_v])
    head = np.concatenate([network.edge_v, network.edge_u])
    ms = np.concatenate([costs.edge_ms, costs.backward_ms])
    metres = np.concatenate([network.edge_length_m, network.edge_length_m])
    edge = np.concatenate([np.arange(network.edge_count)] * 2)
    usable = np.flatnonzero((ms != UNREACHED_MS) & (tail != head))
    pair = tail[usable] * network.node_count + head[usable]
    order = np.lexsort((edge[usable], metres[usable], ms[usable], pair))
    pair, edge = pair[order], edge[usable][order]
    first = np.r_[True, np.diff(pair) != 0] if len(pair) else np.zeros(0, bool)
    own = np.repeat(np.arange(network.node_count), np.diff(arcs.indptr)) * network.node_count + arcs.head
    return edge[first][np.searchsorted(pair[first], own)].astype(np.int32)


def _by_place(along: Along) -> tuple[Along, IntArray]:
    """Return the walks along one edge sorted by place, and the places."""
    order = np.lexsort((along.target, along.ms, along.place))
    found = Along(
        place=along.place[order],
        target=along.target[order],
        ms=along.ms[order],
        metres=along.metres[order],
    )
    return found, found.place


def _cut(line: shapely.LineString, from_m: float, to_m: float) -> FloatArray:
    """Return the vertices of the part of a line between two positions on it, in that direction."""
    xy = shapely.get_coordinates(line)
    at = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
    low, high = min(from_m, to_m), max(from_m, to_m)
    ends = shapely.get_coordinates(shapely.line_interpolate_point(line, [low, high]))
    part = np.concatenate([ends[:1], xy[(at > low) & (at < high)], ends[1:]])
    return part if from_m <= to_m else part[::-1]
