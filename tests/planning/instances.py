"""Split problems small enough to go through by hand, and how."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import networkx as nx
import numpy as np

from geoplan.planning.instance import SplitCosts

KNOWN = Path(__file__).parents[3] / "shared" / "data" / "known_answers" / "split"


def read_known(file):
    """Return a known-answer file's content, and its problem."""
    data = json.loads(Path(file).read_text(encoding="utf-8"))
    edges, units = data["edges"], len(data["units"])
    seats = data.get("seats", [])
    walk_m = np.array(data["walk_m"], float) if seats else np.zeros((units, 0))
    costs = SplitCosts(
        households=np.array([unit["households"] for unit in data["units"]]),
        edge_u=np.array([edge["u"] for edge in edges]),
        edge_v=np.array([edge["v"] for edge in edges]),
        edge_cost=np.array([edge["cost"] for edge in edges]),
        edge_passable=np.array([edge["passable"] for edge in edges]),
        parts=data["k"],
        lower=data["L"],
        upper=data["U"],
        seat_unit=np.array(seats, np.int64),
        seat_fixed=np.zeros(len(seats), bool),
        walk_cost=np.array(data["walk_cost"], np.int64) if seats else np.zeros((units, 0), np.int64),
        walk_allowed=walk_m <= data.get("reach_m", np.inf),
    )
    return data, costs


def random_costs(seed, *, units=None, parts=None, seats=True):
    """Return a random problem on a jittered grid of units with some edges gone or impassable."""
    rng = np.random.default_rng(seed)
    units = units or int(rng.integers(4, 13))
    parts = parts or (2 if units > 8 else int(rng.integers(2, 4)))
    width = max(2, round(units**0.5))
    pairs = [
        (here, there)
        for here in range(units)
        for there in (here + 1, here + width)
        if there < units and (there != here + 1 or there % width) and rng.random() < 0.93
    ]
    at = np.column_stack([np.arange(units) % width, np.arange(units) // width]) * 100 + rng.normal(
        0, 20, (units, 2)
    )
    households = rng.integers(20, 200, units)
    share, tolerance = households.sum() / parts, rng.choice([0.1, 0.3, 0.6])
    where = np.sort(rng.choice(units, int(rng.integers(parts, units + 1)), replace=False)) if seats else []
    metres = np.array([[np.abs(at[unit] - at[one]).sum() for one in where] for unit in range(units)])
    metres = metres.reshape(units, len(where))
    fixed = np.zeros(len(where), bool)
    if seats and rng.random() < 0.5:
        fixed[rng.integers(len(where))] = True
    return SplitCosts(
        households=households,
        edge_u=np.array([pair[0] for pair in pairs], np.int64),
        edge_v=np.array([pair[1] for pair in pairs], np.int64),
        edge_cost=rng.integers(0, 100, len(pairs)),
        edge_passable=rng.random(len(pairs)) < 0.9,
        parts=parts,
        lower=int(np.ceil((1 - tolerance) * share)),
        upper=int((1 + tolerance) * share),
        seat_unit=np.array(where, np.int64),
        seat_fixed=fixed,
        walk_cost=np.rint(households[:, None] * metres / 1000).astype(np.int64),
        walk_allowed=metres <= rng.choice([250.0, 1e9]),
    )


def best_by_enumeration(costs):
    """Return the best objective over every partition, None if there is none."""
    graph = nx.Graph()
    graph.add_nodes_from(range(costs.units))
    graph.add_edges_from(
        (u, v)
        for u, v, passable in zip(costs.edge_u, costs.edge_v, costs.edge_passable, strict=True)
        if passable
    )
    best = None
    for rest in itertools.product(range(costs.parts), repeat=costs.units - 1):
        part = np.array((0, *rest))
        if list(dict.fromkeys(part.tolist())) != list(range(costs.parts)):
            continue  # every partition once, parts in the order of their lowest unit
        sizes = np.bincount(part, costs.households, costs.parts)
        if (sizes < costs.lower).any() or (sizes > costs.upper).any():
            continue
        if not all(
            nx.is_connected(graph.subgraph(np.flatnonzero(part == one))) for one in range(costs.parts)
        ):
            continue
        cut = costs.edge_cost[part[costs.edge_u] != part[costs.edge_v]].sum()
        value = cut if not costs.seats else 2 * cut + seat_cost(costs, part)
        if value < np.inf and (best is None or value < best):
            best = value
    return best


def seat_cost(costs, part):
    """Return the least walk cost of a partition; infinite if a part has no seat everyone may walk to."""
    total = 0.0
    for one in range(costs.parts):
        own = part == one
        seats = [seat for seat in range(costs.seats) if own[costs.seat_unit[seat]]]
        fixed = [seat for seat in seats if costs.seat_fixed[seat]]
        if len(fixed) > 1:
            return np.inf
        values = [
            costs.walk_cost[own, seat].sum() for seat in fixed or seats if costs.walk_allowed[own, seat].all()
        ]
        total += min(values, default=np.inf)
    return total
