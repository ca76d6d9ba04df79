from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoplan.crs.metric import transform_xy
from geoplan.io.osm_pbf import read_osm
from geoplan.io.osm_places import (
    as_polygon,
    barriers_table,
    centres_table,
    drop_doubles,
    facilities_table,
    find_places,
    residences_table,
)
from geoplan.standards.standard import OsmTags

from .osm_world import CRS, X0, Y0, ring, square_nodes, write_osm

TABLE = OsmTags(
    facilities={
        "school": ("amenity=school",),
        "shop": ("shop=bakery", "shop=butcher"),
        "park": ("leisure=park",),
    },
    centres={"district": ("amenity=townhall",), "community": ("amenity=community_centre",)},
)
KEYS = ["amenity", "shop", "leisure"]


def world(tmp_path, nodes, ways=None, relations=None):
    extract = read_osm(
        write_osm(tmp_path / "x.osm.pbf", nodes=nodes, ways=ways, relations=relations), place_keys=KEYS
    )
    x, y = transform_xy("EPSG:4326", CRS, *extract.node_lonlat.T)
    node_xy = np.round(np.column_stack([x, y]), 2)
    return extract, node_xy, find_places(extract, node_xy, crs=CRS)


def test_facilities_come_from_nodes_closed_ways_and_multipolygons(tmp_path):
    nodes = {
        1: (0, 0, {"shop": "bakery", "name": "A"}),
        **square_nodes(2, 10, 10, 20),
        **square_nodes(6, 50, 50, 30),
    }
    ways = {2: (ring(2), {"amenity": "school"}), 3: (ring(6), {}), 4: ([2, 3], {"leisure": "park"})}
    park = ([("w", 3, "outer")], {"type": "multipolygon", "leisure": "park"})
    _, _, places = world(tmp_path, nodes, ways, {5: park})
    found = facilities_table(places, TABLE).set_index("facility_id")
    assert found["kind"].to_dict() == {"n1": "shop", "w2": "school", "r5": "park"}
    assert found.loc["n1", "name"] == "A"
    assert found.geometry["w2"].area == pytest.approx(400, rel=0.01)
    assert found["service_level"].isna().all()


def test_places_for_their_owners_only_or_out_of_use_are_no_facilities(tmp_path):
    nodes = {
        1: (0, 0, {"shop": "bakery", "access": "private"}),
        2: (0, 0, {"shop": "bakery", "disused": "yes"}),
        3: (0, 0, {"shop": "tobacco"}),
        4: (0, 0, {"shop": "bakery", "access": "customers"}),
    }
    _, _, places = world(tmp_path, nodes)
    assert list(facilities_table(places, TABLE)["facility_id"]) == ["n4"]


def test_doors_on_the_outline_are_entrances_and_emergency_exits_are_not(tmp_path):
    nodes = {
        1: (0, 0, {"entrance": "main"}), 2: (20, 0), 3: (20, 20, {"entrance": "emergency"}), 4: (0, 20),
        5: (10, 10, {"entrance": "yes"}), 6: (0, 10, {"entrance": "staircase"}),
    }  # fmt: skip
    ways = {1: ([1, 2, 3, 4, 6, 1], {"amenity": "school"})}
    _, _, places = world(tmp_path, nodes, ways)
    (doors,) = facilities_table(places, TABLE)["entrances"]
    expected = shapely.MultiPoint([(X0, Y0), (X0, Y0 + 10)])
    assert shapely.equals_exact(doors, expected, tolerance=0.02)


def test_floor_area_is_stated_only_where_storeys_of_the_building_are_tagged(tmp_path):
    nodes = {
        number: place
        for first in (1, 5, 9)
        for number, place in square_nodes(first, 30 * first, 0, 10).items()
    }
    ways = {
        1: (ring(1), {"amenity": "school", "building": "school", "building:levels": "3"}),
        2: (ring(5), {"amenity": "school", "building": "school"}),
        3: (ring(9), {"amenity": "school", "building:levels": "3"}),
    }
    _, _, places = world(tmp_path, nodes, ways)
    areas = facilities_table(places, TABLE)["floor_area_m2"].tolist()
    assert areas == pytest.approx([300, np.nan, np.nan], rel=0.01, nan_ok=True)


