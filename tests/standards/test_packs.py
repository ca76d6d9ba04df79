"""Every figure the packs ship; its status never exceeds what the source bears."""

from __future__ import annotations

import pytest

from geoplan.standards.catalogue import list_standards
from geoplan.standards.parse import load_standard, pack_ids

FIGURES = [
    # pack, rule, value, status
    ("default", "circle.minutes", 15, "official"),
    ("default", "centre.minutes", 15, "assumed"),
    ("default", "centre.district_serves_community_tier", False, "assumed"),
    ("default", "walking.speed", 67, "assumed"),
    ("default", "walking.steps_factor", 2, "assumed"),
    ("default", "walking.slope_rate", 3.5, "borrowed"),
    ("default", "walking.slope_shift", 0.05, "borrowed"),
    ("default", "walking.crossing_delay", 0, "assumed"),
    ("default", "walking.max_snap", 200, "assumed"),
    ("default", "walking_elder.speed", 50, "assumed"),
    ("default", "walking_elder.steps_factor", 3, "assumed"),
    ("default", "walking_elder.crossing_delay", 30, "assumed"),
    ("default", "centre.min_floor_area_district", 2000, "borrowed"),
    ("default", "centre.min_floor_area_community", 500, "borrowed"),
    ("default", "access.weight_near", 1, "borrowed"),
    ("default", "access.weight_middle", 0.68, "borrowed"),
    ("default", "access.weight_far", 0.22, "borrowed"),
    ("default", "matching.low_below", 0.8, "assumed"),
    ("default", "matching.high_above", 1.2, "assumed"),
    ("default", "community.max_households", 3000, "official"),
    ("default", "community.min_households", 1000, "official"),
    ("default", "split.complete", True, "borrowed"),
    ("default", "split.contiguous", True, "borrowed"),
    ("default", "split.tolerance", 0.15, "assumed"),
    ("default", "split.max_walk", 15, "assumed"),
    ("default", "split.area_max_households", 500, "assumed"),
    ("default", "split.weight_lane", 1, "assumed"),
    ("default", "split.weight_street", 0.6, "assumed"),
    ("default", "split.weight_arterial", 0.2, "assumed"),
    ("default", "split.weight_railway", 0.1, "assumed"),
    ("default", "split.weight_river", 0.1, "assumed"),
    ("default", "split.weight_expressway", 0.1, "assumed"),
    ("default", "split.weight_wall", 0.2, "assumed"),
    ("default", "phasing.years", 3, "official"),
    ("default", "phasing.splits_per_year", 5, "assumed"),
    ("default", "phasing.premises_per_year", 6, "assumed"),
    ("default", "phasing.weight_severity", 0.4, "assumed"),
    ("default", "phasing.weight_premises", 0.3, "assumed"),
    ("default", "phasing.weight_plan", 0.2, "assumed"),
    ("default", "phasing.weight_network", 0.1, "assumed"),
    ("default", "premises.min_floor_area", 300, "official"),
    ("default", "premises.area_per_100_households", 30, "official"),
    ("law-2025", "community.max_households", 3000, "official"),
    ("law-2025", "community.min_households", 1000, "official"),
    ("yuhang-2020", "community.max_households", 5000, "borrowed"),
    ("yuhang-2020", "community.min_households", 500, "borrowed"),
    ("yuhang-2020", "community.new_max_households", 4000, "borrowed"),
    ("yuhang-2020", "community.new_min_households", 1500, "borrowed"),
    ("henan-2022", "community.max_households", 3000, "borrowed"),
    ("henan-2022", "community.min_households", 1000, "borrowed"),
    ("henan-2022", "premises.min_floor_area", 300, "borrowed"),
    ("henan-2022", "premises.area_per_100_households", 30, "official"),
    ("haining-2023", "community.max_area", 1, "borrowed"),
    ("haining-2023", "community.max_persons", 10_000, "borrowed"),
    ("haining-2023", "community.max_households", 3000, "borrowed"),
    ("qingpu-2023", "community.max_households", 2000, "borrowed"),
    ("gb50180-2018", "circle.minutes", 15, "official"),
    ("gb50180-2018", "circle.non_inclusion", True, "official"),
    ("gb50180-2018", "circle_15.max_walk_m", 1000, "borrowed"),
    ("gb50180-2018", "circle_15.min_persons", 50_000, "official"),
    ("gb50180-2018", "circle_15.max_persons", 100_000, "official"),
    ("gb50180-2018", "circle_15.min_households", 17_000, "official"),
    ("gb50180-2018", "circle_15.max_households", 32_000, "official"),
    ("gb50180-2018", "circle_10.max_walk_m", 500, "official"),
    ("gb50180-2018", "circle_10.min_persons", 15_000, "official"),
    ("gb50180-2018", "circle_10.max_persons", 25_000, "official"),
    ("gb50180-2018", "circle_10.min_households", 5000, "official"),
    ("gb50180-2018", "circle_10.max_households", 8000, "official"),
    ("gb50180-2018", "circle_5.max_walk_m", 300, "borrowed"),
    ("gb50180-2018", "circle_5.min_persons", 5000, "assumed"),
    ("gb50180-2018", "circle_5.max_persons", 12_000, "assumed"),
]


@pytest.mark.parametrize(("pack", "rule", "value", "status"), FIGURES)
def test_a_figure_is_what_its_source_says(pack, rule, value, status):
    found = load_standard(pack).rule(rule)
    assert (found.value, found.status) == (value, status)
    assert found.clause
    assert found.source


@pytest.mark.parametrize("pack", pack_ids())
def test_no_pack_states_a_rule_that_is_not_listed_here(pack):
    default = load_standard("default")
    listed = {rule for name, rule, *_ in FIGURES if name == pack}
    for rule in load_standard(pack).rules.values():
        assert rule.id in listed or rule == default.get(rule.id)


@pytest.mark.parametrize("pack", pack_ids())
def test_the_five_categories_are_assumed_wherever_they_stand(pack):
    categories = load_standard(pack).categories
    assert [one.zh for one in categories] == ["便民", "利民", "惠民", "安民", "乐民"]
    assert {one.status for one in categories} == {"assumed"}


@pytest.mark.parametrize("pack", pack_ids())
def test_the_osm_table_fills_every_kind_of_the_categories_and_both_levels_of_centres(pack):
    standard = load_standard(pack)
    kinds = {kind for category in standard.categories for kind in category.kinds}
    assert kinds == set(standard.osm_tags.facilities)
    assert set(standard.osm_tags.centres) == {"district", "community"}


def test_the_law_says_since_when_it_is_in_force():
    assert load_standard("law-2025").rule("community.max_households").in_force == "2026-01-01"


def test_the_list_names_every_pack_rule_and_source():
    table = list_standards()
    assert set(table["standard"]) == {
        "default", "law-2025", "yuhang-2020", "henan-2022", "haining-2023", "qingpu-2023", "gb50180-2018",
    }  # fmt: skip
    assert (table["source"] != "").all()
    assert (table["clause"] != "").all()
    assert table.set_index(["standard", "rule"]).index.is_unique


def test_a_distance_becomes_minutes_at_the_packs_speed():
    gb = load_standard("gb50180-2018")
    daily = next(one for one in gb.categories if one.id == "daily")
    assert gb.limit_minutes(daily) == pytest.approx(300 / 67)
    slow = gb.override({"walking.speed": 50})
    assert slow.limit_minutes(daily) == pytest.approx(6)
