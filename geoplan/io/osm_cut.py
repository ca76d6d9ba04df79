"""Lines of nodes, all at once: runs of known nodes, shared nodes, the cutting at them and beside gates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.io.osm_lines import run_positions
from geoplan.network.build import pair_numbers

__all__ = ["CELLS_PER_M", "GATE_LENGTH_M", "SHORTEST_M", "Lines", "Pieces", "apart", "cut", "known_runs"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GATE_LENGTH_M = 0.5
"""A gate is this long a piece of the street on either side of its node: one can walk up to it from both."""
CELLS_PER_M = 100
SHORTEST_M = 0.02
_APART_CELLS = 2


@dataclass(frozen=True, eq=False, slots=True)
class Lines:
    """
    Lines of at least two nodes, laid one after another.

    Parameters
    ----------
    owner
        Number of the way or area each line is of.
    rows, starts
        Rows of the nodes; where each line begins, and the end of the last.
    """

    owner: IntArray
    rows: IntArray
    starts: IntArray

    @property
    def line(self) -> IntArray:
        """Return the line of each node."""
        return np.repeat(np.arange(len(self.owner)), np.diff(self.starts))

    def shared(self, nodes: int) -> BoolArray:
        """Tell which of so many nodes belong to several lines, or to one of them more than once."""
        # the node at which a loop closes is visited once
        last = self.starts[1:] - 1
        closing = last[self.rows[last] == self.rows[self.starts[:-1]]]
        return np.bincount(np.delete(self.rows, closing), minlength=nodes) >= 2

    def followed_by(self, other: Lines) -> Lines:
        """Return these lines, then others."""
        return Lines(
            np.r_[self.owner, other.owner],
            np.r_[self.rows, other.rows],
            np.r_[self.starts[:-1], len(self.rows) + other.starts],
        )


@dataclass(frozen=True, eq=False, slots=True)
class Pieces:
    """
    Pieces of lines, in the order of the lines and along them.

    Parameters
    ----------
    line
        Number of the line each is of.
    gate
        State of the gate each is a part of, 0 if of none.
    xy, first, last
        Vertices of the lines with the gates' posts among them; first and last vertex of each piece.
    """

    line: IntArray
    gate: IntArray
    xy: FloatArray
    first: IntArray
    last: IntArray

    def vertices(self, backwards: BoolArray) -> tuple[FloatArray, IntArray]:
        """Return the vertices of all pieces, of those told from the last to the first, and their pieces."""
        count = self.last - self.first + 1
        piece = np.repeat(np.arange(len(count)), count)
        at = run_positions(self.first, count)
        if backwards.any():
            turned = backwards[piece]
            at[turned] = (self.first + self.last)[piece[turned]] - at[turned]
        return self.xy[at], piece


def known_runs(owner: IntArray, rows: IntArray) -> Lines:
    """
    Return the runs of at least two nodes whose places are known, without a node twice in a row.

    Parameters
    ----------
    owner
        Number of the way of each node; the nodes of a way follow one another.
    rows
        Row of each node, negative where its place is not known.

    Examples
    --------
    >>> found = known_runs(np.array([0, 0, 0, 0, 1, 1]), np.array([4, 5, -1, 5, 7, 8]))
    >>> found.owner.tolist(), found.rows.tolist(), found.starts.tolist()
    ([0, 1], [4, 5, 7, 8], [0, 2, 4])
    """
    broken = rows < 0
    broken[1:] |= owner[1:] != owner[:-1]
    run = np.cumsum(broken)
    known = rows >= 0
    owner, rows, run = owner[known], rows[known], run[known]
    new = np.ones(len(rows), bool)
    new[1:] = run[1:] != run[:-1]
    kept = new.copy()
    kept[1:] |= rows[1:] != rows[:-1]
    owner, rows, new = owner[kept], rows[kept], new[kept]
    begin = np.flatnonzero(new)
    count = np.diff(np.r_[begin, len(rows)])
    begin, count = begin[count >= 2], count[count >= 2]
    return Lines(owner[begin], rows[run_positions(begin, count)], np.r_[0, np.cumsum(count)])


def apart(node_xy: FloatArray, rows: IntArray) -> FloatArray:
    """Return the places with those of ``rows`` that share a centimetre moved east, each to a free one."""
    xy = node_xy.copy()
    on_line = np.zeros(len(xy), bool)
    on_line[rows] = True
    used = np.flatnonzero(on_line)
    cells = np.rint(xy[used] * CELLS_PER_M).astype(np.int64)
    _, first = np.unique(pair_numbers(cells), return_index=True)
    if len(first) == len(used):
        return xy
    again = np.ones(len(used), bool)
    again[first] = False
    beside = np.isin(cells[:, 1], cells[again, 1])
    taken = {tuple(cell) for cell in cells[beside].tolist()}
    # rows are in the order of node ids: the oldest node keeps its place
    for at in np.flatnonzero(again):
        east, north = cells[at].tolist()
        while (east, north) in taken:
            east += _APART_CELLS
        taken.add((east, north))
        xy[used[at]] = np.array([east, north]) / CELLS_PER_M
    return xy


def cut(lines: Lines, xy: FloatArray, stops: BoolArray, gate: IntArray) -> Pieces:
    """
    Cut lines at their ends and stops; what lies beside a gate is a short piece of its own.

    Parameters
    ----------
    lines
        What is cut.
    xy
        Places of the nodes [m].
    stops
        Nodes at which every line is cut.
    gate
        State of the gate at each node, 0 where there is none.
    """
    line, place, state = lines.line, xy[lines.rows], gate[lines.rows]
    stop = stops[lines.rows] | (state > 0)
    stop[lines.starts[:-1]] = stop[lines.starts[1:] - 1] = True
    # the post behind a gate stands before that ahead of the next: they never pass one another
    for step in (1, -1):
        beside = np.flatnonzero(state > 0)
        beside = beside[(beside + step >= 0) & (beside + step < len(line))]
        beside = beside[line[beside + step] == line[beside]]
        posts = _gate_posts(place[beside], place[beside + step])
        at = beside + 1 if step > 0 else beside
        place = np.insert(place, at, posts, axis=0)
        line, stop, state = (
            np.insert(line, at, line[beside]),
            np.insert(stop, at, True),
            np.insert(state, at, 0),
        )
    ends = np.flatnonzero(stop)
    first, last = ends[:-1], ends[1:]
    inside = line[first] == line[last]
    first, last = first[inside], last[inside]
    return Pieces(line[first], np.maximum(state[first], state[last]), place, first, last)


def _gate_posts(gates: FloatArray, towards: FloatArray) -> FloatArray:
    """Return the ends of gates' pieces: half a metre from the node, at most half way to the next vertex."""
    distance = np.hypot(*(towards - gates).T)
    share = np.minimum(GATE_LENGTH_M, distance / 2) / np.maximum(distance, SHORTEST_M)
    places = gates + (towards - gates) * share[:, None]
    return np.asarray(np.rint(places * CELLS_PER_M) / CELLS_PER_M, np.float64)
