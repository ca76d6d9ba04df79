"""
Outlines of where a field on a grid is negative, by two engines with the same result: numba, and contourpy.

An outline joins points on the lattice's edges. It keeps the inside on its left, so that holes run clockwise;
where a cell has its inside at two opposite corners, the middle of the cell tells whether they hang together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from contourpy import FillType, contour_generator

from geoplan.network.graph import FloatArray, IntArray
from geoplan.network.kernels import compiled

__all__ = ["Rings", "trace", "trace_rings"]

Float32Array = npt.NDArray[np.float32]
_LOWEST = -1e6
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Rings:
    """
    Closed rings.

    Parameters
    ----------
    xy
        Vertices, columns and rows of the grid; the last of a ring is its first again.
    first
        Vertices of ring ``r`` are ``xy[first[r]:first[r + 1]]``.
    polygon
        Number of the polygon that each ring bounds; the first ring of a polygon is its outer one.
    """

    xy: FloatArray
    first: IntArray
    polygon: IntArray


def trace(field: Float32Array, ticks: int, *, numba: bool) -> Rings:
    """
    Return the rings around where a field is negative.

    Parameters
    ----------
    field
        Values at the grid's corners: row, column. Not negative at its rim, and nowhere so near to zero that
        a vertex would fall on a corner.
    ticks
        Vertices lie at whole parts of a cell's side, of which it has so many.
    numba
        Which engine.

    Returns
    -------
    Rings
        In the order of the lattice's edges, each from its lowest one.
    """
    if numba:
        return Rings(*compiled(trace_rings)(np.ascontiguousarray(field), ticks))
    lines = contour_generator(z=field, fill_type=FillType.OuterOffset).filled(_LOWEST, 0.0)
    polygons: list[FloatArray] = [np.asarray(points) for points in lines[0]]
    offsets: list[IntArray] = [np.asarray(some, np.int64) for some in lines[1]]
    if not polygons:
        return Rings(np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros(0, np.int64))
    before = np.cumsum([0, *(len(one) for one in polygons)])
    start = np.concatenate([some[:-1] + at for some, at in zip(offsets, before, strict=False)])
    polygon = np.repeat(np.arange(len(polygons)), [len(some) - 1 for some in offsets])
    return _in_order(field, ticks, np.concatenate(polygons), start, polygon)


def _in_order(
    field: Float32Array, ticks: int, points: FloatArray, start: IntArray, polygon: IntArray
) -> Rings:
    """Put contourpy's vertices to whole ticks, and rings and their starts into the order of the edges."""
    # whole numbers are so but for rounding; the other ones are far from whole
    upright, level = (np.abs(points - np.rint(points)) < _ROUNDING).T
    corner = np.where(np.column_stack([upright, level]), np.rint(points), np.floor(points)).astype(np.int64)
    column, row = corner.T
    a = field[row, column].astype(np.float64)
    b = field[row + upright, column + ~upright].astype(np.float64)
    part = np.rint(a / (a - b) * ticks) / ticks
    xy = corner + np.column_stack([np.where(upright, 0.0, part), np.where(upright, part, 0.0)])
    edge = 2 * (row * field.shape[1] + column) + upright
    count = np.diff(np.r_[start, len(points)])
    lowest = np.minimum.reduceat(edge, start)
    ring = np.repeat(np.arange(len(start)), count)
    # the vertex that closes the ring is the first again: of the two, the first
    begin = np.flatnonzero(edge == lowest[ring])
    begin = begin[np.r_[True, np.diff(ring[begin]) != 0]] - start
    outer = np.minimum.reduceat(lowest, np.flatnonzero(np.r_[True, np.diff(polygon) != 0]))
    order = np.argsort(lowest)
    first = np.r_[0, np.cumsum(count[order])]
    of = np.repeat(order, count[order])
    along = (np.arange(len(points)) - np.repeat(first[:-1], count[order]) + begin[of]) % (count[of] - 1)
    rank = np.empty(len(outer), np.int64)
    rank[np.argsort(outer)] = np.arange(len(outer))
    return Rings(xy[start[of] + along], first, rank[polygon[order]])


def trace_rings(field: Float32Array, ticks: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Follow every ring from its lowest edge, a loop for numba: vertices, first of each ring, polygons."""
    rows, columns = field.shape
    ring_of = np.full((rows, columns, 2), -1, np.int32)  # of the edge to the next column, to the next row
    xy = np.empty((3 * rows * columns, 2))
    first, polygon = np.zeros(rows * columns + 1, np.int64), np.empty(rows * columns, np.int64)
    corner = np.empty(4)
    rings = polygons = found = 0
    for start_row in range(rows - 1):
        for start_column in range(columns):
            hole = field[start_row, start_column] < 0
            if (field[start_row + 1, start_column] < 0) == hole:
                continue
            if ring_of[start_row, start_column, 1] >= 0:
                continue
            if hole:
                # the ring next to the left bounds the same ground, and is known already
                left = start_column
                while field[start_row, left - 1] < 0:
                    left -= 1
                polygon[rings] = polygon[ring_of[start_row, left - 1, 0]]
            else:
                polygon[rings] = polygons
                polygons += 1
            row, column, upright = start_row, start_column, 1
            while ring_of[row, column, upright] < 0:
                ring_of[row, column, upright] = rings
                a, b = np.float64(field[row, column]), np.float64(field[row + upright, column + 1 - upright])
                part = np.rint(a / (a - b) * ticks) / ticks
                xy[found, 0] = column + (0.0 if upright == 1 else part)
                xy[found, 1] = row + (part if upright == 1 else 0.0)
                found += 1
                # the cell ahead, and the side by which it is entered: below 0, right 1, above 2, left 3
                if upright == 1:
                    side = 1 if a < 0 else 3
                    column -= 1 if a < 0 else 0
                else:
                    side = 0 if a < 0 else 2
                    row -= 0 if a < 0 else 1
                corner[0], corner[1] = field[row, column], field[row, column + 1]
                corner[2], corner[3] = field[row + 1, column + 1], field[row + 1, column]
                ahead_right, ahead_left = corner[(side + 2) % 4] < 0, corner[(side + 3) % 4] < 0
                if ahead_left:
                    side += 1 if ahead_right else 2
                elif ahead_right and corner[0] + corner[1] + corner[2] + corner[3] <= 0:
                    side += 1
                else:
                    side += 3
                side %= 4
                upright = side % 2
                row += 1 if side == 2 else 0
                column += 1 if side == 1 else 0
            xy[found] = xy[first[rings]]
            found += 1
            rings += 1
            first[rings] = found
    return xy[:found], first[: rings + 1], polygon[:rings]
