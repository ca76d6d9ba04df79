"""
Every result table, declared once.

``finish`` puts a computed frame into its declared shape: columns, order, dtypes, index, row order.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geoplan.errors import SchemaError
from geoplan.model.schema import Column, ColumnKind, TableSchema

__all__ = ["CENTRE_SERVICES", "FAULT_KINDS", "RESULT_TABLES", "VERDICTS", "finish"]

VERDICTS = ("pass", "fail", "unknown")
SIZES = ("oversized", "undersized", "within", "unknown")
EFFECTS = ("set_aside", "kept")
CENTRE_SERVICES = ("centre_any", "centre_district", "centre_community")
"""What stands in column ``service`` beside the standard's category ids."""

_DTYPES: dict[ColumnKind, str] = {
    "text": "str", "choice": "str", "integer": "Int64", "number": "float64", "flag": "boolean", "points": "object",
}  # fmt: skip


def _text(name: str, en: str, zh: str, meaning: str = "") -> Column:
    return Column(name, "text", en, zh, meaning or f"{en.capitalize()}.")


def _number(name: str, en: str, zh: str, meaning: str = "", unit: str = "") -> Column:
    return Column(name, "number", en, zh, meaning or f"{en.capitalize()}.", unit=unit)


def _integer(name: str, en: str, zh: str, meaning: str = "") -> Column:
    return Column(name, "integer", en, zh, meaning or f"{en.capitalize()}.")


def _verdict(name: str = "verdict", en: str = "verdict", zh: str = "结论") -> Column:
    return Column(name, "choice", en, zh, "``pass``, ``fail`` or ``unknown``.", choices=VERDICTS)


_SERVICE = _text(
    "service", "service", "服务", "A category id of the standard, or centre_any/_district/_community."
)
_RESIDENCE = _text("residence_id", "residence id", "居住点编码")
_COMMUNITY = _text("community_id", "community id", "社区编码")
_CENTRE = _text("centre_id", "centre id", "中心编码")
_NAME = _text("name", "name", "名称")
_HOUSEHOLDS = _integer("households", "households", "户数")
_PERSONS = _integer("persons", "persons", "人数")
_REASON = _text("reason", "reason", "原因", "Message key ``reason.*``: why this verdict.")
_CLAUSE = _text("clause", "clause", "依据条款", "Clause the verdict rests on.")
_LEVEL = _text("level", "level", "级别")
_LIMIT = _number("limit_minutes", "limit (min)", "限值（分钟）", unit="min")
_RULE = _text("rule", "rule", "规则", "Rule id in the standard.")

REACH = TableSchema(
    "reach", "Reach", "步行可达", "a residence and a service",
    (
        _RESIDENCE, _SERVICE,
        _number("minutes", "walk (min)", "步行时间（分钟）",
                "Walk to the nearest that counts; missing if there is none or no way.", "min"),
        _number("metres", "walk (m)", "步行距离（米）", "Length of that walk, access legs included.", "m"),
        _text("nearest_id", "nearest", "最近设施", "Id of the facility or centre reached in that time."),
        _LIMIT,
        _number("margin_minutes", "margin (min)", "余量（分钟）", "Limit less walk; negative when too far.", "min"),
        _verdict(), _REASON, _CLAUSE,
    ),
)  # fmt: skip

COMPLETENESS = TableSchema(
    "completeness", "Completeness by residence", "居住点五民完备度", "a residence",
    (
        _RESIDENCE, _COMMUNITY, _NAME, _HOUSEHOLDS, _PERSONS,
        _integer("completeness", "categories within reach", "可达类别数", "How many categories pass (0-5)."),
        _text("categories_failed", "categories failing", "未达标类别", "Ids, comma-separated."),
        _text("categories_unknown", "categories unknown", "数据不足类别", "Ids, comma-separated."),
        _verdict("verdict_all_five", "all categories", "五类齐全"),
        _verdict("verdict_any_centre", "any centre", "任一中心可达"),
        _verdict("verdict_district_centre", "district centre", "区级中心可达"),
        _verdict("verdict_community_centre", "community centre", "社区级中心可达"),
        Column("buffer_any_centre", "flag", "centre within straight-line radius", "直线半径内有中心",
               "Straight-line figure, for comparison only."),
    ),
    key="residence_id", geometry=("Point",),
)  # fmt: skip

