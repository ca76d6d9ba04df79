"""The p-centre without capacities: the shortest walk within which p candidates cover everyone."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from geoplan.errors import SolverError
from geoplan.planning.siting_bound import full_cover_bound
from geoplan.planning.siting_costs import IntArray, SitingCosts
from geoplan.planning.siting_cover import Cover, full_cover, reduce_cover
from geoplan.planning.siting_cover_search import fewer_columns
from geoplan.planning.siting_exact import cover_all
from geoplan.planning.siting_search import assign_nearest

__all__ = ["cover_with", "smallest_centre"]

_MOVES = 1500


@dataclass(frozen=True, eq=False)
class _Try:
    """Whether p candidates cover everyone: some that do, whether there may be any, and what is to decide."""

    found: IntArray | None
    possible: bool
    left: Cover | None = None


def cover_with(costs: SitingCosts, *, seed: int, ends: float) -> tuple[IntArray | None, bool]:
    """
    Look for p candidates that serve every claim.

    Parameters
    ----------
    costs
        The problem, without capacities.
    seed
        Of the search.
    ends
        When to stop, by `time.monotonic`.

    Returns
    -------
    Candidates, the fixed ones among them (None if none were found), and whether there may be any.
    """
    tried = _quickly(costs, seed, ends)
    if tried.left is not None:
        tried = _exactly(costs, tried.left, ends)
    return tried.found, tried.possible


def _quickly(costs: SitingCosts, seed: int, ends: float) -> _Try:
    """Search, and look whether the bound of a relaxation says that there are none."""
    cover, fixed = reduce_cover(costs, whole=True), np.flatnonzero(costs.fixed)
    more = costs.p - len(fixed)
    found = full_cover(cover, seed=seed, ends=ends)
    if len(found) > more:
        known = full_cover_bound(cover, more + 1.0, ends=ends)
        if known.bound > more:
            return _Try(None, False)
        found = fewer_columns(cover, found, moves=_MOVES, seed=seed, ends=ends, enough=more)
        if len(found) > more:
            kept = np.flatnonzero(~known.closed)
            return _Try(None, True, Cover(cover.matrix[:, kept], cover.weight, cover.candidates[kept], 0))
    return _Try(np.concatenate([fixed, cover.candidates[found]]), True)


def _exactly(costs: SitingCosts, left: Cover, ends: float) -> _Try:
    """Decide by HiGHS."""
    fixed = np.flatnonzero(costs.fixed)
    more = costs.p - len(fixed)
    if not (np.diff(left.matrix.tocsr().indptr) > 0).all():
        return _Try(None, False)
    found, bound, proven = cover_all(left, most=more, seconds=ends - time.monotonic(), enough=more)
    if found is None:
        return _Try(None, not (proven or bound > more))
    return _Try(np.concatenate([fixed, left.candidates[found]]), True)


def smallest_centre(costs: SitingCosts, *, seed: int, ends: float) -> tuple[IntArray, float] | None:
    """
    Halve the range of walks, first by what is quickly said, then by HiGHS.

    Parameters
    ----------
    costs, seed, ends
        As in `cover_with`.

    Returns
    -------
    Candidates, and a walk below which no choice gets; None if it is proven that there is no choice.

    Raises
    ------
    SolverError
        If nothing was found and nothing disproved.
    """
    walks = np.unique(costs.cost[costs.claims[costs.demand]])
    if not len(walks):
        return np.flatnonzero(costs.fixed), 0.0
    nearest = np.full(costs.demands, -1, np.int64)
    first = costs.nearest_first[::-1]
    nearest[costs.demand[first]] = costs.cost[first]
    least = int(np.searchsorted(walks, nearest[costs.claims].max()))
    best, possible = cover_with(costs, seed=seed, ends=ends)
    if best is None:
        if possible:
            raise SolverError("error.siting_not_found")
        return None
    high, low = _longest(costs, best, walks), least
    while low < high and time.monotonic() < ends:
        middle = (low + high) // 2
        near = costs.within(int(walks[middle]))
        tried = _quickly(near, seed, ends)
        if tried.found is not None:
            best, high = tried.found, _longest(near, tried.found, walks)
        else:
            low = middle + 1
            least = least if tried.possible else low
    best, least = _decide(costs, best, walks, least, seed, ends)
    return best, float(walks[least])


def _decide(
    costs: SitingCosts, best: IntArray, walks: IntArray, least: int, seed: int, ends: float
) -> tuple[IntArray, int]:
    """Ask HiGHS just below the best known: it is the best as a rule. If not, go down in longer steps."""
    high, step = _longest(costs, best, walks), 1
    while least < high and time.monotonic() < ends:
        middle = max(least, high - step)
        near = costs.within(int(walks[middle]))
        found, possible = cover_with(near, seed=seed, ends=ends)
        if found is not None:
            best, high, step = found, _longest(near, found, walks), 2 * step
        elif possible:
            break  # time ran out
        else:
            least, step = middle + 1, 1
    return best, min(least, high)


def _longest(costs: SitingCosts, chosen: IntArray, walks: IntArray) -> int:
    """Return the longest walk to the nearest chosen, as a place in ``walks``."""
    serving = assign_nearest(costs, chosen)
    used = costs.claims[costs.demand] & (serving[costs.demand] == costs.candidate)
    return int(np.searchsorted(walks, costs.cost[used].max()))
