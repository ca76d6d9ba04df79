from __future__ import annotations

import json

import pytest

import geoplan.analysis.coverage as engine
from tests.folders import TABLES, communities, residences, write_folder

HEADLINE = {
    "persons", "households", "persons_all_five", "coverage_rate_all_five", "coverage_rate_by_category",
    "coverage_rate_any_centre", "coverage_rate_district_centre", "coverage_rate_community_centre",
    "buffer_coverage_rate_any_centre", "communities", "oversized", "premises_below_minimum",
    "premises_unknown", "centres_district", "centres_community",
}  # fmt: skip
FILES = ["audit.gpkg", "audit.json", "audit.xlsx", "map.html", "report.html"]
PACK = """
[pack]
id = "own"
en = "Own"
zh = "自定"
extends = "default"
[[rules]]
id = "community.max_households"
value = 100
unit = "household"
comparison = "<="
clause = "local clause 7"
source = "local"
place = "here"
in_force = ""
status = "assumed"
"""


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "s")


def test_an_audit_writes_every_file_and_exits_0_whatever_the_verdicts(run, folder, tmp_path):
    code, out, _ = run("audit", folder, "--out", tmp_path / "out")
    assert code == 0
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == FILES
    assert "五类齐全覆盖率" in out
    told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert set(told["headline"]) >= HEADLINE
    assert {"id", "name", "synthetic"} <= set(told["study"])
    assert {"id", "digest"} <= set(told["standard"])
    assert told["quarantine"] == []
    assert told["provenance"]["layers"][0]["sha256"]
    assert told["headline"]["persons"] == 250
    # three categories have no rows and the layer is not complete; for all but one the clinic is too far
    assert told["headline"]["coverage_rate_all_five"] == 0
    assert told["headline"]["persons_unknown_all_five"] == 100


def test_the_same_input_gives_the_same_bytes(run, folder, tmp_path):
    for name in ("one", "two"):
        assert run("audit", folder, "--out", tmp_path / name, "--quiet")[0] == 0
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_the_json_option_writes_the_full_result_and_a_dash_pipes_it(run, folder, tmp_path):
    _, out, _ = run("audit", folder, "--out", tmp_path / "out", "--format", "json", "--json", "-")
    piped = json.loads(out)
    assert piped == json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["audit.json"]


def test_the_language_is_the_studys_unless_told(run, folder, tmp_path):
    assert "覆盖率" in run("audit", folder, "--out", tmp_path, "--format", "json")[1]
    assert "Coverage rate" in run("audit", folder, "--out", tmp_path, "--format", "json", "--lang", "en")[1]


def test_quiet_prints_nothing(run, folder, tmp_path):
    assert run("audit", folder, "--out", tmp_path, "--quiet") == (0, "", "")


def test_a_standard_of_ones_own_is_taken_by_option_or_from_the_study(run, folder, tmp_path):
    (folder / "own.toml").write_text(PACK, encoding="utf-8")

    def oversized(*options):
        run("audit", folder, "--out", tmp_path / "out", "--format", "json", "--quiet", *options)
        told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
        return told["standard"]["id"], told["headline"]["oversized"]

    assert oversized() == ("default", 1)
    assert oversized("--standard", folder / "own.toml") == ("own", 2)
    assert oversized("--standard", "yuhang-2020") == ("yuhang-2020", 0)
    settings = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(settings + 'standard = "own.toml"\n', encoding="utf-8")
    assert oversized() == ("own", 2)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--standard", "law-1989"), "law-2025"),
        (("--standard", "absent.toml"), "absent.toml"),
        (("--format", "pdf"), "pdf"),
        (("--lang", "fr"), "fr"),
    ],
)
def test_a_wrong_option_exits_2_with_one_plain_message(run, folder, tmp_path, options, told):
    code, _, err = run("audit", folder, "--out", tmp_path / "out", *options)
    assert code == 2
    assert told in err
    assert "Traceback" not in err


def test_what_cannot_be_computed_is_said(run, tmp_path):
    folder = write_folder(tmp_path / "s", skip=("streets", "facilities", "residences"))
    code, out, _ = run("audit", folder, "--out", tmp_path / "out", "--lang", "en")
    assert code == 0
    assert "not computed: reach (needs" in out.replace("\n", " ")
    folder = write_folder(tmp_path / "t", skip=("communities", "streets", "facilities"))
    code, _, err = run("audit", folder, "--out", tmp_path / "out", "--lang", "en")
    assert code == 2
    assert "too few tables" in err


