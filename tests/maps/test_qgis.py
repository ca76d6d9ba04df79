from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pyogrio
import pytest

from geoplan.maps.palette import (
    CENTRE_COLOURS,
    COMPLETENESS_COLOURS,
    FACILITY_STYLE,
    VERDICT_STYLES,
    circle_style,
)
from geoplan.maps.qgis import write_qgis
from geoplan.maps.qgis_style import Single, renderer
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from tests.audits import CLOSING, SCRIPT
from tests.qgis import told_by_qgis

OPENER = Path(__file__).with_name("open_in_qgis.py")
SCHEMAS = {**INPUT_TABLES, **RESULT_TABLES}


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def near(colour, other):
    return all(abs(one - two) < 24 for one, two in zip(rgb(colour), rgb(other), strict=True))


def root_of(folder):
    with zipfile.ZipFile(folder / "audit.qgz") as archive:
        return ElementTree.fromstring(archive.read("audit.qgs"))  # noqa: S314 - what was just written


@pytest.fixture(scope="module", params=["plain", "hostile", "bare"])
def written(request, tmp_path_factory):
    """An audit, the folder its project was written to, and the project's XML."""
    audit = request.getfixturevalue(request.param)
    folder = tmp_path_factory.mktemp(f"qgis_{request.param}")
    write_qgis(audit, folder)
    return audit, folder, root_of(folder)


def parts_of(source):
    """Return file, and what else the source of a layer says."""
    file, *more = source.split("|", 3)
    found = dict(one.split("=", 1) for one in more)
    if "|subset=" in found.get("geometrytype", ""):
        found["geometrytype"], found["subset"] = found["geometrytype"].split("|subset=")
    return file, found


def test_every_layer_has_its_table_its_geometry_and_its_rows(written):
    _, folder, root = written
    layers = root.findall("projectlayers/maplayer")
    assert layers
    for layer in layers:
        file, more = parts_of(layer.findtext("datasource"))
        assert file in ("./audit.gpkg", "./study.gpkg")
        assert more["layername"] in set(pyogrio.list_layers(folder / file)[:, 0])
        if "geometrytype" in more:
            table = pyogrio.read_dataframe(folder / file, layer=more["layername"], where=more.get("subset"))
            kinds = table.geom_type.dropna().str.removeprefix("Multi")
            if "subset" not in more:
                assert (kinds == more["geometrytype"]).any()
            assert layer.get("wkbType") == f"Multi{more['geometrytype']}"


def test_styles_labels_and_headings_refer_to_real_columns_and_to_every_value(written):
    _, folder, root = written
    for layer in root.findall("projectlayers/maplayer"):
        file, more = parts_of(layer.findtext("datasource"))
        table = pyogrio.read_dataframe(folder / file, layer=more["layername"], where=more.get("subset"))
        how = layer.find("renderer-v2")
        if how is not None and how.get("attr"):
            assert how.get("attr") in table.columns
        if how is not None and how.get("type") == "categorizedSymbol":
            values = {one.get("value") for one in how.findall("categories/category")}
            drawn = table.dropna(subset=["geometry"])
            present = set(drawn[how.get("attr")].dropna())
            if more["layername"] != "causes":  # those without a walk to draw have no style
                assert present <= values, (more["layername"], present)
        if how is not None and how.get("type") == "graduatedSymbol":
            bounds = [
                (float(one.get("lower")), float(one.get("upper"))) for one in how.findall("ranges/range")
            ]
            for value in table[how.get("attr")].dropna():
                assert any(low <= value <= high for low, high in bounds)
        if how is not None:
            names = {one.get("name") for one in how.findall("symbols/symbol")}
            used = {one.get("symbol") for one in [*how.iter("category"), *how.iter("range")]}
            assert used <= names
            assert names
        for style in layer.iter("text-style"):
            assert style.get("fieldName") in table.columns
        fields = {one.get("field"): one.get("name") for one in layer.findall("aliases/alias")}
        assert set(fields) == set(table.columns) - {"geometry"}
        lang = written[0].study.lang
        for column in SCHEMAS[more["layername"]].columns:
            if column.name in fields:
                assert fields[column.name] == column.heading(lang)


def test_the_tree_names_each_layer_once_by_an_id_that_qgis_takes(written):
    audit, _, root = written
    ids = [one.findtext("id") for one in root.findall("projectlayers/maplayer")]
    assert len(set(ids)) == len(ids)
    assert [one.get("id") for one in root.find("layer-tree-group").iter("layer-tree-layer")] == ids
    # of fewer than eleven signs QGIS makes an id of its own, and the tree leads nowhere
    assert min(map(len, ids)) > 10
    tables = {parts_of(one.findtext("datasource"))[1]["layername"] for one in root.iter("maplayer")}
    with_shapes = {
        name for name, one in audit.tables.items() if not isinstance(one, gpd.GeoDataFrame) or len(one)
    }
    assert with_shapes <= tables


