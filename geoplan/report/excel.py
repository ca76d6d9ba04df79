"""``audit.xlsx``: a sheet a result table, the headline and the rules it rests on first."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xlsxwriter

from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import Column
from geoplan.report.evidence import category_rows, fault_reasons, layer_rows, parameter_rows, rule_rows
from geoplan.report.headline import banners, headline_rows, unknown_shares
from geoplan.report.words import DASH, rate_text, translate

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["FIRST_DATA_ROW", "MAX_ROWS", "write_excel"]

FIRST_DATA_ROW = 2
"""Above it: what the sheet is, with the warnings; and the headings."""
MAX_ROWS = 1_048_576 - FIRST_DATA_ROW
"""Rows of data a sheet holds."""
_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""A fixed date: the same audit gives the same bytes."""
_MAX_TEXT = 32_767
_MAX_TITLE = 31
_SAMPLE_ROWS = 200
_WIDTHS = (8, 60)
_FIGURE_WIDTH = 18
_SUMMARY_WIDTHS = (46, 12, 12, 18, 14, 34, 34, 14, 14, 34, 30)
_SOURCE_WIDTHS = (34, 34, 16, 12, 12, 12, 34)
_A4 = 9
_LINE_HEIGHT = 15
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class _Formats:
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

    @classmethod
    def of(cls, book: xlsxwriter.Workbook) -> _Formats:
        """Make the formats in ``book``."""
        top = {"valign": "top"}
        return cls(
            title=book.add_format({"bold": True, "font_size": 14}),
            banner=book.add_format({"bold": True, "bg_color": "#FFF1C2"}),
            heading=book.add_format(
                {"bold": True, "bg_color": "#DCE6F1", "bottom": 1, "text_wrap": True, **top}
            ),
            section=book.add_format({"bold": True, "font_size": 12, "font_color": "#1F3864"}),
            text=book.add_format({**top}),
            wrapped=book.add_format({"text_wrap": True, **top}),
            count=book.add_format({"num_format": "#,##0", **top}),
            number=book.add_format({"num_format": "#,##0.00", **top}),
            rate=book.add_format({"num_format": "0.0%", **top}),
        )


def write_excel(audit: Audit, file: str | Path, *, lang: Lang | None = None) -> None:
    """
    Write ``audit.xlsx``.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    file
        File to write; its folder exists.
    lang
        Language of titles, headings and words; None takes the study's.

    Notes
    -----
    The first sheet holds the headline, the standard's rules and what was not computed; then comes a sheet
    a result table: a title with the warnings in row 1, headings in row 2, data from row 3. A table longer
    than a sheet goes on in the next one. Text of the data is never read as a formula, link or number.
    """
    chosen = lang or audit.study.lang
    book = xlsxwriter.Workbook(str(file), _OPTIONS)
    warnings = tuple(banners(audit, chosen))
    book.set_properties({"title": audit.study.name, "created": _CREATED, "comments": " ".join(warnings)})
    context = _Context(audit, chosen, _Formats.of(book), warnings)
    taken: set[str] = set()
    _summary(book.add_worksheet(_title(text("report.sheet_summary", chosen), taken)), context)
    for name, table in audit.tables.items():
        columns, frame = _shown(name, table, context)
        for start in range(0, max(len(frame), 1), MAX_ROWS):
            sheet = book.add_worksheet(_title(RESULT_TABLES[name].title(chosen), taken))
            _table(sheet, name, columns, frame.iloc[start : start + MAX_ROWS], context)
    _sources(book.add_worksheet(_title(text("report.sheet_sources", chosen), taken)), context)
    book.close()


@dataclass(frozen=True, slots=True)
class _Context:
    """What every sheet needs."""

    audit: Audit
    lang: Lang
    formats: _Formats
    warnings: tuple[str, ...]


def _title(title: str, taken: set[str]) -> str:
    """Return a sheet title that Excel allows and that is free."""
    plain = "".join("-" if sign in "[]:*?/\\" else sign for sign in title).strip("'")
    number, candidate = 1, plain[:_MAX_TITLE]
    while candidate.casefold() in taken:
        number += 1
        ending = f" ({number})"
        candidate = plain[: _MAX_TITLE - len(ending)] + ending
    taken.add(candidate.casefold())
    return candidate


