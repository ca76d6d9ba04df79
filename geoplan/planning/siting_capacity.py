"""Siting where each candidate can serve so much and no more; demand goes whole to one candidate."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from geoplan.errors import SolverError
from geoplan.planning.siting_bound import full_cover_bound, median_bound, most_cover_bound
from geoplan.planning.siting_capacity_bound import bound_within_capacities
from geoplan.planning.siting_capacity_search import CapacitySearch, price_of, roomy
from geoplan.planning.siting_costs import CAPACITATED_LIMIT, FloatArray, IntArray, SitingCosts, SitingModel
from geoplan.planning.siting_cover import reduce_cover
from geoplan.planning.siting_exact import assign_exactly
from geoplan.planning.siting_search import assign_within_capacities

__all__ = ["Placed", "best_within_capacities", "centre_within_capacities"]

_EASY = 3_000
"""Walks up to which HiGHS does not need another bound."""
_LOOSE_SHARE, _BOUND_SHARE, _SEARCH_SHARE = 0.3, 0.5, 0.6
"""Shares of the time by which the bounds without and with capacities, and the search, must end."""


@dataclass(frozen=True, eq=False)
class Placed:
    """
    A choice, before it is checked.

    Parameters
    ----------
    chosen
        Candidates.
    assignment
        The candidate of each demand; None: the nearest.
    bound
        A proven bound on every choice.
    """

    chosen: IntArray
    assignment: IntArray | None
    bound: float


def best_within_capacities(
    costs: SitingCosts, model: SitingModel, *, seed: int, ends: float
) -> Placed | None:
    """
    Solve LSCP, MCLP or p-median with capacities.

    Parameters
    ----------
    costs, model
        The problem.
    seed
        Of the search.
    ends
        When to stop, by `time.monotonic`.

    Returns
    -------
    None if it is proven that there is no choice.

    Raises
    ------
    SolverError
        If nothing was found and nothing disproved.
    """
    now = time.monotonic()
    search = CapacitySearch(costs, model, now + (ends - now) * _SEARCH_SHARE)
    search.start(seed)
    bound, prices = _loose_bound(costs, model, search.aim(), ends=now + (ends - now) * _LOOSE_SHARE)
    if len(costs.cost) > _EASY and search.least > bound:
        tell = None if model == "lscp" else search.tell
        until = now + (ends - now) * _BOUND_SHARE
        tighter = bound_within_capacities(costs, model, search.aim(), ends=until, tell=tell, start=prices)
        bound = max(bound, tighter)
    search.finish(bound)
    best, least, price = search.best, search.least, search.price
    exact, proven = bound, math.isinf(bound) and bound > 0
    if least > bound and int(costs.claims[costs.demand].sum()) <= CAPACITATED_LIMIT:
        chosen, assignment, exact, proven = assign_exactly(
            costs, price, open_price=float(model == "lscp"), must=model != "mclp",
            seconds=ends - time.monotonic(), start=best,
        )  # fmt: skip
        if chosen is not None and assignment is not None:
            cost = price_of(costs, model, price, (chosen, assignment))
            best, least = ((chosen, assignment), cost) if cost < least else (best, least)
    if best is None:
        if proven:
            return None
        raise SolverError("error.siting_not_found")
    low = least if proven else min(least, max(bound, exact))
    return Placed(*best, -low if model == "mclp" else low)


def _loose_bound(
    costs: SitingCosts, model: SitingModel, best: float, *, ends: float
) -> tuple[float, FloatArray | None]:
    """Return a lower bound on the price that leaves out how capacities fall on places, and prices."""
    assert costs.capacities is not None  # noqa: S101 - the caller asks only then
    if model == "p_median":
        found = median_bound(costs, best, ends=ends)
        return found.bound, found.price
    fixed = costs.fixed
    room = np.sort(costs.capacities[~fixed])[::-1]
    held = np.cumsum(np.concatenate([[costs.capacities[fixed].sum()], room]))
    total = int(costs.weights[costs.claims].sum())
    cover, more = reduce_cover(costs), costs.p - int(fixed.sum())
    if model == "lscp":
        needed = np.flatnonzero(held >= total)
        by_room = int(needed[0]) if len(needed) else math.inf
        width = float(cover.matrix.shape[1])
        by_walk = full_cover_bound(cover, width, ends=ends).bound if width else 0.0
        return float(fixed.sum()) + max(by_room, by_walk), None
    more_columns = min(more, cover.matrix.shape[1])
    by_walk = cover.base + most_cover_bound(cover, more_columns, 0.0, ends=ends).bound
    return -float(min(by_walk, held[more], total)), None


def centre_within_capacities(
    costs: SitingCosts,
    *,
    ends: float,
) -> Placed | None:
    """
    Solve p-centre with capacities; parameters, result and errors as in `best_within_capacities`.

    The range of walks is halved until the shortest is found within which p candidates serve everyone.
    """
    walks = np.unique(costs.cost[costs.claims[costs.demand]])
    if not len(walks):
        return Placed(np.flatnonzero(costs.fixed), np.full(costs.demands, -1, np.int64), 0.0)
    best, possible = _served(costs, ends)
    if best is None:
        if possible:
            raise SolverError("error.siting_not_found")
        return None
    low, high, least = 0, _longest(costs, best, walks), 0
    while low < high and time.monotonic() < ends:
        middle = (low + high) // 2
        near = costs.within(int(walks[middle]))
        found, possible = (None, False) if near.claims.sum() < costs.claims.sum() else _served(near, ends)
        if found is not None:
            best, high = found, _longest(costs, found, walks)
        else:
            low = middle + 1
            least = least if possible else low
    return Placed(*best, float(walks[min(least, high)]))


def _served(costs: SitingCosts, ends: float) -> tuple[tuple[IntArray, IntArray] | None, bool]:
    """Look for a choice that serves every claim; tell whether there may be one."""
    chosen = roomy(costs)
    assignment = assign_within_capacities(costs, chosen, np.zeros(len(costs.cost)))
    if (assignment[costs.claims] >= 0).all():
        return (chosen, assignment), True
    if int(costs.claims[costs.demand].sum()) > CAPACITATED_LIMIT:
        return None, True
    opened, given, _, proven = assign_exactly(
        costs, np.zeros(len(costs.cost)), open_price=0.0, must=True, start=None,
        seconds=ends - time.monotonic(),
    )  # fmt: skip
    return (None, not proven) if opened is None or given is None else ((opened, given), True)


def _longest(costs: SitingCosts, placed: tuple[IntArray, IntArray], walks: IntArray) -> int:
    used = (placed[1][costs.demand] == costs.candidate) & costs.claims[costs.demand]
    return int(np.searchsorted(walks, costs.cost[used].max()))
