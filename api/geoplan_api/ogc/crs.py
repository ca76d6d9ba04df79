"""Coordinate reference systems as OGC API names them, with the axes in the order their authority gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from geoplan.crs.metric import parse_crs, transform_xy

__all__ = ["CRS84", "WEB_MERCATOR", "Floats", "Geometries", "OfferedCrs", "moved", "offered_crs"]

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""WGS84, longitude before latitude: what OGC API - Features answers in unless told otherwise."""
WEB_MERCATOR = "EPSG:3857"
"""For drawing tiles only, never for measuring."""

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OfferedCrs:
    """
    A CRS that a collection can be asked in.

    Parameters
    ----------
    uri
        Name of it in requests and answers.
    crs
        The CRS.
    north_first
        The authority states the northing or latitude first; bounding boxes and coordinates follow it.
    geographic
        Its coordinates are degrees, and boxes may span the antimeridian.
    """

    uri: str
    crs: CRS
    north_first: bool
    geographic: bool


def offered_crs(study_crs: str) -> tuple[OfferedCrs, ...]:
    """
    Return the CRSs in which the tables of a study are offered.

    Parameters
    ----------
    study_crs
        CRS of the study's tables.

    Returns
    -------
    offered
        CRS84, then the study's own. A CRS that no authority names has no URI and is left out.

    Examples
    --------
    >>> for one in offered_crs("EPSG:4544"):
    ...     print(one.uri, one.north_first)
    http://www.opengis.net/def/crs/OGC/1.3/CRS84 False
    http://www.opengis.net/def/crs/EPSG/0/4544 True
    """
    own = parse_crs(study_crs)
    default = OfferedCrs(CRS84, parse_crs("OGC:CRS84"), north_first=False, geographic=True)
    authority = own.to_authority(min_confidence=100)
    if authority is None:
        return (default,)
    uri = f"http://www.opengis.net/def/crs/{authority[0]}/0/{authority[1]}"
    first, second = (axis.direction for axis in own.axis_info[:2])
    return default, OfferedCrs(uri, own, (first, second) == ("north", "east"), own.is_geographic)


def moved(geometries: Geometries, source: object, target: object) -> Geometries:
    """
    Return flat geometries in another CRS, x east and y north; what cannot be expressed there is None.

    Parameters
    ----------
    geometries
        Geometries in ``source``; None and empty ones are None in the answer.
    source, target
        Name the CRSs.
    """
    flat = shapely.force_2d(geometries)
    if parse_crs(source) != parse_crs(target):
        flat = shapely.transform(flat, lambda xy: np.column_stack(transform_xy(source, target, *xy.T)))
    lost = shapely.is_empty(flat) | shapely.is_missing(flat)
    bounds: Floats = shapely.bounds(flat)
    kept = np.array(flat, dtype=object)
    kept[lost | ~np.isfinite(bounds).all(axis=1)] = None
    return kept
