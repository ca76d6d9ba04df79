"""One community as a problem for the solver: its compounds, seats, walks and limits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.communities import flag_oversized, rows_of_community
from geoplan.analysis.tally import counts
from geoplan.errors import PlanningError, some_ids
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.planning.blocks import community_blocks
from geoplan.planning.figures import Assignment, walk_metres
from geoplan.planning.instance import SplitCosts, SplitModel, SplitSolution
from geoplan.planning.limits import Limits, Measure, choose_measure, part_limits, unit_sizes
from geoplan.planning.plan import Blocks
from geoplan.planning.seats import candidate_seats, seat_walks
from geoplan.standards.standard import Standard
from geoplan.units import UNREACHED_MS, minutes_to_ms

__all__ = ["SplitProblem", "pair_edges", "prepare_split"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_METRES_A_UNIT = 1000
"""A walk costs households x metres / 1000, rounded."""
_DIFFER = 0.01
"""A community and its compounds whose counts differ by more of the community's are told of."""


@dataclass(frozen=True, eq=False)
class SplitProblem:
    """
    What a community gives the solver, whatever the number of parts.

    Parameters
    ----------
    blocks
        Compounds and borders.
    measure, sizes
        What is shared out, and how much of it each compound has.
    oversized
        The community's row of table ``oversized``.
    seats
        Candidate seats; None in model ``cut``.
    walk_ms
        Walks to them, shape (compounds, seats); None in model ``cut``.
    max_walk_ms
        The limit.
    speed_m_per_min
        Level pace.
    edges
        Pairs of neighbours: rows of both, cost, passable.
    """

    blocks: Blocks
    measure: Measure
    sizes: IntArray
    oversized: pd.Series
    seats: pd.DataFrame | None
    walk_ms: IntArray | None
    max_walk_ms: int
    speed_m_per_min: float
    edges: tuple[IntArray, IntArray, IntArray, BoolArray]

    def limits(self, parts: int, standard: Standard, tolerance: float | None) -> Limits:
        """Return how large a part may be, if there are so many."""
        return part_limits(int(self.sizes.sum()), parts, self.measure, standard, tolerance=tolerance)

    def costs(self, parts: int, limits: Limits) -> SplitCosts:
        """Return the problem as arrays."""
        units = len(self.sizes)
        seats = 0 if self.seats is None else len(self.seats)
        shape = (units, seats)
        u, v, cost, passable = self.edges
        costs = SplitCosts(
            households=self.sizes, edge_u=u, edge_v=v, edge_cost=cost, edge_passable=passable,
            parts=parts, lower=limits.lower, upper=limits.upper,
            seat_unit=np.zeros(0, np.int64), seat_fixed=np.zeros(0, bool),
            walk_cost=np.zeros(shape, np.int64), walk_allowed=np.ones(shape, bool),
        )  # fmt: skip
        if self.seats is None or self.walk_ms is None:
            return costs
        index = self.blocks.cells.index
        return dataclasses.replace(
            costs,
            seat_unit=index.get_indexer(self.seats["residence_id"]).astype(np.int64),
            seat_fixed=self.seats["fixed"].to_numpy(bool),
            walk_cost=self._walk_cost(self.walk_ms),
            walk_allowed=self._allowed(self.walk_ms),
        )

    def _walk_cost(self, walk_ms: IntArray) -> IntArray:
        """Return what it costs that a compound belongs to a seat."""
        people = self._people()
        metres = np.nan_to_num(walk_metres(walk_ms, self.speed_m_per_min))
        cost: IntArray = np.rint(people[:, None] * metres / _METRES_A_UNIT).astype(np.int64)
        return cost

    def _people(self) -> npt.NDArray[np.float64]:
        """Return the weight of each compound's walk: those who walk, not square metres."""
        if self.measure != "area_m2":
            return np.asarray(self.sizes, np.float64)
        cells = self.blocks.cells
        for column in ("households", "persons"):
            if cells[column].notna().all():
                return np.asarray(cells[column].to_numpy(float))
        return np.ones(len(cells))

    def _allowed(self, walk_ms: IntArray) -> BoolArray:
        """Tell which walks are within the limit; of a compound off every street nothing is known."""
        off = ((walk_ms == UNREACHED_MS) | (walk_ms == 0)).all(axis=1)
        allowed: BoolArray = (walk_ms <= self.max_walk_ms) | off[:, None]
        return allowed

    def assignment(self, solution: SplitSolution) -> Assignment:
        """Return a solution as compounds in parts."""
        parts = int(solution.part.max()) + 1
        seat = solution.seat if len(solution.seat) else np.full(parts, -1, np.int64)
        return Assignment(
            blocks=self.blocks, measure=self.measure, part=solution.part, parts=parts, seats=self.seats,
            seat=seat, walk_ms=self.walk_ms, speed_m_per_min=self.speed_m_per_min,
        )  # fmt: skip

    def nobody(self) -> Assignment:
        """Return the assignment that puts no compound into any part."""
        return Assignment(
            blocks=self.blocks, measure=self.measure, part=np.full(len(self.sizes), -1, np.int64), parts=0,
            seats=self.seats, seat=np.zeros(0, np.int64), walk_ms=self.walk_ms,
            speed_m_per_min=self.speed_m_per_min,
        )  # fmt: skip


