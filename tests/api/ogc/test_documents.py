from __future__ import annotations

import itertools
import os

import jsonschema
import pytest
import schemathesis
from geoplan_api.ogc.documents import CONFORMS_TO
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.definitions import OPENAPI_30

from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from tests.api.ogc.world import CGCS, CRS84

PARTS = "http://www.opengis.net/spec/ogcapi-features-{}/1.0/conf/{}"
EXAMPLES = int(os.environ.get("GEOPLAN_FUZZ_EXAMPLES", "4"))
"""Requests an operation, sound and broken ones each."""
DOCUMENTS = ["/ogc", "/ogc/api", "/ogc/conformance", "/ogc/collections", "/ogc/collections/communities"]
FEATURES = ["/ogc/collections/reach/items", "/ogc/collections/communities/items/east"]


@pytest.fixture(scope="module")
def api(client):
    return client.get("/ogc/api")


def links_of(document):
    """Yield every link of a document, wherever it stands."""
    if isinstance(document, dict):
        if {"href", "rel"} <= set(document):
            yield document
        for one in document.values():
            yield from links_of(one)
    elif isinstance(document, list):
        for one in document:
            yield from links_of(one)


def test_the_classes_of_both_parts_are_claimed(client):
    claimed = client.get("/ogc/conformance")["conformsTo"]
    wanted = {PARTS.format(1, one) for one in ("core", "oas30", "html", "geojson")} | {PARTS.format(2, "crs")}
    assert wanted <= set(claimed) == set(CONFORMS_TO)


def test_every_link_leads_to_a_good_answer_of_the_type_it_states(client):
    seen, waiting = set(), ["/ogc", *DOCUMENTS, *FEATURES]
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = client.ask(url)
        assert answer.status_code == 200, url
        if "json" not in answer.headers["content-type"]:
            continue
        for one in links_of(answer.json()):
            if one.get("templated") or "offset=" in one["href"]:
                continue
            found = client.ask(one["href"])
            assert found.status_code == 200, one
            assert found.headers["content-type"].split(";")[0] == one["type"].split(";")[0], one
            # every collection is alike: a few are enough
            if not any(f"/{name}" in one["href"] for name in [*RESULT_TABLES, *INPUT_TABLES]):
                waiting.append(one["href"])
    assert len(seen) > 8


def test_a_collection_tells_its_extent_and_its_crss(client, plain):
    told = client.get("/ogc/collections/communities")
    bounds = plain.study.communities.to_crs("EPSG:4326").total_bounds
    assert told["extent"]["spatial"]["bbox"] == [pytest.approx(bounds.tolist(), abs=1e-12)]
    assert (told["crs"], told["storageCrs"]) == ([CRS84, CGCS], CGCS)
    assert told["itemType"] == "feature"
    bare = client.get("/ogc/collections/reach")
    assert "extent" not in bare
    assert "storageCrs" not in bare


def test_titles_come_in_both_languages(client):
    told = client.get("/ogc/collections/communities", {"lang": "zh"})
    assert (told["title"], client.get("/ogc/collections/communities")["title"]) == ("社区", "Communities")
    answer = client.ask("/ogc/collections/communities", accept_language="zh-CN,zh;q=0.9")
    assert answer.json()["title"] == "社区"
    assert "Accept-Language" in answer.headers["vary"]


def test_made_up_data_and_credits_are_told(client, plain):
    for path in ("/ogc", "/ogc/api"):
        told = client.get(path, {"lang": "zh"})
        words = told.get("description") or told["info"]["description"]
        assert "合成数据" in words
        assert plain.study.attribution[0] in words
    page = client.ask("/ogc/collections/reach/items", {"f": "html"}).text
    assert "Synthetic data" in page
    assert plain.study.attribution[0] in page


@pytest.mark.parametrize("path", [*DOCUMENTS, *FEATURES])
def test_the_format_is_the_one_asked_for_or_accepted(client, path):
    plain_type = client.ask(path).headers["content-type"]
    assert "json" in plain_type
    assert client.ask(path, {"f": "html"}).headers["content-type"] == "text/html; charset=utf-8"
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    assert client.ask(path, **browser).headers["content-type"].startswith("text/html")
    assert client.ask(path, {"f": "json"}, **browser).headers["content-type"] == plain_type
    assert client.ask(path, accept="application/json").headers["content-type"] == plain_type
    assert client.ask(path, accept="text/html;q=0.1, */*;q=0.5").headers["content-type"] == plain_type
    refused = client.ask(path, accept="application/gml+xml")
    assert refused.status_code == 406
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", [*DOCUMENTS, *FEATURES])
def test_head_answers_like_get_without_a_body(client, path):
    got, head = client.ask(path), client.ask(path, method="HEAD")
    assert head.status_code == 200
    for name in ("content-type", "content-crs", "vary"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize("path", [one for one in DOCUMENTS if one != "/ogc/collections"])
def test_an_unknown_parameter_is_refused_everywhere(client, path):
    assert client.ask(path, {"limit": 3}).status_code == 400
    assert client.ask(path, {"lang": "fr"}).status_code == 400


def test_a_write_is_refused(client):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.ask("/ogc/collections/reach/items", method=method).status_code == 405


def test_the_api_definition_is_valid_openapi_30_and_names_every_parameter(api, client):
    jsonschema.Draft4Validator(OPENAPI_30).validate(api)
    assert api["openapi"].startswith("3.0.")
    names = [one["get"]["operationId"] for one in api["paths"].values()]
    assert len(set(names)) == len(names)
    for path in api["paths"]:
        if path.endswith("/items"):
            items = api["paths"][path]["get"]["parameters"]
            told = [one.get("name") or one["$ref"].rsplit("/", 1)[1] for one in items]
            refusal = client.ask(f"/ogc{path}", {"nothing": 1}).json()["detail"]
            assert set(told) == set(refusal.split("known here: ")[1].split(", "))
    limit = api["components"]["parameters"]["limit"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 10_000, 10)


def test_every_property_is_of_the_type_that_the_schema_states(client):
    names = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    for one in client.get("/ogc/collections")["collections"]:
        schema = client.get(f"/ogc/collections/{one['id']}/schema")["properties"]["properties"]["properties"]
        for feature in client.features(f"/ogc/collections/{one['id']}/items", {"limit": 1000}):
            assert list(feature["properties"]) == list(schema)
            for name, value in feature["properties"].items():
                if value is not None:
                    assert isinstance(value, names[schema[name]["type"]]), (one["id"], name)
                    assert value in schema[name].get("enum", [value])


def test_what_the_definition_promises_is_kept(app, api):
    """Requests made from the definition, sound and broken ones, are answered as it says."""
    some = {
        path: item
        for path, item in api["paths"].items()
        if path.count("items") == 0 or any(f"/{one}/" in path for one in ("facilities", "reach"))
    }
    schema = schemathesis.openapi.from_dict({**api, "paths": some, "servers": [{"url": "http://test/ogc"}]})
    schema.app = app
    # a schema cannot tell that a box has its least values first, nor what a time is; and more than the
    # greatest limit is not refused, as the standard lets a server give less than is asked
    names = ("positive_data_acceptance", "negative_data_rejection")
    unlike = [schemathesis.checks.CHECKS.get_one(one) for one in names]
    tried = 0
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    for operation, mode in itertools.product(schema.get_all_operations(), modes):

        @given(case=operation.ok().as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        def kept(case):
            nonlocal tried
            tried += 1
            case.call_and_validate(excluded_checks=unlike)

        kept()
    assert tried > 60
