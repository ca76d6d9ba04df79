"""How much streets climb, by a digital elevation model (DEM)."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geoplan._optional import import_extra
from geoplan.crs.metric import parse_crs, transform_xy
from geoplan.errors import DataError, MissingCrsError

__all__ = ["DEM_SUFFIXES", "Dem", "fill_climbs", "read_dem"]

DEM_SUFFIXES = (".tif", ".tiff")

FloatArray = npt.NDArray[np.float64]

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_METRES = ("", "m", "metre", "meter", "metres", "meters")
_MOST_CELLS = 100_000_000


@dataclass(frozen=True, eq=False)
class Dem:
    """
    Heights on a grid.

    Parameters
    ----------
    crs
        CRS of the grid.
    to_cell
        Affine map from a place in ``crs`` to column and row: six numbers a, b, c, d, e, f; the column is
        ``a x + b y + c``, the row ``d x + e y + f``, and cell (0, 0) has its middle at (0.5, 0.5).
    height_m
        Height of each cell [m], rows by columns; NaN where unknown.
    """

    crs: str
    to_cell: tuple[float, float, float, float, float, float]
    height_m: npt.NDArray[np.float32]

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """
        Return the heights at places in ``crs`` [m], bilinear between the middles of cells.

        NaN outside the grid, and where one of the cells that count is unknown.

        Examples
        --------
        >>> slope = Dem("EPSG:4544", (1, 0, 0, 0, 1, 0), np.array([[0, 10], [0, 10]], np.float32))
        >>> slope.at(np.array([0.5, 1.0, 1.75, 9.0]), np.ones(4)).tolist()
        [0.0, 5.0, 10.0, nan]
        """
        rows, columns = self.height_m.shape
        a, b, c, d, e, f = self.to_cell
        column, row = a * x + b * y + c, d * x + e * y + f
        inside = (column >= 0) & (column <= columns) & (row >= 0) & (row <= rows)
        found = np.full(len(x), np.nan)
        # the outer half of a border cell has its height
        right = np.clip(column[inside] - 0.5, 0, columns - 1)
        down = np.clip(row[inside] - 0.5, 0, rows - 1)
        left, top = np.floor(right).astype(np.intp), np.floor(down).astype(np.intp)
        share_right, share_down = right - left, down - top
        height = np.zeros(int(inside.sum()))
        for add_row, weight_row in ((0, 1 - share_down), (1, share_down)):
            for add_column, weight_column in ((0, 1 - share_right), (1, share_right)):
                weight = weight_row * weight_column
                cell = self.height_m[
                    np.minimum(top + add_row, rows - 1), np.minimum(left + add_column, columns - 1)
                ]
                height += np.where(weight > 0, weight * cell.astype(np.float64), 0.0)
        found[inside] = height
        return found


def fill_climbs(streets: gpd.GeoDataFrame, dem: Dem) -> gpd.GeoDataFrame:
    """
    Fill the missing climbs of streets from the heights at their two ends.

    Only the ends count: a bridge does not follow the river bed, nor a tunnel the hill above. A street that
    rises and falls again between its ends counts as level; cut it where its slope changes.

    Parameters
    ----------
    streets
        Table ``streets``.
    dem
        The heights.

    Returns
    -------
    streets
        The same with ``climb_m`` [m] wherever it was missing, both ends have a height, and the street does
        not climb more than its length.

    Examples
    --------
    >>> hill = gpd.GeoDataFrame(geometry=[shapely.LineString([(0.5, 1), (1.5, 1)])], crs="EPSG:4544")
    >>> slope = Dem("EPSG:4544", (1, 0, 0, 0, 1, 0), np.array([[0, 0.5], [0, 0.5]], np.float32))
    >>> fill_climbs(hill, slope)["climb_m"].tolist()
    [0.5]
    """
    lines = streets.geometry.to_numpy()
    ends = shapely.get_coordinates([_end(lines, first=True), _end(lines, first=False)])
    x, y = transform_xy(streets.crs, dem.crs, ends[:, 0], ends[:, 1])
    below, above = np.split(dem.at(x, y), 2)
    climb = np.round(above - below, 2)
    climb[np.abs(climb) > streets.geometry.length.to_numpy()] = np.nan
    own = streets["climb_m"].to_numpy(float, na_value=np.nan) if "climb_m" in streets else climb
    return streets.assign(climb_m=np.where(np.isnan(own), climb, own))


def _end(lines: npt.NDArray[np.object_], *, first: bool) -> npt.NDArray[np.object_]:
    """Return the first vertex of each line's first part, or the last of its last."""
    at = 0 if first else -1
    many = shapely.get_type_id(lines) == shapely.GeometryType.MULTILINESTRING
    parts = np.where(many, shapely.get_geometry(lines, at), lines)
    points: npt.NDArray[np.object_] = shapely.get_point(parts, at)
    return points


