"""Printed charts of an audit: walks of persons, communities by service, sizes against standards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan._optional import import_extra
from geoplan.analysis.tally import counts
from geoplan.analysis.units import Unit, units_of
from geoplan.errors import DataError
from geoplan.maps.palette import LINE_COLOURS, NO_DATA_COLOUR, RATE_COLOURS
from geoplan.messages import Lang, text
from geoplan.report.plot_maps import rate_class
from geoplan.report.plot_sheet import WIDTH_CM, Sheet, fold, new_sheet
from geoplan.report.words import (
    count_text,
    names_of,
    number_text,
    plain_text,
    rate_text,
    service_name,
    unit_text,
)
from geoplan.standards.catalogue import size_standards
from geoplan.workflow import Audit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["heat_table", "minutes_ecdf", "size_against_packs"]

MOST_ROWS = 60
"""Communities on a sheet; of more, those that need attention most."""
_NAME_CM, _ROW_CM, _HEAD_CM = 3.4, 0.33, 1.0
_NAME_SIGNS = 22
_DARK_FROM = 3
"""Classes of a rate from this on are dark: what is written on them is white."""
_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)))
_FEW_PANELS = 4
_PANEL_CM, _PANEL_GAP_CM, _PANEL_LEFT_CM = 4.2, 1.2, 1.0
_KEY_COLUMNS, _KEY_CM = 5, 0.5
_SIZE_MARKS = {
    "oversized": ("\u25b2", "#d55e00"), "undersized": ("\u25bc", "#0072b2"), "within": ("\u00b7", "#4d4d4d"),
    "unknown": ("?", "#4d4d4d"),
}  # fmt: skip


def minutes_ecdf(audit: Audit, lang: Lang) -> Figure:
    """
    Draw which share of persons walks at most so many minutes, for each service and subdistrict.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; needs table ``reach``.
    lang
        Language of the words.

    Returns
    -------
    figure
        A panel a service, its limit marked. Persons whom no way leads there are in every share's
        denominator; homes whose walk is unknown are in none, and the note counts them. Where nobody
        knows how many live in a home, each home counts as one.

    Raises
    ------
    DataError
        If the audit has no such table.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> len(minutes_ecdf(checked, "en").axes) == checked.tables["reach"]["service"].nunique()
    True
    """
    reach = audit.tables.get("reach")
    if reach is None or reach.empty:
        raise DataError("error.figure_lacks", tables="residences, streets, facilities")
    (residences,) = audit.study.need("residences")
    weight = counts(residences, "persons")
    by_persons = bool(np.nansum(weight) > 0)
    if not by_persons:
        weight = np.ones(len(residences))
    units = _main_units(audit, weight)
    services = list(reach["service"].unique())
    columns = 2 if len(services) <= _FEW_PANELS else 3
    rows = -(-len(services) // columns)
    key_rows = -(-len(units) // _KEY_COLUMNS)
    picture = rows * (_PANEL_CM + _PANEL_GAP_CM) + _KEY_CM * key_rows + 0.3
    unknown = int((reach["verdict"] == "unknown").groupby(reach["residence_id"]).any().sum())
    share = text("figure.share_persons" if by_persons else "figure.share_residences", lang)
    sheet = new_sheet(
        audit, lang, text("figure.minutes_ecdf", lang), picture, subtitle=share,
        notes=(text("figure.ecdf_note", lang, count=count_text(unknown)),),
    )  # fmt: skip
    width = (WIDTH_CM - 0.3) / columns - _PANEL_LEFT_CM
    lines: list[Any] = []
    for number, service in enumerate(services):
        row, column = divmod(number, columns)
        left = _PANEL_LEFT_CM + column * (width + _PANEL_LEFT_CM)
        bottom = sheet.top - (row + 1) * (_PANEL_CM + _PANEL_GAP_CM) + _PANEL_GAP_CM - 0.45
        axis = sheet.axes(left, bottom, width, _PANEL_CM)
        own = reach[reach["service"] == service].set_index("residence_id").reindex(residences.index)
        lines = _ecdf_panel(axis, own, units, weight, lang)
        axis.set_title(service_name(audit.standard, service, lang), fontsize=8, loc="left", pad=3)
        if number + columns >= len(services):
            axis.set_xlabel(text("figure.walk_minutes", lang), fontsize=7, labelpad=2)
    _keys(sheet, lines, [_unit_label(one, lang) for one in units], _KEY_CM / 2 * key_rows + 0.1)
    return sheet.finish()


def _main_units(audit: Audit, weight: npt.NDArray[np.float64]) -> list[Unit]:
    """Return the study and its subdistricts, those with most persons first, as many as can be told apart."""
    units = units_of(audit.study)
    parts = [one for one in units if one.table == "subdistricts" and len(one.residences)]
    parts.sort(key=lambda one: (-float(np.nansum(weight[one.residences])), one.id))
    most = len(LINE_COLOURS) * len(_DASHES)
    return [units[0], *parts[:most]]


def _unit_label(unit: Unit, lang: Lang) -> str:
    return text("figure.whole", lang) if unit.table == "study" else plain_text(unit.name or unit.id)


def _ecdf_panel(
    axis: Any, own: pd.DataFrame, units: list[Unit], weight: npt.NDArray[np.float64], lang: Lang
) -> list[Any]:
    """Draw the lines of one service; return them in the order of the units."""
    limit = float(own["limit_minutes"].dropna().iloc[0]) if own["limit_minutes"].notna().any() else np.nan
    end = 2 * limit if np.isfinite(limit) else float(np.nanmax(own["minutes"].to_numpy(float), initial=1.0))
    minutes = own["minutes"].to_numpy(float)
    sure = (own["verdict"] != "unknown").to_numpy(bool) & ~np.isnan(weight)
    lines = []
    for number, unit in enumerate(units):
        at = unit.residences[sure[unit.residences]]
        walks, share = _steps(minutes[at], weight[at], end)
        whole = unit.table == "study"
        (line,) = axis.plot(
            walks, share, drawstyle="steps-post", linewidth=2.0 if whole else 1.0,
            color="#1d1d1b" if whole else LINE_COLOURS[(number - 1) % len(LINE_COLOURS)],
            linestyle="-" if whole else _dashes(number - 1), zorder=5 if whole else 4,
        )  # fmt: skip
        lines.append(line)
    if not any(len(one.get_xdata()) for one in lines):
        axis.text(end / 2, 0.5, text("verdict.unknown", lang), fontsize=8, ha="center", color="#4d4d4d")
    if np.isfinite(limit):
        axis.axvline(limit, color="#d55e00", linewidth=1.0, linestyle=(0, (3, 2)), zorder=3)
    axis.set_xlim(0, end)
    axis.set_ylim(0, 1.02)
    axis.set_yticks(np.linspace(0, 1, 6), labels=[f"{one} %" for one in range(0, 101, 20)])
    ticks = np.linspace(0, end, 7)
    axis.set_xticks(ticks, labels=[number_text(one) for one in ticks])
    axis.tick_params(labelsize=6.5, length=2)
    axis.grid(visible=True, color="#e3e3e3", linewidth=0.5)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    return lines


def _dashes(number: int) -> Any:
    """Return dashes so that no two of the first 32 lines have both colour and dashes in common."""
    return _DASHES[(number + number // len(LINE_COLOURS)) % len(_DASHES)]


def _steps(
    minutes: npt.NDArray[np.float64], weight: npt.NDArray[np.float64], end: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where the share of those who walk at most so long rises, and the share from there on."""
    whole = weight.sum()
    if whole <= 0:
        return np.empty(0), np.empty(0)
    order = np.argsort(minutes, kind="stable")
    walks, share = minutes[order], np.cumsum(weight[order]) / whole
    seen = walks <= end
    last = share[seen][-1] if seen.any() else 0.0
    return np.concatenate([[0.0], walks[seen], [end]]), np.concatenate([[0.0], share[seen], [last]])


