from __future__ import annotations

import json


def test_phases_gives_every_oversized_community_a_year(run, tmp_path):
    code, out, _ = run("phases", "data/anning", "--no-plan", "--json", tmp_path / "p.json", "--out", tmp_path)
    assert code == 0
    assert "分期" in out
    content = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert [row["year"] for row in content["split_phases"]].count(1) == 5
    assert len(content["split_phases"]) == 14
    assert sum(row["state"] == "unknown" for row in content["premises_plan"]) == 2
    assert (tmp_path / "phases.gpkg").is_file()
