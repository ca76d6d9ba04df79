from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import orjson
import pandas as pd
import pytest
from geoplan_api.app import create_app
from geoplan_api.jobs import JobStore
from geoplan_api.problems import ProblemError
from geoplan_api.settings import Settings
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan as gp
from geoplan.analysis.coverage import coverage_with_centres
from geoplan.planning.edits import AddCentre, CloseCentre
from geoplan.planning.scenarios import Scenario, apply_scenario
from geoplan.report.compare_json import compare_as_dict
from geoplan.report.split_json import split_as_dict
from tests.api.client import Client
from tests.api.conftest import HASH, KEY, spots
from tests.cities import demanding, random_study

HEADERS = {"X-API-Key": KEY}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), closed=st.integers(0, 3))
def test_coverage_with_other_centres_is_coverage_from_the_start(seed, closed):
    study, standard = random_study(seed), demanding(gp.load_standard("default"))
    network = gp.walk_network(study)
    before = gp.coverage(network, study, standard)
    edits = [CloseCentre(one) for one in study.centres.index[:closed]]
    west, south, east, north = study.streets.total_bounds
    at = tuple(np.random.default_rng(seed).uniform((west, south), (east, north)).tolist())
    edits.append(AddCentre("new", at, level="district"))
    other, _ = apply_scenario(study, standard, Scenario(tuple(edits), study.crs))
    quick, whole = (
        coverage_with_centres(before, network, other, standard),
        gp.coverage(network, other, standard),
    )
    for name in ("reach", "completeness", "by_category", "gaps", "snaps"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(quick, name)), pd.DataFrame(getattr(whole, name)), check_exact=True
        )


def test_a_scenario_is_what_compare_says_of_two_whole_runs(city, city_client):
    lon, lat = spots(city.study, 1, seed=21)[0]
    first = city.study.centres.index[0]
    edits = [
        {"edit": "add_centre", "id": "new", "at": [lon, lat], "level": "community"},
        {"edit": "close_centre", "id": first},
    ]
    told = city_client.post("/v1/scenarios", json={"edits": edits, "name": "try"}).json()
    scenario = Scenario((AddCentre("new", (lon, lat)), CloseCentre(first)), "EPSG:4326")
    study, standard = apply_scenario(city.study, city.standard, scenario)
    sides = [gp.coverage(gp.walk_network(one), one, standard) for one in (city.study, study)]
    right = compare_as_dict(gp.compare(*sides), (city.study, standard), (study, standard), title="try")
    assert told["changes"] == right["changes"]
    assert told["totals"] == right["totals"]
    assert told["by_community"] == right["by_community"]
    assert told["changes"]


@pytest.mark.parametrize(
    ("edits", "status"),
    [
        ([], 422), ([{"edit": "close_centre", "id": "nowhere"}], 422),
        ([{"edit": "add_centre", "id": "n", "at": [0, 0]}], 422),
        ([{"edit": "add_centre", "id": "n", "at": ["x", 0]}], 422),
        ([{"edit": "set_rule", "rule": "walking.speed", "value": 1}], 422),
        ([{"edit": "close_centre", "id": f"c{one}"} for one in range(21)], 413),
    ],
)  # fmt: skip
def test_a_scenario_that_makes_no_sense_is_refused(city_client, edits, status):
    assert city_client.post("/v1/scenarios", json={"edits": edits}).status_code == status


def add(store, number=0, *, most=3):
    return store.add("split", f"c{number}", {"n": number}, lang="en", audit_key="k", most=most)["job_id"]


def test_jobs_run_in_turn_and_no_more_at_a_time_than_may(tmp_path):
    store = JobStore(tmp_path)
    first, second, third = (add(store, one) for one in range(3))
    with pytest.raises(ProblemError) as told:
        add(store)
    assert (told.value.status, told.value.key) == (429, "problem.queue_full")
    assert store.claim(1) == first
    assert store.claim(1) is None
    assert store.claim(2) == second
    store.finish(first, "done", result=b"{}")
    assert store.claim(2) == third
    assert store.result(first) == b"{}"
    with pytest.raises(ProblemError) as told:
        store.result(second)
    assert told.value.status == 409
    assert store.counts() == {"done": 1, "running": 2}


def test_a_job_is_cancelled_at_once_or_at_its_next_sign_of_life(tmp_path):
    store = JobStore(tmp_path)
    first, second = add(store), add(store)
    assert store.claim(1) == first
    assert store.stop(second)["status"] == "cancelled"
    assert store.stop(first)["status"] == "running"
    assert store.alive(first, "stage.split", 0.5)
    store.finish(first, "cancelled")
    store.finish(first, "done", result=b"late")
    assert store.get(first)["status"] == "cancelled"


