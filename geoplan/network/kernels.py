"""
The searches that numba compiles. All run on one thread and release the interpreter.

Nodes wait in buckets by time; a bucket is emptied until nothing in it changes, so that the result does not
depend on the width of the buckets. Lists are doubly linked through two arrays, or the two columns of one:
a node stands in one place at a time, and memory never grows. ``back[node]`` is the node before it in its
list, ``-2 - bucket`` for the first of a bucket, and `OUT` for a node in no list.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from geoplan._optional import import_extra

__all__ = ["INF_MS", "OUT", "at_places", "bounded", "compiled", "k_labels", "multi_source", "tree_lengths"]

Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

INF_MS = 2**31 - 1
"""Time of a node not reached [ms]. Walks must be shorter than this (596 hours)."""
OUT = -1
"""In no list."""
_PENDING = -(2**30)


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function compiled by numba; the machine code is kept beside it for the next run."""
    numba = import_extra("numba", extra="fast")
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    return made


def multi_source(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    indptr: Int32Array, head: Int32Array, ms: Int32Array,
    start_node: Int32Array, start_ms: Int32Array, start_row: Int32Array,
    block_shift: int, bucket_shift: int, buckets: int,
    dist: Int32Array, row: Int32Array,
) -> bool:  # fmt: skip
    """
    Fill ``dist`` and ``row`` with the nearest start of every node; of starts equally near, the lowest row.

    Nodes are searched block by block in windows of time: what a block needs then stays in the cache.

    Returns
    -------
    True if a walk was cut because its time leaves 32 bits.
    """
    nodes = len(dist)
    blocks = ((nodes - 1) >> block_shift) + 1
    width = np.int64(buckets) << bucket_shift
    far = np.int64(INF_MS) << 32
    label = np.full(nodes, far, np.int64)  # time and row in one number: ties fall to the lowest row
    link = np.full((nodes, 2), OUT, np.int32)  # the nodes after and before: neighbours in memory
    bucket = np.full(buckets, -1, np.int32)
    pending = np.full(blocks, -1, np.int32)
    soonest = np.full(blocks, INF_MS, np.int64)
    queue = np.empty(blocks, np.int64)
    queued = np.zeros(blocks, np.bool_)
    overflow = False
    for i in range(len(start_node)):
        v = start_node[i]
        d = np.int64(start_ms[i])
        code = (d << 32) | start_row[i]
        if code < label[v]:
            label[v] = code
            b = v >> block_shift
            soonest[b] = min(soonest[b], d)
            if link[v, 1] == OUT:
                first = pending[b]
                link[v, 0], link[v, 1], pending[b] = first, _PENDING, v
                if first >= 0:
                    link[first, 1] = v
    while True:
        low = soonest.min()
        if low == INF_MS:
            break
        low = (low >> bucket_shift) << bucket_shift
        high = low + width
        put, got, waiting = 0, 0, 0
        for b in range(blocks):
            if soonest[b] < high:
                queue[put], queued[b] = b, True
                put = 0 if put + 1 == blocks else put + 1
                waiting += 1
        while waiting:
            b = queue[got]
            got = 0 if got + 1 == blocks else got + 1
            waiting -= 1
            queued[b] = False
            v = pending[b]
            pending[b] = -1
            soonest[b] = INF_MS
            k, last = buckets, -1
            while v >= 0:
                following = link[v, 0]
                d = label[v] >> 32
                if d < high:
                    here = (d - low) >> bucket_shift
                    first = bucket[here]
                    link[v, 0], link[v, 1], bucket[here] = first, -2 - here, v
                    k, last = min(k, here), max(last, here)
                else:
                    first = pending[b]
                    link[v, 0], link[v, 1], pending[b] = first, _PENDING, v
                    soonest[b] = min(soonest[b], d)
                if first >= 0:
                    link[first, 1] = v
                v = following
            while k <= last:
                u = bucket[k]
                if u < 0:
                    k += 1
                    continue
                first = link[u, 0]
                bucket[k], link[u, 1] = first, OUT
                if first >= 0:
                    link[first, 1] = -2 - k
                d, r = label[u] >> 32, label[u] & 0xFFFFFFFF
                for a in range(indptr[u], indptr[u + 1]):
                    v = head[a]
                    t = d + ms[a]
                    if t >= INF_MS:
                        overflow = True
                        continue
                    code = (t << 32) | r
                    if code >= label[v]:
                        continue
                    label[v] = code
                    at, before = v >> block_shift, link[v, 1]
                    here = np.int64(-1)
                    if at == b and t < high:
                        here = (t - low) >> bucket_shift
                        if before == -2 - here:
                            continue
                    elif at != b and not queued[at] and t < high:
                        queue[put], queued[at] = at, True
                        put = 0 if put + 1 == blocks else put + 1
                        waiting += 1
                    if here < 0:
                        soonest[at] = min(soonest[at], t)
                        if before != OUT:
                            continue  # it waits in its block already: outside this window nothing is sorted
                    if before != OUT:
                        following = link[v, 0]
                        if before >= 0:
                            link[before, 0] = following
                        elif before == _PENDING:
                            pending[at] = following
                        else:
                            bucket[-2 - before] = following
                        if following >= 0:
                            link[following, 1] = before
                    if here >= 0:
                        first = bucket[here]
                        link[v, 0], link[v, 1], bucket[here] = first, -2 - here, v
                        last = max(last, here)
                    else:
                        first = pending[at]
                        link[v, 0], link[v, 1], pending[at] = first, _PENDING, v
                    if first >= 0:
                        link[first, 1] = v
    for v in range(nodes):
        if label[v] < far:
            dist[v], row[v] = label[v] >> 32, label[v] & 0xFFFFFFFF
    return overflow


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


