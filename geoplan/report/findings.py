"""The findings as sheets to print: by category, community and centre, on size and premises, and the gaps."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.result_tables import CENTRE_SERVICES, RESULT_TABLES
from geoplan.report.sheet import Sheet, sheet_of, totals_of
from geoplan.report.traced import Cell, Source, figure, say
from geoplan.report.words import DASH, place_names, reason_text, service_name, unit_text

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = [
    "MAX_GAPS",
    "by_category",
    "by_centre",
    "by_community",
    "circle_areas",
    "gap_summary",
    "level_checks",
    "open_premises",
    "size_matrix",
    "sizes_outside",
    "worst_gaps",
]

MAX_GAPS = 20
"""Gaps printed on paper; the Excel file has all of them."""

_CATEGORY = (
    "service facilities limit_minutes persons_pass persons_fail persons_unknown coverage_rate "
    "household_coverage_rate status clause"
)
_COMMUNITY = (
    "community_id name persons households persons_all_five persons_unknown_all_five coverage_rate_all_five "
    "mean_completeness coverage_rate_any_centre coverage_rate_district_centre coverage_rate_community_centre"
)
_CENTRE = (
    "centre_id name level persons_reached households_reached persons_catchment households_catchment "
    "persons_buffer snap_m reason"
)
_SIZE = (
    "community_id name households persons size rule value threshold unit margin parts_min reason status "
    "clause"
)
_PREMISES = (
    "premises_id community_id name floor_area_m2 minimum_m2 shortfall_m2 verdict clause household_minimum_m2 "
    "household_shortfall_m2 household_verdict household_clause"
)
_LEVEL = "unit_id name level rule value threshold unit margin verdict reason status clause"
_GAP = "residence_id name community_id persons service minutes limit_minutes nearest_id verdict reason"


def by_category(audit: Audit, lang: Lang) -> Sheet | None:
    """Return coverage by service, with the evidence of each; None if it was not computed."""
    table = audit.tables.get("coverage_by_category")
    if table is None:
        return None
    frame = table.reset_index()
    sources = {one.id: one.source for one in audit.standard.categories}
    sources |= dict.fromkeys(CENTRE_SERVICES, audit.standard.rule("centre.minutes").source)
    sheet = sheet_of("coverage_by_category", frame, _CATEGORY.split(), audit.standard, lang)
    return sheet.with_column(
        text("report.heading.source", lang), [Cell(sources[one]) for one in frame["service"]]
    )


def by_community(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the communities, lowest coverage of all categories first; None if not computed."""
    table = audit.tables.get("coverage_by_community")
    if table is None:
        return None
    frame = table.reset_index().sort_values(
        ["coverage_rate_all_five", "mean_completeness", "persons", "community_id"],
        ascending=[True, True, False, True],
        na_position="last",
        kind="stable",
    )
    sheet = sheet_of("coverage_by_community", frame, _COMMUNITY.split(), audit.standard, lang)
    return _with_study_totals(sheet, audit, lang)


def _with_study_totals(sheet: Sheet, audit: Audit, lang: Lang) -> Sheet:
    """Return communities with their total; homes of no community get a row, so that it is the study's."""
    homes = audit.tables["completeness"]
    listed = homes["community_id"].isin(audit.tables["coverage_by_community"].index)
    own = {
        "persons": ("persons", ~listed),
        "households": ("households", ~listed),
        "persons_all_five": ("persons", ~listed & (homes["verdict_all_five"] == "pass")),
        "persons_unknown_all_five": ("persons", ~listed & (homes["verdict_all_five"] == "unknown")),
    }
    columns = _COMMUNITY.split()
    summed = [columns.index(name) for name in own]
    if listed.all():
        return totals_of(sheet, lang, summed)
    outside = [Cell("")] * len(columns)
    outside[columns.index("name")] = Cell(text("report.no_community", lang))
    total = list(outside)
    total[0], total[columns.index("name")] = Cell(text("report.total", lang)), Cell("")
    for name, (column, rows) in own.items():
        every = rows | listed & _counted(homes, name)
        for cells, chosen in ((outside, rows), (total, every)):
            value = homes.loc[chosen, column]
            source = Source("completeness", tuple(homes.index[chosen]), column, "sum")
            known = None if value.isna().any() else int(value.sum())
            cells[columns.index(name)] = figure(known, "count", source)
    return dataclasses.replace(sheet, rows=[*sheet.rows, outside], totals=total)


