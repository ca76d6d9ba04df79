"""Streets cut all at once are those of the plain way: one OSM way after another, one piece after another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.io.osm_lines import OsmWays
from geoplan.io.osm_pbf import OsmArea, OsmExtract, OsmPoint
from geoplan.io.osm_squares import crossing_lines
from geoplan.io.osm_streets import GATE_LENGTH_M, streets_table
from geoplan.io.osm_tags import (
    gate_state,
    has_signals,
    is_square,
    is_walkable,
    street_level,
    walk_kind,
    walking_direction,
)

CRS = "EPSG:32632"
NODES = 14
UNKNOWN = (90, 91)
TAGS = (
    {"highway": "residential", "name": "A"},
    {"highway": "residential"},
    {"highway": "footway", "oneway:foot": "-1"},
    {"highway": "steps", "conveying": "backward", "bridge": "yes"},
    {"highway": "footway", "footway": "crossing", "crossing": "traffic_signals", "oneway:foot": "-1"},
    {"highway": "footway", "footway": "crossing", "crossing:signals": "yes", "layer": "-1"},
    {"highway": "motorway"},
    {"waterway": "river"},
    {"highway": "pedestrian", "area": "yes"},
)
GATES = (
    {"barrier": "gate"},
    {"barrier": "gate", "access": "private"},
    {"barrier": "bollard"},
    {"entrance": "yes"},
)


def plain_streets(extract, node_xy):
    """Return (id, name, kind, level, steps, one way, wait, gate, vertices) of each street, by plain steps."""
    places = [tuple(place) for place in node_xy.tolist()]
    row_of = {node: row for row, node in enumerate(extract.node_ids.tolist())}
    lines = [
        (f"w{way.id}", way.tags, run)
        for way in extract.ways
        if is_walkable(way.tags) and not is_area(way)
        for run in known_runs([row_of.get(node) for node in way.nodes.tolist()])
    ]
    squares = []
    for area in extract.areas:
        rings = [[row_of[node] for node in ring.tolist()] for ring in (area.rings[0][0], *area.rings[0][1])]
        if is_square(area.tags):
            squares.append((area, rings))
            lines += [(area.label, area.tags, ring) for ring in rings]
    taken: set[tuple[float, float]] = set()
    moved = dict(enumerate(places))
    used = sorted({row for _, _, run in lines for row in run})
    everywhere = {places[row] for row in used}
    for row in used:
        if places[row] in taken:
            x, y = places[row]
            while (x, y) in taken | everywhere:
                x = round(x + 0.02, 2)
            moved[row] = (x, y)
        taken.add(moved[row])
    visits = [row for _, _, run in lines for row in (run[:-1] if run[0] == run[-1] else run)]
    stops = {row for row in visits if visits.count(row) > 1}
    gates = {
        row_of[point.id]: gate_state(point.tags)
        for point in extract.points
        if point.id in row_of and gate_state(point.tags)
    }
    crossings = []
    for area, rings in squares:
        outer, *inners = ([moved[row] for row in ring] for ring in rings)
        entries = [moved[row] for ring in rings for row in ring[:-1] if row in stops]
        found = crossing_lines(shapely.Polygon(outer, inners), np.array(entries, float).reshape(-1, 2))
        for number, line in enumerate(found, 1):
            crossings.append(street(f"{area.label}-x{number}", area.tags, 0.0, "", list(line.coords)))
    at_place = {place: row for row, place in moved.items() if row in set(visits)}
    turns = {at_place[place] for *_, line in crossings for place in line}
    streets, number = [], {}
    for owner, tags, run in lines:
        whole = max(length([moved[row] for row in run]), 0.02)
        for piece, gate in pieces(run, moved, stops | turns, gates):
            number[owner] = number.get(owner, 0) + 1
            wait = length(piece) / whole if has_signals(tags) else 0.0
            told = piece[::-1] if walking_direction(tags) < 0 else piece
            streets.append(street(f"{owner}-{number[owner]}", tags, wait, gate, told))
    return streets + crossings


def is_area(way):
    return way.tags.get("area") == "yes" and len(way.nodes) > 3 and way.nodes[0] == way.nodes[-1]


def known_runs(rows):
    runs, run = [], []
    for row in [*rows, None]:
        if row is None:
            runs.append(run)
            run = []
        elif not run or run[-1] != row:
            run.append(row)
    return [run for run in runs if len(run) > 1]


def pieces(run, place_of, stops, gates):
    cuts = [at for at, row in enumerate(run) if at in (0, len(run) - 1) or row in stops or row in gates]
    for start, stop in pairwise(cuts):
        places = [place_of[row] for row in run[start : stop + 1]]
        first, last = gates.get(run[start], ""), gates.get(run[stop], "")
        if first:
            post = gate_post(places[0], places[1])
            yield [places[0], post], first
            places = [post, *places[1:]]
        if last:
            post = gate_post(places[-1], places[-2])
            yield [*places[:-1], post], ""
            yield [post, places[-1]], last
        else:
            yield places, ""


def gate_post(gate, towards):
    apart = np.hypot(towards[0] - gate[0], towards[1] - gate[1])
    share = min(GATE_LENGTH_M, apart / 2) / max(apart, 0.02)
    return tuple(np.rint((at + (to - at) * share) * 100) / 100 for at, to in zip(gate, towards, strict=True))


def length(places):
    return sum(np.hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(places))


def street(label, tags, wait, gate, places):
    kind = walk_kind(tags)
    line = [tuple(map(float, one)) for one in places]
    return (
        label, tags.get("name"), kind or "square", street_level(tags), kind == "steps",
        walking_direction(tags) != 0, round(wait, 9), gate or None, line,
    )  # fmt: skip


def rows_of_table(table):
    plain = table.rename(columns={"name": "name_"}).astype(object)
    known = plain.where(plain.notna(), None)
    return [
        (
            row.street_id, row.name_, row.kind, row.level, bool(row.steps), bool(row.one_way),
            round(row.crossings, 9), row.gate, [tuple(one) for one in shapely.get_coordinates(line).tolist()],
        )
        for row, line in zip(known.itertuples(), table.geometry, strict=True)
    ]  # fmt: skip


def ways_of(listed):
    nodes = [np.array(nodes, np.int64) for nodes, _ in listed]
    return OsmWays(
        np.arange(1, len(listed) + 1),
        tuple(tags for _, tags in listed),
        np.arange(len(listed)),
        np.concatenate([np.zeros(0, np.int64), *nodes]),
        np.cumsum([0, *map(len, nodes)]),
    )


nodes_of_way = st.lists(st.sampled_from([*range(1, NODES + 1), *UNKNOWN]), min_size=0, max_size=9)
places = st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from([0.0, 0.01, 0.3]))


@st.composite
def extracts(draw):
    """Ways with loops, repeats, unknown and shared nodes; gates; nodes in one centimetre; maybe a square."""
    spread = draw(st.sampled_from([0.01, 1.0, 40.0]))
    drawn = draw(st.lists(places, min_size=NODES, max_size=NODES))
    xy = np.round([(3e5 + spread * x + by, 4e6 + spread * y) for x, y, by in drawn], 2)
    listed = [
        (nodes + nodes[:1] * closed, tags)
        for nodes, tags, closed in draw(
            st.lists(st.tuples(nodes_of_way, st.sampled_from(TAGS), st.booleans()), max_size=6)
        )
    ]
    points = draw(st.dictionaries(st.sampled_from(range(1, NODES + 1)), st.sampled_from(GATES), max_size=4))
    areas = ()
    if draw(st.booleans()):
        xy[:4] = [(3e5, 4e6), (3e5 + 100, 4e6), (3e5 + 100, 4e6 + 100), (3e5, 4e6 + 100)]
        xy[4:8] = [(3e5 + 40, 4e6 + 30), (3e5 + 40, 4e6 + 60), (3e5 + 70, 4e6 + 60), (3e5 + 70, 4e6 + 30)]
        inners = (np.array([5, 6, 7, 8, 5]),) * draw(st.booleans())
        areas = (OsmArea("r", 3, {"place": "square", "name": "S"}, ((np.array([1, 2, 3, 4, 1]), inners),)),)
    extract = OsmExtract(
        "x", "", "", "", np.arange(1, NODES + 1), np.zeros((NODES, 2)),
        tuple(OsmPoint(node, points[node]) for node in sorted(points)), ways_of(listed), areas, (),
    )  # fmt: skip
    return extract, xy


@settings(max_examples=250, deadline=None)
@given(extracts())
def test_streets_cut_at_once_are_those_cut_one_by_one(case):
    extract, xy = case
    assert rows_of_table(streets_table(extract, xy, crs=CRS)) == plain_streets(extract, xy)
