"""
A lower bound on the borders any split must cut, by sending people through the border graph.

Let every unit ``v`` send ``y`` times the households of each unit of some set ``S`` to that unit. At most
``upper`` of them live in the part of ``v``; the rest, at least ``households(S) - upper``, crosses a
border that is cut. If no border carries more than it costs, what crosses the cut borders is at most what
they cost. So, for any such sendings together, ``cost of the borders cut >= sum of y x (households(S) -
upper)``: whatever the number of parts, whatever the flows, and whether or not parts hang together.

The best sendings are a linear programme (the dual of a spreading metric). It is solved nearly, by
multiplicative weights: each border has a length that grows with its load, each unit sends along a tree
of shortest paths to the units for which that pays best. What is found is scaled to the costs in the end:
near the best or not, it is a bound.
"""

from __future__ import annotations

import importlib.util
import math
import time

import numpy as np
import numpy.typing as npt

from geoplan.network.kernels import compiled
from geoplan.planning.instance import SplitCosts

__all__ = ["cut_bound"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_STAGES = ((0.5, 12), (0.2, 30))
"""How fast lengths grow, and how many rounds; loads start anew with each stage, lengths do not."""
_SAFE = 1 - 1e-6
"""Loads and sums are of nonnegative numbers: 10 million additions err by less than a billionth."""
_COMPILE_FROM = 40
"""Units from which compiling the kernel pays."""


def cut_bound(costs: SplitCosts, *, seconds: float = math.inf) -> float:
    """
    Return what the borders between any parts of at most ``costs.upper`` households cost at least.

    Parameters
    ----------
    costs
        The problem; walks, seats and the number of parts are left out.
    seconds
        Most time; the bound of the rounds done by then is returned.

    Returns
    -------
    A whole number; 0 if one part could hold everyone, infinite if a unit alone is too large for any.

    Examples
    --------
    Two compounds that one part cannot hold:

    >>> pair = SplitCosts(
    ...     households=np.array([500, 500]), edge_u=np.array([0]), edge_v=np.array([1]),
    ...     edge_cost=np.array([80]), edge_passable=np.ones(1, bool), parts=2, lower=500, upper=500,
    ...     seat_unit=np.zeros(0, int), seat_fixed=np.zeros(0, bool),
    ...     walk_cost=np.zeros((2, 0), int), walk_allowed=np.zeros((2, 0), bool))
    >>> cut_bound(pair)
    80.0
    """
    households = costs.households.astype(np.float64)
    kept = costs.edge_cost > 0
    if households.sum() <= costs.upper or not kept.any():
        return 0.0
    if (costs.households > costs.upper).any():
        return math.inf
    ends = time.monotonic() + seconds
    capacity = costs.edge_cost[kept].astype(np.float64)
    first, unit, edge = _around(costs, kept)
    kernel = _round
    if costs.units >= _COMPILE_FROM and importlib.util.find_spec("numba") is not None:
        kernel = compiled(_round)
    length, ratio = 1.0 / capacity, np.zeros(costs.units)
    best = least = 0.0
    for growth, rounds in _STAGES:
        load, sent = np.zeros(len(capacity)), 0.0
        for _ in range(rounds):
            sent += kernel(
                first, unit, edge, capacity, households, float(costs.upper), growth, least * (1 + growth),
                length, load, ratio,
            )  # fmt: skip
            least = max(least, float(ratio.min()))
            worst = float((load / capacity).max())
            best = max(best, sent / worst) if worst else best
            if time.monotonic() > ends or math.isinf(least):
                return _whole(best)
    return _whole(best)


def _whole(value: float) -> float:
    """Return the least whole number that a sum of whole numbers at or above a value can be, safely."""
    return float(max(0, math.ceil(value * _SAFE - 1e-6)))


def _around(costs: SplitCosts, kept: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray, IntArray]:
    """Return where each unit's borders begin, the neighbours across them, and which border each is."""
    u, v = costs.edge_u[kept], costs.edge_v[kept]
    here, there = np.concatenate([u, v]).astype(np.int64), np.concatenate([v, u]).astype(np.int64)
    edge = np.tile(np.arange(len(u)), 2)
    order = np.lexsort((there, here))
    first = np.searchsorted(here[order], np.arange(costs.units + 1)).astype(np.int64)
    return first, there[order], edge[order]


def _round(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    first: IntArray, unit: IntArray, edge: IntArray, capacity: FloatArray, households: FloatArray,
    upper: float, growth: float, limit: float, length: FloatArray, load: FloatArray, ratio: FloatArray,
) -> float:  # fmt: skip
    """
    Let each unit send while a unit of what must cross costs at most ``limit``; return what crosses in all.

    ``length``, ``load`` and ``ratio`` (what it costs from each unit, as last seen) change in place.
    """
    units, sent = len(households), 0.0
    far = np.full(units, np.inf)
    back, by = np.full(units, -1), np.full(units, -1)
    order, flow = np.empty(units, np.int64), np.empty(units)
    settled = np.zeros(units, np.bool_)
    key, who = np.empty(len(unit) + 1), np.empty(len(unit) + 1, np.int64)
    for root in range(units):
        while ratio[root] <= limit:
            # the nearest units first, until a farther one would only make it dearer
            far[root], back[root] = 0.0, -1
            key[0], who[0], size = 0.0, root, 1
            count, way, beyond = 0, 0.0, -upper
            while size:
                distance, here = key[0], who[0]
                size -= 1
                place = 0
                while 2 * place + 1 < size:  # the last of the heap sinks from the top
                    child = 2 * place + 1
                    if child + 1 < size and key[child + 1] < key[child]:
                        child += 1
                    if key[child] >= key[size]:
                        break
                    key[place], who[place] = key[child], who[child]
                    place = child
                key[place], who[place] = key[size], who[size]
                if settled[here]:
                    continue
                if beyond > 0 and distance * beyond >= way:
                    break
                settled[here] = True
                order[count] = here
                count += 1
                way += households[here] * distance
                beyond += households[here]
                for at in range(first[here], first[here + 1]):
                    there, longer = unit[at], distance + length[edge[at]]
                    if longer < far[there]:
                        far[there], back[there], by[there] = longer, here, edge[at]
                        place, size = size, size + 1
                        while place and key[(place - 1) // 2] > longer:
                            key[place], who[place] = key[(place - 1) // 2], who[(place - 1) // 2]
                            place = (place - 1) // 2
                        key[place], who[place] = longer, there
            ratio[root] = way / beyond if beyond > 0 else np.inf
            if ratio[root] <= limit:
                share = np.inf
                for place in range(count):
                    flow[order[place]] = households[order[place]]
                for place in range(count - 1, 0, -1):
                    here = order[place]
                    flow[back[here]] += flow[here]
                    if flow[here] > 0:
                        share = min(share, capacity[by[here]] / flow[here])
                for place in range(1, count):
                    carried = share * flow[order[place]]
                    load[by[order[place]]] += carried
                    length[by[order[place]]] *= 1 + growth * carried / capacity[by[order[place]]]
                sent += share * beyond
            for place in range(count):
                here = order[place]
                settled[here], far[here] = False, np.inf
                for at in range(first[here], first[here + 1]):
                    far[unit[at]] = np.inf
    return sent
