from __future__ import annotations

import pytest
from hypothesis import settings

from tests import audits

# runs are repeatable: a failure found once is found again
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def plain():
    """An audit of a study without anything odd in it."""
    return audits.plain_audit()


@pytest.fixture(scope="session")
def hostile():
    """An audit of a study whose texts try to run."""
    return audits.hostile_audit()


@pytest.fixture(scope="session")
def bare():
    """An audit of a study with few tables and many unknowns."""
    return audits.bare_audit()
