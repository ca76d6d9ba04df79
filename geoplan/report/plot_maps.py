"""Printed maps of an audit: where it is, how well each community is covered, and what a change does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan._optional import import_extra
from geoplan.errors import DataError
from geoplan.maps.palette import CENTRE_COLOURS, NO_DATA_COLOUR, RATE_COLOURS
from geoplan.messages import Lang, text
from geoplan.report.drawing import BARRIER_LINES, draw_context, draw_lines, patch
from geoplan.report.plot_sheet import (
    WIDTH_CM,
    Box,
    Sheet,
    bounds_of_study,
    map_axis,
    map_height,
    new_sheet,
    place_labels,
)
from geoplan.report.words import count_text, names_of, plain_text, rate_text
from geoplan.workflow import Audit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["before_after", "coverage_choropleth", "locator", "rate_class"]

_LEFT_CM, _RIGHT_CM = 0.75, 0.35
_MAP_CM = WIDTH_CM - _LEFT_CM - _RIGHT_CM
_LOWEST_CM, _HIGHEST_CM = 8.0, 17.0
_LEGEND_CM = 1.3
_STREET_WIDTH = 0.35
_OUTLINE: dict[str, Any] = {"edgecolor": "#6d6d6d", "linewidth": 0.5}
_CENTRE_MARKS = {"district": ("s", 5.0), "community": ("o", 4.0)}


def rate_class(rate: float) -> int:
    """
    Return the class of a rate: fifths, each with its upper end; 0 belongs to the lowest.

    Examples
    --------
    >>> rate_class(0.0), rate_class(0.2), rate_class(0.21), rate_class(1.0)
    (0, 0, 1, 4)
    """
    count = len(RATE_COLOURS)
    return int(np.clip(np.ceil(round(rate * count, 9)) - 1, 0, count - 1))


def locator(audit: Audit, lang: Lang, *, review_number: str = "") -> Figure:
    """
    Draw where the study is: its subdistricts and communities, streets and barriers, homes and centres.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; needs communities or residences with a place.
    lang
        Language of the words.
    review_number
        Review number of the map (审图号); empty: it says that it is for internal use.

    Returns
    -------
    figure
        As wide as the text of an A4 page; `geoplan.report.write_figures` writes it.

    Raises
    ------
    DataError
        If nothing of the study has a place.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> round(2.54 * float(locator(checked, "en").get_figwidth()), 1)
    17.0
    """
    study = audit.study
    bounds = bounds_of_study(audit)
    counts = [
        text("figure.counted", lang, what=text(f"headline.{name}", lang), count=count_text(value))
        for name, value in audit.headline.items()
        if name in ("communities", "residences", "persons") and value is not None
    ]
    height = map_height(bounds, _MAP_CM, least=_LOWEST_CM, most=_HIGHEST_CM)
    sheet = new_sheet(
        audit, lang, text("figure.locator", lang), height + _LEGEND_CM, subtitle=" · ".join(counts),
        notes=(text("figure.metric_crs", lang, crs=study.crs),), review_number=review_number,
    )  # fmt: skip
    axis, box = _map(sheet, height, bounds, study.crs)
    draw_context(axis, study, box, width_factor=_STREET_WIDTH, lanes=False)
    handles: list[tuple[Any, str]] = []
    if study.residences is not None:
        at = shapely.point_on_surface(study.residences.geometry.to_numpy())
        (dots,) = axis.plot(
            shapely.get_x(at), shapely.get_y(at), linestyle="", marker=".", markersize=1.4, color="#4d4d4d",
            zorder=5, rasterized=len(at) > 5000,
        )  # fmt: skip
        handles.append((dots, text("figure.residences", lang)))
    _outlines(axis, study.communities, 0.5, "#8c8c8c", handles, text("map.layer_communities_plain", lang))
    areas = _subdistricts(audit)
    _outlines(axis, areas, 1.3, "#1d1d1b", handles, text("figure.subdistricts", lang))
    handles += [*_centres(axis, audit, lang), *_barrier_keys(axis, audit, lang)]
    named = areas if areas is not None and len(areas) else study.communities
    if named is not None:
        _names(axis, named, 8.0 if named is areas else 6.5, avoid=_centre_points(audit))
    _legend(sheet, handles)
    return sheet.finish()


def coverage_choropleth(audit: Audit, lang: Lang, *, review_number: str = "") -> Figure:
    """
    Draw the share of each community's persons who reach every category in time.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; needs table ``coverage_by_community``.
    lang
        Language of the words.
    review_number
        Review number of the map (审图号); empty: it says that it is for internal use.

    Returns
    -------
    figure
        Communities without a figure are grey and hatched: unknown is not zero.

    Raises
    ------
    DataError
        If the audit has no such table.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> len(coverage_choropleth(checked, "zh").axes)
    1
    """
    covered = _covered(audit)
    bounds = bounds_of_study(audit)
    height = map_height(bounds, _MAP_CM, least=_LOWEST_CM, most=_HIGHEST_CM)
    sheet = new_sheet(
        audit, lang, text("figure.coverage_choropleth", lang), height + _LEGEND_CM,
        subtitle=_headline(audit, lang), notes=(text("figure.rate_note", lang),), review_number=review_number,
    )  # fmt: skip
    axis, box = _map(sheet, height, bounds, audit.study.crs)
    _choropleth(axis, covered)
    draw_context(axis, audit.study, box, width_factor=_STREET_WIDTH, lanes=False)
    _rate_labels(axis, covered, names=True)
    _legend(sheet, _rate_keys(lang, unknown=bool(covered["coverage_rate_all_five"].isna().any())))
    return sheet.finish()


def before_after(before: Audit, after: Audit, lang: Lang, *, review_number: str = "") -> Figure:
    """
    Draw the coverage of each community before a change and after it.

    Parameters
    ----------
    before, after
        Audits with table ``coverage_by_community``: of a study and of a scenario of it.
    lang
        Language of the words.
    review_number
        Review number of the map (审图号); empty: it says that it is for internal use.

    Returns
    -------
    figure
        Two maps of the same ground and classes, beside or above each other as the ground is tall or wide.

    Raises
    ------
    DataError
        If an audit has no such table.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> len(before_after(checked, checked, "en").axes)
    2
    """
    tables = [_covered(one) for one in (before, after)]
    bounds = bounds_of_study(before)
    tall = (bounds[3] - bounds[1]) > 0.75 * (bounds[2] - bounds[0])
    gap, caption = 0.4, 0.55
    width = (_MAP_CM - gap) / 2 if tall else _MAP_CM
    height = map_height(bounds, width, least=4.5, most=14.0 if tall else 9.5)
    rows = 1 if tall else 2
    sheet = new_sheet(
        after, lang, text("figure.before_after", lang), rows * (height + caption) + _LEGEND_CM,
        notes=(text("figure.rate_note", lang),), review_number=review_number,
    )  # fmt: skip
    for number, (audit, covered) in enumerate(zip((before, after), tables, strict=True)):
        left = _LEFT_CM + number * (width + gap) if tall else _LEFT_CM
        bottom = sheet.bottom + _LEGEND_CM + (0 if tall else (1 - number) * (height + caption))
        axis, box = map_axis(sheet, (left, bottom, width, height), bounds, audit.study.crs, degrees=False)
        when = text("figure.before" if number == 0 else "figure.after", lang)
        shown = (
            f"{plain_text(audit.study.name)} · {when} · {_headline(audit, lang)}"
            if not tall
            else (f"{when} · {_headline(audit, lang)}")
        )
        sheet.write(left, bottom + height + 0.12, shown, 7.5, va="bottom")
        _choropleth(axis, covered)
        draw_context(axis, audit.study, box, width_factor=0.8 * _STREET_WIDTH, lanes=False)
        _centres(axis, audit, lang)
        _rate_labels(axis, covered, names=False, avoid=_centre_points(audit))
    unknown = any(bool(one["coverage_rate_all_five"].isna().any()) for one in tables)
    _legend(sheet, _rate_keys(lang, unknown=unknown))
    return sheet.finish()


def _map(sheet: Sheet, height: float, bounds: Box, crs: str) -> tuple[Any, Box]:
    place = (_LEFT_CM, sheet.bottom + _LEGEND_CM, _MAP_CM, height - 0.1)
    return map_axis(sheet, place, bounds, crs, degrees=True)


def _covered(audit: Audit) -> gpd.GeoDataFrame:
    covered = audit.tables.get("coverage_by_community")
    if covered is None or not gpd.GeoSeries(covered.geometry).notna().any():
        raise DataError("error.figure_lacks", tables="communities, residences, streets")
    return gpd.GeoDataFrame(covered[covered.geometry.notna()])


def _headline(audit: Audit, lang: Lang) -> str:
    label = text("headline.coverage_rate_all_five", lang)
    return text("figure.counted", lang, what=label, count=rate_text(audit.headline["coverage_rate_all_five"]))


def _choropleth(axis: Any, covered: gpd.GeoDataFrame) -> None:
    for rate, shape in zip(covered["coverage_rate_all_five"], covered.geometry, strict=True):
        known = not pd.isna(rate)
        colour = RATE_COLOURS[rate_class(float(rate))] if known else NO_DATA_COLOUR
        axis.add_patch(patch(shape, facecolor=colour, zorder=0.5, hatch=None if known else "///", **_OUTLINE))
        axis.add_patch(patch(shape, facecolor="none", zorder=4, **_OUTLINE))


def _rate_labels(
    axis: Any, covered: gpd.GeoDataFrame, *, names: bool, avoid: Sequence[shapely.Point] = ()
) -> None:
    """Write each community's name and rate where there is room, larger communities first."""
    order = np.argsort(-covered.geometry.area.to_numpy(), kind="stable")
    rows = covered.iloc[order]
    rates = [rate_text(value).removesuffix(" %") for value in rows["coverage_rate_all_five"]]
    labels = [
        (f"{plain_text(str(name))}\n{rate}", rate) if names else (rate,)
        for name, rate in zip(names_of(rows), rates, strict=True)
    ]
    place_labels(axis, rows.geometry.to_numpy(), labels, 6.0, avoid=avoid, color="#111111")


