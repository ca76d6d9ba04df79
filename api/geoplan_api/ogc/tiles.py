"""Vector tiles of a collection: cut out, simplified by zoom, kept while there is room."""

from __future__ import annotations

import html
import re
import threading
from collections import OrderedDict
from typing import Any

import mapbox_vector_tile
import numpy as np
import numpy.typing as npt
import shapely

from geoplan.messages import text
from geoplan_api.ogc.catalogue import Catalogue
from geoplan_api.ogc.collection import Bbox, Collection, Rows
from geoplan_api.ogc.crs import CRS84, WEB_MERCATOR, Floats, Geometries
from geoplan_api.ogc.documents import JSON, Asked, Document, link
from geoplan_api.problems import ProblemError

__all__ = [
    "MAX_ZOOM",
    "MVT",
    "TILE_MATRIX_SET",
    "TileCache",
    "checked_address",
    "encode_tile",
    "tile_bounds",
    "tile_matrix_set_document",
    "tile_matrix_sets_document",
    "tilejson_document",
    "tileset_document",
    "tilesets_document",
]

MVT = "application/vnd.mapbox-vector-tile"
TILE_MATRIX_SET = "WebMercatorQuad"
MAX_ZOOM = 16
"""A unit of a tile is 15 cm on the ground there at most; viewers enlarge such tiles further."""

_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_HALF_WORLD = 20_037_508.342789244
_EXTENT = 4096
"""Units along a side of a tile."""
_BUFFER = 64
"""Units beyond its sides, so that outlines do not show where tiles meet."""
_TOLERANCE = 2
"""Units by which a line may be drawn beside its place below the last zoom: an eighth of a pixel of 256."""
_SPACING = 8
"""Units: of places nearer to one another below the last zoom, the first is drawn."""
_MAKERS = 2
"""Tiles made at a time, so that a map that asks for many leaves room for other answers."""
_DIMENSIONS = {"Point": 0, "LineString": 1, "Polygon": 2}

_Address = tuple[str, int, int, int]


class TileCache:
    """
    Tiles made before, the last asked for, up to a number of bytes.

    Parameters
    ----------
    max_bytes
        Bytes kept at most.
    """

    def __init__(self, max_bytes: int = 64 * 2**20) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._tiles: OrderedDict[_Address, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(_MAKERS)

    def __len__(self) -> int:
        return len(self._tiles)

    @property
    def held_bytes(self) -> int:
        """Bytes of the tiles kept."""
        return self._bytes

    def tile(self, collection: Collection, zoom: int, row: int, column: int) -> bytes:
        """Return a tile, made now if it is not kept."""
        key = (collection.id, zoom, row, column)
        kept = self._kept(key)
        if kept is not None:
            return kept
        with self._slots:
            # whoever waited for the same tile finds it here
            kept = self._kept(key)
            if kept is not None:
                return kept
            made = encode_tile(collection, zoom, row, column)
            with self._lock:
                self._bytes += len(made) - len(self._tiles.pop(key, b""))
                self._tiles[key] = made
                while self._bytes > self._max_bytes:
                    self._bytes -= len(self._tiles.popitem(last=False)[1])
        return made

    def _kept(self, key: _Address) -> bytes | None:
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)


def checked_address(zoom: str, row: str, column: str) -> tuple[int, int, int]:
    """
    Return zoom, row and column of a tile as they stand in its URL.

    Raises
    ------
    ProblemError
        404, if there is no such tile.
    """
    if all(re.fullmatch("[0-9]{1,6}", one) for one in (zoom, row, column)):
        level, down, across = int(zoom), int(row), int(column)
        if level <= MAX_ZOOM and max(down, across) < 2**level:
            return level, down, across
    raise ProblemError(404, "problem.ogc_no_tile", zoom=MAX_ZOOM)


def tile_bounds(zoom: int, row: int, column: int) -> Bbox:
    """
    Return the bounds of a tile in web Mercator [m]; row 0 is the northernmost.

    Examples
    --------
    >>> [round(one) for one in tile_bounds(1, 0, 1)]
    [0, 0, 20037508, 20037508]
    """
    side = 2 * _HALF_WORLD / 2**zoom
    west, north = -_HALF_WORLD + column * side, _HALF_WORLD - row * side
    return west, north - side, west + side, north


