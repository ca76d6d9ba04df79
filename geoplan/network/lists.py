"""Who is within a walking time of whom: lists from the side of the targets, counts at the places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.network.arcs import Doors, along_edges, doors, search_arcs
from geoplan.network.bounded import bounded, counted
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.kernels import compiled
from geoplan.network.snap import Snaps
from geoplan.network.threads import in_threads, worker_count

__all__ = ["BoundedSearch", "ListedPlaces"]

UInt32Array = npt.NDArray[np.uint32]
UInt64Array = npt.NDArray[np.uint64]

_CHUNKS_PER_WORKER = 4
_FEWEST_KEYS = 1 << 16
_ROUND_MS = 50_000
"""Little is passed on twice within 50 s, about a street; and a quarter of an hour has but 18 rounds."""
_LANES = 64
"""Targets searched at once where they lie thick; a multiple of what a processor's vectors hold."""
_ROUND_OF_LANES_MS = 30_000
_NODES_PER_TARGET = 16
"""Where targets are rarer, each is searched alone: too little of what they reach is shared."""
_ROOM_PER_NODE = 2
_LEAST_ROOM = 64


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
        self.nodes, self.places, self.targets = network.node_count, places.owners, targets.owners
        self.limit_ms = limit_ms
        arcs = search_arcs(network, costs)
        self.degree = arcs.degree
        starts = doors(network, costs, targets, leaving=False)
        ends = doors(network, costs, places, leaving=True)
        along = along_edges(network, costs, places, targets)
        near = along.ms <= limit_ms
        order = np.argsort(along.target[near], kind="stable")
        self.graph = (
            *(arcs.indptr.view(np.uint32), arcs.head.view(np.uint32), arcs.ms.view(np.uint32)),
            *(starts.first, starts.node.view(np.uint32), starts.ms.view(np.uint32)),
            *_by_node(ends, self.nodes),
            np.searchsorted(along.target[near][order], np.arange(self.targets + 1)),
            along.place[near][order].astype(np.uint32),
            along.ms[near][order].astype(np.uint32),
        )
        # neighbours in the order of nodes are neighbours on the ground
        self.order = np.argsort(np.append(starts.node, 0)[starts.first[:-1]], kind="stable")

    @property
    def bits(self) -> int:
        """Return how many bits a time takes."""
        return max(1, self.limit_ms.bit_length())

    def lists(self) -> ListedPlaces:
        """Return the places within the limit of each target."""
        sizes = np.zeros(self.targets, np.int64)
        # a span's keys must fit 63 bits
        spans = _spans(self.targets, most=max(1, (1 << (62 - self.bits)) // max(1, self.places)))
        pieces: list[list[tuple[IntArray, IntArray]]] = [[] for _ in spans]

        def work(numbers: range) -> None:
            search = _OneByOne(self)
            keys = np.empty(max(_FEWEST_KEYS, self.places), np.int64)
            for number in numbers:
                low, high = spans[number]
                while low < high:
                    done, used = search.run(low, high, keys=keys, sizes=sizes)
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
        keys.sort()
        before = np.repeat(np.arange(len(sizes)) * self.places, sizes)
        return (keys >> self.bits) - before, keys & ((1 << self.bits) - 1)

    def counts(self) -> IntArray:
        """Return how many targets lie within the limit of each place."""
        thick = self.targets * _NODES_PER_TARGET >= self.nodes
        spans = _spans(self.targets, multiple_of=_LANES if thick else 1)
        parts: list[IntArray] = []

        def work(numbers: range) -> None:
            search = _SideBySide(self) if thick else _OneByOne(self)
            counts = np.zeros(self.places, np.int64)
            for number in numbers:
                search.run(*spans[number], counts=counts)
            parts.append(counts)

        in_threads(work, len(spans), worker_count())
        total = np.zeros(self.places, np.int64)
        for part in parts:
            total += part
        return total

    def sums(self, weights: FloatArray) -> FloatArray:
        """Return the weights of the targets within the limit of each place, added up in order of targets."""
        sums = np.zeros(self.places)
        counts = np.zeros(self.places, np.int64)
        _OneByOne(self).run(0, self.targets, counts=counts, weights=weights, sums=sums)
        return sums


class _Workspace:
    """What one thread needs; memory that is not written to costs none."""

    def __init__(self, search: BoundedSearch) -> None:
        self.search = search
        self.room = _ROOM_PER_NODE * search.nodes + _LEAST_ROOM
        self.queues = self._queues()

    def _queues(self) -> tuple[UInt64Array, UInt64Array]:
        size = self.room + self.search.degree
        return np.empty(size, np.uint64), np.empty(size, np.uint64)

    def grow(self) -> None:
        """Make room for more entries."""
        self.room *= 4
        self.queues = self._queues()


class _OneByOne(_Workspace):
    """Searches target by target."""

    def __init__(self, search: BoundedSearch) -> None:
        super().__init__(search)
        far = search.limit_ms + 1
        self.dist = np.full(search.nodes, far, np.uint32)
        self.met = np.empty(search.nodes + 1, np.uint32)
        self.best = np.full(search.places, far, np.uint32)
        self.seen = np.empty(search.places + 1, np.uint32)

    def run(
        self,
        low: int,
        high: int,
        *,
        keys: IntArray | None = None,
        sizes: IntArray | None = None,
        counts: IntArray | None = None,
        weights: FloatArray | None = None,
        sums: FloatArray | None = None,
    ) -> tuple[int, int]:
        """Search, and return the target to go on with and how many keys were written."""
        search, used = self.search, 0
        none, no_weight = np.zeros(0, np.int64), np.zeros(0)
        first = low
        while True:
            low, used, full = compiled(bounded)(
                low, high, first, used, search.limit_ms, _ROUND_MS, search.degree, *search.graph,
                self.dist, self.met, *self.queues, self.best, self.seen,
                keys is not None, search.bits,
                *(none if one is None else one for one in (keys, sizes, counts)),
                *(no_weight if one is None else one for one in (weights, sums)),
            )  # fmt: skip
            if not full:
                return int(low), int(used)
            self.grow()


class _SideBySide(_Workspace):
    """Searches several targets at once."""

    def __init__(self, search: BoundedSearch) -> None:
        super().__init__(search)
        self.slot = np.full(search.nodes, -1, np.int32)
        self.node = np.empty(search.nodes, np.uint32)
        self.label = np.empty(search.nodes * _LANES, np.uint32)
        self.wakes = np.empty(search.nodes, np.uint32)
        self.place_slot = np.full(search.places, -1, np.int32)
        self.place = np.empty(search.places, np.uint32)
        self.best = np.empty(search.places * _LANES, np.uint32)

    def run(self, low: int, high: int, *, counts: IntArray) -> None:
        """Add to the counts of the places."""
        search = self.search
        while low < high:
            low = compiled(counted)(
                low, high, search.limit_ms, _ROUND_OF_LANES_MS, search.degree, _LANES, search.order,
                *search.graph, self.slot, self.node, self.label, self.wakes, *self.queues,
                self.place_slot, self.place, self.best, counts,
            )  # fmt: skip
            if low < high:
                self.grow()


def _spans(targets: int, *, most: int | None = None, multiple_of: int = 1) -> list[tuple[int, int]]:
    """Cut the targets into runs, several a thread."""
    size = max(1, -(-targets // (worker_count() * _CHUNKS_PER_WORKER)))
    size = -(-size // multiple_of) * multiple_of
    size = size if most is None else min(size, most)
    return [(low, min(low + size, targets)) for low in range(0, targets, size)]


def _by_node(ends: Doors, nodes: int) -> tuple[IntArray, UInt32Array, UInt32Array]:
    order = np.argsort(ends.node, kind="stable")
    first = np.searchsorted(ends.node[order], np.arange(nodes + 1))
    return first, ends.owner[order].view(np.uint32), ends.ms[order].view(np.uint32)
