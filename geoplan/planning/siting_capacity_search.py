"""A search for choices within capacities: places first, then who goes where, bettered one by one."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np

from geoplan.planning.siting_costs import FloatArray, IntArray, SitingCosts, SitingModel
from geoplan.planning.siting_search import assign_within_capacities, search_median

__all__ = ["CapacitySearch", "price_of", "roomy", "shift_and_swap"]

_PASSES = 20
_PARTNERS = 40
"""Of those who could make room, so many are tried, the cheapest first."""
_SHARES = (1.0, 0.9, 0.75)
"""Shares of p that are placed as if there were no capacities; the rest goes where most are left over."""
_START_SHARE = 0.15
"""Share of the time for the first choice of places."""


class CapacitySearch:
    """
    The best choice found so far.

    Parameters
    ----------
    costs, model
        The problem; LSCP, MCLP or p-median.
    ends
        When to stop, by `time.monotonic`.
    """

    def __init__(self, costs: SitingCosts, model: SitingModel, ends: float) -> None:
        self.costs, self.model, self.ends = costs, model, ends
        self.price = _prices(costs, model)
        self.best: tuple[IntArray, IntArray] | None = None
        self.least = math.inf
        self.tried: set[bytes] = set()

    def start(self, seed: int) -> None:
        """Try places with much room, and for a p-median those that are best without capacities."""
        if self.model == "p_median":
            for share in _SHARES:
                fewer = dataclasses.replace(
                    self.costs, p=max(int(self.costs.fixed.sum()), 1, int(self.costs.p * share))
                )
                now = time.monotonic()
                nearest = search_median(fewer, seed=seed, ends=now + (self.ends - now) * _START_SHARE)
                self.tell(roomy(self.costs, nearest))
        self.tell(roomy(self.costs))

    def aim(self) -> float:
        """Return the price of the best choice; a guess if there is none."""
        if math.isfinite(self.least):
            return self.least
        return float(self.costs.candidates) if self.model == "lscp" else float(np.abs(self.price).sum())

    def tell(self, chosen: IntArray) -> None:
        """Try a choice of places."""
        if chosen.tobytes() in self.tried:
            return
        self.tried.add(chosen.tobytes())
        assignment = assign_within_capacities(self.costs, chosen, self.price)
        if self.model != "mclp" and (assignment[self.costs.claims] < 0).any():
            assignment = self._bettered(chosen, assignment)
        if self.model == "mclp" or (assignment[self.costs.claims] >= 0).all():
            self._keep(assignment)

    def _bettered(self, chosen: IntArray, assignment: IntArray) -> IntArray:
        unserved = 0.0 if self.model == "mclp" else 1.0 + float(np.abs(self.price).max(initial=0.0))
        return shift_and_swap(self.costs, self.price, chosen, assignment, unserved=unserved, ends=self.ends)

    def finish(self, bound: float) -> None:
        """Better the best choice: close places that nobody needs, and let people change places."""
        if self.best is None or self.least <= bound:
            return
        if self.model == "lscp":
            self._close(bound)
        else:
            chosen, assignment = self.best
            self._keep(self._bettered(chosen, assignment))

    def _close(self, bound: float) -> None:
        assert self.best is not None  # noqa: S101 - the caller asks only then
        chosen = self.best[0]
        held = np.bincount(
            np.maximum(self.best[1], 0),
            self.costs.weights * (self.best[1] >= 0),
            minlength=self.costs.candidates,
        )
        for one in chosen[np.argsort(held[chosen], kind="stable")].tolist():
            if self.costs.fixed[one] or self.least <= bound or time.monotonic() > self.ends:
                continue
            self.tell(np.setdiff1d(self.best[0], [one]))

    def _keep(self, assignment: IntArray) -> None:
        used = np.zeros(self.costs.candidates, bool)
        used[assignment[(assignment >= 0) & (self.costs.weights > 0)]] = True
        placed = (np.flatnonzero(used | self.costs.fixed), assignment)
        cost = price_of(self.costs, self.model, self.price, placed)
        if cost < self.least:
            self.best, self.least = placed, cost


def roomy(costs: SitingCosts, start: IntArray | None = None) -> IntArray:
    """Choose one by one the candidate that can take most of what is not served yet, beside some chosen."""
    assert costs.capacities is not None  # noqa: S101 - the caller asks only then
    chosen = np.union1d(np.flatnonzero(costs.fixed), [] if start is None else start).astype(np.int64)
    zero = np.zeros(len(costs.cost))
    while True:
        served = assign_within_capacities(costs, chosen, zero) >= 0
        left = np.where(costs.claims & ~served, costs.weights, 0)
        near = np.bincount(costs.candidate, left[costs.demand], minlength=costs.candidates)
        gain = np.minimum(near, costs.capacities)
        gain[chosen] = 0
        if len(chosen) >= costs.p or not gain.any():
            return chosen
        chosen = np.sort(np.append(chosen, gain.argmax()))


def _prices(costs: SitingCosts, model: SitingModel) -> FloatArray:
    """Return what each walk costs the objective, which is minimised."""
    weight = costs.weights[costs.demand].astype(np.float64)
    if model == "p_median":
        return weight * costs.cost
    return -weight if model == "mclp" else np.zeros(len(weight))


def price_of(
    costs: SitingCosts, model: SitingModel, price: FloatArray, placed: tuple[IntArray, IntArray]
) -> float:
    """Return what a choice and its assignment cost."""
    if model == "lscp":
        return float(len(placed[0]))
    return float(price[placed[1][costs.demand] == costs.candidate].sum())


def shift_and_swap(
    costs: SitingCosts,
    price: FloatArray,
    chosen: IntArray,
    assignment: IntArray,
    *,
    unserved: float,
    ends: float,
) -> IntArray:
    """
    Let demand change to a chosen candidate that is cheaper: where there is room, or someone makes room.

    Parameters
    ----------
    costs
        The problem, with capacities.
    price
        Of each walk.
    chosen, assignment
        Candidates, and the one of each demand, -1 for none.
    unserved
        What it costs that a demand is served by nobody.
    ends
        When to stop, by `time.monotonic`.

    Returns
    -------
    An assignment that costs no more, within capacities.
    """
    return _Shifts(costs, price, chosen, assignment, unserved).better(ends)


class _Shifts:
    """Who is where, what each pays, and how much room is left."""

    def __init__(
        self, costs: SitingCosts, price: FloatArray, chosen: IntArray, assignment: IntArray, unserved: float
    ) -> None:
        assert costs.capacities is not None  # noqa: S101 - the caller asks only then
        is_open = np.zeros(costs.candidates, bool)
        is_open[chosen] = True
        kept = np.flatnonzero(is_open[costs.candidate] & costs.claims[costs.demand])
        order = kept[np.lexsort((costs.candidate[kept], price[kept], costs.demand[kept]))]
        self.demand, self.candidate, self.price = costs.demand[order], costs.candidate[order], price[order]
        self.first = np.searchsorted(self.demand, np.arange(costs.demands + 1))
        self.weight, self.at = costs.weights, np.where(costs.claims, assignment, -1)
        self.idle = assignment
        self.pays = np.full(costs.demands, unserved)
        own = self.at[self.demand] == self.candidate
        self.pays[self.demand[own]] = self.price[own]
        placed = self.at >= 0
        self.room = costs.capacities - np.bincount(
            self.at[placed], costs.weights[placed], minlength=costs.candidates
        ).astype(np.int64)

    def better(self, ends: float) -> IntArray:
        """Make moves that gain, the most gain first, until none is left."""
        for _ in range(_PASSES):
            gain = self.pays[self.demand] - self.price
            wanted = np.flatnonzero(gain > 0)
            moved = False
            for entry in wanted[np.argsort(-gain[wanted], kind="stable")].tolist():
                if time.monotonic() > ends:
                    return self._assignment()
                moved |= self._try(entry)
            if not moved:
                break
        return self._assignment()

    def _assignment(self) -> IntArray:
        return np.where(self.at >= 0, self.at, np.where(self.weight > 0, -1, self.idle))

    def _try(self, entry: int) -> bool:
        demand, to = int(self.demand[entry]), int(self.candidate[entry])
        gain = float(self.pays[demand] - self.price[entry])
        if gain <= 0:
            return False
        lacking = int(self.weight[demand] - self.room[to])
        if lacking > 0 and not self._make_room(to, lacking, gain, demand):
            return False
        self._move(demand, entry)
        return True

    def _make_room(self, at: int, lacking: int, gain: float, guest: int) -> bool:
        """Let one of those at a place go elsewhere for less than is gained; the guest's old place is free."""
        left = int(self.at[guest])
        there = np.flatnonzero((self.at == at) & (self.weight >= lacking))
        for one in there[np.argsort(self.weight[there], kind="stable")[:_PARTNERS]].tolist():
            for entry in range(self.first[one], self.first[one + 1]):
                to = int(self.candidate[entry])
                room = self.room[to] + (self.weight[guest] if to == left else 0)
                if self.price[entry] - self.pays[one] >= gain:
                    break
                if to != at and room >= self.weight[one]:
                    self._move(one, entry)
                    return True
        return False

    def _move(self, demand: int, entry: int) -> None:
        if self.at[demand] >= 0:
            self.room[self.at[demand]] += self.weight[demand]
        self.at[demand] = self.candidate[entry]
        self.room[self.at[demand]] -= self.weight[demand]
        self.pays[demand] = self.price[entry]
