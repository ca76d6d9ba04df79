"""Words for what the tables hold as codes: verdicts, reasons, services; and figures as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pandas as pd

from geoplan.messages import Lang, catalogue, text
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE

__all__ = [
    "DASH",
    "ceil_hundredths",
    "count_text",
    "minutes_text",
    "names_of",
    "number_text",
    "place_names",
    "plain_text",
    "rate_text",
    "reason_text",
    "rule_name",
    "service_name",
    "translate",
    "unit_text",
]

DASH = "—"
_HUNDREDTH_MS = MS_PER_MINUTE // 100

_PREFIXES = {
    "verdict": "verdict",
    "verdict_all_five": "verdict",
    "verdict_any_centre": "verdict",
    "verdict_district_centre": "verdict",
    "verdict_community_centre": "verdict",
    "household_verdict": "verdict",
    "verdict_before": "verdict",
    "verdict_after": "verdict",
    "change": "change",
    "size": "size",
    "status": "status",
    "effect": "report.effect",
    "level": "report.level",
    "kind": "network.kind",
    "premises_verdict": "verdict",
    "border_class": "border",
    "state": "premises_state",
    "seat_table": "seat",
    "tier": "tier",
    "people": "people",
    "match": "match",
    "cause": "cause",
    "obstacle_kind": "obstacle",
    "fix_kind": "fix.kind",
}
_SERVICE_LISTS = ("service", "main_service", "about", "services", "categories_failed", "categories_unknown")
_TABLE_COLUMNS = ("table", "unit_table")
_UNITS = {
    "min": "min",
    "m": "m",
    "m/min": "m_per_min",
    "household": "household",
    "s": "s",
    "person": "person",
    "km²": "km2",
    "m²": "m2",
    "m²/100 households": "m2_per_100_households",
    "ratio": "ratio",
    "count": "count",
    "yes/no": "yes_no",
}


def service_name(standard: Standard, service: str, lang: Lang) -> str:
    """Return the name of a category of the standard, a centre service or a rule, in ``lang``."""
    if service in (*CENTRE_SERVICES, ALL_CATEGORIES):
        return text(f"report.service.{service}", lang)
    names = {category.id: category.name(lang) for category in standard.categories}
    if service not in names and f"rule.{service}" in catalogue():
        return rule_name(service, lang)
    return names.get(service, service)


def reason_text(reason: object, lang: Lang) -> str:
    """Return the sentence of a message key ``reason.*``; empty for no reason."""
    if not isinstance(reason, str) or not reason:
        return ""
    return text(reason, lang) if reason in catalogue() else reason


def rule_name(rule: str, lang: Lang) -> str:
    """Return what a rule of a standard is about, in ``lang``."""
    return text(f"rule.{rule}", lang)


def unit_text(unit: str, lang: Lang) -> str:
    """Return a unit of a rule in ``lang``."""
    return text(f"report.unit.{_UNITS[unit]}", lang) if unit in _UNITS else unit


def names_of(table: pd.DataFrame) -> pd.Series:
    """Return a name for people for each row: its ``name``, else its id."""
    ids = pd.Series(table.index.astype(str), index=table.index, dtype=object)
    if "name" not in table:
        return ids
    names = table["name"].astype(object)
    return names.where(names.notna() & (names.astype(str).str.strip() != ""), ids)


def place_names(study: Study) -> dict[str, str]:
    """Return id -> name of every facility and centre, the places a walk may end at."""
    tables = [table for table in (study.centres, study.facilities) if table is not None]
    return {str(label): str(name) for table in tables for label, name in names_of(table).items()}


def translate(frame: pd.DataFrame, standard: Standard, lang: Lang) -> pd.DataFrame:
    """
    Return a result table with words in place of its codes.

    Parameters
    ----------
    frame
        A result table, its key as a column.
    standard
        Names the categories.
    lang
        Language.

    Returns
    -------
    frame
        Same rows and columns. Ids, clauses and figures stay as they are; a ``service`` becomes its name,
        or keeps its id where a column ``service_name`` stands beside it.
    """
    shown = frame.copy()
    for name in frame.columns:
        word = _translator(str(name), standard, lang)
        if word is not None and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            known = {code: word(code) for code in frame[name].dropna().unique()}
            shown[name] = frame[name].map(known)
    if {"service", "service_name"} <= set(frame.columns):
        # where the name stands beside it, the id may stay an id
        shown["service_name"] = shown["service"]
        shown["service"] = frame["service"]
    return shown


def _translator(column: str, standard: Standard, lang: Lang) -> Callable[[str], str] | None:
    comma = "、" if lang == "zh" else ", "

    def listed(codes: str) -> str:
        return comma.join(service_name(standard, one, lang) for one in codes.split(",") if one)

    def prefixed(code: str) -> str:
        key = f"{_PREFIXES[column]}.{code}"
        return text(key, lang) if key in catalogue() else code

    if column in _PREFIXES:
        return prefixed
    if column in _SERVICE_LISTS:
        return listed
    if column in ("variants", "low_by", "high_by"):
        return lambda codes: comma.join(text(f"variant.{one}", lang) for one in codes.split(",") if one)
    if column == "unbounded":
        return lambda codes: comma.join(_table_word(one, lang) for one in codes.split(",") if one)
    if column in _TABLE_COLUMNS:
        return lambda code: _table_word(code, lang)
    if column == "unit":
        return lambda code: unit_text(code, lang)
    if column == "rule":
        return lambda code: rule_name(code, lang)
    if column in ("reason", "cure"):
        return lambda code: reason_text(code, lang)
    return None


def _table_word(code: str, lang: Lang) -> str:
    if code in INPUT_TABLES:
        return INPUT_TABLES[code].title(lang)
    return text("report.whole_study", lang) if code == "study" else code


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control signs, those that turn the direction of text, and what XML cannot hold."""


