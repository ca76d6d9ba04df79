"""OGC API - Features over the tables of the study and of its audit."""

from __future__ import annotations

from fastapi import APIRouter

__all__ = ["router"]


def router() -> APIRouter:
    """Return the routes under ``/ogc``."""
    return APIRouter(prefix="/ogc", tags=["ogc"])
