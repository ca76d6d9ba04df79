"""
Polygons around reached streets: a picture of a service area, on a grid.

A grid's corners take their distance to the nearest reached street and to the nearest street that is not
reached; the polygon is drawn where the first is within the corridor and less than the second. Grids of
all polygons lie on one lattice, and more reached streets only ever bring a corner closer to them and
farther from the rest, so that the polygon of a longer walk contains that of a shorter one, vertex by
vertex. Every grid cell that a reached street runs through is taken in whole: no reached metre is outside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.graph import BoolArray, FloatArray, IntArray
from geoplan.network.search import Engine, takes_numba
from geoplan.network.splat import RIM, Pieces, splat, split
from geoplan.network.trace import trace

__all__ = ["CELL_M", "CORRIDOR_M", "Corridor", "corridor_polygons"]

CELL_M = 10.0
"""Size of a grid cell [m]."""
CORRIDOR_M = 40.0
"""How far a polygon extends beside a reached street [m]."""

_REACH = CORRIDOR_M / CELL_M
_FARTHEST = _REACH + 1
"""A corner next to one inside is no farther [cells]: what is beyond shapes no outline."""
_BLOCK = int(_REACH) + 1
"""Cells a block."""
_MARGIN = 16
"""Cells around the reached streets in which streets still shape the polygon: twice the corridor and more."""
_WORK_PER_CELL = 10
"""A cell that a street runs through, split and measured, costs as much as so many nodes searched."""
_BRIM = 9
"""Cells at the grid's rim that take part in that, but in no polygon."""
_TICKS = 1024
"""Vertices lie at whole parts of a cell's side: exact in binary, so that equal stays equal."""
_MOST = 2.0
"""Distances differ by twice a cell's side at most from corner to corner; farther ones are cut off."""
_LEAST = _MOST / 1000
"""No corner is nearer to the outline, so that no vertex falls on a corner and rings never touch."""
_GUARD = 1.5
"""More than a cell's diagonal: the corners of cells with a reached street count as inside by this."""

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Corridor:
    """
    A polygon around reached streets.

    Parameters
    ----------
    polygon
        Polygon or MultiPolygon; empty if nothing is reached.
    missed_length_m
        Reached street outside it [m].
    unreached_length_inside_m
        Street inside it that is not reached [m].
    """

    polygon: shapely.Polygon | shapely.MultiPolygon
    missed_length_m: float
    unreached_length_inside_m: float


def corridor_polygons(
    segments: FloatArray,
    band: IntArray,
    *,
    bands: int,
    keep_off: bool = True,
    engine: Engine = "auto",
) -> list[Corridor]:
    """
    Draw the polygons around what is reached within each of several limits.

    Parameters
    ----------
    segments
        Street segments, a row each: x, y of the start, x, y of the end [m].
    band
        For each segment, the number of the least limit that reaches it; ``bands`` if none does;
        ``bands + 1`` if it belongs to another place, whose polygon this one must not overlap.
    bands
        Number of limits.
    keep_off
        Leave out what is nearer to a street that is not reached. False draws the plain corridor.
    engine
        ``numba``, ``scipy`` (then numpy alone draws), or ``auto``; the polygons are the same.

    Returns
    -------
    One `Corridor` a limit; each polygon contains the one before.

    Examples
    --------
    >>> street = np.array([[0.0, 0.0, 300.0, 0.0], [300.0, 0.0, 600.0, 0.0]])
    >>> near, far = corridor_polygons(street, np.array([0, 1]), bands=2)
    >>> bool(far.polygon.contains(near.polygon)), near.missed_length_m
    (True, 0.0)
    """
    reached = band < bands
    if not reached.any():
        return [Corridor(shapely.Polygon(), 0.0, 0.0) for _ in range(bands)]
    ends = segments[reached].reshape(-1, 2) / CELL_M
    origin = np.floor(ends.min(axis=0)).astype(np.int64) - _MARGIN
    columns, rows = (np.floor(ends.max(axis=0)).astype(np.int64) + 2 + _MARGIN - origin).tolist()
    local = segments / CELL_M - np.tile(origin, 2)
    local, band = _in_window(local, band, columns, rows)
    numba = takes_numba(engine, _WORK_PER_CELL * int(np.abs(local[:, :2] - local[:, 2:]).sum() + len(local)))
    pieces = split(local, band, numba=numba)
    pieces = pieces.only(_near_reached(pieces, bands, columns, rows))
    squared = splat(pieces, int(pieces.band.max()) + 1, columns, rows, reach=_FARTHEST, numba=numba)
    squared = squared[:, _BRIM:-_BRIM, _BRIM:-_BRIM]
    pieces, origin = _off_the_brim(pieces, columns, rows), origin + _BRIM
    found = []
    for number in range(bands):
        field = _field(squared, pieces, number, bands, keep_off=keep_off)
        polygon = _outline(field, origin, numba=numba)
        found.append(_measured(polygon, field, pieces, number))
    return found


