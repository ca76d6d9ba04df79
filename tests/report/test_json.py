from __future__ import annotations

import json

import pandas as pd
import pytest

from geoplan.report import audit_as_dict, write_json

HEADLINE = {
    "persons",
    "households",
    "persons_all_five",
    "coverage_rate_all_five",
    "coverage_rate_by_category",
    "coverage_rate_any_centre",
    "coverage_rate_district_centre",
    "coverage_rate_community_centre",
    "buffer_coverage_rate_any_centre",
    "communities",
    "oversized",
    "premises_below_minimum",
    "premises_unknown",
    "centres_district",
    "centres_community",
}


def read(audit, folder, lang="zh"):
    write_json(audit, folder / "audit.json", lang=lang)
    return json.loads((folder / "audit.json").read_text(encoding="utf-8"))


def test_the_promised_keys_are_there(plain, tmp_path):
    content = read(plain, tmp_path)
    assert {"id", "name", "synthetic"} <= set(content["study"])
    assert content["standard"]["digest"] == plain.standard.digest
    assert set(content["headline"]) >= HEADLINE
    assert set(content["headline"]["coverage_rate_by_category"]) == {
        one.id for one in plain.standard.categories
    }
    assert content["provenance"]["standard_digest"] == plain.standard.digest
    assert content["headline"]["premises_unknown"] == 1


def test_the_file_holds_exactly_the_dictionary(plain, tmp_path):
    assert read(plain, tmp_path) == audit_as_dict(plain, lang="zh")


def test_every_row_and_figure_of_a_table_is_in_the_file(plain, tmp_path):
    tables = read(plain, tmp_path)["tables"]
    for name, table in plain.tables.items():
        if name in ("indicators", "quarantine"):
            continue
        back = pd.DataFrame(tables[name])
        assert len(back) == len(table), name
        for column in set(back) & set(table.columns):
            known = [None if pd.isna(one) else one for one in table[column].tolist()]
            assert [row[column] for row in tables[name]] == known, (name, column)


def test_what_is_missing_is_null_never_nan(plain, tmp_path):
    write_json(plain, tmp_path / "audit.json")
    written = (tmp_path / "audit.json").read_text(encoding="utf-8")
    assert "NaN" not in written
    areas = {
        row["premises_id"]: row["floor_area_m2"] for row in json.loads(written)["tables"]["premises_checks"]
    }
    assert areas == {"p1": 150.0, "p2": 800.0, "p3": None}


@pytest.mark.parametrize(("lang", "word"), [("en", "persons is -4"), ("zh", "人数")])
def test_a_fault_carries_its_reason_in_words(plain, tmp_path, lang, word):
    (fault,) = read(plain, tmp_path, lang)["quarantine"]
    assert fault["code"] == "fault.below_minimum"
    assert word in fault["reason"]


def test_an_audit_of_communities_alone_says_what_it_lacks(bare, tmp_path):
    content = read(bare, tmp_path)
    assert content["not_computed"]["reach"]
    assert content["headline"]["coverage_rate_all_five"] is None
    assert set(content["tables"]) == {"oversized", "size_matrix", "compliance"}