def _counted(homes: pd.DataFrame, name: str) -> pd.Series:
    """Return which homes count for a column of ``coverage_by_community``."""
    verdict = {"persons_all_five": "pass", "persons_unknown_all_five": "unknown"}.get(name)
    return homes["verdict_all_five"].notna() if verdict is None else homes["verdict_all_five"] == verdict


def by_centre(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the centres, district ones first; None if not computed."""
    table = audit.tables.get("coverage_by_centre")
    if table is None:
        return None
    frame = table.reset_index().sort_values(["level", "centre_id"], ascending=[False, True], kind="stable")
    columns = _CENTRE.split()
    sheet = sheet_of("coverage_by_centre", frame, columns, audit.standard, lang)
    # catchments do not overlap; reached persons do
    return totals_of(
        sheet, lang, [columns.index(one) for one in ("persons_catchment", "households_catchment")]
    )


def level_checks(audit: Audit, lang: Lang) -> Sheet | None:
    """Return circles whose size does not pass; None if the standard has no such rule."""
    table = audit.tables.get("level_checks")
    if table is None or table.empty:
        return None
    return sheet_of("level_checks", table[table["verdict"] != "pass"], _LEVEL.split(), audit.standard, lang)


def sizes_outside(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the communities that are oversized, undersized or of unknown size; None if not computed."""
    table = audit.tables.get("oversized")
    if table is None:
        return None
    frame = table.reset_index()
    return sheet_of("oversized", frame[frame["size"] != "within"], _SIZE.split(), audit.standard, lang)


def size_matrix(audit: Audit, lang: Lang) -> Sheet | None:
    """
    Return communities by standards, those outside any of them; None if not computed.

    A cell says the size, by how much it misses the limit, and how many parts it needs at least.
    """
    table = audit.tables.get("size_matrix")
    if table is None:
        return None
    outside = table.loc[table["size"] != "within", "community_id"].unique()
    packs = list(table["standard_id"].unique())
    rows = []
    for community_id, own in table[table["community_id"].isin(outside)].groupby("community_id", sort=True):
        labels = dict(zip(own["standard_id"], own.index, strict=True))
        cells = [_size_cell(own.loc[labels[one]], labels[one], lang) for one in packs]
        named = own["name"].iloc[0]
        weight = (
            -sum(cell.mark == "oversized" for cell in cells),
            -float(own["value"].max()),
            str(community_id),
        )
        rows.append((weight, [Cell(str(community_id)), Cell("" if pd.isna(named) else str(named)), *cells]))
    schema = RESULT_TABLES["size_matrix"]
    headings = [schema.column(one).heading(lang) for one in ("community_id", "name")]
    return Sheet([*headings, *packs], [cells for _, cells in sorted(rows, key=lambda one: one[0])])


def _size_cell(row: pd.Series, label: int, lang: Lang) -> Cell:
    size = text(f"size.{row['size']}", lang)
    if row["size"] == "oversized":
        over = say(
            "report.size_over",
            lang,
            size=size,
            over=figure(-row["margin"], "number", Source("size_matrix", (label,), "margin", "opposite")),
            unit=unit_text(row["unit"], lang),
            parts=figure(row["parts_min"], "count", Source("size_matrix", (label,), "parts_min")),
        )
        return dataclasses.replace(over, mark="oversized")
    return Cell(size, str(row["size"]))


def open_premises(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the premises that do not pass every check, the largest shortfall first; None if not computed."""
    table = audit.tables.get("premises_checks")
    if table is None:
        return None
    frame = table.reset_index()
    frame = frame[(frame["verdict"] != "pass") | (frame["household_verdict"] != "pass")]
    frame = frame.assign(order=frame["verdict"].map({"fail": 0, "unknown": 1, "pass": 2})).sort_values(
        ["order", "shortfall_m2", "household_shortfall_m2", "premises_id"],
        ascending=[True, False, False, True],
        kind="stable",
    )
    columns = _PREMISES.split()
    sheet = sheet_of("premises_checks", frame, columns, audit.standard, lang)
    return totals_of(sheet, lang, [columns.index("shortfall_m2")])


def worst_gaps(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the failing residence-and-category pairs, most persons first; None if there is no gap."""
    table = audit.tables.get("gaps")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table)[table["verdict"] == "fail"]
    names = place_names(audit.study)
    frame = frame.assign(nearest_id=[names.get(one, one) for one in frame["nearest_id"]])
    return sheet_of("gaps", frame, _GAP.split(), audit.standard, lang)


def gap_summary(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the gaps counted by service, verdict and reason; None if there is none."""
    table = audit.tables.get("gaps")
    if table is None or table.empty:
        return None
    order = {one.id: at for at, one in enumerate(audit.standard.categories)}
    grouped = [
        (key, own) for key, own in pd.DataFrame(table).groupby(["service", "verdict", "reason"], sort=False)
    ]
    schema = RESULT_TABLES["gaps"]
    headings = [schema.column(name).heading(lang) for name in ("service", "verdict", "reason")]
    headings.append(RESULT_TABLES["coverage_by_community"].column("residences").heading(lang))
    headings.append(schema.column("persons").heading(lang))
    rows = [
        [
            Cell(service_name(audit.standard, service, lang)),
            Cell(text(f"verdict.{verdict}", lang), verdict),
            Cell(reason_text(reason, lang)),
            figure(len(own), "count", Source("gaps", tuple(own.index), "residence_id", "count")),
            figure(own["persons"].sum(), "count", Source("gaps", tuple(own.index), "persons", "sum")),
        ]
        for (service, verdict, reason), own in sorted(
            grouped, key=lambda one: (order[one[0][0]], *map(str, one[0][1:]))
        )
    ]
    return totals_of(Sheet(headings, rows), lang, [3])


def circle_areas(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the area of each centre's circles, one column a time; None if none was drawn."""
    table = audit.tables.get("service_circles")
    if table is None or table.empty:
        return None
    schema = RESULT_TABLES["service_circles"]
    times = sorted(table["minutes"].unique())
    labels = dict(zip(zip(table["centre_id"], table["minutes"], strict=True), table.index, strict=True))
    frame = table.drop_duplicates("centre_id").sort_values(
        ["level", "centre_id"], ascending=[False, True], kind="stable"
    )
    left = sheet_of("service_circles", frame, ["centre_id", "name", "level"], audit.standard, lang)
    headings = list(left.headings)
    columns = [(name, time) for name in ("area_m2", "street_length_m") for time in times]
    for name, time in columns:
        headings.append(
            text("report.at_minutes", lang, what=schema.column(name).heading(lang), minutes=f"{time:g}")
        )
    rows = []
    for cells, centre_id in zip(left.rows, frame["centre_id"], strict=True):
        measured = [_circle_cell(table, labels.get((centre_id, time)), name) for name, time in columns]
        rows.append([*cells, *measured])
    return Sheet(headings, rows)


def _circle_cell(table: pd.DataFrame, label: int | None, column: str) -> Cell:
    if label is None:
        return Cell(DASH, "number")
    source = Source("service_circles", (label,), column)
    return figure(table.loc[label, column], "count", source)
