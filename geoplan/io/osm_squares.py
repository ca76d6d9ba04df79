"""Pedestrian areas: walkers cut straight across, around corners and holes, by the shortest way inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.io.osm_lines import run_positions

__all__ = ["MAX_ENTRIES", "MAX_POINTS", "crossing_lines", "crossings_of"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ObjectArray = npt.NDArray[np.object_]

MAX_ENTRIES = 80
"""An area entered at more places than this is walked along its outline only."""
MAX_POINTS = 200
"""So is one whose entries and inward corners together are more than this."""
_POINTS_AT_ONCE = 600
"""Areas are searched together up to so many points: beginning a search takes longer than most areas do."""
_TESTS_AT_ONCE = 100_000
"""Lines are held against the vertices of their outlines in lots of so many pairs, for the memory's sake."""
_SURE_M2 = 1e-6
"""A turn this wide is no matter of rounding [m²]."""


def crossing_lines(polygon: shapely.Polygon, entries: FloatArray) -> ObjectArray:
    """
    Return the lines people walk inside an area from entry to entry.

    The shortest way between two places in a polygon bends only at inward corners of its outline and at
    corners of its holes. The lines are those of the visibility graph of entries and such corners that lie on
    a shortest way between two entries. Pieces of the outline itself are left out: it is walked anyway.

    Parameters
    ----------
    polygon
        The area, in a metric CRS.
    entries
        Where streets meet its outline: vertices of it, one row (x, y) each [m].

    Returns
    -------
    lines
        LineStrings of two points, sorted. None if there are fewer than two entries, more than `MAX_ENTRIES`,
        more than `MAX_POINTS` with the corners, or the polygon is invalid: the outline must then do.

    Examples
    --------
    >>> square = shapely.box(0, 0, 100, 100)
    >>> [line.length for line in crossing_lines(square, np.array([[0.0, 0.0], [100.0, 100.0]]))]
    [141.4213562373095]
    """
    entries = np.asarray(entries, float).reshape(-1, 2)
    return crossings_of(np.array([polygon]), entries, np.zeros(len(entries), np.int64))[0]


def crossings_of(
    polygons: ObjectArray, entries: FloatArray, entered: IntArray
) -> tuple[ObjectArray, IntArray]:
    """
    Return the lines of `crossing_lines` for many areas at once.

    Parameters
    ----------
    polygons
        The areas, in a metric CRS.
    entries, entered
        Where streets meet outlines, one row (x, y) each [m]; the number of the area each belongs to.

    Returns
    -------
    lines, area
        The lines, area by area; the number of the area each crosses.
    """
    vertices = _vertices(polygons)
    points = _points(polygons, vertices, entries, entered)
    first = np.searchsorted(points.area, points.area)
    count = np.bincount(points.area, minlength=len(polygons))[points.area]
    later = count - 1 - (np.arange(len(first)) - first)
    start = np.repeat(np.arange(len(first)), later)
    stop = run_positions(np.arange(len(first)) + 1, later)
    towards = points.xy[stop] - points.xy[start]
    out_of_start, into_start = _looks(vertices, points.vertex[start], towards)
    out_of_stop, into_stop = _looks(vertices, points.vertex[stop], -towards)
    looking = ~(out_of_start | out_of_stop)
    start, stop, inside = start[looking], stop[looking], (into_start | into_stop)[looking]
    crossed, clear = _meets_outline(points, vertices, start, stop)
    seen = (into_start & into_stop)[looking] & clear
    unsure = np.flatnonzero(~seen & ~crossed)
    shapely.prepare(polygons)
    seen[unsure] = shapely.covers(
        polygons[points.area[start[unsure]]], _lines(points, start[unsure], stop[unsure])
    )
    start, stop, inside = start[seen], stop[seen], inside[seen]
    length = np.sqrt(((points.xy[stop] - points.xy[start]) ** 2).sum(axis=1))
    used = _on_shortest_ways(points, start, stop, length)
    start, stop, inside = start[used], stop[used], inside[used]
    lines, area = _lines(points, start, stop), points.area[start]
    along = np.zeros(len(lines), bool)
    outlines = shapely.boundary(polygons)
    shapely.prepare(outlines)
    along[~inside] = shapely.covers(outlines[area[~inside]], lines[~inside])
    start, stop, lines, area = start[~along], stop[~along], lines[~along], area[~along]
    order = np.lexsort((*points.xy[stop].T[::-1], *points.xy[start].T[::-1], area))
    return lines[order], area[order]


