from __future__ import annotations

import dataclasses
import json
import math
import re

import geopandas as gpd
import pytest
import shapely

from geoplan.maps import audit_map
from geoplan.maps.assemble import Drawing
from geoplan.maps.inline import external_urls
from geoplan.maps.layers import residence_layers, thresholds
from geoplan.maps.network_layer import fault_layer
from geoplan.messages import text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.words import ceil_hundredths, place_names, service_name, unit_text
from tests.maps import unpacking
from tests.studies import CRS, X0, Y0

HOSTILE = "</script><b>{{ 7 * 7 }}"


def layers_of(audit, lang="zh"):
    """Return kind and data of each layer of the audit's map, by name."""
    return unpacking.layers_of(audit_map(audit, lang=lang).html)


def residence_layer_name(audit, verdict, lang):
    count = int((audit.tables["completeness"]["verdict_all_five"] == verdict).sum())
    name = text("map.layer_residences", lang, verdict=text(f"verdict.{verdict}", lang))
    return text("map.counted", lang, name=name, count=str(count))


def test_the_page_loads_nothing(plain):
    assert external_urls(audit_map(plain).html) == []


def test_every_residence_is_on_the_map_once_under_its_verdict(plain):
    drawn = {}
    for verdict in ("pass", "fail", "unknown"):
        _, data = layers_of(plain)[residence_layer_name(plain, verdict, "zh")]
        drawn |= {unpacking.fact(data, "居住点编码", at): verdict for at in data["rows"]}
    assert drawn == plain.tables["completeness"]["verdict_all_five"].to_dict()


def test_every_point_lies_where_its_residence_is(plain):
    _, data = layers_of(plain)[residence_layer_name(plain, "pass", "zh")]
    homes = plain.study.residences.to_crs("EPSG:4326").geometry
    for at, place in enumerate(unpacking.coordinates(data["at"])):
        home = homes.loc[data["ids"][at]]
        assert place == (pytest.approx(home.x, abs=1e-6), pytest.approx(home.y, abs=1e-6))


def test_a_card_tells_each_walk_with_verdict_and_reason(plain):
    (_, data) = layers_of(plain)[residence_layer_name(plain, "pass", "zh")]
    at = data["title"].index("幸福里")
    reach = plain.tables["reach"].set_index(["residence_id", "service"])
    for service in reach.loc["r1"].index:
        row = reach.loc[("r1", service)]
        name = service_name(plain.standard, service, "zh")
        told = next(one for one in data["services"] if one["name"] == name)
        minutes, nearest = unpacking.numbers(told["minutes"])[at], unpacking.numbers(told["nearest"])[at]
        verdict, reason = data["words"]["outcomes"][int(unpacking.numbers(told["outcome"])[at])]
        assert minutes == pytest.approx(ceil_hundredths(row["minutes"]))
        assert data["words"]["names"][int(nearest)] == place_names(plain.study)[row["nearest_id"]]
        assert data["words"]["verdicts"][verdict] == [row["verdict"], text(f"verdict.{row['verdict']}", "zh")]
        assert data["words"]["reasons"][reason] == text(row["reason"], "zh")


def test_a_walk_shown_never_looks_within_a_limit_it_exceeds(plain):
    _, data = layers_of(plain)[residence_layer_name(plain, "pass", "zh")]
    told = 0
    for service in data["services"]:
        outcomes = [data["words"]["outcomes"][int(one)] for one in unpacking.numbers(service["outcome"])]
        for minutes, (verdict, _) in zip(unpacking.numbers(service["minutes"]), outcomes, strict=True):
            if minutes is not None:
                told += 1
                assert (verdict == 0) == (minutes <= float(service["limit"]))
    assert told > 10


def test_the_path_of_a_card_leads_from_the_home_to_the_nearest_place_and_is_as_long_as_the_walk(plain):
    _, data = layers_of(plain)[residence_layer_name(plain, "pass", "zh")]
    reach = plain.tables["reach"].set_index(["residence_id", "service"])
    places = {**plain.study.facilities.geometry.to_dict(), **plain.study.centres.geometry.to_dict()}
    homes = plain.study.residences.geometry
    services = list(dict.fromkeys(plain.tables["reach"]["service"]))
    drawn = 0
    for service, paths in zip(services, data["paths"], strict=True):
        vertices = iter(unpacking.coordinates(paths["at"]))
        for at, count in enumerate(unpacking.numbers(paths["vertices"])):
            row = reach.loc[(data["ids"][at], service)]
            line = [next(vertices) for _ in range(int(count))]
            assert (len(line) > 1) == (not math.isnan(row["minutes"]))
            if line:
                drawn += 1
                metric = gpd.GeoSeries([shapely.LineString(line)], crs="EPSG:4326").to_crs(CRS).iloc[0]
                assert shapely.Point(metric.coords[0]).distance(homes.loc[data["ids"][at]]) < 0.2
                assert shapely.Point(metric.coords[-1]).distance(places[row["nearest_id"]]) < 0.2
                assert metric.length == pytest.approx(row["metres"], abs=3)
    assert drawn > 10


