from __future__ import annotations

import dataclasses

import docx
import openpyxl
import pytest

import geoplan
from geoplan.io.members import read_members
from geoplan.planning.split import evaluate_split, plan_split
from geoplan.report import draw_split, write_dossier_excel, write_dossier_word
from geoplan.report.dossier import dossier_of
from geoplan.report.headline import study_banners
from geoplan.report.split_sketch import compound_numbers
from tests.planning.towns import line, town

STANDARD = geoplan.load_standard("default")


@pytest.fixture(scope="module")
def study():
    made = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    homes = made.residences.copy()
    homes.loc["r00", "name"] = "=1+1<b>&"
    return dataclasses.replace(made, residences=homes, synthetic=True)


@pytest.fixture(scope="module")
def plan(study):
    return plan_split(geoplan.walk_network(study), study, "c1", STANDARD)


def words_of(file):
    document = docx.Document(file)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs], cells, document


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_word_dossier_says_what_the_plan_says(study, plan, tmp_path, lang):
    write_dossier_word(plan, study, STANDARD, tmp_path / "d.docx", lang=lang)
    lines, cells, document = words_of(tmp_path / "d.docx")
    told = "\n".join(lines)
    assert plan.name in told
    assert "建宁路" in told
    assert geoplan.messages.text("banner.synthetic", lang) in told
    for _, row in plan.parts.iterrows():
        assert f"{row['households']:,}" in cells
    for name in plan.blocks.cells["name"]:
        assert name in cells
    heads = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert len(heads) == len(set(heads)) >= 6
    assert document.styles["Normal"].element.rPr.rFonts.get(docx.oxml.ns.qn("w:eastAsia")) == "宋体"
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(docx.oxml.ns.qn("w:tblHeader")) is not None


def test_the_totals_of_the_workbook_add_up_and_names_are_no_formulas(study, plan, tmp_path):
    write_dossier_excel(plan, study, STANDARD, tmp_path / "d.xlsx", lang="zh")
    book = openpyxl.load_workbook(tmp_path / "d.xlsx")
    values = openpyxl.load_workbook(tmp_path / "d.xlsx", data_only=True)
    parts = next(
        sheet for sheet in values if sheet.title.startswith("拆分方案：各分区".replace("：", "：")[:4])
    )
    heads = [cell.value for cell in parts[1]]
    at = heads.index("户数") + 1
    column = [parts.cell(row, at).value for row in range(2, parts.max_row + 1)]
    assert column[-1] == sum(column[:-1]) == 3600
    formulas = [
        cell.value for sheet in book for row in sheet for cell in row
        if cell.data_type == "f"
    ]  # fmt: skip
    assert formulas
    assert all(str(one).startswith("=SUM(") for one in formulas)
    members = values["split_members"]
    assert "=1+1<b>&" in [members.cell(row, 3).value for row in range(2, members.max_row + 1)]


def test_the_members_sheet_goes_back_in_as_it_came_out(study, plan, tmp_path):
    for lang in ("zh", "en"):
        write_dossier_excel(plan, study, STANDARD, tmp_path / "d.xlsx", lang=lang)
        members = read_members(tmp_path / "d.xlsx")
        again = evaluate_split(geoplan.walk_network(study), study, "c1", STANDARD, members)
        assert again.objective == plan.objective
        assert again.status == "feasible"


def test_the_same_plan_gives_the_same_files(study, plan, tmp_path):
    for name in ("a", "b"):
        draw_split(plan, study, tmp_path / f"{name}.png", when="after", lang="zh")
        write_dossier_excel(plan, study, STANDARD, tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_pictures_stand_in_the_document_with_a_caption_each(study, plan, tmp_path):
    pictures = tmp_path / "before.png", tmp_path / "after.png"
    for picture, when in zip(pictures, ("before", "after"), strict=True):
        draw_split(plan, study, picture, when=when, lang="zh")
    write_dossier_word(plan, study, STANDARD, tmp_path / "d.docx", sketches=pictures, lang="zh")
    _, _, document = words_of(tmp_path / "d.docx")
    assert len(document.inline_shapes) == 2
    captions = [one.text for one in document.paragraphs if one.style.name == "Caption"]
    assert [one for one in captions if one.startswith("图")] == [
        "图1 试验社区拆分前示意图",
        "图2 试验社区拆分后示意图",
    ]


def test_every_compound_has_a_number_of_its_own(plan):
    numbers = compound_numbers(plan)
    assert sorted(numbers) == list(range(1, 19))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_impossible_split_has_a_dossier_that_says_why(tmp_path, lang):
    study = town(columns=6, premises={"p1": (50, 150, 500.0)})
    alone = study.residences.copy()
    alone.loc["r00", "households"] = 9000
    study = dataclasses.replace(study, residences=alone)
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD, parts=2)
    assert plan.status == "infeasible"
    content = dossier_of(plan, study, STANDARD, lang=lang)
    assert any("r00" in one for one in content.request)
    write_dossier_word(plan, study, STANDARD, tmp_path / "d.docx", lang=lang)
    write_dossier_excel(plan, study, STANDARD, tmp_path / "d.xlsx", lang=lang)
    draw_split(plan, study, tmp_path / "after.png", when="after", lang=lang)
    assert (tmp_path / "after.png").stat().st_size > 1000


