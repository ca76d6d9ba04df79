"""The linear programme of a p-median without a column a walk: what finds prices quickly."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import highspy
import numpy as np

from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts
from geoplan.planning.solver import make_highs

__all__ = ["MedianMaster", "Point"]

_LARGE = 2.0**17
_ROUNDS = 60
_SMALL = 1e-6
_WHOLE = 1.0 - 1e-9
"""So much opened in all serves a demand; what is left is rounding."""


@dataclass(frozen=True, eq=False)
class Point:
    """
    A solution of the linear programme.

    Parameters
    ----------
    opened
        How far each candidate is opened, from 0 to 1.
    price
        What each demand pays to be served, shape (demands,). The Lagrangian bound at these prices is that of
        the linear programme, but for what the solver rounds.
    """

    opened: FloatArray
    price: FloatArray


class MedianMaster:
    """
    A column a candidate, and a column a demand: what its walk costs. Rows are added where one is missing.

    If a demand pays P to be served, candidates nearer than P save it the rest: its walk costs at least
    P less the sum of (P - pay) x opened. Of these rows, one for each walk, few matter (Benders' cuts;
    Duran-Mateluna, Ales and Elloumi 2023). Where too little is opened among the candidates of a demand, a
    row asks for one of them.

    Parameters
    ----------
    costs
        The problem, without capacities.
    price
        Prices to begin with, shape (demands,).
    """

    def __init__(self, costs: SitingCosts, price: FloatArray) -> None:
        self.costs, self.count = costs, costs.candidates
        order = costs.nearest_first
        order = order[costs.claims[costs.demand[order]]]
        demand, self.candidate = costs.demand[order], costs.candidate[order]
        self.pay = costs.weights[demand].astype(np.float64) * costs.cost[order]
        self.demands, self.first = np.unique(demand, return_index=True)
        self.last = np.append(self.first[1:], len(demand)) - 1
        self.row = np.repeat(np.arange(len(self.demands)), self.last - self.first + 1)
        largest = float(self.pay.max(initial=1.0))
        self.scale = 2.0 ** -max(0, math.ceil(math.log2(max(1.0, largest / _LARGE))))
        self.cut_row, self.cut_pay = [np.zeros(0, np.int64)], [np.zeros(0)]
        self.highs, self.infeasible = self._empty(), False
        # the price of a demand lies between two of its walks
        above = self._first_where(self.pay >= price[self.demands][self.row])
        below = np.maximum(above - 1, self.first)
        every = np.ones(len(self.demands), bool)
        self._add(every, above)
        self._add(below > self.first, below)

    def _empty(self) -> highspy.Highs:
        """Return the model with the number of candidates as its only row."""
        groups = len(self.demands)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.count + groups, 1
        lp.col_cost_ = np.concatenate([np.zeros(self.count), np.ones(groups)])
        lp.col_lower_ = np.concatenate([self.costs.fixed.astype(float), self.pay[self.first] * self.scale])
        lp.col_upper_ = np.concatenate([np.ones(self.count), np.full(groups, highspy.kHighsInf)])
        lp.row_lower_, lp.row_upper_ = np.zeros(1), np.full(1, float(self.costs.p))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array([0, self.count], np.int32)
        lp.a_matrix_.index_, lp.a_matrix_.value_ = np.arange(self.count, dtype=np.int32), np.ones(self.count)
        highs: highspy.Highs = make_highs()
        highs.passModel(lp)
        return highs

    def _first_where(self, true: BoolArray) -> IntArray:
        """Return the first walk of each demand for which something is true; the last if it is for none."""
        at = np.where(true, np.arange(len(true)), len(true))
        found: IntArray = np.minimum(np.minimum.reduceat(at, self.first), self.last)
        return found

    def _add(self, which: BoolArray, walk: IntArray, *, unserved: BoolArray | None = None) -> None:
        """Add the row of a walk for some demands; of the unserved, that any of their candidates is opened."""
        lacking = np.zeros(len(which), bool) if unserved is None else unserved
        pay = self.pay[walk]
        nearer = (which[self.row] & (self.pay < pay[self.row])) | lacking[self.row]
        at = np.flatnonzero(nearer)
        rows = np.flatnonzero(which | lacking)
        size = np.bincount(self.row[at], minlength=len(which))[rows] + 1
        start = np.cumsum(size) - size
        index, value = np.empty(size.sum(), np.int32), np.empty(size.sum())
        own = np.zeros(len(index), bool)
        own[start] = True
        index[own], value[own] = self.count + rows, np.where(lacking[rows], 0.0, 1.0)
        index[~own] = self.candidate[at]
        value[~own] = np.where(lacking[self.row[at]], 1.0, (pay[self.row[at]] - self.pay[at]) * self.scale)
        least = np.where(lacking[rows], 1.0, pay[rows] * self.scale)
        top = np.full(len(rows), highspy.kHighsInf)
        self.highs.addRows(len(rows), least, top, len(index), start.astype(np.int32), index, value)
        self.cut_row.append(rows)
        self.cut_pay.append(np.where(lacking[rows], np.nan, pay[rows]))

    def solve(self, fixed: BoolArray, closed: BoolArray, *, ends: float) -> Point | None:
        """
        Solve with some candidates opened and some closed for sure.

        Parameters
        ----------
        fixed, closed
            Masks of candidates.
        ends
            When to stop, by `time.monotonic`.

        Returns
        -------
        None if there is no solution, which ``infeasible`` then says, or none was found in time.
        """
        columns = np.arange(self.count, dtype=np.int32)
        self.highs.changeColsBounds(self.count, columns, fixed.astype(float), 1.0 - closed.astype(float))
        point, self.infeasible = None, False
        for _ in range(_ROUNDS):
            left = ends - time.monotonic()
            if left <= 0:
                break
            self.highs.setOptionValue("time_limit", self.highs.getRunTime() + left)
            self.highs.run()
            status = self.highs.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                self.infeasible = True
                return None
            if status != highspy.HighsModelStatus.kOptimal:
                break
            solution = self.highs.getSolution()
            values = np.asarray(solution.col_value)
            point = Point(np.clip(values[: self.count], 0.0, 1.0), self._price(np.asarray(solution.row_dual)))
            if not self._missing(point.opened, values[self.count :]):
                break
        return point

    def _price(self, dual: FloatArray) -> FloatArray:
        """Return the prices in the duals of rows: the mean of the walks that bind, and what lies beyond."""
        row, pay = np.concatenate(self.cut_row), np.concatenate(self.cut_pay)
        dual = np.maximum(0.0, dual[1:])
        asks = np.isnan(pay)
        count = len(self.demands)
        share = np.where(asks, 0.0, dual)
        whole = np.bincount(row, share, minlength=count)
        share = share / np.maximum(1.0, whole)[row]
        rest = np.maximum(0.0, 1.0 - np.minimum(whole, 1.0))
        mean = np.bincount(row, share * np.nan_to_num(pay), minlength=count) + rest * self.pay[self.first]
        beyond = np.bincount(row, np.where(asks, dual, 0.0), minlength=count) / self.scale
        price = np.zeros(self.costs.demands)
        price[self.demands] = mean + beyond
        return price

    def _missing(self, opened: FloatArray, walk_cost: FloatArray) -> bool:
        """Add the rows that a solution breaks; tell whether there were any."""
        share = opened[self.candidate]
        total = np.cumsum(share)
        total -= (total[self.first] - share[self.first])[self.row]
        unserved = total[self.last] < 1.0 - _SMALL
        walk = self._first_where(total >= _WHOLE)
        pay = self.pay[walk]
        saved = np.add.reduceat(np.maximum(0.0, pay[self.row] - self.pay) * share, self.first)
        least = (pay - saved) * self.scale
        short = (least - walk_cost > _SMALL * np.maximum(1.0, least)) & ~unserved
        if not (short | unserved).any():
            return False
        self._add(short, walk, unserved=unserved)
        return True
