"""The files of the page: a fixed list, read when the service starts. No path of a user reaches the disk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from geoplan_api.page.payload import Payload

__all__ = ["static_files"]

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_OWN = (
    "api.js",
    "card.js",
    "citymap.js",
    "dom.js",
    "icon.svg",
    "legend.js",
    "main.js",
    "page.css",
    "print.css",
    "printing.js",
    "search.js",
    "state.js",
    "whatif.js",
    "words.js",
)
_LEAFLET = ("leaflet.css", "leaflet.js")
"""Vendored once, with its licence, for the maps of the library."""


@cache
def static_files() -> Mapping[str, Payload]:
    """Return every file that ``/static/`` serves, by name."""
    own = resources.files(__package__) / "static"
    leaflet = resources.files("geoplan.maps") / "vendor" / "leaflet"
    places = {name: own / name for name in _OWN} | {name: leaflet / name for name in _LEAFLET}
    return MappingProxyType(
        {
            name: Payload.of(place.read_bytes(), _TYPES[name.rsplit(".", 1)[1]])
            for name, place in places.items()
        }
    )
