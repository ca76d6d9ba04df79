"""The service for people: plain pages without scripts, every name as text."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import jinja2
import numpy as np

from geoplan.messages import text
from geoplan.report.headline import banners
from geoplan_api.ogc.catalogue import Catalogue
from geoplan_api.ogc.collection import Collection, Rows
from geoplan_api.ogc.documents import Asked, Document, item_url, link, neighbours, schema_document
from geoplan_api.ogc.query import ItemsQuery

__all__ = [
    "PAGE_POLICY",
    "api_page",
    "collection_page",
    "collections_page",
    "conformance_page",
    "item_page",
    "items_page",
    "landing_page",
    "style_sheet",
]

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy of the pages: nothing but their own style sheet."""
_DASH = "–"


def landing_page(catalogue: Catalogue, document: Document, asked: Asked) -> str:
    """Return the landing page."""
    return _page("landing.html", catalogue, document, asked, catalogue.snapshot.study.name, trail=0)


def conformance_page(catalogue: Catalogue, document: Document, asked: Asked) -> str:
    """Return the conformance classes met."""
    return _page("conformance.html", catalogue, document, asked, asked.title("ogc.conformance"), trail=1)


def api_page(catalogue: Catalogue, document: Document, asked: Asked) -> str:
    """Return the operations of an OpenAPI document as a table."""
    operations = [
        (path, item["get"]["summary"], [one["name"] for one in _resolved(document, item)])
        for path, item in document["paths"].items()
    ]
    linked = {"links": [link(asked.again(f="json"), "alternate", "application/json")]}
    heading = asked.title("ogc.api")
    return _page("api.html", catalogue, linked, asked, heading, trail=1, operations=operations)


def _resolved(document: Document, item: Document) -> list[Document]:
    shared = document["components"]["parameters"]
    given = [*item.get("parameters", ()), *item["get"].get("parameters", ())]
    return [shared[one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one for one in given]


def collections_page(catalogue: Catalogue, document: Document, asked: Asked) -> str:
    """Return the list of collections."""
    listed = [{"id": one.id, "title": one.schema.title(asked.lang), "count": len(one)} for one in catalogue]
    heading = asked.title("ogc.collections")
    return _page("collections.html", catalogue, document, asked, heading, trail=1, collections=listed)


def collection_page(catalogue: Catalogue, collection: Collection, document: Document, asked: Asked) -> str:
    """Return what a collection is: its columns and links."""
    columns = schema_document(collection, asked)["properties"]["properties"]["properties"]
    heading = collection.schema.title(asked.lang)
    return _page("collection.html", catalogue, document, asked, heading, trail=2, columns=columns)


def items_page(
    catalogue: Catalogue, collection: Collection, query: ItemsQuery, rows: Rows, asked: Asked
) -> str:
    """Return a page of features as a table."""
    page = rows[query.offset : query.offset + query.limit]
    links = asked.links("application/geo+json")
    for rel, (offset, limit) in neighbours(query, len(rows)).items():
        links.append(link(asked.again(offset=str(offset), limit=str(limit)), rel, "text/html"))
    listed = []
    for row, values in zip(page.tolist(), collection.properties(page), strict=True):
        own = collection.feature_id(row)
        cells = [_cell(one) for one in values.values()]
        listed.append((item_url(asked.base, collection, own), own, cells))
    first = query.offset + 1 if len(page) else 0
    said = text("ogc.shown", asked.lang, first=first, last=query.offset + len(page), count=len(rows))
    return _page(
        "items.html", catalogue, {"links": links}, asked, collection.schema.title(asked.lang), trail=3,
        collection=collection, said=said, rows=listed,
        headings=[one.heading(asked.lang) for one in collection.columns],
    )  # fmt: skip


def item_page(catalogue: Catalogue, collection: Collection, row: int, asked: Asked) -> str:
    """Return one feature as a table."""
    (values,) = collection.properties(np.array([row], dtype=np.intp))
    facts = [(one.heading(asked.lang), _cell(values[one.name])) for one in collection.columns]
    document = {"links": asked.links("application/geo+json")}
    heading = f"{collection.schema.title(asked.lang)} {collection.feature_id(row)}"
    return _page(
        "item.html", catalogue, document, asked, heading, trail=4, collection=collection, facts=facts
    )


@cache
def style_sheet() -> str:
    """Return the style sheet of the pages."""
    return (resources.files(__package__) / "templates" / "style.css").read_text(encoding="utf-8")


def _cell(value: Any) -> str:
    return _DASH if value is None else str(value)


def _page(
    template: str,
    catalogue: Catalogue,
    document: Document,
    asked: Asked,
    heading: str,
    *,
    trail: int,
    collection: Collection | None = None,
    **more: Any,
) -> str:
    """Return a page; ``trail`` says how many steps down from the landing page it stands."""
    study = catalogue.snapshot.study
    steps = [(asked.base, study.name), (f"{asked.base}/collections", asked.title("ogc.collections"))]
    if collection is not None:
        own, title = f"{asked.base}/collections/{collection.id}", collection.schema.title(asked.lang)
        steps += [(own, title), (f"{own}/items", asked.title("ogc.features"))]
    return _templates().get_template(template).render(
        base=asked.base, lang=asked.lang, study=study.name, heading=heading, doc=document,
        trail=steps[:trail], banners=banners(catalogue.snapshot.audit, asked.lang),
        attribution=study.attribution, say=asked.title, page=asked.page, **more,
    )  # fmt: skip


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan_api.ogc", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
