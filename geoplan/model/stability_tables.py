"""Result tables on how far the figures hang on what nobody knows exactly."""

from __future__ import annotations

from geoplan.model.declare import (
    COMMUNITY,
    HOUSEHOLDS,
    NAME,
    PERSONS,
    RESIDENCE,
    SERVICE,
    number,
    text,
    verdict,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["BOUNDS", "RANGE_COLUMNS", "STABILITY_TABLES", "VARIANTS"]

VARIANTS = (
    "speed_slow", "speed_fast", "snap_near", "snap_far", "gates_open", "gates_closed", "hours_open", "hours_closed",
)  # fmt: skip
"""Runs of the check with one thing otherwise; see `geoplan.analysis.stability`."""
BOUNDS = ("quarantine_low", "quarantine_high", "places_high", "streets_high")
"""Bounds on what rows set aside could do; see `geoplan.analysis.set_aside`."""

STABILITY = TableSchema(
    "stability", "Range of the figures", "指标稳定性", "a coverage rate of the study or of a community",
    (
        Column("unit_table", "choice", "table", "单元表", "``study``: the whole; else an input table.", choices=("study", "communities")),
        text("unit_id", "unit id", "单元编码"), NAME,
        text("indicator", "indicator", "指标代码"), text("label", "label", "指标"),
        number("value", "as reported", "报告值", unit="ratio"),
        number("low", "lowest", "最低", "Of all columns on its right, and the reported one.", "ratio"),
        number("high", "highest", "最高", unit="ratio"),
        number("speed_slow", "slower walk", "步速较慢", "Walking speed times 57/67.", "ratio"),
        number("speed_fast", "faster walk", "步速较快", "Walking speed times 80/67.", "ratio"),
        number("snap_near", "half the snap cap", "接入上限减半", unit="ratio"),
        number("snap_far", "twice the snap cap", "接入上限加倍", unit="ratio"),
        number("gates_open", "every gate open", "门禁全开", "Missing: no gate is closed.", "ratio"),
        number("gates_closed", "every gate closed", "门禁全关", "Missing: no gate is open.", "ratio"),
        number("hours_open", "gates with hours open", "限时门禁全开", "As in their opening hours. Missing: no gate has any.", "ratio"),
        number("hours_closed", "gates with hours closed", "限时门禁全关", "As outside their opening hours.", "ratio"),
        number("quarantine_low", "set-aside homes fail", "隔离居住点均不达标", "As many persons each as a used home has on average; in each community, as any may lie in it.", "ratio"),
        number("quarantine_high", "set-aside homes pass", "隔离居住点均达标", unit="ratio"),
        number("places_high", "set-aside places at best", "隔离设施居最佳位置", "Facilities (of centre services: centres) set aside stand where they help most; a bound.", "ratio"),
        number("streets_high", "set-aside streets lead straight", "隔离道路直线通达", "Who has what is needed within the walk in a straight line passes; a bound.", "ratio"),
        text("unbounded", "may lower without bound", "下降幅度无法界定", "Tables with rows set aside that could lower the rate, nobody knows how far; comma-separated."),
    ),
)  # fmt: skip

RANGE_COLUMNS = (
    number("low", "lowest", "最低", "Missing: not known."), number("high", "highest", "最高", "Missing: not known."),
    text("low_by", "lowest by", "最低情形", "Columns of table ``stability``; ``unknown``: what is unknown fails; ``set_aside``: rows set aside; empty: as reported."),
    text("high_by", "highest by", "最高情形", "As ``low_by``."),
    text("unbounded", "may lower without bound", "下降幅度无法界定", "As in table ``stability``."),
)  # fmt: skip
"""Of table ``indicators``: between which values each figure lies, and why."""

MARGINAL = TableSchema(
    "marginal", "Marginal residences", "临界居住点", "a residence and a service whose verdict some variant changes",
    (
        RESIDENCE, COMMUNITY, NAME, PERSONS, HOUSEHOLDS, SERVICE, verdict(),
        number("margin_minutes", "margin (min)", "余量（分钟）", "Limit less walk; negative when too far.", "min"),
        text("variants", "changed by", "使结论改变的情形", "Variants with another verdict, comma-separated: columns of table ``stability``."),
    ),
)  # fmt: skip

STABILITY_TABLES = (STABILITY, MARGINAL)
