"""
Searches over the nodes of the network, each by two engines with the same results.

``numba`` is fast and must be loaded, and once compiled; ``scipy`` starts at once. ``auto`` takes numba
where that repays the time to load it.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Literal, get_args

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.errors import NetworkError
from geoplan.network.arcs import Arcs, Doors, Int32Array, search_arcs, walking_arcs
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.kernels import INF_MS, compiled, k_labels, multi_source, tree_lengths
from geoplan.units import UNREACHED_MS

__all__ = ["Engine", "k_at_nodes", "lengths_at_nodes", "nearest_at_nodes", "takes_numba", "times_at_nodes"]

Engine = Literal["auto", "numba", "scipy"]
"""Which program searches; the result does not depend on it."""

_WORK_LOADED = 20_000
"""Nodes times searches from which numba pays, once it is loaded."""
_WORK_TO_LOAD = 5_000_000
"""Nodes times searches from which loading numba pays as well, about 2 s."""

_BLOCK_SHIFT = 14
"""16,384 nodes a block: with their arcs two thirds of a megabyte, which stays in the processor's cache."""
_ROUND_MS = 150_000
"""Longer rounds pass on more times that do not last."""
_LARGE_NODES = 1 << 18
"""From so many nodes on, the network outgrows the cache, and coming back to a block costs more than that."""
_ROUND_OF_LARGE_MS = 2_400_000
_MANY_ENTRIES = 32
"""From so many in a block of a large network on, most of the block will be needed."""
_ROOM_PER_NODE = 2
_LEAST_ROOM = 64
_RING_SHIFT = 7
"""128 ms a bucket where every node has several times."""
_LARGEST_EXACT = 2.0**53


def takes_numba(engine: Engine, work: int) -> bool:
    """Tell whether numba is to search, given the work: nodes times searches."""
    if engine not in get_args(Engine):
        raise NetworkError("error.engine", value=engine)
    if engine != "auto":
        return engine == "numba"
    if "numba" in sys.modules:
        return work >= _WORK_LOADED
    return work >= _WORK_TO_LOAD and importlib.util.find_spec("numba") is not None


