"""The map of a split: parts, compounds, cut borders and seats; alternatives as layers to switch on."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.maps.assemble import Drawing, Furniture, box_of, legend_html, map_page, rendered
from geoplan.maps.basemap import Basemap
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import counts_fact
from geoplan.maps.ground import ground_layers, name_layers
from geoplan.maps.packing import shapes_of
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import PART_COLOURS, WALK_STYLE
from geoplan.maps.split_layers import (
    cut_keys,
    cut_layer,
    metres_text,
    parts_layer,
    seat_layer,
    walk_layer,
    word_or_dash,
)
from geoplan.messages import Lang, text
from geoplan.model.split_tables import SPLIT_MEMBERS
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.headline import study_banners
from geoplan.report.split_words import kind_text, part_label, relaxation_text, said, status_text
from geoplan.report.words import count_text, number_text, rate_text, rule_name, unit_text

__all__ = ["split_map"]

_LABEL_ZOOM = 15
_SEAT_PX = 17
_AROUND_M = 150.0
_COMPOUND_STYLE = {"color": "#4d4d4d", "weight": 1, "fillColor": "#ffffff", "fillOpacity": 0.55}
_OUTLINE_STYLE = {"color": "#1d1d1b", "weight": 2.4, "fill": False}


def split_map(
    plan: SplitPlan,
    study: Study,
    *,
    walks: gpd.GeoDataFrame | None = None,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw a split before and after.

    Parameters
    ----------
    plan
        ``geoplan.plan_split(...)``. Layers of parts can be switched off to see the community as it is; each
        alternative is a layer, off at first. An impossible split shows what a relaxation would give.
    study
        Gives compounds, streets and barriers.
    walks
        Walking lines to draw: `geoplan.seat_paths` of the plan. None leaves them out.
    basemap, key, review_number
        As of `audit_map`.
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
    >>> network = geoplan.walk_network(study)
    >>> plan = geoplan.plan_split(network, study, "620105002005", standard, alternatives=False)
    >>> walks = geoplan.seat_paths(network, study, plan, standard)
    >>> "阳光社区" in geoplan.maps.split_map(plan, study, walks=walks).html
    True
    """
    chosen = lang or study.lang
    shown = [one for one in (plan, *plan.alternatives) if len(one.parts)]
    furniture = Furniture(chosen, basemap, key, review_number)
    drawing = Drawing()
    window = shapely.buffer(shapely.box(*plan.blocks.cells.total_bounds), _AROUND_M)
    ground_layers(study, chosen, drawing, window=window)
    layers: list[DataLayer] = [_outline_layer(plan, study, chosen)]
    first = shown[0] if shown else plan
    for number, one in enumerate(shown):
        name = text("split.layer_parts", chosen, plan=kind_text(one, plan, chosen))
        layers.append(parts_layer([(plan, one)], study, chosen, name=name, show=number == 0))
    layers.append(_compound_layer(first, study, chosen))
    if walks is not None:
        layers.append(walk_layer([(plan, first)], walks, study, chosen, show=True))
    for number, one in enumerate(shown):
        name = text("split.layer_cut", chosen, plan=kind_text(one, plan, chosen))
        layers.append(cut_layer([(plan, one)], study, chosen, name=name, show=number == 0))
    layers.append(seat_layer([(plan, first)], study, chosen, size_px=_SEAT_PX))
    drawing.layers += layers
    name_layers(study, chosen, drawing, window=window)
    drawing.legend["thresholds"] = _limits(first, chosen)
    return map_page(
        study, drawing, furniture, title=f"{plan.name} · {text('split.map_title', chosen)}",
        head=_panel(plan, shown, study, furniture, walks=walks is not None),
        legend=legend_html(drawing, furniture), bounds=box_of(plan.blocks.cells.geometry),
        label_zoom=_LABEL_ZOOM,
    )  # fmt: skip


def _limits(plan: SplitPlan, lang: Lang) -> list[str]:
    """Return what the pack asks of every part, in words; what depends on its households is in the checks."""
    rules = plan.checks[plan.checks["part_id"].notna() & plan.checks["threshold"].gt(0)].drop_duplicates(
        "rule"
    )
    return [
        f"{rule_name(rule, lang)}{text('split.limit_colon', lang)}"
        + (rate_text(value) if unit == "ratio" else f"{number_text(value)} {unit_text(unit, lang)}")
        for rule, value, unit in zip(rules["rule"], rules["threshold"], rules["unit"], strict=True)
        if not rule.startswith("premises.")
    ]


def _outline_layer(plan: SplitPlan, study: Study, lang: Lang) -> DataLayer:
    """Return the outline of the community as it is."""
    outline = np.array([shapely.union_all(plan.blocks.cells.geometry.to_numpy())], dtype=object)
    data = {"shapes": shapes_of(outline, study.crs), "styles": [_OUTLINE_STYLE]}
    return DataLayer("shapes", data, name=text("split.layer_before", lang))


def _compound_layer(one: SplitPlan, study: Study, lang: Lang) -> DataLayer:
    own = study.need("residences")[0].loc[one.members.index]
    wide = gpd.GeoSeries(own.geometry.where(own.geometry.geom_type != "Point", own.geometry.buffer(5.0)))
    data = {
        "shapes": shapes_of(wide.to_numpy(), study.crs, tolerance_m=0.5),
        "styles": [_COMPOUND_STYLE],
        "style": [0] * len(own),
        "title": [word_or_dash(name) for name in one.members["name"]],
        "facts": [
            (SPLIT_MEMBERS.column("residence_id").heading(lang), [str(ident) for ident in own.index]),
            (text("split.part", lang), [part_label(one, part, lang) for part in one.members["part_id"]]),
            counts_fact(text("split.households", lang), one.members["households"]),
            counts_fact(text("split.persons", lang), one.members["persons"]),
            (text("split.walk", lang), [metres_text(value) for value in one.members["walk_m"]]),
        ],
        "search": text("split.layer_compounds", lang),
    }
    return DataLayer("shapes", data, name=text("split.layer_compounds", lang))


def _panel(
    plan: SplitPlan, shown: list[SplitPlan], study: Study, furniture: Furniture, *, walks: bool
) -> str:
    """Return the panel: what was split, how sure that is, each plan's figures, and the colours."""
    lang = furniture.lang
    rows = [(kind_text(one, plan, lang), status_text(one, lang), _figures(one, lang)) for one in shown]
    lines = cut_keys(shown, lang)
    if walks:
        lines.append((WALK_STYLE, text("split.layer_walks", lang)))
    first = shown[0] if shown else plan
    return rendered(
        "split.html",
        furniture,
        name=plan.name,
        status=status_text(plan, lang),
        banners=study_banners(study, lang),
        reasons=[said(one, lang) for one in plan.reasons],
        relaxations=[relaxation_text(one, plan, lang) for one in plan.relaxations],
        plans=rows,
        parts=[
            (PART_COLOURS[number % len(PART_COLOURS)], part_label(first, part_id, lang))
            for number, part_id in enumerate(first.parts.index)
        ],
        lines=lines,
    )


def _figures(one: SplitPlan, lang: Lang) -> list[tuple[str, str]]:
    parts = one.parts
    households = " / ".join(count_text(None if pd.isna(value) else value) for value in parts["households"])
    walk = one.summary["max_walk_m"]
    return [
        (text("split.households", lang), households),
        (text("dossier.max_deviation", lang), rate_text(float(parts["deviation"].abs().max()))),
        (text("dossier.cut_m", lang), metres_text(one.summary["cut_m"])),
        (text("split.max_walk", lang), metres_text(float("nan") if walk is None else walk)),
    ]
