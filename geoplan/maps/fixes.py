"""The map of the one-fix ledger, and its layer in an audit's map: where each fix is, and whom it helps."""

from __future__ import annotations

from functools import partial
from typing import Any

import folium
import geopandas as gpd
import jinja2
import numpy as np
import pandas as pd
import shapely
from branca.element import Figure

from geoplan.maps.context import bounds_of, context_layers
from geoplan.maps.elements import Assets, DataLayer, DrawingOrder, Panel, SetUp
from geoplan.maps.escape import html_text
from geoplan.maps.features import counts_fact, lonlat_points, shape_features
from geoplan.maps.layers import Drawing
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import FIX_LINE_STYLE, FIX_STYLES
from geoplan.messages import Lang, text
from geoplan.model.fix_tables import FIX_KINDS
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import Study
from geoplan.planning.fixes import FixLedger
from geoplan.report.fix_words import fix_by_text, fix_evidence, fix_notes, fix_titles
from geoplan.report.words import count_text
from geoplan.standards.standard import Standard
from geoplan.workflow import Audit

__all__ = ["fix_layer", "fixes_map"]

_LABEL_ZOOM = 13
_COUNTS = (
    "households_gained",
    "persons_gained",
    "elderly_persons_gained",
    "households_all_five",
    "households_lost",
    "households_unknown",
)


def fixes_map(study: Study, standard: Standard, ledger: FixLedger, *, lang: Lang | None = None) -> AuditMap:
    """
    Draw the one-fix ledger.

    Parameters
    ----------
    study, standard
        What the ledger is of.
    ledger
        ``geoplan.rank_fixes(...)``. Premises without a place are in the list beside the map alone.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("fixes.html")`` writes one file that loads nothing else.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> ledger = geoplan.rank_fixes(None, study, standard, kinds=["premises"], limit=2)
    >>> geoplan.maps.fixes_map(study, standard, ledger).html.count("<script src")
    0
    """
    chosen = lang or study.lang
    fixes = ledger.fixes
    titles = fix_titles(fixes, standard, chosen)
    layers = [*context_layers(study, chosen), *_line_layers(fixes, ledger.services, standard, chosen)]
    for kind in FIX_KINDS:
        rows = fixes[(fixes["fix_kind"] == kind).to_numpy(bool) & _placed(fixes)]
        if len(rows):
            label = f"{text(f'fix.kind.{kind}', chosen)} ({count_text(len(rows))})"
            data = _data(rows, ledger.services, standard, chosen)
            layers.append(DataLayer("points", {**data, "style": FIX_STYLES[kind]}, name=label))
    placed = fixes[_placed(fixes)]
    ranks = {"at": lonlat_points(placed.geometry, study.crs), "title": [str(one) for one in placed["rank"]]}
    layers.append(DataLayer("labels", ranks, name=text("fix.layer_labels", chosen)))
    page = folium.Map(
        location=[0, 0], tiles=None, zoom_control="bottomleft", zoom_start=2, max_zoom=20, zoom_snap=0.25
    )
    figure = Figure(title=html_text(f"{study.name} · {text('fix.map_title', chosen)}"))
    figure.add_child(page)
    page.add_child(Assets())
    page.add_child(SetUp(bounds=_bounds(study), attribution=study.attribution, label_zoom=_LABEL_ZOOM))
    for layer in layers:
        page.add_child(layer)
    page.add_child(DrawingOrder(layers))
    page.add_child(folium.LayerControl(collapsed=False))
    page.add_child(Panel(_panel(study, standard, ledger, titles, chosen), position="topleft"))
    return AuditMap(page, chosen)


def fix_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the fixes of an audit that has a ledger; off at first."""
    fixes, services = audit.tables.get("fixes"), audit.tables.get("fix_services")
    if fixes is None or services is None:
        return
    rows = fixes[_placed(fixes)]
    if rows.empty:
        return
    lines = _line_layers(rows, services, audit.standard, lang, show=False)
    label = text("fix.layer", lang, count=count_text(len(rows)))
    data = {**_data(rows, services, audit.standard, lang), "style": FIX_STYLES["centre"]}
    drawing.layers += [*lines, DataLayer("points", data, name=label, show=False)]
    drawing.explain("faults", {"style": FIX_STYLES["centre"], "label": label})


def _placed(fixes: gpd.GeoDataFrame) -> Any:
    """Tell which fixes have a place."""
    shapes = fixes.geometry.to_numpy()
    return ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))


def _line_layers(
    fixes: gpd.GeoDataFrame, services: pd.DataFrame, standard: Standard, lang: Lang, *, show: bool = True
) -> list[DataLayer]:
    rows = fixes[fixes["fix_kind"].isin(["gate", "link"])]
    if rows.empty:
        return []
    data = {
        **_data(rows, services, standard, lang),
        "features": shape_features(rows.geometry.to_numpy(), str(fixes.crs)),
        "styles": [FIX_LINE_STYLE],
    }
    label = text("fix.layer_lines", lang, count=count_text(len(rows)))
    return [DataLayer("shapes", data, name=label, show=show)]


def _data(rows: gpd.GeoDataFrame, services: pd.DataFrame, standard: Standard, lang: Lang) -> dict[str, Any]:
    """Return where fixes are, and the cards that a click opens."""
    schema = RESULT_TABLES["fixes"]
    titles = fix_titles(rows, standard, lang)
    return {
        "at": lonlat_points(rows.geometry, str(rows.crs)),
        "title": [f"{rank} · {title}" for rank, title in zip(rows["rank"], titles, strict=True)],
        "facts": [
            (schema.column("fix_id").heading(lang), [str(one) for one in rows.index]),
            *(counts_fact(schema.column(one).heading(lang), rows[one]) for one in _COUNTS),
            (text("fix.evidence", lang), fix_evidence(rows, services, standard, lang)),
        ],
    }


def _bounds(study: Study) -> list[list[float]]:
    tables = (study.residences, study.premises, study.communities, study.streets)
    known = [one.geometry.dropna() for one in tables if one is not None and one.geometry.notna().any()]
    return bounds_of(gpd.GeoSeries(np.concatenate([one.to_numpy() for one in known]), crs=study.crs))


def _panel(study: Study, standard: Standard, ledger: FixLedger, titles: list[str], lang: Lang) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    fixes = ledger.fixes
    kinds = [one for one in FIX_KINDS if (fixes["fix_kind"] == one).any()]
    return environment.get_template("fixes.html").render(
        t=partial(text, lang=lang),
        name=study.name,
        title=text(
            "fix.title", lang, helping=count_text(ledger.helping), by=fix_by_text(ledger.by, standard, lang)
        ),
        banner=text("banner.synthetic", lang) if study.synthetic else "",
        rows=[
            (f"{rank} · {title}", count_text(gained))
            for rank, title, gained in zip(fixes["rank"], titles, fixes["households_gained"], strict=True)
        ],
        gained=text("fix.short_households_gained", lang),
        notes=fix_notes(ledger, lang),
        keys=[(FIX_STYLES[one], text(f"fix.kind.{one}", lang)) for one in kinds],
    )
