from __future__ import annotations

import json
import platform
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import connected_components, dijkstra

from bench.measure import Absent, Result, Row, Sample, interleave, row
from bench.networks import City, grid, largest_component
from bench.peers import NetworkxPeer, scipy_lists, scipy_nearest, why_not
from bench.report import as_text, growth, met, write_markdown
from bench.shapes import truth
from geoplan.network.times import nearest


@pytest.fixture(scope="module")
def city():
    walk = grid(400, seed=3)
    return City("tiny", walk, walk.costs(speed_m_per_min=67.0))


def test_a_grid_is_one_piece_and_the_same_every_time(city):
    assert connected_components(city.matrix, directed=False)[0] == 1
    again = grid(400, seed=3)
    assert np.array_equal(again.edge_length_m, city.walk.edge_length_m)
    assert city.nodes > 350


def test_the_largest_component_keeps_lengths_between_the_same_places():
    far = shapely.linestrings([[(0, 0), (10, 0)], [(10, 0), (20, 0)], [(500, 0), (530, 0)]])
    walk = grid(100, seed=1)
    two = largest_component(walk)
    assert np.array_equal(two.edge_u, walk.edge_u)  # already one piece
    parts = _network(far)
    kept = largest_component(parts)
    assert (kept.node_count, kept.edge_length_m.tolist()) == (3, [10.0, 10.0])
    ends = np.column_stack([kept.node_x[kept.edge_u], kept.node_x[kept.edge_v]])
    assert np.abs(np.diff(ends, axis=1)).ravel().tolist() == [10.0, 10.0]


def _network(lines):
    import geopandas as gpd

    from geoplan.network.build import network_from_streets

    return network_from_streets(gpd.GeoDataFrame(geometry=lines, index=range(len(lines)), crs="EPSG:32650"))


def test_places_at_nodes_are_at_those_nodes(city):
    nodes = city.some_nodes(30, 1)
    snaps = city.at_nodes(nodes)
    lines = city.walk.edge_geometry[snaps.edge]
    at = shapely.line_interpolate_point(lines, snaps.offset_m)
    assert np.allclose(shapely.get_x(at), city.walk.node_x[nodes], atol=0.01)
    assert np.allclose(shapely.get_y(at), city.walk.node_y[nodes], atol=0.01)


def test_ours_scipy_and_networkx_answer_the_same_question(city):
    nodes = city.some_nodes(7, 2)
    ours = nearest(city.walk, city.costs, city.at_nodes(np.arange(city.nodes)), city.at_nodes(nodes))
    peer = NetworkxPeer(city)
    assert np.array_equal(ours.ms, scipy_nearest(city, nodes))
    assert np.array_equal(ours.ms, peer.nearest(nodes))
    expected = dijkstra(city.matrix, indices=nodes)
    for lists in (scipy_lists(city, nodes, 400_000), NetworkxPeer.as_lists(peer.lists(nodes, 400_000))):
        source, node = np.nonzero(expected <= 400_000)
        assert np.array_equal(lists[0], source)
        assert np.array_equal(lists[1], node)
        assert np.array_equal(lists[2], np.rint(expected[source, node]))


def test_truth_counts_what_a_polygon_misses_and_what_it_takes_in():
    walk = _network(shapely.linestrings([[(0, 0), (100, 0)], [(0, 50), (100, 50)]]))
    reached = shapely.MultiLineString([[(0, 0), (100, 0)]])
    found = truth(walk, shapely.box(25, -10, 200, 10), reached)
    assert (found.missed, found.false) == (pytest.approx(0.25), 0.0)
    found = truth(walk, shapely.box(-10, -10, 50, 60), reached)
    assert (found.missed, found.false) == (pytest.approx(0.5), pytest.approx(0.5))


def test_everyone_runs_in_every_round_and_the_impatient_are_cut():
    calls = []
    samples = interleave({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == ["a", "b", "a", "b", "b", "a", "a", "b"]
    assert [len(one.seconds) for one in samples.values()] == [3, 3]
    assert len(interleave({"slow": lambda: None}, 3, patience_s=-1)["slow"].seconds) == 1


def test_a_ratio_is_the_median_over_the_rounds():
    made = row(
        ("a", "x", "t"), "p", Sample((1.0, 2.0, 1.0), None), Sample((4.0, 4.0, 5.0), None), agrees="equal"
    )
    assert (made.ratio, made.low, made.high, made.rounds) == (4.0, 2.0, 5.0, 3)


def a_row(ratio):
    return Row("a", "10k", "t|1", "p", 1.0, ratio, ratio, ratio, ratio, 1, "equal", reach=3.0)


def test_lines_say_whether_the_wanted_ratio_is_met_and_where_we_lose():
    assert met(a_row(3.0)) == "≥ 3: met"
    assert met(a_row(2.9)) == "≥ 3: not met"
    told = as_text({("a", "10k"): Result(rows=[a_row(0.5)], absent=[Absent("a", "10k", "q", "no wheel")])})
    assert "(we lose)" in told
    assert "no wheel" in told


def test_growth_is_held_against_n_log_n():
    results = {
        ("a", size): Result(figures={"nodes": nodes, "ns_per_node": spent})
        for size, nodes, spent in (("10k", 10_000, 50.0), ("100k", 100_000, 60.0), ("1M", 1_000_000, 80.0))
    }
    assert [round(one[3], 3) for one in growth(results)] == [50.0, 62.5, 75.0]
    assert as_text(results).count("not met") == 1


def test_the_document_holds_every_line_and_no_machine_path(tmp_path):
    results = {("a", "10k"): Result.from_json(json.loads(json.dumps(Result(rows=[a_row(4.0)]).as_json())))}
    write_markdown(tmp_path / "b.md", results, minutes=1)
    told = (tmp_path / "b.md").read_text(encoding="utf-8")
    assert "t\\|1" in told
    assert str(Path(__file__).resolve().parents[2]) not in told
    assert platform.node() not in told


def test_a_missing_peer_is_named_with_the_reason():
    assert "ModuleNotFoundError" in why_not("no_such_peer_at_all")
    assert why_not("scipy") == ""
