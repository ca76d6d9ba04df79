"""Other plans worth showing beside the best: along main roads, or moving the fewest persons."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from geoplan.analysis.tally import counts
from geoplan.planning.instance import SplitCosts
from geoplan.planning.problem import SplitProblem

__all__ = ["alternative_costs", "clearly_different"]

MAIN_CLASSES = ("arterial", "railway", "river", "expressway")
_DIFFERENT = 0.1
"""Plans differ clearly if a tenth of the households is in another part, however the parts are matched."""
_FIRST = 100
"""Weight of what an alternative is about against everything else."""


def alternative_costs(
    problem: SplitProblem, costs: SplitCosts, members: pd.DataFrame
) -> Iterator[tuple[str, SplitCosts]]:
    """
    Yield kinds of alternative, and the costs under which they are best.

    Parameters
    ----------
    problem, costs
        What was solved.
    members
        Table ``split_members`` of the best plan.

    Yields
    ------
    kind, costs
        ``main_roads``: a metre of border that is no main road, railway, river or expressway costs a
        hundred times as much. ``fewest_moves``: each person who leaves the part with the present seat
        costs one beside a hundredth of everything else; left out if nobody would change hands anyway or
        no seat is fixed.
    """
    yield (
        "main_roads",
        dataclasses.replace(costs, edge_cost=costs.edge_cost + _FIRST * _minor_metres(problem)),
    )
    moves = members["changes_hands"]
    if not costs.seat_fixed.any() or not moves.fillna(False).astype(bool).any():
        return
    persons = counts(problem.blocks.cells, "persons")
    people = np.where(np.isnan(persons), problem.sizes, persons).astype(np.int64)
    leaving = _FIRST * people[:, None] * ~costs.seat_fixed[None, :]
    yield "fewest_moves", dataclasses.replace(costs, walk_cost=costs.walk_cost + leaving)


def _minor_metres(problem: SplitProblem) -> npt.NDArray[np.int64]:
    """Return, pair by pair, the metres of border along nothing that people know as an edge."""
    borders = pd.DataFrame(problem.blocks.borders.drop(columns=problem.blocks.borders.geometry.name))
    minor = borders["length_m"].where(~borders["border_class"].isin(MAIN_CLASSES), 0.0)
    sums = minor.groupby([borders["residence_u"], borders["residence_v"]], sort=True).sum()
    metres: npt.NDArray[np.int64] = np.rint(sums.to_numpy(float)).astype(np.int64)
    return metres


def clearly_different(
    sizes: npt.NDArray[np.int64], part: npt.NDArray[np.int64], other: npt.NDArray[np.int64]
) -> bool:
    """
    Tell whether two splits put at least a tenth of the people into different parts.

    Examples
    --------
    >>> sizes = np.array([10, 10, 10])
    >>> clearly_different(sizes, np.array([0, 0, 1]), np.array([1, 1, 0]))
    False
    >>> clearly_different(sizes, np.array([0, 0, 1]), np.array([0, 1, 1]))
    True
    """
    shared = np.zeros((part.max() + 1, other.max() + 1))
    np.add.at(shared, (part, other), sizes)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return bool(sizes.sum() - shared[rows, columns].sum() >= _DIFFERENT * sizes.sum())
