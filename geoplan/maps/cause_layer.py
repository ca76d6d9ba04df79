"""Layers of an audit map that show why a home does not pass: its walk of today, by cause."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geoplan.maps.assemble import Drawing
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import counts_fact, words_fact
from geoplan.maps.packing import shapes_of
from geoplan.maps.palette import CAUSE_STYLES, GAP_PLACE_STYLE, OBSTACLE_STYLE
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.words import (
    count_text,
    minutes_text,
    number_text,
    place_names,
    reason_text,
    service_name,
)
from geoplan.workflow import Audit

__all__ = ["cause_layers", "gap_place_layer", "obstacle_layer"]


def cause_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the walks of homes that fail a category, a layer a cause; off at first."""
    causes = audit.tables.get("causes")
    if causes is None:
        return
    categories = [one.id for one in audit.standard.categories]
    drawn = causes[causes["service"].isin(categories) & causes.geometry.notna()]
    for cause, style in CAUSE_STYLES.items():
        rows = drawn[drawn["cause"] == cause]
        if rows.empty:
            continue
        data = {
            "shapes": shapes_of(rows.geometry.to_numpy(), audit.study.crs),
            "styles": [style],
            "title": [
                f"{row.residence_id if pd.isna(row.name_) else row.name_} · "
                f"{service_name(audit.standard, row.service, lang)}"
                for row in rows.rename(columns={"name": "name_"}).itertuples()
            ],
            "facts": _facts(audit, rows, lang),
        }
        label = text("map.layer_cause", lang, cause=text(f"cause.{cause}", lang), count=count_text(len(rows)))
        drawing.layers.append(DataLayer("shapes", data, name=label, show=False))
        drawing.explain("lines", (style, label))


def gap_place_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the places whose people fail a category; off at first."""
    places = audit.tables.get("gap_places")
    if places is None:
        return
    categories = [one.id for one in audit.standard.categories]
    rows = places[places["service"].isin(categories)]
    if rows.empty:
        return
    schema = RESULT_TABLES["gap_places"]
    causes = [text(f"cause.{one}", lang) for one in rows["cause"]]
    data = {
        "shapes": shapes_of(rows.geometry.to_numpy(), audit.study.crs),
        "styles": [GAP_PLACE_STYLE],
        "title": [
            f"{name} · {service_name(audit.standard, service, lang)}"
            for name, service in zip(rows["name"], rows["service"], strict=True)
        ],
        "facts": [
            (schema.column("cause").heading(lang), causes),
            *(
                counts_fact(schema.column(one).heading(lang), rows[one])
                for one in ("residences", "persons", "households", "elderly_persons")
            ),
        ],
    }
    label = text("map.layer_gap_places", lang, count=count_text(len(rows)))
    drawing.layers.append(DataLayer("shapes", data, name=label, show=False))
    drawing.explain("outlines", (GAP_PLACE_STYLE, label))


def obstacle_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the barriers and gates that keep people from a service, those with most households first."""
    obstacles = audit.tables.get("obstacles")
    if obstacles is None or obstacles.empty:
        return
    schema = RESULT_TABLES["obstacles"]
    data = {
        "shapes": shapes_of(obstacles.geometry.to_numpy(), audit.study.crs),
        "styles": [OBSTACLE_STYLE],
        "title": [
            str(label) if pd.isna(name) else str(name)
            for label, name in zip(obstacles.index, obstacles["name"], strict=True)
        ],
        "facts": [
            words_fact(
                schema.column("obstacle_kind").heading(lang), obstacles["obstacle_kind"], "obstacle", lang
            ),
            *(
                counts_fact(schema.column(one).heading(lang), obstacles[one])
                for one in ("walks", "residences", "persons", "households")
            ),
        ],
        "search": schema.title(lang),
    }
    label = text("map.layer_obstacles", lang, count=count_text(len(obstacles)))
    drawing.layers.append(DataLayer("shapes", data, name=label))
    drawing.explain("lines", (OBSTACLE_STYLE, label))


def _facts(audit: Audit, rows: pd.DataFrame, lang: Lang) -> list[Any]:
    schema, names = RESULT_TABLES["causes"], place_names(audit.study)

    def heading(name: str) -> str:
        return schema.column(name).heading(lang)

    def numbers(name: str) -> tuple[str, list[str | None]]:
        return heading(name), [None if pd.isna(one) else number_text(one) for one in rows[name]]

    def minutes(name: str) -> tuple[str, list[str | None]]:
        return heading(name), [None if pd.isna(one) else minutes_text(one) for one in rows[name]]

    def words(name: str) -> tuple[str, list[str | None]]:
        return heading(name), [None if pd.isna(one) else str(one) for one in rows[name]]

    return [
        (heading("reason"), [reason_text(one, lang) for one in rows["reason"]]),
        words("obstacle_name"),
        words("barrier_id"),
        words("street_id"),
        (heading("place_id"), [None if pd.isna(one) else names.get(one, one) for one in rows["place_id"]]),
        minutes("minutes"),
        minutes("minutes_counterfactual"),
        numbers("walk_m"),
        numbers("air_m"),
        numbers("detour_ratio"),
        counts_fact(heading("persons"), rows["persons"]),
        counts_fact(heading("households"), rows["households"]),
    ]
