"""The findings as sheets to print: by category, community and centre, on size and premises, and the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.result_tables import CENTRE_SERVICES, RESULT_TABLES
from geoplan.report.sheet import Cell, Sheet, sheet_of
from geoplan.report.words import (
    count_text,
    number_text,
    place_names,
    reason_text,
    service_name,
    unit_text,
)

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = [
    "MAX_GAPS",
    "by_category",
    "by_centre",
    "by_community",
    "gap_summary",
    "level_checks",
    "open_premises",
    "size_matrix",
    "sizes_outside",
    "worst_gaps",
]

MAX_GAPS = 20
"""Gaps printed; the Excel file has all of them."""

_CATEGORY = (
    "service facilities limit_minutes persons_pass persons_fail persons_unknown coverage_rate "
    "household_coverage_rate status clause"
)
_COMMUNITY = (
    "community_id name persons households persons_all_five persons_unknown_all_five coverage_rate_all_five "
    "mean_completeness coverage_rate_any_centre coverage_rate_district_centre coverage_rate_community_centre"
)
_CENTRE = (
    "centre_id name level persons_reached households_reached persons_catchment persons_buffer snap_m reason"
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
    return sheet_of("coverage_by_community", frame, _COMMUNITY.split(), audit.standard, lang)


def by_centre(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the centres, district ones first; None if not computed."""
    table = audit.tables.get("coverage_by_centre")
    if table is None:
        return None
    frame = table.reset_index().sort_values(["level", "centre_id"], ascending=[False, True], kind="stable")
    return sheet_of("coverage_by_centre", frame, _CENTRE.split(), audit.standard, lang)


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
        cells = [_size_cell(row, lang) for _, row in own.set_index("standard_id").loc[packs].iterrows()]
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


def _size_cell(row: pd.Series, lang: Lang) -> Cell:
    size = text(f"size.{row['size']}", lang)
    if row["size"] == "oversized":
        unit = unit_text(row["unit"], lang)
        over = text("report.size_over", lang, size=size, over=number_text(-row["margin"]), unit=unit,
                    parts=int(row["parts_min"]))  # fmt: skip
        return Cell(over, "oversized")
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
    return sheet_of("premises_checks", frame, _PREMISES.split(), audit.standard, lang)


def worst_gaps(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the failing residence-and-category pairs with most persons; None if there is no gap."""
    table = audit.tables.get("gaps")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table)[table["verdict"] == "fail"].head(MAX_GAPS)
    names = place_names(audit.study)
    frame = frame.assign(nearest_id=[names.get(one, one) for one in frame["nearest_id"]])
    return sheet_of("gaps", frame, _GAP.split(), audit.standard, lang)


def gap_summary(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the gaps counted by service, verdict and reason; None if there is none."""
    table = audit.tables.get("gaps")
    if table is None or table.empty:
        return None
    grouped = pd.DataFrame(table).groupby(["service", "verdict", "reason"], sort=False)
    counted = grouped.agg(residences=("residence_id", "size"), persons=("persons", "sum")).reset_index()
    order = {one.id: at for at, one in enumerate(audit.standard.categories)}
    counted = counted.assign(order=counted["service"].map(order))
    counted = counted.sort_values(["order", "verdict", "reason"], kind="stable")
    schema = RESULT_TABLES["gaps"]
    headings = [schema.column(name).heading(lang) for name in ("service", "verdict", "reason")]
    headings.append(RESULT_TABLES["coverage_by_community"].column("residences").heading(lang))
    headings.append(schema.column("persons").heading(lang))
    rows = [
        [
            Cell(service_name(audit.standard, row["service"], lang)),
            Cell(text(f"verdict.{row['verdict']}", lang), row["verdict"]),
            Cell(reason_text(row["reason"], lang)),
            Cell(count_text(row["residences"]), "number"),
            Cell(count_text(row["persons"]), "number"),
        ]
        for row in counted.to_dict("records")
    ]
    return Sheet(headings, rows)
