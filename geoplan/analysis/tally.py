"""Counting people by verdict. Unknown is counted apart and never passes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.model.result_tables import VERDICTS, finish
from geoplan.model.study import Study

__all__ = ["community_rates", "community_tally", "counts", "rate", "tally", "total"]


def counts(frame: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """Return a count column as floats, NaN where missing or where the table lacks the column."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[column].to_numpy(dtype=np.float64, na_value=np.nan))


def total(values: npt.NDArray[np.float64]) -> float:
    """
    Return the sum of the known values, NaN if none is known.

    Examples
    --------
    >>> total(np.array([2.0, np.nan])), total(np.array([np.nan]))
    (2.0, nan)
    """
    known = values[~np.isnan(values)]
    return float(known.sum()) if len(known) or not len(values) else float("nan")


def rate(part: float, whole: float) -> float:
    """Return part of whole, NaN if there is no whole."""
    return part / whole if whole > 0 else float("nan")


def tally(residences: pd.DataFrame, verdict: npt.NDArray[np.object_]) -> dict[str, float]:
    """
    Count persons and households by verdict.

    Parameters
    ----------
    residences
        Columns ``persons`` and ``households``; rows without a figure are not in any sum.
    verdict
        One a residence.

    Returns
    -------
    ``persons``, ``persons_pass``, ``persons_fail``, ``persons_unknown``, ``coverage_rate``, and the same
    of households. Sums are NaN where no figure is known.
    """
    row: dict[str, float] = {}
    for column, rate_name in (("persons", "coverage_rate"), ("households", "household_coverage_rate")):
        values = counts(residences, column)
        row[column] = total(values)
        for one in VERDICTS:
            share = np.where(verdict == one, values, 0.0)
            row[f"{column}_{one}"] = float("nan") if np.isnan(row[column]) else total(share)
        row[rate_name] = rate(row[f"{column}_pass"], row[column])
    return row


def community_tally(study: Study, reach: pd.DataFrame) -> pd.DataFrame:
    """Return table ``coverage_by_community_category``: `tally` for every community and service."""
    residences, communities = study.need("residences", "communities")
    groups = _members(residences, communities.index)
    rows = []
    for service, of_service in reach.groupby("service", sort=False):
        verdict = of_service["verdict"].to_numpy(object)
        for community_id, members in groups.items():
            part = tally(residences.iloc[members], verdict[members])
            rows.append({"community_id": community_id, "service": service, **part})
    frame = pd.DataFrame(
        rows, columns=["community_id", "service", *tally(residences.iloc[:0], np.array([], object))]
    )
    return finish(frame.sort_values(["community_id"], kind="stable"), "coverage_by_community_category")


def _members(residences: gpd.GeoDataFrame, communities: pd.Index) -> dict[str, npt.NDArray[np.int64]]:
    """Return the residence row numbers of every community, in community order."""
    if "community_id" not in residences:
        return {community: np.zeros(0, np.int64) for community in communities}
    number = communities.get_indexer(residences["community_id"])
    return {community: np.flatnonzero(number == at) for at, community in enumerate(communities)}


def community_rates(communities: pd.Index, completeness: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Return the figures of table ``coverage_by_community``, indexed by community.

    Parameters
    ----------
    communities
        Community ids.
    completeness
        Table ``completeness``.
    """
    rows = [_rates_of(completeness.iloc[members]) for members in _members(completeness, communities).values()]
    columns = list(_rates_of(completeness.iloc[:0]))
    return pd.DataFrame(rows, index=communities, columns=columns)


def _rates_of(inside: gpd.GeoDataFrame) -> dict[str, float]:
    """Return the figures of one community from the completeness of its homes."""
    every = tally(inside, inside["verdict_all_five"].to_numpy(object))
    persons = counts(inside, "persons")
    passed = counts(inside, "completeness") * persons
    row = {
        "residences": len(inside),
        "persons": every["persons"],
        "households": every["households"],
        "persons_all_five": every["persons_pass"],
        "persons_unknown_all_five": every["persons_unknown"],
        "coverage_rate_all_five": every["coverage_rate"],
        "households_all_five": every["households_pass"],
        "household_coverage_rate_all_five": every["household_coverage_rate"],
        "mean_completeness": rate(total(passed), total(persons[~np.isnan(passed)])),
    }
    for level in ("any", "district", "community"):
        centre = tally(inside, inside[f"verdict_{level}_centre"].to_numpy(object))
        row[f"coverage_rate_{level}_centre"] = centre["coverage_rate"]
    return row
