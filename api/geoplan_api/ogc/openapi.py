"""The OpenAPI document of the routes under ``/ogc``: 3.0 as class oas30 asks; FastAPI's own is 3.1."""

from __future__ import annotations

from typing import Any

import geoplan as gp
from geoplan.messages import LANGS, text
from geoplan.model.schema import Column
from geoplan_api.ogc.catalogue import Catalogue
from geoplan_api.ogc.collection import Collection
from geoplan_api.ogc.documents import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Asked, Document
from geoplan_api.ogc.query import DEFAULT_LIMIT, ITEMS_PARAMETERS, MAX_LIMIT, MAX_OFFSET
from geoplan_api.ogc.tiles import MAX_ZOOM, MVT, TILE_MATRIX_SET

__all__ = ["openapi_document"]

_PROBLEM = "application/problem+json"
_KINDS = {"integer": "integer", "number": "number", "flag": "boolean"}


def openapi_document(catalogue: Catalogue, asked: Asked) -> Document:
    """
    Return the OpenAPI 3.0 document.

    Parameters
    ----------
    catalogue
        Its collections get a path each, with their own filters.
    asked
        The request; the document's server is its landing page.
    """
    names = [one.id for one in catalogue]
    tiled = [one.id for one in catalogue if one.has_geometry]
    paths: Document = {
        "/": _get("landing", asked, ["f", "lang"], _ok(JSON, HTML)),
        "/api": _get("api", asked, ["f", "lang"], _ok(OPENAPI, HTML)),
        "/conformance": _get("conformance", asked, ["f", "lang"], _ok(JSON, HTML)),
        "/collections": _get("collections", asked, ["f", "lang"], _ok(JSON, HTML)),
        "/collections/{collectionId}": _get(
            "collection", asked, ["f", "lang"], _ok(JSON, HTML), _in_path("collectionId", names)
        ),
        "/collections/{collectionId}/schema": _get(
            "schema", asked, ["lang"], _ok(SCHEMA), _in_path("collectionId", names)
        ),
    }
    for one in catalogue:
        paths[f"/collections/{one.id}/items"] = _items(one, asked)
        paths[f"/collections/{one.id}/items/{{featureId}}"] = _item(one, asked)
    paths |= _tile_paths(tiled, asked)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": catalogue.snapshot.study.name or catalogue.snapshot.study.study_id,
            "description": " ".join([asked.title("ogc.about"), *catalogue.notices(asked.lang)]),
            "version": gp.__version__,
        },
        "servers": [{"url": asked.base}],
        "paths": paths,
        "components": {"parameters": _parameters(catalogue, asked), "schemas": _SCHEMAS},
    }


def _tile_paths(tiled: list[str], asked: Asked) -> Document:
    collection = _in_path("collectionId", tiled)
    matrices = _in_path("tileMatrixSetId", [TILE_MATRIX_SET])
    axes = [
        _whole_in_path("tileMatrix", MAX_ZOOM),
        _whole_in_path("tileRow", 2**MAX_ZOOM - 1),
        _whole_in_path("tileCol", 2**MAX_ZOOM - 1),
    ]
    shared = ["lang"]
    own = "/collections/{collectionId}/tiles"
    tile = _get("tile", asked, [], _ok(MVT), collection, matrices, *axes)
    tile["get"]["responses"]["204"] = {"description": "No Content"}
    json_only = _parameter("f", {"type": "string", "enum": ["json"]}, asked.title("ogc.par_f"))
    either = _parameter("f", {"type": "string", "enum": ["json", "tilejson"]}, asked.title("ogc.par_f"))
    return {
        "/tileMatrixSets": _get("tile_matrix_sets", asked, shared, _ok(JSON), json_only),
        "/tileMatrixSets/{tileMatrixSetId}": _get(
            "tile_matrix_set", asked, shared, _ok(JSON), matrices, json_only
        ),
        own: _get("tilesets", asked, shared, _ok(JSON), collection, json_only),
        f"{own}/{{tileMatrixSetId}}": _get("tileset", asked, shared, _ok(JSON), collection, matrices, either),
        f"{own}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": tile,
    }


