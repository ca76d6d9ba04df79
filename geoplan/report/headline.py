"""The headline for people: label and value as text, in either language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.report.words import DASH, count_text, rate_text, service_name

if TYPE_CHECKING:
    from geoplan.model.study import Study
    from geoplan.workflow import Audit

__all__ = ["banners", "headline_rows", "review_line", "scenario_lines", "study_banners", "unknown_shares"]

_DIGITS = 12
"""Of a digest, printed; provenance has all of them."""
_UNKNOWN_COUNTS = {"oversized": "size_unknown", "premises_below_minimum": "premises_unknown"}
"""Count -> count of those the rule could not be applied to."""


def headline_rows(audit: Audit, lang: Lang | None = None) -> list[tuple[str, str, str]]:
    """
    Return the headline as rows to print.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    lang
        Language; None takes the study's.

    Returns
    -------
    rows
        ``(key, label, value)``, in the order of ``audit.headline``. A figure by category gives a row a
        category, ``coverage_rate_by_category.<id>``. A figure that could not be computed is a dash; rates
        are percentages, with the share that is unknown beside them if there is any; so are counts of what
        a rule was applied to.
    """
    chosen = lang or audit.study.lang
    unknown = unknown_shares(audit)
    rows = []
    for key, value in audit.headline.items():
        label = text(f"headline.{key}", chosen)
        show = rate_text if "_rate" in key else count_text
        if key in _UNKNOWN_COUNTS and audit.headline[_UNKNOWN_COUNTS[key]]:
            lost = count_text(audit.headline[_UNKNOWN_COUNTS[key]])
            rows.append((key, label, text("report.with_unknown", chosen, value=show(value), unknown=lost)))
            continue
        if not isinstance(value, dict):
            rows.append((key, label, _with_unknown(show(value), unknown.get(key, 0.0), chosen)))
            continue
        for part, figure in value.items():
            named = f"{label} · {service_name(audit.standard, part, chosen)}"
            share = unknown.get(f"{key}.{part}", 0.0)
            rows.append((f"{key}.{part}", named, _with_unknown(show(figure), share, chosen)))
    return rows


def unknown_shares(audit: Audit) -> dict[str, float]:
    """Return the share of persons for whom a coverage rate of the headline is unknown, by row key."""
    table = audit.tables.get("coverage_by_category")
    shares: dict[str, float] = {}
    if table is None:
        return shares
    for service, row in table.iterrows():
        if pd.isna(row["persons"]) or row["persons"] <= 0:
            continue
        name = str(service)
        centre = f"coverage_rate_{name.removeprefix('centre_')}_centre"
        key = centre if name in CENTRE_SERVICES else f"coverage_rate_by_category.{name}"
        shares[key] = float(row["persons_unknown"]) / float(row["persons"])
    persons, lost = audit.headline["persons"], audit.headline["persons_unknown_all_five"]
    if persons and lost:
        shares["coverage_rate_all_five"] = lost / persons
    return shares


def _with_unknown(shown: str, share: float, lang: Lang) -> str:
    """Return a rate with the unknown share beside it: 0 % of what nobody knows is not a failure."""
    if shown == DASH or share <= 0:
        return shown
    return text("report.with_unknown", lang, value=shown, unknown=rate_text(share))


def banners(audit: Audit, lang: Lang) -> list[str]:
    """Return the warnings every page of an audit carries."""
    return study_banners(audit.study, lang)


def review_line(review_number: str, lang: Lang) -> str:
    """Return what a map says of its review (审图号): its number, or a blank and that it is internal."""
    return text("map.reviewed", lang, number=review_number) if review_number else text("map.internal", lang)


def study_banners(study: Study, lang: Lang) -> list[str]:
    """Return what every page about a study warns of: a scenario, synthetic data, estimates."""
    lines = scenario_lines(study, lang)
    if study.synthetic:
        lines.append(text("banner.synthetic", lang))
    if study.estimated:
        lines.append(text("banner.estimated", lang, columns=", ".join(study.estimated)))
    return lines


def scenario_lines(study: Study, lang: Lang) -> list[str]:
    """Return a line for each scenario applied to a study: that it is not the data as they were read."""
    return [
        text("banner.scenario", lang, name=one.name or DASH, digest=one.sha256[:_DIGITS])
        for one in study.scenarios
    ]
