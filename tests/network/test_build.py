from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import NetworkError, NotMetricError
from geoplan.network.build import network_from_streets, pair_numbers


def streets(*wkt, crs="EPSG:4544", **columns):
    return gpd.GeoDataFrame(
        columns, geometry=shapely.from_wkt(wkt), index=[f"s{n}" for n in range(len(wkt))], crs=crs
    )


def degrees(network):
    count = [0] * network.node_count
    for node in [*network.edge_u, *network.edge_v]:
        count[node] += 1
    return sorted(count)


def test_streets_connect_at_a_shared_inner_vertex():
    network = network_from_streets(streets("LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (100 0, 100 80)"))
    assert degrees(network) == [1, 1, 1, 3]


def test_lines_that_merely_cross_do_not_connect():
    network = network_from_streets(streets("LINESTRING (0 0, 200 0)", "LINESTRING (100 -50, 100 50)"))
    assert (network.node_count, network.edge_count) == (4, 2)


@pytest.mark.parametrize("level", ["bridge", "tunnel"])
def test_a_bridge_or_tunnel_joins_only_at_its_ends(level):
    raised = streets(
        "LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (100 -50, 100 0, 100 50)", level=[level, "ground"]
    )
    assert degrees(network_from_streets(raised)) == [1, 1, 1, 1]
    at_end = streets("LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (200 0, 300 0)", level=[level, "ground"])
    assert degrees(network_from_streets(at_end)) == [1, 1, 2]


def test_a_closed_gate_cuts_and_an_open_one_does_not():
    lines = ("LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 200 0)", "LINESTRING (200 0, 300 0)")
    assert network_from_streets(streets(*lines, gate=["open", "closed", None])).edge_count == 2


def test_row_order_does_not_matter():
    table = streets(
        "LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (100 0, 100 80)", "LINESTRING (100 80, 200 0)"
    )
    one, other = network_from_streets(table), network_from_streets(table.iloc[::-1])
    assert list(one.edge_street) == list(other.edge_street)
    assert list(one.edge_u) == list(other.edge_u)
    assert shapely.equals_exact(one.edge_geometry, other.edge_geometry).all()


def test_edges_keep_the_length_and_shape_of_the_street():
    line = "LINESTRING (0 0, 30 40, 30 140)"
    network = network_from_streets(streets(line, "LINESTRING (30 40, 90 40)"))
    assert sorted(network.edge_length_m) == [50, 60, 100]


def test_zero_length_pieces_are_dropped_and_loops_kept():
    network = network_from_streets(streets("LINESTRING (0 0, 0 0)", "LINESTRING (0 0, 50 0, 50 50, 0 0)"))
    assert network.edge_count == 1
    assert network.edge_u[0] == network.edge_v[0]


def test_a_multilinestring_is_walked_part_by_part():
    network = network_from_streets(streets("MULTILINESTRING ((0 0, 10 0), (10 0, 10 10))"))
    assert network.edge_count == 2
    assert set(network.edge_street) == {"s0"}


def test_no_walkable_street_is_an_error():
    with pytest.raises(NetworkError, match="closed gate"):
        network_from_streets(streets("LINESTRING (0 0, 10 0)", gate=["closed"]))


def test_degrees_are_refused():
    with pytest.raises(NotMetricError):
        network_from_streets(streets("LINESTRING (103.7 36.1, 103.71 36.1)", crs="EPSG:4326"))


def test_neighbours_in_number_are_neighbours_on_the_ground():
    rng = np.random.default_rng(3)
    lines = [f"LINESTRING ({x} {y}, {x + 30} {y})" for x, y in rng.uniform(0, 10_000, (800, 2)).round(2)]
    network = network_from_streets(streets(*lines))
    step = np.hypot(np.diff(network.node_x), np.diff(network.node_y))
    by_x = np.argsort(network.node_x)
    scan = np.hypot(np.diff(network.node_x[by_x]), np.diff(network.node_y[by_x]))
    assert step.mean() < scan.mean() / 5


def test_coordinates_that_are_not_finite_are_refused_by_street():
    table = streets("LINESTRING (0 0, 10 0)", "LINESTRING (0 0, 10 0)")
    with np.errstate(invalid="ignore"):
        bad = shapely.LineString([(0, 0), (float("nan"), 5)])
    table = table.set_geometry(gpd.GeoSeries([table.geometry.iloc[0], bad], table.index, crs=table.crs))
    with pytest.raises(NetworkError, match="streets s1 are not finite"):
        network_from_streets(table)


@given(
    pairs=st.lists(st.tuples(*[st.integers(-(2**30), 2**30)] * 2), max_size=30),
    few=st.lists(st.tuples(*[st.integers(-2, 2)] * 2), max_size=30),
)
def test_pairs_are_numbered_in_their_order_and_alike_only_if_they_are(pairs, few):
    for one in (pairs, few):
        number = pair_numbers(np.array(one, np.int64).reshape(-1, 2)).tolist()
        assert len(set(number)) == len(set(one))
        assert [one[at] for at in np.argsort(number, kind="stable")] == sorted(one)


def test_streets_farther_apart_than_the_earth_is_wide_are_refused():
    with pytest.raises(NetworkError, match="correct their coordinates"):
        network_from_streets(streets("LINESTRING (0 0, 1 0)", "LINESTRING (1e11 -1e11, 1e11 0)"))


def test_heights_and_lines_of_several_parts_do_not_change_a_network():
    flat = ["LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (100 0, 100 80)"]
    steep = ["LINESTRING Z (0 0 1, 100 0 5, 200 0 9)", "MULTILINESTRING ((100 0, 100 80))"]
    one, other = network_from_streets(streets(*flat)), network_from_streets(streets(*steep))
    assert shapely.to_wkt(one.edge_geometry).tolist() == shapely.to_wkt(other.edge_geometry).tolist()
    assert one.edge_length_m.tolist() == other.edge_length_m.tolist() == [100, 100, 80]
