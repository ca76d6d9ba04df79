"""``audit.gpkg``: a layer a result table, in the study's CRS, and the provenance beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from geoplan.messages import Lang
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import TableSchema
from geoplan.report.headline import banners

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["write_gpkg", "write_layers"]

_SETTINGS = {
    # a fixed date of last change: the same audit gives the same bytes
    "OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z",
    # waiting for the disk layer by layer takes seconds; a file half written is written anew
    "OGR_SQLITE_SYNCHRONOUS": "OFF",
}
"""What GDAL is told while it writes."""
_MULTI = {"Point": "Point", "LineString": "MultiLineString", "Polygon": "MultiPolygon"}


def write_gpkg(audit: Audit, file: str | Path, *, lang: Lang | None = None) -> None:
    """
    Write ``audit.gpkg``.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    file
        File to write; its folder exists. An older file is replaced.
    lang
        Language of the layers' descriptions; None takes the study's.

    Notes
    -----
    Columns are named as declared in ``geoplan.model.result_tables``; codes stay codes. Tables without
    geometry are attribute layers; layer ``provenance`` holds keys and values.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> geoplan.report.write_gpkg(checked, f"{tempfile.mkdtemp()}/audit.gpkg")
    """
    chosen = lang or audit.study.lang
    write_layers(audit.tables, file, lang=chosen, provenance=_provenance(audit, chosen))


def write_layers(
    tables: Mapping[str, pd.DataFrame],
    file: str | Path,
    *,
    lang: Lang,
    provenance: pd.DataFrame | None = None,
) -> None:
    """
    Write result tables as layers of a GeoPackage.

    Parameters
    ----------
    tables
        Result table name -> table.
    file
        File to write; its folder exists. An older file is replaced.
    lang
        Language of the layers' descriptions.
    provenance
        Keys and values for a layer ``provenance``; None writes none.
    """
    target = Path(file)
    target.unlink(missing_ok=True)
    with _settings():
        for name, table in tables.items():
            schema = RESULT_TABLES[name]
            frame = table.reset_index() if table.index.name is not None else table
            pyogrio.write_dataframe(
                frame,
                target,
                layer=name,
                driver="GPKG",
                append=target.exists(),
                geometry_type=_geometry_type(schema),
                promote_to_multi=schema.geometry in (("Polygon",), ("LineString",)) or None,
                layer_options={"IDENTIFIER": schema.title(lang)},
            )
        if provenance is not None:
            pyogrio.write_dataframe(provenance, target, layer="provenance", driver="GPKG", append=True)


def _geometry_type(schema: TableSchema) -> str | None:
    if not schema.geometry:
        return None
    return _MULTI[schema.geometry[0]] if len(schema.geometry) == 1 else "Unknown"


def _provenance(audit: Audit, lang: Lang) -> pd.DataFrame:
    study = audit.study
    rows: dict[str, object] = {
        "study.id": study.study_id,
        "study.name": study.name,
        "study.synthetic": study.synthetic,
        "study.estimated": list(study.estimated),
        "study.attribution": list(study.attribution),
        "study.banner": banners(audit, lang),
        **audit.provenance.as_dict(),
    }
    cells = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in rows.values()]
    return pd.DataFrame({"key": list(rows), "value": cells})


@contextmanager
def _settings() -> Iterator[None]:
    """Have GDAL write as `_SETTINGS` says while the block runs."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in _SETTINGS}
    pyogrio.set_gdal_config_options(_SETTINGS)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
