"""A table as the report prints it: headings, and cells that are text with a class."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.messages import Lang
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import Column
from geoplan.report.words import count_text, minutes_text, number_text, rate_text, translate
from geoplan.standards.standard import Standard

__all__ = ["Cell", "Sheet", "headed_sheet", "sheet_of"]

_MARKED = ("verdict", "household_verdict", "size")
"""Columns whose code becomes the cell's class."""


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One cell.

    Parameters
    ----------
    text
        What it shows.
    mark
        Class: ``number``, a verdict, a size, or empty.
    """

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headings and rows of cells."""

    headings: list[str]
    rows: list[list[Cell]]

    def with_column(self, heading: str, cells: Sequence[Cell]) -> Sheet:
        """Return the sheet with a column more on the right."""
        rows = [[*row, cell] for row, cell in zip(self.rows, cells, strict=True)]
        return dataclasses.replace(self, headings=[*self.headings, heading], rows=rows)


def sheet_of(name: str, frame: pd.DataFrame, columns: Sequence[str], standard: Standard, lang: Lang) -> Sheet:
    """
    Return columns of a result table as a sheet.

    Parameters
    ----------
    name
        Result table that declares the columns.
    frame
        Rows to print, the key as a column.
    columns
        Columns to print.
    standard
        Names the categories.
    lang
        Language of headings and words.
    """
    schema = RESULT_TABLES[name]
    codes = pd.DataFrame(frame)[list(columns)]
    words = translate(codes, standard, lang)
    declared = [schema.column(column) for column in columns]
    cells = [
        [
            _cell(column, word, code)
            for word, code in zip(words[column.name].tolist(), codes[column.name].tolist(), strict=True)
        ]
        for column in declared
    ]
    rows = [list(row) for row in zip(*cells, strict=True)]
    return Sheet([column.heading(lang) for column in declared], rows)


def headed_sheet(headings: list[str], rows: Sequence[Sequence[Any]]) -> Sheet:
    """Return plain rows as a sheet."""
    return Sheet(headings, [[_plain(one) for one in row] for row in rows])


def _plain(value: Any) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(number_text(value), "number")
    return Cell(str(value))


def _cell(column: Column, word: Any, code: Any) -> Cell:
    if column.unit == "ratio":
        return Cell(rate_text(word), "number")
    if column.name == "minutes":
        return Cell(minutes_text(word), "number")
    if column.kind == "integer":
        return Cell(count_text(word), "number")
    if column.kind == "number":
        return Cell(number_text(word), "number")
    missing = word is None or word is pd.NA or word != word
    return Cell("" if missing else str(word), str(code) if column.name in _MARKED and not missing else "")
