"""The sheet of a printed figure: title, warnings, credits; a map's frame; labels that never overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from geoplan._optional import import_extra
from geoplan.crs.metric import to_lonlat
from geoplan.errors import DataError
from geoplan.messages import Lang, text
from geoplan.report.drawing import draw_north, draw_scale
from geoplan.report.fonts import cjk_font
from geoplan.report.headline import banners
from geoplan.report.words import plain_text
from geoplan.report.workbook import sign_count
from geoplan.workflow import Audit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "WIDTH_CM",
    "Box",
    "Sheet",
    "bounds_of_study",
    "fold",
    "map_axis",
    "map_height",
    "new_sheet",
    "place_labels",
    "review_line",
]

Box = tuple[float, float, float, float]

WIDTH_CM = 17.0
"""Of every figure: the text width of an A4 page."""
_PT_PER_CM = 72 / 2.54
_SIGN_WIDTH = 0.51
"""Of a narrow sign, as a share of the size of the text; a Chinese one is two wide."""
_TITLE_PT, _SUBTITLE_PT, _NOTE_PT = 12.0, 8.0, 6.5
_LINE = 1.45
"""Height of a line, as a share of the size of the text."""
_EDGE_CM = 0.35
_MARK_PT = 5.0
_SHIFTS = ((0.0, 0.0), (0.0, 0.7), (0.0, -0.7), (0.5, 0.0), (-0.5, 0.0), (0.0, 1.4), (0.0, -1.4))
"""Where a label may stand beside the middle, as shares of its width and height."""
_TICKS = 4


@dataclass(frozen=True)
class Sheet:
    """
    A figure with its title and notes written, and the room left for the picture.

    Parameters
    ----------
    figure
        Matplotlib's.
    font
        Name of the font.
    height_cm
        Of the whole sheet.
    top, bottom
        Of the room left, from the sheet's lower edge [cm].
    """

    figure: Figure
    font: str
    height_cm: float
    top: float
    bottom: float

    def axes(self, left: float, bottom: float, width: float, height: float) -> Any:
        """Return axes at a place on the sheet [cm from its lower left corner]."""
        box = (left / WIDTH_CM, bottom / self.height_cm, width / WIDTH_CM, height / self.height_cm)
        return self.figure.add_axes(box)

    def write(self, x: float, y: float, content: str, size: float, **style: Any) -> None:
        """Write a line at a place on the sheet [cm from its lower left corner]."""
        self.figure.text(x / WIDTH_CM, y / self.height_cm, content, fontsize=size, parse_math=False, **style)

    def finish(self) -> Figure:
        """Return the figure, every text of it in the sheet's font and none read as a formula."""
        for one in self.figure.findobj(import_extra("matplotlib.text", extra="figures").Text):
            one.set_fontfamily(self.font)
            one.set_parse_math(False)
        return self.figure


def new_sheet(
    audit: Audit,
    lang: Lang,
    title: str,
    picture_cm: float,
    *,
    subtitle: str = "",
    notes: tuple[str, ...] = (),
    review_number: str | None = None,
) -> Sheet:
    """
    Return a sheet with room for a picture of a given height.

    Parameters
    ----------
    audit
        Gives warnings, credits and standard.
    lang
        Language.
    title, subtitle
        Plain text.
    picture_cm
        Height of the room left [cm].
    notes
        Further lines under the picture.
    review_number
        For a map: its review number (审图号), empty for internal use; None: it is no map.
    """
    font = cjk_font()
    heads = fold(plain_text(f"{audit.study.name} · {title}"), _signs_in_line(_TITLE_PT))
    subs = fold(plain_text(subtitle), _signs_in_line(_SUBTITLE_PT))
    warnings, lines = [], []
    for one in banners(audit, lang):
        warnings += fold(plain_text(one), _signs_in_line(_NOTE_PT))
    for one in (*notes, *_credits(audit, lang, review_number)):
        lines += fold(plain_text(one), _signs_in_line(_NOTE_PT))
    head_cm = _EDGE_CM + _height_cm(len(heads), _TITLE_PT) + _height_cm(len(subs), _SUBTITLE_PT)
    foot_cm = _EDGE_CM + _height_cm(len(warnings) + len(lines), _NOTE_PT)
    height = head_cm + picture_cm + foot_cm
    figure_type = import_extra("matplotlib.figure", extra="figures").Figure
    figure = figure_type(figsize=(WIDTH_CM / 2.54, height / 2.54), facecolor="white")
    sheet = Sheet(figure, font, height, height - head_cm, foot_cm)
    at = height - _EDGE_CM / 2
    for content, size, style in (
        *((one, _TITLE_PT, {"color": "#1d1d1b"}) for one in heads),
        *((one, _SUBTITLE_PT, {"color": "#4d4d4d"}) for one in subs),
    ):
        sheet.write(_EDGE_CM, at, content, size, va="top", **style)
        at -= _height_cm(1, size)
    at = foot_cm - _EDGE_CM / 2
    for content, colour in (*((one, "#8a1c00") for one in warnings), *((one, "#4d4d4d") for one in lines)):
        sheet.write(_EDGE_CM, at, content, _NOTE_PT, va="top", color=colour)
        at -= _height_cm(1, _NOTE_PT)
    return sheet