def _shown(name: str, table: pd.DataFrame, context: _Context) -> tuple[list[Column], pd.DataFrame]:
    """Return the columns and the cells of a result table, codes in words."""
    schema = RESULT_TABLES[name]
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    plain = plain.reset_index() if plain.index.name is not None else plain
    frame = translate(plain, context.audit.standard, context.lang)
    columns = [schema.column(str(column)) for column in plain.columns]
    if name == "quarantine":
        reasons = Column("reason_text", "text", text("report.reason", "en"), text("report.reason", "zh"), "")
        frame[reasons.name] = fault_reasons(table, context.lang)
        columns.append(reasons)
    if name == "indicators":
        labels = {key: label for key, label, _ in headline_rows(context.audit, context.lang)}
        frame["label"] = frame["indicator"].map(labels)
    return columns, frame


def _table(sheet: Any, name: str, columns: Sequence[Column], frame: pd.DataFrame, context: _Context) -> None:
    """Fill a sheet with a table."""
    formats, lang = context.formats, context.lang
    line = " · ".join([RESULT_TABLES[name].title(lang), context.audit.study.name, *context.warnings])
    sheet.write_string(0, 0, line, formats.banner if context.warnings else formats.title)
    for at, column in enumerate(columns):
        sheet.write_string(FIRST_DATA_ROW - 1, at, column.heading(lang), formats.heading)
        form = _format_of(column, frame[column.name], formats)
        forms = [form] * len(frame)
        if (name, column.name) == ("indicators", "value"):
            forms = [formats.rate if "_rate" in one else formats.count for one in frame["indicator"]]
        cells = _write_column(sheet, at, column, frame[column.name], forms)
        sheet.set_column(at, at, _width(column.heading(lang), cells, column))
    sheet.freeze_panes(FIRST_DATA_ROW, 1)
    sheet.autofilter(FIRST_DATA_ROW - 1, 0, FIRST_DATA_ROW - 1 + len(frame), len(columns) - 1)
    sheet.repeat_rows(0, FIRST_DATA_ROW - 1)
    _for_print(sheet, context)


def _format_of(column: Column, cells: pd.Series, formats: _Formats) -> Any:
    if column.unit == "ratio":
        return formats.rate
    if column.kind == "integer":
        return formats.count
    if column.kind == "number":
        return formats.count if (cells.dropna() % 1 == 0).all() else formats.number
    return formats.text


def _write_column(sheet: Any, at: int, column: Column, cells: pd.Series, forms: Sequence[Any]) -> list[Any]:
    """Write the cells of a column that are not missing, by the column's kind; return them."""
    put: Callable[..., Any] = sheet.write_string
    if column.kind in ("integer", "number"):
        put = sheet.write_number
    elif column.kind == "flag":
        put = sheet.write_boolean
    present = np.flatnonzero(cells.notna().to_numpy())
    values: list[Any] = cells.iloc[present].tolist()
    if put == sheet.write_string:
        values = [str(value)[:_MAX_TEXT] for value in values]
    for row, value in zip(present.tolist(), values, strict=True):
        if value != "":
            put(FIRST_DATA_ROW + row, at, value, forms[row])
    return values


def _write(sheet: Any, row: int, at: int, cell: Any, form: Any) -> None:
    """Write a cell by its type; what is missing stays empty."""
    if isinstance(cell, str):
        sheet.write_string(row, at, cell[:_MAX_TEXT], form)
    elif cell is not None and not pd.isna(cell):
        sheet.write_number(row, at, cell, form)


def _width(heading: str, cells: Sequence[Any], column: Column) -> float:
    """Return a column width for the heading and the first cells; Chinese signs count double."""
    texts = [cell for cell in cells[:_SAMPLE_ROWS] if isinstance(cell, str)]
    widest = max((_signs(one) for one in texts), default=0)
    figures = column.kind in ("integer", "number", "flag")
    own = min(_signs(heading), _FIGURE_WIDTH) if figures else _signs(heading)
    return float(min(max(widest, own, _WIDTHS[0]) + 2.5, _WIDTHS[1]))


def _signs(content: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in content)


def _for_print(sheet: Any, context: _Context) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    # "&" starts a code in a header, "&&" is the sign itself; a header holds 255 signs
    sheet.set_header("&C" + " ".join(context.warnings)[:100].replace("&", "&&"))
    sheet.set_footer("&C&P / &N")


