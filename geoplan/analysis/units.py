"""The units figures are given for: the study as a whole, its subdistricts, its communities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoplan.model.study import Study
from geoplan.network.graph import IntArray

__all__ = ["Unit", "units_of"]


@dataclass(frozen=True, eq=False)
class Unit:
    """
    A unit and the residences in it.

    Parameters
    ----------
    table
        ``study``, ``subdistricts`` or ``communities``.
    id, name
        Of the row; of the study for the whole.
    residences
        Row numbers of its residences.
    """

    table: str
    id: str
    name: str
    residences: IntArray


def units_of(study: Study) -> list[Unit]:
    """Return the study, its subdistricts and its communities; a residence is in those its row names."""
    (residences,) = study.need("residences")
    found = [Unit("study", study.study_id, study.name, np.arange(len(residences)))]
    communities = study.communities
    if communities is None or "community_id" not in residences:
        return found
    community = communities.index.get_indexer(residences["community_id"])
    if "subdistrict_id" in communities:
        owner = communities["subdistrict_id"].to_numpy(object)
        names = {}
        if study.subdistricts is not None and "name" in study.subdistricts:
            names = study.subdistricts["name"].dropna().to_dict()
        of_home = np.array([*owner, None], dtype=object)[community]
        found += [
            Unit("subdistricts", one, str(names.get(one, "")), np.flatnonzero(of_home == one))
            for one in sorted({str(one) for one in communities["subdistrict_id"].dropna()})
        ]
    names = communities["name"].dropna().to_dict() if "name" in communities else {}
    found += [
        Unit("communities", str(one), str(names.get(one, "")), np.flatnonzero(community == at))
        for at, one in enumerate(communities.index)
    ]
    return found
