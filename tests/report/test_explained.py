from __future__ import annotations

import dataclasses

import pytest
import shapely
from openpyxl import load_workbook

from geoplan.maps import audit_map
from geoplan.messages import LANGS, text
from geoplan.report import audit_as_dict, explained, write_excel, write_html
from geoplan.report.words import rate_text
from geoplan.standards.parse import load_standard
from geoplan.workflow import audit
from tests.audits import plain_study
from tests.studies import X0, Y0


@pytest.fixture(scope="module")
def severed():
    """Return the audit of homes of which one lives on a path across a railway from the street."""
    study = plain_study()
    path = shapely.LineString([(X0 + 100, Y0 + 60), (X0 + 300, Y0 + 60)])
    streets = study.streets.reindex([*study.streets.index, "path"])
    streets.loc["path", "geometry"] = path
    homes = study.residences.copy()
    homes.loc["r4", "geometry"] = shapely.Point(X0 + 200, Y0 + 65)
    barriers = study.barriers.assign(kind="railway", name="铁路")
    barriers.geometry = [shapely.LineString([(X0 - 50, Y0 + 30), (X0 + 4000, Y0 + 30)])]
    study = dataclasses.replace(study, streets=streets, residences=homes, barriers=barriers)
    return audit(study, load_standard("default"))


def cells(sheet):
    return [[cell.text for cell in row] for row in sheet.rows]


@pytest.mark.parametrize("lang", LANGS)
def test_causes_are_counted_by_service_and_cause_in_words(severed, lang):
    sheet = explained.causes_by_service(severed, lang)
    assert text("cause.severed", lang) in sheet.headings
    table = severed.tables["causes_by_service"]
    assert len(sheet.rows) == table["service"].nunique()
    shown = [one for row in cells(sheet) for one in row[1:] if one != "—"]
    assert len(shown) == len(table)
    at = sheet.headings.index(text("cause.severed", lang))
    assert cells(sheet)[0][at] == "1 · 50"


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_and_the_map_name_the_barrier_and_show_the_places(severed, lang, tmp_path):
    write_html(severed, tmp_path / "report.html", lang=lang)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for key in ("causes", "tiers", "spread", "compliance"):
        assert text(f"report.section_{key}", lang) in page
    assert "铁路" in page
    assert "b1" in page
    drawn = audit_map(severed, lang=lang)
    drawn.save(tmp_path / "map.html")
    content = (tmp_path / "map.html").read_text(encoding="utf-8")
    walks = (severed.tables["causes"]["cause"] == "severed") & (
        ~severed.tables["causes"]["service"].str.startswith("centre_")
    )
    label = text("map.layer_cause", lang, cause=text("cause.severed", lang), count=int(walks.sum()))
    assert label in content
    places = severed.tables["gap_places"]
    count = int((~places["service"].str.startswith("centre_")).sum())
    assert text("map.layer_gap_places", lang, count=count) in content


def test_compliance_counts_add_up_to_the_sheet(severed):
    sheet = explained.compliance_counts(severed, "en")
    counted = sum(int(one) for row in cells(sheet) for one in row[3:6])
    assert counted == len(severed.tables["compliance"])


def test_nothing_to_explain_gives_no_sheet(severed):
    bare = dataclasses.replace(severed, tables={})
    for make in (
        explained.causes_by_service,
        explained.worst_obstacles,
        explained.worst_places,
        explained.centre_tiers,
        explained.centre_load,
        explained.spread,
        explained.match_counts,
        explained.compliance_counts,
    ):
        assert make(bare, "en") is None


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_and_the_workbook_tell_what_the_independent_check_found(severed, lang, tmp_path):
    table = severed.tables["recheck"]
    (line,) = explained.recheck_lines(severed, lang)
    assert str(table["redecided"].sum()) in line.text
    assert len(explained.rechecked(severed, lang).rows) == len(table)
    write_html(severed, tmp_path / "report.html", lang=lang)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert line.text in page and text("report.recheck_title", lang) in page
    write_excel(severed, tmp_path / "audit.xlsx", lang=lang)
    assert text("report.recheck_title", lang) in load_workbook(tmp_path / "audit.xlsx").sheetnames
    assert audit_as_dict(severed)["tables"]["recheck"][0]["largest_difference_ms"] == 0


def test_without_walks_there_is_nothing_to_check_again(bare):
    assert explained.recheck_lines(bare, "en") == []
    assert "recheck" in bare.not_computed


@pytest.mark.parametrize("lang", LANGS)
def test_the_range_of_a_rate_stands_beside_it(severed, lang, tmp_path):
    table = severed.tables["stability"]
    own = (table["unit_table"] == "study") & (table["indicator"] == "coverage_rate_any_centre")
    (row,) = table[own].to_dict("records")
    shown = explained.stability_ranges(severed, lang)["coverage_rate_any_centre"]
    assert rate_text(row["low"]) in shown and rate_text(row["high"]) in shown
    write_html(severed, tmp_path / "report.html", lang=lang)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    label = text("headline.coverage_rate_any_centre", lang)
    cells = page[page.index(f"<td>{label}</td>") :].split("</tr>")[0]
    value = rate_text(severed.headline["coverage_rate_any_centre"])
    assert [part.split("</td>")[0] for part in cells.split('">')[1:]] == [
        value, rate_text(row["low"]), rate_text(row["high"])
    ]  # fmt: skip
    assert text("report.section_stability", lang) in page
    write_excel(severed, tmp_path / "audit.xlsx", lang=lang)
    first = load_workbook(tmp_path / "audit.xlsx").worksheets[0]
    assert shown in [cell.value for cell in first["D"]]
