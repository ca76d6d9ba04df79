"""How each edit of a scenario changes the tables of a study; every function returns a new study."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.counterfactual import joinable_streets, with_gates_open
from geoplan.crs.datum import DATUMS, to_wgs84
from geoplan.crs.metric import transform_xy
from geoplan.errors import DataError, DuplicateIdError
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.values import DTYPES
from geoplan.planning.edits import (
    AddCentre,
    AddFacility,
    AddLink,
    AddResidence,
    CloseCentre,
    Edit,
    MoveCentre,
    OpenGate,
    Place,
    ResizeCentre,
    ResizePremises,
)

__all__ = ["edit_study", "has_place", "with_links"]

_FAR_M = 10_000.0
"""A place farther than this outside the study's bounds is a mistake: axes swapped, another CRS."""
_WGS84 = "EPSG:4326"
_SHOWN = 10


def has_place(edit: Edit) -> bool:
    """Tell whether an edit names a place, in the scenario's CRS."""
    return isinstance(edit, AddCentre | AddFacility | MoveCentre | AddLink | AddResidence)


def edit_study(study: Study, edit: Edit, crs: str) -> Study:
    """
    Return the study with one edit made; links are laid by `with_links`.

    Parameters
    ----------
    study
        Needs the table the edit speaks of; a centre or facility may also be the first.
    edit
        Any edit of a study but a link.
    crs
        CRS or datum of its places.

    Raises
    ------
    DataError
        If the id is unknown or taken, the gate is not closed, or the place lies far from the study.
    """
    match edit:
        case AddCentre():
            at = _point(study, edit.at, crs)
            return study.with_centres(_row("centres", study, edit, at))
        case MoveCentre():
            return _moved(study, edit.id, _point(study, edit.at, crs))
        case CloseCentre():
            centres = _known_centre(study, edit.id)
            return dataclasses.replace(study, centres=centres.drop(index=edit.id))
        case ResizeCentre():
            return _resized(study, edit)
        case ResizePremises():
            return _enlarged(study, edit)
        case AddFacility():
            at = _point(study, edit.at, crs)
            return _with_row("facilities", study, _row("facilities", study, edit, at))
        case OpenGate():
            return with_gates_open(study, [edit.street_id])
        case AddResidence():
            at = _point(study, edit.at, crs)
            study.need("residences")
            return _with_row("residences", study, _row("residences", study, edit, at))
    raise TypeError(type(edit))


def _known_centre(study: Study, centre_id: str) -> gpd.GeoDataFrame:
    (centres,) = study.need("centres")
    if centre_id not in centres.index:
        known = ", ".join(map(str, centres.index[:_SHOWN]))
        raise DataError("error.scenario_no_centre", id=centre_id, known=known, count=len(centres))
    return centres


def _moved(study: Study, centre_id: str, at: shapely.Point) -> Study:
    centres = _known_centre(study, centre_id)
    row = centres.index == centre_id
    geometry = centres.geometry.to_numpy().copy()
    geometry[row] = at
    moved = centres.set_geometry(gpd.GeoSeries(geometry, index=centres.index, crs=centres.crs))
    if "entrances" in moved:
        moved["entrances"] = moved["entrances"].mask(row, None)
    if "community_id" in moved and study.communities is not None:
        moved["community_id"] = moved["community_id"].mask(row, _community_at(study, at))
    return dataclasses.replace(study, centres=moved)


def _resized(study: Study, edit: ResizeCentre) -> Study:
    centres = _known_centre(study, edit.id).copy()
    given = {"floor_area_m2": edit.floor_area_m2, "capacity": edit.capacity}
    if edit.floor_area_m2 is None and edit.capacity is None:
        raise DataError("error.scenario_no_size")
    for name, value in given.items():
        if value is None:
            continue
        if name not in centres:
            kind = DTYPES[INPUT_TABLES["centres"].column(name).kind]
            centres[name] = pd.Series(pd.NA, centres.index, kind)
        centres.loc[edit.id, name] = value
    return dataclasses.replace(study, centres=centres)


