"""
Walking times between places on the network.

A place is reached through its entrances; an entrance meets an edge somewhere along it. The walk from A
to B is: access leg, part of an edge, edges, part of an edge, access leg. The part from the start of an
edge is rounded to the millisecond and the part to its end is the rest, so that both add up to the edge.
Walking is the same both ways, so times to a facility are found by searching from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.units import UNREACHED_MS, metres_to_ms

__all__ = ["Nearest", "kth_nearest", "nearest", "node_times", "times_from_each"]

_BATCH = 64
"""Targets searched at once when every pair of times is wanted."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """
    For each place, the nearest target.

    Parameters
    ----------
    ms
        Walking time [ms]; `UNREACHED_MS` if no target can be reached.
    target
        Row number of that target, or -1. Of targets equally near, the lowest row number.
    metres
        Length of a walk that takes this time [m], access legs included; NaN if unreached.
    """

    ms: IntArray
    target: IntArray
    metres: FloatArray


@dataclass(frozen=True, eq=False)
class _Stubs:
    """Ways from entrances to the two ends of their edges (two entries an entrance)."""

    owner: IntArray
    node: IntArray
    ms: IntArray
    metres: FloatArray


def _access_ms(snaps: Snaps, costs: Costs) -> IntArray:
    return metres_to_ms(np.nan_to_num(snaps.snap_m), speed_m_per_min=costs.speed_m_per_min)


def _offset_ms(network: WalkNetwork, costs: Costs, snaps: Snaps) -> IntArray:
    share = snaps.offset_m / network.edge_length_m[snaps.edge]
    return np.rint(share * costs.edge_ms[snaps.edge]).astype(np.int64)


def _met(snaps: Snaps) -> Snaps:
    kept = snaps.snapped
    return Snaps(
        owner=snaps.owner[kept],
        owners=snaps.owners,
        edge=snaps.edge[kept],
        offset_m=snaps.offset_m[kept],
        snap_m=snaps.snap_m[kept],
    )


def _stubs(network: WalkNetwork, costs: Costs, snaps: Snaps) -> _Stubs:
    """Return the stubs of snapped entrances."""
    access = _access_ms(snaps, costs)
    to_u = _offset_ms(network, costs, snaps)
    to_v = costs.edge_ms[snaps.edge] - to_u
    rest_m = network.edge_length_m[snaps.edge] - snaps.offset_m
    return _Stubs(
        owner=np.concatenate([snaps.owner, snaps.owner]),
        node=np.concatenate([network.edge_u[snaps.edge], network.edge_v[snaps.edge]]),
        ms=np.concatenate([access + to_u, access + to_v]),
        metres=np.concatenate([snaps.snap_m + snaps.offset_m, snaps.snap_m + rest_m]),
    )


def _cheapest(tail: IntArray, head: IntArray, cost: IntArray) -> IntArray:
    """Return which entries to keep so that each (tail, head) stands once, at its lowest cost."""
    order = np.lexsort((cost, head, tail))
    first = np.r_[True, (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)] if len(order) else order
    return order[first]


def _arcs(network: WalkNetwork, costs: Costs) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Return tail, head, ms and metres of the arcs, one a node pair and direction, loops left out."""
    tail = np.concatenate([network.edge_u, network.edge_v])
    head = np.concatenate([network.edge_v, network.edge_u])
    ms = np.concatenate([costs.edge_ms, costs.edge_ms])
    metres = np.concatenate([network.edge_length_m, network.edge_length_m])
    kept = _cheapest(tail, head, ms)
    kept = kept[tail[kept] != head[kept]]
    return tail[kept], head[kept], ms[kept], metres[kept]


