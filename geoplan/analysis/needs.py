"""What a service needs within reach: which facilities or centres count, how many of them, and how near."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.model.study import Study
from geoplan.standards.standard import Category, Standard
from geoplan.units import minutes_to_ms

__all__ = ["ServicePart", "category_facilities", "centre_facilities", "service_limit", "service_parts"]


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
    rows: npt.NDArray[np.int64]
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


def service_limit(standard: Standard, service: str) -> tuple[float, str]:
    """Return the walking limit of a service [min], and the clause it rests on."""
    if service.startswith("centre_"):
        rule = standard.rule("centre.minutes")
        return float(rule.value), rule.clause
    return standard.limit_rule(next(one for one in standard.categories if one.id == service))
