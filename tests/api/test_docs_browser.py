"""The documentation in a real browser: it shows itself under the strict policy, and asks nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


@pytest.fixture(scope="module")
def page():
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        yield browser.new_page()
        browser.close()


def test_the_documentation_shows_every_route_and_asks_nobody_else(page, live):
    said, asked = [], []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda one: said.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{live}/docs")
    page.get_by_text("/v1/coverage/batch", exact=False).first.wait_for(timeout=30_000)
    assert said == []
    assert all(one.startswith((live, "data:")) for one in asked)
    assert "default-src 'none'" in page.request.get(f"{live}/docs").headers["content-security-policy"]
    assert "unsafe-inline" not in page.request.get(f"{live}/docs").headers["content-security-policy"]