def _enlarged(study: Study, edit: ResizePremises) -> Study:
    (premises,) = study.need("premises")
    if edit.id not in premises.index:
        known = ", ".join(map(str, premises.index[:_SHOWN]))
        raise DataError("error.scenario_no_premises", id=edit.id, known=known, count=len(premises))
    area = premises["floor_area_m2"] if "floor_area_m2" in premises else pd.Series(np.nan, premises.index)
    larger = area.mask(premises.index == edit.id, float(edit.floor_area_m2))
    return dataclasses.replace(study, premises=premises.assign(floor_area_m2=larger))


def _row(
    table: str, study: Study, edit: AddCentre | AddFacility | AddResidence, at: shapely.Point
) -> gpd.GeoDataFrame:
    """Return an edit as a row of an input table: what it states, and the community it stands in."""
    schema = INPUT_TABLES[table]
    stated: dict[str, Any] = {
        field.name: getattr(edit, field.name)
        for field in dataclasses.fields(edit)
        if field.name not in ("id", "at")
    }
    if "community_id" in stated:
        if stated["community_id"] is None:
            stated["community_id"] = _community_at(study, at)
        elif study.communities is not None and stated["community_id"] not in study.communities.index:
            raise DataError("error.scenario_no_community", id=stated["community_id"])
    index = pd.Index([edit.id], dtype="str", name=schema.key)
    typed: Mapping[str, pd.Series] = {
        name: pd.Series([value], index=index, dtype=DTYPES[schema.column(name).kind])
        for name, value in stated.items()
        if value is not None
    }
    return gpd.GeoDataFrame(dict(typed), index=index, geometry=[at], crs=study.crs)


def _with_row(name: str, study: Study, row: gpd.GeoDataFrame) -> Study:
    """Return the study with one row more in a table, which may be its first."""
    table = study.table(name)
    if table is None:
        return dataclasses.replace(study, **{name: row})
    if row.index[0] in table.index:
        raise DuplicateIdError("error.duplicate_ids", table=name, ids=row.index[0])
    new = [one for one in row.columns if one not in table]
    columns = [*table.columns, *new]
    shaped = row.reindex(columns=columns)
    # a whole number that is not known has no place in a column of numpy's
    lacks = {one for one, kind in table.dtypes.items() if isinstance(kind, np.dtype) and kind.kind in "iub"}
    lacks &= set(shaped.columns[shaped.isna().any()])
    kinds = {one: kind for one, kind in table.dtypes.items() if one != "geometry" and one not in lacks}
    shaped = shaped.astype(kinds)
    wide = table.reindex(columns=columns).astype({one: row[one].dtype for one in new})
    joined = pd.concat([wide, shaped]).astype(kinds)
    joined.index = joined.index.astype(table.index.dtype).rename(table.index.name)
    return dataclasses.replace(study, **{name: joined.sort_index()})


def _community_at(study: Study, at: shapely.Point) -> str | None:
    """Return the community a place lies in, the lowest id of several; None if there is none."""
    if study.communities is None:
        return None
    inside = study.communities.index[study.communities.geometry.intersects(at).to_numpy(bool)]
    return str(inside.min()) if len(inside) else None


def _point(study: Study, place: Place, crs: str) -> shapely.Point:
    """Return a place in the study's CRS."""
    x, y = np.array([place[0]]), np.array([place[1]])
    if crs.lower() in DATUMS:
        x, y = transform_xy(_WGS84, study.crs, *to_wgs84(x, y, crs.lower()))
    else:
        x, y = transform_xy(crs, study.crs, x, y)
    tables = [table for name in INPUT_TABLES if (table := study.table(name)) is not None and len(table)]
    bounds = np.array([table.total_bounds for table in tables])
    low, high = np.nanmin(bounds[:, :2], axis=0) - _FAR_M, np.nanmax(bounds[:, 2:], axis=0) + _FAR_M
    if not (low[0] <= x[0] <= high[0] and low[1] <= y[0] <= high[1]):
        raise DataError("error.scenario_far", place=f"{place[0]:.10g}, {place[1]:.10g}", crs=crs)
    return shapely.Point(x[0], y[0])


