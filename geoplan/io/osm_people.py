"""Declared numbers of people, spread over buildings so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.errors import DataError
from geoplan.io.osm_communities import AdminArea, population_of

__all__ = ["Counted", "People", "count_people", "spread"]

_UNITS = 2**52
"""The largest weight counts this many units; exact integer arithmetic follows."""


@dataclass(frozen=True, slots=True)
class People:
    """
    Declared totals of the people who live in the study.

    Parameters
    ----------
    persons
        Total; None takes what an own layer of communities states for each, else the ``population`` tag of the
        smallest boundary that holds the study.
    households
        Total; None takes ``persons_per_household``, else what an own layer of communities states for each.
    persons_per_household
        Mean household size; gives households from persons.
    """

    persons: int | None = None
    households: int | None = None
    persons_per_household: float | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """
    What was spread over the homes.

    Parameters
    ----------
    persons, persons_from
        Total; ``declared``, ``communities``, ``boundary`` or empty.
    boundary
        Name of the boundary whose tag gave the persons, or empty.
    households, households_from
        Total; ``declared``, ``household_size``, ``communities`` or empty.
    persons_without_home
        Persons of communities in which the extract has no home: they are in no residence.
    """

    persons: int | None = None
    persons_from: str = ""
    boundary: str = ""
    households: int | None = None
    households_from: str = ""
    persons_without_home: int = 0


def spread(total: int, weights: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """
    Spread a whole number in proportion to weights, by largest remainder.

    Parameters
    ----------
    total
        What to spread, at least 0.
    weights
        At least 0 each.

    Returns
    -------
    parts
        Whole numbers that add up to ``total`` exactly. Each differs from its exact share by less than 1; of
        equal remainders the earlier row is served first; weight 0 gets 0.

    Raises
    ------
    DataError
        If there is something to spread and no positive weight to spread it by.

    Examples
    --------
    >>> spread(10, [1, 1, 1]).tolist(), spread(3, [5.0, 0.0, 5.0]).tolist()
    ([4, 3, 3], [2, 0, 1])
    """
    share = np.asarray(weights, float)
    if total == 0:
        return np.zeros(len(share), np.int64)
    if not (share > 0).any():
        raise DataError("error.osm_nothing_to_spread_over", total=total)
    units = [int(one) for one in np.rint(share / share.max() * _UNITS)]
    whole = sum(units)
    parts = [total * one // whole for one in units]
    by_remainder = sorted(range(len(units)), key=lambda row: (-(total * units[row] % whole), row))
    for row in by_remainder[: total - sum(parts)]:
        parts[row] += 1
    return np.array(parts, np.int64)


def count_people(
    tables: Mapping[str, gpd.GeoDataFrame], people: People, admin: list[AdminArea]
) -> tuple[dict[str, gpd.GeoDataFrame], Counted]:
    """
    Spread people over the homes by floor area, and add them up by community.

    Parameters
    ----------
    tables
        Validated tables; ``residences`` with ``floor_area_m2`` and ``community_id``.
    people
        Declared totals.
    admin
        Administrative areas, one of which may state the population.

    Returns
    -------
    tables, counted
        The tables with counts filled in; a count that a community states itself is left as it is.

    Raises
    ------
    DataError
        If a total is declared and there is no home to spread it over.
    """
    filled = dict(tables)
    homes, communities = tables.get("residences"), tables.get("communities")
    if homes is None:
        declared = people.persons or people.households
        if declared:
            raise DataError("error.osm_nothing_to_spread_over", total=declared)
        return filled, Counted()
    homes = homes.copy()
    floor = homes["floor_area_m2"].to_numpy(float)
    total, source, boundary = _persons(people, communities, homes, admin)
    homes["persons"] = _parts(total, source, "persons", homes, communities, floor)
    placed = homes["persons"].notna().all()
    households, households_from = _households(people, communities, homes)
    weights = homes["persons"].to_numpy(float) if placed and homes["persons"].sum() else floor
    homes["households"] = _parts(households, households_from, "households", homes, communities, weights)
    filled["residences"] = homes
    without_home = 0
    if communities is not None:
        filled["communities"] = _added_up(communities, homes)
        if source == "communities":
            without_home = int(
                communities.loc[~communities.index.isin(homes["community_id"]), "persons"].sum()
            )
    counted = Counted(
        persons=int(homes["persons"].sum()) if source else None,
        persons_from=source,
        boundary=boundary,
        households=int(homes["households"].sum()) if households_from else None,
        households_from=households_from,
        persons_without_home=without_home,
    )
    return filled, counted


def _persons(
    people: People, communities: gpd.GeoDataFrame | None, homes: gpd.GeoDataFrame, admin: list[AdminArea]
) -> tuple[int | None, str, str]:
    """Return the total of persons, where it comes from, and the boundary's name if from there."""
    if people.persons is not None:
        return people.persons, "declared", ""
    if communities is not None and communities["persons"].notna().any():
        return None, "communities", ""
    whole = homes if communities is None else communities
    holding = population_of(admin, whole.geometry.to_numpy())
    if holding is None:
        return None, "", ""
    return holding.population, "boundary", holding.tags.get("name", holding.label)


def _households(
    people: People, communities: gpd.GeoDataFrame | None, homes: gpd.GeoDataFrame
) -> tuple[int | None, str]:
    if people.households is not None:
        return people.households, "declared"
    if people.persons_per_household is not None and homes["persons"].notna().any():
        return round(int(homes["persons"].sum()) / people.persons_per_household), "household_size"
    if communities is not None and communities["households"].notna().any():
        return None, "communities"
    return None, ""


def _parts(
    total: int | None,
    source: str,
    column: str,
    homes: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame | None,
    weights: npt.NDArray[np.float64],
) -> pd.Series:
    """Return each home's share of a total, or of what its community states; missing where that is unknown."""
    parts = pd.Series(pd.NA, index=homes.index, dtype="Int64")
    if source == "communities" and communities is not None:
        for community, stated in communities[column].dropna().items():
            rows = np.flatnonzero(homes["community_id"] == community)
            if len(rows):
                parts.iloc[rows] = spread(int(stated), weights[rows])
    elif total is not None:
        parts.iloc[:] = spread(total, weights)
    return parts


def _added_up(communities: gpd.GeoDataFrame, homes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Fill the counts of communities that state none with the sums over their homes."""
    filled = communities.copy()
    for column in ("persons", "households"):
        if homes[column].notna().all() and filled[column].isna().all():
            sums = homes.groupby("community_id")[column].sum()
            filled[column] = sums.reindex(filled.index).fillna(0).astype("Int64")
    return filled
