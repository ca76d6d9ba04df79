"""The layers of an audit map, from the ground up."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geoplan.maps.elements import DataLayer
from geoplan.maps.features import (
    coded_fact,
    counts_fact,
    lonlat_points,
    rates_fact,
    services_of,
    shape_features,
    words_fact,
)
from geoplan.maps.palette import (
    BARRIER_STYLES,
    CENTRE_COLOURS,
    COMPLETENESS_COLOURS,
    FACILITY_STYLE,
    FAULT_STYLE,
    NO_DATA_COLOUR,
    OVERSIZED_STYLE,
    STREET_STYLE,
    VERDICT_STYLES,
    circle_style,
    community_style,
)
from geoplan.messages import Lang, text
from geoplan.model.result_tables import FAULT_KINDS, RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from geoplan.report.words import count_text, names_of, number_text, unit_text
from geoplan.workflow import Audit

__all__ = [
    "Drawing",
    "barrier_layer",
    "centre_layers",
    "circle_layers",
    "community_layers",
    "facility_layer",
    "fault_layer",
    "residence_layers",
    "street_layer",
]

MAX_STREET_VERTICES = 150_000
"""Streets with more vertices than this (after simplification) are left out of the picture, and it says so."""
MAX_FAULTS = 3000
"""Of more faults of the network the first are drawn, kind by kind, and the legend says so."""
_MANY_RESIDENCES = 5000
_COMMUNITY_COUNTS = ("persons", "households", "residences", "persons_unknown_all_five")
_COMMUNITY_RATES = (
    "coverage_rate_all_five",
    "coverage_rate_any_centre",
    "coverage_rate_district_centre",
    "coverage_rate_community_centre",
)
_CENTRE_SIZES_PX = {"district": 17, "community": 13}


@dataclass
class Drawing:
    """
    A map in the making.

    ``layers`` are in drawing order, lowest first; ``legend`` holds what the legend's template takes;
    ``vertices`` counts points and street vertices, which tell how heavy the picture is.
    """

    layers: list[DataLayer] = field(default_factory=list)
    vertices: int = 0
    legend: dict[str, Any] = field(
        default_factory=lambda: {
            "residences": [],
            "residences_title": "",
            "classes": [],
            "outlines": [],
            "centres": [],
            "facilities": [],
            "faults": [],
            "circles": [],
            "lines": [],
            "splits": [],
            "notes": [],
        }
    )

    def explain(self, part: str, entry: object) -> None:
        """Add an entry to a part of the legend."""
        self.legend[part].append(entry)


def barrier_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add rivers, railways, expressways and walls."""
    barriers = audit.study.barriers
    if barriers is None or barriers.empty:
        return
    kinds = list(BARRIER_STYLES)
    data = {
        "features": shape_features(barriers.geometry.to_numpy(), audit.study.crs),
        "styles": [BARRIER_STYLES[kind] for kind in kinds],
        "style": pd.Index(kinds).get_indexer(barriers["kind"]).tolist(),
    }
    drawing.layers.append(DataLayer("shapes", data, name=text("map.layer_barriers", lang)))
    for kind in kinds:
        if (barriers["kind"] == kind).any():
            drawing.explain("lines", (BARRIER_STYLES[kind], text(f"map.barrier_{kind}", lang)))


