"""Reports of an audit: JSON, Excel, GeoPackage and HTML. Names are resolved on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoplan.report.dossier_excel import write_dossier_excel
    from geoplan.report.dossier_word import write_dossier_word
    from geoplan.report.excel import write_excel
    from geoplan.report.gpkg import write_gpkg
    from geoplan.report.headline import headline_rows
    from geoplan.report.html import write_html
    from geoplan.report.json_file import audit_as_dict, write_json
    from geoplan.report.notebook import progress, readable
    from geoplan.report.split_json import split_as_dict
    from geoplan.report.split_sketch import draw_split

_HOMES = {
    "write_dossier_word": "dossier_word",
    "write_dossier_excel": "dossier_excel",
    "split_as_dict": "split_json",
    "draw_split": "split_sketch",
    "audit_as_dict": "json_file",
    "headline_rows": "headline",
    "progress": "notebook",
    "readable": "notebook",
    "write_excel": "excel",
    "write_gpkg": "gpkg",
    "write_html": "html",
    "write_json": "json_file",
}

__all__ = [
    "audit_as_dict",
    "draw_split",
    "headline_rows",
    "progress",
    "readable",
    "split_as_dict",
    "write_dossier_excel",
    "write_dossier_word",
    "write_excel",
    "write_gpkg",
    "write_html",
    "write_json",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'geoplan.report' has no attribute {name!r}")
    return getattr(import_module(f"geoplan.report.{_HOMES[name]}"), name)
