from __future__ import annotations

import pytest

from tests.api.ogc.world import Client, app_of, listening


@pytest.fixture(scope="session")
def app(plain):
    """The service over the plain study."""
    return app_of(plain)


@pytest.fixture(scope="session")
def client(app):
    return Client(app)


@pytest.fixture(scope="session")
def address(app):
    """The same service on loopback."""
    with listening(app) as found:
        yield found
