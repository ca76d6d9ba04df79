"""
Walkable streets from OSM ways and pedestrian areas.

Streets join only where OSM shares a node. A way is cut at every node it shares with another walkable way, so
that bridges and tunnels, which join others only at their ends, join wherever OSM says they do. Two nodes at
one place are two places: they are moved apart by centimetres.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan._bulk import without_collecting
from geoplan.io.osm_cut import CELLS_PER_M, GATE_LENGTH_M, SHORTEST_M, Lines, Pieces, apart, cut, known_runs
from geoplan.io.osm_lines import run_positions
from geoplan.io.osm_pbf import OsmExtract
from geoplan.io.osm_squares import crossings_of
from geoplan.io.osm_tags import WalkTags, gate_state, is_square, walk_kind, walk_tags
from geoplan.network.build import network_from_streets, pair_numbers

__all__ = ["GATE_LENGTH_M", "LONGEST_ISLAND_M", "Islands", "drop_islands", "streets_table"]

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]

LONGEST_ISLAND_M = 2000.0
"""Streets that join no others are left out if all of them together are shorter than this."""
_GATE_STATES = ("", "open", "closed")


@dataclass(frozen=True, slots=True)
class _Area:
    """A pedestrian area: its polygons' rings by row of their nodes."""

    label: str
    tags: Mapping[str, str]
    rings: tuple[tuple[IntArray, tuple[IntArray, ...]], ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Owners:
    """The walkable ways, then the pedestrian areas: label, name, and what the tags say to a walker."""

    labels: list[str]
    names: ObjectArray
    walks: list[WalkTags]


@dataclass(frozen=True, eq=False, slots=True)
class _Rows:
    """Streets before they are a table."""

    owner: IntArray
    street_id: list[str]
    gate: IntArray
    crossings: FloatArray
    geometry: ObjectArray


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
    with without_collecting():
        areas = list(_pedestrian_areas(extract))
        owners, runs = _owners_and_runs(extract, areas)
        first_area = len(owners.labels) - len(areas)
        outlines = _outlines(areas, first_owner=first_area)
        lines = runs.followed_by(outlines)
        xy = apart(node_xy, lines.rows)
        shared = lines.shared(len(xy))
        crossings, turns = _crossings(areas, outlines, xy, shared, first_owner=first_area)
        stops = shared.copy()
        stops[turns] = True
        pieces = cut(lines, xy, stops, _gates(extract))
        return _table(owners, (_pieces(owners, lines, xy, pieces), crossings), crs)


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


def _table(owners: _Owners, parts: tuple[_Rows, ...], crs: str) -> gpd.GeoDataFrame:
    owner = np.concatenate([one.owner for one in parts])
    gate = np.concatenate([one.gate for one in parts])

    def of_owner(values: list[str | bool]) -> ObjectArray:
        return np.asarray(_objects(values)[owner], object)

    columns = {
        "street_id": _objects([label for one in parts for label in one.street_id]),
        "name": owners.names[owner],
        "kind": of_owner([walk.kind or "square" for walk in owners.walks]),
        "level": of_owner([walk.level for walk in owners.walks]),
        "steps": pd.array(of_owner([walk.kind == "steps" for walk in owners.walks]), dtype="boolean"),
        "one_way": pd.array(of_owner([walk.direction != 0 for walk in owners.walks]), dtype="boolean"),
        "crossings": np.concatenate([one.crossings for one in parts]),
        "gate": _objects([state or None for state in _GATE_STATES])[gate],
    }
    geometry = np.concatenate([one.geometry for one in parts])
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)


def _objects(values: list[Any]) -> ObjectArray:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _owners_and_runs(extract: OsmExtract, areas: list[_Area]) -> tuple[_Owners, Lines]:
    """Return the walkable ways, then the areas; and the known runs of the ways."""
    ways = extract.ways
    walks = [walk_tags(tags) for tags in ways.tag_sets]
    count = np.diff(ways.starts)
    closed = count > 3
    closed[closed] = ways.nodes[ways.starts[:-1][closed]] == ways.nodes[ways.starts[1:][closed] - 1]
    walkable, area = (
        np.array([getattr(walk, name) for walk in walks], bool)[ways.tag_set] for name in ("walkable", "area")
    )
    chosen = np.flatnonzero(walkable & ~(area & closed))
    nodes = ways.nodes[run_positions(ways.starts[:-1][chosen], count[chosen])]
    runs = known_runs(np.repeat(np.arange(len(chosen)), count[chosen]), extract.rows_of(nodes))
    tag_set = ways.tag_set[chosen].tolist()
    owners = _Owners(
        [f"w{one}" for one in ways.ids[chosen].tolist()] + [one.label for one in areas],
        _objects(
            [ways.tag_sets[one].get("name") for one in tag_set] + [one.tags.get("name") for one in areas]
        ),
        [walks[one] for one in tag_set] + [walk_tags(one.tags) for one in areas],
    )
    return owners, runs


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


