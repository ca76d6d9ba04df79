"""Which single change would make an impossible split possible."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.planning.instance import SplitCosts
from geoplan.planning.limits import even_limits
from geoplan.planning.split_exact import SeatModel
from geoplan.planning.split_reasons import split_reasons
from geoplan.planning.split_search import search_split
from geoplan.units import UNREACHED_MS

__all__ = ["RelaxedSplit", "is_possible", "relax_split"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RelaxedSplit:
    """
    A single change under which a split exists.

    Parameters
    ----------
    kind
        As in `geoplan.planning.plan.Relaxation`.
    value
        The new tolerance, walk limit [as ``walk_value``] or number of parts; NaN for the other kinds.
    units
        Where a seat is missing, or the two between which a crossing is.
    change
        How much it changes, against what it was.
    costs
        The problem after the change.
    """

    kind: str
    value: float
    units: tuple[int, ...]
    change: float
    costs: SplitCosts


def relax_split(
    costs: SplitCosts,
    *,
    tolerance: float,
    hard_lower: int = 0,
    hard_upper: int | None = None,
    walk_value: IntArray | None = None,
    max_walk: int = 0,
    seed: int = 0,
    seconds: float = 10.0,
) -> list[RelaxedSplit]:
    """
    Return single changes that make an impossible split possible, the smallest first.

    Parameters
    ----------
    costs
        A problem without a solution.
    tolerance
        Deviation from an even share that gave its limits; raised in steps of 0.001.
    hard_lower, hard_upper
        Limits that no tolerance lifts.
    walk_value, max_walk
        Walks, shape (units, seats), and the limit that gave ``walk_allowed``; None leaves it as it is.
    seed, seconds
        As in `split_from_costs`, for each change tried.

    Returns
    -------
    For each kind of change the smallest that works; kinds that do not help alone are absent.
    """

    def works(changed: SplitCosts) -> bool:
        return not split_reasons(changed) and is_possible(changed, seed=seed, seconds=seconds)

    found = [
        *_more_tolerance(costs, tolerance, hard_lower, hard_upper, works),
        *_longer_walk(costs, walk_value, max_walk, works),
        *_other_seat(costs, works),
        *_crossing(costs, works),
        *_other_parts(costs, tolerance, hard_lower, hard_upper, works),
    ]
    return sorted(found, key=lambda one: one.change)


def is_possible(costs: SplitCosts, *, seed: int, seconds: float) -> bool:
    """Tell whether a split exists: found by search, or by HiGHS without costs; False if neither found one."""
    if search_split(costs, seed=seed) is not None:
        return True
    free = dataclasses.replace(
        costs, edge_cost=np.zeros_like(costs.edge_cost), walk_cost=np.zeros_like(costs.walk_cost)
    )
    model = SeatModel(free)
    if model.lp_bound() == math.inf:
        return False
    return bool(len(model.solve(seconds=seconds).part))


def _limited(costs: SplitCosts, parts: int, tolerance: float, lower: int, upper: int | None) -> SplitCosts:
    even_lower, even_upper = even_limits(int(costs.households.sum()), parts, tolerance)
    most = even_upper if upper is None else min(even_upper, upper)
    return dataclasses.replace(costs, parts=parts, lower=max(even_lower, lower), upper=most)


def _smallest(values: Sequence[float], works: Callable[[float], bool]) -> float | None:
    """Return the smallest of ascending values that works, if what works at one works at all larger."""
    if not len(values) or not works(values[-1]):
        return None
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if works(values[middle]):
            high = middle
        else:
            low = middle + 1
    return values[low]


def _more_tolerance(
    costs: SplitCosts, tolerance: float, lower: int, upper: int | None, works: Callable[[SplitCosts], bool]
) -> Iterator[RelaxedSplit]:
    values = [step / 1000 for step in range(math.floor(tolerance * 1000 + 1e-9) + 1, 1000)]
    least = _smallest(values, lambda one: works(_limited(costs, costs.parts, one, lower, upper)))
    if least is not None:
        changed = _limited(costs, costs.parts, least, lower, upper)
        yield RelaxedSplit("tolerance", least, (), least - tolerance, changed)


def _longer_walk(
    costs: SplitCosts, walk: IntArray | None, limit: int, works: Callable[[SplitCosts], bool]
) -> Iterator[RelaxedSplit]:
    if walk is None:
        return

    def changed(value: float) -> SplitCosts:
        return dataclasses.replace(costs, walk_allowed=costs.walk_allowed | (walk <= value))

    longer = np.unique(walk[(walk > limit) & (walk != UNREACHED_MS)])
    least = _smallest(longer.tolist(), lambda one: works(changed(one)))
    if least is not None:
        yield RelaxedSplit("max_walk", least, (), (least - limit) / limit, changed(least))


def _other_seat(costs: SplitCosts, works: Callable[[SplitCosts], bool]) -> Iterator[RelaxedSplit]:
    """Let the fixed seats go; or put one more where none is, and take its walks as within the limit."""
    if not costs.seats:
        return
    if costs.seat_fixed.any():
        free = dataclasses.replace(costs, seat_fixed=np.zeros_like(costs.seat_fixed))
        if works(free):
            units = costs.seat_unit[costs.seat_fixed]
            yield RelaxedSplit("present_seat", math.nan, tuple(units.tolist()), 1.0, free)
    for unit in np.setdiff1d(np.arange(costs.units), costs.seat_unit).tolist():
        more = dataclasses.replace(
            costs,
            seat_unit=np.append(costs.seat_unit, unit),
            seat_fixed=np.append(costs.seat_fixed, False),
            walk_cost=np.column_stack([costs.walk_cost, np.zeros(costs.units, np.int64)]),
            walk_allowed=np.column_stack([costs.walk_allowed, np.ones(costs.units, bool)]),
        )
        if works(more):
            yield RelaxedSplit("seat", math.nan, (unit,), 1.0, more)
            return


def _crossing(costs: SplitCosts, works: Callable[[SplitCosts], bool]) -> Iterator[RelaxedSplit]:
    """Open one border that nobody can cross; the first that works, the costliest barrier last."""
    for edge in np.flatnonzero(~costs.edge_passable).tolist():
        passable = costs.edge_passable.copy()
        passable[edge] = True
        changed = dataclasses.replace(costs, edge_passable=passable)
        if works(changed):
            units = (int(costs.edge_u[edge]), int(costs.edge_v[edge]))
            yield RelaxedSplit("crossing", math.nan, units, 1.0, changed)
            return


def _other_parts(
    costs: SplitCosts, tolerance: float, lower: int, upper: int | None, works: Callable[[SplitCosts], bool]
) -> Iterator[RelaxedSplit]:
    reach = max(3, costs.parts - 2)
    for more in (sign * step for step in range(1, reach + 1) for sign in (1, -1)):
        parts = costs.parts + more
        changed = _limited(costs, parts, tolerance, lower, upper) if 1 < parts <= costs.units else None
        if changed is not None and works(changed):
            yield RelaxedSplit("parts", parts, (), abs(more) / costs.parts, changed)
            return
