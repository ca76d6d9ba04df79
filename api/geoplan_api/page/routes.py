"""Routes of the page: itself at ``/``, its files, and what it draws under ``/page/data``."""

# annotations must be values here: those of some routes name what only their function knows
from collections.abc import Callable
from typing import Annotated, Any

import geopandas as gpd
import orjson
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from geoplan.errors import DataError
from geoplan.messages import Lang
from geoplan_api.page import layers
from geoplan_api.page.cards import causes_of, home_at, home_of, place_card
from geoplan_api.page.facts import centre_card, community_card
from geoplan_api.page.files import static_files
from geoplan_api.page.payload import Payload, json_payload
from geoplan_api.page.shell import page_html, start
from geoplan_api.page.views import Minutes, View, Views
from geoplan_api.served import Served, served_of

__all__ = ["router"]

Snapshot = Annotated[Served, Depends(served_of)]
AskedLang = Annotated[Lang | None, Query(description="Language; unset: that of the service.")]
StandardId = Annotated[str, Query(max_length=64, description="A standard pack; empty: the one served.")]
AskedMinutes = Annotated[Minutes, Query(description="Limit of every service [min]; own: the standard's.")]
RowId = Annotated[str, Query(min_length=1, max_length=200)]
OneId = Annotated[str | None, Query(min_length=1, max_length=200)]
Longitude = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="WGS84 degrees.")]
Latitude = Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False, description="WGS84 degrees.")]


def router() -> APIRouter:
    """Return the page at ``/``, its files, and its data."""
    views = Views()
    routes = APIRouter(tags=["page"], include_in_schema=False)
    _add_page(routes, views)
    _add_layers(routes, views)
    _add_cards(routes, views)
    return routes


def _add_page(routes: APIRouter, views: Views) -> None:
    @routes.get("/")
    def page(request: Request, served: Snapshot, lang: AskedLang = None) -> Response:
        chosen = lang or served.lang
        made = views.sent.get(
            served.generation,
            ("page", chosen),
            lambda: Payload.of(page_html(views, served, chosen).encode(), "text/html; charset=utf-8"),
        )
        return made.answer(request)

    @routes.get("/static/{name}")
    async def file(request: Request, name: Annotated[str, Path(max_length=64)]) -> Response:
        found = static_files().get(name)
        if found is None:
            raise HTTPException(404)
        return found.answer(request)


def _add_layers(routes: APIRouter, views: Views) -> None:
    def sent(request: Request, served: Served, key: tuple[str, ...], make: Callable[[], Any]) -> Response:
        made = views.sent.get(served.generation, ("json", *key), lambda: json_payload(make()))
        return made.answer(request)

    @routes.get("/page/data/start")
    def begin(request: Request, served: Snapshot, lang: AskedLang = None) -> Response:
        chosen = lang or served.lang
        return sent(request, served, ("start", chosen), lambda: start(views, served, chosen))

    @routes.get("/page/data/ground")
    def ground(request: Request, served: Snapshot) -> Response:
        return sent(request, served, ("ground",), lambda: layers.ground(served.study))

    @routes.get("/page/data/places")
    def places(request: Request, served: Snapshot) -> Response:
        return sent(request, served, ("places",), lambda: layers.places(served.study))

    @routes.get("/page/data/view")
    def view(
        request: Request, served: Snapshot,
        standard: StandardId = "", minutes: AskedMinutes = "own", lang: AskedLang = None,
    ) -> Response:  # fmt: skip
        chosen, pack = lang or served.lang, views.pack(served, standard)

        def make() -> dict[str, Any]:
            looked = views.view(served, pack.id, minutes)
            return layers.verdicts(looked) | {"rates": layers.rates(looked, chosen)}

        return sent(request, served, ("verdicts", pack.id, minutes, chosen), make)

    @routes.get("/page/data/circles")
    def circles(request: Request, served: Snapshot, standard: StandardId = "") -> Response:
        pack = views.pack(served, standard)
        return sent(
            request, served, ("circles", pack.id),
            lambda: layers.circles(views.circles(served, pack.id), served.study),
        )  # fmt: skip


def _add_cards(routes: APIRouter, views: Views) -> None:
    def looked_at(served: Snapshot, standard: StandardId = "", minutes: AskedMinutes = "own") -> View:
        return views.view(served, standard, minutes)

    def home(
        served: Snapshot, lon: Longitude = None, lat: Latitude = None, residence: OneId = None
    ) -> gpd.GeoDataFrame:
        if residence is not None:
            return home_of(served.study, residence)
        if lon is None or lat is None:
            raise DataError("error.page_no_place")
        return home_at(served.study, lon, lat)

    def answered(view: View, lang: Lang | None, content: dict[str, Any]) -> Response:
        own = view.standard
        pack = {"id": own.id, "name": own.name(lang or view.snapshot.lang), "digest": own.digest}
        about = {"standard": pack, "minutes": view.minutes, "generation": view.snapshot.generation}
        body = orjson.dumps(content | about)
        return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")

    Home = Annotated[gpd.GeoDataFrame, Depends(home)]  # noqa: N806
    Looked = Annotated[View, Depends(looked_at)]  # noqa: N806

    @routes.get("/page/data/card")
    def card(view: Looked, place: Home, lang: AskedLang = None) -> Response:
        return answered(view, lang, place_card(views, view, place, lang or view.snapshot.lang))

    @routes.get("/page/data/causes")
    def causes(view: Looked, place: Home, lang: AskedLang = None) -> Response:
        return answered(view, lang, {"causes": causes_of(view, place, lang or view.snapshot.lang)})

    @routes.get("/page/data/community")
    def community(view: Looked, id: RowId, lang: AskedLang = None) -> Response:  # noqa: A002
        return answered(view, lang, community_card(view, id, lang or view.snapshot.lang))

    @routes.get("/page/data/centre")
    def centre(view: Looked, id: RowId, lang: AskedLang = None) -> Response:  # noqa: A002
        return answered(view, lang, centre_card(view, id, lang or view.snapshot.lang))
