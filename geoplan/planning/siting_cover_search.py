"""A search for covers of few columns: one is taken out, and what lies open weighs more with every move."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from geoplan.planning.siting_costs import IntArray
from geoplan.planning.siting_cover import Cover

__all__ = ["fewer_columns"]

_LOOK = 64
"""Moves between two looks at the clock."""
_FIRST = 2**31
"""More than the moves of any search: of values that are equal the move that is longest ago decides."""


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
    state, best = _State(cover, start), np.sort(start)
    random = np.random.default_rng(seed)
    last = -1
    for move in range(1, moves + 1):
        while not state.open_groups().size:
            best = np.flatnonzero(state.chosen)
            if len(best) <= enough or not len(best):
                return best
            state.take_out(state.least_missed(-1), move)
        if move % _LOOK == 0 and time.monotonic() > ends:
            break
        if not state.chosen.any():
            break  # one column is not enough, and fewer are none
        state.take_out(state.least_missed(last), move)
        lying_open = state.open_groups()
        last = state.best_for(int(lying_open[int(random.integers(len(lying_open)))]))
        state.put_in(last, move)
        state.weigh_more(state.open_groups())
    return best


class _State:
    """
    Which columns are chosen, and what each is worth.

    ``value`` is the weight that would lie open without a chosen column, or what another one would cover of
    what lies open.
    """

    def __init__(self, cover: Cover, start: IntArray) -> None:
        self.columns, self.rows = cover.matrix, cover.matrix.tocsr()
        groups, count = cover.matrix.shape
        self.chosen = np.zeros(count, bool)
        self.weight = np.ones(groups, np.int64)
        self.times = np.zeros(groups, np.int64)
        self.sum = np.zeros(groups, np.int64)  # of the numbers of those that cover it: the one, if it is one
        self.value = np.diff(self.columns.indptr).astype(np.int64)
        self.moved = np.zeros(count, np.int64)
        self.may_come = np.ones(count, bool)
        for column in start.tolist():
            self.put_in(column, 0)

    def open_groups(self) -> IntArray:
        """Return the groups that nothing covers."""
        return np.flatnonzero(self.times == 0)

    def least_missed(self, last: int) -> int:
        """Return the chosen column of least value but for the last that came; of equals the longest there."""
        at = np.flatnonzero(self.chosen)
        if len(at) > 1:
            at = at[at != last]
        return int(at[np.argmin(self.value[at] * _FIRST + self.moved[at])])

    def best_for(self, group: int) -> int:
        """Return the column of most value that covers a group and may come; of equals the longest away."""
        at = _slices(self.rows, np.array([group]))[0]
        free = at[self.may_come[at]]
        at = free if len(free) else at
        return int(at[np.argmax(self.value[at] * _FIRST - self.moved[at])])

    def take_out(self, column: int, move: int) -> None:
        """Take a column out."""
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
        self._allow(own)
        self.may_come[column] = False

    def put_in(self, column: int, move: int) -> None:
        """Put a column in."""
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
        self._allow(own)

    def weigh_more(self, groups: IntArray) -> None:
        """Add 1 to the weight of groups that lie open."""
        columns, _ = _slices(self.rows, groups)
        np.add.at(self.value, columns, 1)
        self.weight[groups] += 1

    def _own(self, column: int) -> IntArray:
        found: IntArray = self.columns.indices[self.columns.indptr[column] : self.columns.indptr[column + 1]]
        return found

    def _change(self, groups: IntArray, sign: int) -> None:
        """Add the weight of groups to, or take it from, all that cover them."""
        if len(groups):
            columns, size = _slices(self.rows, groups)
            np.add.at(self.value, columns, sign * np.repeat(self.weight[groups], size))

    def _allow(self, groups: IntArray) -> None:
        """Let columns come again around which something has changed."""
        columns, _ = _slices(self.rows, groups)
        self.may_come[columns] = True


def _slices(matrix: Any, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the columns of some rows one after the other, and how many each has."""
    first = matrix.indptr[rows].astype(np.int64)
    size = matrix.indptr[rows + 1] - first
    shift = first - np.concatenate([[0], np.cumsum(size)[:-1]])
    found: IntArray = matrix.indices[np.repeat(shift, size) + np.arange(int(size.sum()))]
    return found, size
