"""A study written as a folder: ``study.toml`` and one GeoPackage, the same bytes for the same study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
import tomli_w

from geoplan.errors import DataError
from geoplan.io.study_toml import STUDY_TOML
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES

__all__ = ["STUDY_GPKG", "write_study", "write_study_tables"]

STUDY_GPKG = "study.gpkg"
_STAMP = "OGR_CURRENT_DATE"
_EPOCH = "2000-01-01T00:00:00.000Z"


def write_study(study: Study, folder: str | Path, *, overwrite: bool = False) -> tuple[Path, ...]:
    """
    Write a study as a folder that `geoplan.read_study` reads back to the same tables.

    Parameters
    ----------
    study
        The study. Its quarantine is not written: those rows are in the files they came from.
    folder
        Folder to write to; made if absent.
    overwrite
        Replace a study that is there.

    Returns
    -------
    files
        ``study.toml`` and ``study.gpkg``.

    Raises
    ------
    DataError
        If a study is there and ``overwrite`` is False.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> study = geoplan.read_study("data/monaco")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = geoplan.write_study(study, folder)
    ...     [file.name for file in files], len(geoplan.read_study(folder).residences)
    (['study.toml', 'study.gpkg'], 713)
    """
    folder = Path(folder)
    files = (folder / STUDY_TOML, folder / STUDY_GPKG)
    taken = [one for one in files if one.exists()]
    if taken and not overwrite:
        raise DataError("error.folder_taken", folder=str(folder), files=", ".join(one.name for one in taken))
    folder.mkdir(parents=True, exist_ok=True)
    for one in taken:
        one.unlink()
    files[0].write_text(tomli_w.dumps(_settings(study)), encoding="utf-8", newline="\n")
    write_study_tables(study, files[1])
    return files


def write_study_tables(study: Study, file: Path) -> None:
    """
    Write a study's tables as layers of one GeoPackage, each in the order of its ids.

    Parameters
    ----------
    study
        The study.
    file
        File to write; its folder exists, the file does not.
    """
    stamped = pyogrio.get_gdal_config_option(_STAMP)
    pyogrio.set_gdal_config_options({_STAMP: _EPOCH})
    try:
        for table in INPUT_TABLES:
            frame = study.table(table)
            if frame is not None:
                _write_layer(frame, file, table)
    finally:
        pyogrio.set_gdal_config_options({_STAMP: stamped})


def _settings(study: Study) -> dict[str, Any]:
    """Return the content of ``study.toml``; what is as by default is left out."""
    section: dict[str, Any] = {
        "id": study.study_id,
        "name": study.name,
        "lang": study.lang,
        "crs": study.crs,
        "standard": study.standard_id,
        "synthetic": study.synthetic,
        "estimated": list(study.estimated),
        "attribution": list(study.attribution),
        "data_date": study.data_date,
        "max_snap_m": study.max_snap_m,
        "scenarios": [f"{one.sha256} {one.name}".strip() for one in study.scenarios],
    }
    settings: dict[str, Any] = {
        "study": {key: value for key, value in section.items() if value or value == 0}
    }
    if study.complete:
        settings["layers"] = {"facilities": {"complete": sorted(study.complete)}}
    return settings


def _write_layer(frame: gpd.GeoDataFrame, file: Path, table: str) -> None:
    rows = frame.sort_index().reset_index(names=INPUT_TABLES[table].key)
    for column in rows.columns:
        if column != rows.geometry.name and _holds_geometry(rows[column]):
            texts = [
                None if one is None else shapely.to_wkt(one, rounding_precision=-1) for one in rows[column]
            ]
            rows[column] = pd.Series(texts, index=rows.index, dtype="str")
    if rows.geometry.isna().all() and not INPUT_TABLES[table].geometry_required:
        plain = pd.DataFrame(rows.drop(columns=rows.geometry.name))
        pyogrio.write_dataframe(plain, file, layer=table, driver="GPKG")
        return
    pyogrio.write_dataframe(
        rows, file, layer=table, driver="GPKG", geometry_type="Unknown", promote_to_multi=False,
        SPATIAL_INDEX="NO",
    )  # fmt: skip


def _holds_geometry(cells: pd.Series) -> bool:
    return cells.dtype == object and (
        cells.isna().all() or any(isinstance(one, shapely.Geometry) for one in cells)
    )
