"""
Every result table, declared once.

``finish`` puts a computed frame into its declared shape: columns, order, dtypes, index, row order.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geoplan.errors import SchemaError
from geoplan.model.access_tables import ACCESS_TABLES
from geoplan.model.cause_tables import CAUSE_TABLES
from geoplan.model.declare import (
    CENTRE,
    CLAUSE,
    COMMUNITY,
    HOUSEHOLDS,
    LEVEL,
    LIMIT,
    NAME,
    PERSONS,
    REASON,
    RESIDENCE,
    RULE,
    SERVICE,
    VERDICTS,
    integer,
    number,
    text,
    verdict,
)
from geoplan.model.fix_tables import FIX_TABLES
from geoplan.model.recheck_tables import RECHECK_TABLES
from geoplan.model.scenario_tables import SCENARIO_TABLES
from geoplan.model.schema import Column, ColumnKind, TableSchema
from geoplan.model.site_tables import SITE_TABLES
from geoplan.model.split_tables import SPLIT_TABLES
from geoplan.model.stability_tables import RANGE_COLUMNS, STABILITY_TABLES

__all__ = ["CENTRE_SERVICES", "FAULT_KINDS", "RESULT_TABLES", "VERDICTS", "finish"]

SIZES = ("oversized", "undersized", "within", "unknown")
EFFECTS = ("set_aside", "kept")
CENTRE_SERVICES = ("centre_any", "centre_district", "centre_community")
"""What stands in column ``service`` beside the standard's category ids."""

_DTYPES: dict[ColumnKind, str] = {
    "text": "str", "choice": "str", "integer": "Int64", "number": "float64", "flag": "boolean", "points": "object",
}  # fmt: skip


REACH = TableSchema(
    "reach", "Reach", "步行可达", "a residence and a service",
    (
        RESIDENCE, SERVICE,
        number("minutes", "walk (min)", "步行时间（分钟）",
                "Walk to the nearest that counts; missing if there is none or no way.", "min"),
        number("metres", "walk (m)", "步行距离（米）", "Length of that walk, access legs included.", "m"),
        text("nearest_id", "nearest", "最近设施", "Id of the facility or centre reached in that time."),
        LIMIT,
        number("margin_minutes", "margin (min)", "余量（分钟）", "Limit less walk; negative when too far.", "min"),
        verdict(), REASON, CLAUSE,
    ),
)  # fmt: skip

COMPLETENESS = TableSchema(
    "completeness", "Completeness by residence", "居住点五民完备度", "a residence",
    (
        RESIDENCE, COMMUNITY, NAME, HOUSEHOLDS, PERSONS,
        integer("completeness", "categories within reach", "可达类别数", "How many categories pass (0-5)."),
        text("categories_failed", "categories failing", "未达标类别", "Ids, comma-separated."),
        text("categories_unknown", "categories unknown", "数据不足类别", "Ids, comma-separated."),
        verdict("verdict_all_five", "all categories", "五类齐全"),
        verdict("verdict_any_centre", "any centre", "任一中心可达"),
        verdict("verdict_district_centre", "district centre", "区级中心可达"),
        verdict("verdict_community_centre", "community centre", "社区级中心可达"),
        Column("buffer_any_centre", "flag", "centre within straight-line radius", "直线半径内有中心",
               "Straight-line figure, for comparison only."),
    ),
    key="residence_id", geometry=("Point",),
)  # fmt: skip

_COUNTS = (
    integer("persons", "persons", "人数"),
    integer("persons_pass", "persons passing", "达标人数"),
    integer("persons_fail", "persons failing", "未达标人数"),
    integer("persons_unknown", "persons unknown", "数据不足人数"),
    number("coverage_rate", "coverage rate", "覆盖率", "Persons passing of all persons; unknown does not pass.", "ratio"),
    integer("households", "households", "户数"),
    integer("households_pass", "households passing", "达标户数"),
    integer("households_fail", "households failing", "未达标户数"),
    integer("households_unknown", "households unknown", "数据不足户数"),
    number("household_coverage_rate", "household coverage rate", "户覆盖率",
            "Households passing of all households.", "ratio"),
)  # fmt: skip

