"""Searches for covers move by move: one column goes, one comes."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from geoplan.planning.siting_costs import BoolArray, IntArray
from geoplan.planning.siting_cover import Cover

__all__ = ["cover_more", "fewer_columns"]

_LOOK = 64
"""Moves between two looks at the clock."""
_REST, _SPREAD = 10, 20
"""A column that has moved rests for so many moves, and up to so many more; half the columns at most."""


def fewer_columns(
    cover: Cover, start: IntArray, *, moves: int, seed: int, ends: float, enough: int = 0
) -> IntArray:
    """
    Search for a cover of fewer columns (row weighting local search; Gao, Weise and Li 2015).

    As long as everything is covered, the column that is missed least is taken out. Then one more goes, and
    one comes that covers a group drawn from those that lie open. What then lies open weighs one more, so that
    nothing does for long.

    Parameters
    ----------
    cover
        What is to cover.
    start
        Columns that cover it.
    moves
        How many moves; the same number and seed give the same answer unless time ran out.
    seed
        Of the groups drawn.
    ends
        When to stop, by `time.monotonic`.
    enough
        A cover of so many columns ends the search.

    Returns
    -------
    The smallest cover found, ascending.
    """
    state, best = _State(cover, start, np.ones(cover.matrix.shape[0], np.int64)), np.sort(start)
    random = np.random.default_rng(seed)
    may_come = np.ones(cover.matrix.shape[1], bool)
    last = -1
    for move in range(1, moves + 1):
        while not state.open_groups().size:
            best = np.flatnonzero(state.chosen)
            if len(best) <= max(enough, 1):
                return best
            may_come[state.around(state.take_out(state.least_missed(state.chosen), move))] = True
        if move % _LOOK == 0 and time.monotonic() > ends:
            break
        leaving = state.chosen.copy()
        if last >= 0 and int(leaving.sum()) > 1:
            leaving[last] = False
        gone = state.least_missed(leaving)
        may_come[state.around(state.take_out(gone, move))] = True
        may_come[gone] = False
        lying_open = state.open_groups()
        covering = state.around(lying_open[[int(random.integers(len(lying_open)))]])
        free = covering[may_come[covering]]
        last = state.most_wanted(free if len(free) else covering)
        may_come[state.around(state.put_in(last, move))] = True
        state.weigh_more(state.open_groups())
    return best


def cover_more(
    cover: Cover, start: IntArray, *, moves: int, seed: int, ends: float, enough: float = math.inf
) -> IntArray:
    """
    Search for as many columns that cover more weight.

    In each move the column that is missed least goes and the one that adds most comes; what has moved rests
    for a while (tabu search).

    Parameters
    ----------
    cover, start, moves, seed, ends
        As in `fewer_columns`; the columns need not cover everything.
    enough
        A weight that ends the search.
    """
    state = _State(cover, start, cover.weight.astype(np.int64))
    random = np.random.default_rng(seed)
    best, most, now = np.sort(start), state.covered(), state.covered()
    rests = np.zeros(cover.matrix.shape[1], np.int64)
    for move in range(1, moves + 1):
        if most >= enough or (move % _LOOK == 0 and time.monotonic() > ends):
            break
        leaving = state.chosen & (rests < move)
        if not leaving.any():
            continue
        gone = state.least_missed(leaving)
        now -= int(state.value[gone])
        state.take_out(gone, move)
        rests[gone], rest = move + _REST + random.integers(0, _SPREAD, 2)
        coming = np.flatnonzero(~state.chosen & (rests < move))
        come = state.most_wanted(coming) if len(coming) else gone
        now += int(state.value[come])
        state.put_in(come, move)
        rests[come] = min(rest, move + len(start) // 2)
        if now > most:
            best, most = np.flatnonzero(state.chosen), now
    return best


class _State:
    """
    Which columns are chosen, and what each is worth.

    ``value`` is the weight that would lie open without a chosen column, or what another one would cover of
    what lies open.
    """

    def __init__(self, cover: Cover, start: IntArray, weight: IntArray) -> None:
        self.columns, self.rows = cover.matrix, cover.matrix.tocsr()
        groups, count = cover.matrix.shape
        self.weight = weight
        self.chosen = np.zeros(count, bool)
        self.times = np.zeros(groups, np.int64)
        self.sum = np.zeros(groups, np.int64)  # of the numbers of those that cover it: the one, if it is one
        self.value: IntArray = np.rint(self.rows.T @ weight.astype(np.float64)).astype(np.int64)
        self.moved = np.zeros(count, np.int64)
        for column in start.tolist():
            self.put_in(column, 0)

    def open_groups(self) -> IntArray:
        """Return the groups that nothing covers."""
        return np.flatnonzero(self.times == 0)

    def covered(self) -> int:
        """Return the weight that is covered."""
        return int(self.weight[self.times > 0].sum())

    def around(self, groups: IntArray) -> IntArray:
        """Return the columns that cover groups, one after the other."""
        return _slices(self.rows, groups)[0]

    def least_missed(self, leaving: BoolArray) -> int:
        """Return the column of least value; of equals the one that is longest there."""
        at = np.flatnonzero(leaving)
        at = at[self.value[at] == self.value[at].min()]
        return int(at[np.argmin(self.moved[at])])

    def most_wanted(self, coming: IntArray) -> int:
        """Return the column of most value; of equals the one that is longest away."""
        at = coming[self.value[coming] == self.value[coming].max()]
        return int(at[np.argmin(self.moved[at])])

    def take_out(self, column: int, move: int) -> IntArray:
        """Take a column out; return what it covered."""
        own = self._own(column)
        self.times[own] -= 1
        self.sum[own] -= column
        self.chosen[column] = False
        value = self.value[column]
        self._change(own[self.times[own] == 0], 1)
        self.value[column] = value  # what was missed without it is what it would cover
        alone = own[self.times[own] == 1]
        np.add.at(self.value, self.sum[alone], self.weight[alone])
        self.moved[column] = move
        return own

    def put_in(self, column: int, move: int) -> IntArray:
        """Put a column in; return what it covers."""
        own = self._own(column)
        alone = own[self.times[own] == 1]
        np.subtract.at(self.value, self.sum[alone], self.weight[alone])
        value = self.value[column]
        self._change(own[self.times[own] == 0], -1)
        self.value[column] = value
        self.times[own] += 1
        self.sum[own] += column
        self.chosen[column] = True
        self.moved[column] = move
        return own

    def weigh_more(self, groups: IntArray) -> None:
        """Add 1 to the weight of groups that lie open."""
        np.add.at(self.value, self.around(groups), 1)
        self.weight[groups] += 1

    def _own(self, column: int) -> IntArray:
        found: IntArray = self.columns.indices[self.columns.indptr[column] : self.columns.indptr[column + 1]]
        return found

    def _change(self, groups: IntArray, sign: int) -> None:
        """Add the weight of groups to, or take it from, all that cover them."""
        if len(groups):
            columns, size = _slices(self.rows, groups)
            np.add.at(self.value, columns, sign * np.repeat(self.weight[groups], size))


def _slices(matrix: Any, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the columns of some rows one after the other, and how many each has."""
    first = matrix.indptr[rows].astype(np.int64)
    size = matrix.indptr[rows + 1] - first
    shift = first - np.concatenate([[0], np.cumsum(size)[:-1]])
    found: IntArray = matrix.indices[np.repeat(shift, size) + np.arange(int(size.sum()))]
    return found, size
