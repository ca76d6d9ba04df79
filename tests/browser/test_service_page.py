"""The service's page in a real browser, with every network but the service itself blocked."""

from __future__ import annotations

import dataclasses
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import geoplan as gp
from geoplan.crs.metric import to_lonlat, transform_xy
from geoplan.messages import text
from geoplan.planning.edits import AddCentre, CloseCentre
from geoplan.planning.scenarios import Scenario
from geoplan.report.words import (
    count_text,
    minutes_text,
    number_text,
    place_names,
    rate_text,
    reason_text,
)
from tests.services import at_port, served, service

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next((found for found in map(shutil.which, ("chromium", "chromium-browser")) if found), None)
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
PATIENCE_S = 20
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def app(plain):
    return service(plain)


@pytest.fixture(scope="module")
def address(app):
    with at_port(app) as url:
        yield url


class Visit:
    """A page and what it asked for and complained of."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.requests, self.posts, self.complaints = [], [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("request", lambda request: request.method == "POST" and self.posts.append(request))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append("a dialog opened"), dialog.dismiss()))

    def open(self, lang="en", state=""):
        self.page.goto(f"{self.address}?lang={lang}{state}")
        self.until("document.body.dataset.ready === 'yes'")
        return self

    def until(self, condition):
        """Wait until an expression holds, asking again and again: the page allows no scripts but its own."""
        for _ in range(PATIENCE_S * 20):
            if self.page.evaluate(f"() => Boolean({condition})"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came true: {condition}; {self.complaints}")

    def answered(self, title=None):
        """Wait for the answer: its title, and its causes if it has any."""
        self.until("!document.body.hasAttribute('aria-busy')")
        if title is not None:
            self.until(f"document.getElementById('answer-title').textContent === {title!r}")
        self.until("!document.querySelector('#causes .hint')")

    def state(self):
        """Return what the address says that the page shows."""
        return {key: value[0] for key, value in parse_qs(urlsplit(self.page.url).fragment).items()}

    def services(self):
        """Return the rows of the card: service, walk, nearest, verdict."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('#answer tr[data-service]')].map((row) => [
              row.dataset.service, row.querySelector('.walk').textContent,
              row.querySelector('.nearest')?.textContent ?? null,
              row.querySelector('.verdict').textContent])"""
        )

    def quiet(self):
        """Nothing ran that should not, nothing was asked elsewhere, nothing was complained of."""
        assert self.page.evaluate("() => window.ran === undefined")
        elsewhere = [url for url in self.requests if not url.startswith((self.address, "data:", "blob:"))]
        assert elsewhere == []
        assert self.complaints == []


@contextmanager
def visiting(browser, address, *, width=1280, height=860, **options):
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", **options
    )
    visit = Visit(context.new_page(), address)
    yield visit
    context.close()


def expected_rows(study, standard, residence=None, lon=None, lat=None, lang="en"):
    """Return the rows of a card as the library's answer has them."""
    if residence is None:
        x, y = transform_xy("EPSG:4326", study.crs, lon, lat)
        home = gpd.GeoDataFrame(
            geometry=[shapely.Point(float(x), float(y))],
            index=pd.Index(["h"], name="residence_id"), crs=study.crs,
        )  # fmt: skip
        study = dataclasses.replace(study, residences=home, communities=None)
    reach = gp.coverage(gp.walk_network(study), study, standard).reach
    rows = reach[reach["residence_id"] == (residence or "h")]
    names = place_names(study)
    return [_expected(row, names, lang) for _, row in rows.iterrows()]


def _expected(row, names, lang):
    minutes, limit = minutes_text(row["minutes"]), number_text(row["limit_minutes"])
    sign = {"pass": "✓", "fail": "✗", "unknown": "?"}[row["verdict"]]
    verdict = text("verdict." + row["verdict"], lang)
    nearest = None
    if not pd.isna(row["nearest_id"]):
        metres = text("page.metres", lang, metres=count_text(row["metres"]))
        nearest = f"{names[row['nearest_id']]} · {metres}"
    walk = text("page.walk_of", lang, minutes=minutes, limit=limit)
    return [row["service"], walk, nearest, f"{sign} {verdict}"]


