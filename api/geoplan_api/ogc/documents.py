"""What the service says about itself: landing page, conformance, collections, pages of features."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import orjson

from geoplan.messages import Lang, text
from geoplan.model.schema import Column
from geoplan_api.ogc.catalogue import Catalogue
from geoplan_api.ogc.collection import Collection, Rows
from geoplan_api.ogc.crs import CRS84
from geoplan_api.ogc.query import ItemsQuery, Pairs

__all__ = [
    "CONFORMS_TO",
    "GEOJSON",
    "HTML",
    "JSON",
    "OPENAPI",
    "SCHEMA",
    "Asked",
    "collection_document",
    "collections_document",
    "conformance_document",
    "feature_document",
    "item_url",
    "items_document",
    "landing_document",
    "link",
    "neighbours",
    "schema_document",
]

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "application/schema+json"
CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
)
TILESETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
"""Relation of a collection to its vector tiles."""

Document = dict[str, Any]
Link = dict[str, Any]

_JSON_TYPES = {"integer": "integer", "number": "number", "flag": "boolean"}


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request, as far as its answer tells of it.

    Parameters
    ----------
    base
        URL of the landing page, without a slash at the end.
    url
        URL of the resource, without parameters.
    pairs
        Parameters as given.
    lang
        Language of titles.
    """

    base: str
    url: str
    pairs: Pairs
    lang: Lang

    def again(self, **changed: str) -> str:
        """Return this request's URL with some parameters set otherwise."""
        pairs = [pair for pair in self.pairs if pair[0] not in changed]
        query = urlencode([*pairs, *changed.items()])
        return f"{self.url}?{query}" if query else self.url

    def links(self, json_type: str) -> list[Link]:
        """Return the links of an answer to itself in each format."""
        as_html = dict(self.pairs).get("f") == "html"
        return [
            link(self.again(f="json"), "alternate" if as_html else "self", json_type),
            link(self.again(f="html"), "self" if as_html else "alternate", HTML),
        ]

    def page(self, url: str) -> str:
        """Return the URL of another page for people, in the language asked for."""
        lang = [pair for pair in self.pairs if pair[0] == "lang"]
        return f"{url}?{urlencode([('f', 'html'), *lang])}"

    def title(self, key: str) -> str:
        """Return a message in the language asked for."""
        return text(key, self.lang)


def link(href: str, rel: str, media_type: str, title: str = "", **more: object) -> Link:
    """Return a link as OGC API writes one."""
    named = {"title": title} if title else {}
    return {"href": href, "rel": rel, "type": media_type, **named, **more}


def landing_document(catalogue: Catalogue, asked: Asked) -> Document:
    """Return the landing page."""
    base, study = asked.base, catalogue.snapshot.study
    return {
        "title": study.name,
        "description": " ".join([asked.title("ogc.about"), *catalogue.notices(asked.lang)]),
        "attribution": html.escape("; ".join(study.attribution)),  # clients show it as HTML
        "links": [
            *asked.links(JSON),
            link(f"{base}/api", "service-desc", OPENAPI, asked.title("ogc.api")),
            link(f"{base}/api?f=html", "service-doc", HTML, asked.title("ogc.api")),
            link(f"{base}/conformance", "conformance", JSON, asked.title("ogc.conformance")),
            link(f"{base}/collections", "data", JSON, asked.title("ogc.collections")),
            link(
                f"{base}/tileMatrixSets", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", JSON,
                asked.title("ogc.tile_matrix_sets"),
            ),
        ],
    }  # fmt: skip


def conformance_document(asked: Asked) -> Document:
    """Return the conformance classes met."""
    return {"conformsTo": list(CONFORMS_TO), "links": asked.links(JSON)}


def collections_document(catalogue: Catalogue, asked: Asked) -> Document:
    """Return every collection, input tables first."""
    offered = [one.uri for one in catalogue.offered]
    return {
        "links": asked.links(JSON),
        "crs": offered,
        "collections": [
            # the list of the whole is referred to, as part 2 lets one do
            {**_collection(catalogue, one, asked), "crs": ["#/crs"]}
            for one in catalogue
        ],
    }


def collection_document(catalogue: Catalogue, collection: Collection, asked: Asked) -> Document:
    """Return one collection."""
    described = _collection(catalogue, collection, asked)
    return {**described, "links": [*asked.links(JSON), *described["links"][1:]]}


