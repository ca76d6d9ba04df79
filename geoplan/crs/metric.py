"""One metric CRS a study: which one suits, and whether a given one measures truthfully."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError

from geoplan.errors import CrsError, NotMetricError

__all__ = ["parse_crs", "require_metric", "suggest_metric_crs", "to_lonlat", "transform_xy"]

Floats = npt.NDArray[np.float64]

MAX_SCALE_ERROR = 0.001
"""A metre on the map may differ from a metre on the ground by this share at most."""
_MAX_SCALE_ERROR_ANYWHERE = 0.01
_WGS84 = "EPSG:4326"
_CHINA = (73.62, 16.7, 134.77, 53.56)
_FIRST_CGCS2000_ZONE = 4534
_FIRST_MERIDIAN, _LAST_MERIDIAN = 75, 135


def parse_crs(crs: object) -> CRS:
    """
    Return a pyproj CRS.

    Parameters
    ----------
    crs
        Anything that names a CRS, such as ``"EPSG:4544"``.

    Raises
    ------
    CrsError
        If it names none.

    Examples
    --------
    >>> parse_crs("EPSG:4544").to_epsg()
    4544
    """
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise CrsError("error.unknown_crs", crs=str(crs)) from error


def require_metric(data: Any) -> CRS:
    """
    Return the CRS of ``data`` if it measures metres truthfully there.

    Parameters
    ----------
    data
        A GeoDataFrame or GeoSeries, whose coordinates are then looked at; or a CRS, which is then tried
        at the corners of the area it is made for.

    Returns
    -------
    crs
        A projected CRS in metres whose scale is true to 0.1 % at the data (to 1 % in its own area, if
        there is no data).

    Raises
    ------
    NotMetricError
        If it is missing, geographic, not in metres, or stretched: web Mercator, or the wrong zone.

    Examples
    --------
    >>> require_metric("EPSG:4544").to_epsg()
    4544
    >>> require_metric("EPSG:3857")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    geoplan.errors.NotMetricError: ...
    """
    framed = isinstance(data, gpd.GeoDataFrame | gpd.GeoSeries)
    named = data.crs if framed else data
    if named is None:
        raise NotMetricError("error.no_crs")
    crs = parse_crs(named)
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info[:2]):
        raise NotMetricError("error.not_metric", crs=_label(crs))
    bounds: Floats = np.array(data.total_bounds, np.float64) if framed else np.full(4, np.nan)
    if np.isnan(bounds).any():
        error = _scale_error(crs, *_own_area(crs))
        if error > _MAX_SCALE_ERROR_ANYWHERE:
            raise NotMetricError("error.scale_anywhere", crs=_label(crs), percent=100 * error)
        return crs
    lon, lat = to_lonlat(crs, *_corners(bounds))
    error = _scale_error(crs, lon, lat)
    if error > MAX_SCALE_ERROR:
        better = suggest_metric_crs(float(np.mean(lon)), float(np.mean(lat)))
        allowed = 100 * MAX_SCALE_ERROR
        raise NotMetricError(
            "error.scale", crs=_label(crs), percent=100 * error, allowed=allowed, better=better
        )
    return crs


def suggest_metric_crs(lon: float, lat: float) -> str:
    """
    Return the metric CRS that suits a place.

    Parameters
    ----------
    lon, lat
        WGS84 degrees.

    Returns
    -------
    crs
        In China the CGCS2000 3-degree zone without zone prefix; elsewhere the UTM zone.

    Raises
    ------
    CrsError
        If there is no such place.

    Examples
    --------
    >>> suggest_metric_crs(103.7, 36.1), suggest_metric_crs(2.35, 48.86)
    ('EPSG:4544', 'EPSG:32631')
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise CrsError("error.not_on_earth", lon=lon, lat=lat)
    west, south, east, north = _CHINA
    if west <= lon <= east and south <= lat <= north:
        meridian = min(max(3 * math.floor(lon / 3 + 0.5), _FIRST_MERIDIAN), _LAST_MERIDIAN)
        return f"EPSG:{_FIRST_CGCS2000_ZONE + (meridian - _FIRST_MERIDIAN) // 3}"
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def transform_xy(source: object, target: object, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """
    Transform coordinates; x is always east or longitude, whatever the CRS says about its axes.

    Parameters
    ----------
    source, target
        Name the CRSs.
    x, y
        Coordinates in ``source``.

    Returns
    -------
    x, y
        Coordinates in ``target``; infinite where the place cannot be expressed.
    """
    moved = _transformer(parse_crs(source).to_wkt(), parse_crs(target).to_wkt()).transform(
        np.asarray(x, float), np.asarray(y, float)
    )
    return np.asarray(moved[0], float), np.asarray(moved[1], float)


def to_lonlat(crs: object, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS84 longitude and latitude of coordinates in ``crs``."""
    return transform_xy(crs, _WGS84, x, y)


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _scale_error(crs: CRS, lon: Floats, lat: Floats) -> float:
    """Return by which share a metre differs from a metre at most, at these places."""
    if not (np.isfinite(lon) & np.isfinite(lat)).all():
        raise NotMetricError("error.not_on_map", crs=_label(crs))
    factors = Proj(crs).get_factors(lon, lat)
    scales = np.concatenate([np.ravel(factors.meridional_scale), np.ravel(factors.parallel_scale)])
    return float(np.max(np.where(np.isfinite(scales), np.abs(scales - 1), np.inf), initial=0.0))


def _own_area(crs: CRS) -> tuple[Floats, Floats]:
    area = crs.area_of_use
    if area is None:
        return np.empty(0), np.empty(0)
    return _corners(np.array([area.west, area.south, area.east, area.north]))


def _corners(bounds: Floats) -> tuple[Floats, Floats]:
    """Return the corners and the centre of a box."""
    west, south, east, north = bounds
    x = np.array([west, east, west, east, (west + east) / 2])
    y = np.array([south, south, north, north, (south + north) / 2])
    return x, y


def _label(crs: CRS) -> str:
    return str(crs.to_string() if crs.to_epsg() is None else f"EPSG:{crs.to_epsg()}")