def _credits(audit: Audit, lang: Lang, review_number: str | None) -> list[str]:
    standard = audit.standard
    parts = [] if review_number is None else [review_line(review_number, lang)]
    parts += [
        text("map.standard", lang, name=standard.name(lang), id=standard.id, digest=standard.digest[:8]),
        text("map.made_with", lang, version=audit.provenance.versions["geoplan"]),
    ]
    return [" · ".join(parts), *audit.study.attribution]


def review_line(review_number: str, lang: Lang) -> str:
    """Return what a map says of its review: its number, or that it is for internal use."""
    return text("map.reviewed", lang, number=review_number) if review_number else text("map.internal", lang)


def _height_cm(lines: int, size: float) -> float:
    return lines * size * _LINE / _PT_PER_CM


def _signs_in_line(size: float) -> int:
    return int((WIDTH_CM - 2 * _EDGE_CM) * _PT_PER_CM / (size * _SIGN_WIDTH))


def fold(content: str, signs: int) -> list[str]:
    """
    Return a text in lines of at most so many narrow signs, broken at spaces where there are some.

    Examples
    --------
    >>> fold("a walk to the door", 10)
    ['a walk to', 'the door']
    >>> fold("一刻钟服务圈", 8)
    ['一刻钟服', '务圈']
    """
    lines: list[str] = []
    line = ""
    for sign in content:
        if sign_count(line + sign) > signs and line:
            cut = line.rfind(" ") + 1
            if cut and sign != " " and sign_count(line[cut:]) == len(line[cut:]):
                lines.append(line[:cut].rstrip())
                line = line[cut:]
            else:
                lines.append(line.rstrip())
                line = ""
        line += sign if line or sign != " " else ""
    return [*lines, line.rstrip()] if line.strip() else lines


def map_height(bounds: Box, width_cm: float, *, least: float, most: float) -> float:
    """Return how high a map of these bounds is at a width [cm], within limits."""
    ratio = (bounds[3] - bounds[1]) / max(bounds[2] - bounds[0], 1e-9)
    return float(np.clip(width_cm * ratio, least, most))


def map_axis(sheet: Sheet, place: Box, bounds: Box, crs: str, *, degrees: bool) -> tuple[Any, Box]:
    """
    Return axes for a map with frame, scale and north arrow, and the ground they show.

    Parameters
    ----------
    sheet
        Where they stand.
    place
        Left, bottom, width, height [cm].
    bounds
        What must be seen, in ``crs``.
    degrees
        Whether the frame bears longitudes and latitudes.
    """
    axis = sheet.axes(*place)
    west, south, east, north = bounds
    margin = 0.03 * max(east - west, north - south, 1.0)
    width, height = east - west + 2 * margin, north - south + 2 * margin
    scale = max(width / place[2], height / place[3])
    x, y = (west + east) / 2, (south + north) / 2
    half_x, half_y = scale * place[2] / 2, scale * place[3] / 2
    box = (x - half_x, y - half_y, x + half_x, y + half_y)
    axis.set_xlim(box[0], box[2])
    axis.set_ylim(box[1], box[3])
    for spine in axis.spines.values():
        spine.set_color("#8c8c8c")
        spine.set_linewidth(0.6)
    if degrees:
        _degrees(axis, box, crs)
    else:
        axis.set_xticks([])
        axis.set_yticks([])
    draw_scale(axis, box, sheet.font)
    draw_north(axis, box)
    return axis, box


