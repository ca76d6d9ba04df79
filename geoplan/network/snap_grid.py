"""
Nearest edges for many points at once: a grid of square cells over the street segments, searched in rings.

The search is compiled by numba where that is installed. It uses the formulas of GEOS, in its order of
operations; where two streets are so nearly equally far that rounding could choose between them, it says
so, and the caller asks GEOS itself. The result is therefore that of GEOS, whatever the machine.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import shapely

from geoplan._optional import import_extra
from geoplan.network.graph import FloatArray, IntArray, WalkNetwork
from geoplan.network.threads import in_threads, worker_count

__all__ = [
    "DOUBT_M",
    "GridHits",
    "SegmentGrid",
    "nearest_by_grid",
    "numba_state",
    "segment_grid",
]

DOUBT_M = 1e-6
"""Two edges whose distances differ by less [m] are told apart by GEOS."""

_CELL_M = 50.0
_CELLS_PER_SEGMENT = 8
"""Cells are widened until there are at most so many for each segment."""

_POINTS_A_JOB = 1 << 13
"""Points that a thread searches at once; each is searched for itself."""

_FAR_CELLS = 1e9
"""Points farther away than so many cells are left to GEOS: their cell has no number."""


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """
    The segments of the edges people can step onto, and which of them touch each cell.

    Parameters
    ----------
    ax, ay, bx, by
        Ends of each segment [m], in the direction of its edge. Segments lie cell by cell in memory.
    edge
        Edge of each segment.
    rank
        Number of the segment in the order of edges, then along the edge.
    start_m
        Length of the edge before the segment [m].
    x0, y0, cell_m, columns, rows
        The grid.
    first, entry
        Segments of cell ``c`` are ``entry[first[c]:first[c + 1]]``.
    """

    ax: FloatArray
    ay: FloatArray
    bx: FloatArray
    by: FloatArray
    edge: IntArray
    rank: IntArray
    start_m: FloatArray
    x0: float
    y0: float
    cell_m: float
    columns: int
    rows: int
    first: IntArray
    entry: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class GridHits:
    """
    What the grid search found for each point.

    Parameters
    ----------
    edge
        Nearest edge, -1 if there is none within the cap.
    offset_m, snap_m
        As in `geoplan.network.snap.snap_points`.
    doubtful
        True where rounding could decide; the other fields then say nothing.
    """

    edge: IntArray
    offset_m: FloatArray
    snap_m: FloatArray
    doubtful: npt.NDArray[np.bool_]


_GRIDS: WeakKeyDictionary[WalkNetwork, SegmentGrid] = WeakKeyDictionary()


def numba_state() -> Literal["loaded", "installed", "absent"]:
    """Tell whether numba is loaded, or could be."""
    if "numba" in sys.modules:
        return "loaded"
    return "absent" if importlib.util.find_spec("numba") is None else "installed"


def segment_grid(network: WalkNetwork) -> SegmentGrid:
    """Return the grid of a network; it is made once and kept while the network lives."""
    if network not in _GRIDS:
        _GRIDS[network] = _make_grid(network)
    return _GRIDS[network]


def nearest_by_grid(
    network: WalkNetwork, xy: FloatArray, *, max_snap_m: float, compiled: bool = True
) -> GridHits:
    """
    Find the nearest enterable edge of each point.

    Parameters
    ----------
    network
        The network.
    xy
        Finite coordinates, an array of shape (points, 2) [m].
    max_snap_m
        Cap, inclusive [m].
    compiled
        False runs the same search in plain Python, for tests.

    Returns
    -------
    GridHits
        One entry a point.
    """
    hits = GridHits(
        edge=np.full(len(xy), -1, np.int64),
        offset_m=np.zeros(len(xy)),
        snap_m=np.full(len(xy), np.nan),
        doubtful=np.zeros(len(xy), np.bool_),
    )
    if not len(xy) or not len(network.enterable_edges):
        return hits
    grid = segment_grid(network)
    search = _compiled(_search) if compiled else _search
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])

    def work(numbers: range) -> None:
        for number in numbers:
            some = slice(number * _POINTS_A_JOB, (number + 1) * _POINTS_A_JOB)
            search(
                x[some], y[some], float(max_snap_m), DOUBT_M,
                grid.ax, grid.ay, grid.bx, grid.by, grid.edge, grid.rank, grid.start_m,
                grid.x0, grid.y0, grid.cell_m, grid.columns, grid.rows, grid.first, grid.entry,
                hits.edge[some], hits.offset_m[some], hits.snap_m[some], hits.doubtful[some],
            )  # fmt: skip

    in_threads(work, -(-len(xy) // _POINTS_A_JOB), worker_count())
    return hits


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    numba = import_extra("numba", extra="fast")
    made: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    return made


def _make_grid(network: WalkNetwork) -> SegmentGrid:
    edges = network.enterable_edges
    xy, line = shapely.get_coordinates(network.edge_geometry[edges], return_index=True)
    at = np.flatnonzero(line[1:] == line[:-1])
    a, b = xy[at], xy[at + 1]
    low, high = np.minimum(a, b), np.maximum(a, b)
    x0, y0 = low.min(axis=0)
    cell_m, columns, rows = _cell_size(*(high.max(axis=0) - low.min(axis=0)), segments=len(at))
    middle = np.floor(((a + b) / 2 - (x0, y0)) / cell_m).astype(np.int64)
    order = np.argsort(middle[:, 1] * columns + middle[:, 0], kind="stable")
    first, entry = _cells_of(a[order], b[order], x0, y0, cell_m, columns, rows)
    return SegmentGrid(
        ax=np.ascontiguousarray(a[order, 0]),
        ay=np.ascontiguousarray(a[order, 1]),
        bx=np.ascontiguousarray(b[order, 0]),
        by=np.ascontiguousarray(b[order, 1]),
        edge=edges[line[at]][order],
        rank=order,
        start_m=_lengths_before(a, b, line[at])[order],
        x0=float(x0),
        y0=float(y0),
        cell_m=cell_m,
        columns=columns,
        rows=rows,
        first=first,
        entry=entry,
    )


def _cell_size(width: float, height: float, *, segments: int) -> tuple[float, int, int]:
    """Return cell size [m], columns and rows, so that a stray street far away does not cost the memory."""
    cell_m = _CELL_M
    while True:
        columns, rows = int(width // cell_m) + 1, int(height // cell_m) + 1
        if columns * rows <= _CELLS_PER_SEGMENT * segments + 64:
            return cell_m, columns, rows
        cell_m *= 2


def _lengths_before(a: FloatArray, b: FloatArray, line: IntArray) -> FloatArray:
    """Return the length of each line before each of its segments, summed up from its start as GEOS does."""
    length = np.sqrt((b[:, 0] - a[:, 0]) ** 2 + (b[:, 1] - a[:, 1]) ** 2)
    starts = np.flatnonzero(np.r_[True, line[1:] != line[:-1]])
    within = np.arange(len(line)) - np.repeat(starts, np.diff(np.r_[starts, len(line)]))
    before = np.zeros(len(line))
    # one step along all lines at once: the sums are those of a loop over each line, to the last bit
    by_step = np.argsort(within, kind="stable")
    cuts = np.searchsorted(within[by_step], np.arange(1, within.max(initial=0) + 2))
    for low, high in pairwise(cuts.tolist()):
        here = by_step[low:high]
        before[here] = before[here - 1] + length[here - 1]
    return before


def _cells_of(
    a: FloatArray, b: FloatArray, x0: float, y0: float, cell_m: float, columns: int, rows: int
) -> tuple[IntArray, npt.NDArray[np.int32]]:
    """Return for each cell the segments that touch it, as ``first`` and ``entry``."""
    pad = DOUBT_M
    low_row = np.clip(((np.minimum(a[:, 1], b[:, 1]) - pad - y0) // cell_m).astype(np.int64), 0, rows - 1)
    high_row = np.clip(((np.maximum(a[:, 1], b[:, 1]) + pad - y0) // cell_m).astype(np.int64), 0, rows - 1)
    segment, row = _expand(low_row, high_row)
    start, step = a[segment], (b - a)[segment]
    with np.errstate(divide="ignore", invalid="ignore"):
        enter = (y0 + row * cell_m - pad - start[:, 1]) / step[:, 1]
        leave = (y0 + (row + 1) * cell_m + pad - start[:, 1]) / step[:, 1]
    flat = np.abs(step[:, 1]) < cell_m / 1e6
    low = np.where(flat, 0.0, np.clip(np.fmin(enter, leave), 0, 1))
    high = np.where(flat, 1.0, np.clip(np.fmax(enter, leave), 0, 1))
    ends = start[:, 0] + low * step[:, 0], start[:, 0] + high * step[:, 0]
    low_column = ((np.minimum(*ends) - pad - x0) // cell_m).astype(np.int64)
    high_column = ((np.maximum(*ends) + pad - x0) // cell_m).astype(np.int64)
    which, column = _expand(np.clip(low_column, 0, columns - 1), np.clip(high_column, 0, columns - 1))
    cell = row[which] * columns + column
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], np.arange(columns * rows + 1))
    return first, segment[which][order].astype(np.int32)


def _expand(low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
    """Return every (row, value) with ``low[row] <= value <= high[row]``."""
    count = high - low + 1
    which = np.repeat(np.arange(len(low)), count)
    return which, low[which] + np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)


def _search(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    px: FloatArray, py: FloatArray, cap: float, doubt: float,
    ax: FloatArray, ay: FloatArray, bx: FloatArray, by: FloatArray,
    seg_edge: IntArray, seg_rank: IntArray, seg_start: FloatArray,
    x0: float, y0: float, cell: float, columns: int, rows: int,
    first: IntArray, entry: npt.NDArray[np.int32],
    edge: IntArray, offset: FloatArray, snap: FloatArray, doubtful: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    for p in range(len(px)):
        x, y = px[p], py[p]
        if not (abs(x - x0) < _FAR_CELLS * cell and abs(y - y0) < _FAR_CELLS * cell):
            doubtful[p] = True
            continue
        column, row = math.floor((x - x0) / cell), math.floor((y - y0) / cell)
        nearest_ring = max(0, -column, column - columns + 1, -row, row - rows + 1)
        last_ring = max(column, columns - 1 - column, row, rows - 1 - row)
        best = math.inf
        best_seg = -1
        best_x, best_y = math.nan, math.nan  # the vertex met; not a number between two vertices
        unsure = False
        reach = cap + doubt
        for ring in range(nearest_ring, last_ring + 1):
            if ring > 0:
                left, right = x - (x0 + (column - ring + 1) * cell), x0 + (column + ring) * cell - x
                below, above = y - (y0 + (row - ring + 1) * cell), y0 + (row + ring) * cell - y
                if min(left, right, below, above) - doubt > reach:
                    break
            for at_row in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                whole = ring == 0 or at_row in (row - ring, row + ring)
                step = 1 if whole else 2 * ring
                for at_column in range(column - ring, column + ring + 1, step):
                    if at_column < 0 or at_column >= columns:
                        continue
                    far_x = max(x0 + at_column * cell - x, x - (x0 + (at_column + 1) * cell), 0.0)
                    far_y = max(y0 + at_row * cell - y, y - (y0 + (at_row + 1) * cell), 0.0)
                    if far_x - doubt > reach or far_y - doubt > reach:
                        continue
                    here = at_row * columns + at_column
                    for at in range(first[here], first[here + 1]):
                        s = entry[at]
                        dx, dy = bx[s] - ax[s], by[s] - ay[s]
                        ux, uy = x - ax[s], y - ay[s]
                        long2 = dx * dx + dy * dy
                        share = (ux * dx + uy * dy) / long2 if long2 > 0 else 0.0
                        held = min(max(share, 0.0), 1.0)
                        wx, wy = ux - held * dx, uy - held * dy
                        if wx * wx + wy * wy > (reach + doubt) * (reach + doubt):
                            continue
                        vx, vy = math.nan, math.nan
                        if share <= 0.0:
                            vx, vy = ax[s], ay[s]
                            d = math.sqrt(ux * ux + uy * uy)
                        elif share >= 1.0:
                            vx, vy = bx[s], by[s]
                            d = math.sqrt((x - vx) * (x - vx) + (y - vy) * (y - vy))
                        else:
                            d = abs(((ay[s] - y) * dx - (ax[s] - x) * dy) / long2) * math.sqrt(long2)
                        if d < best - doubt:
                            unsure = False
                        elif abs(d - best) <= doubt and s != best_seg and not (vx == best_x and vy == best_y):
                            unsure = True
                        lower = best_seg >= 0 and seg_rank[s] < seg_rank[best_seg]
                        if d < best or (d == best and lower):
                            best, best_seg, best_x, best_y = d, s, vx, vy
                            reach = min(cap, best) + doubt
        if best_seg < 0:
            continue
        doubtful[p] = unsure or abs(best - cap) <= doubt
        if best > cap:
            continue
        s = best_seg
        edge[p], snap[p] = seg_edge[s], best
        dx, dy = bx[s] - ax[s], by[s] - ay[s]
        long2 = dx * dx + dy * dy
        share = ((x - ax[s]) * dx + (y - ay[s]) * dy) / long2 if long2 > 0 else 0.0
        if (x == bx[s] and y == by[s]) or share > 1.0:
            share = 1.0
        elif share < 0.0:
            share = 0.0
        offset[p] = seg_start[s] + share * math.sqrt(long2)
