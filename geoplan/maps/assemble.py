"""A map's layers and furniture put together into one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import folium
import geopandas as gpd
import jinja2
import numpy as np
from branca.element import Figure

from geoplan.crs.datum import from_wgs84
from geoplan.crs.metric import to_lonlat
from geoplan.maps.basemap import Basemap, Tiles, tiles_of
from geoplan.maps.elements import (
    Assets,
    Choice,
    Cloud,
    DataLayer,
    DrawingOrder,
    GroupLayer,
    Panel,
    SetUp,
    Together,
)
from geoplan.maps.escape import html_text
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import COMMUNITY_OPACITY, PART_COLOURS
from geoplan.messages import Lang, text
from geoplan.model.provenance import library_versions
from geoplan.model.study import Study
from geoplan.report.headline import review_line

__all__ = ["Box", "Drawing", "Furniture", "box_of", "legend_html", "map_page", "rendered"]

Box = tuple[float, float, float, float]

_WORLD: Box = (-170.0, -60.0, 170.0, 75.0)
_LEGEND = (
    "residences", "classes", "outlines", "centres", "facilities", "faults", "circles", "lines", "splits",
    "thresholds", "notes",
)  # fmt: skip


@dataclass
class Drawing:
    """
    A map in the making.

    Parameters
    ----------
    layers
        In drawing order, lowest first.
    clouds
        Points of which group layers show parts.
    choices
        Sliders and lists.
    legend
        What the legend's template takes.
    """

    layers: list[DataLayer | GroupLayer] = field(default_factory=list)
    clouds: list[Cloud] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    legend: dict[str, Any] = field(
        default_factory=lambda: {"residences_title": "", **{part: [] for part in _LEGEND}}
    )

    def explain(self, part: str, entry: object) -> None:
        """Add an entry to a part of the legend."""
        self.legend[part].append(entry)

    def add_cloud(self, content: dict[str, Any], groups: Sequence[tuple[str, bool]]) -> Cloud:
        """Add points, with a layer a group: its name, and whether it is on at first."""
        cloud = Cloud(content)
        self.clouds.append(cloud)
        for number, (name, show) in enumerate(groups):
            self.layers.append(GroupLayer(cloud, number, name=name, show=show))
        return cloud


@dataclass(frozen=True)
class Furniture:
    """
    What the caller says of a map besides its content.

    Parameters
    ----------
    lang
        Language.
    basemap, key
        Online map beneath, and the key for it: see `geoplan.maps.basemap.tiles_of`.
    review_number
        Review number (审图号); empty leaves a blank, for internal use.
    """

    lang: Lang
    basemap: Basemap | None = None
    key: str = ""
    review_number: str = ""

    @property
    def review(self) -> str:
        """What the map says of its review."""
        return review_line(self.review_number, self.lang)

    @property
    def tiles(self) -> Tiles:
        """The online map."""
        return tiles_of(self.basemap, self.key)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def rendered(template: str, furniture: Furniture, **content: Any) -> str:
    """Return a template of this room filled; text of the data comes out escaped."""
    return (
        _templates()
        .get_template(template)
        .render(t=partial(text, lang=furniture.lang), review=furniture.review, **content)
    )


def legend_html(drawing: Drawing, furniture: Furniture) -> str:
    """Return the legend of a drawing."""
    return rendered(
        "legend.html", furniture, opacity=COMMUNITY_OPACITY, part_colours=PART_COLOURS, **drawing.legend
    )


def map_page(
    study: Study,
    drawing: Drawing,
    furniture: Furniture,
    *,
    title: str,
    head: str,
    legend: str,
    bounds: Box | None,
    label_zoom: int,
    beside: Drawing | None = None,
) -> AuditMap:
    """
    Put a map together.

    Parameters
    ----------
    study
        Gives credits and CRS.
    drawing
        What is drawn.
    furniture
        Language, online map, review number.
    title
        Of the page, plain text.
    head, legend
        HTML of the boxes in the upper left and lower right corner; an empty one is left out.
    bounds
        What is seen at first, in the study's CRS; None: the world.
    label_zoom
        Zoom from which labels of single places show.
    beside
        A second map to the right of the first, moving with it.
    """
    figure = Figure(title=html_text(title))
    tiles = furniture.tiles
    options = {
        "bounds": _corners(study.crs, bounds, tiles.datum),
        "attribution": [
            *study.attribution,
            text("map.made_with", furniture.lang, version=library_versions()["geoplan"]),
        ],
        "labelZoom": label_zoom,
        "tiles": list(tiles.sheets),
        "panels": beside is None,
        "words": {
            name: text(f"map.{name}", furniture.lang) for name in ("north", "north_sign", "search", "nothing")
        },
    }
    first = _map(figure, drawing, options, tiles.datum, left=0, wide=beside is None)
    if beside is not None:
        second = _map(figure, beside, {**options, "search": False}, tiles.datum, left=50, wide=False)
        second.add_child(Together(first))
        second.add_child(Panel(legend, position="bottomright"))
    elif legend:
        first.add_child(Panel(legend, position="bottomright"))
    first.add_child(Panel(head, position="topleft"))
    return AuditMap(first, furniture.lang, tile_host=tiles.host)


def _map(
    figure: Figure, drawing: Drawing, options: dict[str, Any], datum: str | None, *, left: int, wide: bool
) -> folium.Map:
    place: dict[str, Any] = {} if wide else {"width": "50%", "left": f"{left}%", "position": "absolute"}
    page = folium.Map(
        location=[0, 0], tiles=None, zoom_control="bottomleft", zoom_start=2, max_zoom=20, zoom_snap=0.25,
        prefer_canvas=True, **place,
    )  # fmt: skip
    figure.add_child(page)
    if left == 0:
        page.add_child(Assets())
    page.add_child(SetUp({"search": True, **options}))
    shapes = [one for one in drawing.layers if isinstance(one, DataLayer)]
    placed: list[Cloud | DataLayer] = [*drawing.clouds, *shapes]
    for each in placed:
        each.datum = datum
    for one in (*drawing.clouds, *drawing.layers):
        page.add_child(one)
    page.add_child(DrawingOrder(shapes))
    for choice in drawing.choices:
        page.add_child(choice)
    page.add_child(folium.LayerControl(collapsed=False))
    return page


def _corners(crs: str, bounds: Box | None, datum: str | None) -> list[list[float]]:
    """Return south-west and north-east corner, each latitude and longitude."""
    if bounds is None:
        west, south, east, north = _WORLD
        return [[south, west], [north, east]]
    west, south, east, north = bounds
    lon, lat = to_lonlat(crs, np.array([west, east, west, east]), np.array([south, south, north, north]))
    if datum is not None:
        lon, lat = from_wgs84(lon, lat, datum)
    corners = [[lat.min(), lon.min()], [lat.max(), lon.max()]]
    return [[round(float(value), 6) for value in corner] for corner in corners]


def box_of(*places: gpd.GeoSeries | None) -> Box | None:
    """Return the box around some places, None if there are none."""
    boxes = [one.total_bounds for one in places if one is not None and one.notna().any()]
    if not boxes:
        return None
    found = np.array(boxes)
    west, south = found[:, :2].min(axis=0)
    east, north = found[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)
