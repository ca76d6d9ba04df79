"""The first pages of a report: the headline in sentences and as a table, and the clauses checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoplan.messages import Lang, text
from geoplan.report import explained
from geoplan.report.blocks import Section
from geoplan.report.compose import grid, lines, notes, section
from geoplan.report.headline import headline_cells, with_unknown
from geoplan.report.sheet import Sheet
from geoplan.report.traced import Cell, say

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["cards", "clauses", "summary"]

_CARDS = (
    "persons",
    "coverage_rate_all_five",
    "coverage_rate_any_centre",
    "buffer_coverage_rate_any_centre",
    "oversized",
    "premises_below_minimum",
)
_SENTENCES = {
    "report.say_people": ("persons", "residences"),
    "report.say_all_five": ("coverage_rate_all_five", "persons_all_five", "persons_unknown_all_five"),
    "report.say_centres": (
        "coverage_rate_any_centre",
        "centres_district",
        "centres_community",
        "buffer_coverage_rate_any_centre",
    ),
    "report.say_sizes": ("oversized", "communities", "undersized", "size_unknown"),
    "report.say_premises": ("premises_below_minimum", "premises_unknown"),
    "report.say_rows": ("rows_set_aside",),
}
"""Sentence -> figures of the headline it needs; the range told is that of the first."""


def cards(audit: Audit, lang: Lang) -> tuple[tuple[str, Cell], ...]:
    """Return label and figure of what matters most, those that could be computed."""
    rows = {row.key: row for row in headline_cells(audit, lang)}
    return tuple(
        (rows[key].label, with_unknown(rows[key], lang)) for key in _CARDS if audit.headline[key] is not None
    )


def summary(audit: Audit, lang: Lang) -> Section | None:
    """Return the headline: in sentences, then every figure with its range."""
    return section(
        "summary",
        text("report.headline", lang),
        lines(*_sentences(audit, lang)),
        grid("headline", text("report.headline", lang), _headline(audit, lang), lang, of="indicators"),
        notes(say("report.range_note", lang)) if explained.range_cells(audit) else None,
    )


def clauses(audit: Audit, lang: Lang) -> Section | None:
    """Return what was checked, by which clause, with how many passing."""
    return (
        section(
            "clauses",
            text("report.section_compliance", lang),
            notes(say("report.compliance_note", lang)),
            grid(
                "clauses",
                text("report.section_compliance", lang),
                explained.compliance_counts(audit, lang),
                lang,
                of="compliance",
            ),
        )
        if "compliance" in audit.tables
        else None
    )


def _sentences(audit: Audit, lang: Lang) -> list[Cell]:
    figures = {row.key: row.value for row in headline_cells(audit, lang)}
    ranges = explained.range_cells(audit)
    said = []
    for key, needed in _SENTENCES.items():
        if any(not figures[name].figures for name in needed):
            continue
        said.append(say(key, lang, **{name: figures[name] for name in needed}))
        if needed[0] in ranges:
            low, high = ranges[needed[0]]
            said[-1] = _followed(said[-1], say("report.say_range", lang, low=low, high=high))
    return said


def _followed(first: Cell, second: Cell) -> Cell:
    return Cell(first.text + second.text, "", first.figures + second.figures)


def _headline(audit: Audit, lang: Lang) -> Sheet:
    """Return every figure of the headline, with what is unknown and the range it may lie in."""
    ranges = explained.range_cells(audit)
    rows = []
    for row in headline_cells(audit, lang):
        low, high = ranges.get(row.key, (Cell(""), Cell("")))
        rows.append([Cell(row.label), row.value, row.unknown or Cell(""), low, high])
    names = ("indicator", "value", "unknown", "low", "high")
    return Sheet([text(f"report.heading.{name}", lang) for name in names], rows)
