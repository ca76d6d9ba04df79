"""
Walkable streets from OSM ways and pedestrian areas.

Streets join only where OSM shares a node. A way is cut at every node it shares with another walkable way, so
that bridges and tunnels, which join others only at their ends, join wherever OSM says they do. Two nodes at
one place are two places: they are moved apart by centimetres.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.io.osm_pbf import OsmExtract
from geoplan.io.osm_squares import crossing_lines
from geoplan.io.osm_tags import (
    gate_state,
    has_signals,
    is_square,
    is_walkable,
    street_level,
    walk_kind,
    walking_direction,
)
from geoplan.network.build import network_from_streets, pair_numbers

__all__ = ["GATE_LENGTH_M", "LONGEST_ISLAND_M", "Islands", "drop_islands", "streets_table"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

GATE_LENGTH_M = 0.5
"""A gate is this long a piece of the street on either side of its node: one can walk up to it from both."""
LONGEST_ISLAND_M = 2000.0
"""Streets that join no others are left out if all of them together are shorter than this."""
_CELLS_PER_M = 100
_APART_CELLS = 2
_SHORTEST_M = 0.02


@dataclass(frozen=True, slots=True)
class _Line:
    """A way, or one ring of an area's outline, before it is cut."""

    owner: str
    tags: Mapping[str, str]
    rows: IntArray


