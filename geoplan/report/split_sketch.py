"""Sketch maps of a split for print: before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from geoplan.analysis.communities import rows_of_community
from geoplan.messages import Lang, text
from geoplan.model.study import Study
from geoplan.planning.plan import Blocks, SplitPlan
from geoplan.report.drawing import draw_context, draw_north, draw_scale, new_figure, patch, save
from geoplan.report.fonts import cjk_font
from geoplan.report.headline import study_banners
from geoplan.report.split_words import part_label
from geoplan.report.words import plain_text
from geoplan.report.workbook import sign_count

__all__ = ["compound_numbers", "draw_blocks", "draw_split"]

_PARTS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
"""Okabe and Ito's palette: told apart by colour-blind readers; hatching tells parts apart in grey."""
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo", "|||", "---")
_TITLE_PT, _TITLE_SIGNS = 12.0, 60
"""Size of the title, and how many signs of it fit on the sheet; longer ones are written smaller."""
_ABOVE_NUMBER_PT = 11.0
"""How far above its compound's number a star stands."""
_NUMBER_PT, _SMALLEST_PT = 6.5, 2.2
_DIGIT_WIDTH = 0.62
"""Of a number, as a share of its size."""
_CUTS = {
    "lane": "#b2182b",
    "street": "#d6604d",
    "wall": "#8c510a",
    "arterial": "#000000",
    "railway": "#000000",
    "river": "#08519c",
    "expressway": "#000000",
}


def compound_numbers(plan: SplitPlan) -> pd.Series:
    """Return the number each compound bears on the sketches: by part, then by id."""
    frame = plan.members[["part_id"]].astype(object).fillna("").reset_index()
    order = frame.sort_values(["part_id", "residence_id"])["residence_id"]
    return pd.Series(np.arange(1, len(order) + 1), index=pd.Index(order, name="residence_id"))


def draw_split(
    plan: SplitPlan, study: Study, file: str | Path, *, when: Literal["before", "after"], lang: Lang
) -> None:
    """
    Draw a community before or after its split.

    Parameters
    ----------
    plan
        The split; one without parts is drawn as it is now.
    study
        Gives compounds, streets, barriers, premises.
    file
        ``.png``, ``.svg`` or ``.pdf``.
    when
        ``before``: compounds, streets and present premises; ``after``: parts, cut borders and seats too.
    lang
        Language of title and labels. Compounds bear the numbers of `compound_numbers`.

    Raises
    ------
    MissingExtraError
        If matplotlib or a font with Chinese signs is not installed.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> plan = geoplan.plan_split(None, study, "620105007013", standard, model="cut")
    >>> geoplan.report.draw_split(plan, study, f"{tempfile.mkdtemp()}/after.png", when="after", lang="zh")
    """
    font = cjk_font()
    figure, axis, box = _sheet(plan.blocks)
    draw_context(axis, study, box)
    if when == "after" and len(plan.parts):
        _draw_parts(axis, plan, font, lang)
    _draw_compounds(axis, compound_numbers(plan), study, font)
    _draw_seats(axis, plan, study, when)
    _finish(figure, axis, box, plan.blocks, study, text(f"sketch.{when}", lang, community=plan.name), lang)
    save(figure, file)


def draw_blocks(blocks: Blocks, study: Study, file: str | Path, *, lang: Lang) -> None:
    """
    Draw the compounds of a community and the borders between their cells, by class.

    Parameters
    ----------
    blocks, study
        What is drawn, and where streets, barriers and premises are.
    file
        ``.png``, ``.svg`` or ``.pdf``.
    lang
        Language of title and legend.
    """
    font = cjk_font()
    figure, axis, box = _sheet(blocks)
    draw_context(axis, study, box)
    numbers = pd.Series(np.arange(1, len(blocks.cells) + 1), index=blocks.cells.index)
    _draw_compounds(axis, numbers, study, font)
    keys = {name: text(f"border.{name}", lang) for name in _CUTS}
    _draw_borders(axis, blocks.borders, keys, font, width=1.8)
    _finish(figure, axis, box, blocks, study, text("sketch.blocks", lang, community=blocks.name), lang)
    save(figure, file)


def _sheet(blocks: Blocks) -> tuple[Any, Any, tuple[float, float, float, float]]:
    """Return a figure with room for a community and a margin around it."""
    west, south, east, north = blocks.cells.total_bounds
    margin = 0.04 * max(east - west, north - south)
    box = (west - margin, south - margin, east + margin, north + margin)
    width = 16.0
    height = float(np.clip(width * (box[3] - box[1]) / (box[2] - box[0]) + 2.0, 9.0, 21.0))
    figure, axis = new_figure(width, height)
    axis.add_patch(patch(shapely.box(*box), facecolor="white", edgecolor="none", zorder=0))
    return figure, axis, box


