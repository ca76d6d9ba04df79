"""Layers of splits: parts, borders cut by class, ways to the seats, seats. One split or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.maps.assemble import Drawing
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import Fact, counts_fact
from geoplan.maps.packing import points_of, shapes_of
from geoplan.maps.palette import CUT_STYLES, PART_COLOURS, WALK_STYLE, part_style
from geoplan.messages import Lang, text
from geoplan.model.split_tables import SPLIT_WALKS
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.split_words import compound_name, kind_text, part_label, status_text
from geoplan.report.words import DASH, count_text, number_text, rate_text

__all__ = [
    "Drawn",
    "add_seats",
    "add_splits",
    "cut_keys",
    "cut_layer",
    "drawn_plans",
    "metres_text",
    "parts_layer",
    "seat_layer",
    "walk_layer",
    "word_or_dash",
]

Drawn = Sequence[tuple[SplitPlan, SplitPlan]]
"""Of each community the plan as a whole, and which is drawn of it: itself or one of its alternatives."""

_SMALL_SEAT_PX = 12


def add_splits(
    drawn: Drawn, walks: gpd.GeoDataFrame | None, study: Study, lang: Lang, drawing: Drawing
) -> None:
    """Add parts, borders and ways of the splits of several communities; ways are off at first."""
    if not drawn:
        return
    parts, cuts = text("split.layer_all_parts", lang), text("split.layer_all_cuts", lang)
    keys = cut_keys([one for _, one in drawn], lang)
    drawing.layers.append(parts_layer(drawn, study, lang, name=parts, show=True))
    if walks is not None:
        drawing.layers.append(walk_layer(drawn, walks, study, lang, show=False))
        keys.append((WALK_STYLE, text("split.layer_walks", lang)))
    drawing.layers.append(cut_layer(drawn, study, lang, name=cuts, show=True))
    for key in keys:
        drawing.explain("splits", key)


def add_seats(drawn: Drawn, study: Study, lang: Lang, drawing: Drawing) -> None:
    """Add the seats of the parts of several communities."""
    if drawn:
        drawing.layers.append(seat_layer(drawn, study, lang, size_px=_SMALL_SEAT_PX))


def drawn_plans(plans: Sequence[SplitPlan]) -> list[tuple[SplitPlan, SplitPlan]]:
    """Return what is drawn of each plan: itself, or what a relaxation gives if it is impossible."""
    found = []
    for plan in plans:
        shown = [one for one in (plan, *plan.alternatives) if len(one.parts)]
        found += [(plan, shown[0])] if shown else []
    return found


def parts_layer(drawn: Drawn, study: Study, lang: Lang, *, name: str, show: bool) -> DataLayer:
    """Return the parts, each with its figures; colours follow the number of the part."""
    shapes, styles, titles, sure = [], [], [], []
    for whole, one in drawn:
        shapes += one.parts.geometry.tolist()
        styles += [number % len(PART_COLOURS) for number in range(len(one.parts))]
        titles += [f"{one.name} · {part_label(one, part_id, lang)}" for part_id in one.parts.index]
        sure += [f"{kind_text(one, whole, lang)} · {status_text(one, lang)}"] * len(one.parts)
    rows = pd.concat([pd.DataFrame(one.parts.drop(columns="geometry")) for _, one in drawn])
    data = {
        "shapes": shapes_of(np.array(shapes, dtype=object), study.crs),
        "styles": [part_style(colour) for colour in PART_COLOURS],
        "style": styles,
        "title": titles,
        "facts": [
            counts_fact(text("split.compounds", lang), rows["compounds"]),
            counts_fact(text("split.households", lang), rows["households"]),
            counts_fact(text("split.persons", lang), rows["persons"]),
            (text("split.deviation", lang), [rate_text(value) for value in rows["deviation"]]),
            (text("split.max_walk", lang), [metres_text(value) for value in rows["max_walk_m"]]),
            (text("split.seat", lang), [word_or_dash(value) for value in rows["seat_name"]]),
            (text("split.plan", lang), sure),
        ],
    }
    return DataLayer("shapes", data, name=name, show=show)


def cut_layer(drawn: Drawn, study: Study, lang: Lang, *, name: str, show: bool) -> DataLayer:
    """Return the borders that are cut, styled by class."""
    cut = pd.concat([one.borders[one.borders["cut"].astype(bool)] for _, one in drawn])
    data = {
        "shapes": shapes_of(cut.geometry.to_numpy(), study.crs, tolerance_m=0.2),
        "styles": list(CUT_STYLES.values()),
        "style": pd.Index(list(CUT_STYLES)).get_indexer(cut["border_class"]).tolist(),
        "title": [
            text("sketch.cut", lang, border=text(f"border.{one}", lang)) for one in cut["border_class"]
        ],
        "facts": [(text("split.length", lang), [number_text(value) for value in cut["length_m"]])],
    }
    return DataLayer("shapes", data, name=name, show=show)


def cut_keys(plans: Sequence[SplitPlan], lang: Lang) -> list[tuple[dict[str, Any], str]]:
    """Return style and label of each class of border that is cut."""
    met = {name for one in plans for name in one.borders.loc[one.borders["cut"].astype(bool), "border_class"]}
    return [
        (style, text("sketch.cut", lang, border=text(f"border.{name}", lang)))
        for name, style in CUT_STYLES.items()
        if name in met
    ]


def walk_layer(drawn: Drawn, walks: gpd.GeoDataFrame, study: Study, lang: Lang, *, show: bool) -> DataLayer:
    """Return the ways from compounds to the seats of their parts: rows of table ``split_walks``."""
    shapes, titles = [], []
    facts: list[Fact] = [
        (SPLIT_WALKS.column("length_m").heading(lang), []),
        (text("split.part", lang), []),
        (text("split.seat", lang), []),
    ]
    for _, one in drawn:
        own = walks[walks.index.isin(one.members.index) & walks["part_id"].isin(one.parts.index)]
        for residence_id, row in own[own.geometry.notna()].iterrows():
            shapes.append(row.geometry)
            titles.append(compound_name(one, str(residence_id)))
            part = row["part_id"]
            said = (
                metres_text(row["length_m"]),
                part_label(one, part, lang),
                word_or_dash(one.parts.loc[part, "seat_name"]),
            )
            for (_, values), value in zip(facts, said, strict=True):
                values.append(value)
    data = {
        "shapes": shapes_of(np.array(shapes, dtype=object), study.crs),
        "styles": [WALK_STYLE],
        "title": titles,
        "facts": facts,
    }
    return DataLayer("shapes", data, name=text("split.layer_walks", lang), show=show)


def seat_layer(drawn: Drawn, study: Study, lang: Lang, *, size_px: int) -> DataLayer:
    """Return the seats of parts."""
    places: list[shapely.Geometry] = []
    titles, tables, parts = [], [], []
    for _, one in drawn:
        for part_id, row in one.parts[one.parts["seat_id"].notna()].iterrows():
            places.append(study.need(row["seat_table"])[0].geometry.loc[row["seat_id"]])
            titles.append(word_or_dash(row["seat_name"]))
            tables.append(text(f"seat.{row['seat_table']}", lang))
            parts.append(f"{one.name} · {part_label(one, part_id, lang)}")
    data = {
        "at": points_of(gpd.GeoSeries(places, crs=study.crs), study.crs),
        "title": titles,
        "facts": [(text("split.seat", lang), tables), (text("split.part", lang), parts)],
        "symbol": "seat",
        "size": size_px,
    }
    return DataLayer("symbols", data, name=text("split.layer_seats", lang))


def metres_text(value: object) -> str:
    """Return whole metres, or a dash."""
    number = float(value) if isinstance(value, int | float) else float("nan")
    return DASH if np.isnan(number) else count_text(round(number))


def word_or_dash(value: object) -> str:
    """Return a text, or a dash if there is none."""
    return value if isinstance(value, str) and value else DASH
