"""Positions that users send: from an allowed CRS into the study's, or refused with the cure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pyproj import Transformer

import geoplan as gp
from geoplan.crs.datum import DATUMS, to_wgs84
from geoplan_api.problems import ProblemError

__all__ = ["CRS_PATTERN", "LONLAT", "Positions"]

LONLAT = "CRS84"
CRS_PATTERN = r"^(CRS84|EPSG:[0-9]{4,5}|gcj02|bd09)$"
_SAME = ("CRS84", "EPSG:4326")
_CGCS2000 = "EPSG:4490"
_AROUND_M = 1000.0
"""How far outside the study a position may lie: farther ones are mistakes, not unknowns [m]."""


class Positions:
    """
    Read positions for one study.

    The names of CRSs are a short fixed list: no text of a user ever reaches PROJ.

    Parameters
    ----------
    study
        The study; its tables tell the area that may be asked.
    """

    def __init__(self, study: gp.Study) -> None:
        self.crs = study.crs
        self.allowed = (*_SAME, _CGCS2000, study.crs, *DATUMS)
        self._into = {
            name: Transformer.from_crs(source, study.crs, always_xy=True)
            for name, source in ((LONLAT, "EPSG:4326"), (_CGCS2000, _CGCS2000))
        }
        self._back = Transformer.from_crs(study.crs, "EPSG:4326", always_xy=True)
        self.bounds = _bounds(study)

    def into_study(self, x: float, y: float, crs: str = LONLAT) -> tuple[float, float]:
        """
        Return a position in the study's CRS; ``x`` is always east or longitude.

        Raises
        ------
        ProblemError
            422 if the CRS is not allowed, or the position lies outside the study.
        """
        if crs not in self.allowed:
            raise ProblemError(422, "problem.crs", crs=crs, known=", ".join(dict.fromkeys(self.allowed)))
        if crs == self.crs:
            east, north = x, y
        else:
            if crs in DATUMS and abs(x) <= 180 and abs(y) <= 90:
                x, y = (one.item() for one in to_wgs84([x], [y], crs))
            if not (abs(x) <= 180 and abs(y) <= 90):
                raise ProblemError(422, "problem.outside", **self.said())
            east, north = self._into[crs if crs == _CGCS2000 else LONLAT].transform(x, y)
        west, south, most_east, most_north = self.bounds
        if not (west <= east <= most_east and south <= north <= most_north):
            raise ProblemError(422, "problem.outside", **self.said())
        return float(east), float(north)

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """Return longitude and latitude of a position in the study's CRS."""
        lon, lat = self._back.transform(x, y)
        return float(lon), float(lat)

    def said(self) -> dict[str, Any]:
        """Return the area that may be asked, for a message [degrees]."""
        west, south, east, north = self._back.transform_bounds(*self.bounds)
        return {
            name: f"{value:.4f}"
            for name, value in zip(
                ("west", "south", "east", "north"), (west, south, east, north), strict=True
            )
        }


def _bounds(study: gp.Study) -> tuple[float, float, float, float]:
    tables = (study.communities, study.residences, study.facilities, study.centres, study.streets)
    boxes = np.array([one.total_bounds for one in tables if one is not None and len(one)])
    if not len(boxes) or not np.isfinite(boxes).any():
        return (math.inf, math.inf, -math.inf, -math.inf)
    west, south = np.nanmin(boxes[:, :2], axis=0) - _AROUND_M
    east, north = np.nanmax(boxes[:, 2:], axis=0) + _AROUND_M
    return float(west), float(south), float(east), float(north)
