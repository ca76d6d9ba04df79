"""
The one message catalogue: every sentence a user reads, in Chinese and English.

A message is ``key = { en = "...", zh = "..." }`` in a TOML file of this folder; both languages
have the same placeholders. Python code holds keys, never sentences.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal, get_args

__all__ = ["LANGS", "Lang", "catalogue", "text"]

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every message: key -> language -> template. A key declared twice is an error."""
    found: dict[str, dict[str, str]] = {}
    folder = resources.files(__name__)
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if not entry.name.endswith(".toml"):
            continue
        for key, languages in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            if key in found:
                raise KeyError(f"message {key!r} is declared twice")
            found[key] = languages
    return found


def text(key: str, lang: Lang, **params: object) -> str:
    """
    Return the message ``key`` in ``lang`` with its placeholders filled.

    Parameters
    ----------
    key
        Name of a message in the catalogue.
    lang
        ``"zh"`` or ``"en"``.
    params
        Values for the ``{placeholders}``.

    Raises
    ------
    KeyError
        If the catalogue has no such key.

    Examples
    --------
    >>> text("verdict.pass", "en"), text("verdict.pass", "zh")
    ('pass', '达标')
    """
    return catalogue()[key][lang].format(**params)
