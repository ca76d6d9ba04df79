"""
Time fields: the walk from every node to the nearest of a set of targets, searched once, asked often.

A search costs as much for one place as for all of them. Where places come one at a time, it is done
beforehand: what is left is the way from a place to the ends of its edge, and targets on that very edge. The
answers are those of `geoplan.network.times.kth_nearest` to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geoplan.errors import NetworkError
from geoplan.network.arcs import MOST_MS, STEPS_PER_M, Int32Array, doors, feet_of
from geoplan.network.from_nodes import Nearest, k_from_nodes, nearest_from_nodes
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.search import Engine, lengths_at_nodes, nearest_at_nodes, takes_numba
from geoplan.network.snap import Snaps
from geoplan.network.spans import junctions
from geoplan.network.times import k_nearest
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS

__all__ = ["Foot", "TimeField", "foot_at", "time_field"]

_Door = tuple[int, int, float]


class Foot(NamedTuple):
    """
    Where one place with one entrance meets the network.

    Parameters
    ----------
    edge
        Edge met.
    offset_m
        Distance along that edge from its start [m].
    access_ms, access_m
        The leg between the entrance and the edge.
    before_m
        ``offset_m`` in the steps lengths are added in.
    to_u_ms, from_u_ms
        Walk along the edge to its start, and from there; `UNREACHED_MS` where nobody may.
    forward, backward
        Whether people may walk along the edge towards its end, and towards its start.
    doors
        Ways to the ends of the edge: node, time [ms] and length [m], access leg included.
    """

    edge: int
    offset_m: float
    access_ms: int
    access_m: float
    before_m: float
    to_u_ms: int
    from_u_ms: int
    forward: bool
    backward: bool
    doors: tuple[_Door, ...]


def _steps(metres: float) -> float:
    return round(metres * STEPS_PER_M) / STEPS_PER_M


def _parts(share: float, edge_ms: int, *, at_u: bool, at_v: bool) -> tuple[int, int]:
    """Return the times on either side of an entrance, as `geoplan.network.arcs` rounds them."""
    if edge_ms != UNREACHED_MS:
        near_u = round(share * edge_ms)
        return near_u, edge_ms - near_u
    return (0 if at_u else int(UNREACHED_MS)), (0 if at_v else int(UNREACHED_MS))


def foot_at(network: WalkNetwork, costs: Costs, edge: int, offset_m: float, snap_m: float) -> Foot:
    """
    Return where a place meets the network, as a search wants it.

    Parameters
    ----------
    network, costs
        The network and what walking it costs.
    edge, offset_m, snap_m
        Of `geoplan.network.snap.snap_points`; the edge is one, not -1.

    Raises
    ------
    NetworkError
        If the walk to an end of the edge takes more than 596 hours.
    """
    length = network.edge_length_m.item(edge)
    share, at_u, at_v = offset_m / length, offset_m == 0, offset_m == length
    onward, back = costs.edge_ms.item(edge), costs.backward_ms.item(edge)
    from_u, to_v = _parts(share, onward, at_u=at_u, at_v=at_v)
    to_u = from_u if costs.edge_back_ms is None else _parts(share, back, at_u=at_u, at_v=at_v)[0]
    access_ms = round(snap_m * (MS_PER_MINUTE / costs.speed_m_per_min))
    access_m, before_m = _steps(snap_m), _steps(offset_m)
    ways = []
    if not at_v and to_u != UNREACHED_MS:
        ways.append((network.edge_u.item(edge), to_u + access_ms, access_m + before_m))
    if not at_u and to_v != UNREACHED_MS:
        ways.append((network.edge_v.item(edge), to_v + access_ms, access_m + _steps(length - offset_m)))
    if any(ms > MOST_MS for _, ms, _ in ways):
        raise NetworkError("error.cost_overflow")
    return Foot(
        edge=edge, offset_m=offset_m, access_ms=access_ms, access_m=access_m, before_m=before_m,
        to_u_ms=to_u, from_u_ms=from_u, forward=onward != UNREACHED_MS, backward=back != UNREACHED_MS,
        doors=tuple(ways),
    )  # fmt: skip


class _TargetFoot(NamedTuple):
    """An entrance of a target on an edge."""

    target: int
    offset_m: float
    access_ms: int
    access_m: float
    before_m: float
    from_u_ms: int
    to_u_ms: int


@dataclass(frozen=True, eq=False)
class TimeField:
    """
    The walk from every node to its k nearest targets; made by `time_field`.

    Parameters
    ----------
    network, costs, targets
        As in `geoplan.network.times.nearest`.
    ms, target
        Time and row of each node's k nearest targets, arrays of shape (nodes, k); row -1 where fewer can be
        reached.
    metres
        Length of the walk to the nearest, one a node [m]; not known for k above 1.
    on_edge
        Edge -> the entrances of targets on it.
    """

    network: WalkNetwork
    costs: Costs
    targets: Snaps
    ms: IntArray | Int32Array
    target: IntArray | Int32Array
    metres: FloatArray | None
    on_edge: dict[int, list[_TargetFoot]]

    @property
    def k(self) -> int:
        """How many targets must be within reach."""
        return int(self.ms.shape[1])

    def kth_nearest(self, places: Snaps) -> Nearest:
        """Return what `geoplan.network.times.kth_nearest` returns, without a search."""
        if self.metres is not None:
            at_nodes = self.metres
            dist, row = self.ms[:, 0].astype(np.int32), self.target[:, 0].astype(np.int32)
            return nearest_from_nodes(
                self.network, self.costs, places, self.targets, dist, row, lambda _: at_nodes, numba=False
            )
        found = k_from_nodes(self.network, self.costs, places, self.targets, self.ms, self.target)
        ms, target = found.ms[:, -1], found.target[:, -1]
        metres = np.where(target >= 0, ms / MS_PER_MINUTE * self.costs.speed_m_per_min, np.nan)
        return Nearest(ms=ms, target=target, metres=metres)

    def at(self, foot: Foot) -> tuple[int, int, float]:
        """
        Return the same for one place: time [ms], row of the target, length [m].

        Where fewer than k can be reached: `UNREACHED_MS`, -1 and NaN.
        """
        if self.metres is None:
            return self._kth_at(foot)
        best_ms, best, best_m = int(UNREACHED_MS), -1, float("nan")
        for node, door_ms, door_m in foot.doors:
            target = self.target.item(node)
            if target < 0:
                continue
            ms, metres = self.ms.item(node) + door_ms, self.metres.item(node) + door_m
            if ms < best_ms or (ms == best_ms and target < best):
                best_ms, best, best_m = ms, target, metres
            elif ms == best_ms and target == best and metres < best_m:
                best_m = metres
        if foot.edge in self.on_edge:
            for ms, target, metres in self._along(foot):
                if ms < best_ms or (ms == best_ms and target < best):
                    best_ms, best, best_m = ms, target, metres
                elif ms == best_ms and target == best and metres < best_m:
                    best_m = metres
        return best_ms, best, best_m

    def _along(self, foot: Foot) -> list[tuple[int, int, float]]:
        """Return the walks that never leave the edge: time, target, length."""
        found = []
        for other in self.on_edge[foot.edge]:
            if foot.offset_m == other.offset_m:
                between = 0
            elif foot.offset_m < other.offset_m:
                if not foot.forward:
                    continue
                between = other.from_u_ms - foot.from_u_ms
            else:
                if not foot.backward:
                    continue
                between = foot.to_u_ms - other.to_u_ms
            length = abs(foot.before_m - other.before_m) + foot.access_m + other.access_m
            found.append((between + foot.access_ms + other.access_ms, other.target, length))
        return found

    def _kth_at(self, foot: Foot) -> tuple[int, int, float]:
        least: dict[int, int] = {}
        for node, door_ms, _ in foot.doors:
            for label in range(self.k):
                target = self.target.item(node, label)
                if target < 0:
                    break
                ms = self.ms.item(node, label) + door_ms
                least[target] = min(ms, least.get(target, ms))
        for ms, target, _ in self._along(foot) if foot.edge in self.on_edge else ():
            least[target] = min(ms, least.get(target, ms))
        if len(least) < self.k:
            return int(UNREACHED_MS), -1, float("nan")
        ms, target = sorted((ms, target) for target, ms in least.items())[self.k - 1]
        return ms, target, ms / MS_PER_MINUTE * self.costs.speed_m_per_min


def time_field(
    network: WalkNetwork, costs: Costs, targets: Snaps, *, k: int = 1, engine: Engine = "auto"
) -> TimeField:
    """
    Search from the targets once.

    Parameters
    ----------
    network, costs, targets, engine
        As in `geoplan.network.times.nearest`.
    k
        How many targets must be within reach; 1 is the nearest.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoplan.network.build import network_from_streets
    >>> from geoplan.network.snap import snap_places
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (99, 0)])], index=["a"], crs=4544)
    >>> network = network_from_streets(street)
    >>> costs = network.costs(speed_m_per_min=60)
    >>> shops = gpd.GeoDataFrame(geometry=shapely.points([[70, 0]]), crs=4544)
    >>> field = time_field(network, costs, snap_places(network, shops, max_snap_m=50))
    >>> field.at(foot_at(network, costs, 0, 10.0, 4.0))
    (64000, 0, 64.0)
    """
    metres: FloatArray | None = None
    ms: IntArray | Int32Array
    target: IntArray | Int32Array
    if k == 1:
        numba = takes_numba(engine, network.node_count)
        starts = doors(network, costs, targets, leaving=False)
        dist, row = nearest_at_nodes(network, costs, starts, numba=numba)
        every = np.arange(network.node_count, dtype=np.int32)
        metres = lengths_at_nodes(network, costs, starts, dist, row, every, numba=numba)
        ms, target = dist[:, None], row[:, None]
    else:
        found = k_nearest(network, costs, junctions(network), targets, k=k, engine=engine)
        ms, target = found.ms, found.target
    feet = feet_of(network, costs, targets)
    on_edge: dict[int, list[_TargetFoot]] = {}
    columns = (feet.owner, feet.offset_m, feet.access_ms, feet.snap_m, feet.before_m, feet.from_u, feet.to_u)
    for edge, *values in zip(feet.edge.tolist(), *(one.tolist() for one in columns), strict=True):
        on_edge.setdefault(edge, []).append(_TargetFoot(*values))
    return TimeField(network, costs, targets, ms, target, metres, on_edge)
