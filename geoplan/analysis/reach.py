"""Reach: for every residence and service, the walk to the nearest that counts, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import DataError
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import Costs, IntArray, WalkNetwork
from geoplan.network.snap import Snaps, entrance_points, snap_places
from geoplan.network.times import Nearest, kth_nearest
from geoplan.network.walking import walking_costs
from geoplan.standards.standard import Category, Standard
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS, minutes_to_ms, ms_to_minutes

__all__ = [
    "PlacesOnNetwork",
    "ServicePart",
    "category_facilities",
    "centre_facilities",
    "combine_verdicts",
    "decide",
    "decide_service",
    "place_on_network",
    "reach_table",
    "residence_points",
    "service_parts",
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


def category_facilities(facilities: gpd.GeoDataFrame, category: Category, standard: Standard) -> pd.Series:
    """
    Tell which facilities count for a category.

    Parameters
    ----------
    facilities
        Table ``facilities``.
    category
        Its kinds, and its circle level.
    standard
        Rule used: ``circle.non_inclusion``. Where it holds, a facility built for a larger circle does not
        stand in for a smaller one (GB 50180-2018, explanation of terms).

    Returns
    -------
    Boolean Series on the index of ``facilities``.
    """
    counts = facilities["kind"].isin(category.kinds)
    rule = standard.get("circle.non_inclusion")
    if rule is None or not rule.value or category.level is None or "service_level" not in facilities:
        return counts
    return counts & ~(facilities["service_level"] > category.level).fillna(False).astype(bool)


def centre_facilities(centres: gpd.GeoDataFrame, service: str, standard: Standard) -> pd.Series:
    """
    Tell which centres count for ``centre_any``, ``centre_district`` or ``centre_community``.

    A district centre counts for the community tier only if ``centre.district_serves_community_tier`` holds.
    """
    if service == "centre_any":
        return pd.Series(True, index=centres.index)
    if service == "centre_community" and standard.rule("centre.district_serves_community_tier").value:
        return pd.Series(True, index=centres.index)
    return centres["level"] == service.removeprefix("centre_")


@dataclass(frozen=True, eq=False)
class _Part:
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


def _part(network: WalkNetwork, places: PlacesOnNetwork, table: gpd.GeoDataFrame, part: ServicePart) -> _Part:
    targets = places.of(part.table).only(part.rows)
    found = kth_nearest(network, places.costs, places.residences, targets, k=part.needed)
    verdict, reason = decide(
        found,
        places.residences.owner_snapped(),
        limit_ms=part.limit_ms,
        known=len(part.rows),
        usable=int(targets.owner_snapped().sum()),
        needed=part.needed,
        complete=part.complete,
    )
    ids = np.array([*table.index[part.rows], None], dtype=object)
    return _Part(found, ids[found.target], verdict, reason)


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


def _all_of(parts: list[_Part]) -> _Part:
    """Join the parts of a category that needs every kind: the slowest one tells."""
    times = np.array([part.nearest.ms for part in parts])
    telling, combined = _telling(np.array([part.verdict for part in parts], dtype=object), times)
    at = np.arange(times.shape[1])

    def pick(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        picked: npt.NDArray[Any] = np.array(arrays)[telling, at]
        return picked

    return _Part(
        Nearest(
            ms=pick([part.nearest.ms for part in parts]),
            target=pick([part.nearest.target for part in parts]),
            metres=pick([part.nearest.metres for part in parts]),
        ),
        pick([part.nearest_id for part in parts]),
        combined,
        pick([part.reason for part in parts]),
    )


def _is_complete(study: Study, kinds: tuple[str, ...]) -> bool:
    return "*" in study.complete or set(kinds) <= study.complete


@dataclass(frozen=True, eq=False)
class ServicePart:
    """
    What of a service must be within reach: all of it, or one kind of a category that needs every kind.

    Parameters
    ----------
    table
        ``facilities`` or ``centres``.
    rows
        Row numbers that count, ascending.
    needed
        How many of them must be within reach.
    limit_ms
        A walk of exactly this time passes [ms].
    complete
        Whether the absence of rows is a fact.
    """

    table: str
    rows: IntArray
    needed: int
    limit_ms: int
    complete: bool


def service_parts(study: Study, standard: Standard, service: str) -> list[ServicePart]:
    """
    Return what of a service must be within reach together.

    Parameters
    ----------
    study, standard
        As in `reach_table`.
    service
        A category id of the standard, or one of ``centre_any``, ``centre_district``, ``centre_community``.
    """
    if service.startswith("centre_"):
        (centres,) = study.need("centres")
        counts = centre_facilities(centres, service, standard)
        limit_ms = minutes_to_ms(standard.number("centre.minutes"))
        rows = np.flatnonzero(counts.to_numpy(bool))
        return [ServicePart("centres", rows, 1, limit_ms, complete=False)]
    (facilities,) = study.need("facilities")
    category = next(one for one in standard.categories if one.id == service)
    limit_ms = minutes_to_ms(standard.limit_minutes(category))
    counts = category_facilities(facilities, category, standard)
    groups = [category.kinds] if category.mode == "any" else [(kind,) for kind in category.kinds]
    return [
        ServicePart(
            "facilities",
            np.flatnonzero((counts & facilities["kind"].isin(kinds)).to_numpy(bool)),
            category.min_count,
            limit_ms,
            complete=_is_complete(study, kinds),
        )
        for kinds in groups
    ]


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
    part = parts[0] if len(parts) == 1 else _all_of(parts)
    if service.startswith("centre_"):
        rule = standard.rule("centre.minutes")
        limit, clause = float(rule.value), rule.clause
    else:
        limit, clause = standard.limit_rule(next(one for one in standard.categories if one.id == service))
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
