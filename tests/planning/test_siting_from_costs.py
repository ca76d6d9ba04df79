from __future__ import annotations

import csv
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from geoplan.errors import PlanningError, SolverError
from geoplan.planning.siting_bound import full_cover_bound, median_bound, most_cover_bound
from geoplan.planning.siting_check import check_siting
from geoplan.planning.siting_costs import siting_costs
from geoplan.planning.siting_cover import full_cover, greedy_cover, reduce_cover, swap_cover
from geoplan.planning.siting_from_costs import (
    lscp_from_costs,
    mclp_from_costs,
    p_centre_from_costs,
    p_median_from_costs,
    solve_siting,
)
from geoplan.planning.siting_search import median_cost, search_median
from geoplan.units import UNREACHED_MS
from tests.planning.sitings import MODELS, best_by_enumeration, without_ways

KNOWN = Path(__file__).resolve().parents[3] / "shared" / "data" / "known_answers"
FOREVER = 1e18


@st.composite
def problems(draw, *, demands=8, candidates=7, capacitated=False):
    n, m = draw(st.integers(1, demands)), draw(st.integers(1, candidates))
    walks = np.array(
        draw(st.lists(st.lists(st.integers(0, 9), min_size=m, max_size=m), min_size=n, max_size=n))
    )
    ways = np.array(
        draw(st.lists(st.lists(st.integers(0, 5), min_size=m, max_size=m), min_size=n, max_size=n))
    )
    fixed = draw(st.lists(st.integers(0, m - 1), max_size=min(2, m), unique=True))
    rooms = st.lists(st.integers(1, 12), min_size=m, max_size=m)
    return {
        "walks": without_ways(walks, ways > 0),
        "limit": draw(st.integers(0, 9)),
        "weights": np.array(draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))),
        "fixed": fixed,
        "p": draw(st.integers(max(1, len(fixed)), m)),
        "capacities": np.array(draw(rooms)) if capacitated else None,
    }  # fmt: skip


def solved(problem, model, **changes):
    given_ = {**problem, **changes}
    costs = siting_costs(
        given_["walks"], weights=given_["weights"], fixed=given_["fixed"], capacities=given_["capacities"],
        limit=given_["limit"], p=None if model == "lscp" else given_["p"],
    )  # fmt: skip
    return solve_siting(costs, model, seed=0, seconds=60.0)


def oracle(problem, model):
    return best_by_enumeration(
        problem["walks"], model, limit=problem["limit"], weights=problem["weights"], fixed=problem["fixed"],
        p=problem["p"], capacities=problem["capacities"],
    )  # fmt: skip


def agrees(problem, model):
    found, expected = solved(problem, model), oracle(problem, model)
    if expected is None:
        assert found.status == "infeasible"
        assert not len(found.chosen)
    else:
        assert (found.status, found.objective, found.bound, found.gap) == ("optimal", expected, expected, 0.0)
        assert set(problem["fixed"]) <= set(found.chosen.tolist())


@pytest.mark.parametrize("model", MODELS)
@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_the_exact_answer_is_that_of_every_choice_gone_through(model, problem):
    agrees(problem, model)


@pytest.mark.parametrize("model", MODELS)
@given(problem=problems(demands=5, candidates=5, capacitated=True))
@settings(max_examples=60, deadline=None)
def test_with_capacities_too(model, problem):
    agrees(problem, model)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_twelve_candidates_are_solved_as_by_every_choice(model, seed):
    random = np.random.default_rng(seed)
    homes, sites = random.random((25, 2)) * 100, random.random((12, 2)) * 100
    walks = np.rint(np.linalg.norm(homes[:, None] - sites[None], axis=2)).astype(int)
    agrees(
        {"walks": walks, "limit": 45 if model != "p_median" else 200, "weights": random.integers(0, 40, 25),
         "fixed": [3], "p": 4, "capacities": None},
        model,
    )  # fmt: skip


