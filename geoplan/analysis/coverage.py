"""Coverage: whom the categories and the centres reach, by residence, community, category and centre."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.needs import category_facilities, centre_facilities
from geoplan.analysis.reach import (
    PlacesOnNetwork,
    combine_verdicts,
    place_on_network,
    reach_table,
    residence_points,
    snap_table,
)
from geoplan.analysis.tally import community_rates, community_tally, tally
from geoplan.model.result_tables import CENTRE_SERVICES, finish
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.network.snap import snap_places
from geoplan.standards.standard import Standard

__all__ = ["CoverageResult", "coverage", "coverage_with_centres", "services_of"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class CoverageResult:
    """
    The tables of a coverage run; each is declared in ``geoplan.model.result_tables``.

    ``by_category``, ``by_community`` and ``gaps`` speak of whatever the study has: categories need
    ``facilities``, centre services need ``centres``.
    """

    reach: pd.DataFrame
    completeness: gpd.GeoDataFrame
    by_category: pd.DataFrame
    by_community: gpd.GeoDataFrame | None
    by_community_category: pd.DataFrame | None
    gaps: gpd.GeoDataFrame
    snaps: pd.DataFrame
    places: PlacesOnNetwork


def coverage(
    network: WalkNetwork, study: Study, standard: Standard, *, progress: Progress | None = None
) -> CoverageResult:
    """
    Decide, for every residence, each service category and each centre level on walking time.

    Parameters
    ----------
    network
        ``walk_network(study)``.
    study
        Needs ``residences``, and ``facilities`` or ``centres`` or both.
    standard
        Rules used: ``circle.minutes``, ``centre.minutes``, ``walking.*``,
        ``centre.district_serves_community_tier``, ``circle.non_inclusion``, and the categories.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    CoverageResult
        A walk of exactly the limit passes. No facility rows of a category, in a layer not declared
        complete, is ``unknown``; so is a home too far from every street.

    Raises
    ------
    DataError
        If the study has no residences, or neither facilities nor centres.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/monaco"), geoplan.load_standard("default")
    >>> result = geoplan.coverage(geoplan.walk_network(study), study, standard)
    >>> int(result.by_category.loc["daily", "persons_pass"])
    39050
    """
    study.need("residences")
    if study.facilities is None and study.centres is None:
        study.need("facilities", "centres")
    places = place_on_network(network, study, standard)
    _, services = services_of(study, standard)
    parts = []
    for done, service in enumerate(services):
        if progress is not None:
            progress("stage.reach", done, len(services))
        parts.append(reach_table(network, study, standard, places, service))
    return _result(network, study, standard, pd.concat(parts, ignore_index=True), places)


def coverage_with_centres(
    before: CoverageResult, network: WalkNetwork, study: Study, standard: Standard
) -> CoverageResult:
    """
    Decide again where nothing but the centres is another: only the walks to centres are searched.

    Parameters
    ----------
    before
        ``coverage`` of the study with its former centres.
    network
        The same as before.
    study
        Differs from that of before in table ``centres`` alone.
    standard
        The same as before.

    Returns
    -------
    CoverageResult
        What ``coverage(network, study, standard)`` returns.
    """
    (centres,) = study.need("centres")
    snaps = snap_places(network, centres, max_snap_m=before.places.max_snap_m, barriers=study.barriers)
    places = dataclasses.replace(before.places, centres=snaps)
    kept = before.reach[~before.reach["service"].isin(CENTRE_SERVICES)]
    parts = [reach_table(network, study, standard, places, one) for one in CENTRE_SERVICES]
    reach = pd.concat([one for one in (kept, *parts) if len(one)] or [before.reach], ignore_index=True)
    return _result(network, study, standard, reach, places)


def _result(
    network: WalkNetwork, study: Study, standard: Standard, reach: pd.DataFrame, places: PlacesOnNetwork
) -> CoverageResult:
    """Sum up table ``reach``."""
    categories, services = services_of(study, standard)
    completeness = _completeness(study, standard, reach, categories)
    return CoverageResult(
        reach=reach,
        completeness=completeness,
        by_category=_by_category(study, standard, reach, services),
        by_community=None if study.communities is None else _by_community(study, completeness),
        by_community_category=None if study.communities is None else community_tally(study, reach),
        gaps=_gaps(study, reach, categories),
        snaps=snap_table(network, study, places),
        places=places,
    )


def services_of(study: Study, standard: Standard) -> tuple[list[str], list[str]]:
    """Return the categories a study can be asked for, and these with the centre services."""
    categories = [one.id for one in standard.categories] if study.facilities is not None else []
    return categories, categories + (list(CENTRE_SERVICES) if study.centres is not None else [])


def _verdicts(reach: pd.DataFrame, service: str, count: int) -> np.ndarray:
    """Return the verdicts of one service in residence order; unknown if it was not decided."""
    rows = reach["service"] == service
    return reach.loc[rows, "verdict"].to_numpy(object) if rows.any() else np.full(count, "unknown", object)


def _completeness(
    study: Study, standard: Standard, reach: pd.DataFrame, categories: list[str]
) -> gpd.GeoDataFrame:
    (residences,) = study.need("residences")
    count = len(residences)
    decided = np.array([_verdicts(reach, one, count) for one in categories], dtype=object).reshape(
        len(categories), count
    )
    names = np.array(categories, dtype=object)

    def listed(verdict: str) -> list[str]:
        return [",".join(names[column == verdict]) for column in decided.T]

    every = combine_verdicts(decided) if categories else np.full(count, "unknown", object)
    points = residence_points(residences)
    frame = residences.reindex(columns=["community_id", "name", "households", "persons"]).reset_index(
        names="residence_id"
    )
    frame["completeness"] = (decided == "pass").sum(axis=0)
    if not categories:
        frame["completeness"] = pd.NA
    frame["categories_failed"] = listed("fail")
    frame["categories_unknown"] = listed("unknown")
    frame["verdict_all_five"] = every
    for service in CENTRE_SERVICES:
        level = service.removeprefix("centre_")
        column = "verdict_any_centre" if level == "any" else f"verdict_{level}_centre"
        frame[column] = _verdicts(reach, service, count)
    frame["buffer_any_centre"] = _within_radius(study, standard, points)
    frame["geometry"] = points
    return finish(frame, "completeness", crs=study.crs)


def _within_radius(study: Study, standard: Standard, points: np.ndarray) -> pd.array:
    """Tell which points lie within the straight-line radius of a centre."""
    if study.centres is None:
        return pd.array([pd.NA] * len(points), dtype="boolean")
    radius = standard.number("centre.minutes") * standard.number("walking.speed")
    within = np.zeros(len(points), bool)
    if len(study.centres):
        tree = shapely.STRtree(residence_points(study.centres))
        within[tree.query(points, "dwithin", radius)[0]] = True
    return pd.array(within, dtype="boolean")


def _by_category(study: Study, standard: Standard, reach: pd.DataFrame, services: list[str]) -> pd.DataFrame:
    (residences,) = study.need("residences")
    known = {one.id: one for one in standard.categories}
    rows = []
    for service in services:
        of_service = reach[reach["service"] == service]
        if service in known:
            category = known[service]
            facilities = category_facilities(study.need("facilities")[0], category, standard)
            limit, clause = standard.limit_rule(category)
            status, name = category.status, category.name(study.lang)
        else:
            facilities = centre_facilities(study.need("centres")[0], service, standard)
            rule = standard.rule("centre.minutes")
            limit, clause, status, name = float(rule.value), rule.clause, rule.status, service
        rows.append(
            {
                "service": service,
                "service_name": name,
                "facilities": int(facilities.sum()),
                "limit_minutes": limit,
                **tally(residences, of_service["verdict"].to_numpy(object)),
                "status": status,
                "clause": clause,
            }
        )
    return finish(pd.DataFrame(rows), "coverage_by_category")


def _by_community(study: Study, completeness: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    (communities,) = study.need("communities")
    frame = communities.reindex(columns=["name", "subdistrict_id"]).reset_index(names="community_id")
    rates = community_rates(communities.index, completeness)
    frame[rates.columns] = rates.reindex(communities.index).reset_index(drop=True)
    frame["geometry"] = communities.geometry.to_numpy()
    return finish(frame, "coverage_by_community", crs=study.crs)


def _gaps(study: Study, reach: pd.DataFrame, categories: list[str]) -> gpd.GeoDataFrame:
    """List residence and category pairs that do not pass, most persons first."""
    (residences,) = study.need("residences")
    rows = reach[reach["service"].isin(categories) & (reach["verdict"] != "pass")]
    about = residences.reindex(columns=["community_id", "name", "persons", "households"])
    about["geometry"] = residence_points(residences)
    frame = rows.join(pd.DataFrame(about).rename_axis(None), on="residence_id")
    frame = frame.sort_values(
        ["persons", "residence_id", "service"],
        ascending=[False, True, True],
        na_position="last",
        kind="stable",
    )
    return finish(frame, "gaps", crs=study.crs)
