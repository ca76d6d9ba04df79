"""
What a report is made of: sections of paragraphs, tables, charts and pictures, all of it words by now.

A writer lays these out in its format; it neither chooses what is said nor turns a number into text.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from geoplan.messages import Lang
from geoplan.report.bars import Bar
from geoplan.report.sheet import Sheet
from geoplan.report.traced import Cell, Figure

__all__ = ["Block", "Chart", "Lines", "Picture", "Report", "Section", "Table", "figures_of"]


@dataclass(frozen=True, slots=True)
class Lines:
    """
    Paragraphs.

    Parameters
    ----------
    cells
        A sentence each.
    style
        ``plain``, ``muted`` (a note), ``list`` (an item each), ``digest`` (signs of one width).
    """

    cells: tuple[Cell, ...]
    style: Literal["plain", "muted", "list", "digest"] = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table with its caption.

    Parameters
    ----------
    key
        Stable name, unique in the report.
    title
        Caption.
    sheet
        Headings, rows, totals. Those of a form are label and value by turns, without headings.
    foot
        A line below: where the rows come from, and how many are printed; empty for none.
    printed
        Rows printed on paper and page; the workbook has all. None prints all.
    kind
        ``grid``, ``pairs`` (label and value), ``form`` (two pairs side by side).
    """

    key: str
    title: str
    sheet: Sheet
    foot: Cell = field(default_factory=lambda: Cell(""))
    printed: int | None = None
    kind: Literal["grid", "pairs", "form"] = "grid"

    @property
    def rows(self) -> list[list[Cell]]:
        """Return the rows printed."""
        return self.sheet.rows if self.printed is None else self.sheet.rows[: self.printed]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of shares; the verdicts among their parts are hatched or coloured by the writer."""

    key: str
    title: str
    bars: tuple[Bar, ...]
    verdicts: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """
    A static figure.

    Parameters
    ----------
    key
        Stable name, unique in the report.
    title
        Caption, which is also what stands for it where it cannot be seen.
    png
        The picture.
    """

    key: str
    title: str
    png: bytes = field(repr=False)

    @property
    def upright(self) -> bool:
        """Whether it is higher than wide; its header holds both as numbers of four bytes."""
        width, height = struct.unpack(">II", self.png[16:24])
        return bool(height > width)


Block = Lines | Table | Chart | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """
    A heading with what stands below it.

    Parameters
    ----------
    key
        Stable name, unique in the report; the anchor of a link.
    title
        Heading.
    blocks
        What stands below it.
    sections
        Its parts.
    unit
        It is about one centre or community: a page, or a sheet of the workbook, of its own.
    """

    key: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    unit: bool = False


@dataclass(frozen=True, eq=False)
class Report:
    """
    A report in words, before any format.

    Parameters
    ----------
    title
        Of the whole.
    about
        Lines below it: standard, date of the data, that it is for internal use.
    lang
        Language.
    warnings
        What every page warns of: that data are synthetic, and which are estimated.
    running
        The same in one line short enough for the head of a page; empty if there is nothing to warn of.
    cards
        Label and figure of what matters most.
    sections
        In the order of reading.
    tables
        Name -> table that the sources of figures are looked up in.
    """

    title: str
    about: tuple[str, ...]
    lang: Lang
    warnings: tuple[str, ...]
    running: str
    cards: tuple[tuple[str, Cell], ...]
    sections: tuple[Section, ...]
    tables: Mapping[str, pd.DataFrame] = field(repr=False)


def figures_of(report: Report) -> Iterator[Figure]:
    """
    Yield every figure of a report.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report = geoplan.report.report_of(checked, lang="en")
    >>> next(figures_of(report)).text
    '39,050'
    """
    for _, cell in report.cards:
        yield from cell.figures
    for section in report.sections:
        yield from _figures(section)


def _figures(section: Section) -> Iterator[Figure]:
    for block in section.blocks:
        for cell in _cells(block):
            yield from cell.figures
    for part in section.sections:
        yield from _figures(part)


def _cells(block: Block) -> Iterator[Cell]:
    if isinstance(block, Lines):
        yield from block.cells
    elif isinstance(block, Table):
        yield block.foot
        for row in (*block.sheet.rows, block.sheet.totals or []):
            yield from row
    elif isinstance(block, Chart):
        for bar in block.bars:
            yield bar.value
            yield from (hint for _, _, _, hint in bar.parts)
