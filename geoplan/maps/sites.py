"""The map of a siting: whom the new centres reach, who was reached before, and who is left."""

from __future__ import annotations

from functools import partial
from typing import Any

import folium
import geopandas as gpd
import jinja2
import pandas as pd
from branca.element import Figure

from geoplan.maps.context import bounds_of, context_layers
from geoplan.maps.elements import Assets, DataLayer, DrawingOrder, Panel, SetUp
from geoplan.maps.escape import html_text
from geoplan.maps.features import counts_fact, lonlat_points
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import SITING_STYLES
from geoplan.messages import Lang, text
from geoplan.model.site_tables import SITE_DEMAND, SITES
from geoplan.model.study import Study
from geoplan.planning.site_plan import SitePlan
from geoplan.report.headline import study_banners
from geoplan.report.site_json import site_figures, site_notes, site_status, site_title
from geoplan.report.words import DASH, count_text, minutes_text, names_of
from geoplan.workflow import Audit

__all__ = ["sites_map"]

_LABEL_ZOOM = 14
_SITE_PX, _CENTRE_PX = 22, 15


def sites_map(source: Audit | Study, plan: SitePlan, *, lang: Lang | None = None) -> AuditMap:
    """
    Draw a siting.

    Parameters
    ----------
    source
        The study, or an audit of it: gives existing centres, streets and barriers.
    plan
        ``geoplan.locate_centres(...)``.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("sites.html")`` writes one file that loads nothing else.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> plan = geoplan.locate_centres(geoplan.walk_network(study), study, standard, add=1)
    >>> plan.chosen["name"].iloc[0] in geoplan.maps.sites_map(study, plan).html
    True
    """
    study = source.study if isinstance(source, Audit) else source
    chosen = lang or study.lang
    layers = [*context_layers(study, chosen), *_residence_layers(plan, chosen)]
    layers += _centre_layers(plan, study, chosen)
    places = gpd.GeoSeries([*plan.residences.geometry, *plan.sites.geometry], crs=plan.residences.crs)
    page = folium.Map(
        location=[0, 0], tiles=None, zoom_control="bottomleft", zoom_start=2, max_zoom=20, zoom_snap=0.25
    )
    figure = Figure(title=html_text(f"{study.name} · {text('site.map_title', chosen)}"))
    figure.add_child(page)
    page.add_child(Assets())
    page.add_child(SetUp(bounds=bounds_of(places), attribution=study.attribution, label_zoom=_LABEL_ZOOM))
    for layer in layers:
        page.add_child(layer)
    page.add_child(DrawingOrder(layers))
    page.add_child(folium.LayerControl(collapsed=False))
    page.add_child(Panel(_panel(plan, study, chosen), position="topleft"))
    return AuditMap(page, chosen)


def _residence_layers(plan: SitePlan, lang: Lang) -> list[DataLayer]:
    """Return a layer each of those reached before, still not reached, not known, and newly reached."""
    table = plan.residences
    new = table["newly_reached"].to_numpy(bool)
    unknown = table["reached_after"].isna().to_numpy(bool)
    after = table["reached_after"].fillna(False).to_numpy(bool)
    layers = []
    groups = {"before": after & ~new, "left": ~after & ~unknown, "unknown": unknown, "new": new}
    for group, kept in groups.items():
        rows = table[kept]
        if rows.empty:
            continue
        data = {
            "at": lonlat_points(rows.geometry, str(table.crs)),
            "style": SITING_STYLES[group],
            "title": [str(name) for name in names_of(rows)],
            "facts": [
                (SITE_DEMAND.column("residence_id").heading(lang), [str(one) for one in rows.index]),
                counts_fact(SITE_DEMAND.column("persons").heading(lang), rows["persons"]),
                counts_fact(SITE_DEMAND.column("households").heading(lang), rows["households"]),
                (text("site.walk_before", lang), [_minutes(one) for one in rows["minutes_before"]]),
                (text("site.walk_after", lang), [_minutes(one) for one in rows["minutes_after"]]),
                (
                    SITE_DEMAND.column("centre_after").heading(lang),
                    [_word(one) for one in rows["centre_after"]],
                ),
            ],
        }
        name = f"{text('site.layer_residences', lang)}: {text(f'site.residence_{group}', lang)}"
        layers.append(DataLayer("points", data, name=f"{name} ({count_text(len(rows))})"))
    return layers


def _centre_layers(plan: SitePlan, study: Study, lang: Lang) -> list[DataLayer]:
    layers = []
    used = set(plan.residences["centre_before"].dropna())
    if study.centres is not None and (study.centres["level"] == plan.level).any():
        rows = study.centres[(study.centres["level"] == plan.level) | study.centres.index.isin(used)]
        data: dict[str, Any] = {
            "at": lonlat_points(rows.geometry, study.crs),
            "title": [str(name) for name in names_of(rows)],
            "facts": [(SITES.column("centre_id").heading(lang), [str(one) for one in rows.index])],
            "symbol": "centre-community",
            "size": _CENTRE_PX,
        }
        layers.append(DataLayer("symbols", data, name=text("site.layer_existing", lang)))
    rows = plan.sites
    data = {
        "at": lonlat_points(rows.geometry, study.crs) if len(rows) else [],
        "title": [str(name) for name in rows["name"]],
        "facts": [
            (SITES.column("centre_id").heading(lang), [str(one) for one in rows.index]),
            counts_fact(SITES.column("persons_new").heading(lang), rows["persons_new"]),
            counts_fact(SITES.column("households_new").heading(lang), rows["households_new"]),
            counts_fact(SITES.column("persons_served").heading(lang), rows["persons_served"]),
            (
                SITES.column("mean_walk_minutes").heading(lang),
                [_minutes(one) for one in rows["mean_walk_minutes"]],
            ),
            (
                SITES.column("max_walk_minutes").heading(lang),
                [_minutes(one) for one in rows["max_walk_minutes"]],
            ),
        ],
        "symbol": "centre-district",
        "size": _SITE_PX,
    }
    layers.append(DataLayer("symbols", data, name=text("site.layer_sites", lang)))
    labels = {"at": data["at"], "title": data["title"]}
    layers.append(DataLayer("labels", labels, name=text("site.layer_labels", lang)))
    return layers


def _panel(plan: SitePlan, study: Study, lang: Lang) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    rows = plan.sites
    return environment.get_template("sites.html").render(
        t=partial(text, lang=lang),
        name=study.name,
        title=site_title(plan, lang),
        status=site_status(plan, lang),
        banners=study_banners(study, lang),
        figures=site_figures(plan, lang),
        notes=site_notes(plan, lang),
        sites=[
            (name, count_text(None if pd.isna(new) else new))
            for name, new in zip(rows["name"], rows["persons_new"], strict=True)
        ],
        keys=[
            (SITING_STYLES[group], text(f"site.residence_{group}", lang))
            for group in ("new", "before", "left", "unknown")
        ],
    )


def _minutes(value: object) -> str:
    return DASH if pd.isna(value) else minutes_text(float(str(value)))


def _word(value: object) -> str:
    return value if isinstance(value, str) and value else DASH