def _finish(
    figure: Any,
    axis: Any,
    box: tuple[float, float, float, float],
    blocks: Blocks,
    study: Study,
    title: str,
    lang: Lang,
) -> None:
    """Draw the outline, scale and north; write title and notes."""
    font = cjk_font()
    outline = shapely.union_all(blocks.cells.geometry.to_numpy())
    axis.add_patch(patch(outline, facecolor="none", edgecolor="#333333", linewidth=1.8, zorder=9))
    draw_scale(axis, box, font)
    draw_north(axis, box)
    shown = plain_text(title)
    size = min(_TITLE_PT, _TITLE_PT * _TITLE_SIGNS / max(1, sign_count(shown)))
    figure.text(0.5, 0.965, shown, ha="center", va="center", fontsize=size, fontfamily=font, parse_math=False)
    notes = [text("sketch.internal", lang), text("sketch.review", lang)]
    for height, line in ((0.033, "    ".join(notes)), (0.013, "    ".join(study_banners(study, lang)))):
        figure.text(
            0.5, height, line, ha="center", va="center", fontsize=7, fontfamily=font, parse_math=False
        )


def _draw_parts(axis: Any, plan: SplitPlan, font: str, lang: Lang) -> None:
    for number, (part_id, row) in enumerate(plan.parts.iterrows()):
        place = number % len(_PARTS)
        axis.add_patch(
            patch(
                row.geometry, facecolor=_PARTS[place], edgecolor="#666666", hatch=_HATCHES[place], alpha=0.35,
                linewidth=0.0, zorder=4,
            )
        )  # fmt: skip
        at = shapely.point_on_surface(row.geometry)
        axis.text(
            at.x, at.y, part_label(plan, part_id, lang), fontsize=16, fontfamily=font, ha="center",
            va="center", color="#222222", alpha=0.55, zorder=7,
        )  # fmt: skip
    cut = plan.borders[plan.borders["cut"].astype(bool)]
    keys = {name: text("sketch.cut", lang, border=text(f"border.{name}", lang)) for name in _CUTS}
    _draw_borders(axis, cut, keys, font, width=3.0)


def _draw_borders(axis: Any, borders: pd.DataFrame, keys: dict[str, str], font: str, *, width: float) -> None:
    """Draw borders by class, with a legend of the classes that occur."""
    for border_class, geometry in zip(borders["border_class"], borders["geometry"], strict=True):
        for part in shapely.get_parts(geometry):
            axis.plot(*part.xy, color=_CUTS[border_class], linewidth=width, zorder=8, solid_capstyle="round")
    seen = [one for one in _CUTS if (borders["border_class"] == one).any()]
    handles = [axis.plot([], [], color=_CUTS[one], linewidth=3.0)[0] for one in seen]
    if handles:
        labels = [keys[one] for one in seen]
        legend = axis.legend(
            handles, labels, loc="lower right", prop={"family": font, "size": 7}, framealpha=0.95
        )
        legend.set_zorder(25)


def _draw_compounds(axis: Any, numbers: pd.Series, study: Study, font: str) -> None:
    shapes = study.need("residences")[0].geometry
    sizes = _number_sizes(axis, numbers, shapes)
    for (residence_id, number), size in zip(numbers.items(), sizes, strict=True):
        shape = shapes.loc[residence_id]
        if shape.geom_type.endswith("Polygon"):
            axis.add_patch(
                patch(shape, facecolor="#ffffff", edgecolor="#555555", linewidth=0.7, alpha=0.8, zorder=6)
            )
        at = shapely.point_on_surface(shape)
        axis.text(
            at.x, at.y, str(number), fontsize=size, fontfamily=font, ha="center", va="center", zorder=10
        )


def _number_sizes(axis: Any, numbers: pd.Series, shapes: gpd.GeoSeries) -> list[float]:
    """Return a font size for each compound's number [pt]: smaller where the next number is close."""
    points = shapely.point_on_surface(shapes.loc[numbers.index].to_numpy())
    # the axis keeps its aspect: how many points a metre takes is the smaller of both directions
    width, height = axis.get_position().size * axis.figure.get_size_inches() * 72
    (west, east), (south, north) = axis.get_xlim(), axis.get_ylim()
    scale = min(width / (east - west), height / (north - south))
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)]) * scale
    apart = KDTree(xy).query(xy, k=2)[0][:, 1] if len(xy) > 1 else np.full(len(xy), np.inf)
    digits = numbers.astype(str).str.len().to_numpy()
    return [float(one) for one in np.clip(apart / (_DIGIT_WIDTH * digits), _SMALLEST_PT, _NUMBER_PT)]


def _draw_seats(axis: Any, plan: SplitPlan, study: Study, when: str) -> None:
    """Mark the present premises, and after a split each part's seat."""
    from matplotlib.transforms import offset_copy

    if study.premises is not None:
        own = rows_of_community(study.premises, plan.community_id)
        for place in own.geometry:
            if place is not None:
                at = shapely.point_on_surface(place)
                axis.plot(at.x, at.y, marker="s", color="#b2182b", markersize=7, zorder=13)
    if when != "after":
        return
    homes = study.need("residences")[0]
    for _, row in plan.parts.iterrows():
        table = study.table(row["seat_table"]) if isinstance(row["seat_table"], str) else None
        if table is None:
            continue
        place = (homes if row["seat_table"] == "residences" else table).geometry.loc[row["seat_id"]]
        at = shapely.point_on_surface(place)
        above = _ABOVE_NUMBER_PT if row["seat_table"] == "residences" else 0.0
        axis.plot(
            at.x, at.y, marker="*", color="#b2182b", markeredgecolor="white", markersize=15, zorder=14,
            transform=offset_copy(axis.transData, axis.figure, y=above, units="points"),
        )  # fmt: skip
