"""The web application: one study in memory, asked by coordinate."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import shapely
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

import geoplan as gp
from geoplan.analysis.coverage import coverage
from geoplan.errors import CrsError, DataError, GeoplanError, NetworkError
from geoplan.messages import Lang, text

__all__ = ["create_app"]

_HTTP_STATUS: tuple[tuple[type[GeoplanError], int], ...] = (
    (DataError, 422),
    (CrsError, 422),
    (NetworkError, 422),
    (GeoplanError, 500),
)
"""Library error -> HTTP status; the first match counts."""


@dataclasses.dataclass(frozen=True)
class _Loaded:
    """What every answer is made from."""

    study: gp.Study
    standard: gp.Standard
    network: gp.WalkNetwork


def _load(folder: Path, standard: str | None) -> _Loaded:
    study = gp.read_study(folder)
    return _Loaded(study, gp.load_standard(standard or study.standard_id), gp.walk_network(study))


def create_app(study: Path | None = None, *, standard: str | None = None) -> FastAPI:
    """
    Return the service over one study.

    Parameters
    ----------
    study
        Study folder; None reads the environment variable ``GEOPLAN_STUDY`` at start.
    standard
        Standard pack; None reads ``GEOPLAN_STANDARD``, else takes the study's.

    Returns
    -------
    FastAPI
        ``GET /healthz`` and ``GET /v1/coverage?lon=&lat=``. Errors are problem+json (RFC 9457).
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        folder = study or Path(os.environ["GEOPLAN_STUDY"])
        app.state.loaded = _load(folder, standard or os.environ.get("GEOPLAN_STANDARD"))
        yield

    # the documentation pages of FastAPI fetch their scripts from elsewhere
    app = FastAPI(title="geoplan", version=gp.__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(GeoplanError, _problem)

    @app.get("/healthz")
    def health(request: Request) -> dict[str, str]:
        loaded: _Loaded = request.app.state.loaded
        return {"status": "ok", "study": loaded.study.study_id, "standard": loaded.standard.id}

    @app.get("/v1/coverage")
    def coverage_at(
        request: Request,
        lon: Annotated[float, Query(ge=-180, le=180)],
        lat: Annotated[float, Query(ge=-90, le=90)],
        lang: Lang = "en",
    ) -> dict[str, Any]:
        return answer(request.app.state.loaded, lon, lat, lang)

    return app


def answer(loaded: _Loaded, lon: float, lat: float, lang: Lang) -> dict[str, Any]:
    """Return which services a point (WGS84 degrees) can walk to, with the evidence."""
    study, standard = loaded.study, loaded.standard
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326").to_crs(study.crs)
    home = gpd.GeoDataFrame(
        geometry=point.to_numpy(), index=pd.Index(["point"], name="residence_id"), crs=study.crs
    )
    asked = dataclasses.replace(study, residences=home, communities=None)
    found = coverage(loaded.network, asked, standard)
    snap_m = found.snaps.loc[found.snaps["table"] == "residences", "snap_m"].iloc[0]
    overall = found.completeness.iloc[0]
    return {
        "study": {
            "id": study.study_id,
            "name": study.name,
            "synthetic": study.synthetic,
            "data_date": study.data_date,
        },
        "standard": {"id": standard.id, "digest": standard.digest},
        "community_id": _community_of(study, point.iloc[0]),
        "snap_m": None if math.isnan(snap_m) else float(snap_m),
        "verdict_all_five": overall["verdict_all_five"],
        "services": [_service(row, lang) for _, row in found.reach.iterrows()],
    }


def _community_of(study: gp.Study, point: shapely.Point) -> str | None:
    if study.communities is None:
        return None
    inside = study.communities.index[study.communities.intersects(point)]
    return str(inside[0]) if len(inside) else None


def _service(row: pd.Series, lang: Lang) -> dict[str, Any]:
    plain = {name: None if pd.isna(value) else value for name, value in row.drop("residence_id").items()}
    return {str(name): value for name, value in plain.items()} | {"reason_text": text(row["reason"], lang)}


def _problem(_: Request, error: Exception) -> JSONResponse:
    status = next(code for kind, code in _HTTP_STATUS if isinstance(error, kind))
    body = {"type": "about:blank", "title": type(error).__name__, "status": status, "detail": str(error)}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
