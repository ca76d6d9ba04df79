"""The map of a comparison: who gains and who loses, at the place where they live."""

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
from geoplan.maps.features import counts_fact, lonlat_points, shape_features
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import CHANGE_STYLES, LINK_STYLE
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import Study
from geoplan.planning.compare import Comparison
from geoplan.report.compare_json import compare_rows
from geoplan.report.headline import study_banners
from geoplan.report.words import DASH, count_text, minutes_text, names_of, service_name
from geoplan.standards.standard import Standard

__all__ = ["compare_map"]

_LABEL_ZOOM = 14
_CENTRE_PX = 15


def compare_map(
    study: Study, standard: Standard, comparison: Comparison, *, title: str = "", lang: Lang | None = None
) -> AuditMap:
    """
    Draw a comparison.

    Parameters
    ----------
    study, standard
        As they are after: give centres, streets and barriers, and the names of the services.
    comparison
        ``geoplan.compare(...)``.
    title
        What is compared, for people.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("compare.html")`` writes one file that loads nothing else.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> today = geoplan.coverage(geoplan.walk_network(study), study, standard)
    >>> drawn = geoplan.maps.compare_map(study, standard, geoplan.compare(today, today), lang="en")
    >>> "nothing differs" in drawn.html
    True
    """
    chosen = lang or study.lang
    (residences,) = study.need("residences")
    layers = [*context_layers(study, chosen), *_link_layers(study, chosen)]
    layers += _residence_layers(comparison, standard, chosen) + _centre_layers(study, chosen)
    page = folium.Map(
        location=[0, 0], tiles=None, zoom_control="bottomleft", zoom_start=2, max_zoom=20, zoom_snap=0.25
    )
    figure = Figure(title=html_text(f"{study.name} · {text('compare.map_title', chosen)}"))
    figure.add_child(page)
    page.add_child(Assets())
    bounds = bounds_of(gpd.GeoSeries(pd.concat([residences.geometry, comparison.changes.geometry])))
    page.add_child(SetUp(bounds=bounds, attribution=study.attribution, label_zoom=_LABEL_ZOOM))
    for layer in layers:
        page.add_child(layer)
    page.add_child(DrawingOrder(layers))
    page.add_child(folium.LayerControl(collapsed=False))
    page.add_child(Panel(_panel(study, standard, comparison, title, chosen), position="topleft"))
    return AuditMap(page, chosen)


def _links(study: Study) -> gpd.GeoDataFrame | None:
    """Return the streets that are footbridges of a scenario, None if there are none."""
    if study.streets is None or "kind" not in study.streets:
        return None
    links = study.streets[study.streets["kind"].eq("link").fillna(False).to_numpy(bool)]
    return links if len(links) else None


def _link_layers(study: Study, lang: Lang) -> list[DataLayer]:
    links = _links(study)
    if links is None:
        return []
    data = {"features": shape_features(links.geometry.to_numpy(), study.crs), "styles": [LINK_STYLE]}
    return [DataLayer("shapes", data, name=text("compare.layer_links", lang))]


def _groups(changes: gpd.GeoDataFrame) -> pd.Series:
    """Return ``residence_id`` -> group it is drawn in."""
    gained = (changes["verdict_after"] == "pass") & (changes["verdict_before"] != "pass")
    lost = (changes["verdict_before"] == "pass") & (changes["verdict_after"] != "pass")
    gains, losses = (mask.groupby(changes["residence_id"]).any() for mask in (gained, lost))
    group = pd.Series("other", index=gains.index, dtype=object)
    return group.mask(gains, "gain").mask(losses, "loss").mask(gains & losses, "both")


def _residence_layers(comparison: Comparison, standard: Standard, lang: Lang) -> list[DataLayer]:
    changes = comparison.changes
    homes = changes.drop_duplicates("residence_id").set_index("residence_id")
    group = _groups(changes).reindex(homes.index)
    schema = RESULT_TABLES["scenario_changes"]
    layers = []
    for name in ("other", "gain", "loss", "both"):
        rows = homes[(group == name).to_numpy(bool)]
        if rows.empty:
            continue
        facts: list[Any] = [
            (schema.column("residence_id").heading(lang), [str(one) for one in rows.index]),
            counts_fact(schema.column("persons").heading(lang), rows["persons"]),
            counts_fact(schema.column("households").heading(lang), rows["households"]),
        ]
        for service, part in changes[changes["residence_id"].isin(rows.index)].groupby("service", sort=False):
            said = {row["residence_id"]: _change_text(row, lang) for _, row in part.iterrows()}
            label = service_name(standard, str(service), lang)
            facts.append((label, [said.get(one) for one in rows.index]))
        data = {
            "at": lonlat_points(rows.geometry, str(changes.crs)),
            "style": CHANGE_STYLES[name],
            "title": [str(one) for one in names_of(rows)],
            "facts": facts,
        }
        label = f"{text('compare.residences', lang)}: {text(f'compare.group.{name}', lang)}"
        layers.append(DataLayer("points", data, name=f"{label} ({count_text(len(rows))})"))
    return layers


def _change_text(row: pd.Series, lang: Lang) -> str:
    said = text(f"change.{row['change']}", lang)
    walks = [row["minutes_before"], row["minutes_after"]]
    if all(pd.isna(one) for one in walks):
        return said
    before, after = (DASH if pd.isna(one) else minutes_text(float(one)) for one in walks)
    return text("compare.walks", lang, change=said, before=before, after=after)


def _centre_layers(study: Study, lang: Lang) -> list[DataLayer]:
    if study.centres is None or study.centres.empty:
        return []
    data: dict[str, Any] = {
        "at": lonlat_points(study.centres.geometry, study.crs),
        "title": [str(name) for name in names_of(study.centres)],
        "facts": [],
        "symbol": "centre-community",
        "size": _CENTRE_PX,
    }
    return [DataLayer("symbols", data, name=text("compare.layer_centres", lang))]


def _panel(study: Study, standard: Standard, comparison: Comparison, title: str, lang: Lang) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("compare.html").render(
        t=partial(text, lang=lang),
        name=study.name,
        title=title,
        banners=study_banners(study, lang),
        rows=compare_rows(comparison, standard, lang),
        nothing=comparison.changes.empty,
        link=None if _links(study) is None else LINK_STYLE,
        keys=[(CHANGE_STYLES[one], text(f"compare.group.{one}", lang)) for one in CHANGE_STYLES],
    )
