"""Bounds by Lagrangian relaxation, for sitings beyond HiGHS, and what they rule out."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts
from geoplan.planning.siting_cover import Cover

__all__ = [
    "CoverBound",
    "MedianBound",
    "Relaxation",
    "bound_at_price",
    "climb",
    "full_cover_at_price",
    "full_cover_bound",
    "least_whole",
    "median_bound",
    "most_cover_at_price",
    "most_cover_bound",
]

_ROUNDS = 1000
_STALE = 15
_LEAST_STEP = 1e-3
_KEPT = 0.9
"""Share of a direction that goes on into the next: prices no longer sway to and fro."""
_SAFE = 1e-9
"""Share of a bound that is given away, for what floats round."""


def least_whole(value: float) -> float:
    """Return the least whole number that is not below ``value``, but for what floats round."""
    return float(math.ceil(value - _SAFE * max(1.0, abs(value))))


class Relaxation(ABC):
    """What is bounded from below at every set of prices; the bound is concave in them."""

    first_step = 1.0
    top: FloatArray | float = math.inf
    """Highest sensible price of each."""

    @abstractmethod
    def at(self, price: FloatArray) -> tuple[float, FloatArray]:
        """Return the bound at prices, and its slope."""

    @abstractmethod
    def ahead(self, value: float) -> float:
        """Return how far above a bound the best may be."""

    @abstractmethod
    def closed(self, value: float) -> bool:
        """Tell whether a bound proves the best choice known."""

    def better(self, number: int) -> None:  # noqa: B027 - most have nothing to note
        """Take note of a bound that is the best so far, in a round."""


def climb(relaxed: Relaxation, price: FloatArray, ends: float) -> FloatArray:
    """Return the best prices that a deflected subgradient finds (Camerini, Fratta and Maffioli 1975)."""
    kept, kept_price, step, stale = -math.inf, price, relaxed.first_step, 0
    direction = np.zeros(len(price))
    for number in range(_ROUNDS):
        value, slope = relaxed.at(price)
        if value > kept + 1e-12 * abs(value):
            kept, kept_price, stale = value, price, 0
            relaxed.better(number)
        else:
            stale += 1
        if relaxed.closed(kept) or time.monotonic() > ends:
            break
        if stale > _STALE:
            step, stale, price, direction = step / 2, 0, kept_price, np.zeros(len(price))
            if step < _LEAST_STEP:
                break
            continue
        direction = slope + _KEPT * direction
        held = ((direction > 0) & (price >= relaxed.top)) | ((direction < 0) & (price <= 0))
        move = np.where(held, 0.0, direction)
        length = float(move @ move)
        if length == 0:
            break
        price = np.clip(price + step * relaxed.ahead(value) / length * move, 0.0, relaxed.top)
    return kept_price


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


class _MostCovered(Relaxation):
    """Less the weight covered: each group pays to be covered, at most its weight."""

    def __init__(self, cover: Cover, more: int, best: float) -> None:
        self.turned, self.matrix = cover.matrix.T.tocsr(), cover.matrix.tocsr()
        self.more, self.best, self.top = more, best, cover.weight
        self.weight = cover.weight

    def at(self, price: FloatArray) -> tuple[float, FloatArray]:
        earned = self.turned @ price
        chosen = np.argsort(-earned, kind="stable")[: self.more]
        value = float((self.weight - price).sum() + earned[chosen].sum())
        return -value, 1.0 - self.matrix @ _marks(len(earned), chosen)

    def ahead(self, value: float) -> float:
        return -self.best - value + 1.0

    def closed(self, value: float) -> bool:
        return -self.best - value < 1.0


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
    relaxed = _MostCovered(cover, more, best)
    size = np.diff(relaxed.matrix.indptr)
    price = cover.weight / np.maximum(1.0, size * (more / max(1, cover.matrix.shape[1])))
    return most_cover_at_price(cover, more, best, climb(relaxed, price, ends))


def most_cover_at_price(cover: Cover, more: int, best: float, price: FloatArray) -> CoverBound:
    """
    Return how much weight ``more`` columns cover at most by one set of prices, and what that rules out.

    Parameters
    ----------
    cover, more, best
        As in `most_cover_bound`.
    price
        Price of each group.
    """
    earned = cover.matrix.T @ price
    order = np.argsort(-earned, kind="stable")
    value = float((cover.weight - price).sum() + earned[order[:more]].sum())
    bound = -least_whole(-value)
    wanted = best + 1.0 - _SAFE * max(1.0, abs(value))
    is_in = _marks(len(earned), order[:more]) > 0
    last_in = earned[order[:more]].min(initial=math.inf)
    first_out = earned[order[more:]].max(initial=0.0)
    closed = ~is_in & (value - last_in + earned < wanted) if more else ~is_in
    forced = is_in & (value - earned + first_out < wanted)
    return CoverBound(bound, price, closed, forced)


class _FullCover(Relaxation):
    """How many columns cover all: groups pay, and columns that earn more than 1 are worth their cost."""

    def __init__(self, cover: Cover, best: float) -> None:
        self.turned, self.matrix, self.best = cover.matrix.T.tocsr(), cover.matrix.tocsr(), best

    def at(self, price: FloatArray) -> tuple[float, FloatArray]:
        left = 1.0 - self.turned @ price
        chosen = np.flatnonzero(left < 0)
        value = float(price.sum() + left[chosen].sum())
        return value, 1.0 - self.matrix @ _marks(len(left), chosen)

    def ahead(self, value: float) -> float:
        return self.best - value + 0.1

    def closed(self, value: float) -> bool:
        return self.best - value < 1.0


def full_cover_bound(cover: Cover, best: float, *, ends: float) -> CoverBound:
    """
    Return how many columns cover every group at least.

    Parameters
    ----------
    cover, best, ends
        As in `most_cover_bound`; ``best`` is a number of columns.
    """
    relaxed = _FullCover(cover, best)
    inverse = relaxed.matrix.copy()
    inverse.data = 1.0 / np.maximum(1, np.diff(cover.matrix.indptr)).astype(np.float64)[inverse.indices]
    start = np.asarray(inverse.max(axis=1).todense()).ravel() if cover.matrix.shape[0] else np.zeros(0)
    return full_cover_at_price(cover, best, climb(relaxed, start, ends))


def full_cover_at_price(cover: Cover, best: float, price: FloatArray) -> CoverBound:
    """
    Return how many columns cover every group at least by one set of prices, and what that rules out.

    Parameters
    ----------
    cover, best
        As in `full_cover_bound`.
    price
        Price of each group.
    """
    relaxed = _FullCover(cover, best)
    value, _ = relaxed.at(price)
    left = 1.0 - relaxed.turned @ price
    spare = best - 1.0 + _SAFE * max(1.0, best)
    return CoverBound(
        least_whole(value),
        price,
        value + np.maximum(left, 0.0) > spare,
        value - np.minimum(left, 0.0) > spare,
    )


def _marks(count: int, at: IntArray) -> FloatArray:
    marks = np.zeros(count)
    marks[at] = 1.0
    return marks


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


class _Median(Relaxation):
    """A p-median in which each demand pays a price to be served; what earns most is opened."""

    first_step = 1.5

    def __init__(self, costs: SitingCosts, best: float, tell: Callable[[IntArray], float] | None) -> None:
        self.costs, self.tell = costs, tell
        self.more = costs.p - int(costs.fixed.sum())
        self.own = costs.claims[costs.demand]
        self.demand, self.candidate = costs.demand[self.own], costs.candidate[self.own]
        self.pay = costs.weights[self.demand].astype(np.float64) * costs.cost[self.own]
        self.free = np.flatnonzero(~costs.fixed)
        self.best = best
        self.aim = best if math.isfinite(best) else 2.0 * float(self.first_price().sum()) + 1.0
        self.opened = self.free[:0]

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
        self.opened = np.concatenate([np.flatnonzero(self.costs.fixed), order])
        return float(price.sum() + brings[self.opened].sum()), brings, self.opened

    def at(self, price: FloatArray) -> tuple[float, FloatArray]:
        value, _, opened = self.value(price)
        is_open = _marks(self.costs.candidates, opened) > 0
        used = is_open[self.candidate] & (self.worth < 0)
        served = np.bincount(self.demand[used], minlength=self.costs.demands)
        return value, np.where(self.costs.claims, 1.0 - served, 0.0)

    def ahead(self, value: float) -> float:
        return max(1.0, 1.005 * self.aim - value)

    def closed(self, value: float) -> bool:
        return math.isfinite(self.best) and self.aim - value < 1.0

    def better(self, number: int) -> None:
        if self.tell is not None and number % 10 == 9:
            self.aim = min(self.aim, self.tell(np.sort(self.opened)))


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
    median = _Median(costs, best, tell)
    price = climb(median, median.first_price() if start is None else start, ends)
    return bound_at_price(costs, median.aim if math.isfinite(best) else math.inf, price)


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
    median = _Median(costs, best, None)
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