def _outlines(areas: list[_Area], *, first_owner: int) -> Lines:
    rings = [
        (first_owner + at, ring)
        for at, area in enumerate(areas)
        for outer, inners in area.rings
        for ring in (outer, *inners)
    ]
    return Lines(
        np.array([owner for owner, _ in rings], np.int64),
        np.concatenate([np.zeros(0, np.int64), *(ring for _, ring in rings)]),
        np.cumsum([0, *(len(ring) for _, ring in rings)]),
    )


def _crossings(
    areas: list[_Area], outlines: Lines, xy: FloatArray, shared: BoolArray, *, first_owner: int
) -> tuple[_Rows, IntArray]:
    """Return the lines across the areas, and the nodes where they meet an outline besides the entries."""
    polygon_of = [at for at, area in enumerate(areas) for _ in area.rings]
    sizes = [1 + len(inners) for area in areas for _, inners in area.rings]
    ring_of = np.repeat(np.arange(len(sizes)), sizes)
    rings = shapely.linearrings(xy[outlines.rows], indices=outlines.line) if len(ring_of) else _objects([])
    polygons = shapely.polygons(rings, indices=ring_of) if len(ring_of) else _objects([])
    once = np.ones(len(outlines.rows), bool)
    once[outlines.starts[1:] - 1] = False
    nodes = outlines.rows[once]
    entry = shared[nodes]
    lines, crossed = crossings_of(polygons, xy[nodes[entry]], ring_of[outlines.line[once]][entry])
    own = np.array(polygon_of, np.int64)[crossed]
    number = (pd.Series(own).groupby(own).cumcount() + 1).tolist()
    labels = [f"{areas[at].label}-x{one}" for at, one in zip(own.tolist(), number, strict=True)]
    none = np.zeros(len(lines))
    rows = _Rows(first_owner + own, labels, none.astype(np.int64), none, lines)
    return rows, _nodes_at(shapely.get_coordinates(lines), nodes, xy)


def _nodes_at(places: FloatArray, nodes: IntArray, xy: FloatArray) -> IntArray:
    """Return which of some nodes, no two of them in one centimetre, each place is."""
    cells = np.rint(np.vstack([xy[nodes], places]) * CELLS_PER_M).astype(np.int64)
    known, wanted = np.split(pair_numbers(cells), [len(nodes)])
    order = np.argsort(known, kind="stable")
    return np.asarray(nodes[order[np.searchsorted(known[order], wanted)]], np.int64)


def _gates(extract: OsmExtract) -> IntArray:
    """Return the state of the gate at each node: its number in `_GATE_STATES`."""
    states = [_GATE_STATES.index(gate_state(point.tags)) for point in extract.points]
    rows = extract.rows_of(np.array([point.id for point in extract.points], np.int64))
    found = np.zeros(len(extract.node_ids), np.int64)
    found[rows[rows >= 0]] = np.array(states, np.int64)[rows >= 0]
    return found


def _pieces(owners: _Owners, lines: Lines, xy: FloatArray, pieces: Pieces) -> _Rows:
    owner = lines.owner[pieces.line]
    label = pd.factorize(_objects(owners.labels))[0][owner]
    number = (pd.Series(label).groupby(label).cumcount() + 1).tolist()
    backwards = np.array([walk.direction < 0 for walk in owners.walks], bool)[owner]
    vertices, piece = pieces.vertices(backwards)
    return _Rows(
        owner,
        [f"{owners.labels[own]}-{count}" for own, count in zip(owner.tolist(), number, strict=True)],
        pieces.gate,
        _waits(owners, lines, xy, pieces),
        shapely.linestrings(vertices, indices=piece) if len(piece) else _objects([]),
    )


def _waits(owners: _Owners, lines: Lines, xy: FloatArray, pieces: Pieces) -> FloatArray:
    """Return the part of its line's one wait at signals that falls on each piece, by length."""
    waits = np.zeros(len(pieces.line))
    signals = np.array([walk.signals for walk in owners.walks], bool)[lines.owner]
    for at in np.flatnonzero(signals[pieces.line]):
        line = pieces.line[at]
        whole = _length(xy[lines.rows[lines.starts[line] : lines.starts[line + 1]]])
        waits[at] = _length(pieces.xy[pieces.first[at] : pieces.last[at] + 1]) / max(whole, SHORTEST_M)
    return waits


def _length(xy: FloatArray) -> float:
    return float(np.hypot(*np.diff(xy, axis=0).T).sum())
