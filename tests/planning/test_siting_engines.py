"""The searches and bounds under the siting doors, each against its definition."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from geoplan.planning.siting_bound import bound_at_price, full_cover_bound, median_bound, most_cover_bound
from geoplan.planning.siting_branch import branch_median
from geoplan.planning.siting_capacity_bound import bound_within_capacities
from geoplan.planning.siting_capacity_search import shift_and_swap
from geoplan.planning.siting_costs import siting_costs
from geoplan.planning.siting_cover import Cover, full_cover, greedy_cover
from geoplan.planning.siting_cover_search import _State, cover_more, fewer_columns
from geoplan.planning.siting_from_costs import solve_siting
from geoplan.planning.siting_search import assign_within_capacities, median_cost, search_median
from tests.planning.sitings import best_by_enumeration

FOREVER = 1e18


@st.composite
def worlds(draw, *, demands=9, candidates=6):
    n, m = draw(st.integers(1, demands)), draw(st.integers(1, candidates))
    seed = draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    walks = random.integers(0, 12, (n, m))
    return {
        "walks": walks, "weights": random.integers(0, 6, n), "capacities": random.integers(1, 14, m),
        "p": draw(st.integers(1, m)), "limit": draw(st.integers(3, 12)),
    }  # fmt: skip


def costs_of(world, *, capacitated=False, p=None):
    return siting_costs(
        world["walks"], weights=world["weights"], p=p or world["p"], limit=world["limit"],
        capacities=world["capacities"] if capacitated else None,
    )  # fmt: skip


def best_of(world, model, *, capacitated=False):
    return best_by_enumeration(
        world["walks"], model, limit=world["limit"], weights=world["weights"], fixed=[], p=world["p"],
        capacities=world["capacities"] if capacitated else None,
    )  # fmt: skip


def random_cover(seed, groups=40, columns=18, share=0.2):
    random = np.random.default_rng(seed)
    dense = random.random((groups, columns)) < share
    dense[np.arange(groups), random.integers(0, columns, groups)] = True
    weight = random.integers(1, 50, groups).astype(float)
    return Cover(sparse.csc_array(dense.astype(float)), weight, np.arange(columns), 0)


def covers_all(cover, chosen):
    return bool((np.asarray(cover.matrix[:, chosen].sum(axis=1)) > 0).all())


def weight_of(cover, chosen):
    return cover.weight[np.asarray(cover.matrix[:, chosen].sum(axis=1)).ravel() > 0].sum()


@given(seed=st.integers(0, 1000), moves=st.lists(st.integers(0, 17), max_size=30))
@settings(max_examples=40, deadline=None)
def test_what_a_column_is_worth_is_kept_up_move_by_move(seed, moves):
    cover = random_cover(seed)
    state = _State(cover, np.array([0, 3]), cover.weight.astype(np.int64))
    for number, column in enumerate(moves):
        (state.take_out if state.chosen[column] else state.put_in)(column, number)
    times = np.asarray(cover.matrix[:, np.flatnonzero(state.chosen)].sum(axis=1)).ravel()
    would_add = cover.matrix.T @ np.where(times == 0, cover.weight, 0.0)
    would_miss = cover.matrix.T @ np.where(times == 1, cover.weight, 0.0)
    assert state.value.tolist() == np.where(state.chosen, would_miss, would_add).tolist()
    assert state.covered() == cover.weight[times > 0].sum()


@pytest.mark.parametrize("seed", range(6))
def test_searches_for_covers_keep_their_promise_and_repeat_themselves(seed):
    cover = random_cover(seed, groups=80, columns=30, share=0.1)
    start = full_cover(cover, seed=0, ends=FOREVER)
    found = fewer_columns(cover, start, moves=500, seed=seed, ends=FOREVER)
    assert covers_all(cover, found)
    assert len(found) <= len(start)
    assert found.tolist() == fewer_columns(cover, start, moves=500, seed=seed, ends=FOREVER).tolist()
    assert full_cover_bound(cover, float(len(found)), ends=FOREVER).bound <= len(found)
    greedy = greedy_cover(cover, 5)
    more = cover_more(cover, greedy, moves=300, seed=seed, ends=FOREVER)
    assert len(more) == len(greedy)
    assert weight_of(cover, more) >= weight_of(cover, greedy)
    assert most_cover_bound(cover, 5, weight_of(cover, more), ends=FOREVER).bound >= weight_of(cover, more)


def test_a_cover_that_greed_misses_is_found():
    # halves and quarters: greed takes the large column first and needs three, two are enough
    groups = [[0, 1, 2, 3], [0, 1, 4], [2, 3, 5]]
    dense = np.zeros((6, 3))
    for column, own in enumerate(groups):
        dense[own, column] = 1.0
    cover = Cover(sparse.csc_array(dense), np.ones(6), np.arange(3), 0)
    assert fewer_columns(cover, np.arange(3), moves=50, seed=0, ends=FOREVER).tolist() == [1, 2]
    alone = Cover(sparse.csc_array(np.ones((2, 1))), np.ones(2), np.arange(1), 0)
    assert fewer_columns(alone, np.array([0]), moves=5, seed=0, ends=FOREVER).tolist() == [0]


@given(world=worlds())
@settings(max_examples=60, deadline=None)
def test_a_p_median_is_proven_by_branches_from_any_prices(world):
    best, costs = best_of(world, "p_median"), costs_of(world)
    start = search_median(costs, seed=0, ends=FOREVER)
    if best is None:
        return
    nothing = bound_at_price(costs, median_cost(costs, start), np.zeros(costs.demands))
    found, low = branch_median(costs, start, nothing, ends=FOREVER)
    assert median_cost(costs, found) == low == best


@given(world=worlds(), scale=st.floats(0.0, 20.0), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_bound_at_any_price_is_below_the_best_as_fractions_say(world, scale, seed):
    best, costs = best_of(world, "p_median"), costs_of(world)
    price = np.random.default_rng(seed).random(costs.demands) * scale
    price[~costs.claims] = 0.0
    found = bound_at_price(costs, np.inf, price)
    # the same by fractions, at the prices as they were rounded
    exact = [Fraction(float(one)) for one in found.price]
    brings = [Fraction(0)] * costs.candidates
    for i, j, walk in zip(costs.demand, costs.candidate, costs.cost, strict=True):
        brings[j] += min(Fraction(0), int(costs.weights[i]) * int(walk) - exact[i]) if costs.claims[i] else 0
    value = sum(exact) + sum(sorted(brings)[: costs.p])
    assert found.bound == -(-value.numerator // value.denominator)
    if best is not None:
        assert found.bound <= best


@pytest.mark.parametrize("model", ["lscp", "mclp", "p_median"])
@given(world=worlds(demands=5, candidates=4))
@settings(max_examples=40, deadline=None)
def test_bounds_with_capacities_are_below_the_best(model, world):
    costs = costs_of(world, capacitated=True, p=world["walks"].shape[1] if model == "lscp" else None)
    best = best_of(world, model, capacitated=True)
    if best is None:
        return
    price = -float(best) if model == "mclp" else float(best)
    assert bound_within_capacities(costs, model, price, ends=FOREVER) <= price


@given(world=worlds(demands=12))
@settings(max_examples=40, deadline=None)
def test_shifts_and_swaps_keep_capacities_and_never_cost_more(world):
    costs = costs_of(world, capacitated=True, p=world["walks"].shape[1])
    price = (costs.weights[costs.demand] * costs.cost).astype(float)
    chosen = np.arange(costs.candidates)
    given_ = assign_within_capacities(costs, chosen, -price)  # the dearest first: much is to be gained
    found = shift_and_swap(costs, price, chosen, given_, unserved=1e6, ends=FOREVER)

    def total(assignment):
        cost = dict(zip(zip(costs.demand, costs.candidate, strict=True), price, strict=True))
        claims = np.flatnonzero(costs.claims)
        return sum(1e6 if assignment[i] < 0 else cost[i, assignment[i]] for i in claims)

    held = np.bincount(found[found >= 0], costs.weights[found >= 0], minlength=costs.candidates)
    assert (held <= costs.capacities).all()
    assert total(found) <= total(given_)


def test_two_who_are_in_each_others_place_change():
    costs = siting_costs(np.array([[1, 9], [9, 1]]), weights=[3, 3], p=2, capacities=[3, 3])
    price = (costs.weights[costs.demand] * costs.cost).astype(float)
    found = shift_and_swap(costs, price, np.arange(2), np.array([1, 0]), unserved=0.0, ends=FOREVER)
    assert found.tolist() == [0, 1]


def town(demands, candidates, side, seed, limit):
    random = np.random.default_rng(seed)
    homes, sites = random.random((demands, 2)) * side, random.random((candidates, 2)) * side
    metres = np.rint(np.linalg.norm(homes[:, None] - sites[None], axis=2))
    return np.where(metres <= limit, metres, np.inf), random.integers(1, 90, demands)


@pytest.mark.parametrize("model", ["p_median", "p_centre"])
def test_towns_beyond_enumeration_are_proven_and_the_bound_alone_agrees(model):
    metres, persons = town(500, 60, 4000, 3, 3000)
    costs = siting_costs(metres, weights=persons, p=8)
    found = solve_siting(costs, model, seed=0, seconds=60.0)
    assert found.status == "optimal"
    if model == "p_median":
        assert median_bound(costs, found.objective, ends=FOREVER).bound <= found.objective
    else:
        below = siting_costs(metres, weights=persons, p=8, limit=int(found.objective) - 1)
        assert solve_siting(below, "p_centre", seed=0, seconds=60.0).status == "infeasible"


def test_with_capacities_a_search_beyond_the_exact_solver_has_an_honest_gap(monkeypatch):
    metres, persons = town(400, 30, 3000, 1, 2500)
    room = np.full(30, int(persons.sum() / 8 * 1.2))
    costs = {
        model: siting_costs(metres, weights=persons, p=None if model == "lscp" else 8, capacities=room)
        for model in ("lscp", "mclp", "p_median")
    }
    monkeypatch.setattr("geoplan.planning.siting_capacity.CAPACITATED_LIMIT", 0)
    for model, one in costs.items():
        found = solve_siting(one, model, seed=0, seconds=20.0)
        assert found.status in ("optimal", "feasible")
        assert found.gap < 0.15


def test_the_solver_returns_before_its_seconds_are_over():
    metres, persons = town(3000, 400, 7000, 2, 900)
    costs = siting_costs(metres, weights=persons, p=60)
    started = time.monotonic()
    found = solve_siting(costs, "mclp", seed=0, seconds=3.0)
    assert time.monotonic() - started < 6.0  # a busy machine; on a quiet one within 3
    assert found.gap < 0.05
