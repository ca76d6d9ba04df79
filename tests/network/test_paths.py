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
from geoplan.network.paths import walking_paths
from geoplan.network.snap import entrance_points, snap_places
from geoplan.network.times import nearest
from tests.cities import random_points, random_streets, with_entrances
from tests.oracles import split_graph, walking_times


def ways(seed, *, steps=0.2, homes=12, shops=3):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng, steps=steps))
    costs = walk.costs(speed_m_per_min=67.0, steps_factor=2.0)
    tables = [with_entrances(rng, random_points(rng, count)) for count in (homes, shops)]
    places, targets = (snap_places(walk, one, max_snap_m=80) for one in tables)
    points = [entrance_points(one)[0] for one in tables]
    found = walking_paths(walk, costs, places, targets, place_points=points[0], target_points=points[1])
    return walk, costs, places, targets, points, found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_path_is_as_long_as_the_walk_and_leads_from_door_to_door(seed):
    walk, costs, places, targets, points, found = ways(seed)
    expected = nearest(walk, costs, places, targets)
    assert np.array_equal(found.nearest.ms, expected.ms)
    for place, line in enumerate(found.line):
        if expected.target[place] < 0:
            assert line is None
            continue
        # an edge's stated length and its drawn one differ by the rounding of coordinates
        assert line.length == pytest.approx(expected.metres[place], abs=1e-3)
        ends = [shapely.Point(line.coords[0]), shapely.Point(line.coords[-1])]
        assert min(points[0][places.owner == place], key=ends[0].distance).distance(ends[0]) == 0
        goal = targets.owner == expected.target[place]
        assert min(points[1][goal], key=ends[1].distance).distance(ends[1]) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_between_its_doors_a_path_lies_on_streets(seed):
    walk, _, _, _, _, found = ways(seed)
    streets = shapely.multilinestrings(walk.edge_geometry.tolist())
    for line in found.line:
        if line is not None and len(line.coords) > 3:
            between = shapely.segmentize(shapely.LineString(line.coords[1:-1]), 3.0)
            assert shapely.distance(shapely.points(between.coords), streets).max() < 1e-6


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_length_is_that_of_a_quickest_walk_on_the_split_graph(seed):
    walk, costs, places, targets, _, found = ways(seed)
    graph = split_graph(walk, costs, places, targets)
    times = walking_times(walk, costs, places, targets)
    for place, line in enumerate(found.line):
        if line is None:
            continue
        goal, lengths = int(found.nearest.target[place]), []
        assert found.nearest.ms[place] == times[place, goal]
        for leaves in np.flatnonzero((places.owner == place) & places.snapped).tolist():
            for enters in np.flatnonzero((targets.owner == goal) & targets.snapped).tolist():
                try:
                    paths = list(
                        nx.all_shortest_paths(graph, ("door", 0, leaves), ("door", 1, enters), weight="ms")
                    )
                except nx.NetworkXNoPath:
                    continue
                for path in paths:
                    steps = list(pairwise(path))
                    quick = [
                        min(graph[a][b].values(), key=lambda one: (one["ms"], one["metres"]))
                        for a, b in steps
                    ]
                    if sum(one["ms"] for one in quick) == times[place, goal]:
                        lengths.append(sum(abs(one["metres"]) for one in quick))
        assert min(abs(line.length - one) for one in lengths) < 1e-3


def straight(*points):
    return network_from_streets(
        gpd.GeoDataFrame(geometry=[shapely.LineString(points)], index=["s"], crs="EPSG:4544")
    )


def table(*points):
    return gpd.GeoDataFrame(geometry=shapely.points(np.array(points, float)), crs="EPSG:4544")


def paths_on(walk, homes, shops, costs=None):
    places, targets = (snap_places(walk, one, max_snap_m=60) for one in (homes, shops))
    return walking_paths(
        walk, costs or walk.costs(speed_m_per_min=60), places, targets,
        place_points=entrance_points(homes)[0], target_points=entrance_points(shops)[0],
    )  # fmt: skip


def test_a_path_on_one_edge_does_not_go_by_its_ends_and_keeps_its_bends():
    walk = straight((0, 0), (100, 0), (100, 100))
    found = paths_on(walk, table((90, 5), (105, 60)), table((95, 50)))
    assert [shapely.set_precision(one, 1e-6).coords[:] for one in found.line] == [
        [(90, 5), (90, 0), (100, 0), (100, 50), (95, 50)],
        [(105, 60), (100, 60), (100, 50), (95, 50)],
    ]


def test_a_one_way_street_is_not_walked_against():
    lines = [[(0, 0), (100, 0)], [(0, 0), (0, 50), (100, 50), (100, 0)]]
    streets = gpd.GeoDataFrame(
        {"one_way": [True, False]}, geometry=[shapely.LineString(one) for one in lines], crs="EPSG:4544"
    )
    walk = network_from_streets(streets)
    there = paths_on(walk, table((0, 0)), table((100, 0))).line[0]
    back = paths_on(walk, table((100, 0)), table((0, 0))).line[0]
    assert (there.length, back.length) == (100.0, 200.0)


def test_at_the_door_itself_the_path_has_no_length():
    found = paths_on(straight((0, 0), (100, 0)), table((50, 0)), table((50, 0)))
    assert (found.line[0].length, found.nearest.metres[0]) == (0.0, 0.0)
