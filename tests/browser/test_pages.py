"""The pages in a real browser: nothing hostile runs, nothing leaves, nothing complains."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from geoplan.maps import audit_map, fixes_map
from geoplan.network.build import walk_network
from geoplan.planning.fixes import rank_fixes
from geoplan.report import write_html
from tests.audits import SCRIPT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next((found for found in map(shutil.which, ("chromium", "chromium-browser")) if found), None)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

OPEN_POPUPS = """() => {
  const shown = [];
  const layers = Object.values(window).filter((one) => one instanceof L.FeatureGroup);
  for (const group of layers) {
    if (!group._map) continue;
    for (const layer of group.getLayers()) {
      if (!layer.getPopup || !layer.getPopup()) continue;
      layer.openPopup();
      shown.push(layer.getPopup().getElement().querySelector("h3").textContent);
    }
  }
  return shown;
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@contextmanager
def opened(browser, file):
    """Open a file; yield the page with what it asked for and what it complained of."""
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append("a dialog opened"), dialog.dismiss()))
    page.goto(Path(file).as_uri())
    yield page, requests, complaints
    page.close()


def assert_quiet(page, requests, complaints):
    page.wait_for_timeout(200)
    assert page.evaluate("() => window.ran === undefined")
    assert [url for url in requests if not url.startswith(("file:", "data:", "about:", "blob:"))] == []
    assert complaints == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hostile_map_runs_nothing_asks_for_nothing_and_shows_names_literally(
    browser, hostile, tmp_path, lang
):
    audit_map(hostile, lang=lang).save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        titles = page.evaluate(OPEN_POPUPS)
        assert_quiet(page, requests, complaints)
        assert set(hostile.study.residences["name"]) <= set(titles)
        assert set(hostile.study.centres["name"]) <= set(titles)
        assert page.locator(".gp-panel h1").inner_text() == hostile.study.name
        assert SCRIPT in page.locator(".leaflet-control-attribution").inner_text()
        assert page.evaluate("() => document.querySelectorAll('img[src=x]').length") == 0


def test_the_map_of_the_fixes_of_a_hostile_study_runs_nothing(browser, hostile, tmp_path):
    study = hostile.study
    ledger = rank_fixes(walk_network(study), study, hostile.standard, limit=2)
    fixes_map(study, hostile.standard, ledger, lang="zh").save(tmp_path / "fixes.html")
    with opened(browser, tmp_path / "fixes.html") as (page, requests, complaints):
        assert page.evaluate(OPEN_POPUPS)
        assert_quiet(page, requests, complaints)
        assert page.locator(".gp-panel h1").inner_text() == study.name
        assert page.evaluate("() => document.querySelectorAll('img[src=x]').length") == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hostile_report_runs_nothing_and_asks_for_nothing(browser, hostile, tmp_path, lang):
    write_html(hostile, tmp_path / "report.html", lang=lang)
    with opened(browser, tmp_path / "report.html") as (page, requests, complaints):
        assert_quiet(page, requests, complaints)
        assert SCRIPT in page.locator("h1").inner_text()


def test_every_layer_can_be_switched_off_and_on_again(browser, plain, tmp_path):
    audit_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        boxes = page.locator(".leaflet-control-layers-overlays input")
        before = [box.is_checked() for box in boxes.all()]
        for _ in range(2):
            for box in boxes.all():
                box.click(force=True)
        assert [box.is_checked() for box in boxes.all()] == before
        assert_quiet(page, requests, complaints)


def test_points_stay_above_communities_switched_off_and_on_again(browser, plain, tmp_path):
    audit_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, _, _):
        box = page.get_by_label("Communities by completeness")
        box.click(force=True)
        box.click(force=True)
        last = page.evaluate(
            "() => document.querySelector('.leaflet-overlay-pane g').lastElementChild.getAttribute('fill')"
        )
        assert last in ("#0072b2", "#d55e00", "#ffffff")


@pytest.mark.parametrize("canvas_from", [0, 10**9], ids=["canvas", "svg"])
def test_a_click_on_a_home_opens_its_popup(browser, plain, tmp_path, monkeypatch, canvas_from):
    monkeypatch.setattr("geoplan.maps.draw.CANVAS_FROM", canvas_from)
    audit_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        at = page.evaluate(
            """() => {
              const groups = Object.values(window).filter((one) => one instanceof L.FeatureGroup && one._map);
              const drawn = groups.flatMap((one) => one.getLayers());
              const home = drawn.find((one) => one.getRadius && one.options.fillColor === "#d55e00");
              home._map.setView(home.getLatLng(), 17, { animate: false });
              return home._map.latLngToContainerPoint(home.getLatLng());
            }"""
        )
        assert page.locator("canvas").count() == (1 if canvas_from == 0 else 0)
        page.mouse.click(at["x"], at["y"])
        page.wait_for_timeout(300)
        assert page.locator(".gp-popup h3").inner_text() == "滨河家园"
        assert page.locator(".gp-popup .gp-fail").count() > 0
        assert_quiet(page, requests, complaints)


def test_the_map_shows_itself_in_a_notebooks_frame(browser, plain, tmp_path):
    page_file = tmp_path / "notebook.html"
    page_file.write_text(
        f"<!DOCTYPE html><meta charset='utf-8'>{audit_map(plain)._repr_html_()}", encoding="utf-8"
    )
    with opened(browser, page_file) as (page, requests, complaints):
        frame = page.frame_locator("iframe")
        # a busy machine may take long to begin a frame
        frame.locator(".leaflet-overlay-pane path").first.wait_for(state="attached", timeout=120_000)
        assert_quiet(page, requests, complaints)


def test_the_scale_is_metric_only(browser, plain, tmp_path):
    audit_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, _, _):
        (line,) = page.locator(".leaflet-control-scale-line").all_inner_texts()
        assert line.endswith("m")


def test_no_sideways_scrolling_of_the_report_on_a_printed_page(browser, hostile, tmp_path):
    write_html(hostile, tmp_path / "report.html", lang="zh")
    with opened(browser, tmp_path / "report.html") as (page, _, _):
        assert page.evaluate("() => document.body.scrollWidth <= window.innerWidth")
