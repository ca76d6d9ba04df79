"""From every node's nearest targets to each place's: the last step of a walk, and walks along one edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoplan.network.arcs import Int32Array, along_edges, doors
from geoplan.network.graph import Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.kernels import at_places, compiled
from geoplan.network.snap import Snaps
from geoplan.units import UNREACHED_MS

__all__ = ["KNearest", "Nearest", "decoded", "k_from_nodes", "nearest_from_nodes"]


@dataclass(frozen=True, eq=False)
class Nearest:
    """
    For each place, the nearest target.

    Parameters
    ----------
    ms
        Walking time [ms]; `UNREACHED_MS` if no target can be reached.
    target
        Row number of that target, or -1. Of targets equally near, the lowest row number.
    metres
        Length of a walk that takes this time [m], access legs included; NaN if unreached.
    """

    ms: IntArray
    target: IntArray
    metres: FloatArray


@dataclass(frozen=True, eq=False)
class KNearest:
    """
    For each place, the k nearest targets, nearest first.

    Parameters
    ----------
    ms, target
        As in `Nearest`, arrays of shape (places, k). Each target stands once.
    """

    ms: IntArray
    target: IntArray


def nearest_from_nodes(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    dist: Int32Array,
    row: Int32Array,
    lengths: Callable[[Int32Array], FloatArray] | None,
    *,
    numba: bool,
) -> Nearest:
    """
    Find each place's nearest target, given every node's.

    Parameters
    ----------
    network, costs, places, targets
        As in `geoplan.network.times.nearest`.
    dist, row
        Of `geoplan.network.search.nearest_at_nodes`.
    lengths
        Returns an array with the lengths of the walks from the nodes asked for [m]; None leaves them out.
    numba
        Which engine joins them.
    """
    ends = doors(network, costs, places, leaving=True)
    result = Nearest(
        ms=np.full(places.owners, UNREACHED_MS),
        target=np.full(places.owners, -1, np.int64),
        metres=np.full(places.owners, np.nan),
    )
    if numba:
        compiled(at_places)(ends.first, ends.node, ends.ms, dist, row, result.ms, result.target)
    else:
        reached = row[ends.node] >= 0
        at = ends.node[reached]
        _take_best(result, ends.owner[reached], dist[at].astype(np.int64) + ends.ms[reached], row[at])
    along = along_edges(network, costs, places, targets)
    _take_best(result, along.place, along.ms, along.target)
    if lengths is not None:
        at_nodes = lengths(ends.node)
        via = dist[ends.node].astype(np.int64) + ends.ms
        _take_shortest(result, ends.owner, via, row[ends.node], at_nodes[ends.node] + ends.metres)
        _take_shortest(result, along.place, along.ms, along.target, along.metres)
    return result


def _take_best(
    result: Nearest, place: IntArray | Int32Array, ms: IntArray, target: IntArray | Int32Array
) -> None:
    """Let walks take the place of slower ones, and of equally slow ones to a higher row."""
    order = np.lexsort((target, ms, place))
    if not len(order):
        return
    order = order[np.r_[True, np.diff(place[order]) != 0]]
    place, ms, target = place[order], ms[order], target[order]
    better = (ms < result.ms[place]) | ((ms == result.ms[place]) & (target < result.target[place]))
    result.ms[place[better]], result.target[place[better]] = ms[better], target[better]


def _take_shortest(
    result: Nearest,
    place: IntArray | Int32Array,
    ms: IntArray,
    target: IntArray | Int32Array,
    metres: FloatArray,
) -> None:
    same = (ms == result.ms[place]) & (target == result.target[place])
    np.fmin.at(result.metres, place[same], metres[same])


def k_from_nodes(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    dist: IntArray | Int32Array,
    row: IntArray | Int32Array,
) -> KNearest:
    """
    Find each place's k nearest targets, given every node's.

    Parameters
    ----------
    network, costs, places, targets
        As in `geoplan.network.times.nearest`.
    dist, row
        Times and rows of every node's k nearest targets, arrays of shape (nodes, k); row -1 where fewer can
        be reached.
    """
    rank, k = targets.owners + 1, dist.shape[1]
    place, code = _candidates(network, costs, places, targets, dist, row)
    order = np.lexsort((code, place))
    place, code = place[order], code[order]
    number = np.arange(len(place)) - np.searchsorted(place, place)
    kept = number < k
    best = np.full((places.owners, k), UNREACHED_MS)
    best[place[kept], number[kept]] = code[kept]
    return decoded(best, rank)


def decoded(best: IntArray, rank: int) -> KNearest:
    """Take codes apart: a time [ms] and a row number in one integer, time * ``rank`` + row."""
    reached = best != UNREACHED_MS
    return KNearest(
        ms=np.where(reached, best // rank, UNREACHED_MS), target=np.where(reached, best % rank, -1)
    )


def _candidates(
    network: WalkNetwork,
    costs: Costs,
    places: Snaps,
    targets: Snaps,
    dist: IntArray | Int32Array,
    row: IntArray | Int32Array,
) -> tuple[IntArray, IntArray]:
    """Return places, and codes of the targets that may be among their k nearest, each once."""
    ends = doors(network, costs, places, leaving=True)
    along = along_edges(network, costs, places, targets)
    entry, label = np.nonzero(row[ends.node] >= 0)
    node = ends.node[entry]
    place = np.concatenate([ends.owner[entry], along.place]).astype(np.int64)
    target = np.concatenate([row[node, label], along.target]).astype(np.int64)
    ms = np.concatenate([dist[node, label].astype(np.int64) + ends.ms[entry], along.ms])
    order = np.lexsort((ms, target, place))
    place, target, ms = place[order], target[order], ms[order]
    first = np.ones(len(place), bool)
    first[1:] = (np.diff(place) != 0) | (np.diff(target) != 0)
    return place[first], ms[first] * (targets.owners + 1) + target[first]
