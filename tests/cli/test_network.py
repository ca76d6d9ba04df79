from __future__ import annotations

import json
from importlib import resources

import geopandas as gpd
import pyogrio
import pytest
import shapely

import geoplan
from tests.folders import CRS, X0, Y0, residences, write_folder


def streets():
    """A street, one that ends half a metre short of it, and one far from both."""
    lines = [
        [(X0, Y0), (X0 + 2000, Y0)],
        [(X0 + 700, Y0 + 300), (X0 + 700, Y0 + 0.5)],
        [(X0, Y0 + 900), (X0 + 100, Y0 + 900)],
    ]
    return gpd.GeoDataFrame(
        {"street_id": ["s1", "<s2>", "s3"], "steps": [False] * 3},
        geometry=[shapely.LineString(line) for line in lines], crs=CRS,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    homes = residences()
    homes.loc[3, "geometry"] = shapely.Point(X0 + 50, Y0 + 905)
    return write_folder(tmp_path / "s", streets=streets(), residences=homes)


def test_the_summary_tells_components_faults_and_cures(run, folder):
    code, out, _ = run("network", folder, "--lang", "en")
    assert code == 0
    assert "1 of 4 (25.0 %)" in out
    assert "100 of 250 (40.0 %)" in out
    assert "undershoot" in out
    assert "--snap-dangles" in out
    assert "Streets s1" in out


def test_it_speaks_the_language_of_the_study(run, folder):
    _, out, _ = run("network", folder)
    assert "断头未接" in out
    assert "连通片数" in out


def test_the_json_holds_every_fault_with_its_place_and_words(run, folder):
    _, out, _ = run("network", folder, "--json", "-", "--lang", "en")
    told = json.loads(out)
    assert told["summary"] | {"faults": {}} == {
        "components": 3, "residences": 4, "residences_apart": 1, "residences_off": 0, "persons": 250,
        "persons_apart": 100, "faults": {},
    }  # fmt: skip
    (fault,) = told["faults"]
    assert (fault["kind"], fault["street_id"], fault["other_id"]) == ("undershoot", "<s2>", "s1")
    assert fault["reason_text"].startswith("a dead end")
    assert 103 < fault["lon"] < 105
    assert told["repairs"] is None
    assert told["parameters"] == {"max_snap_m": 200, "undershoot_m": 2}


def test_the_reach_of_an_undershoot_can_be_chosen(run, folder):
    _, out, _ = run("network", folder, "--json", "-", "--undershoot", "0.4")
    assert json.loads(out)["faults"] == []
    assert run("network", folder, "--undershoot", "0")[0] == 2


def test_out_gets_the_layers(run, folder, tmp_path):
    code, out, _ = run("network", folder, "--out", tmp_path / "o")
    assert code == 0
    assert "network.gpkg" in out
    file = tmp_path / "o" / "network.gpkg"
    assert set(pyogrio.list_layers(file)[:, 0]) == {"network_components", "network_faults"}
    faults = pyogrio.read_dataframe(file, layer="network_faults")
    assert faults.geometry.geom_type.tolist() == ["Point"]
    assert faults.crs == CRS
    first = file.read_bytes()
    run("network", folder, "--out", tmp_path / "o", "--quiet")
    assert file.read_bytes() == first


def test_a_repair_is_written_beside_and_told_and_the_study_stays_as_it_was(run, folder, tmp_path):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    target = tmp_path / "repaired"
    code, out, _ = run(
        "network",
        folder,
        "--snap-dangles",
        "1.0",
        "--out",
        target,
        "--json",
        tmp_path / "n.json",
        "--lang",
        "en",
    )
    assert code == 0
    assert "joined 1 dead ends within 1 m" in out
    assert "<s2> → s1: 0.50 m" in out
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    told = json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))
    assert told["faults"] == []
    assert [(row["street_id"], row["other_id"]) for row in told["repairs"]] == [("<s2>", "s1")]
    assert "network_repairs" in pyogrio.list_layers(target / "network.gpkg")[:, 0]
    repaired = geoplan.read_study(target)
    assert len(geoplan.walk_network(repaired).edge_u) == 4
    assert repaired.residences.index.tolist() == geoplan.read_study(folder).residences.index.tolist()


def test_a_repair_needs_a_folder_of_its_own(run, folder, tmp_path):
    assert run("network", folder, "--snap-dangles", "1")[0] == 2
    code, _, err = run("network", folder, "--snap-dangles", "1", "--out", folder, "--lang", "en")
    assert code == 2
    assert "error" in err
    code, _, err = run("network", folder, "--snap-dangles", "50", "--out", tmp_path / "o", "--lang", "en")
    assert code == 2
    assert "at most 20" in err
    assert not (tmp_path / "o").exists()


def test_the_standard_of_a_study_goes_with_its_repaired_copy(run, folder, tmp_path):
    toml = folder / "study.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + 'standard = "own.toml"\n', encoding="utf-8")
    pack = resources.files("geoplan") / "standards/data/default.toml"
    (folder / "own.toml").write_text(pack.read_text(encoding="utf-8"), encoding="utf-8")
    target = tmp_path / "repaired"
    assert run("network", folder, "--snap-dangles", "1", "--out", target, "--quiet")[0] == 0
    assert run("network", target, "--quiet")[0] == 0


def test_a_study_without_streets_is_unusable(run, tmp_path):
    folder = write_folder(tmp_path / "s", skip=("streets",))
    code, _, err = run("network", folder, "--lang", "en")
    assert code == 2
    assert "streets" in err


def test_quiet_prints_nothing(run, folder):
    assert run("network", folder, "--quiet") == (0, "", "")
