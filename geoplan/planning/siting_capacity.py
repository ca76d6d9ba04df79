"""Siting where each candidate can serve so much and no more; demand goes whole to one candidate."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from geoplan.errors import SolverError
from geoplan.planning.siting_bound import full_cover_bound, median_bound, most_cover_bound
from geoplan.planning.siting_costs import CAPACITATED_LIMIT, FloatArray, IntArray, SitingCosts, SitingModel
from geoplan.planning.siting_cover import reduce_cover
from geoplan.planning.siting_exact import assign_exactly
from geoplan.planning.siting_search import assign_within_capacities, search_median

__all__ = ["Placed", "best_within_capacities", "centre_within_capacities"]

_BOUND_SHARE = 0.3


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
    price = _prices(costs, model)
    start = _start(costs, model, price, seed=seed, ends=ends)
    now = time.monotonic()
    bound = _loose_bound(costs, model, ends=now + (ends - now) * _BOUND_SHARE)
    best, least = start, math.inf if start is None else _price_of(costs, model, price, start)
    exact, proven = bound, math.isinf(bound) and bound > 0
    if least > bound and int(costs.claims[costs.demand].sum()) <= CAPACITATED_LIMIT:
        chosen, assignment, exact, proven = assign_exactly(
            costs, price, open_price=float(model == "lscp"), must=model != "mclp",
            seconds=ends - time.monotonic(), start=start,
        )  # fmt: skip
        if chosen is not None and assignment is not None:
            cost = _price_of(costs, model, price, (chosen, assignment))
            best, least = ((chosen, assignment), cost) if cost < least else (best, least)
    if best is None:
        if proven:
            return None
        raise SolverError("error.siting_not_found")
    low = least if proven else min(least, max(bound, exact))
    return Placed(*best, -low if model == "mclp" else low)


def _prices(costs: SitingCosts, model: SitingModel) -> FloatArray:
    """Return what each walk costs the objective, which is minimised."""
    weight = costs.weights[costs.demand].astype(np.float64)
    if model == "p_median":
        return weight * costs.cost
    return -weight if model == "mclp" else np.zeros(len(weight))


def _price_of(
    costs: SitingCosts, model: SitingModel, price: FloatArray, placed: tuple[IntArray, IntArray]
) -> float:
    if model == "lscp":
        return float(len(placed[0]))
    return float(price[placed[1][costs.demand] == costs.candidate].sum())


def _loose_bound(costs: SitingCosts, model: SitingModel, *, ends: float) -> float:
    """Return a lower bound on the price by leaving out how capacities fall on places."""
    assert costs.capacities is not None  # noqa: S101 - the caller asks only then
    if model == "p_median":
        return median_bound(costs, math.inf, ends=ends).bound
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
        return float(fixed.sum()) + max(by_room, by_walk)
    more_columns = min(more, cover.matrix.shape[1])
    by_walk = cover.base + most_cover_bound(cover, more_columns, 0.0, ends=ends).bound
    return -float(min(by_walk, held[more], total))


def _start(
    costs: SitingCosts, model: SitingModel, price: FloatArray, *, seed: int, ends: float
) -> tuple[IntArray, IntArray] | None:
    """Look for a choice that serves what must be served."""
    tries = [_roomy(costs)]
    if model == "p_median":
        now = time.monotonic()
        tries.insert(0, search_median(costs, seed=seed, ends=now + (ends - now) * _BOUND_SHARE))
    best, least = None, math.inf
    for chosen in tries:
        assignment = assign_within_capacities(costs, chosen, price)
        if model != "mclp" and (assignment[costs.claims] < 0).any():
            continue
        used = np.zeros(costs.candidates, bool)
        used[assignment[(assignment >= 0) & (costs.weights > 0)]] = True
        placed = (np.flatnonzero(used | costs.fixed), assignment)
        cost = _price_of(costs, model, price, placed)
        if cost < least:
            best, least = placed, cost
    return best


def _roomy(costs: SitingCosts) -> IntArray:
    """Choose one by one the candidate that can take most of what is not served yet."""
    assert costs.capacities is not None  # noqa: S101 - the caller asks only then
    chosen = np.flatnonzero(costs.fixed)
    zero = np.zeros(len(costs.cost))
    while True:
        served = assign_within_capacities(costs, chosen, zero) >= 0
        left = np.where(costs.claims & ~served, costs.weights, 0)
        near = np.bincount(costs.candidate, left[costs.demand], minlength=costs.candidates)
        gain = np.minimum(near, costs.capacities)
        gain[chosen] = 0
        if len(chosen) >= costs.p or not gain.any():
            return chosen
        chosen = np.sort(np.append(chosen, gain.argmax()))


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
    chosen = _roomy(costs)
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