@pytest.mark.parametrize("written", ["plain"], indirect=True)
def test_colours_are_those_of_the_maps(written):
    root = written[2]
    by_id = {one.findtext("id"): one for one in root.iter("maplayer")}
    for name, colours in (
        ("geoplan_completeness_0", {one: style["fillColor"] for one, style in VERDICT_STYLES.items()}),
        ("geoplan_coverage_by_centre_0", CENTRE_COLOURS),
    ):
        how = by_id[name].find("renderer-v2")
        symbols = {one.get("name"): one for one in how.findall("symbols/symbol")}
        for category in how.findall("categories/category"):
            option = symbols[category.get("symbol")].find("layer/Option/Option[@name='color']")
            shown = "#" + "".join(f"{int(one):02x}" for one in option.get("value").split(",")[:3])
            assert shown == colours[category.get("value")]
    ranges = by_id["geoplan_coverage_by_community_0"].findall("renderer-v2/ranges/range")
    assert len(ranges) == len(COMPLETENESS_COLOURS)


def test_a_place_with_an_outline_is_seen_from_afar_and_an_area_is_not_marked():
    place = renderer(Single(FACILITY_STYLE), "Polygon")
    (mark,) = place.findall("symbols/symbol/layer[@class='CentroidFill']/symbol/layer[@class='SimpleMarker']")
    (point,) = renderer(Single(FACILITY_STYLE), "Point").findall("symbols/symbol/layer")
    assert ElementTree.tostring(mark) == ElementTree.tostring(point)
    assert (
        renderer(Single(circle_style("district")), "Polygon").find(".//layer[@class='CentroidFill']") is None
    )


def test_the_same_audit_gives_the_same_bytes(plain, tmp_path):
    for name in ("a", "b"):
        write_qgis(plain, tmp_path / name)
    for file in ("audit.qgz", "audit.gpkg", "study.gpkg"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_hostile_and_unprintable_names_stay_text(hostile, tmp_path):
    study = dataclasses.replace(hostile.study, name=f"{hostile.study.name}\x00\x1b[% env('HOME') %]")
    audit = dataclasses.replace(
        hostile, study=dataclasses.replace(study, attribution=("[% @project_path %]",))
    )
    write_qgis(audit, tmp_path, lang="en")
    root = root_of(tmp_path)
    assert SCRIPT in root.findtext("title")
    assert CLOSING in root.get("projectname")
    for label in root.iter("Label"):
        assert "[%" not in label.text
        assert "%]" not in label.text


def test_titles_and_warnings_follow_the_language(plain, tmp_path):
    write_qgis(plain, tmp_path, lang="en")
    root = root_of(tmp_path)
    names = [one.findtext("layername") for one in root.iter("maplayer")]
    assert "Party-service centres" in names
    assert "Service circles, 15 min" in names
    assert "made-up data" in root.findtext("properties/TitleLabel/Label")
    assert plain.study.attribution[0] in root.findtext("properties/CopyrightLabel/Label")


def test_qgis_opens_it_with_every_layer_valid_and_drawn_in_its_colours(plain, tmp_path):
    write_qgis(plain, tmp_path / "first")
    moved = shutil.move(tmp_path / "first", tmp_path / "moved")
    told = told_by_qgis(OPENER, Path(moved) / "audit.qgz", home=tmp_path)
    assert (told["read"], told["crs"], told["title"]) == (True, "EPSG:4544", plain.study.name)
    layers = told["layers"]
    assert {one["valid"] for one in layers.values()} == {True}
    assert {one["crs"] for one in layers.values()} == {"EPSG:4544", ""}
    assert layers["geoplan_completeness_0"]["count"] == 4
    assert layers["geoplan_completeness_0"]["entries"] == ["达标", "未达标", "数据不足"]
    assert layers["geoplan_coverage_by_community_0"]["renderer"] == "graduatedSymbol"
    assert layers["geoplan_coverage_by_community_0"]["labelled"]
    assert layers["geoplan_coverage_by_community_0"]["aliases"]["community_id"] == "社区编码"
    circles = plain.tables["service_circles"]
    counts = [one["count"] for name, one in layers.items() if "service_circles" in name]
    assert sum(counts) == len(circles)
    assert layers["geoplan_reach_0"]["count"] == len(plain.tables["reach"])
    assert "核查结果" in told["groups"]
    # the picture shows passing and failing homes, and a community
    for colour in (VERDICT_STYLES["pass"]["fillColor"], VERDICT_STYLES["fail"]["fillColor"]):
        assert any(near(colour, name) for name in told["pixels"])
    assert told["pixels"].get("#ffffff", 0) < 800 * 400 * 0.98
