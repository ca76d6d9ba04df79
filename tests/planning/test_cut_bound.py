from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geoplan.planning import cut_bound as room
from geoplan.planning.cut_bound import cut_bound
from geoplan.planning.split_bound import walk_bound
from geoplan.planning.split_from_costs import split_from_costs
from tests.planning.instances import best_by_enumeration, random_costs


def grid(side, parts, *, tolerance=0.0):
    """Return a square grid of equal units, every border at 100."""
    units = side * side
    pairs = [(one, one + 1) for one in range(units) if (one + 1) % side]
    pairs += [(one, one + side) for one in range(units - side)]
    share = 10 * units / parts
    return dataclasses.replace(
        random_costs(0, units=units, parts=parts, seats=False),
        households=np.full(units, 10),
        edge_u=np.array([pair[0] for pair in pairs]),
        edge_v=np.array([pair[1] for pair in pairs]),
        edge_cost=np.full(len(pairs), 100),
        edge_passable=np.ones(len(pairs), bool),
        lower=math.ceil(share * (1 - tolerance)),
        upper=math.floor(share * (1 + tolerance)),
    )


def best_metric(costs):
    """Return the value of the linear programme behind the bound: border lengths that spread people out."""
    units, edges = costs.units, len(costs.edge_u)
    cost = np.concatenate([costs.edge_cost, np.zeros(units * units)])
    rows, right = [], []

    def distance(here, there):
        return edges + here * units + there

    for root in range(units):
        for edge, ends in enumerate(zip(costs.edge_u.tolist(), costs.edge_v.tolist(), strict=True)):
            for near, far in (ends, ends[::-1]):
                row = np.zeros(len(cost))
                row[distance(root, far)], row[edge] = 1, -1
                row[distance(root, near)] -= 1
                rows.append(row)
                right.append(0)
        row = np.zeros(len(cost))
        row[distance(root, 0) : distance(root, 0) + units] = -costs.households
        rows.append(row)
        right.append(costs.upper - costs.households.sum())
    bounds = [(0, None)] * edges + [
        (0, 0) if here == there else (0, 1) for here in range(units) for there in range(units)
    ]
    return linprog(cost, A_ub=np.array(rows), b_ub=np.array(right), bounds=bounds).fun


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_borders_alone_never_cost_less_than_the_bound(seed):
    costs = random_costs(seed, units=4 + seed % 6, seats=False)
    best = best_by_enumeration(costs)
    if best is not None:
        assert cut_bound(costs) <= best


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_walks_and_borders_never_cost_less_than_both_bounds_together(seed):
    costs = random_costs(seed, units=4 + seed % 6)
    best = best_by_enumeration(costs)
    if best is not None:
        assert 2 * cut_bound(costs) + walk_bound(costs, best) <= best


@pytest.mark.parametrize("seed", range(12))
def test_the_bound_is_near_the_linear_programme_and_not_above_it(seed):
    costs = random_costs(seed, units=12, parts=3, seats=False)
    costs = dataclasses.replace(costs, edge_cost=costs.edge_cost + 1)
    if (costs.households > costs.upper).any():
        pytest.skip("a unit too large for any part")
    exact = best_metric(costs)
    assert 0.75 * exact <= cut_bound(costs) <= math.ceil(exact - 1e-6)


@pytest.mark.parametrize(
    ("side", "parts", "best", "near"), [(6, 2, 600, 0.8), (6, 4, 1200, 0.7), (9, 9, 3600, 0.7)]
)
def test_a_grid_cut_into_squares_is_bounded_near_what_that_costs(side, parts, best, near):
    assert near * best <= cut_bound(grid(side, parts)) <= best


def test_where_one_part_could_hold_everyone_nothing_need_be_cut():
    costs = grid(4, 2)
    assert cut_bound(dataclasses.replace(costs, upper=160)) == 0
    assert cut_bound(dataclasses.replace(costs, edge_cost=np.zeros_like(costs.edge_cost))) == 0
    islands = dataclasses.replace(
        costs, edge_u=costs.edge_u[:0], edge_v=costs.edge_v[:0], edge_cost=costs.edge_cost[:0]
    )
    assert cut_bound(islands) == 0


def test_a_unit_too_large_for_any_part_makes_the_bound_infinite():
    costs = grid(3, 2)
    assert cut_bound(dataclasses.replace(costs, upper=9)) == math.inf


def test_units_without_people_and_free_borders_do_not_break_the_bound():
    costs = grid(4, 2)
    households, cost = costs.households.copy(), costs.edge_cost.copy()
    households[::3], cost[::4] = 0, 0
    changed = dataclasses.replace(costs, households=households, edge_cost=cost, lower=40, upper=60)
    assert 0 <= cut_bound(changed) <= split_from_costs(changed).objective


def test_the_bound_is_the_same_compiled_and_not(monkeypatch):
    costs = grid(5, 3, tolerance=0.1)
    monkeypatch.setattr(room, "_COMPILE_FROM", 1)
    fast = cut_bound(costs)
    monkeypatch.setattr(room, "_COMPILE_FROM", 10**9)
    assert cut_bound(costs) == fast > 0


def test_no_time_is_no_bound_and_no_error():
    assert 0 <= cut_bound(grid(5, 2), seconds=0.0) <= 500


def test_a_thousand_units_in_eight_parts_have_a_useful_bound():
    costs = grid(32, 8, tolerance=0.05)
    found = split_from_costs(costs)
    assert found.status == "feasible"
    assert 0 < found.gap < 0.35
