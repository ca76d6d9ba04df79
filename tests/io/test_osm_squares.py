from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely

from geoplan.io.osm_squares import MAX_ENTRIES, crossing_lines, crossings_of


def ends(lines):
    return [tuple(sorted(map(tuple, shapely.get_coordinates(line).tolist()))) for line in lines]


def walk_lengths(polygon, entries, lines):
    """Shortest ways between entries along the outline and the given lines."""
    graph = nx.Graph()
    for ring in (polygon.exterior, *polygon.interiors):
        for one, other in itertools.pairwise(ring.coords):
            graph.add_edge(one, other, weight=shapely.LineString([one, other]).length)
    for line in lines:
        graph.add_edge(*(tuple(end) for end in line.coords), weight=line.length)
    return {
        (one, other): nx.dijkstra_path_length(graph, one, other)
        for one, other in itertools.combinations(map(tuple, entries.tolist()), 2)
    }


def oracle_lengths(polygon, entries):
    """The same in the plain way: every two vertices that see each other are joined."""
    places = {tuple(place) for place in shapely.get_coordinates(polygon).tolist()}
    graph = nx.Graph()
    for one, other in itertools.combinations(sorted(places), 2):
        line = shapely.LineString([one, other])
        if polygon.buffer(1e-6).contains(line):
            graph.add_edge(one, other, weight=line.length)
    return {
        (one, other): nx.dijkstra_path_length(graph, one, other)
        for one, other in itertools.combinations(map(tuple, entries.tolist()), 2)
    }


