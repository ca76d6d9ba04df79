"""Spreadsheets as offices write them."""

from __future__ import annotations

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geoplan as gp
from geoplan.errors import DataError, EncodingError
from geoplan.io.encoding import decode, shapefile_encoding
from geoplan.io.study_toml import LayerConfig
from geoplan.io.tabular import read_csv, read_excel
from tests.folders import CRS, X0, Y0, residences, write_folder

PLAIN = LayerConfig()


def sheet_file(file, rows, merges=(), title="数据"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for area in merges:
        sheet.merge_cells(area)
    book.save(file)
    return file


def read(file, needed=("编码",), config=PLAIN, table="premises"):
    return read_excel(file, config, table=table, recognises=lambda names: set(needed) <= set(names))


def test_titles_above_the_headings_are_skipped(tmp_path):
    rows = [
        ["安宁区社区阵地统计表", None],
        [None, "单位：平方米"],
        ["编码", "面积"],
        ["p1", 280],
        [None, None],
        ["p2", "３２０"],
    ]
    cells, faults = read(sheet_file(tmp_path / "a.xlsx", rows, ["A1:B1"]))
    assert cells.columns.tolist() == ["编码", "面积"]
    assert cells.to_numpy().tolist() == [["p1", 280], ["p2", "３２０"]]
    assert cells.index.tolist() == [1, 2]
    assert faults == []


def test_under_a_heading_merged_across_columns_the_second_row_counts(tmp_path):
    rows = [["编码", "规模", None], [None, "户数", "人数"], ["c1", 100, 240]]
    cells, _ = read(sheet_file(tmp_path / "a.xlsx", rows, ["A1:A2", "B1:C1"]), needed=("编码", "户数"))
    assert cells.columns.tolist() == ["编码", "户数", "人数"]
    assert cells.to_numpy().tolist() == [["c1", 100, 240]]


def test_a_merged_cell_stands_in_every_row_it_spans(tmp_path):
    rows = [["街道", "编码"], ["培黎街道", "c1"], [None, "c2"], ["西路街道", "c3"]]
    cells, _ = read(sheet_file(tmp_path / "a.xlsx", rows, ["A2:A3"]))
    assert cells["街道"].tolist() == ["培黎街道", "培黎街道", "西路街道"]


def test_of_several_sheets_the_one_named_after_the_table_is_read_else_one_must_be_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    for row in (["见各表", ""], ["x", "y"]):
        book.active.append(row)
    other = book.create_sheet("阵地")
    for row in (["编码"], ["p1"]):
        other.append(row)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="说明, 阵地"):
        read(tmp_path / "a.xlsx")
    cells, _ = read(tmp_path / "a.xlsx", config=LayerConfig(sheet="阵地"))
    assert cells["编码"].tolist() == ["p1"]
    with pytest.raises(DataError, match="no sheet 表1"):
        read(tmp_path / "a.xlsx", config=LayerConfig(sheet="表1"))
    other.title = "premises"
    book.save(tmp_path / "b.xlsx")
    assert len(read(tmp_path / "b.xlsx")[0]) == 1


def test_a_declared_heading_row_is_taken(tmp_path):
    rows = [["编码", "旧"], ["编码", "新"], ["p1", 1]]
    file = sheet_file(tmp_path / "a.xlsx", rows)
    assert read(file, config=LayerConfig(header_row=2))[0].columns.tolist() == ["编码", "新"]


def test_a_sheet_of_premises_goes_all_the_way_to_verdicts(tmp_path):
    folder = write_folder(tmp_path / "s")
    rows = [
        ["阵地统计", None, None],
        ["阵地编码", "社区编码", "建筑面积（平方米）"],
        ["p1", 620105002001, "２９９．５"],
        ["p2", 620105005005, None],
    ]
    sheet_file(folder / "premises.xlsx", rows, ["A1:C1"])
    study = gp.read_study(folder)
    assert study.quarantine.empty
    checks = gp.check_premises(study.premises, gp.load_standard("default"), communities=study.communities)
    assert checks["verdict"].tolist() == ["fail", "unknown"]
    assert checks["households"].tolist() == [900, 3100]