def nearest(network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps) -> Nearest:
    """
    Find each place's nearest target on foot.

    Parameters
    ----------
    network, costs
        The network and what walking it costs.
    places, targets
        From where, and to what; several entrances each, the best pair counts.

    Returns
    -------
    Nearest
        One entry a place.
    """
    places_met, targets_met = _met(places), _met(targets)
    rank = targets.owners + 1  # a time and a row number in one integer: ties fall to the lowest row
    stubs = _stubs(network, costs, targets_met)
    codes, metres = _search(network, costs, stubs, rank)
    ends = _stubs(network, costs, places_met)
    here = np.full(len(ends.owner), UNREACHED_MS)
    reached = codes[ends.node] != UNREACHED_MS
    here[reached] = codes[ends.node[reached]] + ends.ms[reached] * rank
    along = _same_edge(network, costs, places_met, targets_met)
    owner = np.concatenate([ends.owner, along[0]])
    code = np.concatenate([here, along[2] * rank + along[1]])
    length = np.concatenate([metres[ends.node] + ends.metres, along[3]])
    order = np.lexsort((length, code, owner))
    first = np.r_[True, np.diff(owner[order]) != 0] if len(order) else order
    best = order[first]
    best = best[code[best] != UNREACHED_MS]
    result = Nearest(
        ms=np.full(places.owners, UNREACHED_MS),
        target=np.full(places.owners, -1, np.int64),
        metres=np.full(places.owners, np.nan),
    )
    result.ms[owner[best]] = code[best] // rank
    result.target[owner[best]] = code[best] % rank
    result.metres[owner[best]] = length[best]
    return result


def _search(network: WalkNetwork, costs: Costs, stubs: _Stubs, rank: int) -> tuple[IntArray, FloatArray]:
    """Return for every node the code (ms * rank + row) of its nearest target, and the metres to it."""
    nodes = network.node_count
    codes = np.full(nodes, UNREACHED_MS)
    metres = np.full(nodes, np.nan)
    if not len(stubs.node):
        return codes, metres
    tail, head, ms, arc_m = _arcs(network, costs)
    start_code = stubs.ms * rank + stubs.owner
    start = _cheapest(np.zeros_like(stubs.node), stubs.node, start_code)
    all_tail = np.concatenate([tail, np.full(len(start), nodes)])
    all_head = np.concatenate([head, stubs.node[start]])
    # one rank more on the way in: scipy would take a zero for a missing arc
    weight = np.concatenate([ms * rank, start_code[start] + rank]).astype(np.float64)
    all_m = np.concatenate([arc_m, stubs.metres[start]])
    graph = _graph(weight, all_tail, all_head, nodes + 1)
    found, before = dijkstra(graph, indices=nodes, return_predecessors=True)
    reached = np.isfinite(found[:nodes])
    codes[reached] = np.rint(found[:nodes][reached]).astype(np.int64) - rank
    metres[reached] = _lengths(before, all_tail, all_head, all_m, nodes)[reached]
    return codes, metres


def _graph(weight: FloatArray, tail: IntArray, head: IntArray, size: int) -> csr_array:
    # scipy's search takes 32-bit node numbers only
    return csr_array((weight, (tail.astype(np.int32), head.astype(np.int32))), shape=(size, size))


def _lengths(
    before: npt.NDArray[np.int32], tail: IntArray, head: IntArray, arc_m: FloatArray, root: int
) -> FloatArray:
    """Add up arc lengths from the root of a shortest-path tree to every node, by pointer doubling."""
    order = np.lexsort((head, tail))
    key = tail[order] * (root + 1) + head[order]
    node = np.arange(root)
    up = np.where(before[:root] < 0, root, before[:root]).astype(np.int64)
    slot = np.searchsorted(key, up * (root + 1) + node)
    slot = np.minimum(slot, len(key) - 1)
    total = np.append(np.where(before[:root] < 0, 0.0, arc_m[order][slot]), 0.0)
    up = np.append(up, root)
    while (up != root).any():
        total = total + total[up]
        up = up[up]
    return total[:root]


