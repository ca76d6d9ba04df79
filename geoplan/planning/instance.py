"""A split as plain arrays: the problem, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["SplitCosts", "SplitModel", "SplitSolution", "SplitStatus"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SplitModel = Literal["seat", "cut"]
SplitStatus = Literal[
    "optimal", "optimal_for_these_seats", "feasible", "infeasible", "not_found", "breaks_rules"
]


@dataclass(frozen=True, eq=False)
class SplitCosts:
    """
    One community to be split: units on a border graph, and seats.

    Model ``cut``: minimise the sum of ``edge_cost`` over edges whose ends lie in different parts. Model
    ``seat``: minimise twice that sum plus the sum of ``walk_cost[unit, seat of its part]``. In both, each of
    exactly ``parts`` parts is non-empty, has ``lower`` to ``upper`` households, and hangs together over
    passable edges; in ``seat``, a part holds the unit of its one seat, and every unit of it may walk there.

    Parameters
    ----------
    households
        Households of each unit, shape (units,).
    edge_u, edge_v
        Units that share a border, shape (edges,); each pair once.
    edge_cost
        What cutting each costs, at least 0.
    edge_passable
        Whether people can walk across.
    parts
        How many parts.
    lower, upper
        Fewest and most households of a part.
    seat_unit
        Unit in which each candidate seat stands, shape (seats,); empty: model ``cut``.
    seat_fixed
        Seats that a part must have.
    walk_cost
        Shape (units, seats): what it costs that a unit belongs to a seat, such as households x metres / 1000.
    walk_allowed
        Shape (units, seats): whether the walk is within the limit.
    """

    households: IntArray
    edge_u: IntArray
    edge_v: IntArray
    edge_cost: IntArray
    edge_passable: BoolArray
    parts: int
    lower: int
    upper: int
    seat_unit: IntArray
    seat_fixed: BoolArray
    walk_cost: IntArray
    walk_allowed: BoolArray

    @property
    def units(self) -> int:
        """How many units."""
        return len(self.households)

    @property
    def seats(self) -> int:
        """How many candidate seats."""
        return len(self.seat_unit)

    @property
    def model(self) -> SplitModel:
        """``seat`` if there are candidate seats, else ``cut``."""
        return "seat" if self.seats else "cut"


@dataclass(frozen=True, eq=False)
class SplitSolution:
    """
    The answer to a `SplitCosts`.

    Parameters
    ----------
    status
        ``optimal``: proven. ``optimal_for_these_seats``: proven once these seats are taken.
        ``feasible``: see `gap`. ``infeasible``: proven that no split meets every limit. ``not_found``: none
        was found in time, nor is it proven that there is none. A planner's own split may also be
        ``breaks_rules``.
    part
        Part of each unit, shape (units,), numbered in the order of their lowest unit; empty if there is none.
    seat
        Seat of each part (index into the candidates), shape (parts,); empty in model ``cut``.
    objective, bound
        Value reached, NaN without a split; and a proven lower bound on every split, NaN if infeasible.
    gap
        (objective - bound) / objective; 0 if optimal, NaN without a split.
    seed
        Seed of the heuristic.
    """

    status: SplitStatus
    part: IntArray
    seat: IntArray
    objective: float
    bound: float
    gap: float
    seed: int
