from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geoplan.crs.metric import transform_xy
from geoplan.io.osm_pbf import read_osm
from geoplan.io.osm_streets import GATE_LENGTH_M, LONGEST_ISLAND_M, drop_islands, streets_table
from geoplan.io.osm_tags import gate_state, is_walkable
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import validate_table
from geoplan.network.build import network_from_streets

from .osm_world import CRS, X0, Y0, ring, square_nodes, write_osm

WALK = {"highway": "footway"}


def streets(tmp_path, nodes, ways, relations=None):
    extract = read_osm(write_osm(tmp_path / "x.osm.pbf", nodes=nodes, ways=ways, relations=relations))
    x, y = transform_xy("EPSG:4326", CRS, *extract.node_lonlat.T)
    raw = streets_table(extract, np.round(np.column_stack([x, y]), 2), crs=CRS)
    return validate_table(raw.set_axis(range(1, len(raw) + 1)), INPUT_TABLES["streets"]).table


def walk_m(table, start, stop):
    """Return the walking distance between two places [m], None if there is no way."""
    network = network_from_streets(table)
    graph = nx.MultiGraph()
    for edge in range(network.edge_count):
        graph.add_edge(
            int(network.edge_u[edge]), int(network.edge_v[edge]), length=float(network.edge_length_m[edge])
        )
    at = []
    for x, y in (start, stop):
        apart = np.hypot(network.node_x - X0 - x, network.node_y - Y0 - y)
        assert apart.min() < 0.1
        at.append(int(np.argmin(apart)))
    try:
        return nx.dijkstra_path_length(graph, *at, weight="length")
    except nx.NetworkXNoPath:
        return None


CROSS = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, -100), 5: (100, 100)}


def test_ways_that_share_a_node_join(tmp_path):
    table = streets(tmp_path, CROSS, {1: ([1, 2, 3], WALK), 2: ([4, 2, 5], WALK)})
    assert sorted(table.index) == ["w1-1", "w1-2", "w2-1", "w2-2"]
    assert walk_m(table, (0, 0), (100, 100)) == pytest.approx(200, abs=0.1)


def test_ways_that_cross_without_a_shared_node_do_not_join(tmp_path):
    nodes = {**CROSS, 6: (100, 0.5)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK), 2: ([4, 6, 5], WALK)})
    assert walk_m(table, (0, 0), (100, 100)) is None


def test_two_nodes_at_one_place_do_not_join_their_ways(tmp_path):
    nodes = {**CROSS, 6: (100, 0)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK), 2: ([4, 6, 5], WALK)})
    assert walk_m(table, (0, 0), (100, 100)) is None
    assert walk_m(table, (0, 0), (200, 0)) == pytest.approx(200, abs=0.1)


def test_a_bridge_joins_in_its_middle_where_osm_shares_a_node_and_nowhere_else(tmp_path):
    bridge = {**WALK, "bridge": "yes", "layer": "1"}
    stairs = {"highway": "steps", "layer": "1"}
    joined = streets(tmp_path, CROSS, {1: ([1, 2, 3], bridge), 2: ([4, 2, 5], stairs)})
    assert set(joined["level"]) == {"bridge"}
    assert walk_m(joined, (0, 0), (100, 100)) == pytest.approx(200, abs=0.1)
    under = streets(tmp_path, {**CROSS, 6: (100, 0)}, {1: ([1, 2, 3], bridge), 2: ([4, 6, 5], WALK)})
    assert walk_m(under, (0, 0), (100, 100)) is None


def test_motorways_and_private_roads_are_out_and_foot_opens_them(tmp_path):
    private = {"highway": "service", "access": "private"}
    table = streets(
        tmp_path,
        CROSS,
        {
            1: ([1, 2], WALK),
            2: ([2, 3], private),
            3: ([2, 4], {"highway": "motorway"}),
            4: ([2, 5], private | {"foot": "yes"}),
        },
    )
    assert sorted(table.index) == ["w1-1", "w4-1"]


def test_steps_and_names_are_told_and_hostile_names_stay_text(tmp_path):
    name = "<script>alert(1)</script> `=cmd|' /C calc'!A0` ${x}"
    table = streets(tmp_path, CROSS, {1: ([1, 2, 3], {"highway": "steps", "name": name})})
    assert table.loc["w1-1", "name"] == name
    assert bool(table.loc["w1-1", "steps"]) and table.loc["w1-1", "kind"] == "steps"


@pytest.mark.parametrize(
    ("gate", "passes"),
    [
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, True),
        ({"barrier": "lift_gate", "access": "private"}, True),
    ],
)
def test_only_a_closed_gate_stops_a_walker(tmp_path, gate, passes):
    nodes = {1: (0, 0), 2: (100, 0, gate), 3: (200, 0)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK)})
    found = walk_m(table, (0, 0), (200, 0))
    assert found == (pytest.approx(200, abs=0.1) if passes else None)


