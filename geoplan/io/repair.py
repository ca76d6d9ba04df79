"""Repairs of a study's streets: only what is asked for, and every change told."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.errors import DataError
from geoplan.model.result_tables import NETWORK_REPAIRS, finish
from geoplan.model.study import Study
from geoplan.network.build import network_from_streets
from geoplan.network.dangles import Dangles, find_dangles
from geoplan.network.graph import FloatArray, WalkNetwork
from geoplan.network.quality import with_lonlat

__all__ = ["MOST_SNAP_M", "snap_dangles"]

MOST_SNAP_M = 20.0
"""Dead ends are joined over no longer a gap [m]: that would be drawing streets, not mending them."""

_CELLS_PER_M = 100
"""The network takes vertices in the same centimetre for one place."""
_BESIDE_M = 0.01

Cell = tuple[int, int]
_Row = dict[str, object]


@dataclass(slots=True)
class _Mending:
    """What one street gets, by cell: where an end is drawn on to; vertices, and the points they stand for."""

    ends: dict[Cell, FloatArray] = field(default_factory=dict)
    vertices: dict[Cell, tuple[FloatArray, FloatArray]] = field(default_factory=dict)


def snap_dangles(study: Study, *, within_m: float) -> tuple[Study, gpd.GeoDataFrame]:
    """
    Join dead ends to the street they all but meet.

    A street that ends short is drawn on to the nearest point of the other street, which gets a vertex
    there unless one stands there already. No vertex is moved. What counts as a dead end to be joined is
    told at `geoplan.network.dangles.find_dangles`: never over a barrier or a closed gate, and never to a
    bridge or tunnel away from its ends. Afterwards no such dead end is left.

    Parameters
    ----------
    study
        Needs ``streets``. It is left as it is.
    within_m
        Longest gap closed, inclusive [m].

    Returns
    -------
    study, repairs
        A study with mended streets, and table ``network_repairs``: one row a dead end joined.

    Raises
    ------
    DataError
        If ``within_m`` is not above 0 and at most `MOST_SNAP_M`; if the study has no streets.
    """
    if not 0 < within_m <= MOST_SNAP_M:
        raise DataError("error.reach_of_repair", within=within_m, most=MOST_SNAP_M)
    (streets,) = study.need("streets")
    joined: list[_Row] = []
    tried: set[Cell] = set()
    while True:
        network = network_from_streets(streets)
        found = find_dangles(network, streets, within_m=within_m, barriers=study.barriers)
        rows, mending = _plan(network, found, tried)
        if not rows:
            break
        joined += rows
        geometry = streets.geometry.to_numpy().copy()
        for at in np.flatnonzero(streets.index.isin(list(mending))):
            geometry[at] = _redrawn(geometry[at], mending[streets.index[at]])
        streets = streets.set_geometry(gpd.GeoSeries(geometry, index=streets.index, crs=streets.crs))
    return dataclasses.replace(study, streets=streets), _table(joined, study.crs)


def _plan(
    network: WalkNetwork, found: Dangles, tried: set[Cell]
) -> tuple[list[_Row], dict[object, _Mending]]:
    """
    Return the rows of the table, and what each street gets.

    A dead end waits for the next round if its edge, or the one it is to join, changes in this one: where two
    dead ends face each other, the first joined leaves the second nothing to do. No dead end is tried twice.
    """
    rows: list[_Row] = []
    mending: dict[object, _Mending] = defaultdict(_Mending)
    drawn_on: set[int] = set()
    met_by: set[int] = set()
    for edge, node, other, gap_m, foot in zip(
        found.edge.tolist(), found.node, found.other.tolist(), found.gap_m, found.foot, strict=True
    ):
        if other in drawn_on or edge in met_by:
            continue
        own = shapely.get_coordinates(network.edge_geometry[edge])
        end = own[0] if network.edge_u[edge] == node else own[-1]
        line = shapely.get_coordinates(network.edge_geometry[other])
        # a street that comes back to its own end does not meet it at that end
        met = line if other != edge else line[(line != end).any(axis=1)]
        target, is_vertex = _target(met, end, foot, gap_m)
        here, there = _cell(end), _cell(target)
        if here in tried:
            continue
        tried.add(here)
        drawn_on.add(edge)
        met_by.add(other)
        street, joins = network.edge_street[edge], network.edge_street[other]
        if here != there:
            mending[street].ends[here] = target
        if not is_vertex:
            mending[joins].vertices[there] = (target, foot)
        rows.append(
            {
                "street_id": street, "other_id": joins, "gap_m": gap_m, "extended": here != there,
                "vertex_added": not is_vertex, "geometry": shapely.Point(target),
            }
        )  # fmt: skip
    return rows, mending


def _target(line: FloatArray, end: FloatArray, foot: FloatArray, gap_m: float) -> tuple[FloatArray, bool]:
    """Return where the two streets join, and whether a vertex of the other stands there already."""
    away = np.hypot(*(line - foot).T)
    if away.min() <= _BESIDE_M:
        return line[away.argmin()], True
    return (end, False) if gap_m <= _BESIDE_M else (foot, False)


def _cell(xy: FloatArray) -> Cell:
    x, y = np.rint(xy[:2] * _CELLS_PER_M).astype(np.int64).tolist()
    return x, y


def _redrawn(geometry: shapely.Geometry, mending: _Mending) -> shapely.Geometry:
    """Return a street with its new vertices, each in the part it lies on, and its ends drawn on."""
    has_z = bool(shapely.has_z(geometry))
    parts = [shapely.get_coordinates(part, include_z=has_z) for part in shapely.get_parts(geometry)]
    placed: dict[int, list[tuple[int, float, FloatArray]]] = defaultdict(list)
    for place, foot in mending.vertices.values():
        part, segment, share = min(
            ((number, *_position(xy, foot)) for number, xy in enumerate(parts)),
            key=lambda one: (one[3], one[0]),
        )[:3]
        placed[part].append((segment, share, place))
    drawn = [
        shapely.LineString(_drawn_on(_with_vertices(xy, placed[number]), mending.ends))
        for number, xy in enumerate(parts)
    ]
    return (
        drawn[0]
        if shapely.get_type_id(geometry) == shapely.GeometryType.LINESTRING
        else shapely.MultiLineString(drawn)
    )


def _position(xy: FloatArray, place: FloatArray) -> tuple[int, float, float]:
    """Return the segment nearest to a place, the share of it before the place, and the distance [m]."""
    a, step = xy[:-1, :2], np.diff(xy[:, :2], axis=0)
    long2 = np.maximum((step**2).sum(axis=1), np.finfo(float).tiny)
    share = np.clip(((place - a) * step).sum(axis=1) / long2, 0, 1)
    away = np.hypot(*(a + step * share[:, None] - place).T)
    segment = int(away.argmin())
    return segment, float(share[segment]), float(away[segment])


def _with_vertices(xy: FloatArray, placed: list[tuple[int, float, FloatArray]]) -> FloatArray:
    runs, last = [], 0
    for segment, share, place in sorted(placed, key=lambda one: one[:2]):
        between = xy[segment] + share * (xy[segment + 1] - xy[segment])
        runs += [xy[last : segment + 1], np.r_[place, between[2:]][None]]
        last = segment + 1
    return np.vstack([*runs, xy[last:]])


def _drawn_on(xy: FloatArray, ends: Mapping[Cell, FloatArray]) -> FloatArray:
    first, last = ends.get(_cell(xy[0])), ends.get(_cell(xy[-1]))
    before = [] if first is None else [np.r_[first, xy[0, 2:]][None]]
    after = [] if last is None else [np.r_[last, xy[-1, 2:]][None]]
    return np.vstack([*before, xy, *after])


def _table(rows: list[_Row], crs: str) -> gpd.GeoDataFrame:
    columns = [column.name for column in NETWORK_REPAIRS.columns if column.name not in ("lon", "lat")]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=[*columns, "geometry"]), geometry="geometry", crs=crs)
    order = ["street_id", "other_id", "lon", "lat"]
    return finish(with_lonlat(frame).sort_values(order, kind="stable"), "network_repairs")
