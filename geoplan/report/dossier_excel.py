"""The dossier of a split in Excel: figures that add up, and a sheet of members to edit and check again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.dossier import Rows, dossier_of
from geoplan.report.words import translate
from geoplan.report.workbook import (
    CREATED,
    OPTIONS,
    Formats,
    column_format,
    column_width,
    sheet_title,
    sign_count,
    write_column,
)
from geoplan.standards.standard import Standard

__all__ = ["write_dossier_excel"]

_SUMMED = ("compounds", "households", "persons", "area_km2")
_WIDTH = 18
_TEXT_WIDTH = 100
_PAGE_WIDTH = 150
"""Signs across a page that can still be read."""
_LINE_HEIGHT = 15
_LONGEST_HEADER = 250


def write_dossier_excel(
    plan: SplitPlan, study: Study, standard: Standard, file: str | Path, *, lang: Lang | None = None
) -> None:
    """
    Write the dossier of a split as a workbook.

    Parameters
    ----------
    plan, study, standard
        The split, and what it was made of.
    file
        ``.xlsx``. Sheet ``split_members`` may be edited and read again by ``geoplan split --members``.
    lang
        Language; None takes the study's.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> plan = geoplan.plan_split(None, study, "620105007013", standard, model="cut")
    >>> write_dossier_excel(plan, study, standard, f"{tempfile.mkdtemp()}/split.xlsx")
    """
    chosen = lang or study.lang
    content = dossier_of(plan, study, standard, lang=chosen)
    shown = content.shown
    book = xlsxwriter.Workbook(str(file), OPTIONS)
    book.set_properties({"title": content.title, "created": CREATED})
    formats, taken = Formats.of(book), {"split_members"}
    first = book.add_worksheet(sheet_title(text("dossier.sheet_comparison", chosen), taken))
    _text_table(first, content.comparison, formats, title=content.title, warnings=content.warnings)
    members = book.add_worksheet("split_members")
    _result_table(members, "split_members", shown.members, standard, formats, chosen)
    for name, table in (
        ("split_parts", shown.parts),
        ("split_borders", shown.borders[shown.borders["cut"].astype(bool)]),
        ("split_checks", shown.checks),
    ):
        sheet = book.add_worksheet(sheet_title(RESULT_TABLES[name].title(chosen), taken))
        _result_table(sheet, name, table, standard, formats, chosen)
    figures = book.add_worksheet(sheet_title(text("dossier.figures", chosen), taken))
    _text_table(
        figures, content.figures, formats, title=text("dossier.figures", chosen), warnings=content.warnings
    )
    basis = book.add_worksheet(sheet_title(text("dossier.basis", chosen), taken))
    for row, line in enumerate([*content.request, "", *content.basis]):
        basis.write_string(row, 0, line, formats.wrapped)
        basis.set_row(row, _LINE_HEIGHT * max(1, -(-sign_count(line) // _TEXT_WIDTH)))
    basis.set_column(0, 0, _TEXT_WIDTH)
    _for_print(basis)
    for sheet in book.worksheets() if content.warnings else ():
        sheet.set_header("&C" + "  ".join(content.warnings).replace("&", "&&")[:_LONGEST_HEADER])
    book.close()


def _text_table(sheet: Any, rows: Rows, formats: Formats, *, title: str, warnings: list[str]) -> None:
    sheet.write_string(0, 0, title, formats.title)
    for number, line in enumerate(warnings, start=1):
        sheet.write_string(number, 0, line, formats.banner)
    top = len(warnings) + 2
    for number, row in enumerate(rows, start=top):
        for at, value in enumerate(row):
            sheet.write_string(number, at, value, formats.heading if number == top else formats.wrapped)
        lines = max((-(-sign_count(value) // (_WIDTH - 2)) for value in row), default=1)
        sheet.set_row(number, _LINE_HEIGHT * max(1, lines))
    sheet.set_column(0, max(len(rows[0]) - 1, 0), _WIDTH)
    sheet.freeze_panes(top + 1, 1)
    _for_print(sheet)


def _result_table(
    sheet: Any, name: str, table: pd.DataFrame, standard: Standard, formats: Formats, lang: Lang
) -> None:
    """Write a result table with its headings in the first row; parts get a row of totals."""
    schema = RESULT_TABLES[name]
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    plain = plain.reset_index() if plain.index.name is not None else plain
    words = translate(plain, standard, lang)
    total_width, lines = 0.0, 1
    for at, column in enumerate(schema.column(str(one)) for one in plain.columns):
        sheet.write_string(0, at, column.heading(lang), formats.heading)
        cells = words[column.name]
        form = column_format(column, cells, formats)
        written = write_column(sheet, at, column, cells, [form] * len(cells), first_row=1)
        width = column_width(column.heading(lang), written, column)
        sheet.set_column(at, at, width)
        total_width += width
        lines = max(lines, -(-sign_count(column.heading(lang)) // max(1, int(width) - 2)))
        if name == "split_parts" and column.name in _SUMMED and len(cells) and cells.notna().all():
            letter = xlsxwriter.utility.xl_col_to_name(at)
            total = float(cells.sum())
            sheet.write_formula(len(cells) + 1, at, f"=SUM({letter}2:{letter}{len(cells) + 1})", form, total)
    if name == "split_parts" and len(plain):
        sheet.write_string(len(plain) + 1, 0, text("dossier.total", lang), formats.text)
    sheet.set_row(0, _LINE_HEIGHT * lines)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    _for_print(sheet, pages=max(1, round(total_width / _PAGE_WIDTH)))


def _for_print(sheet: Any, *, pages: int = 1) -> None:
    """Print a sheet across so many pages: on one, many columns would be too small to read."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(pages, 0)
    sheet.set_footer("&C&P / &N")