def _rate_keys(lang: Lang, *, unknown: bool) -> list[tuple[Any, str]]:
    key = import_extra("matplotlib.patches", extra="figures").Patch
    count = len(RATE_COLOURS)
    keys = [
        (
            key(facecolor=colour, **_OUTLINE),
            text("figure.rate_class", lang, low=100 * at // count, high=100 * (at + 1) // count),
        )
        for at, colour in enumerate(RATE_COLOURS)
    ]
    if unknown:
        keys.append((key(facecolor=NO_DATA_COLOUR, hatch="///", **_OUTLINE), text("verdict.unknown", lang)))
    return keys


def _legend(sheet: Sheet, keys: list[tuple[Any, str]]) -> None:
    if not keys:
        return
    sheet.figure.legend(
        [one for one, _ in keys], [label for _, label in keys], loc="center",
        bbox_to_anchor=(0.5, (sheet.bottom + 0.45 * _LEGEND_CM) / sheet.height_cm), ncols=min(len(keys), 5),
        frameon=False,
        prop={"family": sheet.font, "size": 7}, handlelength=1.6, columnspacing=1.4,
    )  # fmt: skip


def _subdistricts(audit: Audit) -> gpd.GeoDataFrame | None:
    """Return subdistricts with a shape: their own, else that of their communities together."""
    table, communities = audit.study.subdistricts, audit.study.communities
    if table is not None and table.geometry.notna().any():
        return table[table.geometry.notna()]
    if communities is None or "subdistrict_id" not in communities:
        return None
    known = communities[communities["subdistrict_id"].notna() & communities.geometry.notna()]
    if known.empty:
        return None
    shapes = known.geometry.groupby(known["subdistrict_id"].astype(str)).agg(
        lambda one: shapely.union_all(one.to_numpy())
    )
    names = table["name"].reindex(shapes.index) if table is not None and "name" in table else None
    return gpd.GeoDataFrame(
        {"name": names}, geometry=gpd.GeoSeries(shapes, crs=known.crs), index=shapes.index
    )


def _outlines(
    axis: Any, table: gpd.GeoDataFrame | None, width: float, colour: str, handles: list[Any], label: str
) -> None:
    if table is None or not table.geometry.notna().any():
        return
    shapes = shapely.boundary(table.geometry[table.geometry.notna()].to_numpy())
    draw_lines(axis, shapes, color=colour, linewidth=width, zorder=6)
    (key,) = axis.plot([], [], color=colour, linewidth=width)
    handles.append((key, label))


def _centres(axis: Any, audit: Audit, lang: Lang) -> list[tuple[Any, str]]:
    centres, keys = audit.study.centres, []
    if centres is None:
        return []
    for level, (marker, size) in _CENTRE_MARKS.items():
        rows = centres[(centres["level"] == level) & centres.geometry.notna()]
        if rows.empty:
            continue
        at = shapely.point_on_surface(rows.geometry.to_numpy())
        (key,) = axis.plot(
            shapely.get_x(at), shapely.get_y(at), linestyle="", marker=marker, markersize=size,
            color=CENTRE_COLOURS[level], markeredgecolor="white", markeredgewidth=0.6, zorder=12,
        )  # fmt: skip
        word = text(f"report.level.{level}", lang)
        keys.append((key, text("map.centres", lang, level=word, count=count_text(len(rows)))))
    return keys


def _barrier_keys(axis: Any, audit: Audit, lang: Lang) -> list[tuple[Any, str]]:
    barriers = audit.study.barriers
    met = () if barriers is None else [one for one in BARRIER_LINES if (barriers["kind"] == one).any()]
    keys = []
    for kind in met:
        colour, width, dashes = BARRIER_LINES[kind]
        (key,) = axis.plot([], [], color=colour, linewidth=width * 0.8, linestyle=dashes)
        keys.append((key, text(f"map.barrier_{kind}", lang)))
    return keys


def _centre_points(audit: Audit) -> Sequence[shapely.Point]:
    centres = audit.study.centres
    if centres is None:
        return ()
    return list(shapely.point_on_surface(centres.geometry[centres.geometry.notna()].to_numpy()))


def _names(axis: Any, table: gpd.GeoDataFrame, size: float, *, avoid: Sequence[shapely.Point]) -> None:
    rows = table[table.geometry.notna()]
    rows = rows.iloc[np.argsort(-rows.geometry.area.to_numpy(), kind="stable")]
    labels = [(plain_text(str(name)),) for name in names_of(rows)]
    place_labels(axis, rows.geometry.to_numpy(), labels, size, avoid=avoid)
