from __future__ import annotations

import dataclasses
import math
import re

import pandas as pd
import pytest

from geoplan.messages import LANGS, catalogue, text
from geoplan.network.build import walk_network
from geoplan.planning.fixes import rank_fixes
from geoplan.planning.split import plan_split
from geoplan.report.blocks import Lines, Table, figures_of
from geoplan.report.context import report_of
from geoplan.report.traced import FORMS, Cell, Source, figure, look_up, say
from geoplan.standards.parse import load_standard
from geoplan.workflow import audit, with_fixes
from tests.planning.towns import town


@pytest.fixture(scope="module")
def reports(plain, hostile, bare):
    return {
        (name, lang): report_of(audit, lang=lang)
        for name, audit in (("plain", plain), ("hostile", hostile), ("bare", bare))
        for lang in LANGS
    }


def sections_of(report):
    def walk(sections):
        for one in sections:
            yield one
            yield from walk(one.sections)

    return list(walk(report.sections))


def tables_of(report):
    return {one.key: one for part in sections_of(report) for one in part.blocks if isinstance(one, Table)}


@pytest.mark.parametrize("name", ["plain", "hostile", "bare"])
@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_is_found_where_its_source_says_and_written_in_its_form(reports, name, lang):
    report = reports[name, lang]
    figures = list(figures_of(report))
    assert len(figures) > (60 if name == "bare" else 400)
    for one in figures:
        found = look_up(one.source, report.tables)
        assert one.value == pytest.approx(float(found), rel=1e-12, abs=1e-12), one.source.name
        assert one.text == FORMS[one.form](one.value)


@pytest.mark.parametrize("lang", LANGS)
def test_a_cell_of_a_number_column_has_a_source_unless_it_is_missing(reports, lang):
    for block in tables_of(reports["plain", lang]).values():
        for row in block.sheet.rows:
            for cell in row:
                if cell.mark == "number" and re.search(r"\d", cell.text):
                    # versions of libraries and the name of a CRS are no figures
                    assert cell.figures or block.key == "parameters", (block.key, cell.text)


@pytest.mark.parametrize("lang", LANGS)
def test_every_number_in_a_sentence_is_a_figure_or_stands_in_the_catalogue(reports, lang):
    fixed = {number for words in catalogue().values() for number in re.findall(r"\d+", words[lang])}
    for section in sections_of(reports["plain", lang]):
        for block in section.blocks:
            for cell in block.cells if isinstance(block, Lines) and section.key != "provenance" else ():
                left = cell.text
                for one in cell.figures:
                    assert one.text in left
                    left = left.replace(one.text, "", 1)
                assert set(re.findall(r"\d+", left)) <= fixed, cell.text


def test_a_bare_number_in_a_sentence_is_refused():
    with pytest.raises(TypeError, match="no source for residences"):
        say("report.marginal", "en", residences=3)


def test_a_source_is_looked_up_as_it_says():
    table = pd.DataFrame({"n": [2, 5, pd.NA], "c": ["a", "a", "b"]}, index=pd.Index([7, 8, 9], name="id"))
    table["n"] = table["n"].astype("Int64")
    known = {"t": table}
    every = (7, 8, 9)
    assert look_up(Source("t", (8,), "n"), known) == 5
    assert look_up(Source("t", (8,), "n", "opposite"), known) == -5
    assert look_up(Source("t", (8,), "id"), known) == 8
    assert look_up(Source("t", every, "n", "sum"), known) == 7
    assert look_up(Source("t", every, "", "count"), known) == 3
    assert look_up(Source("t", every, "c", "distinct"), known) == 2
    assert look_up(Source("t", every, "n", "max"), known) == 5
    assert look_up(Source("t", (7,), "n", per=Source("t", every, "n", "sum")), known) == pytest.approx(2 / 7)
    for wrong in (Source("u", (7,), "n"), Source("t", (6,), "n"), Source("t", (7,), "m")):
        with pytest.raises(KeyError):
            look_up(wrong, known)


def test_a_missing_figure_is_a_dash_without_a_source():
    for missing in (None, math.nan, pd.NA):
        assert figure(missing, "count", Source("t", (1,), "n")) == Cell("—", "number")


def test_both_languages_say_the_same(reports):
    zh, en = reports["plain", "zh"], reports["plain", "en"]
    assert [one.key for one in sections_of(zh)] == [one.key for one in sections_of(en)]
    assert [(one.value, one.source) for one in figures_of(zh)] == [
        (one.value, one.source) for one in figures_of(en)
    ]


def test_names_of_sections_and_tables_are_unique(reports):
    for report in reports.values():
        keys = [one.key for one in sections_of(report)]
        assert len(keys) == len(set(keys))
        blocks = [one.key for part in sections_of(report) for one in part.blocks if isinstance(one, Table)]
        assert len(blocks) == len(set(blocks))


def test_there_is_a_sheet_for_every_centre_and_every_community(plain, reports):
    units = [one.key for one in sections_of(reports["plain", "zh"]) if one.unit]
    expected = [f"centre-{one}" for one in plain.study.centres.index]
    expected += [f"community-{one}" for one in plain.study.communities.index]
    assert sorted(units) == sorted(expected)


