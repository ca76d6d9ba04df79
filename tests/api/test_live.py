"""The service as it is run: ``geoplan serve`` in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import HASH, KEY, spots


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def command(small_folder, tmp_path_factory):
    """``geoplan serve`` with its process and address."""
    port, state = free_port(), tmp_path_factory.mktemp("state")
    run = [sys.executable, "-c", "from geoplan.cli.app import main; main()", "serve", str(small_folder)]
    told = {**os.environ, "GEOPLAN_API_KEY_HASHES": f"office:{HASH}", "GEOPLAN_HEADER_SECONDS": "2"}
    with subprocess.Popen([*run, "--port", str(port), "--state", str(state)], env=told) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield process, url
        process.kill()


def wait_for(url, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the service did not start")


def test_the_command_serves_a_study(command):
    _, url = command
    assert httpx.get(f"{url}/readyz").json()["study"] == "small"
    assert httpx.get(f"{url}/v1/jobs", headers={"X-API-Key": KEY}).json() == []
    answer = httpx.get(f"{url}/healthz")
    assert "server" not in answer.headers


def test_a_client_that_does_not_finish_its_headers_is_sent_away(command):
    _, url = command
    began = time.monotonic()
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        slow.settimeout(10)
        assert slow.recv(1000) == b""
    assert time.monotonic() - began < 8


def test_a_client_that_finishes_its_headers_in_pieces_is_answered(command):
    _, url = command
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as slow:
        slow.settimeout(10)
        for _ in range(2):
            slow.sendall(b"GET /healthz HTTP/1.1\r\n")
            time.sleep(0.1)
            slow.sendall(b"Host: x\r\n\r\n")
            told = b""
            while not told.endswith(b"}"):
                told += slow.recv(1000)
            assert told.startswith(b"HTTP/1.1 200")


def test_the_service_stops_when_told_to(command):
    process, _ = command
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) in (0, -signal.SIGTERM)


def test_a_folder_that_is_no_study_is_told_at_once(tmp_path):
    run = [sys.executable, "-c", "from geoplan.cli.app import main; main()", "serve", str(tmp_path)]
    told = subprocess.run(run, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "study.toml" in told.stderr


def test_many_at_once_get_the_answers_that_each_gets_alone(city, live):
    asked = [{"lon": lon, "lat": lat} for lon, lat in spots(city.study, 20, seed=41)]
    with httpx.Client(base_url=live) as client:
        alone = [client.get("/v1/coverage", params=one).json() for one in asked]
        batch = client.post(
            "/v1/coverage/batch", json={"points": [list(one.values()) for one in asked]}
        ).json()
    assert [one["verdict"] for one in batch["results"]] == [one["verdict"] for one in alone]