_COUNTS = (
    _integer("persons", "persons", "人数"),
    _integer("persons_pass", "persons passing", "达标人数"),
    _integer("persons_fail", "persons failing", "未达标人数"),
    _integer("persons_unknown", "persons unknown", "数据不足人数"),
    _number("coverage_rate", "coverage rate", "覆盖率", "Persons passing of all persons; unknown does not pass.", "ratio"),
    _integer("households", "households", "户数"),
    _integer("households_pass", "households passing", "达标户数"),
    _integer("households_fail", "households failing", "未达标户数"),
    _integer("households_unknown", "households unknown", "数据不足户数"),
    _number("household_coverage_rate", "household coverage rate", "户覆盖率",
            "Households passing of all households.", "ratio"),
)  # fmt: skip

COVERAGE_BY_COMMUNITY = TableSchema(
    "coverage_by_community", "Coverage by community", "社区覆盖情况", "a community",
    (
        _COMMUNITY, _NAME, _text("subdistrict_id", "subdistrict id", "街道编码"),
        _integer("residences", "residences", "居住点数"),
        _integer("persons", "persons", "人数", "Persons of its residences."),
        _integer("households", "households", "户数", "Households of its residences."),
        _integer("persons_all_five", "persons with all categories", "五类齐全人数"),
        _integer("persons_unknown_all_five", "persons unknown", "数据不足人数"),
        _number("coverage_rate_all_five", "coverage rate, all categories", "五类齐全覆盖率", unit="ratio"),
        _integer("households_all_five", "households with all categories", "五类齐全户数"),
        _number("household_coverage_rate_all_five", "household coverage rate, all categories", "五类齐全户覆盖率", unit="ratio"),
        _number("mean_completeness", "mean completeness", "平均完备度", "Mean number of categories within reach, by persons."),
        _number("coverage_rate_any_centre", "coverage rate, any centre", "任一中心覆盖率", unit="ratio"),
        _number("coverage_rate_district_centre", "coverage rate, district centre", "区级中心覆盖率", unit="ratio"),
        _number("coverage_rate_community_centre", "coverage rate, community centre", "社区级中心覆盖率", unit="ratio"),
    ),
    key="community_id", geometry=("Polygon",),
)  # fmt: skip

COVERAGE_BY_CATEGORY = TableSchema(
    "coverage_by_category", "Coverage by category", "类别覆盖情况", "a service",
    (
        _SERVICE, _text("service_name", "service name", "服务名称"),
        _integer("facilities", "facilities", "设施数", "Facilities or centres that count."),
        _LIMIT, *_COUNTS,
        _text("status", "status", "依据性质", "``official``, ``borrowed`` or ``assumed``: what its definition rests on."),
        _CLAUSE,
    ),
    key="service",
)  # fmt: skip

COVERAGE_BY_COMMUNITY_CATEGORY = TableSchema(
    "coverage_by_community_category", "Coverage by community and category", "社区分类覆盖情况", "a community and a service",
    (_COMMUNITY, _SERVICE, *_COUNTS),
)  # fmt: skip

COVERAGE_BY_CENTRE = TableSchema(
    "coverage_by_centre", "Coverage by centre", "中心覆盖情况", "a centre",
    (
        _CENTRE, _LEVEL, _NAME, _COMMUNITY, _LIMIT,
        _integer("residences_reached", "residences reached", "可达居住点数"),
        _integer("persons_reached", "persons reached", "可达人数", "Persons within the walk."),
        _integer("households_reached", "households reached", "可达户数"),
        _integer("persons_catchment", "persons in catchment", "服务范围人数",
                 "Persons within the walk for whom it is the nearest centre of any level."),
        _integer("households_catchment", "households in catchment", "服务范围户数"),
        _integer("persons_buffer", "persons in straight-line radius", "直线半径内人数", "For comparison only."),
        _number("snap_m", "distance to street (m)", "离路距离（米）", unit="m"),
        _REASON, _CLAUSE,
    ),
    key="centre_id", geometry=("Point", "Polygon"),
)  # fmt: skip

GAPS = TableSchema(
    "gaps", "Gaps", "缺口", "a residence and a category that does not pass",
    (
        _RESIDENCE, _COMMUNITY, _NAME, _PERSONS, _HOUSEHOLDS, _SERVICE,
        _number("minutes", "walk (min)", "步行时间（分钟）", unit="min"), _LIMIT,
        _text("nearest_id", "nearest", "最近设施"), _verdict(), _REASON,
    ),
    geometry=("Point",),
)  # fmt: skip

SNAPS = TableSchema(
    "snaps", "Snap report", "接入路网情况", "an entrance",
    (
        _text("table", "table", "表"), _text("id", "id", "编码"),
        _integer("entrance", "entrance", "出入口序号", "Number of the entrance within its row, from 0."),
        _number("snap_m", "distance to street (m)", "离路距离（米）", "Missing if beyond the cap.", "m"),
        _text("street_id", "street id", "道路编码"), _text("reason", "reason", "原因", "Empty if snapped; else a message key."),
    ),
)  # fmt: skip