def random_place(seed):
    """A star-shaped outline with a hole, and some of its vertices as entries."""
    random = np.random.default_rng(seed)
    corners = int(random.integers(5, 14))
    angle = np.sort(random.uniform(0, 2 * np.pi, corners))
    radius = random.uniform(25, 100, corners)
    outline = np.round(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), 2)
    hole = np.round(8 * np.column_stack([np.cos(angle), np.sin(angle)])[:: max(corners // 4, 1)], 2)
    polygon = shapely.Polygon(outline)
    if len(hole) >= 3 and polygon.contains_properly(shapely.Polygon(hole)):
        polygon = shapely.Polygon(outline, [hole])
    chosen = random.choice(corners, int(random.integers(2, corners)), replace=False)
    return polygon, outline[chosen]


@pytest.mark.parametrize("seed", range(60))
def test_walks_across_an_area_are_as_short_as_any_inside_it(seed):
    polygon, entries = random_place(seed)
    assert polygon.is_valid
    found = walk_lengths(polygon, entries, crossing_lines(polygon, entries))
    assert found == pytest.approx(oracle_lengths(polygon, entries), abs=1e-6)


@pytest.mark.parametrize("seed", range(0, 60, 7))
def test_no_line_leaves_the_area(seed):
    polygon, entries = random_place(seed)
    for line in crossing_lines(polygon, entries):
        assert polygon.covers(line)


def test_a_convex_square_is_crossed_straight_between_every_two_entries():
    square = shapely.box(0, 0, 100, 100)
    corners = shapely.get_coordinates(square)[:4]
    assert ends(crossing_lines(square, corners)) == [((0, 0), (100, 100)), ((0, 100), (100, 0))]


def test_a_walk_bends_around_an_inward_corner():
    yard = shapely.Polygon([(0, 0), (100, 0), (100, 20), (20, 20), (20, 100), (0, 100)])
    lines = crossing_lines(yard, np.array([[100.0, 0.0], [0.0, 100.0]]))
    assert ends(lines) == [((0, 100), (20, 20)), ((20, 20), (100, 0))]


def test_a_walk_goes_around_a_hole():
    fountain = shapely.Polygon(shapely.box(0, 0, 100, 100).exterior, [shapely.box(40, 40, 60, 60).exterior])
    lines = crossing_lines(fountain, np.array([[0.0, 0.0], [100.0, 100.0]]))
    assert len(lines) == 2
    assert sum(line.length for line in lines) == pytest.approx(2 * np.hypot(60, 40))


def test_entries_in_any_order_and_repeated_give_the_same_lines():
    polygon, entries = random_place(3)
    twice = np.vstack([entries[::-1], entries])
    assert ends(crossing_lines(polygon, twice)) == ends(crossing_lines(polygon, entries))


@pytest.mark.parametrize("count", [0, 1, MAX_ENTRIES + 1])
def test_too_few_or_too_many_entries_leave_the_outline(count):
    angle = np.linspace(0, 2 * np.pi, MAX_ENTRIES + 2)[:-1]
    outline = np.column_stack([100 * np.cos(angle), 100 * np.sin(angle)])
    assert len(crossing_lines(shapely.Polygon(outline), outline[:count])) == 0


def test_at_the_cap_an_area_is_still_crossed():
    angle = np.linspace(0, 2 * np.pi, MAX_ENTRIES + 1)[:-1]
    outline = np.column_stack([100 * np.cos(angle), 100 * np.sin(angle)])
    lines = crossing_lines(shapely.Polygon(outline), outline)
    assert len(lines) == MAX_ENTRIES * (MAX_ENTRIES - 1) // 2 - MAX_ENTRIES


def test_an_outline_that_crosses_itself_is_walked_only_along_it():
    bow = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert len(crossing_lines(bow, np.array([[0.0, 0.0], [10.0, 0.0]]))) == 0


def plain_crossings(polygon, entries):
    """The lines in the plain way: an area by itself, every pair of points asked of GEOS."""
    entries = np.array(sorted(set(map(tuple, entries.tolist()))), float).reshape(-1, 2)
    if not 2 <= len(entries) <= MAX_ENTRIES or not polygon.is_valid:
        return []
    corners = set()
    ordered = shapely.orient_polygons(polygon)
    for ring in (ordered.exterior, *ordered.interiors):
        xy = shapely.get_coordinates(ring)[:-1]
        for before, at, after in zip(np.roll(xy, 1, axis=0), xy, np.roll(xy, -1, axis=0), strict=True):
            (x1, y1), (x2, y2) = at - before, after - at
            if x1 * y2 - y1 * x2 < 0:
                corners.add(tuple(at.tolist()))
    points = [*map(tuple, entries.tolist()), *sorted(corners - set(map(tuple, entries.tolist())))]
    graph = nx.Graph()
    graph.add_nodes_from(points)
    for one, other in itertools.combinations(points, 2):
        line = shapely.LineString([one, other])
        if polygon.covers(line):
            graph.add_edge(one, other, weight=line.length)
    found = set()
    for one in points[: len(entries)]:
        away = nx.single_source_dijkstra_path_length(graph, one)
        for start, stop, far in graph.edges(data="weight"):
            for first, second in ((start, stop), (stop, start)):
                # on a shortest way from here, be it to an entry or to a corner
                if first in away and abs(away[first] + far - away[second]) < 1e-9:
                    found.add(tuple(sorted((first, second))))
    return sorted(line for line in found if not polygon.boundary.covers(shapely.LineString(line)))


def squares_of(seed):
    """Outlines on a grid of metres, with straight runs, notches and holes; some are not valid."""
    random = np.random.default_rng(seed)
    shapes, entries = [], []
    for _ in range(int(random.integers(1, 9))):
        cells = random.random((5, 5)) < 0.7
        boxes = [shapely.box(20 * x, 20 * y, 20 * x + 20, 20 * y + 20) for x, y in np.argwhere(cells)]
        merged = shapely.union_all(boxes)
        largest = max(shapely.get_parts(merged), key=lambda part: part.area)
        shape = largest if random.random() < 0.8 else shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])
        places = shapely.get_coordinates(shape)
        chosen = random.choice(len(places), min(int(random.integers(0, 9)), len(places)), replace=False)
        shapes.append(shape)
        entries.append(places[chosen])
    return np.array(shapes, object), entries


@pytest.mark.parametrize("seed", range(60))
def test_lines_across_many_areas_are_those_across_each_by_itself(seed):
    polygons, entries = squares_of(seed)
    entered = np.repeat(np.arange(len(polygons)), [len(one) for one in entries])
    lines, area = crossings_of(polygons, np.vstack(entries), entered)
    for number, (polygon, own) in enumerate(zip(polygons, entries, strict=True)):
        alone = crossing_lines(polygon, own)
        assert shapely.to_wkt(lines[area == number]).tolist() == shapely.to_wkt(alone).tolist()


@pytest.mark.parametrize("seed", range(60))
def test_no_line_is_drawn_that_plain_search_does_not_find(seed):
    polygon, entries = random_place(seed)
    assert set(ends(crossing_lines(polygon, entries))) <= set(plain_crossings(polygon, entries))
    for polygon, entries in zip(*squares_of(seed), strict=True):
        assert set(ends(crossing_lines(polygon, entries))) <= set(plain_crossings(polygon, entries))


@pytest.mark.parametrize("seed", range(40))
def test_walks_across_a_cornered_area_are_as_short_as_any_inside_it(seed):
    for polygon, entries in zip(*squares_of(seed), strict=True):
        lines = crossing_lines(polygon, entries)
        if polygon.is_valid and len(entries) > 1:
            assert walk_lengths(polygon, entries, lines) == pytest.approx(
                oracle_lengths(polygon, entries), abs=1e-6
            )


def test_areas_without_entries_or_none_at_all_have_no_lines():
    nowhere, nobody = np.zeros((0, 2)), np.zeros(0, np.int64)
    for polygons in (np.zeros(0, object), np.array([shapely.box(0, 0, 9, 9), shapely.Polygon()])):
        lines, area = crossings_of(polygons, nowhere, nobody)
        assert len(lines) == len(area) == 0
