from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan.analysis.coverage as engine
from geoplan.analysis.coverage import coverage
from geoplan.analysis.recheck import recheck
from geoplan.errors import DisagreementError
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from geoplan.workflow import audit
from tests.audits import plain_study
from tests.cities import demanding, random_study

STANDARD = load_standard("default")


def engine_reach(study, standard=STANDARD):
    return coverage(walk_network(study), study, standard).reach


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["default", "elder"]))
def test_engine_and_checker_agree_to_the_millisecond_on_any_city(seed, profile):
    study, standard = random_study(seed), demanding(STANDARD).with_profile(profile)
    reach = engine_reach(study, standard)
    found = recheck(study, standard, reach, sampled=len(study.residences))
    assert (found["agreeing"] == len(study.residences)).all()
    assert (found["largest_difference_ms"] == 0).all()


def test_the_cities_hold_walks_that_pass_that_fail_and_what_is_unknown():
    told = pd.concat([engine_reach(random_study(seed), demanding(STANDARD)) for seed in range(8)])
    assert set(told["verdict"]) == {"pass", "fail", "unknown"}
    assert told["minutes"].notna().mean() > 0.5


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("minutes", lambda old: old + 1 / 60_000),
        ("minutes", lambda old: old * np.nan),
        ("verdict", {"pass": "fail", "fail": "pass"}.get),
        ("nearest_id", "other {}".format),
    ],
    ids=["one millisecond", "no walk", "verdict", "place"],
)
def test_one_wrong_cell_of_a_drawn_residence_is_found(column, wrong):
    study = plain_study()
    reach = engine_reach(study)
    row = reach.index[(reach["residence_id"] == "r2") & (reach["service"] == "welfare")][0]
    reach.loc[row, column] = wrong(reach.loc[row, column])
    with pytest.raises(DisagreementError, match="r2 welfare"):
        recheck(study, STANDARD, reach)


def test_a_wrong_longest_walk_is_found_whoever_is_drawn():
    study = plain_study()
    reach = engine_reach(study)
    passing = reach[(reach["service"] == "daily") & (reach["verdict"] == "pass")]
    row = passing["minutes"].idxmax()
    assert recheck(study, STANDARD, reach, sampled=0).loc["daily", "longest_pass_id"] == "r2"
    reach.loc[row, "minutes"] += 0.001
    with pytest.raises(DisagreementError, match="r2 daily"):
        recheck(study, STANDARD, reach, sampled=0)


def test_a_wrong_longest_walk_of_a_community_is_found_whoever_is_drawn():
    study = plain_study()
    reach = engine_reach(study)
    row = reach.index[(reach["residence_id"] == "r1") & (reach["service"] == "daily")][0]
    reach.loc[row, "minutes"] += 0.001
    assert study.residences.loc[["r1", "r2"], "community_id"].tolist() == ["west", "west"]
    assert recheck(study, STANDARD, reach, sampled=0)["agreeing"].gt(0).all()  # r2 walks longer
    apart = study.residences.assign(community_id=["alone", "west", "east", "west"])
    with pytest.raises(DisagreementError, match="r1 daily"):
        recheck(dataclasses.replace(study, residences=apart), STANDARD, reach, sampled=0)


def test_a_wrong_snap_stops_the_audit(monkeypatch):
    honest = engine.place_on_network

    def shifted(network, study, standard):
        places = honest(network, study, standard)
        moved = dataclasses.replace(places.residences, offset_m=places.residences.offset_m + 7)
        return dataclasses.replace(places, residences=moved)

    monkeypatch.setattr(engine, "place_on_network", shifted)
    with pytest.raises(DisagreementError) as caught:
        audit(plain_study(), STANDARD)
    assert "r1 daily" in str(caught.value) and "r1 daily" in caught.value.text("zh")


@pytest.mark.parametrize("service", ["daily", "centre_district"])
def test_one_walk_found_a_millisecond_short_stops_the_audit_if_a_report_quotes_it(monkeypatch, service):
    study = plain_study()
    reach = engine_reach(study)
    longest = reach[(reach["service"] == service) & reach["minutes"].notna()]["minutes"].idxmax()
    telling = reach.loc[longest, "residence_id"]
    honest = engine.reach_table

    def broken(network, study, standard, places, asked):
        rows = honest(network, study, standard, places, asked)
        if asked == service:
            rows.loc[rows["residence_id"] == telling, "minutes"] -= 1 / 60_000
        return rows

    monkeypatch.setattr(engine, "reach_table", broken)
    monkeypatch.setattr("geoplan.workflow.recheck", partial(recheck, sampled=0))
    with pytest.raises(DisagreementError, match=f"{telling} {service}"):
        audit(study, STANDARD)


def test_a_closed_gate_walked_through_stops_the_audit(monkeypatch):
    study = plain_study()
    (street,) = study.streets.geometry
    (x0, y), (x1, _) = street.coords
    middle = (x0 + 600, y)
    halves = [shapely.LineString([(x0, y), middle]), shapely.LineString([middle, (x1, y)])]
    streets = pd.concat([study.streets, study.streets]).set_axis(["a", "b"]).rename_axis("street_id")
    gated = dataclasses.replace(study, streets=streets.set_geometry(halves).assign(gate=["open", "closed"]))
    assert audit(gated, STANDARD).tables["recheck"]["agreeing"].gt(0).all()
    ungated = dataclasses.replace(gated, streets=gated.streets.drop(columns="gate"))
    monkeypatch.setattr("geoplan.workflow.walk_network", lambda _: walk_network(ungated))
    with pytest.raises(DisagreementError):
        audit(gated, STANDARD)


def test_the_draw_hangs_on_the_seed_and_not_on_the_order_of_rows():
    study = random_study(3)
    reach = engine_reach(study)
    one = recheck(study, STANDARD, reach, sampled=4, seed=1)
    again = recheck(study, STANDARD, reach.sample(frac=1, random_state=0), sampled=4, seed=1)
    pd.testing.assert_frame_equal(one, again.loc[one.index])
    assert (one["seed"] == 1).all() and (one["sampled"] == 4).all()


def test_every_audit_is_checked_with_the_seed_given():
    found = audit(plain_study(), STANDARD, seed=5).tables["recheck"]
    assert (found["redecided"] == found["agreeing"]).all() and (found["sampled"] == 4).all()
    assert found["seed"].tolist() == [5] * len(found)
