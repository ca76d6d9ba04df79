"""Case f: from an extract on disk to a network that can be walked, each loader in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import Absent, Result, Sample, row
from bench.networks import extract_path
from bench.peers import why_not

__all__ = ["LOADERS", "loading_case"]

_HEAD = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
file = sys.argv[1]
"""
_TAIL = """
spent = time.perf_counter() - start
# the kernel's own mark: getrusage would carry over what the parent had
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak_mb = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"s": spent, "mb": peak_mb, "nodes": nodes}))
"""
LOADERS = {
    "ours": """
import geopandas, osmium
from pathlib import Path
from bench.networks import from_extract
start = time.perf_counter()
nodes = from_extract(Path(file)).node_count
""",
    "pyrosm": """
from pyrosm import OSM
start = time.perf_counter()
osm = OSM(file)
found, edges = osm.get_network(network_type="walking", nodes=True)
nodes = osm.to_graph(found, edges, graph_type="networkx", retain_all=True).number_of_nodes()
""",
    "pyrosm, tables": """
from pyrosm import OSM
start = time.perf_counter()
nodes = len(OSM(file).get_network(network_type="walking", nodes=True)[0])
""",
    "osmnx": """
import osmnx
start = time.perf_counter()
nodes = osmnx.graph_from_xml(file, retain_all=True).number_of_nodes()
""",
}
_NOTES = {
    "pyrosm": "graph for networkx, cut at junctions",
    "pyrosm, tables": "tables of nodes and edges only, no graph",
    "osmnx": "from XML, written beforehand and not counted; graph cut at junctions",
}
_ROUNDS_OF_SLOW = 1


def loading_case(rounds: int, work: Path) -> Result:
    """Measure case f on the extract beside the checkout."""
    result = Result()
    pbf, xml = extract_path(), work / "extract.osm"
    present = ["ours"]
    for name, module in (("pyrosm", "pyrosm"), ("pyrosm, tables", "pyrosm"), ("osmnx", "osmnx")):
        reason = why_not(module)
        if reason:
            result.absent.append(Absent("f", "porto", name, reason))
        else:
            present.append(name)
    if "osmnx" in present:
        _write_xml(pbf, xml)
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in present}
    for number in range(rounds):
        for name in present:
            if name != "osmnx" or number < _ROUNDS_OF_SLOW:
                told[name].append(_run(name, xml if name == "osmnx" else pbf))
    samples = {name: Sample(tuple(one["s"] for one in found), None) for name, found in told.items()}
    memory = {name: median(one["mb"] for one in found) for name, found in told.items()}
    result.figures["peak_mb"] = memory
    for name in present[1:]:
        nodes = told[name][0]["nodes"]
        agrees = f"its own rules: {nodes:,} nodes, ours {told['ours'][0]['nodes']:,}"
        times = f"{memory[name] / memory['ours']:.1f} × our memory"
        where = ("f", "porto", "load the extract")
        result.rows.append(
            row(
                where,
                name,
                samples["ours"],
                samples[name],
                agrees=agrees,
                reach=5.0 if name == "pyrosm" else None,
                note=f"{_NOTES[name]}; {times}",
            )
        )
    return result


def _run(name: str, file: Path) -> dict[str, Any]:
    script = _HEAD + LOADERS[name] + _TAIL
    command = [sys.executable, "-c", script, str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _write_xml(pbf: Path, xml: Path) -> None:
    import osmium

    with osmium.SimpleWriter(str(xml), overwrite=True) as writer:
        for one in osmium.FileProcessor(str(pbf)):
            writer.add(one)
