"""Where a new centre may stand: in premises, at the places of a layer, or along the streets."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.crs.metric import require_metric
from geoplan.errors import CrsMismatchError, DuplicateIdError, PlanningError, some_ids
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.standards.standard import Standard

__all__ = ["SPACING_M", "Note", "candidate_sites", "community_of"]

Note = tuple[str, dict[str, object]]

SPACING_M = 200.0
"""Side of the squares of which each has one candidate along the streets."""
_COLUMNS = ("name", "community_id", "floor_area_m2", "capacity", "entrances")


def candidate_sites(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    candidates: gpd.GeoDataFrame | str | None,
    *,
    min_floor_area_m2: float | None,
    spacing_m: float,
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """
    Return the candidates.

    Parameters
    ----------
    network, study
        Streets, premises and communities.
    standard
        Rule used: ``premises.min_floor_area``, for premises, unless ``min_floor_area_m2`` is given.
    candidates
        A table with unique ids as index; ``"premises"``; ``"network"``: in each square of ``spacing_m``
        within the study's communities the place along a street nearest to its middle; None: premises if
        some are large enough, else the network.
    min_floor_area_m2
        Least floor area [m²]. Candidates whose area is not known are left out, and listed in the notes.
    spacing_m
        Side of the squares [m].

    Returns
    -------
    table, notes
        Index ``candidate_id``, ascending; ``candidate_table``, ``name``, ``community_id``,
        ``floor_area_m2``, ``capacity``, ``entrances``, geometry.
    """
    if isinstance(candidates, gpd.GeoDataFrame):
        table, notes = _large_enough(_from_layer(candidates, study), min_floor_area_m2)
    elif candidates == "network":
        table, notes = _along_streets(network, study, spacing_m), []
    elif candidates in (None, "premises"):
        least = standard.number("premises.min_floor_area") if min_floor_area_m2 is None else min_floor_area_m2
        table, notes = _from_premises(study, least)
        if candidates is None and table.empty:
            table = _along_streets(network, study, spacing_m)
    else:
        raise PlanningError("error.siting_candidates", value=candidates)
    if table.empty:
        raise PlanningError("error.siting_no_candidates")
    source = str(table["candidate_table"].iloc[0])
    told: Note = (f"note.siting_from_{source}", {"count": len(table), "spacing": f"{spacing_m:g}"})
    return table, [told, *notes]


def _shaped(table: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    """Return the columns that a candidate has, by id."""
    index = pd.Index([str(one) for one in table.index], name="candidate_id")
    if index.has_duplicates:
        twice = sorted(set(index[index.duplicated()]))
        raise DuplicateIdError("error.duplicate_ids", table="candidates", ids=some_ids(twice))
    nothing = np.full(len(table), None, object)
    frame = pd.DataFrame(
        {name: table[name].to_numpy(object) if name in table else nothing for name in _COLUMNS}
    )
    for name in ("floor_area_m2", "capacity"):
        frame[name] = pd.to_numeric(frame[name]).astype(float)
    frame["candidate_table"] = source
    shaped = gpd.GeoDataFrame(frame.set_index(index), geometry=table.geometry.to_numpy(), crs=table.crs)
    missing = shapely.is_missing(shaped.geometry.to_numpy()) | shapely.is_empty(shaped.geometry.to_numpy())
    return shaped[~missing].sort_index()


def _from_layer(layer: gpd.GeoDataFrame, study: Study) -> gpd.GeoDataFrame:
    require_metric(layer)
    if layer.crs != study.crs:
        raise CrsMismatchError("error.siting_crs", found=str(layer.crs), wanted=study.crs)
    return _shaped(layer, "layer")


def _from_premises(study: Study, least: float) -> tuple[gpd.GeoDataFrame, list[Note]]:
    if study.premises is None or study.premises.empty:
        return _shaped(gpd.GeoDataFrame(geometry=[], crs=study.crs), "premises"), []
    return _large_enough(_shaped(study.premises, "premises"), least)


def _large_enough(table: gpd.GeoDataFrame, least: float | None) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Leave out what is too small, and what may be; say of the latter which."""
    if least is None:
        return table, []
    area = table["floor_area_m2"]
    unknown = table.index[area.isna()]
    notes: list[Note] = [("note.siting_no_area", {"ids": some_ids(unknown)})] if len(unknown) else []
    return table[(area >= least).to_numpy(bool)], notes


def _along_streets(network: WalkNetwork, study: Study, spacing_m: float) -> gpd.GeoDataFrame:
    if not (np.isfinite(spacing_m) and spacing_m > 0):
        raise PlanningError("error.siting_spacing", value=spacing_m)
    edges = network.enterable_edges
    length = network.edge_length_m[edges]
    pieces = np.maximum(1, np.ceil(length / (spacing_m / 2))).astype(np.int64)
    edge = np.repeat(np.arange(len(edges)), pieces)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    points = shapely.line_interpolate_point(
        network.edge_geometry[edges][edge], (number + 0.5) / pieces[edge], normalized=True
    )
    xy = shapely.get_coordinates(points)
    square = np.floor(xy / spacing_m)
    off = ((xy - (square + 0.5) * spacing_m) ** 2).sum(axis=1)
    order = np.lexsort((xy[:, 1], xy[:, 0], off, square[:, 1], square[:, 0]))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(square[order], axis=0) != 0).any(axis=1)
    kept = order[first]
    inside = _inside_communities(points[kept], study)
    kept = kept[inside]
    street = network.edge_street[edges[edge[kept]]]
    names = None
    if study.streets is not None and "name" in study.streets:
        named = study.streets["name"].groupby(level=0).first()
        names = named.reindex(street).to_numpy(object)
    ids = [f"n{at:05d}" for at in range(1, len(kept) + 1)]
    frame = gpd.GeoDataFrame({"name": names}, geometry=points[kept], index=ids, crs=study.crs)
    return _shaped(frame, "network")


def _inside_communities(points: npt.NDArray[np.object_], study: Study) -> npt.NDArray[np.bool_]:
    found = community_of(points, study)
    return np.ones(len(points), bool) if found is None else np.array([one is not None for one in found], bool)


def community_of(points: npt.NDArray[np.object_], study: Study) -> npt.NDArray[np.object_] | None:
    """Return the community in which each point lies, the lowest id if several; None if there are no areas."""
    if study.communities is None or study.communities.geometry.isna().all():
        return None
    found = np.full(len(points), None, object)
    tree = shapely.STRtree(study.communities.geometry.to_numpy())
    at, area = tree.query(points, "intersects")
    order = np.lexsort((area, at))[::-1]
    found[at[order]] = study.communities.index.to_numpy(object)[area[order]]
    return found
