"""The ground of every map, drawn from the study's own tables: green, barriers, streets, names."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.maps.assemble import Drawing
from geoplan.maps.elements import DataLayer
from geoplan.maps.packing import points_of, shapes_of
from geoplan.maps.palette import BARRIER_STYLES, GREEN_STYLE, STREET_STYLE
from geoplan.messages import Lang, text
from geoplan.model.study import Study
from geoplan.planning.borders import street_class
from geoplan.report.words import count_text, names_of

__all__ = ["counted", "ground_layers", "name_layers"]

MAX_STREET_VERTICES = 150_000
"""Streets with more vertices than this (after simplification) are left out of the picture, and it says so."""
GREEN_KINDS = frozenset({"park", "garden", "green", "forest"})
_MAX_STREET_NAMES = 400
_NAMED_CLASSES = ("arterial", "street")


def counted(name: str, count: int, lang: Lang) -> str:
    """Return the name of a layer with how many things are on it."""
    return text("map.counted", lang, name=name, count=count_text(count))


def ground_layers(
    study: Study, lang: Lang, drawing: Drawing, *, window: shapely.Geometry | None = None
) -> None:
    """
    Add green, barriers and streets, as far as the study has them; explain them in the legend.

    Parameters
    ----------
    window
        Only what meets it is drawn; None draws all.
    """
    _green_layer(_within(study.facilities, window), study, lang, drawing)
    _barrier_layer(_within(study.barriers, window), study, lang, drawing)
    _street_layer(_within(study.streets, window), study, lang, drawing)


def _within(table: gpd.GeoDataFrame | None, window: shapely.Geometry | None) -> gpd.GeoDataFrame | None:
    if table is None or window is None:
        return table
    return table[shapely.intersects(table.geometry.to_numpy(), window)]


def _green_layer(facilities: gpd.GeoDataFrame | None, study: Study, lang: Lang, drawing: Drawing) -> None:
    if facilities is None:
        return
    area = np.isin(shapely.get_type_id(facilities.geometry.to_numpy()), (3, 6))
    green = facilities[facilities["kind"].isin(GREEN_KINDS).to_numpy(bool) & area]
    if green.empty:
        return
    data = {"shapes": shapes_of(green.geometry.to_numpy(), study.crs), "styles": [GREEN_STYLE]}
    name = counted(text("map.layer_green", lang), len(green), lang)
    drawing.layers.append(DataLayer("shapes", data, name=name))
    drawing.explain("lines", (GREEN_STYLE, text("map.layer_green", lang)))


def _barrier_layer(barriers: gpd.GeoDataFrame | None, study: Study, lang: Lang, drawing: Drawing) -> None:
    if barriers is None or barriers.empty:
        return
    kinds = list(BARRIER_STYLES)
    data = {
        "shapes": shapes_of(barriers.geometry.to_numpy(), study.crs),
        "styles": [BARRIER_STYLES[kind] for kind in kinds],
        "style": pd.Index(kinds).get_indexer(barriers["kind"]).tolist(),
    }
    name = counted(text("map.layer_barriers", lang), len(barriers), lang)
    drawing.layers.append(DataLayer("shapes", data, name=name))
    for kind in kinds:
        if (barriers["kind"] == kind).any():
            drawing.explain("lines", (BARRIER_STYLES[kind], text(f"map.barrier_{kind}", lang)))


def _street_layer(streets: gpd.GeoDataFrame | None, study: Study, lang: Lang, drawing: Drawing) -> None:
    """Add the walkable streets as one thin drawing, unless they are too many for a light file."""
    if streets is None or streets.empty:
        return
    lines = shapely.simplify(streets.geometry.to_numpy(), 1.0)
    vertices = int(shapely.get_num_coordinates(lines).sum())
    if vertices > MAX_STREET_VERTICES:
        most = count_text(MAX_STREET_VERTICES)
        drawing.explain("notes", text("map.streets_left_out", lang, vertices=count_text(vertices), most=most))
        return
    together = np.array([shapely.multilinestrings(shapely.get_parts(lines))], dtype=object)
    data = {"shapes": shapes_of(together, study.crs, tolerance_m=0), "styles": [STREET_STYLE]}
    name = text("map.layer_streets", lang)
    drawing.layers.append(DataLayer("shapes", data, name=counted(name, len(streets), lang)))
    drawing.explain("lines", (STREET_STYLE, name))


def name_layers(
    study: Study, lang: Lang, drawing: Drawing, *, window: shapely.Geometry | None = None
) -> None:
    """
    Add the names of subdistricts, communities and larger streets; those that would overlap wait.

    Parameters
    ----------
    window
        Only what meets it is named; None names all.
    """
    for table, label, look in (
        (_within(study.subdistricts, window), "map.layer_subdistrict_names", "area"),
        (_within(study.communities, window), "map.layer_labels", ""),
    ):
        if table is None or not table.geometry.notna().any():
            continue
        rows = table[table.geometry.notna()]
        _labels(points_of(rows.geometry, study.crs), list(names_of(rows)), look, text(label, lang), drawing)
    streets = _within(study.streets, window)
    if streets is not None and "name" in streets and "kind" in streets:
        _street_names(streets, study, lang, drawing)


def _street_names(streets: gpd.GeoDataFrame, study: Study, lang: Lang, drawing: Drawing) -> None:
    """Name each larger street at its longest piece, the longest streets first."""
    larger = np.array([street_class(kind) in _NAMED_CLASSES for kind in streets["kind"]], dtype=bool)
    rows = streets[larger & streets["name"].notna().to_numpy(bool)]
    if rows.empty:
        return
    length = pd.Series(shapely.length(rows.geometry.to_numpy()), index=rows.index)
    whole = length.groupby(rows["name"].astype(str)).sum().sort_values(ascending=False, kind="stable")
    order = length.sort_values(ascending=False, kind="stable").index
    longest = rows.loc[order].drop_duplicates("name").set_index("name").geometry
    names = [str(name) for name in whole.index[:_MAX_STREET_NAMES]]
    middles = shapely.line_interpolate_point(longest.loc[names].to_numpy(), 0.5, normalized=True)
    at = points_of(gpd.GeoSeries(middles, crs=rows.crs), study.crs)
    _labels(at, names, "street", text("map.layer_street_names", lang), drawing)


def _labels(at: Any, names: list[str], look: str, label: str, drawing: Drawing) -> None:
    data = {"at": at, "title": [str(name) for name in names], "look": look}
    drawing.layers.append(DataLayer("labels", data, name=label))
