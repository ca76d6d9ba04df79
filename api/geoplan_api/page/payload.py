"""Answers made once and sent many times: bytes, the same zipped, and a tag by which a browser knows them."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response

from geoplan_api.guard import CSP

__all__ = ["Memo", "Payload", "json_payload"]

Made = TypeVar("Made")

_WORTH_ZIPPING = 1000
_ZIP_LEVEL = 6


@dataclass(frozen=True, eq=False)
class Payload:
    """
    A finished answer.

    Parameters
    ----------
    body, zipped
        The bytes, and the same by gzip; no ``zipped`` where it would not pay.
    media_type
        Type of ``body``.
    tag
        Entity tag, of the bytes alone.
    """

    body: bytes
    zipped: bytes | None
    media_type: str
    tag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> Payload:
        """Make an answer of its bytes."""
        # without a time of its own, so that the same input gives the same bytes
        zipped = (
            gzip.compress(body, _ZIP_LEVEL, mtime=0)
            if len(body) >= _WORTH_ZIPPING and not media_type.startswith("image/png")
            else None
        )
        return cls(body, zipped, media_type, f'W/"{hashlib.sha256(body).hexdigest()[:32]}"')

    def answer(self, request: Request) -> Response:
        """Return the response to a request: 304 if the browser has these bytes already."""
        headers = {"ETag": self.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding, Accept-Language"}
        if self.media_type.startswith("text/html"):
            # said with 304 too: a browser takes the headers of that answer for those of the page it has
            headers["Content-Security-Policy"] = CSP
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.zipped, headers=headers, media_type=self.media_type)
        return Response(self.body, headers=headers, media_type=self.media_type)


def json_payload(content: Any) -> Payload:
    """Return content as JSON; what is not a number becomes null."""
    return Payload.of(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), "application/json")


class Memo:
    """
    What was made of the newest snapshot, by key; what was made of older ones is forgotten.

    Two requests for the same do not make it twice; one for something else does not wait.

    Parameters
    ----------
    most
        How many things are kept; the one asked for longest ago goes first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._generation = -1
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def has(self, generation: int, key: Hashable) -> bool:
        """Tell whether there is something under a key of a snapshot already."""
        return generation == self._generation and key in self._kept

    def get(self, generation: int, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make()`` gives for a key of a snapshot."""
        with self._lock:
            if generation > self._generation:
                self._kept.clear()
                self._generation = generation
            making = self._making.setdefault((generation, key), threading.Lock())
        with making:
            with self._lock:
                if self.has(generation, key):
                    self._kept.move_to_end(key)
                    known: Made = self._kept[key]
                    return known
            made = make()
            with self._lock:
                # an answer of an older snapshot, still under way, is not kept
                if generation == self._generation:
                    self._kept[key] = made
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
                self._making.pop((generation, key), None)
            return made
