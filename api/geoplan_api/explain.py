"""Why a point does not pass, and the walks to what is nearest: the engine run again for one home."""

from __future__ import annotations

import dataclasses
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import geoplan as gp
from geoplan.messages import text
from geoplan.network.snap import snap_places
from geoplan.network.walks import quickest_walks
from geoplan_api.answers import Desk

__all__ = ["add_causes", "add_paths", "home_study"]


def home_study(study: gp.Study, x: float, y: float) -> gp.Study:
    """Return the study with one home at a point, and no other."""
    index = pd.Index(["point"], name="residence_id", dtype="str")
    home = gpd.GeoDataFrame(geometry=[shapely.Point(x, y)], index=index, crs=study.crs)
    return dataclasses.replace(study, residences=home, communities=None)


def add_causes(desk: Desk, answer: dict[str, Any], x: float, y: float, minutes: float | None) -> None:
    """
    Tell in an answer why each service does not pass, as `geoplan.find_causes` decides for a home there.

    Parameters
    ----------
    desk, answer
        What made the answer, and the answer.
    x, y, minutes
        What was asked.
    """
    standard = desk.standard if minutes is None else desk.standard.with_limit(minutes)
    study, network = home_study(desk.served.study, x, y), desk.points.network
    causes = gp.find_causes(network, study, standard, gp.coverage(network, study, standard)).causes
    by_service = {str(row["service"]): row for _, row in causes.iterrows()}
    for service in answer["services"]:
        if service["service"] in by_service:
            row = by_service[service["service"]]
            named = [row[one] for one in ("obstacle_name", "barrier_id", "street_id")]
            service["cause"] = str(row["cause"])
            service["cause_text"] = text(f"cause.{row['cause']}", desk.lang)
            service["obstacle"] = next((str(one) for one in named if not pd.isna(one)), None)


def add_paths(desk: Desk, answer: dict[str, Any], x: float, y: float) -> None:
    """
    Add to an answer the walk to each nearest place, as a GeoJSON LineString.

    Parameters
    ----------
    desk, answer
        What made the answer, and the answer.
    x, y
        Where the point is in the study's CRS.
    """
    points, study = desk.points, desk.served.study
    (home,) = home_study(study, x, y).need("residences")
    here = snap_places(points.network, home, max_snap_m=points.snapper.max_snap_m, barriers=study.barriers)
    for name, snaps in points.snaps.items():
        (table,) = study.need(name)
        wanted = [
            one for one in answer["services"]
            if one["nearest_id"] is not None and one["service"].startswith("centre_") == (name == "centres")
        ]  # fmt: skip
        rows = table.index.get_indexer([one["nearest_id"] for one in wanted])
        pairs = np.column_stack([np.zeros(len(rows), np.int64), rows])
        walks = quickest_walks(points.network, points.costs, (home, here), (table, snaps), pairs)
        for one, walk in zip(wanted, walks, strict=True):
            one["path"] = None if walk is None else _lonlat_line(desk, walk.line)


def _lonlat_line(desk: Desk, line: shapely.LineString) -> dict[str, Any]:
    back = desk.served.positions.lonlat
    return {
        "type": "LineString",
        "coordinates": [back(x, y) for x, y in shapely.get_coordinates(line).tolist()],
    }
