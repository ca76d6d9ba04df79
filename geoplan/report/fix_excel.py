"""``fixes.xlsx``: the one-fix ledger, what it rests on, and a sheet each of its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import Study
from geoplan.planning.fixes import FixLedger
from geoplan.report.fix_words import fix_by_text, fix_evidence, fix_notes, fix_sheet
from geoplan.report.words import count_text, translate
from geoplan.report.workbook import (
    CREATED,
    MAX_TEXT,
    OPTIONS,
    Formats,
    column_format,
    column_width,
    sheet_title,
    sign_count,
    write_column,
)
from geoplan.standards.standard import Standard

__all__ = ["write_fixes_excel"]

_WIDTHS = (6, 10, 34)
_FIGURE_WIDTH, _EVIDENCE_WIDTH = 9, 60
_A4 = 9
_LINE_HEIGHT = 15


def write_fixes_excel(
    ledger: FixLedger, study: Study, standard: Standard, file: str | Path, *, lang: Lang | None = None
) -> None:
    """
    Write ``fixes.xlsx``.

    Parameters
    ----------
    ledger
        ``geoplan.rank_fixes(...)``.
    study, standard
        What it is of.
    file
        File to write; its folder exists.
    lang
        Language of titles, headings and words; None takes the study's.
    """
    chosen = lang or study.lang
    book = xlsxwriter.Workbook(str(file), OPTIONS)
    book.set_properties({"title": study.name, "created": CREATED})
    formats, taken = Formats.of(book), set[str]()
    warnings = [text("banner.synthetic", chosen)] if study.synthetic else []
    if study.estimated:
        warnings.append(text("banner.estimated", chosen, columns=", ".join(study.estimated)))
    first = book.add_worksheet(sheet_title(text("report.section_fixes", chosen), taken))
    _first(first, ledger, (study, standard), warnings, formats, chosen)
    tables = {"fixes": ledger.fixes, "fix_services": ledger.services, "fix_changes": ledger.changes}
    for name, table in tables.items():
        sheet = book.add_worksheet(sheet_title(RESULT_TABLES[name].title(chosen), taken))
        _table(sheet, name, table, standard, formats, chosen)
    for sheet in book.worksheets():
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        if warnings:
            sheet.set_header("&C" + " ".join(warnings)[:100].replace("&", "&&"))
        sheet.set_footer("&C&P / &N")
    book.close()


def _first(
    sheet: Any,
    ledger: FixLedger,
    of: tuple[Study, Standard],
    warnings: list[str],
    formats: Formats,
    lang: Lang,
) -> None:
    """Fill the first sheet: the ledger as it is printed, with the reasons on the right."""
    study, standard = of
    by = fix_by_text(ledger.by, standard, lang)
    lines = [
        text("fix.title", lang, helping=count_text(ledger.helping), by=by),
        text("report.standard", lang, name=standard.name(lang), id=standard.id, digest=standard.digest),
        text("fix.note", lang),
        *fix_notes(ledger, lang),
    ]
    sheet.write_string(0, 0, study.name[:MAX_TEXT], formats.title)
    for row, line in enumerate(warnings, start=1):
        sheet.write_string(row, 0, line, formats.banner)
    for row, line in enumerate(lines, start=1 + len(warnings)):
        sheet.write_string(row, 0, line, formats.text)
    top = 2 + len(warnings) + len(lines)
    printed = fix_sheet(ledger.fixes, ledger.services, standard, lang)
    evidence = fix_evidence(ledger.fixes, ledger.services, standard, lang)
    for at, heading in enumerate([*printed.headings, text("fix.evidence", lang)]):
        sheet.write_string(top, at, heading, formats.heading)
        sheet.set_column(at, at, _WIDTHS[at] if at < len(_WIDTHS) else _FIGURE_WIDTH)
    for row, (cells, said) in enumerate(zip(printed.rows, evidence, strict=True), start=top + 1):
        for at, cell in enumerate(cells):
            figure = cell.text.replace(",", "")
            if cell.mark == "number" and figure.isdigit():
                sheet.write_number(row, at, int(figure), formats.count)
            elif cell.text:
                sheet.write_string(row, at, cell.text[:MAX_TEXT], formats.wrapped)
        sheet.write_string(row, len(cells), said[:MAX_TEXT], formats.wrapped)
        sheet.set_row(
            row, _LINE_HEIGHT * max(_lines(said, _EVIDENCE_WIDTH), _lines(cells[2].text, _WIDTHS[2]))
        )
    sheet.set_row(top, _LINE_HEIGHT * max(_lines(one, _FIGURE_WIDTH) for one in printed.headings[3:]))
    sheet.set_column(len(printed.headings), len(printed.headings), _EVIDENCE_WIDTH)
    sheet.freeze_panes(top + 1, 3)


def _lines(content: str, width: int) -> int:
    """Return how many lines a text takes in a column so many signs wide."""
    return max(1, -(-sign_count(content) // (width - 1)))


def _table(
    sheet: Any, name: str, table: pd.DataFrame, standard: Standard, formats: Formats, lang: Lang
) -> None:
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    plain = plain.reset_index() if plain.index.name is not None else plain
    words = translate(plain, standard, lang)
    for at, column in enumerate(RESULT_TABLES[name].column(str(one)) for one in plain.columns):
        sheet.write_string(0, at, column.heading(lang), formats.heading)
        form = column_format(column, words[column.name], formats)
        cells = write_column(sheet, at, column, words[column.name], [form] * len(words), first_row=1)
        sheet.set_column(at, at, column_width(column.heading(lang), cells, column))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(words), 1), len(words.columns) - 1)
