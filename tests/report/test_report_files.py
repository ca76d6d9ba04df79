from __future__ import annotations

import dataclasses
import itertools
import re
import shutil
import subprocess
import time
import zipfile

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from lxml import etree

from geoplan.messages import LANGS, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.blocks import Chart, Picture, Table
from geoplan.report.context import report_of
from geoplan.report.html import write_report_html
from geoplan.report.layout import column_shares, soft_breaks
from geoplan.report.pictures import report_figures
from geoplan.report.report_excel import write_report_excel
from geoplan.report.report_pdf import write_report_pdf
from geoplan.report.report_word import write_report_word
from geoplan.report.sheet import Sheet
from geoplan.report.traced import Cell
from geoplan.report.words import plain_text
from tests.audits import CLOSING, COMMAND, FORMULA, SCRIPT, TICK, plain_audit

RARE = "㙍䶮社区"
MARKUP = '#panic("ran") $x$ *b* `c` @d <e> \\u{1F600} [f'


def write(name, audit, file, lang="zh", pictures=()):
    report = report_of(audit, lang=lang, pictures=pictures)
    if name == "xlsx":
        write_report_excel(report, audit, file)
    else:
        {"html": write_report_html, "docx": write_report_word, "pdf": write_report_pdf}[name](report, file)
    return report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def pictures(plain):
    return report_figures(plain, "zh")


@pytest.fixture(scope="module")
def again():
    """The same audit and pictures, made from the start."""
    audit = plain_audit()
    return audit, report_figures(audit, "zh")


@pytest.fixture(scope="module", params=LANGS)
def word(request, plain, pictures, folder):
    file = folder / f"{request.param}.docx"
    report = write("docx", plain, file, request.param, pictures)
    return report, docx.Document(file)


@pytest.fixture(scope="module", params=LANGS)
def book(request, plain, pictures, folder):
    file = folder / f"{request.param}.xlsx"
    report = write("xlsx", plain, file, request.param, pictures)
    return report, openpyxl.load_workbook(file), openpyxl.load_workbook(file, data_only=True)


def blocks_of(report):
    def walk(sections):
        for one in sections:
            yield from one.blocks
            yield from walk(one.sections)

    return list(walk(report.sections))


def runs_of(root):
    return "".join(one.text or "" for one in root.iter(qn("w:t")))


def test_headings_of_the_document_are_those_of_the_report_and_stand_in_its_contents(word):
    report, document = word
    expected = [
        (level, one.title)
        for section in report.sections
        for level, one in ((1, section), *((2, part) for part in section.sections))
    ]
    heads = [
        (int(one.style.name[-1]), one.text) for one in document.paragraphs
        if one.style.name.startswith("Heading") and one.style.name != "Heading 3"
    ]  # fmt: skip
    assert heads == expected
    body = document.element.body
    entries = list(body.iter(qn("w:hyperlink")))
    assert [runs_of(one) for one in entries] == [title for _, title in expected]
    marks = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    assert {one.get(qn("w:anchor")) for one in entries} == marks
    instructions = [one.text for one in body.iter(qn("w:instrText"))]
    assert sum("TOC" in one and "PAGEREF" not in one for one in instructions) == 1
    kinds = [one.get(qn("w:fldCharType")) for one in body.iter(qn("w:fldChar"))]
    assert kinds.count("begin") == kinds.count("separate") == kinds.count("end")


def test_every_table_of_the_report_is_in_the_document_with_its_cells(word):
    report, document = word
    tables = [one for one in blocks_of(report) if isinstance(one, Table)]
    assert len(document.tables) == len(tables)
    for block, table in zip(tables, document.tables, strict=True):
        rows = [[runs_of(cell) for cell in row.iter(qn("w:tc"))] for row in table._tbl.iter(qn("w:tr"))]
        expected = [list(block.sheet.headings)] if block.sheet.headings else []
        expected += [[cell.text for cell in row] for row in block.rows]
        expected += [[cell.text for cell in block.sheet.totals]] if block.sheet.totals else []
        assert rows == [[plain_text(one) for one in row] for row in expected]
        if block.sheet.headings:
            assert next(table._tbl.iter(qn("w:tr"))).find(f".//{qn('w:tblHeader')}") is not None


def test_every_page_of_the_document_says_that_the_data_are_synthetic(word):
    report, document = word
    for section in document.sections:
        assert report.running in section.header.paragraphs[0].text
        codes = [one.text.strip() for one in section.footer._element.iter(qn("w:instrText"))]
        assert codes == ["PAGE", "NUMPAGES"]