@dataclass(frozen=True, eq=False, slots=True)
class _Points:
    """Entries of areas, then their inward corners, by area; the vertex each is, -1 if not just one."""

    area: IntArray
    xy: FloatArray
    entry: BoolArray
    vertex: IntArray


@dataclass(frozen=True, eq=False, slots=True)
class _Vertices:
    """Vertices of areas, ring by ring: ``before`` and ``after`` lead to each and on to the ``next``."""

    area: IntArray
    xy: FloatArray
    before: FloatArray
    after: FloatArray
    next: IntArray


def _points(polygons: ObjectArray, vertices: _Vertices, entries: FloatArray, entered: IntArray) -> _Points:
    """Return the points between which lines are sought, of the areas in which they are."""
    area, xy = vertices.area, vertices.xy
    inward = _cross(vertices.before, vertices.after) < 0
    # an entry and the vertex it is at are one point: sorted, they follow one another
    owner = np.r_[entered, area]
    where = np.vstack([entries, xy])
    kind = np.r_[np.zeros(len(entered), np.int64), np.ones(len(area), np.int64)]
    order = np.lexsort((kind, where[:, 1], where[:, 0], owner))
    owner, where, kind = owner[order], where[order], kind[order]
    new = np.ones(len(owner), bool)
    new[1:] = (owner[1:] != owner[:-1]) | (where[1:] != where[:-1]).any(axis=1)
    place = np.cumsum(new) - 1
    vertex = kind == 1
    row = order[vertex] - len(entered)
    places = int(new.sum())
    entry = np.bincount(place, ~vertex, places) > 0
    corner = np.bincount(place[vertex], inward[row], places) > 0
    of_place = np.full(places, -1)
    of_place[place[vertex]] = row
    of_place[np.bincount(place[vertex], minlength=places) > 1] = -1
    owner, where = owner[new], where[new]
    entries_in = np.bincount(owner[entry], minlength=len(polygons))
    points_in = np.bincount(owner[entry | corner], minlength=len(polygons))
    sought = (entries_in >= 2) & (entries_in <= MAX_ENTRIES) & (points_in <= MAX_POINTS)
    sought &= shapely.is_valid(polygons) & (np.bincount(area, minlength=len(polygons)) > 0)
    kept = np.flatnonzero((entry | corner) & sought[owner])
    kept = kept[np.lexsort((~entry[kept], owner[kept]))]
    return _Points(owner[kept], where[kept], entry[kept], of_place[kept])


def _vertices(polygons: ObjectArray) -> _Vertices:
    rings, area = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    opening = np.r_[True, ring[1:] != ring[:-1]][: len(ring)]
    xy, ring = xy[~opening], ring[~opening]
    first = np.searchsorted(ring, ring)
    last = np.searchsorted(ring, ring, side="right") - 1
    at = np.arange(len(ring))
    following = np.where(at == last, first, at + 1)
    before = xy - xy[np.where(at == first, last, at - 1)]
    return _Vertices(area[ring], xy, before, xy[following] - xy, following)


def _lines(points: _Points, start: IntArray, stop: IntArray) -> ObjectArray:
    ends = np.stack([points.xy[start], points.xy[stop]], axis=1)
    return np.asarray(shapely.linestrings(ends), object)


