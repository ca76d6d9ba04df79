"""Dead ends that all but meet another street: what usually was meant to be joined."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.network.graph import FloatArray, IntArray, WalkNetwork

__all__ = ["DETOUR_FACTOR", "UNDERSHOOT_M", "Dangles", "find_dangles"]

UNDERSHOOT_M = 2.0
"""A dead end this near another street [m] counts as an undershoot unless told otherwise."""
DETOUR_FACTOR = 5.0
"""A dead end joins already if the walk round to the other street is at most so many times the reach."""

_JOINED_M = 0.01
"""The network's resolution: nearer than this is the same place."""
_SOURCES_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Dangles:
    """
    Dead ends near another street, one entry a dead end, by edge and node.

    Parameters
    ----------
    edge, node
        The edge that ends there, and its dead end.
    other
        Nearest edge it does not join; of edges equally near, the lowest number.
    gap_m
        Straight distance between them [m].
    foot
        Nearest point on the other edge, an array of shape (dead ends, 2).
    """

    edge: IntArray
    node: IntArray
    other: IntArray
    gap_m: FloatArray
    foot: FloatArray


def find_dangles(
    network: WalkNetwork,
    streets: gpd.GeoDataFrame,
    *,
    within_m: float = UNDERSHOOT_M,
    barriers: gpd.GeoDataFrame | None = None,
) -> Dangles:
    """
    Find dead ends within a distance of a street that they do not join.

    Left out are dead ends that lead to the other street by a short walk already, that stand at a barrier
    (any kind, walls too) or at a closed gate, and that lie beside a bridge or tunnel away from its ends.

    Parameters
    ----------
    network
        Built from ``streets``.
    streets
        Table ``streets``; ``gate`` is read where present.
    within_m
        Longest gap, inclusive [m].
    barriers
        Table ``barriers``.

    Returns
    -------
    Dangles
        By edge and node number.
    """
    node, edge = _dead_ends(network)
    points = shapely.get_point(network.edge_geometry[edge], np.where(network.edge_u[edge] == node, 0, -1))
    tree = shapely.STRtree(network.edge_geometry)
    end, other = tree.query(points, "dwithin", within_m)
    end, other = end[other != edge[end]], other[other != edge[end]]
    along = shapely.line_locate_point(network.edge_geometry[other], points[end])
    apart = ~_leads_there(network, edge[end], node[end], other, along, DETOUR_FACTOR * within_m)
    own_end, own_along = _back_on_itself(network, edge, node, points, within_m)
    end, other = np.r_[end[apart], own_end], np.r_[other[apart], edge[own_end]]
    along = np.r_[along[apart], own_along]
    feet = shapely.line_interpolate_point(network.edge_geometry[other], along)
    gap = shapely.distance(feet, points[end])
    lands = network.edge_enterable[other] | _at_an_end(network, other, along)
    order = np.flatnonzero(lands & ~_is_closed(points[end], feet, streets, barriers))
    order = order[np.lexsort((other[order], gap[order], end[order]))]
    first = order[np.r_[True, np.diff(end[order]) != 0]] if len(order) else order
    return Dangles(
        edge=edge[end[first]],
        node=node[end[first]],
        other=other[first],
        gap_m=gap[first],
        foot=shapely.get_coordinates(feet[first]),
    )


def _dead_ends(network: WalkNetwork) -> tuple[IntArray, IntArray]:
    """Return the nodes with one edge end, and that edge."""
    ends = np.concatenate([network.edge_u, network.edge_v])
    edges = np.tile(np.arange(network.edge_count), 2)
    single = np.bincount(ends, minlength=network.node_count)[ends] == 1
    order = np.lexsort((ends[single], edges[single]))
    return ends[single][order], edges[single][order]


def _back_on_itself(
    network: WalkNetwork, edge: IntArray, node: IntArray, points: npt.NDArray[np.object_], within_m: float
) -> tuple[IntArray, FloatArray]:
    """Return the dead ends whose own edge comes back to them, and where along it."""
    detour = DETOUR_FACTOR * within_m
    lines = network.edge_geometry[edge]
    could = (shapely.get_num_coordinates(lines) > 2) & (network.edge_length_m[edge] > detour)
    found, along = [], []
    for at in np.flatnonzero(could):
        length = float(network.edge_length_m[edge[at]])
        starts = network.edge_u[edge[at]] == node[at]
        low, high = (detour, length) if starts else (0.0, length - detour)
        rest = _part(lines[at], low, high)
        if shapely.distance(rest, points[at]) <= within_m:
            found.append(at)
            along.append(low + float(shapely.line_locate_point(rest, points[at])))
    return np.array(found, np.int64), np.array(along, np.float64)


