"""
Walking times between places on the network.

A place is reached through its entrances; an entrance meets an edge somewhere along it. Walks lead **from
places to targets**; where a street takes longer one way than the other, or can be walked one way only,
they are found by searching from the targets against the direction of walking. Rounding:
`geoplan.network.arcs`.

Every function takes ``engine``, see `geoplan.network.search.Engine`; the result does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import numpy as np

from geoplan.errors import NetworkError
from geoplan.network.arcs import Along, Doors, Int32Array, along_edges, doors
from geoplan.network.from_nodes import KNearest, Nearest, decoded, k_from_nodes, nearest_from_nodes
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.kernels import INF_MS
from geoplan.network.lists import BoundedSearch, ListedPlaces
from geoplan.network.search import (
    Engine,
    k_at_nodes,
    lengths_at_nodes,
    nearest_at_nodes,
    takes_numba,
    times_at_nodes,
)
from geoplan.network.snap import Snaps
from geoplan.units import UNREACHED_MS

__all__ = [
    "Engine",
    "KNearest",
    "ListedPlaces",
    "Nearest",
    "count_within",
    "k_nearest",
    "kth_nearest",
    "nearest",
    "node_times",
    "times_from_each",
    "within",
]

_BATCH = 64
"""Targets searched at once when every pair of times is wanted."""


def nearest(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    *,
    metres: bool = True,
    engine: Engine = "auto",
) -> Nearest:
    """
    Find each place's nearest target on foot.

    Parameters
    ----------
    network, costs
        The network and what walking it costs.
    places, targets
        From where, and to what; several entrances each, the best pair counts.
    metres
        False leaves out the lengths (all NaN), which take about as long to find as the times.
    engine
        See the module.

    Returns
    -------
    Nearest
        One entry a place.

    Raises
    ------
    NetworkError
        If a walk takes more than 596 hours.
    """
    numba = takes_numba(engine, network.node_count)
    starts = doors(network, costs, targets, leaving=False)
    dist, row = nearest_at_nodes(network, costs, starts, numba=numba)

    def lengths(wanted: Int32Array) -> FloatArray:
        return lengths_at_nodes(network, costs, starts, dist, row, wanted, numba=numba)

    return nearest_from_nodes(
        network, costs, places, targets, dist, row, lengths if metres else None, numba=numba
    )


def node_times(
    network: WalkNetwork,
    costs: Costs,
    targets: Snaps,
    *,
    engine: Engine = "auto",
    limit_ms: int | None = None,
) -> IntArray:
    """
    Return the walking time to each target from every node.

    Parameters
    ----------
    network, costs, targets, engine
        As in `nearest`.
    limit_ms
        Nodes farther than this may be told as unreached, which is found sooner [ms]; None tells all.

    Returns
    -------
    Array of shape (targets, nodes) [ms]; `UNREACHED_MS` where no walk leads.
    """
    starts = doors(network, costs, targets, leaving=False)
    numba = takes_numba(engine, network.node_count * targets.owners)
    return times_at_nodes(network, costs, starts, targets.owners, numba=numba, limit_ms=limit_ms)


def times_from_each(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    *,
    engine: Engine = "auto",
    limit_ms: int | None = None,
) -> Iterator[tuple[int, IntArray]]:
    """
    Yield each target's row number and the walking times to it from every place.

    Parameters
    ----------
    network, costs, places, targets, engine
        As in `nearest`.
    limit_ms
        Places farther than this may be told as unreached, which is found sooner [ms]; None tells all.

    Yields
    ------
    row, ms
        ``ms`` has one entry a place; `UNREACHED_MS` where no walk leads.
    """
    ends = doors(network, costs, places, leaving=True)
    takes_numba(engine, 0)
    for low in range(0, targets.owners, _BATCH):
        rows = np.arange(low, min(low + _BATCH, targets.owners))
        batch = targets.only(rows)
        at_nodes = node_times(network, costs, batch, engine=engine, limit_ms=limit_ms)
        along = along_edges(network, costs, places, batch)
        for number, row in enumerate(rows):
            yield int(row), _best_times(ends, at_nodes[number], along, number, places.owners)


def _best_times(ends: Doors, at_nodes: IntArray, along: Along, target: int, places: int) -> IntArray:
    best = np.full(places, UNREACHED_MS)
    reached = at_nodes[ends.node] != UNREACHED_MS
    np.minimum.at(best, ends.owner[reached], at_nodes[ends.node[reached]] + ends.ms[reached])
    own = along.target == target
    np.minimum.at(best, along.place[own], along.ms[own])
    return best


def within(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    *,
    limit_ms: int,
    engine: Engine = "auto",
) -> ListedPlaces:
    """
    List, for each target, the places from which one walks to it within a time.

    Parameters
    ----------
    network, costs, places, targets, engine
        As in `nearest`.
    limit_ms
        A walk of exactly this time counts [ms].

    Returns
    -------
    ListedPlaces
        By target, then by place.

    Raises
    ------
    NetworkError
        If the limit is negative or no whole number.
    """
    limit = _checked_limit(limit_ms)
    if takes_numba(engine, network.node_count * targets.owners):
        return BoundedSearch(network, costs, places, targets, limit_ms=limit).lists()
    rows, times = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    sizes = np.zeros(targets.owners, np.int64)
    for target, ms in times_from_each(network, costs, places, targets, engine="scipy", limit_ms=limit):
        near = np.flatnonzero(ms <= limit)
        sizes[target] = len(near)
        rows.append(near)
        times.append(ms[near])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return ListedPlaces(indptr=indptr, place=np.concatenate(rows), ms=np.concatenate(times))


def count_within(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    *,
    limit_ms: int,
    weights: FloatArray | None = None,
    engine: Engine = "auto",
) -> IntArray | FloatArray:
    """
    Count, for each place, the targets to which one walks from it within a time.

    Parameters
    ----------
    network, costs, places, targets, engine
        As in `nearest`.
    limit_ms
        A walk of exactly this time counts [ms].
    weights
        One a target; they are added up instead, in the order of targets.

    Returns
    -------
    One number a place: how many targets, or the sum of their weights.

    Raises
    ------
    NetworkError
        If the limit is negative or no whole number, or the weights do not match the targets.
    """
    limit = _checked_limit(limit_ms)
    if weights is not None:
        weights = np.ascontiguousarray(weights, np.float64)
        if weights.shape != (targets.owners,) or not np.isfinite(weights).all():
            raise NetworkError("error.weights_length", weights=weights.size, targets=targets.owners)
    if takes_numba(engine, network.node_count * targets.owners):
        search = BoundedSearch(network, costs, places, targets, limit_ms=limit)
        return search.counts() if weights is None else search.sums(weights)
    counts, sums = np.zeros(places.owners, np.int64), np.zeros(places.owners)
    for target, ms in times_from_each(network, costs, places, targets, engine="scipy"):
        counts[ms <= limit] += 1
        if weights is not None:
            sums[ms <= limit] += weights[target]
    return counts if weights is None else sums


def _checked_limit(limit_ms: int) -> int:
    if not isinstance(limit_ms, Integral) or not 0 <= limit_ms < INF_MS:
        raise NetworkError("error.time_limit", value=limit_ms)
    return int(limit_ms)


def k_nearest(
    network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps, *, k: int, engine: Engine = "auto"
) -> KNearest:
    """
    Find each place's k nearest targets on foot.

    Parameters
    ----------
    network, costs, places, targets, engine
        As in `nearest`.
    k
        How many; of targets equally near, those with the lowest row numbers.

    Returns
    -------
    KNearest
        Where fewer can be reached, `UNREACHED_MS` and -1.
    """
    if k < 1:
        raise NetworkError("error.k_nearest", value=k)
    if takes_numba(engine, network.node_count * targets.owners):
        starts = doors(network, costs, targets, leaving=False)
        return k_from_nodes(network, costs, places, targets, *k_at_nodes(network, costs, starts, k))
    rank = targets.owners + 1  # a time and a row number in one integer
    best = np.full((places.owners, k), UNREACHED_MS)
    for row, ms in times_from_each(network, costs, places, targets, engine="scipy"):
        reached = ms != UNREACHED_MS
        code = np.where(reached, np.where(reached, ms, 0) * rank + row, UNREACHED_MS)
        best = np.sort(np.column_stack([best, code]), axis=1)[:, :k]
    return decoded(best, rank)


def kth_nearest(
    network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps, *, k: int, engine: Engine = "auto"
) -> Nearest:
    """
    Find each place's k-th nearest target on foot: when k of them are within reach.

    Parameters
    ----------
    network, costs, places, targets, engine
        As in `nearest`.
    k
        1 is the nearest.

    Returns
    -------
    Nearest
        ``metres`` is the time at walking speed, exact where no stairway is on the way.
    """
    if k == 1:
        return nearest(network, costs, places, targets, engine=engine)
    found = k_nearest(network, costs, places, targets, k=k, engine=engine)
    ms, target = found.ms[:, -1], found.target[:, -1]
    metres = np.where(target >= 0, ms / 60_000 * costs.speed_m_per_min, np.nan)
    return Nearest(ms=ms, target=target, metres=metres)
