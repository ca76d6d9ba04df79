"""
The service beside an application that only says hello: ``python -m bench.api``.

Both are served by uvicorn in one process each, asked by ``wrk`` in turn, in the same minute. Shares are those
of requests a second, and of processor time a request, which a busy machine disturbs less. Positions lie
within the study's homes; "repeated" asks one of them again and again, "fresh" never the same twice.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

import numpy as np
from starlette.types import Receive, Scope, Send

import geoplan as gp

__all__ = ["hello", "main"]

_ROOT = Path(__file__).resolve().parents[1]
_BATCH = 10_000
_ISOCHRONES = 25


async def hello(scope: Scope, _: Receive, send: Send) -> None:
    """Say hello: the least an application can do."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"hello":"world"}'})


@dataclass(frozen=True)
class Run:
    """One run of wrk: requests a second, 99th percentile [ms], processor time a request [µs]."""

    per_second: float
    p99_ms: float
    cpu_us: float


@contextmanager
def served(command: list[str], path: str, **told: str) -> Iterator[tuple[int, str]]:
    """Yield process id and address of a server, once ``path`` is answered."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)], cwd=_ROOT, env={**os.environ, **told},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url + path):
            if process.poll() is not None:
                raise SystemExit(f"{command} ended")
            time.sleep(0.05)
        yield process.pid, url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except OSError:
        return False


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def _wrk(pid: int, url: str, seconds: int, script: Path | None = None) -> Run:
    before = _cpu_s(pid)
    command = [
        "wrk",
        "-t1",
        "-c16",
        f"-d{seconds}",
        "--latency",
        *(["-s", str(script)] if script else []),
        url,
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        raise SystemExit(said)
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", said)[0]
    requests = int(re.findall(r"(\d+) requests in", said)[0])
    return Run(
        float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]),
        float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit],
        (_cpu_s(pid) - before) / requests * 1e6,
    )


def _post(url: str, body: object) -> float:
    """Return how long an answer takes [s]."""
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    began = time.perf_counter()
    with urlopen(request) as answer:  # noqa: S310 - our own server
        answer.read()
    return time.perf_counter() - began


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--study", type=Path, default=_ROOT / "data" / "anning")
    parser.add_argument("--seconds", type=int, default=5, help="of each run of wrk")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=100_000, help="after which memory is looked at")
    given = parser.parse_args(argv)
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed")
    homes = gp.read_study(given.study).residences.representative_point().to_crs("EPSG:4326")
    spots = np.column_stack([homes.x, homes.y])
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        script = Path(work) / "fresh.lua"
        script.write_text(_fresh(spots), encoding="ascii")
        run = ["-c", "from geoplan.cli.app import main; main()", "serve", str(given.study), "--state", work]
        with served(run, "/readyz"):
            pass  # the audit is stored now
        began = time.perf_counter()
        told = {"GEOPLAN_HEAVY_RATE_PER_MINUTE": "0"}
        plain = ["-m", "uvicorn", "bench.api:hello", "--no-access-log", "--log-level", "error"]
        with served(run, "/readyz", **told) as (pid, url), served(plain, "/") as (plain_pid, plain_url):
            print(f"start with a stored audit: {time.perf_counter() - began:.2f} s, CPU {_cpu_s(pid):.2f} s")
            lon, lat = spots[0]
            one = f"{url}/v1/coverage?lon={lon:.6f}&lat={lat:.6f}"
            for name, address, lua in (("repeated", one, None), ("fresh", url, script)):
                runs = [
                    (_wrk(plain_pid, plain_url, given.seconds), _wrk(pid, address, given.seconds, lua))
                    for _ in range(given.rounds)
                ]
                print(_compared(name, runs))
            many = spots[rng.integers(0, len(spots), _BATCH)] + rng.normal(0, 2e-4, (_BATCH, 2))
            batch = [_post(f"{url}/v1/coverage/batch", {"points": many.tolist()}) for _ in range(5)]
            print(f"batch of {_BATCH:,} points: median {median(batch):.3f} s")
            circles = [
                _post(f"{url}/v1/isochrone", {"lon": x, "lat": y, "minutes": [15]})
                for x, y in spots[rng.integers(0, len(spots), _ISOCHRONES)].tolist()
            ]
            print(f"isochrone of 15 minutes: median {median(circles) * 1000:.1f} ms")
            print(_memory(pid, url, script, given.requests))
    return 0


def _fresh(spots: np.ndarray) -> str:
    """Return a script of wrk that asks near a home, never twice the same."""
    places = ",".join(f"{{{lon:.6f},{lat:.6f}}}" for lon, lat in spots.tolist())
    return f"""
local places = {{{places}}}
math.randomseed(os.time())
request = function()
  local one = places[math.random(#places)]
  local lon, lat = one[1] + (math.random() - 0.5) * 4e-4, one[2] + (math.random() - 0.5) * 4e-4
  return wrk.format("GET", string.format("/v1/coverage?lon=%.8f&lat=%.8f", lon, lat))
end
"""


def _compared(name: str, runs: list[tuple[Run, Run]]) -> str:
    share = median(ours.per_second / plain.per_second for plain, ours in runs)
    cpu = median(plain.cpu_us / ours.cpu_us for plain, ours in runs)
    slower = median(ours.p99_ms / plain.p99_ms for plain, ours in runs)
    last_plain, last = runs[-1]
    return (
        f"coverage, {name}: {share:.0%} of hello's requests/s, {cpu:.0%} by processor time "
        f"({last.cpu_us:.0f} µs, hello {last_plain.cpu_us:.0f}); p99 {slower:.1f} times hello's"
    )


def _memory(pid: int, url: str, script: Path, requests: int) -> str:
    _wrk(pid, url, 10, script)
    before, asked = _rss_mb(pid), 0
    while asked < requests:
        run = _wrk(pid, url, 10, script)
        asked += int(run.per_second * 10)
    after = _rss_mb(pid)
    return f"memory after {asked:,} requests: {before:.1f} -> {after:.1f} MB ({after / before - 1:+.2%})"


if __name__ == "__main__":
    raise SystemExit(main())
