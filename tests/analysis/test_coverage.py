from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.centres import centre_times, check_levels, coverage_by_centre, service_circles
from geoplan.analysis.coverage import coverage
from geoplan.errors import DataError
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.snap import snap_places
from geoplan.standards.parse import load_standard
from tests.cities import CRS, random_points, random_streets
from tests.oracles import walking_times
from tests.studies import street_study

KINDS = ("market", "bank", "clinic", "police", "park")
HOMES = {"a": (0, 0, 10, 4), "b": (500, 0, 20, 8), "c": (3900, 0, 70, 28)}


def every_kind(x):
    return {kind: (x, 0, kind) for kind in KINDS}


def run(study, standard=None):
    return coverage(walk_network(study), study, standard or load_standard("default"))


def random_city(seed, *, centres=4):
    rng = np.random.default_rng(seed)
    homes = random_points(rng, 25, prefix="h")
    homes["persons"] = pd.array(rng.integers(0, 90, 25), dtype="Int64")
    homes["households"] = pd.array(rng.integers(0, 30, 25), dtype="Int64")
    shops = random_points(rng, 12, prefix="f").assign(kind=rng.choice(KINDS, 12))
    halls = random_points(rng, centres, prefix="c").assign(
        level=rng.choice(["district", "community"], centres)
    )
    return Study(
        study_id="random",
        name="random",
        crs=CRS,
        streets=random_streets(rng),
        residences=homes,
        facilities=shops,
        centres=halls,
        max_snap_m=80.0,
    )


def test_completeness_counts_the_categories_within_reach():
    result = run(street_study(homes=HOMES, shops=every_kind(0) | {"late": (3900, 0, "bank")}))
    assert result.completeness["completeness"].tolist() == [5, 5, 1]
    assert result.completeness["verdict_all_five"].tolist() == ["pass", "pass", "fail"]
    assert result.completeness.loc["c", "categories_failed"] == "daily,welfare,safety,culture"


def test_unknown_is_counted_apart_and_never_passes():
    shops = every_kind(0)
    del shops["police"]
    result = run(street_study(homes=HOMES, shops=shops))
    assert result.completeness["verdict_all_five"].tolist() == ["unknown", "unknown", "fail"]
    safety = result.by_category.loc["safety"]
    assert (safety["persons_pass"], safety["persons_fail"], safety["persons_unknown"]) == (0, 0, 100)
    assert safety["coverage_rate"] == 0
    west = result.by_community.loc["west"]
    assert (west["persons_all_five"], west["persons_unknown_all_five"]) == (0, 30)


def test_rates_are_shares_of_persons_and_of_households():
    result = run(street_study(homes=HOMES, shops=every_kind(0)))
    daily = result.by_category.loc["daily"]
    assert (daily["coverage_rate"], daily["household_coverage_rate"]) == (0.3, 0.3)
    assert result.by_community.loc[["east", "west"], "coverage_rate_all_five"].tolist() == [0, 1]


def test_missing_persons_are_in_no_sum():
    homes = HOMES | {"d": (100, 0, None, None)}
    daily = run(street_study(homes=homes, shops=every_kind(0))).by_category.loc["daily"]
    assert (daily["persons"], daily["coverage_rate"]) == (100, 0.3)


def test_persons_unknown_everywhere_gives_no_rate():
    homes = {home: (*row[:2], None, row[3]) for home, row in HOMES.items()}
    daily = run(street_study(homes=homes, shops=every_kind(0))).by_category.loc["daily"]
    assert pd.isna(daily["persons"])
    assert np.isnan(daily["coverage_rate"])
    assert daily["household_coverage_rate"] == 0.3


def test_gaps_list_what_does_not_pass_most_persons_first():
    gaps = run(street_study(homes=HOMES, shops=every_kind(3900))).gaps
    assert gaps["residence_id"].tolist() == ["b"] * 5 + ["a"] * 5
    assert (gaps["verdict"] == "fail").all()


def test_every_centre_counts_whom_it_reaches_and_whose_nearest_it_is():
    centres = {"c1": (0, 0, "district"), "c2": (600, 0, "community")}
    study, standard = street_study(homes=HOMES, centres=centres), load_standard("default")
    network = walk_network(study)
    result = coverage(network, study, standard)
    table = coverage_by_centre(study, standard, result.places, centre_times(network, study, result.places))
    assert table["persons_reached"].tolist() == [30, 30]
    assert table["persons_catchment"].tolist() == [10, 20]
    assert table["persons_buffer"].tolist() == [30, 30]


