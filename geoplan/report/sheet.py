"""A table as the report prints it: headings, and cells that are text with a class."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import Column
from geoplan.report.traced import Cell, Form, How, Source, figure
from geoplan.report.words import translate
from geoplan.standards.standard import Standard

__all__ = ["Cell", "Sheet", "headed_sheet", "sheet_of", "totals_of"]

_MARKED = ("verdict", "household_verdict", "size")
"""Columns whose code becomes the cell's class."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    Headings and rows of cells.

    Parameters
    ----------
    headings, rows
        As they are printed; a form has no headings.
    totals
        A row below that adds up the rows above it; its figures are sums.
    """

    headings: list[str]
    rows: list[list[Cell]]
    totals: list[Cell] | None = None

    def with_column(self, heading: str, cells: Sequence[Cell]) -> Sheet:
        """Return the sheet with a column more on the right."""
        rows = [[*row, cell] for row, cell in zip(self.rows, cells, strict=True)]
        return dataclasses.replace(self, headings=[*self.headings, heading], rows=rows)


def sheet_of(
    name: str,
    frame: pd.DataFrame,
    columns: Sequence[str],
    standard: Standard,
    lang: Lang,
    *,
    source: str | None = None,
) -> Sheet:
    """
    Return columns of a result table as a sheet.

    Parameters
    ----------
    name
        Result table that declares the columns.
    frame
        Rows to print, the key as a column; those of a table without a key keep its index.
    columns
        Columns to print.
    standard
        Names the categories.
    lang
        Language of headings and words.
    source
        What the table is called where its figures are looked up; None is ``name``.
    """
    schema = RESULT_TABLES[name]
    codes = pd.DataFrame(frame)[list(columns)]
    labels = frame[schema.key] if schema.key else frame.index
    words = translate(codes, standard, lang)
    declared = [schema.column(column) for column in columns]
    cells = [
        [
            _cell(column, word, code, source or name, label)
            for word, code, label in zip(
                words[column.name].tolist(), codes[column.name].tolist(), labels.tolist(), strict=True
            )
        ]
        for column in declared
    ]
    rows = [list(row) for row in zip(*cells, strict=True)]
    return Sheet([column.heading(lang) for column in declared], rows)


def headed_sheet(
    headings: list[str],
    rows: Sequence[Sequence[Any]],
    *,
    table: str,
    labels: Sequence[Hashable],
    columns: Sequence[str],
) -> Sheet:
    """Return plain rows as a sheet; its figures are looked up under ``table``, ``labels`` and ``columns``."""
    return Sheet(
        headings,
        [
            [_plain(one, Source(table, (label,), column)) for one, column in zip(row, columns, strict=True)]
            for row, label in zip(rows, labels, strict=True)
        ],
    )


def totals_of(sheet: Sheet, lang: Lang, summed: Sequence[int]) -> Sheet:
    """
    Return a sheet with a row of totals.

    Parameters
    ----------
    sheet
        Rows whose cells in the columns ``summed`` are figures of one table, or missing.
    lang
        Language of the word for a total.
    summed
        Columns to add up, by position; one without any figure stays empty, and missing cells are left out.
    """
    totals = [Cell("")] * len(sheet.headings)
    totals[0] = Cell(text("report.total", lang))
    for at in summed:
        parts = [number for row in sheet.rows if (number := row[at].number) is not None]
        if parts:
            first = parts[0]
            rows = tuple(label for part in parts for label in part.source.rows)
            how: How = "count" if first.source.how == "count" else "sum"
            source = Source(first.source.table, rows, first.source.column, how)
            totals[at] = figure(sum(part.value for part in parts), first.form, source)
    return dataclasses.replace(sheet, totals=totals)


def _plain(value: Any, source: Source) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure(value, "number", source)
    return Cell(str(value))


def _cell(column: Column, word: Any, code: Any, table: str, label: Hashable) -> Cell:
    if column.kind in ("integer", "number"):
        return figure(word, _form(column), Source(table, (label,), column.name))
    missing = word is None or word is pd.NA or word != word
    return Cell("" if missing else str(word), str(code) if column.name in _MARKED and not missing else "")


def _form(column: Column) -> Form:
    if column.unit == "ratio":
        return "rate"
    if column.name == "minutes":
        return "minutes"
    return "count" if column.kind == "integer" else "number"
