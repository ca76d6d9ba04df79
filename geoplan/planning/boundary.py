"""Boundary text by the four sides (四至): what a part meets to the east, south, west and north."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.messages import text
from geoplan.model.study import Study
from geoplan.planning.borders import street_class
from geoplan.planning.plan import Blocks

__all__ = ["SIDES", "four_sides", "side_names"]

SIDES = ("east", "south", "west", "north")
_PIECE_M = 10.0
_BAND_M = 40.0
"""How far from the outline what runs along it is looked for."""
_ALONG = np.cos(np.radians(35.0))
"""A line runs along the outline if their directions differ by less than 35°."""


def side_names(shape: shapely.Geometry, study: Study, blocks: Blocks) -> dict[str, str]:
    """
    Return what a part meets on each side, as words in the study's language.

    Parameters
    ----------
    shape
        The part (polygon), in the study's CRS.
    study
        Takes ``streets``, ``barriers`` and ``communities``.
    blocks
        The community the part belongs to.

    Returns
    -------
    ``east``, ``south``, ``west``, ``north``: the name met along most of that side; else the adjoining
    community; else the kind of street or barrier; empty if nothing is there.
    """
    met = four_sides(shape, study, community_id=blocks.community_id)
    found = {}
    for side in SIDES:
        name, kind = met[side]
        found[side] = name or (text(f"border.{kind}", study.lang) if kind else "")
    return found


def four_sides(
    shape: shapely.Geometry, study: Study, *, community_id: str = ""
) -> dict[str, tuple[str, str]]:
    """
    Return what runs along each side of a polygon.

    Returns
    -------
    Side -> name and border class. Named streets and barriers go first, by the metres they run along that
    side; then adjoining communities (class empty); then unnamed streets and barriers (name empty).
    """
    metres: dict[str, dict[tuple[int, str, str], float]] = {side: {} for side in SIDES}
    pieces, facing = _outline(shape)
    length = shapely.length(pieces)
    for rank, row, name, kind in _met(pieces, study, community_id):
        found = metres[facing[row]]
        found[rank, name, kind] = found.get((rank, name, kind), 0.0) + float(length[row])
    best: dict[str, tuple[str, str]] = {}
    for side, found in metres.items():
        if not found:
            best[side] = ("", "")
            continue
        _, name, kind = min(found, key=lambda one: (one[0], -round(found[one], 3), one))
        best[side] = (name, kind)
    return best


def _outline(shape: shapely.Geometry) -> tuple[npt.NDArray[np.object_], list[str]]:
    """Return the outer outline in pieces, and to which side each faces."""
    pieces, facing = [], []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            continue
        ring = shapely.segmentize(shapely.orient_polygons(polygon).exterior, _PIECE_M)
        xy = shapely.get_coordinates(ring)
        run = np.diff(xy, axis=0)
        # walking an outline against the clock, what lies outside is on the right hand
        east, north = run[:, 1], -run[:, 0]
        wide = np.abs(east) >= np.abs(north)
        facing += np.where(
            wide, np.where(east > 0, "east", "west"), np.where(north > 0, "north", "south")
        ).tolist()
        pieces.append(shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1)))
    return (np.concatenate(pieces) if pieces else np.zeros(0, object)), facing


def _met(
    pieces: npt.NDArray[np.object_], study: Study, community_id: str
) -> Iterator[tuple[int, int, str, str]]:
    """Yield, for each piece of outline, what runs along it: rank, row, name, class."""
    if not len(pieces):
        return
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    for table in (study.barriers, study.streets):
        if table is None or not len(table):
            continue
        yield from _along(pieces, middle, table)
    if study.communities is not None:
        others = study.communities[study.communities.index != community_id]
        own = others[others.geometry.notna()]
        row, other = shapely.STRtree(own.geometry.to_numpy()).query(middle, predicate="dwithin", distance=1.0)
        for at, number in zip(row.tolist(), other.tolist(), strict=True):
            name = own["name"].iloc[number] if "name" in own else None
            yield 1, at, str(own.index[number]) if name is None or pd.isna(name) else str(name), ""


def _along(
    pieces: npt.NDArray[np.object_], middle: npt.NDArray[np.object_], table: gpd.GeoDataFrame
) -> Iterator[tuple[int, int, str, str]]:
    lines = table.geometry.to_numpy()
    outlines = np.where(shapely.get_dimensions(lines) == 2, shapely.boundary(lines), lines)
    names = table["name"].tolist() if "name" in table else [None] * len(table)
    is_barrier = table.index.name == "barrier_id"
    kinds = table["kind"].tolist() if "kind" in table else [None] * len(table)
    row, line = shapely.STRtree(outlines).query(middle, predicate="dwithin", distance=_BAND_M)
    seen: set[tuple[int, str, str]] = set()
    for at, number in zip(row.tolist(), line.tolist(), strict=True):
        name = "" if names[number] is None or pd.isna(names[number]) else str(names[number])
        kind = str(kinds[number]) if is_barrier else street_class(kinds[number])
        if (at, name, kind) in seen or (not name and kind == "lane"):
            continue
        if _runs_along(pieces[at], middle[at], outlines[number]):
            seen.add((at, name, kind))
            yield (0 if name else 2), at, name, kind


def _runs_along(piece: shapely.Geometry, middle: shapely.Geometry, line: shapely.Geometry) -> bool:
    """Tell whether a line has the direction of the outline where it comes nearest."""
    parts = shapely.get_parts(line)
    nearest = parts[int(shapely.distance(parts, middle).argmin())]
    at = shapely.line_locate_point(nearest, middle)
    ends = shapely.get_coordinates(shapely.line_interpolate_point(nearest, [max(at - 1, 0), at + 1]))
    ahead, own = ends[1] - ends[0], np.diff(shapely.get_coordinates(piece), axis=0)[0]
    size = np.linalg.norm(ahead) * np.linalg.norm(own)
    return bool(size > 0 and abs(ahead @ own) / size >= _ALONG)
