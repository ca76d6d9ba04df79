from __future__ import annotations

import pytest

from tests.folders import write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "s")


def test_figures_writes_what_it_says_and_a_scenario_beside_today(run, folder, tmp_path):
    scenario = tmp_path / "s.toml"
    rule = 'edit = "set_rule"\nrule = "walking.speed"\nvalue = 80'
    scenario.write_text(f'name = "快走"\n[[edits]]\n{rule}\n', encoding="utf-8")
    out = tmp_path / "figures"
    code, said, error = run(
        "figures", folder, "--out", out, "--format", "svg", "--scenario", scenario, "--lang", "en",
    )  # fmt: skip
    assert code == 0, error
    written = sorted(one.name for one in out.iterdir())
    assert {"before_after.svg", "coverage_choropleth.svg"} <= set(written)
    assert all(one in said for one in written)


def test_an_unknown_format_is_a_plain_error(run, folder, tmp_path):
    code, _, error = run("figures", folder, "--out", tmp_path / "x", "--format", "gif", "--lang", "en")
    assert code == 2
    assert "gif" in error
