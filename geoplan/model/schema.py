"""What a column and a table are. The tables themselves are declared in ``tables.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geoplan.messages import Lang

__all__ = ["Column", "ColumnKind", "TableSchema"]

ColumnKind = Literal["text", "integer", "number", "flag", "choice", "points"]
"""
``text``: str · ``integer``: whole number, pandas ``Int64`` · ``number``: float64 · ``flag``: ``boolean`` ·
``choice``: text out of a closed list · ``points``: shapely MultiPoint in the table's CRS, read from WKT text.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a table.

    Parameters
    ----------
    name
        Name in tables and JSON; the unit is part of it.
    kind
        See `ColumnKind`.
    en, zh
        Headings for people.
    meaning
        What the value says, in a sentence, for the reference.
    unit
        Unit, if it is not plain from the name.
    required
        An input table without this column is unusable.
    nullable
        Values may be missing. A row that lacks a non-nullable value is set aside.
    minimum
        Smallest value allowed; a row below it is set aside.
    choices
        Allowed values of a ``choice``.
    aliases
        Other headings recognised when reading (besides ``name``, ``en`` and ``zh``).
    references
        Input table whose key this column names.
    """

    name: str
    kind: ColumnKind
    en: str
    zh: str
    meaning: str
    unit: str = ""
    required: bool = False
    nullable: bool = True
    minimum: float | None = None
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    references: str = ""

    def heading(self, lang: Lang) -> str:
        """Return the heading in ``lang``."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class TableSchema:
    """
    One table, input or result.

    Parameters
    ----------
    name
        Name in files, code and JSON.
    en, zh
        Titles for people.
    row
        What one row is.
    columns
        Every declared column, in output order. Input tables may carry further columns, which are kept.
    key
        Column whose values are unique; it becomes the index. Empty: no key.
    geometry
        Allowed geometry families (``"Point"``, ``"LineString"``, ``"Polygon"``; the Multi- forms are
        included). Empty: a plain table.
    geometry_required
        A row without a geometry is set aside.
    """

    name: str
    en: str
    zh: str
    row: str
    columns: tuple[Column, ...]
    key: str = ""
    geometry: tuple[str, ...] = ()
    geometry_required: bool = False

    def title(self, lang: Lang) -> str:
        """Return the title in ``lang``."""
        return self.zh if lang == "zh" else self.en

    def column(self, name: str) -> Column:
        """Return the column called ``name``; KeyError if there is none."""
        for one in self.columns:
            if one.name == name:
                return one
        raise KeyError(name)
