"""
Polygons around reached streets: a picture of a service area, on a grid.

A grid's corners take their distance to the nearest reached street and to the nearest street that is not
reached; the polygon is drawn where the first is within the corridor and less than the second. Grids of
all polygons lie on one lattice, and more reached streets only ever bring a corner closer to them and
farther from the rest, so that the polygon of a longer walk contains that of a shorter one, vertex by
vertex. Every grid cell that a reached street runs through is taken in whole: no reached metre is outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from contourpy import FillType, contour_generator

from geoplan.network.graph import BoolArray, FloatArray, IntArray

__all__ = ["CELL_M", "CORRIDOR_M", "Corridor", "corridor_polygons"]

CELL_M = 10.0
"""Size of a grid cell [m]."""
CORRIDOR_M = 40.0
"""How far a polygon extends beside a reached street [m]."""

_REACH = CORRIDOR_M / CELL_M
_MARGIN = 16
"""Cells around the reached streets in which streets still shape the polygon: twice the corridor and more."""
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
_CHUNK = 512

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


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Parts of segments, each within one grid cell; in cells, from the grid's origin."""

    x: FloatArray
    y: FloatArray
    dx: FloatArray
    dy: FloatArray
    column: IntArray
    row: IntArray
    band: IntArray

    @property
    def metres(self) -> FloatArray:
        return np.hypot(self.dx, self.dy) * CELL_M

    def only(self, kept: BoolArray | IntArray) -> _Pieces:
        return _Pieces(
            self.x[kept],
            self.y[kept],
            self.dx[kept],
            self.dy[kept],
            self.column[kept],
            self.row[kept],
            self.band[kept],
        )


