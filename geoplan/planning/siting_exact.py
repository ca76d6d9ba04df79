"""Siting models for HiGHS, and the one way they are run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from geoplan.errors import SolverError
from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts
from geoplan.planning.siting_cover import Cover
from geoplan.planning.solver import make_highs

__all__ = ["Answer", "assign_exactly", "cover_all", "cover_most"]

_WHOLE = 0.999
"""Objectives are whole numbers: a bound this close is proof."""
_LARGE = 2.0**17
_SAFE = 1e-6
"""Share of a bound that is given away, for what HiGHS rounds."""


@dataclass(frozen=True, eq=False)
class Answer:
    """
    What HiGHS found.

    Parameters
    ----------
    values
        Of the columns; None if no solution was found.
    bound
        Proven lower bound on the minimum, a whole number; infinite if there is no solution.
    proven
        Whether the solution is optimal, or it is proven that there is none.
    """

    values: FloatArray | None
    bound: float
    proven: bool


@dataclass(frozen=True, eq=False)
class _Model:
    """Minimise ``cost`` over columns from 0 to ``upper``, some whole, under rows between two limits."""

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    whole: BoolArray
    rows: Any
    row_lower: FloatArray
    row_upper: FloatArray


def _run(model: _Model, *, seconds: float, start: FloatArray | None, enough: float = -math.inf) -> Answer:
    """Solve; a solution of at most ``enough`` is good enough."""
    if seconds <= 0:
        return Answer(None, -math.inf, False)
    rows = sparse.csr_array(model.rows)
    largest = float(np.abs(model.cost).max(initial=1.0))
    scale = 2.0 ** -max(0, math.ceil(math.log2(largest / _LARGE)))  # a power of two loses nothing
    highs = make_highs(mip_rel_gap=0.0, mip_abs_gap=_WHOLE * scale, time_limit=max(seconds, 0.05))
    if enough > -math.inf:
        highs.setOptionValue("objective_target", (enough + 0.5) * scale)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), rows.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost * scale, model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.indptr.astype(np.int32), rows.indices.astype(np.int32)
    lp.a_matrix_.value_ = rows.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(one)] for one in model.whole.tolist()]
    highs.passModel(lp)
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    highs.run()
    return _read(highs, scale)


def _read(highs: Any, scale: float) -> Answer:
    status, info = highs.getModelStatus(), highs.getInfo()
    kinds = highspy.HighsModelStatus
    if status == kinds.kInfeasible:
        return Answer(None, math.inf, True)
    if status not in (kinds.kOptimal, kinds.kTimeLimit, kinds.kObjectiveTarget):
        raise SolverError("error.split_solver", status=str(status))
    values = np.array(highs.getSolution().col_value) if info.primal_solution_status == 2 else None
    proven = status == kinds.kOptimal
    bound = float(info.objective_function_value if proven else info.mip_dual_bound) / scale
    if proven:
        return Answer(values, float(round(bound)), True)
    return Answer(
        values, math.ceil(bound - _SAFE * max(1.0, abs(bound))) if math.isfinite(bound) else bound, False
    )


def _columns_model(cover: Cover, more: int, *, most: bool) -> _Model:
    groups, count = cover.matrix.shape
    choose = sparse.csr_array(np.ones((1, count)))
    if most:
        rows = sparse.block_array(
            [[cover.matrix, -sparse.eye_array(groups)], [choose, sparse.csr_array((1, groups))]]
        )
        cost = np.concatenate([np.zeros(count), -cover.weight])
        return _Model(
            cost, np.zeros(count + groups), np.ones(count + groups), np.arange(count + groups) < count, rows,
            np.zeros(groups + 1), np.append(np.full(groups, np.inf), float(more)),
        )  # fmt: skip
    rows = sparse.block_array([[cover.matrix], [choose]])
    return _Model(
        np.ones(count), np.zeros(count), np.ones(count), np.ones(count, bool), rows,
        np.append(np.ones(groups), 0.0), np.append(np.full(groups, np.inf), float(more)),
    )  # fmt: skip


def cover_all(
    cover: Cover, *, most: int, seconds: float, start: IntArray | None = None, enough: float = -math.inf
) -> tuple[IntArray | None, float, bool]:
    """
    Cover every group by as few columns as can be, at most ``most``.

    Returns
    -------
    Columns (None if none were found), a lower bound on their number (infinite if there are none), and
    whether both are proven. A cover of at most ``enough`` columns ends the search.
    """
    answer = _run(
        _columns_model(cover, most, most=False), seconds=seconds, enough=enough,
        start=None if start is None else _ones(cover.matrix.shape[1], start),
    )  # fmt: skip
    chosen = None if answer.values is None else np.flatnonzero(answer.values > 0.5)
    return chosen, answer.bound, answer.proven


def cover_most(
    cover: Cover, more: int, *, seconds: float, start: IntArray, forced: BoolArray, closed: BoolArray
) -> tuple[IntArray | None, float, bool]:
    """
    Cover as much weight as can be by at most ``more`` columns.

    Parameters
    ----------
    cover, more
        What is to cover, and by how many.
    seconds
        Most time.
    start
        Columns to start from.
    forced, closed
        Columns that are part of, and not part of, every choice that is better than the best known.

    Returns
    -------
    Columns (None if none were found), an upper bound on the weight (minus infinity if there are none), and
    whether both are proven.
    """
    model = _columns_model(cover, more, most=True)
    count = cover.matrix.shape[1]
    model.lower[:count][forced] = 1.0
    model.upper[:count][closed] = 0.0
    values = _ones(count, start)
    covered = np.asarray(cover.matrix @ values) > 0
    usable = not (values[closed].any() or (values[forced] == 0).any())
    given = np.concatenate([values, covered.astype(np.float64)]) if usable else None
    answer = _run(model, seconds=seconds, start=given)
    chosen = None if answer.values is None else np.flatnonzero(answer.values[:count] > 0.5)
    return chosen, -answer.bound, answer.proven


def _ones(count: int, at: IntArray) -> FloatArray:
    values = np.zeros(count)
    values[at] = 1.0
    return values


def assign_exactly(
    costs: SitingCosts, price: FloatArray, *, open_price: float, must: bool, seconds: float,
    start: tuple[IntArray, IntArray] | None, enough: float = -math.inf,
) -> tuple[IntArray | None, IntArray | None, float, bool]:  # fmt: skip
    """
    Choose candidates and give each demand whole to one of them, within capacities.

    Parameters
    ----------
    costs
        The problem.
    price
        Of each walk.
    open_price
        Of each candidate chosen.
    must
        Whether all demand that makes a claim must be served.
    seconds, enough
        Most time; a solution of this price ends the search.
    start
        Chosen and assignment to start from.

    Returns
    -------
    Chosen, assignment (both None if none were found), a lower bound on the price (infinite if there are
    none), and whether all is proven.
    """
    kept = costs.claims[costs.demand]
    part = costs.only(kept)
    model = _assignment_model(part, price[kept], must=must, open_price=open_price)
    walks = len(part.demand)
    given = None
    if start is not None:
        used = start[1][part.demand] == part.candidate
        given = np.concatenate([used.astype(np.float64), _ones(costs.candidates, start[0])])
    answer = _run(model, seconds=seconds, start=given, enough=enough)
    if answer.values is None:
        return None, None, answer.bound, answer.proven
    used = answer.values[:walks] > 0.5
    assignment = np.full(costs.demands, -1, np.int64)
    assignment[part.demand[used]] = part.candidate[used]
    return np.flatnonzero(answer.values[walks:] > 0.5), assignment, answer.bound, answer.proven


def _assignment_model(part: SitingCosts, price: FloatArray, *, must: bool, open_price: float = 0.0) -> _Model:
    """Return the model with a column a walk, then a column a candidate."""
    walks, count = len(part.demand), part.candidates
    claims, row = np.unique(part.demand, return_inverse=True)
    at = np.arange(walks)
    once = sparse.coo_array((np.ones(walks), (row, at)), shape=(len(claims), walks + count))
    opened = sparse.coo_array(
        (np.r_[np.ones(walks), -np.ones(walks)], (np.r_[at, at], np.r_[at, walks + part.candidate])),
        shape=(walks, walks + count),
    )  # fmt: skip
    choose = sparse.coo_array(
        (np.ones(count), (np.zeros(count, np.int64), walks + np.arange(count))), shape=(1, walks + count)
    )
    blocks = [once, opened, choose]
    lower = [np.full(len(claims), float(must)), np.full(walks, -np.inf), np.zeros(1)]
    upper = [np.ones(len(claims)), np.zeros(walks), np.full(1, float(part.p))]
    if part.capacities is not None:
        numbers = np.arange(count)
        load = sparse.coo_array(
            (
                np.r_[part.weights[part.demand], -part.capacities].astype(np.float64),
                (np.r_[part.candidate, numbers], np.r_[at, walks + numbers]),
            ),
            shape=(count, walks + count),
        )
        blocks, lower, upper = [*blocks, load], [*lower, np.full(count, -np.inf)], [*upper, np.zeros(count)]
    return _Model(
        np.concatenate([price, np.full(count, open_price)]),
        np.concatenate([np.zeros(walks), part.fixed.astype(np.float64)]), np.ones(walks + count),
        np.ones(walks + count, bool), sparse.block_array([[one] for one in blocks]),
        np.concatenate(lower), np.concatenate(upper),
    )  # fmt: skip
