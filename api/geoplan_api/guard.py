"""What every request passes: limits, secure headers, a request id, a line in the log, a count."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoplan.messages import text
from geoplan_api.heavy import Allowance
from geoplan_api.logs import AccessLog
from geoplan_api.metrics import Metrics
from geoplan_api.problems import ProblemError, asked_lang, problem_response
from geoplan_api.settings import Settings

__all__ = ["CSP", "Guard", "Lane"]

Lane = Callable[[Scope], bytes | None]

CSP = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; font-src 'self'"
)
"""Content-Security-Policy of every answer that states none of its own."""

_DATA_CSP = b"default-src 'none'; frame-ancestors 'none'"
_EVERYWHERE = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_DATA_HEADERS = ((b"content-security-policy", _DATA_CSP), *_EVERYWHERE)
_PAGE_HEADERS = (
    (b"content-security-policy", CSP.encode()),
    *_EVERYWHERE,
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What a page needs besides; data are not shown by a browser, and each header costs time."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_BODILESS = ("GET", "HEAD", "OPTIONS")
_ALWAYS = ("/healthz", "/readyz", "/metrics")
"""Answered at any load: a supervisor must not take a busy service for a dead one."""
_log = logging.getLogger("geoplan_api.error")


class Guard:
    """
    Wrap an application.

    Parameters
    ----------
    app
        What answers.
    settings
        The limits.
    metrics
        What counts.
    lanes
        Path -> what answers a GET of it in JSON without the application, or returns None to leave it to it.
    """

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, lanes: Mapping[str, Lane]) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self.active = 0
        self.allowance = Allowance(settings.rate_per_minute)
        self.lanes = lanes
        self.log = AccessLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope)
        told = {"status": 0, "bytes": 0}
        self.active += 1
        try:
            lane = self.lanes.get(scope["path"]) if scope["method"] == "GET" else None
            refused = self._refusal(scope)
            body = None if lane is None or refused is not None else self._quick(lane, scope)
            if body is None:
                completing = self._completing(send, request_id, told)
                await self._answer(scope, receive, completing, told, refused)
            else:
                told["status"], told["bytes"] = 200, len(body)
                await send(_start(body, request_id))
                await send({"type": "http.response.body", "body": body})
        finally:
            self.active -= 1
            self._record(scope, request_id, told, time.perf_counter() - began)

    def _quick(self, lane: Lane, scope: Scope) -> bytes | None:
        """Return the answer of a lane; None leaves the request, and any error, to the application."""
        try:
            return lane(scope)
        except Exception:
            return None  # the application meets the same error, and tells it

    def _completing(self, send: Send, request_id: bytes, told: dict[str, int]) -> Send:
        async def send_complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                _complete(message, request_id)
            else:
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        return send_complete

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        told: dict[str, int],
        refused: ProblemError | None,
    ) -> None:
        try:
            if refused is not None:
                raise refused
            if scope["method"] not in _BODILESS:
                receive = await self._whole_body(scope, receive)
            await self.app(scope, receive, send)
        except ProblemError as error:
            request = Request(scope)
            detail = text(error.key, asked_lang(request), **error.params)
            kind = error.key.removeprefix("problem.")
            # what is left of the body is not read: the connection cannot be used again
            headers = (
                {**error.headers, "connection": "close"} if error.status in (408, 413) else error.headers
            )
            await problem_response(error.status, detail, kind=kind, headers=headers)(scope, receive, send)
        except Exception as error:
            _log.error("unexpected %s", type(error).__name__, exc_info=error)
            if told["status"]:
                raise
            detail = text("problem.http_500", asked_lang(Request(scope)))
            await problem_response(500, detail, kind="internal")(scope, receive, send)

    def _refusal(self, scope: Scope) -> ProblemError | None:
        """Return why a request is turned away before anything looks at it; None lets it in."""
        if scope["path"] in _ALWAYS:
            return None
        if self.active > self.settings.max_concurrency:
            return ProblemError(503, "problem.busy", retry_after=1)
        wait = self.allowance.take(scope["client"][0] if scope.get("client") else "")
        return ProblemError(429, "problem.too_often", retry_after=int(wait) + 1) if wait else None

    async def _whole_body(self, scope: Scope, receive: Receive) -> Receive:
        """Read the body, if it is small enough and comes in time; return what hands it on."""
        most, seconds = self.settings.max_body_bytes, self.settings.body_seconds
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > most:
            raise ProblemError(413, "problem.body_too_large", most=most)
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(seconds):
                size, more = 0, True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        break
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise ProblemError(413, "problem.body_too_large", most=most)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise ProblemError(408, "problem.body_too_slow", seconds=f"{seconds:g}") from None
        waiting = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

        async def handed_on() -> Message:
            return waiting.pop() if waiting else await receive()

        return handed_on

    def _record(self, scope: Scope, request_id: bytes, told: dict[str, int], seconds: float) -> None:
        path = (
            scope["path"] if scope["path"] in self.lanes else getattr(scope.get("route"), "path", "unmatched")
        )
        self.metrics.ended(scope["method"], path, told["status"], seconds)
        line: dict[str, object] = {
            "request_id": request_id.decode(),
            "method": scope["method"],
            "route": path,
            "status": told["status"],
            "ms": round(seconds * 1000, 2),
            "bytes": told["bytes"],
        }
        holder = scope.get("state", {}).get("holder")
        if holder:
            line["key"] = holder
        if self.settings.log_coordinates:
            line["query"] = scope["query_string"].decode("latin-1")
        self.log.add(line)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value)
    return os.urandom(8).hex().encode()


def _start(body: bytes, request_id: bytes) -> Message:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *_DATA_HEADERS,
        (b"x-request-id", request_id),
    ]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _complete(message: MutableMapping[str, Any], request_id: bytes) -> None:
    headers = list(message.get("headers", ()))
    stated = dict(headers)
    is_page = stated.get(b"content-type", b"").startswith((b"text/html", b"image/svg"))
    wanted = _PAGE_HEADERS if is_page else _DATA_HEADERS
    headers += [(name, value) for name, value in wanted if name not in stated]
    headers.append((b"x-request-id", request_id))
    message["headers"] = headers
