"""
Walks found the plain way: streets cut, doors met and times added up once more, for the checker alone.

Nothing here comes from `geoplan.network`; see `geoplan.analysis.recheck` for why. What both share is GEOS
for lengths and distances, and the rounding stated in `geoplan.units`. The street graph is split at every
door explicitly and searched by Dijkstra's method with a heap.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE, MS_PER_SECOND, metres_to_ms

__all__ = ["PlainStreets", "PlainWalks"]

Row = tuple[str, int]
"""A place: its table, and its row there."""
_Cell = tuple[int, int]
_SEVERING = ("river", "railway", "expressway")


@dataclass(frozen=True, slots=True)
class _Edge:
    """A piece of street between two junctions, with what walking it takes each way [ms]; None: barred."""

    start: int
    stop: int
    line: shapely.LineString
    length_m: float
    onward_ms: int | None
    back_ms: int | None


class PlainStreets:
    """
    The streets of a study, cut where they meet.

    Parameters
    ----------
    streets
        Table ``streets``.
    standard
        Rules used: those of group ``walking``.
    """

    def __init__(self, streets: gpd.GeoDataFrame, standard: Standard) -> None:
        pieces = _pieces(streets)
        times = _times(pieces, standard)
        self.speed_m_per_min = standard.number("walking.speed")
        self.junctions: dict[_Cell, int] = {}
        self.edges = []
        for start, stop, line, length, onward, back in zip(
            pieces["start"], pieces["stop"], pieces["line"], pieces["length_m"], *times, strict=True
        ):
            u, v = (self.junctions.setdefault(one, len(self.junctions)) for one in (start, stop))
            self.edges.append(_Edge(u, v, line, length, onward, back))
        self.enterable = np.flatnonzero(~pieces["raised"].to_numpy(bool))

    def meet(
        self, points: npt.NDArray[np.object_], cap_m: float, barriers: gpd.GeoDataFrame | None
    ) -> dict[int, tuple[int, float, float]]:
        """Return where points meet the streets: number of the point -> edge, offset and distance [m]."""
        lines = np.array([self.edges[one].line for one in self.enterable], dtype=object)
        usable = [at for at, one in enumerate(points) if _has_place(one)]
        if not len(lines) or not usable:
            return {}
        which, near = shapely.STRtree(lines).query(points[usable], "dwithin", cap_m + 1)
        point = np.asarray(usable)[which]
        far = shapely.distance(lines[near], points[point])
        order = np.lexsort((near, far, point))
        order = order[far[order] <= cap_m]
        point, near, far = point[order], near[order], far[order]
        met = {}
        while len(point):
            first = np.r_[True, point[1:] != point[:-1]]
            legs = np.asarray(shapely.shortest_line(points[point[first]], lines[near[first]]), dtype=object)
            severed = _severed(legs, barriers)
            for at, line, metres in zip(
                point[first][~severed], near[first][~severed], far[first][~severed], strict=True
            ):
                edge = self.edges[int(self.enterable[line])]
                offset = min(float(shapely.line_locate_point(edge.line, points[at])), edge.length_m)
                met[int(at)] = (int(self.enterable[line]), offset, float(metres))
            again = ~first & np.isin(point, point[first][severed])
            point, near, far = point[again], near[again], far[again]
        return met


def _has_place(point: shapely.Point | None) -> bool:
    return point is not None and not point.is_empty and bool(np.isfinite([point.x, point.y]).all())


def _severed(legs: npt.NDArray[np.object_], barriers: gpd.GeoDataFrame | None) -> npt.NDArray[np.bool_]:
    """Tell which straight legs cross an impassable river, railway or expressway."""
    crossed = np.zeros(len(legs), bool)
    if barriers is None:
        return crossed
    severity = barriers["severity"] if "severity" in barriers else [None] * len(barriers)
    for kind, grade, shape in zip(barriers["kind"], severity, barriers.geometry, strict=True):
        if _word(kind) in _SEVERING and _word(grade) in ("", "impassable"):
            shapely.prepare(shape)
            near = np.flatnonzero(shapely.intersects(shape, legs))
            crossed[near] |= shapely.crosses(legs[near], shape)
    return crossed


def _pieces(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the streets cut into pieces, one row a piece, by street id and then along the street."""
    lines: list[dict[str, Any]] = []
    for street in pd.DataFrame(streets.sort_index()).to_dict("records"):
        if _word(street.get("gate")) == "closed":
            continue
        parts = shapely.get_parts(shapely.force_2d(street["geometry"])).tolist()
        whole = sum(float(one.length) for one in parts)
        for one in parts:
            length = float(one.length)
            share = length / whole if whole > 0 else 0.0
            cells = np.rint(shapely.get_coordinates(one) * 100).astype(int).tolist()
            lines.append(
                {
                    "line": one,
                    "length_m": length,
                    "cells": [(x, y) for x, y in cells],
                    "raised": _word(street.get("level")) in ("bridge", "tunnel"),
                    "steps": _flag(street.get("steps")),
                    "one_way": _flag(street.get("one_way")),
                    "crossings": _figure(street.get("crossings")) * share,
                    "climb_m": _figure(street.get("climb_m")) * share,
                }
            )
    ends = {cell for one in lines for cell in (one["cells"][0], one["cells"][-1])}
    uses = Counter(cell for one in lines for cell in _joining(one))
    junctions = ends | {cell for cell, count in uses.items() if count > 1}
    return pd.DataFrame([piece for one in lines for piece in _cut(one, junctions)])


