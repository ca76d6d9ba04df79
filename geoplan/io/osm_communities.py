"""
Communities from administrative boundaries, and the boundary whose population tag counts the people.

An extract cut along a border often lacks the pieces of outline that lie on the border itself. Such a boundary
is closed by a straight line if what is missing is short; it is reported, never silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.errors import DataError
from geoplan.io.osm_pbf import OsmBoundary, OsmExtract
from geoplan.io.osm_places import Places, as_polygon

__all__ = ["AdminArea", "admin_areas", "choose_level", "communities_table", "community_of", "population_of"]

FloatArray = npt.NDArray[np.float64]

LONGEST_GAP_SHARE = 0.4
"""An outline is closed if the gap is at most this share of the known outline: a square may lack a side."""


@dataclass(frozen=True, slots=True)
class AdminArea:
    """
    An administrative area.

    Parameters
    ----------
    label
        ``r<relation>`` or ``w<way>``.
    level
        ``admin_level`` tag.
    tags
        All tags.
    polygon
        Its area in the study's CRS.
    gap_m
        Length of the straight line that closes a clipped outline [m]; 0 for a whole one.
    """

    label: str
    level: str
    tags: Mapping[str, str]
    polygon: shapely.Polygon | shapely.MultiPolygon
    gap_m: float

    @property
    def population(self) -> int | None:
        """The ``population`` tag, None if it is absent or not a whole number."""
        tagged = self.tags.get("population", "").replace(" ", "").replace(",", "")
        return int(tagged) if tagged.isascii() and tagged.isdigit() else None


def admin_areas(extract: OsmExtract, places: Places, node_xy: FloatArray) -> list[AdminArea]:
    """
    Return the administrative areas of an extract, by label: whole ones, and clipped ones that close.

    Parameters
    ----------
    extract, node_xy
        The OSM objects and the places of their nodes in the study's CRS [m].
    places
        From `geoplan.io.osm_places.find_places`.
    """
    found = {}
    for label, tags, geometry in zip(places.labels, places.tags, places.geometry, strict=True):
        if tags.get("boundary") == "administrative" and not label.startswith("n"):
            found[label] = AdminArea(label, tags.get("admin_level", ""), tags, geometry, 0.0)
    ways = {way.id: way.nodes for way in extract.ways}
    for boundary in extract.boundaries:
        label = f"r{boundary.id}"
        if label not in found:
            polygon, gap_m = _close(extract, boundary, ways, node_xy)
            if polygon is not None:
                level = boundary.tags.get("admin_level", "")
                found[label] = AdminArea(label, level, boundary.tags, polygon, gap_m)
    return [found[label] for label in sorted(found)]


def choose_level(areas: list[AdminArea], wanted: str | None) -> str:
    """
    Return the admin level whose areas become communities, empty if there is none.

    Parameters
    ----------
    areas
        From `admin_areas`.
    wanted
        Level asked for; None takes the finest with at least two whole areas.

    Raises
    ------
    DataError
        If the level asked for has no area here.
    """
    if wanted is not None:
        if not any(area.level == wanted for area in areas):
            known = sorted({area.level for area in areas if area.level}, key=_rank)
            raise DataError("error.osm_admin_level", level=wanted, known=", ".join(known) or "–")
        return wanted
    whole = [area.level for area in areas if area.gap_m == 0]
    often = {level for level in whole if level.isdigit() and whole.count(level) >= 2}
    return max(often, key=_rank, default="")


def communities_table(areas: list[AdminArea], level: str, *, crs: str) -> gpd.GeoDataFrame:
    """Return the raw table ``communities``: the areas of one level."""
    chosen = [area for area in areas if area.level == level]
    return gpd.GeoDataFrame(
        {
            "community_id": [area.label for area in chosen],
            "name": [area.tags.get("name") for area in chosen],
        },
        geometry=np.array([area.polygon for area in chosen], dtype=object),
        crs=crs,
    )


def community_of(geometry: npt.NDArray[np.object_], communities: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """
    Return the community each place lies in, None outside all.

    Parameters
    ----------
    geometry
        Points or polygons; a point inside stands for a polygon.
    communities
        Table ``communities``, indexed by id, in the same CRS. On a shared border the lowest id wins.
    """
    inside = np.full(len(geometry), None, dtype=object)
    if not len(geometry):
        return inside
    ordered = communities[communities.geometry.notna()].sort_index()
    tree = shapely.STRtree(ordered.geometry.to_numpy())
    place, community = tree.query(shapely.point_on_surface(geometry), "intersects")
    order = np.lexsort((-community, place))
    inside[place[order]] = ordered.index.to_numpy(object)[community[order]]
    return inside


def population_of(areas: list[AdminArea], within: npt.NDArray[np.object_]) -> AdminArea | None:
    """
    Return the smallest area with a population tag that holds everything ``within``, None if there is none.

    Parameters
    ----------
    areas
        From `admin_areas`.
    within
        Geometries; a point inside each must lie in the area.
    """
    if not len(within):
        return None
    points = shapely.point_on_surface(within)
    holding = [
        area for area in areas if area.population is not None and shapely.covers(area.polygon, points).all()
    ]
    return min(holding, key=lambda area: (area.polygon.area, area.label), default=None)


def _rank(level: str) -> tuple[int, str]:
    return (int(level) if level.isdigit() else -1, level)


def _close(
    extract: OsmExtract, boundary: OsmBoundary, ways: Mapping[int, npt.NDArray[np.int64]], node_xy: FloatArray
) -> tuple[shapely.Polygon | shapely.MultiPolygon | None, float]:
    """Return a clipped boundary closed by a straight line, and the length of that line."""
    known = [extract.rows_of(ways[one]) for one in boundary.outer_ways if one in ways]
    lines = [shapely.LineString(node_xy[rows]) for rows in known if len(rows) >= 2 and (rows >= 0).all()]
    if not lines:
        return None, 0.0
    merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))
    open_parts = [one for one in merged if not one.is_closed]
    if len(open_parts) != 1:
        return None, 0.0
    (chain,) = open_parts
    ends = shapely.get_coordinates(chain)[[0, -1]]
    gap_m = float(np.hypot(*(ends[1] - ends[0])))
    if gap_m > LONGEST_GAP_SHARE * chain.length:
        return None, 0.0
    rings = [one for one in merged if one.is_closed]
    polygons = [shapely.Polygon(ring.coords) for ring in (*rings, chain) if len(ring.coords) >= 3]
    return as_polygon(shapely.union_all(shapely.make_valid(polygons))), round(gap_m, 1)
