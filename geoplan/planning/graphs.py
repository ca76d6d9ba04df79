"""Neighbourhoods of units: who borders on whom, and which pieces hang together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.planning.instance import SplitCosts

__all__ = ["Neighbours", "pieces_of"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """
    The border graph, unit by unit.

    Parameters
    ----------
    first
        Where the neighbours of each unit begin, shape (units + 1,).
    unit, cost, passable
        Neighbour, cost of the border, and whether people can walk across.
    """

    first: IntArray
    unit: IntArray
    cost: IntArray
    passable: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, costs: SplitCosts, *, passable: bool = False) -> Neighbours:
        """Return the neighbourhoods of a problem; with ``passable`` only where people can walk across."""
        kept = costs.edge_passable if passable else np.ones(len(costs.edge_u), bool)
        u, v = costs.edge_u[kept], costs.edge_v[kept]
        here, there = np.concatenate([u, v]), np.concatenate([v, u])
        cost = np.tile(costs.edge_cost[kept], 2)
        open_ = np.tile(costs.edge_passable[kept], 2)
        order = np.lexsort((there, here))
        first = np.searchsorted(here[order], np.arange(costs.units + 1))
        return cls(first.astype(np.int64), there[order], cost[order], open_[order])

    def around(self, units: IntArray) -> IntArray:
        """Return the neighbours of some units that are not among them."""
        found = [self.unit[self.first[one] : self.first[one + 1]] for one in units.tolist()]
        return np.setdiff1d(np.concatenate(found) if found else np.zeros(0, np.int64), units)


def pieces_of(neighbours: Neighbours, units: Iterable[int]) -> list[IntArray]:
    """Return the connected pieces of some units, each ascending, the one with the lowest unit first."""
    left = dict.fromkeys(sorted(int(one) for one in units))
    pieces = []
    while left:
        start = next(iter(left))
        del left[start]
        waiting, piece = [start], []
        while waiting:
            here = waiting.pop()
            piece.append(here)
            for other in neighbours.unit[neighbours.first[here] : neighbours.first[here + 1]].tolist():
                if other in left:
                    del left[other]
                    waiting.append(other)
        pieces.append(np.array(sorted(piece), np.int64))
    return pieces
