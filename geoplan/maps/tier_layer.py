"""Layers of a map of centres: who is reached by which tier, and which centre each home belongs to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from geoplan.maps.assemble import Drawing
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import numbers_fact, titles_of
from geoplan.maps.ground import counted
from geoplan.maps.packing import Numbers, points_of, shapes_of
from geoplan.maps.palette import CATCHMENT_STYLE, TIER_STYLES
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from geoplan.report.words import count_text, minutes_text, place_names
from geoplan.workflow import Audit

__all__ = ["catchment_layer", "tier_layer", "tiers_of"]

MAX_LINES = 20_000
"""Of more homes no lines to their centres are drawn."""


def tiers_of(homes: pd.DataFrame) -> pd.Series:
    """Return which tiers of centres reach each home: a key of `TIER_STYLES`."""
    district, community = homes["verdict_district_centre"], homes["verdict_community_centre"]
    tier = pd.Series("none", index=homes.index, dtype=object)
    tier = tier.mask((district == "unknown") | (community == "unknown"), "unknown")
    tier = tier.mask(community == "pass", "community").mask(district == "pass", "district")
    return tier.mask((district == "pass") & (community == "pass"), "both")


def tier_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the residences, a layer for each way in which centres reach them."""
    homes = audit.tables["completeness"]
    if homes.empty:
        return
    tiers = list(TIER_STYLES)
    group = pd.Index(tiers).get_indexer(tiers_of(homes))
    counts = np.bincount(group, minlength=len(tiers))
    walk = audit.tables["reach"]
    walk = walk[walk["service"] == "centre_any"].set_index("residence_id").reindex(homes.index)
    known = place_names(audit.study)
    titles = titles_of(homes)
    schema = RESULT_TABLES["completeness"]
    content = {
        "at": points_of(homes.geometry, audit.study.crs),
        "groups": list(TIER_STYLES.values()),
        "group": Numbers(group.astype(float)),
        **titles,
        "facts": [
            (schema.column("residence_id").heading(lang), titles["ids"]),
            numbers_fact(schema.column("persons").heading(lang), homes["persons"]),
            numbers_fact(schema.column("households").heading(lang), homes["households"]),
            (
                text("map.popup_nearest", lang),
                [None if pd.isna(one) else known.get(one, one) for one in walk["nearest_id"]],
            ),
            (
                text("map.popup_minutes", lang),
                [None if pd.isna(one) else minutes_text(one) for one in walk["minutes"]],
            ),
        ],
        "search": INPUT_TABLES["residences"].title(lang),
    }
    words = [text(f"map.tier_{tier}", lang) for tier in tiers]
    drawing.legend["residences_title"] = text("map.legend_tiers", lang)
    for tier, word, count in zip(tiers, words, counts, strict=True):
        entry = {"verdict": tier, "style": TIER_STYLES[tier], "label": word, "count": count_text(int(count))}
        drawing.explain("residences", entry)
    names = [counted(word, int(count), lang) for word, count in zip(words, counts, strict=True)]
    drawing.add_cloud(content, [(name, True) for name in names])


def catchment_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add a straight line from each home that reaches a centre to its nearest one; off at first."""
    reach, study = audit.tables["reach"], audit.study
    (residences, centres) = study.need("residences", "centres")
    own = reach[(reach["service"] == "centre_any") & (reach["verdict"] == "pass")]
    if own.empty or len(own) > MAX_LINES:
        return
    homes = shapely.point_on_surface(residences.geometry.loc[own["residence_id"]].to_numpy())
    places = shapely.point_on_surface(centres.geometry.loc[own["nearest_id"]].to_numpy())
    lines = shapely.linestrings(
        np.stack([shapely.get_coordinates(homes), shapely.get_coordinates(places)], axis=1)
    )
    together = np.array([shapely.multilinestrings(lines)], dtype=object)
    data = {"shapes": shapes_of(together, study.crs, tolerance_m=0), "styles": [CATCHMENT_STYLE]}
    name = counted(text("map.layer_catchments", lang), len(lines), lang)
    drawing.layers.append(DataLayer("shapes", data, name=name, show=False))
    drawing.explain("outlines", (CATCHMENT_STYLE, name))
