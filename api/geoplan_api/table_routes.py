"""Routes that read the audit: communities, centres, gaps, what would help, premises, packs, provenance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from geoplan.messages import Lang
from geoplan_api import tables
from geoplan_api.heavy import heavy
from geoplan_api.http import ChosenLang, answer_json, problems
from geoplan_api.schemas import ID_PATTERN
from geoplan_api.served import served_of

__all__ = ["router"]

_Id = Annotated[str, Path(pattern=ID_PATTERN)]
_Filter = Annotated[str | None, Query(pattern=ID_PATTERN)]
_Limit = Annotated[int, Query(ge=1, le=10_000, description="Most rows.")]
_Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="Rows to pass over.")]
_Pack = Annotated[
    str | None, Query(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="A pack; see /v1/standards.")
]


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1", tags=["audit"])

    def add(path: str, answer: Callable[..., Awaitable[Response]], summary: str, *statuses: int) -> None:
        shape = {"content": {"application/json": {"schema": {"type": "object"}}}}
        routes.add_api_route(
            path,
            answer,
            summary=summary,
            response_class=Response,
            responses={200: shape, **problems(*statuses)},
        )

    add("/communities", _communities, "How well is each community covered?", 404)
    add("/communities/oversized", _oversized, "Which communities are too large?", 404)
    add("/communities/{community_id}", _community, "What does the audit say of this community?", 404)
    add("/centres", _centres, "Whom does each centre reach?", 404)
    add("/centres/{centre_id}/catchment", _catchment, "Whose nearest centre is this one?", 404)
    add("/gaps", _gaps, "Which homes lack which service?", 404)
    add("/fixes", _fixes, "What keeps people from services, most households first?", 404)
    add("/premises", _premises, "Are premises large enough?", 404)
    add("/standards", _standards, "Which packs are there, and what does one say?")
    add("/provenance", _provenance, "What are the figures made of?")
    return routes


async def _page(
    request: Request, lang: Lang, name: str, limit: int, offset: int, **wanted: str | None
) -> Response:
    served = served_of(request)
    rows = await _rows(request, name, lang)
    for column, value in wanted.items():
        if value is not None:
            rows = [row for row in rows if row.get(column) == value]
    return answer_json(tables.page(served, rows, lang, limit=limit, offset=offset))


async def _rows(request: Request, name: str, lang: Lang) -> list[tables.Row]:
    """Return the rows of a table; those of a large one take a moment to make, the first time."""
    served = served_of(request)
    if served.ready(("rows", name, lang)):
        return tables.rows_of(served, name, lang)
    found: list[tables.Row] = await heavy(request, tables.rows_of, served, name, lang)
    return found


async def _communities(
    request: Request, lang: ChosenLang, limit: _Limit = 1000, offset: _Offset = 0
) -> Response:
    return await _page(request, lang, "coverage_by_community", limit, offset)


async def _oversized(
    request: Request, lang: ChosenLang, standard: _Pack = None, limit: _Limit = 1000, offset: _Offset = 0
) -> Response:
    served = served_of(request)
    pack = served.standard_called(standard)
    rows = await heavy(request, tables.oversized, served, pack, lang)
    return answer_json(tables.page(served, rows, lang, limit=limit, offset=offset, standard=pack))


async def _community(request: Request, lang: ChosenLang, community_id: _Id) -> Response:
    return answer_json(await heavy(request, tables.community, served_of(request), community_id, lang))


async def _centres(request: Request, lang: ChosenLang, limit: _Limit = 1000, offset: _Offset = 0) -> Response:
    return await _page(request, lang, "coverage_by_centre", limit, offset)


async def _catchment(request: Request, lang: ChosenLang, centre_id: _Id) -> Response:
    return answer_json(await heavy(request, tables.catchment, served_of(request), centre_id, lang))


async def _gaps(
    request: Request,
    lang: ChosenLang,
    community_id: _Filter = None,
    service: _Filter = None,
    limit: _Limit = 1000,
    offset: _Offset = 0,
) -> Response:
    return await _page(request, lang, "gaps", limit, offset, community_id=community_id, service=service)


async def _fixes(request: Request, lang: ChosenLang, limit: _Limit = 1000) -> Response:
    return answer_json(tables.fixes(served_of(request), lang, limit=limit))


async def _premises(
    request: Request,
    lang: ChosenLang,
    community_id: _Filter = None,
    limit: _Limit = 1000,
    offset: _Offset = 0,
) -> Response:
    return await _page(request, lang, "premises_checks", limit, offset, community_id=community_id)


async def _standards(request: Request, standard: _Pack = None) -> Response:
    found: dict[str, Any] = tables.standards(served_of(request), standard)
    return answer_json(found)


async def _provenance(request: Request, lang: ChosenLang) -> Response:
    return answer_json(tables.provenance(served_of(request), lang))
