from __future__ import annotations

import dataclasses

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import DataError, NetworkError
from geoplan.messages import catalogue
from geoplan.model.result_tables import FAULT_KINDS
from geoplan.model.study import Study
from geoplan.network.build import network_from_streets
from geoplan.network.dangles import DETOUR_FACTOR, find_dangles
from geoplan.network.overlaps import find_overlaps
from geoplan.network.quality import check_network
from tests.cities import random_streets
from tests.studies import CRS, X0, Y0, frame


def streets(*lines, **columns):
    """Streets s0, s1, ... from lists of (x, y), metres from the origin of the tiny studies."""
    made = [shapely.LineString(np.array(line, float) + np.array([X0, Y0])) for line in lines]
    index = pd.Index([f"s{number}" for number in range(len(lines))], name="street_id")
    return gpd.GeoDataFrame(columns, geometry=made, index=index, crs=CRS)


def barriers(kind, shape, **columns):
    moved = shapely.transform(shape, lambda xy: xy + np.array([X0, Y0]))
    index = pd.Index(["b0"], name="barrier_id")
    return gpd.GeoDataFrame({"kind": [kind], **columns}, geometry=[moved], index=index, crs=CRS)


def check(table, cap=100.0, undershoot_m=2.0, **tables):
    study = Study(study_id="q", name="q", crs=CRS, streets=table, **tables)
    return check_network(study, max_snap_m=cap, undershoot_m=undershoot_m)


def told(found, kind):
    rows = found.faults[found.faults["kind"] == kind]
    return [tuple(row) for row in rows[["street_id", "other_id", "value"]].round(6).to_numpy(object)]


ROAD = [(0, 0), (200, 0)]


@pytest.mark.parametrize(("gap", "found"), [(0.0, 1), (0.5, 1), (2.0, 1), (2.01, 0)])
def test_a_dead_end_near_a_street_it_does_not_join_is_an_undershoot(gap, found):
    faults = check(streets(ROAD, [(100, 80), (100, gap)]))
    assert told(faults, "undershoot") == [("s1", "s0", gap)][:found]


def test_a_dead_end_that_joins_or_leads_there_by_a_short_walk_is_none():
    joined = streets([(0, 0), (100, 0), (200, 0)], [(100, 80), (100, 0)])
    assert told(check(joined), "undershoot") == []
    stub = streets([(0, 0), (100, 0), (200, 0)], [(100, 0), (101, 1.5)])
    assert told(check(stub), "undershoot") == []


def test_a_dead_end_that_comes_back_to_its_own_street_is_an_undershoot():
    loop = streets([(0, 0), (100, 0), (100, 50), (50, 50), (50, 1)])
    assert told(check(loop), "undershoot") == [("s0", "s0", 1.0)]
    # the same round by way of a junction: the walk there is long
    twice = streets([(0, 0), (100, 0)], [(100, 0), (100, 50), (50, 50), (50, 1)])
    assert told(check(twice), "undershoot") == [("s1", "s0", 1.0)]


def test_a_bridge_is_met_at_its_ends_only():
    under = [(100, 80), (100, 1)]
    assert told(check(streets(ROAD, under, level=["bridge", "ground"])), "undershoot") == []
    before = [(200, 80), (200, 1)]
    found = check(streets(ROAD, before, level=["bridge", "ground"]))
    assert told(found, "undershoot") == [("s0", "s1", 1.0), ("s1", "s0", 1.0)]


@pytest.mark.parametrize("kind", ["wall", "river"])
def test_a_dead_end_at_a_wall_is_meant(kind):
    lines = streets(ROAD, [(100, 80), (100, 1)])
    wall = barriers(kind, shapely.LineString([(0, 0.5), (200, 0.5)]))
    assert told(check(lines, barriers=wall), "undershoot") == []
    passable = wall.assign(severity="passable")
    assert told(check(lines, barriers=passable), "undershoot") == [("s1", "s0", 1.0)]


def test_a_closed_gate_is_no_undershoot():
    lines = [[(0, 0), (100, 0)], [(100, 0), (101, 0)], [(101, 0), (200, 0)]]
    gated = streets(*lines, gate=pd.array([None, "closed", None], dtype="str"))
    assert told(check(gated), "undershoot") == []
    without = streets(lines[0], lines[2])
    assert told(check(without), "undershoot") == [("s0", "s1", 1.0), ("s1", "s0", 1.0)]


