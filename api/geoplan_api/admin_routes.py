"""Routes of those who run the service: alive, ready, figures for Prometheus, read the study again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from geoplan_api.background import Background
from geoplan_api.http import answer_json, problems
from geoplan_api.keys import NEEDS_KEY
from geoplan_api.served import Served, served_of

__all__ = ["router"]


class Alive(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """What is served."""

    status: str
    study: str
    standard: str
    generation: int
    loading: bool
    reload_error: str | None


class Reloading(BaseModel):
    """A reload was asked for; ``generation`` of /readyz grows when it is done."""

    status: str
    generation: int


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["service"])
    routes.add_api_route("/healthz", _alive, summary="Is the process alive?", response_model=Alive)
    routes.add_api_route(
        "/readyz",
        _ready,
        summary="Is the study audited and ready to be asked?",
        response_model=Ready,
        responses=problems(),
    )
    routes.add_api_route(
        "/admin/reload",
        _reload,
        methods=["POST"],
        status_code=202,
        summary="Read and audit the study again; old answers until the new ones are ready",
        response_model=Reloading,
        responses=problems(401),
        dependencies=[NEEDS_KEY],
    )
    return routes


async def _alive() -> dict[str, str]:
    return {"status": "ok"}


async def _ready(request: Request) -> dict[str, Any]:
    served = served_of(request)
    background: Background = request.app.state.background
    return {
        "status": "ready",
        "study": served.study.study_id,
        "standard": served.standard.id,
        "generation": served.generation,
        "loading": background.loading,
        "reload_error": background.reload_error,
    }


async def _reload(request: Request) -> Response:
    background: Background = request.app.state.background
    served: Served | None = request.app.state.served
    background.store.want_reload()
    return answer_json(
        {"status": "reloading", "generation": 0 if served is None else served.generation}, status=202
    )
