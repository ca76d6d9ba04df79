"""
Service areas: the street pieces within a walk, cut where the time runs out, and a polygon around them.

The polygon is a picture. Verdicts are decided on walking times alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geoplan.network.graph import BoolArray, Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.polygons import CELL_M, CORRIDOR_M, corridor_polygons
from geoplan.network.search import Engine
from geoplan.network.snap import Snaps
from geoplan.network.spans import StreetLines, StreetSpans, nearest_spans, reached_spans, street_lines

__all__ = ["ServiceArea", "service_area"]

_BESIDE_M = 2 * CORRIDOR_M + 2 * CELL_M
"""How far from a reached street another one can shape the polygon [m]."""


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """
    What lies within a walk of one place.

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
    missed_length_m
        Reached street outside the polygon [m].
    unreached_length_inside_m
        Street inside the polygon that is not reached [m].
    """

    target: int
    limit_ms: int
    streets: shapely.MultiLineString
    polygon: shapely.Polygon | shapely.MultiPolygon
    missed_length_m: float
    unreached_length_inside_m: float


def service_area(
    network: WalkNetwork,
    costs: Costs,
    targets: Snaps,
    *,
    limits_ms: Sequence[int],
    exclusive: bool = False,
    keep_off: bool = True,
    engine: Engine = "auto",
) -> list[ServiceArea]:
    """
    Return the service areas of places: from where one walks **to** them in time.

    Parameters
    ----------
    network, costs, targets
        As in `geoplan.network.times.nearest`.
    limits_ms
        Walking times [ms].
    exclusive
        Give each street to its nearest place only (of places equally near, to the lowest row number);
        polygons of different places then have no ground in common.
    keep_off
        Keep polygons off streets that are not reached. False draws the plain corridor.
    engine
        See `geoplan.network.times`; the areas do not depend on it.

    Returns
    -------
    One `ServiceArea` a target and limit, by target, then by limit ascending. For one target a longer
    limit's area contains a shorter one's.
    """
    limits = np.array(sorted(limits_ms), np.int64)
    if not len(limits):
        return []
    lines = street_lines(network)
    if exclusive:
        shared = nearest_spans(network, costs, targets, limits_ms=limits, engine=engine)
        drawn = _shared_segments(lines, shared, targets.owners, len(limits))
    else:
        each = reached_spans(network, costs, targets, limits_ms=limits, engine=engine)
        drawn = _own_segments(lines, each, len(limits))
    areas = []
    for row, (spans, segments, band) in enumerate(drawn):
        corridors = corridor_polygons(segments, band, bands=len(limits), keep_off=keep_off, engine=engine)
        for number, (limit, corridor) in enumerate(zip(limits.tolist(), corridors, strict=True)):
            reached = spans[spans.band <= number].joined()
            streets = shapely.multilinestrings(lines.pieces(reached.edge, reached.low, reached.high))
            areas.append(
                ServiceArea(
                    row,
                    limit,
                    streets,
                    corridor.polygon,
                    corridor.missed_length_m,
                    corridor.unreached_length_inside_m,
                )
            )
    return areas


_Drawn = Iterator[tuple[StreetSpans, FloatArray, IntArray]]


def _own_segments(lines: StreetLines, each: list[StreetSpans], bands: int) -> _Drawn:
    """Yield each place's spans, and the segments of these and of the streets around them, with bands."""
    for spans in each:
        segments, of = lines.segments(spans.edge, spans.low, spans.high)
        band = spans.band[of]
        around = _overlap(lines.bounds, segments[band < bands])
        around[spans.edge] = False
        edge = np.flatnonzero(around)
        others, _ = lines.segments(edge, np.zeros(len(edge)), np.ones(len(edge)))
        yield (
            spans,
            np.concatenate([segments, others]),
            np.concatenate([band, np.full(len(others), bands)]),
        )


def _shared_segments(lines: StreetLines, spans: StreetSpans, owners: int, bands: int) -> _Drawn:
    """Yield each place's spans, and all segments around them; those of another place in band bands + 1."""
    segments, of = lines.segments(spans.edge, spans.low, spans.high)
    owner, band = spans.owner[of], spans.band[of]
    ends = np.sort(segments.reshape(-1, 2, 2), axis=1).reshape(-1, 4).T.copy()
    for row in range(owners):
        own = (owner == row) & (band < bands)
        near = _overlap(ends, segments[own])
        taken = np.where((owner[near] != row) & (band[near] < bands), bands + 1, band[near])
        yield spans[(spans.owner == row) & (spans.band < bands)], segments[near], taken


def _overlap(bounds: FloatArray, segments: FloatArray) -> BoolArray:
    """Tell which bounds (rows: least x, least y, greatest x, greatest y) are near the box around segments."""
    if not len(segments):
        return np.zeros(bounds.shape[1], bool)
    ends = segments.reshape(-1, 2)
    low, high = ends.min(axis=0) - _BESIDE_M, ends.max(axis=0) + _BESIDE_M
    near: BoolArray = (bounds[0] <= high[0]) & (bounds[2] >= low[0])
    near &= bounds[1] <= high[1]
    near &= bounds[3] >= low[1]
    return near
