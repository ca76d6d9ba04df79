from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import PlanningError, SolverError
from geoplan.planning import split_search
from geoplan.planning.graphs import Neighbours
from geoplan.planning.split_bound import walk_bound
from geoplan.planning.split_check import check_solution, faults_of, objective_of
from geoplan.planning.split_from_costs import split_from_costs
from geoplan.planning.split_relax import relax_split
from geoplan.planning.split_search import anneal, search_split
from tests.planning.instances import KNOWN, best_by_enumeration, random_costs, read_known

FILES = sorted(KNOWN.glob("*.json"))
needs_known = pytest.mark.skipif(not FILES, reason="the known answers are not here")


@needs_known
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_known_answers_are_found_and_proven(file):
    data, costs = read_known(file)
    found = split_from_costs(costs, seconds=600)  # a busy machine may need longer than the usual minute
    assert found.status == data["status"]
    if data["status"] == "optimal":
        assert found.objective == found.bound == data["optimal_objective"]
        assert objective_of(costs, np.array(data["optimal_partition"]), found.seat) is not None


@needs_known
def test_the_tolerance_that_makes_the_known_impossible_split_possible():
    data, costs = read_known(KNOWN / "x1_n8_k2_infeasible_tol.json")
    found = {one.kind: one for one in relax_split(costs, tolerance=data["tol"])}
    assert found["tolerance"].value == data["smallest_feasible_tol_0p001_grid"]
    assert split_from_costs(found["tolerance"].costs).status == "optimal"
    assert relax_split(costs, tolerance=data["tol"])[0].kind == "tolerance"


@needs_known
def test_the_known_split_with_one_seat_for_two_parts_asks_for_a_seat():
    data, costs = read_known(KNOWN / "x2_n8_k2_infeasible_seat.json")
    walk = np.array(data["walk_m"])
    found = relax_split(costs, tolerance=data["tol"], walk_value=walk.astype(int), max_walk=1200)
    assert [one.kind for one in found] == ["seat"]
    assert len(found[0].units) == 1


@pytest.mark.parametrize("seed", range(240))
def test_the_best_of_every_partition_is_found_and_proven(seed):
    costs = random_costs(seed, seats=seed % 3 != 0)
    best = best_by_enumeration(costs)
    found = split_from_costs(costs, seed=seed)
    if best is None:
        assert found.status == "infeasible"
    else:
        assert (found.status, found.objective, found.bound) == ("optimal", best, best)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), seats=st.booleans())
def test_what_search_alone_finds_keeps_every_limit(seed, seats):
    costs = random_costs(seed, units=20, parts=3, seats=seats)
    found = search_split(costs, seed=seed)
    if found is not None:
        assert faults_of(costs, found.part, found.seat) == []
        assert found.objective == objective_of(costs, found.part, found.seat)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_units_and_edges_changes_no_proven_objective(seed):
    costs = random_costs(seed, seats=seed % 2 == 0)
    rng = np.random.default_rng(seed)
    order, edges = rng.permutation(costs.units), rng.permutation(len(costs.edge_u))
    number = np.argsort(order)
    shuffled = dataclasses.replace(
        costs,
        households=costs.households[order],
        edge_u=number[costs.edge_v[edges]],
        edge_v=number[costs.edge_u[edges]],
        edge_cost=costs.edge_cost[edges],
        edge_passable=costs.edge_passable[edges],
        seat_unit=number[costs.seat_unit],
        walk_cost=costs.walk_cost[order],
        walk_allowed=costs.walk_allowed[order],
    )
    one, other = split_from_costs(costs), split_from_costs(shuffled)
    assert one.status == other.status
    assert one.objective == other.objective or one.status == "infeasible"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_wider_limits_never_make_the_best_dearer(seed):
    costs = random_costs(seed)
    wider = dataclasses.replace(costs, lower=max(0, costs.lower - 50), upper=costs.upper + 50)
    tight, loose = split_from_costs(costs), split_from_costs(wider)
    if tight.status == "optimal":
        assert loose.objective <= tight.objective


def test_without_time_nothing_found_is_told_apart_from_nothing_possible(monkeypatch):
    costs = random_costs(11, units=20, parts=2, seats=True)
    assert split_from_costs(costs).status == "optimal"
    monkeypatch.setitem(split_from_costs.__globals__, "search_split", lambda *_, **__: None)
    found = split_from_costs(costs, seconds=0.0)
    assert found.status == "not_found"
    assert len(found.part) == 0
    assert 0 < found.bound < np.inf


