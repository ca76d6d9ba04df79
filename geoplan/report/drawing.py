"""What printed sketches share: a font with Chinese signs, streets and barriers in grey, scale and north."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoplan._optional import import_extra
from geoplan.errors import MissingExtraError
from geoplan.planning.borders import street_class

if TYPE_CHECKING:
    from geoplan.model.study import Study

__all__ = ["cjk_font", "draw_context", "draw_north", "draw_scale", "new_figure", "save"]

_FONTS = (
    "WenQuanYi Micro Hei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "SimSun",
    "WenQuanYi Zen Hei",
    "Noto Sans SC",
)
_STREET_STYLE = {"arterial": ("#8c8c8c", 2.4), "street": ("#b3b3b3", 1.2), "lane": ("#d0d0d0", 0.5)}
_DPI = 200


@cache
def cjk_font() -> str:
    """
    Return the name of an installed font that has Chinese signs.

    Raises
    ------
    MissingExtraError
        If none is installed; the message names some.
    """
    manager = import_extra("matplotlib.font_manager", extra="docx").fontManager
    installed = {font.name for font in manager.ttflist}
    for name in _FONTS:
        if name in installed:
            return name
    raise MissingExtraError("error.no_cjk_font", known=", ".join(_FONTS[:5]))


def new_figure(width_cm: float, height_cm: float) -> tuple[Any, Any]:
    """Return a figure with one map axis, without any global state of matplotlib."""
    figure_type = import_extra("matplotlib.figure", extra="docx").Figure
    figure = figure_type(figsize=(width_cm / 2.54, height_cm / 2.54), dpi=_DPI)
    axis = figure.add_axes((0.01, 0.05, 0.98, 0.88))
    axis.set_aspect("equal")
    axis.set_axis_off()
    return figure, axis


def save(figure: Any, file: Any) -> None:
    """Write a figure as PNG, SVG or PDF by the ending of the file; the same figure gives the same bytes."""
    backend = import_extra("matplotlib.backends.backend_agg", extra="docx")
    backend.FigureCanvasAgg(figure)
    kind = str(file).rsplit(".", 1)[-1].lower()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {"Software": None})
    figure.savefig(file, dpi=_DPI, metadata=metadata)


def draw_context(axis: Any, study: Study, box: tuple[float, float, float, float]) -> None:
    """Draw streets, rivers, railways, expressways and walls within a box, quietly."""
    window = shapely.box(*box)
    if study.barriers is not None:
        for kind, geometry in zip(study.barriers["kind"], study.barriers.geometry, strict=True):
            if not geometry.intersects(window):
                continue
            style = {"river": ("#a9cbe3", 3.0, "-"), "railway": ("#555555", 1.4, (0, (6, 3))),
                     "expressway": ("#777777", 3.0, "-"), "wall": ("#a08060", 1.2, ":")}[kind]  # fmt: skip
            if geometry.geom_type.endswith("Polygon"):
                for part in shapely.get_parts(geometry):
                    axis.fill(*part.exterior.xy, facecolor=style[0], edgecolor="none", zorder=1)
                continue
            for part in shapely.get_parts(geometry):
                axis.plot(*part.xy, color=style[0], linewidth=style[1], linestyle=style[2], zorder=3)
    if study.streets is not None:
        near = study.streets[shapely.intersects(study.streets.geometry.to_numpy(), window)]
        kinds = near["kind"].tolist() if "kind" in near else [None] * len(near)
        for kind, geometry in zip(kinds, near.geometry, strict=True):
            colour, width = _STREET_STYLE[street_class(kind)]
            for part in shapely.get_parts(geometry):
                axis.plot(*part.xy, color=colour, linewidth=width, zorder=2, solid_capstyle="round")
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
