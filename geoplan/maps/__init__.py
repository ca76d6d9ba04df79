"""Maps that need no network: Folium pages with everything inside. Names are resolved on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoplan.maps.compare import compare_map
    from geoplan.maps.draw import audit_map
    from geoplan.maps.fixes import fixes_map
    from geoplan.maps.page import AuditMap
    from geoplan.maps.sites import sites_map
    from geoplan.maps.split import split_map

_HOMES = {
    "AuditMap": "page",
    "audit_map": "draw",
    "compare_map": "compare",
    "fixes_map": "fixes",
    "sites_map": "sites",
    "split_map": "split",
}

__all__ = ["AuditMap", "audit_map", "compare_map", "fixes_map", "sites_map", "split_map"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'geoplan.maps' has no attribute {name!r}")
    return getattr(import_module(f"geoplan.maps.{_HOMES[name]}"), name)
