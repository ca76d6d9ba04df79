"""The OpenAPI document: FastAPI's, with the shapes of answers that are written without it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from geoplan_api import schemas

__all__ = ["add_openapi"]

_DESCRIPTION = (
    "Is this address covered, by whom, and if not, why? One audited study, answered from memory. "
    "Verdicts are pass, fail or unknown, decided on walking time to the door; unknown never counts as pass. "
    "Errors are application/problem+json. Reading needs no key; jobs and /admin need X-API-Key."
)
_ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.BatchAnswer,
    schemas.CoverageAnswer,
    schemas.FeatureCollection,
    schemas.JobRecord,
    schemas.ProblemDocument,
    schemas.ScenarioAnswer,
)


def add_openapi(app: FastAPI) -> None:
    """Let an application tell the shapes of all its answers."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes
            )
            _, shapes = models_json_schema(
                [(one, "serialization") for one in _ANSWERS], ref_template="#/components/schemas/{model}"
            )
            known = document.setdefault("components", {}).setdefault("schemas", {})
            for name, shape in shapes["$defs"].items():
                known.setdefault(name, shape)
            for unused in ("HTTPValidationError", "ValidationError"):
                known.pop(unused, None)
            document["components"]["schemas"] = dict(sorted(known.items()))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
