"""What the figures rest on, as headed rows: the standard's rules and categories, the layers, the faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoplan.messages import Lang, catalogue, text
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import fault_text
from geoplan.report.json_file import records
from geoplan.report.sheet import Sheet, headed_sheet
from geoplan.report.traced import Cell, Source, figure
from geoplan.report.words import rule_name, unit_text
from geoplan.standards.standard import Rule, Standard

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = [
    "category_rows",
    "evidence_tables",
    "fault_reasons",
    "layer_rows",
    "layer_title",
    "parameter_cells",
    "parameter_rows",
    "rule_rows",
    "sheet_of_categories",
    "sheet_of_layers",
    "sheet_of_rules",
]

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
    return [(label, cell.text) for label, cell in parameter_cells(audit, lang)]


def parameter_cells(audit: Audit, lang: Lang) -> list[tuple[str, Cell]]:
    """Return label and value of everything else that moves a figure, the value traced to it."""
    rows = []
    for name, value in audit.provenance.parameters.items():
        key = f"report.parameter.{name}"
        label = text(key, lang) if key in catalogue() else name
        rows.append((label, _parameter(name, value)))
    return rows


def _parameter(name: str, value: Any) -> Cell:
    if isinstance(value, list):
        parts = [_parameter(f"{name}.{at}", one) for at, one in enumerate(value)]
        figures = tuple(part for one in parts for part in one.figures)
        return Cell(", ".join(one.text for one in parts), "number", figures)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure(value, "plain", Source("parameters", (name,), "value"))
    return Cell(str(value), "number")


def sheet_of_rules(standard: Standard, lang: Lang) -> Sheet:
    """Return the standard's rules as a sheet."""
    return headed_sheet(*rule_rows(standard, lang), table="rules", labels=list(standard.rules), columns=_RULE)


def sheet_of_categories(standard: Standard, lang: Lang) -> Sheet:
    """Return the standard's categories as a sheet."""
    labels = [one.id for one in standard.categories]
    return headed_sheet(*category_rows(standard, lang), table="categories", labels=labels, columns=_CATEGORY)


def sheet_of_layers(audit: Audit, lang: Lang) -> Sheet:
    """Return the input layers as a sheet."""
    labels = list(range(len(audit.provenance.layers)))
    return headed_sheet(*layer_rows(audit, lang), table="layers", labels=labels, columns=_LAYER)


def evidence_tables(audit: Audit) -> dict[str, pd.DataFrame]:
    """
    Return what figures rest on besides result tables, so that they can be looked up too.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.

    Returns
    -------
    tables
        ``rules`` (by rule id), ``categories`` (by category id), ``layers`` (by position) and ``parameters``
        (by name; one that is a list has a row an entry, such as ``circle_minutes.0``).
    """
    standard = audit.standard
    parameters: dict[str, object] = {}
    for name, value in audit.provenance.parameters.items():
        entries = {f"{name}.{at}": one for at, one in enumerate(value)} if isinstance(value, list) else {}
        parameters |= entries or {name: value}
    return {
        "rules": pd.DataFrame(
            {"value": pd.Series({key: rule.value for key, rule in standard.rules.items()}, dtype=object)}
        ),
        "categories": pd.DataFrame(
            {
                "min_count": {one.id: one.min_count for one in standard.categories},
                "limit_minutes": {one.id: standard.limit_minutes(one) for one in standard.categories},
            }
        ),
        "layers": pd.DataFrame(
            [{"rows_read": one.rows_read, "rows_used": one.rows_used} for one in audit.provenance.layers],
            columns=["rows_read", "rows_used"],
        ),
        "parameters": pd.DataFrame({"value": pd.Series(parameters, dtype=object)}),
    }


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
