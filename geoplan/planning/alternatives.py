"""Other plans worth showing beside the best, each named for what it does better."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from geoplan.analysis.tally import counts
from geoplan.planning.instance import SplitCosts, SplitSolution
from geoplan.planning.problem import SplitProblem
from geoplan.planning.split_search import Found, search_split

__all__ = ["KINDS", "MAIN_CLASSES", "MOST_ALTERNATIVES", "clearly_different", "find_alternatives"]

IntArray = npt.NDArray[np.int64]

KINDS = ("main_roads", "fewest_moves", "shortest_walks", "best_balance", "different")
"""Kinds of alternative, in the order in which they are looked for."""
MOST_ALTERNATIVES = 3
MAIN_CLASSES = ("arterial", "railway", "river", "expressway")
_DIFFERENT = 0.1
"""Plans differ clearly if a tenth of the households is in another part, however the parts are matched."""
_FIRST = 100
"""Weight of what an alternative is about against everything else."""
_RINGS = (-1, 0, 1, 2)
"""How many compounds away from the borders of plans already shown new borders are kept: first not at all."""


@dataclass(frozen=True, eq=False)
class _Aim:
    """What an alternative is to do better: costs that ask for it, and the figure that must fall."""

    kind: str
    costs: SplitCosts
    value: Callable[[IntArray, IntArray], float] | None = None


def find_alternatives(
    problem: SplitProblem, costs: SplitCosts, best: SplitSolution, *, seed: int
) -> Iterator[tuple[str, Found | None]]:
    """
    Look for up to three plans that differ clearly from the best and from each other.

    Parameters
    ----------
    problem, costs, best
        What was solved, and how.
    seed
        Of the search.

    Yields
    ------
    kind, found
        For each kind tried, a plan that keeps every limit, or None. Against the best, ``main_roads`` has
        fewer metres of border that is no main road, railway, river or expressway; ``fewest_moves`` has fewer
        persons leave the part with the present seat; ``shortest_walks`` has the shorter mean walk;
        ``best_balance`` the smaller largest deviation; ``different`` differs, no more. Where a plan would be
        too much alike, its borders are kept away from those already shown.
    """
    shown = [best.part]
    for aim in _aims(problem, costs, best):
        if len(shown) > MOST_ALTERNATIVES:
            return
        found = _different(problem, aim, best, shown, seed)
        if found is not None:
            shown.append(found.part)
        yield aim.kind, found


def _different(
    problem: SplitProblem, aim: _Aim, best: SplitSolution, shown: list[IntArray], seed: int
) -> Found | None:
    """Return a plan that serves an aim better than the best does, clearly different from all shown."""
    for ring in _RINGS:
        away = dataclasses.replace(aim.costs, edge_cost=_away(aim.costs, shown, ring))
        other = search_split(away, seed=seed, start=best.part)
        if other is None:
            continue
        better = aim.value is None or aim.value(other.part, other.seat) < aim.value(best.part, best.seat)
        if better and all(clearly_different(problem.sizes, other.part, one) for one in shown):
            return other
    return None


def _away(costs: SplitCosts, shown: list[IntArray], ring: int) -> IntArray:
    """Return costs of borders where those within ``ring`` compounds of a border already cut are dear."""
    u, v = costs.edge_u, costs.edge_v
    near = np.zeros(len(u), bool)
    for part in shown if ring >= 0 else []:
        own = part[u] != part[v]
        for _ in range(ring):
            units = np.union1d(u[own], v[own])
            own = np.isin(u, units) | np.isin(v, units)
        near |= own
    dear = _FIRST * max(1, int(np.median(costs.edge_cost)) if len(u) else 1)
    cost: IntArray = np.where(near, costs.edge_cost + dear, costs.edge_cost)
    return cost


def _aims(problem: SplitProblem, costs: SplitCosts, best: SplitSolution) -> Iterator[_Aim]:
    u, v = costs.edge_u, costs.edge_v
    minor = _minor_metres(problem)
    yield _Aim(
        "main_roads",
        dataclasses.replace(costs, edge_cost=costs.edge_cost + _FIRST * minor),
        lambda part, _: float(minor[part[u] != part[v]].sum()),
    )
    if costs.seat_fixed.any():
        persons = counts(problem.blocks.cells, "persons")
        people = np.where(np.isnan(persons), problem.sizes, persons).astype(np.int64)
        leaving = _FIRST * people[:, None] * ~costs.seat_fixed[None, :]
        yield _Aim(
            "fewest_moves",
            dataclasses.replace(costs, walk_cost=costs.walk_cost + leaving),
            lambda part, seat: float(people[~costs.seat_fixed[seat[part]]].sum()),
        )
    if costs.seats:
        yield _Aim(
            "shortest_walks",
            dataclasses.replace(costs, walk_cost=costs.walk_cost * _FIRST),
            lambda part, seat: float(costs.walk_cost[np.arange(costs.units), seat[part]].sum()),
        )

    def deviation(part: IntArray, _: IntArray) -> float:
        held = np.bincount(part, problem.sizes, costs.parts)
        return float(np.abs(held - held.sum() / costs.parts).max())

    share, half = problem.sizes.sum() / costs.parts, deviation(best.part, best.seat) / 2
    lower, upper = max(costs.lower, int(np.ceil(share - half))), min(costs.upper, int(share + half))
    if lower <= upper:
        yield _Aim("best_balance", dataclasses.replace(costs, lower=lower, upper=upper), deviation)
    yield _Aim("different", costs)


def _minor_metres(problem: SplitProblem) -> IntArray:
    """Return, pair by pair, the metres of border along nothing that people know as an edge."""
    borders = pd.DataFrame(problem.blocks.borders.drop(columns=problem.blocks.borders.geometry.name))
    minor = borders["length_m"].where(~borders["border_class"].isin(MAIN_CLASSES), 0.0)
    sums = minor.groupby([borders["residence_u"], borders["residence_v"]], sort=True).sum()
    metres: IntArray = np.rint(sums.to_numpy(float)).astype(np.int64)
    return metres


def clearly_different(sizes: IntArray, part: IntArray, other: IntArray) -> bool:
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
