"""Cases a, b and c: nearest facility for every node, lists within 15 minutes, counts within 15 minutes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.measure import Absent, Result, Sample, interleave, row
from bench.networks import City
from bench.peers import (
    Lists,
    NetworkitPeer,
    NetworkxPeer,
    PandanaPeer,
    scipy_lists,
    scipy_nearest,
    why_not,
)
from geoplan.network import times
from geoplan.network.arcs import doors
from geoplan.network.search import nearest_at_nodes
from geoplan.network.snap import Snaps

__all__ = ["CATEGORIES", "LIMIT_MS", "counts_case", "facilities", "lists_case", "nearest_case"]

IntArray = npt.NDArray[np.int64]

LIMIT_MS = 900_000
"""15 minutes."""
CATEGORIES = (5_000, 2_000, 1_000, 500, 200)
"""Nodes to one facility, category by category."""
_TOO_LONG = {
    "networkx": "left out at 1M nodes, to keep the run within a quarter of an hour",
    "pandana": "left out at 1M nodes, to keep the run within a quarter of an hour",
}
_LARGEST_FOR_SLOW_PEERS = 300_000
_PANDANA_AGGREGATE_NODES = 120_000


def facilities(city: City) -> list[IntArray]:
    """Return the nodes of the facilities of five categories, rare to common."""
    return [city.some_nodes(max(2, city.nodes // share), seed) for seed, share in enumerate(CATEGORIES)]


def _peer(result: Result, case: str, city: City, name: str, make: Callable[[], Any]) -> Any:
    """Return a peer, or None and a line that says why not."""
    reason = why_not(name)
    if not reason and name in _TOO_LONG and city.nodes > _LARGEST_FOR_SLOW_PEERS:
        reason = _TOO_LONG[name]
    if not reason:
        return make()
    result.absent.append(Absent(case, city.name, name, reason))
    return None


def _built(peer: Any) -> str:
    return f"its graph took {peer.build_s:.1f} s to build, not counted"


def nearest_case(city: City, rounds: int) -> Result:
    """Measure case a: for every node the nearest facility of each of five categories, and which it is."""
    result = Result()
    chosen = facilities(city)
    everyone = city.at_nodes(np.arange(city.nodes))
    targets = [city.at_nodes(one) for one in chosen]
    contestants: dict[str, Callable[[], Any]] = {
        "ours": lambda: [_at_nodes(city, one) for one in targets],
        "geoplan, places": lambda: [
            times.nearest(city.walk, city.costs, everyone, one, metres=False, engine="numba")
            for one in targets
        ],
        "geoplan, lengths": lambda: [
            times.nearest(city.walk, city.costs, everyone, one, engine="numba") for one in targets
        ],
        "scipy": lambda: [scipy_nearest(city, one) for one in chosen],
        "scipy, named": lambda: [scipy_nearest(city, one, named=True) for one in chosen],
    }
    notes = {
        "geoplan, places": "`nearest`, with a place at every node: what lies between the junctions included",
        "geoplan, lengths": "the same, and the length of every walk",
        "scipy": "times only: it does not say which facility",
        "scipy, named": "with the facility's name, as ours",
    }
    networkit = _peer(result, "a", city, "networkit", lambda: NetworkitPeer(city, chosen))
    if networkit is not None:
        contestants["networkit"] = lambda: [networkit.nearest(number) for number in range(len(chosen))]
        notes["networkit"] = f"times only; {_built(networkit)}"
    networkx = _peer(result, "a", city, "networkx", lambda: NetworkxPeer(city))
    if networkx is not None:
        contestants["networkx"] = lambda: [networkx.nearest(one) for one in chosen]
        notes["networkx"] = f"times only; {_built(networkx)}"
    pandana = _peer(result, "a", city, "pandana", lambda: PandanaPeer(city))
    if pandana is not None:
        farthest = max(int(scipy_nearest(city, one).max()) for one in chosen) // 1000 + 1
        for name, limit in (("all", farthest), ("near", LIMIT_MS // 1000)):
            for number, one in enumerate(chosen):
                pandana.set_facilities(one, name=f"{name}{number}", farthest_s=limit)
        contestants["pandana"] = lambda: [pandana.nearest(f"all{n}", farthest) for n in range(len(chosen))]
        contestants["pandana, 15 min"] = lambda: [
            pandana.nearest(f"near{n}", LIMIT_MS // 1000) for n in range(len(chosen))
        ]
        notes["pandana"] = f"as far as the farthest node; {_built(pandana)}"
        notes["pandana, 15 min"] = "cut at 15 minutes (ours is not cut)"
    samples = interleave(contestants, rounds)
    ours = samples.pop("ours")
    mine = np.array(ours.answer)
    reach = {"scipy": 5.0 if city.name == "1M" else 3.0 if city.name == "porto" else None}
    reach["pandana"] = 20.0 if city.name == "porto" else None
    for name, theirs in samples.items():
        answer = np.array([getattr(one, "ms", one) for one in theirs.answer])
        expected = np.minimum(mine, LIMIT_MS) if name.endswith("15 min") else mine
        where = ("a", city.name, "nearest × 5, every node")
        agrees = _same((answer, expected))
        result.rows.append(
            row(where, name, ours, theirs, agrees=agrees, reach=reach.get(name), note=notes[name])
        )
    result.figures["ns_per_node"] = ours.median_s * 1e9 / len(chosen) / city.nodes
    result.figures["nodes"] = city.nodes
    return result


def _at_nodes(city: City, targets: Snaps) -> npt.NDArray[np.int32]:
    """Return the time [ms] from every node to its nearest target; which one it is is found as well."""
    ways = doors(city.walk, city.costs, targets, leaving=False)
    return nearest_at_nodes(city.walk, city.costs, ways, numba=True)[0]


def _same(*pairs: tuple[Any, Any]) -> str:
    differing, most = 0, 0
    for a, b in pairs:
        if np.shape(a) != np.shape(b):
            return f"{len(a):,} answers, ours {len(b):,}"
        apart = np.abs(np.asarray(a, np.int64) - np.asarray(b, np.int64))
        differing += int((apart > 0).sum())
        most = max(most, int(apart.max(initial=0)))
    return "equal" if not differing else f"{differing:,} differ, by {most:,} at most"


def lists_case(city: City, rounds: int) -> Result:
    """Measure case b: who is within 15 minutes of each of 22 and 1,000 facilities, and how near."""
    result = Result()
    everyone = city.at_nodes(np.arange(city.nodes))
    networkx = _peer(result, "b", city, "networkx", lambda: NetworkxPeer(city))
    pandana = _peer(result, "b", city, "pandana", lambda: PandanaPeer(city))
    for count in (22, 1000):
        nodes = city.some_nodes(count, count)
        targets = city.at_nodes(nodes)
        contestants: dict[str, Callable[[], Any]] = {
            "ours": lambda targets=targets: times.within(
                city.walk, city.costs, everyone, targets, limit_ms=LIMIT_MS, engine="numba"
            )
        }
        few = nodes if city.nodes <= _LARGEST_FOR_SLOW_PEERS else nodes[:100]
        contestants["scipy"] = lambda few=few: scipy_lists(city, few, LIMIT_MS)
        if networkx is not None:
            contestants["networkx"] = lambda nodes=nodes: networkx.lists(nodes, LIMIT_MS)
        if pandana is not None:
            contestants["pandana"] = lambda nodes=nodes: pandana.lists(nodes, LIMIT_MS)
        samples = interleave(contestants, rounds)
        ours = samples.pop("ours")
        mine = _as_lists(ours.answer)
        result.figures[f"us_per_source_{count}"] = ours.median_s * 1e6 / len(nodes)
        result.figures[f"reached_per_source_{count}"] = len(mine[0]) / len(nodes)
        for name, theirs in samples.items():
            result.rows.append(_lists_row(city, name, nodes, few, ours, theirs, mine))
    return result


def _as_lists(answer: Any) -> Lists:
    source = np.repeat(np.arange(len(answer.indptr) - 1), np.diff(answer.indptr))
    order = np.lexsort((answer.place, source))
    return source[order], answer.place[order].astype(np.int64), answer.ms[order].astype(np.int64)


def _lists_row(
    city: City, name: str, nodes: IntArray, few: IntArray, ours: Sample, theirs: Sample, mine: Lists
) -> Any:
    reach, share, note, expected = None, 1.0, "", mine
    if name == "scipy":
        answer, share = theirs.answer, len(few) / len(nodes)
        expected = tuple(one[mine[0] < len(few)] for one in mine)
        note = "writes a dense row a source" + ("" if share == 1 else f"; timed on {len(few)}, scaled up")
    elif name == "networkx":
        answer, reach = NetworkxPeer.as_lists(theirs.answer), 20.0
    else:
        answer, reach = PandanaPeer.as_lists(theirs.answer, nodes), 14.0
    task = f"lists, {len(nodes):,} facilities"
    agrees = _same(*zip(answer, expected, strict=True))
    reach = reach if len(nodes) == 1000 else None
    return row(("b", city.name, task), name, ours, theirs, agrees=agrees, reach=reach, note=note, share=share)


def counts_case(city: City, rounds: int) -> Result:
    """Measure case c: how many facilities within 15 minutes of every node; 1,000, or one at every node."""
    result = Result()
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    everyone = city.at_nodes(np.arange(city.nodes))
    pandana = _peer(result, "c", city, "pandana", lambda: PandanaPeer(city))
    for count in (1000, city.nodes):
        nodes = np.arange(city.nodes) if count == city.nodes else city.some_nodes(count, count)
        targets = city.at_nodes(nodes)
        contestants: dict[str, Callable[[], Any]] = {
            "ours": lambda targets=targets: times.count_within(
                city.walk, city.costs, everyone, targets, limit_ms=LIMIT_MS, engine="numba"
            )
        }
        if pandana is not None and city.nodes <= _PANDANA_AGGREGATE_NODES:
            pandana.set_weights(nodes)
            contestants["pandana"] = lambda: pandana.counts(LIMIT_MS)
        samples = interleave(contestants, rounds)
        ours = samples["ours"]
        task = "counts, a facility at every node" if count == city.nodes else "counts, 1,000 facilities"
        result.figures[f"seconds_{task}"] = ours.median_s
        if "pandana" in samples:
            theirs = samples["pandana"]
            result.rows.append(
                row(
                    ("c", city.name, task),
                    "pandana",
                    ours,
                    theirs,
                    agrees=_same((theirs.answer, ours.answer)),
                    reach=3.0 if count == city.nodes else None,
                    note=f"{threads} threads each",
                )
            )
    return result
