from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geoplan.crs.metric import transform_xy
from geoplan.errors import DataError
from geoplan.io.osm_communities import (
    AdminArea,
    admin_areas,
    choose_level,
    communities_table,
    community_of,
    population_of,
)
from geoplan.io.osm_pbf import read_osm
from geoplan.io.osm_places import find_places

from .osm_world import CRS, X0, Y0, ring, square_nodes, write_osm


def area(label, level, polygon, *, gap_m=0.0, **tags):
    return AdminArea(label, level, tags, polygon, gap_m)


def boundary(*ways, **tags):
    return ([("w", way, "outer") for way in ways], {"type": "boundary", "boundary": "administrative", **tags})


def areas_of(tmp_path, nodes, ways, relations):
    extract = read_osm(write_osm(tmp_path / "x.osm.pbf", nodes=nodes, ways=ways, relations=relations))
    x, y = transform_xy("EPSG:4326", CRS, *extract.node_lonlat.T)
    node_xy = np.round(np.column_stack([x, y]), 2)
    return admin_areas(extract, find_places(extract, node_xy, crs=CRS), node_xy)


NODES = square_nodes(1, 0, 0, 1000)


def test_a_whole_boundary_is_an_area(tmp_path):
    relation = boundary(1, 2, admin_level="10", name="一区")
    (found,) = areas_of(tmp_path, NODES, {1: ([1, 2, 3], {}), 2: ([3, 4, 1], {})}, {5: relation})
    assert (found.label, found.level, found.gap_m) == ("r5", "10", 0)
    assert found.polygon.area == pytest.approx(1e6, rel=0.01)


def test_an_outline_that_lacks_one_side_is_closed_by_a_straight_line_and_says_so(tmp_path):
    relation = boundary(1, 2, 9, admin_level="10")
    (found,) = areas_of(tmp_path, NODES, {1: ([1, 2], {}), 2: ([2, 3, 4], {})}, {5: relation})
    assert found.gap_m == pytest.approx(1000, rel=0.01)
    assert found.polygon.area == pytest.approx(1e6, rel=0.01)


@pytest.mark.parametrize(
    "ways",
    [
        {1: ([1, 2, 3], {})},  # two sides of four are too little to know the area by
        {1: ([1, 2], {}), 2: ([3, 4], {})},  # two gaps
    ],
)
def test_an_outline_that_lacks_more_is_no_area(tmp_path, ways):
    assert areas_of(tmp_path, NODES, ways, {5: boundary(1, 2, 9, admin_level="10")}) == []


def test_a_boundary_outside_the_extract_is_no_area(tmp_path):
    assert areas_of(tmp_path, NODES, {1: (ring(1), {"highway": "path"})}, {5: boundary(7, 8)}) == []


def test_the_finest_level_with_two_whole_areas_is_chosen():
    box = shapely.box(0, 0, 1, 1)
    areas = [
        area("r1", "8", box),
        area("r2", "8", box),
        area("r3", "10", box),
        area("r4", "10", box, gap_m=5),
    ]
    assert choose_level(areas, None) == "8"
    assert choose_level([*areas, area("r5", "10", box)], None) == "10"
    assert choose_level(areas, "10") == "10"
    assert choose_level([area("r1", "8", box)], None) == ""


def test_a_level_that_is_not_there_is_an_error_that_names_those_that_are():
    box = shapely.box(0, 0, 1, 1)
    with pytest.raises(DataError, match=r"level 9.*levels there: 8, 10"):
        choose_level([area("r3", "10", box), area("r1", "8", box)], "9")
    with pytest.raises(DataError, match="level 9"):
        choose_level([], "9")


def test_communities_are_the_areas_of_the_level():
    box = shapely.box(0, 0, 1, 1)
    found = communities_table([area("r1", "8", box, name="甲"), area("r2", "9", box)], "8", crs=CRS)
    assert found["community_id"].tolist() == ["r1"]
    assert found["name"].tolist() == ["甲"]


def test_a_place_is_in_the_community_that_holds_a_point_inside_it():
    communities = gpd.GeoDataFrame(
        geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), None],
        index=["west", "east", "nowhere"],
        crs=CRS,
    )
    places = shapely.points([(5, 5), (15, 5), (50, 50), (10, 5)])
    # on the shared border the lowest id wins, in whatever order the rows come
    assert community_of(places, communities).tolist() == ["west", "east", None, "east"]
    assert community_of(places, communities.iloc[::-1]).tolist() == ["west", "east", None, "east"]
    assert len(community_of(places[:0], communities)) == 0


def test_the_population_is_that_of_the_smallest_area_that_holds_everything():
    inner, outer = shapely.box(0, 0, 10, 10), shapely.box(-10, -10, 20, 20)
    areas = [
        area("r1", "2", outer, population="900"),
        area("r2", "8", inner, population="500"),
        area("r3", "9", inner),
        area("r4", "9", shapely.box(0, 0, 2, 2), population="7"),
    ]
    assert population_of(areas, shapely.points([(1, 1), (9, 9)])).label == "r2"
    assert population_of(areas, shapely.points([(1, 1), (15, 9)])).label == "r1"
    assert population_of(areas, shapely.points([(1, 1), (90, 9)])) is None
    assert population_of(areas, np.empty(0, dtype=object)) is None


@pytest.mark.parametrize(
    ("tag", "value"),
    [("39050", 39050), ("39 050", 39050), ("39,050", 39050), ("about 40000", None), ("", None), ("٣", None)],
)
def test_only_a_whole_number_is_a_population(tag, value):
    assert area("r1", "8", shapely.box(X0, Y0, X0 + 1, Y0 + 1), population=tag).population == value
