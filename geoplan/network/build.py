"""Streets become a network: cut where they share a vertex, never where they merely cross."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.crs.metric import require_metric
from geoplan.errors import NetworkError, some_ids
from geoplan.model.study import Study
from geoplan.network.graph import BoolArray, FloatArray, IntArray, WalkNetwork

__all__ = ["network_from_streets", "pair_numbers", "walk_network"]

ObjectArray = npt.NDArray[np.object_]

_CELLS_PER_M = 100
"""Vertices in the same centimetre are one place."""
_HILBERT_BITS = 16
"""The curve tells 65,536 columns and rows apart; within one of its cells nodes go by x, then y."""


def walk_network(study: Study) -> WalkNetwork:
    """
    Build the walking network of a study.

    Parameters
    ----------
    study
        Needs table ``streets``.

    Returns
    -------
    WalkNetwork
        See `network_from_streets` for what connects.

    Raises
    ------
    DataError
        If the study has no streets.
    NetworkError
        If no street can be walked.

    Examples
    --------
    >>> import geoplan
    >>> geoplan.walk_network(geoplan.read_study("data/monaco")).edge_count
    6047
    """
    (streets,) = study.need("streets")
    return network_from_streets(streets)


def network_from_streets(streets: gpd.GeoDataFrame) -> WalkNetwork:
    """
    Build a walking network from a table of streets.

    Streets connect where they share a vertex (to the centimetre). Bridges and tunnels connect only at
    their two ends. Lines that cross without a shared vertex do not connect. A segment with a closed
    gate is left out. A street's climb and its crossings are spread evenly along it.

    Parameters
    ----------
    streets
        Table ``streets``: index ``street_id``, LineStrings in a metric CRS; ``level``, ``steps``,
        ``gate``, ``one_way``, ``crossings`` and ``climb_m`` are read where present.

    Raises
    ------
    NetworkError
        If no street can be walked, coordinates are not finite, or a street climbs more than its length.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (100 0, 100 50)"])
    >>> streets = gpd.GeoDataFrame(geometry=lines, index=["a", "b"], crs="EPSG:4544")
    >>> network = network_from_streets(streets)
    >>> network.node_count, network.edge_count, network.edge_length_m.tolist()
    (4, 3, [100.0, 100.0, 50.0])
    """
    require_metric(streets.crs)
    streets = streets.sort_index()
    if "gate" in streets:
        streets = streets[~(streets["gate"] == "closed").fillna(False).to_numpy(bool)]
    lines, row = _lines(streets.geometry.to_numpy())
    if not len(lines):
        raise NetworkError("error.no_streets")
    level = streets["level"].fillna("ground") if "level" in streets else None
    raised = np.zeros(len(streets), bool) if level is None else level.isin(["bridge", "tunnel"]).to_numpy()
    steps = np.zeros(len(streets), bool)
    if "steps" in streets:
        steps = streets["steps"].fillna(False).to_numpy(bool)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    if not (finite := np.isfinite(xy).all(axis=1)).all():
        ids = streets.index[np.unique(row[line[~finite]])]
        raise NetworkError("error.network_coordinates", ids=some_ids(ids.tolist()))
    length_m = shapely.length(lines)
    climb, crossings, one_way = _walking_columns(streets, row, length_m)
    node_xy, vertex_node = _nodes(xy, line, raised[row][line])
    start, stop = _edge_spans(line, vertex_node)
    geometry, length = _edge_lines(xy, line, start, stop, lines, length_m)
    useful = length > 0
    edge_line = line[start][useful]
    edge_row = row[edge_line]
    share = length[useful] / length_m[edge_line]
    return WalkNetwork(
        crs=str(streets.crs.to_string()),
        node_x=node_xy[:, 0],
        node_y=node_xy[:, 1],
        edge_u=vertex_node[start][useful],
        edge_v=vertex_node[stop][useful],
        edge_length_m=length[useful],
        edge_steps=steps[edge_row],
        edge_enterable=~raised[edge_row],
        edge_one_way=one_way[edge_row],
        edge_crossings=crossings[edge_line] * share,
        edge_climb_m=climb[edge_line] * share,
        edge_street=streets.index.to_numpy(object)[edge_row],
        edge_geometry=geometry[useful],
    )


def _lines(shapes: ObjectArray) -> tuple[ObjectArray, IntArray]:
    """Return the LineStrings shapes consist of, without heights, and the row each is of."""
    simple = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    if simple.all() and (shapely.get_coordinate_dimension(shapes) == 2).all():
        return shapes, np.arange(len(shapes))
    lines, row = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    return lines, row


def _walking_columns(
    streets: gpd.GeoDataFrame, row: IntArray, length_m: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the climb [m] and the crossings of each line, and whether each street is walked one way only."""
    whole = np.bincount(row, length_m, len(streets))[row]
    share = np.divide(length_m, whole, out=np.zeros_like(length_m), where=whole > 0)
    climb, crossings = (
        streets[name].fillna(0.0).to_numpy(float)[row] if name in streets else np.zeros(len(row))
        for name in ("climb_m", "crossings")
    )
    steep = ~(np.abs(climb) <= whole)
    if steep.any():
        raise NetworkError("error.climb", ids=some_ids(streets.index[np.unique(row[steep])].tolist()))
    one_way = np.zeros(len(streets), bool)
    if "one_way" in streets:
        one_way = streets["one_way"].fillna(False).to_numpy(bool)
    return climb * share, crossings * share, one_way


