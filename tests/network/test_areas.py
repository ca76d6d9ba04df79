from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.areas import service_area
from geoplan.network.build import network_from_streets
from geoplan.network.graph import Costs
from geoplan.network.snap import snap_places
from geoplan.network.times import nearest, times_from_each
from geoplan.units import UNREACHED_MS
from tests.cities import random_points, random_streets, with_entrances
from tests.oracles import walking_times


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


def sampled(walk, rng, count):
    edges = rng.choice(walk.enterable_edges, count)
    on_street = shapely.line_interpolate_point(walk.edge_geometry[edges], rng.random(count), normalized=True)
    homes = snap_places(walk, gpd.GeoDataFrame(geometry=on_street, crs=walk.crs), max_snap_m=1)
    # a bridge overhead can be reached where the street below it is not, and by another way
    others = shapely.union_all(walk.edge_geometry[~walk.edge_enterable])
    crossing = shapely.distance(on_street, others) < 1
    return on_street[~crossing], homes.only(np.flatnonzero(~crossing))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), exclusive=st.booleans())
def test_streets_belong_to_the_area_exactly_if_the_walk_from_them_is_short_enough(seed, exclusive):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    costs = walk.costs(speed_m_per_min=67, steps_factor=2)
    centres = snap_places(walk, with_entrances(rng, random_points(rng, 4)), max_snap_m=150)
    on_street, homes = sampled(walk, rng, 60)
    limits = [60_000, 200_000, 400_000]
    areas = service_area(walk, costs, centres, limits_ms=limits, exclusive=exclusive)
    times = walking_times(walk, costs, homes, centres)
    first, second = np.sort(times, axis=1)[:, :2].T
    for area in areas:
        own = times[:, area.target]
        near = shapely.distance(on_street, area.streets) < 0.5
        expected = own <= area.limit_ms
        # half a metre of walking is 450 ms, 900 on stairs
        clear = np.abs(own - area.limit_ms) > 2_000
        if exclusive:
            expected &= own == first
            with np.errstate(invalid="ignore"):
                clear &= ~(second - first < 4_000)
        assert (near == expected)[clear].all()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_exclusive_areas_share_out_what_any_place_reaches(seed):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng, bridges=0))
    costs = walk.costs(speed_m_per_min=67, steps_factor=2)
    centres = snap_places(walk, random_points(rng, 4), max_snap_m=150)
    limit = [200_000]
    shared = service_area(walk, costs, centres, limits_ms=limit, exclusive=True)
    overlapping = service_area(walk, costs, centres, limits_ms=limit)
    everything = shapely.union_all([area.streets.buffer(0.01) for area in overlapping])
    together = sum(area.streets.length for area in shared)
    assert together == pytest.approx(
        shapely.length(shapely.intersection(walk.edge_geometry, everything)).sum(), abs=2
    )
    for one, all_of_it in zip(shared, overlapping, strict=True):
        assert one.streets.length <= all_of_it.streets.length + 1e-6


def test_a_street_as_near_to_two_places_belongs_to_the_first():
    walk = network_from_streets(
        gpd.GeoDataFrame(
            geometry=[
                shapely.LineString([(-100, 0), (0, 0), (100, 0)]),
                shapely.LineString([(0, 0), (0, 300)]),
            ],
            crs="EPSG:4544",
        )
    )
    points = gpd.GeoDataFrame(geometry=shapely.points([(50, 0), (-50, 0), (50, 0)]), crs="EPSG:4544")
    places = snap_places(walk, points, max_snap_m=1)
    areas = service_area(walk, walk.costs(speed_m_per_min=60), places, limits_ms=[300_000], exclusive=True)
    assert [round(area.streets.length) for area in areas] == [100 + 250, 100, 0]
    assert areas[2].polygon.is_empty


