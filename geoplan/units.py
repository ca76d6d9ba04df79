"""Units: the one place where minutes, metres and the network's milliseconds meet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "MS_PER_MINUTE",
    "MS_PER_SECOND",
    "UNREACHED_MS",
    "metres_to_ms",
    "minutes_to_ms",
    "ms_to_minutes",
]

MS_PER_SECOND = 1000
MS_PER_MINUTE = 60_000
UNREACHED_MS = np.iinfo(np.int64).max
"""Cost of what cannot be reached."""


def minutes_to_ms(minutes: float) -> int:
    """
    Return whole milliseconds, rounded half to even.

    Examples
    --------
    >>> minutes_to_ms(15)
    900000
    """
    return round(minutes * MS_PER_MINUTE)


def metres_to_ms(metres: npt.NDArray[np.float64], *, speed_m_per_min: float) -> npt.NDArray[np.int64]:
    """
    Return the walking time of lengths, in whole milliseconds rounded half to even.

    Examples
    --------
    >>> metres_to_ms(np.array([67.0, 1005.0]), speed_m_per_min=67.0).tolist()
    [60000, 900000]
    """
    return np.rint(np.asarray(metres, dtype=np.float64) * (MS_PER_MINUTE / speed_m_per_min)).astype(np.int64)


def ms_to_minutes(cost_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """
    Return minutes; what cannot be reached becomes NaN.

    Examples
    --------
    >>> ms_to_minutes(np.array([90_000, UNREACHED_MS])).tolist()
    [1.5, nan]
    """
    cost = np.asarray(cost_ms, dtype=np.int64)
    return np.where(cost == UNREACHED_MS, np.nan, cost / MS_PER_MINUTE)
