from __future__ import annotations

import dataclasses
import json
import math
import signal

import networkx as nx
import numpy as np
import pytest

from bench import splits
from bench.measure import Result
from bench.report import as_text, split_lines, write_markdown
from bench.split_instances import Instance, judge, planar
from bench.splits import OURS, Answer, answer, compared, splits_case, within_seconds
from geoplan.planning.instance import SplitCosts
from geoplan.planning.split_search import search_split


def four_in_a_row(*, fixed=False):
    """Return four compounds of 10 households in a row, a river in the middle that has a bridge."""
    costs = SplitCosts(
        households=np.full(4, 10), edge_u=np.array([0, 1, 2]), edge_v=np.array([1, 2, 3]),
        edge_cost=np.array([50, 7, 50]), edge_passable=np.ones(3, bool), parts=2, lower=20, upper=20,
        seat_unit=np.arange(4), seat_fixed=np.array([fixed, False, False, fixed]),
        walk_cost=np.abs(np.subtract.outer(np.arange(4), np.arange(4))),
        walk_allowed=np.abs(np.subtract.outer(np.arange(4), np.arange(4))) <= 1,
    )  # fmt: skip
    walk_m = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) * 100.0
    return Instance("row", costs, np.zeros((4, 2)), np.array([0.0, 70.0, 0.0]), walk_m)


def test_the_judge_counts_what_the_definition_says():
    found = judge(four_in_a_row(), np.array([5, 5, 9, 9]))
    assert (found.feasible, found.deviation, found.cut, found.barrier_m) == (True, 0.0, 7.0, 0.0)
    assert (found.mean_walk_m, found.walks_kept) == (50.0, True)
    apart = judge(four_in_a_row(), np.array([0, 1, 1, 0]))
    assert (apart.feasible, apart.barrier_m) == (False, 70.0)
    assert not judge(four_in_a_row(), np.array([0, 0, 0, 1])).feasible
    assert not judge(four_in_a_row(), np.zeros(4, int)).feasible


def test_a_part_that_holds_two_seats_which_must_be_ones_keeps_no_walk():
    assert judge(four_in_a_row(fixed=True), np.array([0, 0, 1, 1])).walks_kept
    assert not judge(four_in_a_row(fixed=True), np.array([0, 1, 1, 0])).walks_kept


@pytest.mark.parametrize("seed", range(3))
def test_the_judge_agrees_with_a_plain_check(seed):
    made = planar(60, 3, seed=seed)
    costs = dataclasses.replace(made.costs, lower=1, upper=int(made.costs.households.sum()))
    instance, rng = dataclasses.replace(made, costs=costs), np.random.default_rng(seed)
    for part in (search_split(costs, seed=0).part, rng.integers(0, 3, 60)):
        found = judge(instance, part)
        graph = nx.Graph()
        graph.add_nodes_from(range(60))
        edges = list(zip(costs.edge_u.tolist(), costs.edge_v.tolist(), strict=True))
        graph.add_edges_from(edge for edge, free in zip(edges, costs.edge_passable, strict=True) if free)
        groups = [np.flatnonzero(part == one).tolist() for one in range(3)]
        held = [int(costs.households[group].sum()) for group in groups]
        good = all(costs.lower <= one <= costs.upper for one in held)
        assert found.feasible == (good and all(nx.is_connected(graph.subgraph(one)) for one in groups))
        assert found.cut == sum(
            cost for (u, v), cost in zip(edges, costs.edge_cost.tolist(), strict=True) if part[u] != part[v]
        )


def test_a_planar_instance_is_one_piece_and_the_same_every_time():
    one, again = planar(200, 4, seed=3), planar(200, 4, seed=3)
    assert np.array_equal(one.costs.edge_cost, again.costs.edge_cost)
    graph = nx.Graph(list(zip(one.costs.edge_u.tolist(), one.costs.edge_v.tolist(), strict=True)))
    assert nx.is_connected(graph)
    assert nx.check_planarity(graph)[0]
    assert (one.barrier_m > 0).any()


def test_a_contestant_that_fails_or_dawdles_is_told_and_not_raised():
    instance = four_in_a_row()

    def fails(_):
        raise RuntimeError("no plan")

    assert answer(fails, instance, None).why == "RuntimeError: no plan"

    def dawdles(_):
        while True:
            math.sqrt(2.0)

    late = answer(dawdles, instance, 0.05)
    assert late.judged is None
    assert "stopped" in late.why
    assert answer(lambda _: np.zeros(0, int), instance, None).why == "says that none exists"
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    with within_seconds(None):
        pass


def test_figures_are_compared_on_the_instances_that_both_split_feasibly():
    def judged(cut, feasible=True, walk=float("nan")):
        whole = {"deviation": 0.0, "barrier_m": 0.0, "walks_kept": True}
        return Answer(1.0, {**whole, "feasible": feasible, "cut": cut, "mean_walk_m": walk})

    theirs = [judged(10.0), judged(99.0, feasible=False), judged(30.0), Answer(1.0, None, "why")]
    ours = [judged(8.0), judged(1.0), judged(20.0), judged(1.0)]
    found = compared(theirs, ours, [])
    assert (found["feasible"], found["cut"], found["mean_walk_m"]) == (2, [20.0, 14.0], None)
    seats = [judged(50.0, walk=100.0), *ours[1:]]
    assert compared([judged(10.0, walk=150.0), *theirs[1:]], ours, seats)["mean_walk_m"] == [150.0, 100.0]


def test_the_case_runs_without_any_peer_and_says_which_are_absent(monkeypatch, tmp_path):
    instances = [planar(20, 2, seed=2), dataclasses.replace(four_in_a_row(), name="row")]
    monkeypatch.setattr(splits, "load", lambda _: instances)
    monkeypatch.setattr(splits, "why_not", lambda module: f"does not import: {module}")
    found = Result.from_json(json.loads(json.dumps(splits_case("tiny").as_json())))
    assert {one.peer for one in found.absent} == set(splits.PEERS)
    quality = found.figures["splits"]["quality"]
    assert quality[OURS]["feasible"] == 2
    assert quality["geoplan, seats"]["walks_kept"] >= 1
    results = {("g", "tiny"): found}
    assert len(split_lines(results)) == 3
    assert "tiny (2) | geoplan, borders" in as_text(results)
    write_markdown(tmp_path / "b.md", results, minutes=1)
    assert "## g. Splitting communities" in (tmp_path / "b.md").read_text(encoding="utf-8")


def test_where_a_peer_is_better_it_is_said():
    better = {"deviation": [0.1, 0.1], "cut": [5.0, 6.0], "barrier_m": [3.0, 2.0], "mean_walk_m": None}
    figures = {
        "count": 1, "seats": False, "impossible": {}, "silent": {"p": ""},
        "quality": {"p": {"feasible": 1, "walks_kept": 0, **better}},
    }  # fmt: skip
    told = as_text({("g", "tiny"): Result(figures={"splits": figures})})
    assert "we lose on tiny to p: cost of borders 5 against 6" in told
    assert "barriers inside 3" not in told
