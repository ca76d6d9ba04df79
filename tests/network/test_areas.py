from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.areas import service_area
from geoplan.network.build import network_from_streets
from geoplan.network.snap import snap_places
from geoplan.network.times import nearest
from tests.cities import random_points, random_streets


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_point_on_a_street_is_in_the_area_exactly_if_it_can_be_walked_to_in_time(seed):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    costs = walk.costs(speed_m_per_min=67, steps_factor=2)
    centre = snap_places(walk, random_points(rng, 1), max_snap_m=300)
    limit = 4 * 60_000
    area = service_area(walk, costs, centre, limits_ms=[limit])[0]
    edges = rng.choice(walk.enterable_edges, 60)
    on_street = shapely.line_interpolate_point(walk.edge_geometry[edges], rng.random(60), normalized=True)
    homes = snap_places(walk, gpd.GeoDataFrame(geometry=on_street, crs=walk.crs), max_snap_m=1)
    walks = nearest(walk, costs, homes, centre).ms
    near = shapely.distance(on_street, area.streets) < 0.5
    # half a metre of walking is 450 ms, 900 on stairs
    clear = np.abs(walks - limit) > 2_000
    # a bridge overhead can be reached where the street below it is not
    alone = shapely.distance(on_street, shapely.union_all(walk.edge_geometry[~walk.edge_enterable])) > 1
    judged = clear & alone
    assert (near == (walks <= limit))[judged].all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_circles_are_nested(seed):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    costs = walk.costs(speed_m_per_min=67)
    centre = snap_places(walk, random_points(rng, 2), max_snap_m=300)
    areas = service_area(walk, costs, centre, limits_ms=[300_000, 60_000, 180_000])
    assert [(one.target, one.limit_ms) for one in areas] == [
        (row, limit) for row in (0, 1) for limit in (60_000, 180_000, 300_000)
    ]
    for small, large in (
        (areas[0], areas[1]),
        (areas[1], areas[2]),
        (areas[3], areas[4]),
        (areas[4], areas[5]),
    ):
        assert small.streets.length <= large.streets.length
        assert shapely.area(shapely.difference(small.polygon, large.polygon)) < 1e-6 * max(
            small.polygon.area, 1
        )


def test_the_area_ends_where_the_time_runs_out():
    street = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(0, 0), (1000, 0)])], index=["s"], crs="EPSG:4544"
    )
    walk = network_from_streets(street)
    costs = walk.costs(speed_m_per_min=60)
    centre = snap_places(
        walk, gpd.GeoDataFrame(geometry=[shapely.Point(500, 30)], crs=walk.crs), max_snap_m=100
    )
    area = service_area(walk, costs, centre, limits_ms=[120_000])[0]
    assert area.streets.bounds == pytest.approx((410, 0, 590, 0))
    nothing = service_area(walk, costs, centre, limits_ms=[20_000])[0]
    assert nothing.streets.is_empty
    assert nothing.polygon.is_empty


def test_a_place_off_the_network_has_no_area():
    walk = network_from_streets(random_streets(np.random.default_rng(1)))
    lost = snap_places(walk, gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=walk.crs), max_snap_m=100)
    area = service_area(walk, walk.costs(speed_m_per_min=67), lost, limits_ms=[900_000])[0]
    assert area.polygon.is_empty
