"""
CSV and Excel as offices write them: any encoding, titles above the headings, merged cells, two-row headings.

Cells are returned as they stand; ``geoplan.model`` reads numbers and words out of them.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.errors import DataError
from geoplan.io.encoding import decode
from geoplan.io.study_toml import LayerConfig
from geoplan.model.validate import Fault
from geoplan.model.values import is_missing, shown

__all__ = ["read_csv", "read_excel"]

_DELIMITERS = ",;\t|"
_HEADINGS_WITHIN = 10
"""Rows of an Excel sheet among which the headings are looked for."""

Recognises = Callable[[list[str]], bool]
"""Tells whether a row of headings has every column that the table needs."""
_Cells = list[list[Any]]


def read_csv(file: Path, config: LayerConfig, *, table: str) -> tuple[pd.DataFrame, str, list[Fault]]:
    """
    Read a CSV file.

    Parameters
    ----------
    file
        The file. Comma, semicolon, tab or bar separated; the heading row tells which.
    config
        Its encoding, if declared.
    table
        Input table it fills, for messages.

    Returns
    -------
    cells, encoding, faults
        Cells as text, rows numbered from 1; blank rows are left out. A row with more cells than headings is a
        fault.

    Raises
    ------
    DataError
        If there is no heading row.
    EncodingError
        If the encoding cannot be told.
    """
    content, encoding = decode(file.read_bytes(), file=file.name, encoding=config.encoding)
    first = next((line for line in content.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    rows: _Cells = [list(row) for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise DataError("error.empty_file", table=table, file=file.name)
    headings = [cell.strip() for cell in rows[0]]
    return _frame(headings, rows[1:], table, encoding)


def read_excel(
    file: Path, config: LayerConfig, *, table: str, recognises: Recognises
) -> tuple[pd.DataFrame, list[Fault]]:
    """
    Read a sheet of an Excel workbook.

    Parameters
    ----------
    file
        An ``.xlsx`` or ``.xlsm`` file. Formulas give the value last computed.
    config
        Sheet and heading row, if declared.
    table
        Input table it fills: also the sheet's name, if there are several and none is declared.
    recognises
        Finds the heading row among the first ten, where none is declared.

    Returns
    -------
    cells, faults
        As in `read_csv`. A merged cell stands in every row and column it spans; under a heading merged across
        columns the second row of headings counts.

    Raises
    ------
    DataError
        If it is no workbook, has no such sheet, or no headings.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(file, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise DataError(
            "error.unreadable", file=file.name, detail=str(error) or type(error).__name__
        ) from error
    sheet = _sheet(book, config, table, file.name)
    cells: _Cells = [list(row) for row in sheet.iter_rows(values_only=True)]
    wide: set[int] = set()
    for area in sheet.merged_cells.ranges:
        value = cells[area.min_row - 1][area.min_col - 1]
        if area.max_col > area.min_col:
            wide.add(area.min_row)
        for row in range(area.min_row - 1, min(area.max_row, len(cells))):
            for column in range(area.min_col - 1, min(area.max_col, len(cells[row]))):
                cells[row][column] = value
    start, depth = _heading_rows(cells, wide, config.header_row, recognises)
    if start > len(cells):
        raise DataError("error.empty_file", table=table, file=file.name)
    rows = [row for row in cells[start - 1 + depth :] if not all(map(is_missing, row))]
    frame, _, faults = _frame(_compose(cells, start, depth), rows, table, "")
    return frame, faults


def _sheet(book: Any, config: LayerConfig, table: str, file: str) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    known = ", ".join(names)
    if config.sheet:
        if config.sheet not in names:
            raise DataError("error.no_sheet", table=table, file=file, sheet=config.sheet, known=known)
        return book[config.sheet]
    if table in names:
        return book[table]
    filled = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and sheet.max_row > 1]
    if len(filled) > 1:
        raise DataError("error.which_sheet", table=table, file=file, known=known)
    return filled[0] if filled else book.worksheets[0]


def _heading_rows(cells: _Cells, wide: set[int], declared: int, recognises: Recognises) -> tuple[int, int]:
    """Return the first row of the headings, from 1, and how many rows they take."""
    candidates = [declared] if declared else range(1, min(_HEADINGS_WITHIN, len(cells)) + 1)
    for start in candidates:
        # a title merged across the whole sheet also looks like the first of two heading rows
        for depth in (1, 2) if start in wide and start < len(cells) else (1,):
            if start <= len(cells) and recognises(_compose(cells, start, depth)):
                return start, depth
    return (declared or 1), 1


def _compose(cells: _Cells, start: int, depth: int) -> list[str]:
    """Return the headings: of two rows the lower, where it says something."""
    found = [_heading(cell) for cell in cells[start - 1]]
    for row in cells[start : start - 1 + depth]:
        found = [_heading(below) or above for above, below in zip(found, row, strict=False)]
    return found


def _heading(cell: object) -> str:
    return "" if is_missing(cell) else str(cell).strip()


def _frame(
    headings: list[str], rows: _Cells, table: str, encoding: str
) -> tuple[pd.DataFrame, str, list[Fault]]:
    """Return rows as a table of objects; a column without heading that holds anything is numbered."""
    width = len(headings)
    faults = []
    for number, row in enumerate(rows, start=1):
        beyond = [cell for cell in row[width:] if not is_missing(cell)]
        if beyond:
            value = shown(" ".join(map(str, beyond)))
            faults.append(Fault(table, number, "", "", value, "fault.extra_cells"))
    padded = [[*row[:width], *[None] * (width - len(row))] for row in rows]
    names, columns = [], []
    for at, heading in enumerate(headings):
        cells = [row[at] for row in padded]
        if heading or not all(map(is_missing, cells)):
            names.append(heading or f"column_{at + 1}")
            columns.append(pd.Series(cells, dtype=object))
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(len(rows)))
    frame.columns = pd.Index(names, dtype=object)
    frame.index = pd.RangeIndex(1, len(rows) + 1)
    return frame, encoding, faults
