"""Borders between cells: what runs along them, what cutting there costs, and whether people can pass."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.model.split_tables import BORDER_CLASSES
from geoplan.planning.cells import Tiling
from geoplan.standards.standard import Standard

__all__ = ["border_rows", "severing", "street_class"]

Geometries = npt.NDArray[np.object_]
IntArray = npt.NDArray[np.int64]

_PIECE_M = 10.0
"""Borders are classed piece by piece, each at most this long."""
_BAND_M = 40.0
"""How far on either side of a border what lies between two compounds is looked for."""
_PASSAGE_M = 1.0
"""Least open border two cells must share for people to pass; and how far a street must lead into both."""
_ALONG_M = 1e-3
"""A way that comes so near to a barrier meets it."""
_ARTERIAL = frozenset({
    "arterial", "motorway", "trunk", "primary", "secondary", "motorway_link", "trunk_link", "primary_link",
    "secondary_link",
})  # fmt: skip
_STREET = frozenset({"street", "tertiary", "tertiary_link", "residential", "unclassified", "road"})
_PRECEDENCE = ("lane", "street", "arterial", "wall", "expressway", "railway", "river")
"""The last of these between two compounds names the border."""


def street_class(kind: object) -> str:
    """
    Return the border class of a street by its kind.

    Examples
    --------
    >>> street_class("secondary"), street_class("residential"), street_class("footway"), street_class(None)
    ('arterial', 'street', 'lane', 'lane')
    """
    if kind in _ARTERIAL:
        return "arterial"
    return "street" if kind in _STREET else "lane"


def border_rows(
    tiling: Tiling,
    cells: Geometries,
    compounds: Geometries,
    streets: gpd.GeoDataFrame | None,
    barriers: gpd.GeoDataFrame | None,
    standard: Standard,
) -> pd.DataFrame:
    """
    Class the borders of a tiling.

    A piece of border is named by what lies between the two compounds there: the way from either compound
    to it, at most 40 m on each side, meets a river, railway, expressway, wall, main road or street; else it
    is a lane. A street that leads across the border lies along that way and does not meet it.

    Parameters
    ----------
    tiling, cells, compounds
        The cells and what they belong to.
    streets, barriers
        Tables of the study, or None.
    standard
        Rules used: ``split.weight_<class>``.

    Returns
    -------
    Rows of table ``split_borders`` without ids: ``left``, ``right`` (rows of compounds), ``border_class``,
    ``length_m``, ``cost``, ``passable``, ``geometry``.
    """
    if not len(tiling.segment):
        return pd.DataFrame(
            columns=["left", "right", "border_class", "length_m", "cost", "passable", "geometry"]
        )
    piece, row = _pieces(tiling.segment)
    left, right = tiling.left[row], tiling.right[row]
    number, severed = _classes(piece, left, right, compounds, streets, barriers)
    weights = {
        "lane": standard.number("split.weight_lane"),
        "street": standard.number("split.weight_street"),
        "arterial": standard.number("split.weight_arterial"),
        "railway": standard.number("split.weight_railway"),
        "river": standard.number("split.weight_river"),
        "expressway": standard.number("split.weight_expressway"),
        "wall": standard.number("split.weight_wall"),
    }
    frame = pd.DataFrame({
        "left": left, "right": right, "border_class": np.array(_PRECEDENCE, object)[number],
        "length_m": shapely.length(piece), "open_m": np.where(severed, 0.0, shapely.length(piece)),
        "piece": piece,
    })  # fmt: skip
    open_m = frame.groupby(["left", "right"], sort=True)["open_m"].sum()
    passable = open_m >= _PASSAGE_M
    for pair in passable.index[~passable]:
        own = frame[(frame["left"] == pair[0]) & (frame["right"] == pair[1])]
        border = shapely.union_all(own["piece"].to_numpy())
        passable[pair] = _is_crossed(border, cells[pair[0]], cells[pair[1]], streets)
    rows = frame.groupby(["left", "right", "border_class"], sort=True).agg(
        length_m=("length_m", "sum"), geometry=("piece", lambda own: _merged(own.to_numpy()))
    )
    rows = rows.reset_index()
    rows["cost"] = rows["length_m"] * rows["border_class"].map(weights)
    rows["passable"] = passable.reindex(pd.MultiIndex.from_frame(rows[["left", "right"]])).to_numpy(bool)
    order = rows["border_class"].map(BORDER_CLASSES.index).to_numpy()
    return rows.iloc[np.lexsort((order, rows["right"], rows["left"]))].reset_index(drop=True)


def _merged(pieces: Geometries) -> shapely.Geometry:
    merged = shapely.line_merge(shapely.union_all(pieces))
    return merged if merged.geom_type.endswith("LineString") else shapely.union_all(pieces)


def _pieces(segment: Geometries) -> tuple[Geometries, IntArray]:
    """Return the segments in pieces of at most `_PIECE_M`, and of which segment each is."""
    fine = shapely.segmentize(segment, _PIECE_M)
    xy, row = shapely.get_coordinates(fine, return_index=True)
    same = row[1:] == row[:-1]
    ends = np.stack([xy[:-1][same], xy[1:][same]], axis=1)
    return np.atleast_1d(shapely.linestrings(ends)), row[:-1][same]


def _classes(
    piece: Geometries, left: IntArray, right: IntArray, compounds: Geometries,
    streets: gpd.GeoDataFrame | None, barriers: gpd.GeoDataFrame | None,
) -> tuple[IntArray, npt.NDArray[np.bool_]]:  # fmt: skip
    """Return the class of each piece (place in `_PRECEDENCE`), and whether nobody can cross there."""
    middle = shapely.line_interpolate_point(piece, 0.5, normalized=True)
    way = _ways(middle, compounds[left], compounds[right])
    number = np.zeros(len(piece), np.int64)
    severed = np.zeros(len(piece), bool)
    if streets is not None and len(streets):
        kinds = streets["kind"] if "kind" in streets else pd.Series(None, index=streets.index, dtype=object)
        rank = np.array([_PRECEDENCE.index(street_class(kind)) for kind in kinds.tolist()], np.int64)
        level = streets["level"] if "level" in streets else pd.Series(None, index=streets.index, dtype=object)
        rank[level.isin(["bridge", "tunnel"]).to_numpy()] = 0  # what passes above or below divides nobody
        at, street = shapely.STRtree(streets.geometry.to_numpy()).query(way, predicate="intersects")
        np.maximum.at(number, at, rank[street])
    if barriers is not None and len(barriers):
        rank = np.array([_PRECEDENCE.index(kind) for kind in barriers["kind"].tolist()], np.int64)
        # a border along the barrier itself meets it but for rounding
        at, barrier = shapely.STRtree(barriers.geometry.to_numpy()).query(
            way, predicate="dwithin", distance=_ALONG_M
        )
        np.maximum.at(number, at, rank[barrier])
        severed[at[_impassable(barriers)[barrier]]] = True
    return number, severed


def _impassable(barriers: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    if "severity" not in barriers:
        return np.ones(len(barriers), bool)
    return np.asarray(barriers["severity"].fillna("impassable") == "impassable")


def _ways(middle: Geometries, compound: Geometries, other: Geometries) -> Geometries:
    """Return lines from one compound across a border to the other, at most `_BAND_M` on each side."""
    ends = []
    for shape in (compound, other):
        line = shapely.shortest_line(middle, shape)
        length = shapely.length(line)
        end = shapely.line_interpolate_point(line, np.minimum(length, _BAND_M))
        ends.append(shapely.get_coordinates(end))
    xy = np.stack([ends[0], shapely.get_coordinates(middle), ends[1]], axis=1)
    return np.atleast_1d(shapely.linestrings(xy))


def _is_crossed(
    border: shapely.Geometry,
    cell: shapely.Geometry,
    other: shapely.Geometry,
    streets: gpd.GeoDataFrame | None,
) -> bool:
    """Tell whether a street people can walk leads across a border from the one cell to the other."""
    if streets is None or not len(streets):
        return False
    walkable = streets if "gate" not in streets else streets[streets["gate"].fillna("open") != "closed"]
    lines = walkable.geometry.to_numpy()
    near = lines[shapely.intersects(lines, border)]
    into = (shapely.length(shapely.intersection(near, one)) >= _PASSAGE_M for one in (cell, other))
    return bool(np.logical_and(*into).any())


def severing(barriers: gpd.GeoDataFrame | None) -> Geometries:
    """Return the geometries that cut cells: barriers nobody crosses away from streets, walls too."""
    if barriers is None:
        return np.zeros(0, object)
    found: Geometries = barriers.geometry.to_numpy()[_impassable(barriers)]
    return found
