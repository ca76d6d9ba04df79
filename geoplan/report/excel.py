"""``audit.xlsx``: a sheet a result table, the headline and the rules it rests on first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xlsxwriter

from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import Column
from geoplan.report.evidence import category_rows, fault_reasons, layer_rows, parameter_rows, rule_rows
from geoplan.report.explained import stability_ranges
from geoplan.report.headline import banners, headline_cells, headline_rows
from geoplan.report.words import translate
from geoplan.report.workbook import (
    CREATED,
    MAX_TEXT,
    OPTIONS,
    Formats,
    column_format,
    column_width,
    set_for_print,
    sheet_title,
    sign_count,
    write_column,
)

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["FIRST_DATA_ROW", "MAX_ROWS", "write_excel", "write_result_sheets"]

FIRST_DATA_ROW = 2
"""Above it: what the sheet is, with the warnings; and the headings."""
MAX_ROWS = 1_048_576 - FIRST_DATA_ROW
"""Rows of data a sheet holds."""
_SUMMARY_WIDTHS = (46, 12, 12, 18, 14, 34, 34, 14, 14, 34, 30)
_SOURCE_WIDTHS = (34, 34, 16, 12, 12, 12, 34)
_PAGE_WIDTH = 210
"""Signs beside one another on a printed page that can still be read, some 60 % of full size."""
_LINE_HEIGHT = 15


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

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> geoplan.report.write_excel(checked, f"{tempfile.mkdtemp()}/audit.xlsx")
    """
    chosen = lang or audit.study.lang
    book = xlsxwriter.Workbook(str(file), OPTIONS)
    warnings = tuple(banners(audit, chosen))
    book.set_properties({"title": audit.study.name, "created": CREATED, "comments": " ".join(warnings)})
    context = _Context(audit, chosen, Formats.of(book), warnings)
    taken: set[str] = set()
    _summary(book.add_worksheet(sheet_title(text("report.sheet_summary", chosen), taken)), context)
    _result_sheets(book, context, taken, "{title}")
    _sources(book.add_worksheet(sheet_title(text("report.sheet_sources", chosen), taken)), context)
    book.close()


def write_result_sheets(
    book: Any, audit: Audit, lang: Lang, formats: Formats, taken: set[str]
) -> list[tuple[str, str]]:
    """
    Add a sheet a result table to a workbook that has other sheets too.

    Parameters
    ----------
    book, formats, taken
        Workbook of xlsxwriter, its formats, and the sheet titles it has.
    audit, lang
        Its tables, and the language.

    Returns
    -------
    sheets
        Name of each sheet with the title of its table.
    """
    context = _Context(audit, lang, formats, tuple(banners(audit, lang)))
    return _result_sheets(book, context, taken, text("report.sheet_data", lang, title="{title}"))


def _result_sheets(book: Any, context: _Context, taken: set[str], named: str) -> list[tuple[str, str]]:
    """Add a sheet a result table, a longer one several; ``named`` is a template of their titles."""
    made = []
    for name, table in context.audit.tables.items():
        columns, frame = _shown(name, table, context)
        title = RESULT_TABLES[name].title(context.lang)
        for start in range(0, max(len(frame), 1), MAX_ROWS):
            sheet = book.add_worksheet(sheet_title(named.replace("{title}", title), taken))
            _table(sheet, name, columns, frame.iloc[start : start + MAX_ROWS], context)
            made.append((sheet.name, f"{title} ({name})"))
    return made


@dataclass(frozen=True, slots=True)
class _Context:
    """What every sheet needs."""

    audit: Audit
    lang: Lang
    formats: Formats
    warnings: tuple[str, ...]


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
    widths: list[float] = []
    for at, column in enumerate(columns):
        sheet.write_string(FIRST_DATA_ROW - 1, at, column.heading(lang), formats.heading)
        form = column_format(column, frame[column.name], formats)
        forms = [form] * len(frame)
        if name == "indicators" and column.name in ("value", "low", "high"):
            forms = [formats.rate if "_rate" in one else formats.count for one in frame["indicator"]]
        cells = write_column(sheet, at, column, frame[column.name], forms, first_row=FIRST_DATA_ROW)
        widths.append(column_width(column.heading(lang), cells, column))
        sheet.set_column(at, at, widths[-1])
    sheet.freeze_panes(FIRST_DATA_ROW, 1)
    sheet.autofilter(FIRST_DATA_ROW - 1, 0, FIRST_DATA_ROW - 1 + len(frame), len(columns) - 1)
    sheet.repeat_rows(0, FIRST_DATA_ROW - 1)
    sheet.repeat_columns(0)
    set_for_print(sheet, context.warnings, wide=math.ceil(sum(widths) / _PAGE_WIDTH))


def _write(sheet: Any, row: int, at: int, cell: Any, form: Any) -> None:
    """Write a cell by its type; what is missing stays empty."""
    if isinstance(cell, str):
        sheet.write_string(row, at, cell[:MAX_TEXT], form)
    elif cell is not None and not pd.isna(cell):
        sheet.write_number(row, at, cell, form)


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
    ranges = stability_ranges(audit, lang)
    for one in headline_cells(audit, lang):
        sheet.write_string(row, 0, one.label, formats.text)
        number = one.value.number
        form = formats.rate if "_rate" in one.key else formats.count
        _write(sheet, row, 1, one.value.text if number is None else number.value, form)
        if one.unknown is not None:
            share = text("report.unknown_share", lang, rate=one.unknown.text)
            sheet.write_string(row, 2, share, formats.text)
        sheet.write_string(row, 3, ranges.get(one.key, ""), formats.text)
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
    set_for_print(sheet, context.warnings)


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
    set_for_print(sheet, context.warnings)


def _section(sheet: Any, row: int, title: str, formats: Formats) -> int:
    sheet.write_string(row, 0, title, formats.section)
    return row + 1


def _pairs(sheet: Any, row: int, pairs: Sequence[tuple[str, str]], formats: Formats) -> int:
    """Write two columns of text; return the row below."""
    for at, (label, value) in enumerate(pairs, start=row):
        sheet.write_string(at, 0, label, formats.text)
        sheet.write_string(at, 1, value, formats.text)
    return row + len(pairs)


def _rows(
    sheet: Any,
    row: int,
    table: tuple[list[str], list[list[Any]]],
    formats: Formats,
    widths: Sequence[int],
) -> int:
    """Write headings and rows, tall enough for their wrapped text; return the row below."""
    headings, rows = table
    for at, heading in enumerate(headings):
        sheet.write_string(row, at, heading, formats.heading)
    for number, cells in enumerate(rows, start=row + 1):
        lines = [-(-sign_count(str(cell)) // width) for cell, width in zip(cells, widths, strict=False)]
        sheet.set_row(number, _LINE_HEIGHT * max(1, *lines))
        for at, cell in enumerate(cells):
            _write(sheet, number, at, cell, formats.wrapped)
    return row + 1 + len(rows)
