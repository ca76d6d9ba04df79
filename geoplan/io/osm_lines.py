"""Ways in bulk: pyosmium writes the wanted ones as OPL text, a line each, and columns are read from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["OPL_FORMAT", "OsmWay", "OsmWays", "ways_of_text"]

IntArray = npt.NDArray[np.int64]
Tags = Mapping[str, str]

OPL_FORMAT = "opl,add_metadata=false"
"""The format `ways_of_text` reads, as `osmium.io.File` wants it."""
_FIELDS = 3


@dataclass(frozen=True, slots=True)
class OsmWay:
    """A way: ``id``, ``tags`` and the ids of its nodes in order."""

    id: int
    tags: Tags
    nodes: IntArray


@dataclass(frozen=True, eq=False, slots=True)
class OsmWays(Sequence[OsmWay]):
    """
    Ways by id, as columns; as a sequence it gives each as an `OsmWay`.

    Parameters
    ----------
    ids
        Ascending.
    tag_sets, tag_set
        The different tag sets, and the number of each way's own.
    nodes, starts
        Ids of the nodes of all ways, one way after another; where each begins, and the end of the last.
    """

    ids: IntArray
    tag_sets: tuple[Tags, ...]
    tag_set: IntArray
    nodes: IntArray
    starts: IntArray

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> OsmWay: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[OsmWay, ...]: ...
    def __getitem__(self, at: int | slice) -> OsmWay | tuple[OsmWay, ...]:
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        at = range(len(self))[at]
        nodes = self.nodes[self.starts[at] : self.starts[at + 1]]
        return OsmWay(int(self.ids[at]), self.tag_sets[self.tag_set[at]], nodes)

    def __iter__(self) -> Iterator[OsmWay]:
        return (self[at] for at in range(len(self)))


def ways_of_text(text: str) -> OsmWays:
    """
    Return the ways in OPL text.

    Parameters
    ----------
    text
        Ways only, written in `OPL_FORMAT`. If a way comes twice, its first line counts.

    Examples
    --------
    >>> (way,) = ways_of_text("w7 Thighway=path,name=A%20%B Nn3,n1\\n")
    >>> way.id, way.tags, way.nodes.tolist()
    (7, {'highway': 'path', 'name': 'A B'}, [3, 1])
    """
    fields = text.split()  # OPL writes white space within a value in its own way
    ids = _numbers(fields[0::_FIELDS], "w")
    tag_texts, node_texts = fields[1::_FIELDS], fields[2::_FIELDS]
    number_of: dict[str, int] = {}
    tag_set = np.array([number_of.setdefault(one, len(number_of)) for one in tag_texts], np.int64)
    counts = np.array([one.count("n") for one in node_texts], np.int64)
    nodes = _numbers([one[1:] for one in node_texts if len(one) > 1], "n")
    ids, first = np.unique(ids, return_index=True)
    begin = (np.cumsum(counts) - counts)[first]
    if len(first) < len(counts) or (np.diff(first) < 0).any():
        nodes = nodes[run_positions(begin, counts[first])]
    starts = np.r_[0, np.cumsum(counts[first])]
    return OsmWays(ids, tuple(map(_tags, number_of)), tag_set[first], nodes, starts)


def run_positions(begin: IntArray, count: IntArray) -> IntArray:
    """
    Return the positions of runs laid one after another.

    Examples
    --------
    >>> run_positions(np.array([5, 0]), np.array([3, 2])).tolist()
    [5, 6, 7, 0, 1]
    """
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(np.repeat(begin, count) + within, np.int64)


def _numbers(texts: list[str], letter: str) -> IntArray:
    joined = ",".join(texts).replace(letter, "")
    return np.fromstring(joined, np.int64, sep=",") if joined else np.zeros(0, np.int64)


def _tags(text: str) -> dict[str, str]:
    if text == "T":
        return {}
    pairs = (one.split("=") for one in text[1:].split(","))
    if "%" not in text:
        return dict(pairs)
    return {
        _plain(key) if "%" in key else key: _plain(value) if "%" in value else value for key, value in pairs
    }


def _plain(text: str) -> str:
    parts = text.split("%")  # what stands between two of them is a character's number
    parts[1::2] = map(_character, parts[1::2])
    return "".join(parts)


@lru_cache(maxsize=4096)
def _character(number: str) -> str:
    return chr(int(number, 16))
