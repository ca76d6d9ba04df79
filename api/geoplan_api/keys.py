"""Keys: the service knows their hashes alone."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader
from starlette.requests import Request

from geoplan_api.heavy import Allowance
from geoplan_api.problems import ProblemError

__all__ = ["NEEDS_KEY", "KeyRing", "hash_of"]

_LONGEST = 200


def hash_of(key: str) -> str:
    """Return what the settings hold of a key: its SHA-256; a key of 256 random bits needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


class KeyRing:
    """
    The keys that are valid: several at a time, so that one can be changed while the other is in use.

    Parameters
    ----------
    hashes
        ``[name:]sha256`` each.
    tries_per_minute
        Wrong keys that a client may send.
    """

    def __init__(self, hashes: tuple[str, ...], tries_per_minute: int = 60) -> None:
        self._known = []
        for number, one in enumerate(hashes, start=1):
            name, _, digest = one.rpartition(":")
            self._known.append((name or f"key{number}", digest))
        self._wrong = Allowance(tries_per_minute)

    def holder(self, key: str, client: str) -> str:
        """
        Return the name of a key.

        Every hash is compared, each in constant time: how long it takes tells nothing.

        Raises
        ------
        ProblemError
            401 if it is not known, 429 if a client tries too many.
        """
        digest, found = hash_of(key[:_LONGEST]), ""
        for name, known in self._known:
            if hmac.compare_digest(digest, known):
                found = name
        if not found:
            wait = self._wrong.take(client)
            if wait:
                raise ProblemError(429, "problem.too_often", retry_after=int(wait) + 1)
            raise ProblemError(401, "problem.key" if self._known else "problem.no_keys")
        return found


_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="Needed by jobs and by /admin.")


async def _holder(request: Request, key: Annotated[str | None, Depends(_header)]) -> None:
    ring: KeyRing = request.app.state.keys
    request.state.holder = ring.holder(key or "", request.client.host if request.client else "")


NEEDS_KEY = Depends(_holder)
"""Requests without a valid key are refused; ``request.state.holder`` is the name of the key."""
