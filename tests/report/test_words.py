from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.messages import LANGS, text
from geoplan.model.access_tables import MATCHES, PEOPLE, TIERS
from geoplan.model.cause_tables import CAUSES, OBSTACLE_KINDS
from geoplan.model.result_tables import CENTRE_SERVICES, EFFECTS, SIZES, VERDICTS
from geoplan.model.tables import CENTRE_LEVELS
from geoplan.report.words import (
    ceil_hundredths,
    minutes_text,
    names_of,
    rate_text,
    rule_name,
    service_name,
    translate,
    unit_text,
)
from geoplan.standards.declared import RULES
from geoplan.standards.parse import load_standard

STANDARD = load_standard("default")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_a_pack_may_state_has_a_name_and_its_unit_a_word(rule, lang):
    unit = RULES[rule][0]
    assert rule_name(rule, lang) != rule
    assert unit_text(unit, lang) == text(f"report.unit.{unit_key(unit)}", lang)


def unit_key(unit):
    return {
        "m/min": "m_per_min",
        "km²": "km2",
        "m²": "m2",
        "m²/100 households": "m2_per_100_households",
        "yes/no": "yes_no",
    }.get(unit, unit)


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("verdict", VERDICTS),
        ("size", SIZES),
        ("effect", EFFECTS),
        ("level", CENTRE_LEVELS),
        ("cause", CAUSES),
        ("obstacle_kind", OBSTACLE_KINDS),
        ("tier", TIERS),
        ("people", PEOPLE),
        ("match", MATCHES),
        ("unit_table", ("study", "communities", "subdistricts", "centres")),
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_every_code_of_a_closed_list_has_a_word(column, codes, lang):
    words = translate(pd.DataFrame({column: list(codes)}), STANDARD, lang)[column].tolist()
    assert len(set(words)) == len(codes)
    assert lang == "en" or not set(words) & set(codes)


@pytest.mark.parametrize("lang", LANGS)
def test_services_go_by_the_standards_names(lang):
    for category in STANDARD.categories:
        assert service_name(STANDARD, category.id, lang) == category.name(lang)
    for service in CENTRE_SERVICES:
        assert service_name(STANDARD, service, lang) != service


def test_lists_of_categories_and_missing_cells_are_translated_cell_by_cell():
    frame = pd.DataFrame({"categories_failed": ["daily,civic", "", None]})
    assert translate(frame, STANDARD, "zh")["categories_failed"].fillna("?").tolist() == [
        "便民、利民",
        "",
        "?",
    ]


def test_figures_and_ids_are_left_alone():
    frame = pd.DataFrame({"minutes": [1.5], "level": pd.array([15], "Int64"), "name": ["pass"]})
    pd.testing.assert_frame_equal(translate(frame, STANDARD, "zh"), frame)


@given(st.integers(0, 10**8), st.integers(1, 60))
def test_rounded_minutes_meet_a_limit_exactly_when_the_walk_does(ms, limit):
    assert (ceil_hundredths(ms / 60_000) <= limit) == (ms <= limit * 60_000)
    assert 0 <= ceil_hundredths(ms / 60_000) - ms / 60_000 < 0.01 + 1e-9
    assert minutes_text(ms / 60_000) == f"{ceil_hundredths(ms / 60_000):.2f}"


@given(st.floats(0, 1))
def test_only_everyone_is_100_percent_and_only_nobody_is_0(share):
    shown = rate_text(share)
    assert (shown == "100.0 %") == (share == 1)
    assert (shown == "0.0 %") == (share == 0)


def test_nan_is_a_dash():
    assert rate_text(math.nan) == minutes_text(math.nan) == "—"


def test_a_row_without_a_name_goes_by_its_id():
    table = pd.DataFrame({"name": ["甲", None, " "]}, index=["a", "b", "c"])
    assert names_of(table).tolist() == ["甲", "b", "c"]
    assert names_of(table[[]]).tolist() == ["a", "b", "c"]