COVERAGE_BY_COMMUNITY = TableSchema(
    "coverage_by_community", "Coverage by community", "社区覆盖情况", "a community",
    (
        COMMUNITY, NAME, text("subdistrict_id", "subdistrict id", "街道编码"),
        integer("residences", "residences", "居住点数"),
        integer("persons", "persons", "人数", "Persons of its residences."),
        integer("households", "households", "户数", "Households of its residences."),
        integer("persons_all_five", "persons with all categories", "五类齐全人数"),
        integer("persons_unknown_all_five", "persons unknown", "数据不足人数"),
        number("coverage_rate_all_five", "coverage rate, all categories", "五类齐全覆盖率", unit="ratio"),
        integer("households_all_five", "households with all categories", "五类齐全户数"),
        number("household_coverage_rate_all_five", "household coverage rate, all categories", "五类齐全户覆盖率", unit="ratio"),
        number("mean_completeness", "mean completeness", "平均完备度", "Mean number of categories within reach, by persons."),
        number("coverage_rate_any_centre", "coverage rate, any centre", "任一中心覆盖率", unit="ratio"),
        number("coverage_rate_district_centre", "coverage rate, district centre", "区级中心覆盖率", unit="ratio"),
        number("coverage_rate_community_centre", "coverage rate, community centre", "社区级中心覆盖率", unit="ratio"),
    ),
    key="community_id", geometry=("Polygon",),
)  # fmt: skip

COVERAGE_BY_CATEGORY = TableSchema(
    "coverage_by_category", "Coverage by category", "类别覆盖情况", "a service",
    (
        SERVICE, text("service_name", "service name", "服务名称"),
        integer("facilities", "facilities", "设施数", "Facilities or centres that count."),
        LIMIT, *_COUNTS,
        text("status", "status", "依据性质", "``official``, ``borrowed`` or ``assumed``: what its definition rests on."),
        CLAUSE,
    ),
    key="service",
)  # fmt: skip

COVERAGE_BY_COMMUNITY_CATEGORY = TableSchema(
    "coverage_by_community_category", "Coverage by community and category", "社区分类覆盖情况", "a community and a service",
    (COMMUNITY, SERVICE, *_COUNTS),
)  # fmt: skip

COVERAGE_BY_CENTRE = TableSchema(
    "coverage_by_centre", "Coverage by centre", "中心覆盖情况", "a centre",
    (
        CENTRE, LEVEL, NAME, COMMUNITY, LIMIT,
        integer("residences_reached", "residences reached", "可达居住点数"),
        integer("persons_reached", "persons reached", "可达人数", "Persons within the walk."),
        integer("households_reached", "households reached", "可达户数"),
        integer("persons_catchment", "persons in catchment", "服务范围人数",
                 "Persons within the walk for whom it is the nearest centre of any level."),
        integer("households_catchment", "households in catchment", "服务范围户数"),
        integer("persons_buffer", "persons in straight-line radius", "直线半径内人数", "For comparison only."),
        number("snap_m", "distance to street (m)", "离路距离（米）", unit="m"),
        REASON, CLAUSE,
    ),
    key="centre_id", geometry=("Point", "Polygon"),
)  # fmt: skip

GAPS = TableSchema(
    "gaps", "Gaps", "缺口", "a residence and a category that does not pass",
    (
        RESIDENCE, COMMUNITY, NAME, PERSONS, HOUSEHOLDS, SERVICE,
        number("minutes", "walk (min)", "步行时间（分钟）", unit="min"), LIMIT,
        text("nearest_id", "nearest", "最近设施"), verdict(), REASON,
    ),
    geometry=("Point",),
)  # fmt: skip

SNAPS = TableSchema(
    "snaps", "Snap report", "接入路网情况", "an entrance",
    (
        text("table", "table", "表"), text("id", "id", "编码"),
        integer("entrance", "entrance", "出入口序号", "Number of the entrance within its row, from 0."),
        number("snap_m", "distance to street (m)", "离路距离（米）", "Missing if beyond the cap.", "m"),
        text("street_id", "street id", "道路编码"), text("reason", "reason", "原因", "Empty if snapped; else a message key."),
    ),
)  # fmt: skip

SERVICE_CIRCLES = TableSchema(
    "service_circles", "Service circles", "服务圈", "a centre and a time",
    (
        CENTRE, LEVEL, NAME, number("minutes", "minutes", "分钟", unit="min"),
        number("area_m2", "area (m²)", "面积（平方米）", unit="m²"),
        number("street_length_m", "reached street length (m)", "可达道路长度（米）", unit="m"),
        number("missed_length_m", "reached street outside the circle (m)", "圈外可达道路长度（米）",
                "Reached street that the polygon leaves out.", "m"),
        number("unreached_length_inside_m", "unreached street in the circle (m)", "圈内不可达道路长度（米）",
                "Street inside the polygon that is not reached in time.", "m"),
    ),
    geometry=("Polygon",),
)  # fmt: skip