@given(problem=problems())
@settings(max_examples=80, deadline=None)
def test_searches_are_no_better_than_the_best_and_bounds_no_worse(problem):
    best = {model: oracle(problem, model) for model in MODELS}
    costs = siting_costs(
        problem["walks"], weights=problem["weights"], fixed=problem["fixed"], limit=problem["limit"],
        p=problem["p"],
    )  # fmt: skip
    cover, fixed = reduce_cover(costs), len(problem["fixed"])
    more = min(problem["p"] - fixed, cover.matrix.shape[1])
    greedy = greedy_cover(cover, more)
    swapped = swap_cover(cover, greedy, ends=FOREVER)

    def weight(columns):
        return cover.base + cover.weight[np.asarray(cover.matrix[:, columns].sum(axis=1)).ravel() > 0].sum()

    assert weight(greedy) <= weight(swapped) <= best["mclp"]
    assert (
        cover.base + most_cover_bound(cover, more, weight(greedy) - cover.base, ends=FOREVER).bound
        >= best["mclp"]
    )
    every = full_cover(cover, seed=1, ends=FOREVER)
    assert fixed + full_cover_bound(cover, float(len(every)), ends=FOREVER).bound <= best["lscp"]
    assert fixed + len(every) >= best["lscp"]
    assert (np.asarray(cover.matrix[:, every].sum(axis=1)) > 0).all()
    reached = median_cost(costs, search_median(costs, seed=0, ends=FOREVER))
    if best["p_median"] is None:
        assert np.isinf(reached)
    else:
        assert reached >= best["p_median"]
        assert median_bound(costs, reached, ends=FOREVER).bound <= best["p_median"]


def worse(model, one, other):
    """Tell whether an answer is worse than another; none at all is the worst."""
    if other.status == "infeasible":
        return False
    if one.status == "infeasible":
        return True
    return one.objective < other.objective if model == "mclp" else one.objective > other.objective


@pytest.mark.parametrize("model", MODELS)
@given(problem=problems(candidates=6), data=st.data())
@settings(max_examples=40, deadline=None)
def test_one_more_candidate_for_the_same_demand_never_worsens(model, problem, data):
    walks = problem["walks"]
    reached = ((walks <= problem["limit"]).any(axis=1)) & (problem["weights"] > 0)
    column = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(walks), max_size=len(walks))))
    column = np.where(reached, column, UNREACHED_MS)  # whom nobody could serve stays out of the problem
    wider = solved(problem, model, walks=np.column_stack([walks, column]))
    assert not worse(model, wider, solved(problem, model))


@pytest.mark.parametrize("model", ["mclp", "p_median", "p_centre"])
@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_a_larger_p_never_worsens(model, problem):
    more = min(problem["p"] + 1, problem["walks"].shape[1])
    assert not worse(model, solved(problem, model, p=more), solved(problem, model))


