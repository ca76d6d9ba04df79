"""Result tables on whom the centres serve, how evenly people reach services, and where the gaps lie."""

from __future__ import annotations

from geoplan.model.declare import (
    CENTRE,
    CLAUSE,
    HOUSEHOLDS,
    LEVEL,
    NAME,
    PERSONS,
    REASON,
    RESIDENCE,
    RULE,
    SERVICE,
    integer,
    number,
    text,
    verdict,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["ACCESS_TABLES", "MATCHES", "PEOPLE", "TIERS"]

PEOPLE = ("all", "elderly", "others")
MATCHES = ("high", "suitable", "low", "missing", "unknown")
TIERS = ("district", "community", "both", "any")

CENTRE_TIERS = TableSchema(
    "centre_tiers", "Coverage by tier of centre", "两级中心覆盖情况", "a tier of centres",
    (
        Column("tier", "choice", "tier", "层级", "``both``: a centre of each level; ``any``: of one of them.", choices=TIERS),
        integer("persons_pass", "persons passing", "达标人数"), integer("persons_fail", "persons failing", "未达标人数"),
        integer("persons_unknown", "persons unknown", "数据不足人数"),
        number("coverage_rate", "coverage rate", "覆盖率", "Of all persons; unknown does not pass.", "ratio"),
        integer("households_pass", "households passing", "达标户数"),
        number("household_coverage_rate", "household coverage rate", "户覆盖率", unit="ratio"),
        integer("elderly_pass", "elderly persons passing", "达标老年人数"),
        number("elderly_coverage_rate", "coverage rate, elderly", "老年人覆盖率", unit="ratio"),
        integer("persons_only", "persons with this tier only", "仅此级可达人数", "Pass this tier and not the other."),
        RULE, CLAUSE,
    ),
    key="tier",
)  # fmt: skip

CENTRE_LOAD = TableSchema(
    "centre_load", "Demand on each centre", "中心服务需求", "a centre and a service it counts for",
    (
        SERVICE, CENTRE, LEVEL, NAME,
        integer("persons_reached", "persons reached", "可达人数", "Persons within the walk."),
        integer("households_reached", "households reached", "可达户数"),
        integer("elderly_reached", "elderly persons reached", "可达老年人数"),
        integer("persons_catchment", "persons in catchment", "服务范围人数", "Persons within the walk for whom it is the nearest that counts."),
        integer("households_catchment", "households in catchment", "服务范围户数"),
        integer("elderly_catchment", "elderly persons in catchment", "服务范围老年人数"),
        integer("persons_shared", "persons reached by others too", "与其他中心重叠人数"),
        integer("persons_sole", "persons reached by it alone", "唯一可达人数", "Who would lose cover if it closed."),
        integer("households_sole", "households reached by it alone", "唯一可达户数"),
        number("capacity", "capacity (persons)", "容量（人）"),
        number("floor_area_m2", "floor area (m²)", "建筑面积（平方米）", unit="m²"),
        number("persons_per_place", "persons in catchment per place", "服务范围人数／容量", "Persons in catchment over capacity."),
        number("area_per_100_households", "m² per 100 households in catchment", "服务范围每百户面积（平方米）", unit="m²/100 households"),
        text("supply", "supply", "供给量取自", "Column the 2SFCA takes as supply: ``capacity`` or ``floor_area_m2``."),
        number("supply_ratio", "supply per person reached", "可达人均供给", "First step of the 2SFCA; missing where the centre's supply is not known."),
    ),
)  # fmt: skip

CENTRE_OVERLAPS = TableSchema(
    "centre_overlaps", "Overlaps of centres", "中心服务重叠", "two centres that some residence reaches both",
    (
        SERVICE, CENTRE, text("other_id", "other centre", "另一中心编码"),
        integer("residences", "residences", "居住点数"), HOUSEHOLDS, PERSONS,
    ),
)  # fmt: skip

CENTRE_ACCESS = TableSchema(
    "centre_access", "Access to centres", "居住点中心可达性", "a residence and a centre service",
    (
        RESIDENCE, SERVICE,
        integer("centres_within", "centres within the walk", "可达中心数"),
        text("sole_centre_id", "only centre", "唯一可达中心", "Where exactly one is within the walk."),
        number("access_2sfca", "2SFCA", "两步移动搜索法可达性", "Supply per person, added up over the centres within the walk."),
        number("access_e2sfca", "E2SFCA", "增强两步移动搜索法可达性", "The same with weights that fall with the time walked."),
    ),
)  # fmt: skip

COMPLIANCE = TableSchema(
    "compliance", "Compliance sheet", "对标核查表", "a centre or community and a rule",
    (
        text("unit_table", "table", "单元表", "``centres`` or ``communities``."),
        text("unit_id", "unit id", "单元编码"), NAME, RULE,
        text("about", "about", "核查对象", "Service, where the rule is about one."),
        number("value", "value", "数值", "What was measured: of several residences or premises, the worst."),
        number("threshold", "threshold", "阈值"), text("unit", "unit", "单位"),
        number("margin", "margin", "余量", "Positive inside the limit, negative outside."),
        verdict(), REASON,
        text("measured_on", "measured on", "数值出处", "Ids of the rows whose figure the value is, as ``table:id,id``; empty where nothing was measured."),
        integer("evidence_count", "rows at fault", "问题行数"),
        text("evidence", "evidence", "证据行", "Ids of the rows at fault, comma-separated, as ``table:id,id``."),
        text("status", "status", "依据性质"), CLAUSE,
    ),
)  # fmt: skip

_UNIT = (
    Column("unit_table", "choice", "table", "单元表", "``study``: the whole; else an input table.", choices=("study", "subdistricts", "communities")),
    text("unit_id", "unit id", "单元编码"), NAME,
)  # fmt: skip

DISTRIBUTION = TableSchema(
    "distribution", "How walks are spread", "步行时间分布", "a unit, a service and a group of people",
    (
        *_UNIT, SERVICE,
        Column("people", "choice", "people", "人群", "``all``, ``elderly`` or ``others``.", choices=PEOPLE),
        integer("persons", "persons", "人数", "Whose walk is known, or known to lead nowhere."),
        integer("persons_unreached", "persons without a way", "无通路人数", "Of these: no walk leads anywhere."),
        integer("persons_unknown", "persons unknown", "数据不足人数", "In no other figure of the row."),
        number("mean_minutes", "mean walk (min)", "平均步行时间（分钟）", "Over persons with a way.", "min"),
        number("median_minutes", "median walk (min)", "步行时间中位数（分钟）", "Missing if half of them have no way.", "min"),
        number("p90_minutes", "nine in ten walk at most (min)", "九成居民步行时间不超过（分钟）", "Missing if a tenth have no way.", "min"),
        number("worst_tenth_minutes", "mean walk of the worst-served tenth (min)", "最差十分之一人群平均步行时间（分钟）", "Missing if any of them has no way.", "min"),
        number("gini", "Gini of the walks", "步行时间基尼系数", "0: all walk as long; over persons with a way."),
    ),
)  # fmt: skip

MATCHING = TableSchema(
    "matching", "Match of facilities and people", "设施配置匹配", "a community or subdistrict and a service",
    (
        *_UNIT, SERVICE, integer("persons", "persons", "人数", "Whose walks are known."),
        number("per_10k_persons", "facilities per 10,000 persons", "每万人可达设施数", "2SFCA with every facility as one; mean over persons."),
        number("quotient", "against the study's mean", "与全域平均之比"),
        Column("match", "choice", "match", "配置类别", "``missing``: nobody reaches any; ``unknown``: no data.", choices=MATCHES),
        RULE, CLAUSE, text("status", "status", "依据性质"),
    ),
)  # fmt: skip

ACCESS_TABLES = (
    CENTRE_TIERS, CENTRE_LOAD, CENTRE_OVERLAPS, CENTRE_ACCESS, COMPLIANCE, DISTRIBUTION, MATCHING,
)  # fmt: skip
