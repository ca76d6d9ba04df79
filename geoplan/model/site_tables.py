"""Result tables of a siting: the sites, what they change for each residence, and whom nothing reaches."""

from __future__ import annotations

from geoplan.model.declare import (
    CENTRE,
    COMMUNITY,
    HOUSEHOLDS,
    LEVEL,
    NAME,
    PERSONS,
    REASON,
    RESIDENCE,
    integer,
    number,
    text,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["CANDIDATE_TABLES", "SITES", "SITE_DEMAND", "SITE_TABLES", "SITE_UNCOVERABLE"]

CANDIDATE_TABLES = ("premises", "layer", "network")
"""Where a candidate comes from; ``network``: premises are still to be found there."""

_BEFORE = number("minutes_before", "walk before (min)", "选址前步行（分钟）", "Walk to the nearest existing centre; missing if none is known.", "min")  # fmt: skip
_AFTER = number("minutes_after", "walk after (min)", "选址后步行（分钟）", "Walk to the centre that serves it; with capacities not always the nearest.", "min")  # fmt: skip

SITES = TableSchema(
    "sites", "Sites for new centres", "新中心选址", "a centre to be added",
    (
        CENTRE, LEVEL, NAME, COMMUNITY,
        Column("candidate_table", "choice", "candidate from", "候选来源", "``network``: premises are still to be found there.", choices=CANDIDATE_TABLES),
        text("candidate_id", "candidate id", "候选编码"),
        number("floor_area_m2", "floor area (m²)", "建筑面积（平方米）", "Missing: not known, or premises to be found.", "m²"),
        integer("capacity", "capacity (persons)", "容量（人）", "Persons it can serve."),
        integer("residences_new", "residences newly reached", "新覆盖居住点数", "Nearest to this site, within the limit, and not before."),
        integer("persons_new", "persons newly reached", "新覆盖人数"),
        integer("households_new", "households newly reached", "新覆盖户数"),
        integer("persons_served", "persons served", "服务人数", "Persons whom the plan gives to this site."),
        integer("households_served", "households served", "服务户数"),
        number("mean_walk_minutes", "mean walk (min)", "平均步行（分钟）", "Over the demand that it serves.", "min"),
        number("max_walk_minutes", "longest walk (min)", "最长步行（分钟）", unit="min"),
        number("snap_m", "distance to street (m)", "离路距离（米）", unit="m"),
        Column("entrances", "points", "entrances", "出入口", "Those of the candidate; missing: one point inside the geometry."),
    ),
    key="centre_id", geometry=("Point", "Polygon"),
)  # fmt: skip

SITE_DEMAND = TableSchema(
    "site_demand", "Who is served by which centre", "选址后服务归属", "a residence",
    (
        RESIDENCE, COMMUNITY, NAME, HOUSEHOLDS, PERSONS, _BEFORE, _AFTER,
        text("centre_before", "centre before", "选址前中心", "Nearest existing centre of the level."),
        text("centre_after", "centre after", "选址后中心", "The centre that serves it; missing: none."),
        Column("reached_before", "flag", "reached before", "选址前可达", "Missing: not known."),
        Column("reached_after", "flag", "reached after", "选址后可达", "Missing: not known."),
        Column("newly_reached", "flag", "newly reached", "新覆盖", "Reached by the plan and not before."),
    ),
    key="residence_id", geometry=("Point",),
)  # fmt: skip

SITE_UNCOVERABLE = TableSchema(
    "site_uncoverable", "Demand that no candidate reaches", "任何候选点都无法覆盖的居住点", "a residence outside the plan",
    (RESIDENCE, COMMUNITY, NAME, HOUSEHOLDS, PERSONS, REASON),
    key="residence_id", geometry=("Point",),
)  # fmt: skip

SITE_TABLES = (SITES, SITE_DEMAND, SITE_UNCOVERABLE)
