from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan
from geoplan.analysis.access import two_step_access, zone_weights
from geoplan.analysis.centres import centre_times
from geoplan.analysis.compliance import compliance_sheet
from geoplan.analysis.coverage import coverage
from geoplan.analysis.tiers import centre_tiers
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from tests.analysis.test_coverage import random_city
from tests.audits import plain_audit
from tests.studies import street_study

DEFAULT = load_standard("default")


def plain_two_step(times, supply, demand, limit, weight):
    """Say the two steps out loud, for every supplier and every place."""
    ratio = {}
    for j, offered in enumerate(supply):
        asked = sum(demand[i] * weight(row[j]) for i, row in enumerate(times) if row[j] <= limit)
        ratio[j] = offered / asked if asked > 0 else 0.0
    return [
        sum(ratio[j] * weight(minutes) for j, minutes in enumerate(row) if minutes <= limit) for row in times
    ]


def fast_two_step(times, supply, demand, limit, weight):
    place, supplier = np.nonzero(np.asarray(times) <= limit)
    weights = np.array([weight(times[i][j]) for i, j in zip(place, supplier, strict=True)])
    return two_step_access(
        place, supplier, supply=np.array(supply, float), demand=np.array(demand, float), weights=weights
    )


TOWNS = {"supply": [15, 20, 100], "demand": [100, 50, 10]}
"""Doctors and people of three tracts: the example PySAL's access is tested with; the third is the city."""
GRIDLOCK = [[1, 80, 40], [80, 1, 40], [40, 40, 1]]
FASTER_IN = [[1, 80, 20], [80, 1, 20], [40, 40, 1]]


def test_the_worked_example_of_two_towns_and_a_city():
    found = fast_two_step(GRIDLOCK, **TOWNS, limit=60, weight=lambda _: 1.0)
    assert found.ratio.tolist() == [15 / 110, 20 / 60, 100 / 160]
    assert found.score == pytest.approx(
        [15 / 110 + 100 / 160, 20 / 60 + 100 / 160, 15 / 110 + 20 / 60 + 100 / 160]
    )
    by_distance = fast_two_step(GRIDLOCK, **TOWNS, limit=60, weight=lambda minutes: 1 / minutes)
    first, second, city = 15 / (100 + 10 / 40), 20 / (50 + 10 / 40), 100 / (10 + 150 / 40)
    expected = [first + city / 40, second + city / 40, first / 40 + second / 40 + city]
    assert by_distance.score == pytest.approx(expected)
    faster = fast_two_step(FASTER_IN, **TOWNS, limit=60, weight=lambda minutes: 1 / minutes)
    assert (faster.score[:2] > by_distance.score[:2]).all()
    assert faster.score[2] < by_distance.score[2]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), places=st.integers(1, 12), suppliers=st.integers(1, 6))
def test_both_steps_agree_with_the_plain_words_and_supply_is_conserved(seed, places, suppliers):
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 30, (places, suppliers))
    supply, demand = rng.integers(1, 90, suppliers), rng.integers(0, 50, places)

    def weight(minutes):
        return 1.0 if minutes <= 5 else 0.68 if minutes <= 10 else 0.22

    found = fast_two_step(times, supply, demand, 15, weight)
    assert found.score == pytest.approx(plain_two_step(times, supply, demand, 15, weight))
    asked = ((times <= 15) * demand[:, None]).sum(axis=0) > 0
    assert (found.score * demand).sum() == pytest.approx(supply[asked].sum())


def test_a_supply_nobody_states_makes_the_access_of_whom_it_serves_unknown():
    found = two_step_access(
        np.array([0, 1]), np.array([0, 1]), supply=np.array([np.nan, 5.0]), demand=np.array([1.0, 2.0, 9.0])
    )
    assert np.isnan(found.score[0])
    assert found.score[1:].tolist() == [2.5, 0.0]


def test_the_end_of_a_third_belongs_to_it():
    ms = np.array([0, 1, 300_000, 300_001, 600_000, 600_001, 900_000])
    assert zone_weights(ms, 900_000, DEFAULT).tolist() == [1, 1, 1, 0.68, 0.68, 0.22, 0.22]


