"""
A raw table against its declaration: every row is either used, or in the ledger with its reason.

Nothing here reads files or knows about coordinates' meaning; see ``geoplan.io`` and ``geoplan.crs``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.errors import MissingColumnError
from geoplan.messages import Lang, text
from geoplan.model.schema import TableSchema
from geoplan.model.study import empty_quarantine
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.values import is_missing, read_column, shown

__all__ = ["GEOMETRY", "Checked", "Fault", "accepted_headings", "fault_text", "quarantine", "validate_table"]

GEOMETRY = "geometry"
_TOTALS = ("合计", "总计", "小计", "共计", "total")
_FAMILY = {
    "Point": "Point", "MultiPoint": "Point", "LineString": "LineString", "LinearRing": "LineString",
    "MultiLineString": "LineString", "Polygon": "Polygon", "MultiPolygon": "Polygon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault in the input: one row of the ``quarantine`` table.

    Parameters
    ----------
    table
        Input table.
    row
        Number of the data row in its file, from 1; None if it is not about one row.
    id
        The row's id, if it has one.
    column
        Column at fault.
    value
        What stood there.
    code
        Message key ``fault.*``.
    effect
        ``set_aside``: the row is not used; ``kept``: it is used, but noted.
    """

    table: str
    row: int | None
    id: str
    column: str
    value: str
    code: str
    effect: Literal["set_aside", "kept"] = "set_aside"


@dataclass(frozen=True, slots=True)
class Checked:
    """
    A validated table.

    Parameters
    ----------
    table
        Rows that passed, indexed by the key, sorted by it, every declared column typed.
    rows
        Id -> number of the row in its file.
    faults
        What was found.
    """

    table: gpd.GeoDataFrame
    rows: pd.Series
    faults: tuple[Fault, ...]

    def without(self, faults: Iterable[Fault]) -> Checked:
        """Return this table without the rows that ``faults`` set aside, and with these faults noted."""
        listed = tuple(faults)
        gone = {fault.id for fault in listed if fault.effect == "set_aside"}
        keep = ~self.table.index.isin(gone)
        return dataclasses.replace(
            self, table=self.table[keep], rows=self.rows[keep], faults=(*self.faults, *listed)
        )


def validate_table(raw: pd.DataFrame, schema: TableSchema, *, found: Sequence[Fault] = ()) -> Checked:
    """
    Check a raw table against its declaration.

    Parameters
    ----------
    raw
        Columns named as declared; the index numbers the rows of the file, from 1. Further columns are
        kept. A GeoDataFrame, unless the file has no coordinates.
    schema
        The declaration.
    found
        Faults found while reading; rows they set aside are not used.

    Returns
    -------
    checked
        The table without the rows set aside. Of identical rows one is used; of differing rows under one
        id none is.

    Raises
    ------
    MissingColumnError
        If a required column is absent.
    """
    absent = [one for one in schema.columns if one.required and one.name not in raw.columns]
    if absent:
        listed = "; ".join(f"{one.name} ({', '.join(accepted_headings(schema, one.name))})" for one in absent)
        raise MissingColumnError("error.missing_headings", table=schema.name, columns=listed)
    typed = {}
    problems: list[tuple[int, str, str, str]] = []
    for column in schema.columns:
        cells = (
            raw[column.name] if column.name in raw.columns else pd.Series(None, index=raw.index, dtype=object)
        )
        typed[column.name], codes = read_column(cells, column, key=column.name == schema.key)
        wrong = np.flatnonzero(codes != "")
        problems += [(int(at), column.name, shown(cells.iloc[at]), str(codes[at])) for at in wrong]
    known = {one.row for one in found if one.effect == "set_aside"}
    geometry, misshapen = _check_geometry(raw, schema, known=known)
    problems += misshapen
    ids = typed[schema.key]
    problems += _check_ids(raw, ids, schema.key, geometry)
    faults = [*found, *_faults(problems, raw.index, schema.name)]
    labels = dict(zip(raw.index, ids.fillna(""), strict=True))
    faults = [
        dataclasses.replace(fault, id=labels[fault.row]) if fault.row in labels else fault for fault in faults
    ]
    good = ~raw.index.isin([fault.row for fault in faults if fault.effect == "set_aside"])
    extra = {name: _tidy(raw[name]) for name in raw.columns if name not in typed and name != GEOMETRY}
    del typed[schema.key]
    frame = gpd.GeoDataFrame(
        {**typed, **extra}, index=raw.index, geometry=pd.Series(geometry, index=raw.index, dtype=object),
        crs=getattr(raw, "crs", None),
    )  # fmt: skip
    frame = frame[good]
    rows = pd.Series(frame.index, dtype="int64")
    frame.index = rows.index = pd.Index(ids[good], dtype="str", name=schema.key)
    return Checked(frame.sort_index(), rows.sort_index(), tuple(faults))


