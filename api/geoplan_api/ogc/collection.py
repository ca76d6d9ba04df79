"""A table as a collection of features: ids, properties, geometry in each CRS offered, filters."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import shapely

from geoplan.model.schema import Column, ColumnKind, TableSchema
from geoplan_api.ogc.crs import CRS84, WEB_MERCATOR, Geometries, OfferedCrs, moved

__all__ = ["Bbox", "Collection"]

Bbox = tuple[float, float, float, float]
"""x least, y least, x most, y most; x is east, whatever the axes are called."""
Rows = npt.NDArray[np.intp]

_BLOCK = 500
"""Features are rendered so many at a time, when one of them is first asked for."""
_TO_PYTHON: dict[ColumnKind, Callable[[Any], Any]] = {
    "text": str,
    "choice": str,
    "integer": int,
    "number": float,
    "flag": bool,
    "points": lambda one: shapely.to_wkt(one, rounding_precision=-1),
}


class Collection:
    """
    One table of a study or an audit, ready to be asked.

    Parameters
    ----------
    schema
        What the table is.
    table
        The table. With a key its index holds the ids; else rows are numbered from 1.
    offered
        CRSs it can be asked in.

    Notes
    -----
    Features stand in the order of their ids. Geometries are turned into a CRS, and features rendered, when
    they are first asked for; rendering twice gives the same bytes, so threads need not wait for each other.
    """

    def __init__(self, schema: TableSchema, table: pd.DataFrame, offered: Sequence[OfferedCrs]) -> None:
        self.schema = schema
        self.offered = {one.uri: one for one in offered}
        keyed = table.sort_index() if schema.key else table
        self._table_crs = keyed.crs if isinstance(keyed, gpd.GeoDataFrame) else None
        shaped = bool(schema.geometry) and self._table_crs is not None
        self._shapes: Geometries | None = keyed.geometry.to_numpy() if shaped else None
        plain = pd.DataFrame(keyed.drop(columns=keyed.geometry.name)) if shaped else pd.DataFrame(keyed)
        self._ids: list[str | int] = (
            [_as_id(one) for one in keyed.index] if schema.key else list(range(1, len(keyed) + 1))
        )
        self._plain = plain.reset_index(names=schema.key) if schema.key else plain.reset_index(drop=True)
        self.columns = tuple(_column(schema, str(name), self._plain[name]) for name in self._plain.columns)
        for one in self.columns:
            if one.kind == "text" and not isinstance(self._plain[one.name].dtype, pd.StringDtype):
                self._plain[one.name] = self._plain[one.name].map(str, na_action="ignore")
        self._lock = threading.Lock()
        self._moved: dict[str, Geometries] = {}
        self._trees: dict[str, shapely.STRtree] = {}
        self._blocks: dict[tuple[str, int], list[bytes]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def id(self) -> str:
        """Name of the table."""
        return self.schema.name

    @property
    def has_geometry(self) -> bool:
        """Whether its features can have a geometry."""
        return self._shapes is not None

    @property
    def filters(self) -> dict[str, Column]:
        """Columns by whose value features can be chosen."""
        return {one.name: one for one in self.columns if one.kind != "points"}

    @cached_property
    def extent(self) -> Bbox | None:
        """Bounding box in WGS84 degrees; None without any geometry."""
        if self._shapes is None or shapely.is_missing(self.shapes(CRS84)).all():
            return None
        west, south, east, north = shapely.total_bounds(self.shapes(CRS84)).tolist()
        return west, south, east, north

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {str(one): at for at, one in enumerate(self._ids)}

    def find(self, feature_id: str) -> int | None:
        """Return the row of a feature, None if there is none."""
        return self._positions.get(feature_id)

    def feature_id(self, row: int) -> str | int:
        """Return the id of the feature in ``row``."""
        return self._ids[row]

    def shapes(self, crs: str) -> Geometries:
        """
        Return the geometry of every row.

        Parameters
        ----------
        crs
            URI of an offered CRS, or web Mercator for tiles; x is east.
        """
        if self._shapes is None:
            return np.full(len(self), None, dtype=object)
        with self._lock:
            if crs not in self._moved:
                target = crs if crs == WEB_MERCATOR else self.offered[crs].crs
                self._moved[crs] = moved(self._shapes, self._table_crs, target)
            return self._moved[crs]

    def touching(self, box: shapely.Geometry, crs: str) -> Rows:
        """Return the rows, in order, whose geometry in ``crs`` intersects the box."""
        shapes = self.shapes(crs)
        with self._lock:
            tree = self._trees.get(crs) or self._trees.setdefault(crs, shapely.STRtree(shapes))
        return np.sort(tree.query(box, predicate="intersects"))

    def select(self, boxes: Sequence[Bbox], crs: str, values: Mapping[str, Any]) -> Rows:
        """
        Return the rows asked for, in the order of their ids.

        Parameters
        ----------
        boxes
            Features intersect one of them, or have no geometry; none asks for no place.
        crs
            CRS of the boxes.
        values
            Column -> value it must have.
        """
        wanted = np.ones(len(self), dtype=bool)
        if boxes:
            wanted = shapely.is_missing(self.shapes(crs))
            for box in boxes:
                wanted[self.touching(shapely.box(*box), crs)] = True
        for name, value in values.items():
            wanted &= (self._plain[name] == value).fillna(False).to_numpy(dtype=bool)
        return np.flatnonzero(wanted)

    def fits_32_bits(self, name: str) -> bool:
        """Return whether every value of a column of whole numbers is a signed integer of 32 bits."""
        return not (self._plain[name].abs() >= 2**31).any()

    def properties(self, rows: Rows) -> list[dict[str, Any]]:
        """Return the values of rows under their column names; None for what is missing."""
        part = self._plain.iloc[rows]
        cells = [_cells(part[one.name], one.kind) for one in self.columns]
        names = [one.name for one in self.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]

    def features(self, rows: Rows, crs: str) -> list[bytes]:
        """Return features as GeoJSON, coordinates in the order of the authority of ``crs``."""
        return [self._block(int(row) // _BLOCK, crs)[int(row) % _BLOCK] for row in rows]

    def _block(self, number: int, crs: str) -> list[bytes]:
        found = self._blocks.get((crs, number))
        if found is None:
            first, last = number * _BLOCK, min((number + 1) * _BLOCK, len(self))
            shapes = self.shapes(crs)[first:last]
            if self.offered[crs].north_first:
                shapes = shapely.transform(shapes, lambda xy: xy[:, ::-1])
            texts = shapely.to_geojson(shapes)
            rows = zip(self._ids[first:last], texts, self.properties(np.arange(first, last)), strict=True)
            found = [
                orjson.dumps(
                    {
                        "type": "Feature",
                        "id": own,
                        "geometry": None if shape is None else orjson.Fragment(shape),
                        "properties": values,
                    }
                )
                for own, shape, values in rows
            ]
            self._blocks[crs, number] = found
        return found


def _cells(values: pd.Series, kind: ColumnKind) -> list[Any]:
    """Return Python values; None for what is missing or not finite."""
    turn, missing = _TO_PYTHON[kind], values.isna().to_numpy()
    cells = [None if gone else turn(one) for one, gone in zip(values.tolist(), missing, strict=True)]
    if kind == "number":
        return [one if one is None or math.isfinite(one) else None for one in cells]
    return cells


def _column(schema: TableSchema, name: str, values: pd.Series) -> Column:
    """Return the declaration of a column; one that an input table carries besides is named by its heading."""
    for one in schema.columns:
        if one.name == name:
            return one
    return Column(name, _kind(values), name, name, name)


def _kind(values: pd.Series) -> ColumnKind:
    if pd.api.types.is_bool_dtype(values.dtype):
        return "flag"
    if pd.api.types.is_integer_dtype(values.dtype):
        return "integer"
    if pd.api.types.is_float_dtype(values.dtype):
        return "number"
    known = values.dropna()
    if len(known) and known.map(lambda one: isinstance(one, shapely.Geometry)).all():
        return "points"
    return "text"


def _as_id(value: Any) -> str | int:
    return int(value) if isinstance(value, int | np.integer) else str(value)