def tiers_of(study, standard=DEFAULT):
    network = walk_network(study)
    covered = coverage(network, study, standard)
    return covered, centre_tiers(study, standard, covered.reach, centre_times(network, study, covered.places))


def crowded_city(seed):
    study = random_city(seed, centres=5)
    rng = np.random.default_rng(seed)
    halls = study.centres.assign(capacity=pd.array(rng.integers(1, 80, 5), dtype="Int64"))
    elderly = pd.array(rng.integers(0, 20, len(study.residences)), dtype="Int64")
    return dataclasses.replace(
        study, centres=halls, residences=study.residences.assign(elderly_persons=elderly)
    )


SHORT = DEFAULT.override({"centre.minutes": 4})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_catchments_partition_the_covered_and_shared_and_sole_partition_the_reached(seed):
    covered, found = tiers_of(crowded_city(seed), SHORT)
    for service, load in found.load.groupby("service"):
        row = covered.by_category.loc[service]
        assert load["persons_catchment"].sum() == row["persons_pass"]
        assert load["households_catchment"].sum() == row["households_pass"]
        assert (load["persons_shared"] + load["persons_sole"] == load["persons_reached"]).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_closing_a_centre_loses_exactly_whom_it_alone_reached_and_adding_one_loses_nobody(seed):
    study = crowded_city(seed)
    covered, found = tiers_of(study, SHORT)
    load = found.load.set_index(["service", "centre_id"])
    gone = study.centres.index[seed % 5]
    closed, _ = tiers_of(dataclasses.replace(study, centres=study.centres.drop(index=gone)), SHORT)
    for service in ("centre_any", "centre_district", "centre_community"):
        lost = load["persons_sole"].get((service, gone), 0)
        after, before = (one.by_category.loc[service, "persons_pass"] for one in (closed, covered))
        assert before - after == lost >= 0


