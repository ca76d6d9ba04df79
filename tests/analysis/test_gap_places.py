from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.cause_rows import obstacle_ids
from geoplan.analysis.gap_places import find_gap_places
from geoplan.analysis.naming import names_near
from geoplan.analysis.reach import residence_points
from geoplan.standards.parse import load_standard
from tests.analysis.test_causes import DEFAULT, causes_of, random_city
from tests.studies import street_study

REACH_M = 0.5 * 6 * 67


def places_of(study, standard=DEFAULT):
    covered, found = causes_of(study, standard)
    return covered, found.causes, find_gap_places(study, standard, found.causes)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_places_partition_who_fails_and_none_is_wider_than_half_a_walk_around_its_largest_home(seed):
    study = random_city(seed)
    covered, causes, places = places_of(study)
    points = dict(zip(study.residences.index, residence_points(study.residences), strict=True))
    persons = study.residences["persons"]
    for service, row in covered.by_category.iterrows():
        own = places[places["service"] == service]
        assert own["persons"].sum() == row["persons_fail"]
        members = [one for ids in own["residence_ids"] for one in ids.split(",")]
        failing = causes[(causes["service"] == service) & (causes["verdict"] == "fail")]
        assert sorted(members) == sorted(failing["residence_id"])
        assert own["persons"].is_monotonic_decreasing
        leaders = []
        for ids in own["residence_ids"]:
            ids = ids.split(",")
            largest = persons[ids].max()
            spread = {
                one: max(points[one].distance(points[other]) for other in ids)
                for one in ids
                if persons[one] == largest
            }
            assert min(spread.values()) <= REACH_M
            leaders.append(min(spread, key=spread.get))
        # a home that no larger home was near enough to take in leads its own place
        apart = [points[a].distance(points[b]) for a in leaders for b in leaders if a < b]
        if all(persons[leaders].value_counts() == 1):
            assert all(one > REACH_M for one in apart)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_cause_of_a_place_is_that_of_most_of_its_persons(seed):
    study = random_city(seed)
    _, causes, places = places_of(study)
    for row in places.itertuples():
        own = causes[
            (causes["service"] == row.service) & causes["residence_id"].isin(row.residence_ids.split(","))
        ]
        by_cause = own.groupby("cause")["persons"].sum()
        assert by_cause[row.cause] == by_cause.max()
        if by_cause.sum():
            assert row.cause_share == pytest.approx(by_cause.max() / by_cause.sum())
        named = set(obstacle_ids(own).dropna())
        assert set(row.obstacle_ids.split(";")) - {""} == named


def test_a_place_goes_by_its_largest_home_or_by_the_nearest_name():
    study = street_study(
        homes={"a": (3000, 0, 5, 1), "b": (3100, 0, 50, 9), "c": (3900, 0, 7, 2), "d": (3000, 0, None, None)},
        shops={"m": (0, 0, "market")},
    )
    study = dataclasses.replace(study, residences=study.residences.assign(name=["甲", None, "丙", "丁"]))
    _, _, places = places_of(study)
    daily = places[places["service"] == "daily"]
    # of the two homes at 100 m from the nameless largest one, the name that comes first
    assert daily[["name", "residences", "persons"]].values.tolist() == [["丁", 3, 55], ["丙", 1, 7]]
    assert daily.index.tolist() == ["daily-001", "daily-002"]
    assert daily["community_id"].tolist() == ["east", "east"]
    assert set(daily["cause"]) == {"none_near"}


def test_where_no_persons_are_known_homes_are_counted():
    study = street_study(
        homes={"a": (3000, 0, None, None), "b": (3010, 0, None, None)}, shops={"m": (0, 0, "market")}
    )
    _, _, places = places_of(study)
    row = places[places["service"] == "daily"].iloc[0]
    assert (row["residences"], row["cause"], row["cause_share"]) == (2, "none_near", 1.0)
    assert pd.isna(row["persons"])


def test_unknown_is_no_gap():
    study = street_study(homes={"a": (0, 0, 9, 9)}, shops={"m": (0, 0, "market")})
    _, causes, places = places_of(study, load_standard("default"))
    assert set(causes["verdict"]) == {"unknown"}
    assert places.empty


def test_nothing_named_gives_an_empty_name():
    study = street_study(homes={"a": (0, 0, 9, 9)}, shops={"m": (0, 0, "market")})
    spots = residence_points(study.residences)
    assert names_near(study, spots).tolist() == [""]
    named = dataclasses.replace(study, streets=study.streets.assign(name=["安宁大道"]))
    assert names_near(named, spots).tolist() == ["安宁大道"]
    assert names_near(named, np.zeros(0, object)).tolist() == []