def test_both_sides_can_be_walked_up_to_a_closed_gate(tmp_path):
    nodes = {1: (0, 0), 2: (100, 0, {"barrier": "gate", "access": "private"}), 3: (200, 0)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK)})
    open_m = table[table["gate"].isna()].length.sum()
    assert open_m == pytest.approx(200 - 2 * GATE_LENGTH_M, abs=0.1)
    assert (table["gate"] == "closed").sum() == 2
    assert table.length.sum() == pytest.approx(200, abs=0.1)


def test_a_closed_gate_at_a_junction_stops_every_way_through_it(tmp_path):
    nodes = {**CROSS, 2: (100, 0, {"barrier": "gate", "foot": "no"})}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK), 2: ([4, 2, 5], WALK)})
    assert walk_m(table, (0, 0), (200, 0)) is None
    assert walk_m(table, (0, 0), (100, 100)) is None


def test_a_way_that_leaves_the_extract_is_walked_as_far_as_it_is_known(tmp_path):
    table = streets(tmp_path, CROSS, {1: ([1, 2, 99, 3, 5], WALK), 2: ([98, 97], WALK), 3: ([1, 96], WALK)})
    assert sorted(table.length.round().tolist()) == [100, 141]


def test_a_pedestrian_area_is_crossed_straight(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 100), 5: (-50, 0), 6: (150, 100)}
    ways = {
        1: (ring(1), {"highway": "pedestrian", "area": "yes", "name": "Place"}),
        2: ([5, 1], WALK),
        3: ([3, 6], WALK),
    }
    table = streets(tmp_path, nodes, ways)
    assert "w1-x1" in table.index
    assert table.loc["w1-x1", "name"] == "Place"
    assert walk_m(table, (-50, 0), (150, 100)) == pytest.approx(100 + 100 * np.sqrt(2), abs=0.1)


def test_a_closed_street_that_is_no_area_is_walked_around(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 100), 5: (-50, 0), 6: (150, 100)}
    ways = {1: (ring(1), {"highway": "pedestrian"}), 2: ([5, 1], WALK), 3: ([3, 6], WALK)}
    table = streets(tmp_path, nodes, ways)
    assert not table.index.str.contains("x").any()
    assert walk_m(table, (-50, 0), (150, 100)) == pytest.approx(300, abs=0.1)


def test_a_multipolygon_is_crossed_around_its_hole_and_joins_where_the_walk_bends(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 100), **square_nodes(5, 40, 40, 20), 9: (-50, 0), 10: (150, 100)}
    ways = {1: (ring(1), {}), 2: (ring(5), {}), 3: ([9, 1], WALK), 4: ([3, 10], WALK)}
    area = ([("w", 1, "outer"), ("w", 2, "inner")], {"type": "multipolygon", "highway": "pedestrian"})
    table = streets(tmp_path, nodes, ways, {7: area})
    assert walk_m(table, (-50, 0), (150, 100)) == pytest.approx(100 + 2 * np.hypot(60, 40), abs=0.1)


def test_a_private_square_is_not_crossed(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 100), 5: (-50, 0), 6: (150, 100)}
    closed = {"highway": "pedestrian", "area": "yes", "access": "private"}
    table = streets(tmp_path, nodes, {1: (ring(1), closed), 2: ([5, 1], WALK), 3: ([3, 6], WALK)})
    assert sorted(table.index) == ["w2-1", "w3-1"]


def test_ferries_are_not_walked(tmp_path):
    table = streets(tmp_path, CROSS, {1: ([1, 2], WALK), 2: ([2, 3], {"route": "ferry", "foot": "yes"})})
    assert list(table.index) == ["w1-1"]


def long_way(first, x, length):
    return {first: (x, 0), first + 1: (x + length, 0)}


@pytest.mark.parametrize(
    ("length", "kept"), [(LONGEST_ISLAND_M - 100, False), (LONGEST_ISLAND_M + 100, True)]
)
def test_small_groups_of_streets_that_join_no_others_are_left_out(tmp_path, length, kept):
    nodes = {**long_way(1, 0, 5000), **long_way(3, 6000, length)}
    table = streets(tmp_path, nodes, {1: ([1, 2], WALK), 2: ([3, 4], WALK)}).reset_index()
    left, islands = drop_islands(table)
    assert (len(left) == 2) is kept
    assert islands.groups == (0 if kept else 1)
    assert islands.length_m == pytest.approx(0 if kept else length, abs=2)


def test_what_lies_behind_a_closed_gate_is_not_left_out(tmp_path):
    gate = {"barrier": "gate", "access": "private"}
    nodes = {1: (0, 0), 2: (5000, 0, gate), 3: (5100, 0)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK)}).reset_index()
    assert len(drop_islands(table)[0]) == len(table)


def test_the_only_streets_are_kept_however_short(tmp_path):
    table = streets(tmp_path, CROSS, {1: ([1, 2], WALK)}).reset_index()
    assert len(drop_islands(table)[0]) == 1