def _get(
    name: str,
    asked: Asked,
    shared: list[str],
    answers: Document,
    *own: Document,
    of: Collection | None = None,
) -> Document:
    """Return a path with one operation; ``shared`` names parameters that several have."""
    given = [{"$ref": f"#/components/parameters/{one}"} for one in shared]
    title = "" if of is None else of.schema.title(asked.lang)
    return {
        "get": {
            "operationId": name if of is None else f"{name}_{of.id}",
            "summary": text(f"ogc.op_{name}", asked.lang, title=title),
            "parameters": [*own, *given],
            "responses": answers,
        }
    }


def _items(collection: Collection, asked: Asked) -> Document:
    lang = asked.lang
    own = [
        _parameter(name, _filter_schema(one), text("ogc.par_filter", lang, heading=one.heading(lang)))
        for name, one in collection.filters.items()
        if name not in ITEMS_PARAMETERS
    ]
    return _get("items", asked, list(ITEMS_PARAMETERS), _ok(GEOJSON, HTML), *own, of=collection)


def _item(collection: Collection, asked: Asked) -> Document:
    kind = "string" if collection.schema.key else "integer"
    own = {"name": "featureId", "in": "path", "required": True, "schema": {"type": kind}}
    return _get("item", asked, ["f", "lang", "crs"], _ok(GEOJSON, HTML), own, of=collection)


def _ok(*media_types: str) -> Document:
    """Return the answers of an operation: one good one in several formats, and the refusals."""
    content: Document = {one: {"schema": _content_schema(one)} for one in media_types}
    problem = {_PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}}
    refusals = {"400": "Bad Request", "404": "Not Found", "406": "Not Acceptable", "default": "Error"}
    return {
        "200": {"description": "OK", "content": content},
        **{status: {"description": what, "content": problem} for status, what in refusals.items()},
    }


def _content_schema(media_type: str) -> Document:
    if media_type == GEOJSON:
        return {"$ref": "#/components/schemas/geojson"}
    if media_type == HTML:
        return {"type": "string"}
    if media_type == MVT:
        return {"type": "string", "format": "binary"}
    return {"type": "object"}


def _parameters(catalogue: Catalogue, asked: Asked) -> Document:
    offered = [one.uri for one in catalogue.offered]
    box = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 6,
    }
    found = {
        "f": _parameter("f", {"type": "string", "enum": ["json", "html"]}, asked.title("ogc.par_f")),
        "lang": _parameter("lang", {"type": "string", "enum": list(LANGS)}, asked.title("ogc.par_lang")),
        "limit": _parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            asked.title("ogc.par_limit"),
        ),
        "offset": _parameter(
            "offset",
            {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
            asked.title("ogc.par_offset"),
        ),
        "bbox": _parameter("bbox", box, asked.title("ogc.par_bbox")),
        "bbox-crs": _parameter(
            "bbox-crs", {"type": "string", "enum": offered}, asked.title("ogc.par_bbox_crs")
        ),
        "datetime": _parameter("datetime", {"type": "string"}, asked.title("ogc.par_datetime")),
        "crs": _parameter("crs", {"type": "string", "enum": offered}, asked.title("ogc.par_crs")),
    }
    for one in ("limit", "offset", "bbox", "datetime"):
        found[one] |= {"style": "form", "explode": False}
    return found


def _filter_schema(column: Column) -> Document:
    schema: Document = {"type": _KINDS.get(column.kind, "string")}
    if column.choices:
        schema["enum"] = list(column.choices)
    return schema


def _parameter(name: str, schema: Document, description: str) -> Document:
    return {"name": name, "in": "query", "description": description, "required": False, "schema": schema}


def _in_path(name: str, values: list[str]) -> Document:
    schema: Document = {"type": "string", "enum": values} if values else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _whole_in_path(name: str, most: int) -> Document:
    schema = {"type": "integer", "minimum": 0, "maximum": most}
    return {"name": name, "in": "path", "required": True, "schema": schema}


_SCHEMAS: dict[str, Any] = {
    "problem": {
        "type": "object",
        "required": ["title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    },
    "geojson": {
        "type": "object",
        "required": ["type", "links"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection", "Feature"]},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": {"type": "array", "items": {"type": "object"}},
            "features": {"type": "array", "items": {"type": "object"}},
        },
    },
}
