from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import geoplan
from geoplan.errors import PlanningError
from geoplan.messages import text
from geoplan.planning.alternatives import KINDS, MAIN_CLASSES, clearly_different
from geoplan.planning.checks import broken_rules
from geoplan.planning.instance import SplitSolution
from geoplan.planning.limits import even_limits, part_limits
from geoplan.planning.split import evaluate_split, plan_split
from geoplan.report.split_json import split_as_dict
from geoplan.report.split_words import said
from tests.planning.towns import line, town

STANDARD = geoplan.load_standard("default")
SEAT = {"p1": (50, 150, 500.0)}


def planned(study, **options):
    return plan_split(geoplan.walk_network(study), study, "c1", STANDARD, **options)


def is_connected(plan, part_id):
    """Tell by networkx whether a part hangs together over passable borders."""
    members = plan.members.index[plan.members["part_id"] == part_id]
    graph = nx.Graph()
    graph.add_nodes_from(members)
    open_ = plan.borders[plan.borders["passable"].astype(bool)]
    graph.add_edges_from(zip(open_["residence_u"], open_["residence_v"], strict=True))
    return nx.is_connected(graph.subgraph(members))


def test_a_community_is_split_along_its_main_road():
    plan = planned(town(arterial=3, premises=SEAT))
    assert (plan.status, plan.model, plan.gap) == ("optimal", "seat", 0.0)
    assert plan.parts["households"].tolist() == [1800, 1800]
    assert plan.parts["compounds"].tolist() == [9, 9]
    assert plan.summary["cut_m_by_class"]["arterial"] == pytest.approx(300, abs=1)
    assert plan.summary["cut_m"] == pytest.approx(300, abs=1)
    west = plan.members.loc["r00", "part_id"]
    assert set(plan.members.index[plan.members["part_id"] == west]) == {
        f"r{row}{column}" for row in range(3) for column in range(3)
    }
    assert plan.parts.loc[west, "seat_id"] == "p1"
    assert plan.parts.loc[west, "east"] == "建宁路"
    assert plan.checks["verdict"].isin(["pass", "fail"]).all()
    failing = plan.checks[plan.checks["verdict"] == "fail"]
    assert set(failing["rule"]) <= {"premises.min_floor_area", "premises.area_per_100_households"}


def test_figures_of_a_plan_add_up():
    plan = planned(town(arterial=2, premises=SEAT))
    assert plan.parts["households"].sum() == plan.members["households"].sum() == 3600
    assert plan.members["part_id"].notna().all()
    assert plan.parts["area_km2"].sum() == pytest.approx(0.18)
    assert all(is_connected(plan, part) for part in plan.parts.index)
    assert (
        plan.summary["persons_changing_hands"]
        == plan.members.loc[plan.members["changes_hands"].astype(bool), "persons"].sum()
    )
    for part_id, row in plan.parts.iterrows():
        own = plan.members[plan.members["part_id"] == part_id]
        assert row["max_walk_m"] == pytest.approx(own["walk_m"].max())
        assert row["mean_walk_m"] == pytest.approx(
            np.average(own["walk_m"], weights=own["households"].astype(int))
        )


def test_the_plans_own_members_evaluate_to_the_same_figures():
    study = town(arterial=2, premises=SEAT)
    plan = planned(study, alternatives=False)
    seats = plan.parts["seat_id"].to_dict()
    again = evaluate_split(geoplan.walk_network(study), study, "c1", STANDARD, plan.members, seats=seats)
    assert again.objective == plan.objective
    assert again.status == "feasible"
    assert again.kind == "given"
    pd.testing.assert_frame_equal(again.checks, plan.checks)
    assert again.summary == plan.summary


def test_a_compound_moved_across_breaks_the_rules_it_breaks():
    study = town(arterial=3, premises=SEAT)
    plan = planned(study, alternatives=False)
    members = plan.members["part_id"].to_dict()
    members["r05"] = members["r00"]  # far from its new part
    del members["r00"]
    found = evaluate_split(geoplan.walk_network(study), study, "c1", STANDARD, members)
    assert found.status == "breaks_rules"
    failed = found.checks[found.checks["verdict"] == "fail"].set_index("rule")
    assert failed.loc["split.contiguous", "residences"] == "r05"
    assert failed.loc["split.complete", "residences"] == "r00"


