from __future__ import annotations

import contextlib
import json

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely

from geoplan.messages import text
from tests.folders import CRS, X0, Y0, residences, write_folder


@pytest.fixture
def folder(tmp_path):
    """Return a study with homes near and far, a gate between, and premises too small."""
    homes = residences(6)
    homes["geometry"] = [shapely.Point(X0 + x, Y0 + 20) for x in (100, 300, 500, 1250, 1260, 1990)]
    spans = ((0, 1100), (1100, 1200), (1200, 2000))
    streets = gpd.GeoDataFrame(
        {"street_id": ["s1", "s2", "s3"], "gate": [None, "closed", None]},
        geometry=[shapely.LineString([(X0 + low, Y0), (X0 + high, Y0)]) for low, high in spans],
        crs=CRS,
    )
    made = write_folder(tmp_path / "study", residences=homes, streets=streets)
    rooms = gpd.GeoDataFrame(
        {
            "premises_id": ["p1"], "community_id": ["620105005005"], "name": ["<b>阵地</b>"],
            "floor_area_m2": [120.0],
        },
        geometry=[shapely.Point(X0 + 1500, Y0)], crs=CRS,
    )  # fmt: skip
    rooms.to_file(made / "premises.gpkg", layer="premises")
    return made


def test_fixes_writes_what_it_prints_and_compare_says_the_same(run, tmp_path, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    out, scenarios, file = tmp_path / "out", tmp_path / "scenarios", tmp_path / "f.json"
    code, printed, _ = run(
        "fixes", folder, "--lang", "zh", "--json", file, "--out", out, "--scenario-out", scenarios
    )
    assert code == 0
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["helping"] >= len(found["fixes"])
    assert {row["fix_kind"] for row in found["fixes"]} >= {"facility", "gate", "premises"}
    assert all(row["title"] and row["evidence"] for row in found["fixes"])
    assert "<b>阵地</b>扩至 930 平方米" in printed
    layers = set(pyogrio.list_layers(out / "fixes.gpkg")[:, 0])
    assert layers == {"fixes", "fix_services", "fix_changes"}
    assert len(pyogrio.read_dataframe(out / "fixes.gpkg", layer="fix_changes")) == len(found["changes"])
    assert openpyxl.load_workbook(out / "fixes.xlsx").sheetnames[0] == "哪一项措施最有效"
    assert "<b>" not in (out / "fixes.html").read_text(encoding="utf-8")
    files = sorted(scenarios.iterdir())
    assert len(files) == len(found["fixes"])
    for row, scenario in zip(found["fixes"], files, strict=True):
        if row["fix_kind"] == "premises":
            continue
        code, _, _ = run("compare", folder, scenario, "--quiet", "--json", tmp_path / "c.json")
        assert code == 0
        compared = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
        gains = {
            one["residence_id"]
            for one in compared["changes"]
            if one["change"] == "gain" and one["verdict_before"] == "fail" and one["service"] != "all_five"
        }
        assert sorted(gains) == [one for one in row["residence_ids"].split(",") if one]
        own = [one for one in found["changes"] if one["fix_id"] == row["fix_id"]]
        assert len(own) == len(compared["changes"])


def test_fixes_of_some_kinds_by_a_service(run, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, printed, _ = run(
        "fixes", folder, "--kinds", "gate,premises", "--by", "daily", "--lang", "en", "--limit", "1"
    )
    assert code == 0
    assert "Daily life" in printed
    assert "the gate near" in printed
    assert "enlarged to" not in printed


def test_where_no_fix_helps_it_says_so(run, tmp_path):
    folder = write_folder(tmp_path / "s", residences=residences(2))
    code, printed, _ = run("fixes", folder, "--kinds", "gate", "--lang", "en")
    assert code == 0
    assert "no single fix helps anybody" in printed


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--kinds", "bridge"], "bridge"), (["--by", "joy"], "joy"), (["--limit", "0"], "0"),
        (["--kinds", "centre"], "centres"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_ends_with_a_plain_message(run, tmp_path, options, told):
    folder = write_folder(tmp_path / "s", residences=residences(2))
    code, _, err = run("fixes", folder, "--lang", "en", *options)
    assert code == 2
    assert told in err
    assert "Traceback" not in err


def test_an_audit_takes_the_ledger_along(run, tmp_path, folder):
    out = tmp_path / "out"
    code, printed, _ = run("audit", folder, "--fixes", "--lang", "zh", "--out", out)
    assert code == 0
    assert "未评估" in printed
    content = json.loads((out / "audit.json").read_text(encoding="utf-8"))["tables"]
    assert len(content["fixes"]) > 0
    assert {row["fix_id"] for row in content["fix_changes"]} <= {row["fix_id"] for row in content["fixes"]}
    with contextlib.closing(openpyxl.load_workbook(out / "audit.xlsx", read_only=True)) as book:
        assert "单项措施台账" in book.sheetnames
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "哪一项措施最有效" in report
    assert "&lt;b&gt;阵地&lt;/b&gt;" in report
    page = (out / "map.html").read_text(encoding="utf-8")
    placed = {row["fix_kind"] for row in content["fixes"]} - {"premises"}
    assert placed
    assert all(json.dumps(text(f"fix.kind.{kind}", "zh"))[1:-1] in page for kind in placed)


def test_an_audit_of_a_study_that_allows_no_fixes_goes_on_and_says_so(run, tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences", "facilities", "streets"))
    code, printed, _ = run(
        "audit", folder, "--fixes", "--lang", "en", "--format", "json", "--out", tmp_path / "o"
    )
    assert code == 0
    assert "lacks tables that fixes need" in printed
    assert (tmp_path / "o" / "audit.json").exists()
