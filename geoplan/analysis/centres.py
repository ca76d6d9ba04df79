"""Centres: whom each one reaches, whose nearest it is, and whether its circle has a norm's size."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.reach import PlacesOnNetwork, residence_points
from geoplan.analysis.tally import counts, total
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.areas import service_area
from geoplan.network.graph import WalkNetwork
from geoplan.network.snap import snap_places
from geoplan.network.times import times_from_each
from geoplan.network.walking import walking_costs
from geoplan.standards.standard import Rule, Standard
from geoplan.units import minutes_to_ms

__all__ = ["CIRCLE_LEVELS", "centre_times", "check_levels", "coverage_by_centre", "service_circles"]

CIRCLE_LEVELS = (15, 10, 5)
"""Circle levels of GB 50180-2018 in minutes."""


def centre_times(network: WalkNetwork, study: Study, places: PlacesOnNetwork) -> npt.NDArray[np.int64]:
    """
    Return walking times from every centre to every residence.

    Returns
    -------
    Array of shape (centres, residences) [ms]; ``UNREACHED_MS`` where no walk leads.
    """
    centres, residences = study.need("centres", "residences")
    times = np.zeros((len(centres), len(residences)), np.int64)
    for row, ms in times_from_each(network, places.costs, places.residences, places.of("centres")):
        times[row] = ms
    return times


def coverage_by_centre(
    study: Study, standard: Standard, places: PlacesOnNetwork, times_ms: npt.NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """
    Count whom each centre reaches.

    Parameters
    ----------
    study
        Needs ``centres`` and ``residences``.
    standard
        Rules used: ``centre.minutes``, ``walking.speed`` (for the straight-line figure).
    places
        Snaps of the study's places.
    times_ms
        `centre_times`.

    Returns
    -------
    coverage_by_centre
        One row a centre. Catchments are exclusive: of centres equally near, the one with the lowest id.
    """
    centres, residences = study.need("centres", "residences")
    rule = standard.rule("centre.minutes")
    reached = times_ms <= minutes_to_ms(float(rule.value))
    closest = times_ms.argmin(axis=0) if len(centres) else np.zeros(len(residences), np.int64)
    persons, households = counts(residences, "persons"), counts(residences, "households")
    radius = float(rule.value) * standard.number("walking.speed")
    at, homes = residence_points(centres), residence_points(residences)
    snap_m = places.of("centres").owner_snap_m()
    rows = []
    for number in range(len(centres)):
        own = reached[number] & (closest == number)
        beside = shapely.dwithin(homes, at[number], radius)
        rows.append(
            {
                "residences_reached": int(reached[number].sum()),
                "persons_reached": total(persons[reached[number]]),
                "households_reached": total(households[reached[number]]),
                "persons_catchment": total(persons[own]),
                "households_catchment": total(households[own]),
                "persons_buffer": total(persons[beside]),
            }
        )
    frame = centres.reindex(columns=["level", "name", "community_id"]).reset_index(names="centre_id")
    frame["limit_minutes"] = float(rule.value)
    columns = [
        "residences_reached",
        "persons_reached",
        "households_reached",
        "persons_catchment",
        "households_catchment",
        "persons_buffer",
    ]
    frame[columns] = pd.DataFrame(rows, columns=columns)
    frame["snap_m"] = snap_m
    frame["reason"] = np.where(np.isnan(snap_m), "reason.not_on_network", "")
    frame["clause"] = rule.clause
    frame["geometry"] = centres.geometry.to_numpy()
    return finish(frame, "coverage_by_centre", crs=study.crs)


def service_circles(
    network: WalkNetwork,
    centres: gpd.GeoDataFrame,
    standard: Standard,
    *,
    minutes: tuple[float, ...] = (5, 10, 15),
    max_snap_m: float | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    exclusive: bool = False,
) -> gpd.GeoDataFrame:
    """
    Draw the area around the streets within a walk to each centre: a picture, not a verdict.

    Parameters
    ----------
    network
        Walking network.
    centres
        Table ``centres`` in the network's CRS.
    standard
        Rules used: those of `walking_costs`, and ``walking.max_snap``.
    minutes
        Walking times [min].
    max_snap_m
        Cap on the distance to a street [m]; None takes the standard's.
    barriers
        Table ``barriers``: what an access leg must not cross.
    exclusive
        Give each street to its nearest centre only (of centres equally near, to the one with the lowest
        id); circles of different centres then have no ground in common. False lets circles overlap.

    Returns
    -------
    service_circles
        One row a centre and time; longer times contain shorter ones. ``missed_length_m`` and
        ``unreached_length_inside_m`` tell how far the picture and the walk differ.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/monaco"), geoplan.load_standard("default")
    >>> network = geoplan.walk_network(study)
    >>> circles = geoplan.service_circles(network, study.centres, standard, minutes=(5, 15))
    >>> circles.area.is_monotonic_increasing, circles["missed_length_m"].max()
    (True, np.float64(0.0))
    """
    costs = walking_costs(network, standard)
    cap = standard.number("walking.max_snap") if max_snap_m is None else max_snap_m
    centres = centres.sort_index()
    snaps = snap_places(network, centres, max_snap_m=cap, barriers=barriers)
    limits = {minutes_to_ms(one): one for one in minutes}
    areas = service_area(network, costs, snaps, limits_ms=list(limits), exclusive=exclusive)
    rows = np.array([area.target for area in areas], np.int64)
    polygons = np.array([area.polygon for area in areas], dtype=object)
    frame = pd.DataFrame(
        {
            "centre_id": centres.index.to_numpy(object)[rows],
            "level": centres["level"].to_numpy(object)[rows],
            "name": centres["name"].to_numpy(object)[rows] if "name" in centres else None,
            "minutes": [limits[area.limit_ms] for area in areas],
            "area_m2": shapely.area(polygons),
            "street_length_m": shapely.length(np.array([area.streets for area in areas], dtype=object)),
            "missed_length_m": [area.missed_length_m for area in areas],
            "unreached_length_inside_m": [area.unreached_length_inside_m for area in areas],
            "geometry": polygons,
        }
    )
    return finish(frame, "service_circles", crs=network.crs)


def check_levels(study: Study, standard: Standard, times_ms: npt.NDArray[np.int64]) -> pd.DataFrame:
    """
    Check whether each centre's circles hold as many people as the norm's circle levels foresee.

    Parameters
    ----------
    study
        Needs ``centres`` and ``residences``.
    standard
        Rules used: ``circle_15.*``, ``circle_10.*`` and ``circle_5.*``: walking distance, and bands of
        persons and households. A pack without them gives no rows.
    times_ms
        `centre_times`.

    Returns
    -------
    level_checks
        One row a centre, level and band rule. A missing count gives ``unknown``.
    """
    centres, residences = study.need("centres", "residences")
    rows: list[dict[str, object]] = []
    for level in CIRCLE_LEVELS:
        distance = standard.get(f"circle_{level}.max_walk_m")
        if distance is None:
            continue
        within = times_ms <= minutes_to_ms(float(distance.value) / standard.number("walking.speed"))
        for measure in ("persons", "households"):
            figures = counts(residences, measure)
            bands = (
                standard.get(f"circle_{level}.min_{measure}"),
                standard.get(f"circle_{level}.max_{measure}"),
            )
            for rule in filter(None, bands):
                rows.extend(
                    {"unit_id": unit, "level": level, **_band(rule, figures[within[number]])}
                    for number, unit in enumerate(centres.index)
                )
    columns = [
        "unit_id",
        "level",
        "rule",
        "value",
        "threshold",
        "unit",
        "margin",
        "verdict",
        "reason",
        "clause",
        "status",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    frame["unit_table"] = "centres"
    frame["name"] = frame["unit_id"].map(centres["name"]) if "name" in centres else None
    return finish(frame, "level_checks")


def _band(rule: Rule, figures: npt.NDArray[np.float64]) -> dict[str, object]:
    missing = bool(np.isnan(figures).any())
    value = float("nan") if missing else float(figures.sum())
    if missing:
        verdict, reason = "unknown", "reason.missing_value"
    elif rule.passes(value):
        verdict, reason = "pass", "reason.within_range"
    else:
        verdict = "fail"
        reason = "reason.below_minimum" if rule.comparison in (">=", ">") else "reason.above_maximum"
    return {
        "rule": rule.id,
        "value": value,
        "threshold": float(rule.value),
        "unit": rule.unit,
        "margin": rule.margin(value),
        "verdict": verdict,
        "reason": reason,
        "clause": rule.clause,
        "status": rule.status,
    }