def total_of(table, heading):
    return table.sheet.totals[table.sheet.headings.index(heading)].number.value


def test_totals_are_those_of_the_study(plain, reports):
    tables = tables_of(reports["plain", "en"])
    whole = plain.headline
    assert total_of(tables["communities"], "persons") == whole["persons"]
    assert total_of(tables["communities"], "persons with all categories") == whole["persons_all_five"]
    assert total_of(tables["communities"], "persons unknown") == whole["persons_unknown_all_five"]
    passing = plain.tables["coverage_by_category"].loc["centre_any", "persons_pass"]
    assert total_of(tables["centres"], "persons in catchment") == passing
    assert total_of(tables["gap-summary"], "residences") == len(plain.tables["gaps"])
    shortfall = plain.tables["premises_checks"]["shortfall_m2"].sum()
    assert total_of(tables["premises"], "shortfall (m²)") == shortfall == 150


def test_homes_of_no_community_stand_in_a_row_of_their_own_so_that_the_total_is_the_study(plain):
    homes = plain.tables["completeness"].copy()
    homes.loc["r1", "community_id"] = None
    rows = plain.tables["coverage_by_community"].copy()
    rows.loc["west", ["persons", "persons_all_five"]] = [120, 120]
    moved = dataclasses.replace(
        plain, tables={**plain.tables, "completeness": homes, "coverage_by_community": rows}
    )
    report = report_of(moved, lang="en")
    sheet = tables_of(report)["communities"].sheet
    assert text("report.no_community", "en") in [cell.text for cell in sheet.rows[-1]]
    at = sheet.headings.index("persons")
    assert sheet.totals[at].number.value == plain.headline["persons"]
    assert sum(row[at].number.value for row in sheet.rows) == plain.headline["persons"]
    for one in figures_of(report):
        assert one.value == pytest.approx(float(look_up(one.source, report.tables)))


def test_what_was_not_computed_is_listed(bare, reports):
    (listed,) = [one for one in sections_of(reports["bare", "en"]) if one.key == "left-out"]
    lines = [cell.text for block in listed.blocks for cell in block.cells]
    assert len(lines) == len(bare.not_computed)
    assert any("lacks the tables: residences, streets" in line for line in lines)


def test_the_ledger_of_fixes_is_told_with_whom_each_helps_and_by_service(plain):
    ledger = rank_fixes(walk_network(plain.study), plain.study, plain.standard)
    assert len(ledger.fixes)
    report = report_of(with_fixes(plain, ledger), lang="en")
    tables = tables_of(report)
    at = tables["fixes"].sheet.headings.index("households newly passing")
    shown = [row[at].number.value for row in tables["fixes"].sheet.rows]
    assert shown == ledger.fixes["households_gained"].tolist()
    assert [row[1].text for row in tables["fixes"].sheet.rows] == [
        row[0].text for row in tables["fix-services"].sheet.rows
    ]
    gained = [cell.number.value for row in tables["fix-services"].sheet.rows for cell in row if cell.number]
    assert sum(gained) == ledger.services["households_gained"].sum()
    for one in figures_of(report):
        assert one.value == pytest.approx(float(look_up(one.source, report.tables))), one.source.name


def test_the_warnings_are_in_the_report_and_in_its_running_line(reports):
    report = reports["plain", "zh"]
    assert report.warnings == (
        text("banner.synthetic", "zh"), text("banner.estimated", "zh", columns="residences.persons")
    )  # fmt: skip
    assert text("banner.synthetic", "zh") in report.running
    assert text("report.has_estimates", "zh") in report.running


@pytest.fixture(scope="module")
def town_report():
    study = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    standard = load_standard("default")
    plan = plan_split(walk_network(study), study, "c1", standard)
    return plan, report_of(audit(study, standard), lang="en", plans=[plan])


def test_a_split_is_told_with_its_parts_sides_and_checks(town_report):
    plan, report = town_report
    tables = tables_of(report)
    parts = tables["split-c1-parts"]
    assert [row[0].text for row in parts.sheet.rows] == list(plan.parts.index)
    assert total_of(parts, "households") == plan.parts["households"].sum()
    assert len(tables["split-c1-checks"].sheet.rows) == len(plan.checks)
    assert "建宁路" in " ".join(cell.text for row in tables["split-c1-sides"].sheet.rows for cell in row)
    for one in figures_of(report):
        assert one.value == pytest.approx(float(look_up(one.source, report.tables))), one.source.name


def test_an_impossible_split_says_why_and_what_would_help():
    study = town(columns=6, premises={"p1": (50, 150, 500.0)})
    homes = study.residences.copy()
    homes.loc["r00", "households"] = 9000
    study = dataclasses.replace(study, residences=homes)
    standard = load_standard("default")
    plan = plan_split(walk_network(study), study, "c1", standard)
    assert not len(plan.parts)
    report = report_of(audit(study, standard), lang="en", plans=[plan])
    (section,) = [one for one in sections_of(report) if one.key == "split-c1"]
    told = " ".join(cell.text for cell in section.blocks[0].cells)
    assert "cannot be split" in told
