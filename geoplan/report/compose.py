"""Helpers that put blocks and sections together; what could not be computed falls out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.blocks import Block, Lines, Section, Table
from geoplan.report.sheet import Sheet
from geoplan.report.traced import Cell, Figure, Source, figure, say

__all__ = ["form", "grid", "lines", "listed", "notes", "pairs", "section"]


def section(
    key: str,
    title: str,
    *blocks: Block | None,
    sections: Iterable[Section | None] = (),
    unit: bool = False,
) -> Section | None:
    """Return a section of the blocks and parts that exist; None if nothing does."""
    known = tuple(one for one in blocks if one is not None)
    parts = tuple(one for one in sections if one is not None)
    return Section(key, title, known, parts, unit) if known or parts else None


def lines(*cells: Cell) -> Lines | None:
    """Return paragraphs; None without any."""
    return Lines(cells) if cells else None


def notes(*cells: Cell) -> Lines:
    """Return paragraphs that explain."""
    return Lines(cells, "muted")


def listed(cells: Sequence[Cell]) -> Lines | None:
    """Return a list; None without an entry."""
    return Lines(tuple(cells), "list") if cells else None


def grid(
    key: str,
    title: str,
    sheet: Sheet | None,
    lang: Lang,
    *,
    of: str = "",
    printed: int | None = None,
) -> Table | None:
    """
    Return a table with its caption and its source; None where there is no row.

    Parameters
    ----------
    key, title
        Name and caption.
    sheet
        Its cells, or None.
    lang
        Language of the line below.
    of
        Result table that its rows come from.
    printed
        Rows printed on paper at most.
    """
    if sheet is None or not sheet.rows:
        return None
    cut = printed is not None and len(sheet.rows) > printed
    named = f"{RESULT_TABLES[of].title(lang)} ({of})" if of else ""
    if cut:
        shown, count = str(printed), _row_count(sheet, of)
        foot = say("report.foot_cut", lang, shown=shown, count=count, table=named)
    else:
        foot = say("report.foot", lang, table=named) if named else Cell("")
    return Table(key, title, sheet, foot, printed if cut else None)


def _row_count(sheet: Sheet, of: str) -> Cell:
    """Return how many rows a sheet has, one a row of its table."""
    first = [_first_figure(row) for row in sheet.rows]
    labels = tuple(label for one in first if one is not None for label in one.source.rows)
    return figure(len(sheet.rows), "count", Source(of, labels, "", "count"))


def _first_figure(row: Sequence[Cell]) -> Figure | None:
    return next((part for cell in row for part in cell.figures), None)


def pairs(key: str, title: str, rows: Sequence[tuple[str, Cell]]) -> Table | None:
    """Return labels with their values; None without any."""
    if not rows:
        return None
    cells = [[Cell(label, "label"), value] for label, value in rows]
    return Table(key, title, Sheet([], cells), kind="pairs")


def form(key: str, title: str, lang: Lang, entries: Sequence[tuple[str, Cell]], of: Sequence[str]) -> Table:
    """
    Return labels with their values, two beside each other.

    Parameters
    ----------
    key, title
        Name and caption.
    lang
        Language of the line below.
    entries
        Label and value.
    of
        Result tables that they come from.
    """
    cells = [part for label, value in entries for part in (Cell(label, "label"), value)]
    rows = [cells[at : at + 4] for at in range(0, len(cells), 4)]
    rows[-1] += [Cell("", "label"), Cell("")] if len(rows[-1]) < 4 else []
    separator = "、" if lang == "zh" else ", "
    named = separator.join(f"{RESULT_TABLES[name].title(lang)} ({name})" for name in of)
    return Table(key, title, Sheet([], rows), Cell(text("report.foot", lang, table=named)), kind="form")
