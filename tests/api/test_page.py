"""The page's files and data, without a browser: a fixed list of files, and the library's own answers."""

from __future__ import annotations

import dataclasses
import doctest
import gzip
import json
import math
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geoplan_api.page import shapes
from geoplan_api.page.files import static_files
from geoplan_api.page.payload import Memo
from geoplan_api.page.views import CIRCLE_MINUTES

import geoplan as gp
from geoplan.crs.metric import to_lonlat, transform_xy
from geoplan.messages import catalogue, text
from geoplan.report.words import minutes_text
from tests.audits import SCRIPT
from tests.services import ask, served, service

STATIC = Path(str(resources.files("geoplan_api.page"))) / "static"


@pytest.fixture(scope="module")
def app(plain):
    return service(plain)


def data(app, path, **query):
    answer = ask(app, f"/page/data/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def covered(study, standard):
    return gp.coverage(gp.walk_network(study), study, standard)


def alone(study, lon, lat):
    """Return the study with one home, at a place."""
    x, y = transform_xy("EPSG:4326", study.crs, lon, lat)
    home = gpd.GeoDataFrame(
        geometry=[shapely.Point(float(x), float(y))],
        index=pd.Index(["h"], name="residence_id"),
        crs=study.crs,
    )
    return dataclasses.replace(study, residences=home, communities=None)


def assert_same_walks(services, reach):
    assert [one["service"] for one in services] == list(reach["service"])
    for one, (_, row) in zip(services, reach.iterrows(), strict=True):
        for name in ("minutes", "metres", "nearest_id"):
            assert one[name] == (None if pd.isna(row[name]) else row[name]), name
        assert (one["verdict"], one["reason"]) == (row["verdict"], row["reason"])
        assert one["limit_minutes"] == row["limit_minutes"]
        assert one["minutes_text"] == minutes_text(row["minutes"])


@pytest.mark.parametrize("minutes", ["own", "5"])
def test_a_clicked_place_gets_the_answers_of_coverage_to_the_digit(app, plain, minutes):
    standard = plain.standard if minutes == "own" else plain.standard.with_limit(5)
    west, south, east, north = plain.study.communities.total_bounds
    rng = np.random.default_rng(7)
    for _ in range(4):
        lon, lat = to_lonlat(plain.study.crs, rng.uniform(west, east), rng.uniform(south, north))
        card = data(app, "card", lon=float(lon), lat=float(lat), minutes=minutes)
        found = covered(alone(plain.study, float(lon), float(lat)), standard)
        assert_same_walks(card["services"], found.reach)
        assert card["verdict"] == found.completeness["verdict_all_five"].iloc[0]


@pytest.mark.parametrize(("pack", "minutes"), [("default", "own"), ("gb50180-2018", "10")])
def test_a_residence_gets_its_rows_of_reach(app, plain, pack, minutes):
    standard = gp.load_standard(pack) if minutes == "own" else gp.load_standard(pack).with_limit(10)
    found = covered(plain.study, standard)
    for residence in plain.study.residences.index:
        card = data(app, "card", residence=residence, standard=pack, minutes=minutes)
        assert_same_walks(card["services"], found.reach[found.reach["residence_id"] == residence])
        assert card["verdict"] == found.completeness.loc[residence, "verdict_all_five"]


def test_a_walk_is_as_long_as_its_row_says_and_ends_at_the_nearest(city):
    app, study = service(city), city.study
    walks = 0
    for residence in study.residences.index:
        card = data(app, "card", residence=residence)
        lines = {one["id"]: one["geometry"]["coordinates"] for one in card["walks"]}
        for one in card["services"]:
            assert (one["walk"] is None) == (one["minutes"] is None)
            if one["walk"] is None:
                continue
            table = study.centres if one["service"].startswith("centre_") else study.facilities
            doors = table.loc[one["nearest_id"]].get("entrances") or table.geometry[one["nearest_id"]]
            xy = np.column_stack(transform_xy("EPSG:4326", study.crs, *np.array(lines[one["walk"]]).T))
            # drawn to six decimals of a degree
            assert shapely.LineString(xy).length == pytest.approx(one["metres"], abs=0.5)
            assert shapely.Point(xy[-1]).distance(doors) < 0.2
            walks += 1
    assert walks > 20


def test_causes_of_a_place_are_those_the_library_finds(app, plain):
    (lon,), (lat,) = to_lonlat(plain.study.crs, [477_600.0], [3_997_010.0])
    asked = alone(plain.study, float(lon), float(lat))
    network = gp.walk_network(asked)
    found = gp.find_causes(network, asked, plain.standard, covered(asked, plain.standard)).causes
    told = data(app, "causes", lon=float(lon), lat=float(lat), lang="en")["causes"]
    assert [(one["service"], one["cause"]) for one in told] == list(
        zip(found["service"], found["cause"], strict=True)
    )
    assert told


def test_causes_of_a_residence_are_those_of_the_audit(app, plain):
    table = plain.tables["causes"]
    for residence in plain.study.residences.index:
        told = data(app, "causes", residence=residence)["causes"]
        assert [one["cause"] for one in told] == list(table.loc[table["residence_id"] == residence, "cause"])


@pytest.mark.parametrize("minutes", ["own", "5", "10", "15"])
def test_verdicts_of_a_view_are_those_of_coverage(app, plain, minutes):
    standard = plain.standard if minutes == "own" else plain.standard.with_limit(float(minutes))
    found = covered(plain.study, standard)
    view, places = data(app, "view", minutes=minutes), data(app, "places")
    told = dict(zip(places["residences"]["ids"], view["residences"], strict=True))
    assert told == {home: verdict[0] for home, verdict in found.completeness["verdict_all_five"].items()}
    rates = {one["service"]: one["rate"] for one in view["rates"]}
    assert rates == {
        name: rate if rate == rate else None for name, rate in found.by_category["coverage_rate"].items()
    }
    assert sum(view["counts"].values()) == len(plain.study.residences)


def test_circles_are_the_librarys_largest_first(app, plain):
    network = gp.walk_network(plain.study)
    found = gp.service_circles(network, plain.study.centres, plain.standard, minutes=CIRCLE_MINUTES)
    told = data(app, "circles")
    assert len(told) == len(found) == 6
    assert [one["properties"]["minutes"] for one in told] == [15, 15, 10, 10, 5, 5]


@pytest.mark.parametrize(
    "query",
    [{}, {"lon": 103}, {"lon": -76, "lat": 10}, {"lon": "nan", "lat": 1},
     {"lon": "1e308", "lat": 1}, {"lon": "inf", "lat": 1},
     {"residence": "none"}, {"lon": 103, "lat": 36, "minutes": "7"},
     {"residence": "r1", "standard": "../x.toml"}],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_with_its_reason(app, query):
    answer = ask(app, "/page/data/card", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["community", "centre"])
def test_no_community_or_centre_of_that_id_is_refused(app, path):
    assert ask(app, f"/page/data/{path}", params={"id": SCRIPT}).status_code == 422


def test_a_community_card_tells_its_figures_and_its_size(app, plain):
    card = data(app, "community", id="west", lang="en")
    assert card["name"] == "西"
    facts = dict(card["facts"])
    assert facts["residences"] == str(plain.tables["coverage_by_community"].loc["west", "residences"])
    assert facts["size"] in ("oversized", "undersized", "within limits", "unknown")


def test_a_centre_card_tells_whom_it_reaches(app, plain):
    facts = dict(data(app, "centre", id="c1", lang="en")["facts"])
    reached = plain.tables["coverage_by_centre"].loc["c1", "persons_reached"]
    assert facts["persons reached"] == str(reached)


def test_a_place_where_nothing_is_known_is_unknown_never_passing(app):
    (lon,), (lat,) = to_lonlat("EPSG:4544", [474_500.0], [3_997_900.0])
    card = data(app, "card", lon=float(lon), lat=float(lat))
    assert card["verdict"] == "unknown" and card["snap_m"] is None and card["outside"]
    assert {one["verdict"] for one in card["services"]} == {"unknown"}


def test_only_listed_files_are_served(app):
    assert {file.name for file in STATIC.iterdir()} | {"leaflet.js", "leaflet.css"} == set(static_files())
    for path in (
        "none.js",
        "..%2froutes.py",
        "../routes.py",
        "%2e%2e/app.py",
        "/etc/passwd",
        "a" * 90,
    ):
        assert ask(app, f"/static/{path}").status_code in (404, 405, 422), path
    answer = ask(app, "/static/leaflet.js")
    assert answer.headers["content-type"].startswith("text/javascript")


def test_an_answer_known_already_is_not_sent_again(app):
    first = ask(app, "/page/data/places")
    again = ask(app, "/page/data/places", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    zipped = static_files()["leaflet.js"]
    assert gzip.decompress(zipped.zipped) == zipped.body and len(zipped.zipped) < len(zipped.body) / 2
    plain = ask(app, "/static/leaflet.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == zipped.body


def test_the_page_allows_no_script_but_its_own(app):
    policy = ask(app, "/").headers["content-security-policy"]
    assert "unsafe" not in policy and "http" not in policy and "script-src 'self'" in policy
    known = ask(app, "/", headers={"If-None-Match": ask(app, "/").headers["etag"]})
    assert (known.status_code, known.headers["content-security-policy"]) == (304, policy)
    html = ask(app, "/").text
    assert not re.search(r"<script(?![^>]+\bsrc=)|\bstyle=|\bon\w+=|https?://", html)


def test_texts_of_a_study_are_escaped_in_the_page(hostile):
    answer = ask(service(hostile), "/", params={"lang": "en"})
    assert answer.text.count("<script") == 2 and "<img src=x" not in answer.text


def test_a_service_that_is_not_ready_says_so_and_asks_again_by_itself(plain):
    app = service(plain)
    app.state.served = None
    answer = ask(app, "/", params={"lang": "en"})
    assert answer.status_code == 503 and 'http-equiv="refresh"' in answer.text
    assert text("page.waiting", "en") in answer.text
    assert ask(app, "/page/data/start").status_code == 503


def test_a_new_snapshot_is_shown_at_once_and_the_old_is_forgotten(plain, hostile):
    app = service(plain)
    assert data(app, "start")["study"]["name"] == "试验区"
    app.state.served = served(hostile, generation=2)
    assert data(app, "start")["study"]["name"] == hostile.study.name
    assert data(app, "places")["residences"]["names"][0] == SCRIPT


def test_what_is_not_made_again_is_what_was_asked_for_last():
    memo, made = Memo(2), []
    asked = [(1, "a"), (1, "b"), (1, "a"), (1, "c"), (1, "a"), (1, "b"), (2, "b"), (1, "b"), (2, "b")]
    for generation, key in asked:
        memo.get(generation, key, lambda key=key: made.append(key) or key)
    # the last but one is of a snapshot that is no more: made, not kept, and the newer one stays
    assert made == ["a", "b", "c", "b", "b", "b"]


def test_the_same_is_made_once_however_many_ask_and_the_other_does_not_wait():
    memo, made, begun, go_on = Memo(9), [], threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go_on.wait(20)
        made.append("slow")
        return len(made)

    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(memo.get, 1, "slow", slow) for _ in range(2)]
        assert begun.wait(20)
        assert memo.get(1, "other", lambda: "quick") == "quick"
        go_on.set()
        assert [one.result() for one in waiting] == [1, 1]


@pytest.mark.parametrize(
    "lacking", [("facilities",), ("centres",), ("communities",), ("residences",), ("barriers", "facilities")]
)
def test_a_study_that_lacks_tables_shows_what_it_has(plain, lacking):
    study = dataclasses.replace(plain.study, **dict.fromkeys(lacking))
    checked = gp.audit(study, plain.standard)
    app = service(checked)
    (lon,), (lat,) = to_lonlat(study.crs, [474_600.0], [3_997_010.0])
    card = data(app, "card", lon=float(lon), lat=float(lat), lang="en")
    expected = {one.id for one in plain.standard.categories} if study.facilities is not None else set()
    centres = {"centre_any", "centre_district", "centre_community"} if study.centres is not None else set()
    assert {one["service"] for one in card["services"]} == expected | centres
    assert card["decided_by"] == ("all_five" if expected else "centre_any")
    for path in ("start", "ground", "places", "view", "circles"):
        data(app, path, minutes="10")
    causes = data(app, "causes", lon=float(lon), lat=float(lat))["causes"]
    assert {one["service"] for one in causes} == {
        one["service"] for one in card["services"] if one["verdict"] != "pass"
    }


def test_a_study_of_communities_alone_has_a_page_too(bare):
    app = service(bare)
    assert ask(app, "/").status_code == 200
    assert data(app, "view")["residences"] == "" and data(app, "circles") == []
    card = data(app, "card", lon=104.72, lat=36.1)
    assert card["verdict"] == "unknown" and card["services"] == []
    assert data(app, "causes", lon=104.72, lat=36.1)["causes"] == []
    json.dumps(data(app, "ground"), allow_nan=False)


def test_the_examples_of_the_shapes_are_true():
    assert doctest.testmod(shapes).failed == 0


def scripts():
    return {file.name: file.read_text(encoding="utf-8") for file in STATIC.glob("*.js")}


def test_scripts_put_text_into_the_page_as_text_only():
    for name, script in scripts().items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script
        ), name
        assert len(script.splitlines()) < 450


def test_every_word_of_the_scripts_is_in_the_catalogue_and_none_is_left_over():
    page = "".join(one.read_text(encoding="utf-8") for one in (STATIC.parent / "templates").iterdir())
    used = {
        key for script in [*scripts().values(), page] for key in re.findall(r"""\bt\("([\w.]+)\"""", script)
    }
    begun = {key for script in scripts().values() for key in re.findall(r"t\(`([\w.]+?)\$\{", script)}
    code = "".join(file.read_text(encoding="utf-8") for file in STATIC.parent.glob("*.py"))
    used |= set(re.findall(r'"(page\.\w+)"', code)) - {"page.html", "page.css"}
    known = set(catalogue())
    assert used <= known
    assert all(any(key.startswith(part) for key in known) for part in begun)
    own = {key for key in known if key.startswith("page.")}
    assert {key for key in own - used if not key.startswith(tuple(begun))} == set()


def test_minutes_are_told_by_the_page_as_by_the_reports():
    # words.js repeats minutes_text for what-ifs: the same rounding by whole milliseconds
    script = scripts()["words.js"]
    assert "Math.ceil(Math.round(minutes * 60000) / 600) / 100" in script
    for minutes in (0.0, 4.2, 14.999, 15.0, 15.0001, 7 / 3):
        assert f"{math.ceil(round(minutes * 60000) / 600) / 100:.2f}" == minutes_text(minutes)
