"""Online maps beneath the study's own: an explicit choice, off unless asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from geoplan.errors import DataError

__all__ = ["Basemap", "Tiles", "tiles_of"]

Basemap = Literal["tianditu", "osm", "amap"]

_KEY = re.compile(r"[0-9A-Za-z]{1,64}")
_TIANDITU = "https://t0.tianditu.gov.cn"
_OSM = "https://tile.openstreetmap.org"
_AMAP = "https://webrd01.is.autonavi.com"


@dataclass(frozen=True, slots=True)
class Tiles:
    """
    An online map.

    Parameters
    ----------
    host
        The one origin its tiles come from; empty: there is none.
    datum
        Datum of its tiles, to which everything drawn on them is shifted; None is WGS84, from which CGCS2000
        does not differ on a screen.
    sheets
        Tile layers, lowest first, as the script takes them.
    """

    host: str = ""
    datum: str | None = None
    sheets: tuple[dict[str, Any], ...] = ()


def tiles_of(basemap: str | None, key: str) -> Tiles:
    """
    Return the tiles of an online map.

    Parameters
    ----------
    basemap
        ``tianditu`` (天地图, needs a key), ``osm`` (OpenStreetMap), ``amap`` (高德, in GCJ-02), or None.
    key
        The user's key. It stands in the page: who gets the file can read it.

    Raises
    ------
    DataError
        If the map is unknown, needs a key and has none, or the key is not one.

    Examples
    --------
    >>> tiles_of("amap", "").datum, tiles_of(None, "").host
    ('gcj02', '')
    """
    if basemap is None:
        return Tiles()
    if basemap == "osm":
        credit = "© OpenStreetMap contributors"
        return Tiles(_OSM, None, (_sheet(f"{_OSM}/{{z}}/{{x}}/{{y}}.png", 19, credit),))
    if basemap == "amap":
        url = f"{_AMAP}/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={{x}}&y={{y}}&z={{z}}"
        return Tiles(_AMAP, "gcj02", (_sheet(url, 18, "© 高德地图"),))
    if basemap != "tianditu":
        raise DataError("error.unknown_basemap", basemap=str(basemap), known="tianditu, osm, amap")
    if not _KEY.fullmatch(key):
        raise DataError("error.basemap_key", basemap=basemap)
    sheets = tuple(_sheet(_tianditu(name, key), 18, "© 天地图") for name in ("vec", "cva"))
    return Tiles(_TIANDITU, None, sheets)


def _tianditu(name: str, key: str) -> str:
    return (
        f"{_TIANDITU}/{name}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={name}&STYLE=default"
        f"&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
    )


def _sheet(url: str, finest: int, credit: str) -> dict[str, Any]:
    """Return a tile layer; nearer than its finest zoom it is enlarged."""
    return {"url": url, "options": {"maxNativeZoom": finest, "maxZoom": 20, "attribution": credit}}