@dataclass(frozen=True, slots=True)
class _Area:
    """A pedestrian area: its outlines by number in the list of lines, and its polygons' rings."""

    label: str
    tags: Mapping[str, str]
    rings: tuple[tuple[IntArray, tuple[IntArray, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    street_id: str
    tags: Mapping[str, str]
    gate: str
    xy: FloatArray
    crossings: float = 0.0


def streets_table(extract: OsmExtract, node_xy: FloatArray, *, crs: str) -> gpd.GeoDataFrame:
    """
    Return the walkable streets of an extract.

    Parameters
    ----------
    extract
        The OSM objects.
    node_xy
        Places of ``extract.node_ids`` in ``crs``, to the centimetre [m].
    crs
        Metric CRS.

    Returns
    -------
    streets
        Columns ``street_id`` (``w<way>-<n>``, ``r<relation>-<n>``; ``-x<n>`` for a line across an area),
        ``name``, ``kind``, ``level``, ``steps``, ``one_way``, ``crossings`` (with signals), ``gate``, and
        LineStrings. Ways are walked both ways unless `geoplan.io.osm_tags.walking_direction` tells. A
        pedestrian area gives its outline and the lines of `geoplan.io.osm_squares.crossing_lines` between the
        nodes it shares with streets. A way that leaves the extract is walked as far as its nodes are known.
    """
    areas = list(_pedestrian_areas(extract))
    lines = [*_ways(extract), *_outlines(areas)]
    xy = _apart(node_xy, lines)
    shared = _shared_nodes(lines, len(xy))
    crossings, turns = _crossings(areas, xy, shared)
    gates = _gates(extract)
    stops = shared.copy()
    stops[[*turns, *gates]] = True
    rows: list[_Row] = []
    number: dict[str, int] = {}
    for line in lines:
        back = walking_direction(line.tags) < 0
        whole = max(_length(xy[line.rows]), _SHORTEST_M) if has_signals(line.tags) else 0.0
        for piece, gate in _cut(line.rows, stops, gates, xy):
            number[line.owner] = number.get(line.owner, 0) + 1
            label, waits = f"{line.owner}-{number[line.owner]}", _length(piece) / whole if whole else 0.0
            rows.append(_Row(label, line.tags, gate, piece[::-1] if back else piece, waits))
    return _table([*rows, *crossings], crs)


@dataclass(frozen=True, slots=True)
class Islands:
    """Streets left out because they join no others: how many groups, their length [m]."""

    groups: int = 0
    length_m: float = 0.0


def drop_islands(streets: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Islands]:
    """
    Leave out small groups of streets that join no others.

    Such a group is nearly always a gap in the map: a ramp inside a building, half of a road tunnel. A home
    beside it would be met there, and would count as cut off from everything. What lies behind a closed gate
    is not such a group.

    Parameters
    ----------
    streets
        Raw table ``streets`` from `streets_table`.

    Returns
    -------
    streets, islands
        The streets kept: the longest group, and every other of `LONGEST_ISLAND_M` or more.
    """
    if not len(streets):
        return streets, Islands()
    network = network_from_streets(streets.set_index("street_id").drop(columns="gate"))
    links = coo_array(
        (np.ones(network.edge_count), (network.edge_u, network.edge_v)),
        shape=(network.node_count, network.node_count),
    )
    groups, group_of_node = connected_components(links, directed=False)
    group = group_of_node[network.edge_u]
    length_m = np.bincount(group, weights=network.edge_length_m, minlength=groups)
    small = length_m < LONGEST_ISLAND_M
    small[np.argmax(length_m)] = False
    lost = streets["street_id"].isin(network.edge_street[small[group]])
    return streets[~lost], Islands(int(small.sum()), round(float(length_m[small].sum()), 1))


def _table(rows: list[_Row], crs: str) -> gpd.GeoDataFrame:
    columns = {
        "street_id": [row.street_id for row in rows],
        "name": [row.tags.get("name") for row in rows],
        "kind": [walk_kind(row.tags) or "square" for row in rows],
        "level": [street_level(row.tags) for row in rows],
        "steps": pd.array([walk_kind(row.tags) == "steps" for row in rows], dtype="boolean"),
        "one_way": pd.array([walking_direction(row.tags) != 0 for row in rows], dtype="boolean"),
        "crossings": [row.crossings for row in rows],
        "gate": [row.gate or None for row in rows],
    }
    vertices = np.vstack([row.xy for row in rows]) if rows else np.zeros((0, 2))
    owner = np.repeat(np.arange(len(rows)), [len(row.xy) for row in rows])
    lines = shapely.linestrings(vertices, indices=owner) if rows else []
    return gpd.GeoDataFrame(columns, geometry=lines, crs=crs)


def _is_area_way(tags: Mapping[str, str], nodes: IntArray) -> bool:
    return tags.get("area") == "yes" and len(nodes) > 3 and nodes[0] == nodes[-1]


def _ways(extract: OsmExtract) -> Iterator[_Line]:
    ways = [way for way in extract.ways if is_walkable(way.tags) and not _is_area_way(way.tags, way.nodes)]
    if not ways:
        return
    rows = extract.rows_of(np.concatenate([way.nodes for way in ways]))
    ends = np.cumsum([len(way.nodes) for way in ways])
    for way, own in zip(ways, np.split(rows, ends[:-1]), strict=True):
        for run in _known_runs(own):
            yield _Line(f"w{way.id}", way.tags, run)


def _pedestrian_areas(extract: OsmExtract) -> Iterator[_Area]:
    for area in extract.areas:
        closed_way = area.origin == "w"
        # a closed highway is a loop, not an area, unless it says so; a square has no other meaning
        if closed_way and walk_kind(area.tags) and area.tags.get("area") != "yes":
            continue
        if not is_square(area.tags):
            continue
        rings = tuple(
            (extract.rows_of(outer), tuple(extract.rows_of(inner) for inner in inners))
            for outer, inners in area.rings
        )
        if all((ring >= 0).all() for outer, inners in rings for ring in (outer, *inners)):
            yield _Area(area.label, area.tags, rings)


def _outlines(areas: Iterable[_Area]) -> Iterator[_Line]:
    for area in areas:
        for outer, inners in area.rings:
            for ring in (outer, *inners):
                yield _Line(area.label, area.tags, ring)


def _known_runs(rows: IntArray) -> list[IntArray]:
    """Return the runs of at least two nodes whose places are known, without a node twice in a row."""
    known = [rows] if rows.min(initial=0) >= 0 else np.split(rows, np.flatnonzero(rows < 0))
    runs = [run[run >= 0] for run in known]
    return [run for run in map(_without_repeats, runs) if len(run) >= 2]


def _without_repeats(run: IntArray) -> IntArray:
    again = run[1:] == run[:-1]
    return run[np.r_[True, ~again]] if again.any() else run


def _apart(node_xy: FloatArray, lines: list[_Line]) -> FloatArray:
    """Return the places with walkable nodes that share a centimetre moved east, each to a free one."""
    xy = node_xy.copy()
    used = np.unique(np.concatenate([line.rows for line in lines])) if lines else np.zeros(0, np.int64)
    cells = np.rint(xy[used] * _CELLS_PER_M).astype(np.int64)
    _, first = np.unique(pair_numbers(cells), return_index=True)
    if len(first) == len(used):
        return xy
    taken = {tuple(cell) for cell in cells.tolist()}
    # rows are in the order of node ids: the oldest node keeps its place
    for at in np.setdiff1d(np.arange(len(used)), first):
        east, north = cells[at].tolist()
        while (east, north) in taken:
            east += _APART_CELLS
        taken.add((east, north))
        xy[used[at]] = np.array([east, north]) / _CELLS_PER_M
    return xy


def _shared_nodes(lines: list[_Line], nodes: int) -> npt.NDArray[np.bool_]:
    """Tell which nodes belong to several ways or outlines, or to one of them more than once."""
    # the node at which a loop closes is visited once
    visited = [line.rows[: -1 if line.rows[0] == line.rows[-1] else None] for line in lines]
    return np.bincount(np.concatenate([np.zeros(0, np.int64), *visited]), minlength=nodes) >= 2


def _crossings(
    areas: list[_Area], xy: FloatArray, shared: npt.NDArray[np.bool_]
) -> tuple[list[_Row], list[int]]:
    """Return the lines across the areas, and the nodes where they meet an outline besides the entries."""
    rows: list[_Row] = []
    turns: list[int] = []
    for area in areas:
        number = 0
        for outer, inners in area.rings:
            ring = np.concatenate([outer[:-1], *(inner[:-1] for inner in inners)])
            entries = ring[shared[ring]]
            polygon = shapely.Polygon(xy[outer], [xy[inner] for inner in inners])
            at_place = {
                tuple(place): node for place, node in zip(xy[ring].tolist(), ring.tolist(), strict=True)
            }
            for line in crossing_lines(polygon, xy[entries]):
                number += 1
                ends = shapely.get_coordinates(line)
                rows.append(_Row(f"{area.label}-x{number}", area.tags, "", ends))
                turns += [at_place[tuple(end)] for end in ends.tolist()]
    return rows, turns


def _gates(extract: OsmExtract) -> dict[int, str]:
    """Return the state of each gate by the row of its node."""
    states = [(point.id, gate_state(point.tags)) for point in extract.points]
    gates = [(node, state) for node, state in states if state]
    rows = extract.rows_of(np.array([node for node, _ in gates], np.int64))
    return {int(row): state for row, (_, state) in zip(rows, gates, strict=True) if row >= 0}


def _length(xy: FloatArray) -> float:
    return float(np.hypot(*np.diff(xy, axis=0).T).sum())


def _cut(
    rows: IntArray, stops: npt.NDArray[np.bool_], gates: Mapping[int, str], xy: FloatArray
) -> Iterator[tuple[FloatArray, str]]:
    """Yield the pieces of a line between its ends and stops, and a short piece beside each gate."""
    stopping = stops[rows]
    stopping[[0, -1]] = True
    at = np.flatnonzero(stopping)
    for start, stop in pairwise(at.tolist()):
        piece = xy[rows[start : stop + 1]]
        first, last = gates.get(int(rows[start]), ""), gates.get(int(rows[stop]), "")
        yield from _beside_gates(piece, first, last)


def _beside_gates(piece: FloatArray, first: str, last: str) -> Iterator[tuple[FloatArray, str]]:
    """Yield a piece, with what lies beside a gate at its first or last node as a piece of its own."""
    if first:
        place = _gate_post(piece[0], piece[1])
        yield np.vstack([piece[0], place]), first
        piece = np.vstack([place, piece[1:]])
    if last:
        place = _gate_post(piece[-1], piece[-2])
        yield np.vstack([piece[:-1], place]), ""
        yield np.vstack([place, piece[-1]]), last
    else:
        yield piece, ""


def _gate_post(gate: FloatArray, towards: FloatArray) -> FloatArray:
    """Return the end of a gate's piece: half a metre from its node, at most half way to the next vertex."""
    distance = float(np.hypot(*(towards - gate)))
    share = min(GATE_LENGTH_M, distance / 2) / max(distance, _SHORTEST_M)
    place = gate + (towards - gate) * share
    return np.asarray(np.rint(place * _CELLS_PER_M) / _CELLS_PER_M)
