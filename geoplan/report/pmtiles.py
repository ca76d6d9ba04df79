"""A PMTiles archive a table: vector tiles in one file, which a web server or a map page reads in parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio

from geoplan.messages import Lang
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import TableSchema
from geoplan.model.tables import INPUT_TABLES

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["write_pmtiles"]

_MIN_ZOOM, _MAX_ZOOM = 6, 15


def write_pmtiles(audit: Audit, folder: str | Path, *, lang: Lang | None = None) -> tuple[Path, ...]:
    """
    Write every table with geometry as a PMTiles archive.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; the tables of its study are written too.
    folder
        Folder to write to; made if absent. Older files of the same names are replaced.
    lang
        Language of titles; None takes the study's.

    Returns
    -------
    files
        ``<table>.pmtiles``, one a table: a layer of that name, web Mercator, zoom 6 to 15. GDAL leaves
        features out where a tile would exceed 500 kB.
    """
    chosen = lang or audit.study.lang
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tables = [(schema, audit.study.table(name)) for name, schema in INPUT_TABLES.items()]
    tables += [(schema, audit.tables.get(name)) for name, schema in RESULT_TABLES.items()]
    return tuple(
        _write(table, target / f"{schema.name}.pmtiles", schema, chosen)
        for schema, table in tables
        if isinstance(table, gpd.GeoDataFrame) and table.geometry.notna().any()
    )


def _write(table: gpd.GeoDataFrame, file: Path, schema: TableSchema, lang: Lang) -> Path:
    rows = table[table.geometry.notna()]
    plain = [one.name for one in schema.columns if one.kind == "points" and one.name in rows]
    rows = rows.drop(columns=plain).reset_index() if schema.key else rows.drop(columns=plain)
    file.unlink(missing_ok=True)
    pyogrio.write_dataframe(
        rows, file, layer=schema.name, driver="PMTiles",
        dataset_options={
            "NAME": schema.title(lang), "TYPE": "overlay",
            "MINZOOM": str(_MIN_ZOOM), "MAXZOOM": str(_MAX_ZOOM),
        },
    )  # fmt: skip
    return file