def heat_table(audit: Audit, lang: Lang) -> Figure:
    """
    Draw the coverage rate of each community and service as a table of shaded cells.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; needs tables ``coverage_by_community`` and ``coverage_by_community_category``.
    lang
        Language of the words.

    Returns
    -------
    figure
        Lowest coverage of all categories first, at most `MOST_ROWS` communities; each cell bears its figure.
        A question mark: the data do not suffice for some of its persons. Grey: for all of them.

    Raises
    ------
    DataError
        If the audit has no such tables.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> heat_table(checked, "zh").axes[0].get_xlim() == (0, 9)
    True
    """
    covered = audit.tables.get("coverage_by_community")
    cells = audit.tables.get("coverage_by_community_category")
    if covered is None or cells is None:
        raise DataError("error.figure_lacks", tables="communities, residences, streets")
    worst = covered.assign(_id=covered.index).sort_values(
        ["coverage_rate_all_five", "_id"], na_position="last"
    )
    shown = worst.iloc[:MOST_ROWS]
    services = list(cells["service"].unique())
    rates = cells.pivot_table(index="community_id", columns="service", values="coverage_rate", dropna=False)
    unsure = cells.assign(_lost=cells["persons_unknown"].astype("Float64")).pivot_table(
        index="community_id", columns="service", values="_lost", aggfunc="sum"
    )
    height = _HEAD_CM + len(shown) * _ROW_CM + 0.2
    sheet = new_sheet(
        audit, lang, text("figure.heat_table", lang), height,
        subtitle=_shown_text(len(shown), len(covered), lang), notes=(text("figure.heat_note", lang),),
    )  # fmt: skip
    columns = [*services, "all"]
    heads = [
        *(service_name(audit.standard, one, lang) for one in services),
        text("figure.all_categories", lang),
    ]
    axis = _table(sheet, heads, [str(one) for one in names_of(shown)])
    for row, community in enumerate(shown.index):
        for column, service in enumerate(columns):
            if service == "all":
                rate, lost = (
                    shown.loc[community, "coverage_rate_all_five"],
                    shown.loc[community, "persons_unknown_all_five"],
                )
            else:
                rate, lost = _cell(rates, community, service), _cell(unsure, community, service)
            _heat_cell(axis, column, row, rate, lost)
    return sheet.finish()


