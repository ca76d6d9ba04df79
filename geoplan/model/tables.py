"""
Every input table, declared once.

This declaration drives reading, validation, templates and the reference. The result tables are
declared beside it, in ``result_tables.py``.
"""

from __future__ import annotations

from geoplan.model.schema import Column, TableSchema

__all__ = ["BARRIER_KINDS", "CENTRE_LEVELS", "GRID_SYSTEMS", "INPUT_TABLES", "STREET_LEVELS"]

CENTRE_LEVELS = ("district", "community")
STREET_LEVELS = ("ground", "bridge", "tunnel")
GATE_STATES = ("open", "closed")
BARRIER_KINDS = ("river", "railway", "expressway", "wall")
BARRIER_SEVERITIES = ("impassable", "passable")
GRID_SYSTEMS = ("party", "safety", "fire", "city", "air")
"""The five nets: 党建, 综治, 消防, 城管, 大气."""


def _id(name: str, en: str, zh: str, *aliases: str) -> Column:
    return Column(
        name,
        "text",
        en,
        zh,
        "Unique identifier; names are not keys.",
        required=True,
        nullable=False,
        aliases=aliases,
    )


def _reference(name: str, table: str, en: str, zh: str, *aliases: str) -> Column:
    return Column(
        name, "text", en, zh, f"Identifier of a row of ``{table}``.", aliases=aliases, references=table
    )


def _count(name: str, en: str, zh: str, meaning: str, *aliases: str) -> Column:
    return Column(name, "integer", en, zh, meaning, minimum=0, aliases=aliases)


def _area(meaning: str) -> Column:
    return Column(
        "floor_area_m2", "number", "floor area (m²)", "建筑面积（平方米）", meaning, unit="m²", minimum=0,
        aliases=("面积", "建筑面积", "用房面积", "floor_area"),
    )  # fmt: skip


_NAME = Column("name", "text", "name", "名称", "Name for people.", aliases=("名字", "全称"))
_HOUSEHOLDS = _count("households", "households", "户数", "Households living there.", "总户数", "住户数")
_PERSONS = _count("persons", "persons", "人数", "Persons living there.", "人口", "总人口", "常住人口")
_CAPACITY = _count("capacity", "capacity (persons)", "容量（人）", "Persons it can serve.", "容量")
_ENTRANCES = Column(
    "entrances", "points", "entrances", "出入口",
    "Doors or gates through which people walk in and out: WKT MULTIPOINT in the layer's own CRS. "
    "Missing: one point inside the geometry stands for it.",
)  # fmt: skip

SUBDISTRICTS = TableSchema(
    "subdistricts", "Subdistricts", "街道", "a subdistrict (街道)",
    (_id("subdistrict_id", "subdistrict id", "街道编码", "街道代码"), _NAME),
    key="subdistrict_id", geometry=("Polygon",),
)  # fmt: skip

COMMUNITIES = TableSchema(
    "communities", "Communities", "社区", "a community (社区)",
    (
        _id("community_id", "community id", "社区编码", "社区代码"),
        _NAME,
        _reference("subdistrict_id", "subdistricts", "subdistrict id", "街道编码", "街道代码"),
        _HOUSEHOLDS,
        _PERSONS,
        _count("social_organisations", "social organisations", "社会组织数", "Registered social organisations.", "社会组织"),
    ),
    key="community_id", geometry=("Polygon",),
)  # fmt: skip

RESIDENCES = TableSchema(
    "residences", "Residences", "居住点", "a compound (小区) or building: where people live",
    (
        _id("residence_id", "residence id", "居住点编码", "小区编码", "小区代码"),
        _reference("community_id", "communities", "community id", "社区编码", "社区代码"),
        _NAME,
        _HOUSEHOLDS,
        _PERSONS,
        _count("elderly_persons", "elderly persons", "老年人数", "Persons of 60 and over.", "老年人口"),
        _ENTRANCES,
    ),
    key="residence_id", geometry=("Point", "Polygon"), geometry_required=True,
)  # fmt: skip

FACILITIES = TableSchema(
    "facilities", "Facilities", "服务设施", "a service point",
    (
        _id("facility_id", "facility id", "设施编码", "设施代码"),
        Column(
            "kind", "text", "kind", "类型", "Facility kind, a word the standard's categories use.",
            required=True, nullable=False, aliases=("设施类型", "类别"),
        ),
        _NAME,
        Column(
            "service_level", "integer", "service level (minutes)", "服务级别（分钟）",
            "Circle it was built for: 15, 10 or 5 minutes. Missing: serves whoever reaches it.", minimum=1,
        ),
        _ENTRANCES,
        _area("Floor area."),
        _CAPACITY,
    ),
    key="facility_id", geometry=("Point", "Polygon"), geometry_required=True,
)  # fmt: skip