def nearest_at_nodes(
    network: WalkNetwork, costs: Costs, doors: Doors, *, numba: bool
) -> tuple[Int32Array, Int32Array]:
    """
    Find every node's nearest target.

    Parameters
    ----------
    network, costs
        The network and what walking it costs.
    doors
        Ways from the network to the targets.
    numba
        Which engine.

    Returns
    -------
    dist, row
        Time [ms], `INF_MS` if unreached; row of the target, the lowest of those equally
        near, -1 if unreached.
    """
    arcs = search_arcs(network, costs)
    dist = np.full(network.node_count, INF_MS, np.int32)
    row = np.full(network.node_count, -1, np.int32)
    if not len(doors.node):
        return dist, row
    if numba:
        round_ms, many = _ROUND_MS, network.node_count
        if network.node_count >= _LARGE_NODES:
            round_ms, many = _ROUND_OF_LARGE_MS, _MANY_ENTRIES
        room, longest = _ROOM_PER_NODE * network.node_count + _LEAST_ROOM, -1
        while longest < 0:
            longest, _ = compiled(multi_source)(
                *(one.view(np.uint32) for one in (arcs.indptr, arcs.head, arcs.ms)),
                *(one.view(np.uint32) for one in (doors.node, doors.ms, doors.owner)),
                round_ms, _BLOCK_SHIFT, many, room, arcs.degree, dist, row,
            )  # fmt: skip
            room *= 4
        if longest + arcs.longest_ms >= INF_MS:
            _refuse_cut(arcs, row)
        return dist, row
    rank = int(doors.owner.max()) + 1  # a time and a row in one number: ties fall to the lowest row
    code = doors.ms.astype(np.int64) * rank + doors.owner
    order = np.lexsort((code, doors.node))
    order = order[np.r_[True, np.diff(doors.node[order]) != 0]]
    root = network.node_count
    # one rank more on the way in: scipy would take a zero for a missing arc
    weights = arcs.ms.astype(np.float64) * rank, (code[order] + rank).astype(np.float64)
    graph = _rooted(arcs, weights, np.full(len(order), root), doors.node[order], root + 1)
    found = dijkstra(graph, indices=root)[:root]
    reached = np.isfinite(found)
    if (found[reached] > _LARGEST_EXACT).any():
        raise NetworkError("error.cost_overflow")
    codes = found[reached].astype(np.int64) - rank
    _refuse_long(codes // rank)
    dist[reached], row[reached] = codes // rank, codes % rank
    return dist, row


def _rooted(
    arcs: Arcs, weights: tuple[FloatArray, FloatArray], root: IntArray, node: Int32Array, size: int
) -> csr_array:
    """Return the arcs, and the arcs from root nodes numbered above them (ascending), as scipy wants them."""
    nodes = len(arcs.indptr) - 1
    more = np.searchsorted(root, np.arange(nodes, size), "right")
    indptr = np.concatenate([arcs.indptr, arcs.indptr[-1] + more]).astype(np.int32)
    head = np.concatenate([arcs.head, node]).astype(np.int32)
    return csr_array((np.concatenate(weights), head, indptr), shape=(size, size))


def _refuse_long(ms: IntArray) -> None:
    if ms.max(initial=0) >= INF_MS:
        raise NetworkError("error.cost_overflow")


def _refuse_cut(arcs: Arcs, row: Int32Array) -> None:
    """Raise if a node is unreached only because its walk leaves 32 bits."""
    tail = np.repeat(np.arange(len(row)), np.diff(arcs.indptr))
    if ((row[tail] >= 0) & (row[arcs.head] < 0)).any():
        raise NetworkError("error.cost_overflow")


def lengths_at_nodes(
    network: WalkNetwork,
    costs: Costs,
    doors: Doors,
    dist: Int32Array,
    row: Int32Array,
    wanted: Int32Array,
    *,
    numba: bool,
) -> FloatArray:
    """
    Return the lengths of the walks found by `nearest_at_nodes` [m], at the wanted nodes at least.

    Of walks that take equally long, the one through the lowest node numbers; the shortest at the target.
    """
    arcs = walking_arcs(network, costs)
    metres = np.full(network.node_count, np.nan)
    start_m = np.full(network.node_count, np.nan)
    ends = (dist[doors.node] == doors.ms) & (row[doors.node] == doors.owner)
    np.fmin.at(start_m, doors.node[ends], doors.metres[ends])
    if numba:
        compiled(tree_lengths)(
            wanted, dist, row, arcs.indptr, arcs.head, arcs.ms, arcs.metres, start_m, metres
        )
        return metres
    root = network.node_count
    tail = np.repeat(np.arange(root), np.diff(arcs.indptr))
    tight = (dist[arcs.head].astype(np.int64) + arcs.ms == dist[tail]) & (row[arcs.head] == row[tail])
    tight &= (row[tail] >= 0) & np.isnan(start_m[tail])
    at = np.flatnonzero(tight)
    at = at[np.r_[True, np.diff(tail[at]) != 0]] if len(at) else at
    up = np.full(root + 1, root)
    total = np.append(np.nan_to_num(start_m), 0.0)
    up[tail[at]], total[tail[at]] = arcs.head[at], arcs.metres[at]
    while (up != root).any():
        total, up = total + total[up], up[up]
    return np.where(row >= 0, total[:root], np.nan)


def times_at_nodes(
    network: WalkNetwork,
    costs: Costs,
    doors: Doors,
    targets: int,
    *,
    numba: bool,
    limit_ms: int | None = None,
) -> IntArray:
    """
    Return the time from every node to each target [ms], an array of shape (targets, nodes).

    Beyond ``limit_ms`` nodes may be told as unreached, which scipy finds sooner.
    """
    nodes = network.node_count
    times = np.full((targets, nodes), UNREACHED_MS)
    if numba:
        for target in range(targets):
            low, high = doors.first[target], doors.first[target + 1]
            own = Doors(
                first=np.array([0, high - low]),
                owner=doors.owner[low:high],
                node=doors.node[low:high],
                ms=doors.ms[low:high],
                metres=doors.metres[low:high],
            )
            dist, row = nearest_at_nodes(network, costs, own, numba=True)
            times[target, row >= 0] = dist[row >= 0]
        return times
    arcs = search_arcs(network, costs)
    # scipy adds up parallel arcs: keep the quickest
    order = np.lexsort((doors.ms, doors.node, doors.owner))
    kept = np.ones(len(order), bool)
    kept[1:] = (np.diff(doors.owner[order]) != 0) | (np.diff(doors.node[order]) != 0)
    order = order[kept]
    weights = arcs.ms.astype(np.float64), doors.ms[order].astype(np.float64) + 1
    graph = _rooted(
        arcs, weights, nodes + doors.owner[order].astype(np.int64), doors.node[order], nodes + targets
    )
    # one more, as on the way in
    limit = np.inf if limit_ms is None else limit_ms + 1
    found = dijkstra(graph, indices=np.arange(nodes, nodes + targets), limit=limit)[:, :nodes]
    reached = np.isfinite(found)
    times[reached] = found[reached].astype(np.int64) - 1
    _refuse_long(times[reached])
    return times


def k_at_nodes(network: WalkNetwork, costs: Costs, doors: Doors, k: int) -> tuple[Int32Array, Int32Array]:
    """Return times and rows of every node's k nearest targets, arrays of shape (nodes, k), by numba."""
    arcs = search_arcs(network, costs)
    dist = np.full((network.node_count, k), INF_MS, np.int32)
    row = np.full((network.node_count, k), -1, np.int32)
    span = int(max(arcs.ms.max(initial=0), doors.ms.max(initial=0))) + 1
    shift = max(_RING_SHIFT, span.bit_length() - 14)
    cut = compiled(k_labels)(
        arcs.indptr, arcs.head, arcs.ms, doors.node, doors.ms, doors.owner,
        k, shift, (span >> shift) + 2, dist, row,
    )  # fmt: skip
    if cut:
        raise NetworkError("error.cost_overflow")
    return dist, row