def _minor_metres(plan):
    cut = plan.borders[plan.borders["cut"].astype(bool)]
    return cut.loc[~cut["border_class"].isin(MAIN_CLASSES), "length_m"].sum()


BETTER = {
    "main_roads": _minor_metres,
    "fewest_moves": lambda plan: plan.summary["persons_changing_hands"],
    "shortest_walks": lambda plan: plan.summary["mean_walk_m"],
    "best_balance": lambda plan: plan.summary["max_deviation"],
}


@pytest.mark.parametrize(
    "options",
    [
        {"columns": 8, "rows": 2, "arterial": 5},
        {"columns": 7, "rows": 4, "arterial": 3, "households": 150},
        {"columns": 6, "rows": 5, "arterial": 2, "households": 170},
    ],
)
def test_alternatives_differ_clearly_and_do_better_what_they_are_named_for(options):
    plan = planned(town(premises=SEAT, **options), tolerance=0.3)
    assert 1 <= len(plan.alternatives) <= 3
    kinds = [other.kind for other in plan.alternatives]
    assert kinds == sorted(set(kinds), key=KINDS.index)
    sizes = plan.members["households"].to_numpy(int)
    for other in plan.alternatives:
        assert other.objective >= plan.objective
        assert other.gap == pytest.approx((other.objective - plan.bound) / other.objective)
        assert all(is_connected(other, part) for part in other.parts.index)
        assert not len(broken_rules(other.checks))
        if other.kind in BETTER:
            assert BETTER[other.kind](other) < BETTER[other.kind](plan)
    for one, other in itertools.combinations((plan, *plan.alternatives), 2):
        numbers = [pd.Categorical(each.members["part_id"]).codes.astype(int) for each in (one, other)]
        assert clearly_different(sizes, *numbers)


def test_the_same_seed_gives_the_same_plan_and_alternatives_whatever_the_hash_seed():
    code = (
        "import geoplan\n"
        "from geoplan.report.split_json import split_as_dict\n"
        "from tests.planning.towns import town\n"
        "study = town(columns=7, rows=3, arterial=3, premises={'p1': (50, 150, 500.0)})\n"
        "standard = geoplan.load_standard('default')\n"
        "plan = geoplan.plan_split(geoplan.walk_network(study), study, 'c1', standard, tolerance=0.3)\n"
        "print(len(plan.alternatives), split_as_dict(plan, lang='zh'))"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": str(number), "PYTHONPATH": "."},
        ).stdout
        for number in (1, 2)
    }  # fmt: skip
    (out,) = outs
    assert int(out.split()[0]) >= 1


def test_areas_nest_in_parts_and_stay_within_the_maximum():
    plan = planned(town(arterial=3, premises=SEAT), areas=True, alternatives=False)
    assert plan.members["area_id"].notna().all()
    assert (plan.members.groupby("area_id")["households"].sum() <= 500).all()
    assert (plan.members.groupby("area_id")["part_id"].nunique() == 1).all()


def test_an_impossible_split_says_why_and_what_would_help():
    river = line((200, -50), (200, 350))
    study = town(barriers={"river": ("river", river)}, premises=SEAT, columns=5, households=220)
    kept = study.streets[[one.startswith("v") and one != "v2" for one in study.streets.index]]
    west = {f"w{row}": line((0, row * 100), (100, row * 100), (190, row * 100)) for row in range(4)}
    east = {f"e{row}": line(*((x, row * 100) for x in (210, 300, 400, 500))) for row in range(4)}
    more = gpd.GeoDataFrame(
        {"kind": "street", "name": None}, geometry=[*west.values(), *east.values()],
        index=[*west, *east], crs=study.crs,
    )  # fmt: skip
    streets = pd.concat([kept, more]).rename_axis("street_id").sort_index()
    study = dataclasses.replace(study, streets=streets)
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD, parts=2)
    assert plan.status == "infeasible"
    assert len(plan.parts) == 0
    assert plan.members["part_id"].isna().all()
    assert "reason.split_island" in {key for key, _ in plan.reasons}
    assert (plan.relaxations[0].kind, plan.relaxations[0].value) == ("tolerance", 0.2)
    (relaxed,) = plan.alternatives
    assert (relaxed.kind, relaxed.status) == ("relaxed", "optimal")
    assert sorted(relaxed.parts["compounds"]) == [6, 9]
    wider = plan_split(
        geoplan.walk_network(study), study, "c1", STANDARD, parts=2, tolerance=0.2, alternatives=False
    )
    assert wider.objective == relaxed.objective


