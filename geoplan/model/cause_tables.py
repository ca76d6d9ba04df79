"""Result tables that explain coverage: causes of failure, and what stands in the way."""

from __future__ import annotations

from geoplan.model.declare import (
    COMMUNITY,
    HOUSEHOLDS,
    LIMIT,
    NAME,
    PERSONS,
    REASON,
    RESIDENCE,
    SERVICE,
    integer,
    number,
    text,
    verdict,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["CAUSES", "CAUSE_TABLES", "OBSTACLE_KINDS"]

CAUSES = (
    "unknown_data", "bad_snap", "no_facility", "closed_gate", "severed", "speed_profile", "none_near", "detour",
)  # fmt: skip
"""The first that holds is the cause: the cheapest to cure first."""
OBSTACLE_KINDS = ("gate", "railway", "river", "expressway", "wall", "several")

_CAUSE = Column(
    "cause", "choice", "cause", "成因", "Why it does not pass; see `geoplan.analysis.causes`.", choices=CAUSES
)

CAUSES_TABLE = TableSchema(
    "causes", "Causes of failure", "未达标成因", "a residence and a service that does not pass",
    (
        RESIDENCE, COMMUNITY, NAME, SERVICE, verdict(), _CAUSE, REASON,
        text("barrier_id", "barrier id", "阻隔编码", "Barrier without which it would pass; two, comma-separated, if both must go."),
        text("street_id", "gate: street id", "门禁所在道路编码", "Street whose gate, once open, lets it pass; several, comma-separated, if all must open. Beside a barrier: both must go."),
        text("obstacle_name", "barrier or gate", "阻隔或门禁名称", "Its name; of a gate without one, what lies nearest."),
        text("place_id", "place", "对应设施", "Facility or centre: the one reached once the cause is gone; else the nearest as the crow flies."),
        number("minutes", "walk now (min)", "现步行时间（分钟）", "Walk to the nearest that counts, as in ``reach``.", "min"),
        number("minutes_counterfactual", "walk without the cause (min)", "消除成因后步行时间（分钟）", "To ``place_id``; missing where the cause is not one to take away.", "min"),
        LIMIT,
        number("walk_m", "walk to the place (m)", "至对应设施步行距离（米）", "Today; missing where none leads there or none was looked for.", "m"),
        number("air_m", "straight line (m)", "直线距离（米）", "From door to door.", "m"),
        number("detour_ratio", "walk / straight line", "绕行系数", "Walk to the place over the straight line."),
        HOUSEHOLDS, PERSONS,
    ),
    geometry=("LineString",),
)  # fmt: skip

CAUSES_BY_SERVICE = TableSchema(
    "causes_by_service", "Causes of failure by service", "未达标成因汇总", "a service and a cause",
    (
        SERVICE, _CAUSE, integer("residences", "residences", "居住点数"), HOUSEHOLDS, PERSONS,
        number("person_share", "share of persons not passing", "占未达标人数比例", "Of the persons of this service who do not pass.", "ratio"),
    ),
)  # fmt: skip

OBSTACLES = TableSchema(
    "obstacles", "Barriers and gates in the way", "造成未达标的阻隔与门禁", "a barrier or a gate, or several together, without which somebody would pass",
    (
        text("obstacle_id", "id", "编码", "Barrier, or street with the gate; several, comma-separated, if all must go."),
        Column("obstacle_kind", "choice", "kind", "类型", "What it is; ``several``: of different kinds, which must go together.", choices=OBSTACLE_KINDS),
        NAME,
        integer("walks", "residence and service pairs", "居住点与服务对数", "That would pass without it."),
        integer("residences", "residences", "居住点数"), HOUSEHOLDS, PERSONS,
        text("services", "services", "涉及服务", "Comma-separated."),
    ),
    key="obstacle_id", geometry=("Point", "LineString", "Polygon"),
)  # fmt: skip

GAP_PLACES = TableSchema(
    "gap_places", "Places where people are left out", "缺口片区", "a place and a service that its people do not reach, most persons first",
    (
        text("place_id", "place", "片区", "The service, a dash and its rank within the service."),
        SERVICE, NAME, COMMUNITY,
        integer("residences", "residences", "居住点数"), HOUSEHOLDS, PERSONS,
        integer("elderly_persons", "elderly persons", "老年人数"),
        Column("cause", "choice", "main cause", "主要成因", "That of most persons.", choices=CAUSES),
        number("cause_share", "share of the main cause", "主要成因占比", "Of its persons.", "ratio"),
        text("obstacle_ids", "barriers and gates", "相关阻隔与门禁", "As its causes name them, semicolon-separated, most persons first."),
        number("mean_minutes", "mean walk (min)", "平均步行时间（分钟）", "Over persons with a way.", "min"), LIMIT,
        text("residence_ids", "residence ids", "居住点", "Comma-separated."),
    ),
    key="place_id", geometry=("Polygon",),
)  # fmt: skip

CAUSE_TABLES = (CAUSES_BY_SERVICE, OBSTACLES, GAP_PLACES, CAUSES_TABLE)
