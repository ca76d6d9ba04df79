"""What no column tells alone: references that lead nowhere, homes outside every community, steep climbs."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import Checked, Fault

__all__ = ["cross_check"]

_LOCATED = ("residences", "centres", "premises")
"""Tables whose missing community follows from where their rows lie."""


def cross_check(checked: Mapping[str, Checked]) -> dict[str, Checked]:
    """
    Check validated tables against each other; no row is set aside for it, only noted.

    Parameters
    ----------
    checked
        Validated tables by name, all in one CRS.

    Returns
    -------
    checked
        The same tables. A street that would climb more than its length has no climb. A residence, centre or
        premises without ``community_id`` has got that of the community it lies in; of several, the smallest
        id.
    """
    done = dict(checked)
    if "communities" in done:
        for name in _LOCATED:
            if name in done:
                done[name] = _locate(name, done[name], done["communities"].table)
    if "streets" in done:
        done["streets"] = _without_cliffs(done["streets"])
    return {name: one.without(_dangling(name, one, done)) for name, one in done.items()}


def _locate(name: str, checked: Checked, communities: gpd.GeoDataFrame) -> Checked:
    """Fill missing communities, and note homes outside every community."""
    places = checked.table
    lying_in = _community_of(places, communities)
    declared = places["community_id"]
    filled = places.assign(community_id=declared.where(declared.notna(), lying_in).astype("str"))
    unmapped = communities.index[communities.geometry.isna()]
    mapped_any = len(unmapped) < len(communities)
    outside = places.geometry.notna() & lying_in.isna() & ~declared.isin(unmapped)
    noted = places.index[outside] if name == "residences" and mapped_any else []
    faults = [
        Fault(name, int(checked.rows[label]), str(label), "geometry", "", "fault.outside_communities", "kept")
        for label in noted
    ]
    return Checked(filled, checked.rows, (*checked.faults, *faults))


def _community_of(places: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> pd.Series:
    """Return the smallest id of the communities that hold each place's representative point."""
    points = shapely.point_on_surface(places.geometry.to_numpy())
    at, community = shapely.STRtree(communities.geometry.to_numpy()).query(points, predicate="intersects")
    # communities are sorted by id, so the smallest position is the smallest id
    first = np.full(len(places), len(communities), dtype=np.intp)
    np.minimum.at(first, at, community)
    labels = [*communities.index, None]
    return pd.Series([labels[position] for position in first], index=places.index, dtype="str")


def _without_cliffs(checked: Checked) -> Checked:
    """Empty the climbs that exceed their street's length, and note them."""
    streets = checked.table
    steep = (streets["climb_m"].abs() > streets.geometry.length).fillna(False).astype(bool)
    faults = [
        Fault("streets", int(checked.rows[label]), str(label), "climb_m", f"{climb:g}", "fault.climb", "kept")
        for label, climb in streets["climb_m"][steep].items()
    ]
    level = streets.assign(climb_m=streets["climb_m"].mask(steep))
    return Checked(level, checked.rows, (*checked.faults, *faults))


def _dangling(name: str, checked: Checked, all_tables: Mapping[str, Checked]) -> list[Fault]:
    faults = []
    for column in INPUT_TABLES[name].columns:
        if column.references not in all_tables:
            continue
        values = checked.table[column.name]
        lost = values[values.notna() & ~values.isin(all_tables[column.references].table.index)]
        faults += [
            Fault(
                name,
                int(checked.rows[label]),
                str(label),
                column.name,
                value,
                "fault.dangling_reference",
                "kept",
            )
            for label, value in lost.items()
        ]
    return faults
