"""The headline for people: label and value as text, in either language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.report.traced import Cell, Form, Source, figure, say
from geoplan.report.words import DASH, service_name

if TYPE_CHECKING:
    from geoplan.model.study import Study
    from geoplan.workflow import Audit

__all__ = [
    "HeadlineRow",
    "banners",
    "headline_cells",
    "headline_rows",
    "review_line",
    "scenario_lines",
    "study_banners",
    "with_unknown",
]

_DIGITS = 12
"""Of a digest, printed; provenance has all of them."""
_UNKNOWN_COUNTS = {"oversized": "size_unknown", "premises_below_minimum": "premises_unknown"}
"""Count -> count of those the rule could not be applied to."""


@dataclass(frozen=True, slots=True)
class HeadlineRow:
    """
    A row of the headline.

    Parameters
    ----------
    key
        Of ``audit.headline``; a figure by category has ``coverage_rate_by_category.<id>``.
    label
        What it counts.
    value
        A dash where it could not be computed.
    unknown
        Share of persons, or count, for which the data do not suffice; None where there is none.
    """

    key: str
    label: str
    value: Cell
    unknown: Cell | None


def headline_cells(audit: Audit, lang: Lang) -> list[HeadlineRow]:
    """Return the headline, each figure traced to its row of table ``indicators``."""
    unknown = _unknown_cells(audit)
    rows = []
    for key, value in audit.headline.items():
        label = text(f"headline.{key}", lang)
        form: Form = "rate" if "_rate" in key else "count"
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, figure_ in parts:
            name = f"{key}.{part}" if part else key
            named = f"{label} · {service_name(audit.standard, part, lang)}" if part else label
            shown = figure(figure_, form, Source("indicators", (name,), "value"))
            rows.append(HeadlineRow(name, named, shown, unknown.get(name) if shown.figures else None))
    return rows


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

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> geoplan.report.headline_rows(checked, "en")[0]
    ('persons', 'Persons', '39,050')
    """
    chosen = lang or audit.study.lang
    return [(row.key, row.label, with_unknown(row, chosen).text) for row in headline_cells(audit, chosen)]


def with_unknown(row: HeadlineRow, lang: Lang) -> Cell:
    """Return a figure with what is unknown beside it: 0 % of what nobody knows is not a failure."""
    if row.unknown is None:
        return row.value
    return say("report.with_unknown", lang, value=row.value, unknown=row.unknown)


def _unknown_cells(audit: Audit) -> dict[str, Cell]:
    """Return what is unknown beside figures of the headline, by row key; nothing where all is known."""
    found = {
        key: figure(audit.headline[lost], "count", Source("indicators", (lost,), "value"))
        for key, lost in _UNKNOWN_COUNTS.items()
        if audit.headline[lost]
    }
    persons, lost = audit.headline["persons"], audit.headline["persons_unknown_all_five"]
    if persons and lost:
        every = Source("indicators", ("persons",), "value")
        source = Source("indicators", ("persons_unknown_all_five",), "value", per=every)
        found["coverage_rate_all_five"] = figure(lost / persons, "rate", source)
    table = audit.tables.get("coverage_by_category")
    if table is None:
        return found
    for service, row in table.iterrows():
        if pd.isna(row["persons_unknown"]) or row["persons_unknown"] <= 0:
            continue
        name = str(service)
        centre = f"coverage_rate_{name.removeprefix('centre_')}_centre"
        key = centre if name in CENTRE_SERVICES else f"coverage_rate_by_category.{name}"
        every = Source("coverage_by_category", (service,), "persons")
        source = Source("coverage_by_category", (service,), "persons_unknown", per=every)
        found[key] = figure(float(row["persons_unknown"]) / float(row["persons"]), "rate", source)
    return found


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