def street_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the walkable streets as one thin drawing, unless they are too many for a light file."""
    streets = audit.study.streets
    if streets is None or streets.empty:
        return
    lines = shapely.simplify(streets.geometry.to_numpy(), 1.0)
    vertices = int(shapely.get_num_coordinates(lines).sum())
    if vertices > MAX_STREET_VERTICES:
        drawing.explain(
            "notes",
            text(
                "map.streets_left_out", lang,
                vertices=count_text(vertices), most=count_text(MAX_STREET_VERTICES),
            ),
        )  # fmt: skip
        return
    drawing.vertices += vertices
    together = np.array([shapely.multilinestrings(shapely.get_parts(lines))], dtype=object)
    data = {"features": shape_features(together, audit.study.crs, tolerance_m=0), "styles": [STREET_STYLE]}
    drawing.layers.append(DataLayer("shapes", data, name=text("map.layer_streets", lang)))
    drawing.explain("lines", (STREET_STYLE, text("map.layer_streets", lang)))


def community_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the communities by mean completeness, their names, and outlines of the oversized ones."""
    communities = audit.study.communities
    if communities is None or not communities.geometry.notna().any():
        return
    communities = communities[communities.geometry.notna()]
    covered = audit.tables.get("coverage_by_community")
    classes, labels = _classes(audit, communities.index, lang)
    colours = [*COMPLETENESS_COLOURS, NO_DATA_COLOUR]
    names = names_of(communities)
    data = {
        "features": shape_features(communities.geometry.to_numpy(), audit.study.crs),
        "styles": [community_style(colour) for colour in colours],
        "style": classes,
        "title": [f"{name} · {label}" for label, name in names.items()],
        "facts": _community_facts(audit, communities.index, lang),
    }
    shown = text("map.layer_communities" if covered is not None else "map.layer_communities_plain", lang)
    drawing.layers.append(DataLayer("shapes", data, name=shown))
    if covered is not None:
        key = list(zip(colours, labels, strict=True))
        drawing.legend["classes"] = key if len(COMPLETENESS_COLOURS) in classes else key[:-1]
    _oversized_layer(audit, lang, drawing)
    points = {
        "at": lonlat_points(communities.geometry, audit.study.crs),
        "title": [str(name) for name in names],
    }
    drawing.layers.append(DataLayer("labels", points, name=text("map.layer_labels", lang)))


def _classes(audit: Audit, ids: pd.Index, lang: Lang) -> tuple[list[int], list[str]]:
    """Return the class of each community, and the classes' labels; the last class has no data."""
    count = len(COMPLETENESS_COLOURS)
    most = max(1, len(audit.standard.categories))
    steps = [most * at / count for at in range(count + 1)]
    labels = [
        text("map.completeness_class", lang, low=f"{low:g}", high=f"{high:g}")
        for low, high in itertools.pairwise(steps)
    ]
    labels.append(text("verdict.unknown", lang))
    covered = audit.tables.get("coverage_by_community")
    if covered is None:
        return [count] * len(ids), labels
    mean = covered["mean_completeness"].reindex(ids).to_numpy(float)
    scaled = np.where(np.isnan(mean), 0.0, mean) * count / most
    # the topmost class holds its upper end, so that all of the categories is a class with the nearly all
    classes = np.where(np.isnan(mean), count, np.clip(np.ceil(scaled) - 1, 0, count - 1))
    return classes.astype(int).tolist(), labels


def _community_facts(audit: Audit, ids: pd.Index, lang: Lang) -> list[Any]:
    facts: list[Any] = []
    covered, sizes = audit.tables.get("coverage_by_community"), audit.tables.get("oversized")
    if covered is not None:
        schema, rows = RESULT_TABLES["coverage_by_community"], covered.reindex(ids)
        facts += [counts_fact(schema.column(name).heading(lang), rows[name]) for name in _COMMUNITY_COUNTS]
        facts += [rates_fact(schema.column(name).heading(lang), rows[name]) for name in _COMMUNITY_RATES]
        mean = [None if pd.isna(value) else f"{value:.2f}" for value in rows["mean_completeness"]]
        facts.append((schema.column("mean_completeness").heading(lang), mean))
    if sizes is not None:
        schema, rows = RESULT_TABLES["oversized"], sizes.reindex(ids)
        facts.append(words_fact(schema.column("size").heading(lang), rows["size"], "size", lang))
        clauses = [None if pd.isna(one) else str(one) for one in rows["clause"]]
        facts.append((schema.column("clause").heading(lang), clauses))
    return facts


