"""Bars of the report: shares that a writer draws."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.report.traced import Cell, Source, figure, say
from geoplan.report.words import service_name

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["Bar", "completeness_bars", "coverage_bars"]


@dataclass(frozen=True, slots=True)
class Bar:
    """
    One bar.

    Parameters
    ----------
    label
        What it counts.
    value
        Text at its end.
    parts
        ``(class, from, width, hint)``: positions are shares of the whole, 0-1.
    """

    label: str
    value: Cell
    parts: tuple[tuple[str, float, float, Cell], ...]


def coverage_bars(audit: Audit, lang: Lang) -> list[Bar]:
    """Return a bar a service: shares of persons that pass, fail and are unknown."""
    table = audit.tables.get("coverage_by_category")
    if table is None:
        return []
    bars = []
    for service, row in table.iterrows():
        if pd.isna(row["persons"]) or row["persons"] <= 0:
            continue
        start, parts = 0.0, []
        for verdict in ("pass", "fail", "unknown"):
            share = float(row[f"persons_{verdict}"]) / float(row["persons"])
            source = Source("coverage_by_category", (service,), f"persons_{verdict}")
            whole = Source("coverage_by_category", (service,), "persons")
            hint = say(
                "report.bar_part",
                lang,
                verdict=text(f"verdict.{verdict}", lang),
                count=figure(row[f"persons_{verdict}"], "count", source),
                rate=figure(share, "rate", dataclasses.replace(source, per=whole)),
            )
            parts.append((verdict, round(start, 6), round(share, 6), hint))
            start += share
        name = service_name(audit.standard, str(service), lang)
        rate = Source("coverage_by_category", (service,), "coverage_rate")
        bars.append(Bar(name, figure(row["coverage_rate"], "rate", rate), tuple(parts)))
    return bars


def completeness_bars(audit: Audit, lang: Lang) -> list[Bar]:
    """Return a bar for each number of categories within reach: share of persons, most categories first."""
    table = audit.tables.get("completeness")
    if table is None or audit.study.facilities is None:
        return []
    persons = table["persons"].groupby(table["completeness"]).sum()
    whole = float(persons.sum())
    if whole <= 0:
        return []
    every = Source("completeness", tuple(table.index), "persons", "sum")
    bars = []
    for number in range(len(audit.standard.categories), -1, -1):
        own = Source("completeness", tuple(table.index[table["completeness"] == number]), "persons", "sum")
        count = int(persons.get(number, 0))
        value = say(
            "report.bar_count",
            lang,
            count=figure(count, "count", own),
            rate=figure(count / whole, "rate", dataclasses.replace(own, per=every)),
        )
        label = text("report.categories_reached", lang, number=number)
        bars.append(Bar(label, value, (("step", 0.0, round(count / whole, 6), value),)))
    return bars
