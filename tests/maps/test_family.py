"""What every map of the family has in common."""

from __future__ import annotations

import dataclasses
import html
import re

import geopandas as gpd
import pytest
import shapely

import geoplan
from geoplan import maps
from geoplan.errors import DataError
from geoplan.maps.inline import external_urls
from geoplan.maps.tier_layer import tiers_of
from geoplan.messages import text
from tests.audits import CLOSING, SCRIPT, TICK, hostile_study
from tests.maps import unpacking

OF_AN_AUDIT = {
    "audit": maps.audit_map,
    "coverage": maps.coverage_map,
    "circles": maps.circles_map,
    "centres": maps.centres_map,
    "gaps": maps.gaps_map,
    "network": maps.network_map,
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", OF_AN_AUDIT)
def test_every_map_says_what_it_shows_under_which_standard_and_warns(plain, name, lang):
    page = OF_AN_AUDIT[name](plain, lang=lang).html
    assert external_urls(page) == []
    for wanted in (
        plain.study.name, plain.standard.name(lang), plain.standard.digest[:8], "OpenStreetMap contributors",
        text("banner.synthetic", lang), "residences.persons", text("map.legend_thresholds", lang),
        text("map.search", lang), text("map.north", lang), text("map.layer_barriers", lang),
    ):  # fmt: skip
        assert html.escape(wanted) in page
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in page


@pytest.mark.parametrize("name", OF_AN_AUDIT)
def test_every_map_has_a_blank_for_its_review_number_or_bears_it(plain, name):
    assert text("map.internal", "zh") in OF_AN_AUDIT[name](plain, lang="zh").html
    page = OF_AN_AUDIT[name](plain, lang="zh", review_number="甘S(2026)<b>01</b>号").html
    assert "审图号：甘S(2026)\\u0026lt;b\\u0026gt;01" in page
    assert text("map.internal", "zh") not in page


@pytest.mark.parametrize("name", OF_AN_AUDIT)
def test_no_name_ends_a_script_or_is_computed(plain, hostile, name):
    page, harmless = OF_AN_AUDIT[name](hostile).html, OF_AN_AUDIT[name](plain).html
    for sign in ("<script", "</script"):
        assert page.lower().count(sign) == harmless.lower().count(sign)
    for nasty in (SCRIPT, TICK, CLOSING):
        assert nasty not in page
    assert "<img src=x" not in page
    assert external_urls(page) == []


@pytest.mark.parametrize("name", OF_AN_AUDIT)
def test_the_same_audit_gives_the_same_map(plain, name):
    assert OF_AN_AUDIT[name](plain).html == OF_AN_AUDIT[name](plain).html


@pytest.mark.parametrize("name", [one for one in OF_AN_AUDIT if one != "audit"])
def test_a_map_of_what_was_not_computed_names_the_tables_it_needs(bare, name):
    with pytest.raises(DataError, match="residences"):
        OF_AN_AUDIT[name](bare)


def test_a_coverage_with_its_study_gives_the_map_of_the_audit(plain):
    network = geoplan.walk_network(plain.study)
    covered = geoplan.coverage(network, plain.study, plain.standard)
    circles = plain.tables["service_circles"]
    page = maps.coverage_map(covered, circles, study=plain.study, standard=plain.standard, lang="en").html
    whole = maps.coverage_map(plain, lang="en").html
    lacking = {"Oversized communities (1)"}  # sizes are no part of a coverage
    assert unpacking.layers_of(page).keys() == unpacking.layers_of(whole).keys() - lacking
    with pytest.raises(DataError, match="study"):
        maps.coverage_map(covered, circles)


def test_parks_with_an_outline_are_the_green_of_the_ground(plain):
    shops = plain.study.facilities.copy()
    at = shops.index[shops["kind"] == "park"][0]
    shops.loc[[at], "geometry"] = gpd.GeoSeries([shops.geometry[at].buffer(80)], index=[at], crs=shops.crs)
    green = dataclasses.replace(plain, study=dataclasses.replace(plain.study, facilities=shops))
    _, data = unpacking.layers_of(maps.network_map(green, lang="en").html)["Green (1)"]
    ((kind, _),) = unpacking.shapes(data["shapes"])[0]
    assert kind == 1
    assert "Green (1)" not in unpacking.layers_of(maps.network_map(plain, lang="en").html)


def test_homes_are_drawn_by_the_tiers_that_reach_them(plain):
    page = maps.centres_map(plain, lang="en").html
    homes = plain.tables["completeness"]
    drawn = {}
    for tier in ("both", "district", "community", "none", "unknown"):
        count = int((tiers_of(homes) == tier).sum())
        name = text("map.counted", "en", name=text(f"map.tier_{tier}", "en"), count=str(count))
        _, data = unpacking.layers_of(page)[name]
        drawn |= {data["ids"][at]: tier for at in data["rows"]}
    for home, row in homes.iterrows():
        passed = [row[f"verdict_{level}_centre"] == "pass" for level in ("district", "community")]
        if all(passed):
            assert drawn[home] == "both"
        elif any(passed):
            assert drawn[home] == ("district" if passed[0] else "community")
        else:
            unknown = "unknown" in (row["verdict_district_centre"], row["verdict_community_centre"])
            assert drawn[home] == ("unknown" if unknown else "none")


def test_entrances_off_the_network_are_on_the_map_of_the_network(plain):
    lost = plain.tables["snaps"].query("reason != ''")
    assert len(lost) > 0
    name = text("map.counted", "en", name=text("map.layer_unsnapped", "en"), count=str(len(lost)))
    _, data = unpacking.layers_of(maps.network_map(plain, lang="en").html)[name]
    assert sorted(data["title"]) == sorted(lost["id"])
    places = unpacking.coordinates(data["at"])
    home = plain.study.residences.to_crs("EPSG:4326").geometry.loc[data["title"][0]]
    assert shapely.Point(places[0]).distance(home) < 1e-5


def test_names_of_larger_streets_stand_once_each_the_longest_first(plain):
    lengths = (900, 100, 50, 999, 2000)
    starts = [(474_000, 3_997_000 + at) for at in range(5)]
    lines = [[(x, y), (x + length, y)] for (x, y), length in zip(starts, lengths, strict=True)]
    kinds = ["arterial", "street", "street", "arterial", "lane"]
    streets = gpd.GeoDataFrame(
        {"name": ["长街", "短街", "长街", None, "小巷"], "kind": kinds},
        geometry=[shapely.LineString(one) for one in lines], index=[f"s{at}" for at in range(5)],
        crs=plain.study.crs,
    )  # fmt: skip
    named = dataclasses.replace(plain, study=dataclasses.replace(plain.study, streets=streets))
    layers = unpacking.layers_of(maps.circles_map(named, lang="en").html)
    _, data = layers[text("map.layer_street_names", "en")]
    assert data["title"] == ["长街", "短街"]


def test_hostile_names_of_streets_and_barriers_stay_data(plain):
    study = hostile_study()
    streets = study.streets.assign(name=[CLOSING], kind=["arterial"])
    barriers = study.barriers.assign(name=[SCRIPT])
    audit = dataclasses.replace(plain, study=dataclasses.replace(study, streets=streets, barriers=barriers))
    page = maps.network_map(audit).html
    assert CLOSING not in page
    assert not re.search(r"<img src=x", page)
