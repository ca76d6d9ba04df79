"""
Where a footbridge may help: between streets that face each other across a barrier, near homes that fail.

Candidates are the links by which people step across a barrier that is gone
(`geoplan.analysis.counterfactual.without_barriers`), each alone. What one would bring is reckoned from
today's walks to its ends; the best of each stretch is then built and run.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from geoplan.analysis.counterfactual import barrier_of_row, without_barriers
from geoplan.network.graph import FloatArray
from geoplan.network.snap import Snaps
from geoplan.network.times import within
from geoplan.planning.fix_effects import People
from geoplan.planning.fix_walks import SHARE_OF_WALK, PartWalks, Today, nearest_ms, places_at
from geoplan.units import UNREACHED_MS, metres_to_ms

__all__ = ["best_links", "links_facing"]

_JOINED_M = 1.0
"""Ends of a link lie on streets; this is for the rounding of coordinates."""


def best_links(today: Today, people: People) -> tuple[pd.DataFrame, int]:
    """
    Return the best link of each stretch of a barrier, and how many candidates there were.

    Parameters
    ----------
    today
        The study as it is; needs ``barriers``.
    people
        Of ``residences``.

    Returns
    -------
    links, tried
        As `links_facing`; most households first, none within half the longest walk of a better one across
        the same barrier.
    """
    links, gains = links_facing(today)
    households, persons = (gains @ np.nan_to_num(one) for one in (people.households, people.persons))
    homes = np.diff(gains.indptr)
    middle = (links[["start_x", "start_y"]].to_numpy() + links[["end_x", "end_y"]].to_numpy()) / 2
    barrier = links["barrier_id"].to_numpy(object)
    apart_m = SHARE_OF_WALK * today.farthest_m
    kept: list[int] = []
    for at in np.lexsort((links["link_id"].to_numpy(str), -homes, -persons, -households)):
        own = [one for one in kept if barrier[one] == barrier[at]]
        if not own or np.hypot(*(middle[own] - middle[at]).T).min() > apart_m:
            kept.append(int(at))
    return links.iloc[kept].reset_index(drop=True), len(links)


def links_facing(today: Today) -> tuple[pd.DataFrame, csr_array]:
    """
    Return the links that would bring some failing home within a limit, as far as today's walks tell.

    Parameters
    ----------
    today
        The study as it is; without ``barriers`` there are none.

    Returns
    -------
    links, gains
        Columns ``link_id``, ``barrier_id``, ``start_x``, ``start_y``, ``end_x``, ``end_y`` [m, to the
        centimetre]; and which homes would pass by each, 1 in a matrix of links by homes. Links of no gain
        are left out.
    """
    study = today.study
    barrier = barrier_of_row(study.barriers)
    every = without_barriers(study, barrier.unique(), each_alone=True) if len(barrier) else study
    streets = every.need("streets")[0]
    links = streets[~streets.index.isin(study.need("streets")[0].index)].geometry
    ends = np.round(shapely.get_coordinates(links.to_numpy()).reshape(-1, 2, 2), 2)
    ids = links.index.to_numpy(object)
    found = pd.DataFrame(
        {
            "link_id": ids,
            "barrier_id": [str(one).rsplit("~", 1)[0] for one in ids],
            **{
                name: ends[:, at, axis]
                for name, at, axis in (("start_x", 0, 0), ("start_y", 0, 1), ("end_x", 1, 0), ("end_y", 1, 1))
            },
        }
    )
    gains = _gains(today, ends)
    helps = np.flatnonzero(np.diff(gains.indptr))
    return found.iloc[helps].reset_index(drop=True), gains[helps]


def _gains(today: Today, ends: FloatArray) -> csr_array:
    """Return which homes would pass a service that they fail, by each link."""
    count = len(ends)
    xy = ends.transpose(1, 0, 2).reshape(-1, 2)  # all starts, then all ends
    here = places_at(today.network, xy, _JOINED_M)
    left = {service: _left_ms(today, ends, here, every) for service, every in today.walks.parts.items()}
    # an end by which nothing comes nearer needs no search
    some = np.zeros(2 * count, bool)
    for every in left.values():
        some |= (every >= 0).any(axis=0)
    useful = np.flatnonzero(some)
    lists = within(
        today.network, today.places.costs, today.places.residences, here.only(useful),
        limit_ms=today.farthest_ms,
    )  # fmt: skip
    end, home = np.repeat(useful, np.diff(lists.indptr)), lists.place
    passes = np.zeros(len(home), bool)
    for service, parts in today.walks.parts.items():
        enough = today.decided[service][1][home] == "fail"
        for one, rest in zip(parts, left[service], strict=True):
            enough &= (one.ms[home, -1] <= one.part.limit_ms) | (lists.ms <= rest[end])
        passes |= enough
    at = np.unique(np.column_stack([end[passes] % max(1, count), home[passes]]), axis=0)
    shape = (count, len(today.homes))
    return csr_array((np.ones(len(at), np.int8), (at[:, 0], at[:, 1])), shape=shape)


def _left_ms(today: Today, ends: FloatArray, here: Snaps, parts: tuple[PartWalks, ...]) -> FloatArray:
    """Return what is left of the limit of each part from each end, over the link; -1 if that is no way."""
    count, costs = len(ends), today.places.costs
    length_m = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    over = np.tile(metres_to_ms(length_m, speed_m_per_min=costs.speed_m_per_min), 2)
    rest = []
    for one in parts:
        targets = today.places.of(one.part.table).only(one.part.rows)
        ms = nearest_ms(today.network, costs, here, targets, one.part.needed)[:, -1]
        through = over + np.roll(np.where(ms == UNREACHED_MS, np.inf, ms), count)
        rest.append(np.where(through < ms, one.part.limit_ms - through, -1.0))
    return np.array(rest)
