from __future__ import annotations

import json


def test_blocks_prints_the_borders_and_draws_them(run, tmp_path):
    code, out, _ = run(
        "blocks", "data/anning", "阳光社区", "--lang", "zh", "--out", tmp_path, "--json", tmp_path / "b.json"
    )
    assert code == 0
    assert "小区 33 个" in out
    assert "主干路" in out
    content = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
    assert len(content["compounds"]) == 33
    assert {row["border_class"] for row in content["borders"]} >= {"lane", "street", "arterial"}
    assert (tmp_path / "blocks.png").stat().st_size > 10_000
    assert (tmp_path / "blocks.gpkg").is_file()


def test_an_unknown_community_ends_with_a_plain_message(run):
    code, _, err = run("blocks", "data/anning", "没有这个社区", "--lang", "en")
    assert code == 2
    assert "no community" in err
