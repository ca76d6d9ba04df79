"""The web application: one audited study in memory, asked over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import geoplan as gp
from geoplan_api import coverage_routes, health, ogc, page, table_routes
from geoplan_api.guard import Guard
from geoplan_api.heavy import Heavy
from geoplan_api.openapi import add_openapi
from geoplan_api.problems import add_handlers
from geoplan_api.served import Served, load_served
from geoplan_api.settings import Settings

__all__ = ["create_app"]


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
        ``app.state.served`` is the `Served` that answers are made from. Errors are problem+json.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.settings = settings or Settings()
        app.state.heavy = Heavy(app.state.settings)
        if app.state.served is None:
            app.state.served = await asyncio.to_thread(load_served, app.state.settings)
        yield
        app.state.heavy.stop()

    app = FastAPI(title="geoplan", version=gp.__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.served = served
    add_handlers(app)
    for routes in (health, coverage_routes, table_routes, ogc, page):
        app.include_router(routes.router())
    add_openapi(app)
    app.add_middleware(Guard)
    return app
