"""
Arcs and doors: the network as the searches want it.

A walk from a place to a target is: access leg, part of an edge, edges, part of an edge, access leg. The
part from the start of an edge is rounded to the millisecond and the part to its end is the rest, so that
both add up to the edge; in each direction by that direction's time. On one edge the walk takes the
difference of the two parts.

Lengths are rounded to 2⁻²⁰ m, about a micrometre: their sums are then exact, in whatever order they are
added.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from geoplan.errors import NetworkError
from geoplan.network.graph import BoolArray, Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.units import UNREACHED_MS, metres_to_ms

__all__ = [
    "MOST_MS",
    "STEPS_PER_M",
    "Along",
    "Arcs",
    "Doors",
    "Feet",
    "Int32Array",
    "along_edges",
    "doors",
    "feet_of",
    "search_arcs",
    "walking_arcs",
]

Int32Array = npt.NDArray[np.int32]

STEPS_PER_M = 2.0**20
"""Steps in which lengths are added up."""
MOST_MS = 2**31 - 2
"""Longest walk that 32 bits hold [ms]."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """
    Directed arcs, one a node pair: the quickest, of those the shortest. Loops are left out.

    Parameters
    ----------
    indptr, head
        Arcs of node ``u`` lead to ``head[indptr[u]:indptr[u + 1]]``, ascending.
    ms, metres
        Time [ms] and length [m] of each.
    """

    indptr: Int32Array
    head: Int32Array
    ms: Int32Array
    metres: FloatArray

    @cached_property
    def degree(self) -> int:
        """The most arcs of one node."""
        return int(np.diff(self.indptr).max(initial=0))

    @cached_property
    def longest_ms(self) -> int:
        """Time of the longest arc [ms]."""
        return int(self.ms.max(initial=0))


@dataclass(frozen=True, eq=False)
class Doors:
    """
    Ways between entrances and the two ends of their edges.

    Parameters
    ----------
    first
        Entries of place ``p`` are ``first[p]`` to ``first[p + 1]``.
    owner
        Row of the place, ascending.
    node
        End of the edge.
    ms, metres
        Time [ms] and length [m], access leg included.
    """

    first: IntArray
    owner: Int32Array
    node: Int32Array
    ms: Int32Array
    metres: FloatArray


@dataclass(frozen=True, eq=False)
class Along:
    """Walks that never leave one edge, one entry a pair of entrances: place, target, ms and metres."""

    place: IntArray
    target: IntArray
    ms: IntArray
    metres: FloatArray


@dataclass(frozen=True, eq=False)
class Feet:
    """
    Entrances that met the network, and the times along their edges [ms].

    ``from_u`` and ``to_u`` lie between the entrance and the start of its edge, towards it and away from it;
    ``from_v`` and ``to_v`` between it and the end.
    """

    owner: IntArray
    edge: IntArray
    offset_m: FloatArray
    at_u: BoolArray
    at_v: BoolArray
    before_m: FloatArray
    rest_m: FloatArray
    snap_m: FloatArray
    access_ms: IntArray
    from_u: IntArray
    to_v: IntArray
    from_v: IntArray
    to_u: IntArray


_ARCS: WeakKeyDictionary[Costs, tuple[WalkNetwork, Arcs, Arcs]] = WeakKeyDictionary()
_DOORS: WeakKeyDictionary[Costs, WeakKeyDictionary[Snaps, dict[bool, Doors]]] = WeakKeyDictionary()
_FEET: WeakKeyDictionary[Costs, WeakKeyDictionary[Snaps, Feet]] = WeakKeyDictionary()


def walking_arcs(network: WalkNetwork, costs: Costs) -> Arcs:
    """Return the arcs in the direction people walk; made once and kept while ``costs`` lives."""
    return _both(network, costs)[0]


def search_arcs(network: WalkNetwork, costs: Costs) -> Arcs:
    """Return the arcs turned round: a search along them from a target finds the walks to it."""
    return _both(network, costs)[1]


def _both(network: WalkNetwork, costs: Costs) -> tuple[Arcs, Arcs]:
    kept = _ARCS.get(costs)
    if kept is None or kept[0] is not network:
        if len(costs.edge_ms) != network.edge_count:
            raise NetworkError("error.costs_length", costs=len(costs.edge_ms), edges=network.edge_count)
        # what was kept for these costs belongs to another network
        _DOORS.pop(costs, None)
        _FEET.pop(costs, None)
        walking = _arcs(network, costs.edge_ms, costs.backward_ms)
        search = walking
        if costs.edge_back_ms is not None:
            search = _arcs(network, costs.backward_ms, costs.edge_ms)
        kept = _ARCS[costs] = (network, walking, search)
    return kept[1], kept[2]


def _arcs(network: WalkNetwork, onward_ms: IntArray, back_ms: IntArray) -> Arcs:
    """Return the arcs, given the times from u to v and from v to u."""
    nodes, edges, u, v = network.node_count, network.edge_count, network.edge_u, network.edge_v
    usable = np.concatenate([(onward_ms != UNREACHED_MS) & (u != v), (back_ms != UNREACHED_MS) & (u != v)])
    pair = np.concatenate([u * nodes + v, v * nodes + u])
    order = np.argsort(pair, kind="stable")
    order = order[usable[order]]
    pair = pair[order]
    again = ~_first(pair)
    if again.any():
        _quickest_first(order, again, pair, (onward_ms, back_ms), network.edge_length_m)
        order, pair = order[~again], pair[~again]
    indptr = np.searchsorted(pair, np.arange(nodes + 1) * nodes).astype(np.int32)
    head = np.remainder(pair, max(1, nodes), out=pair).astype(np.int32)
    del pair
    edge = (order % max(1, edges)).astype(np.int32)
    ms = onward_ms[edge].astype(np.int32)
    if back_ms is not onward_ms:
        back = order >= edges
        ms[back] = back_ms[edge[back]]
    return Arcs(indptr=indptr, head=head, ms=ms, metres=_steps(network.edge_length_m[edge]))


def _quickest_first(
    order: IntArray, again: BoolArray, pair: IntArray, sides: tuple[IntArray, IntArray], metres: FloatArray
) -> None:
    """Sort the arcs of each node pair that has several, in place: by time, then by length."""
    several = again.copy()
    several[:-1] |= again[1:]
    at = np.flatnonzero(several)
    arc = order[at]
    ms, length = np.concatenate(sides)[arc], metres[arc % len(metres)]
    order[at] = arc[np.lexsort((length, ms, pair[at]))]


def _first(key: IntArray) -> BoolArray:
    """Tell the first entry of each run of equal keys."""
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    return first


def _steps(metres: FloatArray) -> FloatArray:
    steps = metres * STEPS_PER_M
    np.rint(steps, out=steps)
    steps /= STEPS_PER_M
    return steps


def feet_of(network: WalkNetwork, costs: Costs, snaps: Snaps) -> Feet:
    """Return the entrances that met the network; made once and kept while ``snaps`` lives."""
    _both(network, costs)
    kept = _FEET.setdefault(costs, WeakKeyDictionary()).get(snaps)
    if kept is None:
        met = np.flatnonzero(snaps.snapped)
        edge, offset = snaps.edge[met], snaps.offset_m[met]
        length = network.edge_length_m[edge]
        share = offset / length
        at_u, at_v = offset == 0, offset == length
        from_u, to_v = _parts(share, costs.edge_ms[edge], at_u, at_v)
        to_u, from_v = from_u, to_v
        if costs.edge_back_ms is not None:
            to_u, from_v = _parts(share, costs.edge_back_ms[edge], at_u, at_v)
        kept = Feet(
            owner=snaps.owner[met],
            edge=edge,
            offset_m=offset,
            at_u=at_u,
            at_v=at_v,
            before_m=_steps(offset),
            rest_m=_steps(length - offset),
            snap_m=_steps(snaps.snap_m[met]),
            access_ms=metres_to_ms(snaps.snap_m[met], speed_m_per_min=costs.speed_m_per_min),
            from_u=from_u,
            to_v=to_v,
            from_v=from_v,
            to_u=to_u,
        )
        _FEET[costs][snaps] = kept
    return kept


def _parts(
    share: FloatArray, edge_ms: IntArray, at_u: BoolArray, at_v: BoolArray
) -> tuple[IntArray, IntArray]:
    """Return the times on the u side and the v side; where there is nothing to walk, 0 even if barred."""
    free = edge_ms != UNREACHED_MS
    near_u = np.rint(share * np.where(free, edge_ms, 0)).astype(np.int64)
    near_v = np.where(free, edge_ms - near_u, UNREACHED_MS)
    near_u = np.where(free, near_u, UNREACHED_MS)
    near_u[at_u & ~free], near_v[at_v & ~free] = 0, 0
    return near_u, near_v


def doors(network: WalkNetwork, costs: Costs, snaps: Snaps, *, leaving: bool) -> Doors:
    """
    Return the ways from places onto the network, or from the network to targets.

    Parameters
    ----------
    network, costs, snaps
        The network, what walking it costs, and where the places meet it.
    leaving
        True: from the entrance to the ends of its edge; False: from the ends to the entrance.
    """
    _both(network, costs)
    kept = _DOORS.setdefault(costs, WeakKeyDictionary()).setdefault(snaps, {})
    if leaving not in kept:
        kept[leaving] = _doors(network, costs, snaps, leaving=leaving)
    return kept[leaving]


def _doors(network: WalkNetwork, costs: Costs, snaps: Snaps, *, leaving: bool) -> Doors:
    feet = feet_of(network, costs, snaps)
    sides = (feet.to_u, feet.to_v) if leaving else (feet.from_u, feet.from_v)
    # at an end of the edge, the way to its other end leads over this one: one door is enough
    needed = np.concatenate([~feet.at_v, ~feet.at_u])
    needed &= np.concatenate(sides) != UNREACHED_MS
    door, count = np.flatnonzero(needed), len(feet.owner)
    foot, at_end = door % max(1, count), door >= count
    order = np.argsort(feet.owner[foot], kind="stable")
    foot, at_end = foot[order], at_end[order]
    edge = feet.edge[foot]
    ms = np.where(at_end, sides[1][foot], sides[0][foot]) + feet.access_ms[foot]
    if ms.max(initial=0) > MOST_MS:
        raise NetworkError("error.cost_overflow")
    owner = feet.owner[foot]
    return Doors(
        first=np.searchsorted(owner, np.arange(snaps.owners + 1)),
        owner=owner.astype(np.int32),
        node=np.where(at_end, network.edge_v[edge], network.edge_u[edge]).astype(np.int32),
        ms=ms.astype(np.int32),
        metres=feet.snap_m[foot] + np.where(at_end, feet.rest_m[foot], feet.before_m[foot]),
    )


def along_edges(network: WalkNetwork, costs: Costs, places: Snaps, targets: Snaps) -> Along:
    """Return the walks from places to targets that never leave one edge."""
    here, there = feet_of(network, costs, places), feet_of(network, costs, targets)
    order = np.argsort(there.edge, kind="stable")
    sorted_edge = there.edge[order]
    has = np.zeros(network.edge_count, bool)
    has[there.edge] = True
    asked = np.flatnonzero(has[here.edge])
    low = np.searchsorted(sorted_edge, here.edge[asked], "left")
    count = np.searchsorted(sorted_edge, here.edge[asked], "right") - low
    a = np.repeat(asked, count)
    within = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
    b = order[np.repeat(low, count) + within]
    onward = here.offset_m[a] <= there.offset_m[b]
    edge = here.edge[a]
    free = np.where(onward, costs.edge_ms[edge], costs.backward_ms[edge]) != UNREACHED_MS
    free |= here.offset_m[a] == there.offset_m[b]
    a, b, onward = a[free], b[free], onward[free]
    between = np.where(onward, there.from_u[b] - here.from_u[a], here.to_u[a] - there.to_u[b])
    between[here.offset_m[a] == there.offset_m[b]] = 0
    return Along(
        place=here.owner[a],
        target=there.owner[b],
        ms=between + here.access_ms[a] + there.access_ms[b],
        metres=np.abs(here.before_m[a] - there.before_m[b]) + here.snap_m[a] + there.snap_m[b],
    )
