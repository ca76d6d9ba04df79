"""The page that shows the OpenAPI document: Swagger UI, from files of our own."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import Response

__all__ = ["router"]

_FOLDER = "vendor/swagger-ui-5.35.0"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>geoplan API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/start.js" defer></script>
</head>
<body><div id="swagger-ui"></div></body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null
});
"""
_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    async def docs() -> Response:
        return Response(_PAGE, media_type="text/html")

    for name, media_type in _FILES.items():
        routes.add_api_route(f"/docs/{name}", _file(name, media_type), name=name)
    return routes


def _file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        content, tag = _content(name)
        headers = {"etag": tag, "cache-control": "public, max-age=86400"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=media_type, headers=headers)

    return answer


@cache
def _content(name: str) -> tuple[bytes, str]:
    """Return a file and its tag. Names are those of this module: none comes from a request."""
    if name == "start.js":
        content = _START.encode()
    else:
        content = resources.files("geoplan_api").joinpath(_FOLDER, name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
