"""Tables to what ``assets/map.js`` draws: WGS84 coordinates to six decimals, titles, facts, services."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.crs.metric import to_lonlat
from geoplan.messages import Lang, text
from geoplan.report.words import (
    ceil_hundredths,
    count_text,
    place_names,
    rate_text,
    reason_text,
    service_name,
)
from geoplan.workflow import Audit

__all__ = [
    "coded_fact",
    "counts_fact",
    "lonlat_points",
    "rates_fact",
    "services_of",
    "shape_features",
    "words_fact",
]

_DECIMALS = 6
"""A tenth of a metre."""
_VERDICTS = ("pass", "fail", "unknown")

Fact = tuple[str, list[str | None]]
CodedFact = tuple[str, list[int], list[str]]


def lonlat_points(geometry: gpd.GeoSeries, crs: str) -> list[list[float]]:
    """Return longitude and latitude of a point inside each geometry."""
    points = shapely.point_on_surface(geometry.to_numpy())
    lon, lat = to_lonlat(crs, shapely.get_x(points), shapely.get_y(points))
    found: list[list[float]] = np.round(np.column_stack([lon, lat]), _DECIMALS).tolist()
    return found


def shape_features(
    shapes: npt.NDArray[np.object_], crs: str, *, tolerance_m: float = 1.0
) -> list[dict[str, Any]]:
    """
    Return GeoJSON features; ``id`` is the position in ``shapes``.

    Parameters
    ----------
    shapes
        Geometries in ``crs``.
    crs
        Metric CRS.
    tolerance_m
        How far the drawn line may lie from the true one [m].
    """
    drawn = shapely.simplify(shapes, tolerance_m)

    def moved(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        lon, lat = to_lonlat(crs, xy[:, 0], xy[:, 1])
        return np.asarray(np.round(np.column_stack([lon, lat]), _DECIMALS), dtype=np.float64)

    turned = shapely.transform(drawn, moved)
    return [
        {"type": "Feature", "id": at, "properties": {}, "geometry": json.loads(shapely.to_geojson(one))}
        for at, one in enumerate(turned)
        if one is not None and not one.is_empty
    ]


def counts_fact(label: str, values: pd.Series) -> Fact:
    """Return whole numbers as a fact of a popup."""
    return label, [None if pd.isna(value) else count_text(float(value)) for value in values]


def rates_fact(label: str, values: pd.Series) -> Fact:
    """Return shares as a fact of a popup."""
    return label, [None if pd.isna(value) else rate_text(float(value)) for value in values]


def coded_fact(label: str, keys: pd.Series, lang: Lang) -> CodedFact:
    """Return long sentences (message keys) as a fact of a popup: each is told once, rows name its place."""
    known = sorted(keys.dropna().unique())
    return label, pd.Index(known).get_indexer(keys).tolist(), [reason_text(one, lang) for one in known]


def words_fact(label: str, values: pd.Series, prefix: str, lang: Lang) -> Fact:
    """Return codes, in the words of messages ``prefix.*``, as a fact of a popup."""
    return label, [None if pd.isna(value) else text(f"{prefix}.{value}", lang) for value in values]


def services_of(audit: Audit, ids: pd.Index, lang: Lang) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """
    Return the walks of some residences, service by service, and the words they refer to.

    Parameters
    ----------
    audit
        Has table ``reach``.
    ids
        Residences.
    lang
        Language of the words.

    Returns
    -------
    services, words
        Columns with an entry a residence: ``minutes`` (rounded up to hundredths), and positions in
        ``words``: ``nearest`` (-1: none), ``verdict``, ``reason``.
    """
    reach = audit.tables["reach"]
    reach = reach[reach["residence_id"].isin(ids)]
    names = place_names(audit.study)
    near = sorted(reach["nearest_id"].dropna().unique())
    reasons = sorted(reach["reason"].dropna().unique())
    services = []
    for service in reach["service"].unique():
        rows = reach[reach["service"] == service].set_index("residence_id").reindex(ids)
        services.append(
            {
                "name": service_name(audit.standard, service, lang),
                "limit": f"{rows['limit_minutes'].iloc[0]:g}" if len(rows) else "",
                "minutes": [None if np.isnan(one) else ceil_hundredths(one) for one in rows["minutes"]],
                "nearest": pd.Index(near).get_indexer(rows["nearest_id"]).tolist(),
                "verdict": pd.Index(_VERDICTS).get_indexer(rows["verdict"]).tolist(),
                "reason": pd.Index(reasons).get_indexer(rows["reason"]).tolist(),
            }
        )
    heads = ("service", "minutes", "limit", "nearest", "verdict", "reason")
    words = {
        "heads": [text(f"map.popup_{head}", lang) for head in heads],
        "names": [names.get(one, one) for one in near],
        "verdicts": [[verdict, text(f"verdict.{verdict}", lang)] for verdict in _VERDICTS],
        "reasons": [reason_text(one, lang) for one in reasons],
    }
    return services, words
