"""Split one oversized community: prepare, solve, label, check; and re-check a planner's own split."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import PlanningError, some_ids
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.planning.alternatives import KINDS, find_alternatives
from geoplan.planning.areas import nested_areas
from geoplan.planning.checks import broken_rules, check_split
from geoplan.planning.figures import border_table, member_table, part_table, summarise
from geoplan.planning.instance import SplitCosts, SplitModel, SplitSolution, SplitStatus
from geoplan.planning.limits import Limits
from geoplan.planning.plan import Relaxation, SplitPlan
from geoplan.planning.problem import SplitProblem, prepare_split
from geoplan.planning.split_check import check_solution, objective_of
from geoplan.planning.split_from_costs import in_order, split_from_costs
from geoplan.planning.split_reasons import split_reasons
from geoplan.planning.split_relax import relax_split
from geoplan.planning.split_search import Found
from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE

__all__ = ["evaluate_split", "plan_split"]

Progress = Callable[[str, int, int], None]
_MORE_PARTS = 2
"""With ``parts="auto"``, how many more than the fewest are tried when the fewest do not work."""


def plan_split(
    network: WalkNetwork | None,
    study: Study,
    community_id: str,
    standard: Standard,
    *,
    parts: int | Literal["auto"] = "auto",
    model: SplitModel = "seat",
    seats: Sequence[str] = (),
    tolerance: float | None = None,
    max_walk_minutes: float | None = None,
    areas: bool = False,
    alternatives: bool = True,
    seed: int = 0,
    seconds: float = 60.0,
    progress: Progress | None = None,
) -> SplitPlan:
    """
    Split a community into parts, each around a seat, along real edges, without cutting a compound.

    Parameters
    ----------
    network
        The study's; None leaves out seats and walks (model ``cut``).
    study
        Needs ``communities`` and ``residences`` with households (or persons, if these make it oversized);
        takes ``premises``, ``centres``, ``streets`` and ``barriers``.
    community_id
        Which community.
    standard
        Rules used: ``community.*``, ``split.*``, ``premises.*``, ``walking.*``.
    parts
        How many; ``"auto"`` takes the fewest the standard allows, and one or two more if these do not work
        and each part can still reach the standard's minimum of a (new) community.
    model
        ``seat``: each part has a seat within the walk limit; ``cut``: borders only.
    seats
        Ids of premises, centres or compounds that must be seats. The community's present premises are one.
    tolerance, max_walk_minutes
        In place of ``split.tolerance`` and ``split.max_walk``.
    areas
        Nest 片区 of at most ``split.area_max_households`` inside each part.
    alternatives
        Look for up to three clearly different plans as well.
    seed
        Of the heuristic; the same seed gives the same plan.
    seconds
        Most time the exact solver may take for each plan. What is then not proven says so.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    SplitPlan
        ``infeasible`` (proven) and ``not_found`` (neither found nor disproved in time) are answers, not
        errors: ``parts`` is then empty, ``reasons`` and ``relaxations`` tell why and what would help.

    Raises
    ------
    PlanningError
        If figures are missing, a seat is unknown, or the community is not known to be oversized and
        ``parts`` is ``"auto"``.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> network = geoplan.walk_network(study)
    >>> plan = geoplan.plan_split(network, study, "620105002005", standard, alternatives=False)
    >>> plan.summary["parts"], plan.summary["households"]
    (2, 3097.0)
    """
    problem = prepare_split(
        network,
        study,
        community_id,
        standard,
        model=model,
        fixed_seats=seats,
        max_walk_minutes=max_walk_minutes,
    )
    tried: list[tuple[Limits, SplitCosts, SplitSolution]] = []
    for count in _part_counts(problem, parts, standard):
        if progress is not None:
            progress("stage.split", 0, 3)
        limits = problem.limits(count, standard, tolerance)
        costs = problem.costs(count, limits)
        solution = split_from_costs(costs, seed=seed, seconds=seconds)
        if len(solution.part):
            break
        tried.append((limits, costs, solution))
    else:
        if progress is not None:
            progress("stage.relaxations", 1, 3)
        return _without_split(problem, study, standard, *tried[0], seconds=seconds)
    label = _Labelling(problem, study, standard, limits, areas)
    best = label.plan(solution, costs, kind="best")
    if not alternatives:
        return best
    found = []
    for number, (kind, other) in enumerate(find_alternatives(problem, costs, solution, seed=seed)):
        if progress is not None:
            progress("stage.alternatives", number + 1, len(KINDS))
        if other is not None:
            found.append(label.plan(_restated(other, costs, solution), costs, kind=kind))
    return dataclasses.replace(best, alternatives=tuple(found))


def evaluate_split(
    network: WalkNetwork | None,
    study: Study,
    community_id: str,
    standard: Standard,
    members: Mapping[str, str] | pd.DataFrame,
    *,
    seats: Mapping[str, str] | None = None,
    model: SplitModel = "seat",
    tolerance: float | None = None,
    max_walk_minutes: float | None = None,
    areas: bool = False,
) -> SplitPlan:
    """
    Give a planner's own split the figures and checks that ours has.

    Parameters
    ----------
    network, study, community_id, standard, model, tolerance, max_walk_minutes, areas
        As in `plan_split`.
    members
        Compound -> part; or a table with columns ``residence_id`` and ``part_id``, such as
        ``split_members`` edited in Excel. Part names are the planner's; compounds left out are reported.
    seats
        Part -> seat id. Without it each part takes the present seat if it holds it, else the candidate
        seat with the shortest walks.

    Returns
    -------
    SplitPlan
        ``kind`` is ``given``; ``status`` is ``feasible``, or ``breaks_rules`` if a check fails. No bound
        is sought.

    Raises
    ------
    PlanningError
        If a compound is unknown or stands in the table twice, a seat is unknown, or there is one part only.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> east = study.residences.representative_point().x
    >>> own = east[study.residences["community_id"] == "620105007013"]
    >>> members = {home: "east" if x > own.median() else "west" for home, x in own.items()}
    >>> plan = geoplan.evaluate_split(None, study, "620105007013", standard, members, model="cut")
    >>> plan.kind, plan.status, len(plan.parts)
    ('given', 'feasible', 2)
    """
    problem = prepare_split(
        network, study, community_id, standard, model=model, max_walk_minutes=max_walk_minutes,
        fixed_seats=[] if seats is None else list(seats.values()),
    )  # fmt: skip
    part, names = _given_parts(problem, members)
    count = len(names)
    limits = problem.limits(count, standard, tolerance)
    costs = problem.costs(count, limits)
    given = {names.index(name): seat for name, seat in (seats or {}).items() if name in names}
    solution = SplitSolution(
        status="feasible", part=part, seat=_given_seats(problem, costs, part, count, given),
        objective=math.nan, bound=math.nan, gap=math.nan, seed=0,
    )  # fmt: skip
    if (part >= 0).all() and (not costs.seats or (solution.seat >= 0).all()):
        objective = float(objective_of(costs, part, solution.seat))
        solution = dataclasses.replace(solution, objective=objective)
    plan = _Labelling(problem, study, standard, limits, areas).plan(solution, costs, kind="given")
    status: SplitStatus = "breaks_rules" if len(broken_rules(plan.checks)) else "feasible"
    return dataclasses.replace(plan, status=status)


class _Labelling:
    """Turns solutions of one problem into plans."""

    def __init__(
        self, problem: SplitProblem, study: Study, standard: Standard, limits: Limits, areas: bool
    ) -> None:
        self.problem, self.study, self.standard = problem, study, standard
        self.limits, self.areas = limits, areas

    def plan(self, solution: SplitSolution, costs: SplitCosts, *, kind: str) -> SplitPlan:
        """Return a solution as a plan with figures and checks."""
        problem, study, standard = self.problem, self.study, self.standard
        found = problem.assignment(solution)
        area = nested_areas(found, costs, standard, seed=solution.seed) if self.areas else None
        members, borders = member_table(found, area=area), border_table(found)
        parts = part_table(found, study, standard)
        checks = check_split(
            found, parts, standard,
            tolerance=self.limits.tolerance, max_walk_minutes=problem.max_walk_ms / MS_PER_MINUTE,
        )  # fmt: skip
        return SplitPlan(
            community_id=problem.blocks.community_id,
            name=problem.blocks.name,
            model=costs.model,
            status=solution.status,
            objective=solution.objective,
            bound=solution.bound,
            gap=solution.gap,
            seed=solution.seed,
            kind=kind,
            parts=parts,
            members=members,
            borders=borders,
            checks=checks,
            summary=summarise(found, parts, members, borders),
            blocks=problem.blocks,
            parts_min=_parts_min(problem),
            parts_max=_parts_max(problem),
        )


def _parts_min(problem: SplitProblem) -> int:
    fewest = problem.oversized["parts_min"]
    return 1 if pd.isna(fewest) else int(fewest)


def _parts_max(problem: SplitProblem) -> int | None:
    most = problem.oversized["parts_max"]
    return None if pd.isna(most) else int(most)


def _part_counts(problem: SplitProblem, parts: int | str, standard: Standard) -> list[int]:
    """Return the numbers of parts to try, in order."""
    if parts == "auto":
        if problem.oversized["size"] != "oversized":
            raise PlanningError(
                "error.split_not_oversized",
                community=problem.blocks.name,
                standard=standard.id,
                size=str(problem.oversized["size"]),
            )
        fewest, most = _parts_min(problem), _parts_max(problem)
        last = min(
            fewest + _MORE_PARTS, max(2, len(problem.sizes)), fewest + _MORE_PARTS if most is None else most
        )
        return list(range(fewest, max(fewest, last) + 1))
    if isinstance(parts, bool) or not isinstance(parts, int | np.integer) or parts < 2:
        raise PlanningError("error.split_parts", value=parts)
    return [int(parts)]


def _restated(other: Found, costs: SplitCosts, best: SplitSolution) -> SplitSolution:
    """Return an alternative with the value it has under the true costs, against the bound of the best."""
    part, seat = in_order(other.part, other.seat)
    objective = float(objective_of(costs, part, seat))
    gap = max(0.0, (objective - best.bound) / objective) if objective else 0.0
    solution = SplitSolution(
        status="feasible" if gap else "optimal", part=part, seat=seat, objective=objective, bound=best.bound,
        gap=gap, seed=best.seed,
    )  # fmt: skip
    check_solution(costs, solution)
    return solution


def _without_split(
    problem: SplitProblem,
    study: Study,
    standard: Standard,
    limits: Limits,
    costs: SplitCosts,
    solution: SplitSolution,
    *,
    seconds: float,
) -> SplitPlan:
    """Return the plan of a community without a split: why, what would help, and the plan that gives."""
    seed = solution.seed
    found = relax_split(
        costs, tolerance=limits.tolerance, hard_lower=limits.hard_lower, hard_upper=limits.hard_upper,
        walk_value=problem.walk_ms, max_walk=problem.max_walk_ms, seed=seed, seconds=min(10.0, seconds / 6),
    )  # fmt: skip
    ids = problem.blocks.cells.index
    relaxed: tuple[SplitPlan, ...] = ()
    if found:
        other = split_from_costs(found[0].costs, seed=seed, seconds=seconds)
        label = _Labelling(problem, study, standard, limits, areas=False)
        relaxed = (label.plan(other, found[0].costs, kind="relaxed"),) if len(other.part) else ()
    nobody = problem.nobody()
    parts = part_table(nobody, study, standard)
    return SplitPlan(
        community_id=problem.blocks.community_id,
        name=problem.blocks.name,
        model=costs.model,
        status=solution.status,
        objective=solution.objective,
        bound=solution.bound,
        gap=solution.gap,
        seed=seed,
        kind="best",
        parts=parts,
        members=member_table(nobody),
        borders=border_table(nobody),
        checks=check_split(
            nobody,
            parts,
            standard,
            tolerance=limits.tolerance,
            max_walk_minutes=problem.max_walk_ms / MS_PER_MINUTE,
        ),
        summary={"parts": costs.parts, "measure": problem.measure},
        blocks=problem.blocks,
        parts_min=_parts_min(problem),
        parts_max=_parts_max(problem),
        relaxations=tuple(
            Relaxation(
                kind=one.kind,
                value=one.value / MS_PER_MINUTE if one.kind == "max_walk" else one.value,
                ids=tuple(ids[list(one.units)]),
            )
            for one in found
        ),
        reasons=tuple(_named(one, problem) for one in _reasons(costs, limits, solution, seconds)),
        alternatives=relaxed,
    )


def _reasons(
    costs: SplitCosts, limits: Limits, solution: SplitSolution, seconds: float
) -> list[tuple[str, dict[str, Any]]]:
    """Return why there is no split, the standard's own limits first."""
    total, parts, found = int(costs.households.sum()), costs.parts, split_reasons(costs)
    told: list[tuple[str, dict[str, Any]]] = []
    if limits.hard_lower * parts > total:
        most = max(1, total // limits.hard_lower)
        told = [("reason.split_too_many", {"least": limits.hard_lower, "most": most})]
    elif limits.hard_upper and limits.hard_upper * parts < total:
        fewest = -(-total // limits.hard_upper)
        told = [("reason.split_too_few", {"limit": limits.hard_upper, "fewest": fewest})]
    if told:
        told[0][1].update(parts=parts, share=f"{total / parts:.0f}")
        return [*told, *(one for one in found if one[0] != "reason.split_limits")]
    if solution.status == "not_found":
        return [("reason.split_not_found", {"seconds": f"{seconds:g}"})]
    return found or [("reason.split_search", {})]


def _named(reason: tuple[str, dict[str, Any]], problem: SplitProblem) -> tuple[str, dict[str, object]]:
    """Return a reason with the names of compounds in place of their row numbers."""
    key, params = reason
    if "units" not in params:
        return key, params
    names = problem.blocks.cells["name"].iloc[params["units"]]
    told = [str(ident) if pd.isna(name) else f"{name} ({ident})" for ident, name in names.items()]
    return key, {**{one: value for one, value in params.items() if one != "units"}, "names": some_ids(told)}


def _given_parts(
    problem: SplitProblem, members: Mapping[str, str] | pd.DataFrame
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the part of each compound, and the planner's names of parts in their own order."""
    blocks = problem.blocks
    if isinstance(members, pd.DataFrame):
        frame = members.reset_index() if members.index.name == "residence_id" else members
        for column in ("residence_id", "part_id"):
            if column not in frame:
                raise PlanningError("error.split_members_missing", column=column)
        ids = frame["residence_id"].astype(str)
        if ids.duplicated().any():
            twice = sorted(set(ids[ids.duplicated()]))
            raise PlanningError("error.split_members_twice", community=blocks.name, ids=some_ids(twice))
        given: dict[str, Any] = dict(zip(ids, frame["part_id"], strict=True))
    else:
        given = {str(one): part for one, part in members.items()}
    unknown = sorted(set(given) - set(blocks.cells.index))
    if unknown:
        raise PlanningError("error.split_members", community=blocks.name, ids=some_ids(unknown))
    given = {one: str(part).strip() for one, part in given.items() if not pd.isna(part) and str(part).strip()}
    names = sorted(set(given.values()))
    if len(names) < 2:
        raise PlanningError("error.split_too_few_parts", community=blocks.name, parts=len(names))
    rows = [names.index(given[one]) if one in given else -1 for one in blocks.cells.index]
    return np.array(rows, np.int64), names


def _given_seats(
    problem: SplitProblem,
    costs: SplitCosts,
    part: npt.NDArray[np.int64],
    parts: int,
    given: Mapping[int, str],
) -> npt.NDArray[np.int64]:
    """Return each part's seat: the one given, a fixed one it holds, else the one with the shortest walks."""
    seat = np.full(parts, -1, np.int64)
    if problem.seats is None:
        return seat
    ids = problem.seats["seat_id"].tolist()
    for number in range(parts):
        own = part == number
        inside = np.flatnonzero(own[costs.seat_unit])
        if number in given:
            seat[number] = ids.index(given[number])
        elif len(inside):
            within = costs.walk_allowed[np.ix_(own, inside)].all(axis=0)
            total = costs.walk_cost[np.ix_(own, inside)].sum(axis=0)
            order = np.lexsort((inside, total, ~within, ~costs.seat_fixed[inside]))
            seat[number] = inside[order[0]]
    return seat
