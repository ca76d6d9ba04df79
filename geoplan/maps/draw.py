"""The map of an audit: what is reached and what is not, on one page that needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

import folium
import geopandas as gpd
import jinja2
import numpy as np
import numpy.typing as npt
from branca.element import Figure

from geoplan.crs.metric import to_lonlat
from geoplan.maps.cause_layer import cause_layers, gap_place_layer
from geoplan.maps.elements import Assets, DrawingOrder, Panel, SetUp
from geoplan.maps.escape import html_text
from geoplan.maps.fixes import fix_layer
from geoplan.maps.layers import (
    Drawing,
    barrier_layer,
    centre_layers,
    circle_layers,
    community_layers,
    facility_layer,
    fault_layer,
    residence_layers,
    street_layer,
)
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import COMMUNITY_OPACITY, PART_COLOURS
from geoplan.maps.split_layers import add_seats, add_splits, drawn_plans
from geoplan.messages import Lang, text
from geoplan.planning.plan import SplitPlan
from geoplan.report.headline import banners, headline_rows
from geoplan.report.words import DASH
from geoplan.workflow import Audit

__all__ = ["audit_map"]

CANVAS_FROM = 20_000
"""From this many points and street vertices on, the browser paints on one canvas."""
_LABEL_ZOOM = 13
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
_BOUNDING = ("communities", "residences", "centres", "premises", "streets")


def audit_map(
    audit: Audit,
    *,
    plans: Sequence[SplitPlan] = (),
    walks: gpd.GeoDataFrame | None = None,
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw an audit: communities by completeness, residences by verdict, centres and their service circles.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; whatever it could not compute is not drawn.
    plans
        Splits of its communities (`geoplan.plan_split`): their parts, the borders cut, the seats. Of one that
        is impossible, what its first relaxation would give.
    walks
        Walking lines to the seats, off at first: `geoplan.seat_paths` of the plans, joined.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("map.html")`` writes one file that loads nothing else.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> page = geoplan.maps.audit_map(checked, lang="zh")
    >>> page.html.count("<script src"), page.html.count("<link")
    (0, 0)
    """
    chosen = lang or audit.study.lang
    drawing = Drawing()
    drawn = drawn_plans(plans)
    for draw in (
        community_layers,
        barrier_layer,
        street_layer,
        circle_layers,
        gap_place_layer,
        cause_layers,
    ):
        draw(audit, chosen, drawing)
    add_splits(drawn, walks, audit.study, chosen, drawing)
    for draw in (facility_layer, residence_layers, centre_layers, fault_layer, fix_layer):
        draw(audit, chosen, drawing)
    add_seats(drawn, audit.study, chosen, drawing)
    page = folium.Map(
        location=[0, 0], tiles=None, zoom_control="bottomleft", zoom_start=2, max_zoom=20, zoom_snap=0.25,
        prefer_canvas=drawing.vertices >= CANVAS_FROM,
    )  # fmt: skip
    figure = Figure(title=html_text(f"{audit.study.name} · {text('map.title', chosen)}"))
    figure.add_child(page)
    page.add_child(Assets())
    page.add_child(
        SetUp(bounds=_bounds(audit), attribution=_attribution(audit, chosen), label_zoom=_LABEL_ZOOM)
    )
    for layer in drawing.layers:
        page.add_child(layer)
    page.add_child(DrawingOrder(drawing.layers))
    page.add_child(folium.LayerControl(collapsed=False))
    page.add_child(Panel(_title(audit, chosen), position="topleft"))
    page.add_child(Panel(_legend(drawing, chosen), position="bottomright"))
    return AuditMap(page, chosen)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def _title(audit: Audit, lang: Lang) -> str:
    study, standard = audit.study, audit.standard
    rows = [
        (label, value)
        for key, label, value in headline_rows(audit, lang)
        if key.split(".", 1)[0] in _ON_TITLE and value != DASH
    ]
    name = text("map.standard", lang, name=standard.name(lang), id=standard.id, digest=standard.digest[:8])
    template = _templates().get_template("title.html")
    return template.render(
        t=partial(text, lang=lang),
        study=study.name,
        standard=name,
        banners=banners(audit, lang),
        data_date=study.data_date,
        headline=rows,
    )


def _legend(drawing: Drawing, lang: Lang) -> str:
    template = _templates().get_template("legend.html")
    return template.render(
        t=partial(text, lang=lang), opacity=COMMUNITY_OPACITY, part_colours=PART_COLOURS, **drawing.legend
    )


def _attribution(audit: Audit, lang: Lang) -> tuple[str, ...]:
    return (
        *audit.study.attribution,
        text("map.made_with", lang, version=audit.provenance.versions["geoplan"]),
    )


def _bounds(audit: Audit) -> list[list[float]]:
    """Return the corners of everything drawn, latitude first."""
    found: list[npt.NDArray[np.float64]] = []
    for name in _BOUNDING:
        table = audit.study.table(name)
        if table is not None and table.geometry.notna().any() and (name != "streets" or not found):
            found.append(np.asarray(table.total_bounds, dtype=np.float64))
    if not found:
        return [[-60.0, -170.0], [75.0, 170.0]]
    boxes = np.array(found)
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    lon, lat = to_lonlat(
        audit.study.crs, np.array([west, east, west, east]), np.array([south, south, north, north])
    )
    corners = [[lat.min(), lon.min()], [lat.max(), lon.max()]]
    return [[round(float(value), 6) for value in corner] for corner in corners]
