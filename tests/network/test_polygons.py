from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.areas import service_area
from geoplan.network.build import network_from_streets
from geoplan.network.polygons import CELL_M, CORRIDOR_M, corridor_polygons
from geoplan.network.snap import snap_places
from tests.cities import random_points, random_streets, with_entrances

SEEDS = st.integers(0, 2**32 - 1)
LIMITS = [60_000, 150_000, 151_000, 300_000]


def areas_of(seed, *, places=1, limits=LIMITS, **choices):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    centres = snap_places(walk, with_entrances(rng, random_points(rng, places)), max_snap_m=300)
    costs = walk.costs(speed_m_per_min=67, steps_factor=2)
    return walk, service_area(walk, costs, centres, limits_ms=limits, **choices)


def rows(segments):
    return np.array(segments, float).reshape(-1, 4)


@settings(max_examples=25)
@given(seed=SEEDS, keep_off=st.booleans(), exclusive=st.booleans())
def test_the_polygon_of_a_longer_walk_covers_that_of_a_shorter_one_exactly(seed, keep_off, exclusive):
    _, areas = areas_of(seed, places=2, keep_off=keep_off, exclusive=exclusive)
    for one, other in pairwise(areas):
        if one.target == other.target:
            assert one.polygon.is_empty or other.polygon.covers(one.polygon)
            assert shapely.difference(one.polygon, other.polygon).area == 0


@settings(max_examples=25)
@given(seed=SEEDS, keep_off=st.booleans())
def test_no_reached_metre_is_outside_and_polygons_are_valid(seed, keep_off):
    _, areas = areas_of(seed, places=2, keep_off=keep_off)
    for area in areas:
        assert area.polygon.is_valid
        assert shapely.length(shapely.difference(area.streets, area.polygon)) == 0
        assert area.missed_length_m == 0


@settings(max_examples=25)
@given(seed=SEEDS, keep_off=st.booleans(), exclusive=st.booleans())
def test_missed_and_unreached_lengths_are_those_that_geos_measures(seed, keep_off, exclusive):
    walk, areas = areas_of(seed, places=3, keep_off=keep_off, exclusive=exclusive)
    for area in areas:
        streets = shapely.get_parts(area.streets)
        within = shapely.length(shapely.intersection(streets, area.polygon)).sum()
        inside = shapely.length(shapely.intersection(walk.edge_geometry, area.polygon)).sum()
        assert area.missed_length_m == pytest.approx(area.streets.length - within, abs=1e-3)
        assert area.unreached_length_inside_m == pytest.approx(inside - within, abs=0.05)


def test_the_plain_corridor_is_the_buffer_of_the_same_pieces():
    rng = np.random.default_rng(8)
    walk = network_from_streets(random_streets(rng, size=16))
    centre = snap_places(walk, random_points(rng, 1, size=16), max_snap_m=300)
    costs = walk.costs(speed_m_per_min=67)
    (area,) = service_area(walk, costs, centre, limits_ms=[900_000], keep_off=False)
    buffer = shapely.union_all(shapely.buffer(shapely.get_parts(area.streets), CORRIDOR_M))
    both = shapely.intersection(area.polygon, buffer).area
    assert both >= 0.99 * shapely.union(area.polygon, buffer).area


@settings(max_examples=15)
@given(seed=SEEDS)
def test_ground_is_inside_if_it_is_in_the_corridor_and_nearer_to_a_reached_street(seed):
    walk, (area,) = areas_of(seed, limits=[200_000])
    rest = shapely.union_all(shapely.difference(walk.edge_geometry, area.streets.buffer(1e-6)))
    low_x, low_y, high_x, high_y = area.streets.buffer(60).bounds
    rng = np.random.default_rng(seed)
    points = shapely.points(rng.uniform(low_x, high_x, 800), rng.uniform(low_y, high_y, 800))
    near = shapely.distance(points, area.streets)
    far = shapely.distance(points, rest) if not rest.is_empty else np.full(len(points), np.inf)
    inside = shapely.covers(area.polygon, points)
    # what a grid of 10 m can tell
    assert inside[(near < CORRIDOR_M - CELL_M / 2) & (near < far - CELL_M)].all()
    assert not inside[near > CORRIDOR_M + CELL_M / 2].any()
    assert not inside[(near > far + CELL_M) & (near > 2 * CELL_M)].any()


@settings(max_examples=15)
@given(seed=SEEDS)
def test_keeping_off_unreached_streets_takes_in_less_of_them(seed):
    _, honest = areas_of(seed)
    _, plain = areas_of(seed, keep_off=False)
    for one, other in zip(honest, plain, strict=True):
        assert one.unreached_length_inside_m <= other.unreached_length_inside_m
        assert one.polygon.is_empty or other.polygon.covers(one.polygon)


@settings(max_examples=25)
@given(seed=SEEDS, places=st.integers(2, 6))
def test_exclusive_polygons_have_no_ground_in_common(seed, places):
    _, areas = areas_of(seed, places=places, exclusive=True)
    for one in areas:
        assert one.polygon.is_valid
        for other in areas:
            if one.target < other.target:
                assert shapely.intersection(one.polygon, other.polygon).area == 0
        # near where two places meet the grid cannot give both their due
        assert one.missed_length_m <= 0.05 * one.streets.length + 3 * CELL_M


