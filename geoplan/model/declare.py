"""Shorthand for declaring columns of result tables, and the columns that many of them share."""

from __future__ import annotations

from geoplan.model.schema import Column

__all__ = [
    "CENTRE",
    "CLAUSE",
    "COMMUNITY",
    "HOUSEHOLDS",
    "LEVEL",
    "LIMIT",
    "NAME",
    "PERSONS",
    "REASON",
    "RESIDENCE",
    "RULE",
    "SERVICE",
    "VERDICTS",
    "integer",
    "number",
    "text",
    "verdict",
]

VERDICTS = ("pass", "fail", "unknown")


def text(name: str, en: str, zh: str, meaning: str = "") -> Column:
    """Declare a column of words."""
    return Column(name, "text", en, zh, meaning or f"{en.capitalize()}.")


def number(name: str, en: str, zh: str, meaning: str = "", unit: str = "") -> Column:
    """Declare a column of numbers."""
    return Column(name, "number", en, zh, meaning or f"{en.capitalize()}.", unit=unit)


def integer(name: str, en: str, zh: str, meaning: str = "") -> Column:
    """Declare a column of whole numbers."""
    return Column(name, "integer", en, zh, meaning or f"{en.capitalize()}.")


def verdict(name: str = "verdict", en: str = "verdict", zh: str = "结论") -> Column:
    """Declare a column of verdicts."""
    return Column(name, "choice", en, zh, "``pass``, ``fail`` or ``unknown``.", choices=VERDICTS)


SERVICE = text(
    "service", "service", "服务", "A category id of the standard, or centre_any/_district/_community."
)
RESIDENCE = text("residence_id", "residence id", "居住点编码")
COMMUNITY = text("community_id", "community id", "社区编码")
CENTRE = text("centre_id", "centre id", "中心编码")
NAME = text("name", "name", "名称")
HOUSEHOLDS = integer("households", "households", "户数")
PERSONS = integer("persons", "persons", "人数")
REASON = text("reason", "reason", "原因", "Message key ``reason.*``: why this verdict.")
CLAUSE = text("clause", "clause", "依据条款", "Clause the verdict rests on.")
LEVEL = text("level", "level", "级别")
LIMIT = number("limit_minutes", "limit (min)", "限值（分钟）", unit="min")
RULE = text("rule", "rule", "规则", "Rule id in the standard.")
