from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from tests.folders import residences, write_folder

CENTRES = gpd.read_file("data/anning/study.gpkg", layer="centres")
CLOSE = f'name = "撤并"\n[[edits]]\nedit = "close_centre"\nid = "{CENTRES["centre_id"].iloc[0]}"\n'


@pytest.fixture
def scenario(tmp_path) -> Path:
    file = tmp_path / "close.toml"
    file.write_text(CLOSE, encoding="utf-8")
    return file


def test_compare_writes_what_it_prints(run, tmp_path, scenario):
    file = tmp_path / "c.json"
    code, out, _ = run(
        "compare", "data/anning", scenario, "--lang", "zh", "--json", file, "--out", tmp_path / "out"
    )
    assert code == 0
    assert "撤并" in out
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["before"]["standard_digest"] == found["after"]["standard_digest"]
    totals = {row["service"]: row for row in found["totals"]}
    assert totals["centre_any"]["coverage_rate_after"] <= totals["centre_any"]["coverage_rate_before"]
    lost = [
        row for row in found["changes"] if row["service"] == "centre_any" and row["change"] == "loss"
    ]  # fmt: skip
    assert totals["centre_any"]["persons_lost"] == sum(row["persons"] for row in lost)
    assert totals["centre_any"]["persons_gained"] == 0
    layers = set(pyogrio.list_layers(tmp_path / "out" / "compare.gpkg")[:, 0])
    assert layers == {"scenario_totals", "scenario_communities", "scenario_changes"}
    changes = gpd.read_file(tmp_path / "out" / "compare.gpkg", layer="scenario_changes")
    assert len(changes) == len(found["changes"]) > 0
    assert (tmp_path / "out" / "compare.html").exists()


def test_a_study_beside_itself_has_no_differences(run):
    code, out, _ = run("compare", "data/anning", "data/anning", "--lang", "en")
    assert code == 0
    assert "nothing differs" in out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[[edits]]\nedit = "close_centre"\nid = "nowhere"', "nowhere"),
        ('[[edits]]\nedit = "fetch"\nurl = "x"', "fetch"),
        ('[[edits]]\nedit = "close_centre"\nid = "x"\nwhy = "y"', "why"),
    ],
)
def test_a_scenario_with_a_fault_ends_with_a_plain_message(run, tmp_path, content, told):
    file = tmp_path / "bad.toml"
    file.write_text(content, encoding="utf-8")
    code, _, err = run("compare", "data/anning", file, "--lang", "en")
    assert code == 2
    assert told in err
    assert "Traceback" not in err


def test_what_is_neither_scenario_nor_study_is_refused(run, tmp_path):
    code, _, err = run("compare", "data/anning", tmp_path / "nothing", "--lang", "en")
    assert code == 2
    assert "neither" in err


def test_a_study_without_streets_says_what_is_missing(run, tmp_path):
    folder = write_folder(tmp_path / "s", residences=residences(), skip=("streets",))
    code, _, err = run("compare", folder, folder, "--lang", "en")
    assert code == 2
    assert "streets" in err