def test_of_too_many_walks_no_path_is_drawn_and_the_legend_says_so(plain, monkeypatch):
    monkeypatch.setattr("geoplan.maps.features.MAX_PATHS", 3)
    monkeypatch.setattr("geoplan.maps.layers.MAX_PATHS", 3)
    page = audit_map(plain, lang="en").html
    _, data = unpacking.layers_of(page)[residence_layer_name(plain, "pass", "en")]
    assert "paths" not in data
    assert "draw no walking path" in page


def test_at_each_step_of_the_slider_pass_those_whose_every_walk_takes_no_longer(plain):
    page = audit_map(plain, lang="en").html
    pattern = r"geoplan\.choice\(\[\w+\], Object\.assign\((\{.*?\}), \{\s*clouds: \[(.*)\], timed"
    ((options, clouds),) = re.findall(pattern, page)
    steps = json.loads(options)["steps"]
    columns = json.loads(re.search(r"columns: (\[.*\]) \}", clouds).group(1))
    assert [one["minutes"] for one in steps] == [5, 10, 15]
    categories = [one.id for one in plain.standard.categories]
    reach = plain.tables["reach"]
    reach = reach[reach["service"].isin(categories)]
    homes = plain.tables["completeness"]
    for step, column in zip(steps, columns, strict=True):
        for home, group in zip(homes.index, unpacking.numbers(column), strict=True):
            own = reach[reach["residence_id"] == home]
            if (own["verdict"] == "unknown").any():
                assert group == 2
            else:
                assert (group == 0) == bool((own["minutes"] <= step["minutes"]).all())
        assert step["counts"]["pass"] == str(unpacking.numbers(column).count(0))
    last = [["pass", "fail", "unknown"][int(one)] for one in unpacking.numbers(columns[-1])]
    assert last == list(homes["verdict_all_five"])


def test_circles_have_a_layer_for_each_level_and_time(plain):
    names = [name for name in layers_of(plain, "en") if name.startswith("Circles")]
    assert sorted(names) == sorted(
        f"Circles, {level}, {minutes} min (1)"
        for level in ("district", "community")
        for minutes in (5, 10, 15)
    )


def test_every_layer_of_things_tells_how_many_there_are(plain):
    uncounted = {text(f"map.layer_{one}", "en") for one in ("labels", "street_names", "subdistrict_names")}
    assert all(re.search(r"\(\d+\)$", name) for name in layers_of(plain, "en") if name not in uncounted)


def test_streets_beyond_the_cap_are_left_out_and_the_legend_says_so(plain, monkeypatch):
    monkeypatch.setattr("geoplan.maps.ground.MAX_STREET_VERTICES", 1)
    page = audit_map(plain, lang="en").html
    assert not any(name.startswith("Walkable streets") for name in unpacking.layers_of(page))
    assert "Streets are not drawn: 2 vertices, at most 1." in page


def test_the_legend_states_the_limits_of_the_pack(plain):
    page = audit_map(plain, lang="en").html
    for line in thresholds(plain.standard, "en"):
        assert line in page
    assert any("15 min" in line for line in thresholds(plain.standard, "en"))
    assert "67 m/min" in page


FAULTY = {
    "kind": ["undershoot", "undershoot", "zero_length", "off_network"],
    "street_id": [HOSTILE, "s2", "s1", None],
    "table": ["streets", "streets", "streets", "residences"],
    "other_id": ["s2", HOSTILE, None, "r1"],
    "value": [1.234, 0.5, 2.0, float("nan")],
    "unit": ["m", "m", "count", "m"],
    "reason": ["reason.undershoot", "reason.undershoot", "reason.zero_length", "reason.snap_too_far"],
    "cure": ["cure.undershoot", "cure.undershoot", "cure.zero_length", "cure.off_network"],
}


