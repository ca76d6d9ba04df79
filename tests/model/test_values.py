from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.model.schema import Column
from geoplan.model.values import is_missing, parse_number, plain, read_column


def full_width(text):
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


@given(number=st.integers(-(10**12), 10**12))
def test_a_number_is_the_same_however_it_is_typed(number):
    for typed in (str(number), f"{number:,}", full_width(str(number)), f" {number} ", f"{number}.0", number):
        assert parse_number(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "约300", "3-4", "1,2", "1,23,456", "#N/A", "nan", "inf", "1e999", True, None, "0x10", "一百"],
)
def test_what_is_no_number_is_none(typed):
    assert parse_number(typed) is None


@given(text=st.text())
def test_parsing_never_fails(text):
    number = parse_number(text)
    assert number is None or isinstance(number, float)
    assert isinstance(plain(text), str)


def column(kind, **settings):
    return Column("c", kind, "c", "列", "", **settings)


def read(cells, one, *, key=False):
    typed, codes = read_column(pd.Series(cells, dtype=object), one, key=key)
    return [None if is_missing(value) else value for value in typed], codes.tolist()


def test_whole_numbers_have_a_range_and_no_fraction():
    values, codes = read([1, "2.5", -1, None, "x", 2.0**60], column("integer", minimum=0))
    assert values == [1, None, None, None, None, None]
    assert codes == [
        "",
        "fault.not_whole",
        "fault.below_minimum",
        "",
        "fault.not_a_number",
        "fault.not_a_number",
    ]


def test_a_closed_list_takes_its_words_in_any_case_and_width():
    values, codes = read(["District", "ｄｉｓｔｒｉｃｔ ", "区级"], column("choice", choices=("district",)))
    assert values == ["district", "district", None]
    assert codes == ["", "", "fault.not_a_choice"]


def test_flags_are_read_in_both_languages():
    values, codes = read([True, "是", "no", 0, 1.0, "perhaps", None], column("flag"))
    assert values == [True, True, False, False, True, None, None]
    assert codes == [""] * 5 + ["fault.not_a_flag", ""]


def test_entrances_are_points_and_nothing_else():
    values, codes = read(
        ["MULTIPOINT ((1 2), (3 4))", "POINT (1 2)", "LINESTRING (0 0, 1 1)", "door"], column("points")
    )
    assert [len(one.geoms) for one in values[:2]] == [2, 1]
    assert codes == ["", "", "fault.bad_entrances", "fault.bad_entrances"]


def test_ids_that_a_spreadsheet_made_numbers_are_text_again():
    values, _ = read(
        [620105002001, 620105002001.0, "620105002001.0", "6.20105002001E+11", " ００１ "],
        column("text"),
        key=True,
    )
    assert values == ["620105002001"] * 4 + ["001"]


def test_a_value_that_must_be_there_is_missed():
    assert read([None, "  ", "a"], column("text", nullable=False))[1] == ["fault.missing_value"] * 2 + [""]
