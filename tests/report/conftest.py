from __future__ import annotations

import pytest

from tests.report import audits


@pytest.fixture(scope="session")
def plain():
    return audits.plain_audit()


@pytest.fixture(scope="session")
def hostile():
    return audits.hostile_audit()


@pytest.fixture(scope="session")
def bare():
    return audits.bare_audit()
