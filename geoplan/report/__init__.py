"""Reports of an audit: JSON, Excel, GeoPackage and HTML. Names are resolved on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoplan.report.excel import write_excel
    from geoplan.report.gpkg import write_gpkg
    from geoplan.report.headline import headline_rows
    from geoplan.report.html import write_html
    from geoplan.report.json_file import audit_as_dict, write_json

_HOMES = {
    "audit_as_dict": "json_file",
    "headline_rows": "headline",
    "write_excel": "excel",
    "write_gpkg": "gpkg",
    "write_html": "html",
    "write_json": "json_file",
}

__all__ = ["audit_as_dict", "headline_rows", "write_excel", "write_gpkg", "write_html", "write_json"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'geoplan.report' has no attribute {name!r}")
    return getattr(import_module(f"geoplan.report.{_HOMES[name]}"), name)
