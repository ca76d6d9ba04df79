"""Who is within a walking time of whom: lists from the side of the targets, counts at the places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoplan.network.arcs import Doors, Int32Array, along_edges, doors, search_arcs
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.kernels import INF_MS, OUT, bounded, compiled
from geoplan.network.snap import Snaps
from geoplan.network.threads import in_threads, worker_count

__all__ = ["BoundedSearch", "ListedPlaces"]

_CHUNKS_PER_WORKER = 4
_FEWEST_KEYS = 1 << 16


@dataclass(frozen=True, eq=False)
class ListedPlaces:
    """
    For each target, the places within the limit.

    Parameters
    ----------
    indptr
        Places of target ``t`` are entries ``indptr[t]`` to ``indptr[t + 1]``.
    place
        Row of the place, ascending within a target.
    ms
        Walking time from it [ms].
    """

    indptr: IntArray
    place: IntArray
    ms: IntArray


class BoundedSearch:
    """
    Searches from every target as far as a limit, by numba.

    Parameters
    ----------
    network, costs, places, targets
        As in `geoplan.network.times.nearest`.
    limit_ms
        A walk of exactly this time counts [ms].
    """

    def __init__(
        self, network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps, *, limit_ms: int
    ) -> None:
        self._nodes, self._places, self._targets = network.node_count, places.owners, targets.owners
        self._limit = limit_ms
        self._shift = max(0, limit_ms.bit_length() - 7)
        self._bits = max(1, limit_ms.bit_length())
        arcs = search_arcs(network, costs)
        starts = doors(network, costs, targets, leaving=False)
        ends = doors(network, costs, places, leaving=True)
        along = along_edges(network, costs, places, targets)
        near = along.ms <= limit_ms
        order = np.argsort(along.target[near], kind="stable")
        along_first = np.searchsorted(along.target[near][order], np.arange(self._targets + 1))
        self._graph = (
            *(arcs.indptr, arcs.head, arcs.ms),
            *(starts.first, starts.node, starts.ms),
            *_by_node(ends, self._nodes),
            along_first,
            along.place[near][order].astype(np.int32),
            along.ms[near][order].astype(np.int32),
        )

    def _workspace(self) -> tuple[Int32Array, ...]:
        nodes, places = self._nodes, self._places
        return (
            np.full(nodes, INF_MS, np.int32),
            np.full(nodes, -1, np.int32),
            np.full(nodes, OUT, np.int32),
            np.full((self._limit >> self._shift) + 1, -1, np.int32),
            np.empty(nodes, np.int32),
            np.full(places, INF_MS, np.int32),
            np.empty(places, np.int32),
        )

    def lists(self) -> ListedPlaces:
        """Return the places within the limit of each target."""
        sizes = np.zeros(self._targets, np.int64)
        spans = self._spans(worker_count())
        pieces: list[list[tuple[IntArray, IntArray]]] = [[] for _ in spans]

        def work(numbers: range) -> None:
            space = self._workspace()
            keys = np.empty(max(_FEWEST_KEYS, self._places), np.int64)
            for number in numbers:
                low, high = spans[number]
                while low < high:
                    done, used = self._run(low, high, space, keys=keys, sizes=sizes)
                    pieces[number].append(self._decoded(keys[:used], sizes[low:done]))
                    low = done

        in_threads(work, len(spans), worker_count())
        flat = [piece for some in pieces for piece in some]
        empty = np.zeros(0, np.int64)
        return ListedPlaces(
            indptr=np.concatenate([[0], np.cumsum(sizes)]),
            place=np.concatenate([empty, *(place for place, _ in flat)]),
            ms=np.concatenate([empty, *(ms for _, ms in flat)]),
        )

    def _decoded(self, keys: IntArray, sizes: IntArray) -> tuple[IntArray, IntArray]:
        keys = np.sort(keys)
        before = np.repeat(np.arange(len(sizes)) * self._places, sizes)
        return (keys >> self._bits) - before, keys & ((1 << self._bits) - 1)

    def counts(self) -> IntArray:
        """Return how many targets lie within the limit of each place."""
        spans = self._spans(worker_count())
        parts: list[IntArray] = []

        def work(numbers: range) -> None:
            space, counts = self._workspace(), np.zeros(self._places, np.int64)
            for number in numbers:
                self._run(*spans[number], space, counts=counts)
            parts.append(counts)

        in_threads(work, len(spans), worker_count())
        total = np.zeros(self._places, np.int64)
        for part in parts:
            total += part
        return total

    def sums(self, weights: FloatArray) -> FloatArray:
        """Return the weights of the targets within the limit of each place, added up in order of targets."""
        sums = np.zeros(self._places)
        counts = np.zeros(self._places, np.int64)
        self._run(0, self._targets, self._workspace(), counts=counts, weights=weights, sums=sums)
        return sums

    def _spans(self, workers: int) -> list[tuple[int, int]]:
        """Cut the targets into runs; a run's keys must fit 63 bits."""
        most = max(1, (1 << (62 - self._bits)) // max(1, self._places))
        size = min(most, max(1, -(-self._targets // (workers * _CHUNKS_PER_WORKER))))
        return [(low, min(low + size, self._targets)) for low in range(0, self._targets, size)]

    def _run(
        self,
        low: int,
        high: int,
        space: tuple[Int32Array, ...],
        *,
        keys: IntArray | None = None,
        sizes: IntArray | None = None,
        counts: IntArray | None = None,
        weights: FloatArray | None = None,
        sums: FloatArray | None = None,
    ) -> tuple[int, int]:
        none, no_weight = np.zeros(0, np.int64), np.zeros(0)
        done, used = compiled(bounded)(
            low, high, self._limit, self._shift, *self._graph, *space,
            keys is not None, self._bits, *(none if one is None else one for one in (keys, sizes, counts)),
            *(no_weight if one is None else one for one in (weights, sums)),
        )  # fmt: skip
        return int(done), int(used)


def _by_node(ends: Doors, nodes: int) -> tuple[IntArray, Int32Array, Int32Array]:
    order = np.argsort(ends.node, kind="stable")
    return np.searchsorted(ends.node[order], np.arange(nodes + 1)), ends.owner[order], ends.ms[order]