def prepare_split(
    network: WalkNetwork | None,
    study: Study,
    community_id: str,
    standard: Standard,
    *,
    model: SplitModel,
    fixed_seats: Sequence[str] = (),
    max_walk_minutes: float | None = None,
) -> SplitProblem:
    """
    Prepare a community for the solver.

    Parameters
    ----------
    network
        The study's; without one the model is ``cut``.
    study
        Needs ``communities`` and ``residences``; takes ``premises``, ``centres``, ``streets``, ``barriers``.
    community_id
        Which community.
    standard
        Rules used: those of size, ``split.max_walk``, ``split.weight_*`` and walking.
    model
        ``seat`` or ``cut``.
    fixed_seats
        Ids of premises, centres or compounds that must be seats besides the present one.
    max_walk_minutes
        In place of the standard's.

    Raises
    ------
    PlanningError
        If a figure is missing, a seat is unknown, or the walk limit is no positive number.
    """
    (communities,) = study.need("communities")
    minutes = standard.number("split.max_walk") if max_walk_minutes is None else max_walk_minutes
    if not 0 < minutes < math.inf:
        raise PlanningError("error.split_max_walk", value=minutes)
    blocks = community_blocks(study, community_id, standard)
    measure = choose_measure(study, community_id, blocks, standard)
    blocks = dataclasses.replace(blocks, notes=(*blocks.notes, *_notes(study, blocks, measure)))
    seats = walk_ms = None
    if model == "seat" and network is not None:
        seats = _fix(candidate_seats(study, community_id, blocks), blocks, fixed_seats)
        walk_ms = seat_walks(network, study, standard, blocks, seats)
    return SplitProblem(
        blocks=blocks,
        measure=measure,
        sizes=unit_sizes(blocks, measure),
        oversized=flag_oversized(communities.loc[[community_id]], standard).iloc[0],
        seats=seats,
        walk_ms=walk_ms,
        max_walk_ms=minutes_to_ms(minutes),
        speed_m_per_min=standard.number("walking.speed"),
        edges=pair_edges(blocks),
    )


def _notes(study: Study, blocks: Blocks, measure: Measure) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what the split leaves out: people who are in no compound, premises without a place."""
    (communities,) = study.need("communities")
    own = communities.loc[[blocks.community_id]]
    if measure != "area_m2" and measure in own:
        stated, counted = float(counts(own, measure)[0]), float(counts(blocks.cells, measure).sum())
        if abs(stated - counted) > _DIFFER * stated:
            yield "note.counts_differ", {"column": measure, "stated": int(stated), "counted": int(counted)}
    if study.premises is not None:
        premises = rows_of_community(study.premises, blocks.community_id)
        places = premises.geometry.to_numpy()
        lost = premises.index[shapely.is_missing(places) | shapely.is_empty(places)]
        if len(lost):
            yield "note.premises_without_place", {"ids": some_ids(lost)}


def pair_edges(blocks: Blocks) -> tuple[IntArray, IntArray, IntArray, BoolArray]:
    """Return each pair of neighbours once: rows of both, cost of cutting, whether people can pass."""
    borders = pd.DataFrame(blocks.borders.drop(columns=blocks.borders.geometry.name))
    pairs = borders.groupby(["residence_u", "residence_v"], sort=True).agg(
        cost=("cost", "sum"), passable=("passable", "any")
    )
    index = blocks.cells.index
    return (
        index.get_indexer(pairs.index.get_level_values(0)).astype(np.int64),
        index.get_indexer(pairs.index.get_level_values(1)).astype(np.int64),
        np.rint(pairs["cost"].to_numpy(float)).astype(np.int64),
        pairs["passable"].to_numpy(bool),
    )


def _fix(seats: pd.DataFrame, blocks: Blocks, ids: Sequence[str]) -> pd.DataFrame:
    unknown = [one for one in ids if one not in set(seats["seat_id"])]
    if unknown:
        raise PlanningError("error.split_unknown_seat", community=blocks.name, ids=some_ids(unknown))
    return seats.assign(fixed=seats["fixed"] | seats["seat_id"].isin(list(ids)))
