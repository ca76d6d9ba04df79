"""An independent check of every split before anyone sees it: plain loops over the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoplan.errors import SolverError
from geoplan.planning.instance import SplitCosts, SplitSolution

__all__ = ["check_solution", "faults_of", "objective_of"]

IntArray = npt.NDArray[np.int64]


def objective_of(costs: SplitCosts, part: IntArray, seat: IntArray) -> int:
    """
    Return the objective of a split by its definition.

    Parameters
    ----------
    costs
        The problem.
    part, seat
        Part of each unit, and seat of each part (empty in model ``cut``).
    """
    cut = sum(
        int(cost)
        for u, v, cost in zip(
            costs.edge_u.tolist(), costs.edge_v.tolist(), costs.edge_cost.tolist(), strict=True
        )
        if part[u] != part[v]
    )
    if not costs.seats:
        return cut
    return 2 * cut + sum(int(costs.walk_cost[unit, seat[one]]) for unit, one in enumerate(part.tolist()))


def faults_of(costs: SplitCosts, part: IntArray, seat: IntArray) -> list[str]:
    """Return what a split breaks, in the words of `SplitCosts`; empty if nothing."""
    faults = []
    if sorted(set(part.tolist())) != list(range(costs.parts)):
        faults.append("parts")
    ways = _ways(costs)
    members: list[list[int]] = [[] for _ in range(costs.parts)]
    for unit, one in enumerate(part.tolist()):
        if 0 <= one < costs.parts:
            members[one].append(unit)
    for number, units in enumerate(members):
        held = sum(int(costs.households[unit]) for unit in units)
        if not costs.lower <= held <= costs.upper:
            faults.append(f"limits of part {number}")
        if len(_reachable(ways, units)) != len(units):
            faults.append(f"contiguity of part {number}")
        if costs.seats:
            own = int(seat[number])
            if part[costs.seat_unit[own]] != number:
                faults.append(f"seat of part {number}")
            if not all(costs.walk_allowed[unit, own] for unit in units):
                faults.append(f"walks of part {number}")
    if costs.seats and not set(np.flatnonzero(costs.seat_fixed).tolist()) <= set(seat.tolist()):
        faults.append("fixed seats")
    return faults


def check_solution(costs: SplitCosts, solution: SplitSolution) -> None:
    """
    Recompute a solution's objective and every limit.

    Raises
    ------
    SolverError
        If anything differs: the plan must not be shown.
    """
    faults = faults_of(costs, solution.part, solution.seat)
    objective = objective_of(costs, solution.part, solution.seat)
    if objective != solution.objective:
        faults.append(f"objective {solution.objective}, recomputed {objective}")
    if solution.bound > objective + 1e-6 * max(1, objective):
        faults.append(f"bound {solution.bound} above {objective}")
    if faults:
        raise SolverError("error.split_check", found="; ".join(faults))


def _reachable(ways: dict[int, list[int]], units: list[int]) -> set[int]:
    """Return the units of a part that can be walked to from its first without leaving it."""
    own = set(units)
    seen = set(units[:1])
    waiting = list(seen)
    while waiting:
        for other in ways[waiting.pop()]:
            if other in own and other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def _ways(costs: SplitCosts) -> dict[int, list[int]]:
    """Return the units that can be walked to from each across one border."""
    ways: dict[int, list[int]] = {unit: [] for unit in range(costs.units)}
    for u, v, passable in zip(
        costs.edge_u.tolist(), costs.edge_v.tolist(), costs.edge_passable.tolist(), strict=True
    ):
        if passable:
            ways[u].append(v)
            ways[v].append(u)
    return ways
