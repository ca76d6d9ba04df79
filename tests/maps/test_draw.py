from __future__ import annotations

import json
import re

import pytest
import shapely

from geoplan.maps import audit_map
from geoplan.maps.features import shape_features
from geoplan.maps.inline import external_urls
from geoplan.maps.layers import Drawing, residence_layers, street_layer
from geoplan.messages import text
from tests.studies import CRS, X0, Y0


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
