"""Boundary text by the four sides (四至): what a part meets to the east, south, west and north."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.messages import text
from geoplan.model.study import Study
from geoplan.planning.borders import street_class
from geoplan.planning.plan import Blocks

__all__ = ["SIDES", "Side", "four_sides", "side_names"]

SIDES = ("east", "south", "west", "north")
_PIECE_M = 10.0
_BAND_M = 40.0
"""How far from the outline what runs along it is looked for."""
_BESIDE_M = 20.0
"""A line farther from the outline than this, on average, is not the boundary itself, but near it."""
_ALONG = np.cos(np.radians(35.0))
"""A line runs along the outline if their directions differ by less than 35°."""


class Side(NamedTuple):
    """What runs along one side: its name, its border class, and how far off it runs on average [m]."""

    name: str
    kind: str
    distance_m: float


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
    community; else the kind of street or barrier; empty if nothing is there. What runs beside the boundary
    rather than on it, such as the main road behind an unnamed lane, is said to be near.
    """
    met = four_sides(shape, study, community_id=blocks.community_id)
    found = {}
    for side in SIDES:
        name, kind, distance_m = met[side]
        shown = name or (text(f"border.{kind}", study.lang) if kind else "")
        near = shown and distance_m > _BESIDE_M
        found[side] = text("boundary.near", study.lang, name=shown) if near else shown
    return found


def four_sides(shape: shapely.Geometry, study: Study, *, community_id: str = "") -> dict[str, Side]:
    """
    Return what runs along each side of a polygon.

    Returns
    -------
    Side -> what is met. Named streets and barriers go first, by the metres they run along that
    side; then adjoining communities (class empty); then unnamed streets and barriers (name empty).
    """
    metres: dict[str, dict[tuple[int, str, str], float]] = {side: {} for side in SIDES}
    off: dict[tuple[str, str, str], float] = {}
    pieces, facing = _outline(shape)
    length = shapely.length(pieces)
    for rank, row, name, kind, distance in _met(pieces, study, community_id):
        found, run = metres[facing[row]], float(length[row])
        found[rank, name, kind] = found.get((rank, name, kind), 0.0) + run
        key = facing[row], name, kind
        off[key] = off.get(key, 0.0) + run * distance
    best: dict[str, Side] = {}
    for side, found in metres.items():
        if not found:
            best[side] = Side("", "", 0.0)
            continue
        chosen = min(found, key=lambda one: (one[0], -round(found[one], 3), one))
        _, name, kind = chosen
        best[side] = Side(name, kind, off[side, name, kind] / found[chosen])
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
) -> Iterator[tuple[int, int, str, str, float]]:
    """Yield, for each piece of outline, what runs along it: rank, row, name, class, distance [m]."""
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
            yield 1, at, str(own.index[number]) if name is None or pd.isna(name) else str(name), "", 0.0


def _along(
    pieces: npt.NDArray[np.object_], middle: npt.NDArray[np.object_], table: gpd.GeoDataFrame
) -> Iterator[tuple[int, int, str, str, float]]:
    lines = table.geometry.to_numpy()
    outlines = np.where(shapely.get_dimensions(lines) == 2, shapely.boundary(lines), lines)
    names = table["name"].tolist() if "name" in table else [None] * len(table)
    is_barrier = table.index.name == "barrier_id"
    kinds = table["kind"].tolist() if "kind" in table else [None] * len(table)
    row, line = shapely.STRtree(outlines).query(middle, predicate="dwithin", distance=_BAND_M)
    distance = shapely.distance(middle[row], outlines[line])
    seen: set[tuple[int, str, str]] = set()
    for one in np.lexsort((line, distance)).tolist():  # of two of one name, the nearer
        at, number = int(row[one]), int(line[one])
        name = "" if names[number] is None or pd.isna(names[number]) else str(names[number])
        kind = str(kinds[number]) if is_barrier else street_class(kinds[number])
        if (at, name, kind) in seen or (not name and kind == "lane"):
            continue
        if _runs_along(pieces[at], middle[at], outlines[number]):
            seen.add((at, name, kind))
            yield (0 if name else 2), at, name, kind, float(distance[one])


def _runs_along(piece: shapely.Geometry, middle: shapely.Geometry, line: shapely.Geometry) -> bool:
    """Tell whether a line has the direction of the outline where it comes nearest."""
    parts = shapely.get_parts(line)
    nearest = parts[int(shapely.distance(parts, middle).argmin())]
    at = shapely.line_locate_point(nearest, middle)
    ends = shapely.get_coordinates(shapely.line_interpolate_point(nearest, [max(at - 1, 0), at + 1]))
    ahead, own = ends[1] - ends[0], np.diff(shapely.get_coordinates(piece), axis=0)[0]
    size = np.linalg.norm(ahead) * np.linalg.norm(own)
    return bool(size > 0 and abs(ahead @ own) / size >= _ALONG)
