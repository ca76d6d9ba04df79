"""
Supply and demand by floating catchments: the two-step method (2SFCA) and its enhanced form (E2SFCA).

First step: each supply is divided by the demand within its reach. Second step: each place adds up what it
gets of every supply within its reach. The enhanced form weighs both steps by how long the walk is.

Sources: Luo and Wang 2003 (2SFCA); Luo and Qi 2009 (E2SFCA, doi 10.1016/j.healthplace.2009.06.002), whose
three zones of equal width are thirds of the limit here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoplan.network.graph import FloatArray, IntArray
from geoplan.standards.standard import Standard

__all__ = ["TwoStep", "two_step_access", "zone_weights"]


_WEIGHTS = ("access.weight_near", "access.weight_middle", "access.weight_far")


@dataclass(frozen=True, eq=False)
class TwoStep:
    """
    Result of `two_step_access`.

    Parameters
    ----------
    ratio
        Supply per person within reach, one a supply; 0 where nobody is, NaN where the supply is not known.
    score
        Supply per person, one a place; NaN if a supply within reach is not known, 0 if none is.
    """

    ratio: FloatArray
    score: FloatArray


def two_step_access(
    place: IntArray,
    supplier: IntArray,
    *,
    supply: FloatArray,
    demand: FloatArray,
    weights: FloatArray | None = None,
) -> TwoStep:
    """
    Return who gets how much of a supply that is shared among all within reach.

    Parameters
    ----------
    place, supplier
        Pairs within reach, each once.
    supply
        What each supplier offers; NaN if not known.
    demand
        Persons at each place; NaN counts as nobody.
    weights
        One a pair, 0 to 1; None takes 1.

    Returns
    -------
    TwoStep
        ``(score * demand).sum()`` is the supply of the suppliers that anybody reaches.

    Examples
    --------
    >>> pairs = np.array([[0, 0], [1, 0], [1, 1]])
    >>> found = two_step_access(*pairs.T, supply=np.array([30.0, 10.0]), demand=np.array([10.0, 20.0]))
    >>> found.ratio.tolist(), found.score.tolist()
    ([1.0, 0.5], [1.0, 1.5])
    """
    weight = np.ones(len(place)) if weights is None else weights
    people = np.nan_to_num(demand)
    asked = np.bincount(supplier, weight * people[place], len(supply))
    ratio = np.divide(supply, asked, out=np.where(np.isnan(supply), np.nan, 0.0), where=asked > 0)
    score = np.bincount(place, weight * ratio[supplier], len(demand)).astype(np.float64)
    return TwoStep(ratio, score)


def zone_weights(ms: IntArray, limit_ms: int, standard: Standard) -> FloatArray | None:
    """
    Return the weight of each walk by the third of the limit it falls in.

    Parameters
    ----------
    ms
        Walking times within the limit [ms].
    limit_ms
        The limit [ms].
    standard
        Rules used: ``access.weight_near``, ``access.weight_middle``, ``access.weight_far``.

    Returns
    -------
    One a walk; None if the pack does not state all three.
    """
    rules = [standard.get(one) for one in _WEIGHTS]
    if any(rule is None for rule in rules):
        return None
    values = np.array([float(rule.value) for rule in rules if rule is not None])
    zone = np.clip(-(-3 * ms // max(limit_ms, 1)) - 1, 0, 2)
    return np.asarray(values[zone])
