"""What every workbook shares: formats, titles of sheets, cells by the kind of their column."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from geoplan.model.schema import Column

__all__ = [
    "CREATED",
    "MAX_TEXT",
    "OPTIONS",
    "Formats",
    "column_format",
    "column_width",
    "set_for_print",
    "sheet_title",
    "sign_count",
    "write_column",
]

CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""A fixed date: the same audit gives the same bytes."""
MAX_TEXT = 32_767
_MAX_TITLE = 31
_SAMPLE_ROWS = 200
_WIDTHS = (8, 60)
_FIGURE_WIDTH = 18
_A4 = 9
_LONGEST_HEADER = 100
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class Formats:
    """Cell formats of one workbook."""

    title: Any
    banner: Any
    heading: Any
    section: Any
    text: Any
    wrapped: Any
    count: Any
    number: Any
    rate: Any
    plain: Any
    total_count: Any
    total_number: Any
    total_rate: Any

    @classmethod
    def of(cls, book: xlsxwriter.Workbook) -> Formats:
        """Make the formats in ``book``."""
        top = {"valign": "top"}
        count, number = {"num_format": "#,##0", **top}, {"num_format": "#,##0.00", **top}
        # only all is 100 %
        rate = {"num_format": '[>=1]0.0%;[>=0.9995]"> 99.9%";0.0%', **top}
        total = {"bold": True, "bg_color": "#DCE6F1", "top": 1}
        return cls(
            title=book.add_format({"bold": True, "font_size": 14}),
            banner=book.add_format({"bold": True, "bg_color": "#FFF1C2"}),
            heading=book.add_format(
                {"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "text_wrap": True, **top}
            ),
            section=book.add_format({"bold": True, "font_size": 12, "font_color": "#1F3864"}),
            text=book.add_format({"indent": 1, **top}),
            wrapped=book.add_format({"text_wrap": True, **top}),
            count=book.add_format(count),
            number=book.add_format(number),
            rate=book.add_format(rate),
            plain=book.add_format({"num_format": "General", **top}),
            total_count=book.add_format(count | total),
            total_number=book.add_format(number | total),
            total_rate=book.add_format(rate | total),
        )


def sheet_title(title: str, taken: set[str]) -> str:
    """Return a sheet title that Excel allows and that is free."""
    plain = "".join("-" if sign in "[]:*?/\\" else sign for sign in title).strip("'")
    number, candidate = 1, plain[:_MAX_TITLE]
    while candidate.casefold() in taken:
        number += 1
        ending = f" ({number})"
        candidate = plain[: _MAX_TITLE - len(ending)] + ending
    taken.add(candidate.casefold())
    return candidate


def column_format(column: Column, cells: pd.Series, formats: Formats) -> Any:
    """Return the cell format of a column."""
    if column.unit == "ratio":
        return formats.rate
    if column.kind == "integer":
        return formats.count
    if column.kind == "number":
        return formats.count if (cells.dropna() % 1 == 0).all() else formats.number
    return formats.text


def write_column(
    sheet: Any, at: int, column: Column, cells: pd.Series, forms: Sequence[Any], *, first_row: int
) -> list[Any]:
    """Write the cells of a column that are not missing, by the column's kind; return them."""
    put: Callable[..., Any] = sheet.write_string
    if column.kind in ("integer", "number"):
        put = sheet.write_number
    elif column.kind == "flag":
        put = sheet.write_boolean
    present = np.flatnonzero(cells.notna().to_numpy())
    values: list[Any] = cells.iloc[present].tolist()
    if put == sheet.write_string:
        values = [str(value)[:MAX_TEXT] for value in values]
    for row, value in zip(present.tolist(), values, strict=True):
        if value != "":
            put(first_row + row, at, value, forms[row])
    return values


def column_width(heading: str, cells: Sequence[Any], column: Column) -> float:
    """Return a column width for the heading and the first cells; Chinese signs count double."""
    texts = [cell for cell in cells[:_SAMPLE_ROWS] if isinstance(cell, str)]
    widest = max((sign_count(one) for one in texts), default=0)
    figures = column.kind in ("integer", "number", "flag")
    own = min(sign_count(heading), _FIGURE_WIDTH) if figures else sign_count(heading)
    return float(min(max(widest, own, _WIDTHS[0]) + 2.5, _WIDTHS[1]))


def set_for_print(sheet: Any, warnings: Sequence[str], *, wide: int = 1, tall: int = 0) -> None:
    """
    Set a sheet for print: A4, the warnings on every page.

    Parameters
    ----------
    sheet
        Of xlsxwriter.
    warnings
        Lines for the head.
    wide
        Pages it takes side by side.
    tall
        Pages it may take, upright; 0: as many as it needs, lying.
    """
    if not tall:
        sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(max(1, wide), tall)
    # "&" starts a code in a header, "&&" is the sign itself; a header holds 255 signs
    sheet.set_header("&C" + " ".join(warnings)[:_LONGEST_HEADER].replace("&", "&&"))
    sheet.set_footer("&C&P / &N")


def sign_count(content: str) -> int:
    """Return how many narrow signs a text is wide."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in content)
