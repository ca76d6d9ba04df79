"""Gaps as places on the map: failing homes that lie together, with a name, a size and a cause."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.cause_rows import obstacle_ids
from geoplan.analysis.naming import names_near
from geoplan.analysis.reach import residence_points
from geoplan.analysis.tally import counts, rate, total
from geoplan.model.cause_tables import CAUSES
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import FloatArray, IntArray
from geoplan.standards.standard import Standard

__all__ = ["find_gap_places"]

_SHARE_OF_WALK = 0.5
"""A place reaches half the limit's walk around its largest home: all of it is near one spot."""
_OUTLINE_M = 30.0


def find_gap_places(study: Study, standard: Standard, causes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Gather the homes that fail a service into places.

    Parameters
    ----------
    study
        Needs ``residences``.
    standard
        Rule used: ``walking.speed``.
    causes
        Table ``causes``; rows whose verdict is ``unknown`` are no gaps and are left out.

    Returns
    -------
    gap_places
        For each service: the failing home with most persons, and all failing homes within half the limit's
        walk of it in a straight line, make a place; then the next home that is in none. Every failing home
        with a geometry is in exactly one. A place goes by the name of its largest home, or of the nearest
        street or home that has one. Most persons first.
    """
    (residences,) = study.need("residences")
    failing = pd.DataFrame(causes.drop(columns="geometry"))
    failing = failing[(failing["verdict"] == "fail").to_numpy(bool)]
    home = residences.index.get_indexer(failing["residence_id"])
    points = residence_points(residences)
    located = ~shapely.is_empty(points[home])
    failing, home = failing[located], home[located]
    elderly = counts(residences, "elderly_persons")
    speed = standard.number("walking.speed")
    rows: list[dict[str, object]] = []
    for service, own in failing.assign(home=home).groupby("service", sort=False):
        reach_m = _SHARE_OF_WALK * float(own["limit_minutes"].iloc[0]) * speed
        at = points[own["home"].to_numpy()]
        gaps = _Gaps.of(own, elderly[own["home"].to_numpy()])
        rows += [
            {**gaps.figures(members), "service": service, "geometry": at[members]}
            for members in _places(at, _order(own), reach_m)
        ]
    return _table(study, residences, rows)


def _order(own: pd.DataFrame) -> IntArray:
    """Return the rows by persons, then households, most first; then by id."""
    persons, households = (np.nan_to_num(counts(own, one), nan=-1.0) for one in ("persons", "households"))
    return np.lexsort((own["residence_id"].to_numpy(str), -households, -persons))


def _places(points: npt.NDArray[np.object_], order: IntArray, reach_m: float) -> list[IntArray]:
    """Return the members of each place, its largest home first."""
    tree = shapely.STRtree(points)
    free = np.ones(len(points), bool)
    found = []
    for leader in order:
        if not free[leader]:
            continue
        near = np.sort(tree.query(points[leader], "dwithin", reach_m))
        members = near[free[near] & (near != leader)]
        free[near] = False
        found.append(np.concatenate([[leader], members]))
    return found


@dataclass(frozen=True, eq=False)
class _Gaps:
    """The failing homes of one service as arrays."""

    home: IntArray
    residence_id: npt.NDArray[np.object_]
    cause: npt.NDArray[np.object_]
    obstacle: npt.NDArray[np.object_]
    minutes: FloatArray
    households: FloatArray
    persons: FloatArray
    elderly: FloatArray
    limit_minutes: float

    @classmethod
    def of(cls, own: pd.DataFrame, elderly: FloatArray) -> _Gaps:
        return cls(
            home=own["home"].to_numpy(np.int64),
            residence_id=own["residence_id"].to_numpy(object),
            cause=own["cause"].to_numpy(object),
            obstacle=obstacle_ids(own).fillna("").to_numpy(object),
            minutes=own["minutes"].to_numpy(float),
            households=counts(own, "households"),
            persons=counts(own, "persons"),
            elderly=elderly,
            limit_minutes=float(own["limit_minutes"].iloc[0]),
        )

    def figures(self, at: IntArray) -> dict[str, object]:
        """Return the figures of a place; where no persons are known, homes are counted for its cause."""
        persons, minutes = self.persons[at], self.minutes[at]
        weight = np.ones(len(at)) if np.isnan(persons).all() else np.nan_to_num(persons)
        by_cause = _sums(self.cause[at], weight)
        cause = max(by_cause, key=lambda one: (by_cause[one], -CAUSES.index(one)))
        by_obstacle = _sums(self.obstacle[at], weight)
        by_obstacle.pop("", None)
        walked = ~np.isnan(minutes)
        return {
            "leader": int(self.home[at[0]]),
            "residences": len(at),
            "households": total(self.households[at]),
            "persons": total(persons),
            "elderly_persons": total(self.elderly[at]),
            "cause": cause,
            "cause_share": rate(by_cause[cause], float(weight.sum())),
            "obstacle_ids": ";".join(sorted(by_obstacle, key=lambda one: (-by_obstacle[one], one))),
            "mean_minutes": rate(
                float((minutes[walked] * weight[walked]).sum()), float(weight[walked].sum())
            ),
            "limit_minutes": self.limit_minutes,
            "residence_ids": ",".join(sorted(str(one) for one in self.residence_id[at])),
        }


def _sums(keys: npt.NDArray[np.object_], weight: FloatArray) -> dict[str, float]:
    """Return the sum of the weights of each key."""
    sums: dict[str, float] = {}
    for key, one in zip(keys.tolist(), weight.tolist(), strict=True):
        sums[str(key)] = sums.get(str(key), 0.0) + one
    return sums


def _table(study: Study, residences: gpd.GeoDataFrame, rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    columns = ["service", "leader", "residences", "households", "persons", "elderly_persons", "cause",
               "cause_share", "obstacle_ids", "mean_minutes", "limit_minutes", "residence_ids",
               "geometry"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    leader = frame["leader"].to_numpy(np.int64)
    near = names_near(study, residence_points(residences)[leader])
    for column in ("name", "community_id"):
        frame[column] = residences[column].array[leader] if column in residences else pd.NA
    frame["name"] = frame["name"].astype(object).where(frame["name"].notna(), near)
    outlines = [
        shapely.buffer(shapely.convex_hull(shapely.multipoints(one)), _OUTLINE_M) for one in frame["geometry"]
    ]
    frame["geometry"] = np.array([*outlines, None], dtype=object)[:-1]
    frame = frame.sort_values(
        ["persons", "households", "residences", "residence_ids"],
        ascending=[False, False, False, True],
        na_position="last",
        kind="stable",
    )
    rank = frame.groupby("service").cumcount() + 1
    frame["place_id"] = [f"{one}-{at:03d}" for one, at in zip(frame["service"], rank, strict=True)]
    return finish(frame, "gap_places", crs=study.crs)