def test_a_number_stays_an_id_when_a_spreadsheet_made_it_a_float(tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences",), toml=f'[layers.residences]\ncrs = "{CRS}"\n')
    rows = [["residence_id", "community_id", "x", "y"], [620105002001001.0, 620105002001.0, X0, Y0]]
    sheet_file(folder / "residences.xlsx", rows)
    study = gp.read_study(folder)
    assert study.residences.index.tolist() == ["620105002001001"]
    assert study.residences["community_id"].tolist() == ["620105002001"]


def csv_file(tmp_path, content, encoding="utf-8"):
    file = tmp_path / "a.csv"
    file.write_bytes(content.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_any_encoding_and_with_any_separator(tmp_path, encoding, delimiter):
    content = f"编码{delimiter}名称\r\np1{delimiter}洄水湾\r\n\r\np2{delimiter}营门滩\r\n"
    cells, _, faults = read_csv(csv_file(tmp_path, content, encoding), PLAIN, table="premises")
    assert cells.to_numpy().tolist() == [["p1", "洄水湾"], ["p2", "营门滩"]]
    assert faults == []


def test_a_row_with_too_many_cells_is_set_aside_and_a_short_one_is_filled(tmp_path):
    cells, _, faults = read_csv(csv_file(tmp_path, "编码,名称\np1,a,b\np2\n"), PLAIN, table="premises")
    assert [(one.row, one.value, one.code) for one in faults] == [(1, "b", "fault.extra_cells")]
    assert cells.loc[2].tolist() == ["p2", None]


def test_a_column_without_heading_is_kept_under_its_number(tmp_path):
    cells, _, _ = read_csv(csv_file(tmp_path, "编码,,\np1,x,\n"), PLAIN, table="premises")
    assert cells.columns.tolist() == ["编码", "column_2"]


def test_formulas_in_cells_stay_text(tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences",), toml=f'[layers.residences]\ncrs = "{CRS}"\n')
    text = f"residence_id,name,x,y\nr1,=HYPERLINK(0),{X0},{Y0}\n"
    (folder / "residences.csv").write_text(text, encoding="utf-8")
    assert gp.read_study(folder).residences["name"].tolist() == ["=HYPERLINK(0)"]


@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_utf8_is_always_recognised(text):
    told, encoding = decode(text.encode("utf-8"), file="a.csv")
    assert told == text.removeprefix("\ufeff") or encoding == "utf-16"


@given(text=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=3, max_size=40))
def test_gb18030_chinese_is_recognised_unless_it_is_utf8_too(text):
    told, encoding = decode(text.encode("gb18030"), file="a.csv")
    assert (told == text) == (encoding == "gb18030")


def test_bytes_of_no_known_encoding_are_refused():
    with pytest.raises(EncodingError, match=r"a\.csv"):
        decode(b"ab\xff\xff", file="a.csv")
    with pytest.raises(EncodingError, match="klingon"):
        decode(b"ab", file="a.csv", encoding="klingon")


def shapefile(tmp_path, names, encoding, cpg=None):
    frame = residences(len(names)).assign(name=names)[["name", "geometry"]]
    frame.to_file(tmp_path / "a.shp", encoding=encoding)
    (tmp_path / "a.cpg").unlink()
    if cpg is not None:
        (tmp_path / "a.cpg").write_text(cpg)
    return tmp_path / "a.shp"


@pytest.mark.parametrize(
    ("encoding", "cpg", "expected"),
    [
        ("gbk", None, "gb18030"),
        ("utf-8", None, "utf-8"),
        ("gbk", "GBK", "gb18030"),
        ("gbk", "936", "gb18030"),
        ("utf-8", "UTF-8", "UTF-8"),
    ],
)
def test_the_encoding_of_a_shapefile_is_told_or_found_out(tmp_path, encoding, cpg, expected):
    assert shapefile_encoding(shapefile(tmp_path, ["洄水湾", "城院"], encoding, cpg)) == expected


def test_a_cell_cut_in_the_middle_of_a_character_does_not_hide_the_encoding(tmp_path):
    file = shapefile(tmp_path, ["安宁" * 40, "城院"], "utf-8")
    table = file.with_suffix(".dbf")
    whole = ("安宁" * 40).encode()
    cut = whole[:-2]
    assert whole in table.read_bytes()
    table.write_bytes(table.read_bytes().replace(whole, cut + b"  "))
    assert shapefile_encoding(file) == "utf-8"
