"""Case g: communities split, by us and by the peers, every answer judged by the same functions."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.measure import Absent, Result, Sample, row
from bench.peers import quiet, why_not
from bench.split_instances import Instance, judge, load, planar
from bench.split_peers import PEERS, Splitter
from geoplan.planning.split_from_costs import split_from_costs
from geoplan.planning.split_search import search_split

__all__ = ["QUALITY", "Answer", "compared", "splits_case", "within_seconds"]

IntArray = npt.NDArray[np.int64]

_PATIENCE_S = 10.0
"""A peer is stopped after so much processor time on one instance."""
_PROOF_S = 5.0
"""Most time of our exact solver for borders alone."""
_SEAT_PROOF_S = 10.0
_NONE = "says that none exists"
OURS = "geoplan, borders"
_SEATS = "geoplan, seats"
_NOTES = {
    "geoplan, search alone": "without bound or proof",
    _SEATS: "walks to a seat counted and limited as well, proven where it can be",
}
QUALITY = ("deviation", "cut", "barrier_m", "mean_walk_m")


@dataclass(frozen=True)
class Answer:
    """
    What one contestant made of one instance.

    Parameters
    ----------
    seconds
        How long it took [s].
    judged
        A `Judgement` as plain data; None if there is no answer.
    why
        Why there is none.
    """

    seconds: float
    judged: dict[str, Any] | None
    why: str = ""


def splits_case(group: str) -> Result:
    """Measure case g on a group of instances."""
    try:
        instances = load(group)
    except FileNotFoundError as error:
        return Result(absent=[Absent("g", group, "all", str(error))])
    result = Result()
    possible = [one for one in instances if one.possible]
    contestants: dict[str, tuple[Splitter, float | None]] = {
        OURS: (lambda one: split_from_costs(one.borders, seconds=_PROOF_S).part, None),
        "geoplan, search alone": (_search, None),
    }
    if any(one.walk_m is not None for one in possible):
        contestants[_SEATS] = (lambda one: split_from_costs(one.costs, seconds=_SEAT_PROOF_S).part, None)
    for name, (module, call, _) in PEERS.items():
        reason = why_not(module)
        if reason:
            result.absent.append(Absent("g", group, name, reason))
        else:
            contestants[name] = (call, _PATIENCE_S)
    small = planar(20, 2, seed=2)
    for call, patience in contestants.values():
        answer(call, small, patience)  # imports and compilers are not what is measured
    answers = {
        name: [answer(call, one, patience) for one in possible]
        for name, (call, patience) in contestants.items()
    }
    result.figures["splits"] = {
        "count": len(possible),
        "seats": _SEATS in answers,
        "quality": {
            name: compared(given, answers[OURS], answers.get(_SEATS, [])) for name, given in answers.items()
        },
        "silent": {name: _silent(given) for name, given in answers.items()},
        "impossible": _impossible([one for one in instances if not one.possible], contestants),
    }
    ours = _sum(answers[OURS])
    for name, given in answers.items():
        if name != OURS:
            note = PEERS[name][2] if name in PEERS else _NOTES[name]
            where = ("g", group, f"{len(possible)} split{'s' * (len(possible) > 1)}")
            result.rows.append(row(where, name, ours, _sum(given), agrees="see quality", note=note))
    return result


def _silent(answers: list[Answer]) -> str:
    """Return how often there was no answer, and why the first time."""
    why = [one.why for one in answers if one.judged is None]
    return f"{len(why)}: {why[0]}" if why else ""


def _sum(answers: list[Answer]) -> Sample:
    """Return the time of all answers together as one round."""
    return Sample((sum(one.seconds for one in answers),), None)


def _impossible(
    instances: list[Instance], contestants: dict[str, tuple[Splitter, float | None]]
) -> dict[str, list[int]]:
    """Return, by contestant, how many impossible instances it calls so by itself, and how many there are."""
    told: dict[str, list[int]] = {}
    for name, (call, patience) in contestants.items() if instances else ():
        given = [answer(call, one, patience) for one in instances]
        told[name] = [sum(one.why == _NONE for one in given), len(given)]
    return told


def _search(instance: Instance) -> IntArray:
    found = search_split(instance.borders, seed=0)
    return np.zeros(0, np.int64) if found is None else found.part


def answer(call: Splitter, instance: Instance, patience_s: float | None) -> Answer:
    """Have a contestant split an instance; whatever goes wrong there is told, not raised."""
    start = time.perf_counter()
    try:
        with quiet(), within_seconds(patience_s):
            part = call(instance)
        spent = time.perf_counter() - start
    except Exception as error:  # a peer may raise anything
        told = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        return Answer(time.perf_counter() - start, None, told[:100])
    if not len(part):
        return Answer(spent, None, _NONE)
    return Answer(spent, asdict(judge(instance, part)))


@contextlib.contextmanager
def within_seconds(seconds: float | None) -> Iterator[None]:
    """Stop the block by `TimeoutError` after some processor time; None lets it run."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"stopped after {seconds:g} s")

    if seconds is None:
        yield
        return
    before: Callable[..., Any] | int | None = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def compared(theirs: list[Answer], borders: list[Answer], seats: list[Answer]) -> dict[str, Any]:
    """
    Return a contestant's figures, and ours over the very instances that both split feasibly.

    Parameters
    ----------
    theirs
        A contestant's answers, instance by instance.
    borders, seats
        Ours by borders alone, and with seats (empty if nothing is known of walks).

    Returns
    -------
    ``feasible`` and ``walks_kept`` (how many), and for each of `QUALITY` the pair (theirs, ours) of means
    over the instances both split feasibly, walks against ours with seats, all else against ours by borders;
    None where there is none.
    """
    good = [one.judged for one in theirs if one.judged and one.judged["feasible"]]
    found: dict[str, Any] = {
        "feasible": len(good),
        "walks_kept": sum(bool(one["walks_kept"]) for one in good),
    }
    for name in QUALITY:
        ours = seats if name == "mean_walk_m" else borders
        pairs = [
            (one.judged[name], other.judged[name])
            for one, other in zip(theirs, ours, strict=bool(ours))
            if one.judged and other.judged and one.judged["feasible"] and other.judged["feasible"]
        ]
        pairs = [pair for pair in pairs if not np.isnan(pair).any()]
        found[name] = [float(np.mean(one)) for one in zip(*pairs, strict=True)] if pairs else None
    return found
