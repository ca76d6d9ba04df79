"""Geometries for a browser: WGS84 to six decimals of a degree (a tenth of a metre), light enough to draw."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import orjson
import shapely

from geoplan.crs.metric import to_lonlat

__all__ = ["bounds", "features", "points"]

_DECIMALS = 6


def points(geometry: gpd.GeoSeries) -> list[list[float]]:
    """Return longitude and latitude of a point inside each geometry."""
    inside = shapely.point_on_surface(geometry.to_numpy())
    return _moved(geometry.crs, shapely.get_coordinates(inside)).tolist()  # type: ignore[no-any-return]


def features(
    shapes: npt.NDArray[np.object_], crs: object, *, tolerance_m: float = 0.0
) -> list[dict[str, Any]]:
    """
    Return GeoJSON features; ``id`` is the position in ``shapes``, which may have gaps (None, empty).

    Parameters
    ----------
    shapes
        Geometries in ``crs``.
    crs
        Metric CRS.
    tolerance_m
        How far the drawn line may lie from the true one [m].

    Examples
    --------
    >>> line = shapely.LineString([(474000, 3997000), (474010, 3997000)])
    >>> (feature,) = features(np.array([None, line]), "EPSG:4544")
    >>> feature["id"], feature["geometry"]["coordinates"][0]
    (1, [104.71126, 36.102909])
    """
    drawn = shapely.transform(shapely.simplify(shapes, tolerance_m), lambda xy: _moved(crs, xy))
    return [
        {"type": "Feature", "id": at, "properties": {}, "geometry": orjson.loads(shapely.to_geojson(one))}
        for at, one in enumerate(drawn)
        if one is not None and not one.is_empty
    ]


def bounds(geometry: gpd.GeoSeries) -> list[list[float]]:
    """Return south-west and north-east corner of some geometries, latitude first as Leaflet wants it."""
    west, south, east, north = geometry.total_bounds
    corners = np.array([[west, south], [east, south], [west, north], [east, north]])
    lon, lat = _moved(geometry.crs, corners).T
    return [[float(lat.min()), float(lon.min())], [float(lat.max()), float(lon.max())]]


def _moved(crs: object, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lon, lat = to_lonlat(crs, xy[:, 0], xy[:, 1])
    return np.asarray(np.round(np.column_stack([lon, lat]), _DECIMALS), dtype=np.float64)
