from __future__ import annotations

from geoplan.analysis.kinds import facility_kinds
from geoplan.standards.parse import load_standard
from tests.studies import street_study

STANDARD = load_standard("default")


def test_a_kind_that_no_category_counts_comes_first_and_nothing_is_lost():
    shops = {"a": (0, 0, "market"), "b": (0, 0, "菜市场"), "c": (0, 0, "market"), "d": (0, 0, "zoo")}
    study = street_study(homes={"r": (0, 0, 1, 1)}, shops=shops)
    table = facility_kinds(study.facilities, STANDARD)
    assert table.head(3).to_numpy().tolist() == [["zoo", 1, ""], ["菜市场", 1, ""], ["market", 2, "daily"]]
    assert table["facilities"].sum() == len(study.facilities)


def test_every_kind_of_the_standard_is_listed_even_without_facilities():
    study = street_study(homes={"r": (0, 0, 1, 1)}, shops={})
    table = facility_kinds(study.facilities, STANDARD)
    assert set(table["kind"]) == {kind for one in STANDARD.categories for kind in one.kinds}
    assert (table["facilities"] == 0).all()
