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
    points = _points(polygons, entries, entered)
    first = np.searchsorted(points.area, points.area)
    count = np.bincount(points.area, minlength=len(polygons))[points.area]
    later = count - 1 - (np.arange(len(first)) - first)
    start = np.repeat(np.arange(len(first)), later)
    stop = run_positions(np.arange(len(first)) + 1, later)
    towards = points.xy[stop] - points.xy[start]
    out_of_start, into_start = points.looks(start, towards)
    out_of_stop, into_stop = points.looks(stop, -towards)
    looking = ~(out_of_start | out_of_stop)
    start, stop, inside = start[looking], stop[looking], (into_start | into_stop)[looking]
    area = points.area[start]
    lines = shapely.linestrings(np.stack([points.xy[start], points.xy[stop]], axis=1))
    shapely.prepare(polygons)
    seen = shapely.covers(polygons[area], lines)
    start, stop, lines, area, inside = start[seen], stop[seen], lines[seen], area[seen], inside[seen]
    used = _on_shortest_ways(points, start, stop, shapely.length(lines))
    start, stop, lines, area, inside = start[used], stop[used], lines[used], area[used], inside[used]
    along = np.zeros(len(lines), bool)
    outlines = shapely.boundary(polygons)
    shapely.prepare(outlines)
    along[~inside] = shapely.covers(outlines[area[~inside]], lines[~inside])
    start, stop, lines, area = start[~along], stop[~along], lines[~along], area[~along]
    order = np.lexsort((*points.xy[stop].T[::-1], *points.xy[start].T[::-1], area))
    return lines[order], area[order]


@dataclass(frozen=True, eq=False, slots=True)
class _Points:
    """
    Entries of areas, then their inward corners, by area.

    ``before`` and ``after`` lead along the outline to each and on, the area on their left; they are not
    numbers where the point is not just one vertex of the outline.
    """

    area: IntArray
    xy: FloatArray
    entry: BoolArray
    before: FloatArray
    after: FloatArray

    def looks(self, at: IntArray, towards: FloatArray) -> tuple[BoolArray, BoolArray]:
        """Tell which directions surely lead out of the area at a point, and which surely into its inside."""
        before, after = _cross(self.before[at], towards), _cross(self.after[at], towards)
        turn = _cross(self.before, self.after)[at]
        outward = turn > _SURE_M2
        right, left = (before < -_SURE_M2, after < -_SURE_M2), (before > _SURE_M2, after > _SURE_M2)
        leaving = np.where(outward, right[0] | right[1], right[0] & right[1])
        inside = np.where(turn < -_SURE_M2, left[0] | left[1], left[0] & left[1])
        return leaving, inside


def _points(polygons: ObjectArray, entries: FloatArray, entered: IntArray) -> _Points:
    """Return the points between which lines are sought, of the areas in which they are."""
    area, xy, before, after = _vertices(polygons)
    inward = _cross(before, after) < 0
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
    once = np.bincount(place[vertex], minlength=places) == 1
    ways = np.full((2, places, 2), np.nan)
    for way, along in zip(ways, (before, after), strict=True):
        way[place[vertex]] = along[row]
        way[~once] = np.nan
    owner, where = owner[new], where[new]
    entries_in = np.bincount(owner[entry], minlength=len(polygons))
    points_in = np.bincount(owner[entry | corner], minlength=len(polygons))
    sought = (entries_in >= 2) & (entries_in <= MAX_ENTRIES) & (points_in <= MAX_POINTS)
    sought &= shapely.is_valid(polygons)
    kept = np.flatnonzero((entry | corner) & sought[owner])
    kept = kept[np.lexsort((~entry[kept], owner[kept]))]
    return _Points(owner[kept], where[kept], entry[kept], ways[0][kept], ways[1][kept])


def _vertices(polygons: ObjectArray) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Return the area of each vertex, its place, the way to it from that before, and from it to the next."""
    rings, area = shapely.get_rings(shapely.orient_polygons(polygons), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    opening = np.r_[True, ring[1:] != ring[:-1]][: len(ring)]
    xy, ring = xy[~opening], ring[~opening]
    first = np.searchsorted(ring, ring)
    last = np.searchsorted(ring, ring, side="right") - 1
    at = np.arange(len(ring))
    before = xy - xy[np.where(at == first, last, at - 1)]
    after = xy[np.where(at == last, first, at + 1)] - xy
    return area[ring], xy, before, after


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