def test_the_kernel_gives_the_same_split_compiled_and_not(monkeypatch):
    costs = random_costs(5, units=60, parts=4, seats=True)
    monkeypatch.setattr(split_search, "_COMPILE_FROM", 1)
    compiled = search_split(costs, seed=3)
    monkeypatch.setattr(split_search, "_COMPILE_FROM", 10**12)
    plain = search_split(costs, seed=3)
    assert (compiled is None) == (plain is None)
    assert compiled is None or np.array_equal(compiled.part, plain.part)


def test_annealing_never_tears_a_part():
    costs = random_costs(11, units=49, parts=3, seats=False)
    costs = dataclasses.replace(costs, edge_passable=np.ones(len(costs.edge_u), bool))
    start = search_split(dataclasses.replace(costs, lower=0, upper=10**9), seed=0)
    part = anneal(costs, Neighbours.of(costs), start.part, start.seat, np.random.default_rng(1), 5000)
    assert not [fault for fault in faults_of(costs, part, start.seat) if fault.startswith("contiguity")]


def test_the_same_seed_gives_the_same_split_whatever_the_hash_seed():
    code = (
        "from tests.planning.instances import random_costs\n"
        "from geoplan.planning.split_search import search_split\n"
        "found = search_split(random_costs(11, units=40, parts=3, seats=False), seed=4)\n"
        "print(found.part.tolist(), found.seat.tolist(), found.objective)"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": str(number), "PYTHONPATH": "."},
        ).stdout
        for number in (1, 2)
    }  # fmt: skip
    assert len(outs) == 1


def test_a_wrong_solution_is_not_shown():
    costs = random_costs(1, units=9, parts=2, seats=False)
    found = split_from_costs(costs)
    check_solution(costs, found)
    with pytest.raises(SolverError):
        check_solution(costs, dataclasses.replace(found, objective=found.objective + 1))
    with pytest.raises(SolverError):
        check_solution(costs, dataclasses.replace(found, part=np.zeros_like(found.part)))


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("households", np.array([1.0, np.nan, 1.0, 1.0]), "error.split_values"),
        ("households", np.array([1, -1, 1, 1]), "error.split_values"),
        ("edge_cost", np.array([-1, 1, 1]), "error.split_values"),
        ("edge_cost", np.array([1, 1]), "error.split_shape"),
        ("edge_v", np.array([1, 2, 4]), "error.split_edges"),
        ("edge_v", np.array([1, 1, 3]), "error.split_edges"),
        ("edge_u", np.array([0, 1, 1]), "error.split_edges"),
        ("parts", 0, "error.split_numbers"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name_and_row(field, value, key):
    row = dataclasses.replace(
        random_costs(0, units=4, parts=2, seats=False),
        households=np.full(4, 10), edge_u=np.array([0, 1, 2]), edge_v=np.array([1, 2, 3]),
        edge_cost=np.ones(3, int), edge_passable=np.ones(3, bool), lower=20, upper=20,
    )  # fmt: skip
    if field == "edge_u":
        row = dataclasses.replace(row, edge_v=np.array([1, 2, 2]))
    with pytest.raises(PlanningError) as raised:
        split_from_costs(dataclasses.replace(row, **{field: value}))
    assert key in {fault.key for fault in raised.value.faults}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parts": 5, "lower": 0}, "reason.split_parts"),
        ({"upper": 9}, "reason.split_large"),
        ({"lower": 30, "upper": 20}, "reason.split_limits"),
        ({"edge_passable": np.array([True, True, False])}, "reason.split_island"),
        ({"edge_passable": np.zeros(3, bool), "lower": 0}, "reason.split_pieces"),
    ],
)
def test_plain_causes_are_told_without_a_search(changes, reason):
    from geoplan.planning.split_reasons import split_reasons

    row = dataclasses.replace(
        random_costs(0, units=4, parts=2, seats=False),
        households=np.full(4, 10), edge_u=np.array([0, 1, 2]), edge_v=np.array([1, 2, 3]),
        edge_cost=np.ones(3, int), edge_passable=np.ones(3, bool), lower=20, upper=20,
    )  # fmt: skip
    costs = dataclasses.replace(row, **changes)
    assert reason in {key for key, _ in split_reasons(costs)}
    assert split_from_costs(costs).status == "infeasible"


def test_one_unit_or_nobody_living_there_gets_a_plain_answer():
    alone = random_costs(0, units=4, parts=2, seats=False)
    nobody = dataclasses.replace(alone, households=np.zeros(4, int), lower=0, upper=0)
    assert split_from_costs(nobody).status in ("optimal", "infeasible")


@pytest.mark.parametrize("seed", range(60))
def test_the_bound_by_walks_is_below_every_partition(seed):
    costs = random_costs(seed)
    best = best_by_enumeration(costs)
    bound = walk_bound(costs, np.inf if best is None else best)
    assert bound >= np.where(costs.walk_allowed, costs.walk_cost, np.inf).min(axis=1).sum()
    if best is not None:
        assert bound <= best
