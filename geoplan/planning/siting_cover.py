"""Covering: a problem made smaller without changing its answer, and searches for good covers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from geoplan.planning.siting_costs import BoolArray, FloatArray, IntArray, SitingCosts

__all__ = ["Cover", "full_cover", "greedy_cover", "reduce_cover", "swap_cover"]

_PRODUCTS = 400_000_000
"""Multiplications up to which dominated candidates are sought."""
_RESTARTS = 12
_PASSES = 50


@dataclass(frozen=True, eq=False)
class Cover:
    """
    What is left to cover beside the fixed candidates.

    Parameters
    ----------
    matrix
        Groups of demand x candidates, 1 where a candidate covers a group; by columns.
    weight
        Weight of each group.
    candidates
        Number of each column in the problem.
    base
        Weight that the fixed candidates cover.
    """

    matrix: Any
    weight: FloatArray
    candidates: IntArray
    base: int

    @property
    def total(self) -> int:
        """Weight of all groups."""
        return round(float(self.weight.sum()))


def reduce_cover(costs: SitingCosts, *, whole: bool = False) -> Cover:
    """
    Leave out what the fixed candidates cover; join demand with the same candidates; drop the dominated.

    A candidate whose demand another one covers as well is dropped; of those that cover the same, the lowest
    is kept. Some best choice is made of the rest. If the ``whole`` demand is to be covered, so is demand
    that is covered whenever other demand is.
    """
    by_fixed = np.zeros(costs.demands, bool)
    by_fixed[costs.demand[costs.fixed[costs.candidate]]] = True
    base = int(costs.weights[by_fixed & costs.claims].sum())
    kept = (costs.claims & ~by_fixed)[costs.demand] & ~costs.fixed[costs.candidate]
    shape = (costs.demands, costs.candidates)
    rows = sparse.csr_array((np.ones(kept.sum()), (costs.demand[kept], costs.candidate[kept])), shape=shape)
    rows.sort_indices()
    matrix, weight = _grouped(rows, costs.weights)
    columns = np.flatnonzero(np.diff(matrix.indptr) > 0)
    while True:
        columns = columns[~_dominated(matrix[:, columns])]
        idle = _dominating(matrix[:, columns]) if whole else np.zeros(len(weight), bool)
        matrix, weight = sparse.csc_array(matrix.tocsr()[~idle]), weight[~idle]
        if not idle.any():
            return Cover(matrix[:, columns], weight, columns, base)


def _grouped(rows: Any, weights: IntArray) -> tuple[Any, FloatArray]:
    """Join the rows that are the same, adding their weights up."""
    number: dict[bytes, int] = {}
    first: list[int] = []
    group = np.full(rows.shape[0], -1, np.int64)
    for row in np.flatnonzero(np.diff(rows.indptr)).tolist():
        key = rows.indices[rows.indptr[row] : rows.indptr[row + 1]].tobytes()
        if key not in number:
            number[key] = len(first)
            first.append(row)
        group[row] = number[key]
    weight = np.bincount(group[group >= 0], weights[group >= 0], minlength=len(first)).astype(np.float64)
    return sparse.csc_array(rows[np.array(first, np.int64)]), weight


def _dominated(matrix: Any) -> BoolArray:
    """Tell which columns another one contains."""
    out = np.zeros(matrix.shape[1], bool)
    rows = np.diff(sparse.csr_array(matrix).indptr).astype(np.int64)
    if not matrix.nnz or int((rows**2).sum()) > _PRODUCTS:
        return out
    size = np.diff(matrix.indptr)
    both = sparse.coo_array(matrix.T @ matrix)
    small, large = both.coords
    inside = (both.data == size[small]) & (small != large)
    inside &= (size[large] > size[small]) | (large < small)
    out[small[inside]] = True
    return out


def _dominating(matrix: Any) -> BoolArray:
    """Tell which rows contain another one: who covers that covers them too."""
    turned = sparse.csc_array(matrix.T)
    out = np.zeros(turned.shape[1], bool)
    rows = np.diff(matrix.indptr).astype(np.int64)
    if not turned.nnz or int((rows**2).sum()) > _PRODUCTS:
        return out
    size = np.diff(turned.indptr)
    both = sparse.coo_array(turned.T @ turned)
    small, large = both.coords
    inside = (both.data == size[small]) & (small != large)
    inside &= (size[large] > size[small]) | (large > small)
    out[large[inside]] = True
    return out


def greedy_cover(cover: Cover, more: int, *, start: IntArray | None = None) -> IntArray:
    """
    Choose columns one by one, each time the one that adds most; of equals the lowest.

    Parameters
    ----------
    cover
        What is to cover.
    more
        How many columns at most; it ends where none adds anything.
    start
        Columns chosen already.
    """
    chosen = [] if start is None else start.tolist()
    turned = cover.matrix.T.tocsr()
    open_weight = cover.weight.copy()
    for column in chosen:
        open_weight[_covered_by(cover, column)] = 0.0
    while len(chosen) < more:
        gain = turned @ open_weight
        best = int(gain.argmax()) if len(gain) else 0
        if not len(gain) or gain[best] <= 0:
            break
        chosen.append(best)
        open_weight[_covered_by(cover, best)] = 0.0
    return np.array(sorted(chosen), np.int64)


def _covered_by(cover: Cover, column: int) -> IntArray:
    found: IntArray = cover.matrix.indices[cover.matrix.indptr[column] : cover.matrix.indptr[column + 1]]
    return found


def swap_cover(cover: Cover, chosen: IntArray, *, ends: float) -> IntArray:
    """
    Swap a chosen column for another as long as that covers more; equal ones for a lower number.

    Parameters
    ----------
    cover, chosen
        What is to cover, and the columns to start from.
    ends
        When to stop, by `time.monotonic`.
    """
    turned = cover.matrix.T.tocsr()
    count = np.asarray(cover.matrix[:, chosen].sum(axis=1)).ravel()
    now = set(chosen.tolist())
    for _ in range(_PASSES):
        moved = False
        for column in sorted(now, reverse=True):
            if time.monotonic() > ends:
                return np.array(sorted(now), np.int64)
            own = _covered_by(cover, column)
            count[own] -= 1
            gain = turned @ np.where(count == 0, cover.weight, 0.0)
            gain[sorted(now - {column})] = -1.0
            best = int(gain.argmax())
            count[_covered_by(cover, best)] += 1
            moved |= best != column
            now = (now - {column}) | {best}
        if not moved:
            break
    return np.array(sorted(now), np.int64)


def full_cover(cover: Cover, *, seed: int, ends: float, price: FloatArray | None = None) -> IntArray:
    """
    Search for few columns that cover every group.

    Parameters
    ----------
    cover
        What is to cover; every group has a column.
    seed
        Of the restarts.
    ends
        When to stop, by `time.monotonic`; one try is always made.
    price
        What each group is worth in the first try; None: 1.
    """
    random = np.random.default_rng(seed)
    groups = cover.matrix.shape[0]
    worth = np.ones(groups) if price is None else price + 1e-9
    best = np.arange(cover.matrix.shape[1])
    for number in range(_RESTARTS):
        if number and time.monotonic() > ends:
            break
        weighed = Cover(cover.matrix, worth, cover.candidates, 0)
        found = _without_needless(cover, greedy_cover(weighed, cover.matrix.shape[1]))
        if len(found) < len(best):
            best = found
        count = np.asarray(cover.matrix[:, found].sum(axis=1)).ravel()
        worth = (1.0 + random.random(groups)) / np.maximum(1.0, count)
    return best


def _without_needless(cover: Cover, chosen: IntArray) -> IntArray:
    """Drop columns without which everything is still covered, the smallest first."""
    count = np.asarray(cover.matrix[:, chosen].sum(axis=1)).ravel()
    size = np.diff(cover.matrix.indptr)[chosen]
    kept = set(chosen.tolist())
    for column in chosen[np.lexsort((-chosen, size))].tolist():
        own = _covered_by(cover, column)
        if (count[own] > 1).all():
            count[own] -= 1
            kept.discard(column)
    return np.array(sorted(kept), np.int64)
