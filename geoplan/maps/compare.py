"""The map of a comparison: who gains and who loses, at the place where they live."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.maps.assemble import Drawing, Furniture, box_of, legend_html, map_page, rendered
from geoplan.maps.basemap import Basemap
from geoplan.maps.elements import Choice, Cloud, DataLayer
from geoplan.maps.features import numbers_fact, titles_of
from geoplan.maps.ground import counted, ground_layers, name_layers
from geoplan.maps.layers import thresholds
from geoplan.maps.packing import Numbers, points_of, shapes_of
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import CHANGE_STYLES, LINK_STYLE, SIDE_STYLES
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.planning.compare import Comparison
from geoplan.report.compare_json import compare_rows
from geoplan.report.headline import study_banners
from geoplan.report.words import DASH, count_text, minutes_text, names_of, service_name
from geoplan.standards.standard import Standard

__all__ = ["compare_map"]

_LABEL_ZOOM = 14
_CENTRE_PX = 15


def compare_map(
    study: Study,
    standard: Standard,
    comparison: Comparison,
    *,
    before: Study | None = None,
    title: str = "",
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw a comparison: before on the left, after on the right, on two maps that move as one.

    Residences whose verdict or walk differs are shown by their verdict on the service chosen from a list; on
    the right those that gain or lose a service stand out.

    Parameters
    ----------
    study, standard
        As they are after: give centres, streets and barriers, and the names of the services.
    comparison
        ``geoplan.compare(...)``.
    before
        The study as it was before: gives the centres on the left. None leaves them out.
    title
        What is compared, for people.
    basemap, key, review_number
        As of `audit_map`.
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
    furniture = Furniture(chosen, basemap, key, review_number)
    (residences,) = study.need("residences")
    left, right = Drawing(), Drawing()
    for drawing, there in ((left, before), (right, study)):
        ground_layers(study if there is None else there, chosen, drawing)
    right.layers += _link_layers(study, chosen)
    services = _services(comparison)
    clouds = [
        (_verdict_layer(comparison, services, side, chosen, drawing), _columns(comparison, services, side))
        for side, drawing in (("before", left), ("after", right))
    ]
    if services:
        steps = [{"label": service_name(standard, one, chosen)} for one in services]
        right.choices.append(
            Choice(label=text("map.service", chosen), steps=steps, clouds=clouds, start=0, slider=False)
        )
    _change_layer(comparison, standard, chosen, right)
    for drawing, there in ((left, before), (right, study)):
        if there is not None:
            drawing.layers += _centre_layers(there, chosen)
        name_layers(study if there is None else there, chosen, drawing)
    return map_page(
        study, left, furniture, title=f"{study.name} · {text('compare.map_title', chosen)}",
        head=_panel(study, standard, comparison, title, furniture),
        legend=_legend(study, standard, right, furniture),
        bounds=box_of(residences.geometry, comparison.changes.geometry), label_zoom=_LABEL_ZOOM, beside=right,
    )  # fmt: skip


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
    data = {"shapes": shapes_of(links.geometry.to_numpy(), study.crs), "styles": [LINK_STYLE]}
    return [DataLayer("shapes", data, name=text("compare.layer_links", lang))]


def _groups(changes: gpd.GeoDataFrame) -> pd.Series:
    """Return ``residence_id`` -> group it is drawn in."""
    gained = (changes["verdict_after"] == "pass") & (changes["verdict_before"] != "pass")
    lost = (changes["verdict_before"] == "pass") & (changes["verdict_after"] != "pass")
    gains, losses = (mask.groupby(changes["residence_id"]).any() for mask in (gained, lost))
    group = pd.Series("other", index=gains.index, dtype=object)
    return group.mask(gains, "gain").mask(losses, "loss").mask(gains & losses, "both")


def _services(comparison: Comparison) -> list[str]:
    """Return the services something differs in, all categories first."""
    met = [str(one) for one in comparison.changes["service"].unique()]
    return sorted(met, key=lambda one: (one != ALL_CATEGORIES, met.index(one)))


def _homes(comparison: Comparison) -> gpd.GeoDataFrame:
    return comparison.changes.drop_duplicates("residence_id").set_index("residence_id")


def _columns(comparison: Comparison, services: list[str], side: str) -> list[Numbers]:
    """Return for each service the group of each home on a side; homes that were not there have none."""
    homes, groups = _homes(comparison), list(SIDE_STYLES)
    found = []
    for service in services:
        own = comparison.changes[comparison.changes["service"] == service].set_index("residence_id")
        verdict = own[f"verdict_{side}"].reindex(homes.index).astype(object)
        verdict = verdict.mask(~homes.index.isin(own.index), "same")
        place = pd.Index(groups).get_indexer(verdict).astype(float)
        found.append(Numbers(np.where(place < 0, np.nan, place)))
    return found


def _verdict_layer(
    comparison: Comparison, services: list[str], side: str, lang: Lang, drawing: Drawing
) -> Cloud:
    """Add the homes by their verdict on one side."""
    homes = _homes(comparison)
    columns = _columns(comparison, services, side)
    titles = titles_of(homes)
    content = {
        "at": points_of(homes.geometry, str(comparison.changes.crs)),
        "groups": list(SIDE_STYLES.values()),
        **({"group": columns[0]} if columns else {}),
        **titles,
        "facts": [(RESULT_TABLES["scenario_changes"].column("residence_id").heading(lang), titles["ids"])],
    }
    drawing.legend["residences_title"] = text("compare.residences_shown", lang)
    names = []
    for group, style in SIDE_STYLES.items():
        word = text("compare.same", lang) if group == "same" else text(f"verdict.{group}", lang)
        drawing.explain("residences", {"verdict": group, "style": style, "label": word, "count": ""})
        names.append((text("compare.side", lang, side=text(f"figure.{side}", lang), verdict=word), True))
    return drawing.add_cloud(content, names)


def _change_layer(comparison: Comparison, standard: Standard, lang: Lang, drawing: Drawing) -> None:
    """Add the homes by what they gain and lose, over all services, with every change in the card."""
    changes = comparison.changes
    homes = _homes(comparison)
    if homes.empty:
        return
    groups = list(CHANGE_STYLES)
    group = pd.Index(groups).get_indexer(_groups(changes).reindex(homes.index))
    schema = RESULT_TABLES["scenario_changes"]
    titles = titles_of(homes)
    facts: list[Any] = [
        (schema.column("residence_id").heading(lang), titles["ids"]),
        numbers_fact(schema.column("persons").heading(lang), homes["persons"]),
        numbers_fact(schema.column("households").heading(lang), homes["households"]),
    ]
    for service, part in changes.groupby("service", sort=False):
        said = {row["residence_id"]: _change_text(row, lang) for _, row in part.iterrows()}
        facts.append((service_name(standard, str(service), lang), [said.get(one) for one in homes.index]))
    content = {
        "at": points_of(homes.geometry, str(changes.crs)),
        "groups": list(CHANGE_STYLES.values()),
        "group": Numbers(group.astype(float)),
        **titles,
        "facts": facts,
        "search": INPUT_TABLES["residences"].title(lang),
    }
    counts = np.bincount(group, minlength=len(groups))
    names = []
    for name, count in zip(groups, counts, strict=True):
        label = f"{text('compare.residences', lang)}: {text(f'compare.group.{name}', lang)}"
        names.append((f"{label} ({count_text(int(count))})", name != "other"))
    drawing.add_cloud(content, names)


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
        "at": points_of(study.centres.geometry, study.crs),
        "title": [str(name) for name in names_of(study.centres)],
        "facts": [],
        "symbol": "centre-community",
        "size": _CENTRE_PX,
    }
    name = counted(text("map.legend_centres", lang), len(study.centres), lang)
    return [DataLayer("symbols", data, name=name)]


def _panel(study: Study, standard: Standard, comparison: Comparison, title: str, furniture: Furniture) -> str:
    return rendered(
        "compare.html", furniture, name=study.name, title=title, banners=study_banners(study, furniture.lang),
        rows=compare_rows(comparison, standard, furniture.lang), nothing=comparison.changes.empty,
    )  # fmt: skip


def _legend(study: Study, standard: Standard, drawing: Drawing, furniture: Furniture) -> str:
    lang = furniture.lang
    drawing.legend["thresholds"] = thresholds(standard, lang)
    for name, style in CHANGE_STYLES.items():
        drawing.explain("facilities", {"style": style, "label": text(f"compare.group.{name}", lang)})
    if _links(study) is not None:
        drawing.explain("lines", (LINK_STYLE, text("compare.layer_links", lang)))
    drawing.explain("centres", {"symbol": "gp-centre-community", "label": text("map.legend_centres", lang)})
    return legend_html(drawing, furniture)
