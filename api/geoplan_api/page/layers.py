"""What the page draws: the ground, the places, verdicts under a view, circles; as light JSON in WGS84."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.maps.palette import BARRIER_STYLES, completeness_classes
from geoplan.messages import Lang
from geoplan.model.study import Study
from geoplan.report.words import count_text, names_of, rate_text, service_name
from geoplan_api.page import shapes
from geoplan_api.page.views import View, overall_service

__all__ = ["bounds", "circles", "ground", "places", "rates", "verdicts"]

_STREETS_M, _AREAS_M, _CIRCLES_M = 1.0, 1.0, 3.0
"""How far a drawn line may lie from the true one [m]."""
_CODES = {"pass": "p", "fail": "f", "unknown": "u"}
_BOUNDING = ("communities", "residences", "centres", "facilities", "streets")


def bounds(study: Study) -> list[list[float]] | None:
    """Return south-west and north-east corner of a study, latitude first; None if nothing has a place."""
    for name in _BOUNDING:
        table = study.table(name)
        if table is not None and table.geometry.notna().any():
            return shapes.bounds(table.geometry)
    return None


def ground(study: Study) -> dict[str, Any]:
    """Return the streets as one drawing, and the barriers by kind: features of GeoJSON."""
    found: dict[str, Any] = {"streets": [], "barriers": {}}
    if study.streets is not None and len(study.streets):
        lines = shapely.simplify(study.streets.geometry.to_numpy(), _STREETS_M)
        together = np.array([shapely.multilinestrings(shapely.get_parts(lines))], dtype=object)
        found["streets"] = shapes.features(together, study.crs)
    if study.barriers is not None:
        for kind in BARRIER_STYLES:
            rows = study.barriers[study.barriers["kind"] == kind]
            if len(rows):
                found["barriers"][kind] = shapes.features(
                    rows.geometry.to_numpy(), study.crs, tolerance_m=_AREAS_M
                )
    return found


def places(study: Study) -> dict[str, Any]:
    """
    Return the communities, residences, centres and facilities of a study.

    Each is columns of equal length: ``ids``, ``names``, ``at`` (longitude, latitude), and what else the page
    shows; a place without geometry is left out. Communities have ``features`` besides, whose ``id`` is the
    place in those columns.
    """
    found = {name: _columns(study, name) for name in ("communities", "residences", "centres", "facilities")}
    shown = _drawn(study.communities)
    if shown is not None:
        found["communities"]["features"] = shapes.features(
            shown.geometry.to_numpy(), study.crs, tolerance_m=_AREAS_M
        )
    centres = _drawn(study.centres)
    if centres is not None:
        found["centres"]["levels"] = centres["level"].astype(object).tolist()
    homes = _drawn(study.residences)
    if homes is not None:
        within = _drawn(study.communities)
        names = {} if within is None else names_of(within).to_dict()
        owners = homes["community_id"] if "community_id" in homes else pd.Series(None, index=homes.index)
        found["residences"]["communities"] = [names.get(one) for one in owners.astype(object)]
    return found


def _drawn(table: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return the rows that have a place."""
    if table is None:
        return None
    return table[table.geometry.notna() & ~table.geometry.is_empty]


def _columns(study: Study, name: str) -> dict[str, Any]:
    rows = _drawn(study.table(name))
    if rows is None or rows.empty:
        return {"ids": [], "names": [], "at": []}
    return {
        "ids": [str(one) for one in rows.index],
        "names": [str(one) for one in names_of(rows)],
        "at": shapes.points(rows.geometry),
    }


def verdicts(view: View) -> dict[str, Any]:
    """
    Return who is reached under a view.

    Returns
    -------
    verdicts
        ``residences``: a letter each (p, f, u) in the order of `places`. ``communities``: class of mean
        completeness, -1 where unknown. ``counts``: residences by verdict.
    """
    study = view.served.study
    homes, communities = _drawn(study.residences), _drawn(study.communities)
    found: dict[str, Any] = {"residences": "", "communities": [], "counts": {}}
    if homes is not None:
        told = _overall(view).reindex(homes.index).fillna("unknown")
        found["residences"] = "".join(told.map(_CODES))
        found["counts"] = {verdict: int((told == verdict).sum()) for verdict in _CODES}
    if communities is not None:
        found["communities"] = _classes(view, communities.index)
    found |= {"categories": len(view.standard.categories), "decided_by": overall_service(view)}
    return found


def _overall(view: View) -> pd.Series:
    """Return the verdict of each residence: of all categories, or of any centre if there are only those."""
    table = view.tables.get("completeness")
    if table is None:
        return pd.Series(dtype=object)
    column = "verdict_any_centre" if overall_service(view) == "centre_any" else "verdict_all_five"
    told: pd.Series = table[column].astype(object)
    return told


def _classes(view: View, ids: pd.Index) -> list[int]:
    """Return the class of mean completeness of each community, as in the maps of the library."""
    covered = view.tables.get("coverage_by_community")
    if covered is None:
        return [-1] * len(ids)
    mean = covered["mean_completeness"].reindex(ids).to_numpy(float)
    return [int(one) for one in completeness_classes(mean, len(view.standard.categories))]


def rates(view: View, lang: Lang) -> list[dict[str, Any]]:
    """Return the coverage rate of each service under a view, and the share that is unknown."""
    table = view.tables.get("coverage_by_category")
    if table is None:
        return []
    rows = []
    for service, row in table.iterrows():
        persons = 0 if pd.isna(row["persons"]) else row["persons"]
        unknown = row["persons_unknown"]
        share = (
            None if pd.isna(persons) or pd.isna(unknown) or persons <= 0 else float(unknown) / float(persons)
        )
        rate = None if pd.isna(row["coverage_rate"]) else float(row["coverage_rate"])
        rows.append(
            {
                "service": str(service),
                "name": service_name(view.standard, str(service), lang),
                "limit_minutes": float(row["limit_minutes"]),
                "rate": rate,
                "rate_text": rate_text(rate),
                "unknown_rate": share,
                "unknown_text": rate_text(share) if share else "",
                "facilities": count_text(float(row["facilities"])),
            }
        )
    return rows


def circles(table: gpd.GeoDataFrame | None, study: Study) -> list[dict[str, Any]]:
    """Return service circles as features with ``level`` and ``minutes``, in the order of the table."""
    if table is None:
        return []
    features = shapes.features(table.geometry.to_numpy(), study.crs, tolerance_m=_CIRCLES_M)
    for feature in features:
        row = table.iloc[feature["id"]]
        feature["properties"] = {"level": str(row["level"]), "minutes": float(row["minutes"])}
    return features
