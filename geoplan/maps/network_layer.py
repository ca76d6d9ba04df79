"""Layers of a map of the network: where it may be wrong, its loose parts, and places it does not reach."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.maps.assemble import Drawing
from geoplan.maps.features import coded_fact, counts_fact, rates_fact
from geoplan.maps.ground import counted
from geoplan.maps.packing import Numbers, points_of
from geoplan.maps.palette import COMPONENT_STYLE, FAULT_STYLES, UNSNAPPED_STYLE
from geoplan.messages import Lang, text
from geoplan.model.result_tables import FAULT_KINDS, RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from geoplan.network.snap import entrance_points
from geoplan.report.words import count_text, number_text, unit_text
from geoplan.workflow import Audit

__all__ = ["component_layer", "fault_layer", "unsnapped_layer"]

MAX_FAULTS = 3000
"""Of more faults of the network the first are drawn, kind by kind, and the legend says so."""


def fault_layer(audit: Audit, lang: Lang, drawing: Drawing, *, show: bool = False) -> None:
    """Add the places where the network may be wrong, a layer a kind; off at first unless told."""
    faults = audit.tables.get("network_faults")
    if faults is None or faults.empty:
        return
    rows = _first_of_each_kind(faults, MAX_FAULTS)
    schema = RESULT_TABLES["network_faults"]
    others = [
        None if pd.isna(other) else f"{INPUT_TABLES[table].title(lang)} · {other}"
        for table, other in zip(rows["table"], rows["other_id"], strict=True)
    ]
    values = [
        None if pd.isna(value) else f"{number_text(value)} {unit_text(unit, lang)}"
        for value, unit in zip(rows["value"], rows["unit"], strict=True)
    ]
    kinds = [kind for kind in FAULT_KINDS if (faults["kind"] == kind).any()]
    content = {
        "at": points_of(rows.geometry, audit.study.crs),
        "groups": [FAULT_STYLES[kind] for kind in kinds],
        "group": Numbers(pd.Index(kinds).get_indexer(rows["kind"]).astype(float)),
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
    names = []
    for kind in kinds:
        word = text(f"network.kind.{kind}", lang)
        name = counted(text("map.layer_faults", lang, kind=word), int((faults["kind"] == kind).sum()), lang)
        names.append((name, show))
        drawing.explain("faults", {"style": FAULT_STYLES[kind], "label": name})
    drawing.add_cloud(content, names)
    if len(rows) < len(faults):
        shown, count = count_text(len(rows)), count_text(len(faults))
        drawing.explain("notes", text("map.faults_left_out", lang, shown=shown, count=count))


def _first_of_each_kind(faults: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return at most so many faults: the rarer kinds whole, of the others as many each."""
    place = faults.groupby("kind", sort=False).cumcount().to_numpy()
    rank = faults["kind"].map({kind: number for number, kind in enumerate(FAULT_KINDS)}).to_numpy()
    return faults.iloc[np.sort(np.lexsort((rank, place))[:most])]


def component_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add a point for each part of the network that hangs together, with what lives on it."""
    parts = audit.tables.get("network_components")
    if parts is None or parts.empty:
        return
    schema = RESULT_TABLES["network_components"]
    content = {
        "at": points_of(gpd.GeoSeries(parts.geometry), audit.study.crs),
        "groups": [COMPONENT_STYLE],
        "title": [text("map.component", lang, number=one) for one in parts.index],
        "facts": [
            *(
                counts_fact(schema.column(name).heading(lang), parts[name])
                for name in ("nodes", "edges", "residences", "persons")
            ),
            (schema.column("length_m").heading(lang), [number_text(one) for one in parts["length_m"]]),
            rates_fact(schema.column("residence_share").heading(lang), parts["residence_share"]),
        ],
    }
    name = counted(text("map.layer_components", lang), len(parts), lang)
    drawing.add_cloud(content, [(name, len(parts) > 1)])
    drawing.explain("faults", {"style": COMPONENT_STYLE, "label": name})


def unsnapped_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the entrances that meet no walkable street."""
    snaps = audit.tables.get("snaps")
    if snaps is None:
        return
    lost = snaps[snaps["reason"] != ""]
    points, titles, tables, reasons = [], [], [], []
    for table, rows in lost.groupby("table", sort=False):
        own = audit.study.table(str(table))
        if own is None:
            continue
        places, owner = entrance_points(own)
        first = np.searchsorted(owner, np.arange(len(own)))
        at = first[own.index.get_indexer(rows["id"])] + rows["entrance"].to_numpy(int)
        points += list(places[at])
        titles += [str(one) for one in rows["id"]]
        tables += [INPUT_TABLES[str(table)].title(lang)] * len(rows)
        reasons += list(rows["reason"])
    located = [number for number, one in enumerate(points) if not one.is_empty]
    if not located:
        return
    schema = RESULT_TABLES["snaps"]
    content = {
        "at": points_of(
            gpd.GeoSeries([points[one] for one in located], crs=audit.study.crs), audit.study.crs
        ),
        "groups": [UNSNAPPED_STYLE],
        "title": [titles[one] for one in located],
        "facts": [
            (schema.column("table").heading(lang), [tables[one] for one in located]),
            coded_fact(
                schema.column("reason").heading(lang), pd.Series([reasons[one] for one in located]), lang
            ),
        ],
    }
    name = counted(text("map.layer_unsnapped", lang), len(located), lang)
    drawing.add_cloud(content, [(name, True)])
    drawing.explain("faults", {"style": UNSNAPPED_STYLE, "label": name})
