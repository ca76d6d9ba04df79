"""The service in front of small audits: asked in the same process, or at a port of this machine."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager

import httpx
import uvicorn
from geoplan_api.app import create_app
from geoplan_api.served import Served
from geoplan_api.settings import Settings

import geoplan as gp


def served(audit, *, generation=1, lang="zh"):
    """Return an audit as the service holds it."""
    study = audit.study
    network = None if study.streets is None else gp.walk_network(study)
    return Served(
        study=study, standard=audit.standard, network=network, audit=audit,
        generation=generation, lang=lang, loaded_at=0.0,
    )  # fmt: skip


def service(audit, **settings):
    """Return the application over an audit."""
    return create_app(Settings(heavy_rate_per_minute=0, **settings), served=served(audit))


def ask(app, path, *, method="GET", **options):
    """Ask an application without a server."""

    async def asked():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(asked())


@contextmanager
def at_port(app):
    """Serve an application at a free port; yield its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(10)
