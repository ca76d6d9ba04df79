"""Searches for good p-medians and for assignments within capacities."""

from __future__ import annotations

import time

import numpy as np

from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts

__all__ = [
    "assign_nearest",
    "assign_within_capacities",
    "between_two",
    "improve_median",
    "median_cost",
    "search_median",
]

_MOVES = 2_000
_RESTARTS = 10
_RESTART_ENTRIES = 300_000
"""Walks up to which the search is started again from random choices."""


def assign_nearest(costs: SitingCosts, chosen: IntArray) -> IntArray:
    """Return the nearest chosen candidate of each demand, of equals the lowest; -1 where there is none."""
    is_open = np.zeros(costs.candidates, bool)
    is_open[chosen] = True
    order = costs.nearest_first
    order = order[is_open[costs.candidate[order]]]
    demand, first = np.unique(costs.demand[order], return_index=True)
    assignment = np.full(costs.demands, -1, np.int64)
    assignment[demand] = costs.candidate[order[first]]
    return assignment


def median_cost(costs: SitingCosts, chosen: IntArray) -> float:
    """Return the sum of weight x walk to the nearest chosen; infinite if a claim is served by nobody."""
    nearest, _, _ = _two_nearest(costs, _mask(costs, chosen))
    if (nearest[costs.claims] >= costs.far).any():
        return float("inf")
    return float(costs.weights[costs.claims] @ nearest[costs.claims])


def _mask(costs: SitingCosts, chosen: IntArray) -> BoolArray:
    mask = np.zeros(costs.candidates, bool)
    mask[chosen] = True
    return mask


def _two_nearest(costs: SitingCosts, is_open: BoolArray) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return each demand's walk to the nearest open candidate, which it is, and the walk to the next."""
    order = costs.nearest_first
    order = order[is_open[costs.candidate[order]]]
    demand = costs.demand[order]
    start = np.ones(len(order), bool)
    start[1:] = demand[1:] != demand[:-1]
    first = np.flatnonzero(start)
    nearest, second = np.full(costs.demands, costs.far), np.full(costs.demands, costs.far)
    who = np.full(costs.demands, -1, np.int64)
    nearest[demand[first]] = costs.cost[order[first]]
    who[demand[first]] = costs.candidate[order[first]]
    after = first[(first + 1 < len(order))] + 1
    after = after[~start[after]]
    second[demand[after]] = costs.cost[order[after]]
    return nearest, who, second


def improve_median(costs: SitingCosts, chosen: IntArray, *, ends: float) -> IntArray:
    """
    Add candidates up to p, then swap one for another as long as that shortens the walks (Teitz and Bart).

    Parameters
    ----------
    costs, chosen
        The problem, and candidates to start from; the fixed ones are added.
    ends
        When to stop, by `time.monotonic`.

    Notes
    -----
    All swaps are weighed at once: what a candidate brings, less what the one leaving costs, plus what the
    newcomer takes over of it (Resende and Werneck).
    """
    weight = np.where(costs.claims, costs.weights, 0).astype(np.float64)
    is_open = _filled(costs, _mask(costs, chosen) | costs.fixed, weight)
    for _ in range(_MOVES):
        nearest, who, second = _two_nearest(costs, is_open)
        near = costs.cost < second[costs.demand]
        demand, candidate, cost = costs.demand[near], costs.candidate[near], costs.cost[near]
        brings = np.bincount(
            candidate, weight[demand] * np.maximum(0.0, nearest[demand] - cost), minlength=costs.candidates
        )
        brings[is_open] = -1.0
        leaving = np.flatnonzero(is_open & ~costs.fixed)
        place = np.full(costs.candidates + 1, len(leaving))
        place[leaving] = np.arange(len(leaving))
        takes = weight[demand] * (second[demand] - np.maximum(cost, nearest[demand]))
        cells = place[who[demand]] * costs.candidates + candidate
        size = (len(leaving) + 1) * costs.candidates
        taken = np.bincount(cells, takes, minlength=size).reshape(-1, costs.candidates)[:-1]
        loses = np.bincount(place[who], weight * (second - nearest), minlength=len(leaving) + 1)[:-1]
        saved = brings + taken - loses[:, None]
        saved[:, is_open] = -1.0
        if not saved.size or saved.max() <= 0 or time.monotonic() > ends:
            break
        out, into = np.unravel_index(int(saved.argmax()), saved.shape)
        is_open[leaving[out]], is_open[into] = False, True
    return np.flatnonzero(is_open)


