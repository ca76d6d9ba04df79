from __future__ import annotations

import asyncio
from math import isnan
from pathlib import Path

import httpx
import pytest
from geoplan_api.app import create_app

import geoplan as gp

MONACO = Path(__file__).parents[2] / "data" / "monaco"


class Client:
    """Ask the application without a server."""

    def __init__(self, app):
        self.transport = httpx.ASGITransport(app)

    def get(self, path, params=None):
        async def ask():
            async with httpx.AsyncClient(transport=self.transport, base_url="http://test") as client:
                return await client.get(path, params=params)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def client():
    app = create_app(MONACO)

    async def start():
        async with app.router.lifespan_context(app):
            return Client(app)

    return asyncio.run(start())


def test_a_homes_own_point_gets_the_librarys_verdicts(client):
    study, standard = gp.read_study(MONACO), gp.load_standard("default")
    reach = gp.coverage(gp.walk_network(study), study, standard).reach
    # a home without declared entrances is entered at its point on the surface, as a clicked point is
    home = study.residences[study.residences["entrances"].isna()].index[0]
    spot = study.residences.loc[[home]].representative_point().to_crs("EPSG:4326").iloc[0]
    told = client.get("/v1/coverage", params={"lon": spot.x, "lat": spot.y}).json()
    own = reach[reach["residence_id"] == home].set_index("service")
    assert [one["service"] for one in told["services"]] == list(own.index)
    for one in told["services"]:
        assert one["verdict"] == own.loc[one["service"], "verdict"]
        minutes = own.loc[one["service"], "minutes"]
        assert one["minutes"] == (None if isnan(minutes) else pytest.approx(minutes, abs=1e-3))
    assert told["community_id"] == study.residences.loc[home, "community_id"]


def test_a_point_far_from_every_street_is_unknown(client):
    told = client.get("/v1/coverage", params={"lon": 7.6, "lat": 43.6, "lang": "zh"}).json()
    assert told["snap_m"] is None
    assert {one["verdict"] for one in told["services"]} == {"unknown"}
    assert told["services"][0]["reason_text"] == "居住点远离可步行道路"


@pytest.mark.parametrize("query", ["lon=181&lat=0", "lon=x&lat=0", "lat=3", "lon=nan&lat=1"])
def test_a_query_that_is_no_coordinate_is_refused(client, query):
    assert client.get(f"/v1/coverage?{query}").status_code == 422


def test_health_names_the_study_and_the_standard(client):
    assert client.get("/healthz").json() == {"status": "ok", "study": "monaco", "standard": "default"}
