"""The routes under ``/ogc``: a request in, a document or a page out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Request, Response

from geoplan_api.ogc import documents, pages, tiles
from geoplan_api.ogc.catalogue import Catalogue
from geoplan_api.ogc.collection import Collection
from geoplan_api.ogc.documents import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Asked
from geoplan_api.ogc.openapi import openapi_document
from geoplan_api.ogc.query import asked_crs, check_names, items_query, negotiate
from geoplan_api.problems import ProblemError, asked_lang
from geoplan_api.served import Served, served_of

__all__ = ["router"]

_IN_PATHS = "/:@!$&'()*+,;=~"
_PREFIX = "/ogc"
_PLAIN: dict[str, Sequence[str]] = {"json": (JSON,), "html": (HTML,)}
_FEATURES: dict[str, Sequence[str]] = {"json": (GEOJSON, JSON), "html": (HTML,)}
_API: dict[str, Sequence[str]] = {
    "json": (OPENAPI, "application/vnd.oai.openapi+json", JSON),
    "html": (HTML,),
}


def router() -> APIRouter:
    """Return the routes under ``/ogc``."""
    found = _Routes()
    routes = APIRouter(prefix=_PREFIX, tags=["ogc"])
    # they have an OpenAPI document of their own, at /ogc/api
    for path, answer in (
        ("", found.landing),
        ("/", found.landing),
        ("/api", found.api),
        ("/conformance", found.conformance),
        ("/style.css", found.style),
        ("/collections", found.collections),
        ("/collections/{name}", found.collection),
        ("/collections/{name}/schema", found.schema),
        ("/collections/{name}/items", found.items),
        ("/collections/{name}/items/{feature_id:path}", found.item),
        ("/collections/{name}/tiles", found.tilesets),
        ("/collections/{name}/tiles/{matrix_set}", found.tileset),
        ("/collections/{name}/tiles/{matrix_set}/{zoom}/{row}/{column}", found.tile),
        ("/tileMatrixSets", found.tile_matrix_sets),
        ("/tileMatrixSets/{matrix_set}", found.tile_matrix_set),
    ):
        routes.add_api_route(path, answer, methods=["GET", "HEAD"], include_in_schema=False)
    return routes


class _Routes:
    """
    The answers, and what they are made from: prepared once for each audited study.

    Notes
    -----
    The answers are plain functions, so they run beside the event loop. A study that is served anew gets a new
    catalogue and empty tiles; an answer under way keeps the ones it began with.
    """

    def __init__(self) -> None:
        self._ready: tuple[Served, Catalogue, tiles.TileCache] | None = None

    def _catalogue(self, request: Request) -> Catalogue:
        return self._of(served_of(request))[0]

    def _of(self, served: Served) -> tuple[Catalogue, tiles.TileCache]:
        ready = self._ready
        if ready is None or ready[0] is not served:
            ready = self._ready = (served, Catalogue(served), tiles.TileCache())
        return ready[1], ready[2]

    def landing(self, request: Request) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        document = documents.landing_document(catalogue, asked)
        if _format(request, _PLAIN) == "html":
            return _html(pages.landing_page(catalogue, document, asked))
        return _json(document)

    def api(self, request: Request) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        document = openapi_document(catalogue, asked)
        if _format(request, _API) == "html":
            return _html(pages.api_page(catalogue, document, asked))
        return _json(document, OPENAPI)

    def conformance(self, request: Request) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        document = documents.conformance_document(asked)
        if _format(request, _PLAIN) == "html":
            return _html(pages.conformance_page(catalogue, document, asked))
        return _json(document)

    def style(self) -> Response:
        return Response(pages.style_sheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})

    def collections(self, request: Request) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        document = documents.collections_document(catalogue, asked)
        if _format(request, _PLAIN) == "html":
            return _html(pages.collections_page(catalogue, document, asked))
        return _json(document)

    def collection(self, request: Request, name: str) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        one = _find(catalogue, name)
        document = documents.collection_document(catalogue, one, asked)
        if _format(request, _PLAIN) == "html":
            return _html(pages.collection_page(catalogue, one, document, asked))
        return _json(document)

    def schema(self, request: Request, name: str) -> Response:
        one = _find(self._catalogue(request), name)
        check_names(request.query_params.multi_items(), ("lang",))
        return _json(documents.schema_document(one, _asked(request)), SCHEMA)

    def items(self, request: Request, name: str) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        one = _find(catalogue, name)
        query = items_query(request.query_params.multi_items(), one)
        rows = one.select(query.boxes, query.box_crs.uri, query.values)
        if _negotiated(request, _FEATURES) == "html":
            return _html(pages.items_page(catalogue, one, query, rows, asked))
        return _geojson(documents.items_document(one, query, rows, asked), query.crs.uri)

    def item(self, request: Request, name: str, feature_id: str) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        one = _find(catalogue, name)
        row = one.find(feature_id)
        if row is None:
            raise ProblemError(404, "problem.ogc_no_feature", collection=name, name=feature_id)
        crs = asked_crs(check_names(request.query_params.multi_items(), ("f", "lang", "crs")), one)
        if _negotiated(request, _FEATURES) == "html":
            return _html(pages.item_page(catalogue, one, row, asked))
        return _geojson(documents.feature_document(one, row, crs.uri, asked), crs.uri)

    def tile_matrix_sets(self, request: Request) -> Response:
        _format(request, {"json": (JSON,)})
        return _json(tiles.tile_matrix_sets_document(_asked(request)))

    def tile_matrix_set(self, request: Request, matrix_set: str) -> Response:
        _check_matrix_set(matrix_set)
        _format(request, {"json": (JSON,)})
        return _json(tiles.tile_matrix_set_document())

    def tilesets(self, request: Request, name: str) -> Response:
        one = _find_tiled(self._catalogue(request), name)
        _format(request, {"json": (JSON,)})
        return _json(tiles.tilesets_document(one, _asked(request)))

    def tileset(self, request: Request, name: str, matrix_set: str) -> Response:
        catalogue, asked = self._catalogue(request), _asked(request)
        one = _find_tiled(catalogue, name)
        _check_matrix_set(matrix_set)
        if _format(request, {"json": (JSON,), "tilejson": (JSON,)}) == "tilejson":
            return _json(tiles.tilejson_document(catalogue, one, asked))
        return _json(tiles.tileset_document(one, asked))

    def tile(
        self, request: Request, name: str, matrix_set: str, zoom: str, row: str, column: str
    ) -> Response:
        catalogue, cache = self._of(served_of(request))
        one = _find_tiled(catalogue, name)
        _check_matrix_set(matrix_set)
        check_names(request.query_params.multi_items(), ())
        made = cache.tile(one, *tiles.checked_address(zoom, row, column))
        return Response(made, media_type=tiles.MVT) if made else Response(status_code=204)


def _asked(request: Request) -> Asked:
    base = str(request.base_url).rstrip("/") + _PREFIX
    # an id may hold what ends a path, such as "?": quoted here, as not every Starlette does it
    url = f"{request.url.scheme}://{request.url.netloc}{quote(request.scope['path'], safe=_IN_PATHS)}".rstrip(
        "/"
    )
    return Asked(base, url, tuple(request.query_params.multi_items()), asked_lang(request))


def _format(request: Request, offered: Mapping[str, Sequence[str]]) -> str:
    """Return the format to answer in, where ``f`` and ``lang`` are the only parameters."""
    check_names(request.query_params.multi_items(), ("f", "lang"))
    return _negotiated(request, offered)


def _negotiated(request: Request, offered: Mapping[str, Sequence[str]]) -> str:
    return negotiate(dict(request.query_params), request.headers.get("accept", ""), offered)


def _find(catalogue: Catalogue, name: str) -> Collection:
    found = catalogue.get(name)
    if found is None:
        raise ProblemError(404, "problem.ogc_no_collection", name=name)
    return found


def _find_tiled(catalogue: Catalogue, name: str) -> Collection:
    found = _find(catalogue, name)
    if not found.has_geometry:
        raise ProblemError(404, "problem.ogc_no_tiles", name=name)
    return found


def _check_matrix_set(name: str) -> None:
    if name != tiles.TILE_MATRIX_SET:
        raise ProblemError(404, "problem.ogc_no_tile_matrix_set", name=name, known=tiles.TILE_MATRIX_SET)


_VARY = {"vary": "Accept, Accept-Language"}


def _json(document: Mapping[str, Any], media_type: str = JSON) -> Response:
    return Response(orjson.dumps(document), media_type=media_type, headers=_VARY)


def _geojson(content: bytes, crs: str) -> Response:
    return Response(content, media_type=GEOJSON, headers={**_VARY, "content-crs": f"<{crs}>"})


def _html(content: str) -> Response:
    headers = {**_VARY, "content-security-policy": pages.PAGE_POLICY}
    return Response(content, media_type=HTML, headers=headers)