def read_dem(file: Path, around: gpd.GeoDataFrame) -> Dem:
    """
    Read the part of a GeoTIFF that lies under a table.

    Parameters
    ----------
    file
        GeoTIFF whose first band holds heights in metres, with its CRS.
    around
        Table whose bounds tell the part to be read.

    Raises
    ------
    MissingExtraError
        If rasterio is not installed.
    MissingCrsError
        If the file states no CRS.
    DataError
        If it cannot be read, is not in metres, is too fine for its extent, or does not lie under the table.
    """
    rasterio = import_extra("rasterio", extra="dem")
    with file.open("rb") as stream:
        start = stream.read(4)
    if start not in _MAGIC:
        raise DataError("error.content", file=file.name, format="GeoTIFF")
    # no file beside it is looked at, and no other driver tried
    settings = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
    try:
        with warnings.catch_warnings(), rasterio.Env(**settings):
            warnings.simplefilter("ignore")
            with rasterio.open(file, driver="GTiff") as source:
                return _part(source, file.name, around)
    except rasterio.errors.RasterioError as error:
        raise DataError("error.unreadable", file=file.name, detail=str(error)[:200]) from error


def _part(source: Any, name: str, around: gpd.GeoDataFrame) -> Dem:
    if source.crs is None:
        raise MissingCrsError("error.dem_crs", file=name)
    if (source.units[0] or "").strip().lower() not in _METRES:
        raise DataError("error.dem_units", file=name, found=source.units[0])
    crs = parse_crs(source.crs.to_wkt()).to_string()
    window = _window(source, _spread(around, crs))
    if window is None:
        raise DataError("error.dem_elsewhere", file=name)
    row, column, rows, columns = window
    if rows * columns > _MOST_CELLS:
        raise DataError("error.dem_size", file=name, cells=rows * columns, most=_MOST_CELLS)
    cells = source.read(1, window=((row, row + rows), (column, column + columns)), masked=True)
    height = cells.astype(np.float32) * np.float32(source.scales[0]) + np.float32(source.offsets[0])
    a, b, c, d, e, f = (~source.transform)[:6]
    return Dem(crs, (a, b, c - column, d, e, f - row), height.filled(np.nan))


def _spread(around: gpd.GeoDataFrame, crs: str) -> tuple[FloatArray, FloatArray]:
    """Return points in and along the box around a table, in ``crs``."""
    west, south, east, north = around.total_bounds
    x, y = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
    return transform_xy(around.crs, crs, x.ravel(), y.ravel())


def _window(source: Any, places: tuple[FloatArray, FloatArray]) -> tuple[int, int, int, int] | None:
    """Return first row, first column, rows and columns of the part under the places, a cell more around."""
    a, b, c, d, e, f = (~source.transform)[:6]
    x, y = places
    column, row = a * x + b * y + c, d * x + e * y + f
    top, left = max(math.floor(row.min()) - 1, 0), max(math.floor(column.min()) - 1, 0)
    bottom, right = (
        min(math.ceil(row.max()) + 1, source.height),
        min(math.ceil(column.max()) + 1, source.width),
    )
    return (top, left, bottom - top, right - left) if top < bottom and left < right else None