def test_styles_name_fonts_for_chinese_signs_and_pictures_tell_what_they_show(word):
    report, document = word
    for name in ("Normal", "Heading 1", "Heading 2", "Caption", "Table Text", "Title"):
        assert document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) in ("宋体", "黑体")
    drawn = [one for one in blocks_of(report) if isinstance(one, Picture | Chart)]
    assert len(document.inline_shapes) == len(drawn) >= 3
    assert all(one._inline.docPr.get("descr") for one in document.inline_shapes)
    numbered = [one.text for one in document.paragraphs if one.style.name == "Caption"]
    assert any(one.startswith(text("dossier.table", report.lang, number=1, title="")) for one in numbered)


def test_totals_of_the_workbook_are_sums_of_its_cells_and_equal_the_audit(book):
    report, formulas, values = book
    found = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                first, last = re.fullmatch(r"=SUM\(([A-Z]+\d+):([A-Z]+\d+)\)", cell.value).groups()
                shown = values[sheet.title]
                added = sum(one.value or 0 for (one,) in shown[f"{first}:{last}"])
                assert shown[cell.coordinate].value == pytest.approx(added)
                found += 1
    expected = [
        one.number for block in blocks_of(report) if isinstance(block, Table)
        for one in block.sheet.totals or [] if one.number is not None
    ]  # fmt: skip
    assert found == len(expected) >= 8


def test_each_table_has_a_sheet_with_frozen_headings_and_a_filter(book):
    report, _, values = book
    titles = [one.title for one in blocks_of(report) if isinstance(one, Table) and one.kind == "grid"]
    # those of the report come before those of the result tables
    by_title = {sheet["A1"].value.split(" · ")[0]: sheet for sheet in reversed(values.worksheets)}
    for block in blocks_of(report):
        if not isinstance(block, Table) or block.kind != "grid" or block.key.startswith(("centre-", "comm")):
            continue
        if titles.count(block.title) > 1:
            continue
        sheet = by_title[block.title]
        assert sheet.freeze_panes == "B3"
        assert sheet.auto_filter.ref.startswith("A2:")
        assert [cell.value for cell in sheet[2]][: len(block.sheet.headings)] == block.sheet.headings
        for row, cells in zip(sheet.iter_rows(min_row=3), block.sheet.rows, strict=False):
            for written, cell in zip(row, cells, strict=False):
                if cell.number is not None:
                    assert written.value == pytest.approx(cell.number.value, abs=0.0100001)
                else:
                    assert (written.value or "") == (
                        "" if cell.mark == "number" and cell.text == "—" else cell.text
                    )


def test_the_workbook_has_every_result_table_whole_and_a_sheet_a_unit(book, plain):
    report, _, values = book
    for name, table in plain.tables.items():
        title = text("report.sheet_data", report.lang, title=RESULT_TABLES[name].title(report.lang))[:31]
        assert values[title].max_row - 2 == len(table) or not len(table)
    for section in report.sections:
        for unit in section.sections:
            if unit.unit:
                assert unit.title[:31] in values.sheetnames


def test_verdicts_of_the_workbook_are_coloured_by_their_word(book):
    report, formulas, _ = book
    rules = {
        rule.formula[0] for sheet in formulas for own in sheet.conditional_formatting for rule in own.rules
        if rule.type == "cellIs"
    }  # fmt: skip
    assert {f'"{text(f"verdict.{one}", report.lang)}"' for one in ("pass", "fail", "unknown")} <= rules


def test_links_of_the_workbook_lead_to_its_own_sheets(book):
    _, formulas, _ = book
    cells = [cell for sheet in formulas for row in sheet.iter_rows() for cell in row]
    links = [cell.hyperlink for cell in cells if cell.hyperlink]
    assert len(links) == len(formulas.sheetnames) - 1
    for link in links:
        assert link.target is None
        assert link.location.rsplit("!", 1)[0].strip("'").replace("''", "'") in formulas.sheetnames