def encode_tile(collection: Collection, zoom: int, row: int, column: int) -> bytes:
    """
    Return a Mapbox vector tile; no bytes if nothing lies in it.

    Parameters
    ----------
    collection
        Has geometry.
    zoom, row, column
        Of the tile matrix set WebMercatorQuad.

    Notes
    -----
    Geometry is cut 64 units beyond the tile's sides (a side has 4,096). Below the last zoom, lines are
    simplified to 2 units, areas smaller than that become squares, lines that short are left out, and of
    places within the same 8 units the first by id is drawn. At the last zoom every feature of the tile is
    in it.
    """
    west, south, east, north = tile_bounds(zoom, row, column)
    unit = (east - west) / _EXTENT
    reach = _BUFFER * unit
    box = shapely.box(west - reach, south - reach, east + reach, north + reach)
    rows = collection.touching(box, WEB_MERCATOR)
    shapes = collection.shapes(WEB_MERCATOR)[rows]
    if zoom < MAX_ZOOM:
        kept = _drawn(shapes, np.array([west, south]), unit)
        rows, shapes = rows[kept], shapes[kept]
    shapes = shapely.transform(shapes, lambda xy: (xy - (west, south)) / unit)
    if zoom < MAX_ZOOM:
        shapes = _generalised(shapes)
    window = shapely.box(-_BUFFER, -_BUFFER, _EXTENT + _BUFFER, _EXTENT + _BUFFER)
    rows, shapes = _cut(rows, shapes, window)
    if not len(rows):
        return b""
    made: bytes = mapbox_vector_tile.encode(
        [{"name": collection.id, "features": _features(collection, rows, shapes)}],
        default_options={"extents": _EXTENT, "y_coord_down": False},
    )
    return made


def _features(collection: Collection, rows: Rows, shapes: Geometries) -> list[dict[str, Any]]:
    features = []
    for row, shape, values in zip(rows.tolist(), shapes, collection.properties(rows), strict=True):
        known = {name: value for name, value in values.items() if value is not None}
        feature: dict[str, Any] = {"geometry": shape, "properties": known}
        own = collection.feature_id(row)
        if isinstance(own, int) and own >= 0:
            feature["id"] = own
        features.append(feature)
    return features


def _drawn(shapes: Geometries, corner: Floats, unit: float) -> npt.NDArray[np.bool_]:
    """
    Return which shapes are drawn below the last zoom.

    Parameters
    ----------
    shapes
        In web Mercator.
    corner, unit
        South-west corner of the tile, and how long a unit is [m].
    """
    small, middle = _small(shapes, unit)
    spots = np.flatnonzero(small & (shapely.get_dimensions(shapes) != 1))
    cells = np.floor((middle[spots] - corner) / (_SPACING * unit)).astype(np.int64)
    kept = ~small
    kept[spots[np.unique(cells, axis=0, return_index=True)[1]]] = True
    return kept


def _generalised(shapes: Geometries) -> Geometries:
    """Return shapes, in units of the tile, as they are drawn below the last zoom."""
    small, middle = _small(shapes, 1.0)
    dots = small & (shapely.get_dimensions(shapes) == 2)
    drawn: Geometries = shapely.simplify(shapes, _TOLERANCE)
    half = _TOLERANCE / 2
    drawn[dots] = shapely.box(*(middle[dots] - half).T, *(middle[dots] + half).T)
    return drawn


def _small(shapes: Geometries, unit: float) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Return which shapes are shorter and narrower than the tolerance, and the middle of each."""
    bounds: Floats = shapely.bounds(shapes)
    least, most = bounds[:, :2], bounds[:, 2:]
    return (most - least).max(axis=1, initial=0.0) < _TOLERANCE * unit, (least + most) / 2


def _cut(rows: Rows, shapes: Geometries, window: shapely.Polygon) -> tuple[Rows, Geometries]:
    """Return what lies in the window, on whole units, of the dimension it had."""
    dimensions = shapely.get_dimensions(shapes)
    shapely.prepare(window)
    crossing = ~shapely.contains_properly(window, shapes)
    cut = shapes.copy()
    cut[crossing] = shapely.intersection(shapely.make_valid(shapes[crossing]), window)
    snapped = shapely.set_precision(cut, 1.0)
    whole = np.array(
        [_of_dimension(one, int(want)) for one, want in zip(snapped, dimensions, strict=True)], dtype=object
    )
    kept = ~(shapely.is_missing(whole) | shapely.is_empty(whole))
    return rows[kept], whole[kept]


def _of_dimension(shape: shapely.Geometry | None, dimension: int) -> shapely.Geometry | None:
    """Return the parts of a geometry that have ``dimension``; a touched corner is no part of an area."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type != "GeometryCollection":
        return shape if shapely.get_dimensions(shape) == dimension else None
    parts = [one for one in shape.geoms if shapely.get_dimensions(one) == dimension]
    return shapely.union_all(parts) if parts else None


