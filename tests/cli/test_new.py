from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner

from geoplan.cli import app as cli
from geoplan.cli.app import app, main
from geoplan.io.study_folder import read_study

from ..io.osm_world import CRS, X0, Y0, ring, same_bytes, square_nodes, write_osm

NAME = "<script>alert(1)</script> [bold]=cmd`x`"


@pytest.fixture
def city(tmp_path, monkeypatch):
    """A working folder with an extract in it: two blocks of flats, a street, a shop."""
    monkeypatch.chdir(tmp_path)
    nodes = {**square_nodes(1, 0, 0, 20), **square_nodes(5, 50, 0, 20), 10: (0, 30), 11: (90, 30)}
    nodes |= {12: (5, 35, {"shop": "supermarket", "name": NAME})}
    flats = {"building": "apartments", "building:levels": "4"}
    ways = {1: (ring(1), flats), 2: (ring(5), flats), 3: ([10, 11], {"highway": "residential"})}
    return write_osm(tmp_path / "city.osm.pbf", nodes=nodes, ways=ways).relative_to(tmp_path)


def run(*arguments):
    return CliRunner().invoke(app, ["new", *map(str, arguments)], catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    """Run the command as a user does; return what stands on standard error."""
    monkeypatch.setattr("sys.argv", ["geoplan", "new", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return told


def test_one_command_makes_a_study_that_reads(city):
    done = run("town", "--osm", city, "--persons", 1000, "--persons-per-household", 2.5)
    assert done.exit_code == 0
    study = read_study("town")
    assert study.residences["persons"].tolist() == [500, 500]
    assert study.residences["households"].tolist() == [200, 200]
    assert study.facilities["kind"].tolist() == ["supermarket"]
    assert study.facilities["name"].tolist() == [NAME]
    assert (study.study_id, study.name, study.lang) == ("town", "town", "en")
    for told in ("1000 persons, as declared", "not in the extract: Communities", "geoplan audit town"):
        assert told in done.output


def test_the_readme_holds_a_command_that_makes_the_same_bytes_again(city):
    run("a/town", "--osm", city, "--persons", 1000, "--name", NAME, "--lang", "zh", "--quiet")
    readme = Path("a/town/README.md").read_text(encoding="utf-8")
    assert str(Path.cwd()) not in readme
    assert "geoplan new a/town --osm city.osm.pbf --persons 1000 --name" in readme
    shutil.move("a", "b")
    run("a/town", "--osm", city, "--persons", 1000, "--name", NAME, "--lang", "zh", "--quiet")
    assert same_bytes(Path("a/town"), Path("b/town"))


def test_names_stay_text_on_the_screen(city):
    assert NAME in run("town", "--osm", city, "--name", NAME).output


def test_quiet_prints_nothing_and_json_tells_all(city):
    done = run("town", "--osm", city, "--persons", 7, "--quiet", "--json", "new.json")
    assert (done.exit_code, done.output) == (0, "")
    told = json.loads(Path("new.json").read_text(encoding="utf-8"))
    assert told["osm"]["people"]["persons"] == 7
    assert told["osm"]["rows"] == {"residences": 2, "facilities": 1, "streets": 1}
    assert told["osm"]["missing"] == ["communities", "centres", "barriers"]
    assert told["files"] == ["study.toml", "study.gpkg", "README.md", "premises_template.csv"]
    assert told["study"]["estimated"] == ["residences.persons"]


def test_json_to_standard_output_is_nothing_but_json(city):
    done = run("town", "--osm", city, "--json", "-")
    assert json.loads(done.stdout)["study"]["id"] == "town"


def test_chinese_is_chinese(city):
    done = run("town", "--osm", city, "--persons", 7, "--lang", "zh")
    assert "申报人口 7 人" in done.output
    assert "## 数据来源" in Path("town/README.md").read_text(encoding="utf-8")
    assert read_study("town").lang == "zh"


def test_a_folder_that_is_not_empty_is_refused_and_force_leaves_other_files_alone(city, capsys, monkeypatch):
    Path("town").mkdir()
    Path("town/notes.txt").write_text("mine", encoding="utf-8")
    told = fails(capsys, monkeypatch, "town", "--osm", city)
    assert "notes.txt" in told
    assert "--force" in told
    assert run("town", "--osm", city, "--force").exit_code == 0
    assert Path("town/notes.txt").read_text(encoding="utf-8") == "mine"
    assert run("town", "--osm", city, "--persons", 9, "--force").exit_code == 0
    assert read_study("town").residences["persons"].sum() == 9


def test_the_extract_may_lie_in_the_folder_itself(city):
    Path("town").mkdir()
    shutil.move(city, "town/city.osm.pbf")
    assert run("town", "--osm", "town/city.osm.pbf").exit_code == 0
    assert len(read_study("town").streets) == 1


def test_a_folder_name_that_is_a_file_is_refused(city, capsys, monkeypatch):
    Path("town").write_text("", encoding="utf-8")
    assert "town is a file" in fails(capsys, monkeypatch, "town", "--osm", city)


def test_bad_input_is_one_plain_message_and_makes_no_folder(city, capsys, monkeypatch):
    Path("cut.osm.pbf").write_bytes(city.read_bytes()[:150])
    Path("empty.osm.pbf").touch()
    Path("own.toml").write_text("id = 3", encoding="utf-8")
    for arguments, expected in (
        (["--osm", "cut.osm.pbf"], "cannot be read as OSM data"),
        (["--osm", "empty.osm.pbf"], "holds no OSM objects"),
        (["--osm", "away.osm.pbf"], "away.osm.pbf"),
        (["--osm", city, "--persons", "-4"], "--persons is -4"),
        (["--osm", city, "--households", "-4"], "--households is -4"),
        (["--osm", city, "--persons-per-household", "0"], "--persons-per-household is 0"),
        (["--osm", city, "--persons-per-household", "nan"], "--persons-per-household is nan"),
        (["--osm", city, "--households", "3", "--persons-per-household", "2"], "give one of them"),
        (["--osm", city, "--admin-level", "9"], "no administrative boundary of level 9"),
        (["--osm", city, "--crs", "EPSG:3857"], "EPSG:3857"),
        (["--osm", city, "--crs", "nonsense"], "nonsense"),
        (["--osm", city, "--standard", "no-such-pack"], "no-such-pack"),
        (["--osm", city, "--standard", "own.toml"], "own.toml"),
        (["--osm", city, "--communities", "away.gpkg"], "away.gpkg"),
        (["--osm", city, "--communities", "city.osm.pbf"], "city.osm.pbf"),
    ):
        assert expected in fails(capsys, monkeypatch, "town", *arguments)
        assert not Path("town").exists()


def test_errors_speak_the_language_asked_for(city, capsys, monkeypatch):
    monkeypatch.setattr(cli, "error_lang", lambda: "zh")
    assert "没有 9 级行政边界" in fails(
        capsys, monkeypatch, "town", "--osm", city, "--admin-level", "9", "--lang", "zh"
    )


def test_a_layer_inside_the_folder_would_be_read_twice_and_is_refused(city, capsys, monkeypatch):
    Path("town").mkdir()
    Path("town/centres.gpkg").touch()
    told = fails(capsys, monkeypatch, "town", "--osm", city, "--centres", "town/centres.gpkg")
    assert "move it to another folder" in told


def test_an_own_standard_file_is_named_relative_to_the_study(city):
    pack = (
        '[pack]\nid = "own"\nen = "Own"\nzh = "自定"\nextends = "default"\n'
        '[osm.facilities]\nsupermarket = ["shop=supermarket"]\n'
        '[osm.centres]\ncommunity = ["shop=supermarket"]\n'
    )
    Path("own.toml").write_text(pack, encoding="utf-8")
    assert run("town", "--osm", city, "--standard", "own.toml").exit_code == 0
    study = read_study("town")
    assert study.standard_id == "../own.toml"
    assert study.centres["level"].tolist() == ["community"]


def test_rows_of_an_own_layer_that_are_set_aside_are_told(city):
    shapes = [shapely.box(X0 - 50, Y0 - 50, X0 + 200, Y0 + 200), shapely.Point(X0, Y0)]
    own = gpd.GeoDataFrame({"community_id": ["c1", "c2"], "name": ["甲", "乙"]}, geometry=shapes, crs=CRS)
    own.to_file("communities.gpkg")
    done = run("town", "--osm", city, "--communities", "communities.gpkg", "--json", "told.json")
    assert done.exit_code == 0
    assert "takes: Polygon" in " ".join(done.output.replace("│", " ").split())
    (fault,) = json.loads(Path("told.json").read_text(encoding="utf-8"))["quarantine"]
    assert (fault["table"], fault["row"], fault["id"], fault["effect"]) == (
        "communities",
        2,
        "c2",
        "set_aside",
    )
    assert read_study("town").communities.index.tolist() == ["c1"]