def _oversized_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    sizes = audit.tables.get("oversized")
    if sizes is None:
        return
    over = sizes[(sizes["size"] == "oversized") & sizes.geometry.notna()]
    if over.empty:
        return
    data = {
        "features": shape_features(over.geometry.to_numpy(), audit.study.crs),
        "styles": [OVERSIZED_STYLE],
    }
    drawing.layers.append(DataLayer("shapes", data, name=text("map.layer_oversized", lang), show=False))
    drawing.explain("outlines", (OVERSIZED_STYLE, text("map.layer_oversized", lang)))


def circle_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the service circles, a layer a level and time; the longest time is on at first."""
    circles = audit.tables.get("service_circles")
    if circles is None or circles.empty:
        return
    longest = circles["minutes"].max()
    for level, colour in CENTRE_COLOURS.items():
        of_level = circles[circles["level"] == level]
        if of_level.empty:
            continue
        word = text(f"report.level.{level}", lang)
        drawing.explain("circles", (colour, text("map.circles", lang, level=word)))
        for minutes in sorted(of_level["minutes"].unique(), reverse=True):
            rows = of_level[of_level["minutes"] == minutes]
            data = {
                "features": shape_features(rows.geometry.to_numpy(), audit.study.crs, tolerance_m=3.0),
                "styles": [circle_style(level)],
            }
            name = text("map.layer_circles", lang, level=word, minutes=f"{minutes:g}")
            drawing.layers.append(DataLayer("shapes", data, name=name, show=minutes == longest))


def facility_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the facilities that belong to a category of the standard; off at first."""
    facilities = audit.study.facilities
    if facilities is None:
        return
    of_kind: dict[str, list[str]] = {}
    for category in audit.standard.categories:
        for kind in category.kinds:
            of_kind.setdefault(kind, []).append(category.name(lang))
    rows = facilities[facilities["kind"].isin(of_kind)]
    if rows.empty:
        return
    schema = INPUT_TABLES["facilities"]
    data = {
        "at": lonlat_points(rows.geometry, audit.study.crs),
        "style": FACILITY_STYLE,
        "title": [str(name) for name in names_of(rows)],
        "facts": [
            (text("map.popup_service", lang), [", ".join(of_kind[kind]) for kind in rows["kind"]]),
            (schema.column("kind").heading(lang), [str(kind) for kind in rows["kind"]]),
            (schema.column("facility_id").heading(lang), [str(one) for one in rows.index]),
        ],
    }
    label = text("map.layer_facilities", lang, count=count_text(len(rows)))
    drawing.layers.append(DataLayer("points", data, name=label, show=False))
    drawing.explain("facilities", {"style": FACILITY_STYLE, "label": label})


def fault_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the places where the network may be wrong; off at first."""
    faults = audit.tables.get("network_faults")
    if faults is None or faults.empty:
        return
    label = text("map.layer_faults", lang, count=count_text(len(faults)))
    rows = _first_of_each_kind(faults, MAX_FAULTS)
    drawing.vertices += len(rows)
    schema = RESULT_TABLES["network_faults"]
    others = [
        None if pd.isna(other) else f"{INPUT_TABLES[table].title(lang)} · {other}"
        for table, other in zip(rows["table"], rows["other_id"], strict=True)
    ]
    values = [
        None if pd.isna(value) else f"{number_text(value)} {unit_text(unit, lang)}"
        for value, unit in zip(rows["value"], rows["unit"], strict=True)
    ]
    data = {
        "at": lonlat_points(rows.geometry, audit.study.crs),
        "style": FAULT_STYLE,
        "title": [text(f"network.kind.{kind}", lang) for kind in rows["kind"]],
        "facts": [
            coded_fact(schema.column("reason").heading(lang), rows["reason"], lang),
            coded_fact(schema.column("cure").heading(lang), rows["cure"], lang),
            (
                schema.column("street_id").heading(lang),
                [None if pd.isna(one) else str(one) for one in rows["street_id"]],
            ),
            (schema.column("other_id").heading(lang), others),
            (schema.column("value").heading(lang), values),
        ],
    }
    drawing.layers.append(DataLayer("points", data, name=label, show=False))
    drawing.explain("faults", {"style": FAULT_STYLE, "label": label})
    if len(rows) < len(faults):
        shown, count = count_text(len(rows)), count_text(len(faults))
        drawing.explain("notes", text("map.faults_left_out", lang, shown=shown, count=count))


def _first_of_each_kind(faults: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return at most so many faults: the rarer kinds whole, of the others as many each."""
    place = faults.groupby("kind", sort=False).cumcount().to_numpy()
    rank = faults["kind"].map({kind: number for number, kind in enumerate(FAULT_KINDS)}).to_numpy()
    return faults.iloc[np.sort(np.lexsort((rank, place))[:most])]