def short_of_it(rng, table):
    """Streets whose ends are cut back a little here and there."""
    lines = []
    for line in table.geometry:
        xy = shapely.get_coordinates(line)
        if rng.random() < 0.4:
            away = xy[0] - xy[1]
            xy[0] -= away / np.hypot(*away) * rng.uniform(0, 4)
        lines.append(shapely.LineString(np.round(xy, 2)))
    return table.set_geometry(gpd.GeoSeries(lines, index=table.index, crs=table.crs))


def dangles_one_by_one(network, within):
    """The undershoots, by looking at every dead end and every edge."""
    graph = nx.Graph()
    for edge in range(network.edge_count):
        u, v, length = network.edge_u[edge], network.edge_v[edge], network.edge_length_m[edge]
        known = graph.get_edge_data(u, v, {"weight": np.inf})["weight"]
        graph.add_edge(u, v, weight=min(length, known))
    found = {}
    for edge in range(network.edge_count):
        ends = shapely.get_point(network.edge_geometry[edge], [0, -1])
        for node, point in zip((network.edge_u[edge], network.edge_v[edge]), ends, strict=True):
            count = (network.edge_u == node).sum() + (network.edge_v == node).sum()
            if count > 1:
                continue
            walk = nx.single_source_dijkstra_path_length(graph, node, weight="weight")
            options = []
            for other in range(network.edge_count):
                line, length = network.edge_geometry[other], network.edge_length_m[other]
                gap = shapely.distance(line, point)
                if other == edge or gap > within:
                    continue
                along = shapely.line_locate_point(line, point)
                if not network.edge_enterable[other] and 0.01 < along < length - 0.01:
                    continue
                round_by = min(
                    walk.get(network.edge_u[other], np.inf) + along,
                    walk.get(network.edge_v[other], np.inf) + length - along,
                )
                if round_by > DETOUR_FACTOR * within:
                    options.append((gap, other))
            if options:
                found[edge, int(node)] = min(options)
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), within=st.sampled_from([0.5, 2.0, 5.0]))
def test_undershoots_are_those_found_by_looking_at_every_pair(seed, within):
    rng = np.random.default_rng(seed)
    table = short_of_it(rng, random_streets(rng, size=4))
    network = network_from_streets(table)
    found = find_dangles(network, table, within_m=within)
    expected = dangles_one_by_one(network, within)
    assert list(zip(found.edge.tolist(), found.node.tolist(), strict=True)) == sorted(expected)
    for at, key in enumerate(sorted(expected)):
        gap, other = expected[key]
        assert found.gap_m[at] == pytest.approx(gap, abs=1e-9)
        assert shapely.distance(network.edge_geometry[found.other[at]], shapely.Point(found.foot[at])) < 1e-6
        if abs(gap - found.gap_m[at]) == 0:
            assert found.other[at] == other


def test_streets_drawn_twice_overlap_in_full_and_in_part_and_either_way():
    table = streets(
        ROAD,
        [(200, 0), (0, 0)],
        [(0, 50), (100, 50)],
        [(60, 50), (160, 50)],
        [(0, 90), (100, 90), (20, 90)],
    )
    found = told(check(table), "overlap")
    assert found == [("s0", "s1", 200.0), ("s2", "s3", 40.0), ("s4", "s4", 80.0)]


def test_streets_that_cross_meet_or_lie_above_each_other_do_not_overlap():
    table = streets(ROAD, [(100, -50), (100, 50)], [(200, 0), (300, 0)], [(200, 0), (300, 5)])
    assert told(check(table), "overlap") == []
    above = streets(ROAD, [(20, 0), (180, 0)], level=["ground", "bridge"])
    assert told(check(above), "overlap") == []


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_overlaps_are_those_found_by_intersecting_every_pair(seed):
    rng = np.random.default_rng(seed)
    table = random_streets(rng, size=3, bridges=0)
    lines = list(table.geometry)
    for copied in rng.integers(0, len(table), 4):
        xy = shapely.get_coordinates(lines[copied])[:: rng.choice([-1, 1])]
        lines.append(shapely.LineString(xy[: rng.integers(2, 4)]))
    more = gpd.GeoDataFrame(geometry=lines, index=[f"s{n:03d}" for n in range(len(lines))], crs=CRS)
    network = network_from_streets(more)
    found = find_overlaps(network, np.full(network.edge_count, "ground", object))
    expected = {}
    for one in range(network.edge_count):
        for two in range(one + 1, network.edge_count):
            shared = shapely.intersection(network.edge_geometry[one], network.edge_geometry[two])
            if shapely.length(shared) >= 1:
                expected[one, two] = shapely.length(shared)
    assert len(expected) >= 1
    pairs = dict(
        zip(zip(found.edge.tolist(), found.other.tolist(), strict=True), found.length_m, strict=True)
    )
    assert pairs == pytest.approx(expected, abs=0.05)


