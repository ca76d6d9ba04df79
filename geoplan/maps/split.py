"""The map of a split: parts, compounds, cut borders and seats; alternatives as layers to switch on."""

from __future__ import annotations

from functools import partial

import folium
import geopandas as gpd
import jinja2
import numpy as np
import pandas as pd
import shapely
from branca.element import Figure

from geoplan.crs.metric import to_lonlat
from geoplan.maps.elements import Assets, DataLayer, DrawingOrder, Panel, SetUp
from geoplan.maps.escape import html_text
from geoplan.maps.features import counts_fact, lonlat_points, shape_features
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import BARRIER_STYLES, CUT_STYLES, PART_COLOURS, STREET_STYLE, part_style
from geoplan.messages import Lang, text
from geoplan.model.split_tables import SPLIT_MEMBERS
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.split_words import kind_text, part_label, relaxation_text, said, status_text
from geoplan.report.words import DASH, count_text, number_text, rate_text

__all__ = ["split_map"]

_LABEL_ZOOM = 15
_SEAT_PX = 17
_COMPOUND_STYLE = {"color": "#4d4d4d", "weight": 1, "fillColor": "#ffffff", "fillOpacity": 0.55}
_OUTLINE_STYLE = {"color": "#1d1d1b", "weight": 2.4, "fill": False}


def split_map(plan: SplitPlan, study: Study, *, lang: Lang | None = None) -> AuditMap:
    """
    Draw a split before and after.

    Parameters
    ----------
    plan
        ``geoplan.plan_split(...)``. Layers of parts can be switched off to see the community as it is; each
        alternative is a layer, off at first. An impossible split shows what a relaxation would give.
    study
        Gives compounds, streets and barriers.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("split.html")`` writes one file that loads nothing else.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> plan = geoplan.plan_split(
    ...     geoplan.walk_network(study), study, "620105002005", standard, alternatives=False)
    >>> "阳光社区" in geoplan.maps.split_map(plan, study).html
    True
    """
    chosen = lang or study.lang
    shown = [one for one in (plan, *plan.alternatives) if len(one.parts)]
    layers = [*_context_layers(plan, study, chosen)]
    for number, one in enumerate(shown):
        layers += _plan_layers(one, plan, study, chosen, show=number == 0)
    layers.append(_compound_layer(shown[0] if shown else plan, study, chosen))
    layers.append(_seat_layer(shown[0] if shown else plan, study, chosen))
    page = folium.Map(
        location=[0, 0], tiles=None, zoom_control="bottomleft", zoom_start=2, max_zoom=20, zoom_snap=0.25
    )
    figure = Figure(title=html_text(f"{plan.name} · {text('split.map_title', chosen)}"))
    figure.add_child(page)
    page.add_child(Assets())
    page.add_child(SetUp(bounds=_bounds(plan), attribution=study.attribution, label_zoom=_LABEL_ZOOM))
    for layer in layers:
        page.add_child(layer)
    page.add_child(DrawingOrder(layers))
    page.add_child(folium.LayerControl(collapsed=False))
    page.add_child(Panel(_panel(plan, shown, study, chosen), position="topleft"))
    return AuditMap(page, chosen)


def _context_layers(plan: SplitPlan, study: Study, lang: Lang) -> list[DataLayer]:
    """Return barriers and streets around the community, and its outline."""
    window = shapely.buffer(shapely.box(*plan.blocks.cells.total_bounds), 150.0)
    layers = []
    if study.barriers is not None:
        near = study.barriers[shapely.intersects(study.barriers.geometry.to_numpy(), window)]
        kinds = list(BARRIER_STYLES)
        data = {
            "features": shape_features(shapely.intersection(near.geometry.to_numpy(), window), study.crs),
            "styles": [BARRIER_STYLES[kind] for kind in kinds],
            "style": pd.Index(kinds).get_indexer(near["kind"]).tolist(),
        }
        layers.append(DataLayer("shapes", data, name=text("map.layer_barriers", lang)))
    if study.streets is not None:
        near = study.streets[shapely.intersects(study.streets.geometry.to_numpy(), window)]
        lines = np.array(
            [shapely.multilinestrings(shapely.get_parts(near.geometry.to_numpy()))], dtype=object
        )
        streets = {"features": shape_features(lines, study.crs), "styles": [STREET_STYLE]}
        layers.append(DataLayer("shapes", streets, name=text("map.layer_streets", lang)))
    outline = np.array([shapely.union_all(plan.blocks.cells.geometry.to_numpy())], dtype=object)
    layers.append(
        DataLayer(
            "shapes",
            {"features": shape_features(outline, study.crs), "styles": [_OUTLINE_STYLE]},
            name=text("split.layer_before", lang),
        )
    )
    return layers


