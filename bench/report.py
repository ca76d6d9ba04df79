"""The table on the terminal, and docs/benchmarks.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measure import Absent, Result, Row
from bench.peers import installed
from bench.process import FLOOR_BYTES_PER_NODE, PROCESSES, machine

__all__ = ["as_text", "growth", "met", "split_lines", "write_markdown"]

Results = Mapping[tuple[str, str], Result]

TITLES = {
    "a": "a. Nearest facility of five categories, for every node",
    "b": "b. Who is within 15 minutes of each facility",
    "c": "c. How many facilities within 15 minutes of every node",
    "d": "d. Polygons around 15 minutes",
    "e": "e. Meeting the nearest street",
    "f": "f. Loading an extract",
    "g": "g. Splitting communities",
    "h": "h. Siting centres, exact",
}
_FLOOR_OF_THE_TARGET_NS = 5.3
"""55 bytes a node at 10.4 GB/s."""
_WITHIN_FLOOR = 15.0
_PEAK_MB = 500.0
_COMPILE_CPU_S = 10.0


def met(row: Row) -> str:
    """Return whether a line reaches what the project wants, with the number."""
    if row.reach is None:
        return ""
    return f"≥ {row.reach:g}: {'met' if row.ratio >= row.reach else 'not met'}"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} µs"


def _ratio(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def _cells(row: Row) -> list[str]:
    spread = f"{_ratio(row.low)}–{_ratio(row.high)}" if row.rounds > 1 else "one round"
    lost = " (we lose)" if row.ratio < 1 else ""
    return [
        row.size, row.task, row.peer, _time(row.ours_s), _time(row.peer_s), _ratio(row.ratio) + lost, spread,
        row.agrees, met(row), row.note,
    ]  # fmt: skip


_HEADS = ["network", "task", "peer", "ours", "peer", "peer / ours", "rounds", "answers", "wanted", "note"]


def as_text(results: Results) -> str:
    """Return one table for the terminal, with what is missing and the further figures below it."""
    lines = [_HEADS[:-1], *([*_cells(row)[:-1]] for one in results.values() for row in one.rows)]
    width = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    table = ["  ".join(cell.ljust(w) for cell, w in zip(line, width, strict=True)).rstrip() for line in lines]
    told = [f"not measured: {_absent(one)}" for result in results.values() for one in result.absent]
    quality = [*(" | ".join(line) for line in split_lines(results)), "", *_split_losses(results)]
    return "\n".join([*table, "", *told, *_plain(results), *(quality if len(quality) > 1 else [])])


def _absent(one: Absent) -> str:
    return f"case {one.case}, {one.size}, {one.peer}: {one.reason}"


def growth(results: Results) -> Iterator[tuple[str, int, float, float]]:
    """Yield size, nodes, nanoseconds a node and the growth that n log n would allow, of case a."""
    first: tuple[int, float] | None = None
    for size in ("10k", "100k", "1M"):
        figures = results[("a", size)].figures if ("a", size) in results else {}
        if "ns_per_node" in figures:
            nodes, spent = figures["nodes"], figures["ns_per_node"]
            first = first or (nodes, spent)
            yield size, nodes, spent, first[1] * math.log(nodes) / math.log(first[0])


def _figure(results: Results, case: str, size: str, name: str) -> Any:
    return results[case, size].figures.get(name) if (case, size) in results else None


def _plain(results: Results) -> list[str]:
    """Return the further figures as sentences."""
    said = []
    for size, nodes, spent, allowed in growth(results):
        verdict = "met" if spent <= allowed else "not met"
        held = "" if spent == allowed else f"; n log n allows {allowed:.0f}: {verdict}"
        said.append(f"{size}: {nodes:,} nodes, {spent:.0f} ns a node{held}")
    bandwidth = _figure(results, "processes", "-", "bandwidth_gb_per_s")
    spent = _figure(results, "a", "1M", "ns_per_node")
    if bandwidth:
        floor = FLOOR_BYTES_PER_NODE / bandwidth
        said.append(
            f"memory floor: {FLOOR_BYTES_PER_NODE} bytes a node at {bandwidth:.1f} GB/s (copy by numpy,"
            f" reads and writes) is {floor:.1f} ns a node"
        )
        if spent:
            for times, whose in (
                (spent / floor, "this machine's floor"),
                (
                    spent / _FLOOR_OF_THE_TARGET_NS,
                    "the floor of the machine on which the target was set, 5.3 ns",
                ),
            ):
                verdict = "met" if times <= _WITHIN_FLOOR else "not met"
                said.append(f"1M: {times:.1f} times {whose} (wanted ≤ {_WITHIN_FLOOR:.0f}: {verdict})")
    for asked, what in (("nodes", "the search of case a"), ("places", "`nearest`, a place at every node")):
        peak = _figure(results, "memory", "1M", f"peak_mb_{asked}")
        if peak:
            verdict = "met" if peak < _PEAK_MB else "not met"
            said.append(f"peak memory at 1M, {what}: {peak:.0f} MB (wanted < {_PEAK_MB:.0f}: {verdict})")
    said += _process_lines(results)
    return said


def _process_lines(results: Results) -> list[str]:
    said = []
    figures = results["processes", "-"].figures if ("processes", "-") in results else {}
    first, second = figures.get("first_warmup"), figures.get("second_warmup")
    if first and second:
        empty, cached = first["cpu_s"], second["cpu_s"]
        verdict = "met" if empty < _COMPILE_CPU_S else "not met"
        said.append(
            f"geoplan warmup: {empty:.1f} CPU seconds with an empty cache, imports included"
            f" (wanted < {_COMPILE_CPU_S:.0f}: {verdict}); {cached:.1f} with a full one"
        )
    said += [
        f"a process with `{name}`: {figures[name]['wall_s']:.2f} s" for name in PROCESSES if name in figures
    ]
    return said


def _table(heads: list[str], lines: list[list[str]]) -> list[str]:
    rows = [heads, ["---"] * len(heads), *lines]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in rows]


def write_markdown(file: Path, results: Results, *, minutes: float) -> None:
    """
    Write the document.

    Parameters
    ----------
    file
        Where to.
    results
        Of all cases.
    minutes
        How long the run took [min].
    """
    box = machine()
    versions = ", ".join(f"{name} {number}" for name, number in installed().items())
    said = [
        "# Benchmarks", "",
        "Written by `make bench`; do not edit. One run measures geoplan beside what a user would pick:"
        " all contestants in every round, in turning order, and the ratio is the median over the rounds of"
        " peer time / our time. `rounds` gives the smallest and largest of these."
        " Answers are compared in the same run: `equal` means to the millisecond, or in every distance.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}. {box['cores']} cores, {box['cpu']}, {box['memory_gb']} GB;"
        f" {box['system']}, Python {box['python']}. The run took {minutes:.0f} minutes.", "",
        versions + ".", "",
        "The networks 10k, 100k and 1M are square grids with jittered junctions and an eighth of the streets"
        " missing; porto is the largest component of an OSM extract. Peers get our numbering of the nodes."
        " Everyone has one thread, in case c every core. Walking is at 67 m/min.", "",
    ]  # fmt: skip
    for case, title in TITLES.items():
        rows = [row for (one, _), result in results.items() if one == case for row in result.rows]
        said += [f"## {title}", "", *_table(_HEADS, [_cells(row) for row in rows]), ""]
        if case == "d":
            said += _truth(results)
        if case == "g":
            said += _splits(results)
    said += ["## Growth, memory, first run", "", *(f"- {one}" for one in _plain(results)), ""]
    missing = [_absent(one) for result in results.values() for one in result.absent]
    if missing:
        said += ["## Not measured", "", *(f"- {one}" for one in missing), ""]
    file.write_text("\n".join(said), encoding="utf-8")


_SPLIT_HEADS = [
    "instances", "contestant", "feasible", "walks kept", "deviation", "cost of borders",
    "barriers inside (m)", "mean walk (m)", "says impossible", "no answer",
]  # fmt: skip


def split_lines(results: Results) -> list[list[str]]:
    """Return the quality of splits, a line a contestant; ours on the same instances in brackets."""
    lines = []
    for (case, group), result in results.items():
        if case != "g" or "splits" not in result.figures:
            continue
        told = result.figures["splits"]
        for name, found in told["quality"].items():
            known = told["impossible"].get(name)
            lines.append(
                [
                    f"{group} ({told['count']})", name, f"{found['feasible']}",
                    f"{found['walks_kept']}" if told["seats"] else "",
                    _pair(found["deviation"], "{:.1%}"), _pair(found["cut"], "{:,.0f}"),
                    _pair(found["barrier_m"], "{:,.0f}"), _pair(found["mean_walk_m"], "{:,.0f}"),
                    f"{known[0]} of {known[1]}" if known else "",
                    told["silent"][name],
                ]
            )  # fmt: skip
    return lines


def _pair(means: list[float] | None, form: str) -> str:
    return "" if means is None else f"{form.format(means[0])} ({form.format(means[1])})"


_QUALITY_WORDS = {
    "deviation": "deviation", "cut": "cost of borders", "barrier_m": "barriers inside",
    "mean_walk_m": "mean walk",
}  # fmt: skip


def _split_losses(results: Results) -> list[str]:
    """Return where a peer is better than ours, over the instances both split feasibly."""
    said = []
    for (case, group), result in results.items():
        figures = result.figures.get("splits") if case == "g" else None
        for name, found in figures["quality"].items() if figures else ():
            if name.startswith("geoplan"):
                continue
            lost = [
                f"{word} {found[key][0]:.4g} against {found[key][1]:.4g}"
                for key, word in _QUALITY_WORDS.items()
                if found[key] is not None and found[key][0] < found[key][1] * (1 - 1e-9)
            ]
            if lost:
                said.append(f"we lose on {group} to {name}: {'; '.join(lost)}")
    return said


def _splits(results: Results) -> list[str]:
    """Return the table of the quality of splits."""
    lines = split_lines(results)
    if not lines:
        return []
    told = (
        "Feasible: as many parts as asked for, within the limits, each in one piece where people can walk."
        " Peers are asked by borders alone, since none knows seats; the judge gives every part of every"
        " answer its best seat. Figures are means over the instances that both the contestant and ours split"
        " feasibly, ours in brackets: with seats for the walk, by borders for the rest. Some communities"
        " cannot be split at all once the walk is limited. A peer is stopped after 10 s of processor time"
        " an instance."
    )
    losses = [f"- {one}" for one in _split_losses(results)]
    return [told, "", *_table(_SPLIT_HEADS, lines), "", *losses, *([""] if losses else [])]


def _truth(results: Results) -> list[str]:
    """Return the table of what polygons miss and take in too much."""
    lines = []
    for (case, size), result in results.items():
        if case == "d":
            for name, shares in result.figures.get("truth", {}).items():
                lines.append([size, name, f"{shares['missed']:.2%}", f"{shares['false']:.2%}"])
    heads = ["network", "polygon", "reached length outside", "unreached length inside"]
    told = "Lengths as shares of the reached length, cut street by street; means over the places."
    return [told, "", *_table(heads, lines), ""] if lines else []
