"""
Squared distances on a grid: how far its corners are from the nearest street of each band.

By two engines with the same result, bit for bit: loops that numba compiles, and numpy. Segments are split
into pieces, each within one cell; runs of pieces of one segment, a few cells long, bring the corners around
them closer, in 32 bits and in the frame of their own cell. Whatever is beyond the reach counts as just there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.network.graph import BoolArray, FloatArray, IntArray
from geoplan.network.kernels import compiled

__all__ = ["RIM", "Pieces", "splat", "splat_runs", "split", "split_segments"]

Float32Array = npt.NDArray[np.float32]

RIM = 6
"""Cells around a piece whose corners it may bring closer; pieces must be as far from the grid's rim."""

_RUN = 16
"""Pieces that are measured as one: 32 bits are then exact to a tenth of a millimetre."""
_CELLS = np.array([1, 3, 7, 15])
"""Runs are as wide, and as high, as one of these or less: numpy takes those of one size together."""
_AT_ONCE = 1 << 16
_LEAST_SQUARED = np.float32(1e-20)
"""Keeps a run of no length from dividing by zero."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """
    Parts of segments, each within one grid cell.

    Parameters
    ----------
    x, y, dx, dy
        Start and way to the end, in cells from the grid's origin.
    column, row
        The cell.
    segment
        Number of the segment, ascending; along it from its start.
    number
        Number of the piece among all of all segments: a gap tells that one was left out.
    band
        Band of the segment.
    """

    x: FloatArray
    y: FloatArray
    dx: FloatArray
    dy: FloatArray
    column: IntArray
    row: IntArray
    segment: IntArray
    number: IntArray
    band: IntArray

    def only(self, kept: BoolArray | IntArray) -> Pieces:
        """Return some of the pieces; a mask, or their numbers."""
        if kept.dtype == bool:
            if kept.all():
                return self
            kept = np.flatnonzero(kept)
        return Pieces(
            self.x[kept], self.y[kept], self.dx[kept], self.dy[kept], self.column[kept], self.row[kept],
            self.segment[kept], self.number[kept], self.band[kept],
        )  # fmt: skip


def split(segments: FloatArray, band: IntArray, *, numba: bool) -> Pieces:
    """
    Split segments where they cross from one grid cell into the next.

    Parameters
    ----------
    segments
        A row each: x, y of the start, x, y of the end, in cells.
    band
        Band of each segment.
    numba
        Which engine.

    Returns
    -------
    Pieces
        A segment of no length is one piece.
    """
    if numba:
        x, y, dx, dy, column, row, segment = compiled(split_segments)(np.ascontiguousarray(segments))
    else:
        x, y, dx, dy, column, row, segment = _split_by_numpy(segments)
    return Pieces(x, y, dx, dy, column, row, segment, np.arange(len(x)), band[segment])


_Split = tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray, IntArray, IntArray]


def _split_by_numpy(segments: FloatArray) -> _Split:
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
    order = np.lexsort((shares, numbers))
    numbers, shares = numbers[order], shares[order]
    here = np.flatnonzero((np.diff(numbers) == 0) & (np.diff(shares) > 0))
    segment = numbers[here]
    one, low, high = segments[segment], shares[here], shares[here + 1]
    wide, tall = one[:, 2] - one[:, 0], one[:, 3] - one[:, 1]
    middle = (low + high) / 2
    return (
        one[:, 0] + wide * low,
        one[:, 1] + tall * low,
        wide * (high - low),
        tall * (high - low),
        np.floor(one[:, 0] + wide * middle).astype(np.int64),
        np.floor(one[:, 1] + tall * middle).astype(np.int64),
        segment,
    )


def split_segments(segments: FloatArray) -> _Split:
    """Split segments into pieces, a loop for numba; the result is that of numpy."""
    most = 0
    for s in range(len(segments)):
        most += 1
        for axis in range(2):
            a, b = segments[s, axis], segments[s, axis + 2]
            most += max(int(np.ceil(max(a, b)) - np.floor(min(a, b))) - 1, 0)
    x, y, dx, dy = np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    column, row, segment = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    found = 0
    for s in range(len(segments)):
        ax, ay, bx, by = segments[s, 0], segments[s, 1], segments[s, 2], segments[s, 3]
        wide, tall = bx - ax, by - ay
        # the lines crossed, in the order of the way: both ways lead towards greater shares
        in_x = max(int(np.ceil(max(ax, bx)) - np.floor(min(ax, bx))) - 1, 0)
        in_y = max(int(np.ceil(max(ay, by)) - np.floor(min(ay, by))) - 1, 0)
        line_x = np.floor(ax) + 1 if bx > ax else np.ceil(ax) - 1
        line_y = np.floor(ay) + 1 if by > ay else np.ceil(ay) - 1
        step_x, step_y = (1.0 if bx > ax else -1.0), (1.0 if by > ay else -1.0)
        low = 0.0
        for _ in range(in_x + in_y + 1):
            next_x = (line_x - ax) / wide if in_x > 0 else 2.0
            next_y = (line_y - ay) / tall if in_y > 0 else 2.0
            if in_x > 0 and next_x <= next_y:
                high = next_x
                line_x += step_x
                in_x -= 1
            elif in_y > 0:
                high = next_y
                line_y += step_y
                in_y -= 1
            else:
                high = 1.0
            high = min(max(high, 0.0), 1.0)
            if high > low:
                middle = (low + high) / 2
                x[found], y[found] = ax + wide * low, ay + tall * low
                dx[found], dy[found] = wide * (high - low), tall * (high - low)
                column[found] = int(np.floor(ax + wide * middle))
                row[found] = int(np.floor(ay + tall * middle))
                segment[found] = s
                found += 1
                low = high
    return x[:found], y[:found], dx[:found], dy[:found], column[:found], row[:found], segment[:found]


def splat(pieces: Pieces, bands: int, columns: int, rows: int, *, reach: float, numba: bool) -> Float32Array:
    """
    Return for every band and corner the squared distance to the nearest piece.

    Parameters
    ----------
    pieces
        At least `RIM` cells from the grid's rim.
    bands, columns, rows
        Number of bands, and of the corners across and up.
    reach
        Farther pieces count as this far; less than `RIM` [cells].
    numba
        Which engine.

    Returns
    -------
    Array of shape (bands, rows, columns).
    """
    far = np.float32(reach * reach)
    if numba:
        squared = np.full((bands, rows, columns), far, np.float32)
        compiled(splat_runs)(
            pieces.x, pieces.y, pieces.dx, pieces.dy, pieces.column, pieces.row, pieces.segment,
            pieces.number, pieces.band, _RUN, RIM, _LEAST_SQUARED, squared,
        )  # fmt: skip
        return squared
    # runs are taken for wider than they are: room for the difference
    spare = int(_CELLS[-1])
    room = np.full((bands, rows + spare, columns + spare), far, np.float32)
    _splat_by_numpy(pieces, room)
    return room[:, :rows, :columns]


def _splat_by_numpy(pieces: Pieces, squared: Float32Array) -> None:
    first, last = _runs(pieces)
    column = np.minimum(pieces.column[first], pieces.column[last])
    row = np.minimum(pieces.row[first], pieces.row[last])
    size = np.searchsorted(_CELLS, np.abs(pieces.column[first] - pieces.column[last])) * len(_CELLS)
    size += np.searchsorted(_CELLS, np.abs(pieces.row[first] - pieces.row[last]))
    # in the cell's own frame, where 32 bits are exact to a micrometre
    x, y = (pieces.x[first] - column).astype(np.float32), (pieces.y[first] - row).astype(np.float32)
    wide = (pieces.x[last] + pieces.dx[last] - pieces.x[first]).astype(np.float32)
    tall = (pieces.y[last] + pieces.dy[last] - pieces.y[first]).astype(np.float32)
    length = np.maximum(wide * wide + tall * tall, _LEAST_SQUARED)
    slope_x, slope_y = wide / length, tall / length
    rows, columns = squared.shape[1:]
    corner = (pieces.band[first] * rows + row) * columns + column
    flat = squared.reshape(-1)
    for one in np.unique(size):
        at_x, at_y = _corners_around(int(_CELLS[one // len(_CELLS)]), int(_CELLS[one % len(_CELLS)]))
        offset = (at_y * columns + at_x)[:, None]
        east_of, north_of = at_x.astype(np.float32)[:, None], at_y.astype(np.float32)[:, None]
        same, step = np.flatnonzero(size == one), max(1, _AT_ONCE // len(at_x))
        for start in range(0, len(same), step):
            these = same[start : start + step]
            # corners down, runs across: numpy is fast along long rows
            east, north = east_of - x[these], north_of - y[these]
            along = east * slope_x[these]
            along += north * slope_y[these]
            np.clip(along, 0.0, 1.0, out=along)
            east -= along * wide[these]
            north -= along * tall[these]
            east *= east
            north *= north
            east += north
            np.minimum.at(flat, (corner[these] + offset).ravel(), east.ravel())


def _runs(pieces: Pieces) -> tuple[IntArray, IntArray]:
    """Return first and last piece of runs: of one segment, none left out between, `_RUN` at most."""
    new = np.ones(len(pieces.x), bool)
    new[1:] = (np.diff(pieces.segment) != 0) | (np.diff(pieces.number) != 1)
    at = np.arange(len(new))
    new |= (at - np.maximum.accumulate(np.where(new, at, 0))) % _RUN == 0
    first = np.flatnonzero(new)
    return first, np.r_[first[1:], len(new)][: len(first)] - 1


def _corners_around(wide: int, tall: int) -> tuple[IntArray, IntArray]:
    """Return columns and rows of the corners around cells, ``wide`` and ``tall`` more than one."""
    sides = np.arange(1 - RIM, wide + RIM + 1), np.arange(1 - RIM, tall + RIM + 1)
    column, row = (axis.ravel() for axis in np.meshgrid(*sides))
    return column, row


def splat_runs(
    x: FloatArray, y: FloatArray, dx: FloatArray, dy: FloatArray,
    column: IntArray, row: IntArray, segment: IntArray, number: IntArray, band: IntArray,
    most: int, rim: int, least_squared: np.float32, squared: Float32Array,
) -> None:  # fmt: skip
    """Bring the corners around runs of pieces closer, a loop for numba; the result is that of numpy."""
    zero, one = np.float32(0.0), np.float32(1.0)
    first = 0
    while first < len(x):
        last = first
        while (
            last + 1 < len(x)
            and last + 1 - first < most
            and segment[last + 1] == segment[first]
            and number[last + 1] == number[last] + 1
        ):
            last += 1
        low_column, high_column = min(column[first], column[last]), max(column[first], column[last])
        low_row, high_row = min(row[first], row[last]), max(row[first], row[last])
        from_x, from_y = np.float32(x[first] - low_column), np.float32(y[first] - low_row)
        wide = np.float32(x[last] + dx[last] - x[first])
        tall = np.float32(y[last] + dy[last] - y[first])
        length = max(wide * wide + tall * tall, least_squared)
        slope_x, slope_y = wide / length, tall / length
        corners = high_column - low_column + 2 * rim
        for at_row in range(low_row + 1 - rim, high_row + rim + 1):
            north = np.float32(at_row - low_row) - from_y
            part = north * slope_y
            line = squared[band[first], at_row, low_column + 1 - rim :]
            for c in range(corners):
                east = np.float32(np.int32(c + 1 - rim)) - from_x
                along = east * slope_x + part
                along = zero if along < zero else along
                along = one if along > one else along
                off_x, off_y = east - along * wide, north - along * tall
                found = off_x * off_x + off_y * off_y
                line[c] = found if found < line[c] else line[c]
        first = last + 1
