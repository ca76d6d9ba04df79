"""The pure doors to siting: arrays in, a checked answer with its proof or its gap out."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from geoplan.errors import PlanningError, SolverError
from geoplan.planning.siting_bound import (
    CoverBound,
    full_cover_at_price,
    full_cover_bound,
    median_bound,
    most_cover_at_price,
    most_cover_bound,
)
from geoplan.planning.siting_branch import branch_median
from geoplan.planning.siting_capacity import Placed, best_within_capacities, centre_within_capacities
from geoplan.planning.siting_centre import cover_with, smallest_centre
from geoplan.planning.siting_check import check_siting, objective_of
from geoplan.planning.siting_costs import (
    IntArray,
    SitingCosts,
    SitingModel,
    SitingSolution,
    siting_costs,
)
from geoplan.planning.siting_cover import Cover, full_cover, greedy_cover, reduce_cover, swap_cover
from geoplan.planning.siting_cover_search import cover_more, fewer_columns
from geoplan.planning.siting_exact import cover_all, cover_most
from geoplan.planning.siting_search import (
    assign_nearest,
    between_two,
    improve_median,
    median_cost,
    search_median,
)

__all__ = [
    "lscp_from_costs",
    "mclp_from_costs",
    "p_centre_from_costs",
    "p_median_from_costs",
    "solve_siting",
]

_SEARCH_SHARE, _BOUND_SHARE, _PROOF_SHARE = 0.3, 0.6, 0.9
"""Shares of the time by which the search, the bound and the proof must end; the rest is for the check."""
_LEAST_MOVES, _MOST_MOVES = 2_000, 60_000
_HOPELESS_GAP, _ENTRIES_PER_SECOND = 0.015, 1_500
"""HiGHS is not asked where the gap is above this and it has too little time for the entries of the cover."""


def lscp_from_costs(
    costs: Any, *, limit: int, weights: Any = None, fixed: Any = None, capacities: Any = None,
    seed: int = 0, seconds: float = 60.0,
) -> SitingSolution:  # fmt: skip
    """
    Choose as few candidates as can be so that all demand has one within a walk (location set covering).

    Parameters
    ----------
    costs
        Walks of demand x candidates in whole numbers (ms, or any unit): a dense array, in which infinity
        or ``geoplan.units.UNREACHED_MS`` is no way; or a scipy sparse one, whose stored entries are the ways.
    limit
        Longest walk that counts; a walk of exactly this counts.
    weights
        Whole numbers, one a demand; None: 1 each. Demand that weighs 0 makes no claim.
    fixed
        Candidates that are always chosen (existing centres): a mask, or their numbers.
    capacities
        Most weight each candidate can serve; demand then goes whole to one candidate. None: any.
    seed
        Of the search; the same seed gives the same answer unless time ran out.
    seconds
        Most time, about; what is then not proven is ``feasible``, with its gap.

    Returns
    -------
    SitingSolution
        Recomputed and checked. Demand that no candidate reaches is in ``uncoverable``, and the rest is
        covered; with capacities the rest may be ``infeasible``.

    Raises
    ------
    PlanningError
        If the arrays do not fit each other or hold impossible values.
    SolverError
        If time ran out with nothing found and nothing disproved.

    Examples
    --------
    >>> import numpy as np
    >>> walks = np.array([[5, 90], [10, 9], [90, 10], [90, 90]])
    >>> found = lscp_from_costs(walks, limit=10)
    >>> found.status, found.chosen.tolist(), found.assignment.tolist(), found.uncoverable.tolist()
    ('optimal', [0, 1], [0, 1, 1, -1], [3])
    """
    made = siting_costs(costs, weights=weights, fixed=fixed, capacities=capacities, limit=limit)
    return solve_siting(made, "lscp", seed=seed, seconds=seconds)


def mclp_from_costs(
    costs: Any, *, limit: int, p: int, weights: Any = None, fixed: Any = None, capacities: Any = None,
    seed: int = 0, seconds: float = 60.0,
) -> SitingSolution:  # fmt: skip
    """
    Choose at most p candidates so that as much demand as can be has one within a walk (maximal covering).

    Parameters
    ----------
    costs, limit, weights, fixed, capacities, seed, seconds
        As in `lscp_from_costs`.
    p
        Most candidates chosen, the fixed ones included. Fewer are chosen where more add nothing.

    Returns
    -------
    SitingSolution
        ``objective`` is the weight covered; ``bound`` is not below it.

    Examples
    --------
    >>> import numpy as np
    >>> walks = np.array([[5, 90], [90, 9], [90, 10]])
    >>> found = mclp_from_costs(walks, limit=10, p=1, weights=[30, 20, 20])
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [1], 40.0)
    """
    made = siting_costs(costs, weights=weights, fixed=fixed, capacities=capacities, limit=limit, p=p)
    return solve_siting(made, "mclp", seed=seed, seconds=seconds)


def p_median_from_costs(
    costs: Any, *, p: int, limit: int | None = None, weights: Any = None, fixed: Any = None,
    capacities: Any = None, seed: int = 0, seconds: float = 60.0,
) -> SitingSolution:  # fmt: skip
    """
    Choose at most p candidates so that the sum of weight x walk is least.

    Parameters
    ----------
    costs, weights, fixed, capacities, seed, seconds
        As in `lscp_from_costs`.
    p
        Most candidates chosen, the fixed ones included.
    limit
        Longest walk allowed; None: any.

    Returns
    -------
    SitingSolution
        ``infeasible`` if no p candidates serve all demand that some candidate could serve.

    Examples
    --------
    >>> import numpy as np
    >>> walks = np.array([[0, 4, 9], [4, 0, 5], [9, 5, 0]])
    >>> found = p_median_from_costs(walks, p=1)
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [1], 9.0)
    """
    made = siting_costs(costs, weights=weights, fixed=fixed, capacities=capacities, limit=limit, p=p)
    return solve_siting(made, "p_median", seed=seed, seconds=seconds)


def p_centre_from_costs(
    costs: Any, *, p: int, limit: int | None = None, weights: Any = None, fixed: Any = None,
    capacities: Any = None, seed: int = 0, seconds: float = 60.0,
) -> SitingSolution:  # fmt: skip
    """
    Choose at most p candidates so that the longest walk is as short as can be.

    Parameters
    ----------
    costs, p, limit, fixed, capacities, seed, seconds
        As in `p_median_from_costs`.
    weights
        What weighs 0 makes no claim; otherwise weights count in capacities alone.

    Examples
    --------
    >>> import numpy as np
    >>> walks = np.array([[0, 4, 9], [4, 0, 5], [9, 5, 0]])
    >>> found = p_centre_from_costs(walks, p=2)
    >>> found.status, found.chosen.tolist(), found.objective
    ('optimal', [0, 2], 4.0)
    """
    made = siting_costs(costs, weights=weights, fixed=fixed, capacities=capacities, limit=limit, p=p)
    return solve_siting(made, "p_centre", seed=seed, seconds=seconds)


def solve_siting(costs: SitingCosts, model: SitingModel, *, seed: int, seconds: float) -> SitingSolution:
    """
    Solve a checked problem, and check the answer.

    Parameters
    ----------
    costs
        From `siting_costs`.
    model
        ``lscp``, ``mclp``, ``p_median`` or ``p_centre``.
    seed, seconds
        As in `lscp_from_costs`.
    """
    clock = _Clock(seconds)
    if not math.isfinite(seconds) or seconds <= 0:
        raise PlanningError("error.siting_seconds", value=seconds)
    if costs.capacities is not None:
        if model == "p_centre":
            placed = centre_within_capacities(costs, ends=clock.ends)
        else:
            placed = best_within_capacities(costs, model, seed=seed, ends=clock.ends)
    else:
        placed = _SOLVERS[model](costs, seed, clock)
    return _answer(costs, model, placed, seed)


class _Clock:
    """When search, bound and proof must end."""

    def __init__(self, seconds: float) -> None:
        now = time.monotonic()
        self.search, self.bound = now + seconds * _SEARCH_SHARE, now + seconds * _BOUND_SHARE
        self.ends = now + seconds * _PROOF_SHARE

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.ends - time.monotonic()


def _answer(costs: SitingCosts, model: SitingModel, placed: Placed | None, seed: int) -> SitingSolution:
    if placed is None:
        nothing = np.zeros(0, np.int64)
        return SitingSolution(
            model, "infeasible", nothing, np.full(costs.demands, -1, np.int64), math.nan, math.nan, math.nan,
            costs.uncoverable, seed,
        )  # fmt: skip
    assignment = assign_nearest(costs, placed.chosen) if placed.assignment is None else placed.assignment
    used = np.zeros(costs.candidates, bool)
    used[assignment[(assignment >= 0) & (costs.weights > 0)]] = True
    chosen = np.flatnonzero(costs.fixed | used)
    nearest = assign_nearest(costs, chosen)
    assignment = nearest if placed.assignment is None else np.where(costs.weights > 0, assignment, nearest)
    solution = SitingSolution(
        model, "feasible", chosen, assignment, math.nan, math.nan, math.nan, costs.uncoverable, seed
    )
    objective = float(objective_of(costs, model, solution))
    bound = max(placed.bound, objective) if model == "mclp" else min(placed.bound, objective)
    larger = max(objective, bound)
    solution = SitingSolution(
        model, "optimal" if bound == objective else "feasible", chosen, assignment, objective, bound,
        abs(objective - bound) / larger if larger else 0.0, costs.uncoverable, seed,
    )  # fmt: skip
    check_siting(costs, solution)
    return solution


def _lscp(costs: SitingCosts, seed: int, clock: _Clock) -> Placed | None:
    cover = reduce_cover(costs, whole=True)
    fixed = np.flatnonzero(costs.fixed)
    found, bound = _fewest(cover, seed, clock)
    return Placed(np.concatenate([fixed, cover.candidates[found]]), None, len(fixed) + bound)


def _fewest(cover: Cover, seed: int, clock: _Clock) -> tuple[IntArray, float]:
    """Return few columns that cover everything, and how many it takes at least."""
    best = full_cover(cover, seed=seed, ends=clock.search)
    bound = full_cover_bound(cover, float(len(best)), ends=clock.bound)
    if len(best) > bound.bound:
        best = _improved(cover, best, bound, seed, clock)
        bound = full_cover_at_price(cover, float(len(best)), bound.price)
    if len(best) <= bound.bound:
        return best, bound.bound
    kept = np.flatnonzero(~bound.closed)
    part = Cover(cover.matrix[:, kept], cover.weight, cover.candidates[kept], 0)
    if np.diff(part.matrix.tocsr().indptr).min(initial=1) == 0:
        return best, float(len(best))
    if _beyond_proof(part.matrix.nnz, 1.0 - bound.bound / len(best), clock.left):
        return best, bound.bound
    start = np.searchsorted(kept, best) if np.isin(best, kept).all() else None
    found, least, proven = cover_all(part, most=len(best), seconds=clock.left, start=start)
    if found is not None and len(found) < len(best):
        best = kept[found]
    if proven:
        return best, float(len(best))
    return best, max(bound.bound, min(least, float(len(best))))


def _improved(cover: Cover, best: IntArray, bound: CoverBound, seed: int, clock: _Clock) -> IntArray:
    """Search on from the best cover known, and from one that the prices of the bound suggest."""
    other = full_cover(cover, seed=seed + 1, ends=clock.bound, price=bound.price)
    start = other if len(other) < len(best) else best
    return fewer_columns(
        cover, start, moves=_moves(cover), seed=seed, ends=clock.bound, enough=round(bound.bound)
    )


def _moves(cover: Cover) -> int:
    """Return how many moves a search makes: the more the larger the problem."""
    return int(min(_MOST_MOVES, max(_LEAST_MOVES, cover.matrix.nnz)))


def _beyond_proof(entries: int, gap: float, seconds: float) -> bool:
    """Tell whether HiGHS has no prospect: it would not get beyond the bound that is known."""
    return gap > _HOPELESS_GAP and entries > _ENTRIES_PER_SECOND * seconds


def _mclp(costs: SitingCosts, seed: int, clock: _Clock) -> Placed | None:
    cover, fixed = reduce_cover(costs), np.flatnonzero(costs.fixed)
    more = min(costs.p - len(fixed), cover.matrix.shape[1])
    best = swap_cover(cover, greedy_cover(cover, more), ends=clock.search)
    covered, top = _covered(cover, best), float(cover.total)
    if covered < top:
        best, top = _most(cover, more, best, seed, clock)
    return Placed(np.concatenate([fixed, cover.candidates[best]]), None, cover.base + top)


def _most(cover: Cover, more: int, best: IntArray, seed: int, clock: _Clock) -> tuple[IntArray, float]:
    """Return columns that cover much, and how much can be covered at most."""
    bound = most_cover_bound(cover, more, _covered(cover, best), ends=clock.bound)
    if _covered(cover, best) < bound.bound and len(best):
        best = cover_more(cover, best, moves=_moves(cover), seed=seed, ends=clock.bound, enough=bound.bound)
        bound = most_cover_at_price(cover, more, _covered(cover, best), bound.price)
    covered = _covered(cover, best)
    left = cover.matrix[:, ~bound.closed].nnz
    gap = 1.0 - covered / bound.bound if bound.bound else 0.0
    if covered >= bound.bound or _beyond_proof(left, gap, clock.left):
        return best, max(covered, bound.bound)
    found, most, proven = cover_most(
        cover, more, seconds=clock.left, start=best, forced=bound.forced, closed=bound.closed
    )
    if found is not None and _covered(cover, found) > covered:
        best = swap_cover(cover, found, ends=clock.ends)
        covered = _covered(cover, best)
    return best, covered if proven else min(bound.bound, max(covered, most))


def _covered(cover: Cover, chosen: IntArray) -> float:
    reached = np.asarray(cover.matrix[:, chosen].sum(axis=1)).ravel() > 0
    return float(cover.weight[reached].sum())


def _p_median(costs: SitingCosts, seed: int, clock: _Clock) -> Placed | None:
    best = search_median(costs, seed=seed, ends=clock.search)
    if math.isinf(median_cost(costs, best)):
        found, possible = cover_with(costs, seed=seed, ends=clock.ends)
        if found is None:
            if possible:
                raise SolverError("error.siting_not_found")
            return None
        best = improve_median(costs, found, ends=clock.search)
    least = median_cost(costs, best)

    def tell(opened: IntArray) -> float:
        nonlocal best, least
        cost = median_cost(costs, opened)
        if cost < least:
            best = improve_median(costs, opened, ends=clock.bound)
            least = median_cost(costs, best)
        return least

    bound = median_bound(costs, least, ends=clock.bound, tell=tell, start=between_two(costs, best))
    low = bound.bound
    if low < least:
        best, low = branch_median(costs, best, bound, ends=clock.ends)
    return Placed(best, None, low)


def _p_centre(costs: SitingCosts, seed: int, clock: _Clock) -> Placed | None:
    placed = smallest_centre(costs, seed=seed, ends=clock.ends)
    return None if placed is None else Placed(placed[0], None, placed[1])


_SOLVERS = {"lscp": _lscp, "mclp": _mclp, "p_median": _p_median, "p_centre": _p_centre}
