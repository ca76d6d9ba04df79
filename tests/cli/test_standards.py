from __future__ import annotations

import json

import pytest

from geoplan.standards.parse import pack_ids


def test_every_pack_is_listed_with_its_sources(run):
    code, out, _ = run("standards", "--lang", "zh")
    assert code == 0
    for pack in pack_ids():
        assert pack in out
    assert "居民委员会组织法" in out.replace("\n", "")
    assert "假定" in out


def test_one_pack_is_shown_in_full_as_json(run):
    code, out, _ = run("standards", "gb50180-2018", "--json", "-")
    told = json.loads(out)["standards"]
    assert code == 0
    assert [one["id"] for one in told] == ["gb50180-2018"]
    rules = {rule["id"]: rule for rule in told[0]["rules"]}
    assert rules["circle.non_inclusion"]["value"] is True
    assert all(rule["source"] and rule["clause"] and rule["status"] for rule in told[0]["rules"])


@pytest.mark.parametrize("pack", ["nowhere", "nowhere.toml"])
def test_an_unknown_pack_exits_2(run, pack):
    code, _, err = run("standards", pack)
    assert code == 2
    assert "Traceback" not in err
