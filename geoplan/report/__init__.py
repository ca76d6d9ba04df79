"""Reports of an audit: JSON, Excel, GeoPackage, HTML, and figures for print. Names resolve on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoplan.report.blocks import figures_of
    from geoplan.report.context import report_of
    from geoplan.report.dossier_excel import write_dossier_excel
    from geoplan.report.dossier_word import write_dossier_word
    from geoplan.report.excel import write_excel
    from geoplan.report.gpkg import write_gpkg
    from geoplan.report.headline import headline_rows
    from geoplan.report.html import write_html, write_report_html
    from geoplan.report.json_file import audit_as_dict, write_json
    from geoplan.report.notebook import progress, readable
    from geoplan.report.pictures import report_figures
    from geoplan.report.plots import (
        before_after,
        coverage_choropleth,
        heat_table,
        locator,
        minutes_ecdf,
        size_against_packs,
        write_figures,
    )
    from geoplan.report.report_excel import write_report_excel
    from geoplan.report.report_pdf import write_report_pdf
    from geoplan.report.report_word import write_report_word
    from geoplan.report.split_json import split_as_dict
    from geoplan.report.split_sketch import draw_split
    from geoplan.report.traced import look_up

_HOMES = {
    "write_dossier_word": "dossier_word",
    "write_dossier_excel": "dossier_excel",
    "split_as_dict": "split_json",
    "draw_split": "split_sketch",
    "audit_as_dict": "json_file",
    "headline_rows": "headline",
    "progress": "notebook",
    "readable": "notebook",
    "before_after": "plots",
    "coverage_choropleth": "plots",
    "heat_table": "plots",
    "locator": "plots",
    "minutes_ecdf": "plots",
    "size_against_packs": "plots",
    "write_figures": "plots",
    "write_excel": "excel",
    "write_gpkg": "gpkg",
    "write_html": "html",
    "write_json": "json_file",
    "report_of": "context",
    "report_figures": "pictures",
    "figures_of": "blocks",
    "look_up": "traced",
    "write_report_excel": "report_excel",
    "write_report_html": "html",
    "write_report_pdf": "report_pdf",
    "write_report_word": "report_word",
}

__all__ = [
    "audit_as_dict",
    "before_after",
    "coverage_choropleth",
    "draw_split",
    "figures_of",
    "headline_rows",
    "heat_table",
    "locator",
    "look_up",
    "minutes_ecdf",
    "progress",
    "readable",
    "report_figures",
    "report_of",
    "size_against_packs",
    "split_as_dict",
    "write_dossier_excel",
    "write_dossier_word",
    "write_excel",
    "write_figures",
    "write_gpkg",
    "write_html",
    "write_json",
    "write_report_excel",
    "write_report_html",
    "write_report_pdf",
    "write_report_word",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'geoplan.report' has no attribute {name!r}")
    return getattr(import_module(f"geoplan.report.{_HOMES[name]}"), name)
