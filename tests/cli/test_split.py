from __future__ import annotations

import json

import openpyxl
import pyogrio

from tests.folders import communities, residences, write_folder


def test_split_writes_what_it_prints(run, tmp_path):
    file = tmp_path / "split.json"
    code, out, _ = run("split", "data/anning", "阳光社区", "--lang", "zh", "--json", file, "--out", tmp_path)
    assert code == 0
    assert "阳光社区" in out
    assert "东至" in out
    assert "HiGHS" not in out
    (plan,) = json.loads(file.read_text(encoding="utf-8"))
    assert plan["community_id"] == "620105002005"
    assert plan["status"] == "optimal"
    assert plan["gap"] == 0
    assert sum(part["households"] for part in plan["parts"]) == 3097
    assert set(plan["members"].values()) == {part["part_id"] for part in plan["parts"]}
    assert {"part_id", "seat_id", "households", "persons", "deviation", "max_walk_m"} <= set(plan["parts"][0])
    assert set(pyogrio.list_layers(tmp_path / "split.gpkg")[:, 0]) >= {
        "split_parts", "split_members", "split_walks",
    }  # fmt: skip
    page = (tmp_path / "split_620105002005.html").read_text(encoding="utf-8")
    assert "阳光社区" in page


def test_a_planners_own_split_is_checked_from_excel(run, tmp_path):
    code, out, _ = run("split", "data/anning", "阳光社区", "--json", "-", "--seed", "1")
    assert code == 0
    (plan,) = json.loads(out)
    book = openpyxl.Workbook()
    book.active.append(["居住点编码", "分区"])
    ids = list(plan["members"])
    for one in ids:
        book.active.append([one, "东" if one == ids[0] else "西"])
    book.save(tmp_path / "mine.xlsx")
    code, out, _ = run("split", "data/anning", "阳光社区", "--members", tmp_path / "mine.xlsx", "--json", "-")
    assert code == 0
    (given,) = json.loads(out)
    assert (given["kind"], given["status"]) == ("given", "breaks_rules")
    broken = {check["rule"] for check in given["checks"] if check["verdict"] == "fail"}
    assert "community.min_households" in broken


def test_usage_and_unknown_communities_end_with_a_plain_message(run):
    assert run("split", "data/anning")[0] == 2
    assert run("split", "data/anning", "阳光社区", "--all")[0] == 2
    assert run("split", "data/anning", "阳光社区", "--parts", "two")[0] == 2
    assert run("split", "data/anning", "阳光社区", "--model", "circle")[0] == 2
    code, _, err = run("split", "data/anning", "水挂庄社区", "--lang", "en")
    assert code == 2
    assert "620105002001" in err
    code, _, err = run("split", "data/anning", "620105001001", "--lang", "en")
    assert code == 2
    assert "--parts" in err
    assert run("split", "data/anning", "阳光社区", "--members", "nowhere.csv")[0] == 2


def test_one_community_that_cannot_be_planned_does_not_stop_the_rest(run, tmp_path):
    homes = residences().assign(
        households=[1700, 1800, 4000, None], community_id=["620105002001"] * 2 + ["620105005005"] * 2
    )
    homes.loc[2:, "geometry"] = homes.geometry.loc[2:].translate(800, 0)
    wide = communities().assign(households=[3500, 4100])
    folder = write_folder(tmp_path / "s", residences=homes, communities=wide)
    code, out, _ = run("split", folder, "--all", "--lang", "en", "--model", "cut")
    assert code == 1
    assert "620105002001-1" in out
    assert "households of these compounds are not known: r3" in out
