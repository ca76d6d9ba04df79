"""What the page can look at: one snapshot under a standard and with limits of so many minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import geopandas as gpd
import pandas as pd

from geoplan.analysis.centres import centre_times, coverage_by_centre, service_circles
from geoplan.analysis.coverage import coverage
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.standards.standard import Standard
from geoplan_api.page.payload import Memo
from geoplan_api.served import Served

__all__ = [
    "CIRCLE_MINUTES",
    "MINUTES",
    "Minutes",
    "View",
    "Views",
    "circles_of",
    "counts_overall",
    "overall_service",
    "packs",
]

Minutes = Literal["own", "5", "10", "15"]
"""``own``: the limits that the standard states; else that limit for every service."""
MINUTES: tuple[Minutes, ...] = get_args(Minutes)
CIRCLE_MINUTES = (5.0, 10.0, 15.0)

_MOST_SENT = 128
_MOST_MADE = 16
"""Tables of a large city are heavy: only those looked at last are kept."""


@dataclass(frozen=True, eq=False)
class View:
    """
    One way to look at a snapshot.

    Parameters
    ----------
    served
        What is looked at.
    standard
        The rules, with the limits of this view.
    minutes
        How those limits were chosen.
    services
        Services that the study allows to decide, categories first.
    tables
        Result tables of those limits, by name; none where no home can be decided.
    """

    served: Served
    standard: Standard
    minutes: Minutes
    services: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]


class Views:
    """
    Views of the newest snapshot, each made when it is first asked for.

    ``sent`` keeps what was sent of them, ready to be sent again.
    """

    def __init__(self) -> None:
        self.sent = Memo(_MOST_SENT)
        self._made = Memo(_MOST_MADE)

    def view(self, served: Served, standard_id: str, minutes: Minutes) -> View:
        """
        Return a view.

        Parameters
        ----------
        served
            What is served now.
        standard_id
            One of `packs`; empty takes the one served.
        minutes
            See `Minutes`.

        Raises
        ------
        ProblemError
            422 if there is no such pack.
        """
        pack = served.standard_called(standard_id or None)
        return self._made.get(
            served.generation, ("view", pack.id, minutes), lambda: _looked_at(served, pack, minutes)
        )


def overall_service(view: View) -> str:
    """Return what decides on a home as a whole: all categories, or any centre where there are only those."""
    return "centre_any" if view.served.study.facilities is None else ALL_CATEGORIES


def counts_overall(view: View, service: str) -> bool:
    """Tell whether a service is part of `overall_service`."""
    overall = overall_service(view)
    return service == overall if overall == "centre_any" else service not in CENTRE_SERVICES


def packs(served: Served) -> list[Standard]:
    """Return the standards one can switch to: the one served, then the shipped ones."""
    return [served.standard_called(one) for one in served.standard_ids]


def circles_of(served: Served, standard_id: str) -> gpd.GeoDataFrame | None:
    """Return the service circles of every centre at `CIRCLE_MINUTES`, largest first; None without any."""
    pack, study, network = served.standard_called(standard_id or None), served.study, served.network
    if network is None or study.centres is None or study.centres.empty:
        return None
    found: gpd.GeoDataFrame | None = served.audit.tables.get("service_circles")
    if pack is not served.standard or found is None or set(found["minutes"]) != set(CIRCLE_MINUTES):
        found = service_circles(
            network, study.centres, pack,
            minutes=CIRCLE_MINUTES, max_snap_m=study.max_snap_m, barriers=study.barriers,
        )  # fmt: skip
    return found.sort_values("minutes", ascending=False, kind="stable")


def _looked_at(served: Served, pack: Standard, minutes: Minutes) -> View:
    study, network = served.study, served.network
    standard = pack if minutes == "own" else pack.with_limit(float(minutes))
    services = () if study.facilities is None else tuple(one.id for one in standard.categories)
    services += () if study.centres is None else tuple(CENTRE_SERVICES)
    tables: dict[str, pd.DataFrame] = {}
    if standard is served.standard:
        tables = dict(served.audit.tables)
    elif network is not None and study.residences is not None and services:
        found = coverage(network, study, standard)
        tables = {
            "reach": found.reach,
            "completeness": found.completeness,
            "coverage_by_category": found.by_category,
        }
        if found.by_community is not None:
            tables["coverage_by_community"] = found.by_community
        if study.centres is not None:
            times = centre_times(network, study, found.places)
            tables["coverage_by_centre"] = coverage_by_centre(study, standard, found.places, times)
    return View(served, standard, minutes, services, MappingProxyType(tables))
