from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.centres_reached import CentresReached
from geoplan.analysis.coverage import coverage
from geoplan.analysis.points import PointCoverage
from geoplan.errors import DataError
from geoplan.network.build import walk_network
from geoplan.network.snap import snap_places
from geoplan.standards.parse import load_standard
from geoplan.units import minutes_to_ms
from tests.cities import demanding, random_points, random_study
from tests.oracles import walking_times
from tests.studies import street_study


def homes_at(study, points):
    """Return the study with homes at the points and nowhere else."""
    index = pd.Index([f"p{number:04d}" for number in range(len(points))], name="residence_id")
    homes = gpd.GeoDataFrame(geometry=np.asarray(points, object), index=index, crs=study.crs)
    return dataclasses.replace(study, residences=homes, communities=None)


def told(row):
    return {
        name: None if value is None or value != value else value  # NaN differs from itself
        for name, value in row.items()
    }


def questions(study, rng, count=25):
    """Return points anywhere, on streets, at their ends, and where facilities are."""
    lines = study.streets.geometry.to_numpy()
    chosen = rng.choice(len(lines), 8)
    on = shapely.line_interpolate_point(lines[chosen], rng.random(8), normalized=True)
    return [
        *random_points(rng, count).geometry,
        *on,
        shapely.Point(lines[0].coords[0]),
        *study.facilities.geometry[:4],
        shapely.Point(study.streets.total_bounds[:2] - 5000),
    ]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), minutes=st.sampled_from([None, 3.0, 7.3]))
def test_any_point_gets_what_coverage_says_of_a_home_there_to_the_digit(seed, minutes):
    study, standard = random_study(seed), demanding(load_standard("default"))
    network, rng = walk_network(study), np.random.default_rng(seed)
    points = questions(study, rng)
    wanted = standard if minutes is None else standard.with_limit(minutes)
    expected = coverage(network, homes_at(study, points), wanted)
    answers = PointCoverage(network, study, standard)
    rows = expected.reach.groupby("residence_id", sort=True)
    verdicts = expected.completeness["verdict_all_five"].tolist()
    assert len(rows) == len(points)
    for (_, own), point, verdict in zip(rows, points, verdicts, strict=True):
        found = answers.one(point.x, point.y, minutes=minutes)
        assert found.verdict == verdict
        right = [told(row) for row in own.drop(columns="residence_id").to_dict("records")]
        assert [told(one._asdict()) for one in found.services] == right
    snaps, by_service = answers.many(np.array(points, object), minutes=minutes)
    assert np.array_equal(snaps.snapped, expected.places.residences.snapped)
    for service, part in by_service.items():
        own = expected.reach[expected.reach["service"] == service]
        assert part.verdict.tolist() == own["verdict"].tolist()
        assert part.reason.tolist() == own["reason"].tolist()
        assert np.array_equal(part.nearest.metres, own["metres"], equal_nan=True)
        assert answers.limits(minutes)[service] == (own["limit_minutes"].iloc[0], own["clause"].iloc[0])


def test_home_and_shop_on_one_street_need_no_junction():
    study = street_study(homes={"r": (0, 0, 1, 1)}, shops={"f": (1000, 5, "market")})
    answers = PointCoverage(walk_network(study), study, load_standard("default"))
    found = answers.one(study.streets.total_bounds[0] + 900, study.streets.total_bounds[1] + 3)
    market = next(one for one in found.services if one.nearest_id == "f")
    assert (market.metres, market.minutes) == (108.0, pytest.approx(108 / 67, abs=1e-4))


def test_a_study_without_anything_to_reach_is_refused():
    study = street_study(homes={"r": (0, 0, 1, 1)})
    with pytest.raises(DataError):
        PointCoverage(walk_network(study), study, load_standard("default"))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), minutes=st.sampled_from([1.0, 4.0, 9.0]))
def test_the_centres_listed_for_a_point_are_all_within_the_walk(seed, minutes):
    study, standard = random_study(seed), load_standard("default")
    network = walk_network(study)
    answers = PointCoverage(network, study, standard)
    snaps = answers.snaps["centres"]
    reached = CentresReached(network, answers.costs, snaps, limit_ms=minutes_to_ms(4))
    points = questions(study, np.random.default_rng(seed))
    places = snap_places(network, homes_at(study, points).residences, max_snap_m=60, barriers=study.barriers)
    oracle = walking_times(network, answers.costs, places, snaps)
    for number, point in enumerate(points):
        foot = answers.one(point.x, point.y).foot
        if foot is None:
            assert np.isinf(oracle[number]).all()
            continue
        one = places.only(np.array([number]))
        expected = [(ms, row) for row, ms in enumerate(oracle[number]) if ms <= minutes * 60_000]
        assert reached.at(foot, one, limit_ms=minutes_to_ms(minutes)) == sorted(expected)
