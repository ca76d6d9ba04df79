"""
Run the benchmarks: ``python -m bench.run``, or one case with ``--case a --size 100k --rounds 5``.

Every case on every network runs in a process of its own, so that none inherits another's memory, threads
or compiled code. Together they print one table and write docs/benchmarks.md; a single case only prints.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import Absent, Result
from bench.report import as_text, write_markdown

__all__ = ["PLAN", "main"]

PLAN = {
    "a": {"10k": 9, "100k": 7, "porto": 5, "1M": 5},
    "b": {"10k": 7, "100k": 5, "porto": 5, "1M": 2},
    "c": {"10k": 5, "100k": 3, "porto": 3},
    "d": {"100k": 5, "porto": 5},
    "e": {"10k": 5, "100k": 5, "porto": 5, "1M": 3},
    "f": {"porto": 2},
    "g": {"anning": 1, "known": 1, "planar": 1},
    "h": {"-": 1},
    "memory": {"1M": 1},
    "processes": {"-": 1},
}
"""Rounds of each case on each network."""
_SIZES = sorted({size for sizes in PLAN.values() for size in sizes} - {"-"})
_THREADED = ("c",)
_DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--case", choices=sorted(PLAN), help="run this case only")
    parser.add_argument("--size", choices=_SIZES, help="on this network or group only")
    parser.add_argument("--rounds", type=int, help="timed rounds of each contestant")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.json is not None:
        found = run_here(given.case, given.size or "-", given.rounds, given.work)
        given.json.write_text(json.dumps(found.as_json()), encoding="utf-8")
        return 0
    start = time.perf_counter()
    results = run_apart(given.case, given.size, given.rounds)
    print(as_text(results))
    if given.case is None and given.size is None:
        write_markdown(_DOCUMENT, results, minutes=(time.perf_counter() - start) / 60)
    return 0


def run_here(case: str, size: str, rounds: int, work: Path) -> Result:
    """Run one case on one network in this process."""
    from bench.process import memory_case, processes_case

    if case == "processes":
        return processes_case()
    if case == "memory":
        return memory_case(size, work)
    if case == "f":
        from bench.loading import loading_case

        return loading_case(rounds, work)
    if case == "g":
        from bench.splits import splits_case

        return splits_case(size)
    if case == "h":
        from bench.siting import siting_case

        return siting_case(rounds)
    from bench import points, routing, shapes
    from bench.networks import load

    city = load(size, work=work)
    if case == "d":
        return shapes.polygons_case(city, rounds, work)
    verb = {
        "a": routing.nearest_case, "b": routing.lists_case, "c": routing.counts_case,
        "e": points.snapping_case,
    }[case]  # fmt: skip
    return verb(city, rounds)


def run_apart(case: str | None, size: str | None, rounds: int | None) -> dict[tuple[str, str], Result]:
    """Run cases one after another, each in a process of its own."""
    from bench.networks import extract_path

    results: dict[tuple[str, str], Result] = {}
    with tempfile.TemporaryDirectory() as folder:
        for one, sizes in PLAN.items():
            for network, planned in sizes.items():
                if case not in (None, one) or size not in (None, network):
                    continue
                if network == "porto":
                    try:
                        extract_path()
                    except FileNotFoundError as error:
                        absent = Absent(one, network, "all", str(error))
                        results[one, network] = Result(absent=[absent])
                        continue
                began = time.perf_counter()
                results[one, network] = _child(one, network, rounds or planned, Path(folder))
                print(f"{one} {network}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return results


def _child(case: str, size: str, rounds: int, work: Path) -> Result:
    told = work / f"{case}-{size}.json"
    command = [
        sys.executable, "-m", "bench.run", "--case", case, "--rounds", str(rounds),
        "--work", str(work), "--json", str(told), *([] if size == "-" else ["--size", size]),
    ]  # fmt: skip
    threads = os.cpu_count() if case in _THREADED else 1
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode or not told.exists():
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with code {done.returncode}"]
        return Result(absent=[Absent(case, size, "all", f"the case failed: {last[0]}")])
    return Result.from_json(json.loads(told.read_text(encoding="utf-8")))


if __name__ == "__main__":
    raise SystemExit(main())
