from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geoplan
from geoplan.analysis.communities import flag_oversized
from geoplan.errors import UnknownStandardError
from geoplan.standards.catalogue import size_standards
from geoplan.standards.parse import load_standard, parse_standard


def communities(households, persons=None, side_m=500.0):
    count = len(households)
    return gpd.GeoDataFrame(
        {
            "name": [f"社区{n}" for n in range(count)],
            "households": pd.array(households, dtype="Int64"),
            "persons": pd.array(persons or [None] * count, dtype="Int64"),
        },
        geometry=[shapely.box(n * side_m, 0, (n + 1) * side_m, side_m) for n in range(count)],
        index=pd.Index([f"c{n}" for n in range(count)], name="community_id"),
        crs="EPSG:4544",
    )


def sizes(table):
    return table["size"].sort_index().tolist()


def test_exactly_the_limit_is_within_and_one_more_is_oversized():
    law = load_standard("law-2025")
    assert sizes(flag_oversized(communities([3000, 3001, 1000, 999]), law)) == [
        "within",
        "oversized",
        "within",
        "undersized",
    ]


def test_the_farthest_over_its_limit_comes_first():
    table = flag_oversized(communities([3200, 1500, 5600, None, 3001]), load_standard("law-2025"))
    assert table.index.tolist() == ["c2", "c0", "c4", "c3", "c1"]
    assert table["margin"].iloc[0] == -2600


def test_a_missing_count_is_unknown():
    table = flag_oversized(communities([None]), load_standard("law-2025"))
    assert table[["size", "reason"]].iloc[0].tolist() == ["unknown", "reason.missing_value"]


def test_yuhang_splits_above_5000_and_its_parts_hold_4000_at_most():
    table = flag_oversized(communities([5000, 5001, 8001, 499]), load_standard("yuhang-2020"))
    assert sizes(table) == ["within", "oversized", "oversized", "undersized"]
    assert table.loc[["c1", "c2"], "parts_min"].tolist() == [2, 3]


@given(households=st.lists(st.integers(0, 20_000), min_size=1, max_size=8))
def test_no_more_parts_than_parts_max_reach_the_minimum_of_a_new_community(households):
    table = flag_oversized(communities(households), load_standard("yuhang-2020"))
    for _, row in table.iterrows():
        assert row["parts_max"] == 1 or row["households"] / row["parts_max"] >= 1500
        assert row["households"] / (row["parts_max"] + 1) < 1500


def test_the_most_parts_are_missing_where_no_minimum_is_stated_or_households_are_unknown():
    assert flag_oversized(communities([9000]), load_standard("haining-2023"))["parts_max"].isna().all()
    assert flag_oversized(communities([None]), load_standard("yuhang-2020"))["parts_max"].isna().all()


def test_haining_looks_at_area_and_persons_too():
    haining = load_standard("haining-2023")
    wide = flag_oversized(communities([2000], [5000], side_m=1001.0), haining)
    assert wide[["size", "rule"]].iloc[0].tolist() == ["oversized", "community.max_area"]
    crowded = flag_oversized(communities([2000], [10_001]), haining)
    assert crowded[["size", "rule"]].iloc[0].tolist() == ["oversized", "community.max_persons"]
    assert flag_oversized(communities([2000], None), haining)["size"].tolist() == ["unknown"]


def test_a_standard_without_a_size_rule_is_refused():
    text = """
[pack]
id = "t"
en = "t"
zh = "t"
extends = "default"
[[rules]]
id = "community.min_households"
value = 1
unit = "household"
comparison = ">="
clause = "c"
source = "s"
place = "p"
in_force = ""
status = "assumed"
"""
    with pytest.raises(UnknownStandardError, match=r"community\.max"):
        flag_oversized(communities([1]), parse_standard(text, "t.toml"))


def test_the_callers_table_is_left_alone():
    table = communities([3200, 100])
    before = table.copy()
    flag_oversized(table, load_standard("default"))
    assert table.equals(before)


@given(households=st.lists(st.integers(0, 20_000), min_size=1, max_size=8))
def test_the_parts_named_are_the_fewest_that_bring_it_within_the_limit(households):
    table = flag_oversized(communities(households), load_standard("law-2025"))
    for _, row in table[table["size"] == "oversized"].iterrows():
        assert row["households"] / row["parts_min"] <= 3000 < row["households"] / (row["parts_min"] - 1)


def test_area_is_in_square_kilometres():
    assert (
        flag_oversized(communities([1500], side_m=2000.0), load_standard("default"))["area_km2"].iloc[0]
        == 4.0
    )
    assert np.isnan(
        flag_oversized(communities([1500]).set_geometry([None], crs="EPSG:4544"), load_standard("default"))[
            "area_km2"
        ].iloc[0]
    )


def test_the_matrix_says_of_each_pack_what_the_pack_says_alone():
    study = geoplan.read_study("data/anning")
    packs = [geoplan.load_standard(one) for one in ("default", "yuhang-2020", "haining-2023", "qingpu-2023")]
    matrix = geoplan.compare_sizes(study.communities, packs)
    assert len(matrix) == 60 * len(packs)
    for pack in packs:
        own = matrix[matrix["standard_id"] == pack.id].set_index("community_id")
        alone = geoplan.flag_oversized(study.communities, pack).loc[own.index]
        for column in ("size", "rule", "margin", "parts_min", "clause"):
            assert own[column].equals(alone[column])
    assert (matrix.groupby("community_id")["size"].nunique() > 1).any()


def test_packs_side_by_side_are_those_that_differ():
    found = [one.id for one in size_standards(geoplan.load_standard("default"))]
    assert found[0] == "default"
    assert "law-2025" not in found  # the same rules
    assert {"yuhang-2020", "haining-2023", "qingpu-2023"} <= set(found)
    assert len(found) == len(set(found))