def test_a_point_that_names_the_area_it_lies_in_is_one_place_mapped_twice(tmp_path):
    nodes = {
        **square_nodes(1, 0, 0, 50),
        10: (9, 9, {"amenity": "school", "name": "Ecole"}),
        11: (9, 9, {"amenity": "school", "name": "Other"}),
        12: (9, 9, {"amenity": "school"}),
        13: (9, 9, {"shop": "bakery", "name": "École"}),
        14: (99, 9, {"amenity": "school", "name": "École"}),
    }
    _, _, places = world(tmp_path, nodes, {1: (ring(1), {"amenity": "school", "name": "École"})})
    kept, doubles = drop_doubles(facilities_table(places, TABLE), "kind")
    assert doubles == {"n10"}
    assert kept["facility_id"].tolist() == ["n11", "n12", "n13", "n14", "w1"]


def test_nameless_places_are_never_mapped_twice(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 50), 10: (9, 9, {"leisure": "park"})}
    _, _, places = world(tmp_path, nodes, {1: (ring(1), {"leisure": "park"})})
    assert len(drop_doubles(facilities_table(places, TABLE), "kind")[0]) == 2


def test_centres_come_from_the_same_table_by_level(tmp_path):
    nodes = {1: (0, 0, {"amenity": "community_centre"}), 2: (9, 0, {"amenity": "townhall", "name": "市政厅"})}
    _, _, places = world(tmp_path, nodes)
    found = centres_table(places, TABLE).set_index("centre_id")
    assert found["level"].to_dict() == {"n1": "community", "n2": "district"}
    assert found.loc["n2", "name"] == "市政厅"


def test_a_building_is_a_residence_by_its_kind_its_land_or_its_number(tmp_path):
    nodes = {
        number: place
        for at in range(6)
        for number, place in square_nodes(1 + 4 * at, 100 * at, 0, 10).items()
    }
    nodes |= square_nodes(90, 190, -10, 50)
    ways = {
        1: (ring(1), {"building": "apartments", "building:levels": "4"}),
        2: (ring(5), {"building": "yes"}),
        3: (ring(9), {"building": "yes"}),
        4: (ring(13), {"building": "yes", "addr:housenumber": "7"}),
        5: (ring(17), {"building": "yes", "addr:housenumber": "7", "amenity": "school"}),
        6: (ring(21), {"building": "house"}),
        7: (ring(90), {"landuse": "residential"}),
    }
    _, _, places = world(tmp_path, nodes, ways)
    homes = residences_table(places).set_index("residence_id")
    assert list(homes.index) == ["w1", "w3", "w4", "w6"]
    assert homes["levels"].tolist() == [4, 3, 3, 2]
    assert homes["levels_assumed"].tolist() == [False, True, True, True]
    assert homes["floor_area_m2"].tolist() == pytest.approx([400, 300, 300, 200], rel=0.01)
    assert facilities_table(places, TABLE)["facility_id"].tolist() == ["w5"]


def test_a_shape_is_made_valid_and_one_without_area_is_none():
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    fixed = as_polygon(bow)
    assert fixed.is_valid
    assert fixed.area == pytest.approx(50)
    spike = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (-5, 0), (0, 0)])
    assert as_polygon(spike).equals(shapely.box(0, 0, 10, 10))
    assert as_polygon(shapely.Polygon([(0, 0), (1, 1), (2, 2)])) is None


def test_rivers_railways_and_motorways_are_barriers(tmp_path):
    nodes = {1: (0, 0), 2: (100, 0), 3: (200, 0), **square_nodes(10, 0, 50, 40)}
    ways = {
        1: ([1, 2], {"waterway": "river", "name": "黄河"}),
        2: ([1, 3], {"railway": "rail"}),
        3: ([2, 3], {"highway": "motorway"}),
        4: ([1, 2], {"railway": "rail", "tunnel": "yes"}),
        5: (ring(10), {"natural": "water", "water": "river"}),
        6: ([1, 99], {"waterway": "river"}),
    }
    extract, node_xy, places = world(tmp_path, nodes, ways)
    found = barriers_table(extract, places, node_xy).set_index("barrier_id")
    assert found["kind"].to_dict() == {"w1": "river", "w2": "railway", "w3": "expressway", "w5": "river"}
    assert found.geometry["w5"].geom_type == "Polygon"
    assert found.loc["w1", "name"] == "黄河"