def _nodes(xy: FloatArray, line: IntArray, raised: BoolArray) -> tuple[FloatArray, IntArray]:
    """Return node positions, and for each vertex its node or -1."""
    first = np.r_[True, line[1:] != line[:-1]]
    last = np.r_[line[1:] != line[:-1], True]
    end = first | last
    can_join = end | ~raised
    cells = np.rint(xy[can_join] * _CELLS_PER_M).astype(np.int64)
    _, one_of, place_of, used = np.unique(
        pair_numbers(cells), return_index=True, return_inverse=True, return_counts=True
    )
    places = cells[one_of]
    is_node = used >= 2
    is_node[place_of[end[can_join]]] = True
    order = np.flatnonzero(is_node)
    order = order[np.argsort(_along_hilbert(places[order]), kind="stable")]
    number = np.full(len(places), -1)
    number[order] = np.arange(len(order))
    vertex_node = np.full(len(xy), -1, np.int64)
    vertex_node[can_join] = number[place_of]
    return places[order] / _CELLS_PER_M, vertex_node


def pair_numbers(cells: IntArray) -> IntArray:
    """
    Return a number for each pair of whole numbers: in the order of the pairs, the same for the same only.

    Raises
    ------
    NetworkError
        If the pairs lie too far apart for that, which no places on Earth do.

    Examples
    --------
    >>> pair_numbers(np.array([[5, 7], [5, 9], [6, 7]])).tolist()
    [0, 2, 3]
    """
    if not len(cells):
        return np.zeros(0, np.int64)
    least, most = cells.min(axis=0), cells.max(axis=0)
    wide, high = (int(most[at]) - int(least[at]) + 1 for at in (0, 1))
    if wide * high >= 2**63:
        raise NetworkError("error.network_extent", km=max(wide, high) // (1000 * _CELLS_PER_M))
    return np.asarray((cells[:, 0] - least[0]) * high + cells[:, 1] - least[1])


def _along_hilbert(cells: IntArray) -> IntArray:
    """Return how far along a Hilbert curve over their common square each pair of whole numbers lies."""
    offset = cells - cells.min(axis=0)
    offset >>= max(0, int(offset.max()).bit_length() - _HILBERT_BITS)
    x, y = offset[:, 0].copy(), offset[:, 1].copy()
    along = np.zeros(len(x), np.int64)
    for bit in range(_HILBERT_BITS - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        along = (along << 2) | ((3 * right) ^ upper)
        # turn the quarter so that the curve enters and leaves it at its lower corners
        low = upper == 0
        flip = low & (right == 1)
        x[flip], y[flip] = ~x[flip], ~y[flip]
        x[low], y[low] = y[low], x[low]
    return along


def _edge_spans(line: IntArray, vertex_node: IntArray) -> tuple[IntArray, IntArray]:
    """Return the first and last vertex of each edge: runs between neighbouring nodes of one line."""
    at = np.flatnonzero(vertex_node >= 0)
    same_line = line[at[1:]] == line[at[:-1]]
    return at[:-1][same_line], at[1:][same_line]


def _edge_lines(
    xy: FloatArray, line: IntArray, start: IntArray, stop: IntArray, lines: ObjectArray, line_m: FloatArray
) -> tuple[ObjectArray, FloatArray]:
    """Return the LineString and length of each run of vertices: the line itself where it is that whole."""
    new = np.r_[True, line[1:] != line[:-1], True]
    whole = new[start] & new[stop + 1]
    geometry, length = lines[line[start]], line_m[line[start]]
    part = np.flatnonzero(~whole)
    count = stop[part] - start[part] + 1
    edge = np.repeat(np.arange(len(part)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    if len(part):
        geometry[part] = shapely.linestrings(xy[start[part][edge] + within], indices=edge)
        length[part] = shapely.length(geometry[part])
    return geometry, length