def test_a_new_community_reaches_the_packs_minimum_for_new_ones_or_the_reason_says_so():
    study = town(columns=6, rows=2, households=450, premises=SEAT)  # 5,400 households
    standard = geoplan.load_standard("yuhang-2020")
    network = geoplan.walk_network(study)
    plan = plan_split(network, study, "c1", standard, alternatives=False)
    assert (plan.status, plan.parts_min, plan.parts_max) == ("optimal", 2, 3)
    assert plan.parts["households"].between(1500, 4000).all()
    four = plan_split(network, study, "c1", standard, parts=4, alternatives=False)
    assert four.status == "infeasible"
    assert ("reason.split_too_many", {"least": 1500, "most": 3, "parts": 4, "share": "1350"}) in four.reasons
    assert "1500" in said(four.reasons[0], "en")
    assert "parts" in {one.kind for one in four.relaxations}
    large = plan_split(None, town(columns=6, rows=8, households=180), "c1", standard, parts=2, seconds=1.0)
    assert large.reasons[0][0] == "reason.split_too_few"


def test_auto_never_tries_more_parts_than_can_reach_the_minimum(monkeypatch):
    tried = []

    def none(costs, **_):
        tried.append(costs.parts)
        return _none_found(costs)

    monkeypatch.setattr("geoplan.planning.split.split_from_costs", none)
    monkeypatch.setattr("geoplan.planning.split.relax_split", lambda *_, **__: [])
    study = dataclasses.replace(town(columns=6, rows=5, households=180), streets=None)  # 5,400 households
    plan_split(None, study, "c1", geoplan.load_standard("yuhang-2020"))
    assert tried == [2, 3]  # four would hold 1,350 each


def _none_found(costs):
    nothing = np.zeros(0, np.int64)
    return SplitSolution("not_found", nothing, nothing, np.nan, 7.0, np.nan, 0)


def test_a_split_neither_found_nor_disproved_is_an_answer_with_its_bound(monkeypatch):
    study = town(arterial=3, premises=SEAT)
    monkeypatch.setattr("geoplan.planning.split.split_from_costs", lambda costs, **_: _none_found(costs))
    monkeypatch.setattr("geoplan.planning.split.relax_split", lambda *_, **__: [])
    plan = planned(study, seconds=0.01)
    assert (plan.status, plan.bound, len(plan.parts)) == ("not_found", 7.0, 0)
    assert plan.members["part_id"].isna().all()
    assert [key for key, _ in plan.reasons] == ["reason.split_not_found"]
    for lang in ("zh", "en"):
        told = split_as_dict(plan, lang=lang)
        assert (told["status"], told["bound"], told["objective"]) == ("not_found", 7.0, None)
        assert told["parts"] == []
        assert told["status_text"] == text("plan.status.not_found", lang)
        assert "0.01" in told["reasons"][0]
    phases = geoplan.phase_splits(geoplan.flag_oversized(study.communities, STANDARD), STANDARD, plans=[plan])
    assert phases.iloc[0]["score_plan"] == 0.0


def test_missing_figures_and_nobody_living_there_are_told_by_name():
    study = town()
    homes = study.residences.copy()
    homes.loc["r03", "households"] = pd.NA
    with pytest.raises(PlanningError, match="r03"):
        planned(dataclasses.replace(study, residences=homes))
    with pytest.raises(PlanningError, match="no households"):
        planned(town(households=0), parts=2)


def test_a_community_that_is_not_oversized_is_split_only_when_told_how():
    study = town(columns=4, rows=3)
    with pytest.raises(PlanningError, match="--parts"):
        planned(study)
    assert planned(study, parts=2, alternatives=False).summary["parts"] == 2
    with pytest.raises(PlanningError):
        planned(study, parts=1)