SERVICE_CIRCLES = TableSchema(
    "service_circles", "Service circles", "服务圈", "a centre and a time",
    (
        _CENTRE, _LEVEL, _NAME, _number("minutes", "minutes", "分钟", unit="min"),
        _number("area_m2", "area (m²)", "面积（平方米）", unit="m²"),
        _number("street_length_m", "reached street length (m)", "可达道路长度（米）", unit="m"),
        _number("missed_length_m", "reached street outside the circle (m)", "圈外可达道路长度（米）",
                "Reached street that the polygon leaves out.", "m"),
        _number("unreached_length_inside_m", "unreached street in the circle (m)", "圈内不可达道路长度（米）",
                "Street inside the polygon that is not reached in time.", "m"),
    ),
    geometry=("Polygon",),
)  # fmt: skip

OVERSIZED = TableSchema(
    "oversized", "Community size", "社区规模", "a community, oversized ones first",
    (
        _COMMUNITY, _NAME, _HOUSEHOLDS, _PERSONS, _number("area_km2", "area (km²)", "面积（平方千米）", unit="km²"),
        Column("size", "choice", "size", "规模", "``oversized``, ``undersized``, ``within`` or ``unknown``.", choices=SIZES),
        _RULE,
        _number("value", "value", "数值", "What was measured, in the rule's unit."),
        _number("threshold", "threshold", "阈值"), _text("unit", "unit", "单位"),
        _number("margin", "margin", "余量", "Positive inside the limit, negative outside."),
        _integer("parts_min", "parts at least", "至少拆分数", "Fewest parts that bring it within the limit."),
        _REASON, _CLAUSE, _text("status", "status", "依据性质"),
    ),
    key="community_id", geometry=("Polygon",),
)  # fmt: skip

PREMISES_CHECKS = TableSchema(
    "premises_checks", "Premises checks", "阵地面积核查", "a premises",
    (
        _text("premises_id", "premises id", "阵地编码"), _COMMUNITY, _NAME,
        _number("floor_area_m2", "floor area (m²)", "建筑面积（平方米）", unit="m²"),
        _number("minimum_m2", "minimum (m²)", "下限（平方米）", unit="m²"),
        _number("shortfall_m2", "shortfall (m²)", "缺口（平方米）", "0 when met.", "m²"),
        _verdict(), _REASON, _CLAUSE,
        _HOUSEHOLDS,
        _number("community_floor_area_m2", "community's total floor area (m²)", "社区阵地总面积（平方米）", unit="m²"),
        _number("household_minimum_m2", "minimum by households (m²)", "按户数下限（平方米）", unit="m²"),
        _number("household_shortfall_m2", "shortfall by households (m²)", "按户数缺口（平方米）", unit="m²"),
        _verdict("household_verdict", "verdict by households", "按户数结论"),
        _text("household_clause", "clause by households", "按户数依据条款"),
    ),
    key="premises_id", geometry=("Point", "Polygon"),
)  # fmt: skip

LEVEL_CHECKS = TableSchema(
    "level_checks", "Circle size by level", "生活圈规模核查", "a unit and a circle level",
    (
        _text("unit_table", "table", "单元表", "Input table of the unit: ``centres``."),
        _text("unit_id", "unit id", "单元编码"), _NAME,
        _integer("level", "level (min)", "级别（分钟）"), _RULE,
        _number("value", "value", "数值"), _number("threshold", "threshold", "阈值"), _text("unit", "unit", "单位"),
        _number("margin", "margin", "余量"), _verdict(), _REASON, _CLAUSE, _text("status", "status", "依据性质"),
    ),
)  # fmt: skip

FACILITY_KINDS = TableSchema(
    "facility_kinds", "Facility kinds", "设施类型", "a kind of facility, those that no category counts first",
    (
        _text("kind", "kind", "类型", "The word in table ``facilities``."),
        _integer("facilities", "facilities", "设施数"),
        _text("categories", "counted in", "计入类别", "Category ids of the standard, comma-separated; empty: none counts it."),
    ),
)  # fmt: skip

INDICATORS = TableSchema(
    "indicators", "Headline", "主要指标", "a headline figure",
    (
        _text("indicator", "indicator", "指标代码"), _text("label", "label", "指标"),
        _number("value", "value", "数值"), _text("unit", "unit", "单位"),
    ),
    key="indicator",
)  # fmt: skip

_LON = _number("lon", "longitude", "经度", "WGS84 longitude of the place.", "°")
_LAT = _number("lat", "latitude", "纬度", "WGS84 latitude of the place.", "°")
FAULT_KINDS = ("undershoot", "overlap", "zero_length", "barrier_crossing", "far_snap", "off_network")