def _summary(sheet: Any, context: _Context) -> None:
    """Fill the first sheet: what was checked, the headline, what was not computed, the rules."""
    audit, lang, formats = context.audit, context.lang, context.formats
    standard = audit.standard
    sheet.write_string(0, 0, text("report.title", lang, study=audit.study.name), formats.title)
    for row, line in enumerate(context.warnings, start=1):
        sheet.write_string(row, 0, line, formats.banner)
    row = 1 + len(context.warnings)
    named = text("report.standard", lang, name=standard.name(lang), id=standard.id, digest=standard.digest)
    sheet.write_string(row, 0, named, formats.text)
    row = _section(sheet, row + 2, text("report.headline", lang), formats)
    values = {str(key): value for key, value in audit.tables["indicators"]["value"].items()}
    unknown = unknown_shares(audit)
    for key, label, _ in headline_rows(audit, lang):
        sheet.write_string(row, 0, label, formats.text)
        value = values.get(key)
        form = formats.rate if "_rate" in key else formats.count
        _write(sheet, row, 1, DASH if pd.isna(value) else value, form)
        if unknown.get(key, 0) > 0:
            share = text("report.unknown_share", lang, rate=rate_text(unknown[key]))
            sheet.write_string(row, 2, share, formats.text)
        row += 1
    if audit.not_computed:
        row = _section(sheet, row + 1, text("report.not_computed", lang), formats)
        lines = [
            (RESULT_TABLES[name].title(lang), text("report.lacks", lang, tables=", ".join(lacking)))
            for name, lacking in audit.not_computed.items()
        ]
        row = _pairs(sheet, row, lines, formats)
    row = _section(sheet, row + 1, text("report.rules", lang), formats)
    row = _rows(sheet, row, rule_rows(standard, lang), formats, _SUMMARY_WIDTHS)
    row = _section(sheet, row + 1, text("report.categories", lang), formats)
    _rows(sheet, row, category_rows(standard, lang), formats, _SUMMARY_WIDTHS)
    for at, width in enumerate(_SUMMARY_WIDTHS):
        sheet.set_column(at, at, width)
    _for_print(sheet, context)


def _sources(sheet: Any, context: _Context) -> None:
    """Fill the last sheet: input layers with their digests, parameters, versions and credits."""
    audit, lang, formats = context.audit, context.lang, context.formats
    row = _section(sheet, 0, text("report.layers", lang), formats)
    row = _rows(sheet, row, layer_rows(audit, lang), formats, _SOURCE_WIDTHS)
    row = _section(sheet, row + 1, text("report.parameters", lang), formats)
    digest = (text("report.standard_digest", lang), audit.provenance.standard_digest)
    row = _pairs(sheet, row, [digest, *parameter_rows(audit, lang)], formats)
    row = _pairs(sheet, row, list(audit.provenance.versions.items()), formats)
    for at, line in enumerate(audit.study.attribution, start=row + 1):
        sheet.write_string(at, 0, line, formats.text)
    for at, width in enumerate(_SOURCE_WIDTHS):
        sheet.set_column(at, at, width)
    _for_print(sheet, context)


def _section(sheet: Any, row: int, title: str, formats: _Formats) -> int:
    sheet.write_string(row, 0, title, formats.section)
    return row + 1


def _pairs(sheet: Any, row: int, pairs: Sequence[tuple[str, str]], formats: _Formats) -> int:
    """Write two columns of text; return the row below."""
    for at, (label, value) in enumerate(pairs, start=row):
        sheet.write_string(at, 0, label, formats.text)
        sheet.write_string(at, 1, value, formats.text)
    return row + len(pairs)


def _rows(
    sheet: Any,
    row: int,
    table: tuple[list[str], list[list[Any]]],
    formats: _Formats,
    widths: Sequence[int],
) -> int:
    """Write headings and rows, tall enough for their wrapped text; return the row below."""
    headings, rows = table
    for at, heading in enumerate(headings):
        sheet.write_string(row, at, heading, formats.heading)
    for number, cells in enumerate(rows, start=row + 1):
        lines = [-(-_signs(str(cell)) // width) for cell, width in zip(cells, widths, strict=False)]
        sheet.set_row(number, _LINE_HEIGHT * max(1, *lines))
        for at, cell in enumerate(cells):
            _write(sheet, number, at, cell, formats.wrapped)
    return row + 1 + len(rows)