def _cell(table: pd.DataFrame, row: str, column: str) -> float:
    known = row in table.index and column in table.columns
    value = table.loc[row, column] if known else np.nan
    return float("nan") if pd.isna(value) else float(value)


def _heat_cell(axis: Any, column: int, row: int, rate: float, lost: float) -> None:
    known = not pd.isna(rate)
    place = rate_class(float(rate)) if known else -1
    colour = RATE_COLOURS[place] if known else NO_DATA_COLOUR
    _rectangle(axis, column, row, colour, hatch=None if known else "////")
    doubt = "?" if known and not pd.isna(lost) and lost > 0 else ""
    axis.text(
        column + 0.5, row + 0.53, rate_text(rate).removesuffix(" %") + doubt, fontsize=6.5, ha="center",
        va="center", color="white" if place >= _DARK_FROM else "#111111",
    )  # fmt: skip


def _rectangle(
    axis: Any, column: float, row: int, colour: str, *, hatch: str | None = None, width: float = 1
) -> None:
    rectangle = import_extra("matplotlib.patches", extra="figures").Rectangle
    axis.add_patch(
        rectangle((column, row), width, 1, facecolor=colour, edgecolor="white", linewidth=0.6, hatch=hatch)
    )


def _table(sheet: Sheet, heads: list[str], names: list[str]) -> Any:
    """Return axes with a cell of one by one for each column and row, headings and names written."""
    width = WIDTH_CM - _NAME_CM - 0.35
    height = len(names) * _ROW_CM
    axis = sheet.axes(_NAME_CM, sheet.top - _HEAD_CM - height, width, height)
    axis.set_xlim(0, len(heads))
    axis.set_ylim(len(names), 0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    signs = max(6, int(width / len(heads) / 0.13))
    labels = ["\n".join(fold(one, signs)[:3]) for one in heads]
    axis.xaxis.tick_top()
    axis.set_xticks(np.arange(len(heads)) + 0.5, labels=labels)
    axis.set_yticks(np.arange(len(names)) + 0.5, labels=[_short(one) for one in names])
    axis.tick_params(length=0, labelsize=6.5, pad=2)
    return axis


def _short(name: str) -> str:
    lines = fold(plain_text(name), _NAME_SIGNS)
    return lines[0] + ("…" if len(lines) > 1 else "") if lines else ""


def _shown_text(shown: int, count: int, lang: Lang) -> str:
    key = "figure.rows_all" if shown == count else "figure.rows_cut"
    return text(key, lang, shown=count_text(shown), count=count_text(count))


def size_against_packs(audit: Audit, lang: Lang) -> Figure:
    """
    Draw each community's size against the limits of every shipped standard.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; needs table ``size_matrix``.
    lang
        Language of the words.

    Returns
    -------
    figure
        Households as bars, and for each standard the verdict on the size with the rule that decides it:
        what was measured, and the limit. Furthest over a limit first, at most `MOST_ROWS` communities.

    Raises
    ------
    DataError
        If the audit has no such table.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> size_against_packs(checked, "en").axes[0].get_yticklabels()[0].get_text()
    'Monte-Carlo'
    """
    matrix = audit.tables.get("size_matrix")
    communities = audit.study.communities
    if matrix is None or matrix.empty or communities is None:
        raise DataError("error.figure_lacks", tables="communities")
    households = pd.Series(counts(communities, "households"), index=communities.index)
    excess = (matrix["value"] / matrix["threshold"]).where(matrix["size"] == "oversized")
    most = excess.groupby(matrix["community_id"]).max().reindex(communities.index)
    frame = pd.DataFrame({"excess": most, "households": households, "id": communities.index})
    order = frame.sort_values(["excess", "households", "id"], ascending=[False, False, True]).index[
        :MOST_ROWS
    ]
    packs = list(dict.fromkeys(matrix["standard_id"]))
    names = {one.id: one.name(lang) for one in size_standards(audit.standard)}
    sheet = new_sheet(
        audit, lang, text("figure.size_against_packs", lang), _HEAD_CM + len(order) * _ROW_CM + 0.2,
        subtitle=_shown_text(len(order), len(communities), lang), notes=(text("figure.size_note", lang),),
    )  # fmt: skip
    bars = text("headline.households", lang)
    axis = _table(sheet, [bars, *(names.get(one, one) for one in packs)], [
        str(one) for one in names_of(communities.loc[order])
    ])  # fmt: skip
    own = matrix.set_index(["community_id", "standard_id"])
    longest = float(np.nanmax(households.to_numpy(float), initial=1.0))
    for row, community in enumerate(order):
        _bar(axis, row, float(households[community]), longest)
        for column, pack in enumerate(packs, start=1):
            _size_cell(axis, column, row, own.loc[(community, pack)], lang)
    return sheet.finish()


def _bar(axis: Any, row: int, households: float, longest: float) -> None:
    known = not np.isnan(households)
    if known:
        _rectangle(axis, 0.02, row, "#b9c7d6", width=0.94 * households / longest)
    axis.text(0.05, row + 0.53, count_text(households), fontsize=6.5, va="center", color="#111111")


def _size_cell(axis: Any, column: int, row: int, found: pd.Series, lang: Lang) -> None:
    sign, colour = _SIZE_MARKS[str(found["size"])]
    fill = {"oversized": "#fbe0cf", "undersized": "#d6e8f5", "unknown": NO_DATA_COLOUR}.get(
        found["size"], "#f7f7f5"
    )
    _rectangle(axis, column + 0.02, row, fill, width=0.96)
    axis.text(column + 0.1, row + 0.53, sign, fontsize=6.5, ha="center", va="center", color=colour)
    unit = "" if found["unit"] == "household" else f" {unit_text(found['unit'], lang)}"
    said = f"{_measured(found['value'], found['threshold'])} / {number_text(found['threshold'])}{unit}"
    axis.text(column + 0.94, row + 0.53, said, fontsize=6.0, ha="right", va="center", color="#111111")


def _measured(value: float, limit: float) -> str:
    """Return a figure with as many decimals as it takes to differ from its limit, if it does."""
    if pd.isna(value) or value == limit:
        return number_text(value)
    for decimals in range(2, 7):
        if round(value, decimals) != limit:
            return f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
    return ("> " if value > limit else "< ") + number_text(value)


def _keys(sheet: Sheet, lines: list[Any], labels: list[str], at_cm: float) -> None:
    sheet.figure.legend(
        lines, labels, loc="center", bbox_to_anchor=(0.5, (sheet.bottom + at_cm) / sheet.height_cm),
        ncols=_KEY_COLUMNS, frameon=False, prop={"family": sheet.font, "size": 7}, handlelength=3.0,
        columnspacing=1.4,
    )  # fmt: skip
