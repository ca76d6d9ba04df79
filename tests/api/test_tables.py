from __future__ import annotations

import math

import pandas as pd
import pytest

import geoplan as gp
from geoplan.report.json_file import records


def rows(client, path, **query):
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("communities", "coverage_by_community"), ("centres", "coverage_by_centre"), ("gaps", "gaps"),
        ("premises", "premises_checks"),
    ],
)  # fmt: skip
def test_tables_are_those_of_the_audit_to_the_digit(plain, plain_client, path, table):
    told = rows(plain_client, f"/v1/{path}")
    right = records(plain.tables[table])
    assert told["count"] == len(right)
    for one, other in zip(told["rows"], right, strict=True):
        assert {name: value for name, value in one.items() if not name.endswith("_text")} == other


def test_pages_together_hold_every_row_once(city, city_client):
    whole = rows(city_client, "/v1/gaps")["rows"]
    pages = [
        rows(city_client, "/v1/gaps", limit=3, offset=low)["rows"] for low in range(0, len(whole) + 3, 3)
    ]
    assert [row for page in pages for row in page] == whole
    assert len(whole) > 3
    assert pages[-1] == []


def test_gaps_can_be_asked_by_service(city, city_client):
    service = city.tables["gaps"]["service"].iloc[0]
    told = rows(city_client, "/v1/gaps", service=service)
    assert told["count"] == (city.tables["gaps"]["service"] == service).sum()
    assert {row["service"] for row in told["rows"]} == {service}
    assert all(row["reason_text"] for row in told["rows"])


def test_oversized_communities_are_the_librarys_under_any_pack(plain, plain_client):
    for pack in ("default", "law-2025"):
        table = gp.flag_oversized(plain.study.communities, gp.load_standard(pack))
        told = rows(plain_client, "/v1/communities/oversized", standard=pack)
        right = table.index[table["size"] == "oversized"].tolist()
        assert [row["community_id"] for row in told["rows"]] == right
        assert told["standard"]["id"] == pack


def test_a_community_comes_with_everything_said_of_it(plain, plain_client):
    told = rows(plain_client, "/v1/communities/west", lang="zh")
    assert told["community_id"] == "west"
    assert told["coverage"]["persons"] == plain.tables["coverage_by_community"].loc["west", "persons"]
    assert told["size"]["size"] == plain.tables["oversized"].loc["west", "size"]
    assert {row["community_id"] for row in told["premises"]} == {"west"}
    assert len(told["coverage_by_service"]) == 8


def test_a_catchment_adds_up_to_what_the_audit_says(city, city_client):
    seen = 0
    for centre_id, row in city.tables["coverage_by_centre"].iterrows():
        told = rows(city_client, f"/v1/centres/{centre_id}/catchment")
        persons = [one["persons"] for one in told["residences"]]
        assert sum(persons) == row["persons_catchment"]
        seen += len(persons)
    assert seen == (city.tables["completeness"]["verdict_any_centre"] == "pass").sum()
    assert city_client.get("/v1/centres/none/catchment").status_code == 404


def test_what_would_help_is_the_audits(city, city_client):
    told = rows(city_client, "/v1/fixes", limit=2)
    assert [one["obstacle_id"] for one in told["obstacles"]] == city.tables["obstacles"].index[:2].tolist()
    assert len(told["causes_by_service"]) == len(city.tables["causes_by_service"])


def test_every_pack_can_be_read_with_its_sources(city_client):
    first = rows(city_client, "/v1/standards")
    assert [one["id"] for one in first["packs"] if one["current"]] == ["default"]
    for pack in first["packs"]:
        told = rows(city_client, "/v1/standards", standard=pack["id"])
        right = gp.list_standards(pack["id"])
        assert [one["rule"] for one in told["rules"]] == right["rule"].tolist()
        for one, value in zip(told["rules"], right["value"], strict=True):
            assert one["value"] == value or math.isclose(one["value"], value)
            assert one["status"] in ("official", "borrowed", "assumed")


def test_provenance_names_versions_pack_and_headline(plain, plain_client):
    told = rows(plain_client, "/v1/provenance")
    assert told["versions"]["geoplan"] == gp.__version__
    assert told["standard_digest"] == plain.standard.digest
    assert told["headline"]["persons"] == plain.headline["persons"]
    assert told["study"]["synthetic"] is True
    assert told["study"]["banner"]


def test_a_missing_figure_is_null_not_a_number(bare, bare_client):
    lacking = [
        (name, column)
        for name in ("coverage_by_community",)
        if name in bare.tables
        for column in bare.tables[name].columns
        if pd.isna(bare.tables[name][column].iloc[0])
    ]
    told = bare_client.get("/v1/communities")
    if lacking:
        assert told.json()["rows"][0][lacking[0][1]] is None
    else:
        assert told.status_code in (200, 404)


def test_names_that_try_to_run_come_back_as_they_are_in_json(hostile, tmp_path):
    from tests.api.conftest import client_of, served_from

    with client_of(served_from(hostile), tmp_path) as client:
        answer = client.get("/v1/communities")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        names = [row["name"] for row in answer.json()["rows"]]
        assert names == hostile.tables["coverage_by_community"]["name"].tolist()
        assert any("<" in one for one in names)
