"""Instances to split, and the judge of every contestant's answer: plain arithmetic on the definition."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from geoplan.planning.instance import SplitCosts
from geoplan.planning.split_search import search_split

__all__ = ["GROUPS", "Instance", "Judgement", "anning", "judge", "known_answers", "load", "planar"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

GROUPS = ("anning", "known", "planar")
_ROOT = Path(__file__).resolve().parents[1]
_KNOWN = _ROOT / "../shared/data/known_answers/split"
_BARRIERS = ("river", "railway", "rail", "expressway", "wall")


@dataclass(frozen=True, eq=False)
class Instance:
    """
    One community to be split.

    Parameters
    ----------
    name
        Which.
    costs
        The problem with seats, or without if nothing is known of walks.
    xy
        Place of each unit [m].
    barrier_m
        Metres of river, railway, expressway or wall along each edge.
    walk_m
        Walks from units to candidate seats [m], NaN if unknown; None without seats.
    possible
        Whether a split by borders is known to exist.
    """

    name: str
    costs: SplitCosts
    xy: FloatArray
    barrier_m: FloatArray
    walk_m: FloatArray | None = None
    possible: bool = True

    @property
    def borders(self) -> SplitCosts:
        """The same problem by borders alone: what the peers can be asked."""
        units = self.costs.units
        return dataclasses.replace(
            self.costs, seat_unit=np.zeros(0, np.int64), seat_fixed=np.zeros(0, bool),
            walk_cost=np.zeros((units, 0), np.int64), walk_allowed=np.zeros((units, 0), bool),
        )  # fmt: skip


@dataclass(frozen=True)
class Judgement:
    """
    What an answer is worth.

    Parameters
    ----------
    feasible
        As many parts as asked for, each within the limits and in one piece on the passable borders.
    deviation
        Greatest deviation from an even share.
    cut
        Cost of the borders cut.
    barrier_m
        Barriers that run inside parts [m].
    mean_walk_m
        Mean walk of a household to the best seat of its part; NaN where nothing is known of walks.
    walks_kept
        Whether every part has a seat that all of it may walk to.
    """

    feasible: bool
    deviation: float
    cut: float
    barrier_m: float
    mean_walk_m: float
    walks_kept: bool


def judge(instance: Instance, part: IntArray) -> Judgement:
    """Judge an answer: the part of each unit, whatever the numbers are called."""
    costs = instance.costs
    _, own = np.unique(part, return_inverse=True)
    parts = int(own.max()) + 1
    held = np.bincount(own, costs.households, parts)
    share = costs.households.sum() / costs.parts
    cut = own[costs.edge_u] != own[costs.edge_v]
    walks = [_best_seat(instance, own == number) for number in range(parts)]
    weight = np.concatenate([costs.households[own == number] for number in range(parts)])
    metres = np.concatenate([one for one, _ in walks])
    known = ~np.isnan(metres) & (weight > 0)
    return Judgement(
        feasible=parts == costs.parts
        and bool(((held >= costs.lower) & (held <= costs.upper)).all())
        and _pieces(costs, own) == parts,
        deviation=float(np.abs(held / share - 1).max()),
        cut=float(costs.edge_cost[cut].sum()),
        barrier_m=float(instance.barrier_m[~cut].sum()),
        mean_walk_m=float(np.average(metres[known], weights=weight[known])) if known.any() else float("nan"),
        walks_kept=all(kept for _, kept in walks),
    )


def _pieces(costs: SplitCosts, own: IntArray) -> int:
    """Return in how many pieces the parts lie."""
    kept = costs.edge_passable & (own[costs.edge_u] == own[costs.edge_v])
    size = costs.units
    graph = coo_array((np.ones(kept.sum()), (costs.edge_u[kept], costs.edge_v[kept])), shape=(size, size))
    return int(connected_components(graph, directed=False)[0])


def _best_seat(instance: Instance, own: npt.NDArray[np.bool_]) -> tuple[FloatArray, bool]:
    """
    Return the walks of a part's units to its best seat [m], and whether all are within the limit.

    A part that holds a seat which must be one has that; it cannot hold two.
    """
    costs = instance.costs
    seats = np.flatnonzero(own[costs.seat_unit])
    fixed = seats[costs.seat_fixed[seats]]
    seats = fixed if len(fixed) else seats
    if instance.walk_m is None or not len(seats):
        return np.full(int(own.sum()), np.nan), False
    total = costs.walk_cost[np.ix_(own, seats)].sum(axis=0)
    kept = costs.walk_allowed[np.ix_(own, seats)].all(axis=0)
    best = seats[np.lexsort((seats, total, ~kept))[0]]
    return instance.walk_m[own, best], bool(kept.any()) and len(fixed) < 2


def load(group: str) -> list[Instance]:
    """
    Return the instances of a group.

    Raises
    ------
    FileNotFoundError
        If the known answers are not beside the checkout.
    """
    return {"anning": anning, "known": known_answers, "planar": lambda: [planar(1000, 8, seed=1)]}[group]()


def anning() -> list[Instance]:
    """Return the oversized communities of the synthetic Anning study, each in the fewest parts that work."""
    from geoplan.analysis.communities import flag_oversized
    from geoplan.io.study_folder import read_study
    from geoplan.network.build import walk_network
    from geoplan.planning.figures import walk_metres
    from geoplan.planning.problem import prepare_split
    from geoplan.standards.parse import load_standard

    study, standard = read_study(_ROOT / "data" / "anning"), load_standard("default")
    network = walk_network(study)
    flagged = flag_oversized(study.need("communities")[0], standard)
    found = []
    for community_id in flagged.index[flagged["size"] == "oversized"]:
        problem = prepare_split(network, study, str(community_id), standard, model="seat")
        costs = _fewest_parts(problem, standard)
        centroid = problem.blocks.cells.geometry.centroid
        found.append(
            Instance(
                name=problem.blocks.name,
                costs=costs,
                xy=np.column_stack([centroid.x, centroid.y]),
                barrier_m=_barrier_metres(problem.blocks, costs),
                walk_m=walk_metres(np.asarray(problem.walk_ms), problem.speed_m_per_min),
            )
        )
    return found


def _fewest_parts(problem: Any, standard: Any) -> SplitCosts:
    """Return the problem in the fewest parts for which seats in reach are found, else in the fewest."""
    least = int(problem.oversized["parts_min"])
    tried = [problem.costs(one, problem.limits(one, standard, None)) for one in range(least, least + 3)]
    for costs in tried:
        if search_split(costs, seed=0) is not None:
            return costs
    return tried[0]


def _barrier_metres(blocks: Any, costs: SplitCosts) -> FloatArray:
    """Return the metres of barriers along each edge of the problem."""
    borders = blocks.borders[blocks.borders["border_class"].isin(_BARRIERS)]
    index = blocks.cells.index
    u, v = index.get_indexer(borders["residence_u"]), index.get_indexer(borders["residence_v"])
    metres = {}
    for one, other, length in zip(u.tolist(), v.tolist(), borders["length_m"].tolist(), strict=True):
        pair = min(one, other), max(one, other)
        metres[pair] = metres.get(pair, 0.0) + length
    edges = zip(costs.edge_u.tolist(), costs.edge_v.tolist(), strict=True)
    return np.array([metres.get((min(edge), max(edge)), 0.0) for edge in edges])


def known_answers() -> list[Instance]:
    """Return the instances with known answers, each once: with seats where it has them."""
    files = sorted(_KNOWN.glob("*.json"))
    if not files:
        raise FileNotFoundError("../shared/data/known_answers/split is not beside the checkout")
    chosen: dict[str, Path] = {}
    for file in files:
        chosen[file.stem.removesuffix("_cut").removesuffix("_seat")] = file  # seat sorts after cut
    return [_known(name, file) for name, file in chosen.items()]


def _known(name: str, file: Path) -> Instance:
    data = json.loads(file.read_text(encoding="utf-8"))
    units, edges, seats = data["units"], data["edges"], data.get("seats", [])
    walk_m = np.array(data["walk_m"], np.float64) if seats else np.zeros((len(units), 0))
    costs = SplitCosts(
        households=np.array([one["households"] for one in units], np.int64),
        edge_u=np.array([one["u"] for one in edges], np.int64),
        edge_v=np.array([one["v"] for one in edges], np.int64),
        edge_cost=np.array([one["cost"] for one in edges], np.int64),
        edge_passable=np.array([one["passable"] for one in edges], bool),
        parts=data["k"], lower=data["L"], upper=data["U"],
        seat_unit=np.array(seats, np.int64), seat_fixed=np.zeros(len(seats), bool),
        walk_cost=np.array(data["walk_cost"], np.int64) if seats else np.zeros((len(units), 0), np.int64),
        walk_allowed=walk_m <= data.get("reach_m", np.inf),
    )  # fmt: skip
    return Instance(
        name=name,
        costs=costs,
        xy=np.array([[one["x"], one["y"]] for one in units], np.float64),
        barrier_m=np.array([one["length"] if one["cls"] in _BARRIERS else 0.0 for one in edges]),
        walk_m=walk_m if seats else None,
        possible=data["status"] != "infeasible" or data["mode"] == "seat",
    )


def planar(units: int, parts: int, *, seed: int) -> Instance:
    """
    Return a random planar instance without seats: a jittered grid, triangulated, with main roads and a river.

    Parameters
    ----------
    units, parts
        How many; an even share is met within 5 %.
    seed
        The same seed gives the same instance.
    """
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(units)))
    grid = np.stack(np.divmod(np.arange(units), side), axis=1)[:, ::-1] * 100.0
    xy = grid + rng.uniform(-30, 30, grid.shape)
    corners = Delaunay(xy).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = pairs[np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) < 220]
    metres = np.rint(np.clip(rng.normal(70, 25, len(pairs)), 5, None))
    ends = grid[pairs] / 100.0
    north = ends[:, :, 1] >= side * 0.4
    river = north[:, 0] != north[:, 1]
    block = ends[:, :, 0] // 8
    main = (block[:, 0] != block[:, 1]) & ~river
    weight = np.where(river, 0.1, np.where(main, 0.2, np.where(rng.random(len(pairs)) < 0.4, 0.6, 1.0)))
    households = rng.integers(20, 200, units)
    share = households.sum() / parts
    costs = SplitCosts(
        households=households, edge_u=pairs[:, 0].astype(np.int64), edge_v=pairs[:, 1].astype(np.int64),
        edge_cost=np.rint(metres * weight).astype(np.int64),
        edge_passable=~river | (rng.random(len(pairs)) < 0.1),
        parts=parts, lower=int(np.ceil(0.95 * share)), upper=int(1.05 * share),
        seat_unit=np.zeros(0, np.int64), seat_fixed=np.zeros(0, bool),
        walk_cost=np.zeros((units, 0), np.int64), walk_allowed=np.zeros((units, 0), bool),
    )  # fmt: skip
    return Instance(f"planar {units}, k={parts}", costs, xy, np.where(river, metres, 0.0))
