from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from geoplan.analysis.coverage import coverage
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard, parse_standard
from tests.studies import street_study

LIMIT_M = 1005.0  # 15 minutes at 67 m/min


def pack(categories, rules=""):
    text = f"""
[pack]
id = "test"
en = "test"
zh = "测试"
extends = "default"
{rules}
{categories}
"""
    return parse_standard(text, "test.toml")


def category(name="food", kinds=("market",), mode="any", min_count=1, **more):
    extra = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f"""
[[categories]]
id = "{name}"
en = "{name}"
zh = "{name}"
kinds = {list(kinds)}
mode = "{mode}"
min_count = {min_count}
clause = "test clause"
source = "test"
status = "assumed"
{extra}"""


def verdicts(study, standard, service="food"):
    reach = coverage(walk_network(study), study, standard).reach
    rows = reach[reach["service"] == service].set_index("residence_id")
    return {home: (row["verdict"], row["reason"].removeprefix("reason.")) for home, row in rows.iterrows()}


def test_time_equal_to_the_threshold_passes_and_a_metre_more_does_not():
    study = street_study(
        homes={"at": (LIMIT_M, 0, 1, 1), "beyond": (LIMIT_M + 1, 0, 1, 1)}, shops={"m": (0, 0, "market")}
    )
    found = verdicts(study, pack(category()))
    assert found == {"at": ("pass", "within"), "beyond": ("fail", "too_far")}


def test_the_access_leg_is_walked_too():
    study = street_study(
        homes={"a": (LIMIT_M - 50, 50, 1, 1), "b": (LIMIT_M - 49, 50, 1, 1)}, shops={"m": (0, 0, "market")}
    )
    assert [verdict for verdict, _ in verdicts(study, pack(category())).values()] == ["pass", "fail"]


def test_no_rows_is_unknown_unless_the_layer_is_declared_complete():
    homes = {"a": (0, 0, 1, 1)}
    study = street_study(homes=homes, shops={"x": (0, 0, "bank")})
    assert verdicts(study, pack(category())) == {"a": ("unknown", "no_data")}
    for complete in ({"*"}, {"market"}):
        told = dataclasses.replace(study, complete=frozenset(complete))
        assert verdicts(told, pack(category())) == {"a": ("fail", "no_facility")}
    other = dataclasses.replace(study, complete=frozenset({"bank"}))
    assert verdicts(other, pack(category())) == {"a": ("unknown", "no_data")}


def test_facilities_that_are_all_far_from_streets_are_unknown_not_fail():
    study = street_study(
        homes={"a": (0, 0, 1, 1)}, shops={"m": (0, 3000, "market")}, complete=frozenset({"*"})
    )
    assert verdicts(study, pack(category())) == {"a": ("unknown", "not_on_network")}


def test_one_facility_far_from_streets_does_not_stop_the_others():
    study = street_study(homes={"a": (0, 0, 1, 1)}, shops={"far": (0, 3000, "market"), "m": (0, 0, "market")})
    assert verdicts(study, pack(category())) == {"a": ("pass", "within")}


def test_a_home_far_from_streets_is_unknown():
    study = street_study(homes={"a": (0, 900, 1, 1)}, shops={"m": (0, 0, "market")})
    assert verdicts(study, pack(category())) == {"a": ("unknown", "residence_not_on_network")}


def test_any_takes_the_nearest_kind_and_all_needs_every_kind():
    shops = {"b": (3000, 0, "bank"), "m": (0, 0, "market")}
    study = street_study(homes={"a": (0, 0, 1, 1)}, shops=shops)
    assert verdicts(study, pack(category(kinds=("market", "bank"))))["a"][0] == "pass"
    assert verdicts(study, pack(category(kinds=("market", "bank"), mode="all")))["a"] == ("fail", "too_far")


def test_all_is_unknown_when_what_is_known_passes_and_one_kind_is_not():
    study = street_study(homes={"a": (0, 0, 1, 1), "z": (3000, 0, 1, 1)}, shops={"m": (0, 0, "market")})
    found = verdicts(study, pack(category(kinds=("market", "bank"), mode="all")))
    assert found == {"a": ("unknown", "no_data"), "z": ("fail", "too_far")}


