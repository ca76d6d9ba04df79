"""An independent check of every siting before anyone sees it: plain loops over the definition."""

from __future__ import annotations

from geoplan.errors import SolverError
from geoplan.planning.siting_costs import SitingCosts, SitingModel, SitingSolution

__all__ = ["check_siting", "objective_of", "siting_faults"]


def objective_of(costs: SitingCosts, model: SitingModel, solution: SitingSolution) -> int:
    """
    Return the objective by its definition.

    Parameters
    ----------
    costs
        The problem; walks over a limit are not in it.
    model
        ``lscp``: how many are chosen. ``mclp``: weight served. ``p_median``: sum of weight x walk.
        ``p_centre``: longest walk of a demand that weighs something.
    solution
        Its ``chosen`` and ``assignment``.
    """
    served = [
        (int(costs.weights[demand]), walk)
        for demand, candidate, walk in zip(
            costs.demand.tolist(), costs.candidate.tolist(), costs.cost.tolist(), strict=True
        )
        if solution.assignment[demand] == candidate and costs.weights[demand] > 0
    ]
    if model == "lscp":
        return len(solution.chosen)
    if model == "mclp":
        return sum(weight for weight, _ in served)
    if model == "p_median":
        return sum(weight * walk for weight, walk in served)
    return max((walk for _, walk in served), default=0)


def siting_faults(costs: SitingCosts, solution: SitingSolution) -> list[str]:
    """Return what a siting breaks; empty if nothing."""
    faults = []
    chosen = set(solution.chosen.tolist())
    if len(chosen) != len(solution.chosen) or len(chosen) > costs.p:
        faults.append("number chosen")
    if not {number for number, fixed in enumerate(costs.fixed.tolist()) if fixed} <= chosen:
        faults.append("fixed candidates")
    ways = set(zip(costs.demand.tolist(), costs.candidate.tolist(), strict=True))
    held = dict.fromkeys(chosen, 0)
    unserved = set()
    reachable = {demand for demand, _ in ways}
    for demand, candidate in enumerate(solution.assignment.tolist()):
        if candidate == -1:
            if demand in reachable and costs.weights[demand] > 0:
                unserved.add(demand)
        elif candidate not in chosen or (demand, candidate) not in ways:
            faults.append(f"assignment of demand {demand}")
        else:
            held[candidate] += int(costs.weights[demand])
    if unserved and solution.model != "mclp":
        faults.append(f"unserved demand {min(unserved)}")
    if costs.capacities is not None:
        faults += [f"capacity of {one}" for one, weight in held.items() if weight > costs.capacities[one]]
    listed = {demand for demand, weight in enumerate(costs.weights.tolist()) if weight > 0} - reachable
    if listed != set(solution.uncoverable.tolist()):
        faults.append("uncoverable demand")
    return faults


def check_siting(costs: SitingCosts, solution: SitingSolution) -> None:
    """
    Recompute a solution's objective and every constraint.

    Raises
    ------
    SolverError
        If anything differs: the plan must not be shown.
    """
    faults = siting_faults(costs, solution)
    objective = objective_of(costs, solution.model, solution)
    if objective != solution.objective:
        faults.append(f"objective {solution.objective}, recomputed {objective}")
    worse = solution.bound < objective if solution.model == "mclp" else solution.bound > objective
    if worse:
        faults.append(f"bound {solution.bound} on the wrong side of {objective}")
    if solution.status == "optimal" and solution.bound != objective:
        faults.append(f"called optimal with bound {solution.bound} and objective {objective}")
    if faults:
        raise SolverError("error.siting_check", found="; ".join(faults))
