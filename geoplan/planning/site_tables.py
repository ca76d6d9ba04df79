"""The tables and figures of a siting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.reach import residence_points
from geoplan.analysis.tally import counts, total
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.planning.site_candidates import community_of
from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingSolution

__all__ = ["Served", "residence_rows", "site_ids", "site_rows", "summarise_sites", "uncoverable_rows"]

_MEASURES = ("persons", "households")


@dataclass(frozen=True, eq=False)
class Served:
    """
    Who walks how long to which centre; arrays have an entry a residence unless said otherwise.

    Parameters
    ----------
    existing
        How many centres of the level there are. Numbers of targets below this are existing centres, from
        here on candidates.
    centre_ids
        Of the existing centres.
    chosen
        Candidates chosen.
    solution
        What the solver said.
    snapped
        Whether each residence met the network.
    snap_m
        Distance of each candidate to the network [m].
    before, minutes_before, reached_before
        Nearest existing centre (-1: none), the walk to it, and whether it counts.
    after, minutes_after, reached_after
        The same of the plan.
    """

    existing: int
    centre_ids: npt.NDArray[np.object_]
    chosen: IntArray
    solution: SitingSolution
    snapped: BoolArray
    snap_m: FloatArray
    before: IntArray
    minutes_before: FloatArray
    reached_before: BoolArray
    after: IntArray
    minutes_after: FloatArray
    reached_after: BoolArray

    @property
    def new(self) -> BoolArray:
        """Who is reached by the plan and was not before."""
        return self.reached_after & ~self.reached_before

    def names(self, target: IntArray, site_ids: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Return the ids of targets, None for none."""
        ids = np.array([*self.centre_ids, *site_ids, None], object)
        return ids[target]


def site_ids(table_ids: pd.Index, taken: pd.Index) -> npt.NDArray[np.object_]:
    """Return an id for a centre at each candidate, none of which is taken."""
    prefix = "site-"
    while any(f"{prefix}{one}" in taken for one in table_ids):
        prefix = f"new-{prefix}"
    return np.array([f"{prefix}{one}" for one in table_ids], object)


def site_rows(
    study: Study, table: gpd.GeoDataFrame, served: Served, ids: npt.NDArray[np.object_], level: str
) -> gpd.GeoDataFrame:
    """Return table ``sites``; ``ids`` has one a candidate."""
    (residences,) = study.need("residences")
    rows = table.iloc[served.chosen]
    figures = {one: counts(residences, one) for one in _MEASURES}
    records: list[dict[str, Any]] = []
    for number in served.chosen.tolist():
        own = served.after == served.existing + number
        new = own & served.new
        weight = np.nan_to_num(figures["persons"][own])
        minutes = served.minutes_after[own]
        records.append(
            {
                "residences_new": int(new.sum()),
                "mean_walk_minutes": _mean(minutes, weight),
                "max_walk_minutes": float(minutes.max()) if len(minutes) else float("nan"),
                "snap_m": served.snap_m[number],
                **{f"{one}_new": _count(figures[one][new]) for one in _MEASURES},
                **{f"{one}_served": _count(figures[one][own]) for one in _MEASURES},
            }
        )
    columns = [
        "residences_new", "persons_new", "households_new", "persons_served", "households_served",
        "mean_walk_minutes", "max_walk_minutes", "snap_m",
    ]  # fmt: skip
    frame = pd.DataFrame(rows.drop(columns=rows.geometry.name)).reset_index()
    frame[columns] = pd.DataFrame(records, columns=columns)
    frame["centre_id"] = ids[served.chosen]
    frame["level"] = level
    frame["name"] = [
        str(one) if isinstance(one, str) and one else ident
        for one, ident in zip(frame["name"], frame["candidate_id"], strict=True)
    ]
    inside = community_of(shapely.point_on_surface(rows.geometry.to_numpy()), study)
    if inside is not None:
        frame["community_id"] = np.where(frame["community_id"].isna(), inside, frame["community_id"])
    frame["geometry"] = rows.geometry.to_numpy()
    return finish(frame, "sites", crs=study.crs)


