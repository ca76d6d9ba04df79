"""Colours and line styles, chosen to be told apart by colour-blind readers and on a grey print."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "BARRIER_STYLES",
    "CATCHMENT_STYLE",
    "CAUSE_STYLES",
    "CENTRE_COLOURS",
    "CHANGE_STYLES",
    "COMMUNITY_OPACITY",
    "COMPLETENESS_COLOURS",
    "COMPONENT_STYLE",
    "CUT_STYLES",
    "FACILITY_STYLE",
    "FAULT_STYLES",
    "FIX_LINE_STYLE",
    "FIX_STYLES",
    "GAP_PLACE_STYLE",
    "GREEN_STYLE",
    "LINE_COLOURS",
    "LINK_STYLE",
    "NO_DATA_COLOUR",
    "OBSTACLE_STYLE",
    "OVERSIZED_STYLE",
    "PART_COLOURS",
    "RATE_COLOURS",
    "SIDE_STYLES",
    "SITING_STYLES",
    "STREET_STYLE",
    "TIER_STYLES",
    "UNSNAPPED_STYLE",
    "VERDICT_STYLES",
    "WALK_STYLE",
    "circle_style",
    "community_style",
    "completeness_classes",
    "part_style",
]

Style = dict[str, Any]

VERDICT_STYLES: dict[str, Style] = {
    "pass": {"color": "#ffffff", "fillColor": "#0072b2", "fillOpacity": 0.95, "weight": 0.5},
    "fail": {"color": "#1d1d1b", "fillColor": "#d55e00", "fillOpacity": 0.95, "weight": 1.2},
    "unknown": {"color": "#4d4d4d", "fillColor": "#ffffff", "fillOpacity": 0.9, "weight": 1.6},
}
"""Blue, vermilion with a dark rim, hollow: different in hue, in lightness and, for grey print, in form."""

SITING_STYLES: dict[str, Style] = {
    "new": {"color": "#1d1d1b", "fillColor": "#009e73", "fillOpacity": 1.0, "weight": 1.2, "radius": 6},
    "before": {**VERDICT_STYLES["pass"], "radius": 4},
    "left": {**VERDICT_STYLES["fail"], "radius": 4},
    "unknown": {**VERDICT_STYLES["unknown"], "radius": 4},
}
"""Those whom a siting newly reaches stand out by size and outline as well."""

CHANGE_STYLES: dict[str, Style] = {
    "gain": {"color": "#1d1d1b", "fillColor": "#0072b2", "fillOpacity": 1.0, "weight": 1.2, "radius": 6},
    "loss": {"color": "#1d1d1b", "fillColor": "#d55e00", "fillOpacity": 1.0, "weight": 1.2, "radius": 8},
    "both": {"color": "#1d1d1b", "fillColor": "#f0e442", "fillOpacity": 1.0, "weight": 2.4, "radius": 8},
    "other": {"color": "#4d4d4d", "fillColor": "#ffffff", "fillOpacity": 0.9, "weight": 1.6, "radius": 4},
}
"""Blue gains, vermilion losses: apart for every kind of colour vision, and in size as well."""
SIDE_STYLES: dict[str, Style] = {
    **{name: {**style, "radius": 5} for name, style in VERDICT_STYLES.items()},
    "same": {"color": "#ffffff", "fillColor": "#a6a6a6", "fillOpacity": 0.9, "weight": 0.5, "radius": 3},
}
"""One side of a comparison: the verdict, and homes in which the service chosen does not differ."""
LINK_STYLE: Style = {"color": "#1d1d1b", "weight": 4, "opacity": 1.0, "dashArray": "2 6", "fill": False}

FIX_STYLES: dict[str, Style] = {
    kind: {"color": "#1d1d1b", "fillColor": colour, "fillOpacity": 1, "weight": 1.6, "radius": 7}
    for kind, colour in (
        ("centre", "#c2003f"),
        ("facility", "#f0e442"),
        ("gate", "#7b2d8e"),
        ("link", "#56b4e9"),
        ("premises", "#ffffff"),
    )
}
FIX_LINE_STYLE: Style = {"color": "#1d1d1b", "weight": 5, "opacity": 1.0, "fill": False}

COMPLETENESS_COLOURS = ("#fdf3d8", "#d5e0b0", "#a3cbae", "#73afb2", "#4a8fa8")
"""From none of the categories to all of them; light, so that the points stand out."""
RATE_COLOURS = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
"""Classes of a rate, lowest first: each darker than the one before, so that grey print keeps the order."""
NO_DATA_COLOUR = "#e3e3e3"
COMMUNITY_OPACITY = 0.7

CENTRE_COLOURS = {"district": "#c2003f", "community": "#7b2d8e"}

BARRIER_STYLES: dict[str, Style] = {
    "river": {"color": "#9cc3e0", "weight": 2, "fillColor": "#cfe3f1", "fillOpacity": 0.8},
    "railway": {"color": "#6b6b6b", "weight": 1.6, "dashArray": "6 4", "fillOpacity": 0.2},
    "expressway": {"color": "#c79a45", "weight": 2.2, "fillOpacity": 0.2},
    "wall": {"color": "#a58a78", "weight": 1, "dashArray": "2 2", "fillOpacity": 0.1},
}
GREEN_STYLE: Style = {"color": "#7fae7a", "weight": 0.8, "fillColor": "#bfdcb4", "fillOpacity": 0.7}
FACILITY_STYLE: Style = {
    "color": "#1d1d1b",
    "fillColor": "#f0e442",
    "fillOpacity": 1,
    "weight": 1,
    "radius": 4,
}
TIER_STYLES: dict[str, Style] = {
    "both": {"color": "#ffffff", "fillColor": "#332288", "fillOpacity": 0.95, "weight": 0.5, "radius": 5},
    "district": {"color": "#ffffff", "fillColor": "#0072b2", "fillOpacity": 0.95, "weight": 0.5, "radius": 5},
    "community": {
        "color": "#ffffff",
        "fillColor": "#56b4e9",
        "fillOpacity": 0.95,
        "weight": 0.5,
        "radius": 5,
    },
    "none": {"color": "#ffffff", "fillColor": "#e69f00", "fillOpacity": 0.95, "weight": 0.5, "radius": 5},
    "unknown": {"color": "#4d4d4d", "fillColor": "#ffffff", "fillOpacity": 0.9, "weight": 1.6, "radius": 5},
}
"""Which tiers of centres reach a home: the more, the darker."""
CATCHMENT_STYLE: Style = {"color": "#4d4d4d", "weight": 0.7, "opacity": 0.6, "fill": False}


def _ring(colour: str, weight: float) -> Style:
    return {"color": colour, "fillColor": colour, "fillOpacity": 0, "weight": weight, "radius": 8}


FAULT_STYLES: dict[str, Style] = {
    "undershoot": _ring("#009e73", 3),
    "overlap": _ring("#0072b2", 3),
    "zero_length": _ring("#6d6d6d", 2),
    "barrier_crossing": _ring("#b2182b", 3),
    "far_snap": _ring("#e69f00", 3),
    "off_network": _ring("#1d1d1b", 4),
}
"""Rings: what a fault is about shows inside."""
COMPONENT_STYLE: Style = {
    "color": "#1d1d1b", "fillColor": "#cc79a7", "fillOpacity": 1, "weight": 1.4, "radius": 8,
}  # fmt: skip
UNSNAPPED_STYLE: Style = {
    "color": "#1d1d1b", "fillColor": "#f0e442", "fillOpacity": 1, "weight": 1.4, "radius": 6,
}  # fmt: skip
STREET_STYLE: Style = {"color": "#8f8a80", "weight": 0.7, "opacity": 0.6, "fill": False}

OVERSIZED_STYLE: Style = {"color": "#1d1d1b", "weight": 2.4, "dashArray": "8 4", "fill": False}

CAUSE_STYLES: dict[str, Style] = {
    "closed_gate": {"color": "#7b2d8e", "weight": 3, "fill": False},
    "severed": {"color": "#c2003f", "weight": 3, "fill": False},
    "detour": {"color": "#b35900", "weight": 2.4, "dashArray": "8 4", "fill": False},
    "none_near": {"color": "#4d4d4d", "weight": 1.4, "dashArray": "2 5", "fill": False},
    "speed_profile": {"color": "#2f6f4e", "weight": 2.4, "dashArray": "2 4", "fill": False},
    "bad_snap": {"color": "#1d1d1b", "weight": 2, "dashArray": "1 4", "fill": False},
}
"""Walks of homes that do not pass, by cause."""
OBSTACLE_STYLE: Style = {"color": "#c2003f", "weight": 5, "opacity": 0.9, "fill": False}
GAP_PLACE_STYLE: Style = {
    "color": "#d55e00",
    "weight": 1.6,
    "dashArray": "4 3",
    "fillColor": "#d55e00",
    "fillOpacity": 0.1,
}

PART_COLOURS = (
    "#56b4e9",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#999999",
)
"""Parts of a split: the palette of Okabe and Ito; the numbers on the map tell them apart in grey."""

LINE_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#6a3d9a",
    "#808080",
)
"""Lines of a chart on white: Okabe and Ito's, violet for their yellow; dashes tell them apart in grey."""

