"""Edges that run along each other: streets drawn twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.graph import FloatArray, IntArray, WalkNetwork

__all__ = ["OVERLAP_M", "OVERLAP_OFFSET_M", "Overlaps", "find_overlaps"]

OVERLAP_OFFSET_M = 0.01
"""Two lines this near each other [m], the network's resolution, run along each other."""
OVERLAP_M = 1.0
"""Edges overlap if they run along each other for this long in all [m]."""

_STRETCH_M = 0.01
"""Shorter stretches [m] are the meeting of lines end to end."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """
    Pairs of edges that overlap, by number; an edge that comes back on itself is paired with itself.

    Parameters
    ----------
    edge, other
        The two edges, the lower number first.
    length_m
        How long they run along each other [m].
    point
        Middle of the longest stretch, an array of shape (pairs, 2).
    """

    edge: IntArray
    other: IntArray
    length_m: FloatArray
    point: FloatArray


def find_overlaps(network: WalkNetwork, level: npt.NDArray[np.object_]) -> Overlaps:
    """
    Find edges of one level that run along each other.

    Parameters
    ----------
    network
        The network.
    level
        Level of each edge (``ground``, ``bridge``, ``tunnel``): a bridge above a street is no overlap.

    Returns
    -------
    Overlaps
        By edge numbers.
    """
    xy, line = shapely.get_coordinates(network.edge_geometry, return_index=True)
    at = np.flatnonzero((line[1:] == line[:-1]) & (xy[1:] != xy[:-1]).any(axis=1))
    a, b, edge = xy[at], xy[at + 1], line[at]
    one, two = _neighbours(a, b)
    same = level[edge[one]] == level[edge[two]]
    one, two = one[same], two[same]
    low, high, origin, unit = _shared(a, b, one, two)
    long = high - low > _STRETCH_M
    middle = origin[long] + unit[long] * ((low + high) / 2)[long, None]
    first, second = edge[one[long]], edge[two[long]]
    length = (high - low)[long]
    return _by_pair(np.minimum(first, second), np.maximum(first, second), length, middle)


def _neighbours(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray]:
    """Return pairs of nearly parallel segments whose boxes come near each other, each pair once."""
    low = np.minimum(a, b) - OVERLAP_OFFSET_M / 2
    high = np.maximum(a, b) + OVERLAP_OFFSET_M / 2
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    one, two = shapely.STRtree(boxes).query(boxes)
    once = one < two
    return one[once], two[once]


def _shared(
    a: FloatArray, b: FloatArray, one: IntArray, two: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the stretch in which the shorter segment keeps near the longer: from, to, origin, direction."""
    length = np.hypot(*(b - a).T)
    swap = length[one] > length[two]
    short, base = np.where(swap, two, one), np.where(swap, one, two)
    origin = a[base]
    unit = (b[base] - origin) / length[base, None]
    start, stop = a[short] - origin, b[short] - origin
    x = np.column_stack([(start * unit).sum(axis=1), (stop * unit).sum(axis=1)])
    y = np.column_stack([_cross(unit, start), _cross(unit, stop)])
    swap_ends = x[:, 0] > x[:, 1]
    x[swap_ends], y[swap_ends] = x[swap_ends, ::-1], y[swap_ends, ::-1]
    low, high = np.maximum(x[:, 0], 0), np.minimum(x[:, 1], length[base])
    run, rise = x[:, 1] - x[:, 0], y[:, 1] - y[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        enter = x[:, 0] + (-OVERLAP_OFFSET_M - y[:, 0]) * run / rise
        leave = x[:, 0] + (OVERLAP_OFFSET_M - y[:, 0]) * run / rise
    level = np.abs(rise) < 1e-9
    beside = level & (np.abs(y[:, 0]) > OVERLAP_OFFSET_M)
    low = np.where(level, low, np.maximum(low, np.fmin(enter, leave)))
    high = np.where(level, high, np.minimum(high, np.fmax(enter, leave)))
    return low, np.where(beside, low, high), origin, unit


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    crossed: FloatArray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return crossed


def _by_pair(edge: IntArray, other: IntArray, length: FloatArray, middle: FloatArray) -> Overlaps:
    """Add up the stretches of each pair of edges; leave out pairs that share less than `OVERLAP_M`."""
    order = np.lexsort((middle[:, 1], middle[:, 0], -length, other, edge))
    edge, other, length, middle = edge[order], other[order], length[order], middle[order]
    first = np.flatnonzero(np.r_[True, (np.diff(edge) != 0) | (np.diff(other) != 0)]) if len(edge) else order
    total = np.add.reduceat(length, first) if len(edge) else length
    kept = total >= OVERLAP_M
    return Overlaps(edge[first][kept], other[first][kept], total[kept], middle[first][kept])
