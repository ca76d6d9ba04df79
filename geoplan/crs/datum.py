"""
GCJ-02 and BD-09, the shifted datums of Chinese web maps, to and from WGS84.

Both are smooth distortions of WGS84 by some hundred metres. Forward they are closed formulas; the
inverse has none and is iterated until it is exact to well under a millimetre.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from geoplan.errors import DatumError

__all__ = ["DATUMS", "from_wgs84", "to_wgs84"]

Floats = npt.NDArray[np.float64]
_Pair = tuple[Floats, Floats]

DATUMS = ("gcj02", "bd09")
"""Names accepted where a CRS is declared: neither has an EPSG code."""

_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_AXIS_M, _ECCENTRICITY2 = 6_378_245.0, 0.006_693_421_622_965_943
_LON0, _LAT0 = 105.0, 35.0
_BAIDU_LON, _BAIDU_LAT, _BAIDU_FREQUENCY = 0.0065, 0.006, np.pi * 3000 / 180
_CLOSE_ENOUGH_DEG, _MAX_ROUNDS = 1e-13, 60


def from_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, datum: str) -> _Pair:
    """
    Shift WGS84 coordinates to ``datum``.

    Parameters
    ----------
    lon, lat
        WGS84 degrees.
    datum
        ``"gcj02"`` or ``"bd09"``.

    Returns
    -------
    lon, lat
        Degrees in ``datum``; places outside the rectangle around China are unchanged.

    Raises
    ------
    DatumError
        If the datum is unknown.

    Examples
    --------
    >>> lon, lat = from_wgs84(103.72, 36.10, "gcj02")
    >>> round(float(lon), 4), round(float(lat), 4)
    (103.7225, 36.0998)
    """
    return _where_shifted(_forward(datum), lon, lat)


def to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, datum: str) -> _Pair:
    """
    Shift coordinates in ``datum`` to WGS84: the inverse of `from_wgs84`, to 1e-9 degrees.

    Parameters
    ----------
    lon, lat
        Degrees in ``datum``.
    datum
        ``"gcj02"`` or ``"bd09"``.

    Returns
    -------
    lon, lat
        WGS84 degrees.

    Raises
    ------
    DatumError
        If the datum is unknown.

    Examples
    --------
    >>> lon, lat = to_wgs84(*from_wgs84([103.72], [36.10], "bd09"), "bd09")
    >>> round(float(lon[0]), 9), round(float(lat[0]), 9)
    (103.72, 36.1)
    """
    forward = _forward(datum)
    return _where_shifted(lambda x, y: _invert(forward, x, y), lon, lat)


def _forward(datum: str) -> Callable[[Floats, Floats], _Pair]:
    if datum not in DATUMS:
        raise DatumError("error.unknown_datum", datum=datum, known=", ".join(DATUMS))
    return _gcj02 if datum == "gcj02" else _bd09


def _where_shifted(shift: Callable[[Floats, Floats], _Pair], lon: npt.ArrayLike, lat: npt.ArrayLike) -> _Pair:
    x, y = np.array(lon, float), np.array(lat, float)
    inside = (x >= _WEST) & (x <= _EAST) & (y >= _SOUTH) & (y <= _NORTH)
    x[inside], y[inside] = shift(x[inside], y[inside])
    return x, y


def _invert(forward: Callable[[Floats, Floats], _Pair], lon: Floats, lat: Floats) -> _Pair:
    """Find the place that ``forward`` moves here; its shift changes slowly, so correcting converges."""
    x, y = lon.copy(), lat.copy()
    for _ in range(_MAX_ROUNDS):
        at_x, at_y = forward(x, y)
        miss_x, miss_y = lon - at_x, lat - at_y
        x, y = x + miss_x, y + miss_y
        if max(np.abs(miss_x).max(initial=0), np.abs(miss_y).max(initial=0)) < _CLOSE_ENOUGH_DEG:
            break
    return x, y


def _waves(values: Floats, *terms: tuple[float, float]) -> Floats:
    """Sum of sines: (amplitude, half-turns a unit)."""
    return sum((size * np.sin(rate * np.pi * values) for size, rate in terms), np.zeros_like(values))


def _gcj02(lon: Floats, lat: Floats) -> _Pair:
    u, v = lon - _LON0, lat - _LAT0
    root, shared = np.sqrt(np.abs(u)), _waves(u, (20, 6), (20, 2))
    east = 300 + u + 2 * v + 0.1 * u * u + 0.1 * u * v + 0.1 * root
    east += (shared + _waves(u, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))) * 2 / 3
    north = -100 + 2 * u + 3 * v + 0.2 * v * v + 0.1 * u * v + 0.2 * root
    north += (shared + _waves(v, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))) * 2 / 3
    phi = np.radians(lat)
    flat = 1 - _ECCENTRICITY2 * np.sin(phi) ** 2
    metres_a_degree_east = np.radians(_AXIS_M / np.sqrt(flat) * np.cos(phi))
    metres_a_degree_north = np.radians(_AXIS_M * (1 - _ECCENTRICITY2) / flat**1.5)
    return lon + east / metres_a_degree_east, lat + north / metres_a_degree_north


def _bd09(lon: Floats, lat: Floats) -> _Pair:
    x, y = _gcj02(lon, lat)
    radius = np.hypot(x, y) + 0.000_02 * np.sin(y * _BAIDU_FREQUENCY)
    angle = np.arctan2(y, x) + 0.000_003 * np.cos(x * _BAIDU_FREQUENCY)
    return radius * np.cos(angle) + _BAIDU_LON, radius * np.sin(angle) + _BAIDU_LAT