def _looks(vertices: _Vertices, at: IntArray, towards: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Tell which directions surely lead out of the area at a vertex, and which surely into its inside."""
    known = at >= 0
    before, after = _cross(vertices.before[at], towards), _cross(vertices.after[at], towards)
    turn = _cross(vertices.before, vertices.after)[at]
    right, left = (before < -_SURE_M2, after < -_SURE_M2), (before > _SURE_M2, after > _SURE_M2)
    leaving = np.where(turn > _SURE_M2, right[0] | right[1], right[0] & right[1])
    inside = np.where(turn < -_SURE_M2, left[0] | left[1], left[0] & left[1])
    return known & leaving, known & inside


def _meets_outline(
    points: _Points, vertices: _Vertices, start: IntArray, stop: IntArray
) -> tuple[BoolArray, BoolArray]:
    """
    Tell which lines between points surely cross an edge of their area's outline, and which surely meet none.

    The edges that end where the line does are left to `_looks`.
    """
    crossed, clear = np.zeros(len(start), bool), np.ones(len(start), bool)
    line, edge, opposite = _edges_not_beside(points, vertices, start, stop)
    one, other = points.xy[start[line]], points.xy[stop[line]]
    first, along = vertices.xy[edge], vertices.after[edge]
    turn, turn_on = _cross(along, one - first), _cross(along, other - first)
    small, large = np.minimum(turn, turn_on), np.maximum(turn, turn_on)
    crossed[line[opposite & (small < -_SURE_M2) & (large > _SURE_M2)]] = True
    clear[line[(small <= _SURE_M2) & (large >= -_SURE_M2)]] = False
    return crossed, clear


def _edges_not_beside(
    points: _Points, vertices: _Vertices, start: IntArray, stop: IntArray
) -> tuple[IntArray, IntArray, BoolArray]:
    """
    Return the edges that do not surely lie on one side of a line between points of their area, nor end there.

    They are told by the number of the line and that of their first vertex, and whether their ends surely lie
    on opposite sides of it.
    """
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool))]
    area = points.area[start]
    lows = np.flatnonzero(np.r_[True, area[1:] != area[:-1]][: len(area)])
    highs = np.r_[lows, len(area)][1:]
    firsts, ends = (np.searchsorted(vertices.area, area[lows], side) for side in ("left", "right"))
    for low, high, first, end in zip(lows, highs, firsts, ends, strict=True):
        origin = vertices.xy[first]  # numbers stay small, and products exact enough
        x, y = (vertices.xy[first:end] - origin).T
        following = vertices.next[first:end] - first
        step = max(_TESTS_AT_ONCE // (end - first), 1)
        for at in range(low, high, step):
            own = slice(at, min(at + step, high))
            from_x, from_y = (points.xy[start[own]] - origin).T[:, :, None]
            to_x, to_y = (points.xy[stop[own]] - points.xy[start[own]]).T[:, :, None]
            turn = to_x * y - to_y * x - (to_x * from_y - to_y * from_x)
            side = (turn > _SURE_M2).astype(np.int8) - (turn < -_SURE_M2)
            both = side * side[:, following]
            line, edge = np.nonzero(both <= 0)
            opposite = both[line, edge] < 0
            line, edge = line + at, edge + first
            ends = np.stack([points.vertex[start[line]], points.vertex[stop[line]]])
            apart = ((ends != edge) & (ends != vertices.next[edge])).all(axis=0)
            found.append((line[apart], edge[apart], opposite[apart]))
    lines, edges, sides = zip(*found, strict=True)
    return np.concatenate(lines), np.concatenate(edges), np.concatenate(sides)


def _cross(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def _on_shortest_ways(points: _Points, start: IntArray, stop: IntArray, length: FloatArray) -> BoolArray:
    """Tell which lines lie on the shortest ways found from each entry to each other of its area."""
    used = np.zeros(len(start), bool)
    size = max(len(points.area), 1)
    pair = start * size + stop  # ascending
    for low, high in _batches(points.area):
        own = slice(*np.searchsorted(start, [low, high]))
        arcs = (start[own] - low).astype(np.int32), (stop[own] - low).astype(np.int32)
        graph = csr_array((length[own], arcs), shape=(high - low, high - low))
        sources = np.flatnonzero(points.entry[low:high])
        _, before = dijkstra(graph, directed=False, indices=sources, return_predecessors=True)
        row, target = np.nonzero(before >= 0)
        wanted = (target > sources[row]) & points.entry[low:high][target]
        row, at = row[wanted], target[wanted]
        while len(row):
            previous = before[row, at]
            under_way = previous >= 0
            row, at, previous = row[under_way], at[under_way], previous[under_way].astype(np.int64)
            ends = (np.minimum(at, previous) + low) * size + np.maximum(at, previous) + low
            used[np.searchsorted(pair, ends)] = True
            at = previous
    return used


def _batches(area: IntArray) -> Iterator[tuple[int, int]]:
    """Yield the ranges of points to search together: whole areas, few enough points."""
    ends = np.flatnonzero(np.r_[area[1:] != area[:-1], True][: len(area)]) + 1
    low = 0
    while low < len(area):
        fitting = ends[(ends > low) & (ends <= low + _POINTS_AT_ONCE)]
        yield low, int(fitting[-1])
        low = int(fitting[-1])