def with_links(study: Study, links: Sequence[AddLink], crs: str, *, max_snap_m: float) -> Study:
    """
    Return the study with footbridges.

    Each end is joined by a straight line to the nearest point of a street at ground level without a closed
    gate, which gets a vertex there; all of them to the streets as they are now, so their order is nothing.

    Parameters
    ----------
    study
        Needs ``streets``.
    links
        What is built: streets of kind ``link`` and level ``bridge``.
    crs
        CRS or datum of their ends.
    max_snap_m
        Farthest an end may lie from its street [m].

    Raises
    ------
    DataError
        If an id is taken, an end is too far from every street, or both ends are at one place.
    """
    (streets,) = study.need("streets")
    ids = [link.id for link in links]
    taken = sorted({one for one in ids if one in streets.index or ids.count(one) > 1})
    if taken:
        raise DuplicateIdError("error.duplicate_ids", table="streets", ids=", ".join(taken))
    lines = streets.geometry.to_numpy().copy()
    free = np.flatnonzero(joinable_streets(streets))
    tree = shapely.STRtree(lines[free])
    bridges, joints = [], []
    for link in links:
        ends = np.array([_point(study, place, crs) for place in (link.start, link.end)], dtype=object)
        found = [tree.query_nearest(end, max_distance=max_snap_m) for end in ends]
        for place, near in zip((link.start, link.end), found, strict=True):
            if not len(near):
                shown = f"{place[0]:.10g}, {place[1]:.10g}"
                raise DataError("error.scenario_no_street", place=shown, metres=f"{max_snap_m:g}")
        rows = np.array([free[near.min()] for near in found])
        feet = shapely.get_point(shapely.shortest_line(lines[rows], ends), 0)
        if feet[0].equals_exact(feet[1], 0.01):
            raise DataError("error.scenario_no_length", id=link.id)
        joints += list(zip(rows.tolist(), feet, strict=True))
        bridges.append(_bridge(feet, ends))
    for row in sorted({row for row, _ in joints}):
        lines[row] = _with_vertices(lines[row], [foot for one, foot in joints if one == row])
    joined = streets.set_geometry(gpd.GeoSeries(lines, index=streets.index, crs=streets.crs))
    index = pd.Index(ids, dtype="str", name=streets.index.name)
    about = {"kind": "link", "level": "bridge", "name": [link.name for link in links]}
    new = gpd.GeoDataFrame(about, index=index, geometry=bridges, crs=streets.crs)
    for name in about:
        if name not in joined:
            joined[name] = pd.Series(None, index=joined.index, dtype="str")
    shaped = new.reindex(columns=joined.columns)
    shaped = shaped.astype({name: kind for name, kind in joined.dtypes.items() if name != "geometry"})
    return dataclasses.replace(study, streets=pd.concat([joined, shaped]).sort_index())


def _bridge(feet: np.ndarray, ends: np.ndarray) -> shapely.LineString:
    """Return the line from street to street by way of both ends."""
    way = [feet[0], *ends, feet[1]]
    xy = [one.coords[0] for one in way]
    return shapely.LineString([at for number, at in enumerate(xy) if not number or at != xy[number - 1]])


def _with_vertices(line: shapely.LineString, feet: Sequence[shapely.Point]) -> shapely.LineString:
    """Return a line with a vertex at each foot of a perpendicular; its parts keep their order."""
    parts = []
    distance = [shapely.distance(part, feet) for part in shapely.get_parts(line)]
    nearest = np.argmin(distance, axis=0)
    for number, part in enumerate(shapely.get_parts(line)):
        here = [foot for foot, own in zip(feet, nearest, strict=True) if own == number]
        xy = shapely.get_coordinates(part)
        along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
        at = shapely.line_locate_point(part, here) if here else np.zeros(0)
        both = np.concatenate([xy, shapely.get_coordinates(here)])
        order = np.argsort(np.concatenate([along, at]), kind="stable")
        parts.append(shapely.LineString(both[order]))
    return parts[0] if len(parts) == 1 else shapely.MultiLineString(parts)