OVERSIZED = TableSchema(
    "oversized", "Community size", "社区规模", "a community, oversized ones first",
    (
        COMMUNITY, NAME, HOUSEHOLDS, PERSONS, number("area_km2", "area (km²)", "面积（平方千米）", unit="km²"),
        Column("size", "choice", "size", "规模", "``oversized``, ``undersized``, ``within`` or ``unknown``.", choices=SIZES),
        RULE,
        number("value", "value", "数值", "What was measured, in the rule's unit."),
        number("threshold", "threshold", "阈值"), text("unit", "unit", "单位"),
        number("margin", "margin", "余量", "Positive inside the limit, negative outside."),
        integer("parts_min", "parts at least", "至少拆分数", "Fewest parts that bring it within the limit."),
        integer("parts_max", "parts at most", "至多拆分数", "Most parts that can each reach the minimum of a (new) community; missing: none stated, or households unknown."),
        REASON, CLAUSE, text("status", "status", "依据性质"),
    ),
    key="community_id", geometry=("Polygon",),
)  # fmt: skip

SIZE_MATRIX = TableSchema(
    "size_matrix", "Community size under several standards", "社区规模：各标准对照", "a community and a standard pack",
    (
        COMMUNITY, NAME, text("standard_id", "standard", "标准"),
        Column("size", "choice", "size", "规模", "``oversized``, ``undersized``, ``within`` or ``unknown``.", choices=SIZES),
        RULE, number("value", "value", "数值", "What was measured, in the rule's unit."),
        number("threshold", "threshold", "阈值"), text("unit", "unit", "单位"),
        number("margin", "margin", "余量", "Positive inside the limit, negative outside."),
        integer("parts_min", "parts at least", "至少拆分数", "Fewest parts that bring it within the limit."),
        integer("parts_max", "parts at most", "至多拆分数", "Most parts that can each reach the minimum of a (new) community; missing: none stated, or households unknown."),
        REASON, CLAUSE, text("status", "status", "依据性质"),
    ),
)  # fmt: skip

PREMISES_CHECKS = TableSchema(
    "premises_checks", "Premises checks", "阵地面积核查", "a premises",
    (
        text("premises_id", "premises id", "阵地编码"), COMMUNITY, NAME,
        number("floor_area_m2", "floor area (m²)", "建筑面积（平方米）", unit="m²"),
        number("minimum_m2", "minimum (m²)", "下限（平方米）", unit="m²"),
        number("shortfall_m2", "shortfall (m²)", "缺口（平方米）", "0 when met.", "m²"),
        verdict(), REASON, CLAUSE,
        HOUSEHOLDS,
        number("community_floor_area_m2", "community's total floor area (m²)", "社区阵地总面积（平方米）", unit="m²"),
        number("household_minimum_m2", "minimum by households (m²)", "按户数下限（平方米）", unit="m²"),
        number("household_shortfall_m2", "shortfall by households (m²)", "按户数缺口（平方米）", unit="m²"),
        verdict("household_verdict", "verdict by households", "按户数结论"),
        text("household_clause", "clause by households", "按户数依据条款"),
    ),
    key="premises_id", geometry=("Point", "Polygon"),
)  # fmt: skip

LEVEL_CHECKS = TableSchema(
    "level_checks", "Circle size by level", "生活圈规模核查", "a unit and a circle level",
    (
        text("unit_table", "table", "单元表", "Input table of the unit: ``centres``."),
        text("unit_id", "unit id", "单元编码"), NAME,
        integer("level", "level (min)", "级别（分钟）"), RULE,
        number("value", "value", "数值"), number("threshold", "threshold", "阈值"), text("unit", "unit", "单位"),
        number("margin", "margin", "余量"), verdict(), REASON, CLAUSE, text("status", "status", "依据性质"),
    ),
)  # fmt: skip

FACILITY_KINDS = TableSchema(
    "facility_kinds", "Facility kinds", "设施类型", "a kind of facility, those that no category counts first",
    (
        text("kind", "kind", "类型", "The word in table ``facilities``."),
        integer("facilities", "facilities", "设施数"),
        text("categories", "counted in", "计入类别", "Category ids of the standard, comma-separated; empty: none counts it."),
    ),
)  # fmt: skip