def test_hostile_text_stays_text_in_word_and_excel(hostile, folder):
    report = write("docx", hostile, folder / "hostile.docx", "en")
    with zipfile.ZipFile(folder / "hostile.docx") as parts:
        root = etree.fromstring(parts.read("word/document.xml"))
    cells = {runs_of(one) for one in root.iter(qn("w:tc"))}
    assert {SCRIPT, FORMULA} <= cells
    codes = {one.text.split()[0] for one in root.iter(qn("w:instrText"))}
    assert codes == {"TOC", "PAGEREF", "SEQ"}
    write_report_excel(report, hostile, folder / "hostile.xlsx")
    found = [
        cell for sheet in openpyxl.load_workbook(folder / "hostile.xlsx") for row in sheet.iter_rows()
        for cell in row if cell.value is not None
    ]  # fmt: skip
    assert {FORMULA, COMMAND} <= {cell.value for cell in found}
    assert all(str(cell.value).startswith("=SUM(") for cell in found if cell.data_type == "f")


def with_names(audit, name):
    table = audit.tables["coverage_by_community"].assign(name=name)
    study = dataclasses.replace(audit.study, communities=audit.study.communities.assign(name=name))
    return dataclasses.replace(audit, study=study, tables={**audit.tables, "coverage_by_community": table})


def test_the_pdf_shows_names_as_they_are_and_rare_signs_have_glyphs(plain, folder):
    if shutil.which("pdftotext") is None or shutil.which("pdffonts") is None:
        pytest.skip("poppler's tools are not installed")
    for number, name in enumerate((MARKUP, RARE, SCRIPT)):
        file = folder / f"names{number}.pdf"
        write("pdf", with_names(plain, name), file)
        told = subprocess.run(
            ["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True
        ).stdout
        # cells break lines: what is on paper is compared without spaces
        assert re.sub(r"\s", "", name) in re.sub(r"\s", "", told.replace("\u200b", ""))
        fonts = subprocess.run(["pdffonts", file], check=True, capture_output=True, text=True).stdout
        assert set(re.findall(r"\+(\w+)", fonts)) == {"NotoSansSC"}


def test_the_packaged_font_has_every_sign_of_the_catalogue_and_rare_ones():
    import pylopdf_fonts_zh_cn
    from fontTools.ttLib import TTFont

    from geoplan.messages import catalogue

    known = TTFont(pylopdf_fonts_zh_cn.sans_path()).getBestCmap()
    signs = {sign for words in catalogue().values() for one in words.values() for sign in one}
    assert not [sign for sign in signs | set(RARE) if ord(sign) not in known and sign not in "\n\t"]


@pytest.mark.parametrize("name", ["html", "docx", "xlsx", "pdf"])
def test_the_same_study_reported_twice_gives_the_same_bytes(plain, pictures, again, folder, name):
    write(name, plain, folder / f"first.{name}", pictures=pictures)
    # file formats stamp seconds, or pairs of seconds in a zip
    time.sleep(2.1 if name == "docx" else 0)
    audit, drawn = again
    write(name, audit, folder / f"second.{name}", pictures=drawn)
    assert (folder / f"first.{name}").read_bytes() == (folder / f"second.{name}").read_bytes()


@pytest.mark.parametrize("name", ["html", "docx", "xlsx", "pdf"])
def test_an_audit_of_communities_alone_gives_a_report(bare, folder, name):
    write(name, bare, folder / f"bare.{name}", "en", report_figures(bare, "en"))
    assert (folder / f"bare.{name}").stat().st_size > 10_000


def test_the_page_has_headings_in_order_scopes_and_alternatives(plain, pictures, folder):
    write("html", plain, folder / "page.html", "zh", pictures)
    page = (folder / "page.html").read_text(encoding="utf-8")
    levels = [int(one) for one in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert '<html lang="zh-CN">' in page
    assert not re.findall(r"<th(?! scope=| scope)", page.replace("<thead", ""))
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == len(pictures)
    assert all(re.search(r'alt="[^"]+"', one) for one in images)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_columns_share_the_width_and_figures_get_what_they_need():
    rows = [[Cell("620105002001"), Cell("1,234,567", "number"), Cell("很长的一段说明文字，" * 9)]]
    shares = column_shares(Table("t", "t", Sheet(["id", "n", "what"], rows)))
    assert sum(shares) == pytest.approx(1)
    assert shares[2] > shares[0] > 0.1 and shares[1] > 0.1


def test_only_words_too_long_for_a_column_are_broken():
    digest = "ab" * 32
    assert soft_breaks(f"a word {digest}").replace("\u200b", "") == f"a word {digest}"
    assert "\u200b" in soft_breaks(digest)
    for plain in ("620105002001", "很长的一段说明文字" * 9, f"{TICK}"):
        assert soft_breaks(plain) == plain
    assert soft_breaks(CLOSING).replace("\u200b", "") == CLOSING
