"""The pages of the OGC API in a real browser: plain, and inert whatever a name holds."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.api.ogc.world import app_of, listening
from tests.audits import CLOSING, SCRIPT
from tests.browser.test_pages import CHROMIUM, OPTIONS, sync_api

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def hostile_address(hostile):
    with listening(app_of(hostile)) as found:
        yield found


@pytest.fixture(scope="module")
def page(hostile_address):
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser.new_page(viewport={"width": 390, "height": 800})
        browser.close()


@pytest.fixture
def watched(page):
    requests, complaints = [], []
    page.on("request", lambda one: requests.append(one.url))
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.on("dialog", lambda one: (complaints.append("a dialog opened"), one.dismiss()))
    return requests, complaints


TABLES = (
    "communities",
    "residences",
    "facilities",
    "centres",
    "premises",
    "quarantine",
    "gaps",
    "compliance",
)
PATHS = [
    "", "/conformance", "/api", "/collections", "/collections/residences",
    *(f"/collections/{name}/items" for name in TABLES), "/collections/facilities/items/f1",
]  # fmt: skip


def test_hostile_names_are_text_on_every_page_and_nothing_leaves(page, watched, hostile_address):
    requests, complaints = watched
    seen = ""
    for path in PATHS:
        page.goto(f"{hostile_address}/ogc{path}?f=html" + ("&limit=1000" if path.endswith("items") else ""))
        assert page.evaluate("() => window.ran === undefined")
        assert page.evaluate("() => document.querySelectorAll('script, img, iframe, [onerror]').length") == 0
        # one heading, a language, and nothing wider than the phone but what scrolls by itself
        assert page.locator("h1").count() == 1
        assert page.evaluate("() => document.documentElement.lang") in ("zh", "en")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
        assert (
            page.evaluate("() => getComputedStyle(document.querySelector('nav ol')).listStyleType") == "none"
        )
        seen += page.locator("body").inner_text()
    assert SCRIPT in seen
    assert CLOSING in seen
    assert {urlsplit(one).netloc for one in requests} == {urlsplit(hostile_address).netloc}
    assert complaints == []


def test_one_walks_by_links_from_the_landing_page_to_a_feature_and_back(page, watched, hostile_address):
    page.goto(f"{hostile_address}/ogc?f=html&lang=en")
    page.get_by_role("link", name="Collections").click()
    page.get_by_role("link", name="Facilities", exact=True).click()
    page.get_by_role("link", name="Features", exact=True).first.click()
    page.get_by_role("link", name="f1", exact=True).click()
    assert SCRIPT in page.locator("table").inner_text()
    page.get_by_label("You are here").get_by_role("link").first.click()
    assert page.url == f"{hostile_address}/ogc?f=html&lang=en"
