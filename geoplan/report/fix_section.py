"""The one-fix ledger as a section: what each fix does, whom it helps, service by service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.report.blocks import Section
from geoplan.report.compose import grid, lines, section
from geoplan.report.fix_words import fix_titles
from geoplan.report.sheet import Sheet, sheet_of
from geoplan.report.traced import Cell, Source, figure, say
from geoplan.report.words import service_name

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["fixes"]

MAX_FIXES = 40
"""Fixes printed on paper; the Excel file has all of them."""
_WHOM = "rank households_gained persons_gained elderly_persons_gained households_lost households_unknown"
_WHY = "main_service threshold unit clause reason"


def fixes(audit: Audit, lang: Lang) -> Section | None:
    """Return the ledger, if the audit holds one: whom each fix helps, why, and by service."""
    table, services = audit.tables.get("fixes"), audit.tables.get("fix_services")
    if table is None or services is None:
        return None
    title = text("report.section_fixes", lang)
    if table.empty:
        return section("fixes", title, lines(say("fix.none", lang)))
    by_service = text("report.fixes_by_service", lang)
    return section(
        "fixes",
        title,
        lines(say("fix.note", lang)),
        grid("fixes", title, _ledger(audit, lang), lang, of="fixes", printed=MAX_FIXES),
        grid("fix-services", by_service, _services(audit, lang), lang, of="fix_services", printed=MAX_FIXES),
    )


def _ledger(audit: Audit, lang: Lang) -> Sheet:
    """Return a row a fix: rank, what is done, whom it helps, and why."""
    frame = pd.DataFrame(audit.tables["fixes"].drop(columns="geometry")).reset_index()
    sheet = sheet_of("fixes", frame, [*_WHOM.split(), *_WHY.split()], audit.standard, lang)
    titles = fix_titles(audit.tables["fixes"], audit.standard, lang)
    rows = [[row[0], Cell(title), *row[1:]] for row, title in zip(sheet.rows, titles, strict=True)]
    return Sheet([sheet.headings[0], text("fix.what", lang), *sheet.headings[1:]], rows)


def _services(audit: Audit, lang: Lang) -> Sheet:
    """Return fixes by services: households newly passing, a blank where none does."""
    gained = audit.tables["fix_services"]
    gained = gained[gained["residences_gained"] > 0]
    order = [ALL_CATEGORIES, *(one.id for one in audit.standard.categories)]
    known = list(gained["service"].unique())
    shown = [one for one in order if one in known] + [one for one in known if one not in order]
    labels = dict(zip(zip(gained["fix_id"], gained["service"], strict=True), gained.index, strict=True))
    titles = fix_titles(audit.tables["fixes"], audit.standard, lang)
    rows = []
    for fix_id, title in zip(audit.tables["fixes"].index, titles, strict=True):
        cells = [_gain(gained, labels.get((fix_id, service))) for service in shown]
        rows.append([Cell(title), *cells])
    names = [service_name(audit.standard, one, lang) for one in shown]
    return Sheet([text("fix.what", lang), *names], rows)


def _gain(gained: pd.DataFrame, label: int | None) -> Cell:
    if label is None:
        return Cell("", "number")
    source = Source("fix_services", (label,), "households_gained")
    return figure(gained.at[label, "households_gained"], "count", source)
