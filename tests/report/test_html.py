from __future__ import annotations

import pytest

from geoplan.maps.inline import external_urls
from geoplan.report import write_html
from geoplan.report.findings import by_community, gap_summary, open_premises, sizes_outside
from geoplan.report.headline import headline_cells


def page_of(audit, folder, lang="zh"):
    write_html(audit, folder / "report.html", lang=lang)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_headline_figure_is_on_the_page(plain, tmp_path, lang):
    page = page_of(plain, tmp_path, lang)
    for row in headline_cells(plain, lang):
        cells = page[page.index(f"<td>{row.label}</td>") :].split("</tr>")[0]
        assert f">{row.value.text.replace('>', '&gt;')}</td>" in cells
        assert row.unknown is None or f">{row.unknown.text}</td>" in cells


def test_every_rule_is_named_with_its_clause_and_status(plain, tmp_path):
    page = page_of(plain, tmp_path)
    for rule in plain.standard.rules.values():
        assert rule.id in page
    assert "假定" in page
    assert plain.standard.digest in page


def test_the_page_warns_of_synthetic_and_estimated_data(plain, tmp_path):
    page = page_of(plain, tmp_path)
    assert page.index("合成数据") < page.index("residences.persons") < page.index("<section")


def test_the_page_loads_nothing_and_has_no_script(hostile, tmp_path):
    page = page_of(hostile, tmp_path)
    assert external_urls(page) == []
    assert "<script" not in page
    assert "<img" not in page


def test_the_worst_community_comes_first(plain):
    ids = [row[0].text for row in by_community(plain, "en").rows]
    rates = plain.tables["coverage_by_community"]["coverage_rate_all_five"]
    assert ids == ["east", "west"]
    assert rates["east"] < rates["west"]


def test_only_what_does_not_pass_is_listed(plain):
    assert [row[0].text for row in sizes_outside(plain, "en").rows] == ["east", "west"]
    assert [(row[0].text, row[6].mark) for row in open_premises(plain, "en").rows] == [
        ("p1", "fail"),
        ("p3", "unknown"),
        ("p2", "pass"),
    ]


def test_the_gap_summary_counts_every_gap_once(plain):
    counted = sum(int(row[3].text) for row in gap_summary(plain, "en").rows)
    assert counted == len(plain.tables["gaps"])


def test_the_list_of_gaps_is_cut_but_its_count_is_whole(plain, tmp_path, monkeypatch):
    monkeypatch.setattr("geoplan.report.findings.MAX_GAPS", 2)
    failing = int((plain.tables["gaps"]["verdict"] == "fail").sum())
    assert failing > 2
    assert f"The first 2 of {failing} rows;" in page_of(plain, tmp_path, "en")


def test_a_fault_is_printed_with_its_reason_and_cure(plain, tmp_path):
    page = page_of(plain, tmp_path, "en")
    assert "persons is -4, below the least possible 0; correct the value" in page


def test_the_network_section_counts_the_faults_of_each_kind(plain, bare, tmp_path):
    assert plain.tables["network_faults"]["kind"].tolist() == ["off_network"]
    page = page_of(plain, tmp_path, "en")
    section = page[page.index("The street network") :]
    cells = section[section.index('<th scope="row">not on the network</th>') :].split("</tr>")[0]
    assert ">1</td>" in cells
    assert "undershoot" not in section[: section.index("</section>")]
    assert "The street network" not in page_of(bare, tmp_path, "en")


def test_an_audit_of_communities_alone_lists_what_was_not_computed(bare, tmp_path):
    page = page_of(bare, tmp_path, "en")
    assert "Not computed" in page
    assert "lacks the tables: residences, streets" in page
    assert "Coverage by service" not in page
