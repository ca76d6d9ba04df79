from __future__ import annotations

import json

import geopandas as gpd
import pyogrio
import pytest
import shapely

from tests.folders import residences, write_folder


def test_site_writes_what_it_prints(run, tmp_path):
    file = tmp_path / "site.json"
    code, out, _ = run("site", "data/anning", "--add", "2", "--lang", "zh", "--json", file, "--out", tmp_path)
    assert code == 0
    assert "HiGHS" not in out
    plan = json.loads(file.read_text(encoding="utf-8"))
    assert (plan["status"], plan["gap"]) == ("optimal", 0)
    assert all(site["name"] in out.replace("\n", "") or site["centre_id"] for site in plan["sites"])
    assert f"{plan['gain']:+,.0f}" in out
    assert plan["gain"] == sum(row["persons"] for row in plan["newly_reached"])
    assert plan["gain"] == sum(site["persons_new"] for site in plan["sites"])
    layers = set(pyogrio.list_layers(tmp_path / "sites.gpkg")[:, 0])
    assert layers == {"sites", "site_demand", "site_uncoverable"}
    assert len(gpd.read_file(tmp_path / "sites.gpkg", layer="site_demand")) == len(plan["newly_reached"])
    assert (tmp_path / "sites.html").exists()


def test_json_on_standard_output_and_a_layer_of_candidates(run, tmp_path):
    study = gpd.read_file("data/anning/study.gpkg", layer="premises")
    places = gpd.GeoDataFrame(
        {"编码": ["甲", "乙"], "名称": ["甲地", "乙地"]},
        geometry=study.geometry.iloc[:2].to_numpy(),
        crs=study.crs,
    ).to_crs("EPSG:4326")
    places.to_file(tmp_path / "places.gpkg")
    code, out, _ = run(
        "site", "data/anning", "--add", "1", "--candidates", tmp_path / "places.gpkg", "--json", "-",
        "--model", "p_median", "--demand", "households", "--lang", "en",
    )  # fmt: skip
    assert code == 0
    plan = json.loads(out)
    assert plan["sites"][0]["candidate_id"] in ("甲", "乙")
    assert plan["summary"]["mean_minutes_after"] < plan["summary"]["mean_minutes_before"]
    assert plan["provenance"]["parameters"]["demand"] == "households"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--model", "p_mean"), ("--level", "street"), ("--demand", "cars"), ("--add", "0"), ("--add", "900"),
        ("--candidates", "nowhere.gpkg"), ("--minutes", "-1"), ("--candidates", "network", "--capacitated"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_ends_with_a_plain_message(run, arguments):
    code, _, err = run("site", "data/anning", *arguments, "--lang", "en")
    assert code == 2
    assert "Traceback" not in err


def test_a_file_without_places_or_crs_is_refused(run, tmp_path):
    bare = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(1, 1)])
    with pytest.warns(UserWarning, match="crs"):
        bare.to_file(tmp_path / "bare.gpkg")
    code, _, err = run("site", "data/anning", "--candidates", tmp_path / "bare.gpkg", "--lang", "en")
    assert code == 2
    assert "CRS" in err


def test_a_study_without_streets_says_what_is_missing(run, tmp_path):
    folder = write_folder(tmp_path / "s", residences=residences(), skip=("streets",))
    code, _, err = run("site", folder, "--lang", "en")
    assert code == 2
    assert "streets" in err
