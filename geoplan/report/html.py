"""``report.html``: the audit to read and print, on one page that loads nothing."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.result_tables import FAULT_KINDS, RESULT_TABLES
from geoplan.report import explained
from geoplan.report.evidence import category_rows, fault_reasons, layer_rows, parameter_rows, rule_rows
from geoplan.report.figures import completeness_bars, coverage_bars
from geoplan.report.findings import (
    by_category,
    by_centre,
    by_community,
    gap_summary,
    level_checks,
    open_premises,
    size_matrix,
    sizes_outside,
    worst_gaps,
)
from geoplan.report.fix_words import fix_evidence, fix_sheet
from geoplan.report.headline import banners, headline_rows, scenario_lines
from geoplan.report.sheet import Cell, headed_sheet, sheet_of
from geoplan.report.words import DASH, count_text, rate_text, service_name

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["MAX_LEDGER", "write_html"]

MAX_LEDGER = 200
"""Faults printed; the Excel file has all of them."""
_LANGUAGE_TAGS: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}
_CARDS = (
    "persons",
    "coverage_rate_all_five",
    "coverage_rate_any_centre",
    "buffer_coverage_rate_any_centre",
    "oversized",
    "premises_below_minimum",
)
_LEDGER = ("table", "row", "id", "column", "value", "effect")


def write_html(audit: Audit, file: str | Path, *, lang: Lang | None = None) -> None:
    """
    Write ``report.html``.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; a section whose table could not be computed is left out, and listed.
    file
        File to write; its folder exists.
    lang
        Language; None takes the study's.
    """
    chosen = lang or audit.study.lang
    page = _template().render(
        t=partial(text, lang=chosen),
        lang=_LANGUAGE_TAGS[chosen],
        study=audit.study,
        standard=audit.standard,
        standard_name=audit.standard.name(chosen),
        banners=banners(audit, chosen),
        running=_running(audit, chosen),
        **_figures(audit, chosen),
        **_findings(audit, chosen),
        **_unsure(audit, chosen),
        **_evidence(audit, chosen),
    )
    Path(file).write_text(page, encoding="utf-8", newline="\n")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


def _running(audit: Audit, lang: Lang) -> str:
    """Return the line at the foot of every printed page."""
    lines = scenario_lines(audit.study, lang)
    lines += [text("banner.synthetic", lang)] if audit.study.synthetic else []
    lines += [text("report.has_estimates", lang)] if audit.study.estimated else []
    return " ".join(lines)


def _figures(audit: Audit, lang: Lang) -> dict[str, Any]:
    """Return the headline and the charts."""
    rows = headline_rows(audit, lang)
    shown = {key: (label, value) for key, label, value in rows}
    ranges = explained.stability_ranges(audit, lang)
    return {
        "cards": [shown[key] for key in _CARDS if audit.headline[key] is not None],
        "headline": [(label, value, ranges.get(key, "")) for key, label, value in rows],
        "coverage_bars": coverage_bars(audit, lang),
        "completeness_bars": completeness_bars(audit, lang),
    }


def _findings(audit: Audit, lang: Lang) -> dict[str, Any]:
    return {
        "categories": by_category(audit, lang),
        "communities": by_community(audit, lang),
        "centres": by_centre(audit, lang),
        "sizes": sizes_outside(audit, lang),
        "size_matrix": size_matrix(audit, lang),
        "premises": open_premises(audit, lang),
        "levels": level_checks(audit, lang),
        "gaps": worst_gaps(audit, lang),
        "gap_count": count_text(_failing(audit)),
        "gap_summary": gap_summary(audit, lang),
        **_explained(audit, lang),
        **_fixes(audit, lang),
    }


def _explained(audit: Audit, lang: Lang) -> dict[str, Any]:
    return {
        "causes": explained.causes_by_service(audit, lang),
        "obstacles": explained.worst_obstacles(audit, lang),
        "obstacle_count": count_text(len(audit.tables.get("obstacles", ()))),
        "places": explained.worst_places(audit, lang),
        "place_count": count_text(explained.place_count(audit)),
        "tiers": explained.centre_tiers(audit, lang),
        "load": explained.centre_load(audit, lang),
        "spread": explained.spread(audit, lang),
        "matches": explained.match_counts(audit, lang),
        "compliance": explained.compliance_counts(audit, lang),
        "stability": explained.stability(audit, lang),
        "stability_lines": explained.stability_lines(audit, lang),
    }


def _fixes(audit: Audit, lang: Lang) -> dict[str, Any]:
    """Return the one-fix ledger, if the audit holds one: a row a fix, and why each helps."""
    fixes, services = audit.tables.get("fixes"), audit.tables.get("fix_services")
    if fixes is None or services is None:
        return {"fixes": None, "fix_evidence": []}
    return {
        "fixes": fix_sheet(fixes, services, audit.standard, lang),
        "fix_evidence": fix_evidence(fixes, services, audit.standard, lang),
    }


def _failing(audit: Audit) -> int:
    gaps = audit.tables.get("gaps")
    return 0 if gaps is None else int((gaps["verdict"] == "fail").sum())


def _unsure(audit: Audit, lang: Lang) -> dict[str, Any]:
    """Return what is unknown, what was set aside, and what was not computed."""
    faults = audit.tables["quarantine"]
    printed = faults.head(MAX_LEDGER)
    sheet = sheet_of("quarantine", printed, _LEDGER, audit.standard, lang)
    reasons = [Cell(reason) for reason in fault_reasons(printed, lang)]
    snaps = audit.tables.get("snaps")
    lost = 0 if snaps is None else int((snaps["reason"] != "").sum())
    return {
        "unknown_rows": _unknown_rows(audit, lang),
        "ledger": sheet.with_column(text("report.reason", lang), reasons) if len(faults) else None,
        "ledger_count": count_text(len(faults)),
        "ledger_cut": len(faults) > MAX_LEDGER,
        "not_snapped": count_text(lost) if lost else "",
        "network_rows": _network_rows(audit, lang),
        "not_computed": [
            (RESULT_TABLES[name].title(lang), text("report.lacks", lang, tables=", ".join(lacking)))
            for name, lacking in audit.not_computed.items()
        ],
    }


def _network_rows(audit: Audit, lang: Lang) -> list[tuple[str, str]]:
    """Return what may be wrong with the network, as label and figure; nothing if nothing was found."""
    parts, faults = audit.tables.get("network_components"), audit.tables.get("network_faults")
    if parts is None or faults is None or (len(parts) == 1 and not len(faults)):
        return []
    rows = [(text("network.components", lang), count_text(len(parts)))]
    if len(parts) > 1:
        apart = parts.iloc[1:]
        share = rate_text(float(apart["residence_share"].sum()))
        count = count_text(int(apart["residences"].sum()))
        rows.append((text("network.residences_apart", lang), f"{count} ({share})"))
    counted = faults["kind"].value_counts()
    kinds = [kind for kind in FAULT_KINDS if kind in counted.index]
    return rows + [(text(f"network.kind.{kind}", lang), count_text(int(counted[kind]))) for kind in kinds]


def _unknown_rows(audit: Audit, lang: Lang) -> list[tuple[str, str]]:
    """Return what is unknown, as label and count; what is known everywhere is left out."""
    rows = []
    by_service = audit.tables.get("coverage_by_category")
    if by_service is not None:
        for service, persons in by_service["persons_unknown"].items():
            if not pd.isna(persons) and persons > 0:
                name = service_name(audit.standard, str(service), lang)
                rows.append((text("report.persons_unknown", lang, service=name), count_text(persons)))
    counted = ("persons_unknown_all_five", "size_unknown", "premises_unknown")
    rows += [
        (text(f"headline.{key}", lang), count_text(audit.headline[key]))
        for key in counted
        if audit.headline[key]
    ]
    return rows


def _evidence(audit: Audit, lang: Lang) -> dict[str, Any]:
    """Return rules, categories, layers, parameters and versions."""
    made_of, standard = audit.provenance, audit.standard
    return {
        "rules": headed_sheet(*rule_rows(standard, lang)),
        "category_rules": headed_sheet(*category_rows(standard, lang)),
        "layers": headed_sheet(*layer_rows(audit, lang)),
        "parameters": parameter_rows(audit, lang),
        "versions": [(str(name), str(value)) for name, value in made_of.versions.items()],
        "digest": made_of.standard_digest,
        "method": _method(audit, lang),
        "recheck": explained.rechecked(audit, lang),
    }


def _method(audit: Audit, lang: Lang) -> list[str]:
    speed = audit.standard.get("walking.speed")
    cap = audit.provenance.parameters["max_snap_m"]
    return [
        text("report.method_verdict", lang),
        text(
            "report.method_speed",
            lang,
            speed=DASH if speed is None else f"{speed.value:g}",
            status=DASH if speed is None else text(f"status.{speed.status}", lang),
        ),
        text("report.method_snap", lang, cap=f"{cap:g}" if isinstance(cap, int | float) else DASH),
        text("report.method_unknown", lang),
        text("report.method_buffer", lang),
        *explained.recheck_lines(audit, lang),
    ]