def test_a_click_anywhere_tells_what_the_library_says_of_that_place(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open()
        box = visit.page.locator("#map").bounding_box()
        visit.page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2 + 9)
        visit.until("document.querySelector('#answer tr[data-service]')")
        visit.answered()
        lon, lat = map(float, visit.state()["point"].split(","))
        assert visit.services() == expected_rows(plain.study, plain.standard, lon=lon, lat=lat)
        assert visit.page.locator("#answer .banner").count() == 2
        assert plain.standard.digest[:12] in visit.page.locator("#answer .footing").inner_text()
        reachable = {row[2] for row in visit.services() if row[2]}
        assert visit.page.locator(".walk-end").count() == len(reachable) > 0
        visit.quiet()


def test_a_click_on_a_home_tells_its_own_rows_and_causes(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open(lang="zh")
        last = visit.page.locator(".leaflet-homes-pane path[fill='#d55e00']").last.bounding_box()
        visit.page.mouse.click(last["x"] + last["width"] / 2, last["y"] + last["height"] / 2)
        visit.until("document.querySelector('#answer tr[data-service]')")
        visit.answered()
        home = visit.state()["residence"]
        assert visit.services() == expected_rows(plain.study, plain.standard, residence=home, lang="zh")
        causes = plain.tables["causes"]
        told = visit.page.locator("#causes li").all_inner_texts()
        own = causes[causes["residence_id"] == home]
        assert len(told) == len(own) > 0
        for line, (_, row) in zip(told, own.iterrows(), strict=True):
            assert text(f"cause.{row['cause']}", "zh") in line and reason_text(row["reason"], "zh") in line
        visit.quiet()


def test_a_name_is_found_by_its_part_with_the_keyboard_alone(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open(lang="zh")
        visit.page.focus("#search")
        visit.page.keyboard.type("家")
        assert visit.page.locator("#search-list [aria-selected]").count() == 1
        visit.page.keyboard.press("ArrowDown")
        assert visit.page.get_attribute("#search", "aria-activedescendant") == "found-0"
        visit.page.keyboard.press("Enter")
        visit.answered("滨河家园")
        assert visit.state()["residence"] == "r3"
        assert visit.page.evaluate("() => document.activeElement.id") == "answer"
        visit.page.fill("#search", "西")
        visit.page.keyboard.press("Enter")
        visit.answered("西")
        facts = dict(row.split("\t") for row in visit.page.locator(".facts tr").all_inner_texts())
        persons = plain.tables["coverage_by_community"].loc["west", "persons"]
        assert facts["人数"] == str(persons)
        visit.page.fill("#search", "没有")
        assert text("page.search_none", "zh") in visit.page.locator("#search-list").inner_text()
        visit.quiet()


def test_other_limits_and_another_standard_change_map_legend_and_card(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open(state="#residence=r1")
        visit.answered("幸福里")
        for pack, minutes in (("default", "5"), ("gb50180-2018", "10")):
            visit.page.select_option("#standard", pack)
            visit.answered()
            visit.page.check(f"input[name=minutes][value='{minutes}']", force=True)
            visit.until(f"document.querySelector('#answer .walk')?.textContent.includes('/ {minutes} min')")
            visit.answered()
            standard = gp.load_standard(pack).with_limit(float(minutes))
            assert visit.services() == expected_rows(plain.study, standard, residence="r1")
            found = gp.coverage(gp.walk_network(plain.study), plain.study, standard)
            passing = int((found.completeness["verdict_all_five"] == "pass").sum())
            legend = visit.page.locator("#legend").inner_text()
            assert text("page.counted", "en", word=text("verdict.pass", "en"), count=passing) in legend
            drawn = visit.page.locator(".leaflet-homes-pane path[fill='#0072b2']").count()
            assert drawn == passing
            shown = [
                one for one in ("5", "10", "15") if visit.page.is_checked(f"[data-layer='circles-{one}']")
            ]
            assert shown == [minutes]
        visit.quiet()


def test_the_address_leads_back_to_the_same_answer_in_the_other_language(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open(lang="en", state="#standard=default&minutes=10&residence=r1")
        visit.answered("幸福里")
        visit.page.click("#language")
        visit.until("document.documentElement.lang === 'zh-CN' && document.body.dataset.ready === 'yes'")
        visit.answered("幸福里")
        standard = plain.standard.with_limit(10)
        assert visit.services() == expected_rows(plain.study, standard, residence="r1", lang="zh")
        assert visit.page.locator(".banners").inner_text().startswith(text("banner.synthetic", "zh"))
        visit.quiet()


def test_everything_can_be_asked_without_a_mouse(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open()
        order = []
        for _ in range(15):
            visit.page.keyboard.press("Tab")
            order.append(
                visit.page.evaluate("() => document.activeElement.id || document.activeElement.className")
            )
        wanted = ["skip", "print", "language", "search", "coordinates", "standard", "map", "answer"]
        assert [one for one in order if one in wanted] == wanted
        lon, lat = to_lonlat(plain.study.crs, 474_300.0, 3_997_030.0)
        visit.page.focus("#coordinates")
        visit.page.keyboard.type(f"{lon:.6f}，{lat:.6f}")
        visit.page.keyboard.press("Enter")
        visit.until("document.activeElement.id === 'answer'")
        visit.answered()
        rows = expected_rows(plain.study, plain.standard, lon=round(float(lon), 6), lat=round(float(lat), 6))
        assert visit.services() == rows
        assert "categories within reach" in visit.page.locator("#answer-status").text_content()
        visit.page.keyboard.press("Escape")
        visit.until("document.querySelector('.rates')")
        visit.page.focus("#map")
        visit.page.keyboard.press("Enter")
        visit.until("document.querySelector('#answer tr[data-service], #answer .facts')")
        visit.page.focus("#coordinates")
        visit.page.fill("#coordinates", "36.1")
        visit.page.keyboard.press("Enter")
        assert visit.page.locator("#coordinates-problem").is_visible()
        visit.quiet()


def test_a_what_if_tells_what_compare_tells_and_leaves_no_trace(browser, address, plain):
    with visiting(browser, address) as visit:
        visit.open()
        visit.page.select_option("#close-centre", "c2")
        visit.page.click("#close-it")
        visit.until("document.querySelector('.what-if-table')")
        visit.page.click("#whole")
        visit.page.click("#add-centre")
        assert visit.page.locator("#map-note").inner_text() == text("page.adding", "en")
        home = visit.page.locator(".leaflet-homes-pane path[fill='#d55e00']").last.bounding_box()
        visit.page.mouse.click(home["x"] + home["width"] / 2 - 25, home["y"] + home["height"] / 2)
        visit.until("document.querySelectorAll('#edits li').length === 2")
        visit.until("document.querySelector('.what-if-table')")
        sent = [request.post_data_json for request in visit.posts][-1]
        closed, added = sent["edits"]
        assert (closed["id"], added["level"]) == ("c2", "community")
        edits = (CloseCentre("c2"), AddCentre(added["id"], tuple(added["at"]), level="community"))
        there, _ = gp.apply_scenario(plain.study, plain.standard, Scenario(edits, crs="EPSG:4326"))
        before, after = (
            gp.coverage(gp.walk_network(study), study, plain.standard) for study in (plain.study, there)
        )
        found = gp.compare(before, after)
        totals = found.totals[(found.totals[["residences_gained", "residences_lost"]] > 0).any(axis=1)]
        told = visit.page.evaluate(
            """() => [...document.querySelectorAll('.what-if-table tbody tr')].map((row) =>
              [row.dataset.service, ...[...row.querySelectorAll('td')].map((cell) => cell.textContent)])"""
        )
        assert told == [
            [
                service, count_text(row["persons_gained"]), count_text(row["persons_lost"]),
                f"{rate_text(row['coverage_rate_before'])} → {rate_text(row['coverage_rate_after'])}",
            ]
            for service, row in totals.iterrows()
        ]  # fmt: skip
        assert len(told) > 0 and totals["residences_gained"].sum() and totals["residences_lost"].sum()
        changed = found.changes[found.changes["change"].isin(["gain", "loss"])]
        homes = changed.drop_duplicates("residence_id")
        assert visit.page.locator(".homes .link").all_inner_texts() == homes["name"].tolist()
        assert visit.page.locator(".leaflet-changes-pane path").count() == len(homes)
        visit.page.click("#reset")
        visit.until("document.querySelector('.rates')")
        assert visit.page.locator(".leaflet-changes-pane path, .centre.closed, .centre.new").count() == 0
        visit.quiet()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_names_stay_text(browser, app, address, plain, hostile, lang):
    app.state.served = served(hostile, generation=2)
    try:
        with visiting(browser, address) as visit:
            visit.open(lang=lang)
            assert visit.page.locator("#study-name").inner_text() == hostile.study.name
            visit.page.fill("#search", "<script>")
            assert visit.page.locator("#search-list [aria-selected]").count() >= 3
            for state in ("residence=r1", "residence=r3", "community=west", "centre=c1"):
                visit.page.goto("about:blank")
                visit.open(lang=lang, state=f"#{state}")
                visit.answered()
                visit.page.set_viewport_size({"width": 360, "height": 740})
                assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= 360
                visit.page.set_viewport_size({"width": 1280, "height": 860})
                assert visit.page.evaluate("() => document.getElementById('answer').scrollWidth") <= 420
            box = visit.page.locator(".leaflet-marker-pane .centre").first.bounding_box()
            visit.page.mouse.move(box["x"] + 6, box["y"] + 6)
            visit.page.mouse.move(box["x"] + 7, box["y"] + 7)
            visit.until("document.querySelector('.leaflet-tooltip')")
            assert visit.page.locator("img[src=x], .leaflet-tooltip script, main script").count() == 0
            visit.quiet()
    finally:
        app.state.served = served(plain, generation=3)


def test_the_mouse_over_a_place_tells_its_name(browser, address):
    with visiting(browser, address) as visit:
        visit.open(state="#residence=r1")
        visit.answered("幸福里")
        visit.page.check("[data-layer=facilities]")
        for spot, name in ((".leaflet-facilities-pane path", "公园"), (".here", "幸福里")):
            box = visit.page.locator(spot).last.bounding_box()
            visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            visit.until(f"document.querySelector('.leaflet-tooltip')?.textContent === '{name}'")
        visit.quiet()


def test_a_phone_needs_no_sideways_scrolling_and_has_targets_for_fingers(browser, address):
    with visiting(browser, address, width=360, height=740, has_touch=True) as visit:
        visit.open(lang="en", state="#residence=r3")
        visit.answered("滨河家园")
        for element in ("document.documentElement", "document.body"):
            assert visit.page.evaluate(f"() => {element}.scrollWidth") <= 360
        small = visit.page.evaluate(
            """() => [...document.querySelectorAll('button, a.button, select, input:not([type=radio])')]
              .filter((one) => one.offsetParent && Math.min(one.offsetWidth, one.offsetHeight) < 24
                && one.type !== 'checkbox').map((one) => one.outerHTML)"""
        )
        assert small == []
        visit.quiet()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_axe_finds_nothing_serious(browser, address, lang):
    with visiting(browser, address, bypass_csp=True) as visit:
        visit.open(lang=lang)
        visit.page.add_script_tag(content=AXE)
        for state in ("", "residence=r3", "centre=c1"):
            if state:
                name = {"residence=r3": "滨河家园", "centre=c1": "区中心"}[state]
                visit.page.fill("#search", name)
                visit.page.keyboard.press("Enter")
                visit.answered(name)
            found = visit.page.evaluate("(tags) => axe.run({ runOnly: tags })", WCAG)["violations"]
            bad = [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found]
            assert [one for one in bad if one[1] in ("serious", "critical")] == []
            assert bad == []


def test_the_sheet_to_print_has_card_map_legend_pack_and_day(browser, address, plain, tmp_path):
    with visiting(browser, address) as visit:
        visit.open(lang="zh", state="#residence=r3")
        visit.answered("滨河家园")
        visit.page.emulate_media(media="print")
        visit.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        line = visit.page.locator("#print-line").inner_text()
        assert plain.standard.digest[:12] in line and re.search(r"20\d\d", line)
        for shown in ("#map", "#answer", "#legend", ".banners"):
            assert visit.page.locator(shown).is_visible()
        for hidden in ("#search", ".what-if", "#print"):
            assert not visit.page.locator(hidden).is_visible()
        visit.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
        assert not visit.page.evaluate("() => document.body.classList.contains('printing')")
        visit.quiet()


def test_a_study_of_communities_alone_shows_them(browser, app, address, plain, bare):
    app.state.served = served(bare, generation=4)
    try:
        with visiting(browser, address) as visit:
            visit.open()
            assert visit.page.locator(".leaflet-areas-pane path").count() == 2
            assert text("page.none_known", "en") in visit.page.locator("#answer").inner_text()
            visit.quiet()
    finally:
        app.state.served = served(plain, generation=5)
