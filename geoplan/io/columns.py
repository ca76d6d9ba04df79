"""Which column of a file is which declared column, whatever its heading; and coordinates out of columns."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.errors import DataError, GeoplanError, SchemaError
from geoplan.io.study_toml import LayerConfig
from geoplan.model.schema import TableSchema
from geoplan.model.validate import GEOMETRY, Fault
from geoplan.model.values import is_missing, parse_number, plain, shown

__all__ = ["match_columns", "missing_required", "with_geometry"]

_X = ("x", "lon", "lng", "longitude", "经度", "easting", "东坐标", "x坐标", "横坐标")
_Y = ("y", "lat", "latitude", "纬度", "northing", "北坐标", "y坐标", "纵坐标")
_WKT = ("wkt", "wkt_geom", "geometry", "geom", "几何")
_SHAPEFILE_WIDTH = 10
"""A shapefile cuts headings to this many bytes."""


def match_columns(
    raw: pd.DataFrame, schema: TableSchema, config: LayerConfig, *, file: str, cut: bool
) -> pd.DataFrame:
    """
    Return a table whose declared columns have their declared names.

    Parameters
    ----------
    raw
        Rows as read.
    schema
        The declaration.
    config
        Headings the study names.
    file
        File, for messages.
    cut
        Headings may have been cut to ten characters.

    Raises
    ------
    SchemaError
        If the study names a heading the file does not have, or several headings mean one column.
    """
    headings = [str(name) for name in raw.columns]
    faults: list[GeoplanError] = []
    named = {}
    for name, heading in config.columns.items():
        places = [at for at, one in enumerate(headings) if _same(one, heading)]
        if not places:
            known = ", ".join(one for one in headings if one != GEOMETRY)
            faults.append(
                SchemaError("error.no_heading", table=schema.name, heading=heading, file=file, known=known)
            )
        named[name] = places
    taken = {at for places in named.values() for at in places}
    for column in schema.columns:
        if column.name not in named:
            words = (column.name, column.en, column.zh, *column.aliases)
            named[column.name] = _found(headings, column.name, words, taken, cut=cut)
    for name, places in named.items():
        if len(places) > 1:
            listed = ", ".join(headings[at] for at in places)
            faults.append(
                SchemaError("error.two_headings", table=schema.name, headings=listed, file=file, column=name)
            )
    if faults:
        raise faults[0] if len(faults) == 1 else _several(schema.name, faults)
    renamed = list(headings)
    for name, places in named.items():
        if places:
            renamed[places[0]] = name
    matched = raw.copy()
    matched.columns = pd.Index(_distinct(renamed, kept=set(named) | {GEOMETRY}), dtype=object)
    return matched


def missing_required(headings: list[str], schema: TableSchema, config: LayerConfig) -> list[str]:
    """Return the required columns that none of the headings means."""
    lacking = []
    for column in schema.columns:
        words = (column.name, column.en, column.zh, *column.aliases)
        if column.name in config.columns:
            words = (config.columns[column.name],)
        if column.required and not any(_same(heading, word) for heading in headings for word in words):
            lacking.append(column.name)
    return lacking


def with_geometry(
    rows: pd.DataFrame, schema: TableSchema, config: LayerConfig, *, file: str
) -> tuple[pd.DataFrame, list[Fault]]:
    """
    Return the rows of a plain file with the geometry their coordinate columns give.

    Parameters
    ----------
    rows
        Cells, columns matched.
    schema
        The declaration.
    config
        Headings of the coordinates, if named.
    file
        File, for messages.

    Returns
    -------
    rows, faults
        A GeoDataFrame without CRS if there are coordinates, else ``rows``. A cell that is no coordinate is a
        fault.

    Raises
    ------
    DataError
        If the table needs a geometry and the file has no coordinates.
    """
    if not schema.geometry:
        return rows, []
    wkt = _column(rows, config.wkt, _WKT, schema, file)
    x, y = _column(rows, config.x, _X, schema, file), _column(rows, config.y, _Y, schema, file)
    if wkt is not None and not (config.x and config.y):
        geometry, faults = _from_wkt(rows[wkt], schema.name, str(wkt))
        return _framed(rows.drop(columns=wkt), geometry), faults
    if x is not None and y is not None:
        east, wrong_x = _numbers(rows[x], schema.name, str(x))
        north, wrong_y = _numbers(rows[y], schema.name, str(y))
        geometry = np.full(len(rows), None, dtype=object)
        known = np.isfinite(east) & np.isfinite(north)
        geometry[known] = shapely.points(east[known], north[known])
        return _framed(rows.drop(columns=[x, y]), geometry), [*wrong_x, *wrong_y]
    if schema.geometry_required:
        raise DataError("error.no_coordinates", table=schema.name, file=file)
    return rows, []


def _found(
    headings: list[str], name: str, words: tuple[str, ...], taken: set[int], *, cut: bool
) -> list[int]:
    """Return where a column stands; its own name goes before every other word for it."""
    for tried in ((name,), words):
        places = [
            at
            for at, one in enumerate(headings)
            if at not in taken and any(_same(one, word) for word in tried)
        ]
        if places:
            return places
    if not cut or len(name) <= _SHAPEFILE_WIDTH:
        return []
    return [at for at, one in enumerate(headings) if at not in taken and _same(one, name[:_SHAPEFILE_WIDTH])]


def _same(heading: str, word: str) -> bool:
    return "".join(plain(heading).split()).casefold() == "".join(plain(word).split()).casefold()


def _distinct(names: list[str], *, kept: set[str]) -> list[str]:
    """Number repeated headings; a further column may not take a declared name."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        number = seen[name]
        label = name if number == 1 else f"{name}_{number}"
        while number > 1 and (label in kept or label in found or label in names):
            number += 1
            label = f"{name}_{number}"
        found.append(label)
    return found


def _several(table: str, faults: list[GeoplanError]) -> SchemaError:
    return SchemaError("error.table_faults", faults=faults, table=table, count=len(faults))


def _column(rows: pd.DataFrame, named: str, words: tuple[str, ...], schema: TableSchema, file: str) -> Any:
    declared = {column.name for column in schema.columns}
    for name in rows.columns:
        if (named and _same(str(name), named)) or (
            not named and name not in declared and any(_same(str(name), word) for word in words)
        ):
            return name
    if named:
        known = ", ".join(map(str, rows.columns))
        raise SchemaError("error.no_heading", table=schema.name, heading=named, file=file, known=known)
    return None


def _numbers(cells: pd.Series, table: str, column: str) -> tuple[np.ndarray, list[Fault]]:
    found = [parse_number(cell) for cell in cells]
    faults = [
        Fault(table, int(row), "", column, shown(cell), "fault.bad_coordinate")
        for row, cell, number in zip(cells.index, cells, found, strict=True)
        if number is None and not is_missing(cell)
    ]
    return np.array([np.nan if one is None else one for one in found], dtype=np.float64), faults


def _from_wkt(cells: pd.Series, table: str, column: str) -> tuple[np.ndarray, list[Fault]]:
    texts = [None if is_missing(cell) else str(cell).strip() for cell in cells]
    geometry = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
    faults = [
        Fault(table, int(row), "", column, shown(text), "fault.bad_wkt")
        for row, text, found in zip(cells.index, texts, geometry, strict=True)
        if text is not None and found is None
    ]
    return np.asarray(geometry, dtype=object), faults


def _framed(rows: pd.DataFrame, geometry: np.ndarray) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry=pd.Series(geometry, index=rows.index, dtype=object))