def test_lines_keep_the_shape_of_the_way(tmp_path):
    nodes = {1: (0, 0), 2: (30, 40), 3: (30, 140)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], WALK)})
    expected = shapely.LineString([(X0, Y0), (X0 + 30, Y0 + 40), (X0 + 30, Y0 + 140)])
    assert shapely.equals_exact(table.geometry.iloc[0], expected, tolerance=0.02)


MONACO = Path(__file__).parents[2] / "data" / "monaco" / "monaco.osm.pbf"


def plain_graph(file, xy_of):
    """The same streets in the plain way: neighbouring nodes of a walkable way are joined, by node id."""
    graph, shut = nx.Graph(), set()
    for one in osmium.FileProcessor(str(file)).with_locations():
        tags = dict(one.tags)
        if one.is_node() and gate_state(tags) == "closed":
            shut.add(one.id)
        if one.is_way() and is_walkable(tags) and tags.get("area") != "yes":
            for first, second in pairwise(node.ref for node in one.nodes if node.location.valid()):
                apart = float(np.hypot(*(xy_of[first] - xy_of[second])))
                graph.add_edge(first, second, length=apart)
    graph.remove_nodes_from(shut)
    return graph


def test_walks_in_a_real_town_are_those_of_the_plain_graph_by_node_id():
    extract = dataclasses.replace(read_osm(MONACO), areas=())  # no squares: the plain graph has none
    x, y = transform_xy("EPSG:4326", CRS, *extract.node_lonlat.T)
    node_xy = np.round(np.column_stack([x, y]), 2)
    xy_of = dict(zip(extract.node_ids.tolist(), node_xy, strict=True))
    plain = plain_graph(MONACO, xy_of)
    raw = streets_table(extract, node_xy, crs=CRS)
    network = network_from_streets(raw.set_index("street_id"))
    ours = nx.Graph()
    for u, v, length in zip(network.edge_u, network.edge_v, network.edge_length_m, strict=True):
        known = ours.get_edge_data(u, v, {"length": np.inf})["length"]
        ours.add_edge(u, v, length=min(known, length))
    node_at = {
        (round(px, 2), round(py, 2)): at
        for at, (px, py) in enumerate(zip(network.node_x, network.node_y, strict=True))
    }
    common = {
        osm: node_at[tuple(xy_of[osm].tolist())] for osm in plain if tuple(xy_of[osm].tolist()) in node_at
    }
    sources = sorted(common)[:: len(common) // 4]
    compared = 0
    for source in sources:
        wanted = nx.single_source_dijkstra_path_length(plain, source, weight="length")
        found = nx.single_source_dijkstra_path_length(ours, common[source], weight="length")
        for osm, node in common.items():
            assert (osm in wanted) == (node in found), (source, osm)
            if osm in wanted:
                assert found[node] == pytest.approx(wanted[osm], abs=0.5)
                compared += 1
    assert compared > 10_000


def test_escalators_and_streets_signed_for_walkers_are_walked_one_way(tmp_path):
    table = streets(
        tmp_path,
        CROSS,
        {
            1: ([1, 2], {"highway": "steps", "conveying": "backward"}),
            2: ([2, 3], {"highway": "footway", "oneway:foot": "yes"}),
            3: ([4, 2, 5], {"highway": "residential", "oneway": "yes"}),
        },
    )
    assert table["one_way"].to_dict() == {"w1-1": True, "w2-1": True, "w3-1": False, "w3-2": False}
    starts = {street: shapely.get_point(line, 0).x - X0 for street, line in table.geometry.items()}
    assert starts["w1-1"] == pytest.approx(100, abs=0.1)
    assert starts["w2-1"] == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize(
    ("tags", "waits"),
    [
        ({"highway": "footway", "footway": "crossing", "crossing": "traffic_signals"}, 1.0),
        ({"highway": "path", "path": "crossing", "crossing:signals": "yes"}, 1.0),
        ({"highway": "footway", "footway": "crossing", "crossing": "zebra"}, 0.0),
        ({"highway": "footway", "crossing": "traffic_signals"}, 0.0),
    ],
)
def test_a_crossing_with_signals_is_one_wait_however_many_streets_it_meets(tmp_path, tags, waits):
    nodes = {1: (0, 0), 2: (5, 0), 3: (20, 0), 4: (5, -100), 5: (5, 100)}
    table = streets(tmp_path, nodes, {1: ([1, 2, 3], tags), 2: ([4, 2, 5], {"highway": "residential"})})
    assert table["crossings"].sum() == pytest.approx(waits)
    assert table.loc["w1-1", "crossings"] == pytest.approx(waits / 4, abs=0.01)


def test_reading_streets_only_gives_the_same_streets():
    tables = []
    for streets_only in (False, True):
        extract = read_osm(MONACO, streets_only=streets_only)
        x, y = transform_xy("EPSG:4326", CRS, *extract.node_lonlat.T)
        tables.append(streets_table(extract, np.round(np.column_stack([x, y]), 2), crs=CRS))
    assert len(tables[0]) > 1000
    assert_geodataframe_equal(*tables)
