from __future__ import annotations

import os
from pathlib import Path

import orjson
import schemathesis
from geoplan_api import schemas
from geoplan_api.app import create_app
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from tests.api.conftest import KEY, spots

SNAPSHOT = Path(__file__).with_name("openapi.json")
EXAMPLES = int(os.environ.get("GEOPLAN_FUZZ_EXAMPLES", "4"))
"""Examples an operation; ``make fuzz`` raises it."""


def document():
    """Return the OpenAPI document as it is kept."""
    return orjson.dumps(create_app().openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def test_the_openapi_document_is_the_one_that_was_agreed():
    if os.environ.get("GEOPLAN_WRITE_SNAPSHOT"):
        SNAPSHOT.write_bytes(document())
    assert document() == SNAPSHOT.read_bytes(), "GEOPLAN_WRITE_SNAPSHOT=1 writes it anew"


def test_every_operation_tells_its_errors_and_who_needs_a_key():
    told = orjson.loads(document())
    for path, operations in told["paths"].items():
        if path.startswith("/ogc"):
            continue  # a document of its own
        for method, operation in operations.items():
            keyed = path.startswith(("/v1/jobs", "/admin")) or (
                method == "post" and path in ("/v1/sites", "/v1/communities/{community_id}/split")
            )
            assert bool(operation.get("security")) == keyed, path
            if path.startswith("/v1"):
                assert {"422", "429", "503"} <= operation["responses"].keys(), path
                assert "application/problem+json" in operation["responses"]["422"]["content"]


def test_answers_have_the_shape_that_is_told(city, city_client):
    for lon, lat in spots(city.study, 12, seed=31):
        answer = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat}).json()
        told = schemas.CoverageAnswer.model_validate(answer).model_dump(exclude_unset=True)
        assert told == answer


def test_the_documentation_page_needs_nothing_from_elsewhere(plain_client):
    page = plain_client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text.replace("<!doctype", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        file = plain_client.get(f"/docs/{name}")
        assert file.status_code == 200
        kept = plain_client.get(f"/docs/{name}", headers={"If-None-Match": file.headers["etag"]})
        assert kept.status_code == 304
    assert plain_client.get("/docs/..%2f__init__.py").status_code == 404


# a position outside the study, or a pack it does not know, is well formed and refused all the same
CONFIG = {
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "413", "422", "429", "503"]
        }
    },
    "auth": {"openapi": {"APIKeyHeader": {"api_key": KEY}}},
}
# what pages and the OGC rooms serve has documents of its own
schema = schemathesis.openapi.from_dict(
    orjson.loads(document()), config=SchemathesisConfig.from_dict(CONFIG)
).exclude(path_regex="^/(ogc|page|static)|^/$")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_service_keeps_to_its_document(case, live):
    case.call_and_validate(base_url=live)
