"""A community as compounds with cells and borders: what a split is made from."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.crs.metric import require_metric
from geoplan.errors import PlanningError, some_ids
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.planning.borders import border_rows, severing
from geoplan.planning.cells import tile
from geoplan.planning.plan import Blocks
from geoplan.standards.standard import Standard

__all__ = ["community_blocks", "find_community"]


def community_blocks(study: Study, community_id: str, standard: Standard) -> Blocks:
    """
    Return the compounds of a community with their cells and borders.

    Parameters
    ----------
    study
        Needs ``communities`` and ``residences``; takes ``streets`` and ``barriers``. A residence without
        community id that lies in the community belongs to it, which is noted.
    community_id
        Which community.
    standard
        Rules used: ``split.weight_*``.

    Returns
    -------
    Blocks
        Cells tile the community. Buildings count as compounds where no compounds are given.

    Raises
    ------
    PlanningError
        If the community is unknown, has no boundary, or has no compound.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> blocks = geoplan.community_blocks(study, "620105002005", standard)
    >>> len(blocks.cells)
    33
    """
    communities, residences = study.need("communities", "residences")
    require_metric(communities.crs)
    if community_id not in communities.index:
        raise PlanningError("error.no_community", given=community_id, known=some_ids(communities.index))
    row = communities.loc[community_id]
    name, outline = _name(row, community_id), row.geometry
    if outline is None or outline.is_empty:
        raise PlanningError("error.split_no_boundary", community=name)
    outline = shapely.make_valid(outline)
    own, notes = _members(residences, community_id, outline)
    if not len(own):
        raise PlanningError("error.split_no_compounds", community=name)
    shapes = own.geometry.to_numpy()
    tiling = tile(outline, shapes, severing(study.barriers))
    cells = tiling.cells(len(own))
    empty = own.index[shapely.is_empty(cells)]
    if len(empty):
        raise PlanningError("error.split_same_place", community=name, ids=some_ids(empty))
    near = shapely.buffer(outline, 100.0)
    borders = border_rows(
        tiling, cells, shapes, _near(study.streets, near), _near(study.barriers, near), standard
    )
    ids = own.index.to_numpy(object)
    borders["residence_u"] = ids[borders["left"].to_numpy(int)]
    borders["residence_v"] = ids[borders["right"].to_numpy(int)]
    borders["community_id"], borders["cut"] = community_id, pd.NA
    frame = own.reindex(columns=["name", "households", "persons"])
    return Blocks(
        community_id=community_id,
        name=name,
        cells=gpd.GeoDataFrame(frame, geometry=cells, crs=study.crs),
        borders=finish(borders, "split_borders", crs=study.crs),
        notes=tuple(notes),
    )


def find_community(study: Study, given: str) -> str:
    """
    Return the id of the community that is meant by an id or a name.

    Raises
    ------
    PlanningError
        If there is none, or several of that name; the ids to choose from are named.
    """
    (communities,) = study.need("communities")
    if given in communities.index:
        return given
    names = communities["name"].astype(object) if "name" in communities else pd.Series(dtype=object)
    called = communities.index[(names == given).to_numpy(bool)] if len(names) else communities.index[:0]
    if len(called) == 1:
        return str(called[0])
    if len(called) > 1:
        raise PlanningError("error.community_twice", given=given, known=some_ids(called))
    alike = communities.index[names.fillna("").str.contains(given, regex=False)] if len(names) else []
    known = alike if len(alike) else communities.index
    raise PlanningError("error.no_community", given=given, known=some_ids(known))


def _name(row: pd.Series, community_id: str) -> str:
    name = row.get("name")
    return community_id if name is None or pd.isna(name) else str(name)


def _members(
    residences: gpd.GeoDataFrame, community_id: str, outline: shapely.Geometry
) -> tuple[gpd.GeoDataFrame, list[tuple[str, dict[str, object]]]]:
    """Return the compounds of a community, and what to note of them."""
    geometry = residences.geometry.to_numpy()
    if "community_id" in residences:
        stated = (residences["community_id"] == community_id).fillna(False).to_numpy(bool)
        unstated = residences["community_id"].isna().to_numpy(bool)
    else:
        stated, unstated = np.zeros(len(residences), bool), np.ones(len(residences), bool)
    inside = unstated & shapely.intersects(outline, shapely.point_on_surface(geometry))
    notes: list[tuple[str, dict[str, object]]] = []
    if inside.any():
        notes.append(("note.by_place", {"ids": some_ids(residences.index[inside])}))
    outside = stated & ~shapely.intersects(outline, geometry)
    if outside.any():
        notes.append(("note.outside", {"ids": some_ids(residences.index[outside])}))
    return residences[stated | inside].sort_index(), notes


def _near(table: gpd.GeoDataFrame | None, area: shapely.Geometry) -> gpd.GeoDataFrame | None:
    return None if table is None else table[shapely.intersects(area, table.geometry.to_numpy())]
