"""Premises: floor area against the standard's minima."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.tally import counts
from geoplan.errors import MissingColumnError
from geoplan.model.result_tables import finish
from geoplan.standards.standard import Rule, Standard

__all__ = ["check_premises", "premises_need"]


def check_premises(
    premises: gpd.GeoDataFrame, standard: Standard, *, communities: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """
    Check each premises' floor area against the standard's minima.

    Parameters
    ----------
    premises
        Table ``premises``: index ``premises_id``, column ``floor_area_m2`` [m²].
    standard
        Rules used: ``premises.min_floor_area`` for each premises, ``premises.area_per_100_households`` for
        the total of each community.
    communities
        Table ``communities`` with ``households``; without it the second rule is ``unknown``.

    Returns
    -------
    premises_checks
        One row a premises: ``minimum_m2``, ``shortfall_m2`` [m²], ``verdict``, ``reason``, ``clause``; and
        the same by households. Exactly the minimum passes. A missing area gives ``unknown``, never ``pass``.

    Raises
    ------
    MissingColumnError
        If ``floor_area_m2`` is absent.

    Examples
    --------
    >>> import geopandas as gpd, geoplan
    >>> rooms = gpd.GeoDataFrame({"floor_area_m2": [300.0, 299.0, None]}, index=["a", "b", "c"],
    ...                          geometry=[None] * 3, crs="EPSG:4544")
    >>> geoplan.check_premises(rooms, geoplan.load_standard("default"))["verdict"].tolist()
    ['pass', 'fail', 'unknown']
    """
    if "floor_area_m2" not in premises:
        raise MissingColumnError("error.missing_column", table="premises", column="floor_area_m2")
    area = counts(premises, "floor_area_m2")
    rule, by_households = (
        standard.rule("premises.min_floor_area"),
        standard.rule("premises.area_per_100_households"),
    )
    frame = premises.reindex(columns=["community_id", "name", "floor_area_m2"]).reset_index(
        names="premises_id"
    )
    frame["minimum_m2"] = float(rule.value)
    frame["shortfall_m2"] = _shortfall(area, float(rule.value))
    frame["verdict"] = _verdicts(area, np.full(len(area), float(rule.value)), rule)
    reasons = {
        "pass": "reason.at_least_minimum",
        "fail": "reason.below_minimum",
        "unknown": "reason.missing_value",
    }
    frame["reason"] = frame["verdict"].map(reasons)
    frame["clause"] = rule.clause
    households = _households(frame["community_id"], communities)
    needed = households * float(by_households.value) / 100
    # a community with any unknown area has an unknown total; a premises of no community stands for itself
    joined = frame["community_id"].notna().to_numpy()
    sums = frame.groupby("community_id")["floor_area_m2"].agg(lambda areas: areas.sum(skipna=False))
    together = np.where(joined, frame["community_id"].map(sums).to_numpy(float), area)
    frame["households"] = households
    frame["community_floor_area_m2"] = together
    frame["household_minimum_m2"] = needed
    frame["household_shortfall_m2"] = _shortfall(together, needed)
    frame["household_verdict"] = _verdicts(together, needed, by_households)
    frame["household_clause"] = by_households.clause
    frame["geometry"] = premises.geometry.to_numpy()
    return finish(frame, "premises_checks", crs=premises.crs)


def premises_need(households: float, standard: Standard) -> tuple[float, Rule]:
    """
    Return the floor area that so many households need, and the rule that asks for it.

    Parameters
    ----------
    households
        NaN if not known: then the need is not known either.
    standard
        Rules used: ``premises.min_floor_area`` and ``premises.area_per_100_households``; the larger need
        counts.

    Returns
    -------
    need, rule
        Floor area [m²]. Where the need is not known, the rule is that of the households.

    Examples
    --------
    >>> import geoplan
    >>> need, rule = premises_need(2415, geoplan.load_standard("default"))
    >>> need, rule.id
    (724.5, 'premises.area_per_100_households')
    """
    least, by_households = (
        standard.rule("premises.min_floor_area"),
        standard.rule("premises.area_per_100_households"),
    )
    need = households * float(by_households.value) / 100
    if need <= float(least.value):
        return float(least.value), least
    return need, by_households


def _households(community_id: pd.Series, communities: gpd.GeoDataFrame | None) -> npt.NDArray[np.float64]:
    if communities is None or "households" not in communities:
        return np.full(len(community_id), np.nan)
    known = pd.Series(counts(communities, "households"), index=communities.index)
    return np.asarray(community_id.map(known).to_numpy(float))


def _shortfall(area: npt.NDArray[np.float64], minimum: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.maximum(np.asarray(minimum) - area, 0.0)


def _verdicts(
    area: npt.NDArray[np.float64], minimum: npt.NDArray[np.float64], rule: Rule
) -> npt.NDArray[np.object_]:
    missing = np.isnan(area) | np.isnan(minimum)
    met = area > minimum if rule.comparison == ">" else area >= minimum
    return np.select([missing, met], ["unknown", "pass"], "fail").astype(object)
