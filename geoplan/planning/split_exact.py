"""
Exact splits by HiGHS: a seat model, solved again with each disconnected part cut off.

Model ``cut`` is the same model with every unit a seat of its own: a part's seat is then its lowest unit.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from geoplan.errors import SolverError
from geoplan.planning.graphs import Neighbours, pieces_of
from geoplan.planning.instance import SplitCosts
from geoplan.planning.solver import make_highs

__all__ = ["ExactAnswer", "SeatModel"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_WHOLE = 1 - 1e-6
"""Objectives are whole numbers: a bound above one less than the best is a proof."""


@dataclass(frozen=True, eq=False)
class ExactAnswer:
    """
    What HiGHS found.

    Parameters
    ----------
    part, seat
        As in `SplitSolution`, parts in the order of ``seat``; empty if nothing was found.
    objective
        Of that split; infinite if nothing was found.
    bound
        No split of this model is better; infinite if none exists.
    proven
        Whether the search ended.
    """

    part: IntArray
    seat: IntArray
    objective: float
    bound: float
    proven: bool


class SeatModel:
    """
    The seat model of a problem, or of some of its seats.

    Parameters
    ----------
    costs
        The problem.
    seats
        Candidate seats to keep; None keeps all.
    open_all
        Every kept seat is open.
    least_cut
        What the borders cut are known to cost at least.
    """

    def __init__(
        self,
        costs: SplitCosts,
        *,
        seats: IntArray | None = None,
        open_all: bool = False,
        least_cut: float = 0.0,
    ) -> None:
        self.costs = costs
        self.neighbours = Neighbours.of(costs, passable=True)
        if costs.seats:
            self.seats = np.arange(costs.seats) if seats is None else seats
            self.seat_unit = costs.seat_unit[self.seats]
            walk, allowed = costs.walk_cost[:, self.seats], costs.walk_allowed[:, self.seats].copy()
            fixed = costs.seat_fixed[self.seats]
            self.edge_weight = 2
        else:
            self.seats = self.seat_unit = np.arange(costs.units)
            walk = np.zeros((costs.units, costs.units), np.int64)
            allowed = np.tri(costs.units, dtype=bool)  # the lowest unit stands for its part
            fixed = np.zeros(costs.units, bool)
            self.edge_weight = 1
        self.highs = make_highs(mip_rel_gap=0.0, mip_abs_gap=_WHOLE)
        self.x = np.full(allowed.shape, -1, np.int64)
        self.x[allowed] = np.arange(allowed.sum())
        self.columns = int(allowed.sum())
        self._build(walk, allowed, fixed | open_all, least_cut)

    def _build(
        self, walk: IntArray, allowed: npt.NDArray[np.bool_], is_open: npt.NDArray[np.bool_], least_cut: float
    ) -> None:
        costs, units, seats = self.costs, self.costs.units, len(self.seats)
        edges = np.flatnonzero(costs.edge_cost > 0)
        pairs = [
            (int(edge), seat) for edge in edges for seat in range(seats) if allowed[costs.edge_u[edge], seat]
        ]
        cost = np.concatenate([
            walk[allowed].astype(float),
            np.array([self.edge_weight * costs.edge_cost[edge] for edge, _ in pairs], float),
        ])  # fmt: skip
        total = len(cost)
        lower, upper = np.zeros(total), np.ones(total)
        rows = _Rows()
        own = self.x[self.seat_unit, np.arange(seats)]
        if (own[is_open] < 0).any():
            lower, upper = np.ones(total), np.zeros(total)  # a seat beyond reach of its own unit
        else:
            lower[own[is_open]] = 1.0
        for unit in range(units):
            kept = self.x[unit][self.x[unit] >= 0]
            rows.add(kept, np.ones(len(kept)), 1.0, 1.0)
        usable = own[own >= 0]
        rows.add(usable, np.ones(len(usable)), costs.parts, costs.parts)
        for seat in range(seats):
            members = np.flatnonzero(self.x[:, seat] >= 0)
            columns = self.x[members, seat]
            if own[seat] < 0:
                upper[columns] = 0.0
                continue
            sizes = costs.households[members].astype(float)
            sized = sizes.copy()
            at = np.flatnonzero(columns == own[seat])[0]
            sized[at] -= costs.upper
            rows.add(columns, sized, -math.inf, 0.0)
            sized = sizes.copy()
            sized[at] -= costs.lower
            rows.add(columns, sized, 0.0, math.inf)
            for column in columns[columns != own[seat]]:
                rows.add(np.array([column, own[seat]]), np.array([1.0, -1.0]), -math.inf, 0.0)
        for number, (edge, seat) in enumerate(pairs):
            here, there = self.x[costs.edge_u[edge], seat], self.x[costs.edge_v[edge], seat]
            index, value = [self.columns + number, here], [1.0, -1.0]
            if there >= 0:
                index, value = [*index, there], [*value, 1.0]
            rows.add(np.array(index), np.array(value), 0.0, math.inf)
        self._neighbour_rows(rows)
        if least_cut > 0:
            metres = np.array([costs.edge_cost[edge] for edge, _ in pairs], float)
            rows.add(np.arange(self.columns, total), metres, least_cut, math.inf)
        self.highs.addVars(total, lower, upper)
        self.highs.changeColsCost(total, np.arange(total, dtype=np.int32), cost)
        rows.into(self.highs)
        self.total = total
        self.own = own

    def _neighbour_rows(self, rows: _Rows) -> None:
        """A unit belongs to a seat elsewhere only if one of its neighbours does: saves most later rounds."""
        for unit in range(self.costs.units):
            around = self.neighbours.around(np.array([unit]))
            for seat in np.flatnonzero((self.x[unit] >= 0) & (self.seat_unit != unit)):
                beside = self.x[around, seat]
                beside = beside[beside >= 0]
                index = np.concatenate([[self.x[unit, seat]], beside])
                rows.add(index, np.concatenate([[1.0], -np.ones(len(beside))]), -math.inf, 0.0)

    def lp_bound(self) -> float:
        """Return the value of the relaxation; infinite if it has no solution."""
        self.highs.run()
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return math.inf
        return math.ceil(float(self.highs.getInfo().objective_function_value) - 1e-6)

    def fix_by_reduced_costs(self, best: float) -> None:
        """After `lp_bound`: close what cannot be part of any split as good as ``best``."""
        solution, info = self.highs.getSolution(), self.highs.getInfo()
        room = best - float(info.objective_function_value) + 1e-6
        reduced = np.array(solution.col_dual)[: self.columns]
        value = np.array(solution.col_value)[: self.columns]
        for column in np.flatnonzero((reduced > room) & (value < 0.5)):
            self.highs.changeColBounds(int(column), 0.0, 0.0)

    def solve(self, *, seconds: float, start: tuple[IntArray, IntArray] | None = None) -> ExactAnswer:
        """
        Solve, separate, solve again.

        Parameters
        ----------
        seconds
            Most time for all rounds together.
        start
            Part of each unit and seat of each part (rows of the problem's candidates) to start from.
        """
        kinds = np.full(self.columns, highspy.HighsVarType.kInteger)
        self.highs.changeColsIntegrality(self.columns, np.arange(self.columns, dtype=np.int32), kinds)
        ends, bound = time.monotonic() + seconds, -math.inf
        if start is not None:
            self._set_start(*start)
        while True:
            left = ends - time.monotonic()
            if left <= 0:
                return ExactAnswer(
                    np.zeros(0, np.int64), np.zeros(0, np.int64), math.inf, bound, proven=False
                )
            self.highs.setOptionValue("time_limit", max(left, 0.05) + self.highs.getRunTime())
            self.highs.run()
            status = self.highs.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                return ExactAnswer(
                    np.zeros(0, np.int64), np.zeros(0, np.int64), math.inf, math.inf, proven=True
                )
            info = self.highs.getInfo()
            if math.isfinite(info.mip_dual_bound):  # none yet where the time is too short for a first one
                bound = max(bound, math.ceil(float(info.mip_dual_bound) - 1e-6))
            if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
                raise SolverError("error.split_solver", status=str(status))
            has_solution = info.primal_solution_status == 2
            if has_solution:
                values = np.array(self.highs.getSolution().col_value)
                part, seat, rows = self._read(values)
                if not rows:
                    objective = round(float(info.objective_function_value))
                    proven = status == highspy.HighsModelStatus.kOptimal
                    return ExactAnswer(part, seat, objective, objective if proven else bound, proven=proven)
                for columns, coefficients in rows:
                    self.highs.addRow(-math.inf, 0.0, len(columns), columns.astype(np.int32), coefficients)
            if status == highspy.HighsModelStatus.kTimeLimit:
                return ExactAnswer(
                    np.zeros(0, np.int64), np.zeros(0, np.int64), math.inf, bound, proven=False
                )

    def _set_start(self, part: IntArray, seat: IntArray) -> None:
        """Hand HiGHS a split to start from."""
        values = np.zeros(self.total)
        if self.costs.seats:
            number = {int(one): at for at, one in enumerate(self.seats)}
            seats = [number.get(int(one), -1) for one in seat]
        else:
            seats = [int(np.flatnonzero(part == one)[0]) for one in range(self.costs.parts)]
        for unit, one in enumerate(part.tolist()):
            column = self.x[unit, seats[one]] if seats[one] >= 0 else -1
            if column < 0:
                return
            values[column] = 1.0
        start = highspy.HighsSolution()
        start.col_value = self._with_cuts(values).tolist()
        self.highs.setSolution(start)

    def _with_cuts(self, values: FloatArray) -> FloatArray:
        costs = self.costs
        number = self.columns
        for edge in np.flatnonzero(costs.edge_cost > 0):
            for seat in range(len(self.seats)):
                here = self.x[costs.edge_u[edge], seat]
                if here < 0:
                    continue
                there = self.x[costs.edge_v[edge], seat]
                values[number] = max(0.0, values[here] - (values[there] if there >= 0 else 0.0))
                number += 1
        return values

    def _read(self, values: FloatArray) -> tuple[IntArray, IntArray, list[tuple[IntArray, FloatArray]]]:
        """Return the split in a solution, and rows that cut it off where a part is in pieces."""
        chosen = np.where(self.x >= 0, values[self.x], 0.0) > 0.5
        seat_of = chosen.argmax(axis=1)
        opened = np.unique(seat_of)
        part = np.searchsorted(opened, seat_of)
        rows: list[tuple[IntArray, FloatArray]] = []
        for seat in opened.tolist():
            units = np.flatnonzero(seat_of == seat)
            for piece in pieces_of(self.neighbours, units):
                if self.seat_unit[seat] not in piece:
                    rows += self._cut_off(piece, seat)
        return part.astype(np.int64), self.seats[opened], rows

    def _cut_off(self, piece: IntArray, seat: int) -> list[tuple[IntArray, FloatArray]]:
        """
        Return rows that forbid a piece apart from its seat.

        Of the units around the piece, those that the seat reaches part it from the seat; whoever lies behind
        them belongs to the seat only if one of them does.
        """
        everyone = np.arange(self.costs.units)
        around = self.neighbours.around(piece)
        before = self._piece_with(int(self.seat_unit[seat]), np.setdiff1d(everyone, around))
        border = np.intersect1d(around, self.neighbours.around(before))
        reached = self._piece_with(int(self.seat_unit[seat]), np.setdiff1d(everyone, border))
        behind = np.setdiff1d(everyone, np.concatenate([border, reached]))
        gate = self.x[border, seat]
        gate = gate[gate >= 0]
        return [
            (np.concatenate([[column], gate]), np.concatenate([[1.0], -np.ones(len(gate))]))
            for column in self.x[behind, seat]
            if column >= 0
        ]

    def _piece_with(self, unit: int, units: IntArray) -> IntArray:
        """Return the connected piece of some units that holds one of them."""
        return next(piece for piece in pieces_of(self.neighbours, units) if unit in piece)


class _Rows:
    """Constraints, gathered before they are handed over at once."""

    def __init__(self) -> None:
        self.index: list[IntArray] = []
        self.value: list[FloatArray] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, index: Any, value: Any, lower: float, upper: float) -> None:
        """Add one."""
        self.index.append(np.asarray(index))
        self.value.append(np.asarray(value, float))
        self.lower.append(lower)
        self.upper.append(upper)

    def into(self, highs: Any) -> None:
        """Hand all over."""
        starts = np.concatenate([[0], np.cumsum([len(one) for one in self.index])])
        highs.addRows(
            len(self.lower), np.array(self.lower), np.array(self.upper), int(starts[-1]),
            starts[:-1].astype(np.int32), np.concatenate(self.index).astype(np.int32),
            np.concatenate(self.value),
        )  # fmt: skip
