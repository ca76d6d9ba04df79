"""Result tables of a split: its parts, their members, the borders between compounds, and the checks."""

from __future__ import annotations

from geoplan.model.declare import (
    CLAUSE,
    COMMUNITY,
    HOUSEHOLDS,
    NAME,
    PERSONS,
    REASON,
    RESIDENCE,
    RULE,
    integer,
    number,
    text,
    verdict,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["BORDER_CLASSES", "SEAT_TABLES", "SPLIT_MEMBERS", "SPLIT_PARTS", "SPLIT_TABLES"]

BORDER_CLASSES = ("lane", "street", "arterial", "railway", "river", "expressway", "wall")
"""What runs along the border of two compounds' cells; each has a rule ``split.weight_<class>``."""
SEAT_TABLES = ("premises", "centres", "residences")
"""Where a seat comes from; ``residences``: premises are still to be found at this compound."""

_PART = text("part_id", "part", "分区", "Identifier of the part: the community's, a dash and a number.")

SPLIT_PARTS = TableSchema(
    "split_parts", "Parts of a split", "拆分方案：各分区", "a part of a community that is split",
    (
        _PART, COMMUNITY, NAME,
        Column("seat_table", "choice", "seat from", "驻地来源", "Input table of ``seat_id``; ``residences``: premises are still to be found there.", choices=SEAT_TABLES),
        text("seat_id", "seat id", "驻地编码"), text("seat_name", "seat", "驻地"),
        integer("compounds", "compounds", "小区数"), HOUSEHOLDS, PERSONS,
        number("area_km2", "area (km²)", "面积（平方千米）", unit="km²"),
        number("deviation", "deviation", "户数偏差", "Households against an even share, less 1.", "ratio"),
        number("mean_walk_m", "mean walk to the seat (m)", "到驻地平均步行距离（米）", "Mean over households.", "m"),
        number("max_walk_m", "longest walk to the seat (m)", "到驻地最远步行距离（米）", unit="m"),
        number("compactness", "compactness", "紧凑度", "Polsby-Popper: 4π area / perimeter².", "ratio"),
        number("premises_floor_area_m2", "premises (m²)", "阵地面积（平方米）", "Floor area of the premises within the part.", "m²"),
        number("premises_minimum_m2", "premises needed (m²)", "阵地应有面积（平方米）", "The larger of both minima.", "m²"),
        verdict("premises_verdict", "premises", "阵地结论"),
        text("east", "east", "东至"), text("south", "south", "南至"), text("west", "west", "西至"), text("north", "north", "北至"),
    ),
    key="part_id", geometry=("Polygon",),
)  # fmt: skip

SPLIT_MEMBERS = TableSchema(
    "split_members", "Members of the parts", "拆分方案：小区归属", "a compound of a community that is split",
    (
        RESIDENCE, COMMUNITY, NAME, _PART, HOUSEHOLDS, PERSONS,
        number("walk_m", "walk to the seat (m)", "到驻地步行距离（米）", "At level pace; missing where no way leads there.", "m"),
        Column("changes_hands", "flag", "changes hands", "更换归属", "It leaves the part that keeps the community's present seat."),
        text("area_id", "grid area", "片区", "Nested area (片区) within the part; missing unless asked for."),
    ),
    key="residence_id", geometry=("Polygon",),
)  # fmt: skip

SPLIT_BORDERS = TableSchema(
    "split_borders", "Borders between compounds", "小区相邻边界", "what two compounds share along one class of border",
    (
        COMMUNITY, text("residence_u", "compound", "小区甲"), text("residence_v", "other compound", "小区乙"),
        Column("border_class", "choice", "border class", "边界类型", "What runs along it.", choices=BORDER_CLASSES),
        number("length_m", "length (m)", "长度（米）", unit="m"),
        number("cost", "cost of cutting", "切分代价", "Length times the class's weight."),
        Column("passable", "flag", "passable on foot", "可步行穿越", "People can walk from the one compound's cell to the other's."),
        Column("cut", "flag", "between parts", "分区边界", "The two compounds are in different parts."),
    ),
    geometry=("LineString",),
)  # fmt: skip

SPLIT_WALKS = TableSchema(
    "split_walks", "Walks to the seats", "拆分方案：到驻地步行路线", "a compound of a community that is split, and its way to the seat",
    (
        RESIDENCE, COMMUNITY, _PART, text("seat_id", "seat id", "驻地编码"),
        number("length_m", "length of the way (m)", "路线长度（米）", "Door to door; missing where no way leads there.", "m"),
    ),
    key="residence_id", geometry=("LineString",),
)  # fmt: skip

SPLIT_CHECKS = TableSchema(
    "split_checks", "Checks of a split", "拆分方案核查", "a part, or a whole split, and a rule",
    (
        COMMUNITY, text("part_id", "part", "分区", "Empty: the split as a whole."), RULE,
        number("value", "value", "数值"), number("threshold", "threshold", "阈值"), text("unit", "unit", "单位"),
        number("margin", "margin", "余量", "Positive inside the limit, negative outside."),
        verdict(), REASON, text("residences", "compounds at fault", "问题小区", "Ids, comma-separated."), CLAUSE,
        text("status", "status", "依据性质"),
    ),
)  # fmt: skip

SPLIT_PHASES = TableSchema(
    "split_phases", "Order of splits", "拆分分期", "an oversized community, the readiest first",
    (
        integer("rank", "rank", "次序"), integer("year", "year", "年度", "Missing: after the last year."),
        COMMUNITY, NAME, HOUSEHOLDS, PERSONS,
        number("score_severity", "severity", "超限程度", "How far over the limit, in multiples of it, at most 1."),
        number("score_premises", "premises exist", "阵地就绪", "Share of parts whose seat stands in premises or a centre that exist."),
        number("score_plan", "plan", "方案可行", "1 if a split keeps every rule."),
        number("score_network", "network", "路网就绪", "Share of compounds with a known walk to the seat."),
        number("score", "score", "综合得分", "Weighted mean; what is unknown counts 0."),
        text("unknown", "unknown", "数据不足项", "Criteria that are unknown, comma-separated."),
        integer("parts_min", "parts at least", "至少拆分数"),
    ),
    key="rank",
)  # fmt: skip

PREMISES_PLAN = TableSchema(
    "premises_plan", "Premises to be brought up", "阵地达标计划", "a community, or a part of a split one",
    (
        COMMUNITY, text("part_id", "part", "分区", "Empty: the community as it is."), NAME,
        Column("stage", "choice", "stage", "阶段", "Before or after the split.", choices=("before", "after")),
        Column("state", "choice", "state of premises", "阵地状况", "What is wrong.", choices=("none", "too_small", "too_far", "unknown", "met")),
        HOUSEHOLDS,
        number("floor_area_m2", "floor area (m²)", "建筑面积（平方米）", unit="m²"),
        number("minimum_m2", "needed (m²)", "应有面积（平方米）", "The larger of both minima.", "m²"),
        number("shortfall_m2", "shortfall (m²)", "缺口（平方米）", "0 when met.", "m²"),
        integer("households_affected", "households affected", "受影响户数"),
        integer("year", "year", "年度", "Missing: nothing to do now, or after the last year."),
        CLAUSE,
    ),
)  # fmt: skip

SPLIT_TABLES = (
    SPLIT_PARTS,
    SPLIT_MEMBERS,
    SPLIT_BORDERS,
    SPLIT_WALKS,
    SPLIT_CHECKS,
    SPLIT_PHASES,
    PREMISES_PLAN,
)