def test_closing_each_centre_of_anning_loses_exactly_whom_it_alone_reached():
    study = geoplan.read_study("data/anning")
    network = walk_network(study)
    covered, found = tiers_of(study)
    sole = found.load.set_index(["service", "centre_id"])[["persons_sole", "households_sole"]]
    for gone in study.centres.index[::6]:
        closed = dataclasses.replace(study, centres=study.centres.drop(index=gone))
        after = coverage(network, dataclasses.replace(closed, facilities=None), DEFAULT).by_category
        for service in after.index:
            for people in ("persons", "households"):
                lost = (
                    covered.by_category.loc[service, f"{people}_pass"] - after.loc[service, f"{people}_pass"]
                )
                assert lost == sole[f"{people}_sole"].get((service, gone), 0)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), minutes=st.sampled_from([2, 4, 7]), speed=st.sampled_from([57, 67, 80])
)
def test_coverage_never_falls_with_more_minutes_or_a_faster_walk(seed, minutes, speed):
    study = crowded_city(seed)

    def passing(minutes, speed):
        standard = DEFAULT.override(
            {"centre.minutes": minutes, "circle.minutes": minutes, "walking.speed": speed}
        )
        reach = coverage(walk_network(study), study, standard).reach
        return set(map(tuple, reach.loc[reach["verdict"] == "pass", ["residence_id", "service"]].values))

    assert passing(minutes, speed) <= passing(minutes + 1, speed)
    assert passing(minutes, speed) <= passing(minutes, speed + 9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_both_tiers_are_the_intersection_and_substitution_adds_the_district_centres(seed):
    study = crowded_city(seed)
    covered, found = tiers_of(study, SHORT)
    passed = {
        one: set(
            covered.reach.loc[
                (covered.reach["service"] == f"centre_{one}") & (covered.reach["verdict"] == "pass"),
                "residence_id",
            ]
        )
        for one in ("district", "community", "any")
    }
    persons = study.residences["persons"]
    both = passed["district"] & passed["community"]
    assert found.tiers.loc["both", "persons_pass"] == persons[sorted(both)].sum()
    assert found.tiers.loc["district", "persons_only"] == persons[sorted(passed["district"] - both)].sum()
    _, together = tiers_of(study, SHORT.override({"centre.district_serves_community_tier": True}))
    assert together.tiers.loc["community", "persons_pass"] == found.tiers.loc["any", "persons_pass"]
    assert set(together.load.loc[together.load["service"] == "centre_community", "centre_id"]) == set(
        study.centres.index
    )


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_scores_agree_with_the_plain_words_on_a_city_and_overlaps_with_sets(seed):
    study = crowded_city(seed)
    network = walk_network(study)
    covered, found = tiers_of(study, SHORT)
    minutes = centre_times(network, study, covered.places).T / 60_000
    supply = study.centres["capacity"].to_numpy(float)
    demand = study.residences["persons"].to_numpy(float)
    access = found.access[found.access["service"] == "centre_any"]
    assert access["access_2sfca"].to_numpy() == pytest.approx(
        plain_two_step(minutes, supply, demand, 4, lambda _: 1.0)
    )
    assert access["centres_within"].tolist() == (minutes <= 4).sum(axis=1).tolist()
    near = {one: set(np.flatnonzero(minutes[:, at] <= 4)) for at, one in enumerate(study.centres.index)}
    pairs = {
        (row.centre_id, row.other_id): row.residences
        for row in found.overlaps.itertuples()
        if row.service == "centre_any"
    }
    expected = {(a, b): len(near[a] & near[b]) for a in near for b in near if a < b and near[a] & near[b]}
    assert pairs == expected


def test_the_compliance_sheet_says_what_the_other_tables_say():
    audit = plain_audit()
    sheet = audit.tables["compliance"]
    of = sheet.set_index(["unit_table", "unit_id", "rule", "about"])
    oversized, coverage_table = audit.tables["oversized"], audit.tables["coverage_by_community_category"]
    for community, row in oversized.iterrows():
        checked = of.loc[("communities", community, "community.max_households", ""), "verdict"]
        assert (checked == "fail") == (row["size"] == "oversized")
    for row in coverage_table.itertuples():
        rule = "centre.minutes" if row.service.startswith("centre_") else "circle.minutes"
        checked = of.loc[("communities", row.community_id, rule, row.service)]
        failed = audit.tables["reach"].merge(
            audit.study.residences[["community_id"]], left_on="residence_id", right_index=True
        )
        own = failed[(failed["community_id"] == row.community_id) & (failed["service"] == row.service)]
        expected = (
            "fail"
            if (own["verdict"] == "fail").any()
            else "unknown"
            if (own["verdict"] != "pass").any()
            else "pass"
        )
        assert checked["verdict"] == expected
        bad = own.loc[own["verdict"] != "pass", "residence_id"].tolist()
        assert checked["evidence"] == (f"residences:{','.join(bad)}" if bad else "")
        assert checked["evidence_count"] == len(bad)
        if checked["measured_on"]:
            table, worst = checked["measured_on"].split(":")
            assert table == "residences"
            assert own.set_index("residence_id").loc[worst, "minutes"] == checked["value"]
        else:
            assert np.isnan(checked["value"])
    premises = audit.tables["premises_checks"]
    assert (
        of.loc[("communities", "east", "premises.min_floor_area", ""), "verdict"]
        == premises.loc["p1", "verdict"]
    )
    of_centres = of.xs("centres", level="unit_table")["measured_on"]
    assert (of_centres == "centres:" + of_centres.index.get_level_values("unit_id")).all()
    # one known above and one unknown: the worst is not known
    assert of.loc[("communities", "west", "premises.min_floor_area", ""), "verdict"] == "unknown"
    assert of.loc[("communities", "west", "premises.area_per_100_households", ""), "verdict"] == "unknown"
    assert set(sheet["verdict"]) == {"pass", "fail", "unknown"}


def test_a_centre_of_unknown_area_is_unknown_and_exactly_the_minimum_passes():
    study = street_study(
        homes={"h": (0, 0, 1, 1)}, centres={"a": (0, 0, "district"), "b": (9, 0, "district")}
    )
    study = dataclasses.replace(study, centres=study.centres.assign(floor_area_m2=[2000.0, np.nan]))
    sheet = compliance_sheet(study, DEFAULT)
    found = sheet[sheet["unit_table"] == "centres"].set_index("unit_id")["verdict"]
    assert found.to_dict() == {"a": "pass", "b": "unknown"}