def bounded(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    low: int, high: int, limit: int, bucket_shift: int,
    indptr: Int32Array, head: Int32Array, ms: Int32Array,
    start_ptr: IntArray, start_node: Int32Array, start_ms: Int32Array,
    end_ptr: IntArray, end_place: Int32Array, end_ms: Int32Array,
    along_ptr: IntArray, along_place: Int32Array, along_ms: Int32Array,
    dist: Int32Array, after: Int32Array, back: Int32Array, bucket: Int32Array, touched: Int32Array,
    best: Int32Array, seen: Int32Array,
    listed: bool, bits: int, keys: IntArray, sizes: IntArray, counts: IntArray,
    weights: FloatArray, sums: FloatArray,
) -> tuple[int, int]:  # fmt: skip
    """
    Search from starts ``low`` to ``high`` as far as the limit.

    If ``listed``, write one key a place within the limit, ``(start - low) * places + place`` shifted by
    ``bits``, plus the time, and how many a start has in ``sizes``. Else count them place by place.

    Returns
    -------
    The start to go on with (``high`` when done; less if ``keys`` is full), and how many keys there are.
    """
    places = len(best)
    used = 0
    for t in range(low, high):
        many = 0
        k, last = len(bucket), -1
        for i in range(start_ptr[t], start_ptr[t + 1]):
            v, d = start_node[i], start_ms[i]
            if d > limit or d >= dist[v]:
                continue
            if dist[v] == INF_MS:
                touched[many] = v
                many += 1
            else:
                before, following = back[v], after[v]
                if before >= 0:
                    after[before] = following
                else:
                    bucket[-2 - before] = following
                if following >= 0:
                    back[following] = before
            dist[v] = d
            here = d >> bucket_shift
            first = bucket[here]
            after[v], back[v], bucket[here] = first, -2 - here, v
            if first >= 0:
                back[first] = v
            k, last = min(k, here), max(last, here)
        while k <= last:
            u = bucket[k]
            if u < 0:
                k += 1
                continue
            first = after[u]
            bucket[k], back[u] = first, OUT
            if first >= 0:
                back[first] = -2 - k
            left = limit - dist[u]
            for a in range(indptr[u], indptr[u + 1]):
                if ms[a] > left:
                    continue
                v, d = head[a], dist[u] + ms[a]
                if d >= dist[v]:
                    continue
                here = d >> bucket_shift
                before = back[v]
                if dist[v] == INF_MS:
                    touched[many] = v
                    many += 1
                elif before == -2 - here:
                    dist[v] = d
                    continue
                elif before != OUT:
                    following = after[v]
                    if before >= 0:
                        after[before] = following
                    else:
                        bucket[-2 - before] = following
                    if following >= 0:
                        back[following] = before
                dist[v] = d
                first = bucket[here]
                after[v], back[v], bucket[here] = first, -2 - here, v
                if first >= 0:
                    back[first] = v
                last = max(last, here)
        found = 0
        for i in range(many):
            v = touched[i]
            left = limit - dist[v]
            for j in range(end_ptr[v], end_ptr[v + 1]):
                if end_ms[j] <= left:
                    p, d = end_place[j], dist[v] + end_ms[j]
                    if d < best[p]:
                        if best[p] == INF_MS:
                            seen[found] = p
                            found += 1
                        best[p] = d
            dist[v] = INF_MS
        for j in range(along_ptr[t], along_ptr[t + 1]):
            p, d = along_place[j], along_ms[j]
            if d <= limit and d < best[p]:
                if best[p] == INF_MS:
                    seen[found] = p
                    found += 1
                best[p] = d
        full = listed and used + found > len(keys)
        for i in range(found):
            p = seen[i]
            if listed and not full:
                keys[used + i] = ((np.int64(t - low) * places + p) << bits) | best[p]
            elif not listed:
                counts[p] += 1
                if len(sums):
                    sums[p] += weights[t]
            best[p] = INF_MS
        if full:
            return t, used
        if listed:
            sizes[t] = found
            used += found
    return high, used


def k_labels(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    indptr: Int32Array, head: Int32Array, ms: Int32Array,
    start_node: Int32Array, start_ms: Int32Array, start_row: Int32Array,
    k: int, bucket_shift: int, buckets: int, dist: npt.NDArray[np.int32], row: npt.NDArray[np.int32],
) -> bool:  # fmt: skip
    """
    Fill ``dist`` and ``row``, of shape (nodes, k), with the k nearest starts of every node.

    Starts of one row count once. Each node stands in the queue once, by its soonest label not yet passed on.
    The buckets are a ring, which must span the longest arc and the latest start.

    Returns
    -------
    True if a walk was cut because its time leaves 32 bits.
    """
    nodes = len(dist)
    after = np.full(nodes, -1, np.int32)
    back = np.full(nodes, OUT, np.int32)
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
            bucket[turn % buckets], back[u] = first, OUT
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
            if before != OUT:
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
