"""Proof of a p-median: every choice is gone through, all that bounds rule out at once."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from geoplan.planning.siting_bound import MedianBound, median_bound
from geoplan.planning.siting_costs import IntArray, SitingCosts
from geoplan.planning.siting_search import improve_median, median_cost

__all__ = ["branch_median"]


def branch_median(
    costs: SitingCosts, best: IntArray, root: MedianBound, *, ends: float, most: float
) -> tuple[IntArray, float]:
    """
    Branch on candidates that the bound neither opens nor leaves closed for sure.

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
    most
        Most branches.

    Returns
    -------
    The best choice, and a lower bound on every choice: its cost, if time sufficed.
    """
    least, claims = median_cost(costs, best), int(costs.claims.sum())
    waiting, branches = [(root.bound, costs, root)], 0
    while waiting:
        if time.monotonic() > ends or branches > most:
            return best, min(least, *(low for low, _, _ in waiting))
        low, part, bound = waiting.pop()
        if low >= least:
            continue
        part = _narrowed(part, bound)
        if int(part.claims.sum()) < claims or int(part.fixed.sum()) > costs.p:
            continue
        reaching = np.bincount(part.candidate, minlength=costs.candidates) > 0
        free = np.flatnonzero(~part.fixed & reaching)
        if int(part.fixed.sum()) == costs.p or not len(free):
            found = np.flatnonzero(part.fixed)
            if median_cost(costs, found) < least:
                best = improve_median(costs, found, ends=ends)
                least = median_cost(costs, best)
            continue
        children = []
        branches += 1
        for child in _halves(part, int(free[np.argmin(np.abs(bound.often[free] - 0.5))])):
            if int(child.claims.sum()) == claims:
                below = median_bound(child, least, ends=ends, start=bound.price, again=True)
                children.append((max(low, below.bound), child, below))
        waiting += sorted(children, key=lambda one: -one[0])
    return best, least


def _narrowed(part: SitingCosts, bound: MedianBound) -> SitingCosts:
    """Return a problem without what no better choice has; demand without weight keeps its walks."""
    kept = (bound.entries & ~bound.closed[part.candidate]) | (part.weights[part.demand] == 0)
    return dataclasses.replace(part.only(kept), fixed=bound.forced)


def _halves(part: SitingCosts, candidate: int) -> tuple[SitingCosts, SitingCosts]:
    """Return the problem without a candidate, and with it for sure."""
    opened = part.fixed.copy()
    opened[candidate] = True
    return part.only(part.candidate != candidate), dataclasses.replace(part, fixed=opened)
