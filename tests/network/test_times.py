from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.build import network_from_streets
from geoplan.network.snap import snap_places
from geoplan.network.times import kth_nearest, nearest, node_times, times_from_each
from geoplan.units import UNREACHED_MS
from tests.cities import random_points, random_streets, with_entrances
from tests.oracles import walking_times


def city(seed, *, homes=14, shops=5, cap=80.0):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    costs = walk.costs(speed_m_per_min=67.0, steps_factor=2.0)
    places = snap_places(walk, with_entrances(rng, random_points(rng, homes)), max_snap_m=cap)
    targets = snap_places(walk, with_entrances(rng, random_points(rng, shops)), max_snap_m=cap)
    return walk, costs, places, targets


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_nearest_agrees_with_the_oracle_to_the_millisecond(seed):
    walk, costs, places, targets = city(seed)
    found, expected = nearest(walk, costs, places, targets), walking_times(walk, costs, places, targets)
    best = expected.min(axis=1)
    assert np.array_equal(np.where(found.ms == UNREACHED_MS, np.inf, found.ms), best)
    first = np.where(np.isfinite(best), expected.argmin(axis=1), -1)
    assert found.target.tolist() == first.tolist()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6))
def test_the_kth_nearest_agrees_with_the_oracle(seed, k):
    walk, costs, places, targets = city(seed)
    found = kth_nearest(walk, costs, places, targets, k=k)
    expected = np.sort(walking_times(walk, costs, places, targets), axis=1)
    expected = expected[:, k - 1] if k <= expected.shape[1] else np.full(len(expected), np.inf)
    assert np.array_equal(np.where(found.ms == UNREACHED_MS, np.inf, found.ms), expected)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_times_from_each_target_agree_with_the_oracle(seed):
    walk, costs, places, targets = city(seed, shops=70, homes=5)
    expected = walking_times(walk, costs, places, targets)
    for row, ms in times_from_each(walk, costs, places, targets):
        assert np.array_equal(np.where(ms == UNREACHED_MS, np.inf, ms), expected[:, row])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_metres_are_the_length_of_a_walk_that_takes_that_time(seed):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng, steps=0.0))
    costs = walk.costs(speed_m_per_min=67.0)
    places = snap_places(walk, random_points(rng, 15), max_snap_m=80)
    found = nearest(walk, costs, places, snap_places(walk, random_points(rng, 3), max_snap_m=80))
    reached = found.target >= 0
    # every edge and leg is rounded to half a millisecond, about half a millimetre
    assert found.metres[reached] == pytest.approx(found.ms[reached] / 60_000 * 67.0, abs=0.05)
    assert np.isnan(found.metres[~reached]).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_one_more_target_never_lengthens_a_walk(seed):
    walk, costs, places, targets = city(seed)
    fewer = nearest(walk, costs, places, targets.only(np.arange(targets.owners - 1)))
    assert (nearest(walk, costs, places, targets).ms <= fewer.ms).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_walking_there_takes_as_long_as_walking_back(seed):
    walk, costs, places, targets = city(seed)
    there = np.array([ms for _, ms in times_from_each(walk, costs, places, targets)])
    back = np.array([ms for _, ms in times_from_each(walk, costs, targets, places)])
    assert np.array_equal(there, back.T)


def straight(length=1000.0):
    street = shapely.LineString([(0, 0), (length, 0)])
    return network_from_streets(gpd.GeoDataFrame(geometry=[street], index=["s"], crs="EPSG:4544"))


def at(walk, *xy):
    points = gpd.GeoDataFrame(geometry=shapely.points(np.array(xy, float)), crs="EPSG:4544")
    return snap_places(walk, points, max_snap_m=200)


def test_a_walk_along_one_edge_does_not_go_round_by_its_ends():
    walk = straight()
    costs = walk.costs(speed_m_per_min=60)
    found = nearest(walk, costs, at(walk, (400, 30)), at(walk, (460, -60), (0, 0)))
    assert (found.ms.tolist(), found.target.tolist(), found.metres.tolist()) == ([150_000], [0], [150.0])


def test_of_targets_equally_near_the_first_row_is_named():
    walk = straight()
    costs = walk.costs(speed_m_per_min=60)
    assert nearest(walk, costs, at(walk, (500, 0)), at(walk, (600, 0), (400, 0))).target.tolist() == [0]


def test_a_place_without_a_street_is_reached_by_nobody():
    walk = straight()
    costs = walk.costs(speed_m_per_min=60)
    found = nearest(walk, costs, at(walk, (500, 900), (500, 10)), at(walk, (510, 0)))
    assert found.target.tolist() == [-1, 0]
    assert nearest(walk, costs, at(walk, (500, 10)), at(walk, (510, 900))).target.tolist() == [-1]


def test_stairs_take_the_factor_times_longer():
    walk = network_from_streets(
        gpd.GeoDataFrame({"steps": [True]}, geometry=[shapely.LineString([(0, 0), (60, 0)])], crs="EPSG:4544")
    )
    assert walk.costs(speed_m_per_min=60, steps_factor=2.5).edge_ms.tolist() == [150_000]


def test_times_to_nodes_start_mid_edge():
    walk = straight()
    times = node_times(walk, walk.costs(speed_m_per_min=60), at(walk, (250, 50)))
    assert sorted(times[0].tolist()) == [300_000, 800_000]