def test_the_sight_lines_across_a_square_are_no_overlap():
    table = streets(ROAD, ROAD)
    assert told(check(table.set_axis(["w1-1", "w2-x3"], axis=0)), "overlap") == []
    assert len(told(check(table.set_axis(["w1-1", "w2-3"], axis=0)), "overlap")) == 1


def test_repeated_vertices_are_counted_by_street():
    table = streets([(0, 0), (50, 0), (50, 0), (80, 0), (80, 0.004), (120, 0)], [(0, 0), (0, 50)])
    found = check(table).faults
    (row,) = found[found["kind"] == "zero_length"].to_dict("records")
    assert (row["street_id"], row["value"], row["unit"]) == ("s0", 2, "count")
    assert (row["geometry"].x, row["geometry"].y) == (X0 + 50, Y0)


@pytest.mark.parametrize("kind", ["river", "railway", "expressway", "wall"])
def test_a_street_through_a_barrier_on_the_ground_is_a_fault_but_no_bridge_and_no_wall(kind):
    lines = [ROAD, [(50, 0), (50, 100)], [(150, 0), (150, 40)]]
    line = barriers(kind, shapely.LineString([(0, 40), (200, 40)]))
    expected = [] if kind == "wall" else [("s1", "b0", 1.0)]
    assert told(check(streets(*lines), barriers=line), "barrier_crossing") == expected
    over = streets(*lines, level=["ground", "bridge", "ground"])
    assert told(check(over, barriers=line), "barrier_crossing") == []
    passable = line.assign(severity="passable")
    assert told(check(streets(*lines), barriers=passable), "barrier_crossing") == []


def test_a_street_that_crosses_a_river_twice_is_told_so_where_it_does():
    river = barriers("river", shapely.box(-10, 40, 300, 60))
    found = check(streets([(0, 0), (0, 100), (50, 100), (50, 0)]), barriers=river)
    assert told(found, "barrier_crossing") == [("s0", "b0", 2.0)]
    (point,) = found.faults.loc[found.faults["kind"] == "barrier_crossing", "geometry"]
    assert shapely.distance(point, river.geometry.iloc[0]) < 1e-6


def test_far_and_missed_places_are_told_with_their_reason():
    homes = frame({"near": (50, 20, 1), "far": (60, 51, 1), "off": (70, 101, 1)}, "residence_id", ["persons"])
    shops = frame({"f": (80, -60, "bank")}, "facility_id", ["kind"])
    found = check(streets(ROAD), residences=homes, facilities=shops)
    assert told(found, "far_snap") == [("s0", "f", 60.0), ("s0", "far", 51.0)]
    rows = found.faults[found.faults["kind"] == "off_network"]
    assert rows[["table", "other_id", "reason"]].to_numpy(object).tolist() == [
        ["residences", "off", "reason.snap_too_far"]
    ]
    assert rows["street_id"].isna().all()
    assert found.residences_off == 1


def test_a_severed_place_says_so():
    homes = frame({"a": (50, 20, 1)}, "residence_id", ["persons"])
    river = barriers("river", shapely.LineString([(-500, 10), (500, 10)]))
    found = check(streets(ROAD), residences=homes, barriers=river).faults
    assert found["reason"].tolist() == ["reason.snap_severed"]


def test_components_are_ranked_by_length_and_count_who_lives_there():
    homes = frame(
        {"a": (50, 5, 30), "b": (1050, 5, 10), "c": (1060, 5, None), "d": (500, 500, 5)},
        "residence_id", ["persons"],
    )  # fmt: skip
    found = check(streets([(1000, 0), (1100, 0)], ROAD, [(200, 0), (300, 0)]), residences=homes)
    table = found.components
    assert table.index.tolist() == [1, 2]
    assert table["length_m"].tolist() == [300, 100]
    assert table["nodes"].tolist() == [3, 2]
    assert table["edges"].tolist() == [2, 1]
    assert table["residences"].tolist() == [1, 2]
    assert table["residence_share"].tolist() == [0.25, 0.5]
    assert table["persons"].tolist() == [30, 10]
    assert table["person_share"].tolist() == pytest.approx([30 / 45, 10 / 45])
    assert (found.residences, found.residences_apart, found.residences_off) == (4, 2, 1)
    assert (found.persons, found.persons_apart) == (45, 10)


