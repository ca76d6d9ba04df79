"""The pure door to splits: arrays in, a checked answer with its proof or its gap out."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt

from geoplan.errors import PlanningError, some_ids
from geoplan.planning.cut_bound import cut_bound
from geoplan.planning.instance import SplitCosts, SplitSolution, SplitStatus
from geoplan.planning.split_bound import walk_bound
from geoplan.planning.split_check import check_solution, objective_of
from geoplan.planning.split_exact import SeatModel
from geoplan.planning.split_reasons import split_reasons
from geoplan.planning.split_search import Found, search_split

__all__ = ["in_order", "split_from_costs"]

IntArray = npt.NDArray[np.int64]

_SETS = 50_000
"""Sets of seats that are gone through one by one; beyond, one model holds all seats."""
_MODEL_COLUMNS = 60_000
"""Columns up to which the model of all seats is tried."""


def split_from_costs(
    costs: SplitCosts, *, seed: int = 0, seconds: float = 60.0, start: IntArray | None = None
) -> SplitSolution:
    """
    Split a community given as arrays: search, then bound or prove by HiGHS.

    Parameters
    ----------
    costs
        The problem.
    seed
        Of the search; it ends after a fixed number of moves, not by the clock.
    seconds
        Most time for HiGHS. What is then not proven is ``feasible``, with its gap; or ``not_found``, where
        neither a split nor a proof that there is none was found.
    start
        A split to begin the search with, besides its own.

    Returns
    -------
    SplitSolution
        Recomputed and checked limit by limit.

    Raises
    ------
    PlanningError
        If the arrays do not fit each other or hold impossible values.
    SolverError
        If HiGHS fails, or the split found does not pass its own check.

    Examples
    --------
    Four compounds in a row, the border in the middle along a main road:

    >>> import numpy as np
    >>> row = SplitCosts(
    ...     households=np.array([500, 500, 500, 500]), edge_u=np.array([0, 1, 2]), edge_v=np.array([1, 2, 3]),
    ...     edge_cost=np.array([100, 20, 100]), edge_passable=np.ones(3, bool),
    ...     parts=2, lower=900, upper=1100,
    ...     seat_unit=np.zeros(0, int), seat_fixed=np.zeros(0, bool),
    ...     walk_cost=np.zeros((4, 0), int), walk_allowed=np.zeros((4, 0), bool))
    >>> found = split_from_costs(row)
    >>> found.status, found.part.tolist(), found.objective
    ('optimal', [0, 0, 1, 1], 20.0)
    """
    _check_arrays(costs)
    if split_reasons(costs):
        return _nothing("infeasible", seed)
    best = search_split(costs, seed=seed, start=start)
    ends = time.monotonic() + seconds
    if best is None and _columns(costs) <= _MODEL_COLUMNS:
        best, none_exists = _any_split(costs, seconds / 2)
        if none_exists:
            return _nothing("infeasible", seed)
    bound: float
    by_sets = costs.seats > 0 and math.comb(*_free(costs)) <= _SETS
    by_model = not by_sets and _columns(costs) <= _MODEL_COLUMNS
    least_cut = cut_bound(costs, seconds=seconds / 2 if by_sets or by_model else seconds)
    if by_sets:
        best, bound, proven = _by_seat_sets(costs, best, ends, least_cut)
    elif by_model:
        best, bound, proven = _whole_model(costs, best, ends, least_cut)
    else:
        bound, proven = least_cut, False
    reached = math.inf if best is None else best.objective
    if costs.seats and not proven and bound < reached:
        bound = max(bound, walk_bound(costs, reached) + 2 * least_cut)
    if best is None:
        return _nothing("infeasible", seed) if proven else _nothing("not_found", seed, bound=bound)
    status: SplitStatus = "optimal" if best.objective <= bound else "feasible"
    if status == "feasible" and costs.seats and not proven:
        best, at_seats = _for_these_seats(costs, best, max(ends - time.monotonic(), seconds / 4))
        status = "optimal_for_these_seats" if at_seats else "feasible"
        status = "optimal" if best.objective <= bound else status
    return _answer(costs, best, status, min(bound, best.objective), seed)


def _answer(costs: SplitCosts, best: Found, status: SplitStatus, bound: float, seed: int) -> SplitSolution:
    """Return the split with its parts numbered in the order of their lowest unit, once checked."""
    part, seat = in_order(best.part, best.seat)
    gap = (best.objective - bound) / best.objective if best.objective else 0.0
    solution = SplitSolution(
        status=status, part=part, seat=seat, objective=float(best.objective), bound=float(bound), gap=gap,
        seed=seed,
    )  # fmt: skip
    check_solution(costs, solution)
    return solution


def in_order(part: IntArray, seat: IntArray) -> tuple[IntArray, IntArray]:
    """
    Return a split with its parts numbered in the order of their lowest unit.

    Examples
    --------
    >>> part, seat = in_order(np.array([1, 1, 0]), np.array([7, 8]))
    >>> part.tolist(), seat.tolist()
    ([0, 0, 1], [8, 7])
    """
    _, lowest = np.unique(part, return_index=True)
    order = np.argsort(lowest)
    return np.argsort(order)[part], seat[order] if len(seat) else seat


def _nothing(status: SplitStatus, seed: int, *, bound: float = math.nan) -> SplitSolution:
    return SplitSolution(
        status=status, part=np.zeros(0, np.int64), seat=np.zeros(0, np.int64),
        objective=math.nan, bound=bound, gap=math.nan, seed=seed,
    )  # fmt: skip


def _any_split(costs: SplitCosts, seconds: float) -> tuple[Found | None, bool]:
    """Look for any split at all, where search found none; tell whether it is proven that none exists."""
    free = dataclasses.replace(
        costs, edge_cost=np.zeros_like(costs.edge_cost), walk_cost=np.zeros_like(costs.walk_cost)
    )
    model = SeatModel(free)
    if model.lp_bound() == math.inf:
        return None, True
    answer = model.solve(seconds=seconds)
    if not len(answer.part):
        return None, answer.proven
    seat = answer.seat if costs.seats else np.zeros(0, np.int64)
    return Found(answer.part, seat, objective_of(costs, answer.part, seat)), False


def _free(costs: SplitCosts) -> tuple[int, int]:
    """Return how many seats are not fixed, and how many of them a split takes."""
    fixed = int(costs.seat_fixed.sum())
    return costs.seats - fixed, costs.parts - fixed


def _columns(costs: SplitCosts) -> int:
    wide = costs.seats or costs.units
    return wide * (costs.units + int((costs.edge_cost > 0).sum()))


def _seat_sets(costs: SplitCosts) -> Iterator[IntArray]:
    fixed = np.flatnonzero(costs.seat_fixed)
    for more in combinations(np.flatnonzero(~costs.seat_fixed).tolist(), costs.parts - len(fixed)):
        chosen = np.sort(np.concatenate([fixed, np.array(more, np.int64)]))
        if len(set(costs.seat_unit[chosen].tolist())) == costs.parts:
            yield chosen


def _by_seat_sets(
    costs: SplitCosts, best: Found | None, ends: float, least_cut: float
) -> tuple[Found | None, float, bool]:
    """Prove the best by going through the sets of seats, the most promising first."""
    bounds = []
    for number, seats in enumerate(_seat_sets(costs)):
        if time.monotonic() > ends:
            return best, _easy_bound(costs, least_cut), False
        bounds.append((_nearest_seat_bound(costs, seats) + 2 * least_cut, number, seats))
    bounds.sort(key=lambda one: one[:2])
    left = math.inf
    for easy, _, seats in bounds:
        if best is not None and easy >= best.objective:
            break
        if time.monotonic() > ends:
            return best, min(left, easy), False
        model = SeatModel(costs, seats=seats, open_all=True, least_cut=least_cut)
        relaxed = max(easy, model.lp_bound())
        if relaxed == math.inf or (best is not None and relaxed >= best.objective):
            continue
        if best is not None:
            model.fix_by_reduced_costs(best.objective)
        answer = model.solve(seconds=max(ends - time.monotonic(), 0.1))
        if len(answer.part) and (best is None or answer.objective < best.objective):
            best = Found(answer.part, answer.seat, int(answer.objective))
        if not answer.proven:
            left = min(left, max(relaxed, answer.bound))
    return best, min(left, math.inf if best is None else best.objective), left == math.inf


def _nearest_seat_bound(costs: SplitCosts, seats: IntArray) -> float:
    """Return what the walks alone cost at least with these seats; infinite if someone cannot walk to any."""
    walk = np.where(costs.walk_allowed[:, seats], costs.walk_cost[:, seats], np.inf)
    return float(walk.min(axis=1).sum())


def _easy_bound(costs: SplitCosts, least_cut: float) -> float:
    """Return a bound for problems beyond HiGHS: everyone at the nearest seat of all, and the least cut."""
    if not costs.seats:
        return least_cut
    return _nearest_seat_bound(costs, np.arange(costs.seats)) + 2 * least_cut


def _whole_model(
    costs: SplitCosts, best: Found | None, ends: float, least_cut: float
) -> tuple[Found | None, float, bool]:
    """Prove the best by one model that holds every seat."""
    model = SeatModel(costs, least_cut=least_cut)
    relaxed = model.lp_bound()
    if relaxed == math.inf:
        return None, math.inf, True
    bound = max(relaxed, _easy_bound(costs, least_cut))
    if best is not None:
        if bound >= best.objective:
            return best, best.objective, True
        model.fix_by_reduced_costs(best.objective)
    start = None if best is None else (best.part, best.seat)
    answer = model.solve(seconds=max(ends - time.monotonic(), 0.1), start=start)
    if len(answer.part) and (best is None or answer.objective < best.objective):
        best = Found(
            answer.part, answer.seat if costs.seats else np.zeros(0, np.int64), int(answer.objective)
        )
    if answer.proven:
        return best, math.inf if best is None else best.objective, True
    return best, max(bound, answer.bound), False


def _for_these_seats(costs: SplitCosts, best: Found, seconds: float) -> tuple[Found, bool]:
    """Take the best split's seats as given and prove or better it."""
    model = SeatModel(costs, seats=np.sort(best.seat), open_all=True)
    answer = model.solve(seconds=seconds, start=(best.part, best.seat))
    if len(answer.part) and answer.objective < best.objective:
        best = Found(answer.part, answer.seat, int(answer.objective))
    return best, answer.proven


