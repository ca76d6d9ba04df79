"""Households and persons: exact totals, shared out by floor area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from compounds import Plot
from terrain import Floats

__all__ = ["HOUSEHOLDS", "PERSONS", "largest_remainder", "settle"]

Ints = npt.NDArray[np.int64]

HOUSEHOLDS, PERSONS = 118_700, 288_500
_LARGE_COMMUNITIES, _LARGE_HOUSEHOLDS = 14, 3_000
_PERSONS_A_HOUSEHOLD = 2.43


def largest_remainder(weights: Floats, total: int) -> Ints:
    """
    Share a whole number out by weight; of equal remainders the first gets the odd one.

    Examples
    --------
    >>> largest_remainder(np.array([1.0, 1.0, 2.0]), 5).tolist()
    [1, 1, 3]
    """
    exact = np.asarray(weights, float) / np.sum(weights) * total
    whole = np.floor(exact).astype(np.int64)
    odd = np.argsort(-np.round(exact - whole, 9), kind="stable")[: total - int(whole.sum())]
    whole[odd] += 1
    return whole


def settle(
    rng: np.random.Generator, homes: list[Plot], community: npt.NDArray[np.object_]
) -> tuple[Ints, Ints, Ints]:
    """
    Return households, persons and persons of 60 and over of every compound.

    The sums are `HOUSEHOLDS` and `PERSONS`; 14 communities have more than 3,000 households.

    Parameters
    ----------
    homes
        Compounds.
    community
        Community code of each.
    """
    room = np.array([home.polygon.area * home.density for home in homes]) * rng.lognormal(0, 0.35, len(homes))
    _, member = np.unique(community.astype(str), return_inverse=True)
    wanted = _community_households(rng, np.bincount(member, room).astype(float))
    households = np.zeros(len(homes), np.int64)
    for number, code_total in enumerate(wanted):
        mine = np.flatnonzero(member == number)
        households[mine] = 6 + largest_remainder(room[mine], int(code_total) - 6 * len(mine))
    size = np.clip(rng.normal(_PERSONS_A_HOUSEHOLD, 0.22, len(homes)), 1.8, 3.1)
    persons = largest_remainder(households * size, PERSONS)
    elderly = rng.binomial(persons, np.clip(rng.normal(0.19, 0.05, len(homes)), 0.07, 0.36))
    return households, persons, elderly.astype(np.int64)


def _community_households(rng: np.random.Generator, room: Floats) -> Ints:
    """Return the households of each community: those with most room are the large ones."""
    order = np.argsort(-room, kind="stable")
    large = np.sort(rng.choice(np.arange(_LARGE_HOUSEHOLDS + 60, 4_700), _LARGE_COMMUNITIES, replace=False))[
        ::-1
    ]
    count = len(room) - _LARGE_COMMUNITIES
    rest = np.sort(rng.uniform(700, 2_600, count))[::-1]
    wanted = np.zeros(len(room), np.int64)
    wanted[order[:_LARGE_COMMUNITIES]] = large
    wanted[order[_LARGE_COMMUNITIES:]] = largest_remainder(rest, HOUSEHOLDS - int(large.sum()))
    return wanted
