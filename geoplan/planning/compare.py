"""Two results side by side: who gains, who loses, and the figures of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.analysis.coverage import CoverageResult
from geoplan.analysis.tally import counts, rate, total
from geoplan.errors import DataError
from geoplan.model.result_tables import RESULT_TABLES, finish
from geoplan.model.scenario_tables import ALL_CATEGORIES

__all__ = ["Comparison", "HasTables", "compare"]

_SAME_MINUTES = 0.01
"""Walks are told to a hundredth of a minute; a cut in a street may move one by the rounding of its parts."""


class HasTables(Protocol):
    """What an audit has: result tables by name."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Result table name -> table."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """
    The tables of a comparison; each is declared in ``geoplan.model.scenario_tables``.

    Parameters
    ----------
    changes
        One row a residence and service whose verdict or walk differs; ``all_five`` is all categories.
    by_community
        Gains and losses of each community and service that has any.
    totals
        Both sides and the difference, a row a service.
    """

    changes: gpd.GeoDataFrame
    by_community: pd.DataFrame
    totals: pd.DataFrame


def compare(before: CoverageResult | HasTables, after: CoverageResult | HasTables) -> Comparison:
    """
    Compare two results: of a study and its scenario, of two standards, of two years.

    Parameters
    ----------
    before, after
        Each of ``coverage`` or ``audit``. Residences are matched by id.

    Returns
    -------
    Comparison
        Persons and households are those of ``after``, else of ``before``; those not known are in no sum. A
        residence gains if it passes after and did not before: it failed, was unknown or was not there.

    Raises
    ------
    DataError
        If an audit holds no reach: its study lacks residences, streets, or facilities and centres.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> today = geoplan.coverage(geoplan.walk_network(study), study, standard)
    >>> len(compare(today, today).changes)
    0
    """
    (one, homes), (other, later) = _verdicts(before), _verdicts(after)
    if homes.crs != later.crs:
        homes = homes.to_crs(later.crs)
    both = one.merge(
        other, how="outer", on=["residence_id", "service"], suffixes=("_before", "_after"), sort=True
    )
    about = pd.concat([later, homes[~homes.index.isin(later.index)]])
    place = about.index.get_indexer(both["residence_id"])
    for name in ("community_id", "name", "households", "persons", "geometry"):
        both[name] = about[name].array[place]
    order = {service: at for at, service in enumerate(dict.fromkeys([*other["service"], *one["service"]]))}
    both["place"] = both["service"].map(order)
    both = both.sort_values(["place", "residence_id"], kind="stable", ignore_index=True)
    both["gained"] = (both["verdict_after"] == "pass") & (both["verdict_before"] != "pass")
    both["lost"] = (both["verdict_before"] == "pass") & (both["verdict_after"] != "pass")
    both["change"] = _change(both)
    return Comparison(
        changes=finish(both[both["change"] != ""], "scenario_changes", crs=later.crs),
        by_community=_by_community(both),
        totals=_totals(both, one, other, homes, later),
    )


def _verdicts(result: CoverageResult | HasTables) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return verdict and walk of each residence and service, and the homes."""
    if isinstance(result, CoverageResult):
        reach, homes = result.reach, result.completeness
    else:
        if "reach" not in result.tables:
            raise DataError("error.compare_no_reach")
        reach, homes = result.tables["reach"], result.tables["completeness"]
    rows = pd.DataFrame(
        {
            "residence_id": reach["residence_id"].to_numpy(object),
            "service": reach["service"].to_numpy(object),
            "verdict": reach["verdict"].to_numpy(object),
            "minutes": reach["minutes"].to_numpy(float),
            "nearest": reach["nearest_id"].to_numpy(object),
        }
    )
    if homes["completeness"].isna().all():
        return rows, homes
    every = pd.DataFrame(
        {
            "residence_id": homes.index.to_numpy(object),
            "service": ALL_CATEGORIES,
            "verdict": homes["verdict_all_five"].to_numpy(object),
            "minutes": np.nan,
            "nearest": None,
        }
    )
    return pd.concat([every.astype({"nearest": object}), rows], ignore_index=True), homes


def _change(both: pd.DataFrame) -> np.ndarray:
    """Return what changed in each row, empty if nothing did."""
    here, there = both["verdict_before"].notna(), both["verdict_after"].notna()
    walk = both["minutes_before"].fillna(np.inf), both["minutes_after"].fillna(np.inf)
    kinds = {
        "added": ~here,
        "removed": ~there,
        "gain": both["gained"],
        "loss": both["lost"],
        "other": both["verdict_before"] != both["verdict_after"],
        "shorter": walk[1] < walk[0] - _SAME_MINUTES,
        "longer": walk[1] > walk[0] + _SAME_MINUTES,
    }
    return np.select([mask.to_numpy(bool) for mask in kinds.values()], list(kinds), "").astype(object)


def _gained_lost(rows: pd.DataFrame) -> dict[str, float]:
    found: dict[str, float] = {}
    for way in ("gained", "lost"):
        part = rows[rows[way]]
        found[f"residences_{way}"] = len(part)
        for people in ("households", "persons"):
            found[f"{people}_{way}"] = total(counts(part, people))
    return found


def _by_community(both: pd.DataFrame) -> pd.DataFrame:
    differ = both[(both["gained"] | both["lost"]) & both["community_id"].notna()]
    rows = [
        {"community_id": community, "service": service, "place": part["place"].iloc[0], **_gained_lost(part)}
        for (community, service), part in differ.groupby(["community_id", "service"], sort=True)
    ]
    columns = ["community_id", "service", "place", *_gained_lost(both.iloc[:0])]
    frame = pd.DataFrame(rows, columns=columns).sort_values(["place", "community_id"], kind="stable")
    return finish(frame, "scenario_communities")


def _totals(
    both: pd.DataFrame,
    one: pd.DataFrame,
    other: pd.DataFrame,
    homes: gpd.GeoDataFrame,
    later: gpd.GeoDataFrame,
) -> pd.DataFrame:
    rows = []
    for service in both["service"].unique():
        row = {"service": service, **_gained_lost(both[both["service"] == service])}
        for side, verdicts, people in (("before", one, homes), ("after", other, later)):
            of_service = verdicts[verdicts["service"] == service]
            passed = people.loc[of_service.loc[of_service["verdict"] == "pass", "residence_id"]]
            decided = len(of_service) > 0
            persons = total(counts(passed, "persons"))
            everyone = total(counts(people, "persons"))
            row[f"residences_pass_{side}"] = len(passed) if decided else np.nan
            row[f"households_pass_{side}"] = total(counts(passed, "households")) if decided else np.nan
            row[f"persons_pass_{side}"] = persons if decided else np.nan
            row[f"coverage_rate_{side}"] = rate(persons, everyone) if decided else np.nan
        rows.append(row)
    columns = [column.name for column in RESULT_TABLES["scenario_totals"].columns]  # without rows too
    return finish(pd.DataFrame(rows, columns=columns), "scenario_totals")
