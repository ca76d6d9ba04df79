"""A sheet a centre and a sheet a community (一社一表): everything the audit says about one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.report.blocks import Block, Section
from geoplan.report.compose import form, grid, section
from geoplan.report.sheet import Sheet, sheet_of
from geoplan.report.traced import Cell
from geoplan.report.words import names_of

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["centre_sheets", "community_sheets"]

MAX_UNIT_GAPS = 6
"""Gaps printed on a community's sheet, so that it stays a page."""

_CENTRE = (
    "level community_id limit_minutes snap_m residences_reached persons_reached households_reached "
    "persons_catchment households_catchment persons_buffer reason clause"
)
_LOAD = (
    "elderly_catchment persons_shared persons_sole households_sole capacity floor_area_m2 persons_per_place "
    "area_per_100_households"
)
_CIRCLE = "minutes area_m2 street_length_m missed_length_m unreached_length_inside_m"
_CHECK = "rule about value threshold unit verdict clause status"
_COMMUNITY = (
    "residences persons households persons_all_five persons_unknown_all_five coverage_rate_all_five "
    "household_coverage_rate_all_five mean_completeness coverage_rate_any_centre "
    "coverage_rate_district_centre coverage_rate_community_centre"
)
_SIZE = "area_km2 size rule value threshold margin parts_min clause"
_SERVICE = (
    "service persons_pass persons_fail persons_unknown coverage_rate households_pass household_coverage_rate"
)
_PREMISES = (
    "premises_id name floor_area_m2 minimum_m2 shortfall_m2 verdict household_minimum_m2 "
    "household_shortfall_m2 household_verdict"
)
_GAP = "residence_id name service persons minutes limit_minutes verdict cause"


def centre_sheets(audit: Audit, lang: Lang) -> Section | None:
    """Return a section with a sheet a centre, district ones first; None if there are no centres."""
    table = audit.tables.get("coverage_by_centre")
    if table is None:
        return None
    frame = table.reset_index().sort_values(["level", "centre_id"], ascending=[False, True], kind="stable")
    load, checks = audit.tables["centre_load"], _checks(audit, "centres")
    own_tier = load[load["service"] == "centre_" + load["level"]]
    parts = {
        name: _by_unit(of, rows, unit, columns, audit, lang)
        for name, of, rows, unit, columns in (
            ("coverage", "coverage_by_centre", frame, "centre_id", _CENTRE),
            ("load", "centre_load", own_tier, "centre_id", _LOAD),
            ("circles", "service_circles", audit.tables.get("service_circles"), "centre_id", _CIRCLE),
            ("checks", "compliance", checks, "unit_id", _CHECK),
        )
    }
    named = names_of(frame.set_index("centre_id"))
    units = [
        section(
            f"centre-{label}",
            text("report.unit_title", lang, name=name, id=label),
            *_centre(_of_unit(parts, str(label)), f"centre-{label}", lang),
            unit=True,
        )
        for label, name in named.items()
    ]
    return section("centre-sheets", text("report.section_centre_sheets", lang), sections=units)


def community_sheets(audit: Audit, lang: Lang) -> Section | None:
    """Return a section with a sheet a community, by id; None if there are no communities."""
    if audit.study.communities is None:
        return None
    keyed = (
        ("coverage", "coverage_by_community", _COMMUNITY),
        ("services", "coverage_by_community_category", _SERVICE),
        ("size", "oversized", _SIZE),
        ("premises", "premises_checks", _PREMISES),
    )
    parts = {
        name: _by_unit(of, _plain(audit, of), "community_id", columns, audit, lang)
        for name, of, columns in keyed
    }
    parts["checks"] = _by_unit("compliance", _checks(audit, "communities"), "unit_id", _CHECK, audit, lang)
    parts["gaps"] = _by_unit("causes", _failing(audit), "community_id", _GAP, audit, lang)
    subdistricts = _subdistricts(audit)
    units = [
        section(
            f"community-{label}",
            text("report.unit_title", lang, name=name, id=label),
            *_community(
                _of_unit(parts, str(label)),
                f"community-{label}",
                subdistricts.get(str(label), ""),
                lang,
            ),
            unit=True,
        )
        for label, name in names_of(audit.study.communities).sort_index().items()
    ]
    return section("community-sheets", text("report.section_community_sheets", lang), sections=units)


