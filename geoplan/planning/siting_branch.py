"""Proof of a p-median: every choice is gone through, all that bounds rule out at once."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoplan.planning.siting_bound import MedianBound, bound_at_price
from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts
from geoplan.planning.siting_master import MedianMaster
from geoplan.planning.siting_search import improve_median, median_cost

__all__ = ["branch_median"]


def branch_median(
    costs: SitingCosts, best: IntArray, root: MedianBound, *, ends: float
) -> tuple[IntArray, float]:
    """
    Branch on candidates that the linear programme opens by half.

    Parameters
    ----------
    costs
        The problem, without capacities.
    best
        Candidates of the best choice known.
    root
        Its bound.
    ends
        When to stop, by `time.monotonic`.

    Returns
    -------
    The best choice, and a lower bound on every choice: its cost, if time sufficed.
    """
    known = _Best(costs, best, ends)
    master = MedianMaster(costs, root.price)
    waiting = [(root.bound, _narrowed(costs, root))]
    while waiting:
        low, part = waiting.pop()
        if low >= known.cost or not _possible(part, costs):
            continue
        point = master.solve(part.fixed, _closed(part), ends=ends)
        if point is None:
            if master.infeasible:
                continue
            return known.chosen, min(known.cost, low, *(other for other, _ in waiting))
        known.try_near(point.opened)
        bound = bound_at_price(part, known.cost, point.price)
        low, part = max(low, bound.bound), _narrowed(part, bound)
        if low >= known.cost or not _possible(part, costs):
            continue
        free = np.flatnonzero(~part.fixed & ~_closed(part))
        if not len(free) or int(part.fixed.sum()) == costs.p:
            known.try_out(np.flatnonzero(part.fixed))
            continue
        at = int(free[np.argmin(np.abs(point.opened[free] - 0.5))])
        without, with_it = _halves(part, at)
        later, sooner = (without, with_it) if point.opened[at] >= 0.5 else (with_it, without)
        waiting += [(low, later), (low, sooner)]
    return known.chosen, known.cost


class _Best:
    """The best choice known."""

    def __init__(self, costs: SitingCosts, chosen: IntArray, ends: float) -> None:
        self.costs, self.chosen, self.ends = costs, chosen, ends
        self.cost = median_cost(costs, chosen)
        self.tried: set[bytes] = set()

    def try_near(self, opened: FloatArray) -> None:
        """Try the choice that is opened most, and what swaps make of it."""
        order = np.argsort(np.where(self.costs.fixed, -2.0, -opened), kind="stable")[: self.costs.p]
        chosen = np.sort(order)
        if chosen.tobytes() not in self.tried:
            self.tried.add(chosen.tobytes())
            self.try_out(improve_median(self.costs, chosen, ends=self.ends))

    def try_out(self, chosen: IntArray) -> None:
        """Keep a choice if it is better."""
        cost = median_cost(self.costs, chosen)
        if cost < self.cost:
            self.chosen, self.cost = chosen, cost


def _closed(part: SitingCosts) -> BoolArray:
    """Tell which candidates a better choice cannot have: none of their walks is left."""
    walks = np.bincount(part.candidate, minlength=part.candidates)
    closed: BoolArray = ~part.fixed & (walks == 0)
    return closed


def _possible(part: SitingCosts, costs: SitingCosts) -> bool:
    """Tell whether everyone who makes a claim still has a walk, and no more is chosen than may be."""
    return bool((part.claims == costs.claims).all()) and int(part.fixed.sum()) <= costs.p


def _narrowed(part: SitingCosts, bound: MedianBound) -> SitingCosts:
    """Return a problem without what no better choice has."""
    kept = bound.entries & ~bound.closed[part.candidate]
    return dataclasses.replace(part.only(kept), fixed=bound.forced)


def _halves(part: SitingCosts, candidate: int) -> tuple[SitingCosts, SitingCosts]:
    """Return the problem without a candidate, and with it for sure."""
    opened = part.fixed.copy()
    opened[candidate] = True
    return part.only(part.candidate != candidate), dataclasses.replace(part, fixed=opened)
