from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from geoplan.analysis.premises import check_premises
from geoplan.errors import MissingColumnError
from geoplan.standards.parse import load_standard

STANDARD = load_standard("default")


def premises(*rows):
    return gpd.GeoDataFrame(
        {"community_id": [row[0] for row in rows], "floor_area_m2": [row[1] for row in rows]},
        geometry=[None] * len(rows),
        index=pd.Index([f"p{n}" for n in range(len(rows))], name="premises_id"),
        crs="EPSG:4544",
    )


def communities(**households):
    return gpd.GeoDataFrame(
        {"households": pd.array(list(households.values()), dtype="Int64")},
        geometry=[None] * len(households),
        index=list(households),
        crs="EPSG:4544",
    )


def test_exactly_the_minimum_passes_and_a_missing_area_is_unknown():
    table = check_premises(premises(("a", 300), ("b", 299.9), ("c", None)), STANDARD)
    assert table["verdict"].tolist() == ["pass", "fail", "unknown"]
    assert table["shortfall_m2"].iloc[:2].tolist() == pytest.approx([0, 0.1])
    assert (table["clause"] != "").all()


def test_a_community_of_3547_households_needs_1064_square_metres():
    table = check_premises(
        premises(("a", 1064.1), ("b", 1064.0)), STANDARD, communities=communities(a=3547, b=3547)
    )
    assert table["household_minimum_m2"].tolist() == pytest.approx([1064.1, 1064.1])
    assert table["household_verdict"].tolist() == ["pass", "fail"]


def test_the_household_rule_looks_at_all_premises_of_a_community_together():
    table = check_premises(premises(("a", 200), ("a", 250)), STANDARD, communities=communities(a=1500))
    assert table["verdict"].tolist() == ["fail", "fail"]
    assert table["household_verdict"].tolist() == ["pass", "pass"]


def test_one_unknown_area_makes_the_communitys_total_unknown():
    table = check_premises(premises(("a", 200), ("a", None)), STANDARD, communities=communities(a=100))
    assert table["household_verdict"].tolist() == ["unknown", "unknown"]


def test_without_households_the_household_rule_is_unknown():
    known = check_premises(premises(("a", 900), (None, 900)), STANDARD, communities=communities(a=None))
    assert known["household_verdict"].tolist() == ["unknown", "unknown"]


def test_a_table_without_areas_is_refused_with_the_cure():
    with pytest.raises(MissingColumnError, match="floor_area_m2"):
        check_premises(premises(("a", 1)).drop(columns="floor_area_m2"), STANDARD)
