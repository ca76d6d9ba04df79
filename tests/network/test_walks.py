from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.build import network_from_streets
from geoplan.network.snap import entrance_points, snap_places
from geoplan.network.times import nearest
from geoplan.network.walks import quickest_walks
from tests.cities import random_points, random_streets, with_entrances
from tests.oracles import split_graph, walking_times


def city(seed, *, homes=12, shops=5):
    rng = np.random.default_rng(seed)
    streets = random_streets(rng)
    streets["one_way"] = rng.random(len(streets)) < 0.2
    streets["climb_m"] = np.round(rng.normal(0, 4, len(streets)), 1)
    walk = network_from_streets(streets)
    costs = walk.costs(speed_m_per_min=67.0, steps_factor=2.0, slope_rate=3.5, slope_shift=0.05)
    groups = [with_entrances(rng, random_points(rng, count)) for count in (homes, shops)]
    snaps = [snap_places(walk, one, max_snap_m=80.0) for one in groups]
    return walk, costs, tuple(zip(groups, snaps, strict=True))


def all_pairs(places, targets):
    return np.array([(a, b) for a in range(len(places[0])) for b in range(len(targets[0]))])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), engine=st.sampled_from(["scipy", "numba"]))
def test_a_walk_takes_the_time_the_oracle_finds_and_there_is_none_where_it_finds_none(seed, engine):
    walk, costs, (places, targets) = city(seed)
    pairs = all_pairs(places, targets)
    expected = walking_times(walk, costs, places[1], targets[1])
    found = quickest_walks(walk, costs, places, targets, pairs, engine=engine)
    assert [np.inf if one is None else one.ms for one in found] == expected[tuple(pairs.T)].tolist()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_line_leads_along_streets_from_an_entrance_to_an_entrance_and_is_as_long_as_the_walk(seed):
    walk, costs, (places, targets) = city(seed)
    found = nearest(walk, costs, places[1], targets[1])
    rows = np.flatnonzero(found.target >= 0)
    walks = quickest_walks(walk, costs, places, targets, np.column_stack([rows, found.target[rows]]))
    doors = [shapely.union_all(entrance_points(table)[0]) for table, _ in (places, targets)]
    for row, one in zip(rows, walks, strict=True):
        assert one.metres == pytest.approx(found.metres[row], abs=1e-3)
        assert one.metres == pytest.approx(one.line.length)
        ends = [shapely.Point(one.line.coords[at]) for at in (0, -1)]
        assert [shapely.distance(*both) for both in zip(ends, doors, strict=True)] == [0, 0]
        own = shapely.union_all(walk.edge_geometry[np.isin(walk.edge_street, one.streets)])
        off_street = shapely.difference(one.line, shapely.buffer(own, 0.02))
        assert off_street.length <= sum(leg.length for leg in one.legs) + 1e-6


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_line_is_the_oracles_path_length(seed):
    walk, costs, (places, targets) = city(seed, homes=4, shops=2)
    graph = split_graph(walk, costs, places[1], targets[1])
    pairs = all_pairs(places, targets)
    for (place, target), one in zip(pairs, quickest_walks(walk, costs, places, targets, pairs), strict=True):
        if one is None:
            continue
        lengths = [
            sum(min((arc["ms"], arc["metres"]) for arc in graph[a][b].values())[1] for a, b in pairwise(path))
            for entry in np.flatnonzero((places[1].owner == place) & places[1].snapped)
            for other in np.flatnonzero((targets[1].owner == target) & targets[1].snapped)
            if nx.has_path(graph, ("door", 0, entry), ("door", 1, other))
            for path in [nx.dijkstra_path(graph, ("door", 0, entry), ("door", 1, other), weight="ms")]
            if nx.path_weight(graph, path, "ms") == one.ms
        ]
        assert min(abs(length - one.metres) for length in lengths) < 1e-3


def test_no_pairs_give_no_walks():
    walk, costs, (places, targets) = city(1)
    assert quickest_walks(walk, costs, places, targets, np.zeros((0, 2), np.int64)) == []


def table(*points):
    return gpd.GeoDataFrame(geometry=shapely.points(np.array(points, float)), crs="EPSG:4544")


def walks_on(streets, homes, shops):
    walk = network_from_streets(streets)
    ends = [(one, snap_places(walk, one, max_snap_m=60)) for one in (homes, shops)]
    return quickest_walks(walk, walk.costs(speed_m_per_min=60), *ends, all_pairs(*ends))


def test_a_walk_on_one_street_does_not_go_by_its_ends_and_keeps_its_bends():
    bent = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0), (100, 100)])], crs="EPSG:4544")
    found = walks_on(bent, table((90, 5), (105, 60)), table((95, 50)))
    assert [shapely.set_precision(one.line, 1e-6).coords[:] for one in found] == [
        [(90, 5), (90, 0), (100, 0), (100, 50), (95, 50)],
        [(105, 60), (100, 60), (100, 50), (95, 50)],
    ]


def test_a_one_way_street_is_not_walked_against():
    lines = [[(0, 0), (100, 0)], [(0, 0), (0, 50), (100, 50), (100, 0)]]
    streets = gpd.GeoDataFrame(
        {"one_way": [True, False]}, geometry=[shapely.LineString(one) for one in lines], crs="EPSG:4544"
    )
    (there,), (back,) = (
        walks_on(streets, table(one), table(other)) for one, other in pairwise([(0, 0), (100, 0), (0, 0)])
    )
    assert (there.metres, back.metres) == (100.0, 200.0)


def test_at_the_door_itself_a_walk_has_no_length():
    street = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])], crs="EPSG:4544")
    (found,) = walks_on(street, table((50, 0)), table((50, 0)))
    assert (found.ms, found.metres, found.line.length) == (0, 0.0, 0.0)