def corridor_polygons(
    segments: FloatArray,
    band: IntArray,
    *,
    bands: int,
    keep_off: bool = True,
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
    pieces = _split(*_in_window(local, band, columns, rows))
    pieces = pieces.only(_near_reached(pieces, bands, columns, rows))
    squared = _splat(pieces, bands + 2, columns, rows)[:, _BRIM:-_BRIM, _BRIM:-_BRIM]
    pieces, origin = _off_the_brim(pieces, columns, rows), origin + _BRIM
    found = []
    for number in range(bands):
        field = _field(squared, pieces, number, bands, keep_off=keep_off)
        polygon = _outline(field, origin)
        found.append(_measured(polygon, field, pieces, number))
    return found


def _in_window(local: FloatArray, band: IntArray, columns: int, rows: int) -> tuple[FloatArray, IntArray]:
    """Return the segments that touch the grid."""
    low = np.minimum(local[:, :2], local[:, 2:])
    high = np.maximum(local[:, :2], local[:, 2:])
    kept = (high >= 0).all(axis=1) & (low[:, 0] < columns - 1) & (low[:, 1] < rows - 1)
    return local[kept], band[kept]


def _split(segments: FloatArray, band: IntArray) -> _Pieces:
    """Split segments where they cross from one grid cell into the next."""
    number = [np.arange(len(segments)), np.arange(len(segments))]
    share = [np.zeros(len(segments)), np.ones(len(segments))]
    for axis in (0, 1):
        a, b = segments[:, axis], segments[:, axis + 2]
        low, high = np.floor(np.minimum(a, b)) + 1, np.ceil(np.maximum(a, b))
        count = np.maximum(high - low, 0).astype(np.int64)
        at = np.repeat(np.arange(len(a)), count)
        line = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + low[at]
        number.append(at)
        share.append((line - a[at]) / (b[at] - a[at]))
    numbers, shares = np.concatenate(number), np.clip(np.concatenate(share), 0.0, 1.0)
    order = np.argsort(numbers * 2.0 + shares)
    numbers, shares = numbers[order], shares[order]
    here = np.flatnonzero((np.diff(numbers) == 0) & (np.diff(shares) > 0))
    one, low, high = segments[numbers[here]], shares[here], shares[here + 1]
    wide, tall = one[:, 2] - one[:, 0], one[:, 3] - one[:, 1]
    middle = (low + high) / 2
    return _Pieces(
        x=one[:, 0] + wide * low,
        y=one[:, 1] + tall * low,
        dx=wide * (high - low),
        dy=tall * (high - low),
        column=np.floor(one[:, 0] + wide * middle).astype(np.int64),
        row=np.floor(one[:, 1] + tall * middle).astype(np.int64),
        band=band[numbers[here]],
    )


def _near_reached(pieces: _Pieces, bands: int, columns: int, rows: int) -> BoolArray:
    """Tell which pieces are in the grid and near enough to a reached street to matter."""
    low, beyond = int(_REACH) + 1, int(_REACH) + 2
    inside = (pieces.column >= low) & (pieces.column < columns - beyond)
    inside &= (pieces.row >= low) & (pieces.row < rows - beyond)
    # blocks as wide as the corridor: what is more than two of them away is nowhere the nearer one
    column, row = pieces.column // low, pieces.row // low
    near = np.zeros((rows // low + 1, columns // low + 1), bool)
    own = inside & (pieces.band < bands)
    near[row[own], column[own]] = True
    for _ in range(2):
        near[1:] |= near[:-1].copy()
        near[:-1] |= near[1:].copy()
        near[:, 1:] |= near[:, :-1].copy()
        near[:, :-1] |= near[:, 1:].copy()
    inside[inside] = near[row[inside], column[inside]]
    return inside


def _off_the_brim(pieces: _Pieces, columns: int, rows: int) -> _Pieces:
    """Return the pieces that are not in the brim, from the origin of what is left without it."""
    last_column, last_row = columns - _BRIM - 1, rows - _BRIM - 1
    kept = pieces.only(
        (pieces.column >= _BRIM)
        & (pieces.row >= _BRIM)
        & (pieces.column < last_column)
        & (pieces.row < last_row)
    )
    return _Pieces(
        kept.x - _BRIM,
        kept.y - _BRIM,
        kept.dx,
        kept.dy,
        kept.column - _BRIM,
        kept.row - _BRIM,
        kept.band,
    )


def _stencil() -> tuple[IntArray, IntArray]:
    """Return columns and rows of the corners around a cell up to a cell beyond the corridor."""
    side = np.arange(-int(_REACH) - 1, int(_REACH) + 3)
    column, row = (axis.ravel() for axis in np.meshgrid(side, side))
    beyond = [np.maximum(np.maximum(-axis, axis - 1), 0) for axis in (column, row)]
    near = beyond[0] ** 2 + beyond[1] ** 2 <= (_REACH + 1) ** 2
    return column[near], row[near]


def _splat(pieces: _Pieces, bands: int, columns: int, rows: int) -> Float32Array:
    """Return for every band and corner the squared distance to the nearest piece, in cells."""
    squared = np.full(bands * rows * columns, np.inf, np.float32)
    column, row = _stencil()
    offset = (row * columns + column)[:, None]
    at_x, at_y = column.astype(np.float32)[:, None], row.astype(np.float32)[:, None]
    corner = (pieces.band * rows + pieces.row) * columns + pieces.column
    # in the cell's own frame, where 32 bits are exact to a micrometre
    x, y = ((p - c).astype(np.float32) for p, c in ((pieces.x, pieces.column), (pieces.y, pieces.row)))
    dx, dy = pieces.dx.astype(np.float32), pieces.dy.astype(np.float32)
    length = np.maximum(dx * dx + dy * dy, np.float32(1e-20))
    for start in range(0, len(x), _CHUNK):
        these = slice(start, start + _CHUNK)
        # corners down, pieces across: numpy is fast along long rows
        east, north = at_x - x[these], at_y - y[these]
        wide, tall = dx[these], dy[these]
        along = east * (wide / length[these])
        along += north * (tall / length[these])
        np.clip(along, 0.0, 1.0, out=along)
        east -= along * wide
        north -= along * tall
        east *= east
        north *= north
        east += north
        np.minimum.at(squared, (corner[these] + offset).ravel(), east.ravel())
    return squared.reshape(bands, rows, columns)


def _field(
    squared: Float32Array, pieces: _Pieces, number: int, bands: int, *, keep_off: bool
) -> Float32Array:
    """Return how far each corner is outside the polygon of a limit (inside: negative), in cells."""
    near = np.sqrt(squared[: number + 1].min(axis=0))
    edge = near - np.float32(_REACH)
    if keep_off:
        far = np.sqrt(squared[number + 1 : bands + 1].min(axis=0))
        with np.errstate(invalid="ignore"):
            nearer = np.nan_to_num(near - far, nan=np.inf)
        own = _corners_of(pieces.only(pieces.band <= number), near.shape)
        np.minimum(nearer, near - np.float32(_GUARD), out=nearer, where=own)
        np.maximum(edge, nearer, out=edge)
    if (pieces.band > bands).any():
        with np.errstate(invalid="ignore"):
            disputed = np.nan_to_num(near - np.sqrt(squared[bands + 1]), nan=np.inf)
        # never a corner for both: on equal terms it is nobody's
        np.maximum(edge, disputed + np.float32(_LEAST), out=edge)
    edge = np.clip(edge, -_MOST, _MOST)
    field: Float32Array = np.where(edge <= 0, np.minimum(edge, -_LEAST), np.maximum(edge, _LEAST))
    return field.astype(np.float32, copy=False)


def _corners_of(pieces: _Pieces, shape: tuple[int, ...]) -> BoolArray:
    """Mark the corners of the cells in which pieces lie."""
    marked = np.zeros(shape, bool)
    for east in (0, 1):
        for north in (0, 1):
            marked[pieces.row + north, pieces.column + east] = True
    return marked


def _outline(field: Float32Array, origin: IntArray) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the polygon where the field is negative."""
    lines = contour_generator(z=field, fill_type=FillType.OuterOffset).filled(-10 * _MOST, 0.0)
    outers: list[FloatArray] = [np.asarray(points) for points in lines[0]]
    rings: list[IntArray] = [np.asarray(offsets, np.int64) for offsets in lines[1]]
    if not outers:
        return shapely.Polygon()
    # first to the lattice, then to metres: both steps are exact
    xy = (np.rint(np.concatenate(outers) * _TICKS) / _TICKS + origin) * CELL_M
    before = np.cumsum([0, *(len(one) for one in outers)])
    ring_at = np.concatenate([offsets[:-1] + start for offsets, start in zip(rings, before, strict=False)])
    ring_end = np.concatenate([offsets[1:] + start for offsets, start in zip(rings, before, strict=False)])
    polygon_of = np.repeat(np.arange(len(outers)), [len(offsets) - 1 for offsets in rings])
    count = ring_end - ring_at
    vertex = np.repeat(ring_at - np.cumsum(count) + count, count) + np.arange(count.sum())
    ring = shapely.linearrings(xy[vertex], indices=np.repeat(np.arange(len(count)), count))
    polygons = shapely.polygons(ring, indices=polygon_of)
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _measured(
    polygon: shapely.Polygon | shapely.MultiPolygon, field: Float32Array, pieces: _Pieces, number: int
) -> Corridor:
    """Measure the streets on the wrong side of a polygon's outline."""
    corners = [field[pieces.row + north, pieces.column + east].astype(np.float64) for east, north in _CORNERS]
    share = (np.maximum.reduce(corners) < 0).astype(np.float64)
    cut = np.flatnonzero((share == 0) & (np.minimum.reduce(corners) < 0))
    share[cut] = _share_inside(pieces.only(cut), [z[cut] for z in corners])
    metres, reached = pieces.metres, pieces.band <= number
    missed = float((metres * (1 - share))[reached].sum())
    return Corridor(polygon, missed, float((metres * share)[~reached].sum()))


_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))
"""Corners of a cell, anticlockwise; side k leads from corner k to the next."""


def _share_inside(pieces: _Pieces, corners: list[FloatArray]) -> FloatArray:
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
