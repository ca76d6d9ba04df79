"""Bounds on sitings with capacities: what a place can earn is a knapsack filled to the brim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geoplan.planning.siting_bound import Relaxation, climb, least_whole
from geoplan.planning.siting_costs import FloatArray, IntArray, SitingCosts, SitingModel

__all__ = ["bound_within_capacities"]


class _WithinCapacities(Relaxation):
    """
    Demand pays to be served; a candidate takes what pays best for its weight, the last in part.

    Parameters
    ----------
    costs, model
        The problem.
    best
        Price of the best choice known, or a guess at it.
    tell
        Takes the candidates opened at a bound that is the best so far.
    """

    def __init__(
        self, costs: SitingCosts, model: SitingModel, best: float, tell: Callable[[IntArray], None] | None
    ) -> None:
        assert costs.capacities is not None  # noqa: S101 - the caller asks only then
        own = costs.claims[costs.demand]
        self.demand, self.candidate = costs.demand[own], costs.candidate[own]
        self.size = costs.weights[self.demand].astype(np.float64)
        self.pay = self.size * costs.cost[own] if model == "p_median" else np.zeros(len(self.size))
        self.costs, self.model, self.best, self.tell = costs, model, best, tell
        self.room = costs.capacities.astype(np.float64)
        self.weight = np.where(costs.claims, costs.weights, 0).astype(np.float64)
        self.top = self.weight if model == "mclp" else np.inf
        self.opened = np.flatnonzero(costs.fixed)

    def first_price(self) -> FloatArray:
        """Return the price at which everyone is served by the nearest; of a cover half of what it may be."""
        if self.model == "mclp":
            return self.weight / 2.0
        if self.model == "lscp":
            share = np.full(self.costs.demands, np.inf)
            np.minimum.at(share, self.demand, self.size / self.room[self.candidate])
            return np.where(np.isfinite(share), share, 0.0)
        price = np.full(self.costs.demands, np.inf)
        np.minimum.at(price, self.demand, self.pay)
        return np.where(np.isfinite(price), price, 0.0)

    def at(self, price: FloatArray) -> tuple[float, FloatArray]:
        profit = np.maximum(0.0, price[self.demand] - self.pay)
        taken = self._taken(profit)
        earned = np.bincount(self.candidate, taken * profit, minlength=self.costs.candidates)
        value, self.opened = self._value(price, earned.astype(np.float64))
        is_open = np.zeros(self.costs.candidates, bool)
        is_open[self.opened] = True
        used = is_open[self.candidate]
        served = np.bincount(self.demand[used], taken[used], minlength=self.costs.demands)
        return value, np.where(self.costs.claims, 1.0 - served, 0.0)

    def _taken(self, profit: FloatArray) -> FloatArray:
        """Return which share of each walk's demand its candidate takes."""
        order = np.lexsort((-profit / self.size, self.candidate))
        candidate, size = self.candidate[order], self.size[order]
        before = np.cumsum(size) - size
        start = np.ones(len(order), bool)
        start[1:] = candidate[1:] != candidate[:-1]
        first = np.flatnonzero(start)
        before -= np.repeat(before[first], np.diff(np.append(first, len(order))))
        taken = np.empty(len(order))
        taken[order] = np.clip((self.room[candidate] - before) / size, 0.0, 1.0)
        return np.where(profit > 0, taken, 0.0)

    def _value(self, price: FloatArray, earned: FloatArray) -> tuple[float, IntArray]:
        fixed = np.flatnonzero(self.costs.fixed)
        free = np.flatnonzero(~self.costs.fixed)
        order = free[np.argsort(-earned[free], kind="stable")[: self.costs.p - len(fixed)]]
        if self.model == "lscp":
            order = order[earned[order] > 1.0]
        opened = np.concatenate([fixed, order])
        value = float(price.sum() - earned[opened].sum())
        if self.model == "lscp":
            value += len(opened)
        if self.model == "mclp":
            value -= float(self.weight.sum())
        return value, opened

    def ahead(self, value: float) -> float:
        least = 0.1 if self.model == "lscp" else 1.0
        return max(least, self.best + 0.005 * abs(self.best) - value)

    def closed(self, value: float) -> bool:
        return self.best - value < 1.0

    def better(self, number: int) -> None:
        if self.tell is not None and number % 10 == 9:
            self.tell(np.sort(self.opened))


def bound_within_capacities(
    costs: SitingCosts,
    model: SitingModel,
    best: float,
    *,
    ends: float,
    tell: Callable[[IntArray], None] | None = None,
    start: FloatArray | None = None,
) -> float:
    """
    Return what an LSCP, MCLP or p-median with capacities costs at least.

    Parameters
    ----------
    costs
        The problem.
    model
        ``lscp``: how many are chosen; ``mclp``: less the weight served; ``p_median``: weight x walk.
    best
        Cost of a choice that is known, or a guess at it.
    ends
        When to stop, by `time.monotonic`.
    tell
        Takes the candidates opened at a bound that is the best so far; None: no one asks.
    start
        Prices to start from.
    """
    relaxed = _WithinCapacities(costs, model, best, tell)
    value, _ = relaxed.at(climb(relaxed, relaxed.first_price() if start is None else start, ends))
    return least_whole(value)