def plain_text(content: str) -> str:
    """
    Return text as one line that every printed format can hold.

    Breaks become spaces; other control signs, and those that turn the direction of text, become U+FFFD, so
    that it shows that something stood there.

    Examples
    --------
    >>> plain_text("Sunny\\nCourt\\x01")
    'Sunny Court\ufffd'
    """
    return _UNPRINTABLE.sub("\ufffd", _BREAKS.sub(" ", content))


def count_text(value: float | None) -> str:
    """
    Return a whole number with separators.

    Examples
    --------
    >>> count_text(39050), count_text(None)
    ('39,050', '—')
    """
    return DASH if _missing(value) or value is None else f"{round(value):,}"


def rate_text(value: float | None) -> str:
    """
    Return a share as a percentage; only all is 100 %, only none is 0 %.

    Examples
    --------
    >>> rate_text(0.8315), rate_text(0.99999), rate_text(1.0), rate_text(None)
    ('83.2 %', '> 99.9 %', '100.0 %', '—')
    """
    if value is None or _missing(value):
        return DASH
    if 0.9995 <= value < 1:
        return "> 99.9 %"
    if 0 < value < 0.0005:
        return "< 0.1 %"
    return f"{100 * value:.1f} %"


def number_text(value: float | None) -> str:
    """
    Return a measured value with at most two decimals.

    Examples
    --------
    >>> number_text(299.0), number_text(12.345), number_text(float("nan"))
    ('299', '12.35', '—')
    """
    if value is None or _missing(value):
        return DASH
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def minutes_text(value: float | None) -> str:
    """
    Return minutes, rounded up to hundredths: a walk over its limit never looks as if it met it.

    Examples
    --------
    >>> minutes_text(15.0), minutes_text(15.0001), minutes_text(float("nan"))
    ('15.00', '15.01', '—')
    """
    if value is None or _missing(value):
        return DASH
    return f"{ceil_hundredths(value):.2f}"


def ceil_hundredths(minutes: float) -> float:
    """Return minutes rounded up to hundredths, by way of the network's whole milliseconds."""
    return -(-round(minutes * MS_PER_MINUTE) // _HUNDREDTH_MS) / 100