def test_a_job_whose_process_fell_silent_is_begun_again_but_not_for_ever(tmp_path, monkeypatch):
    store = JobStore(tmp_path)
    job_id = add(store)
    for _ in range(2):
        assert store.claim(1) == job_id
        monkeypatch.setattr("geoplan_api.jobs._SILENT_SECONDS", -1.0)
    assert store.claim(1) is None
    assert (store.get(job_id)["status"], store.get(job_id)["error"]) == ("failed", "problem.job_died")


def test_old_records_are_forgotten_but_never_those_of_jobs_that_wait(tmp_path):
    store = JobStore(tmp_path)
    waiting = [add(store, one, most=9) for one in range(5)]
    for _ in range(3):
        store.finish(store.claim(1), "done", result=b"{}")
    store.prune(1)
    kept = [one["job_id"] for one in store.listed(10)]
    assert kept == [waiting[4], waiting[3], waiting[2]]
    assert store.latest("split", "c2", "k") == b"{}"
    assert store.latest("split", "c2", "other") is None


_ADDER = """
import sys, pathlib
from geoplan_api.jobs import JobStore
store = JobStore(pathlib.Path(sys.argv[1]))
while True:
    print(store.add("sites", "", {}, lang="en", audit_key="k", most=10**6)["job_id"], flush=True)
"""


def test_a_process_that_is_killed_loses_no_accepted_job(tmp_path):
    accepted = []
    with subprocess.Popen(
        [sys.executable, "-c", _ADDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            accepted.append(line.strip())
            if len(accepted) == 30:
                os.kill(process.pid, signal.SIGKILL)
                break
    known = {one["job_id"] for one in JobStore(tmp_path).listed(1000)}
    assert set(accepted) <= known


@pytest.fixture(scope="module")
def service(small_folder, tmp_path_factory):
    """A service that reads a study folder itself."""
    told = Settings(
        study=small_folder, state_dir=tmp_path_factory.mktemp("jobs"), api_key_hashes=(HASH,), job_seconds=60
    )
    with Client(create_app(told)) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


def wait_until(true, seconds=60):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def finished(client, job):
    def state():
        return client.get(f"/v1/jobs/{job['job_id']}", headers=HEADERS).json()

    wait_until(lambda: state()["status"] not in ("queued", "running"))
    return state()


def test_a_split_is_a_job_whose_result_is_the_librarys(service, small_folder):
    asked = {"parts": 2, "model": "cut", "alternatives": False}
    path = "/v1/communities/620105002001/split"
    assert service.get(path).status_code == 404
    begun = service.post(f"{path}?lang=en", json=asked, headers=HEADERS)
    assert begun.status_code == 202
    job = finished(service, begun.json())
    assert (job["status"], job["progress"], job["error"]) == ("done", 1, None)
    result = service.get(f"{begun.headers['location']}/result", headers=HEADERS).json()
    study = gp.read_study(small_folder)
    plan = gp.plan_split(
        gp.walk_network(study), study, "620105002001", gp.load_standard("default"), parts=2, model="cut",
        alternatives=False,
    )  # fmt: skip
    assert result == orjson.loads(
        orjson.dumps(split_as_dict(plan, lang="en"), option=orjson.OPT_SERIALIZE_NUMPY)
    )
    assert service.get(path).json() == result


def test_a_job_that_cannot_be_done_says_why(service):
    begun = service.post("/v1/sites?lang=zh", json={"candidates": "premises"}, headers=HEADERS)
    job = finished(service, begun.json())
    assert job["status"] == "failed"
    assert job["error"]


def test_a_running_job_can_be_cancelled(service):
    begun = service.post("/v1/sites", json={"add": 1, "model": "p_median"}, headers=HEADERS).json()
    service.delete(f"/v1/jobs/{begun['job_id']}", headers=HEADERS)
    assert finished(service, begun)["status"] in ("cancelled", "done")
    assert service.delete("/v1/jobs/" + "0" * 32, headers=HEADERS).status_code == 404


def test_the_study_is_read_again_while_the_old_one_answers(service, small_folder):
    before = service.get("/readyz").json()["generation"]
    toml = small_folder / "study.toml"
    kept = toml.read_text(encoding="utf-8")
    try:
        toml.write_text(kept.replace("小城", "新城"), encoding="utf-8")
        assert service.post("/admin/reload", headers=HEADERS).status_code == 202
        wait_until(lambda: service.get("/readyz").json()["generation"] > before)
        assert service.get("/v1/provenance").json()["study"]["name"] == "新城"
        toml.write_text("[study]\nid = ", encoding="utf-8")
        service.post("/admin/reload", headers=HEADERS)
        wait_until(lambda: service.get("/readyz").json()["reload_error"])
        assert service.get("/v1/provenance").json()["study"]["name"] == "新城"
    finally:
        toml.write_text(kept, encoding="utf-8")
