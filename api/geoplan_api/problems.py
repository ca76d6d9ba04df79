"""
Errors as ``application/problem+json`` (RFC 9457), from one table of library errors.

==========================  ======
``MissingExtraError``       501
``InfeasibleError``         409
``DisagreementError``       500
``DataError``               422
``CrsError``                422
``StandardError``           422
``NetworkError``            422
``PlanningError``           422
any other                   500
==========================  ======
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from geoplan.errors import (
    CrsError,
    DataError,
    DisagreementError,
    GeoplanError,
    InfeasibleError,
    MissingExtraError,
    NetworkError,
    PlanningError,
    StandardError,
)
from geoplan.messages import LANGS, Lang, text

__all__ = [
    "MEDIA_TYPE",
    "ProblemError",
    "add_handlers",
    "asked_lang",
    "lang_of_headers",
    "problem_response",
    "status_of",
]

MEDIA_TYPE = "application/problem+json"

HTTP_STATUS: tuple[tuple[type[GeoplanError], int], ...] = (
    (MissingExtraError, 501),
    (InfeasibleError, 409),
    (DisagreementError, 500),
    (DataError, 422),
    (CrsError, 422),
    (StandardError, 422),
    (NetworkError, 422),
    (PlanningError, 422),
    (GeoplanError, 500),
)
"""Library error -> HTTP status; the first match counts."""

_FAULTS_SHOWN = 20
_SPOKEN: dict[bytes, Lang] = {one.encode(): one for one in LANGS}
_log = logging.getLogger("geoplan_api.error")


class ProblemError(Exception):
    """
    A request that is answered by an error.

    Parameters
    ----------
    status
        HTTP status.
    key
        Message key ``problem.*``: what is wrong, and the cure.
    retry_after
        Seconds after which to ask again, if that helps.
    params
        Values for the placeholders of that message.
    """

    def __init__(self, status: int, key: str, *, retry_after: int | None = None, **params: object) -> None:
        self.status, self.key, self.retry_after, self.params = status, key, retry_after, params
        super().__init__(key)

    @property
    def headers(self) -> dict[str, str]:
        """Headers that go with it."""
        found = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        if self.status == HTTPStatus.UNAUTHORIZED:
            found["www-authenticate"] = 'ApiKey header="X-API-Key"'
        return found


def status_of(error: GeoplanError) -> int:
    """Return the HTTP status of a library error."""
    return next(status for kind, status in HTTP_STATUS if isinstance(error, kind))


def asked_lang(request: Request, default: Lang | None = None) -> Lang:
    """Return the language of an answer: ``?lang=``, else ``Accept-Language``, else the study's."""
    asked = request.query_params.get("lang")
    if asked in LANGS:
        return asked
    first = lang_of_headers(request.scope["headers"])
    if first is not None:
        return first
    served = getattr(request.app.state, "served", None)
    return default or (served.lang if served is not None else "en")


def lang_of_headers(headers: Iterable[tuple[bytes, bytes]]) -> Lang | None:
    """Return the first language of ``Accept-Language`` if the service speaks it."""
    for name, value in headers:
        if name == b"accept-language":
            return _SPOKEN.get(value[:2].lower())
    return None


def problem_response(
    status: int, detail: str, *, kind: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """
    Return an error as problem+json.

    Parameters
    ----------
    status, detail
        HTTP status, and what is wrong in words.
    kind
        Name of the error; makes the ``type``.
    headers
        Further headers.
    more
        Further members.
    """
    body = {
        "type": f"urn:geoplan:problem:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let an application answer every error as problem+json."""
    app.add_exception_handler(ProblemError, _own)
    app.add_exception_handler(GeoplanError, _library)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)


async def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - what it is registered for
    detail = text(error.key, asked_lang(request), **error.params)
    return problem_response(
        error.status, detail, kind=error.key.removeprefix("problem."), headers=error.headers
    )


async def _library(request: Request, error: Exception) -> Response:
    assert isinstance(error, GeoplanError)  # noqa: S101 - what it is registered for
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s: %s", type(error).__name__, error)
    return problem_response(status, error.text(asked_lang(request)), kind=type(error).__name__)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    faults = [
        {"at": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()[:_FAULTS_SHOWN]
    ]
    detail = text("problem.invalid", asked_lang(request), where=", ".join(one["at"] for one in faults))
    return problem_response(422, detail, kind="invalid", errors=faults)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # a body that is no text at all: as one that is no JSON
        return problem_response(
            422, text("problem.invalid", asked_lang(request), where="body"), kind="invalid"
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"allow": _allowed(request)} | {k: v for k, v in headers.items() if k.lower() != "allow"}
    key = f"problem.http_{error.status_code}"
    try:
        detail = text(key, asked_lang(request))
    except KeyError:
        detail = str(error.detail)
    return problem_response(error.status_code, detail, headers=headers)


def _allowed(request: Request) -> str:
    """Return the methods of an address: its routes know each but its own."""
    found = set()
    for path, operations in request.app.openapi()["paths"].items():
        pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.url.path):
            found |= {one.upper() for one in operations}
    return ", ".join(sorted(found)) or "GET"


async def _internal(request: Request, error: Exception) -> Response:
    _log.error("unexpected %s", type(error).__name__, exc_info=error)
    return problem_response(500, text("problem.http_500", asked_lang(request)), kind="internal")