def with_faults(plain):
    """Return the audit with four faults of the network."""
    points = shapely.points([(X0 + 10.0 * at, Y0) for at in range(4)])
    faults = gpd.GeoDataFrame(FAULTY, geometry=points, crs=CRS)
    return dataclasses.replace(plain, tables={**plain.tables, "network_faults": faults})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_network_fault_is_on_the_map_with_kind_reason_cure_and_streets(plain, lang):
    audit = with_faults(plain)
    schema = RESULT_TABLES["network_faults"]
    rows = audit.tables["network_faults"].to_dict("records")
    drawn = set()
    for kind, count in (("undershoot", 2), ("zero_length", 1), ("off_network", 1)):
        name = text("map.layer_faults", lang, kind=text(f"network.kind.{kind}", lang))
        _, data = layers_of(audit, lang)[text("map.counted", lang, name=name, count=str(count))]
        drawn |= set(data["rows"])
        for at in data["rows"]:
            assert rows[at]["kind"] == kind
            assert data["title"][at] == text(f"network.kind.{kind}", lang)
            for column in ("reason", "cure"):
                told = unpacking.fact(data, schema.column(column).heading(lang), at)
                assert told == text(rows[at][column], lang)
            found = unpacking.fact(data, schema.column("street_id").heading(lang), at)
            assert found == (None if rows[at]["kind"] == "off_network" else rows[at]["street_id"])
    assert drawn == set(range(4))
    assert unpacking.fact(data, schema.column("other_id").heading(lang), 0).endswith(" · s2")
    assert unpacking.fact(data, schema.column("other_id").heading(lang), 2) is None
    assert unpacking.fact(data, schema.column("value").heading(lang), 0) == f"1.23 {unit_text('m', lang)}"
    assert unpacking.fact(data, schema.column("value").heading(lang), 3) is None


def test_network_faults_are_off_at_first_in_the_audits_map_and_in_the_legend(plain):
    drawing = Drawing()
    fault_layer(with_faults(plain), "en", drawing)
    assert [layer.show for layer in drawing.layers] == [False] * 3
    assert drawing.legend["faults"][0]["label"] == "Network faults: undershoot (2)"
    assert drawing.legend["notes"] == []


def test_ids_of_faults_stay_text(plain):
    page = audit_map(with_faults(plain), lang="en").html
    assert HOSTILE not in page
    assert "{{ 7" not in page


def test_of_too_many_faults_each_kind_keeps_some_and_the_legend_says_so(plain, monkeypatch):
    monkeypatch.setattr("geoplan.maps.network_layer.MAX_FAULTS", 3)
    drawing = Drawing()
    fault_layer(with_faults(plain), "en", drawing)
    titles = json.loads(drawing.clouds[0].data)["title"]
    assert titles == ["undershoot", "zero length", "not on the network"]
    (note,) = drawing.legend["notes"]
    assert note.startswith("3 of 4 network faults are drawn")


def test_a_clean_network_has_no_layer_of_faults(plain):
    clean = plain.tables["network_faults"].iloc[:0]
    drawing = Drawing()
    fault_layer(dataclasses.replace(plain, tables={**plain.tables, "network_faults": clean}), "en", drawing)
    assert drawing.layers == []


def test_the_legend_counts_every_verdict_unknown_too(plain):
    drawing = Drawing()
    residence_layers(plain, "en", drawing)
    assert [entry["verdict"] for entry in drawing.legend["residences"]] == ["pass", "fail", "unknown"]
    styles = [entry["style"]["fillColor"] for entry in drawing.legend["residences"]]
    assert len(set(styles)) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_names_study_standard_warnings_credit_and_review_number(plain, lang):
    page = audit_map(plain, lang=lang).html
    for shown in ("试验区", plain.standard.name(lang), plain.standard.digest[:8], "residences.persons"):
        assert shown in page
    assert "OpenStreetMap contributors" in page
    assert "审图号" in page
    assert text("banner.synthetic", lang) in page


def test_an_audit_of_communities_alone_is_a_map_of_communities(bare):
    assert list(layers_of(bare, "en")) == ["Communities (2)", "Oversized communities (1)", "Community names"]


def test_in_a_notebook_the_map_stands_in_a_frame_that_can_reach_nothing(hostile):
    shown = audit_map(hostile)._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert 'sandbox="allow-scripts"' in shown
    assert "<script" not in shown