def test_several_entrances_count_from_the_best_of_them():
    street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:4544")
    walk = network_from_streets(street)
    doors = shapely.MultiPoint([(200, 0), (800, 0), (5000, 0)])
    place = gpd.GeoDataFrame({"entrances": [doors]}, geometry=[shapely.Point(500, 0)], crs=walk.crs)
    centre = snap_places(walk, place, max_snap_m=100)
    costs = walk.costs(speed_m_per_min=60)
    near, far = service_area(walk, costs, centre, limits_ms=[100_000, 300_000])
    assert [part.bounds for part in near.streets.geoms] == [
        pytest.approx((100, 0, 300, 0)),
        pytest.approx((700, 0, 900, 0)),
    ]
    # pieces of one edge that touch are one piece
    assert [part.bounds for part in far.streets.geoms] == [pytest.approx((0, 0, 1000, 0))]


def test_areas_are_walked_towards_the_place():
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:4544")
    walk = network_from_streets(line)
    uphill, downhill = (walk.costs(speed_m_per_min=speed).edge_ms for speed in (30, 60))
    middle = gpd.GeoDataFrame(geometry=[shapely.Point(500, 0)], crs=walk.crs)
    centre = snap_places(walk, middle, max_snap_m=10)
    eastwards = shapely.get_point(walk.edge_geometry[0], 0).x == 0
    there, back = (uphill, downhill) if eastwards else (downhill, uphill)
    costs = Costs(speed_m_per_min=60, edge_ms=there, edge_back_ms=back)
    for exclusive in (False, True):
        (area,) = service_area(walk, costs, centre, limits_ms=[240_000], exclusive=exclusive)
        # from the west it is uphill, from the east downhill
        assert area.streets.bounds == pytest.approx((500 - 120, 0, 500 + 240, 0))


def test_a_street_of_one_way_is_reached_from_its_start_only():
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:4544")
    walk = network_from_streets(line)
    middle = gpd.GeoDataFrame(geometry=[shapely.Point(500, 0)], crs=walk.crs)
    centre = snap_places(walk, middle, max_snap_m=10)
    costs = Costs(
        speed_m_per_min=60,
        edge_ms=walk.costs(speed_m_per_min=60).edge_ms,
        edge_back_ms=np.array([UNREACHED_MS]),
    )
    start = shapely.get_point(walk.edge_geometry[0], 0).x
    for exclusive in (False, True):
        (area,) = service_area(walk, costs, centre, limits_ms=[900_000], exclusive=exclusive)
        assert area.streets.bounds == pytest.approx((min(start, 500), 0, max(start, 500), 0))


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), exclusive=st.booleans())
def test_directional_streets_belong_to_the_area_as_the_walk_from_them_says(seed, exclusive):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    flat = walk.costs(speed_m_per_min=67).edge_ms
    there, back = (np.rint(flat * rng.uniform(0.6, 2.5, len(flat))).astype(np.int64) for _ in range(2))
    back[rng.random(len(flat)) < 0.1] = UNREACHED_MS
    costs = Costs(speed_m_per_min=67, edge_ms=there, edge_back_ms=back)
    centres = snap_places(walk, with_entrances(rng, random_points(rng, 3)), max_snap_m=150)
    on_street, homes = sampled(walk, rng, 60)
    areas = service_area(walk, costs, centres, limits_ms=[100_000, 300_000], exclusive=exclusive)
    times = np.full((homes.owners, centres.owners), UNREACHED_MS)
    for row, ms in times_from_each(walk, costs, homes, centres):
        times[:, row] = ms
    first, second = np.sort(times, axis=1)[:, :2].T
    for area in areas:
        own = times[:, area.target]
        near = shapely.distance(on_street, area.streets) < 0.5
        clear = np.abs(own - area.limit_ms) > 4_000
        # a sample beside the foot of an entrance may have to go round the block
        feet = shapely.union_all(
            shapely.line_interpolate_point(
                walk.edge_geometry[centres.edge[centres.snapped]], centres.offset_m[centres.snapped]
            )
        )
        clear &= shapely.distance(on_street, feet) > 1
        expected = own <= area.limit_ms
        if exclusive:
            expected &= own == first
            clear &= (second == UNREACHED_MS) | (second - first > 8_000)
        # nor at a junction, where another street begins
        ends = shapely.multipoints(np.column_stack([walk.node_x, walk.node_y]))
        clear &= shapely.distance(on_street, ends) > 1
        assert (near == expected)[clear].all()