def _filled(costs: SitingCosts, is_open: BoolArray, weight: FloatArray) -> BoolArray:
    """Open candidates up to p, each time the one that shortens the walks most."""
    nearest, _, _ = _two_nearest(costs, is_open)
    pull = weight[costs.demand]
    first = np.searchsorted(costs.candidate, np.arange(costs.candidates + 1))
    for _ in range(costs.p - int(is_open.sum())):
        gain = pull * np.maximum(0.0, nearest[costs.demand] - costs.cost)
        brings = np.bincount(costs.candidate, gain, minlength=costs.candidates)
        best = int(brings.argmax())
        if brings[best] <= 0:
            break
        is_open[best] = True
        own = slice(first[best], first[best + 1])
        nearest[costs.demand[own]] = np.minimum(nearest[costs.demand[own]], costs.cost[own])
    return is_open


def between_two(costs: SitingCosts, chosen: IntArray) -> FloatArray:
    """Return what each demand's walk costs midway between its nearest and its second nearest chosen."""
    nearest, _, second = _two_nearest(costs, _mask(costs, chosen))
    return np.where(
        costs.claims, costs.weights * (nearest + np.minimum(second, 2.0 * nearest + 1.0)) / 2.0, 0.0
    )


def search_median(costs: SitingCosts, *, seed: int, ends: float) -> IntArray:
    """
    Search for a good p-median from a greedy start, and in small problems from random ones as well.

    Parameters
    ----------
    costs
        The problem; capacities are left out of account.
    seed
        Of the random starts.
    ends
        When to stop, by `time.monotonic`.
    """
    random = np.random.default_rng(seed)
    best = improve_median(costs, np.zeros(0, np.int64), ends=ends)
    least = median_cost(costs, best)
    free = np.flatnonzero(~costs.fixed)
    for _ in range(_RESTARTS if len(costs.cost) <= _RESTART_ENTRIES else 0):
        if time.monotonic() > ends:
            break
        start = random.choice(free, size=costs.p - int(costs.fixed.sum()), replace=False)
        other = improve_median(costs, start, ends=ends)
        cost = median_cost(costs, other)
        if cost < least:
            best, least = other, cost
    return best


def assign_within_capacities(costs: SitingCosts, chosen: IntArray, price: FloatArray) -> IntArray:
    """
    Give each demand whole to a chosen candidate with room, the heaviest first, each to its cheapest.

    Parameters
    ----------
    costs
        The problem, with capacities.
    chosen
        Candidates.
    price
        Of each walk.

    Returns
    -------
    The candidate of each demand, -1 where no room was left; demand without weight gets its cheapest.
    """
    assert costs.capacities is not None  # noqa: S101 - the caller asks only then
    room = costs.capacities.copy()
    assignment = np.full(costs.demands, -1, np.int64)
    kept = np.flatnonzero(_mask(costs, chosen)[costs.candidate])
    heavy = -costs.weights[costs.demand[kept]]
    keys = (costs.candidate[kept], costs.cost[kept], price[kept], costs.demand[kept], heavy)
    order = kept[np.lexsort(keys)]
    for entry in order.tolist():
        demand, candidate = costs.demand[entry], costs.candidate[entry]
        if assignment[demand] < 0 and costs.weights[demand] <= room[candidate]:
            assignment[demand] = candidate
            room[candidate] -= costs.weights[demand]
    return assignment
