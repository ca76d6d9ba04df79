from __future__ import annotations

import asyncio
import logging
import os
import threading
import time

import orjson
import pytest
from geoplan_api.app import create_app
from geoplan_api.heavy import Allowance
from geoplan_api.keys import KeyRing, hash_of
from geoplan_api.problems import HTTP_STATUS, ProblemError, status_of
from geoplan_api.settings import Settings
from pydantic import ValidationError

from geoplan import errors
from tests.api.conftest import HASH, KEY, client_of, served_from, spots


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404), ("PUT", "/v1/coverage", 405), ("GET", "/v1/coverage", 422),
        ("GET", "/v1/jobs", 401), ("POST", "/admin/reload", 401), ("GET", "/v1/communities/none", 404),
        ("GET", "/v1/communities/%2e%2e%2fetc%2fpasswd", 404), ("GET", "/v1/circles/a%00b", 422),
    ],
)  # fmt: skip
def test_every_error_is_problem_json_with_secure_headers(plain_client, method, path, status):
    answer = plain_client.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 16


def test_every_library_error_has_a_status():
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type):
            assert any(issubclass(kind, one) for one, _ in HTTP_STATUS)
    assert status_of(errors.InfeasibleError("error.service_no_study")) == 409
    assert status_of(errors.MissingCrsError("error.scenario_crs")) == 422


def test_a_request_id_that_is_sent_comes_back_unless_it_is_odd(plain_client):
    kept = plain_client.get("/healthz", headers={"X-Request-ID": "abc-1"})
    odd = plain_client.get("/healthz", headers={"X-Request-ID": "a b\t<script>"})
    assert kept.headers["x-request-id"] == "abc-1"
    assert "<" not in odd.headers["x-request-id"]


def test_a_body_that_is_too_large_is_refused_unread(plain, tmp_path):
    with client_of(served_from(plain), tmp_path, max_body_bytes=1000) as client:
        stated = client.post("/v1/isochrone", content=b"x" * 1001)

        async def pieces():
            for _ in range(20):
                yield b"x" * 100

        streamed = client.post("/v1/isochrone", content=pieces())
        assert stated.status_code == streamed.status_code == 413
        assert "1000" in stated.json()["detail"]
        assert client.get("/healthz").status_code == 200


def test_a_body_that_comes_too_slowly_is_refused(plain, tmp_path):
    with client_of(served_from(plain), tmp_path, body_seconds=0.1) as client:

        async def pieces():
            yield b"{"
            await asyncio.sleep(5)
            yield b"}"

        began = time.monotonic()
        assert client.post("/v1/isochrone", content=pieces()).status_code == 408
        assert time.monotonic() - began < 3


def test_a_client_that_asks_too_often_is_told_when_to_come_back(plain, tmp_path):
    with client_of(served_from(plain), tmp_path, rate_per_minute=10) as client:
        answers = [client.get("/v1/standards") for _ in range(8)]
        assert [one.status_code for one in answers] == [200] * 5 + [429] * 3
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 7
        assert client.get("/healthz").status_code == 200


def test_a_question_that_the_quick_way_leaves_to_the_route_counts_once(plain, tmp_path):
    with client_of(served_from(plain), tmp_path, rate_per_minute=10) as client:
        answers = [client.get("/v1/coverage?lon=0&lat=0").status_code for _ in range(6)]
        assert answers == [422] * 5 + [429]


def test_an_error_nobody_foresaw_on_the_quick_way_is_told_as_any_other(plain, tmp_path, monkeypatch):
    with client_of(served_from(plain), tmp_path) as client:
        monkeypatch.setattr("geoplan_api.answers.Desk.answer", lambda *_: 1 / 0)
        (lon, lat), *_ = spots(plain.study, 1)
        answer = client.get("/v1/coverage", params={"lon": lon, "lat": lat})
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_allowance_fills_again_and_is_each_clients_own():
    now = [0.0]
    allowance = Allowance(60, clock=lambda: now[0])
    assert [allowance.take("a") for _ in range(31)][-1] > 0
    assert allowance.take("b") == 0
    now[0] += 1.0
    assert allowance.take("a") == 0
    assert allowance.take("a") > 0


def test_ten_times_too_many_are_turned_away_at_once_and_then_all_is_well(plain, tmp_path):
    with client_of(served_from(plain), tmp_path, max_heavy=2, heavy_threads=2) as client:
        held = threading.Event()
        pool = client.app.state.heavy
        blockers = [client.run(_begin(pool, held)) for _ in range(2)]
        (lon, lat), *_ = spots(plain.study, 1)
        asked = [("POST", "/v1/coverage/batch", {"json": {"points": [[lon, lat]]}})] * 20
        began = time.monotonic()
        answers = client.together(asked)
        assert {one.status_code for one in answers} == {503}
        assert time.monotonic() - began < 2
        assert all(one.headers["retry-after"] == "1" for one in answers)
        held.set()
        client.run(_ended(blockers))
        assert client.request(*asked[0][:2], **asked[0][2]).status_code == 200


async def _begin(pool, held):
    task = asyncio.ensure_future(pool.run("test", held.wait))
    await asyncio.sleep(0)
    return task


