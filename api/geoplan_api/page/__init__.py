"""The web page of the service."""

from __future__ import annotations

from fastapi import APIRouter

__all__ = ["router"]


def router() -> APIRouter:
    """Return the page at ``/`` and its files."""
    return APIRouter(tags=["page"])
