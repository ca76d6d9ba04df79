"""Coordinates that cannot be right: swapped axes, a zone prefix too many or too few, places far away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from geoplan.crs.datum import DATUMS, to_wgs84
from geoplan.crs.metric import to_lonlat

__all__ = ["FAR", "distance_m", "far_from", "implausible", "locate", "zone_crs"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.object_]

SWAPPED, OUTSIDE, FAR = "fault.swapped_coordinates", "fault.outside_crs", "fault.far_away"
PREFIX, PREFIX_MISSING = "fault.zone_prefix", "fault.zone_prefix_missing"
_MARGIN_DEG = 6.0
"""Data may reach this far beyond the area a CRS is made for: neighbouring zones are often used."""
_CHINA = (73.62, 16.7, 134.77, 53.56)
_FAR_AT_LEAST_M, _FAR_SPREADS = 100_000.0, 10.0
_EARTH_RADIUS_M = 6_371_000.0
_PREFIX_UNIT = 1_000_000
_THREE_DEGREE_ZONES, _SIX_DEGREE_ZONES = range(25, 46), range(13, 24)


def locate(declared: str, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """
    Return WGS84 degrees of coordinates in a CRS or datum.

    Parameters
    ----------
    declared
        A CRS, or ``"gcj02"`` or ``"bd09"``.
    x, y
        East and north, or longitude and latitude.
    """
    return to_wgs84(x, y, declared) if declared in DATUMS else to_lonlat(declared, x, y)


def implausible(declared: str, x: npt.ArrayLike, y: npt.ArrayLike) -> Codes:
    """
    Tell which coordinates cannot be right in the CRS they are declared in.

    Parameters
    ----------
    declared
        A CRS, or ``"gcj02"`` or ``"bd09"``.
    x, y
        East and north, or longitude and latitude.

    Returns
    -------
    codes
        For each place a message key ``fault.*``, empty where nothing is wrong.

    Examples
    --------
    >>> implausible("EPSG:4544", [473_000, 35_473_000], [3_997_000, 3_997_000]).tolist()
    ['', 'fault.zone_prefix']
    >>> implausible("EPSG:4326", [36.1], [103.7]).tolist()
    ['fault.swapped_coordinates']
    """
    x, y = np.array(x, float), np.array(y, float)
    x[np.isinf(x)] = np.nan
    codes = np.full(len(x), "", dtype=object)
    wrong = ~_inside(declared, x, y)
    codes[wrong] = OUTSIDE
    # the first explanation that puts the place where it may be is the one told
    for code, (east, north) in reversed(_explanations(declared, x, y)):
        codes[wrong & _inside(declared, east, north)] = code
    return codes


def far_from(lon: Floats, lat: Floats, centre: tuple[float, float], spread_m: float) -> npt.NDArray[np.bool_]:
    """
    Tell which places lie too far from the study to belong to it.

    Parameters
    ----------
    lon, lat
        WGS84 degrees.
    centre
        Longitude and latitude of the middle of the study.
    spread_m
        Usual distance of a place from it. Ten times that is far, but never less than 100 km.

    Examples
    --------
    >>> far_from(np.array([103.7, 116.4]), np.array([36.1, 39.9]), (103.7, 36.1), 5000).tolist()
    [False, True]
    """
    return distance_m(lon, lat, centre) > max(_FAR_AT_LEAST_M, _FAR_SPREADS * spread_m)


def distance_m(lon: Floats, lat: Floats, centre: tuple[float, float]) -> Floats:
    """Return great-circle distances to ``centre`` on a sphere, in metres."""
    east, north = np.radians(np.asarray(lon) - centre[0]), np.radians(lat)
    at = np.radians(centre[1])
    half = np.sin((north - at) / 2) ** 2 + np.cos(north) * np.cos(at) * np.sin(east / 2) ** 2
    return np.asarray(2 * _EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))), float)


def zone_crs(easting: float) -> str:
    """
    Return the CGCS2000 CRS whose eastings carry the zone prefix of this one, empty if there is none.

    Examples
    --------
    >>> zone_crs(35_473_000), zone_crs(18_273_000), zone_crs(473_000)
    ('EPSG:4523', 'EPSG:4496', '')
    """
    zone = int(easting // _PREFIX_UNIT)
    if zone in _THREE_DEGREE_ZONES:
        return f"EPSG:{4513 + zone - 25}"
    return f"EPSG:{4491 + zone - 13}" if zone in _SIX_DEGREE_ZONES else ""


def _explanations(declared: str, x: Floats, y: Floats) -> list[tuple[str, tuple[Floats, Floats]]]:
    """Return what the coordinates would be, had the usual mistakes not been made."""
    swapped = (SWAPPED, (y, x))
    if declared in DATUMS or CRS(declared).is_geographic:
        return [swapped]
    prefix = np.floor(np.abs(x) / _PREFIX_UNIT) * _PREFIX_UNIT
    own = np.floor(_false_easting(declared) / _PREFIX_UNIT) * _PREFIX_UNIT
    return [swapped, (PREFIX, (np.where(prefix > 0, x - prefix, np.nan), y)), (PREFIX_MISSING, (x + own, y))]


def _false_easting(declared: str) -> float:
    operation = CRS(declared).coordinate_operation
    wanted = ("False easting", "Easting at false origin")
    return (
        next((float(one.value) for one in operation.params if one.name in wanted), 0.0) if operation else 0.0
    )


def _inside(declared: str, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    """Tell which coordinates lie in or near the area the CRS is made for."""
    if declared in DATUMS or CRS(declared).is_geographic:
        possible = (np.abs(x) <= 180) & (np.abs(y) <= 90)
        return possible & ~_reads_as_china_when_swapped(x, y)
    area = CRS(declared).area_of_use
    lon, lat = to_lonlat(declared, np.where(np.isfinite(x), x, np.inf), y)
    found = np.isfinite(lon) & np.isfinite(lat)
    if area is None:
        return found
    # a stray place far outside the zone may come back from the inverse projection anywhere at all
    back = np.abs(lon - (area.west + area.east) / 2) <= (area.east - area.west) / 2 + _MARGIN_DEG
    return found & back & (lat >= area.south - _MARGIN_DEG) & (lat <= area.north + _MARGIN_DEG)


def _reads_as_china_when_swapped(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    """Latitudes beyond 73° with longitudes of China's latitudes: the Arctic Ocean, or China swapped."""
    west, south, east, north = _CHINA
    return (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