def _part(line: shapely.LineString, low: float, high: float) -> shapely.LineString:
    """Return the part of a line between two distances along it [m]."""
    xy = shapely.get_coordinates(line)
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
    inside = (along > low) & (along < high)
    ends = np.column_stack([np.interp([low, high], along, xy[:, axis]) for axis in (0, 1)])
    return shapely.LineString(np.vstack([ends[:1], xy[inside], ends[1:]]))


def _at_an_end(network: WalkNetwork, edge: IntArray, along: FloatArray) -> npt.NDArray[np.bool_]:
    return (along <= _JOINED_M) | (along >= network.edge_length_m[edge] - _JOINED_M)


def _is_closed(
    points: npt.NDArray[np.object_],
    feet: npt.NDArray[np.object_],
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame | None,
) -> npt.NDArray[np.bool_]:
    """Tell which gaps are there for a reason: a barrier or a closed gate lies in them."""
    gaps = shapely.linestrings(
        np.stack([shapely.get_coordinates(points), shapely.get_coordinates(feet)], axis=1)
    )
    closed = np.zeros(len(gaps), bool)
    if barriers is not None and len(barriers):
        stops = np.ones(len(barriers), bool)
        if "severity" in barriers:
            stops = (barriers["severity"].fillna("impassable") == "impassable").to_numpy(bool)
        closed[shapely.STRtree(barriers.geometry.to_numpy()[stops]).query(gaps, "intersects")[0]] = True
    if "gate" in streets:
        gates = streets.geometry.to_numpy()[(streets["gate"] == "closed").fillna(False).to_numpy(bool)]
        closed[shapely.STRtree(gates).query(gaps, "dwithin", _JOINED_M)[0]] = True
    return closed


def _leads_there(
    network: WalkNetwork, edge: IntArray, node: IntArray, other: IntArray, along: FloatArray, most_m: float
) -> npt.NDArray[np.bool_]:
    """Tell from which dead ends the network leads to that place on the other edge within ``most_m``."""
    leads = np.zeros(len(edge), bool)
    start = np.where(network.edge_u[edge] == node, network.edge_v[edge], network.edge_u[edge])
    left_m = most_m - network.edge_length_m[edge]
    asked = np.flatnonzero(left_m >= 0)
    graph = _metres(network)
    sources, source_of = np.unique(start[asked], return_inverse=True)
    for low in range(0, len(sources), _SOURCES_AT_ONCE):
        some = sources[low : low + _SOURCES_AT_ONCE]
        away = dijkstra(graph, indices=some, limit=most_m)
        here = np.flatnonzero((source_of >= low) & (source_of < low + len(some)))
        pair = asked[here]
        from_u = away[source_of[here] - low, network.edge_u[other[pair]]] + along[pair]
        rest = network.edge_length_m[other[pair]] - along[pair]
        from_v = away[source_of[here] - low, network.edge_v[other[pair]]] + rest
        leads[pair] = np.minimum(from_u, from_v) <= left_m[pair]
    return leads


def _metres(network: WalkNetwork) -> csr_array:
    """Return lengths as a matrix of nodes, of parallel edges the shortest [m]."""
    tail = np.concatenate([network.edge_u, network.edge_v])
    head = np.concatenate([network.edge_v, network.edge_u])
    length = np.concatenate([network.edge_length_m, network.edge_length_m])
    order = np.lexsort((length, head, tail))
    tail, head, length = tail[order], head[order], length[order]
    first = np.r_[True, (np.diff(tail) != 0) | (np.diff(head) != 0)] if len(order) else np.zeros(0, bool)
    # scipy's search takes 32-bit node numbers only
    index = (tail[first].astype(np.int32), head[first].astype(np.int32))
    return csr_array((length[first], index), shape=(network.node_count, network.node_count))
