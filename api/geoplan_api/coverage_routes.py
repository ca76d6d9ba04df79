"""Routes that answer where one can walk: coverage of points, circles, isochrones."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import Scope

from geoplan.messages import Lang
from geoplan_api import schemas
from geoplan_api.answers import desk_of
from geoplan_api.batch import answer_batch, points_of
from geoplan_api.circles import centre_circles, isochrone
from geoplan_api.explain import add_causes, add_paths
from geoplan_api.guard import Lane
from geoplan_api.heavy import heavy
from geoplan_api.http import GEOJSON, ChosenLang, answer_json, asked, parameters, problems
from geoplan_api.positions import LONLAT
from geoplan_api.problems import ProblemError, asked_lang, lang_of_headers
from geoplan_api.served import Served, served_of
from geoplan_api.settings import Settings

__all__ = ["quick_coverage", "router"]

_KEPT = 4096
"""Answers kept, of some 4 kB each."""

_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {GEOJSON: {"schema": {"$ref": "#/components/schemas/FeatureCollection"}}}}
}


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1", tags=["coverage"])
    routes.add_api_route(
        "/coverage",
        _coverage,
        summary="What does this point reach, and if not, why?",
        response_class=Response,
        responses={200: _told("CoverageAnswer"), **problems(404)},
        openapi_extra=parameters(schemas.CoverageQuery),
    )
    routes.add_api_route(
        "/coverage/batch",
        _batch,
        methods=["POST"],
        summary="What do these points reach?",
        response_class=Response,
        responses={200: _told("BatchAnswer"), **problems(404, 413)},
    )
    routes.add_api_route(
        "/isochrone",
        _isochrone,
        methods=["POST"],
        summary="What lies within a walk of this point?",
        response_class=Response,
        responses={**_GEOJSON, **problems(404, 413)},
    )
    routes.add_api_route(
        "/circles/{centre_id}",
        _circles,
        summary="What lies within a walk of this centre?",
        response_class=Response,
        responses={**_GEOJSON, **problems(404)},
    )
    return routes


def _told(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def check_minutes(settings: Settings, *minutes: float | None) -> None:
    """Raise ProblemError 422 if a walk is longer than the service allows."""
    if any(one is not None and one > settings.max_minutes for one in minutes):
        raise ProblemError(422, "problem.minutes", most=f"{settings.max_minutes:g}")


def quick_coverage(state: State) -> Lane:
    """
    Return what answers the plain question about one point without the application: most of its time.

    Whatever is not plain is left to the route, which answers the same, and so is every error. The latest
    answers are kept: the same address is often asked for again.
    """
    kept: OrderedDict[tuple[bytes, Lang | None], bytes] = OrderedDict()
    of: list[Served | None] = [None]

    def quick(scope: Scope) -> bytes | None:
        served: Served | None = state.served
        if served is None:
            return None
        if served is not of[0]:
            kept.clear()
            of[0] = served
        key = scope["query_string"], lang_of_headers(scope["headers"])
        body = kept.get(key)
        if body is None:
            body = fresh(served, *key)
            if body is not None:
                kept[key] = body
                if len(kept) > _KEPT:
                    kept.popitem(last=False)
        return body

    def fresh(served: Served, query_string: bytes, spoken: Lang | None) -> bytes | None:
        query = asked(schemas.CoverageQuery, query_string)
        lang = query.lang or spoken or served.lang
        standard = served.standard_called(query.standard)
        if query.cause or query.paths or not served.ready(("desk", standard.id, lang)):
            return None
        check_minutes(state.settings, query.minutes)
        desk = desk_of(served, query.standard, lang)
        return orjson.dumps(desk.answer(*_place(served, query), query.minutes))

    return quick


def _place(served: Served, query: schemas.CoverageQuery) -> tuple[float, float, tuple[float, float]]:
    """Return a position in the study's CRS, and in degrees."""
    x, y = served.positions.into_study(query.lon, query.lat, query.crs)
    return x, y, (query.lon, query.lat) if query.crs == LONLAT else served.positions.lonlat(x, y)


async def _coverage(request: Request) -> Response:
    query = asked(schemas.CoverageQuery, request.scope["query_string"])
    served, lang = served_of(request), query.lang or asked_lang(request)
    check_minutes(request.app.state.settings, query.minutes)
    place = _place(served, query)
    served.standard_called(query.standard)
    return answer_json(await heavy(request, _whole_answer, served, query, lang, place))


def _whole_answer(
    served: Served, query: schemas.CoverageQuery, lang: Lang, place: tuple[float, float, tuple[float, float]]
) -> dict[str, Any]:
    """Return the answer with the causes and the walks that were asked for."""
    x, y, lonlat = place
    desk = desk_of(served, query.standard, lang)
    answer = desk.answer(x, y, lonlat, query.minutes)
    if query.cause and any(one["verdict"] != "pass" for one in answer["services"]):
        add_causes(desk, answer, x, y, query.minutes)
    if query.paths:
        add_paths(desk, answer, x, y)
    return answer


async def _batch(request: Request, lang: ChosenLang, question: schemas.BatchQuestion) -> Response:
    served, settings = served_of(request), request.app.state.settings
    check_minutes(request.app.state.settings, question.minutes)
    points = points_of(question, settings.max_points)

    def work() -> Response:
        return answer_json(answer_batch(desk_of(served, question.standard, lang), question, points))

    return await heavy(request, work)  # type: ignore[no-any-return]


async def _isochrone(request: Request, question: schemas.IsochroneQuestion) -> Response:
    check_minutes(request.app.state.settings, *question.minutes)
    return answer_json(await heavy(request, isochrone, served_of(request), question), media_type=GEOJSON)


async def _circles(
    request: Request,
    centre_id: Annotated[str, Path(pattern=schemas.ID_PATTERN)],
    minutes: Annotated[
        str | None,
        Query(
            pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?(,[0-9]{1,3}(\.[0-9]{1,3})?){0,5}$",
            description="Walking times, such as 5,10,15; unset: those of the audit [min].",
        ),
    ] = None,
) -> Response:
    chosen = None if minutes is None else tuple(sorted({float(one) for one in minutes.split(",")}))
    if chosen is not None:
        check_minutes(request.app.state.settings, *chosen)
        if chosen[0] <= 0:
            raise ProblemError(422, "problem.minutes_zero")
    return answer_json(
        await heavy(request, centre_circles, served_of(request), centre_id, chosen), media_type=GEOJSON
    )
