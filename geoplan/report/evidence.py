"""What the figures rest on, as headed rows: the standard's rules and categories, the layers, the faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoplan.messages import Lang, catalogue, text
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import fault_text
from geoplan.report.json_file import records
from geoplan.report.words import rule_name, unit_text
from geoplan.standards.standard import Rule, Standard

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["category_rows", "fault_reasons", "layer_rows", "layer_title", "parameter_rows", "rule_rows"]

Headed = tuple[list[str], list[list[Any]]]

_RULE = (
    "rule",
    "comparison",
    "value",
    "unit",
    "status",
    "clause",
    "source",
    "place",
    "in_force",
    "note",
    "id",
)
_CATEGORY = (
    "category",
    "min_count",
    "limit_minutes",
    "mode",
    "status",
    "kinds",
    "clause",
    "id",
    "note",
    "source",
)
_LAYER = ("table", "file", "crs", "encoding", "rows_read", "rows_used", "sha256")


def rule_rows(standard: Standard, lang: Lang) -> Headed:
    """Return the headings and a row for each rule: value, unit, comparison, clause, source, status …"""
    rows = [
        [
            rule_name(rule.id, lang),
            rule.comparison,
            _value(rule, lang),
            unit_text(rule.unit, lang),
            text(f"status.{rule.status}", lang),
            rule.clause,
            rule.source,
            rule.place,
            rule.in_force,
            rule.note,
            rule.id,
        ]
        for rule in standard.rules.values()
    ]
    return _headings(_RULE, lang), rows


def category_rows(standard: Standard, lang: Lang) -> Headed:
    """Return the headings and a row for each category: kinds, how many, limit, clause, source, status."""
    rows = [
        [
            one.name(lang),
            one.min_count,
            standard.limit_minutes(one),
            text(f"report.mode.{one.mode}", lang),
            text(f"status.{one.status}", lang),
            ", ".join(one.kinds),
            one.clause,
            one.id,
            one.note,
            one.source,
        ]
        for one in standard.categories
    ]
    return _headings(_CATEGORY, lang), rows


def layer_rows(audit: Audit, lang: Lang) -> Headed:
    """Return the headings and a row for each input layer: file, digest, CRS, encoding, rows read and used."""
    rows = [
        [
            layer_title(layer.table, lang),
            layer.file,
            layer.crs,
            layer.encoding,
            layer.rows_read,
            layer.rows_used,
            layer.sha256,
        ]
        for layer in audit.provenance.layers
    ]
    return _headings(_LAYER, lang), rows


def layer_title(name: str, lang: Lang) -> str:
    """Return what a layer is called: an input table, or the heights below the streets."""
    return INPUT_TABLES[name].title(lang) if name in INPUT_TABLES else text(f"layer.{name}", lang)


def parameter_rows(audit: Audit, lang: Lang) -> list[tuple[str, str]]:
    """Return label and value of everything else that moves a figure."""
    rows = []
    for name, value in audit.provenance.parameters.items():
        key = f"report.parameter.{name}"
        label = text(key, lang) if key in catalogue() else name
        shown = ", ".join(f"{one:g}" for one in value) if isinstance(value, list) else str(value)
        rows.append((label, shown))
    return rows


def fault_reasons(quarantine: pd.DataFrame, lang: Lang) -> list[str]:
    """Return, for each row of table ``quarantine``, why it is there and what to do."""
    return [
        fault_text({name: "" if cell is None else cell for name, cell in row.items()}, lang)
        for row in records(quarantine)
    ]


def _headings(names: tuple[str, ...], lang: Lang) -> list[str]:
    return [text(f"report.heading.{name}", lang) for name in names]


def _value(rule: Rule, lang: Lang) -> Any:
    if isinstance(rule.value, bool):
        return text("report.yes" if rule.value else "report.no", lang)
    return rule.value
