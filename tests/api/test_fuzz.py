"""Bodies nobody would send on purpose: whatever comes, no answer is the service's own failure."""

from __future__ import annotations

import os
import random

import orjson

from tests.api.conftest import KEY

BODIES = int(os.environ.get("GEOPLAN_FUZZ_BODIES", "600"))
"""``make fuzz`` raises it to 100,000."""

ROUTES = (
    "/v1/coverage/batch", "/v1/isochrone", "/v1/scenarios", "/v1/sites", "/admin/reload?x=1",
    "/v1/communities/none/split",
)  # fmt: skip
GOOD = (
    {"points": [[103.7, 36.1]], "minutes": 5},
    {"lon": 103.71, "lat": 36.1, "minutes": [5]},
    {"edits": [{"edit": "add_centre", "id": "n", "at": [103.71, 36.1]}]},
    {"model": "mclp", "add": 1},
    {"type": "FeatureCollection", "features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]},
)
ODD = (
    None, True, False, 0, -1, 1e308, -1e308, 1e-320, 2**63, 10**30, "", "x" * 300, "\x00", "\u202e", "💥",
    [], {}, [[]], [None], {"a": {}}, "../../etc/passwd", "/vsicurl/http://x.invalid/a.gpkg", "<script>",
    "'; DROP TABLE", "EPSG:4326 +nadgrids=/etc/passwd", "nan", [1, 2, 3, 4], {"coordinates": 1},
)  # fmt: skip


def changed(value, rng):
    """Return the value with something odd in one place of it."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        if rng.random() < 0.15:
            return {one: value[one] for one in value if one != key}
        if rng.random() < 0.1:
            return {**value, str(rng.choice(ODD)): rng.choice(ODD)}
        return {**value, key: changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], changed(value[at], rng), *value[at + 1 :]] * rng.choice((1, 1, 1, 7))
    return rng.choice(ODD)


def body(rng):
    """Return bytes: odd JSON mostly, broken JSON or noise sometimes."""
    value = rng.choice(GOOD)
    for _ in range(rng.randint(1, 3)):
        value = changed(value, rng)
    try:
        content = orjson.dumps(value)
    except TypeError:
        content = repr(value).encode("utf-8", "surrogatepass")
    luck = rng.random()
    if luck < 0.1:
        at = rng.randrange(len(content) + 1)
        content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    if luck < 0.03:
        content = rng.randbytes(rng.randrange(60))
    return content.replace(b"1e308", rng.choice((b"1e308", b"NaN", b"1e999", b"Infinity")))


def test_no_body_makes_the_service_fail(city_client):
    rng = random.Random(5)  # noqa: S311 - repeatable, not secret
    seen = set()
    for _ in range(BODIES):
        route, content = rng.choice(ROUTES), body(rng)
        answer = city_client.post(
            route, content=content, headers={"X-API-Key": KEY, "Content-Type": "application/json"}
        )
        seen.add(answer.status_code)
        assert answer.status_code < 500, (route, content)
    assert {200, 422} <= seen
