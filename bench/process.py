"""What the machine is, and what a whole process costs: bandwidth, memory, compilation, imports."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Absent, Result

__all__ = ["FLOOR_BYTES_PER_NODE", "PROCESSES", "machine", "memory_case", "processes_case"]

FLOOR_BYTES_PER_NODE = 55
"""What one search must move at least: its arcs, times and names."""
PROCESSES = {
    "python": "pass",
    "import geoplan": "import geoplan",
    "import geoplan.network.times": "import geoplan.network.times",
    "import numba": "import numba",
}
"""What short processes do whose times are told."""
_COPY_BYTES = 400_000_000
_WARMUP = [sys.executable, "-c", "from geoplan.cli.app import main; main()", "warmup"]


def machine() -> dict[str, Any]:
    """Return cores, CPU model, memory and Python; nothing that names the machine itself."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [one for one in info.read_text(encoding="utf-8").splitlines() if one.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else ""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "cpu": model or platform.machine(),
        "memory_gb": round(pages / 2**30, 1),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _bandwidth_gb_per_s() -> float:
    """Return the best of several large copies, bytes read and written both counted."""
    source = np.ones(_COPY_BYTES // 8)
    target = np.empty_like(source)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        best = max(best, 2 * source.nbytes / (time.perf_counter() - start) / 1e9)
    return best


def processes_case() -> Result:
    """Measure bandwidth, what the first compilation costs, and imports, each in fresh processes."""
    result = Result(figures={"bandwidth_gb_per_s": _bandwidth_gb_per_s()})
    figures = result.figures
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "NUMBA_CACHE_DIR": cache}
        try:
            figures["first_warmup"] = _cpu(_WARMUP, env)
            figures["second_warmup"] = _cpu(_WARMUP, env)
        except subprocess.CalledProcessError as error:
            reason = f"geoplan warmup ended with code {error.returncode}"
            result.absent.append(Absent("processes", "-", "compilation", reason))
    for name, code in PROCESSES.items():
        runs = (_cpu([sys.executable, "-c", code], dict(os.environ)) for _ in range(3))
        figures[name] = min(runs, key=lambda one: one["wall_s"])
    return result


def _cpu(command: list[str], env: dict[str, str]) -> dict[str, float]:
    """Run a command; return the CPU and wall seconds it took."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_s": time.perf_counter() - start,
    }


_MEMORY = """
import json, sys
import numpy as np
from geoplan.network import times
from geoplan.network.arcs import doors
from geoplan.network.graph import WalkNetwork
from geoplan.network.search import nearest_at_nodes
from geoplan.network.snap import Snaps

told = np.load(sys.argv[1], allow_pickle=False)
edges = len(told["edge_u"])
walk = WalkNetwork(
    crs="EPSG:32650",
    node_x=told["node_x"], node_y=told["node_y"], edge_u=told["edge_u"], edge_v=told["edge_v"],
    edge_length_m=told["edge_length_m"],
    edge_steps=np.zeros(edges, bool), edge_enterable=np.ones(edges, bool),
    edge_one_way=np.zeros(edges, bool), edge_crossings=np.zeros(edges), edge_climb_m=np.zeros(edges),
    edge_street=np.empty(edges, object), edge_geometry=np.empty(edges, object),
)

def snaps(name):
    edge = told[name + "_edge"]
    return Snaps(
        owner=np.arange(len(edge)), owners=len(edge), edge=edge, offset_m=told[name + "_offset_m"],
        snap_m=np.zeros(len(edge)),
    )

costs = walk.costs(speed_m_per_min=67.0)
places = snaps("places") if sys.argv[2] == "places" else None
for number in range(5):
    targets = snaps(f"targets{number}")
    if sys.argv[2] == "nodes":
        row = nearest_at_nodes(walk, costs, doors(walk, costs, targets, leaving=False), numba=True)[1]
    else:
        row = times.nearest(walk, costs, places, targets, metres=False, engine="numba").target
# the kernel's own mark: getrusage would carry over what the parent had
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak_mb = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"peak_mb": peak_mb, "reached": int((row >= 0).sum())}))
"""


def memory_case(name: str, work: Path) -> Result:
    """Measure the peak memory of a whole process that does case a on a network without its lines."""
    from bench.networks import load
    from bench.routing import facilities

    city = load(name, work=work)
    told: dict[str, Any] = {
        one: getattr(city.walk, one) for one in ("node_x", "node_y", "edge_u", "edge_v", "edge_length_m")
    }
    groups = {"places": np.arange(city.nodes)}
    groups.update({f"targets{number}": one for number, one in enumerate(facilities(city))})
    for group, nodes in groups.items():
        snaps = city.at_nodes(nodes)
        told[f"{group}_edge"], told[f"{group}_offset_m"] = snaps.edge, snaps.offset_m
    file = work / f"memory-{name}.npz"
    np.savez(file, **told)
    figures = {}
    for asked in ("nodes", "places"):
        command = [sys.executable, "-c", _MEMORY, str(file), asked]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        figures[f"peak_mb_{asked}"] = json.loads(done.stdout.splitlines()[-1])["peak_mb"]
    return Result(figures=figures)
