"""
The searches that numba compiles, but for lists and counts: see `geoplan.network.bounded`.

All run on one thread and release the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from geoplan._optional import import_extra

__all__ = ["INF_MS", "at_places", "compiled", "k_labels", "multi_source", "tree_lengths"]

Int32Array = npt.NDArray[np.int32]
UInt32Array = npt.NDArray[np.uint32]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

INF_MS = 2**31 - 1
"""Time of a node not reached [ms]. Walks must be shorter than this (596 hours)."""
_OUT = -1
"""In no list."""


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function compiled by numba; the machine code is kept beside it for the next run."""
    numba = import_extra("numba", extra="fast")
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    return made


def multi_source(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    indptr: UInt32Array, head: UInt32Array, ms: UInt32Array,
    start_node: UInt32Array, start_ms: UInt32Array, start_row: UInt32Array,
    round_ms: int, block_shift: int, many: int, room: int, degree: int,
    dist: Int32Array, row: Int32Array,
) -> tuple[int, int]:  # fmt: skip
    """
    Fill ``dist`` and ``row`` with the nearest start of every node; of starts equally near, the lowest row.

    Times are passed on in rounds, and within a round block by block of nodes: what a block needs then stays
    in the cache. From ``many`` entries in it on, it is read ahead in one go: memory is much quicker read in
    order than here and there. Within the block, first come is first served; what falls due in a later round,
    or lies in another block, waits. An entry that a shorter time has overtaken is skipped, and a node whose
    time falls after it was passed on is passed on again: the result depends neither on rounds nor on blocks.
    Entries are written whether they count or not, and their number grows only if they do: that spares the
    processor guesses.

    Returns
    -------
    The longest time [ms], or -1 if there is no room for the entries; walks of `INF_MS` and more are cut. And
    a number made of what was read ahead, so that the compiler does not leave the reading out.
    """
    far = np.uint64(INF_MS) << np.uint64(32)
    one, half, low_half, shift = np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF), np.uint64(block_shift)
    label = np.full(len(dist), far, np.uint64)  # time and row in one number: ties fall to the lowest row
    first = np.empty(((len(dist) - 1) >> block_shift) + 2, np.int64)
    most, size = np.uint64(room), room + degree  # memory that is not written to costs none
    queue, later, turn = np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.uint64)
    waiting, ahead = np.uint64(0), np.uint64(0)
    for i in range(len(start_node)):
        v, code = start_node[i], (np.uint64(start_ms[i]) << half) | np.uint64(start_row[i])
        if code < label[v]:
            if waiting == most:
                return -1, 0
            label[v] = code
            later[waiting] = (np.uint64(start_ms[i]) << half) | np.uint64(v)
            waiting += one
    while waiting > 0:
        soonest = later[0]
        for i in range(waiting):
            soonest = min(soonest, later[i])
        due = ((soonest >> half) + np.uint64(round_ms)) << half
        put, kept = np.uint64(0), np.uint64(0)
        for i in range(waiting):
            entry = later[i]
            valid = (entry >> half) == (label[entry & low_half] >> half)
            queue[put], later[kept] = entry, entry
            put += np.uint64(valid & (entry < due))
            kept += np.uint64(valid & (entry >= due))
        waiting, count = kept, put
        first[:] = 0
        for i in range(count):
            first[((queue[i] & low_half) >> shift) + one] += 1
        for block in range(1, len(first)):
            first[block] += first[block - 1]
        for i in range(count):
            block = (queue[i] & low_half) >> shift
            turn[first[block]] = queue[i]
            first[block] += 1
        at = np.uint64(0)
        while at < count:
            block = (turn[at] & low_half) >> shift
            if first[block] - np.int64(at) >= many:
                begin = int(block << shift)
                end = min(begin + (1 << block_shift), len(dist))
                for i in range(begin, end, 8):
                    ahead ^= label[i] ^ np.uint64(indptr[i])
                for i in range(int(indptr[begin]), int(indptr[end]), 16):
                    ahead ^= np.uint64(head[i] ^ ms[i])
            put, got = np.uint64(0), np.uint64(0)
            while at < count and (turn[at] & low_half) >> shift == block:
                queue[put] = turn[at]
                put += one
                at += one
            while got < put:
                entry = queue[got]
                got += one
                u = entry & low_half
                here = label[u]
                if here >> half != entry >> half:
                    continue
                for a in range(np.uint64(indptr[u]), np.uint64(indptr[u + one])):
                    v, code = np.uint64(head[a]), here + (np.uint64(ms[a]) << half)
                    known = label[v]
                    better = code < known
                    label[v] = code if better else known
                    entry = ((code >> half) << half) | v
                    now = (entry < due) & (v >> shift == block)
                    queue[put], later[waiting] = entry, entry
                    put += np.uint64(better & now)
                    waiting += np.uint64(better & (not now))
                if put > most or waiting > most:
                    return -1, 0
    longest = np.int32(0)
    for v in range(len(dist)):
        if label[v] < far:
            dist[v], row[v] = label[v] >> half, label[v] & low_half
            longest = max(longest, dist[v])
    return int(longest), int(ahead & low_half)


