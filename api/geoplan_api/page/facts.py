"""The cards of a community and of a centre: what it is called, and facts in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.analysis.communities import flag_oversized
from geoplan.errors import DataError
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from geoplan.report.words import count_text, names_of, number_text, rate_text
from geoplan_api.page import shapes
from geoplan_api.page.views import View

__all__ = ["centre_card", "community_card"]

_COUNTS = ("residences", "persons", "households", "persons_all_five", "persons_unknown_all_five")
_RATES = (
    "coverage_rate_all_five",
    "coverage_rate_any_centre",
    "coverage_rate_district_centre",
    "coverage_rate_community_centre",
)
_OF_CENTRE = ("residences_reached", "persons_reached", "persons_catchment", "persons_buffer")


def community_card(view: View, community_id: str, lang: Lang) -> dict[str, Any]:
    """
    Return the card of a community: who of it is reached under a view, and its size against the standard.

    Raises
    ------
    DataError
        If there is no community of that id.
    """
    row = _row(view.served.study.communities, "communities", community_id)
    facts = _figures(view, "coverage_by_community", community_id, _COUNTS, lang)
    facts += _figures(view, "coverage_by_community", community_id, _RATES, lang)
    if {"households", "persons"} & set(row.columns):
        sizes = flag_oversized(row, view.standard).iloc[0]
        schema = RESULT_TABLES["oversized"]
        size = text(f"size.{sizes['size']}", lang)
        facts.append([schema.column("size").heading(lang), size])
        if not pd.isna(sizes["clause"]):
            facts.append([schema.column("clause").heading(lang), str(sizes["clause"])])
    return _titled(row, community_id, facts)


def centre_card(view: View, centre_id: str, lang: Lang) -> dict[str, Any]:
    """
    Return the card of a centre: its level and size, and whom it reaches under a view.

    Raises
    ------
    DataError
        If there is no centre of that id.
    """
    row = _row(view.served.study.centres, "centres", centre_id)
    schema = INPUT_TABLES["centres"]
    facts = [[schema.column("level").heading(lang), text(f"report.level.{row['level'].iloc[0]}", lang)]]
    for name, unit in (("floor_area_m2", " m²"), ("capacity", "")):
        if name in row and not pd.isna(row[name].iloc[0]):
            facts.append([schema.column(name).heading(lang), number_text(float(row[name].iloc[0])) + unit])
    facts += _figures(view, "coverage_by_centre", centre_id, _OF_CENTRE, lang)
    return _titled(row, centre_id, facts)


def _row(table: gpd.GeoDataFrame | None, name: str, key: str) -> gpd.GeoDataFrame:
    if table is None or key not in table.index:
        raise DataError("error.page_no_row", table=name, id=key)
    return table.loc[[key]]


def _figures(view: View, table: str, key: str, columns: Iterable[str], lang: Lang) -> list[list[str]]:
    rows = view.tables.get(table)
    if rows is None or key not in rows.index:
        return []
    schema, row = RESULT_TABLES[table], rows.loc[key]
    return [
        [
            schema.column(name).heading(lang),
            (rate_text if "_rate" in name else count_text)(None if pd.isna(row[name]) else float(row[name])),
        ]
        for name in columns
    ]


def _titled(row: gpd.GeoDataFrame, key: str, facts: list[list[str]]) -> dict[str, Any]:
    placed = row.geometry.notna().iloc[0]
    return {
        "id": key,
        "name": str(names_of(row).iloc[0]),
        "at": shapes.points(row.geometry)[0] if placed else None,
        "facts": facts,
    }
