"""The libraries a user would pick instead, each asked the same question in its own best way."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import time
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse.csgraph import dijkstra

from bench.networks import City

__all__ = [
    "DISTRIBUTIONS",
    "NetworkitPeer",
    "NetworkxPeer",
    "PandanaPeer",
    "installed",
    "quiet",
    "scipy_lists",
    "scipy_nearest",
    "why_not",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Lists = tuple[IntArray, IntArray, IntArray]
"""Source, node, ms, sorted by source and node."""

DISTRIBUTIONS = (
    "geoplan", "numba", "numpy", "scipy", "shapely", "contourpy", "networkx", "networkit", "pandana",
    "osmium", "pyrosm", "osmnx", "pyvalhalla", "pyvalhalla-weekly", "highspy", "gerrychain", "spopt",
    "pymetis", "pulp",
)  # fmt: skip
_SCIPY_ROWS = 64


def installed() -> dict[str, str]:
    """Return the versions of what takes part."""
    found = {}
    for name in DISTRIBUTIONS:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def why_not(module: str) -> str:
    """Return why a peer cannot be measured, empty if it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(module)
    except Exception as error:  # a broken wheel may raise anything
        return f"does not import: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return ""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep chatter off the table: what Python and C write meanwhile is dropped."""
    null = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1), os.dup(2)
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for one in (null, *kept):
            os.close(one)


def scipy_nearest(city: City, nodes: IntArray, *, named: bool = False) -> IntArray:
    """Return the time [ms] from the nearest of ``nodes`` to every node; ``named`` also finds which it is."""
    if named:
        found = dijkstra(city.matrix, indices=nodes, min_only=True, return_predecessors=True)[0]
    else:
        found = dijkstra(city.matrix, indices=nodes, min_only=True)
    return np.rint(found).astype(np.int64)


def scipy_lists(city: City, nodes: IntArray, limit_ms: int) -> Lists:
    """Return who is within the limit of each of ``nodes``, by dense rows."""
    parts = []
    for low in range(0, len(nodes), _SCIPY_ROWS):
        found = dijkstra(city.matrix, indices=nodes[low : low + _SCIPY_ROWS], limit=limit_ms)
        source, node = np.nonzero(np.isfinite(found))
        parts.append((source + low, node, np.rint(found[source, node]).astype(np.int64)))
    source, node, ms = (np.concatenate(one) for one in zip(*parts, strict=True))
    return source, node, ms


class NetworkxPeer:
    """networkx: dictionaries all the way."""

    def __init__(self, city: City) -> None:
        import networkx as nx

        start = time.perf_counter()
        self._nx = nx
        self._graph = nx.Graph()
        self._graph.add_nodes_from(range(city.nodes))
        self._graph.add_weighted_edges_from(
            zip(*(one.tolist() for one in city.links), strict=True), weight="ms"
        )
        self._nodes = city.nodes
        self.build_s = time.perf_counter() - start

    def nearest(self, nodes: IntArray) -> IntArray:
        """Return the time [ms] from the nearest of ``nodes`` to every node."""
        found = self._nx.multi_source_dijkstra_path_length(self._graph, set(nodes.tolist()), weight="ms")
        times = np.full(self._nodes, -1, np.int64)
        reached = np.fromiter(found.keys(), np.int64, len(found))
        times[reached] = np.fromiter(found.values(), np.int64, len(found))
        return times

    def lists(self, nodes: IntArray, limit_ms: int) -> list[dict[int, int]]:
        """Return who is within the limit of each of ``nodes``: a dictionary each."""
        search = self._nx.single_source_dijkstra_path_length
        return [search(self._graph, one, cutoff=limit_ms, weight="ms") for one in nodes.tolist()]

    @staticmethod
    def as_lists(found: list[dict[int, int]]) -> Lists:
        """Return the answer of `lists` as sorted arrays."""
        source = np.repeat(np.arange(len(found)), [len(one) for one in found])
        node = np.array([key for one in found for key in one], np.int64)
        ms = np.array([value for one in found for value in one.values()], np.int64)
        order = np.lexsort((node, source))
        return source[order], node[order], ms[order]


