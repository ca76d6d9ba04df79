from __future__ import annotations

import json

from tests.folders import TABLES, residences, write_folder


def test_a_clean_study_exits_0(run, tmp_path):
    code, out, _ = run("check", write_folder(tmp_path / "s"), "--lang", "en")
    assert code == 0
    assert "no faults" in out
    assert "residences.gpkg" in out


def test_faults_exit_1_and_name_row_and_cure(run, tmp_path):
    homes = residences()
    homes.loc[1, "persons"] = -3
    folder = write_folder(tmp_path / "s", residences=homes)
    code, out, _ = run("check", folder, "--json", tmp_path / "ledger.json")
    assert code == 1
    assert "小于最小值" in out
    told = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert told["quarantine"][0] | {"reason": ""} == {
        "table": "residences", "row": 2, "id": "r1", "column": "persons", "value": "-3",
        "code": "fault.below_minimum", "effect": "set_aside", "reason": "",
    }  # fmt: skip


def test_the_ledger_can_be_piped(run, tmp_path):
    code, out, _ = run("check", write_folder(tmp_path / "s"), "--json", "-")
    assert code == 0
    assert json.loads(out)["quarantine"] == []


def test_an_unusable_study_exits_2_with_one_plain_message(run, tmp_path):
    folder = write_folder(tmp_path / "s", facilities=TABLES["facilities"]().drop(columns="kind"))
    for lang, word in (("en", "error: facilities: lacks kind"), ("zh", "错误：facilities：缺少 kind")):
        code, out, err = run("check", folder, "--lang", lang)
        assert code == 2
        assert out == ""
        assert word in err
        assert "Traceback" not in err
    assert run("check", tmp_path / "absent")[0] == 2
    assert run("check")[0] == 2


def test_hostile_text_is_printed_as_it_stands(run, tmp_path):
    homes = residences()
    homes.loc[0, "residence_id"] = "[red]x[/red]"
    homes.loc[0, "persons"] = -1
    _, out, _ = run("check", write_folder(tmp_path / "s", residences=homes))
    assert "[red]x[/red]" in out
