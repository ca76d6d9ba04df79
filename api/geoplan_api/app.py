"""The web application: one audited study in memory, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

import geoplan as gp
from geoplan_api import (
    admin_routes,
    coverage_routes,
    docs_page,
    metrics,
    ogc,
    page,
    plan_routes,
    table_routes,
)
from geoplan_api.background import Background
from geoplan_api.guard import Guard
from geoplan_api.heavy import Heavy
from geoplan_api.keys import KeyRing
from geoplan_api.logs import start_logs
from geoplan_api.openapi import add_openapi
from geoplan_api.problems import add_handlers
from geoplan_api.served import Served
from geoplan_api.settings import Settings

__all__ = ["create_app"]


_ROUTES = (admin_routes, coverage_routes, table_routes, plan_routes, metrics, docs_page, ogc, page)


def create_app(settings: Settings | None = None, *, served: Served | None = None) -> FastAPI:
    """
    Return the service over one study.

    Parameters
    ----------
    settings
        What it is told; None reads the environment, when it starts.
    served
        A study that is audited already; None reads and audits ``settings.study`` when the service starts.

    Returns
    -------
    FastAPI
        ``app.state.served`` is the `Served` that answers are made from, None until the first is ready.
        Errors are problem+json.

    Examples
    --------
    >>> from geoplan_api.app import create_app
    >>> "/v1/coverage" in create_app().openapi()["paths"]
    True
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        start_logs()
        told = settings or Settings()
        _equip(app, told)
        app.state.background = Background(app, told)
        app.state.background.start()
        try:
            yield
        finally:
            await app.state.background.stop()
            app.state.heavy.stop()

    app = FastAPI(title="geoplan", version=gp.__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.served = served
    if settings is not None or served is not None:
        _equip(app, settings or Settings.model_construct())
    add_handlers(app)
    for routes in _ROUTES:
        app.include_router(routes.router())
    add_openapi(app)
    app.add_middleware(_Outermost, application=app)
    return app


def _equip(app: FastAPI, settings: Settings) -> None:
    """Give an application what its routes use."""
    app.state.settings = settings
    app.state.heavy = Heavy(settings)
    app.state.keys = KeyRing(settings.api_key_hashes)
    app.state.metrics = metrics.Metrics()
    app.state.guard = None


class _Outermost:
    """The guard, made at the first request: its limits are known when the service has started."""

    def __init__(self, app: ASGIApp, application: FastAPI) -> None:
        self.app, self.application = app, application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = self.application.state
        if state.guard is None:
            inner = self.app
            if state.settings.cors_origins:
                inner = CORSMiddleware(
                    inner,
                    allow_origins=list(state.settings.cors_origins),
                    allow_methods=["GET", "POST", "DELETE"],
                    allow_headers=["X-API-Key", "Content-Type"],
                )
            state.guard = Guard(inner, state.settings, state.metrics)
        await state.guard(scope, receive, send)