def test_barriers_of_every_kind_are_drawn(tmp_path):
    kinds = ("river", "railway", "expressway", "wall")
    barriers = {kind: (kind, line((0, 50 * at + 20), (600, 50 * at + 20))) for at, kind in enumerate(kinds)}
    study = town(barriers=barriers, columns=3, rows=2)
    plan = plan_split(None, dataclasses.replace(study, barriers=None), "c1", STANDARD, parts=2, model="cut",
                      tolerance=0.5, alternatives=False)  # fmt: skip
    draw_split(plan, study, tmp_path / "d.svg", when="after", lang="en")
    assert (tmp_path / "d.svg").stat().st_size > 1000


HOSTILE = "$\\frac{1}$ \x01\n\u202e{{x}} & <b>$"


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_are_inert_in_every_paper(tmp_path, lang):
    study = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    study = dataclasses.replace(
        study,
        communities=study.communities.assign(name=HOSTILE),
        residences=study.residences.assign(name=HOSTILE),
        premises=study.premises.assign(name=HOSTILE),
        streets=study.streets.assign(name=HOSTILE),
    )
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD, alternatives=False)
    pictures = tmp_path / "before.png", tmp_path / "after.png"
    for picture, when in zip(pictures, ("before", "after"), strict=True):
        draw_split(plan, study, picture, when=when, lang=lang)
    write_dossier_word(plan, study, STANDARD, tmp_path / "d.docx", sketches=pictures, lang=lang)
    lines, cells, document = words_of(tmp_path / "d.docx")
    shown = "$\\frac{1}$ \ufffd \ufffd{{x}} & <b>$"
    assert shown in cells
    assert any(shown in one for one in lines)
    assert shown in document.core_properties.title
    write_dossier_excel(plan, study, STANDARD, tmp_path / "d.xlsx", lang=lang)
    openpyxl.load_workbook(tmp_path / "d.xlsx")


def test_a_very_long_name_does_not_stop_the_papers(tmp_path):
    study = town(arterial=3)
    study = dataclasses.replace(study, communities=study.communities.assign(name="长" * 400))
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD, alternatives=False)
    write_dossier_word(plan, study, STANDARD, tmp_path / "d.docx")
    write_dossier_excel(plan, study, STANDARD, tmp_path / "d.xlsx")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_first_page_says_that_data_are_synthetic_or_estimated(study, plan, tmp_path, lang):
    guessed = dataclasses.replace(study, estimated=("residences.persons",))
    write_dossier_word(plan, guessed, STANDARD, tmp_path / "d.docx", lang=lang)
    lines, _, _ = words_of(tmp_path / "d.docx")
    warnings = study_banners(guessed, lang)
    assert len(warnings) == 2
    assert lines[1:3] == warnings
    write_dossier_excel(plan, guessed, STANDARD, tmp_path / "d.xlsx", lang=lang)
    book = openpyxl.load_workbook(tmp_path / "d.xlsx")
    first = book.worksheets[0]
    assert [first.cell(row, 1).value for row in (2, 3)] == warnings
    for sheet in book.worksheets:
        assert warnings[1] in sheet.oddHeader.center.text


def test_the_sketch_says_that_data_are_estimated(study, plan, tmp_path):
    guessed = dataclasses.replace(study, estimated=("residences.persons",))
    for name, one in (("plain", study), ("guessed", guessed)):
        draw_split(plan, one, tmp_path / f"{name}.svg", when="after", lang="en")
    plain, told = ((tmp_path / f"{name}.svg").read_text(encoding="utf-8") for name in ("plain", "guessed"))
    line = study_banners(guessed, "en")[1]
    assert line in told
    assert line not in plain