INDICATORS = TableSchema(
    "indicators", "Headline", "主要指标", "a headline figure",
    (
        text("indicator", "indicator", "指标代码"), text("label", "label", "指标"),
        number("value", "value", "数值"), text("unit", "unit", "单位"), *RANGE_COLUMNS,
    ),
    key="indicator",
)  # fmt: skip

_LON = number("lon", "longitude", "经度", "WGS84 longitude of the place.", "°")
_LAT = number("lat", "latitude", "纬度", "WGS84 latitude of the place.", "°")
FAULT_KINDS = ("undershoot", "overlap", "zero_length", "barrier_crossing", "far_snap", "off_network")

NETWORK_COMPONENTS = TableSchema(
    "network_components", "Network components", "路网连通片", "a part of the network that hangs together, longest first",
    (
        integer("component", "component", "连通片", "1 is the longest."),
        integer("nodes", "junctions and ends", "节点数"), integer("edges", "edges", "路段数"),
        number("length_m", "street length (m)", "道路长度（米）", unit="m"),
        integer("residences", "residences", "居住点数",
                 "Residences on it; one with doors on several components counts for the longest."),
        number("residence_share", "share of residences", "居住点占比", "Of all residences.", "ratio"),
        integer("persons", "persons", "人数"),
        number("person_share", "share of persons", "人数占比", "Of all persons.", "ratio"),
        _LON, _LAT,
    ),
    key="component", geometry=("Point",),
)  # fmt: skip

NETWORK_FAULTS = TableSchema(
    "network_faults", "Network faults", "路网问题", "a place where the network may be wrong",
    (
        Column("kind", "choice", "kind of fault", "问题类型", "What is wrong there.", choices=FAULT_KINDS),
        text("street_id", "street id", "道路编码", "Street at fault, or street met."),
        text("table", "table of the other", "对象所在表", "Input table of ``other_id``."),
        text("other_id", "other id", "对象编码", "The other street, the barrier, or the place."),
        number("value", "value", "数值", "What was measured, in ``unit``."), text("unit", "unit", "单位"),
        text("reason", "reason", "原因", "Message key ``reason.*``: what is wrong."),
        text("cure", "cure", "处理办法", "Message key ``cure.*``: what to do about it."),
        _LON, _LAT,
    ),
    geometry=("Point",),
)  # fmt: skip

NETWORK_REPAIRS = TableSchema(
    "network_repairs", "Network repairs", "路网修补", "a dead end that was joined to a street",
    (
        text("street_id", "street id", "道路编码", "Street with the dead end."),
        text("other_id", "joined to", "接入道路", "Street it now joins."),
        number("gap_m", "gap closed (m)", "补接长度（米）", unit="m"),
        Column("extended", "flag", "street extended", "道路已延长", "The street got a vertex at its end; no vertex was moved."),
        Column("vertex_added", "flag", "vertex added", "已加节点", "The other street got a vertex where they join."),
        _LON, _LAT,
    ),
    geometry=("Point",),
)  # fmt: skip

QUARANTINE = TableSchema(
    "quarantine", "Quarantine", "隔离清单", "a fault in the input",
    (
        text("table", "table", "表"), integer("row", "row", "行号", "Number of the data row in its file, from 1."),
        text("id", "id", "编码"), text("column", "column", "列"),
        text("value", "value", "原值", "What stood there."),
        text("code", "fault", "问题代码", "Message key ``fault.*``."),
        Column("effect", "choice", "effect", "处理", "``set_aside``: not used; ``kept``: used, but noted.", choices=EFFECTS),
    ),
)  # fmt: skip

RESULT_TABLES: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        INDICATORS, *STABILITY_TABLES, COVERAGE_BY_CATEGORY, COVERAGE_BY_COMMUNITY, COVERAGE_BY_COMMUNITY_CATEGORY, COVERAGE_BY_CENTRE,
        OVERSIZED, SIZE_MATRIX, PREMISES_CHECKS, LEVEL_CHECKS, FACILITY_KINDS, *CAUSE_TABLES, *FIX_TABLES, *ACCESS_TABLES, GAPS, COMPLETENESS, REACH,
        SERVICE_CIRCLES, SNAPS,
        NETWORK_COMPONENTS, NETWORK_FAULTS, NETWORK_REPAIRS, *SPLIT_TABLES, *SITE_TABLES, *SCENARIO_TABLES, *RECHECK_TABLES,
        QUARANTINE,
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