def quarantine(faults: Iterable[Fault]) -> pd.DataFrame:
    """Return faults as the ``quarantine`` table, in the order of tables, rows and columns."""
    order = {name: at for at, name in enumerate(INPUT_TABLES)}
    listed = sorted(faults, key=lambda one: (order[one.table], one.row or 0, one.column, one.code, one.value))
    dtypes = empty_quarantine().dtypes
    columns = {name: [getattr(one, name) for one in listed] for name in dtypes.index}
    return pd.DataFrame({name: pd.Series(values, dtype=dtypes[name]) for name, values in columns.items()})


def fault_text(row: Mapping[str, Any], lang: Lang) -> str:
    """
    Return why a row of the ``quarantine`` table is there, and what to do.

    Parameters
    ----------
    row
        Its cells by column name.
    lang
        Language.

    Examples
    --------
    >>> row = dict(table="residences", row=3, id="r3", column="persons", value="-4",
    ...            code="fault.below_minimum", effect="set_aside")
    >>> fault_text(row, "en")
    'persons is -4, below the least possible 0; correct the value'
    """
    schema = INPUT_TABLES[row["table"]]
    column = next((one for one in schema.columns if one.name == row["column"]), None)
    return text(
        row["code"], lang, table=schema.title(lang), id=row["id"], value=row["value"],
        column=column.heading(lang) if column else row["column"],
        minimum=f"{column.minimum:g}" if column and column.minimum is not None else "",
        choices=", ".join(column.choices) if column else "",
        references=INPUT_TABLES[column.references].title(lang) if column and column.references else "",
        families=", ".join(schema.geometry),
    )  # fmt: skip


def accepted_headings(schema: TableSchema, name: str) -> tuple[str, ...]:
    """Return every heading under which a column is recognised besides its name."""
    column = schema.column(name)
    return tuple(dict.fromkeys(one for one in (column.en, column.zh, *column.aliases) if one != name))


def _faults(problems: Iterable[tuple[int, str, str, str]], rows: pd.Index, table: str) -> list[Fault]:
    return [Fault(table, int(rows[at]), "", column, value, code) for at, column, value, code in problems]


def _check_geometry(
    raw: pd.DataFrame, schema: TableSchema, *, known: set[int | None]
) -> tuple[npt.NDArray[np.object_], list[tuple[int, str, str, str]]]:
    """Return the geometries in two dimensions, and what is wrong; ``known`` rows are faulty anyway."""
    if GEOMETRY not in raw.columns:
        found = np.full(len(raw), None, dtype=object)
    else:
        found = shapely.force_2d(np.asarray(raw[GEOMETRY].to_numpy(), dtype=object))
    coordinates, owner = shapely.get_coordinates(found, return_index=True)
    broken = np.bincount(owner[~np.isfinite(coordinates).all(axis=1)], minlength=len(found)) > 0
    absent = shapely.is_missing(found)
    empty = shapely.is_empty(found) & ~broken
    problems = []
    for at, geometry in enumerate(found):
        if raw.index[at] in known:
            continue
        code, value = "", ""
        if absent[at] or empty[at]:
            code = "fault.missing_geometry" if schema.geometry_required else ""
        elif broken[at]:
            code = "fault.non_finite_coordinates"
        elif _FAMILY.get(geometry.geom_type, "") not in schema.geometry:
            code, value = "fault.wrong_geometry", geometry.geom_type
        elif not geometry.is_valid:
            code, value = "fault.invalid_geometry", shapely.is_valid_reason(geometry)
        if code:
            problems.append((at, GEOMETRY, value, code))
    found[empty] = None
    return found, problems


def _check_ids(
    raw: pd.DataFrame, ids: pd.Series, key: str, geometry: npt.NDArray[np.object_]
) -> list[tuple[int, str, str, str]]:
    """Find ids given to several rows, and rows that add up others."""
    problems = [
        (int(at), key, ids.iloc[at], "fault.total_row")
        for at in np.flatnonzero(ids.str.casefold().isin(_TOTALS))
    ]
    repeated = np.flatnonzero(ids.duplicated(keep=False) & ids.notna())
    groups: dict[str, list[int]] = {}
    for at in repeated:
        groups.setdefault(ids.iloc[at], []).append(int(at))
    columns = [name for name in raw.columns if name != GEOMETRY]
    for label, members in groups.items():
        contents = {_content(raw[columns].iloc[at], geometry[at]) for at in members}
        alike = len(contents) == 1
        code = "fault.duplicate_row" if alike else "fault.duplicate_id"
        problems += [(at, key, label, code) for at in (members[1:] if alike else members)]
    return problems


def _content(cells: pd.Series, geometry: shapely.Geometry | None) -> tuple[str, ...]:
    shape = "" if geometry is None else shapely.to_wkb(geometry, hex=True)
    return (shape, *(str(cell) for cell in cells))


def _tidy(cells: pd.Series) -> pd.Series:
    """Make mixed cells of an undeclared column text, so that the column can be written and compared."""
    if cells.dtype != object:
        return cells
    return pd.Series(
        [None if is_missing(cell) else str(cell) for cell in cells], index=cells.index, dtype="str"
    )
