"""Nested areas (片区) inside each part of a split."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from geoplan.planning.figures import Assignment
from geoplan.planning.instance import SplitCosts
from geoplan.planning.split_from_costs import split_from_costs
from geoplan.standards.standard import Standard

__all__ = ["nested_areas"]

_SECONDS = 2.0
_MORE_AREAS = 3


def nested_areas(found: Assignment, costs: SplitCosts, standard: Standard, *, seed: int) -> list[str | None]:
    """
    Divide each part into areas along its cheapest borders.

    Parameters
    ----------
    found
        The split.
    costs
        Its problem; sizes count as households.
    standard
        Rule used: ``split.area_max_households``. A compound above it alone is an area of its own.
    seed
        As in `split_from_costs`.

    Returns
    -------
    Area of each compound, ``<part>-<number>``; None where no division keeps every area connected and
    within the maximum.
    """
    most = int(standard.number("split.area_max_households"))
    names: list[str | None] = [None] * len(found.part)
    for number, part_id in enumerate(found.part_ids):
        own = np.flatnonzero(found.part == number)
        area = _divide(costs, own, most, seed)
        if area is not None:
            for row, one in zip(own.tolist(), area.tolist(), strict=True):
                names[row] = f"{part_id}-{one + 1}"
    return names


def _divide(
    costs: SplitCosts, own: npt.NDArray[np.int64], most: int, seed: int
) -> npt.NDArray[np.int64] | None:
    """Return the area of each unit of a part; the large ones apart, the rest piece by piece."""
    area = np.full(len(own), -1, np.int64)
    large = costs.households[own] > most
    area[large] = np.arange(large.sum())
    taken = int(large.sum())
    for piece in _pieces(costs, own[~large]):
        rows = np.searchsorted(own, piece)
        inner = _solve(costs, piece, most, seed)
        if inner is None:
            return None
        area[rows] = taken + inner
        taken += int(inner.max()) + 1
    return area


def _solve(
    costs: SplitCosts, piece: npt.NDArray[np.int64], most: int, seed: int
) -> npt.NDArray[np.int64] | None:
    total = int(costs.households[piece].sum())
    fewest = max(1, math.ceil(total / most))
    for parts in range(fewest, min(len(piece), fewest + _MORE_AREAS) + 1):
        if parts == 1:
            return np.zeros(len(piece), np.int64)
        inner = dataclasses.replace(_cut_out(costs, piece), parts=parts, lower=0, upper=most)
        solution = split_from_costs(inner, seed=seed, seconds=_SECONDS)
        if len(solution.part):
            return solution.part
    return None


def _cut_out(costs: SplitCosts, units: npt.NDArray[np.int64]) -> SplitCosts:
    """Return the problem of some units alone, borders only."""
    number = np.full(costs.units, -1, np.int64)
    number[units] = np.arange(len(units))
    kept = (number[costs.edge_u] >= 0) & (number[costs.edge_v] >= 0)
    return dataclasses.replace(
        costs,
        households=costs.households[units],
        edge_u=number[costs.edge_u[kept]],
        edge_v=number[costs.edge_v[kept]],
        edge_cost=costs.edge_cost[kept],
        edge_passable=costs.edge_passable[kept],
        seat_unit=np.zeros(0, np.int64),
        seat_fixed=np.zeros(0, bool),
        walk_cost=np.zeros((len(units), 0), np.int64),
        walk_allowed=np.zeros((len(units), 0), bool),
    )


def _pieces(costs: SplitCosts, units: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return the connected pieces of some units, each ascending."""
    left = set(units.tolist())
    neighbours: dict[int, list[int]] = {unit: [] for unit in left}
    for u, v, passable in zip(
        costs.edge_u.tolist(), costs.edge_v.tolist(), costs.edge_passable.tolist(), strict=True
    ):
        if passable and u in left and v in left:
            neighbours[u].append(v)
            neighbours[v].append(u)
    pieces = []
    while left:
        waiting, piece = [min(left)], []
        left.discard(waiting[0])
        while waiting:
            here = waiting.pop()
            piece.append(here)
            for other in neighbours[here]:
                if other in left:
                    left.discard(other)
                    waiting.append(other)
        pieces.append(np.array(sorted(piece), np.int64))
    return pieces