@pytest.mark.parametrize("model", MODELS)
@given(problem=problems(), data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_order_of_demand_and_candidates_does_not_matter(model, problem, data):
    n, m = problem["walks"].shape
    rows, columns = (
        np.array(data.draw(st.permutations(range(n)))),
        np.array(data.draw(st.permutations(range(m)))),
    )
    moved = solved(
        problem, model, walks=problem["walks"][rows][:, columns], weights=problem["weights"][rows],
        fixed=[int(np.flatnonzero(columns == one)[0]) for one in problem["fixed"]],
    )  # fmt: skip
    found = solved(problem, model)
    assert (moved.status, moved.bound) == (found.status, found.bound) or np.isnan(found.bound)
    assert sorted(rows[moved.uncoverable]) == found.uncoverable.tolist()


@pytest.mark.parametrize("model", MODELS)
@given(problem=problems())
@settings(max_examples=30, deadline=None)
def test_sparse_and_dense_walks_are_the_same_problem(model, problem):
    row, column = np.nonzero(problem["walks"] != UNREACHED_MS)
    listed = sparse.coo_array((problem["walks"][row, column], (row, column)), shape=problem["walks"].shape)
    dense, thin = solved(problem, model), solved(problem, model, walks=listed)
    assert dense.chosen.tolist() == thin.chosen.tolist()
    assert dense.assignment.tolist() == thin.assignment.tolist()


def test_of_candidates_that_serve_alike_the_lowest_is_chosen():
    walks = np.array([[9, 3, 3, 3], [9, 3, 3, 3]])
    assert mclp_from_costs(walks, limit=5, p=1).chosen.tolist() == [1]
    assert lscp_from_costs(walks, limit=5).chosen.tolist() == [1]
    assert p_median_from_costs(walks, p=1).chosen.tolist() == [1]
    assert p_median_from_costs(walks, p=3).assignment.tolist() == [1, 1]


def test_a_walk_of_exactly_the_limit_counts_and_demand_without_weight_makes_no_claim():
    walks = np.array([[5], [6]])
    assert mclp_from_costs(walks, limit=5, p=1).assignment.tolist() == [0, -1]
    assert lscp_from_costs(walks, limit=5).uncoverable.tolist() == [1]
    assert lscp_from_costs(walks, limit=5, weights=[1, 0]).uncoverable.tolist() == []


def test_more_sites_than_help_are_not_chosen():
    walks = np.array([[1, 9, 9], [9, 1, 9], [9, 9, 90]])
    assert mclp_from_costs(walks, limit=1, p=3).chosen.tolist() == [0, 1]
    assert mclp_from_costs(walks, limit=1, p=3, fixed=[2]).chosen.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("walks", "arguments", "key"),
    [
        (np.zeros((3, 0)), {"p": 1}, "error.siting_empty"),
        (np.zeros((0, 3)), {"p": 1}, "error.siting_empty"),
        (np.zeros((3, 2)), {"p": 3}, "error.siting_p"),
        (np.zeros((3, 2)), {"p": 0}, "error.siting_p"),
        (np.zeros((3, 2)), {"p": 1, "fixed": [0, 1]}, "error.siting_p"),
        (np.zeros((3, 2)), {"p": 1, "fixed": [2]}, "error.siting_fixed"),
        (np.zeros((3, 2)), {"p": 1, "fixed": np.ones(3, bool)}, "error.siting_shape"),
        (np.zeros((3, 2)), {"p": 1, "capacities": [0, 5]}, "error.siting_values"),
        (np.zeros((3, 2)), {"p": 1, "capacities": [-1, 5]}, "error.siting_values"),
        (np.zeros((3, 2)), {"p": 1, "capacities": [np.nan, 5]}, "error.siting_values"),
        (np.zeros((3, 2)), {"p": 1, "capacities": [np.inf, 5]}, "error.siting_values"),
        (np.zeros((3, 2)), {"p": 1, "capacities": [5]}, "error.siting_shape"),
        (np.zeros((3, 2)), {"p": 1, "weights": [1, 2]}, "error.siting_shape"),
        (np.zeros((3, 2)), {"p": 1, "weights": [1, np.nan, 2]}, "error.siting_values"),
        (np.zeros((3, 2)), {"p": 1, "weights": [1, -1, 2]}, "error.siting_values"),
        (np.array([[1.0, np.nan]]), {"p": 1}, "error.siting_values"),
        (np.array([[1.0, -2.0]]), {"p": 1}, "error.siting_values"),
        (np.array([[1.5, 2.0]]), {"p": 1}, "error.siting_values"),
        (np.zeros(3), {"p": 1}, "error.siting_shape"),
        (np.zeros((1, 1)), {"p": 1, "limit": np.nan}, "error.siting_limit"),
        (np.full((2, 1), 10**12), {"p": 1, "weights": [10**6, 1]}, "error.siting_large"),
    ],
)
def test_arrays_that_make_no_sense_are_refused_by_name(walks, arguments, key):
    with pytest.raises(PlanningError) as raised:
        p_median_from_costs(walks, **arguments)
    assert key in {fault.key for fault in raised.value.faults}
    assert raised.value.text("zh") != raised.value.text("en")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("capacities", [None, np.array([5, 5])])
@pytest.mark.parametrize("fixed", [[], [1]])
def test_where_nothing_can_be_served_the_answer_says_so(model, capacities, fixed):
    nowhere = {
        "walks": np.full((3, 2), UNREACHED_MS), "limit": 9, "weights": np.array([1, 2, 0]), "fixed": fixed,
        "p": 1, "capacities": capacities,
    }  # fmt: skip
    found = solved(nowhere, model)
    assert (found.status, found.chosen.tolist(), found.uncoverable.tolist()) == ("optimal", fixed, [0, 1])
    assert found.objective == (len(fixed) if model == "lscp" else 0)
    idle = solved({**nowhere, "walks": np.zeros((3, 2), int), "weights": np.zeros(3, int)}, model)
    assert (idle.status, idle.chosen.tolist(), idle.uncoverable.tolist()) == ("optimal", fixed, [])


def test_a_time_limit_must_be_above_zero():
    with pytest.raises(PlanningError, match="0 seconds"):
        p_median_from_costs(np.zeros((1, 1)), p=1, seconds=0)


def test_a_wrong_solution_is_not_shown():
    costs = siting_costs(np.array([[1, 9], [9, 1]]), p=2, limit=5)
    found = solve_siting(costs, "mclp", seed=0, seconds=5)
    check_siting(costs, found)
    for change in (
        {"objective": 1.0}, {"bound": 1.0}, {"chosen": np.array([0])}, {"assignment": np.array([1, 1])},
        {"assignment": np.array([0, -1])}, {"uncoverable": np.array([0])},
    ):  # fmt: skip
        with pytest.raises(SolverError):
            check_siting(costs, dataclasses.replace(found, **change))
    tight = siting_costs(np.array([[1, 9], [1, 1]]), p=2, limit=5, capacities=[1, 1])
    good = solve_siting(tight, "mclp", seed=0, seconds=5)
    with pytest.raises(SolverError, match="capacity of 0"):
        check_siting(tight, dataclasses.replace(good, assignment=np.array([0, 0])))


