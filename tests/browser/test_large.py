"""
The map of a large study stays light and opens at once.

``GEOPLAN_LARGE_STUDY=100000 python -m pytest tests/browser/test_large.py`` runs it at full size.
"""

from __future__ import annotations

import os

import geoplan
from geoplan.maps import coverage_map
from tests.browser.test_pages import assert_quiet, browser, opened, pytestmark
from tests.maps.large import large_audit

__all__ = ["browser", "pytestmark"]  # the fixture, and when to leave these tests out

COUNT = int(os.environ.get("GEOPLAN_LARGE_STUDY", "20000"))
MOST_MB_PER_100K = 15.0
MOST_PAINT_MS = 3000
FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((seen) => {
  for (const one of seen.getEntries()) if (one.name === "first-contentful-paint") done(one.startTime);
}).observe({ type: "paint", buffered: true }))"""
TURN = """() => {
  const map = Object.values(window).find((one) => one instanceof L.Map);
  const cloud = geoplan.clouds.find((one) => one.marks);
  const before = cloud.marks.length;
  map.setView(cloud.latLngOf(0), 17, { animate: false });
  const near = cloud.marks.filter((one) => one.some.length === 1).length;
  return [before, near, cloud.marks.length];
}"""


def test_a_large_map_is_light_paints_at_once_and_shows_single_homes_from_near(browser, tmp_path):
    audit = large_audit(geoplan.load_standard("default"), COUNT)
    file = tmp_path / "large.html"
    coverage_map(audit).save(file)
    assert file.stat().st_size < MOST_MB_PER_100K * 1e6 * COUNT / 100_000
    with opened(browser, file) as (page, requests, complaints):
        assert page.evaluate(FIRST_PAINT) < MOST_PAINT_MS
        before, near, there = page.evaluate(TURN)
        # gathered from afar, single from near
        assert before < COUNT / 5
        assert 0 < near == there
        page.locator(".gp-search input").fill(audit.study.residences["name"].iloc[-1])
        page.locator(".gp-found button").first.click()
        assert page.locator(".gp-popup h3").inner_text() == audit.study.residences["name"].iloc[-1]
        page.locator(".gp-choice-bar input").fill("0")
        assert_quiet(page, requests, complaints)
