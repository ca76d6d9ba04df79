"""
Service areas: the street pieces within a walk, cut where the time runs out, and a polygon around them.

The polygon is a picture. Verdicts are decided on walking times alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.network.times import node_times
from geoplan.units import UNREACHED_MS, metres_to_ms

__all__ = ["ServiceArea", "service_area"]

_REACH_BESIDE_STREET_M = 40.0
"""How far the polygon extends beside a reached street."""
_CIRCLE_SEGMENTS = 3
"""Segments a quarter circle in the polygon's outline."""


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """
    What lies within a walk from one place.

    Parameters
    ----------
    target
        Row number of the place.
    limit_ms
        Walking time [ms].
    streets
        MultiLineString of the reached street pieces.
    polygon
        Polygon or MultiPolygon around them; empty if nothing is reached.
    """

    target: int
    limit_ms: int
    streets: shapely.MultiLineString
    polygon: shapely.Polygon | shapely.MultiPolygon


def service_area(
    network: WalkNetwork, costs: Costs, targets: Snaps, *, limits_ms: Sequence[int]
) -> list[ServiceArea]:
    """
    Return the service areas of places.

    Parameters
    ----------
    network, costs, targets
        As in `geoplan.network.times.nearest`.
    limits_ms
        Walking times [ms].

    Returns
    -------
    One `ServiceArea` a target and limit, by target, then by limit ascending. For one target a longer
    limit's area contains a shorter one's.
    """
    areas = []
    for row in range(targets.owners):
        one = targets.only(np.array([row]))
        at_nodes = node_times(network, costs, one)[0]
        inner = shapely.Polygon()
        for limit in sorted(limits_ms):
            low, high, edge = _reached_spans(network, costs, one, at_nodes, limit)
            pieces = _cut(network, edge, low, high)
            # outlines are many-sided, not round: joining the inner one keeps the circles nested
            inner = shapely.union(_around(pieces), inner)
            areas.append(ServiceArea(row, limit, shapely.multilinestrings(pieces), inner))
    return areas


def _reached_spans(
    network: WalkNetwork, costs: Costs, one: Snaps, at_nodes: IntArray, limit: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the reached spans of edges as shares of their length: start, end, edge."""

    def spare(nodes: IntArray) -> FloatArray:
        left = np.where(at_nodes[nodes] == UNREACHED_MS, -1, limit - at_nodes[nodes])
        return np.clip(left, -1, costs.edge_ms) / costs.edge_ms

    from_u, from_v = spare(network.edge_u), spare(network.edge_v)
    whole = np.flatnonzero((from_u >= 0) & (from_v >= 0) & (from_u + from_v >= 1))
    split = from_u + from_v < 1
    head = np.flatnonzero(split & (from_u > 0))
    tail = np.flatnonzero(split & (from_v > 0))
    met = np.flatnonzero(one.snapped)
    met_edge = one.edge[met]
    left_ms = limit - metres_to_ms(one.snap_m[met], speed_m_per_min=costs.speed_m_per_min)
    centre = one.offset_m[met] / network.edge_length_m[met_edge]
    around = np.maximum(left_ms, 0) / costs.edge_ms[met_edge]
    usable = left_ms > 0
    low = [
        np.zeros(len(whole)),
        np.zeros(len(head)),
        1 - from_v[tail],
        np.maximum(centre - around, 0)[usable],
    ]
    high = [np.ones(len(whole)), from_u[head], np.ones(len(tail)), np.minimum(centre + around, 1)[usable]]
    edge = np.concatenate([whole, head, tail, met_edge[usable]])
    return _join_spans(np.concatenate(low), np.concatenate(high), edge)


def _join_spans(low: FloatArray, high: FloatArray, edge: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Join overlapping spans of one edge, so that no metre counts twice."""
    order = np.lexsort((high, low, edge))
    joined: list[tuple[float, float, int]] = []
    for start, stop, number in zip(low[order], high[order], edge[order], strict=True):
        if joined and joined[-1][2] == number and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], float(stop)), int(number))
        else:
            joined.append((float(start), float(stop), int(number)))
    if not joined:
        return np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    starts, stops, numbers = zip(*joined, strict=True)
    return np.array(starts), np.array(stops), np.array(numbers, np.int64)


def _cut(network: WalkNetwork, edge: IntArray, low: FloatArray, high: FloatArray) -> npt.NDArray[np.object_]:
    """Return the street pieces for spans of edges."""
    pieces = network.edge_geometry[edge]
    for at in np.flatnonzero((low > 0) | (high < 1)):
        pieces[at] = _substring(pieces[at], low[at], high[at])
    return pieces


def _substring(line: shapely.LineString, low: float, high: float) -> shapely.LineString:
    """Return the part of a line between two shares of its length."""
    xy = shapely.get_coordinates(line)
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
    start, stop = low * along[-1], high * along[-1]
    inside = (along > start) & (along < stop)
    ends = np.column_stack([np.interp([start, stop], along, xy[:, axis]) for axis in (0, 1)])
    return shapely.LineString(np.vstack([ends[:1], xy[inside], ends[1:]]))


def _around(pieces: npt.NDArray[np.object_]) -> shapely.Polygon | shapely.MultiPolygon:
    if not len(pieces):
        return shapely.Polygon()
    strips = shapely.buffer(pieces, _REACH_BESIDE_STREET_M, quad_segs=_CIRCLE_SEGMENTS)
    return shapely.union_all(strips)
