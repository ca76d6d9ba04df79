"""The pages in a real browser: nothing hostile runs, nothing leaves, nothing complains."""

from __future__ import annotations

import dataclasses
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

import geoplan
from geoplan import maps
from geoplan.maps import audit_map, centres_map, coverage_map, fixes_map
from geoplan.messages import text
from geoplan.network.build import walk_network
from geoplan.planning.fixes import rank_fixes
from geoplan.report import write_html
from tests.audits import SCRIPT
from tests.maps.test_compare_map import hostile_comparison
from tests.maps.test_family import OF_AN_AUDIT
from tests.maps.test_sites_map import hostile_siting
from tests.maps.test_split_map import STANDARD, hostile_town

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next((found for found in map(shutil.which, ("chromium", "chromium-browser")) if found), None)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

OPEN_CARDS = """() => {
  const map = Object.values(window).find((one) => one instanceof L.Map);
  const shown = [];
  for (const source of geoplan.sources) {
    for (let at = 0; at < source.count; at += 1) {
      geoplan.openCard(map, source.data, at, source.latLngOf(at));
      shown.push([...document.querySelectorAll(".gp-popup h3")].pop().textContent);
      map.closePopup();
    }
  }
  return shown;
}"""
PLACE_ON_SCREEN = """([title, zoom]) => {
  const map = Object.values(window).find((one) => one instanceof L.Map);
  const source = geoplan.sources.find((one) => one.data.title.includes(title));
  const place = source.latLngOf(source.data.title.indexOf(title));
  map.setView(place, zoom, { animate: false });
  return map.latLngToContainerPoint(place);
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


def made_maps(name, hostile, lang):
    """Return a map of hostile data, and names that must be on its cards."""
    if name in OF_AN_AUDIT:
        homes, centres = (set(one["name"]) for one in (hostile.study.residences, hostile.study.centres))
        wanted = {"network": set(), "circles": centres}.get(name, homes)
        return OF_AN_AUDIT[name](hostile, lang=lang), wanted
    if name == "sites":
        study, plan = hostile_siting()
        return maps.sites_map(study, plan, lang=lang), set(plan.sites["name"])
    if name == "compare":
        before, after, found = hostile_comparison()
        page = maps.compare_map(after, STANDARD, found, before=before, lang=lang)
        return page, set(after.centres["name"].dropna())
    study = hostile_town()
    plan = geoplan.plan_split(geoplan.walk_network(study), study, "c1", STANDARD)
    return maps.split_map(plan, study, lang=lang), {study.residences.loc["r00", "name"]}


@pytest.mark.parametrize(
    ("name", "lang"),
    [*((name, "zh") for name in (*OF_AN_AUDIT, "sites", "compare", "split")), ("audit", "en")],
)
def test_a_hostile_map_runs_nothing_asks_for_nothing_and_shows_names_literally(
    browser, hostile, tmp_path, name, lang
):
    made, wanted = made_maps(name, hostile, lang)
    made.save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        titles = page.evaluate(OPEN_CARDS)
        # every name is found, listed as text, and shown
        for sought in ("<", "`", "=", "a", "试"):
            page.locator(".gp-search input").fill(sought)
        found = page.locator(".gp-found button")
        if found.count():
            found.first.click()
        for control in page.locator(".gp-choice-bar input, .gp-choice-bar select").all():
            if control.evaluate("(one) => one.tagName") == "SELECT":
                for number in range(control.locator("option").count()):
                    control.select_option(index=number)
            else:
                for step in ("0", "1"):
                    control.fill(step)
        assert_quiet(page, requests, complaints)
        assert wanted <= set(titles)
        assert page.evaluate("() => document.querySelectorAll('img[src=x]').length") == 0
        if name == "audit":
            assert page.locator(".gp-panel h1").inner_text() == hostile.study.name
            assert SCRIPT in page.locator(".leaflet-control-attribution").inner_text()


def test_the_map_of_the_fixes_of_a_hostile_study_runs_nothing(browser, hostile, tmp_path):
    study = hostile.study
    ledger = rank_fixes(walk_network(study), study, hostile.standard, limit=2)
    fixes_map(study, hostile.standard, ledger, lang="zh").save(tmp_path / "fixes.html")
    with opened(browser, tmp_path / "fixes.html") as (page, requests, complaints):
        assert page.evaluate(OPEN_CARDS)
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


def test_shapes_keep_their_order_switched_off_and_on_again(browser, plain, tmp_path):
    audit_map(plain, lang="en").save(tmp_path / "map.html")
    order = """() => {
      const map = Object.values(window).find((one) => one instanceof L.Map);
      const found = [];
      const shape = Object.values(map._layers).find((one) => one._order);
      for (let one = map.getRenderer(shape)._drawFirst; one; one = one.next) {
        found.push(one.layer.options.fillColor + one.layer.options.color);
      }
      return found;
    }"""
    with opened(browser, tmp_path / "map.html") as (page, _, _):
        before = page.evaluate(order)
        box = page.get_by_label("Communities by completeness (2)")
        box.click(force=True)
        box.click(force=True)
        assert page.evaluate(order) == before
        assert len(before) > 5


def test_a_click_on_a_home_opens_its_card_above_the_community_with_its_paths(browser, plain, tmp_path):
    audit_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        at = page.evaluate(PLACE_ON_SCREEN, ["滨河家园", 17])
        page.mouse.click(at["x"], at["y"])
        page.wait_for_timeout(300)
        assert page.locator(".gp-popup h3").inner_text() == "滨河家园"
        assert page.locator(".gp-popup .gp-fail").count() > 0
        assert page.locator(".gp-popup .gp-walked").count() > 0
        assert_quiet(page, requests, complaints)
        # beside the home lies its community
        page.keyboard.press("Escape")
        page.wait_for_timeout(500)
        at = page.evaluate(PLACE_ON_SCREEN, ["滨河家园", 17])
        page.mouse.click(at["x"] + 60, at["y"] - 60)
        page.wait_for_timeout(300)
        assert page.locator(".gp-popup h3").inner_text().startswith("东")


def test_a_name_sought_is_shown_with_its_card(browser, plain, tmp_path):
    audit_map(plain, lang="zh").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        page.locator(".gp-search input").fill("和平")
        page.locator(".gp-found button").first.click()
        assert page.locator(".gp-popup h3").inner_text() == "和平苑"
        page.locator(".gp-search input").fill("无此名")
        assert page.locator(".gp-found button").count() == 0
        assert page.locator(".gp-found p").inner_text() == text("map.nothing", "zh")
        assert_quiet(page, requests, complaints)


def test_the_slider_changes_counts_and_circles_and_comes_back(browser, plain, tmp_path):
    coverage_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        count = page.locator('[data-gp-count="pass"]')
        within = page.locator(".gp-choice-bar input")

        def circles():
            boxes = page.locator(".leaflet-control-layers-overlays label").filter(has_text="Circles")
            return [one.inner_text() for one in boxes.all() if one.locator("input").is_checked()]

        before = count.inner_text(), circles()
        assert all("15 min" in one for one in before[1])
        within.fill("0")
        assert int(count.inner_text()) <= int(before[0])
        assert circles()
        assert all(", 5 min" in one for one in circles())
        within.fill("2")
        assert (count.inner_text(), circles()) == before
        assert_quiet(page, requests, complaints)


def test_on_the_map_of_circles_the_slider_shows_those_of_its_time(browser, plain, tmp_path):
    maps.circles_map(plain, lang="en").save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        before = page.locator('[data-gp-count="none"]').inner_text()
        page.locator(".gp-choice-bar input").fill("1")
        boxes = page.locator(".leaflet-control-layers-overlays label").filter(has_text="Circles")
        shown = [one.inner_text() for one in boxes.all() if one.locator("input").is_checked()]
        assert len(shown) == 2
        assert all(", 10 min" in one for one in shown)
        assert page.locator('[data-gp-count="none"]').inner_text() == before
        assert_quiet(page, requests, complaints)


def test_two_maps_side_by_side_move_as_one(browser, tmp_path):
    before, after, found = hostile_comparison()
    maps.compare_map(after, STANDARD, found, before=before).save(tmp_path / "map.html")
    views = """() => Object.values(window).filter((one) => one instanceof L.Map)
      .map((one) => [one.getZoom(), one.getCenter().lat.toFixed(6), one.getCenter().lng.toFixed(6)])"""
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        for move in ("() => null", "(one) => one.zoomIn(2, still)", "(one) => one.panBy([40, 30], still)"):
            second = "Object.values(window).filter((one) => one instanceof L.Map)[1]"
            page.evaluate(f"() => {{ const still = {{ animate: false }}; ({move})({second}); }}")
            one, other = page.evaluate(views)
            assert one == other
        assert_quiet(page, requests, complaints)


def test_on_paper_a_map_is_one_sheet_without_controls_and_comes_back_as_it_was(browser, plain, tmp_path):
    audit_map(plain, lang="zh").save(tmp_path / "map.html")
    view = """() => {
      const map = Object.values(window).find((one) => one instanceof L.Map);
      return [map.getZoom(), map.getSize().x, document.querySelectorAll("canvas").length];
    }"""
    with opened(browser, tmp_path / "map.html") as (page, requests, complaints):
        before = page.evaluate(view)
        page.evaluate(
            """() => matchMedia("print").addEventListener("change", (event) => {
              const parts = [".gp-search", ".leaflet-control-layers", ".gp-panel", ".gp-north"];
              const shown = (one) => getComputedStyle(document.querySelector(one)).display !== "none";
              if (event.matches) window.shown = parts.map(shown);
            })"""
        )
        sheet = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
        assert page.evaluate("() => window.shown") == [False, False, True, True]
        assert page.evaluate(view) == before
        assert_quiet(page, requests, complaints)


def test_names_on_a_map_never_overlap_each_other_or_a_symbol(browser, plain, tmp_path):
    crowded = plain.study.communities.assign(name=["一个名字很长很长的社区", "另一个名字很长很长的社区"])
    study = dataclasses.replace(plain.study, communities=crowded)
    centres_map(dataclasses.replace(plain, study=study), lang="zh").save(tmp_path / "map.html")
    boxes = """() => [...document.querySelectorAll(".gp-label span, .leaflet-marker-pane .gp-symbol")]
      .filter((one) => one.offsetWidth && getComputedStyle(one).visibility !== "hidden")
      .map((one) => {
        const box = one.getBoundingClientRect();
        return [box.left, box.top, box.right, box.bottom, one.classList.contains("gp-symbol")];
      })"""
    with opened(browser, tmp_path / "map.html") as (page, _, _):
        for zoom in (14, 15, 17):
            page.evaluate(PLACE_ON_SCREEN, ["滨河家园", zoom])
            page.wait_for_timeout(200)
            shown = page.evaluate(boxes)
            for number, (left, top, right, bottom, symbol) in enumerate(shown):
                for other in shown[:number]:
                    apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
                    assert apart or (symbol and other[4])


def test_the_map_shows_itself_in_a_notebooks_frame(browser, plain, tmp_path):
    page_file = tmp_path / "notebook.html"
    page_file.write_text(
        f"<!DOCTYPE html><meta charset='utf-8'>{audit_map(plain)._repr_html_()}", encoding="utf-8"
    )
    with opened(browser, page_file) as (page, requests, complaints):
        frame = page.frame_locator("iframe")
        # a busy machine may take long to begin a frame
        frame.locator(".leaflet-overlay-pane canvas").first.wait_for(state="attached", timeout=120_000)
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