def test_the_straight_line_figure_ignores_the_streets():
    study = street_study(
        homes={"a": (0, 400, 10, 4), "b": (1000, 0, 5, 2)}, centres={"c": (0, 0, "district")}
    )
    homes = run(study).completeness
    assert homes["buffer_any_centre"].tolist() == [True, True]
    assert homes["verdict_any_centre"].tolist() == ["unknown", "pass"]


def test_without_facilities_or_centres_there_is_nothing_to_cover():
    with pytest.raises(DataError, match="facilities, centres"):
        run(street_study(homes=HOMES))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_rates_agree_with_an_oracle_that_looks_at_every_pair(seed):
    study, standard = random_city(seed), load_standard("default")
    network = walk_network(study)
    result = coverage(network, study, standard)
    costs = network.costs(speed_m_per_min=67.0, steps_factor=standard.number("walking.steps_factor"))
    homes = snap_places(network, study.residences, max_snap_m=80)
    persons = study.residences["persons"].to_numpy(float)
    snapped = homes.edge >= 0
    for category in standard.categories:
        chosen = study.facilities[study.facilities["kind"].isin(category.kinds)]
        shops = snap_places(network, chosen, max_snap_m=80)
        times = walking_times(network, costs, homes, shops)
        passed = snapped & (times <= 15 * 60_000).any(axis=1)
        expected = persons[passed].sum() / persons.sum()
        assert result.by_category.loc[category.id, "coverage_rate"] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_adding_a_centre_never_lowers_coverage(seed):
    study = random_city(seed)
    fewer = dataclasses.replace(study, centres=study.centres.iloc[:-1])
    before, after = run(fewer).by_category, run(study).by_category
    assert after.loc["centre_any", "persons_pass"] >= before.loc["centre_any", "persons_pass"]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_verdict_counts_add_up_to_everybody(seed):
    result = run(random_city(seed))
    for measure in ("persons", "households"):
        parts = sum(result.by_category[f"{measure}_{verdict}"] for verdict in ("pass", "fail", "unknown"))
        assert (parts == result.by_category[measure]).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_catchments_are_exclusive_and_add_up_to_coverage(seed):
    study, standard = random_city(seed), load_standard("default")
    network = walk_network(study)
    result = coverage(network, study, standard)
    table = coverage_by_centre(study, standard, result.places, centre_times(network, study, result.places))
    assert table["persons_catchment"].sum() == result.by_category.loc["centre_any", "persons_pass"]


def test_service_circles_grow_with_time_and_name_their_centre():
    study = street_study(homes=HOMES, centres={"c1": (1000, 0, "district")})
    circles = service_circles(walk_network(study), study.centres, load_standard("default"))
    assert circles["minutes"].tolist() == [5, 10, 15]
    assert circles["street_length_m"].tolist() == pytest.approx([670, 1340, 2005], abs=0.01)
    assert circles["area_m2"].is_monotonic_increasing
    assert isinstance(circles, gpd.GeoDataFrame)


def test_circle_levels_are_checked_against_the_bands_of_the_norm():
    standard = load_standard("gb50180-2018")
    homes = {"a": (0, 0, 60_000, 20_000), "b": (450, 0, 10_000, 3_000)}
    study = street_study(homes=homes, centres={"c": (0, 0, "district")})
    network = walk_network(study)
    places = coverage(network, study, standard).places
    table = check_levels(study, standard, centre_times(network, study, places)).set_index("rule")
    assert table.loc["circle_15.min_persons", ["value", "verdict"]].tolist() == [70_000, "pass"]
    assert table.loc["circle_10.max_persons", "verdict"] == "fail"
    assert table.loc["circle_5.max_persons", ["value", "margin"]].tolist() == [60_000, -48_000]
    assert check_levels(study, load_standard("default"), centre_times(network, study, places)).empty


def test_a_missing_count_makes_a_level_check_unknown():
    standard = load_standard("gb50180-2018")
    study = street_study(homes={"a": (0, 0, None, 100)}, centres={"c": (0, 0, "district")})
    network = walk_network(study)
    places = coverage(network, study, standard).places
    table = check_levels(study, standard, centre_times(network, study, places)).set_index("rule")
    assert table.loc["circle_15.min_persons", "verdict"] == "unknown"