def test_a_seat_that_must_be_one_is_one_and_an_unknown_one_is_named():
    study = town(arterial=3, premises=SEAT)
    plan = planned(study, seats=["r25"], alternatives=False)
    assert "r25" in set(plan.parts["seat_id"])
    with pytest.raises(PlanningError, match="nowhere"):
        planned(study, seats=["nowhere"])


def test_without_streets_only_borders_count():
    study = dataclasses.replace(town(premises=SEAT), streets=None)
    plan = plan_split(None, study, "c1", STANDARD)
    assert plan.model == "cut"
    assert plan.status == "optimal"
    assert plan.parts["seat_id"].isna().all()
    assert plan.parts["max_walk_m"].isna().all()


def test_the_members_table_is_refused_where_it_is_wrong():
    study = town(premises=SEAT)
    network = geoplan.walk_network(study)
    for members, told in (
        ({"r00": "a", "zz": "b"}, "zz"),
        ({"r00": "a"}, "at least 2"),
        (pd.DataFrame({"residence_id": ["r00", "r00"], "part_id": ["a", "b"]}), "r00"),
        (pd.DataFrame({"residence_id": ["r00"]}), "part_id"),
    ):
        with pytest.raises(PlanningError, match=told):
            evaluate_split(network, study, "c1", STANDARD, members)


def test_limits_are_exact_where_floats_are_not():
    assert even_limits(2400, 2, 0.3) == (840, 1560)
    assert even_limits(10, 3, 0.1) == (3, 3)
    limits = part_limits(12_000, 4, "households", STANDARD)
    assert (limits.lower, limits.upper) == (2550, 3000)
    assert part_limits(2100, 2, "households", STANDARD).lower == 1000


def test_every_oversized_community_of_anning_is_planned_and_proven():
    study = geoplan.read_study("data/anning")
    network = geoplan.walk_network(study)
    sizes = geoplan.flag_oversized(study.communities, STANDARD)
    for community_id in sizes.index[sizes["size"] == "oversized"][:5]:
        plan = plan_split(network, study, community_id, STANDARD, alternatives=False)
        assert plan.status in ("optimal", "infeasible")
        shown = plan if plan.status == "optimal" else plan.alternatives[0]
        assert all(is_connected(shown, part) for part in shown.parts.index)
        assert shown.parts["households"].sum() == sizes.loc[community_id, "households"]


def test_a_walk_limit_of_ones_own_is_the_one_that_is_checked():
    study = town(arterial=3, premises=SEAT)
    network = geoplan.walk_network(study)
    plan = planned(study, alternatives=False)
    members, seats = plan.members, plan.parts["seat_id"].to_dict()
    walks = members["walk_m"].max() / STANDARD.number("walking.speed")
    for minutes, verdict in ((walks + 0.01, "pass"), (walks - 0.01, "fail")):
        found = evaluate_split(network, study, "c1", STANDARD, members, seats=seats, max_walk_minutes=minutes)
        checks = found.checks[found.checks["rule"] == "split.max_walk"]
        assert checks["threshold"].tolist() == pytest.approx([minutes] * 2, abs=1e-4)
        assert (verdict == "fail") == ("fail" in set(checks["verdict"]))
    for minutes in (0, -3, np.nan):
        with pytest.raises(PlanningError, match="walk limit"):
            planned(study, max_walk_minutes=minutes)


def test_what_a_split_leaves_out_is_noted():
    study = town(arterial=3, premises=SEAT)
    assert planned(study, alternatives=False).blocks.notes == ()
    fewer = dataclasses.replace(study, residences=study.residences.drop(index="r00"))
    notes = dict(planned(fewer, alternatives=False).blocks.notes)
    assert notes["note.counts_differ"] == {"column": "households", "stated": 3600, "counted": 3400}
    lost = dataclasses.replace(study, premises=study.premises.set_geometry([None], crs=study.crs))
    notes = dict(planned(lost, alternatives=False).blocks.notes)
    assert notes["note.premises_without_place"] == {"ids": "p1"}


def test_far_too_many_parts_are_told_how_many_would_do():
    plan = planned(town(premises=SEAT), parts=9, alternatives=False)
    assert plan.status == "infeasible"
    assert {one.kind: one.value for one in plan.relaxations}["parts"] == 3
