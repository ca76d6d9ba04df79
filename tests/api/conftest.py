from __future__ import annotations

import hashlib
import threading
import time

import numpy as np
import pytest
import uvicorn
from geoplan_api.app import create_app
from geoplan_api.protocol import PatientProtocol
from geoplan_api.served import Served
from geoplan_api.settings import Settings

from geoplan.crs.metric import to_lonlat
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from geoplan.workflow import audit
from tests.api.client import Client
from tests.cities import random_study
from tests.folders import write_folder

KEY = "a-key-of-the-tests"
HASH = hashlib.sha256(KEY.encode()).hexdigest()


def served_from(checked, **changed):
    """Return what is served of an audit."""
    study: Study = checked.study
    told = {
        "study": study,
        "standard": checked.standard,
        "network": None if study.streets is None else walk_network(study),
        "audit": checked,
        "generation": 1,
        "lang": "en",
        "loaded_at": time.time(),
        "key": "k",
    }
    return Served(**(told | changed))


def client_of(served, folder, **told):
    """Return a client of a service over it; enter it to start the service."""
    settings = Settings(state_dir=folder, api_key_hashes=(f"tests:{HASH}",), heavy_rate_per_minute=0, **told)
    return Client(create_app(settings, served=served))


@pytest.fixture(scope="session")
def city():
    """An audited city with gates, bridges, hills, one-way streets and a river."""
    return audit(random_study(7), load_standard("default"))


@pytest.fixture(scope="session")
def city_client(city, tmp_path_factory):
    with client_of(served_from(city), tmp_path_factory.mktemp("state")) as client:
        yield client


@pytest.fixture(scope="session")
def plain_client(plain, tmp_path_factory):
    with client_of(served_from(plain), tmp_path_factory.mktemp("state")) as client:
        yield client


@pytest.fixture(scope="session")
def bare_client(bare, tmp_path_factory):
    with client_of(served_from(bare), tmp_path_factory.mktemp("state")) as client:
        yield client


@pytest.fixture(scope="session")
def live(city, tmp_path_factory):
    """The address of a service over the city, on loopback."""
    told = Settings(
        state_dir=tmp_path_factory.mktemp("state"),
        api_key_hashes=(f"tests:{HASH}",),
        heavy_rate_per_minute=0,
        key_tries_per_minute=0,
        job_queue=5,
    )
    app = create_app(told, served=served_from(city))
    config = uvicorn.Config(app, port=0, http=PatientProtocol, ws="none", log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory):
    """A study folder with an oversized community, to be read by a service."""
    return write_folder(tmp_path_factory.mktemp("study") / "small")


def spots(study, count, seed=0):
    """Return places near the streets of a study and away from them, as longitude and latitude."""
    west, south, east, north = study.streets.total_bounds
    rng = np.random.default_rng(seed)
    x, y = rng.uniform((west - 200, south - 200), (east + 200, north + 200), (count, 2)).T
    return list(zip(*to_lonlat(study.crs, x, y), strict=True))