def _plain(audit: Audit, name: str) -> pd.DataFrame | None:
    """Return a table with its key as a column."""
    table = audit.tables.get(name)
    return table if table is None or table.index.name is None else table.reset_index()


def _checks(audit: Audit, units: str) -> pd.DataFrame | None:
    table = audit.tables.get("compliance")
    return None if table is None else table[table["unit_table"] == units]


def _failing(audit: Audit) -> pd.DataFrame | None:
    """Return the failures of categories with their causes, most persons first."""
    table = audit.tables.get("causes")
    if table is None:
        return None
    own = table[table["service"].isin([one.id for one in audit.standard.categories])]
    return own.sort_values(["persons", "residence_id"], ascending=[False, True], kind="stable")


def _by_unit(
    name: str, frame: pd.DataFrame | None, unit: str, columns: str, audit: Audit, lang: Lang
) -> dict[str, Sheet]:
    """Return the rows of a table by the unit they are about; put into words at once, as that is slow."""
    if frame is None:
        return {}
    known = frame[frame[unit].notna()]
    sheet = sheet_of(name, known, columns.split(), audit.standard, lang)
    rows: dict[str, list[list[Cell]]] = {}
    for label, cells in zip(known[unit], sheet.rows, strict=True):
        rows.setdefault(str(label), []).append(cells)
    return {label: Sheet(sheet.headings, own) for label, own in rows.items()}


def _of_unit(parts: Mapping[str, Mapping[str, Sheet]], label: str) -> dict[str, Sheet | None]:
    return {part: by_unit.get(label) for part, by_unit in parts.items()}


def _entries(sheet: Sheet | None) -> list[tuple[str, Cell]]:
    """Return the only row of a sheet as labels with values; nothing without a row."""
    return [] if sheet is None else list(zip(sheet.headings, sheet.rows[0], strict=True))


def _centre(parts: Mapping[str, Sheet | None], key: str, lang: Lang) -> list[Block | None]:
    entries = _entries(parts["coverage"]) + _entries(parts["load"])
    circles, checks = text("report.section_circles", lang), text("report.section_compliance", lang)
    of = ("coverage_by_centre", "centre_load")
    return [
        form(f"{key}-figures", text("report.unit_figures", lang), lang, entries, of),
        grid(f"{key}-circles", circles, parts["circles"], lang, of="service_circles"),
        grid(f"{key}-checks", checks, parts["checks"], lang, of="compliance"),
    ]


def _community(
    parts: Mapping[str, Sheet | None], key: str, subdistrict: str, lang: Lang
) -> list[Block | None]:
    entries = [(text("report.subdistrict", lang), Cell(subdistrict))]
    entries += _entries(parts["coverage"]) + _entries(parts["size"])
    of = {"coverage": "coverage_by_community", "size": "oversized"}
    known = [table for part, table in of.items() if parts[part] is not None]
    grids = (
        ("services", "report.section_categories", "coverage_by_community_category", None),
        ("premises", "report.unit_premises", "premises_checks", None),
        ("checks", "report.section_compliance", "compliance", None),
        ("gaps", "report.section_gaps", "causes", MAX_UNIT_GAPS),
    )
    return [
        form(f"{key}-figures", text("report.unit_figures", lang), lang, entries, known),
        *(
            grid(f"{key}-{part}", text(title, lang), parts[part], lang, of=table, printed=printed)
            for part, title, table, printed in grids
        ),
    ]


def _subdistricts(audit: Audit) -> dict[str, str]:
    """Return the name of each community's subdistrict; its id where that is all there is."""
    communities, subdistricts = audit.study.communities, audit.study.subdistricts
    if communities is None or "subdistrict_id" not in communities:
        return {}
    known = {} if subdistricts is None else names_of(subdistricts).to_dict()
    own = communities["subdistrict_id"].dropna()
    return {str(label): str(known.get(one, one)) for label, one in own.items()}