NETWORK_COMPONENTS = TableSchema(
    "network_components", "Network components", "路网连通片", "a part of the network that hangs together, longest first",
    (
        _integer("component", "component", "连通片", "1 is the longest."),
        _integer("nodes", "junctions and ends", "节点数"), _integer("edges", "edges", "路段数"),
        _number("length_m", "street length (m)", "道路长度（米）", unit="m"),
        _integer("residences", "residences", "居住点数",
                 "Residences on it; one with doors on several components counts for the longest."),
        _number("residence_share", "share of residences", "居住点占比", "Of all residences.", "ratio"),
        _integer("persons", "persons", "人数"),
        _number("person_share", "share of persons", "人数占比", "Of all persons.", "ratio"),
        _LON, _LAT,
    ),
    key="component", geometry=("Point",),
)  # fmt: skip

NETWORK_FAULTS = TableSchema(
    "network_faults", "Network faults", "路网问题", "a place where the network may be wrong",
    (
        Column("kind", "choice", "kind of fault", "问题类型", "What is wrong there.", choices=FAULT_KINDS),
        _text("street_id", "street id", "道路编码", "Street at fault, or street met."),
        _text("table", "table of the other", "对象所在表", "Input table of ``other_id``."),
        _text("other_id", "other id", "对象编码", "The other street, the barrier, or the place."),
        _number("value", "value", "数值", "What was measured, in ``unit``."), _text("unit", "unit", "单位"),
        _text("reason", "reason", "原因", "Message key ``reason.*``: what is wrong."),
        _text("cure", "cure", "处理办法", "Message key ``cure.*``: what to do about it."),
        _LON, _LAT,
    ),
    geometry=("Point",),
)  # fmt: skip

NETWORK_REPAIRS = TableSchema(
    "network_repairs", "Network repairs", "路网修补", "a dead end that was joined to a street",
    (
        _text("street_id", "street id", "道路编码", "Street with the dead end."),
        _text("other_id", "joined to", "接入道路", "Street it now joins."),
        _number("gap_m", "gap closed (m)", "补接长度（米）", unit="m"),
        Column("extended", "flag", "street extended", "道路已延长", "The street got a vertex at its end; no vertex was moved."),
        Column("vertex_added", "flag", "vertex added", "已加节点", "The other street got a vertex where they join."),
        _LON, _LAT,
    ),
    geometry=("Point",),
)  # fmt: skip

QUARANTINE = TableSchema(
    "quarantine", "Quarantine", "隔离清单", "a fault in the input",
    (
        _text("table", "table", "表"), _integer("row", "row", "行号", "Number of the data row in its file, from 1."),
        _text("id", "id", "编码"), _text("column", "column", "列"),
        _text("value", "value", "原值", "What stood there."),
        _text("code", "fault", "问题代码", "Message key ``fault.*``."),
        Column("effect", "choice", "effect", "处理", "``set_aside``: not used; ``kept``: used, but noted.", choices=EFFECTS),
    ),
)  # fmt: skip

RESULT_TABLES: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        INDICATORS, COVERAGE_BY_CATEGORY, COVERAGE_BY_COMMUNITY, COVERAGE_BY_COMMUNITY_CATEGORY, COVERAGE_BY_CENTRE,
        OVERSIZED, PREMISES_CHECKS, LEVEL_CHECKS, FACILITY_KINDS, GAPS, COMPLETENESS, REACH, SERVICE_CIRCLES, SNAPS,
        NETWORK_COMPONENTS, NETWORK_FAULTS, NETWORK_REPAIRS, QUARANTINE,
    )
}  # fmt: skip
"""In the order in which a reader wants them."""


def finish(frame: pd.DataFrame, name: str, *, crs: object = None) -> pd.DataFrame:
    """
    Return a computed frame in the declared shape of result table ``name``.

    Parameters
    ----------
    frame
        Has every declared column (the key as a column), plus ``geometry`` if the table has one.
    name
        A name in `RESULT_TABLES`.
    crs
        CRS of the geometry, for a frame that does not carry one.

    Raises
    ------
    SchemaError
        If a declared column is absent.
    """
    schema = RESULT_TABLES[name]
    absent = [column.name for column in schema.columns if column.name not in frame.columns]
    if absent:
        raise SchemaError("error.result_columns", table=name, columns=", ".join(absent))
    shaped = pd.DataFrame(
        {column.name: frame[column.name].astype(_DTYPES[column.kind]) for column in schema.columns}
    )
    if schema.geometry:
        shaped = gpd.GeoDataFrame(
            shaped, geometry=frame["geometry"].to_numpy(), crs=crs or getattr(frame, "crs", None)
        )
    if schema.key:
        return shaped.set_index(schema.key)
    return shaped.reset_index(drop=True)
