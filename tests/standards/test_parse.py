from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import RuleParseError, StandardError, UnknownStandardError
from geoplan.standards.declared import RULES
from geoplan.standards.parse import load_standard, pack_ids, parse_standard

PACKAGE = Path(__file__).parents[2] / "geoplan"
HEAD = '[pack]\nid = "own"\nen = "Own"\nzh = "自定"\nextends = "default"\n'
RULE = {
    "id": '"circle.minutes"', "value": "10", "unit": '"min"', "comparison": '"<="', "clause": '"c"',
    "source": '"s"', "place": '"p"', "in_force": '"2026-01-01"', "status": '"assumed"',
}  # fmt: skip
CATEGORY = {
    "id": '"daily"', "en": '"Daily"', "zh": '"便民"', "kinds": '["market"]', "clause": '"c"',
    "source": '"s"', "status": '"assumed"',
}  # fmt: skip


def block(name, fields):
    return f"[[{name}]]\n" + "".join(f"{key} = {value}\n" for key, value in fields.items() if value)


def own(**changes):
    return parse_standard(HEAD + block("rules", RULE | changes), "own.toml")


def test_a_pack_of_ones_own_changes_its_group_and_inherits_the_others():
    standard = own()
    assert standard.rule("circle.minutes").value == 10
    assert standard.rule("circle.minutes").in_force == "2026-01-01"
    assert standard.rule("walking.speed") == load_standard("default").rule("walking.speed")
    assert standard.categories == load_standard("default").categories


def test_a_pack_that_states_one_rule_of_a_group_states_the_group():
    yuhang = load_standard("yuhang-2020")
    only_max = own(id='"community.max_households"', value="9", unit='"household"')
    assert only_max.get("community.min_households") is None
    assert yuhang.number("community.min_households") == 500


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value": "-1"}, "positive number"),
        ({"value": "nan"}, "positive number"),
        ({"value": "true"}, "positive number"),
        ({"value": '"15"'}, "positive number"),
        ({"unit": '"hour"'}, "unit must be min, not hour"),
        ({"comparison": '"<"'}, "comparison must be one of <=, not <"),
        ({"status": '"official?"'}, "status must be one of official borrowed assumed"),
        ({"clause": '""'}, "clause must be text and not empty"),
        ({"source": ""}, "lacks source"),
        ({"in_force": '"soon"'}, "in_force must be a date"),
        ({"id": '"circle.minute"'}, "reads no such rule"),
        ({"thershold": "3"}, "unknown keys thershold"),
    ],
)
def test_a_wrong_rule_is_refused_with_what_is_wrong(changes, told):
    with pytest.raises(RuleParseError, match=re.escape(told)) as caught:
        own(**changes)
    assert "own.toml" in str(caught.value)
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kinds": "[]"}, "kinds must be a list of words"),
        ({"mode": '"some"'}, "mode must be one of any all"),
        ({"min_count": "0"}, "min_count must be a whole number of at least 1"),
        ({"level": "7"}, "level must be one of 15 10 5"),
        ({"minutes": "0"}, "must be a positive number"),
        ({"id": '"centre_any"'}, "kept for centres"),
    ],
)
def test_a_wrong_category_is_refused_with_what_is_wrong(changes, told):
    with pytest.raises(RuleParseError, match=re.escape(told)):
        parse_standard(HEAD + block("categories", CATEGORY | changes), "own.toml")


def test_every_fault_is_told_at_once():
    wrong = HEAD + block("rules", RULE | {"value": "0"}) + block("categories", CATEGORY | {"kinds": "3"})
    with pytest.raises(RuleParseError) as caught:
        parse_standard(wrong + '[osm.facilities]\nbank = ["bank"]\n', "own.toml")
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("twice", [block("rules", RULE) * 2, block("categories", CATEGORY) * 2])
def test_what_is_stated_twice_is_refused(twice):
    with pytest.raises(RuleParseError, match="stated twice"):
        parse_standard(HEAD + twice, "own.toml")


def test_a_pack_must_rest_on_another_or_stand_alone():
    with pytest.raises(RuleParseError, match="neither extends"):
        parse_standard(HEAD.replace('extends = "default"', ""), "own.toml")
    with pytest.raises(RuleParseError, match="not a shipped pack"):
        parse_standard(HEAD.replace('"default"', '"nowhere"'), "own.toml")


@given(text=st.text(max_size=200))
def test_any_text_parses_or_is_refused_by_name(text):
    try:
        parse_standard(text, "own.toml")
    except RuleParseError as error:
        assert "own.toml" in str(error)


def test_a_file_is_read_and_an_unknown_id_is_refused_with_what_is_known(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(HEAD + block("rules", RULE), encoding="utf-8-sig")
    assert load_standard(file).id == "own"
    file.write_text(HEAD.replace("Own", "标准") + block("rules", RULE), encoding="gb18030")
    with pytest.raises(RuleParseError, match="UTF-8"):
        load_standard(str(file))
    with pytest.raises(UnknownStandardError, match="law-2025"):
        load_standard("law-2099")


def test_override_returns_a_new_standard_that_says_so():
    default = load_standard("default")
    changed = default.override({"circle.minutes": 10})
    assert default.rule("circle.minutes").value == 15
    assert changed.rule("circle.minutes").status == "assumed"
    assert "was 15" in changed.rule("circle.minutes").clause
    assert changed.digest != default.digest


@pytest.mark.parametrize("value", [0, -3, float("nan"), float("inf"), True])
def test_override_refuses_what_is_no_positive_number(value):
    with pytest.raises(StandardError, match=r"circle\.minutes"):
        load_standard("default").override({"circle.minutes": value})
    with pytest.raises(UnknownStandardError):
        load_standard("default").override({"circle.minuets": 3})


def test_the_digest_moves_with_any_word_of_the_pack():
    assert own().digest != own(clause='"d"').digest
    assert own().digest == own().digest


def test_every_declared_rule_is_stated_by_a_pack_and_read_by_the_code():
    stated = {rule for pack in pack_ids() for rule in load_standard(pack).rules}
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for file in PACKAGE.rglob("*.py")
        if file.name not in ("declared.py", "parse.py")
    )
    for rule in RULES:
        assert rule in stated
        group, name = rule.split(".")
        literal = f'"{rule.replace("_elder", "")}"' in code
        by_level = group.startswith("circle_") and 'f"circle_{level}.' in code and name.split("_")[0] in code
        assert literal or by_level, rule
