"""Reach: for every residence and service, the walk to the nearest that counts, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.needs import (
    ServicePart,
    service_limit,
    service_parts,
)
from geoplan.errors import DataError
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import Costs, IntArray, WalkNetwork
from geoplan.network.snap import Snaps, entrance_points, snap_places
from geoplan.network.times import Nearest, kth_nearest
from geoplan.network.walking import walking_costs
from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS, minutes_to_ms, ms_to_minutes

__all__ = [
    "PartReach",
    "PlacesOnNetwork",
    "all_of",
    "combine_verdicts",
    "decide",
    "decide_service",
    "part_reach",
    "place_on_network",
    "reach_table",
    "residence_points",
    "snap_table",
]

TextArray = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class PlacesOnNetwork:
    """
    The places of a study, snapped, and what walking costs under a standard.

    Parameters
    ----------
    costs
        Walking costs at the standard's speed.
    max_snap_m
        Cap used [m].
    residences, facilities, centres
        Snaps of each table; None if the study has no such table.
    """

    costs: Costs
    max_snap_m: float
    residences: Snaps
    facilities: Snaps | None
    centres: Snaps | None

    def of(self, table: str) -> Snaps:
        """Return the snaps of ``residences``, ``facilities`` or ``centres``; DataError if there are none."""
        snaps: Snaps | None = getattr(self, table)
        if snaps is None:
            raise DataError("error.not_snapped", table=table)
        return snaps


def place_on_network(network: WalkNetwork, study: Study, standard: Standard) -> PlacesOnNetwork:
    """
    Snap a study's places to the network.

    Parameters
    ----------
    network
        The study's network.
    study
        Needs ``residences``; takes ``facilities``, ``centres`` and ``barriers`` if present.
    standard
        Rules used: those of `walking_costs`, and ``walking.max_snap`` (the study's own
        ``max_snap_m`` goes before it).
    """
    (residences,) = study.need("residences")
    cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m

    def snaps(places: gpd.GeoDataFrame | None) -> Snaps | None:
        return (
            None if places is None else snap_places(network, places, max_snap_m=cap, barriers=study.barriers)
        )

    return PlacesOnNetwork(
        costs=walking_costs(network, standard),
        max_snap_m=cap,
        residences=snap_places(network, residences, max_snap_m=cap, barriers=study.barriers),
        facilities=snaps(study.facilities),
        centres=snaps(study.centres),
    )


def snap_table(network: WalkNetwork, study: Study, places: PlacesOnNetwork) -> pd.DataFrame:
    """Return table ``snaps``: every entrance, the street it met and how far away that is."""
    parts = []
    for name, snaps in (
        ("residences", places.residences),
        ("facilities", places.facilities),
        ("centres", places.centres),
    ):
        table = study.table(name)
        if snaps is None or table is None:
            continue
        first = np.searchsorted(snaps.owner, snaps.owner, "left")
        street = np.full(len(snaps.edge), None, object)
        street[snaps.snapped] = network.edge_street[snaps.edge[snaps.snapped]]
        parts.append(
            pd.DataFrame(
                {
                    "table": name,
                    "id": table.index.to_numpy(object)[snaps.owner],
                    "entrance": np.arange(len(snaps.owner)) - first,
                    "snap_m": snaps.snap_m,
                    "street_id": street,
                    "reason": snaps.reasons(),
                }
            )
        )
    return finish(pd.concat(parts), "snaps")


@dataclass(frozen=True, eq=False)
class PartReach:
    """Reach of one service, or of one kind of a category: arrays with an entry a residence."""

    nearest: Nearest
    nearest_id: TextArray
    verdict: TextArray
    reason: TextArray


def decide(
    found: Nearest,
    snapped: npt.NDArray[np.bool_],
    *,
    limit_ms: int,
    known: int,
    usable: int,
    needed: int,
    complete: bool,
) -> tuple[TextArray, TextArray]:
    """
    Decide one service for every residence.

    Parameters
    ----------
    found
        Walk to the nearest (or k-th nearest) that counts.
    snapped
        Whether each residence met the network.
    limit_ms
        A walk of exactly this time passes [ms].
    known, usable
        How many rows there are that count, and how many of them met the network.
    needed
        How many must be within reach.
    complete
        Whether the absence of rows is a fact.

    Returns
    -------
    verdict, reason
        ``reason`` holds message keys.
    """
    count = len(found.ms)
    if known < needed:
        short = "reason.no_facility" if known == 0 else "reason.too_few"
        sure, why = ("fail", short) if complete else ("unknown", "reason.no_data")
        return np.full(count, sure, object), np.full(count, why, object)
    if usable < needed:
        return np.full(count, "unknown", object), np.full(count, "reason.not_on_network", object)
    cases = [~snapped, found.ms == UNREACHED_MS, found.ms <= limit_ms]
    verdict = np.select(cases, ["unknown", "fail", "pass"], "fail")
    reason = np.select(
        cases, ["reason.residence_not_on_network", "reason.unreachable", "reason.within"], "reason.too_far"
    )
    return verdict.astype(object), reason.astype(object)


def _part(
    network: WalkNetwork, places: PlacesOnNetwork, table: gpd.GeoDataFrame, part: ServicePart
) -> PartReach:
    targets = places.of(part.table).only(part.rows)
    found = kth_nearest(network, places.costs, places.residences, targets, k=part.needed)
    return part_reach(found, places.residences, targets, table.index[part.rows], part)


def part_reach(found: Nearest, places: Snaps, targets: Snaps, ids: pd.Index, part: ServicePart) -> PartReach:
    """
    Decide one part of a service, given the walks.

    Parameters
    ----------
    found
        Walk of each place to its nearest (or k-th nearest) target.
    places, targets
        Their snaps.
    ids
        Of the targets.
    part
        What must be within reach.
    """
    verdict, reason = decide(
        found,
        places.owner_snapped(),
        limit_ms=part.limit_ms,
        known=len(part.rows),
        usable=int(targets.owner_snapped().sum()),
        needed=part.needed,
        complete=part.complete,
    )
    named = np.array([*ids, None], dtype=object)
    return PartReach(found, named[found.target], verdict, reason)


def combine_verdicts(verdicts: npt.NDArray[np.object_]) -> TextArray:
    """
    Combine verdicts that must all pass: one failure fails, else one unknown is unknown.

    Parameters
    ----------
    verdicts
        Array of shape (parts, residences).

    Examples
    --------
    >>> combine_verdicts(np.array([["pass", "pass", "unknown"], ["pass", "unknown", "fail"]])).tolist()
    ['pass', 'unknown', 'fail']
    """
    failed = (verdicts == "fail").any(axis=0)
    unsure = (verdicts == "unknown").any(axis=0)
    return np.select([failed, unsure], ["fail", "unknown"], "pass").astype(object)


def _telling(verdicts: TextArray, ms: IntArray) -> tuple[IntArray, TextArray]:
    """Return which part tells for each residence, the slowest of those that decide; and the verdict."""
    combined = combine_verdicts(verdicts)
    return np.where(verdicts == combined, ms, -1).argmax(axis=0), combined


def decide_service(
    parts: Sequence[ServicePart],
    found: Sequence[IntArray],
    usable: Sequence[int],
    snapped: npt.NDArray[np.bool_],
) -> tuple[IntArray, TextArray]:
    """
    Decide a service from the walks to what each of its parts needs, as `reach_table` does.

    Parameters
    ----------
    parts
        `service_parts`.
    found
        A part's walk to the last of those needed, from each residence [ms].
    usable
        How many rows of each part met the network.
    snapped
        Whether each residence met the network.

    Returns
    -------
    ms, verdict
        The walk of the part that tells, and the verdict on all of them.
    """
    nowhere = np.full(len(snapped), -1, np.int64), np.full(len(snapped), np.nan)
    verdicts = [
        decide(
            Nearest(ms, *nowhere),
            snapped,
            limit_ms=part.limit_ms,
            known=len(part.rows),
            usable=met,
            needed=part.needed,
            complete=part.complete,
        )[0]
        for part, ms, met in zip(parts, found, usable, strict=True)
    ]
    telling, combined = _telling(np.array(verdicts, dtype=object), np.array(found))
    return np.array(found)[telling, np.arange(len(snapped))], combined


def all_of(parts: list[PartReach]) -> PartReach:
    """Join the parts of a category that needs every kind: the slowest one tells."""
    if len(parts) == 1:
        return parts[0]
    times = np.array([part.nearest.ms for part in parts])
    telling, combined = _telling(np.array([part.verdict for part in parts], dtype=object), times)
    at = np.arange(times.shape[1])

    def pick(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        picked: npt.NDArray[Any] = np.array(arrays)[telling, at]
        return picked

    return PartReach(
        Nearest(
            ms=pick([part.nearest.ms for part in parts]),
            target=pick([part.nearest.target for part in parts]),
            metres=pick([part.nearest.metres for part in parts]),
        ),
        pick([part.nearest_id for part in parts]),
        combined,
        pick([part.reason for part in parts]),
    )


def reach_table(
    network: WalkNetwork, study: Study, standard: Standard, places: PlacesOnNetwork, service: str
) -> pd.DataFrame:
    """
    Return the rows of table ``reach`` for one service.

    Parameters
    ----------
    network, study, standard, places
        What is walked, where, and under which rules.
    service
        A category id of the standard, or one of ``centre_any``, ``centre_district``, ``centre_community``.

    Returns
    -------
    reach
        One row a residence.
    """
    (residences,) = study.need("residences")
    wanted = service_parts(study, standard, service)
    parts = [_part(network, places, study.need(one.table)[0], one) for one in wanted]
    part = all_of(parts)
    limit, clause = service_limit(standard, service)
    minutes = ms_to_minutes(part.nearest.ms)
    return finish(
        pd.DataFrame(
            {
                "residence_id": residences.index.to_numpy(object),
                "service": service,
                "minutes": minutes,
                "metres": part.nearest.metres,
                "nearest_id": part.nearest_id,
                "limit_minutes": limit,
                "margin_minutes": (minutes_to_ms(limit) - minutes * MS_PER_MINUTE) / MS_PER_MINUTE,
                "verdict": part.verdict,
                "reason": part.reason,
                "clause": clause,
            }
        ),
        "reach",
    )


def residence_points(residences: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return one point a residence, for maps and straight-line figures: never for verdicts."""
    points, owner = entrance_points(residences.drop(columns="entrances", errors="ignore"))
    return points[np.argsort(owner, kind="stable")]
