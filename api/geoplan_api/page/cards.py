"""The card of a place: each service, the walk to the nearest that counts, and why it does not pass."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.causes import find_causes
from geoplan.analysis.coverage import coverage
from geoplan.analysis.points import PointCoverage, ServiceReach, verdict_of_all
from geoplan.errors import DataError
from geoplan.messages import Lang, text
from geoplan.model.study import Study
from geoplan.network.snap import Snaps, snap_places
from geoplan.network.walks import quickest_walks
from geoplan.report.words import (
    count_text,
    minutes_text,
    names_of,
    number_text,
    place_names,
    reason_text,
    service_name,
)
from geoplan.standards.standard import Standard
from geoplan_api.page import shapes
from geoplan_api.page.views import View, counts_overall, overall_service
from geoplan_api.served import Served

__all__ = ["causes_of", "home_at", "home_of", "place_card"]

POINT = "point"
"""Id of a home that stands where somebody clicked."""


def home_at(served: Served, lon: float, lat: float) -> gpd.GeoDataFrame:
    """
    Return a home of one point, and the community it lies in: of several, the first.

    Parameters
    ----------
    served
        Whose study.
    lon, lat
        WGS84 degrees.

    Raises
    ------
    ProblemError
        422 if the place lies outside the study.
    """
    point = shapely.Point(served.positions.into_study(lon, lat))
    communities, owner = served.study.communities, None
    if communities is not None:
        within = communities.index[communities.intersects(point)]
        owner = str(within[0]) if len(within) else None
    return gpd.GeoDataFrame(
        {"community_id": pd.Series([owner], dtype=object).array},
        geometry=[point],
        index=pd.Index([POINT], name="residence_id"),
        crs=served.study.crs,
    )


def home_of(study: Study, residence_id: str) -> gpd.GeoDataFrame:
    """Return the row of a residence; DataError if there is none of that id."""
    homes = study.residences
    if homes is None or residence_id not in homes.index:
        raise DataError("error.page_no_residence", id=residence_id)
    return homes.loc[[residence_id]]


def place_card(view: View, home: gpd.GeoDataFrame, lang: Lang) -> dict[str, Any]:
    """
    Return the card of one home: what `geoplan.coverage` says of it.

    Parameters
    ----------
    view
        What is served, the standard and the limits.
    home
        `home_at` or `home_of`.
    lang
        Language of the words.

    Returns
    -------
    card
        ``services``: a row a service, ``walk`` the number of its line in ``walks``, None without a walk.
        Rounded figures are texts (``*_text``); the others are those of table ``reach``, null where unknown.
    """
    study, network = view.served.study, view.served.network
    card = _about(study, home)
    if network is None or not view.services:
        return card | {"verdict": "unknown", "services": [], "walks": [], "snap_m": None}
    points = view.served.points(view.standard.id)
    snaps = snap_places(network, home, max_snap_m=points.snapper.max_snap_m, barriers=study.barriers)
    reach = _reach(view, points, home)
    lines, line_of = _walks(points, home, snaps, reach)
    names = place_names(study)
    services = [
        _service(row, view.standard, names, lang) | {"walk": line_of.get(at)} for at, row in enumerate(reach)
    ]
    told = [row.verdict for row in reach if counts_overall(view, row.service)]
    snap_m = float(snaps.owner_snap_m()[0])
    return card | {
        "verdict": verdict_of_all(told),
        "decided_by": overall_service(view),
        "reached": sum(one == "pass" for one in told),
        "asked": len(told),
        "snap_m": None if math.isnan(snap_m) else snap_m,
        "snap_text": None if math.isnan(snap_m) else number_text(round(snap_m, 1)),
        "max_snap_text": number_text(points.snapper.max_snap_m),
        "services": services,
        "walks": lines,
    }


def _reach(view: View, points: PointCoverage, home: gpd.GeoDataFrame) -> list[ServiceReach]:
    """Return the rows of table ``reach`` of a home: looked up if it is a residence, else decided."""
    if home.index[0] != POINT:
        table = view.tables["reach"]
        own = table[table["residence_id"] == home.index[0]]
        return list(map(ServiceReach._make, own[list(ServiceReach._fields)].itertuples(index=False)))
    point = home.geometry.iloc[0]
    minutes = None if view.minutes == "own" else float(view.minutes)
    return list(points.one(point.x, point.y, minutes=minutes).services)


def _about(study: Study, home: gpd.GeoDataFrame) -> dict[str, Any]:
    at = shapes.points(home.geometry)[0] if home.geometry.notna().all() else None
    row = home.iloc[0]
    known = home.index[0] != POINT
    owner = row.get("community_id")
    community_id = None if pd.isna(owner) else str(owner)
    communities = study.communities
    community = community_id
    if communities is not None and community_id in communities.index:
        community = str(names_of(communities.loc[[community_id]]).iloc[0])
    counted = {
        column: count_text(float(row[column]))
        for column in ("households", "persons")
        if known and column in home and not pd.isna(row[column])
    }
    return {
        "id": str(home.index[0]) if known else None,
        "name": str(names_of(home).iloc[0]) if known else None,
        "at": at,
        "community_id": community_id,
        "community": community,
        "outside": communities is not None and community_id is None,
        "people": counted,
    }


def _service(row: ServiceReach, standard: Standard, names: dict[str, str], lang: Lang) -> dict[str, Any]:
    nearest = None if pd.isna(row.nearest_id) else str(row.nearest_id)
    return {
        "service": row.service,
        "name": service_name(standard, row.service, lang),
        "verdict": row.verdict,
        "minutes": None if pd.isna(row.minutes) else float(row.minutes),
        "minutes_text": minutes_text(row.minutes),
        "metres": None if pd.isna(row.metres) else float(row.metres),
        "limit_minutes": float(row.limit_minutes),
        "limit_text": number_text(float(row.limit_minutes)),
        "nearest_id": nearest,
        "nearest": None if nearest is None else names.get(nearest, nearest),
        "reason": row.reason,
        "reason_text": reason_text(row.reason, lang),
        "clause": None if pd.isna(row.clause) else str(row.clause),
    }


def _walks(
    points: PointCoverage, home: gpd.GeoDataFrame, snaps: Snaps, reach: list[ServiceReach]
) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """Return a line to each place that is the nearest of a service, and row of ``reach`` -> its line."""
    lines: list[shapely.LineString | None] = []
    line_of: dict[int, int] = {}
    for table, targets in points.snaps.items():
        rows = {
            at: row.nearest_id
            for at, row in enumerate(reach)
            if row.service.startswith("centre_") == (table == "centres") and not pd.isna(row.nearest_id)
        }
        places = points.study.need(table)[0]
        found = pd.Index(dict.fromkeys(rows.values()))
        pairs = np.column_stack([np.zeros(len(found), int), places.index.get_indexer(found)])
        walks = quickest_walks(points.network, points.costs, (home, snaps), (places, targets), pairs)
        first = len(lines)
        lines += [None if walk is None else walk.line for walk in walks]
        line_of |= {at: first + int(found.get_loc(place)) for at, place in rows.items()}
    features = shapes.features(np.array(lines, dtype=object), points.study.crs)
    drawn = {feature["id"] for feature in features}
    return features, {at: line for at, line in line_of.items() if line in drawn}


def causes_of(view: View, home: gpd.GeoDataFrame, lang: Lang) -> list[dict[str, Any]]:
    """
    Return why the services of a home that do not pass do not, a row each.

    A residence of the study under the standard served is looked up; any other home is inquired into.
    """
    served = view.served
    study, network = served.study, served.network
    if network is None or not view.services:
        return []
    if view.standard is served.standard and home.index[0] != POINT and "causes" in view.tables:
        known = view.tables["causes"]
        rows = known[known["residence_id"] == home.index[0]]
    else:
        asked = dataclasses.replace(study, residences=home)
        rows = find_causes(network, asked, view.standard, coverage(network, asked, view.standard)).causes
    return [
        {
            "service": str(row["service"]),
            "cause": str(row["cause"]),
            "cause_text": text(f"cause.{row['cause']}", lang),
            "reason_text": reason_text(row["reason"], lang),
            "obstacle": None if pd.isna(row["obstacle_name"]) else str(row["obstacle_name"]),
            "minutes_text": minutes_text(row["minutes_counterfactual"]),
            "minutes_without": None
            if pd.isna(row["minutes_counterfactual"])
            else float(row["minutes_counterfactual"]),
        }
        for _, row in rows.iterrows()
    ]
