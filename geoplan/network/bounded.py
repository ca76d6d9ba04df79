"""
The searches that numba compiles for lists and counts: who is within a time of whom.

Both pass on times in rounds: what falls due within the round waits in a queue, first come, first served, the
rest waits for a later one. An entry that a shorter time has overtaken is skipped. A node whose time falls
after it was passed on is passed on again, so that every time is the shortest in the end, whatever the length
of a round. Entries are written whether they count or not, and the number of entries grows only if they do:
that spares the processor guesses. Where the room for them is not enough, the search says so.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["bounded", "counted"]

UInt32Array = npt.NDArray[np.uint32]
UInt64Array = npt.NDArray[np.uint64]
Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_LOW = 0xFFFFFFFF
_OUT = -1
"""Not met yet."""


def bounded(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    low: int, high: int, origin: int, used: int, limit: int, round_ms: int, degree: int,
    indptr: UInt32Array, head: UInt32Array, ms: UInt32Array,
    start_ptr: IntArray, start_node: UInt32Array, start_ms: UInt32Array,
    end_ptr: IntArray, end_place: UInt32Array, end_ms: UInt32Array,
    along_ptr: IntArray, along_place: UInt32Array, along_ms: UInt32Array,
    dist: UInt32Array, met: UInt32Array, queue: UInt64Array, later: UInt64Array,
    best: UInt32Array, seen: UInt32Array,
    listed: bool, bits: int, keys: IntArray, sizes: IntArray, counts: IntArray,
    weights: FloatArray, sums: FloatArray,
) -> tuple[int, int, bool]:  # fmt: skip
    """
    Search from targets ``low`` to ``high`` as far as the limit, one by one.

    If ``listed``, write one key a place within the limit, ``(target - origin) * places + place`` shifted by
    ``bits``, plus the time, after the ``used`` that are there; and how many a target has in ``sizes``. Else
    count the targets place by place, and add up their weights if there are sums.

    Returns
    -------
    The target to go on with (``high`` when done; less if ``keys`` is full or the queues are), how many keys
    there are, and whether the queues were full.
    """
    far = np.uint32(limit + 1)
    one, half, low_half = np.uint64(1), np.uint64(32), np.uint64(_LOW)
    places = len(best)
    room = np.uint64(len(queue) - degree)
    for t in range(low, high):
        many, found = 0, 0
        waiting = np.uint64(0)
        full = False
        for i in range(start_ptr[t], start_ptr[t + 1]):
            v, d = start_node[i], start_ms[i]
            if d < dist[v]:
                if waiting == room:
                    full = True
                    break
                if dist[v] == far:
                    met[many] = v
                    many += 1
                dist[v] = d
                later[waiting] = (np.uint64(d) << half) | np.uint64(v)
                waiting += one
        while waiting > 0 and not full:
            soonest = later[0]
            for i in range(waiting):
                soonest = min(soonest, later[i])
            due = ((soonest >> half) + np.uint64(round_ms)) << half
            put, got, kept = np.uint64(0), np.uint64(0), np.uint64(0)
            for i in range(waiting):
                entry = later[i]
                valid = np.uint32(entry >> half) == dist[entry & low_half]
                queue[put], later[kept] = entry, entry
                put += np.uint64(valid & (entry < due))
                kept += np.uint64(valid & (entry >= due))
            waiting = kept
            while got < put:
                entry = queue[got]
                got += one
                u, d = entry & low_half, np.uint32(entry >> half)
                if d != dist[u]:
                    continue
                for a in range(np.uint64(indptr[u]), np.uint64(indptr[u + one])):
                    v, through = head[a], np.uint32(d + ms[a])
                    known = dist[v]
                    better = through < known
                    dist[v] = through if better else known
                    met[many] = v
                    many += better & (known == far)
                    entry = (np.uint64(through) << half) | np.uint64(v)
                    queue[put], later[waiting] = entry, entry
                    put += np.uint64(better & (entry < due))
                    waiting += np.uint64(better & (entry >= due))
                if put > room or waiting > room:
                    full = True
                    break
        for i in range(many):
            v = met[i]
            d = dist[v]
            dist[v] = far
            if full:
                continue
            for j in range(end_ptr[v], end_ptr[v + np.uint32(1)]):
                p, through = end_place[j], np.uint32(d + end_ms[j])
                known = best[p]
                better = through < known
                best[p] = through if better else known
                seen[found] = p
                found += better & (known == far)
        if full:
            return t, used, True
        for j in range(along_ptr[t], along_ptr[t + 1]):
            p, through = along_place[j], along_ms[j]
            if through < best[p]:
                if best[p] == far:
                    seen[found] = p
                    found += 1
                best[p] = through
        full = listed and used + found > len(keys)
        for i in range(found):
            p = seen[i]
            if listed and not full:
                keys[used + i] = ((np.int64(t - origin) * places + np.int64(p)) << bits) | np.int64(best[p])
            elif not listed:
                counts[p] += 1
                if len(sums):
                    sums[p] += weights[t]
            best[p] = far
        if full:
            return t, used, False
        if listed:
            sizes[t] = found
            used += found
    return high, used, False


def counted(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    low: int, high: int, limit: int, round_ms: int, degree: int, lanes: int, order: IntArray,
    indptr: UInt32Array, head: UInt32Array, ms: UInt32Array,
    start_ptr: IntArray, start_node: UInt32Array, start_ms: UInt32Array,
    end_ptr: IntArray, end_place: UInt32Array, end_ms: UInt32Array,
    along_ptr: IntArray, along_place: UInt32Array, along_ms: UInt32Array,
    slot: Int32Array, node: UInt32Array, label: UInt32Array, wakes: UInt32Array,
    queue: UInt64Array, later: UInt64Array,
    place_slot: Int32Array, place: UInt32Array, best: UInt32Array, counts: IntArray,
) -> int:  # fmt: skip
    """
    Count the targets ``order[low:high]`` within the limit, place by place.

    Targets next to each other in ``order`` should be near each other: ``lanes`` of them are searched at once.
    Every node holds one time a target, side by side in memory, and an arc is walked for all of them in one
    stroke; a node is due by the least time it has yet to pass on. What a group reaches is numbered as it is
    met, so that its times lie together, however large the network.

    Returns
    -------
    Where in ``order`` to go on: ``high`` when done, less if the queues were full.
    """
    far = np.uint32(limit + 1)
    one, half, low_half = np.uint64(1), np.uint64(32), np.uint64(_LOW)
    side = np.uint64(lanes)  # without a sign: numba then looks for no indices below 0, and uses vectors
    room = np.uint64(len(queue) - degree)
    for group in range(low, high, lanes):
        width = min(lanes, high - group)
        met, many = 0, 0
        waiting = np.uint64(0)
        full = False
        for lane in range(width):
            t = order[group + lane]
            for i in range(start_ptr[t], start_ptr[t + 1]):
                v, d = start_node[i], start_ms[i]
                if d >= far:
                    continue
                if slot[v] == _OUT:
                    slot[v], node[met], wakes[met] = met, v, far
                    for j in range(np.uint64(met) * side, np.uint64(met + 1) * side):
                        label[j] = far
                    met += 1
                to_v = np.uint64(slot[v]) * side + np.uint64(lane)
                label[to_v] = min(label[to_v], d)
                if d < wakes[slot[v]]:
                    if waiting == room:
                        full = True
                        break
                    wakes[slot[v]] = d
                    later[waiting] = (np.uint64(d) << half) | np.uint64(slot[v])
                    waiting += one
            if full:
                break
        while waiting > 0 and not full:
            soonest = later[0]
            for i in range(waiting):
                soonest = min(soonest, later[i])
            due = ((soonest >> half) + np.uint64(round_ms)) << half
            put, got, kept = np.uint64(0), np.uint64(0), np.uint64(0)
            for i in range(waiting):
                entry = later[i]
                valid = np.uint32(entry >> half) == wakes[entry & low_half]
                queue[put], later[kept] = entry, entry
                put += np.uint64(valid & (entry < due))
                kept += np.uint64(valid & (entry >= due))
            waiting = kept
            while got < put:
                entry = queue[got]
                got += one
                u = entry & low_half
                if np.uint32(entry >> half) != wakes[u]:
                    continue
                wakes[u] = far
                from_u, here = u * side, np.uint64(node[u])
                for a in range(np.uint64(indptr[here]), np.uint64(indptr[here + one])):
                    step, v = ms[a], head[a]
                    if step >= far:
                        continue
                    if slot[v] == _OUT:
                        slot[v], node[met], wakes[met] = met, v, far
                        for j in range(np.uint64(met) * side, np.uint64(met + 1) * side):
                            label[j] = far
                        met += 1
                    s = np.uint64(slot[v])
                    to_v = s * side
                    fresh = far
                    for j in range(side):
                        through, known = np.uint32(label[from_u + j] + step), label[to_v + j]
                        better = through if through < known else far
                        fresh = better if better < fresh else fresh
                        label[to_v + j] = through if through < known else known
                    entry = (np.uint64(fresh) << half) | s
                    queue[put], later[waiting] = entry, entry
                    sooner = fresh < wakes[s]
                    wakes[s] = fresh if sooner else wakes[s]
                    put += np.uint64(sooner & (entry < due))
                    waiting += np.uint64(sooner & (entry >= due))
                if put > room or waiting > room:
                    full = True
                    break
        for number in range(met):
            v = node[number]
            slot[v] = _OUT
            if full:
                continue
            from_u = np.uint64(number) * side
            for i in range(end_ptr[v], end_ptr[v + np.uint32(1)]):
                step, p = end_ms[i], end_place[i]
                if step >= far:
                    continue
                if place_slot[p] == _OUT:
                    place_slot[p], place[many] = many, p
                    for j in range(np.uint64(many) * side, np.uint64(many + 1) * side):
                        best[j] = far
                    many += 1
                to_v = np.uint64(place_slot[p]) * side
                for j in range(side):
                    through, known = np.uint32(label[from_u + j] + step), best[to_v + j]
                    best[to_v + j] = through if through < known else known
        if full:
            return group
        for lane in range(width):
            t = order[group + lane]
            for i in range(along_ptr[t], along_ptr[t + 1]):
                p = along_place[i]
                if place_slot[p] == _OUT:
                    place_slot[p], place[many] = many, p
                    for j in range(np.uint64(many) * side, np.uint64(many + 1) * side):
                        best[j] = far
                    many += 1
                at = np.uint64(place_slot[p]) * side + np.uint64(lane)
                best[at] = min(best[at], along_ms[i])
        for q in range(many):
            from_q = np.uint64(q) * side
            within = np.uint32(0)
            for j in range(side):
                within = np.uint32(within + np.uint32(best[from_q + j] < far))
            counts[place[q]] += within
            place_slot[place[q]] = _OUT
    return high
