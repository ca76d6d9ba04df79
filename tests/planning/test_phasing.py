from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan
from geoplan.planning.phasing import phase_splits, years_of
from geoplan.planning.premises_plan import plan_premises
from tests.planning.towns import town

STANDARD = geoplan.load_standard("default")


def sizes(margins):
    return pd.DataFrame(
        {
            "name": "x", "households": 3000, "persons": 6000, "size": "oversized", "margin": margins,
            "threshold": 3000.0, "parts_min": 2,
        },
        index=pd.Index([f"c{number:02d}" for number in range(len(margins))], name="community_id"),
    )  # fmt: skip


@settings(max_examples=50)
@given(margins=st.lists(st.integers(-4000, -1), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_the_order_is_by_score_and_no_year_holds_more_than_its_capacity(margins, seed):
    table = sizes([float(one) for one in margins])
    phases = phase_splits(table, STANDARD)
    assert phases["score"].is_monotonic_decreasing
    assert sorted(phases["community_id"]) == sorted(table.index)
    assert (phases["year"].dropna().value_counts() <= 5).all()
    shuffled = phase_splits(table.sample(frac=1, random_state=seed), STANDARD)
    pd.testing.assert_frame_equal(phases, shuffled)


def test_equal_scores_go_by_id_and_what_is_unknown_is_named():
    phases = phase_splits(sizes([-100.0, -100.0, -50.0]), STANDARD)
    assert phases["community_id"].tolist() == ["c00", "c01", "c02"]
    assert set(phases["unknown"]) == {"premises,plan,network"}
    assert phases["score"].iloc[0] == pytest.approx(0.4 * 100 / 3000)


def test_a_ready_community_goes_before_one_as_large_without_a_plan():
    study = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    plan = geoplan.plan_split(geoplan.walk_network(study), study, "c1", STANDARD, alternatives=False)
    table = sizes([-600.0, -600.0]).set_axis(["b0", "c1"]).rename_axis("community_id")
    phases = phase_splits(table, STANDARD, plans=[plan])
    assert phases["community_id"].tolist() == ["c1", "b0"]
    row = phases.iloc[0]
    assert (row["score_plan"], row["score_network"], row["score_premises"]) == (1.0, 1.0, 0.5)


def test_years_stop_after_the_last():
    assert years_of(7, 2, 3).tolist()[:6] == [1, 1, 2, 2, 3, 3]
    assert years_of(7, 2, 3).isna().tolist() == [False] * 6 + [True]


@pytest.mark.parametrize(
    ("area", "minutes", "state"),
    [(1080.0, 15, "met"), (1079.0, 15, "too_small"), (1080.0, 3, "too_far"), (np.nan, 15, "unknown")],
)
def test_premises_are_small_far_unknown_or_met(area, minutes, state):
    study = town(premises={"p1": (50, 150, area)})
    standard = STANDARD.override({"split.max_walk": minutes})
    (row,) = plan_premises(geoplan.walk_network(study), study, standard).to_dict("records")
    assert row["state"] == state
    assert row["minimum_m2"] == 1080  # 3,600 households at 30 m² a hundred
    if state in ("too_small", "too_far"):
        assert row["year"] == 1
        assert 0 < row["households_affected"] <= 3600
    else:
        assert pd.isna(row["year"])


def test_without_premises_everyone_is_affected():
    study = town(premises={"p1": (50, 150, 400.0)})
    study = dataclasses.replace(study, premises=study.premises.assign(community_id="other"))
    (row,) = plan_premises(None, study, STANDARD).to_dict("records")
    assert (row["state"], row["households_affected"], row["shortfall_m2"]) == ("none", 3600, 1080.0)


def test_a_split_halves_the_need_and_doubles_the_seats():
    study = town(arterial=3, premises={"p1": (50, 150, 600.0)})
    network = geoplan.walk_network(study)
    plan = geoplan.plan_split(network, study, "c1", STANDARD, alternatives=False)
    found = plan_premises(network, study, STANDARD, plans=[plan])
    before, after = found[found["stage"] == "before"], found[found["stage"] == "after"]
    assert before["state"].tolist() == ["too_small"]
    assert sorted(after["state"]) == ["met", "none"]
    assert after["minimum_m2"].sum() == before["minimum_m2"].sum()
    assert after["households"].sum() == before["households"].sum()
