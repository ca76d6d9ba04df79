"""What printed sketches share: streets and barriers in grey, scale and north, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoplan._optional import import_extra
from geoplan.planning.borders import street_class
from geoplan.report.fonts import true_type

if TYPE_CHECKING:
    from geoplan.model.study import Study

__all__ = [
    "BARRIER_LINES",
    "draw_context",
    "draw_lines",
    "draw_north",
    "draw_scale",
    "new_figure",
    "patch",
    "save",
]

_STREET_STYLE = {"arterial": ("#8c8c8c", 2.4), "street": ("#b3b3b3", 1.2), "lane": ("#d0d0d0", 0.5)}
BARRIER_LINES: dict[str, tuple[str, float, Any]] = {
    "river": ("#a9cbe3", 3.0, "-"),
    "railway": ("#555555", 1.4, (0, (6, 3))),
    "expressway": ("#777777", 3.0, "-"),
    "wall": ("#a08060", 1.2, ":"),
}
"""Barriers in print: colour, width [pt], dashes."""
_AREA_TYPES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_UNSEEN = 1 / 5000
"""A share of the map's width that no eye sees: lines may be drawn so far off."""
_DPI = 200


def new_figure(width_cm: float, height_cm: float) -> tuple[Any, Any]:
    """Return a figure with one map axis, without any global state of matplotlib."""
    figure_type = import_extra("matplotlib.figure", extra="figures").Figure
    figure = figure_type(figsize=(width_cm / 2.54, height_cm / 2.54), dpi=_DPI)
    axis = figure.add_axes((0.01, 0.05, 0.98, 0.88))
    axis.set_aspect("equal")
    axis.set_axis_off()
    return figure, axis


def save(figure: Any, file: str | Path) -> None:
    """
    Write a figure as PNG, SVG or PDF by the ending of the file; the same figure gives the same bytes.

    In SVG text is drawn as outlines; a PDF has its font inside, as TrueType, and its text can be searched.
    """
    import_extra("matplotlib.backends.backend_agg", extra="figures").FigureCanvasAgg(figure)
    rc_context = import_extra("matplotlib", extra="figures").rc_context
    kind = str(file).rsplit(".", 1)[-1].lower()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {"Software": None})
    settings = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "geoplan"}
    with rc_context(settings), _with_true_type(figure) if kind == "pdf" else nullcontext():
        figure.savefig(file, dpi=_DPI, metadata=metadata)


@contextmanager
def _with_true_type(figure: Any) -> Iterator[None]:
    """Let the texts of a figure use a TrueType cut of the packaged font while it is written."""
    texts = figure.findobj(import_extra("matplotlib.text", extra="figures").Text)
    with TemporaryDirectory() as folder:
        signs = frozenset().union(*(one.get_text() for one in texts))
        font = true_type(signs, Path(folder))
        before = [one.get_fontproperties() for one in texts]
        for one, properties in zip(texts, before, strict=True):
            changed = properties.copy()
            changed.set_file(font)
            one.set_fontproperties(changed)
        try:
            yield
        finally:
            for one, properties in zip(texts, before, strict=True):
                one.set_fontproperties(properties)


def patch(shape: shapely.Geometry, **style: Any) -> Any:
    """Return a polygon, with its holes, as a patch."""
    outline = import_extra("matplotlib.path", extra="figures").Path
    paths = [
        outline(np.asarray(ring.coords), closed=True)
        for polygon in shapely.get_parts(shape)
        if polygon.geom_type == "Polygon" and not polygon.is_empty
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    together = outline.make_compound_path(*paths)
    return import_extra("matplotlib.patches", extra="figures").PathPatch(together, **style)


def draw_lines(axis: Any, shapes: Iterable[shapely.Geometry], **style: Any) -> None:
    """Draw lines, and the lines of collections, as one."""
    collection = import_extra("matplotlib.collections", extra="figures").LineCollection
    parts = shapely.get_parts(np.array(list(shapes), dtype=object))
    lines = [np.asarray(one.coords) for one in parts if one.geom_type in ("LineString", "LinearRing")]
    axis.add_collection(collection(lines, capstyle="round", **style), autolim=False)


def draw_context(
    axis: Any,
    study: Study,
    box: tuple[float, float, float, float],
    *,
    width_factor: float = 1.0,
    lanes: bool = True,
) -> None:
    """
    Draw streets, rivers, railways, expressways and walls within a box, quietly.

    Parameters
    ----------
    axis
        Gets the box as its limits.
    study
        Has the tables.
    box
        West, south, east, north, in the study's CRS.
    width_factor
        Of the lines: 1 suits a community, less suits a district.
    lanes
        Whether lanes and footways are drawn too; in a district they would be a grey veil.
    """
    window = shapely.box(*box)
    if study.barriers is not None:
        near = study.barriers[shapely.intersects(study.barriers.geometry.to_numpy(), window)]
        for kind, (colour, width, dashes) in BARRIER_LINES.items():
            shapes = near.geometry[near["kind"] == kind].to_numpy()
            areas = np.isin(shapely.get_type_id(shapes), _AREA_TYPES)
            for area in shapes[areas]:
                axis.add_patch(patch(area, facecolor=colour, edgecolor="none", zorder=1))
            lines = shapes[~areas]
            draw_lines(axis, lines, color=colour, linewidth=width * width_factor, linestyle=dashes, zorder=3)
    if study.streets is not None:
        near = study.streets[shapely.intersects(study.streets.geometry.to_numpy(), window)]
        kinds = near["kind"].tolist() if "kind" in near else [None] * len(near)
        classes = np.array([street_class(kind) for kind in kinds], dtype=object)
        tolerance = (box[2] - box[0]) * _UNSEEN
        for name in ("lane", "street", "arterial") if lanes else ("street", "arterial"):
            colour, width = _STREET_STYLE[name]
            lines = shapely.simplify(near.geometry.to_numpy()[classes == name], tolerance)
            draw_lines(axis, lines, color=colour, linewidth=width * width_factor, zorder=2)
    axis.set_xlim(box[0], box[2])
    axis.set_ylim(box[1], box[3])


def draw_scale(axis: Any, box: tuple[float, float, float, float], font: str) -> None:
    """Draw a scale bar of a round length, about a fifth of the map wide."""
    wanted = (box[2] - box[0]) / 5
    steps = np.array([1, 2, 5]) * 10.0 ** np.floor(np.log10(wanted))
    length = float(steps[steps <= wanted].max(initial=steps[0]))
    x, y = box[0] + 0.03 * (box[2] - box[0]), box[1] + 0.03 * (box[3] - box[1])
    axis.plot([x, x + length], [y, y], color="black", linewidth=2.5, zorder=20, solid_capstyle="butt")
    axis.text(
        x + length / 2, y + 0.012 * (box[3] - box[1]), f"{length:g} m", ha="center", va="bottom", fontsize=7,
        fontfamily=font, zorder=20,
    )  # fmt: skip


def draw_north(axis: Any, box: tuple[float, float, float, float]) -> None:
    """Draw an arrow to the north in the upper right corner."""
    x, y = box[2] - 0.04 * (box[2] - box[0]), box[3] - 0.03 * (box[3] - box[1])
    axis.annotate(
        "N", xy=(x, y), xytext=(x, y - 0.09 * (box[3] - box[1])), ha="center", va="center", fontsize=9,
        arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": 1.2}, zorder=20,
    )  # fmt: skip
