"""Routes of the page: itself at ``/``, its files, and what it draws under ``/page/data``."""

# annotations must be values here: FastAPI reads those of a class that gathers parameters as they stand
from collections.abc import Callable
from typing import Annotated, Any

import geopandas as gpd
from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from geoplan.errors import DataError
from geoplan_api.heavy import heavy
from geoplan_api.http import ChosenLang, answer_json
from geoplan_api.page import layers
from geoplan_api.page.cards import causes_of, home_at, home_of, place_card
from geoplan_api.page.facts import centre_card, community_card
from geoplan_api.page.files import static_files
from geoplan_api.page.payload import Payload, json_payload
from geoplan_api.page.shell import page_html, start, waiting_html
from geoplan_api.page.views import Minutes, View, Views, circles_of
from geoplan_api.served import Served, served_of

__all__ = ["router"]

Snapshot = Annotated[Served, Depends(served_of)]
StandardId = Annotated[str, Query(max_length=64, description="A standard pack; empty: the one served.")]
AskedMinutes = Annotated[Minutes, Query(description="Limit of every service [min]; own: the standard's.")]
RowId = Annotated[str, Query(min_length=1, max_length=200)]
Degrees = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="WGS84 degrees.")]


class Rules:
    """How one looks at the study: standard, limits, language."""

    def __init__(self, lang: ChosenLang, standard: StandardId = "", minutes: AskedMinutes = "own") -> None:
        self.standard, self.minutes, self.lang = standard, minutes, lang


class Home:
    """Where somebody lives or clicked: a residence of the study, or a place."""

    def __init__(
        self,
        lon: Degrees = None,
        lat: Degrees = None,
        residence: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    ) -> None:
        self.lon, self.lat, self.residence = lon, lat, residence

    def row(self, served: Served) -> gpd.GeoDataFrame:
        """Return the home as a row of table residences; DataError if nothing is asked for."""
        if self.residence is not None:
            return home_of(served.study, self.residence)
        if self.lon is None or self.lat is None:
            raise DataError("error.page_no_place")
        return home_at(served, self.lon, self.lat)


AskedRules = Annotated[Rules, Depends()]
AskedHome = Annotated[Home, Depends()]


def router() -> APIRouter:
    """Return the page at ``/``, its files, and its data."""
    views = Views()
    routes = APIRouter(tags=["page"], include_in_schema=False)
    _add_page(routes, views)
    _add_layers(routes, views)
    _add_cards(routes, views)
    return routes


async def _sent(
    request: Request, views: Views, served: Served, key: tuple[str, ...], make: Callable[[], Payload]
) -> Response:
    """Send what was made for an earlier request, or make it."""

    def made() -> Payload:
        return views.sent.get(served.generation, key, make)

    known = views.sent.has(served.generation, key)
    found: Payload = made() if known else await heavy(request, made)
    return found.answer(request)


def _add_page(routes: APIRouter, views: Views) -> None:
    @routes.get("/")
    async def page(request: Request, lang: ChosenLang) -> Response:
        if request.app.state.served is None:
            headers = {"Retry-After": "3", "Cache-Control": "no-store"}
            return Response(waiting_html(lang), 503, headers, media_type="text/html; charset=utf-8")
        served = served_of(request)

        def make() -> Payload:
            return Payload.of(page_html(served, lang).encode(), "text/html; charset=utf-8")

        return await _sent(request, views, served, ("page", lang), make)

    @routes.get("/static/{name}")
    async def file(request: Request, name: str) -> Response:
        found = static_files().get(name)
        if found is None:
            raise HTTPException(404)
        return found.answer(request)


def _add_layers(routes: APIRouter, views: Views) -> None:
    @routes.get("/page/data/start")
    async def begin(request: Request, served: Snapshot, lang: ChosenLang) -> Response:
        key = ("start", lang)
        return await _sent(request, views, served, key, lambda: json_payload(start(served, lang)))

    @routes.get("/page/data/ground")
    async def ground(request: Request, served: Snapshot) -> Response:
        key = ("ground",)
        return await _sent(request, views, served, key, lambda: json_payload(layers.ground(served.study)))

    @routes.get("/page/data/places")
    async def places(request: Request, served: Snapshot) -> Response:
        key = ("places",)
        return await _sent(request, views, served, key, lambda: json_payload(layers.places(served.study)))

    @routes.get("/page/data/view")
    async def view(request: Request, served: Snapshot, rules: AskedRules) -> Response:
        pack = served.standard_called(rules.standard or None)

        def make() -> Payload:
            looked = views.view(served, pack.id, rules.minutes)
            return json_payload(layers.verdicts(looked) | {"rates": layers.rates(looked, rules.lang)})

        return await _sent(request, views, served, ("view", pack.id, rules.minutes, rules.lang), make)

    @routes.get("/page/data/circles")
    async def circles(request: Request, served: Snapshot, rules: AskedRules) -> Response:
        pack = served.standard_called(rules.standard or None)

        def make() -> Payload:
            return json_payload(layers.circles(circles_of(served, pack.id), served.study))

        return await _sent(request, views, served, ("circles", pack.id), make)


def _add_cards(routes: APIRouter, views: Views) -> None:
    async def told(
        request: Request, served: Served, rules: Rules, card: Callable[[View], dict[str, Any]]
    ) -> Response:
        """Return a card, with the pack it stands on."""

        def work() -> Response:
            view = views.view(served, rules.standard, rules.minutes)
            pack = view.standard
            about = {
                "standard": {"id": pack.id, "name": pack.name(rules.lang), "digest": pack.digest},
                "minutes": view.minutes,
                "generation": served.generation,
            }
            answer = answer_json(card(view) | about)
            answer.headers["Cache-Control"] = "no-store"
            return answer

        return await heavy(request, work)  # type: ignore[no-any-return]

    @routes.get("/page/data/card")
    async def card(request: Request, served: Snapshot, rules: AskedRules, home: AskedHome) -> Response:
        return await told(request, served, rules, lambda view: place_card(view, home.row(served), rules.lang))

    @routes.get("/page/data/causes")
    async def causes(request: Request, served: Snapshot, rules: AskedRules, home: AskedHome) -> Response:
        return await told(
            request, served, rules, lambda view: {"causes": causes_of(view, home.row(served), rules.lang)}
        )

    @routes.get("/page/data/community")
    async def community(request: Request, served: Snapshot, rules: AskedRules, id: RowId) -> Response:  # noqa: A002
        return await told(request, served, rules, lambda view: community_card(view, id, rules.lang))

    @routes.get("/page/data/centre")
    async def centre(request: Request, served: Snapshot, rules: AskedRules, id: RowId) -> Response:  # noqa: A002
        return await told(request, served, rules, lambda view: centre_card(view, id, rules.lang))