def residence_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the residences, a layer a verdict, with every walk in the popup."""
    homes = audit.tables.get("completeness")
    if homes is None or homes.empty:
        return
    drawing.vertices += len(homes)
    column = "verdict_all_five" if audit.study.facilities is not None else "verdict_any_centre"
    schema = RESULT_TABLES["completeness"]
    drawing.legend["residences_title"] = text(
        "map.legend_residences", lang, verdict=schema.column(column).heading(lang)
    )
    radius = 5.0 if len(homes) < _MANY_RESIDENCES else 3.5
    for verdict, style in VERDICT_STYLES.items():
        rows = homes[homes[column] == verdict]
        label = text(
            "map.residences", lang, verdict=text(f"verdict.{verdict}", lang), count=count_text(len(rows))
        )
        drawing.explain("residences", {"verdict": verdict, "style": style, "label": label})
        if rows.empty:
            continue
        services, words = services_of(audit, rows.index, lang)
        data = {
            "at": lonlat_points(rows.geometry, audit.study.crs),
            "style": {**style, "radius": radius},
            "title": [str(name) for name in names_of(rows)],
            "facts": [
                (schema.column("residence_id").heading(lang), [str(one) for one in rows.index]),
                counts_fact(schema.column("persons").heading(lang), rows["persons"]),
                counts_fact(schema.column("households").heading(lang), rows["households"]),
                words_fact(schema.column(column).heading(lang), rows[column], "verdict", lang),
            ],
            "services": services,
            "words": words,
        }
        name = text("map.layer_residences", lang, verdict=text(f"verdict.{verdict}", lang))
        drawing.layers.append(DataLayer("points", data, name=name))


def centre_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the party-service centres, a layer a level."""
    centres = audit.study.centres
    if centres is None:
        return
    reached = audit.tables.get("coverage_by_centre")
    schema = RESULT_TABLES["coverage_by_centre"]
    for level, size in reversed(_CENTRE_SIZES_PX.items()):
        rows = centres[(centres["level"] == level) & centres.geometry.notna()]
        if rows.empty:
            continue
        word = text(f"report.level.{level}", lang)
        facts: list[Any] = [(schema.column("centre_id").heading(lang), [str(one) for one in rows.index])]
        facts.append((schema.column("level").heading(lang), [word] * len(rows)))
        if reached is not None:
            figures = reached.reindex(rows.index)
            facts += [
                counts_fact(schema.column(name).heading(lang), figures[name])
                for name in ("residences_reached", "persons_reached", "persons_catchment", "persons_buffer")
            ]
        symbol = f"centre-{level}"
        data = {
            "at": lonlat_points(rows.geometry, audit.study.crs),
            "title": [str(name) for name in names_of(rows)],
            "facts": facts,
            "symbol": symbol,
            "size": size,
        }
        label = text("map.centres", lang, level=word, count=count_text(len(rows)))
        drawing.layers.append(DataLayer("symbols", data, name=label))
        drawing.explain("centres", {"symbol": f"gp-{symbol}", "label": label})