def _check_arrays(costs: SplitCosts) -> None:
    """Refuse arrays that do not fit each other, naming all that is wrong."""
    units, seats, edges = costs.units, costs.seats, len(costs.edge_u)
    shapes = [
        ("edge_v", costs.edge_v.shape, (edges,)), ("edge_cost", costs.edge_cost.shape, (edges,)),
        ("edge_passable", costs.edge_passable.shape, (edges,)),
        ("seat_fixed", costs.seat_fixed.shape, (seats,)),
        ("walk_cost", costs.walk_cost.shape, (units, seats)),
        ("walk_allowed", costs.walk_allowed.shape, (units, seats)),
    ]  # fmt: skip
    faults = [
        PlanningError("error.split_shape", name=name, found=found, wanted=wanted)
        for name, found, wanted in shapes
        if found != wanted
    ]
    if faults:
        raise PlanningError("error.split_arrays", faults=faults, count=len(faults))
    for name in ("households", "edge_cost", "walk_cost"):
        values = getattr(costs, name)
        wrong = ~np.isfinite(values) | (values < 0) | (values != np.rint(values))
        if wrong.any():
            rows = some_ids(np.unique(np.nonzero(wrong)[0]))
            faults.append(PlanningError("error.split_values", name=name, rows=rows))
    ends = np.sort(np.stack([costs.edge_u, costs.edge_v], axis=1), axis=1)
    outside = (ends < 0).any(axis=1) | (ends >= units).any(axis=1) | (ends[:, 0] == ends[:, 1])
    outside[np.setdiff1d(np.arange(edges), np.unique(ends, axis=0, return_index=True)[1])] = True
    if outside.any():
        faults.append(PlanningError("error.split_edges", rows=some_ids(np.flatnonzero(outside))))
    stray = (costs.seat_unit < 0) | (costs.seat_unit >= units)
    if stray.any():
        faults.append(PlanningError("error.split_seat_unit", rows=some_ids(np.flatnonzero(stray))))
    if not costs.parts >= 1 or not costs.lower >= 0 or not units:
        faults.append(PlanningError("error.split_numbers", parts=costs.parts, lower=costs.lower, units=units))
    if faults:
        raise PlanningError("error.split_arrays", faults=faults, count=len(faults))