CENTRES = TableSchema(
    "centres", "Party-service centres", "党群服务中心", "a party-service centre (党群服务中心)",
    (
        _id("centre_id", "centre id", "中心编码", "中心代码"),
        Column(
            "level", "choice", "level", "级别", "``district`` or ``community``.",
            required=True, nullable=False, choices=CENTRE_LEVELS, aliases=("层级",),
        ),
        _NAME,
        _reference("community_id", "communities", "community id", "社区编码", "社区代码"),
        _area("Floor area."),
        _CAPACITY,
        _ENTRANCES,
    ),
    key="centre_id", geometry=("Point", "Polygon"), geometry_required=True,
)  # fmt: skip

PREMISES = TableSchema(
    "premises", "Community premises", "社区阵地", "a community's premises (阵地)",
    (
        _id("premises_id", "premises id", "阵地编码", "阵地代码"),
        _reference("community_id", "communities", "community id", "社区编码", "社区代码"),
        _NAME,
        _area("Floor area of the premises."),
    ),
    key="premises_id", geometry=("Point", "Polygon"),
)  # fmt: skip

STREETS = TableSchema(
    "streets", "Streets", "步行道路", "a walkable segment",
    (
        _id("street_id", "street id", "道路编码", "道路代码"),
        _NAME,
        Column("kind", "text", "kind", "类型", "Class of the way, such as ``footway`` or ``arterial``."),
        Column(
            "level", "choice", "level", "层位", "``ground``, ``bridge`` or ``tunnel``. Missing: ground. "
            "Bridges and tunnels join other streets only at their ends.", choices=STREET_LEVELS,
        ),
        Column("steps", "flag", "steps", "台阶", "The segment is a stairway. Missing: no."),
        Column(
            "one_way", "flag", "one way", "单向", "People may walk from the first vertex to the last only, as "
            "on an escalator. Missing: no.",
        ),
        Column(
            "crossings", "number", "crossings", "过街次数", "How often people wait to cross a carriageway on the "
            "segment; a piece of one crossing counts by its share. Missing: none.", minimum=0,
        ),
        Column(
            "climb_m", "number", "climb (m)", "高差（米）", "How much higher the last vertex lies than the first; "
            "negative downhill. Missing: level, or taken from the study's DEM.", unit="m",
        ),
        Column(
            "gate", "choice", "gate", "门禁", "State of a gate on the segment; a closed one cannot be walked. "
            "Missing: no gate.", choices=GATE_STATES,
        ),
        Column(
            "gate_hours", "text", "gate hours", "门禁时间", "Opening hours of the gate, such as ``06:00-22:00``; "
            "``24/7``: always. Verdicts go by ``gate``; hours tell how sure they are. Missing: not known.",
            aliases=("开放时间", "opening_hours"),
        ),
    ),
    key="street_id", geometry=("LineString",), geometry_required=True,
)  # fmt: skip

BARRIERS = TableSchema(
    "barriers", "Barriers", "阻隔", "a river, railway, expressway or wall",
    (
        _id("barrier_id", "barrier id", "阻隔编码"),
        Column("kind", "choice", "kind", "类型", "What it is.", required=True, nullable=False, choices=BARRIER_KINDS),
        Column(
            "severity", "choice", "severity", "阻隔程度", "Whether it can be crossed on foot away from streets. "
            "Missing: impassable.", choices=BARRIER_SEVERITIES,
        ),
        _NAME,
    ),
    key="barrier_id", geometry=("LineString", "Polygon"), geometry_required=True,
)  # fmt: skip

GRIDS = TableSchema(
    "grids", "Grids", "网格", "a cell of one grid system (党建, 综治, 消防, 城管, 大气)",
    (
        _id("grid_id", "grid id", "网格编码"),
        _reference("community_id", "communities", "community id", "社区编码", "社区代码"),
        Column(
            "system", "choice", "system", "网格体系", "Which of the five nets the cell belongs to.",
            required=True, nullable=False, choices=GRID_SYSTEMS,
        ),
        _NAME,
    ),
    key="grid_id", geometry=("Polygon",), geometry_required=True,
)  # fmt: skip

DEPARTMENTS = TableSchema(
    "departments", "Departments", "结对部门", "a unit to be paired with communities",
    (
        _id("department_id", "department id", "部门编码"),
        _NAME,
        _reference("community_id", "communities", "community id", "社区编码", "社区代码"),
    ),
    key="department_id", geometry=("Point", "Polygon"),
)  # fmt: skip

INPUT_TABLES: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        SUBDISTRICTS, COMMUNITIES, RESIDENCES, FACILITIES, CENTRES, PREMISES, STREETS, BARRIERS, GRIDS, DEPARTMENTS,
    )
}  # fmt: skip
