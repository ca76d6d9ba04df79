"""Pedestrian areas: walkers cut straight across, around corners and holes, by the shortest way inside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

__all__ = ["MAX_ENTRIES", "MAX_POINTS", "crossing_lines"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ObjectArray = npt.NDArray[np.object_]

MAX_ENTRIES = 80
"""An area entered at more places than this is walked along its outline only."""
MAX_POINTS = 200
"""So is one whose entries and inward corners together are more than this."""


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
    nothing = np.zeros(0, dtype=object)
    entries = _sorted_places(np.asarray(entries, float))
    if not 2 <= len(entries) <= MAX_ENTRIES or not polygon.is_valid:
        return nothing
    corners = _inward_corners(polygon)
    apart = ~(corners[:, None, :] == entries[None, :, :]).all(axis=2).any(axis=1)
    points = np.vstack([entries, corners[apart]])
    if len(points) > MAX_POINTS:
        return nothing
    start, stop = np.triu_indices(len(points), k=1)
    lines = shapely.linestrings(np.stack([points[start], points[stop]], axis=1))
    shapely.prepare(polygon)
    seen = shapely.covers(polygon, lines)
    start, stop, lines = start[seen], stop[seen], lines[seen]
    used = _on_shortest_ways(start, stop, shapely.length(lines), entries=len(entries), points=len(points))
    outline = polygon.boundary
    shapely.prepare(outline)
    chosen = lines[used & ~shapely.covers(outline, lines)]
    return np.array(sorted(chosen, key=lambda line: line.coords[:]), dtype=object)


def _inward_corners(polygon: shapely.Polygon) -> FloatArray:
    """Return the vertices at which the area's inner angle exceeds 180 degrees."""
    ordered = shapely.orient_polygons(polygon)
    found = []
    for ring in (ordered.exterior, *ordered.interiors):
        xy = shapely.get_coordinates(ring)[:-1]
        before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
        # the area lies on the left of every ring now, so a right turn is an inward corner
        found.append(xy[before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0] < 0])
    return _sorted_places(np.vstack(found))


def _sorted_places(xy: FloatArray) -> FloatArray:
    return np.array(sorted(set(map(tuple, xy.reshape(-1, 2).tolist()))), float).reshape(-1, 2)


def _on_shortest_ways(
    start: IntArray, stop: IntArray, length: FloatArray, *, entries: int, points: int
) -> npt.NDArray[np.bool_]:
    """Tell which lines lie on the shortest ways found from each entry to each other."""
    arcs = start.astype(np.int32), stop.astype(np.int32)
    graph = csr_array((length, arcs), shape=(points, points))
    _, before = dijkstra(graph, directed=False, indices=np.arange(entries), return_predecessors=True)
    number = {pair: at for at, pair in enumerate(zip(start.tolist(), stop.tolist(), strict=True))}
    used = np.zeros(len(start), bool)
    for source in range(entries):
        for target in range(source + 1, entries):
            at = target
            while before[source, at] >= 0:
                previous = int(before[source, at])
                used[number[min(previous, at), max(previous, at)]] = True
                at = previous
    return used