def tile_matrix_sets_document(asked: Asked) -> Document:
    """Return the tile matrix sets: the one there is."""
    entry = {
        "id": TILE_MATRIX_SET,
        "title": TILE_MATRIX_SET,
        "uri": _URI,
        "links": [link(f"{asked.base}/tileMatrixSets/{TILE_MATRIX_SET}", "self", JSON)],
    }
    return {"tileMatrixSets": [entry]}


def tile_matrix_set_document() -> Document:
    """Return the definition of WebMercatorQuad up to the last zoom."""
    matrices = []
    for zoom in range(MAX_ZOOM + 1):
        cell = 2 * _HALF_WORLD / 256 / 2**zoom
        matrices.append(
            {
                "id": str(zoom), "scaleDenominator": cell / 0.00028, "cellSize": cell,
                "pointOfOrigin": [-_HALF_WORLD, _HALF_WORLD], "tileWidth": 256, "tileHeight": 256,
                "matrixWidth": 2**zoom, "matrixHeight": 2**zoom,
            }
        )  # fmt: skip
    return {
        "id": TILE_MATRIX_SET,
        "uri": _URI,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }


def tilesets_document(collection: Collection, asked: Asked) -> Document:
    """Return the tile sets of a collection."""
    own = f"{asked.base}/collections/{collection.id}/tiles/{TILE_MATRIX_SET}"
    return {"links": [link(asked.url, "self", JSON)], "tilesets": [_tileset(collection, own, asked)]}


def tileset_document(collection: Collection, asked: Asked) -> Document:
    """Return the tile set of a collection: where its tiles are, and what is in them."""
    described = _tileset(collection, asked.url, asked)
    described["layers"] = [
        {
            "id": collection.id,
            "dataType": "vector",
            "geometryDimension": max(_DIMENSIONS[one] for one in collection.schema.geometry),
        }
    ]
    if collection.extent is not None:
        west, south, east, north = collection.extent
        described["boundingBox"] = {
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": CRS84,
        }
    return described


def _tileset(collection: Collection, url: str, asked: Asked) -> Document:
    return {
        "title": collection.schema.title(asked.lang),
        "dataType": "vector",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": _URI,
        "links": [
            link(url, "self", JSON),
            link(f"{url}?f=tilejson", "alternate", JSON, "TileJSON"),
            link(
                f"{asked.base}/tileMatrixSets/{TILE_MATRIX_SET}",
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", JSON,
            ),
            link(_template(url), "item", MVT, templated=True),
        ],
    }  # fmt: skip


def tilejson_document(catalogue: Catalogue, collection: Collection, asked: Asked) -> Document:
    """Return the tile set as TileJSON 3.0."""
    url = _template(asked.url)
    for name, short in (("{tileMatrix}", "{z}"), ("{tileRow}", "{y}"), ("{tileCol}", "{x}")):
        url = url.replace(name, short)
    schema, lang = collection.schema, asked.lang
    fields = {one.name: one.heading(lang) for one in collection.columns}
    document: Document = {
        "tilejson": "3.0.0",
        "name": schema.title(lang),
        "description": text("ogc.count", lang, count=len(collection)),
        # viewers show it as HTML
        "attribution": html.escape("; ".join(catalogue.notices(lang))),
        "tiles": [url],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "vector_layers": [{"id": collection.id, "fields": fields, "minzoom": 0, "maxzoom": MAX_ZOOM}],
    }
    if collection.extent is not None:
        document["bounds"] = list(collection.extent)
    return document


def _template(url: str) -> str:
    return f"{url}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
