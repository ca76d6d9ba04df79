from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.crs.datum import from_wgs84
from geoplan.maps.packing import Coordinates, Numbers, paths_of, points_of, shapes_of
from tests.maps import unpacking
from tests.studies import CRS, X0, Y0

SHELL = [(0, 0), (900, 0), (900, 900), (0, 900)]
HOLE = [(300, 300), (300, 600), (600, 600), (600, 300)]


def moved(shape):
    return shapely.transform(shape, lambda xy: xy + np.array([X0, Y0]))


@given(st.lists(st.none() | st.integers(0, 2**32 - 2), max_size=40))
def test_numbers_come_back_and_missing_ones_stay_missing(values):
    column = np.array([np.nan if one is None else one for one in values], float)
    assert unpacking.numbers(Numbers(column).packed()) == values


@given(st.lists(st.floats(0, 655), max_size=40))
def test_decimals_come_back_to_the_part_that_is_kept(values):
    found = unpacking.numbers(Numbers(np.array(values), 100).packed())
    assert np.allclose(found, values, atol=0.0051)


@pytest.mark.parametrize(
    ("largest", "kind"), [(0, "u1"), (254, "u1"), (255, "u2"), (65534, "u2"), (65535, "u4")]
)
def test_a_column_is_as_narrow_as_its_largest_number_allows(largest, kind):
    packed = Numbers(np.array([largest, np.nan])).packed()
    assert packed["type"] == kind
    assert unpacking.numbers(packed) == [largest, None]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-85, 85)), max_size=30))
def test_places_come_back_to_the_decimetre(places):
    packed = Coordinates(np.array(places, float).reshape(-1, 2)).packed()
    assert np.allclose(unpacking.coordinates(packed), places, atol=5.1e-7) or not places
    assert packed["count"] == len(places)


def test_on_a_map_in_another_datum_places_are_shifted():
    at = np.array([[103.7, 36.1], [7.42, 43.73]])
    lon, lat = from_wgs84(at[:, 0], at[:, 1], "gcj02")
    shifted = unpacking.coordinates(Coordinates(at).packed("gcj02"))
    assert np.allclose(shifted, np.column_stack([lon, lat]), atol=1e-6)
    assert abs(shifted[0][0] - 103.7) > 1e-4
    assert shifted[1] == (7.42, 43.73)


def test_shapes_come_back_with_parts_holes_and_rows_that_have_none():
    shapes = [
        shapely.Polygon(SHELL, [HOLE]),
        None,
        shapely.MultiLineString([[(0, 0), (500, 40)], [(0, 90), (70, 700), (700, 90)]]),
        shapely.Point(5, 7),
        shapely.Polygon(),
        shapely.MultiPolygon([shapely.Polygon(SHELL), shapely.box(2000, 2000, 2100, 2100)]),
        shapely.GeometryCollection([shapely.Point(1, 1), shapely.LineString([(0, 0), (9, 9)])]),
    ]
    here = np.array([None if one is None else moved(one) for one in shapes], dtype=object)
    rows = unpacking.shapes(shapes_of(here, CRS, tolerance_m=0).packed())
    assert [[kind for kind, _ in row] for row in rows] == [[1], [], [0, 0], [2], [], [1, 1], [2, 0]]
    assert [len(rings) for row in rows for _, rings in row] == [2, 1, 1, 1, 1, 1, 1, 1]
    for row, shape in zip(rows, here, strict=True):
        found = [vertex for _, rings in row for ring in rings for vertex in ring]
        if not found:
            continue
        metric = gpd.GeoSeries(shapely.points(found), crs="EPSG:4326").to_crs(CRS)
        wanted = shapely.get_coordinates(shape)
        assert len(metric) == len(wanted)
        assert np.allclose(np.column_stack([metric.x, metric.y]), wanted, atol=0.1)


def test_simplifying_moves_no_line_farther_than_told():
    wave = moved(shapely.LineString([(step, (step % 2) * 0.5) for step in range(400)]))
    packed = shapes_of(np.array([wave], dtype=object), CRS, tolerance_m=1.0).packed()
    assert packed["at"]["count"] < 10


def test_a_home_without_a_path_has_no_vertices():
    lines = np.array([None, moved(shapely.LineString([(0, 0), (100, 0)])), None], dtype=object)
    packed = paths_of(lines, CRS).packed()
    assert unpacking.numbers(packed["vertices"]) == [0, 2, 0]
    assert packed["homes"] == 3


def test_nothing_packs_to_nothing():
    assert unpacking.coordinates(points_of(gpd.GeoSeries([], crs=CRS), CRS).packed()) == []
    assert unpacking.shapes(shapes_of(np.empty(0, dtype=object), CRS).packed()) == []
    assert unpacking.numbers(Numbers(np.empty(0)).packed()) == []