def test_rows_set_aside_are_counted_and_listed(run, tmp_path):
    homes = residences()
    homes.loc[0, "persons"] = -1
    folder = write_folder(tmp_path / "s", residences=homes)
    run("audit", folder, "--out", tmp_path / "out", "--format", "json", "--lang", "en")
    told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert told["headline"]["rows_set_aside"] == 1
    assert told["headline"]["persons"] == 225
    assert told["quarantine"][0]["reason"] == "persons is -1, below the least possible 0; correct the value"


def test_facilities_of_a_kind_that_no_category_counts_are_named(run, tmp_path):
    shops = TABLES["facilities"]().assign(kind=["菜市场", "clinic"])
    folder = write_folder(tmp_path / "s", facilities=shops)
    _, out, _ = run("audit", folder, "--out", tmp_path / "out", "--format", "json")
    assert "菜市场 (1)" in out


def test_a_failure_of_geoplan_itself_is_one_message_and_no_traceback(run, folder, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("geoplan.workflow.audit", broken)
    code, _, err = run("audit", folder, "--lang", "en")
    assert code == 2
    assert "ZeroDivisionError: planted" in err
    assert "Traceback" not in err


def test_a_walking_profile_is_chosen_by_name(run, folder, tmp_path):
    def speed(*options):
        run("audit", folder, "--out", tmp_path / "out", "--format", "json", "--quiet", *options)
        told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
        return next(one["value"] for one in told["standard"]["rules"] if one["id"] == "walking.speed")

    assert (speed(), speed("--profile", "elder")) == (67, 50)
    assert run("audit", folder, "--profile", "toddler")[0] == 2


def test_splits_are_drawn_in_the_map_on_request_and_what_cannot_be_split_is_said(run, tmp_path):
    homes = residences().assign(
        households=[1700, 1800, 4000, None], community_id=["620105002001"] * 2 + ["620105005005"] * 2
    )
    homes.loc[2:, "geometry"] = homes.geometry.loc[2:].translate(800, 0)
    folder = write_folder(
        tmp_path / "s", residences=homes, communities=communities().assign(households=[3500, 4100])
    )
    options = ("audit", folder, "--format", "map", "--lang", "en", "--out")
    _, out, _ = run(*options, tmp_path / "plain")
    assert "households of these compounds" not in out
    assert "Splits: parts" not in (tmp_path / "plain" / "map.html").read_text(encoding="utf-8")
    code, out, _ = run(*options, tmp_path / "split", "--splits")
    assert code == 0
    assert "households of these compounds are not known: r3" in out
    assert "Splits: parts" in (tmp_path / "split" / "map.html").read_text(encoding="utf-8")


def test_a_disagreement_of_the_independent_check_ends_with_an_error(run, folder, tmp_path, monkeypatch):
    honest = engine.reach_table

    def slower(*told):
        reach = honest(*told)
        return reach.assign(minutes=reach["minutes"] + 0.001)

    monkeypatch.setattr(engine, "reach_table", slower)
    code, _, error = run("audit", folder, "--out", tmp_path / "out", "--lang", "en")
    assert code != 0
    assert "independent check disagrees" in error and "ms" in error
    assert not (tmp_path / "out").exists()


def test_the_map_bears_the_review_number_and_an_online_map_only_if_asked(run, folder, tmp_path):
    out = tmp_path / "out"
    code, _, _ = run("audit", folder, "--out", out, "--format", "map", "--review-number", "甘S 7", "--quiet")
    page = (out / "map.html").read_text(encoding="utf-8")
    assert code == 0
    assert "审图号：甘S 7" in page
    assert "openstreetmap.org/{z}" not in page
    run("audit", folder, "--out", out, "--format", "map", "--basemap", "osm", "--quiet")
    assert "openstreetmap.org/{z}" in (out / "map.html").read_text(encoding="utf-8")
    code, _, error = run(
        "audit", folder, "--out", out, "--format", "map", "--basemap", "tianditu", "--lang", "en"
    )
    assert code == 2
    assert "key" in error