class NetworkitPeer:
    """networkit: several sources at once through one extra node a category, left by arcs of no length."""

    def __init__(self, city: City, categories: list[IntArray]) -> None:
        import networkit as nk

        start = time.perf_counter()
        nk.setNumberOfThreads(1)
        self._nk = nk
        self._nodes = city.nodes
        u, v, ms = city.links
        size = city.nodes + len(categories)
        tail = [u, v, *(np.full(len(one), city.nodes + number) for number, one in enumerate(categories))]
        head = [v, u, *categories]
        weight = [ms, ms, *(np.zeros(len(one), np.int64) for one in categories)]
        arrays = (np.concatenate(weight).astype(np.float64), (np.concatenate(tail), np.concatenate(head)))
        self._graph = nk.GraphFromCoo(arrays, n=size, directed=True, weighted=True)
        self.build_s = time.perf_counter() - start

    def nearest(self, category: int) -> IntArray:
        """Return the time [ms] from the nearest facility of a category to every node."""
        search = self._nk.distance.Dijkstra(self._graph, self._nodes + category, storePaths=False)
        search.run()
        return np.rint(np.asarray(search.getDistances(asarray=True))[: self._nodes]).astype(np.int64)


class PandanaPeer:
    """pandana: contraction hierarchies. It keeps times as whole thousandths of its unit, a second here."""

    def __init__(self, city: City) -> None:
        import pandana

        u, v, ms = city.links
        start = time.perf_counter()
        with quiet():
            self._net = pandana.Network(
                pd.Series(city.walk.node_x), pd.Series(city.walk.node_y), pd.Series(u), pd.Series(v),
                pd.DataFrame({"s": (ms + 0.25) / 1000.0}), twoway=True,  # it cuts thousandths off, not rounds
            )  # fmt: skip
        self.build_s = time.perf_counter() - start
        self._city = city

    def set_facilities(self, nodes: IntArray, *, name: str, farthest_s: float) -> None:
        """Make facilities known: pandana indexes them for `nearest`."""
        x, y = self._city.walk.node_x[nodes], self._city.walk.node_y[nodes]
        with quiet():
            self._net.set_pois(name, farthest_s, 1, pd.Series(x), pd.Series(y))

    def nearest(self, name: str, farthest_s: float) -> IntArray:
        """Return the time [ms] from the nearest facility to every node."""
        found = self._net.nearest_pois(farthest_s, name, num_pois=1)[1].to_numpy()
        return np.rint(found * 1000).astype(np.int64)

    def lists(self, nodes: IntArray, limit_ms: int) -> pd.DataFrame:
        """Return who is within the limit of each of ``nodes``: a table."""
        return self._net.nodes_in_range(nodes.tolist(), limit_ms / 1000.0)

    @staticmethod
    def as_lists(found: pd.DataFrame, nodes: IntArray) -> Lists:
        """Return the answer of `lists` as sorted arrays."""
        source = np.searchsorted(nodes, found["source"].to_numpy())
        node = found["destination"].to_numpy().astype(np.int64)
        ms = np.rint(found["s"].to_numpy() * 1000).astype(np.int64)
        order = np.lexsort((node, source))
        return source[order], node[order], ms[order]

    def set_weights(self, nodes: IntArray) -> None:
        """Make facilities known for `counts`."""
        with quiet():
            self._net.set(pd.Series(nodes), pd.Series(np.ones(len(nodes))), name="facilities")

    def counts(self, limit_ms: int) -> IntArray:
        """Return how many facilities lie within the limit of every node."""
        found = self._net.aggregate(limit_ms / 1000.0, type="count", decay="flat", name="facilities")
        return np.rint(found.to_numpy()).astype(np.int64)
