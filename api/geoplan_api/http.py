"""What every route shares: reading queries, writing JSON, telling OpenAPI which errors may come."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from geoplan.messages import Lang
from geoplan_api.problems import MEDIA_TYPE, asked_lang

__all__ = ["GEOJSON", "ChosenLang", "answer_json", "asked", "parameters", "problems"]

GEOJSON = "application/geo+json"
_Model = TypeVar("_Model", bound=BaseModel)

_MEANING = {
    401: "No key, or not one of the service's.",
    404: "There is no such thing, or the study lacks the data for it.",
    405: "Not with this method.",
    409: "Not as things stand.",
    413: "The body is too large.",
    422: "The question cannot be read, or makes no sense.",
    429: "Too many requests; Retry-After tells when to ask again.",
    503: "Not ready, or too busy; Retry-After tells when to ask again.",
}


def _chosen_lang(
    request: Request,
    lang: Annotated[
        Lang | None, Query(description="Language of names and sentences; else by Accept-Language.")
    ] = None,
) -> Lang:
    return lang or asked_lang(request)


ChosenLang = Annotated[Lang, Depends(_chosen_lang)]
"""The language of an answer."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return which errors a route may answer, for OpenAPI; too many, too busy and unreadable always may."""
    shape = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    return {
        status: {"description": _MEANING[status], "content": {MEDIA_TYPE: shape}}
        for status in sorted({*statuses, 422, 429, 503})
    }


def asked(model: type[_Model], query_string: bytes) -> _Model:
    """
    Read a query into a model, sooner than FastAPI's own way.

    Raises
    ------
    RequestValidationError
        If it cannot be read, or a name stands twice.
    """
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=50)
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        raise RequestValidationError(
            [
                {"type": "repeated", "loc": ("query", name), "msg": "stands more than once", "input": None}
                for name in values
                if names.count(name) > 1
            ]
        )
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError(
            [
                {**one, "loc": ("query", *one["loc"])}
                for one in error.errors(include_url=False, include_context=False)
            ]
        ) from None


def parameters(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's fields as query parameters of an OpenAPI operation."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    found = []
    for name, field in schema["properties"].items():
        own = {key: value for key, value in field.items() if key not in ("title", "description")}
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": field.get("description", ""),
                "schema": own,
            }
        )
    return {"parameters": found}


def answer_json(
    content: Any, *, status: int = 200, media_type: str = "application/json", **headers: str
) -> Response:
    """Return an answer as JSON; numbers of numpy are numbers, NaN is null."""
    body = content if isinstance(content, bytes) else orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status_code=status, media_type=media_type, headers=headers or None)