def test_a_minimum_count_asks_for_that_many_within_the_limit():
    shops = {"m1": (0, 0, "market"), "m2": (800, 0, "market"), "m3": (3000, 0, "market")}
    study = street_study(homes={"a": (0, 0, 1, 1), "b": (2000, 0, 1, 1)}, shops=shops)
    assert verdicts(study, pack(category(min_count=2))) == {"a": ("pass", "within"), "b": ("fail", "too_far")}
    assert verdicts(study, pack(category(min_count=4)))["a"] == ("unknown", "no_data")


def test_a_category_may_have_its_own_minutes():
    study = street_study(homes={"a": (600, 0, 1, 1)}, shops={"m": (0, 0, "market")})
    assert verdicts(study, pack(category()))["a"][0] == "pass"
    assert verdicts(study, pack(category(minutes=5)))["a"][0] == "fail"


def test_under_the_non_inclusion_rule_a_larger_circles_facility_does_not_count_for_a_smaller_one():
    shops = {"m": (0, 0, "market", 15)}
    study = street_study(homes={"a": (0, 0, 1, 1)}, shops=shops, complete=frozenset({"*"}))
    gb = load_standard("gb50180-2018")
    assert gb.rule("circle.non_inclusion").value is True
    strict = dataclasses.replace(gb, categories=pack(category(level=5)).categories)
    assert verdicts(study, strict)["a"] == ("fail", "no_facility")
    loose = strict.override({"circle.non_inclusion": False})
    assert verdicts(study, loose)["a"] == ("pass", "within")
    wide = dataclasses.replace(gb, categories=pack(category(level=15)).categories)
    assert verdicts(study, wide)["a"] == ("pass", "within")


def test_a_category_with_a_level_is_limited_by_the_distance_of_that_level():
    gb = load_standard("gb50180-2018")
    distance = gb.number("circle_5.max_walk_m")
    study = street_study(
        homes={"a": (distance, 0, 1, 1), "b": (distance + 1, 0, 1, 1)}, shops={"m": (0, 0, "market")}
    )
    standard = dataclasses.replace(gb, categories=pack(category(level=5)).categories)
    assert [verdict for verdict, _ in verdicts(study, standard).values()] == ["pass", "fail"]


@pytest.mark.parametrize(("stands_in", "expected"), [(False, "fail"), (True, "pass")])
def test_a_district_centre_stands_in_for_the_community_tier_only_if_the_rule_says_so(stands_in, expected):
    centres = {"d": (0, 0, "district"), "c": (3000, 0, "community")}
    study = street_study(homes={"a": (0, 0, 1, 1)}, centres=centres)
    standard = load_standard("default").override({"centre.district_serves_community_tier": stands_in})
    assert verdicts(study, standard, "centre_community")["a"][0] == expected
    assert verdicts(study, standard, "centre_district")["a"][0] == "pass"
    assert verdicts(study, standard, "centre_any")["a"][0] == "pass"


def test_no_centre_of_a_level_is_unknown():
    study = street_study(homes={"a": (0, 0, 1, 1)}, centres={"d": (0, 0, "district")})
    assert verdicts(study, load_standard("default"), "centre_community")["a"] == ("unknown", "no_data")


def test_margins_and_evidence_stand_beside_every_verdict():
    study = street_study(homes={"a": (670, 0, 1, 1)}, shops={"m": (0, 0, "market")})
    row = coverage(walk_network(study), study, pack(category())).reach.iloc[0]
    assert (row["minutes"], row["metres"], row["margin_minutes"]) == pytest.approx((10, 670, 5), abs=1e-3)
    assert (row["nearest_id"], row["limit_minutes"]) == ("m", 15)
    assert row["clause"]


def test_row_order_does_not_matter():
    shops = {"m2": (900, 0, "market"), "m1": (100, 0, "market")}
    homes = {"b": (500, 0, 3, 1), "a": (1400, 20, 2, 1)}
    one = street_study(homes=homes, shops=shops)
    other = street_study(homes=dict(reversed(homes.items())), shops=dict(reversed(shops.items())))
    first = coverage(walk_network(one), one, pack(category())).reach
    assert first.equals(coverage(walk_network(other), other, pack(category())).reach)
    assert first["nearest_id"].tolist() == ["m2", "m1"]
    assert np.isfinite(first["minutes"]).all()
