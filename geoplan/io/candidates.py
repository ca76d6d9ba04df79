"""Places where a centre may stand, from a file."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from geoplan.errors import DataError, MissingCrsError
from geoplan.io.study_toml import LayerConfig
from geoplan.io.vector import VECTOR_SUFFIXES, read_vector

__all__ = ["read_candidates"]

_ALIASES = {
    "candidate_id": ("candidate_id", "id", "编码", "候选编码"),
    "name": ("name", "名称"),
    "floor_area_m2": ("floor_area_m2", "面积", "建筑面积", "用房面积", "floor_area"),
    "capacity": ("capacity", "容量"),
    "community_id": ("community_id", "社区编码", "社区代码"),
}


def read_candidates(file: str | Path, *, crs: str) -> gpd.GeoDataFrame:
    """
    Read candidates from a GeoPackage, Shapefile, GeoJSON or GeoParquet.

    Parameters
    ----------
    file
        Points or polygons, the CRS declared in it; columns ``candidate_id`` (else rows are numbered from 1),
        ``name``, ``floor_area_m2``, ``capacity``, ``community_id`` as far as known, also under their Chinese
        headings.
    crs
        CRS wanted.

    Raises
    ------
    DataError
        If there is no such file or it cannot be read.
    MissingCrsError
        If it declares no CRS.
    """
    path = Path(file)
    if path.suffix.lower() not in VECTOR_SUFFIXES or not path.is_file():
        raise DataError("error.no_candidates_file", file=str(file), kinds=" ".join(VECTOR_SUFFIXES))
    rows, _ = read_vector(path, LayerConfig(), table="candidates")
    if not isinstance(rows, gpd.GeoDataFrame) or rows.crs is None:
        raise MissingCrsError("error.candidates_crs", file=path.name)
    lower = {str(name).strip().lower(): name for name in rows.columns}
    found = {
        next(lower[one] for one in names if one in lower): wanted
        for wanted, names in _ALIASES.items()
        if any(one in lower for one in names)
    }
    table = rows.rename(columns=found).to_crs(crs)
    return table.set_index("candidate_id") if "candidate_id" in table else table