async def _ended(tasks):
    await asyncio.gather(*tasks)


def test_an_answer_that_takes_too_long_is_given_up(plain, tmp_path, monkeypatch):
    with client_of(served_from(plain), tmp_path, answer_seconds=0.1) as client:
        monkeypatch.setattr("geoplan_api.coverage_routes.isochrone", lambda *_: time.sleep(0.5))
        (lon, lat), *_ = spots(plain.study, 1)
        answer = client.post("/v1/isochrone", json={"lon": lon, "lat": lat})
        assert answer.status_code == 503
        assert "0.1 s" in answer.json()["detail"]


def test_more_requests_than_may_run_are_turned_away(plain, tmp_path):
    with client_of(served_from(plain), tmp_path, max_concurrency=3) as client:
        client.app.state.guard.active = 3
        assert client.get("/v1/standards").status_code == 503
        assert client.get("/healthz").status_code == 200
        client.app.state.guard.active = 0
        assert client.get("/v1/standards").status_code == 200


def test_an_error_nobody_foresaw_is_told_without_its_inside(plain, tmp_path, monkeypatch):
    with client_of(served_from(plain), tmp_path) as client:
        monkeypatch.setattr("geoplan_api.tables.provenance", lambda *_: 1 / 0)
        answer = client.get("/v1/provenance")
        assert answer.status_code == 500
        assert "division" not in answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_key_is_known_by_its_hash_alone():
    ring = KeyRing((f"office:{hash_of('one')}", hash_of("two")))
    assert (ring.holder("one", "c"), ring.holder("two", "c")) == ("office", "key2")
    for wrong in ("", "three", hash_of("one")):
        with pytest.raises(ProblemError) as told:
            ring.holder(wrong, "c")
        assert told.value.status == 401


def test_whoever_guesses_keys_is_slowed_down():
    ring = KeyRing((hash_of("one"),))
    statuses = []
    for number in range(40):
        with pytest.raises(ProblemError) as told:
            ring.holder(str(number), "c")
        statuses.append(told.value.status)
    assert set(statuses) == {401, 429}


def test_routes_that_write_need_a_key(plain_client):
    assert plain_client.get("/v1/jobs").status_code == 401
    assert plain_client.get("/v1/jobs", headers={"X-API-Key": HASH}).status_code == 401
    assert plain_client.get("/v1/jobs", headers={"X-API-Key": KEY}).status_code == 200


@pytest.mark.parametrize("wrong", ["secret", "office:secret", HASH.upper(), f"{HASH}0"])
def test_a_key_in_place_of_its_hash_is_refused_and_not_repeated(wrong):
    with pytest.raises(ValidationError) as told:
        Settings(api_key_hashes=(wrong,))
    assert "SHA-256" in str(told.value)


def test_other_origins_may_ask_only_where_they_are_named(plain, plain_client, tmp_path):
    asking = {"Origin": "https://map.example.org"}
    assert "access-control-allow-origin" not in plain_client.get("/v1/standards", headers=asking).headers
    with client_of(served_from(plain), tmp_path, cors_origins=("https://map.example.org",)) as client:
        allowed = client.get("/v1/standards", headers=asking)
        assert allowed.headers["access-control-allow-origin"] == "https://map.example.org"
        other = client.get("/v1/standards", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("told", [False, True])
def test_the_log_holds_positions_only_if_asked_for(plain, tmp_path, told):
    written = []
    handler = logging.Handler()
    handler.emit = lambda record: written.extend(record.getMessage().splitlines())
    logging.getLogger("geoplan_api.access").addHandler(handler)
    with client_of(served_from(plain), tmp_path, log_coordinates=told) as client:
        client.get("/v1/coverage?lon=103.7654321&lat=36.1", headers={"X-Request-ID": "mine-1"})
        client.get("/v1/communities/none?x=103.7654321", headers={"X-Request-ID": "mine-2"})
    logging.getLogger("geoplan_api.access").removeHandler(handler)
    # services of other tests may still be writing
    lines = [one for one in map(orjson.loads, written) if one["request_id"].startswith("mine")]
    assert [one["route"] for one in lines] == ["/v1/coverage", "/v1/communities/{community_id}"]
    assert {"request_id", "status", "ms", "time"} <= lines[0].keys()
    assert any("7654321" in str(one) for one in lines) == told


def test_figures_count_routes_not_addresses(plain_client):
    plain_client.get("/v1/communities/none")
    plain_client.get("/wp-admin.php")
    figures = plain_client.get("/metrics").text
    assert 'route="/v1/communities/{community_id}"' in figures
    assert 'route="unmatched"' in figures
    assert "wp-admin" not in figures
    assert "geoplan_generation 1.0" in figures


def test_nothing_is_read_before_the_service_starts(monkeypatch):
    monkeypatch.setenv("GEOPLAN_PORT", "not a number")
    app = create_app()
    assert app.state.served is None


def test_drivers_that_follow_what_a_file_names_stay_out():
    assert {"OGR_VRT", "WFS", "OAPIF"} <= set(os.environ["OGR_SKIP"].split(","))
