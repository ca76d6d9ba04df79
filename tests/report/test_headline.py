from __future__ import annotations

import dataclasses

from geoplan.report import headline_rows
from geoplan.standards.parse import load_standard
from geoplan.workflow import audit
from tests.audits import plain_study


def test_every_figure_has_a_row_and_every_category_its_own(plain):
    keys = [key for key, _, _ in headline_rows(plain, "en")]
    expected = []
    for key, value in plain.headline.items():
        expected += [f"{key}.{part}" for part in value] if isinstance(value, dict) else [key]
    assert keys == expected


def test_what_was_not_computed_is_a_dash(bare):
    shown = {key: value for key, _, value in headline_rows(bare, "en")}
    assert shown["coverage_rate_any_centre"] == "—"
    assert shown["communities"] == "2"


def test_a_rate_of_what_nobody_knows_says_so():
    study = plain_study()
    no_market = study.facilities[study.facilities["kind"] != "market"]
    checked = audit(dataclasses.replace(study, facilities=no_market), load_standard("default"))
    shown = {key: value for key, _, value in headline_rows(checked, "en")}
    assert shown["coverage_rate_by_category.daily"] == "0.0 % (unknown: 100.0 %)"


def test_the_language_defaults_to_the_studys(plain):
    assert headline_rows(plain) == headline_rows(plain, "zh")


def test_a_count_says_how_many_the_rule_could_not_be_applied_to(plain):
    rows = {key: value for key, _, value in headline_rows(plain, "en")}
    for count, lost in (("oversized", "size_unknown"), ("premises_below_minimum", "premises_unknown")):
        unknown = plain.headline[lost]
        shown = f"{plain.headline[count]} (unknown: {unknown})" if unknown else f"{plain.headline[count]}"
        assert rows[count] == shown
    assert plain.headline["premises_unknown"] == 1