def _same_edge(
    network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Return place, target, ms and metres of the walks that never leave one edge."""
    order = np.argsort(targets.edge, kind="stable")
    low = np.searchsorted(targets.edge[order], places.edge, "left")
    count = np.searchsorted(targets.edge[order], places.edge, "right") - low
    a = np.repeat(np.arange(len(places.edge)), count)
    b = order[np.repeat(low, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)]
    between_ms = np.abs(_offset_ms(network, costs, places)[a] - _offset_ms(network, costs, targets)[b])
    ms = between_ms + _access_ms(places, costs)[a] + _access_ms(targets, costs)[b]
    metres = np.abs(places.offset_m[a] - targets.offset_m[b]) + places.snap_m[a] + targets.snap_m[b]
    return places.owner[a], targets.owner[b], ms, metres


def node_times(network: WalkNetwork, costs: Costs, targets: Snaps) -> IntArray:
    """
    Return the walking time from each target to every node.

    Parameters
    ----------
    network, costs, targets
        As in `nearest`.

    Returns
    -------
    Array of shape (targets, nodes) [ms]; `UNREACHED_MS` where no walk leads.
    """
    stubs = _stubs(network, costs, _met(targets))
    nodes = network.node_count
    tail, head, ms, _ = _arcs(network, costs)
    start = _cheapest(stubs.owner, stubs.node, stubs.ms)
    size = nodes + targets.owners
    weight = np.concatenate([ms, stubs.ms[start] + 1]).astype(np.float64)
    all_tail = np.concatenate([tail, nodes + stubs.owner[start]])
    graph = _graph(weight, all_tail, np.concatenate([head, stubs.node[start]]), size)
    found = dijkstra(graph, indices=np.arange(nodes, size))[:, :nodes]
    times = np.full(found.shape, UNREACHED_MS)
    reached = np.isfinite(found)
    times[reached] = np.rint(found[reached]).astype(np.int64) - 1
    return times


def times_from_each(
    network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps
) -> Iterator[tuple[int, IntArray]]:
    """
    Yield each target's row number and the walking times from it to every place.

    Parameters
    ----------
    network, costs, places, targets
        As in `nearest`.

    Yields
    ------
    row, ms
        ``ms`` has one entry a place; `UNREACHED_MS` where no walk leads.
    """
    places_met = _met(places)
    ends = _stubs(network, costs, places_met)
    for low in range(0, targets.owners, _BATCH):
        rows = np.arange(low, min(low + _BATCH, targets.owners))
        batch = targets.only(rows)
        at_nodes = node_times(network, costs, batch)
        place, target, ms, _ = _same_edge(network, costs, places_met, _met(batch))
        for number, row in enumerate(rows):
            best = np.full(places.owners, UNREACHED_MS)
            reached = at_nodes[number, ends.node] != UNREACHED_MS
            via = at_nodes[number, ends.node[reached]] + ends.ms[reached]
            np.minimum.at(best, ends.owner[reached], via)
            np.minimum.at(best, place[target == number], ms[target == number])
            yield int(row), best


def kth_nearest(network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps, *, k: int) -> Nearest:
    """
    Find each place's k-th nearest target on foot: when k of them are within reach.

    Parameters
    ----------
    network, costs, places, targets
        As in `nearest`.
    k
        1 is the nearest.

    Returns
    -------
    Nearest
        ``metres`` is the time at walking speed, exact where no stairway is on the way.
    """
    if k == 1:
        return nearest(network, costs, places, targets)
    rank = targets.owners + 1
    best = np.full((k, places.owners), UNREACHED_MS)
    for row, ms in times_from_each(network, costs, places, targets):
        code = np.where(ms == UNREACHED_MS, UNREACHED_MS, np.where(ms == UNREACHED_MS, 0, ms) * rank + row)
        best = np.sort(np.vstack([best, code[None]]), axis=0)[:k]
    code = best[-1]
    reached = code != UNREACHED_MS
    ms = np.where(reached, code // rank, UNREACHED_MS)
    return Nearest(
        ms=ms,
        target=np.where(reached, code % rank, -1),
        metres=np.where(reached, ms / 60_000 * costs.speed_m_per_min, np.nan),
    )