def residence_rows(study: Study, served: Served, ids: npt.NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Return table ``site_demand``."""
    (residences,) = study.need("residences")
    frame = residences.reindex(columns=["community_id", "name", "households", "persons"]).reset_index(
        names="residence_id"
    )
    frame = pd.DataFrame(frame)
    known = served.snapped
    frame["minutes_before"], frame["minutes_after"] = served.minutes_before, served.minutes_after
    frame["centre_before"], frame["centre_after"] = (
        served.names(served.before, ids),
        served.names(served.after, ids),
    )
    frame["reached_before"] = pd.array(served.reached_before, dtype="boolean")
    frame["reached_after"] = pd.array(served.reached_after, dtype="boolean")
    frame.loc[~known, ["reached_before", "reached_after"]] = pd.NA
    frame["newly_reached"] = served.new
    frame["geometry"] = residence_points(residences)
    return finish(frame, "site_demand", crs=study.crs)


def uncoverable_rows(study: Study, served: Served) -> gpd.GeoDataFrame:
    """Return table ``site_uncoverable``: off every street, or in reach of no centre and no candidate."""
    (residences,) = study.need("residences")
    out = ~served.snapped
    out[served.solution.uncoverable] = True
    rows = np.flatnonzero(out)
    part = residences.iloc[rows]
    frame = part.reindex(columns=["community_id", "name", "households", "persons"]).reset_index(
        names="residence_id"
    )
    frame = pd.DataFrame(frame)
    frame["reason"] = np.where(served.snapped[rows], "reason.no_candidate", "reason.residence_not_on_network")
    frame["geometry"] = residence_points(part)
    return finish(frame, "site_uncoverable", crs=study.crs)


def summarise_sites(
    residences: gpd.GeoDataFrame, demand: str, *, candidates: int, existing: int, sites: int
) -> dict[str, float | None]:
    """
    Return the figures of the whole plan.

    Parameters
    ----------
    residences
        Table ``site_demand``.
    demand
        What weighs the walks.
    candidates, existing, sites
        How many there are.
    """
    before = residences["reached_before"].fillna(False).to_numpy(bool)
    after = residences["reached_after"].fillna(False).to_numpy(bool)
    summary: dict[str, float | None] = {
        "candidates": candidates, "existing": existing, "sites": sites, "residences": len(residences),
        "residences_reached_before": int(before.sum()), "residences_reached_after": int(after.sum()),
        "residences_gained": int(after.sum()) - int(before.sum()),
    }  # fmt: skip
    for one in _MEASURES:
        figures = counts(residences, one)
        reached = _figure(total(figures[before])), _figure(total(figures[after]))
        known = not np.isnan(figures).all()
        summary[one] = _figure(total(figures))
        summary[f"{one}_reached_before"], summary[f"{one}_reached_after"] = reached
        gained = float(np.nansum(figures[after]) - np.nansum(figures[before]))
        summary[f"{one}_gained"] = gained if known else None
    weight = np.nan_to_num(counts(residences, demand))
    for when in ("before", "after"):
        minutes = residences[f"minutes_{when}"].to_numpy(float)
        walks = ~np.isnan(minutes)
        summary[f"mean_minutes_{when}"] = _figure(_mean(minutes[walks], weight[walks]))
        summary[f"max_minutes_{when}"] = float(minutes[walks].max()) if walks.any() else None
    return summary


def _mean(minutes: FloatArray, weight: FloatArray) -> float:
    known = ~np.isnan(minutes)
    whole = float(weight[known].sum())
    return float((minutes[known] * weight[known]).sum()) / whole if whole else float("nan")


def _count(values: FloatArray) -> Any:
    found = total(values)
    return pd.NA if np.isnan(found) else int(found)


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else value