def _word(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _flag(value: Any) -> bool:
    return False if value is None or pd.isna(value) else bool(value)


def _figure(value: Any) -> float:
    return 0.0 if value is None or pd.isna(value) else float(value)


def _joining(line: dict[str, Any]) -> list[_Cell]:
    """Return the vertices at which other streets may join: of a bridge or tunnel, its ends."""
    cells: list[_Cell] = line["cells"]
    return [cells[0], cells[-1]] if line["raised"] else cells


def _cut(line: dict[str, Any], junctions: set[_Cell]) -> Iterator[dict[str, Any]]:
    cells, last = line["cells"], len(line["cells"]) - 1
    inner = [] if line["raised"] else [at for at in range(1, last) if cells[at] in junctions]
    xy = shapely.get_coordinates(line["line"])
    for low, high in pairwise([0, *inner, last]):
        shape = line["line"] if (low, high) == (0, last) else shapely.LineString(xy[low : high + 1])
        length = float(shape.length)
        if length > 0:
            share = length / line["length_m"]
            yield {
                "start": cells[low],
                "stop": cells[high],
                "line": shape,
                "length_m": length,
                "crossings": line["crossings"] * share,
                "climb_m": line["climb_m"] * share,
                **{name: line[name] for name in ("raised", "steps", "one_way")},
            }


def _times(pieces: pd.DataFrame, standard: Standard) -> tuple[list[int], list[int | None]]:
    """Return the time along each piece, onward and back [ms]; None: barred."""

    def stated(rule_id: str) -> float:
        rule = standard.get(rule_id)
        return 0.0 if rule is None else float(rule.value)

    length, steps = pieces["length_m"].to_numpy(float), pieces["steps"].to_numpy(bool)
    rate, shift = stated("walking.slope_rate"), stated("walking.slope_shift")
    flat = length * (MS_PER_MINUTE / standard.number("walking.speed"))
    flat = np.where(steps, flat * standard.number("walking.steps_factor"), flat)
    wait = pieces["crossings"].to_numpy(float) * (stated("walking.crossing_delay") * MS_PER_SECOND)
    rise = np.where(steps, 0.0, pieces["climb_m"].to_numpy(float) / length)

    def whole(slope: npt.NDArray[np.float64]) -> list[int]:
        factor = np.where(slope == 0, 1.0, np.exp(rate * (np.abs(slope + shift) - shift)))
        return [max(1, round(one)) for one in (flat * factor + wait).tolist()]

    back = zip(whole(-rise), pieces["one_way"], strict=True)
    return whole(rise), [None if barred else ms for ms, barred in back]


class PlainWalks:
    """
    The street graph split at the doors of chosen places.

    Parameters
    ----------
    streets
        The streets, cut.
    doors
        Where places meet them: table, row there, edge, offset along it [m], distance to it [m].
    """

    def __init__(self, streets: PlainStreets, doors: list[tuple[str, int, int, float, float]]) -> None:
        self._arcs: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._places: dict[int, Row] = {}
        self._starts: defaultdict[Row, list[tuple[int, int]]] = defaultdict(list)
        self.met = {(table, row) for table, row, *_ in doors}
        free = len(streets.junctions)
        door_of = {place: free + number for number, place in enumerate(sorted(self.met))}
        self._places = {node: place for place, node in door_of.items()}
        feet: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
        for foot, (table, row, edge, offset, metres) in enumerate(doors, start=free + len(door_of)):
            leg = int(metres_to_ms(np.array(metres), speed_m_per_min=streets.speed_m_per_min))
            feet[edge].append((offset, foot))
            self._arcs[foot].append((door_of[table, row], leg))
            self._starts[table, row].append((leg, foot))
        for number, piece in enumerate(streets.edges):
            self._split(piece, sorted(feet.get(number, ())))

    def _split(self, edge: _Edge, feet: list[tuple[float, int]]) -> None:
        """Add the arcs of an edge, from foot to foot: each spot's time from the start is rounded once."""
        spots = [(0.0, edge.start), *feet, (edge.length_m, edge.stop)]
        for (low_m, low), (high_m, high) in pairwise(spots):
            for ms, tail, head in ((edge.onward_ms, low, high), (edge.back_ms, high, low)):
                if low_m == high_m:
                    self._arcs[tail].append((head, 0))
                elif ms is not None:
                    part = round(high_m / edge.length_m * ms) - round(low_m / edge.length_m * ms)
                    self._arcs[tail].append((head, part))

    def from_place(self, place: Row, within_ms: float) -> Iterator[tuple[int, Row]]:
        """Yield the places walked to from a place and the time to each [ms], the nearest first."""
        heap = list(self._starts[place])
        heapq.heapify(heap)
        done = set()
        while heap:
            ms, node = heapq.heappop(heap)
            if ms > within_ms:
                return
            if node in done:
                continue
            done.add(node)
            if node in self._places:
                yield ms, self._places[node]
                continue
            for head, more in self._arcs[node]:
                if head not in done:
                    heapq.heappush(heap, (ms + more, head))
