from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report import excel, write_excel
from geoplan.report.excel import FIRST_DATA_ROW
from geoplan.report.words import translate
from tests.audits import COMMAND, FORMULA


def read(audit, folder, lang="zh"):
    write_excel(audit, folder / "audit.xlsx", lang=lang)
    return openpyxl.load_workbook(folder / "audit.xlsx")


def rows_of(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def cells(book):
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_result_table_has_a_sheet_with_its_headings_and_figures(plain, tmp_path, lang):
    book = read(plain, tmp_path, lang)
    for name, table in plain.tables.items():
        schema = RESULT_TABLES[name]
        rows = rows_of(book[schema.title(lang)[:31]])
        declared = [column.heading(lang) for column in schema.columns]
        assert rows[FIRST_DATA_ROW - 1][: len(declared)] == declared
        flat = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
        flat = flat.reset_index() if flat.index.name is not None else flat
        expected = translate(flat, plain.standard, lang)
        for at, column in enumerate(schema.columns):
            if (name, column.name) == ("indicators", "label"):
                continue
            written = [row[at] for row in rows[FIRST_DATA_ROW:]]
            known = [None if pd.isna(one) or one == "" else one for one in expected[column.name].tolist()]
            assert written == pytest.approx(known), (name, column.name)


def test_verdicts_and_reasons_are_words_not_codes(plain, tmp_path):
    codes = {"pass", "fail", "unknown", "oversized", "set_aside", "assumed", "official"}
    book = read(plain, tmp_path, "zh")
    # its first column holds the keys of the headline, which are no verdicts
    del book["主要指标"]
    values = {str(cell.value) for cell in cells(book)}
    assert not values & codes
    assert not [value for value in values if value.startswith(("reason.", "size.", "verdict."))]
    assert {"达标", "未达标", "数据不足", "超大"} <= values


def test_rates_are_shown_as_percentages(plain, tmp_path):
    sheet = read(plain, tmp_path, "en")["Coverage by category"]
    heading = [cell.value for cell in sheet[FIRST_DATA_ROW]].index("coverage rate")
    formats = {row[heading].number_format for row in sheet.iter_rows(min_row=FIRST_DATA_ROW + 1)}
    assert formats == {'[>=1]0.0%;[>=0.9995]"> 99.9%";0.0%'}


def test_the_first_sheet_prints_every_rule_with_value_clause_source_and_status(plain, tmp_path):
    rows = rows_of(read(plain, tmp_path, "zh").worksheets[0])
    for rule in plain.standard.rules.values():
        (row,) = [row for row in rows if rule.id in row]
        assert rule.clause in row
        assert rule.source in row
    assert any("假定" in row for row in rows)


def test_every_sheet_with_data_says_that_the_data_are_synthetic_and_estimated(plain, tmp_path):
    for sheet in read(plain, tmp_path, "zh").worksheets[:-1]:
        top = " ".join(str(row[0]) for row in rows_of(sheet)[:3])
        assert "合成数据" in top, sheet.title
        assert "residences.persons" in top, sheet.title


def test_hostile_text_stays_text(hostile, tmp_path):
    found = cells(read(hostile, tmp_path, "en"))
    assert {cell.data_type for cell in found} <= {"s", "n", "b"}
    assert not [cell for cell in found if cell.hyperlink is not None]
    values = {cell.value for cell in found}
    assert {FORMULA, COMMAND} <= values


def test_a_fault_has_its_reason_and_cure_beside_it(plain, tmp_path):
    rows = rows_of(read(plain, tmp_path, "en")["Quarantine"])
    assert rows[FIRST_DATA_ROW - 1][-1] == "reason and cure"
    assert "correct the value" in rows[FIRST_DATA_ROW][-1]


def test_a_table_longer_than_a_sheet_goes_on_in_the_next(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "MAX_ROWS", 10)
    book = read(plain, tmp_path, "en")
    reach = [sheet for sheet in book.worksheets if sheet.title.startswith("Reach")]
    assert [sheet.title for sheet in reach] == ["Reach", "Reach (2)", "Reach (3)", "Reach (4)"]
    assert sum(sheet.max_row - FIRST_DATA_ROW for sheet in reach) == len(plain.tables["reach"])


def test_an_audit_of_communities_alone_gives_a_workbook(bare, tmp_path):
    assert "社区规模" in read(bare, tmp_path, "zh").sheetnames
