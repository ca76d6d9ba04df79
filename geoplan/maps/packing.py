"""
Columns and coordinates as few signs: what ``assets/core.js`` unpacks.

A hundred thousand homes with every walk must fit into a page that opens at once. Numbers travel as the
narrowest whole numbers that hold them; coordinates as differences, each in as few bytes as it needs.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.crs.datum import from_wgs84
from geoplan.crs.metric import to_lonlat

__all__ = ["Coordinates", "Numbers", "Paths", "Shapes", "paths_of", "points_of", "shapes_of", "varints"]

_DECIMALS = 6
"""A tenth of a metre."""
_TYPES = ("u1", "u2", "u4")
_LINE, _POLYGON, _POINT = 0, 1, 2
_BITS, _MORE = 7, 0x80


@dataclass(frozen=True, eq=False)
class Numbers:
    """
    A column of numbers that are not negative.

    Parameters
    ----------
    values
        NaN is a missing one.
    scale
        Kept are whole parts of one over this.
    """

    values: npt.NDArray[np.float64]
    scale: int = 1

    def packed(self, datum: str | None = None) -> dict[str, Any]:  # noqa: ARG002 - as what has places
        """Return the column as JSON: type, scale, and bytes in base64."""
        whole = np.rint(np.asarray(self.values, float) * self.scale)
        missing = np.isnan(whole)
        largest = float(np.max(whole, initial=0.0, where=~missing))
        name = next(one for one in _TYPES if largest < np.iinfo(one).max)
        kept = np.where(missing, np.iinfo(name).max, np.where(missing, 0, whole)).astype(f"<{name}")
        return {"type": name, "scale": self.scale, "data": _base64(kept.tobytes())}


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Places, a row each: longitude and latitude [degrees, WGS84]."""

    lonlat: npt.NDArray[np.float64]

    def packed(self, datum: str | None = None) -> dict[str, Any]:
        """Return the places as JSON; with a datum, as a map drawn in it shows them."""
        lon, lat = self.lonlat.T if len(self.lonlat) else (np.empty(0), np.empty(0))
        if datum is not None:
            lon, lat = from_wgs84(lon, lat, datum)
        whole = np.rint(np.column_stack([lon, lat]) * 10**_DECIMALS).astype(np.int64)
        steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel()
        return {"count": len(whole), "scale": 10**_DECIMALS, "data": _base64(varints(steps))}


@dataclass(frozen=True, eq=False)
class Shapes:
    """
    Shapes of a table: rows have parts, parts have rings, rings have vertices. A line is a part of one ring.

    Parameters
    ----------
    at
        Vertices.
    parts, kinds, rings, vertices
        How many parts a row has; of each part its kind and how many rings; how many vertices a ring.
    """

    at: Coordinates
    parts: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    rings: npt.NDArray[np.int64]
    vertices: npt.NDArray[np.int64]

    def packed(self, datum: str | None = None) -> dict[str, Any]:
        """Return the shapes as JSON."""
        columns = {name: getattr(self, name) for name in ("parts", "kinds", "rings", "vertices")}
        return {
            "rows": len(self.parts),
            "at": self.at.packed(datum),
            **{name: Numbers(one.astype(float)).packed() for name, one in columns.items()},
        }


@dataclass(frozen=True, eq=False)
class Paths:
    """A line for each home, without vertices where there is none."""

    at: Coordinates
    vertices: npt.NDArray[np.int64]

    def packed(self, datum: str | None = None) -> dict[str, Any]:
        """Return the lines as JSON."""
        counts = Numbers(self.vertices.astype(float)).packed()
        return {"homes": len(self.vertices), "at": self.at.packed(datum), "vertices": counts}


def points_of(geometry: gpd.GeoSeries, crs: str) -> Coordinates:
    """Return a point inside each geometry."""
    points = shapely.point_on_surface(geometry.to_numpy())
    return _lonlat(np.column_stack([shapely.get_x(points), shapely.get_y(points)]), crs)


def shapes_of(shapes: npt.NDArray[np.object_], crs: str, *, tolerance_m: float = 1.0) -> Shapes:
    """
    Return shapes as they are drawn, a row each; missing and empty ones have no parts.

    Parameters
    ----------
    shapes
        Geometries in ``crs``.
    crs
        Metric CRS.
    tolerance_m
        How far the drawn line may lie from the true one [m].
    """
    drawn = shapely.simplify(np.asarray(shapes, dtype=object), tolerance_m)
    parts, row = shapely.get_parts(drawn, return_index=True)
    full = ~shapely.is_empty(parts)
    parts, row = parts[full], row[full]
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    rings, owner = shapely.get_rings(parts[is_area], return_index=True)
    lines = np.concatenate([parts[~is_area], rings])
    of = np.concatenate([np.flatnonzero(~is_area), np.flatnonzero(is_area)[owner]])
    order = np.argsort(of, kind="stable")
    xy, ring = shapely.get_coordinates(lines[order], return_index=True)
    return Shapes(
        at=_lonlat(xy, crs),
        parts=np.bincount(row, minlength=len(drawn)),
        kinds=np.where(is_area, _POLYGON, np.where(is_point, _POINT, _LINE)),
        rings=np.bincount(of, minlength=len(parts)),
        vertices=np.bincount(ring, minlength=len(lines)),
    )


def paths_of(lines: npt.NDArray[np.object_], crs: str, *, tolerance_m: float = 1.0) -> Paths:
    """Return a line a home, None where there is none, as they are drawn."""
    xy, owner = shapely.get_coordinates(shapely.simplify(lines, tolerance_m), return_index=True)
    return Paths(_lonlat(xy, crs), np.bincount(owner, minlength=len(lines)))


def varints(values: npt.NDArray[np.int64]) -> bytes:
    """
    Return whole numbers in as few bytes as they need: zigzag, then seven bits a byte, lowest first.

    Examples
    --------
    >>> varints(np.array([0, -1, 1, 64])).hex()
    '0001028001'
    """
    zigzag = np.where(values < 0, -2 * values - 1, 2 * values).astype(np.uint64)
    size = np.ones(len(zigzag), np.int64)
    rest = zigzag >> np.uint64(_BITS)
    while rest.any():
        size += rest > 0
        rest >>= np.uint64(_BITS)
    first = np.cumsum(size) - size
    found = np.zeros(int(size.sum()), np.uint8)
    for place in range(int(size.max(initial=0))):
        some = size > place
        bits = (zigzag[some] >> np.uint64(_BITS * place)) & np.uint64(_MORE - 1)
        more = np.where(size[some] > place + 1, _MORE, 0).astype(np.uint64)
        found[first[some] + place] = bits | more
    return found.tobytes()


def _lonlat(xy: npt.NDArray[np.float64], crs: str) -> Coordinates:
    lon, lat = to_lonlat(crs, xy[:, 0], xy[:, 1])
    return Coordinates(np.column_stack([lon, lat]))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