def _degrees(axis: Any, box: Box, crs: str) -> None:
    """Mark longitudes along the lower edge and latitudes along the left one."""
    edge = np.linspace(0, 1, 200)
    x, y = box[0] + edge * (box[2] - box[0]), box[1] + edge * (box[3] - box[1])
    lon, _ = to_lonlat(crs, x, np.full_like(x, box[1]))
    _, lat = to_lonlat(crs, np.full_like(y, box[0]), y)
    for setter, values, places, signs in (
        (axis.set_xticks, lon, x, ("E", "W")), (axis.set_yticks, lat, y, ("N", "S")),
    ):  # fmt: skip
        step = _round_step((values[-1] - values[0]) / _TICKS)
        marks = np.arange(np.ceil(values[0] / step), np.floor(values[-1] / step) + 1) * step
        labels = [f"{abs(one):.{_decimals(step)}f}°{signs[int(one < 0)]}" for one in marks]
        setter(np.interp(marks, values, places), labels=labels)
    axis.tick_params(labelsize=6, length=2, color="#8c8c8c", labelcolor="#4d4d4d", pad=1.5)
    for label in axis.get_yticklabels():
        label.set_rotation(90)
        label.set_va("center")


def _round_step(wanted: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above ``wanted``."""
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(max(one * power for one in (1, 2, 5) if one * power <= wanted * (1 + 1e-9)))


def _decimals(step: float) -> int:
    return max(0, -int(np.floor(np.log10(step) + 1e-9)))


def place_labels(
    axis: Any,
    shapes: npt.NDArray[np.object_],
    labels: Sequence[tuple[str, ...]],
    size: float,
    *,
    avoid: Sequence[shapely.Point] = (),
    **style: Any,
) -> int:
    """
    Write labels that do not overlap, earlier ones first.

    Parameters
    ----------
    axis
        A map, its limits set.
    shapes
        What each names; it stands in it, in the middle if there is room.
    labels
        For each the texts that will do, the one liked best first, such as name and figure, then the figure.
    size
        Of the text [pt].
    avoid
        Points of marks that no label may cover.

    Returns
    -------
    left_out
        How many found no room.
    """
    effects = import_extra("matplotlib.patheffects", extra="figures")
    halo = [effects.withStroke(linewidth=1.6, foreground="white")]
    width, _ = axis.get_position().size * axis.figure.get_size_inches() * 72
    (west, east), (south, north) = axis.get_xlim(), axis.get_ylim()
    scale = width / (east - west)
    taken = _furniture(west, south, east, north)
    mark = _MARK_PT / 2 / scale
    taken += [(one.x - mark, one.y - mark, one.x + mark, one.y + mark) for one in avoid]
    left_out = 0
    for shape, choices in zip(shapes, labels, strict=True):
        for content, point, box in _choices(shape, choices, size, scale):
            inside = west <= box[0] and box[2] <= east and south <= box[1] and box[3] <= north
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axis.text(
                    point.x, point.y, content, fontsize=size, ha="center", va="center", linespacing=1.05,
                    path_effects=halo, zorder=15, **style,
                )  # fmt: skip
                break
        else:
            left_out += 1
    return left_out


def _choices(
    shape: shapely.Geometry, texts: tuple[str, ...], size: float, scale: float
) -> Iterator[tuple[str, shapely.Point, Box]]:
    """Yield each text at each place in a shape, liked best first: text, place, and the room it takes."""
    middle = shapely.point_on_surface(shape)
    for content in texts:
        lines = content.split("\n")
        wide = max(sign_count(one) for one in lines) * size * _SIGN_WIDTH / scale
        high = len(lines) * size * 1.2 / scale
        for right, up in _SHIFTS:
            at = shapely.Point(middle.x + right * wide, middle.y + up * high)
            if (right or up) and not shape.contains(at):
                continue
            yield content, at, (at.x - wide / 2, at.y - high / 2, at.x + wide / 2, at.y + high / 2)


def _furniture(west: float, south: float, east: float, north: float) -> list[Box]:
    """Return where the scale bar and the north arrow stand."""
    width, height = east - west, north - south
    return [
        (west, south, west + 0.25 * width, south + 0.1 * height),
        (east - 0.07 * width, north - 0.15 * height, east, north),
    ]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def bounds_of_study(audit: Audit) -> Box:
    """Return the box around the communities, else around the homes, else around whatever has a place."""
    study = audit.study
    for name in ("communities", "residences", "premises", "centres"):
        table = study.table(name)
        if table is not None and table.geometry.notna().any():
            west, south, east, north = (float(one) for one in table.total_bounds)
            grown = max(0.0, 200.0 - max(east - west, north - south)) / 2
            return west - grown, south - grown, east + grown, north + grown
    raise DataError("error.figure_lacks", tables="communities, residences")
