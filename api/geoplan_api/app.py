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


_ROUTES = (coverage_routes, table_routes, plan_routes, admin_routes, metrics, docs_page, ogc, page)


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
    async def lifespan(app: Service) -> AsyncIterator[None]:
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
            app.state.guard.log.flush()

    app = Service(title="geoplan", version=gp.__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.served = served
    if settings is not None or served is not None:
        _equip(app, settings or Settings.model_construct())
    add_handlers(app)
    for routes in _ROUTES:
        app.include_router(routes.router())
    add_openapi(app)
    return app


class Service(FastAPI):
    """The application behind its guard: a request meets the limits before anything else looks at it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop."""
        guard: Guard | None = getattr(self.state, "guard", None)
        if scope["type"] == "http" and guard is not None:
            scope["app"] = self
            await guard(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _equip(app: Service, settings: Settings) -> None:
    """Give an application what its routes use."""
    app.state.settings = settings
    app.state.heavy = Heavy(settings)
    app.state.keys = KeyRing(settings.api_key_hashes, settings.key_tries_per_minute)
    app.state.metrics = metrics.Metrics()
    inner: ASGIApp = super(Service, app).__call__
    if settings.cors_origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["X-API-Key", "Content-Type"],
        )
    lanes = {} if settings.cors_origins else {"/v1/coverage": coverage_routes.quick_coverage(app.state)}
    app.state.guard = Guard(inner, settings, app.state.metrics, lanes)
