"""
Splits by search: grown from seeds, then annealed, moving one unit at a time and never tearing a part.

Random numbers are drawn beforehand, so that the kernel gives the same split compiled and not.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.network.kernels import compiled
from geoplan.planning.graphs import Neighbours, pieces_of
from geoplan.planning.instance import SplitCosts
from geoplan.planning.split_check import faults_of, objective_of

__all__ = ["Found", "anneal", "best_seats", "search_split"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_STARTS = 12
_MOVES_A_UNIT = (400, 8_000)
"""Moves tried for each unit, at least and at most: more where there are more units."""
_MOVES = (2_000, 40_000_000)
_CHUNK = 2_000_000
"""Moves whose random numbers are held at once."""
_COMPILE_FROM = 5_000
"""Moves in all from which compiling the kernel pays."""
_NEVER = np.int64(2**40)
"""Cost of a walk beyond the limit while searching: dearer than anything else."""


@dataclass(frozen=True, eq=False)
class Found:
    """A split that keeps every limit: part of each unit, seat of each part, objective."""

    part: IntArray
    seat: IntArray
    objective: int


def search_split(costs: SplitCosts, *, seed: int, start: IntArray | None = None) -> Found | None:
    """
    Search for a good split.

    Parameters
    ----------
    costs
        The problem.
    seed
        Of the random numbers.
    start
        A split to begin with besides those grown.

    Returns
    -------
    The best found, or None if none kept every limit. Nothing is proven.
    """
    rng = np.random.default_rng(seed)
    neighbours, walkable = Neighbours.of(costs), Neighbours.of(costs, passable=True)
    moves = int(np.clip(costs.units * np.clip(costs.units**2 // 125, *_MOVES_A_UNIT), *_MOVES))
    starts = _STARTS if costs.units <= 2000 else 2
    best: Found | None = None
    for part, seat in _starts(costs, walkable, rng, starts, start):
        for _ in range(2):
            part = anneal(costs, neighbours, part, seat, rng, moves)
            again = best_seats(costs, part)
            if again is None or np.array_equal(again, seat):
                break
            seat = again
        best = _better(best, costs, part, seat)
    return best


def _better(best: Found | None, costs: SplitCosts, part: IntArray, seat: IntArray) -> Found | None:
    """Return the better of the best so far and a split, if that keeps every limit."""
    objective = objective_of(costs, part, seat)
    if (best is not None and objective >= best.objective) or faults_of(costs, part, seat):
        return best
    return Found(part, seat, objective)


def _starts(
    costs: SplitCosts, walkable: Neighbours, rng: np.random.Generator, count: int, given: IntArray | None
) -> Iterator[tuple[IntArray, IntArray]]:
    if given is not None and len(given) == costs.units and given.max() + 1 == costs.parts:
        seat = best_seats(costs, given)
        if seat is not None:
            yield given.copy(), seat
    pieces = pieces_of(walkable, range(costs.units))
    if len(pieces) > costs.parts:
        return
    for _ in range(count):
        seeds, seat = _seeds(costs, walkable, pieces, rng)
        if seeds is not None:
            yield _grow(costs, walkable, seeds), seat


def _seeds(
    costs: SplitCosts, walkable: Neighbours, pieces: list[IntArray], rng: np.random.Generator
) -> tuple[IntArray | None, IntArray]:
    """Return a unit for each part to grow from, far from each other, and the seats that stand there."""
    allowed = np.arange(costs.seats) if costs.seats else np.zeros(0, np.int64)
    unit_of = costs.seat_unit if costs.seats else np.arange(costs.units)
    chosen = np.flatnonzero(costs.seat_fixed).tolist() if costs.seats else []
    home = np.empty(costs.units, np.int64)
    for number, piece in enumerate(pieces):
        home[piece] = number
    while len(chosen) < costs.parts:
        taken = {int(unit_of[one]) for one in chosen}
        served = {int(home[one]) for one in taken}
        free = allowed if costs.seats else np.arange(costs.units)
        free = np.array([one for one in free if int(unit_of[one]) not in taken], np.int64)
        bare = [number for number in range(len(pieces)) if number not in served]
        if len(bare) >= costs.parts - len(chosen):
            free = free[np.isin(home[unit_of[free]], bare)]
        if not len(free):
            return None, np.zeros(0, np.int64)
        hops = _hops(walkable, taken, costs.units)[unit_of[free]]
        weight = hops.astype(float) ** 2 if taken else np.ones(len(free))
        chosen.append(int(free[_pick(weight, rng)]))
    seeds = np.array([unit_of[one] for one in chosen], np.int64)
    return seeds, np.array(chosen, np.int64) if costs.seats else np.zeros(0, np.int64)


def _pick(weight: FloatArray, rng: np.random.Generator) -> int:
    sums = np.cumsum(weight)
    return int(np.searchsorted(sums, rng.random() * sums[-1], side="right").clip(0, len(weight) - 1))


def _hops(walkable: Neighbours, units: set[int], count: int) -> IntArray:
    """Return how many borders lie between each unit and the nearest of some; ``count`` if no way leads."""
    hops = np.full(count, count, np.int64)
    front = sorted(units)
    hops[front] = 0
    while front:
        ahead = []
        for here in front:
            for other in walkable.unit[walkable.first[here] : walkable.first[here + 1]].tolist():
                if hops[other] == count and hops[here] + 1 < hops[other]:
                    hops[other] = hops[here] + 1
                    ahead.append(other)
        front = ahead
    return hops


def _grow(costs: SplitCosts, walkable: Neighbours, seeds: IntArray) -> IntArray:
    """Grow parts from their seeds, always the smallest that can still grow."""
    part = np.full(costs.units, -1, np.int64)
    part[seeds] = np.arange(len(seeds))
    size = costs.households[seeds].astype(np.int64).copy()
    fronts: list[list[int]] = [[int(one)] for one in seeds]
    growing = set(range(len(seeds)))
    while growing:
        number = min(growing, key=lambda one: (size[one], one))
        front = fronts[number]
        grown = False
        while front and not grown:
            here = front[0]
            for other in walkable.unit[walkable.first[here] : walkable.first[here + 1]].tolist():
                if part[other] < 0:
                    part[other] = number
                    size[number] += costs.households[other]
                    front.append(other)
                    grown = True
                    break
            else:
                front.pop(0)
        if not front:
            growing.discard(number)
    return part


def best_seats(costs: SplitCosts, part: IntArray) -> IntArray | None:
    """Return the cheapest seat of each part, fixed ones first; None if a part holds no candidate."""
    if not costs.seats:
        return np.zeros(0, np.int64)
    seat = np.full(costs.parts, -1, np.int64)
    for number in range(costs.parts):
        own = part == number
        inside = np.flatnonzero(own[costs.seat_unit])
        if not len(inside):
            return None
        far = (~costs.walk_allowed[np.ix_(own, inside)]).sum(axis=0)
        total = costs.walk_cost[np.ix_(own, inside)].sum(axis=0)
        seat[number] = inside[np.lexsort((inside, total, far, ~costs.seat_fixed[inside]))[0]]
    return seat


def anneal(
    costs: SplitCosts,
    neighbours: Neighbours,
    part: IntArray,
    seat: IntArray,
    rng: np.random.Generator,
    moves: int,
) -> IntArray:
    """
    Return a split bettered by annealing; its parts hang together as before, its seats stay.

    Parameters
    ----------
    costs, neighbours
        The problem and its whole border graph.
    part, seat
        The split to begin with.
    rng
        Random numbers.
    moves
        How many moves are tried.
    """
    held = np.zeros(costs.units, np.bool_)
    if costs.seats:
        held[costs.seat_unit[seat]] = True
        walk = np.where(costs.walk_allowed, costs.walk_cost, _NEVER)[:, seat]
        weight = 2
    else:
        walk = np.zeros((costs.units, costs.parts), np.int64)
        weight = 1
    typical = max(1.0, float(np.median(neighbours.cost)) if len(neighbours.cost) else 1.0) * weight
    scale = max(1.0, float(costs.households.mean()))
    kernel = _kernel
    if moves * 2 >= _COMPILE_FROM and importlib.util.find_spec("numba") is not None:
        kernel = compiled(_kernel)
    out = part.astype(np.int64).copy()
    for begun in range(0, moves, _CHUNK):
        number = min(_CHUNK, moves - begun)
        done = np.arange(begun, begun + number) / moves
        unit, choice = rng.integers(0, costs.units, number), rng.random(number)
        cooling = typical * 4.0 * 0.002**done
        room = -cooling * np.log(np.maximum(rng.random(number), 1e-300))
        # what a household beyond the limits costs rises as it cools
        penalty = typical / scale * (0.2 + 20.0 * done)
        kernel(
            neighbours.first, neighbours.unit, neighbours.cost, neighbours.passable,
            costs.households.astype(np.int64), np.ascontiguousarray(walk), held, out,
            costs.parts, costs.lower, costs.upper, weight, unit, choice, room, penalty,
        )  # fmt: skip
    return out


def _kernel(  # noqa: C901 - one loop nest, flat on purpose: numba compiles it as a whole
    first: IntArray, other: IntArray, cost: IntArray, passable: npt.NDArray[np.bool_], households: IntArray,
    walk: IntArray, held: npt.NDArray[np.bool_], part: IntArray, parts: int, lower: int, upper: int,
    weight: int, unit: IntArray, choice: FloatArray, room: FloatArray, penalty: FloatArray,
) -> None:  # fmt: skip
    """Move units between parts in place; the best split seen that keeps the limits is what stays."""
    size = np.zeros(parts, np.int64)
    number = np.zeros(parts, np.int64)
    for one in range(len(part)):
        size[part[one]] += households[one]
        number[part[one]] += 1
    excess = np.int64(0)
    for one in range(parts):
        excess += max(0, size[one] - upper) + max(0, lower - size[one])
    best = part.copy()
    best_excess, best_value, value = excess, np.int64(0), np.int64(0)
    mark = np.zeros(len(part), np.int64)
    queue = np.empty(len(part), np.int64)
    stamp = 0
    for move in range(len(unit)):
        here = unit[move]
        own = part[here]
        if held[here] or number[own] == 1:
            continue
        # a neighbour's part, one at random, that people can walk over to
        degree = first[here + 1] - first[here]
        if degree == 0:
            continue
        at = first[here] + min(degree - 1, np.int64(choice[move] * degree))
        to = part[other[at]]
        if to == own or not passable[at]:
            continue
        delta = walk[here, to] - walk[here, own]
        inside = 0
        for edge in range(first[here], first[here + 1]):
            if part[other[edge]] == own:
                delta += weight * cost[edge]
                if passable[edge]:
                    inside += 1
            elif part[other[edge]] == to:
                delta -= weight * cost[edge]
        before = max(0, size[own] - upper) + max(0, lower - size[own])
        before += max(0, size[to] - upper) + max(0, lower - size[to])
        less, more = size[own] - households[here], size[to] + households[here]
        after = max(0, less - upper) + max(0, lower - less) + max(0, more - upper) + max(0, lower - more)
        if delta + penalty[move] * (after - before) > room[move]:
            continue
        # the part must hang together without the unit: walk from one neighbour to all the others
        stamp += 1
        wanted, source = inside, np.int64(-1)
        for edge in range(first[here], first[here + 1]):
            if passable[edge] and part[other[edge]] == own:
                mark[other[edge]] = -stamp
                source = other[edge]
        if source < 0:
            continue
        mark[source] = stamp
        wanted -= 1
        queue[0] = source
        low, high = 0, 1
        while low < high and wanted > 0:
            now = queue[low]
            low += 1
            for edge in range(first[now], first[now + 1]):
                there = other[edge]
                if passable[edge] and there != here and part[there] == own and mark[there] != stamp:
                    if mark[there] == -stamp:
                        wanted -= 1
                    mark[there] = stamp
                    queue[high] = there
                    high += 1
        if wanted > 0:
            continue
        part[here] = to
        size[own], size[to] = less, more
        number[own] -= 1
        number[to] += 1
        excess += after - before
        value += delta
        if excess < best_excess or (excess == best_excess and value < best_value):
            best_excess, best_value = excess, value
            best[:] = part
    part[:] = best
