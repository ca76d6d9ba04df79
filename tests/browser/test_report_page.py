"""The report in a real browser, asked by axe-core whether everybody can read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoplan.report import write_html
from tests.browser.test_pages import assert_quiet, browser, opened, pytestmark  # noqa: F401

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
RUN_AXE = """async () => (await axe.run(document)).violations.map(
  (found) => `${found.impact} ${found.id}: ${found.nodes.length} × ${found.nodes[0].html}`)"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_axe_finds_nothing_in_the_report_on_screen_and_paper(browser, plain, tmp_path, lang):  # noqa: F811
    write_html(plain, tmp_path / "report.html", lang=lang)
    with opened(browser, tmp_path / "report.html") as (page, requests, complaints):
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for medium in ("screen", "print"):
            page.emulate_media(media=medium)
            assert page.evaluate(RUN_AXE) == []
        assert_quiet(page, requests, complaints)


def test_the_report_can_be_read_on_a_narrow_screen(browser, hostile, tmp_path):  # noqa: F811
    write_html(hostile, tmp_path / "report.html", lang="en")
    with opened(browser, tmp_path / "report.html") as (page, _, _):
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def test_every_link_of_the_contents_leads_to_its_section(browser, plain, tmp_path):  # noqa: F811
    write_html(plain, tmp_path / "report.html", lang="en")
    with opened(browser, tmp_path / "report.html") as (page, _, _):
        links = page.locator("nav a").all()
        assert len(links) == page.locator("main > section").count() > 10
        links[-1].click()
        assert page.locator("#community-sheets h2").is_visible()
        assert page.evaluate("() => location.hash") == "#community-sheets"
