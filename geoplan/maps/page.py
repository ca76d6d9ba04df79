"""A finished map: saves itself as one file, and shows itself in a notebook without a network."""

from __future__ import annotations

import html
from pathlib import Path

import folium
from branca.element import Element

from geoplan.maps.inline import inline_page
from geoplan.messages import Lang

__all__ = ["LANGUAGE_TAGS", "AuditMap"]

LANGUAGE_TAGS: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}
_HEIGHT_PX = 560


class AuditMap:
    """
    A self-contained map page.

    Parameters
    ----------
    drawing
        The Folium map, complete.
    lang
        Language of the page.
    tile_host
        The one origin it may load map tiles from; empty: it loads nothing.
    """

    def __init__(self, drawing: folium.Map, lang: Lang, *, tile_host: str = "") -> None:
        _number_elements(drawing.get_root())
        page = drawing.get_root().render()
        self._page = inline_page(page, lang=LANGUAGE_TAGS[lang], tile_host=tile_host)

    @property
    def html(self) -> str:
        """The whole page."""
        return self._page

    def save(self, file: str | Path) -> None:
        """Write the page to ``file``; its folder exists."""
        Path(file).write_text(self._page, encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        """Return the map for a notebook: in a frame of its own, which can reach nothing outside it."""
        return (
            f'<iframe srcdoc="{html.escape(self._page, quote=True)}" sandbox="allow-scripts" '
            f'style="width:100%;height:{_HEIGHT_PX}px;border:0"></iframe>'
        )


def _number_elements(root: Element) -> None:
    """Give the elements ids in their order: Folium's are random, and the same map must be the same bytes."""
    waiting = [root]
    number = 0
    while waiting:
        element = waiting.pop(0)
        element._id = f"{number:04d}"
        number += 1
        waiting.extend(element._children.values())
