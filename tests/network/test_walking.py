"""What slopes, one-way streets and crossings do to a walk, and what a standard says of them."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import NetworkError
from geoplan.network.build import network_from_streets
from geoplan.network.snap import snap_places
from geoplan.network.times import nearest
from geoplan.network.walking import walking_costs
from geoplan.standards.parse import load_standard
from geoplan.units import UNREACHED_MS
from tests.cities import random_points, random_streets
from tests.oracles import walking_times

TOBLER = {"slope_rate": 3.5, "slope_shift": 0.05}


def street(*lines, **columns):
    """Return a network of streets: each a list of x on one line from west to east."""
    shapes = [shapely.LineString([(x, 0) for x in xs]) for xs in lines]
    index = pd.Index([f"s{n}" for n in range(len(lines))], name="street_id")
    return network_from_streets(gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs="EPSG:4544"))


def hiking_speed_km_h(slope):
    """Return Tobler's speed as he printed it (1993, figure 6): 6 exp(-3.5 |slope + 0.05|)."""
    return 6 * math.exp(-3.5 * abs(slope + 0.05))


@pytest.mark.parametrize("slope", [-0.5, -0.1, -0.05, -0.02, 0.0, 0.05, 0.3, 0.9])
def test_slope_slows_by_the_ratio_of_toblers_speeds(slope):
    costs = street([0, 1000], climb_m=[1000 * slope]).costs(speed_m_per_min=60, **TOBLER)
    up, down = (
        hiking_speed_km_h(0) / hiking_speed_km_h(slope),
        hiking_speed_km_h(0) / hiking_speed_km_h(-slope),
    )
    assert costs.edge_ms[0] == pytest.approx(1_000_000 * up, abs=0.5)
    assert costs.backward_ms[0] == pytest.approx(1_000_000 * down, abs=0.5)


def test_the_printed_example_level_ground_is_walked_at_5_km_an_hour_and_a_5_percent_descent_at_6():
    # W. Tobler, Three presentations on geographical analysis and modeling, NCGIA 93-1
    assert hiking_speed_km_h(0) == pytest.approx(5.037, abs=5e-4)
    costs = street([0, 100], climb_m=[-5.0]).costs(speed_m_per_min=5037 / 60, **TOBLER)
    assert 100 / (costs.edge_ms[0] / 3_600_000) / 1000 == pytest.approx(6.0, abs=1e-3)


def test_without_a_slope_rule_heights_do_not_matter():
    network = street([0, 100], climb_m=[30.0])
    assert network.costs(speed_m_per_min=60).edge_back_ms is None
    assert network.costs(speed_m_per_min=60).edge_ms.tolist() == [100_000]


def test_the_climb_of_a_stairway_counts_in_its_factor_alone():
    network = street([0, 100], climb_m=[30.0], steps=[True])
    assert network.costs(speed_m_per_min=60, steps_factor=2, **TOBLER).edge_ms.tolist() == [200_000]


def test_a_wait_is_shared_out_along_a_crossing_that_others_join():
    # another street joins the crossing after a quarter of its length
    network = street([0, 5, 20], [5, 5.01], crossings=[1.0, None])
    costs = network.costs(speed_m_per_min=60, crossing_delay_s=40)
    order = np.argsort(network.edge_length_m)
    assert costs.edge_ms[order].tolist()[1:] == [5_000 + 10_000, 15_000 + 30_000]
    assert network.edge_crossings.sum() == pytest.approx(1.0)


def test_a_climb_is_shared_out_along_the_parts_of_a_street():
    parts = shapely.MultiLineString([[(0, 0), (30, 0)], [(30, 0), (100, 0)]])
    table = gpd.GeoDataFrame({"climb_m": [10.0]}, geometry=[parts], crs="EPSG:4544")
    network = network_from_streets(table)
    assert sorted(network.edge_climb_m.tolist()) == pytest.approx([3.0, 7.0])
    assert network.edge_climb_m / network.edge_length_m == pytest.approx(0.1)


def test_a_one_way_street_is_walked_from_its_first_vertex_to_its_last():
    costs = street([0, 60], [60, 120], one_way=[True, False]).costs(speed_m_per_min=60)
    assert sorted(costs.backward_ms.tolist()) == [60_000, UNREACHED_MS]
    assert costs.edge_ms.tolist() == [60_000, 60_000]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_both_engines_agree_with_the_oracle_on_hills_with_one_way_streets_and_crossings(seed):
    rng = np.random.default_rng(seed)
    streets = random_streets(rng)
    streets["climb_m"] = rng.uniform(-0.3, 0.3, len(streets)) * streets.geometry.length
    streets["one_way"] = rng.random(len(streets)) < 0.2
    streets["crossings"] = np.where(rng.random(len(streets)) < 0.2, rng.integers(1, 3, len(streets)), 0)
    walk = network_from_streets(streets)
    costs = walk.costs(speed_m_per_min=50, steps_factor=3, crossing_delay_s=20, **TOBLER)
    places, targets = (snap_places(walk, random_points(rng, count), max_snap_m=80) for count in (12, 5))
    expected = walking_times(walk, costs, places, targets).min(axis=1)
    for engine in ("scipy", "numba"):
        found = nearest(walk, costs, places, targets, engine=engine)
        assert np.array_equal(np.where(found.ms == UNREACHED_MS, np.inf, found.ms), expected)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_wait_or_a_one_way_sign_never_shortens_a_walk(seed):
    rng = np.random.default_rng(seed)
    streets = random_streets(rng)
    free = network_from_streets(streets)
    streets["one_way"] = rng.random(len(streets)) < 0.3
    streets["crossings"] = rng.random(len(streets)) * 2
    bound = network_from_streets(streets)
    places, targets = (snap_places(free, random_points(rng, count), max_snap_m=80) for count in (12, 4))
    before = nearest(free, free.costs(speed_m_per_min=60), places, targets)
    after = nearest(bound, bound.costs(speed_m_per_min=60, crossing_delay_s=15), places, targets)
    assert (before.ms <= after.ms).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"slope_rate": -1.0},
        {"slope_rate": math.nan},
        {"slope_shift": math.inf},
        {"crossing_delay_s": -0.1},
        {"crossing_delay_s": math.nan},
    ],
)
def test_rules_that_are_none_are_refused(wrong):
    with pytest.raises(NetworkError, match=r"correct walking\.(slope|crossing)"):
        street([0, 10]).costs(speed_m_per_min=60, **wrong)


def test_a_street_that_climbs_more_than_its_length_is_refused_by_name():
    with pytest.raises(NetworkError, match="climb of streets s1 exceeds"):
        street([0, 10], [10, 20], climb_m=[10.0, -10.01])


def test_a_standard_says_what_walking_costs_and_a_profile_changes_it():
    network = street([0, 100], climb_m=[10.0], crossings=[1.0])
    default = load_standard("default")
    adult, elder = (walking_costs(network, one) for one in (default, default.with_profile("elder")))
    uphill = math.exp(3.5 * 0.1)
    assert adult.edge_ms.tolist() == [round(100 / 67 * 60_000 * uphill)]
    assert elder.edge_ms.tolist() == [round(100 / 50 * 60_000 * uphill + 30_000)]
    waiting = default.override({"walking.crossing_delay": 12, "walking.slope_rate": 0})
    assert walking_costs(network, waiting).edge_ms.tolist() == [round(100 / 67 * 60_000 + 12_000)]