def test_the_same_in_another_process():
    code = (
        "import numpy as np\nfrom geoplan.planning.siting_from_costs import *\n"
        "walks = np.random.default_rng(4).integers(0, 900, (60, 15))\n"
        "doors = ((mclp_from_costs, {'limit': 60}), (p_median_from_costs, {}), (p_centre_from_costs, {}))\n"
        "for f, k in doors:\n"
        "    r = f(walks, p=5, **k); print(r.chosen, r.assignment, r.objective, r.bound)"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": str(number), "PYTHONPATH": "."},
        ).stdout
        for number in (1, 2)
    }  # fmt: skip
    assert len(outs) == 1


def needs(folder):
    if not (KNOWN / folder).exists():
        pytest.skip(f"known answers {folder} are not beside this checkout")
    return KNOWN / folder


def san_francisco():
    folder = needs("spopt_sf")

    def rows(name):
        with (folder / name).open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    tracts = sorted(rows("SF_demand_205_centroid_uniform_weight.csv"), key=lambda row: row["NAME"])
    stores = sorted(rows("SF_store_site_16_longlat.csv"), key=lambda row: row["NAME"])
    tract = {row["NAME"]: number for number, row in enumerate(tracts)}
    store = {row["NAME"]: number for number, row in enumerate(stores)}
    metres = np.full((len(tract), len(store)), np.inf)
    for row in rows("SF_network_distance_candidateStore_16_censusTract_205_new.csv"):
        metres[tract[row["DestinationName"]], store[row["name"]]] = float(row["distance"])
    known = json.loads((folder / "known_answers.json").read_text(encoding="utf-8"))
    return np.rint(metres * 1000), np.array([int(row["POP2000"]) for row in tracts]), known


def test_san_francisco_has_the_published_answers():
    millimetres, persons, known = san_francisco()
    limit, p = known["service_radius_m"] * 1000, known["p"]
    assert lscp_from_costs(millimetres, limit=limit).objective == known["LSCP_min_facilities"]
    covered = mclp_from_costs(millimetres, limit=limit, p=p, weights=persons)
    assert covered.objective == known["MCLP_covered_population"]
    assert 100 * (covered.assignment >= 0).mean() == pytest.approx(known["MCLP_clients_covered_pct"])
    median = p_median_from_costs(millimetres, p=p, weights=persons)
    assert median.objective / 1000 == pytest.approx(known["PMEDIAN_objective"], rel=1e-8)
    centre = p_centre_from_costs(millimetres, p=p, weights=persons)
    assert centre.objective / 1000 == pytest.approx(known["PCENTER_minmax_m"], abs=0.001)
    assert {one.status for one in (covered, median, centre)} == {"optimal"}


OPTIMA = (5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255, 7696, 6634, 4374, 2968, 1729)


@pytest.mark.parametrize("number", range(1, 16))
def test_orlib_p_medians_are_searched_within_half_a_percent_and_proven(number):
    file = needs("orlib_pmed") / f"pmed{number}.txt"
    values = np.array(file.read_text().split(), dtype=int)
    size, _, p = values[:3]
    graph = np.zeros((size, size))
    for u, v, length in values[3:].reshape(-1, 3):
        graph[u - 1, v - 1] = graph[v - 1, u - 1] = length
    walks = shortest_path(sparse.csr_array(graph), directed=False)
    costs = siting_costs(walks, p=p)
    best = OPTIMA[number - 1]
    reached = median_cost(costs, search_median(costs, seed=0, ends=FOREVER))
    assert best <= reached <= 1.005 * best
    assert median_bound(costs, reached, ends=FOREVER).bound <= best
    found = p_median_from_costs(walks, p=p)
    assert (found.status, found.objective) == ("optimal", best)


@pytest.mark.parametrize("model", MODELS)
def test_out_of_time_is_feasible_with_an_honest_bound(model):
    random = np.random.default_rng(8)
    homes, sites = random.random((1500, 2)) * 9000, random.random((150, 2)) * 9000
    metres = np.linalg.norm(homes[:, None] - sites[None], axis=2)
    limit = 1200 if model in ("lscp", "mclp") else None
    costs = siting_costs(
        np.rint(metres), weights=random.integers(1, 90, 1500), p=None if model == "lscp" else 9, limit=limit
    )
    hasty = solve_siting(costs, model, seed=0, seconds=1e-3)
    better = solve_siting(costs, model, seed=0, seconds=2.0)
    assert hasty.status in ("feasible", "optimal")
    if model == "mclp":
        assert hasty.objective <= better.bound
        assert better.objective <= hasty.bound
    else:
        assert hasty.objective >= better.bound
        assert better.objective >= hasty.bound