def test_exclusive_polygons_of_mirrored_places_part_in_the_middle():
    walk = network_from_streets(
        gpd.GeoDataFrame(
            geometry=[
                shapely.LineString([(0, 0), (400, 0), (800, 0)]),
                shapely.LineString([(400, -200), (400, 0), (400, 200)]),
            ],
            crs="EPSG:4544",
        )
    )
    points = gpd.GeoDataFrame(geometry=shapely.points([(100, 0), (700, 0)]), crs="EPSG:4544")
    centres = snap_places(walk, points, max_snap_m=10)
    one, other = service_area(
        walk, walk.costs(speed_m_per_min=60), centres, limits_ms=[900_000], exclusive=True
    )
    assert one.streets.length + other.streets.length == pytest.approx(800 + 400)
    assert shapely.intersection(one.polygon, other.polygon).area == 0
    assert other.polygon.area == pytest.approx(400 * 80 + 40**2 * np.pi / 2 - 40**2, rel=0.01)


def test_nobody_across_the_river_is_covered_by_air():
    # two banks 60 m apart, one bridge 500 m away
    lines = [
        [(0, 0), (500, 0)],
        [(0, 60), (500, 60)],
        [(500, 0), (500, 60)],
    ]
    streets = gpd.GeoDataFrame(
        {"level": ["ground", "ground", "bridge"]},
        geometry=[shapely.LineString(line) for line in lines],
        crs="EPSG:4544",
    )
    walk = network_from_streets(streets)
    here = snap_places(walk, gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs="EPSG:4544"), max_snap_m=10)
    costs = walk.costs(speed_m_per_min=60)
    near, over = service_area(walk, costs, here, limits_ms=[400_000, 700_000])
    across = shapely.LineString(lines[1])
    assert not shapely.intersects(near.polygon, across)
    assert near.unreached_length_inside_m == pytest.approx(0, abs=2 * CELL_M)
    reached = shapely.intersection(over.polygon, across)
    assert reached.bounds == pytest.approx((360, 60, 500, 60), abs=2 * CELL_M)


def test_a_block_too_wide_for_the_corridor_is_a_hole():
    corners = [(0, 0), (300, 0), (300, 300), (0, 300), (0, 0)]
    ring = rows([[*a, *b] for a, b in pairwise(corners)])
    (area,) = corridor_polygons(ring, np.zeros(4, np.int64), bands=1)
    (hole,) = area.polygon.interiors
    assert shapely.Polygon(hole).area == pytest.approx(220**2, rel=0.01)


def test_an_unreached_yard_is_left_out_of_the_middle():
    corners = [(0, 0), (70, 0), (70, 70), (0, 70), (0, 0)]
    ring = [[*a, *b] for a, b in pairwise(corners)]
    yard = [30, 35, 40, 35]
    (full,) = corridor_polygons(rows(ring), np.zeros(4, np.int64), bands=1)
    (left,) = corridor_polygons(rows([*ring, yard]), np.array([0, 0, 0, 0, 1]), bands=1)
    assert not full.polygon.interiors
    assert left.unreached_length_inside_m == 0
    assert len(left.polygon.interiors) == 1


def test_the_order_and_direction_of_segments_do_not_matter():
    rng = np.random.default_rng(3)
    segments, band = rng.uniform(0, 500, (60, 4)), rng.integers(0, 4, 60)
    order = rng.permutation(60)
    turned = segments[order][:, [2, 3, 0, 1]]
    for one, other in zip(
        corridor_polygons(segments, band, bands=2),
        corridor_polygons(turned, band[order], bands=2),
        strict=True,
    ):
        assert one.polygon.normalize().equals_exact(other.polygon.normalize(), 1e-6 + CELL_M / 1000)
    again = corridor_polygons(segments, band, bands=2)
    assert [one.polygon.wkb for one in again] == [
        one.polygon.wkb for one in corridor_polygons(segments, band, bands=2)
    ]


def test_streets_along_the_lines_of_the_grid_are_covered_too():
    segments = rows([[0, 0, 200, 0], [200, 0, 200, 100], [200, 100, 120, 20], [50, 0, 50, 0.001]])
    for shift in (0.0, 1e-9, 4_000_000.0):
        (area,) = corridor_polygons(segments + shift, np.zeros(4, np.int64), bands=1)
        lines = shapely.linestrings((segments + shift).reshape(-1, 2, 2))
        assert shapely.covers(area.polygon, lines).all()
        assert area.missed_length_m == 0


def test_without_a_reached_street_polygons_are_empty():
    found = corridor_polygons(rows([[0, 0, 10, 0]]), np.array([2]), bands=2)
    assert [one.polygon.is_empty for one in found] == [True, True]
    assert corridor_polygons(np.zeros((0, 4)), np.zeros(0, np.int64), bands=1)[0].polygon.is_empty