def _in_window(local: FloatArray, band: IntArray, columns: int, rows: int) -> tuple[FloatArray, IntArray]:
    """Return the segments that touch the grid."""
    low = np.minimum(local[:, :2], local[:, 2:])
    high = np.maximum(local[:, :2], local[:, 2:])
    kept = (high >= 0).all(axis=1) & (low[:, 0] < columns - 1) & (low[:, 1] < rows - 1)
    return local[kept], band[kept]


def _near_reached(pieces: Pieces, bands: int, columns: int, rows: int) -> BoolArray:
    """Tell which pieces are in the grid and near enough to a reached street to matter."""
    inside = (pieces.column >= RIM - 1) & (pieces.column < columns - RIM)
    inside &= (pieces.row >= RIM - 1) & (pieces.row < rows - RIM)
    own = inside & (pieces.band < bands)
    if own.all():
        return own
    # blocks as wide as the corridor: what is more than two of them away is nowhere the nearer one
    column, row = pieces.column // _BLOCK, pieces.row // _BLOCK
    near = np.zeros((rows // _BLOCK + 1, columns // _BLOCK + 1), bool)
    near[row[own], column[own]] = True
    for _ in range(2):
        near[1:] |= near[:-1].copy()
        near[:-1] |= near[1:].copy()
        near[:, 1:] |= near[:, :-1].copy()
        near[:, :-1] |= near[:, 1:].copy()
    inside[inside] = near[row[inside], column[inside]]
    return inside


def _off_the_brim(pieces: Pieces, columns: int, rows: int) -> Pieces:
    """Return the pieces that are not in the brim, from the origin of what is left without it."""
    last_column, last_row = columns - _BRIM - 1, rows - _BRIM - 1
    kept = pieces.only(
        (pieces.column >= _BRIM)
        & (pieces.row >= _BRIM)
        & (pieces.column < last_column)
        & (pieces.row < last_row)
    )
    return replace(
        kept,
        x=kept.x - _BRIM,
        y=kept.y - _BRIM,
        column=kept.column - _BRIM,
        row=kept.row - _BRIM,
    )


def _field(squared: Float32Array, pieces: Pieces, number: int, bands: int, *, keep_off: bool) -> Float32Array:
    """Return how far each corner is outside the polygon of a limit (inside: negative), in cells."""
    near = np.sqrt(squared[: number + 1].min(axis=0))
    edge: Float32Array = near - np.float32(_REACH)
    if keep_off:
        far = np.sqrt(squared[number + 1 : bands + 1].min(axis=0, initial=_FARTHEST**2))
        nearer = near - far
        own = _corners_of(pieces, pieces.band <= number, near.shape)
        np.minimum(nearer, near - np.float32(_GUARD), out=nearer, where=own)
        np.maximum(edge, nearer, out=edge)
    if (pieces.band > bands).any():
        disputed = near - np.sqrt(squared[bands + 1])
        # never a corner for both: on equal terms it is nobody's
        np.maximum(edge, disputed + np.float32(_LEAST), out=edge)
    np.clip(edge, -_MOST, _MOST, out=edge)
    close = np.abs(edge) < _LEAST
    edge[close] = np.where(edge[close] <= 0, -_LEAST, _LEAST)
    return edge


def _corners_of(pieces: Pieces, chosen: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Mark the corners of the cells in which the chosen pieces lie."""
    marked = np.zeros(shape, bool)
    marked[pieces.row[chosen], pieces.column[chosen]] = True
    marked[1:] |= marked[:-1].copy()
    marked[:, 1:] |= marked[:, :-1].copy()
    return marked


def _outline(field: Float32Array, origin: IntArray, *, numba: bool) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the polygon where the field is negative."""
    rings = trace(field, _TICKS, numba=numba)
    if not len(rings.polygon):
        return shapely.Polygon()
    # from the lattice to metres: exact
    xy = (rings.xy + origin) * CELL_M
    ring = shapely.linearrings(xy, indices=np.repeat(np.arange(len(rings.polygon)), np.diff(rings.first)))
    order = np.argsort(rings.polygon, kind="stable")
    polygons = shapely.polygons(ring[order], indices=rings.polygon[order])
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _measured(
    polygon: shapely.Polygon | shapely.MultiPolygon,
    field: Float32Array,
    pieces: Pieces,
    number: int,
) -> Corridor:
    """Measure the streets on the wrong side of a polygon's outline."""
    inside = field < 0
    west_east = inside[:, :-1] & inside[:, 1:], inside[:, :-1] | inside[:, 1:]
    whole, some = west_east[0][:-1] & west_east[0][1:], west_east[1][:-1] | west_east[1][1:]
    cell = pieces.row * whole.shape[1] + pieces.column
    share = whole.ravel()[cell].astype(np.float64)
    cut = np.flatnonzero((share == 0) & some.ravel()[cell])
    if len(cut):
        across = pieces.only(cut)
        corners = [
            field[across.row + north, across.column + east].astype(np.float64) for east, north in _CORNERS
        ]
        share[cut] = _share_inside(across, corners)
    reached = pieces.band <= number
    lost, taken = np.flatnonzero(reached & (share < 1)), np.flatnonzero(~reached & (share > 0))
    missed = float((_metres(pieces, lost) * (1 - share[lost])).sum())
    return Corridor(polygon, missed, float((_metres(pieces, taken) * share[taken]).sum()))


def _metres(pieces: Pieces, chosen: IntArray) -> FloatArray:
    length: FloatArray = np.hypot(pieces.dx[chosen], pieces.dy[chosen]) * CELL_M
    return length


_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))
"""Corners of a cell, anticlockwise; side k leads from corner k to the next."""


def _share_inside(pieces: Pieces, corners: list[FloatArray]) -> FloatArray:
    """
    Return which share of each piece is inside the outline that crosses its cell.

    The outline joins points on the cell's sides. It cuts off one corner, or two next to each other, or
    two opposite ones: then the middle of the cell tells whether the inside runs through it.
    """
    inside = [z < 0 for z in corners]
    x, y = pieces.x - pieces.column, pieces.y - pieces.row
    at = np.stack([x, y, x + pieces.dx, y + pieces.dy])
    points = []
    for side, (east, north) in enumerate(_CORNERS):
        a, b = corners[side], corners[(side + 1) % 4]
        part = np.rint(np.divide(a, a - b, out=np.zeros_like(a), where=a != b) * _TICKS) / _TICKS
        to_east, to_north = _CORNERS[(side + 1) % 4]
        points.append((east + (to_east - east) * part, north + (to_north - north) * part))
    count = np.sum(inside, axis=0)
    through = (count == 3) | ((count == 2) & (inside[0] == inside[2]) & (np.sum(corners, axis=0) <= 0))
    share = through.astype(np.float64)
    for corner in range(4):
        lone = (inside[corner] != inside[corner - 1]) & (inside[corner] != inside[(corner + 1) % 4])
        cut_off = lone & (inside[corner] != through)
        part = _share_beside(at, points[corner - 1], points[corner], _CORNERS[corner])
        share += np.where(cut_off, np.where(through, -part, part), 0.0)
    for corner in (0, 1):
        opposite = (inside[corner] == inside[corner - 1]) & (inside[corner] != inside[corner + 1])
        halved = opposite & (inside[corner + 1] == inside[(corner + 2) % 4])
        part = _share_beside(at, points[corner], points[(corner + 2) % 4], _CORNERS[corner])
        share = np.where(halved, np.where(inside[corner], part, 1 - part), share)
    found: FloatArray = np.clip(share, 0.0, 1.0)
    return found


def _share_beside(
    at: FloatArray,
    p: tuple[FloatArray, FloatArray],
    q: tuple[FloatArray, FloatArray],
    corner: tuple[int, int],
) -> FloatArray:
    """Return which share of pieces lies on the same side of the line from p to q as a corner."""

    def side(x: FloatArray | int, y: FloatArray | int) -> FloatArray:
        found: FloatArray = (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])
        return found

    there = np.sign(side(*corner))
    start, end = side(at[0], at[1]) * there, side(at[2], at[3]) * there
    swing = np.abs(start - end)
    most = np.maximum(np.maximum(start, end), 0.0)
    mixed = (start > 0) != (end > 0)
    share: FloatArray = np.where(
        mixed, most / np.where(swing > 0, swing, 1.0), (start > 0).astype(np.float64)
    )
    return share
