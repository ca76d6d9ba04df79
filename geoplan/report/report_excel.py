"""``report.xlsx``: a sheet a table of the report, a sheet a centre and community, then every result table."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.utility import quote_sheetname, xl_col_to_name

from geoplan.messages import text
from geoplan.report.blocks import Lines, Picture, Report, Section, Table
from geoplan.report.excel import write_result_sheets
from geoplan.report.sheet import Sheet
from geoplan.report.traced import Cell, Figure
from geoplan.report.words import DASH, ceil_hundredths
from geoplan.report.workbook import (
    CREATED,
    MAX_TEXT,
    OPTIONS,
    Formats,
    set_for_print,
    sheet_title,
    sign_count,
)

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["write_report_excel"]

_MARKS = ("pass", "fail", "unknown", "within", "oversized", "undersized")
_WIDTHS = (9, 44)
_FIGURE_WIDTH = 16
_UNIT_WIDTHS = (24, 16, 20, 14, 14, 14, 26, 14, 14, 14)
_TEXT_WIDTH = 110
_LINE_HEIGHT = 15
_PICTURE_SCALE, _PICTURE_ROWS = 0.4, 40
_FIRST_ROW = 2
"""Of the data: above it are what the sheet is, with the warnings, and the headings."""


@dataclass
class _Book:
    """A workbook with what its sheets share."""

    made: Any
    report: Report
    formats: Formats
    marks: dict[str, Any]
    taken: set[str] = field(default_factory=set)
    listed: list[tuple[str, str]] = field(default_factory=list)
    """Sheet and what it shows, for the contents."""

    def add(self, title: str, shown: str) -> Any:
        """Return a new sheet that the contents list."""
        sheet = self.made.add_worksheet(sheet_title(title, self.taken))
        self.listed.append((sheet.name, shown))
        return sheet


def write_report_excel(report: Report, audit: Audit, file: str | Path) -> None:
    """
    Write ``report.xlsx``.

    Parameters
    ----------
    report
        `geoplan.report.report_of`.
    audit
        What it reports; each of its result tables becomes a sheet as well.
    file
        File to write; its folder exists.

    Notes
    -----
    Totals are formulas written here, over cells written here; text of the data is never read as a formula,
    link or number. Verdicts and sizes are coloured by their word, so that a changed cell changes its colour.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report = geoplan.report.report_of(checked, lang="en")
    >>> write_report_excel(report, checked, f"{tempfile.mkdtemp()}/report.xlsx")
    """
    made = xlsxwriter.Workbook(str(file), OPTIONS)
    made.set_properties(
        {"title": report.title[:MAX_TEXT], "created": CREATED, "comments": " ".join(report.warnings)[:255]}
    )
    book = _Book(made, report, Formats.of(made), _mark_formats(made))
    contents = made.add_worksheet(sheet_title(text("report.contents", report.lang), book.taken))
    _texts(book)
    for section in _sections(report.sections):
        if section.unit:
            _unit(book, section)
            continue
        for block in section.blocks:
            if isinstance(block, Table):
                _table(book, block)
    _pictures(book)
    for name, title in write_result_sheets(made, audit, report.lang, book.formats, book.taken):
        book.listed.append((name, title))
    _contents(book, contents)
    made.close()


def _mark_formats(made: Any) -> dict[str, Any]:
    colours = {
        "pass": ("#00588C", "#DDEBF7"), "within": ("#00588C", "#DDEBF7"), "fail": ("#A84300", "#FBE5D6"),
        "oversized": ("#A84300", "#FBE5D6"), "unknown": ("#4D4D4D", "#E7E6E6"),
        "undersized": ("#6D4C00", "#FFF2CC"),
    }  # fmt: skip
    return {
        mark: made.add_format({"font_color": ink, "bg_color": paper, "bold": True})
        for mark, (ink, paper) in colours.items()
    }


def _sections(sections: Sequence[Section]) -> Iterator[Section]:
    for one in sections:
        yield one
        yield from _sections(one.sections)


def _contents(book: _Book, sheet: Any) -> None:
    """Fill the first sheet: title, warnings, and a link to every other sheet."""
    report, formats = book.report, book.formats
    sheet.write_string(0, 0, report.title, formats.title)
    row = 1
    for warning in report.warnings:
        sheet.write_string(row, 0, warning, formats.banner)
        row += 1
    for line in report.about:
        sheet.write_string(row, 0, line, formats.text)
        row += 1
    for label, cell in report.cards:
        sheet.write_string(row, 0, label, formats.text)
        _write(book, sheet, row, 1, cell)
        row += 1
    row += 1
    link = book.made.add_format({"font_color": "#00588C", "underline": 1})
    for name, shown in book.listed:
        sheet.write_url(row, 0, f"internal:{quote_sheetname(name)}!A1", link, name)
        if shown != name:
            sheet.write_string(row, 1, shown, formats.text)
        row += 1
    sheet.set_column(0, 0, 50)
    sheet.set_column(1, 1, 60)
    set_for_print(sheet, report.warnings)


def _texts(book: _Book) -> None:
    """Fill a sheet with the sentences of the report, by section."""
    title = text("report.sheet_texts", book.report.lang)
    sheet = book.add(title, title)
    row = _top(book, sheet, title)
    for section in _sections(book.report.sections):
        lines = [one for block in section.blocks if isinstance(block, Lines) for one in block.cells]
        if not lines or section.unit:
            continue
        sheet.write_string(row, 0, section.title[:MAX_TEXT], book.formats.section)
        for number, one in enumerate(lines, start=row + 1):
            sheet.write_string(number, 0, one.text[:MAX_TEXT], book.formats.wrapped)
            sheet.set_row(number, _LINE_HEIGHT * max(1, -(-sign_count(one.text) // _TEXT_WIDTH)))
        row += len(lines) + 2
    sheet.set_column(0, 0, _TEXT_WIDTH)
    sheet.freeze_panes(1, 0)
    set_for_print(sheet, book.report.warnings)


def _top(book: _Book, sheet: Any, title: str) -> int:
    """Write what a sheet is, with the warnings; return the row below."""
    line = " · ".join([title, *book.report.warnings])[:MAX_TEXT]
    sheet.write_string(0, 0, line, book.formats.banner if book.report.warnings else book.formats.title)
    return 1


def _table(book: _Book, block: Table) -> None:
    """Fill a sheet with a table."""
    sheet = book.add(block.title, block.title)
    _top(book, sheet, block.title)
    if block.kind == "grid":
        widths = _column_widths(block.sheet)
        last = _grid(book, sheet, _FIRST_ROW - 1, block.sheet, widths)
        sheet.autofilter(_FIRST_ROW - 1, 0, max(last, _FIRST_ROW), len(block.sheet.headings) - 1)
        sheet.freeze_panes(_FIRST_ROW, 1)
        sheet.repeat_rows(0, _FIRST_ROW - 1)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
    else:
        _form(book, sheet, 1, block)
        sheet.set_column(0, 3, 40)
    set_for_print(sheet, book.report.warnings)


def _grid(book: _Book, sheet: Any, top: int, content: Sheet, widths: Sequence[float]) -> int:
    """Write headings at row ``top``, the rows and their totals; return the last row of the data."""
    for at, heading in enumerate(content.headings):
        sheet.write_string(top, at, heading, book.formats.heading)
    sheet.set_row(top, _height(content.headings, widths))
    for number, row in enumerate(content.rows, start=top + 1):
        sheet.set_row(number, _height([cell.text for cell in row], widths))
        for at, cell in enumerate(row):
            _write(book, sheet, number, at, cell)
    last = top + len(content.rows)
    for at, cell in enumerate(content.totals or []):
        figure, letter = cell.number, xl_col_to_name(at)
        if figure is None:
            sheet.write_string(last + 1, at, cell.text, book.formats.heading)
        else:
            formula = f"=SUM({letter}{top + 2}:{letter}{last + 1})"
            sheet.write_formula(last + 1, at, formula, _format(book, figure, total=True), figure.value)
    if content.rows:
        _colour(book, sheet, top + 1, last, content)
    return last


def _colour(book: _Book, sheet: Any, first: int, last: int, content: Sheet) -> None:
    """Colour verdicts and sizes by their word, and draw a bar into rates."""
    for at in range(len(content.headings)):
        cells = [row[at] for row in content.rows]
        words = {cell.text: cell.mark for cell in cells if cell.mark in _MARKS and not cell.figures}
        for word, mark in sorted(words.items()):
            rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": book.marks[mark]}
            sheet.conditional_format(first, at, last, at, rule)
        figures = [figure for cell in cells if (figure := cell.number) is not None]
        if figures and all(figure.form == "rate" for figure in figures):
            bar = {"type": "data_bar", "bar_color": "#9DC3E6", "min_type": "num", "max_type": "num",
                   "min_value": 0, "max_value": 1}  # fmt: skip
            sheet.conditional_format(first, at, last, at, bar)


def _form(book: _Book, sheet: Any, top: int, block: Table) -> int:
    """Write labels and values; return the row below."""
    for number, row in enumerate(block.sheet.rows, start=top):
        sheet.set_row(number, _height([cell.text for cell in row], _UNIT_WIDTHS))
        for at, cell in enumerate(row):
            if cell.mark == "label":
                sheet.write_string(number, at, cell.text, book.formats.heading)
            else:
                _write(book, sheet, number, at, cell)
    return top + len(block.sheet.rows)


def _unit(book: _Book, section: Section) -> None:
    """Fill a sheet with everything about one centre or community, on a page."""
    sheet = book.add(section.title, section.title)
    row = _top(book, sheet, section.title)
    for block in section.blocks:
        if not isinstance(block, Table):
            continue
        sheet.write_string(row, 0, block.title, book.formats.section)
        if block.kind == "grid":
            row = _grid(book, sheet, row + 1, block.sheet, _UNIT_WIDTHS) + 2
        else:
            row = _form(book, sheet, row + 1, block) + 1
    for at, width in enumerate(_UNIT_WIDTHS):
        sheet.set_column(at, at, width)
    set_for_print(sheet, book.report.warnings, tall=1)


def _pictures(book: _Book) -> None:
    """Fill a sheet with the static figures, if there are any."""
    parts = _sections(book.report.sections)
    found = [one for part in parts for one in part.blocks if isinstance(one, Picture)]
    if not found:
        return
    title = text("report.sheet_pictures", book.report.lang)
    sheet = book.add(title, title)
    row = _top(book, sheet, title)
    for one in found:
        sheet.write_string(row, 0, one.title, book.formats.section)
        options = {
            "image_data": io.BytesIO(one.png),
            "description": one.title,
            "x_scale": 0.4,
            "y_scale": 0.4,
        }
        sheet.insert_image(row + 1, 0, f"{one.key}.png", options)
        row += _PICTURE_ROWS


def _write(book: _Book, sheet: Any, row: int, at: int, cell: Cell) -> None:
    """Write a cell: a figure as a number, all else as text."""
    figure = cell.number
    if figure is not None:
        value = ceil_hundredths(figure.value) if figure.form == "minutes" else figure.value
        sheet.write_number(row, at, value, _format(book, figure))
    elif cell.text and cell.text != DASH:  # what is missing stays empty, as sums and filters want it
        sheet.write_string(row, at, cell.text[:MAX_TEXT], book.formats.wrapped)


def _format(book: _Book, figure: Figure, *, total: bool = False) -> Any:
    formats = book.formats
    if total:
        return {"count": formats.total_count, "rate": formats.total_rate}.get(
            figure.form, formats.total_number
        )
    if figure.form == "number" and float(figure.value).is_integer():
        return formats.count
    return {"count": formats.count, "rate": formats.rate, "plain": formats.plain}.get(
        figure.form, formats.number
    )


def _height(texts: Sequence[str], widths: Sequence[float]) -> int:
    """Return the height of a row whose texts are wrapped [pt]."""
    lines = [-(-sign_count(one) // int(width - 1)) for one, width in zip(texts, widths, strict=False)]
    return _LINE_HEIGHT * max(1, *lines)


def _column_widths(content: Sheet) -> list[float]:
    """Return a width for each column; Chinese signs count double, long texts are wrapped."""
    widths = []
    for at, heading in enumerate(content.headings):
        cells = [row[at] for row in content.rows[:400]]
        figures = any(cell.number for cell in cells)
        widest = max((sign_count(cell.text) for cell in cells), default=0)
        own = min(sign_count(heading), _FIGURE_WIDTH) if figures else sign_count(heading)
        widths.append(float(min(max(widest, own, _WIDTHS[0]) + 2.5, _WIDTHS[1])))
    return widths
