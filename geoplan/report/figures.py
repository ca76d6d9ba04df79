"""Bars of the report: numbers the template draws as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.report.words import count_text, rate_text, service_name

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
    value: str
    parts: tuple[tuple[str, float, float, str], ...]


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
            count = count_text(row[f"persons_{verdict}"])
            hint = f"{text(f'verdict.{verdict}', lang)}: {count} ({rate_text(share)})"
            parts.append((verdict, round(start, 6), round(share, 6), hint))
            start += share
        name = service_name(audit.standard, str(service), lang)
        bars.append(Bar(name, rate_text(float(row["coverage_rate"])), tuple(parts)))
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
    bars = []
    for number in range(len(audit.standard.categories), -1, -1):
        count = int(persons.get(number, 0))
        share = count / whole
        value = f"{count_text(count)} ({rate_text(share)})"
        bars.append(
            Bar(
                text("report.categories_reached", lang, number=number),
                value,
                (("step", 0.0, round(share, 6), value),),
            )
        )
    return bars
