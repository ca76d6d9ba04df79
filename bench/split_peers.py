"""The libraries a planner would split with instead, each asked by borders alone: none of them knows seats."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bench.split_instances import Instance
from geoplan.planning.instance import SplitCosts

__all__ = ["PEERS", "Splitter"]

IntArray = npt.NDArray[np.int64]
Splitter = Callable[[Instance], IntArray]
"""Returns the part of each unit; may raise anything where it finds none."""

_SEED = 1
_BURST_STEPS, _BURSTS = 10, 20
_MAXP_TRIES = 5
"""Its default, 99 starts, takes minutes where this takes seconds."""
_MAX_ATTEMPTS = 2000
"""Spanning trees gerrychain may draw for one cut."""


def _passable(costs: SplitCosts) -> tuple[IntArray, IntArray, IntArray]:
    """Return the borders that people can cross: what contiguity is judged on."""
    kept = costs.edge_passable
    return costs.edge_u[kept], costs.edge_v[kept], costs.edge_cost[kept]


def metis(instance: Instance) -> IntArray:
    """Return METIS's k-way partition by edge weights, contiguous where the borders are in one piece."""
    import pymetis

    costs = instance.costs
    u, v, cost = _passable(costs)
    size = costs.units
    graph = coo_array((cost + 1, (u, v)), shape=(size, size)).tocsr()
    both = (graph + graph.T).tocsr()
    whole = int(connected_components(both, directed=False)[0]) == 1
    room = max(1, round(1000 * (costs.upper * costs.parts / max(1, int(costs.households.sum())) - 1)))
    options = pymetis.Options(ufactor=room, seed=_SEED)
    _, part = pymetis.part_graph(
        costs.parts, xadj=both.indptr.tolist(), adjncy=both.indices.tolist(),
        eweights=both.data.astype(int).tolist(), vweights=costs.households.tolist(),
        contiguous=whole, recursive=False, options=options,
    )  # fmt: skip
    return np.array(part, np.int64)


def _tree_parts(instance: Instance, rng: random.Random) -> tuple[Any, dict[Any, Any], float, float]:
    """Return gerrychain's graph, a first plan by recursive tree bipartition, the even share and tolerance."""
    import networkx as nx
    from gerrychain import Graph
    from gerrychain.partition import recursive_tree_part
    from gerrychain.tree import bipartition_tree

    costs = instance.costs
    plain = nx.Graph()
    for unit, held in enumerate(costs.households.tolist()):
        plain.add_node(unit, population=held)
    u, v, _ = _passable(costs)
    plain.add_edges_from(zip(u.tolist(), v.tolist(), strict=True))
    graph = Graph.from_networkx(plain)
    share = float(costs.households.sum()) / costs.parts
    within = min(costs.upper / share - 1, 1 - costs.lower / share)

    def halve(*given: Any, **more: Any) -> Any:
        return bipartition_tree(*given, max_attempts=_MAX_ATTEMPTS, **more)

    parts = recursive_tree_part(
        graph, range(costs.parts), share, "population", within, bipartition_tree_fn=halve, rng=rng
    )
    return graph, dict(parts), share, within


def gerrychain_tree(instance: Instance) -> IntArray:
    """Return the first plan by recursive tree bipartition."""
    _, parts, _, _ = _tree_parts(instance, random.Random(_SEED))  # noqa: S311 - a seeded benchmark
    return np.array([parts[unit] for unit in range(instance.costs.units)], np.int64)


def gerrychain_bursts(instance: Instance) -> IntArray:
    """Return the best plan of short bursts of ReCom, by the cost of the borders cut."""
    from gerrychain import Partition
    from gerrychain.constraints import contiguous, within_percent_of_ideal_population
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.proposals import ReCom
    from gerrychain.updaters import Tally

    costs = instance.costs
    rng = random.Random(_SEED)  # noqa: S311 - a seeded benchmark
    graph, parts, share, within = _tree_parts(instance, rng)
    start = Partition(graph, parts, updaters={"population": Tally("population")})

    def labels(plan: Any) -> IntArray:
        assigned = plan.assignment.to_dict()
        return np.array([assigned[unit] for unit in range(costs.units)], np.int64)

    def cut(plan: Any) -> float:
        own = labels(plan)
        return float(costs.edge_cost[own[costs.edge_u] != own[costs.edge_v]].sum())

    optimizer = SingleMetricOptimizer(
        ReCom.cut_edges_mst("population", share, within, allow_pair_reselection=True),
        [within_percent_of_ideal_population(start, within), contiguous],
        start, cut, maximize=False, rng=rng,
    )  # fmt: skip
    for _ in optimizer.short_bursts(_BURST_STEPS, _BURSTS):
        pass
    return labels(optimizer.best_part)


def _weights_and_table(instance: Instance) -> tuple[Any, Any]:
    """Return libpysal's weights and the table that spopt wants: places as attributes."""
    import geopandas as gpd
    import libpysal

    costs = instance.costs
    near: dict[int, list[int]] = {unit: [] for unit in range(costs.units)}
    u, v, _ = _passable(costs)
    for one, other in zip(u.tolist(), v.tolist(), strict=True):
        near[one].append(other)
        near[other].append(one)
    x, y = instance.xy.T
    table = gpd.GeoDataFrame(
        {"x": x, "y": y, "households": costs.households}, geometry=gpd.points_from_xy(x, y)
    )
    return libpysal.weights.W(near, silence_warnings=True), table


def spopt_maxp(instance: Instance) -> IntArray:
    """Return max-p regions of at least the smallest size allowed; how many there are is its own choice."""
    from spopt.region import MaxPHeuristic

    weights, table = _weights_and_table(instance)
    np.random.seed(_SEED)  # noqa: NPY002 - spopt draws from the global generator
    model = MaxPHeuristic(
        table, weights, ["x", "y"], "households", instance.costs.lower,
        max_iterations_construction=_MAXP_TRIES, max_iterations_sa=_MAXP_TRIES,
    )  # fmt: skip
    model.solve()
    return np.array(model.labels_, np.int64)


def spopt_skater(instance: Instance) -> IntArray:
    """Return SKATER's regions by place; it does not balance households."""
    from spopt.region import Skater

    weights, table = _weights_and_table(instance)
    model = Skater(table, weights, ["x", "y"], n_clusters=instance.costs.parts)
    model.solve()
    return np.array(model.labels_, np.int64)


def spopt_azp(instance: Instance) -> IntArray:
    """Return AZP's regions by place; it does not balance households."""
    from spopt.region import AZP

    weights, table = _weights_and_table(instance)
    model = AZP(table, weights, ["x", "y"], n_clusters=instance.costs.parts, random_state=_SEED)
    model.solve()
    return np.array(model.labels_, np.int64)


PEERS: dict[str, tuple[str, Splitter, str]] = {
    "METIS": ("pymetis", metis, "k-way by edge weights"),
    "gerrychain, tree": ("gerrychain", gerrychain_tree, "recursive tree bipartition"),
    "gerrychain, bursts": (
        "gerrychain", gerrychain_bursts, f"{_BURSTS} short bursts of {_BURST_STEPS} ReCom steps, by cut cost",
    ),
    "spopt max-p": (
        "spopt", spopt_maxp, f"least size as threshold, {_MAXP_TRIES} starts; it chooses how many parts",
    ),
    "spopt SKATER": ("spopt", spopt_skater, "by place; does not balance households"),
    "spopt AZP": ("spopt", spopt_azp, "by place; does not balance households"),
}  # fmt: skip
"""Name -> module it needs, call, what is asked of it."""
