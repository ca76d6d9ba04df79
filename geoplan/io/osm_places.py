"""Facilities, centres, homes and barriers from OSM objects."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.io.osm_pbf import OsmArea, OsmExtract
from geoplan.io.osm_tags import (
    DEFAULT_LEVELS,
    barrier_kind,
    first_match,
    is_closed_to_the_public,
    is_door,
    is_residential,
    storeys,
)
from geoplan.standards.standard import OsmTags

__all__ = ["Places", "barriers_table", "centres_table", "facilities_table", "find_places", "residences_table"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Places:
    """
    Points and areas of an extract as geometries in the study's CRS.

    Parameters
    ----------
    crs
        Metric CRS.
    labels, tags, geometry, entrances
        One entry an object: ``n1``, ``w2`` or ``r3``; its tags; a Point or (Multi)Polygon; a MultiPoint of
        the doors on its outline or None.
    """

    crs: str
    labels: tuple[str, ...]
    tags: tuple[Mapping[str, str], ...]
    geometry: npt.NDArray[np.object_]
    entrances: npt.NDArray[np.object_]

    def pick(self, rows: list[int], **columns: object) -> gpd.GeoDataFrame:
        """Return a raw table of the objects at ``rows``."""
        return gpd.GeoDataFrame(
            {
                **columns,
                "name": [self.tags[row].get("name") for row in rows],
                "entrances": pd.Series([self.entrances[row] for row in rows], dtype=object),
            },
            geometry=self.geometry[rows],
            crs=self.crs,
        )


def find_places(extract: OsmExtract, node_xy: FloatArray, *, crs: str) -> Places:
    """
    Return the points and areas of an extract.

    Parameters
    ----------
    extract
        The OSM objects.
    node_xy
        Places of ``extract.node_ids`` in ``crs`` [m].
    crs
        Metric CRS.

    Returns
    -------
    Places
        Nodes, then ways, then relations, each by id. An outline that crosses itself is made valid; an area
        of which nothing remains is left out.
    """
    doors = {point.id for point in extract.points if is_door(point.tags)}
    labels: list[str] = []
    tags: list[Mapping[str, str]] = []
    geometry: list[shapely.Geometry | None] = []
    entrances: list[shapely.Geometry | None] = []
    for point in extract.points:
        (row,) = extract.rows_of(np.array([point.id], np.int64))
        labels.append(f"n{point.id}")
        tags.append(point.tags)
        geometry.append(shapely.Point(node_xy[row]))
        entrances.append(None)
    for area in extract.areas:
        shape = area_polygon(extract, area, node_xy)
        if shape is None:
            continue
        labels.append(area.label)
        tags.append(area.tags)
        geometry.append(shape)
        entrances.append(_doors_on(extract, area, doors, node_xy))
    return Places(crs, tuple(labels), tuple(tags), _objects(geometry), _objects(entrances))


def area_polygon(
    extract: OsmExtract, area: OsmArea, node_xy: FloatArray
) -> shapely.Polygon | shapely.MultiPolygon | None:
    """Return an area as a valid polygon; None if a node's place is unknown or nothing remains."""
    rings = [
        (extract.rows_of(outer), [extract.rows_of(one) for one in inners]) for outer, inners in area.rings
    ]
    if any((ring < 0).any() for outer, inners in rings for ring in (outer, *inners)):
        return None
    parts = [shapely.Polygon(node_xy[outer], [node_xy[one] for one in inners]) for outer, inners in rings]
    shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return as_polygon(shape)


def as_polygon(shape: shapely.Geometry) -> shapely.Polygon | shapely.MultiPolygon | None:
    """Return the areal part of a geometry, valid; None if it has none."""
    valid = shape if shape.is_valid else shapely.make_valid(shape)
    parts = [one for one in shapely.get_parts(valid) if one.geom_type == "Polygon" and one.area > 0]
    if valid.geom_type == "GeometryCollection":
        nested = [shapely.get_parts(one) for one in shapely.get_parts(valid)]
        parts = [one for found in nested for one in found if one.geom_type == "Polygon" and one.area > 0]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def facilities_table(places: Places, tag_table: OsmTags) -> gpd.GeoDataFrame:
    """
    Return the raw table ``facilities``.

    Parameters
    ----------
    places
        From `find_places`.
    tag_table
        The standard's. An object is of the first kind one of whose tags it bears; one that is for its owners
        only (``access=private``), disused or abandoned is none.
    """
    kinds = dict(_matches(places, tag_table.facilities))
    rows = list(kinds)
    areas = [_tagged_floor_area(places, row) for row in rows]
    return places.pick(
        rows,
        facility_id=[places.labels[row] for row in rows],
        kind=list(kinds.values()),
        service_level=pd.array([pd.NA] * len(rows), dtype="Int64"),
        floor_area_m2=np.array(areas, float),
    )


def centres_table(places: Places, tag_table: OsmTags) -> gpd.GeoDataFrame:
    """Return the raw table ``centres``: an object is of the first level one of whose tags it bears."""
    levels = dict(_matches(places, tag_table.centres))
    rows = list(levels)
    areas = [_tagged_floor_area(places, row) for row in rows]
    return places.pick(
        rows,
        centre_id=[places.labels[row] for row in rows],
        level=list(levels.values()),
        floor_area_m2=np.array(areas, float),
    )