def _plan_layers(one: SplitPlan, plan: SplitPlan, study: Study, lang: Lang, *, show: bool) -> list[DataLayer]:
    """Return the parts of one plan and the borders it cuts."""
    kind = kind_text(one, plan, lang)
    numbers = np.arange(len(one.parts)) % len(PART_COLOURS)
    parts = {
        "features": shape_features(one.parts.geometry.to_numpy(), study.crs),
        "styles": [part_style(colour) for colour in PART_COLOURS],
        "style": numbers.tolist(),
        "title": [part_label(one, part_id, lang) for part_id in one.parts.index],
        "facts": [
            counts_fact(text("split.compounds", lang), one.parts["compounds"]),
            counts_fact(text("split.households", lang), one.parts["households"]),
            counts_fact(text("split.persons", lang), one.parts["persons"]),
            (text("split.deviation", lang), [rate_text(value) for value in one.parts["deviation"]]),
            (text("split.max_walk", lang), [_metres(value) for value in one.parts["max_walk_m"]]),
            (text("split.seat", lang), [_word(value) for value in one.parts["seat_name"]]),
        ],
    }
    cut = one.borders[one.borders["cut"].astype(bool)]
    classes = list(CUT_STYLES)
    borders = {
        "features": shape_features(cut.geometry.to_numpy(), study.crs, tolerance_m=0.2),
        "styles": [CUT_STYLES[name] for name in classes],
        "style": pd.Index(classes).get_indexer(cut["border_class"]).tolist(),
        "title": [
            text("sketch.cut", lang, border=text(f"border.{name}", lang)) for name in cut["border_class"]
        ],
        "facts": [(text("split.length", lang), [number_text(value) for value in cut["length_m"]])],
    }
    return [
        DataLayer("shapes", parts, name=text("split.layer_parts", lang, plan=kind), show=show),
        DataLayer("shapes", borders, name=text("split.layer_cut", lang, plan=kind), show=show),
    ]


def _compound_layer(one: SplitPlan, study: Study, lang: Lang) -> DataLayer:
    own = study.need("residences")[0].loc[one.members.index]
    wide = gpd.GeoSeries(own.geometry.where(own.geometry.geom_type != "Point", own.geometry.buffer(5.0)))
    data = {
        "features": shape_features(wide.to_numpy(), study.crs, tolerance_m=0.5),
        "styles": [_COMPOUND_STYLE],
        "style": [0] * len(own),
        "title": [_word(name) for name in one.members["name"]],
        "facts": [
            (SPLIT_MEMBERS.column("residence_id").heading(lang), [str(ident) for ident in own.index]),
            (text("split.part", lang), [part_label(one, part, lang) for part in one.members["part_id"]]),
            counts_fact(text("split.households", lang), one.members["households"]),
            counts_fact(text("split.persons", lang), one.members["persons"]),
            (text("split.walk", lang), [_metres(value) for value in one.members["walk_m"]]),
        ],
    }
    return DataLayer("shapes", data, name=text("split.layer_compounds", lang))


def _seat_layer(one: SplitPlan, study: Study, lang: Lang) -> DataLayer:
    seated = one.parts[one.parts["seat_id"].notna()]
    places = [study.need(row["seat_table"])[0].geometry.loc[row["seat_id"]] for _, row in seated.iterrows()]
    data = {
        "at": lonlat_points(gpd.GeoSeries(places, crs=study.crs), study.crs) if places else [],
        "title": [_word(name) for name in seated["seat_name"]],
        "facts": [
            (text("split.seat", lang), [text(f"seat.{table}", lang) for table in seated["seat_table"]]),
            (text("split.part", lang), [part_label(one, part_id, lang) for part_id in seated.index]),
        ],
        "symbol": "centre-district",
        "size": _SEAT_PX,
    }
    return DataLayer("symbols", data, name=text("split.layer_seats", lang))


def _panel(plan: SplitPlan, shown: list[SplitPlan], study: Study, lang: Lang) -> str:
    """Return the panel: what was split, how sure that is, each plan's figures, and the colours."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    rows = [(kind_text(one, plan, lang), status_text(one, lang), _figures(one, lang)) for one in shown]
    met = {name for one in shown for name in one.borders.loc[one.borders["cut"].astype(bool), "border_class"]}
    cuts = [name for name in CUT_STYLES if name in met]
    first = shown[0] if shown else plan
    return environment.get_template("split.html").render(
        t=partial(text, lang=lang),
        name=plan.name,
        status=status_text(plan, lang),
        banner=text("banner.synthetic", lang) if study.synthetic else "",
        reasons=[said(one, lang) for one in plan.reasons],
        relaxations=[relaxation_text(one, plan, lang) for one in plan.relaxations],
        plans=rows,
        parts=[
            (PART_COLOURS[number % len(PART_COLOURS)], part_label(first, part_id, lang))
            for number, part_id in enumerate(first.parts.index)
        ],
        cuts=[
            (CUT_STYLES[name], text("sketch.cut", lang, border=text(f"border.{name}", lang))) for name in cuts
        ],
    )


def _figures(one: SplitPlan, lang: Lang) -> list[tuple[str, str]]:
    parts = one.parts
    households = " / ".join(count_text(None if pd.isna(value) else value) for value in parts["households"])
    walk = one.summary["max_walk_m"]
    return [
        (text("split.households", lang), households),
        (text("dossier.max_deviation", lang), rate_text(float(parts["deviation"].abs().max()))),
        (text("dossier.cut_m", lang), _metres(one.summary["cut_m"])),
        (text("split.max_walk", lang), _metres(float("nan") if walk is None else walk)),
    ]


def _metres(value: object) -> str:
    number = float(value) if isinstance(value, int | float) else float("nan")
    return DASH if np.isnan(number) else count_text(round(number))


def _word(value: object) -> str:
    return value if isinstance(value, str) and value else DASH


def _bounds(plan: SplitPlan) -> list[list[float]]:
    west, south, east, north = plan.blocks.cells.total_bounds
    lon, lat = to_lonlat(
        plan.blocks.cells.crs, np.array([west, east, west, east]), np.array([south, south, north, north])
    )
    corners = [[lat.min(), lon.min()], [lat.max(), lon.max()]]
    return [[round(float(value), 6) for value in corner] for corner in corners]
