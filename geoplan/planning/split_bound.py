"""A lower bound on a split by its walks alone, for problems beyond HiGHS."""

from __future__ import annotations

import math

import numpy as np

from geoplan.planning.instance import SplitCosts

__all__ = ["walk_bound"]

_ROUNDS = 300
_ENTRIES = 20_000_000
"""Entries of the walk matrix up to which the bound is sought; beyond, everyone is at the nearest seat."""


def walk_bound(costs: SplitCosts, best: float) -> float:
    """
    Return what the walks of any split cost at least: as many seats as parts, borders and balance left out.

    Lagrangian relaxation of the p-median: each unit offers a price to be served, every seat that its
    customers' offers pay for is worth opening, and the prices are moved towards everyone being served once.

    Parameters
    ----------
    costs
        The problem; in model ``cut`` the bound is 0.
    best
        A value reached, which sets the steps; infinite if none is known.

    Returns
    -------
    A whole number; infinite if someone may walk to no seat.
    """
    if not costs.seats:
        return 0.0
    walk = np.where(costs.walk_allowed, costs.walk_cost.astype(float), np.inf)
    nearest = walk.min(axis=1)
    easy = float(nearest.sum())
    if easy == math.inf or walk.size > _ENTRIES:
        return easy
    target = best if best < math.inf else float(np.where(np.isinf(walk), 0.0, walk).max(axis=1).sum())
    fixed = costs.seat_fixed
    more = costs.parts - int(fixed.sum())
    price, bound, step, stale = nearest + 1.0, easy, 2.0, 0
    for _ in range(_ROUNDS):
        gain = np.minimum(walk - price[:, None], 0.0).sum(axis=0)
        free = np.flatnonzero(~fixed)
        opened = np.concatenate([np.flatnonzero(fixed), free[np.argsort(gain[free], kind="stable")[:more]]])
        value = float(price.sum() + gain[opened].sum())
        stale = 0 if value > bound else stale + 1
        bound = max(bound, value)
        if stale == 20:
            step, stale = step / 2, 0
        served = (walk[:, opened] < price[:, None]).sum(axis=1)
        slope = 1.0 - served
        size = float((slope**2).sum())
        if size == 0 or target <= value:
            break
        price = np.maximum(price + step * (target - value) / size * slope, 0.0)
    return float(math.ceil(bound - 1e-6))
