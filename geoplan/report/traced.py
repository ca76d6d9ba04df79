"""Figures that know where they come from: every number of a report can be looked up in a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.report.words import DASH, count_text, minutes_text, number_text, rate_text

__all__ = ["FORMS", "Cell", "Figure", "Form", "How", "Source", "figure", "joined", "look_up", "say"]

Form = Literal["count", "rate", "number", "minutes", "plain"]
How = Literal["cell", "opposite", "sum", "count", "distinct", "max"]
FORMS: dict[Form, Callable[[Any], str]] = {
    "count": count_text,
    "rate": rate_text,
    "number": number_text,
    "minutes": minutes_text,
    "plain": lambda value: f"{value:.12g}",
}
"""How a figure is written; no other place turns a number into text."""


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a figure stands.

    Parameters
    ----------
    table
        Result table, or table of `geoplan.report.evidence.evidence_tables`.
    rows
        Labels of its rows: one for a cell, several for what is put together from them.
    column
        Column; that of the key stands for the row's label.
    how
        ``cell``: the value as it stands; ``opposite``: with its sign turned; ``sum``: of the rows, what is
        missing left out; ``count``: how many rows; ``distinct``: how many different values; ``max``: the
        greatest.
    per
        What it is divided by, if it is a share.

    Examples
    --------
    >>> Source("coverage_by_community", ("east",), "persons").name
    'coverage_by_community[east].persons'
    """

    table: str
    rows: tuple[Hashable, ...]
    column: str
    how: How = "cell"
    per: Source | None = None

    @property
    def name(self) -> str:
        """Return the source as one word."""
        rows = f"{self.rows[0]}" if len(self.rows) == 1 else f"{self.how} of {len(self.rows)}"
        shown = f"{self.table}[{rows}].{self.column}"
        return shown if self.per is None else f"{shown} / {self.per.name}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number: as it is written, as it is, and where it comes from."""

    text: str
    value: float
    form: Form
    source: Source


@dataclass(frozen=True, slots=True)
class Cell:
    """
    A piece of text with the figures in it.

    Parameters
    ----------
    text
        What it shows.
    mark
        Class: ``number``, ``label``, a verdict, a size, or empty.
    figures
        The figures in the text, in its order.
    """

    text: str
    mark: str = ""
    figures: tuple[Figure, ...] = ()

    @property
    def number(self) -> Figure | None:
        """Return the figure that the cell is, if it is nothing but one."""
        return self.figures[0] if len(self.figures) == 1 and self.figures[0].text == self.text else None


def figure(value: Any, form: Form, source: Source) -> Cell:
    """Return a figure as a cell; a dash for one that is missing."""
    if value is None or pd.isna(value):
        return Cell(DASH, "number")
    plain = value.item() if hasattr(value, "item") else value
    shown = FORMS[form](plain)
    return Cell(shown, "number", (Figure(shown, plain, form, source),))


def joined(separator: str, *cells: Cell) -> Cell:
    """Return cells as one."""
    return Cell(
        separator.join(one.text for one in cells),
        "number",
        tuple(part for one in cells for part in one.figures),
    )


def say(key: str, lang: Lang, **params: Cell | str) -> Cell:
    """
    Return a message of the catalogue, the figures in it traced.

    Parameters
    ----------
    key, lang
        As in `geoplan.messages.text`.
    params
        Figures as cells, names as text; a bare number has no source and is refused.

    Raises
    ------
    TypeError
        If a parameter is a bare number.
    """
    bare = [name for name, value in params.items() if not isinstance(value, Cell | str)]
    if bare:
        raise TypeError(f"{key}: no source for {', '.join(bare)}")
    words = {name: value.text if isinstance(value, Cell) else value for name, value in params.items()}
    traced = tuple(part for value in params.values() if isinstance(value, Cell) for part in value.figures)
    return Cell(text(key, lang, **words), "", traced)


def look_up(source: Source, tables: Mapping[str, pd.DataFrame]) -> Any:
    """
    Return the value a source stands for.

    Parameters
    ----------
    source
        Of a figure.
    tables
        The report's ``tables``.

    Raises
    ------
    KeyError
        If there is no such table, row or column.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report = geoplan.report.report_of(checked, lang="en")
    >>> first = next(geoplan.report.figures_of(report))
    >>> first.source.table, look_up(first.source, report.tables)
    ('indicators', 39050.0)
    """
    value = _value(source, tables[source.table])
    return value if source.per is None else value / look_up(source.per, tables)


def _value(source: Source, table: pd.DataFrame) -> Any:
    rows = list(source.rows)
    if source.how == "count":
        return len(table.loc[rows])
    cells = table.index.to_series() if source.column == table.index.name else table[source.column]
    found = cells.loc[rows]
    if source.how in ("cell", "opposite"):
        (only,) = found.tolist()
        return only if source.how == "cell" else -only
    if source.how == "distinct":
        return found.nunique()
    return found.max() if source.how == "max" else found.sum()
