"""Siting as plain arrays: the problem, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geoplan.errors import PlanningError, some_ids
from geoplan.units import UNREACHED_MS

__all__ = [
    "CAPACITATED_LIMIT",
    "SITING_MODELS",
    "BoolArray",
    "FloatArray",
    "IntArray",
    "SitingCosts",
    "SitingModel",
    "SitingSolution",
    "SitingStatus",
    "siting_costs",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

SitingModel = Literal["lscp", "mclp", "p_median", "p_centre"]
SitingStatus = Literal["optimal", "feasible", "infeasible"]
SITING_MODELS = ("lscp", "mclp", "p_median", "p_centre")

_EXACT = 2**53
"""Up to here a float holds every whole number, so that sums are exact."""
_FAR = 4
"""In searches, being served by nobody costs this many times the longest walk."""
CAPACITATED_LIMIT = 400_000
"""Walks up to which HiGHS is given a model with a column each."""


@dataclass(frozen=True, eq=False)
class SitingCosts:
    """
    Demand, candidates, and the walks between them.

    Parameters
    ----------
    demand, candidate, cost
        One entry a walk that is possible, by candidate, then by demand.
    weights
        What each demand weighs, shape (demands,).
    fixed
        Candidates that are always chosen, shape (candidates,).
    capacities
        Most weight that each candidate can serve; None: any.
    p
        Most candidates chosen, the fixed ones included.
    """

    demand: IntArray
    candidate: IntArray
    cost: IntArray
    weights: IntArray
    fixed: BoolArray
    capacities: IntArray | None
    p: int

    @property
    def demands(self) -> int:
        """How many demands."""
        return len(self.weights)

    @property
    def candidates(self) -> int:
        """How many candidates."""
        return len(self.fixed)

    @cached_property
    def claims(self) -> BoolArray:
        """Demand that must be served: it weighs something, and some candidate can serve it."""
        reached = np.zeros(self.demands, bool)
        reached[self.demand] = True
        return reached & (self.weights > 0)

    @cached_property
    def uncoverable(self) -> IntArray:
        """Demand that weighs something and that no candidate can serve."""
        return np.flatnonzero((self.weights > 0) & ~self.claims)

    @cached_property
    def far(self) -> float:
        """What it costs a search that a demand is served by nobody."""
        return float(_FAR * (int(self.cost.max(initial=0)) + 1))

    @cached_property
    def nearest_first(self) -> IntArray:
        """Entries by demand, then by cost, then by candidate."""
        return np.lexsort((self.candidate, self.cost, self.demand))

    def within(self, limit: int) -> SitingCosts:
        """Return the problem without walks longer than ``limit``."""
        return self.only(self.cost <= limit)

    def only(self, kept: BoolArray) -> SitingCosts:
        """Return the problem with some of its walks."""
        return SitingCosts(
            self.demand[kept], self.candidate[kept], self.cost[kept], self.weights, self.fixed,
            self.capacities, self.p,
        )  # fmt: skip

    def served_at_all(self) -> SitingCosts:
        """Return the problem without walks that no candidate has the room for."""
        if self.capacities is None:
            return self
        return self.only(self.weights[self.demand] <= self.capacities[self.candidate])


@dataclass(frozen=True, eq=False)
class SitingSolution:
    """
    The answer to a siting problem.

    Parameters
    ----------
    model
        ``lscp``, ``mclp``, ``p_median`` or ``p_centre``.
    status
        ``optimal``: proven. ``feasible``: see `gap`. ``infeasible``: proven that no choice serves all demand
        that some candidate could serve.
    chosen
        Candidates chosen, ascending, the fixed ones among them; empty if infeasible.
    assignment
        The candidate that serves each demand, -1 for none, shape (demands,). Without capacities the nearest
        chosen one; of those equally near, the lowest.
    objective, bound
        Value reached, and a proven bound on every choice; NaN if infeasible.
    gap
        Their distance, as a share of the larger; 0 if optimal, NaN if infeasible.
    uncoverable
        Demand that no candidate can serve, whatever is chosen. It is left out of the objective.
    seed
        Seed of the search.
    """

    model: SitingModel
    status: SitingStatus
    chosen: IntArray
    assignment: IntArray
    objective: float
    bound: float
    gap: float
    uncoverable: IntArray
    seed: int


def siting_costs(
    costs: Any,
    *,
    weights: Any = None,
    fixed: Any = None,
    capacities: Any = None,
    p: int | None = None,
    limit: int | None = None,
) -> SitingCosts:
    """
    Check arrays, and put them into one shape.

    Parameters
    ----------
    costs
        Walks of demand x candidates in whole numbers: a dense array, in which `UNREACHED_MS` or infinity is
        no way; or a scipy sparse one, in which only stored entries (zeros too) are ways.
    weights
        Whole numbers, one a demand; None: 1 each. What weighs 0 makes no claim to be served.
    fixed
        Candidates that are always chosen: a mask, or their numbers.
    capacities
        Whole numbers above 0, one a candidate.
    p
        Most candidates chosen, the fixed ones included; None: all.
    limit
        Longest walk that counts; a walk of exactly this counts. None: any.

    Raises
    ------
    PlanningError
        Naming all that is wrong.
    """
    demand, candidate, cost, shape = _entries(costs)
    mask, faults = _mask(fixed, shape[1])
    faults += _value_faults("costs", cost, demand)
    weight = np.ones(shape[0]) if weights is None else np.asarray(weights, np.float64)
    room = None if capacities is None else np.asarray(capacities, np.float64)
    faults += _vector_faults("weights", weight, shape[0], least=0)
    if room is not None:
        faults += _vector_faults("capacities", room, shape[1], least=1)
    if not shape[0] or not shape[1]:
        faults.append(PlanningError("error.siting_empty", demands=shape[0], candidates=shape[1]))
    if p is not None and not (isinstance(p, int | np.integer) and max(1, int(mask.sum())) <= p <= shape[1]):
        faults.append(PlanningError("error.siting_p", p=p, candidates=shape[1], fixed=int(mask.sum())))
    if limit is not None and not (np.isfinite(limit) and limit >= 0):
        faults.append(PlanningError("error.siting_limit", limit=limit))
    if not faults and weight.sum() * _FAR * (cost.max(initial=0.0) + 1) >= _EXACT:
        faults.append(PlanningError("error.siting_large", total=f"{_EXACT / _FAR:.3g}"))
    if faults:
        raise PlanningError("error.siting_arrays", faults=faults, count=len(faults))
    order = np.lexsort((demand, candidate))
    made = SitingCosts(
        demand[order], candidate[order], cost[order].astype(np.int64), weight.astype(np.int64), mask,
        None if room is None else room.astype(np.int64), shape[1] if p is None else int(p),
    )  # fmt: skip
    return (made if limit is None else made.within(int(limit))).served_at_all()


def _entries(costs: Any) -> tuple[IntArray, IntArray, FloatArray, tuple[int, int]]:
    """Return the walks that are possible, and the shape."""
    if sparse.issparse(costs):
        coo = sparse.coo_array(costs)
        coo.sum_duplicates()
        row, column = (np.asarray(one, np.int64) for one in coo.coords)
        return row, column, np.asarray(coo.data, np.float64), coo.shape
    dense = np.asarray(costs)
    if dense.ndim != 2:
        wanted = PlanningError(
            "error.siting_shape", name="costs", found=dense.shape, wanted="(demands, candidates)"
        )
        raise PlanningError("error.siting_arrays", faults=[wanted], count=1)
    way = ~np.isposinf(dense.astype(np.float64)) & (dense != UNREACHED_MS)
    row, column = np.nonzero(way)
    return row.astype(np.int64), column.astype(np.int64), dense[way].astype(np.float64), dense.shape


def _mask(fixed: Any, candidates: int) -> tuple[BoolArray, list[PlanningError]]:
    mask = np.zeros(candidates, bool)
    if fixed is None:
        return mask, []
    given = np.asarray(fixed)
    if given.dtype == bool:
        if given.shape == (candidates,):
            return given.copy(), []
        return mask, [_wrong_shape("fixed", given, candidates)]
    inside = (given >= 0) & (given < candidates) & (given == np.rint(given))
    if not inside.all():
        return mask, [
            PlanningError("error.siting_fixed", ids=some_ids(given[~inside]), candidates=candidates)
        ]
    mask[given.astype(np.int64)] = True
    return mask, []


def _wrong_shape(name: str, given: npt.NDArray[Any], wanted: int) -> PlanningError:
    return PlanningError("error.siting_shape", name=name, found=given.shape, wanted=f"({wanted},)")


def _value_faults(name: str, values: FloatArray, rows: IntArray, *, least: int = 0) -> list[PlanningError]:
    wrong = ~np.isfinite(values) | (values < least) | (values != np.rint(values))
    if not wrong.any():
        return []
    return [
        PlanningError("error.siting_values", name=name, least=least, rows=some_ids(np.unique(rows[wrong])))
    ]


def _vector_faults(name: str, values: FloatArray, count: int, *, least: int) -> list[PlanningError]:
    if values.shape != (count,):
        return [_wrong_shape(name, values, count)]
    return _value_faults(name, values, np.arange(count), least=least)