def drop_doubles(table: gpd.GeoDataFrame, by: str) -> tuple[gpd.GeoDataFrame, frozenset[str]]:
    """
    Leave out points that name an area which is in the table itself.

    Mappers sometimes draw a building and set a node of the same name into it: one town hall, not two.

    Parameters
    ----------
    table
        Raw table ``facilities`` or ``centres``; its first column is the id.
    by
        Column that must agree, ``kind`` or ``level``.

    Returns
    -------
    table, doubles
        Without the points that lie in an area of the same ``by`` and the same name (accents and case apart),
        and the ids of these. Nameless points are never doubles.
    """
    geometry = table.geometry.to_numpy()
    names = [_bare(name) for name in table["name"]]
    is_point = np.array([one.geom_type == "Point" for one in geometry], bool)
    points, areas = np.flatnonzero(is_point), np.flatnonzero(~is_point)
    point, area = shapely.STRtree(geometry[areas]).query(geometry[points], "intersects")
    values = table[by].to_numpy(object)
    pairs = zip(points[point].tolist(), areas[area].tolist(), strict=True)
    doubles = {
        one for one, other in pairs if names[one] == names[other] != "" and values[one] == values[other]
    }
    kept = [row for row in range(len(table)) if row not in doubles]
    return table.iloc[kept], frozenset(table.iloc[sorted(doubles), 0])


def residences_table(places: Places) -> gpd.GeoDataFrame:
    """
    Return the raw table ``residences``: buildings where people live.

    Parameters
    ----------
    places
        From `find_places`.

    Returns
    -------
    residences
        One row a building that `geoplan.io.osm_tags.is_residential`, with ``building``, ``levels``,
        ``levels_assumed`` (its ``building:levels`` is not tagged, so the default of its kind stands in) and
        ``floor_area_m2`` (footprint times levels) [m²]. No persons or households yet.
    """
    rows = [
        row
        for row, tags in enumerate(places.tags)
        if "building" in tags and not places.labels[row].startswith("n")
    ]
    housed = _on_residential_land(places, rows)
    rows = [
        row
        for row, land in zip(rows, housed, strict=True)
        if is_residential(places.tags[row], on_residential_land=land)
    ]
    tagged = [storeys(places.tags[row]) for row in rows]
    kinds = [places.tags[row]["building"] for row in rows]
    default = DEFAULT_LEVELS["residential"]
    levels = np.array(
        [
            DEFAULT_LEVELS.get(kind, default) if known is None else known
            for kind, known in zip(kinds, tagged, strict=True)
        ],
        float,
    )
    return places.pick(
        rows,
        residence_id=[places.labels[row] for row in rows],
        building=kinds,
        levels=levels,
        levels_assumed=np.array([known is None for known in tagged], bool),
        floor_area_m2=np.round(shapely.area(places.geometry[rows]) * levels, 1),
    )


def barriers_table(extract: OsmExtract, places: Places, node_xy: FloatArray) -> gpd.GeoDataFrame:
    """Return the raw table ``barriers``: rivers, surface railways and motorways, as lines and polygons."""
    found: list[tuple[str, str, str | None, shapely.Geometry]] = []
    for way in extract.ways:
        kind = barrier_kind(way.tags)
        rows = extract.rows_of(way.nodes)
        rows = rows[rows >= 0]
        if kind and len(np.unique(rows)) >= 2:
            found.append((f"w{way.id}", kind, way.tags.get("name"), shapely.LineString(node_xy[rows])))
    lines = {label for label, *_ in found}
    for row, tags in enumerate(places.tags):
        kind = "" if places.labels[row].startswith("n") else barrier_kind(tags)
        if kind == "river" and places.labels[row] not in lines:
            found.append((places.labels[row], kind, tags.get("name"), places.geometry[row]))
    return gpd.GeoDataFrame(
        {
            "barrier_id": [one[0] for one in found],
            "kind": [one[1] for one in found],
            "name": [one[2] for one in found],
        },
        geometry=_objects([one[3] for one in found]),
        crs=places.crs,
    )


def _matches(places: Places, table: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[int, str]]:
    for row, tags in enumerate(places.tags):
        name = first_match(tags, table)
        gone = tags.get("disused") == "yes" or tags.get("abandoned") == "yes"
        if name and not gone and not is_closed_to_the_public(tags):
            yield row, name


def _bare(name: object) -> str:
    """Return a name without accents and case; empty if there is none."""
    if not isinstance(name, str):
        return ""
    apart = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def _tagged_floor_area(places: Places, row: int) -> float:
    """Return footprint times tagged storeys of an object that is itself a building, else NaN."""
    tags = places.tags[row]
    levels = storeys(tags)
    if levels is None or tags.get("building", "no") == "no" or places.geometry[row].geom_type == "Point":
        return float("nan")
    return round(float(places.geometry[row].area) * levels, 1)


def _on_residential_land(places: Places, rows: list[int]) -> npt.NDArray[np.bool_]:
    land = [row for row, tags in enumerate(places.tags) if tags.get("landuse") == "residential"]
    housed = np.zeros(len(rows), bool)
    if land and rows:
        inside = shapely.point_on_surface(places.geometry[rows])
        housed[shapely.STRtree(places.geometry[land]).query(inside, "intersects")[0]] = True
    return housed


def _doors_on(
    extract: OsmExtract, area: OsmArea, doors: set[int], node_xy: FloatArray
) -> shapely.MultiPoint | None:
    found = sorted(doors.intersection(area.ring_nodes().tolist()))
    if not found:
        return None
    places = node_xy[extract.rows_of(np.array(found, np.int64))]
    return shapely.MultiPoint(np.unique(places, axis=0))


def _objects(listed: list[shapely.Geometry | None]) -> npt.NDArray[np.object_]:
    """Return a list as an array of objects, whatever the objects are."""
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array