def tree_lengths(
    wanted: Int32Array, dist: Int32Array, row: Int32Array,
    indptr: Int32Array, head: Int32Array, ms: Int32Array, arc_m: FloatArray,
    start_m: FloatArray, metres: FloatArray,
) -> None:  # fmt: skip
    """
    Fill ``metres`` at the wanted nodes with the length of the walk to their nearest start.

    A walk follows, node by node, the first arc that takes exactly the time left. ``start_m`` is not NaN
    where the walk leaves the streets.
    """
    trail = np.empty(len(dist), np.int32)
    step_m = np.empty(len(dist), np.float64)
    for v in wanted:
        if row[v] < 0 or metres[v] == metres[v]:
            continue
        steps = 0
        here = v
        while metres[here] != metres[here]:
            if start_m[here] == start_m[here]:
                metres[here] = start_m[here]
                break
            for a in range(indptr[here], indptr[here + 1]):
                w = head[a]
                if row[w] == row[here] and np.int64(dist[w]) + ms[a] == dist[here]:
                    trail[steps], step_m[steps] = here, arc_m[a]
                    steps += 1
                    here = w
                    break
        total = metres[here]
        while steps > 0:
            steps -= 1
            total += step_m[steps]
            metres[trail[steps]] = total


def at_places(
    end_ptr: IntArray, end_node: Int32Array, end_ms: Int32Array, dist: Int32Array, row: Int32Array,
    ms: IntArray, target: IntArray,
) -> None:  # fmt: skip
    """Fill ``ms`` and ``target`` with the best of each place's ways onto the network."""
    for p in range(len(ms)):
        for i in range(end_ptr[p], end_ptr[p + 1]):
            v = end_node[i]
            if row[v] < 0:
                continue
            d = np.int64(dist[v]) + end_ms[i]
            if d < ms[p] or (d == ms[p] and row[v] < target[p]):
                ms[p], target[p] = d, row[v]


def k_labels(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    indptr: Int32Array, head: Int32Array, ms: Int32Array,
    start_node: Int32Array, start_ms: Int32Array, start_row: Int32Array,
    k: int, bucket_shift: int, buckets: int, dist: npt.NDArray[np.int32], row: npt.NDArray[np.int32],
) -> bool:  # fmt: skip
    """
    Fill ``dist`` and ``row``, of shape (nodes, k), with the k nearest starts of every node.

    Starts of one row count once. Each node stands in the queue once, by its soonest label not yet passed on.
    The buckets are a ring, which must span the longest arc and the latest start. Lists are doubly linked:
    ``back[node]`` is the node before it in its list, ``-2 - bucket`` for the first of a bucket, and `_OUT`
    for a node in no list.

    Returns
    -------
    True if a walk was cut because its time leaves 32 bits.
    """
    nodes = len(dist)
    after = np.full(nodes, -1, np.int32)
    back = np.full(nodes, _OUT, np.int32)
    bucket = np.full(buckets, -1, np.int32)
    fresh = np.zeros((nodes, k), np.bool_)
    overflow = False
    waiting = 0
    turn = np.int64(0)  # the bucket in hand, counted through all turns of the ring
    # the first round of the loop takes the starts, as arcs of a node before all others
    sources = len(start_node)
    tails_d, tails_r = np.empty(k, np.int64), np.empty(k, np.int32)
    begun = False
    while not begun or waiting:
        labels = 0
        arcs_low, arcs_high = 0, sources
        u = -1
        if begun:
            u = bucket[turn % buckets]
            if u < 0:
                turn += 1
                continue
            first = after[u]
            bucket[turn % buckets], back[u] = first, _OUT
            if first >= 0:
                back[first] = np.int32(-2 - turn % buckets)
            waiting -= 1
            for i in range(k):
                if not fresh[u, i]:
                    continue
                if dist[u, i] >> bucket_shift > turn:
                    later = np.int32((dist[u, i] >> bucket_shift) % buckets)
                    first = bucket[later]
                    after[u], back[u], bucket[later] = first, np.int32(-2 - later), u
                    if first >= 0:
                        back[first] = u
                    waiting += 1
                    break
                tails_d[labels], tails_r[labels] = dist[u, i], row[u, i]
                fresh[u, i] = False
                labels += 1
            arcs_low, arcs_high = indptr[u], indptr[u + 1]
        else:
            labels = 1
        for a in range(arcs_low, arcs_high):
            v = head[a] if begun else start_node[a]
            changed = False
            for j in range(labels):
                if begun:
                    t, r = tails_d[j] + ms[a], tails_r[j]
                else:
                    t, r = np.int64(start_ms[a]), start_row[a]
                if t >= INF_MS:
                    overflow = overflow or dist[v, k - 1] == INF_MS
                    continue
                # where the row stands already, else the last label, which drops out
                old = k - 1
                for i in range(k):
                    if row[v, i] == r:
                        old = i
                        break
                if t > dist[v, old] or (t == dist[v, old] and r >= row[v, old]):
                    continue
                i = old
                while i > 0 and (dist[v, i - 1] > t or (dist[v, i - 1] == t and row[v, i - 1] > r)):
                    dist[v, i], row[v, i] = dist[v, i - 1], row[v, i - 1]
                    fresh[v, i] = fresh[v, i - 1]
                    i -= 1
                dist[v, i], row[v, i], fresh[v, i] = t, r, True
                changed = True
            if not changed:
                continue
            soonest = np.int64(INF_MS)
            for i in range(k):
                if fresh[v, i]:
                    soonest = np.int64(dist[v, i])
                    break
            here = np.int32((soonest >> bucket_shift) % buckets)
            before = back[v]
            if before == -2 - here:
                continue
            if before != _OUT:
                following = after[v]
                if before >= 0:
                    after[before] = following
                else:
                    bucket[-2 - before] = following
                if following >= 0:
                    back[following] = before
                waiting -= 1
            first = bucket[here]
            after[v], back[v], bucket[here] = first, np.int32(-2 - here), v
            if first >= 0:
                back[first] = v
            waiting += 1
        begun = True
    return overflow
