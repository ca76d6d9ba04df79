"""OGC API - Features and vector tiles over the tables of the study and of its audit."""

from __future__ import annotations

from geoplan_api.ogc.routes import router

__all__ = ["router"]
