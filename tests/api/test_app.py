from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from geoplan_api.app import create_app
from geoplan_api.served import Served

from geoplan.network.build import walk_network


@pytest.fixture(scope="module")
def app(plain):
    served = Served(
        study=plain.study,
        standard=plain.standard,
        network=walk_network(plain.study),
        audit=plain,
        generation=1,
        lang="en",
        loaded_at=time.time(),
    )
    return create_app(served=served)


def ask(app, method, path, **more):
    async def run():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **more)

    return asyncio.run(run())


def test_ready_names_the_study_and_the_standard(app):
    told = ask(app, "GET", "/readyz").json()
    assert (told["study"], told["standard"], told["generation"]) == ("tiny", "default", 1)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/healthz", 405)])
def test_every_error_is_problem_json_with_secure_headers(app, method, path, status):
    answer = ask(app, method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_nothing_is_answered_before_the_study_is_ready():
    assert ask(create_app(), "GET", "/readyz").status_code == 503
