"""The report of an audit in words: one content for every format."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from geoplan.messages import Lang, text
from geoplan.report import quality, sections, summary
from geoplan.report.blocks import Picture, Report, Section
from geoplan.report.evidence import evidence_tables
from geoplan.report.fix_section import fixes
from geoplan.report.headline import banners, scenario_lines
from geoplan.report.split_section import split_tables, splits
from geoplan.report.unit_sheets import centre_sheets, community_sheets

if TYPE_CHECKING:
    from geoplan.planning.plan import SplitPlan
    from geoplan.workflow import Audit

__all__ = ["report_of"]

_HOMES = {
    "locator": "summary",
    "coverage_choropleth": "communities",
    "heat_table": "communities",
    "minutes_ecdf": "coverage",
    "size_against_packs": "sizes",
    "before_after": "splits",
}
"""Picture -> section it stands in; any other stands in the summary."""


def report_of(
    audit: Audit,
    *,
    lang: Lang | None = None,
    plans: Sequence[SplitPlan] = (),
    pictures: Sequence[Picture] = (),
) -> Report:
    """
    Put an audit into words.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; a section whose table could not be computed is left out, and listed.
    lang
        Language; None takes the study's.
    plans
        Splits of its oversized communities, if they were planned.
    pictures
        Static figures (`geoplan.report.pictures.report_figures`); each goes to the section it is about.

    Returns
    -------
    report
        Every figure in it is traced to a row of ``report.tables``
        (`geoplan.report.traced.look_up`).

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report_of(checked, lang="en").title
    'Service-circle audit: Monaco'
    """
    chosen = lang or audit.study.lang
    named = {one.key: one for one in pictures}
    found = (
        summary.summary(audit, chosen),
        summary.clauses(audit, chosen),
        sections.coverage(audit, chosen),
        sections.sure(audit, chosen),
        sections.circles(audit, chosen),
        sections.centres(audit, chosen),
        sections.communities(audit, chosen),
        sections.sizes(audit, chosen),
        splits(audit, plans, named, chosen),
        sections.premises(audit, chosen),
        sections.gaps(audit, chosen),
        sections.causes(audit, chosen),
        fixes(audit, chosen),
        quality.data_quality(audit, chosen),
        quality.method(audit, chosen),
        quality.provenance(audit, chosen),
        centre_sheets(audit, chosen),
        community_sheets(audit, chosen),
    )
    return Report(
        title=text("report.title", chosen, study=audit.study.name),
        about=_about(audit, chosen),
        lang=chosen,
        warnings=tuple(banners(audit, chosen)),
        running=_running(audit, chosen),
        cards=summary.cards(audit, chosen),
        sections=_illustrated([one for one in found if one is not None], pictures),
        tables={**audit.tables, **evidence_tables(audit), **split_tables(plans)},
    )


def _about(audit: Audit, lang: Lang) -> tuple[str, ...]:
    standard = audit.standard
    named = {"name": standard.name(lang), "id": standard.id, "digest": standard.digest[:12]}
    dated = [text("map.data_date", lang, date=audit.study.data_date)] if audit.study.data_date else []
    return (text("report.standard", lang, **named), *dated, text("map.internal", lang))


def _running(audit: Audit, lang: Lang) -> str:
    """Return the line at the head of every page."""
    told = scenario_lines(audit.study, lang)
    told += [text("banner.synthetic", lang)] if audit.study.synthetic else []
    told += [text("report.has_estimates", lang)] if audit.study.estimated else []
    return " ".join(told)


def _illustrated(found: list[Section], pictures: Sequence[Picture]) -> tuple[Section, ...]:
    """Return the sections, each with the pictures about it below its text."""
    known = {one.key for one in found}
    illustrated = []
    for one in found:
        own = tuple(
            picture for picture in pictures
            if not picture.key.startswith("split-") and _home(picture.key, known) == one.key
        )  # fmt: skip
        illustrated.append(dataclasses.replace(one, blocks=one.blocks + own))
    return tuple(illustrated)


def _home(key: str, known: set[str]) -> str:
    home = _HOMES.get(key, "summary")
    return home if home in known else "summary"
