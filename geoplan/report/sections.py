"""The findings as sections: coverage, circles, centres, communities, sizes, premises, gaps, causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoplan.messages import Lang, text
from geoplan.report import explained, findings
from geoplan.report.bars import completeness_bars, coverage_bars
from geoplan.report.blocks import Chart, Lines, Section, Table
from geoplan.report.compose import grid, lines, notes, section
from geoplan.report.sheet import Sheet
from geoplan.report.traced import Cell, say

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = [
    "causes",
    "centres",
    "circles",
    "communities",
    "coverage",
    "gaps",
    "premises",
    "sizes",
    "sure",
]


def coverage(audit: Audit, lang: Lang) -> Section | None:
    """Return coverage by service, and how many services people have."""
    shares, counted = coverage_bars(audit, lang), completeness_bars(audit, lang)
    title = text("report.section_categories", lang)
    return section(
        "coverage",
        title,
        Chart("coverage-bars", title, tuple(shares), verdicts=True) if shares else None,
        grid("coverage", title, findings.by_category(audit, lang), lang, of="coverage_by_category"),
        Chart("completeness-bars", text("report.completeness_title", lang), tuple(counted), verdicts=False)
        if counted
        else None,
    )


def sure(audit: Audit, lang: Lang) -> Section | None:
    """Return how sure the figures are."""
    title = text("report.section_stability", lang)
    return section(
        "stability",
        title,
        lines(*explained.stability_lines(audit, lang)),
        grid("stability", title, explained.stability(audit, lang), lang, of="stability"),
    )


def circles(audit: Audit, lang: Lang) -> Section | None:
    """Return the service circles, and the checks of their size."""
    if "service_circles" not in audit.tables:
        return None
    return section(
        "circles",
        text("report.section_circles", lang),
        notes(say("map.circles_note", lang)),
        grid(
            "circles",
            text("report.circles_title", lang),
            findings.circle_areas(audit, lang),
            lang,
            of="service_circles",
        ),
        _checked(
            "levels",
            text("report.section_levels", lang),
            findings.level_checks(audit, lang),
            lang,
            of="level_checks",
        ),
    )


def centres(audit: Audit, lang: Lang) -> Section | None:
    """Return the centres: who reaches them, both tiers, the demand on each."""
    if "coverage_by_centre" not in audit.tables:
        return None
    title = text("report.section_centres", lang)
    return section(
        "centres",
        title,
        grid("centres", title, findings.by_centre(audit, lang), lang, of="coverage_by_centre"),
        notes(say("report.buffer_note", lang)),
        grid(
            "tiers",
            text("report.section_tiers", lang),
            explained.centre_tiers(audit, lang),
            lang,
            of="centre_tiers",
        ),
        grid(
            "load",
            text("report.load_title", lang),
            explained.centre_load(audit, lang),
            lang,
            of="centre_load",
        ),
        notes(say("report.tiers_note", lang)),
    )


def communities(audit: Audit, lang: Lang) -> Section | None:
    """Return the communities, how evenly they are served, and whether facilities match people."""
    title = text("report.section_communities", lang)
    table = findings.by_community(audit, lang)
    return section(
        "communities",
        title,
        notes(say("report.worst_first", lang)) if table is not None else None,
        grid("communities", title, table, lang, of="coverage_by_community"),
        grid(
            "spread",
            text("report.section_spread", lang),
            explained.spread(audit, lang),
            lang,
            of="distribution",
        ),
        grid(
            "matches",
            text("report.match_title", lang),
            explained.match_counts(audit, lang),
            lang,
            of="matching",
        ),
    )


def sizes(audit: Audit, lang: Lang) -> Section | None:
    """Return the communities outside the limits of size, under this standard and the others."""
    title = text("report.section_sizes", lang, standard=audit.standard.name(lang))
    matrix = findings.size_matrix(audit, lang)
    other = grid("size-matrix", text("report.section_size_matrix", lang), matrix, lang, of="size_matrix")
    return section(
        "sizes",
        title,
        _checked("sizes", title, findings.sizes_outside(audit, lang), lang, of="oversized"),
        notes(say("report.size_matrix_note", lang)) if other is not None else None,
        other,
    )


def premises(audit: Audit, lang: Lang) -> Section | None:
    """Return the premises that do not pass or are unknown."""
    title = text("report.section_premises", lang)
    sheet = findings.open_premises(audit, lang)
    return section("premises", title, _checked("premises", title, sheet, lang, of="premises_checks"))


def gaps(audit: Audit, lang: Lang) -> Section | None:
    """Return the gaps: counted, and those with most persons."""
    title = text("report.section_gaps", lang)
    return section(
        "gaps",
        title,
        grid(
            "gap-summary",
            text("report.gap_summary", lang),
            findings.gap_summary(audit, lang),
            lang,
            of="gaps",
        ),
        grid(
            "gaps",
            text("report.gaps_top", lang),
            findings.worst_gaps(audit, lang),
            lang,
            of="gaps",
            printed=findings.MAX_GAPS,
        ),
    )


def causes(audit: Audit, lang: Lang) -> Section | None:
    """Return why homes do not pass, what stands in the way, and where."""
    found = explained.causes_by_service(audit, lang)
    if found is None:
        return None
    title = text("report.section_causes", lang)
    return section(
        "causes",
        title,
        lines(say("report.causes_note", lang)),
        grid("causes", title, found, lang, of="causes_by_service"),
        grid(
            "obstacles",
            text("report.obstacles_top", lang),
            explained.worst_obstacles(audit, lang),
            lang,
            of="obstacles",
            printed=explained.MAX_OBSTACLES,
        ),
        grid(
            "places",
            text("report.section_places", lang),
            explained.worst_places(audit, lang),
            lang,
            of="gap_places",
            printed=explained.MAX_PLACES,
        ),
    )


def _checked(key: str, title: str, sheet: Sheet | None, lang: Lang, *, of: str) -> Lines | Table | None:
    """Return what does not pass; a line that all is well where nothing does; None if it was not checked."""
    if sheet is None:
        return None
    return grid(key, title, sheet, lang, of=of) or Lines((Cell(text("report.all_pass", lang)),))
