"""The map of a siting: whom the new centres reach, who was reached before, and who is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geoplan.maps.assemble import Drawing, Furniture, box_of, legend_html, map_page, rendered
from geoplan.maps.basemap import Basemap
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import counts_fact, numbers_fact, titles_of
from geoplan.maps.ground import counted, ground_layers, name_layers
from geoplan.maps.packing import Numbers, points_of
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import SITING_STYLES
from geoplan.messages import Lang, text
from geoplan.model.site_tables import SITE_DEMAND, SITES
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.planning.site_plan import SitePlan
from geoplan.report.headline import study_banners
from geoplan.report.site_json import site_figures, site_notes, site_status, site_title
from geoplan.report.words import DASH, count_text, minutes_text, names_of
from geoplan.workflow import Audit

__all__ = ["sites_map"]

_LABEL_ZOOM = 14
_SITE_PX, _CENTRE_PX = 22, 15


def sites_map(
    source: Audit | Study,
    plan: SitePlan,
    *,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw a siting.

    Parameters
    ----------
    source
        The study, or an audit of it: gives existing centres, streets and barriers.
    plan
        ``geoplan.locate_centres(...)``.
    basemap, key, review_number
        As of `audit_map`.
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
    furniture = Furniture(chosen, basemap, key, review_number)
    drawing = Drawing()
    ground_layers(study, chosen, drawing)
    _residence_layer(plan, chosen, drawing)
    drawing.layers += _centre_layers(plan, study, chosen)
    name_layers(study, chosen, drawing)
    what = text(f"report.service.centre_{plan.level}", chosen)
    drawing.explain("thresholds", text("map.threshold", chosen, what=what, minutes=f"{plan.minutes:g}"))
    return map_page(
        study, drawing, furniture, title=f"{study.name} · {text('site.map_title', chosen)}",
        head=_panel(plan, study, furniture), legend=legend_html(drawing, furniture),
        bounds=box_of(plan.residences.geometry, plan.sites.geometry), label_zoom=_LABEL_ZOOM,
    )  # fmt: skip


def _residence_layer(plan: SitePlan, lang: Lang, drawing: Drawing) -> None:
    """Add the residences: those newly reached, reached before, still not reached, and not known."""
    table = plan.residences
    new = table["newly_reached"].to_numpy(bool)
    unknown = table["reached_after"].isna().to_numpy(bool)
    after = table["reached_after"].fillna(False).to_numpy(bool)
    groups = list(SITING_STYLES)
    # the first that holds decides
    group = np.select([new, unknown, after], [groups.index(one) for one in ("new", "unknown", "before")],
                      groups.index("left"))  # fmt: skip
    counts = np.bincount(group, minlength=len(groups))
    titles = titles_of(table)
    content = {
        "at": points_of(table.geometry, str(table.crs)),
        "groups": list(SITING_STYLES.values()),
        "group": Numbers(group.astype(float)),
        **titles,
        "facts": [
            (SITE_DEMAND.column("residence_id").heading(lang), titles["ids"]),
            numbers_fact(SITE_DEMAND.column("persons").heading(lang), table["persons"]),
            numbers_fact(SITE_DEMAND.column("households").heading(lang), table["households"]),
            (text("site.walk_before", lang), [_minutes(one) for one in table["minutes_before"]]),
            (text("site.walk_after", lang), [_minutes(one) for one in table["minutes_after"]]),
            (SITE_DEMAND.column("centre_after").heading(lang), [_word(one) for one in table["centre_after"]]),
        ],
        "search": INPUT_TABLES["residences"].title(lang),
    }
    drawing.legend["residences_title"] = text("site.layer_residences", lang)
    names = []
    for name, style, count in zip(groups, SITING_STYLES.values(), counts, strict=True):
        word = text(f"site.residence_{name}", lang)
        entry = {"verdict": name, "style": style, "label": word, "count": count_text(int(count))}
        drawing.explain("residences", entry)
        names.append(counted(f"{text('site.layer_residences', lang)}: {word}", int(count), lang))
    drawing.add_cloud(content, [(name, True) for name in names])
    for symbol, label in (
        ("gp-centre-district", "site.layer_sites"),
        ("gp-centre-community", "site.layer_existing"),
    ):
        drawing.explain("centres", {"symbol": symbol, "label": text(label, lang)})


def _centre_layers(plan: SitePlan, study: Study, lang: Lang) -> list[DataLayer]:
    layers = []
    used = set(plan.residences["centre_before"].dropna())
    if study.centres is not None and (study.centres["level"] == plan.level).any():
        rows = study.centres[(study.centres["level"] == plan.level) | study.centres.index.isin(used)]
        data: dict[str, Any] = {
            "at": points_of(rows.geometry, study.crs),
            "title": [str(name) for name in names_of(rows)],
            "facts": [(SITES.column("centre_id").heading(lang), [str(one) for one in rows.index])],
            "symbol": "centre-community",
            "size": _CENTRE_PX,
            "search": INPUT_TABLES["centres"].title(lang),
        }
        name = counted(text("site.layer_existing", lang), len(rows), lang)
        layers.append(DataLayer("symbols", data, name=name))
    rows = plan.sites
    data = {
        "at": points_of(rows.geometry, study.crs),
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
        "search": text("site.layer_sites", lang),
    }
    layers.append(DataLayer("symbols", data, name=counted(text("site.layer_sites", lang), len(rows), lang)))
    labels = {"at": data["at"], "title": data["title"]}
    layers.append(DataLayer("labels", labels, name=text("site.layer_labels", lang)))
    return layers


def _panel(plan: SitePlan, study: Study, furniture: Furniture) -> str:
    rows, lang = plan.sites, furniture.lang
    return rendered(
        "sites.html", furniture, name=study.name, title=site_title(plan, lang),
        status=site_status(plan, lang), banners=study_banners(study, lang), figures=site_figures(plan, lang),
        notes=site_notes(plan, lang),
        sites=[
            (name, count_text(None if pd.isna(new) else new))
            for name, new in zip(rows["name"], rows["persons_new"], strict=True)
        ],
    )  # fmt: skip


def _minutes(value: object) -> str:
    return DASH if pd.isna(value) else minutes_text(float(str(value)))


def _word(value: object) -> str:
    return value if isinstance(value, str) and value else DASH
