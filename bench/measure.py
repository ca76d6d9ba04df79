"""Interleaved timing: everyone in every round, medians, and what is compared with what."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

__all__ = ["Absent", "Result", "Row", "Sample", "interleave", "row"]

PATIENCE_S = 25.0
"""A peer is timed again while all its rounds together stay below this."""


@dataclass(frozen=True)
class Sample:
    """What one contestant took in each round [s], and what it answered in the first."""

    seconds: tuple[float, ...]
    answer: Any

    @property
    def median_s(self) -> float:
        """Median of the rounds [s]."""
        return median(self.seconds)


@dataclass(frozen=True)
class Row:
    """
    One line of the table: ours against one peer on one task.

    Parameters
    ----------
    case, size, task, peer
        What was done, on which network, against whom.
    ours_s, peer_s
        Medians [s].
    ratio
        Median over the rounds of peer time / our time.
    low, high
        Smallest and largest of those.
    rounds
        How many.
    agrees
        "equal", or what differs.
    reach
        Ratio the project wants to reach here, None if none is set.
    note
        What the reader must know to read the figure.
    """

    case: str
    size: str
    task: str
    peer: str
    ours_s: float
    peer_s: float
    ratio: float
    low: float
    high: float
    rounds: int
    agrees: str
    reach: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Absent:
    """A peer that was not measured, and why."""

    case: str
    size: str
    peer: str
    reason: str


@dataclass
class Result:
    """
    What one case on one network gave.

    Parameters
    ----------
    rows, absent
        The table.
    figures
        Further numbers by name, for the tables of growth, memory and quality.
    """

    rows: list[Row] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Result:
        """Return the result that `as_json` wrote."""
        return cls(
            rows=[Row(**one) for one in plain["rows"]],
            absent=[Absent(**one) for one in plain["absent"]],
            figures=dict(plain["figures"]),
        )


def interleave(
    contestants: Mapping[str, Callable[[], Any]], rounds: int, *, patience_s: float = PATIENCE_S
) -> dict[str, Sample]:
    """
    Time every contestant in every round, in turning order.

    Parameters
    ----------
    contestants
        Name -> call.
    rounds
        How many timed rounds. A first, untimed round warms caches and compilers; its answers are kept.
    patience_s
        A contestant is left out of further rounds when its next one would exceed this in sum. One whose
        first round takes that long already is not run again: its warm-up is its only round.
    """
    first: dict[str, tuple[float, Any]] = {}
    for name, call in contestants.items():
        first[name] = _timed(call)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            spent = sum(seconds[name]) + (seconds[name][-1] if seconds[name] else first[name][0])
            if spent <= patience_s:
                seconds[name].append(_timed(contestants[name])[0])
    return {name: Sample(tuple(seconds[name]) or (first[name][0],), first[name][1]) for name in contestants}


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        answer = call()
        return time.perf_counter() - start, answer
    finally:
        gc.enable()


def row(
    where: tuple[str, str, str], peer: str, ours: Sample, theirs: Sample, *,
    agrees: str, reach: float | None = None, note: str = "", share: float = 1.0,
) -> Row:  # fmt: skip
    """
    Return a line of the table.

    Parameters
    ----------
    where
        Case, size, task.
    peer
        Name of the peer.
    ours, theirs
        From `interleave`.
    agrees, reach, note
        As in `Row`.
    share
        Which share of the task the peer was given; its times are divided by it.
    """
    pairs = [
        theirs.seconds[n] / share / ours.seconds[n]
        for n in range(min(len(theirs.seconds), len(ours.seconds)))
    ]
    case, size, task = where
    return Row(
        case=case, size=size, task=task, peer=peer,
        ours_s=ours.median_s, peer_s=theirs.median_s / share,
        ratio=median(pairs), low=min(pairs), high=max(pairs), rounds=len(pairs),
        agrees=agrees, reach=reach, note=note,
    )  # fmt: skip