def _collection(catalogue: Catalogue, collection: Collection, asked: Asked) -> Document:
    own = f"{asked.base}/collections/{collection.id}"
    schema, lang = collection.schema, asked.lang
    document: Document = {
        "id": collection.id,
        "title": schema.title(lang),
        "description": text("ogc.count", lang, count=len(collection)),
        "itemType": "feature",
        "crs": list(collection.offered),
        "links": [
            link(own, "self", JSON),
            link(f"{own}/items", "items", GEOJSON, schema.title(lang)),
            link(f"{own}/items?f=html", "items", HTML, schema.title(lang)),
            link(f"{own}/schema", "describedby", SCHEMA, asked.title("ogc.schema")),
        ],
    }
    if collection.has_geometry:
        document["storageCrs"] = catalogue.storage_crs
        document["links"].append(link(f"{own}/tiles", TILESETS, JSON, asked.title("ogc.tiles")))
    if collection.extent is not None:
        document["extent"] = {"spatial": {"bbox": [list(collection.extent)], "crs": CRS84}}
    return document


def schema_document(collection: Collection, asked: Asked) -> Document:
    """Return the JSON schema of a collection's features: columns, headings, units."""
    properties = {one.name: _property(collection, one, asked.lang) for one in collection.columns}
    shape = {"geometry": _geometry_schema(collection)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": asked.url,
        "title": collection.schema.title(asked.lang),
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string" if collection.schema.key else "integer"},
            **shape,
            "properties": {"type": "object", "properties": properties},
        },
    }


def _property(collection: Collection, column: Column, lang: Lang) -> Document:
    # one type, as OGC API - Features part 5 writes it: with null beside it, GDAL takes the column for text
    kind = _JSON_TYPES.get(column.kind, "string")
    if kind == "integer" and not collection.fits_32_bits(column.name):
        # GDAL cuts an integer of a schema to 32 bits; as a number it is exact to 53
        kind = "number"
    described: Document = {"title": column.heading(lang), "description": column.meaning, "type": kind}
    if column.choices:
        described["enum"] = list(column.choices)
    if column.unit:
        described["x-ogc-unit"] = column.unit
    return described


def _geometry_schema(collection: Collection) -> Document:
    if not collection.has_geometry:
        return {"type": "null"}
    families = collection.schema.geometry
    if len(families) == 1:
        return {"format": f"geometry-{families[0].lower()}-or-multi{families[0].lower()}"}
    return {"format": "geometry-any"}


def items_document(collection: Collection, query: ItemsQuery, rows: Rows, asked: Asked) -> bytes:
    """
    Return a page of features as GeoJSON.

    Parameters
    ----------
    collection, query
        What was asked.
    rows
        Every row that matches; the page is cut from them.
    asked
        The request.
    """
    page = rows[query.offset : query.offset + query.limit]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": len(rows),
            "numberReturned": len(page),
            "timeStamp": _now(),
            "links": _page_links(collection, query, len(rows), asked),
            "features": [orjson.Fragment(one) for one in collection.features(page, query.crs.uri)],
        }
    )


def _page_links(collection: Collection, query: ItemsQuery, matched: int, asked: Asked) -> list[Link]:
    links = asked.links(GEOJSON)
    for rel, (offset, limit) in neighbours(query, matched).items():
        links.append(link(asked.again(offset=str(offset), limit=str(limit)), rel, GEOJSON))
    own = f"{asked.base}/collections/{collection.id}"
    return [*links, link(own, "collection", JSON, collection.schema.title(asked.lang))]


def neighbours(query: ItemsQuery, matched: int) -> dict[str, tuple[int, int]]:
    """Return offset and limit of the previous and the next page, those that there are."""
    found = {}
    end = min(query.offset, matched)
    if end > 0:
        first = max(0, end - query.limit)
        found["prev"] = (first, end - first)
    if query.offset + query.limit < matched:
        found["next"] = (query.offset + query.limit, query.limit)
    return found


def feature_document(collection: Collection, row: int, crs: str, asked: Asked) -> bytes:
    """Return one feature as GeoJSON, with its links."""
    (feature,) = collection.features(np.array([row], dtype=np.intp), crs)
    own = f"{asked.base}/collections/{collection.id}"
    links: Sequence[Link] = [
        *asked.links(GEOJSON),
        link(own, "collection", JSON, collection.schema.title(asked.lang)),
    ]
    return feature[:-1] + b',"links":' + orjson.dumps(links) + b"}"


def item_url(base: str, collection: Collection, feature_id: str | int) -> str:
    """Return the URL of a feature, whatever its id holds."""
    return f"{base}/collections/{collection.id}/items/{quote(str(feature_id), safe='')}"


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
