"""Symbols, renderers and labels as QGIS 3 writes them, from the styles of ``palette.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

from geoplan.maps.palette import Style

__all__ = ["Categories", "Classes", "Entry", "Family", "Renderer", "Single", "labels", "renderer"]

Family = Literal["Point", "LineString", "Polygon"]

_MM_PER_PIXEL = 25.4 / 96
_SYMBOLS: dict[Family, tuple[str, str]] = {
    "Point": ("marker", "SimpleMarker"),
    "LineString": ("line", "SimpleLine"),
    "Polygon": ("fill", "SimpleFill"),
}
_INK = (29, 29, 27, 255)
_LABEL_SCALE = 60_000
"""Labels are drawn at this scale and nearer ones."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of a legend.

    Parameters
    ----------
    value
        Value of the column, or the bounds of a class: above the first, up to the second.
    style
        A style of the palette.
    label
        What the legend says.
    """

    value: str | tuple[float, float]
    style: Style
    label: str


@dataclass(frozen=True, slots=True)
class Single:
    """Every feature is drawn alike."""

    style: Style


@dataclass(frozen=True, slots=True)
class Categories:
    """Features are drawn by the value of a column."""

    column: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Classes:
    """Features are drawn by the class that a number falls into."""

    column: str
    entries: Sequence[Entry]


Renderer = Single | Categories | Classes


def renderer(how: Renderer, family: Family) -> Element:
    """Return the element ``renderer-v2`` of a layer."""
    if isinstance(how, Single):
        made = Element("renderer-v2", type="singleSymbol", symbollevels="0", enableorderby="0")
        symbols = SubElement(made, "symbols")
        symbols.append(_symbol("0", how.style, family))
        return made
    kind = "categorizedSymbol" if isinstance(how, Categories) else "graduatedSymbol"
    made = Element("renderer-v2", type=kind, attr=how.column, symbollevels="0", enableorderby="0")
    if isinstance(how, Classes):
        made.set("graduatedMethod", "GraduatedColor")
    listed = SubElement(made, "categories" if isinstance(how, Categories) else "ranges")
    symbols = SubElement(made, "symbols")
    for number, one in enumerate(how.entries):
        if isinstance(one.value, str):
            line = SubElement(listed, "category", value=one.value, type="string")
        else:
            lower, upper = one.value
            line = SubElement(listed, "range", lower=repr(lower), upper=repr(upper))
        line.set("symbol", str(number))
        line.set("label", one.label)
        line.set("render", "true")
        symbols.append(_symbol(str(number), one.style, family))
    return made


def labels(column: str, family: Family) -> Element:
    """Return the element ``labeling`` of a layer whose features are named by ``column``."""
    made = Element("labeling", type="simple")
    settings = SubElement(made, "settings", calloutType="simple")
    style = SubElement(
        settings, "text-style", fieldName=column, isExpression="0", fontSize="9", fontSizeUnit="Point",
        textColor=_rgba(_INK), textOpacity="1", fontWeight="50", multilineHeight="1",
    )  # fmt: skip
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor="255,255,255,255", bufferOpacity="0.9", bufferJoinStyle="128",
    )  # fmt: skip
    # around points, within areas
    placement = "0" if family == "Point" else "1"
    SubElement(settings, "placement", placement=placement, dist="1", distUnits="MM", priority="5")
    SubElement(
        settings, "rendering", drawLabels="1", scaleVisibility="1", scaleMin="0", scaleMax=str(_LABEL_SCALE),
        obstacle="1", displayAll="0",
    )  # fmt: skip
    return made


def _symbol(name: str, style: Style, family: Family) -> Element:
    kind, layer_class = _SYMBOLS[family]
    made = Element("symbol", name=name, type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    if family != "Polygon" or "radius" not in style:
        made.append(_symbol_layer(layer_class, _settings(style, family)))
        return made
    # a place with an outline, such as a building: seen from afar as the mark that a point has
    outline = {"color": style["fillColor"], "weight": 1, "fill": False} if "fillColor" in style else style
    made.append(_symbol_layer(layer_class, _settings(outline, family)))
    if style.get("fill", True):
        mark = _symbol_layer("CentroidFill", {"point_on_surface": "1", "clip_points": "0"})
        mark.append(_symbol(f"@{name}@1", style, "Point"))
        made.append(mark)
    return made


def _symbol_layer(layer_class: str, settings: dict[str, str]) -> Element:
    made = Element("layer", {"class": layer_class, "enabled": "1", "locked": "0", "pass": "0"})
    options = SubElement(made, "Option", type="Map")
    for key, value in settings.items():
        SubElement(options, "Option", name=key, value=value, type="QString")
        # versions before 3.26 look here
        SubElement(made, "prop", k=key, v=value)
    return made


def _settings(style: Style, family: Family) -> dict[str, str]:
    stroke = _colour(style["color"], style.get("opacity", 1.0))
    width = f"{float(style.get('weight', 1)) * _MM_PER_PIXEL:.3f}"
    filled = style.get("fill", True) and "fillColor" in style
    fill = _colour(style["fillColor"], style.get("fillOpacity", 1.0)) if filled else "0,0,0,0"
    dashes = style.get("dashArray")
    if family == "LineString":
        custom = {"use_customdash": "1" if dashes else "0", "customdash_unit": "MM"}
        if dashes:
            custom["customdash"] = ";".join(f"{float(one) * _MM_PER_PIXEL:.3f}" for one in dashes.split())
        return {
            "line_color": stroke, "line_width": width, "line_width_unit": "MM", "line_style": "solid",
            "capstyle": "round", "joinstyle": "round", **custom,
        }  # fmt: skip
    outline = {
        "outline_color": stroke, "outline_width": width, "outline_width_unit": "MM",
        "outline_style": "dash" if dashes else "solid",
    }  # fmt: skip
    if family == "Polygon":
        return {"color": fill, "style": "solid" if filled else "no", "joinstyle": "round", **outline}
    size = 2 * float(style.get("radius", 4)) * _MM_PER_PIXEL
    return {
        "name": style.get("shape", "circle"),
        "color": fill,
        "size": f"{size:.3f}",
        "size_unit": "MM",
        **outline,
    }


def _colour(code: str, opacity: float) -> str:
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return _rgba((red, green, blue, round(255 * opacity)))


def _rgba(parts: tuple[int, int, int, int]) -> str:
    return ",".join(map(str, parts))
