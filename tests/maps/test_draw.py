from __future__ import annotations

import dataclasses
import json
import re

import geopandas as gpd
import pytest
import shapely

from geoplan.maps import audit_map
from geoplan.maps.features import shape_features
from geoplan.maps.inline import external_urls
from geoplan.maps.layers import Drawing, fault_layer, residence_layers, street_layer
from geoplan.messages import text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.words import unit_text
from tests.studies import CRS, X0, Y0

HOSTILE = "</script><b>{{ 7 * 7 }}"


def layers_of(audit, lang="zh"):
    """Return the data of each layer of the page, by name."""
    page = audit_map(audit, lang=lang).html
    data = re.findall(r"var (data_layer_\d+) = geoplan\.(\w+)\((.*)\);\n", page)
    names = dict(re.findall(r'"([^"]+)" : (data_layer_\d+),', page))
    drawn = {key: (kind, json.loads(content)) for key, kind, content in data}
    return {json.loads(f'"{name}"'): drawn[key] for name, key in names.items()}


def test_the_page_loads_nothing(plain):
    assert external_urls(audit_map(plain).html) == []


def test_every_residence_is_on_the_map_once_under_its_verdict(plain):
    drawn = {}
    for verdict in ("pass", "fail", "unknown"):
        name = text("map.layer_residences", "zh", verdict=text(f"verdict.{verdict}", "zh"))
        if name in layers_of(plain):
            ids = dict(layers_of(plain)[name][1]["facts"])["居住点编码"]
            drawn |= dict.fromkeys(ids, verdict)
    assert drawn == plain.tables["completeness"]["verdict_all_five"].to_dict()


def test_a_popup_tells_each_walk_with_verdict_and_reason(plain):
    (_, data) = layers_of(plain)["居住点：达标"]
    at = data["title"].index("幸福里")
    market = next(one for one in data["services"] if one["name"] == "便民")
    reach = plain.tables["reach"].set_index(["residence_id", "service"]).loc[("r1", "daily")]
    assert market["minutes"][at] == pytest.approx(reach["minutes"], abs=0.01)
    assert data["words"]["names"][market["nearest"][at]] == "菜市场"
    assert data["words"]["verdicts"][market["verdict"][at]] == ["pass", "达标"]
    assert data["words"]["reasons"][market["reason"][at]] == text("reason.within", "zh")


def test_a_walk_shown_never_looks_within_a_limit_it_exceeds(plain):
    for kind, data in layers_of(plain).values():
        if kind != "points" or "services" not in data:
            continue
        for service in data["services"]:
            for minutes, verdict in zip(service["minutes"], service["verdict"], strict=True):
                if minutes is not None:
                    assert (verdict == 0) == (minutes <= float(service["limit"]))


def test_circles_have_a_layer_for_each_level_and_time(plain):
    names = [name for name in layers_of(plain, "en") if name.startswith("Circles")]
    assert sorted(names) == sorted(
        f"Circles, {level}, {minutes} min" for level in ("district", "community") for minutes in (5, 10, 15)
    )


def test_coordinates_have_six_decimals_and_lie_where_they_should():
    (feature,) = shape_features(shapely.points([[X0, Y0]]), CRS)
    lon, lat = feature["geometry"]["coordinates"]
    assert lon == round(lon, 6)
    assert (lon, lat) == (pytest.approx(104.711, abs=0.01), pytest.approx(36.107, abs=0.01))


def test_simplifying_moves_no_line_farther_than_told():
    wave = shapely.LineString([(X0 + step, Y0 + (step % 2) * 0.5) for step in range(400)])
    (feature,) = shape_features([wave], CRS, tolerance_m=1.0)
    assert len(feature["geometry"]["coordinates"]) < 10


def test_streets_beyond_the_cap_are_left_out_and_the_legend_says_so(plain, monkeypatch):
    monkeypatch.setattr("geoplan.maps.layers.MAX_STREET_VERTICES", 1)
    drawing = Drawing()
    street_layer(plain, "en", drawing)
    assert drawing.layers == []
    assert drawing.legend["notes"] == ["Streets are not drawn: 2 vertices, at most 1."]


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


def fact_of(data, label, at):
    """Return what a popup shows beside a label."""
    (fact,) = [one for one in data["facts"] if one[0] == label]
    return fact[2][fact[1][at]] if len(fact) == 3 else fact[1][at]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_network_fault_is_on_the_map_with_kind_reason_cure_and_streets(plain, lang):
    audit = with_faults(plain)
    kind, data = layers_of(audit, lang)[text("map.layer_faults", lang, count="4")]
    schema = RESULT_TABLES["network_faults"]
    assert kind == "points"
    assert len(data["at"]) == 4
    for at, row in enumerate(audit.tables["network_faults"].to_dict("records")):
        assert data["title"][at] == text(f"network.kind.{row['kind']}", lang)
        for column in ("reason", "cure"):
            assert fact_of(data, schema.column(column).heading(lang), at) == text(row[column], lang)
        assert fact_of(data, schema.column("street_id").heading(lang), at) == FAULTY["street_id"][at]
    assert fact_of(data, schema.column("other_id").heading(lang), 0).endswith(" · s2")
    assert fact_of(data, schema.column("other_id").heading(lang), 2) is None
    assert fact_of(data, schema.column("value").heading(lang), 0) == f"1.23 {unit_text('m', lang)}"
    assert fact_of(data, schema.column("value").heading(lang), 3) is None


def test_network_faults_are_off_at_first_and_in_the_legend(plain):
    drawing = Drawing()
    fault_layer(with_faults(plain), "en", drawing)
    (layer,) = drawing.layers
    assert not layer.show
    assert [one["label"] for one in drawing.legend["faults"]] == ["Network faults (4)"]
    assert drawing.legend["notes"] == []


def test_ids_of_faults_stay_text(plain):
    page = audit_map(with_faults(plain), lang="en").html
    assert HOSTILE not in page
    assert "49" not in fact_of(layers_of(with_faults(plain), "en")["Network faults (4)"][1], "street id", 0)


def test_of_too_many_faults_each_kind_keeps_some_and_the_legend_says_so(plain, monkeypatch):
    monkeypatch.setattr("geoplan.maps.layers.MAX_FAULTS", 3)
    drawing = Drawing()
    fault_layer(with_faults(plain), "en", drawing)
    titles = json.loads(drawing.layers[0].data)["title"]
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
    assert list(layers_of(bare, "en")) == ["Communities", "Oversized communities", "Community names"]


def test_in_a_notebook_the_map_stands_in_a_frame_that_can_reach_nothing(hostile):
    shown = audit_map(hostile)._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert 'sandbox="allow-scripts"' in shown
    assert "<script" not in shown