CUT_STYLES: dict[str, Style] = {
    "lane": {"color": "#b2182b", "weight": 4, "dashArray": "2 6", "fill": False},
    "street": {"color": "#b2182b", "weight": 4, "dashArray": "9 5", "fill": False},
    "wall": {"color": "#8c510a", "weight": 4, "fill": False},
    "arterial": {"color": "#1d1d1b", "weight": 5, "fill": False},
    "railway": {"color": "#1d1d1b", "weight": 5, "dashArray": "6 4", "fill": False},
    "river": {"color": "#08519c", "weight": 5, "fill": False},
    "expressway": {"color": "#7f5a00", "weight": 5, "fill": False},
}

WALK_STYLE: Style = {"color": "#4a148c", "weight": 1.8, "opacity": 0.75, "fill": False}
"""Ways to the seat of a part."""


def part_style(colour: str) -> Style:
    """Return the style of a part filled with ``colour``."""
    return {"color": "#4d4d4d", "weight": 1, "fillColor": colour, "fillOpacity": 0.4}


def community_style(colour: str) -> Style:
    """Return the style of a community filled with ``colour``."""
    return {"color": "#6d6d6d", "weight": 1, "fillColor": colour, "fillOpacity": COMMUNITY_OPACITY}


def completeness_classes(mean: npt.NDArray[np.float64], categories: int) -> npt.NDArray[np.int64]:
    """
    Return the class of each mean completeness: its place in ``COMPLETENESS_COLOURS``, -1 where unknown.

    Parameters
    ----------
    mean
        Categories reached on average.
    categories
        How many there are. The topmost class holds its upper end: all of them are in a class with nearly all.
    """
    count = len(COMPLETENESS_COLOURS)
    steps = np.ceil(np.nan_to_num(mean) * count / max(1, categories)) - 1
    return np.where(np.isnan(mean), -1, np.clip(steps, 0, count - 1)).astype(np.int64)


def circle_style(level: str) -> Style:
    """Return the style of a service circle of a centre of ``level``."""
    colour = CENTRE_COLOURS[level]
    return {"color": colour, "weight": 1.3, "opacity": 0.75, "fillColor": colour, "fillOpacity": 0.06}
