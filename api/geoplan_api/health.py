"""Is the service alive, and is it ready?"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from geoplan_api.served import served_of

__all__ = ["router"]


def router() -> APIRouter:
    """Return the routes that a supervisor asks."""
    routes = APIRouter(tags=["service"])

    @routes.get("/healthz", summary="Is the process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz", summary="Is the study audited and ready to be asked?")
    async def readyz(request: Request) -> dict[str, Any]:
        served = served_of(request)
        return {
            "status": "ready",
            "study": served.study.study_id,
            "standard": served.standard.id,
            "generation": served.generation,
        }

    return routes
