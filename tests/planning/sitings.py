"""Small sitings, and their answers by going through every choice: slow and obvious."""

from __future__ import annotations

import itertools

import numpy as np

from geoplan.units import UNREACHED_MS

MODELS = ("lscp", "mclp", "p_median", "p_centre")


def best_by_enumeration(walks, model, *, limit, weights, fixed, p, capacities=None):
    """Return the best objective; None if no choice serves everyone who can be served."""
    demands, candidates = walks.shape
    usable = walks <= limit
    if capacities is not None:
        usable &= weights[:, None] <= capacities[None, :]
    claims = [i for i in range(demands) if weights[i] > 0 and usable[i].any()]
    values = []
    most = candidates if model == "lscp" else p
    for size in range(most + 1):
        for chosen in itertools.combinations(range(candidates), size):
            if set(fixed) <= set(chosen):
                value = _best_assignment(walks, model, usable, weights, claims, chosen, capacities)
                if value is not None:
                    values.append(value)
    if not values:
        return None
    return max(values) if model == "mclp" else min(values)


def _best_assignment(walks, model, usable, weights, claims, chosen, capacities):
    if capacities is None:
        given = {
            i: min((j for j in chosen if usable[i, j]), key=walks[i].__getitem__, default=None)
            for i in claims
        }
        options = [given] if model == "mclp" or None not in given.values() else []
    else:
        options = _assignments(usable, weights, claims, chosen, capacities, {}, may_leave=model == "mclp")
    values = []
    for given in options:
        served = [(int(weights[i]), int(walks[i, j])) for i, j in given.items() if j is not None]
        values.append(
            {
                "lscp": len(chosen),
                "mclp": sum(weight for weight, _ in served),
                "p_median": sum(weight * walk for weight, walk in served),
                "p_centre": max((walk for _, walk in served), default=0),
            }[model]
        )
    if not values:
        return None
    return max(values) if model == "mclp" else min(values)


def _assignments(usable, weights, claims, chosen, capacities, given, *, may_leave):
    if len(given) == len(claims):
        yield dict(given)
        return
    demand = claims[len(given)]
    for one in [*(j for j in chosen if usable[demand, j]), *([None] if may_leave else [])]:
        held = sum(int(weights[i]) for i, j in given.items() if j == one) + int(weights[demand])
        if one is None or capacities is None or held <= capacities[one]:
            yield from _assignments(
                usable, weights, claims, chosen, capacities, {**given, demand: one}, may_leave=may_leave
            )


def without_ways(walks, ways):
    """Return the walks with no way where ``ways`` is false."""
    return np.where(ways, walks, UNREACHED_MS)
