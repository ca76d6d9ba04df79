"""Declared totals of people, spread over buildings so that the parts add up exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoplan.errors import DataError

__all__ = ["spread"]

_UNITS = 2**52
"""The largest weight counts this many units; exact integer arithmetic follows."""


def spread(total: int, weights: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """
    Spread a whole number in proportion to weights, by largest remainder.

    Parameters
    ----------
    total
        What to spread, at least 0.
    weights
        At least 0 each.

    Returns
    -------
    parts
        Whole numbers that add up to ``total`` exactly. Each differs from its exact share by less than 1; of
        equal remainders the earlier row is served first; weight 0 gets 0.

    Raises
    ------
    DataError
        If there is something to spread and no positive weight to spread it by.

    Examples
    --------
    >>> spread(10, [1, 1, 1]).tolist(), spread(3, [5.0, 0.0, 5.0]).tolist()
    ([4, 3, 3], [2, 0, 1])
    """
    share = np.asarray(weights, float)
    if total == 0:
        return np.zeros(len(share), np.int64)
    if not (share > 0).any():
        raise DataError("error.osm_nothing_to_spread_over", total=total)
    units = [int(one) for one in np.rint(share / share.max() * _UNITS)]
    whole = sum(units)
    parts = [total * one // whole for one in units]
    by_remainder = sorted(range(len(units)), key=lambda row: (-(total * units[row] % whole), row))
    for row in by_remainder[: total - sum(parts)]:
        parts[row] += 1
    return np.array(parts, np.int64)
