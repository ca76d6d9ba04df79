"""Figures in the title box of each map of an audit: label and value."""

from __future__ import annotations

import pandas as pd

from geoplan.maps.tier_layer import tiers_of
from geoplan.messages import Lang, text
from geoplan.model.result_tables import FAULT_KINDS
from geoplan.report.headline import headline_rows
from geoplan.report.words import DASH, count_text, number_text, rate_text, service_name
from geoplan.workflow import Audit

__all__ = ["centre_rows", "circle_rows", "gap_rows", "headline_of", "network_rows"]

Rows = list[tuple[str, str]]

_ON_TITLE = (
    "persons",
    "households",
    "residences",
    "residences_all_five",
    "coverage_rate_all_five",
    "coverage_rate_by_category",
    "coverage_rate_any_centre",
    "buffer_coverage_rate_any_centre",
    "communities",
    "oversized",
    "premises_below_minimum",
    "rows_set_aside",
)
_SQUARE_METRES = 1e6


def headline_of(audit: Audit, lang: Lang) -> Rows:
    """Return the main figures that could be computed."""
    return [
        (label, value)
        for key, label, value in headline_rows(audit, lang)
        if key.split(".", 1)[0] in _ON_TITLE and value != DASH
    ]


def circle_rows(audit: Audit, lang: Lang) -> Rows:
    """Return the mean area of the circles of each level and time."""
    circles = audit.tables["service_circles"]
    rows = []
    for (level, minutes), own in circles.groupby(["level", "minutes"], sort=True):
        word = text(f"report.level.{level}", lang)
        label = text("map.mean_area", lang, level=word, minutes=f"{minutes:g}", count=count_text(len(own)))
        rows.append((label, f"{number_text(float(own['area_m2'].mean()) / _SQUARE_METRES)} km²"))
    return rows


def centre_rows(audit: Audit, lang: Lang) -> Rows:
    """Return the coverage rate of each tier, and how many homes each way of being reached has."""
    tiers = audit.tables.get("centre_tiers")
    rows = []
    if tiers is not None:
        rows = [
            (text(f"tier.{tier}", lang), rate_text(row["coverage_rate"])) for tier, row in tiers.iterrows()
        ]
    homes = audit.tables["completeness"]
    persons = homes["persons"].astype("Float64").groupby(tiers_of(homes)).sum()
    for tier, count in persons.items():
        label = text("map.persons_of", lang, what=text(f"map.tier_{tier}", lang))
        rows.append((label, count_text(None if pd.isna(count) else float(count))))
    return rows


def gap_rows(audit: Audit, lang: Lang) -> Rows:
    """Return the persons who fail each service, and who are unknown."""
    table = audit.tables["coverage_by_category"]
    rows = []
    for service, row in table.iterrows():
        fail, lost = row["persons_fail"], row["persons_unknown"]
        value = count_text(None if pd.isna(fail) else float(fail))
        if not pd.isna(lost) and lost > 0:
            value = text("report.with_unknown", lang, value=value, unknown=count_text(float(lost)))
        rows.append((service_name(audit.standard, str(service), lang), value))
    return rows


def network_rows(audit: Audit, lang: Lang) -> Rows:
    """Return what the network is made of, and its faults by kind."""
    faults, parts = audit.tables["network_faults"], audit.tables.get("network_components")
    rows = []
    if parts is not None:
        rows = [
            (text("map.layer_components", lang), count_text(len(parts))),
            (text("map.street_length", lang), f"{number_text(float(parts['length_m'].sum()) / 1000)} km"),
        ]
    return rows + [
        (text(f"network.kind.{kind}", lang), count_text(int((faults["kind"] == kind).sum())))
        for kind in FAULT_KINDS
    ]
