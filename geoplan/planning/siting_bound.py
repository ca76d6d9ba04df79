"""Bounds by Lagrangian relaxation, for sitings beyond HiGHS, and what they rule out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts
from geoplan.planning.siting_cover import Cover

__all__ = [
    "CoverBound",
    "MedianBound",
    "bound_at_price",
    "full_cover_bound",
    "median_bound",
    "most_cover_bound",
]

_ROUNDS = 600
_STALE = 15
_LEAST_STEP = 1e-3
_FIRST_STEP = 1.5
_SAFE = 1e-9
"""Share of a bound that is given away, for what floats round."""


def _least_whole(value: float) -> float:
    """Return the least whole number that is not below ``value``, but for what floats round."""
    return float(math.ceil(value - _SAFE * max(1.0, abs(value))))


@dataclass(frozen=True, eq=False)
class CoverBound:
    """
    A bound on a cover.

    Parameters
    ----------
    bound
        A whole number that no choice passes.
    price
        Price of each group at the bound.
    closed, forced
        Columns that no choice better than the best known has, and that every such choice has.
    """

    bound: float
    price: FloatArray
    closed: BoolArray
    forced: BoolArray


def most_cover_bound(cover: Cover, more: int, best: float, *, ends: float) -> CoverBound:
    """
    Return how much weight ``more`` columns cover at most.

    Each group pays a price, at most its weight, to be covered; what it keeps is counted in any case, and the
    columns that earn most are chosen. Prices rise where nobody covers and fall where several do.

    Parameters
    ----------
    cover, more
        What is to cover, and by how many columns.
    best
        Weight of a choice that is known.
    ends
        When to stop, by `time.monotonic`.
    """
    turned, matrix, weight = cover.matrix.T.tocsr(), cover.matrix.tocsr(), cover.weight
    count = cover.matrix.shape[1]
    price = weight / np.maximum(1.0, np.diff(matrix.indptr) * (more / max(1, count)))
    kept, kept_price, step, stale = math.inf, price, 1.0, 0
    for _ in range(_ROUNDS):
        earned = turned @ price
        chosen = np.argsort(-earned, kind="stable")[:more]
        value = float((weight - price).sum() + earned[chosen].sum())
        if value < kept - 1e-12 * abs(kept if math.isfinite(kept) else 0.0):
            kept, kept_price, stale = value, price, 0
        else:
            stale += 1
        if stale > _STALE:
            step, stale, price = step / 2, 0, kept_price
            continue
        slope = np.asarray(matrix @ _marks(count, chosen)) - 1.0
        slope[((slope < 0) & (price >= weight)) | ((slope > 0) & (price <= 0))] = 0.0
        length = float(slope @ slope)
        if _done(length, step, kept - best < 1.0, ends):
            break
        price = np.clip(price - step * (value - best + 1.0) / length * slope, 0.0, weight)
    return _most_fixed(cover, more, best, kept_price)


def _most_fixed(cover: Cover, more: int, best: float, price: FloatArray) -> CoverBound:
    earned = cover.matrix.T @ price
    order = np.argsort(-earned, kind="stable")
    value = float((cover.weight - price).sum() + earned[order[:more]].sum())
    bound = -_least_whole(-value)
    wanted = best + 1.0 - _SAFE * max(1.0, abs(value))
    is_in = _marks(len(earned), order[:more]) > 0
    last_in = earned[order[:more]].min(initial=math.inf)
    first_out = earned[order[more:]].max(initial=0.0)
    closed = ~is_in & (value - last_in + earned < wanted) if more else ~is_in
    forced = is_in & (value - earned + first_out < wanted)
    return CoverBound(bound, price, closed, forced)


def full_cover_bound(cover: Cover, best: float, *, ends: float) -> CoverBound:
    """
    Return how many columns cover every group at least; ``best`` and ``ends`` as in `most_cover_bound`.

    Groups pay prices; only columns that earn more than 1 are worth their cost.
    """
    turned, matrix = cover.matrix.T.tocsr(), cover.matrix.tocsr()
    groups, count = cover.matrix.shape
    size = np.maximum(1, np.diff(cover.matrix.indptr)).astype(np.float64)
    price = np.full(groups, math.inf)
    inverse = matrix.copy()
    inverse.data = 1.0 / size[matrix.indices]
    price = np.asarray(inverse.max(axis=1).todense()).ravel() if groups else np.zeros(0)
    kept, kept_price, step, stale = -math.inf, price, 1.0, 0
    for _ in range(_ROUNDS):
        left = 1.0 - turned @ price
        chosen = np.flatnonzero(left < 0)
        value = float(price.sum() + left[chosen].sum())
        if value > kept + 1e-12:
            kept, kept_price, stale = value, price, 0
        else:
            stale += 1
        if stale > _STALE:
            step, stale, price = step / 2, 0, kept_price
            continue
        slope = 1.0 - np.asarray(matrix @ _marks(count, chosen))
        slope[(slope < 0) & (price <= 0)] = 0.0
        length = float(slope @ slope)
        if _done(length, step, best - kept < 1.0, ends):
            break
        price = np.maximum(0.0, price + step * (best - value + 0.1) / length * slope)
    left = 1.0 - turned @ kept_price
    spare = best - 1.0 + _SAFE * max(1.0, best)
    return CoverBound(
        _least_whole(kept),
        kept_price,
        kept + np.maximum(left, 0.0) > spare,
        kept - np.minimum(left, 0.0) > spare,
    )


def _marks(count: int, at: IntArray) -> FloatArray:
    marks = np.zeros(count)
    marks[at] = 1.0
    return marks


def _done(length: float, step: float, closed: bool, ends: float) -> bool:
    return length == 0 or step < _LEAST_STEP or closed or time.monotonic() > ends


@dataclass(frozen=True, eq=False)
class MedianBound:
    """
    A bound on a p-median.

    Parameters
    ----------
    bound
        A whole number that no choice is below.
    entries
        Walks that a choice better than the best known may use.
    closed, forced
        As in `CoverBound`, of the candidates.
    price
        Price of each demand at the bound.
    """

    bound: float
    entries: BoolArray
    closed: BoolArray
    forced: BoolArray
    price: FloatArray


class _Median:
    """A p-median in which each demand pays a price to be served; what earns most is opened."""

    def __init__(self, costs: SitingCosts) -> None:
        self.costs = costs
        self.more = costs.p - int(costs.fixed.sum())
        self.own = costs.claims[costs.demand]
        self.demand, self.candidate = costs.demand[self.own], costs.candidate[self.own]
        self.pay = costs.weights[self.demand].astype(np.float64) * costs.cost[self.own]
        self.free = np.flatnonzero(~costs.fixed)

    def first_price(self) -> FloatArray:
        """Return the price at which everyone is served by the nearest."""
        price = np.full(self.costs.demands, np.inf)
        np.minimum.at(price, self.demand, self.pay)
        return np.where(np.isfinite(price), price, 0.0)

    def value(self, price: FloatArray) -> tuple[float, FloatArray, IntArray]:
        """Return the bound at a price, what each candidate then brings, and which are opened."""
        self.worth = np.minimum(self.pay - price[self.demand], 0.0)
        brings = np.bincount(self.candidate, self.worth, minlength=self.costs.candidates).astype(np.float64)
        order = self.free[np.argsort(brings[self.free], kind="stable")[: self.more]]
        opened = np.concatenate([np.flatnonzero(self.costs.fixed), order])
        return float(price.sum() + brings[opened].sum()), brings, opened

    def served(self, opened: IntArray) -> FloatArray:
        """Return how often each demand is served at the last price."""
        is_open = np.zeros(self.costs.candidates, bool)
        is_open[opened] = True
        used = is_open[self.candidate] & (self.worth < 0)
        return np.bincount(self.demand[used], minlength=self.costs.demands).astype(np.float64)


def median_bound(
    costs: SitingCosts,
    best: float,
    *,
    ends: float,
    tell: Callable[[IntArray], float] | None = None,
    start: FloatArray | None = None,
) -> MedianBound:
    """
    Return what a p-median costs at least.

    Parameters
    ----------
    costs
        The problem; capacities are left out of account.
    best
        Cost of a choice that is known; infinite if none is.
    ends
        When to stop, by `time.monotonic`.
    tell
        Takes the candidates opened in a round and returns the least cost known since; None: no one asks.
    start
        Prices to start from; None: those at which everyone is served by the nearest candidate.
    """
    median = _Median(costs)
    price = median.first_price() if start is None else start
    aim = best if math.isfinite(best) else 2.0 * float(price.sum()) + 1.0
    kept, kept_price, step, stale = -math.inf, price, _FIRST_STEP, 0
    for number in range(_ROUNDS):
        value, _, opened = median.value(price)
        if value > kept + 1e-12 * abs(value):
            kept, kept_price, stale = value, price, 0
            if tell is not None and number % 10 == 9:
                aim = min(aim, tell(np.sort(opened)))
        else:
            stale += 1
        if stale > _STALE:
            step, stale, price = step / 2, 0, kept_price
            continue
        slope = np.where(costs.claims, 1.0 - median.served(opened), 0.0)
        length = float(slope @ slope)
        if _done(length, step, math.isfinite(best) and aim - kept < 1.0, ends):
            break
        price = np.maximum(0.0, price + step * max(1.0, 1.005 * aim - value) / length * slope)
    return bound_at_price(costs, aim if math.isfinite(best) else math.inf, kept_price)


def bound_at_price(costs: SitingCosts, best: float, price: FloatArray) -> MedianBound:
    """
    Return what a p-median costs at least by one set of prices, and what that rules out.

    Parameters
    ----------
    costs, best
        As in `median_bound`.
    price
        What each demand pays to be served.
    """
    median = _Median(costs)
    price = _exactly(median, price)
    value, brings, opened = median.value(price)
    is_open = _marks(costs.candidates, opened) > 0
    chosen = opened[~costs.fixed[opened]]
    last_in = float(brings[chosen].max(initial=-math.inf))
    first_out = float(brings[~is_open].min(initial=0.0))
    more = np.where(is_open, 0.0, brings - last_in) if len(chosen) else np.where(is_open, 0.0, np.inf)
    spare = best - 1.0  # costs are whole numbers
    used = np.maximum(0.0, median.pay - price[median.demand])
    entries = np.zeros(len(costs.demand), bool)
    entries[median.own] = value + used + more[median.candidate] <= spare
    return MedianBound(
        bound=float(math.ceil(value)),
        entries=entries,
        closed=value + more > spare,
        forced=costs.fixed | (is_open & (value + first_out - brings > spare)),
        price=price,
    )


def _exactly(median: _Median, price: FloatArray) -> FloatArray:
    """Round prices to fractions so coarse that floats hold every sum of them and of whole numbers."""
    value, brings, opened = median.value(price)
    most = 4.0 * (1.0 + abs(value) + float(price.sum()) - float(brings[opened].sum()))
    most += 4.0 * float(median.pay.max(initial=0.0))
    parts = 2.0 ** (52 - math.ceil(math.log2(most)))
    return np.rint(price * parts) / parts