def test_a_home_with_doors_on_two_components_lives_on_the_longer():
    homes = frame({"a": (500, 5, 30)}, "residence_id", ["persons"])
    doors = shapely.MultiPoint([[X0 + 1050, Y0 + 5], [X0 + 50, Y0 + 5]])
    homes["entrances"] = pd.Series([doors], index=homes.index, dtype=object)
    found = check(streets([(1000, 0), (1100, 0)], ROAD), residences=homes)
    assert found.components["residences"].tolist() == [1, 0]


def test_without_residences_or_persons_shares_are_missing_not_zero():
    table = check(streets(ROAD)).components
    assert table[["residence_share", "person_share", "persons"]].isna().all().all()
    homes = frame({"a": (50, 5)}, "residence_id", [])
    found = check(streets(ROAD), residences=homes)
    assert found.components["residence_share"].tolist() == [1.0]
    assert found.components["persons"].isna().all()
    assert np.isnan(found.persons)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_components_are_those_of_networkx(seed):
    rng = np.random.default_rng(seed)
    table = random_streets(rng, size=5, keep=0.45)
    network = network_from_streets(table)
    graph = nx.MultiGraph()
    ends = zip(network.edge_u.tolist(), network.edge_v.tolist(), network.edge_length_m, strict=True)
    graph.add_weighted_edges_from(ends)
    parts = [graph.subgraph(nodes) for nodes in nx.connected_components(graph)]
    lengths = sorted((part.size(weight="weight") for part in parts), reverse=True)
    found = check(table).components
    assert found["length_m"].tolist() == pytest.approx(lengths)
    assert sorted(found["nodes"]) == sorted(len(part) for part in parts)


def messy(rng):
    """A study with something of everything wrong."""
    table = short_of_it(rng, random_streets(rng, size=4, keep=0.7))
    twice = table.iloc[:3].set_axis(["t0", "t1", "t2"], axis=0)
    at = rng.uniform(-100, 500, (30, 2)) + table.total_bounds[:2]
    homes = gpd.GeoDataFrame(
        {"persons": pd.array(rng.integers(1, 90, 30), dtype="Int64")},
        geometry=shapely.points(at),
        index=pd.Index([f"r{n:02d}" for n in range(30)], name="residence_id"), crs=CRS,
    )  # fmt: skip
    box = table.total_bounds
    river = gpd.GeoDataFrame(
        {"kind": ["river"]}, geometry=[shapely.LineString([box[:2], box[2:]])],
        index=pd.Index(["b"], name="barrier_id"), crs=CRS,
    )  # fmt: skip
    every = gpd.GeoDataFrame(pd.concat([table, twice]), crs=CRS).rename_axis("street_id")
    return Study(study_id="m", name="m", crs=CRS, streets=every, residences=homes, barriers=river)


def test_row_order_does_not_matter_and_every_fault_has_a_place_a_reason_and_a_cure():
    rng = np.random.default_rng(11)
    study = messy(rng)
    one = check_network(study, max_snap_m=60)
    assert {"undershoot", "overlap", "barrier_crossing", "far_snap"} <= set(one.faults["kind"])
    shuffled = dataclasses.replace(study, streets=study.streets.sample(frac=1, random_state=1))
    two = check_network(shuffled, max_snap_m=60)
    pd.testing.assert_frame_equal(one.faults, two.faults)
    pd.testing.assert_frame_equal(one.components, two.components)
    assert one.faults["geometry"].notna().all()
    assert one.faults[["lon", "lat"]].notna().all().all()
    assert set(one.faults["reason"]) | set(one.faults["cure"]) <= set(catalogue())
    assert sum(one.fault_counts().values()) == len(one.faults)


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_kind_of_fault_has_a_name_and_a_cure(kind):
    assert {f"network.kind.{kind}", f"cure.{kind}"} <= set(catalogue())


def test_without_streets_there_is_nothing_to_check():
    study = Study(study_id="q", name="q", crs=CRS)
    with pytest.raises(DataError):
        check_network(study, max_snap_m=100)
    with pytest.raises(NetworkError):
        check_network(dataclasses.replace(study, streets=streets(ROAD).iloc[:0]), max_snap_m=100)
