"""Result tables of a comparison: whose verdict or walk differs, and the figures of both sides."""

from __future__ import annotations

from geoplan.model.declare import (
    COMMUNITY,
    HOUSEHOLDS,
    NAME,
    PERSONS,
    RESIDENCE,
    SERVICE,
    integer,
    number,
    text,
    verdict,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["ALL_CATEGORIES", "CHANGES", "SCENARIO_TABLES"]

ALL_CATEGORIES = "all_five"
"""Stands in column ``service`` for all categories together."""

CHANGES = ("gain", "loss", "shorter", "longer", "other", "added", "removed")
"""Passes now; passes no more; the verdict stays but the walk is shorter or longer; else; on one side only."""

_GAINED_LOST = (
    integer("residences_gained", "residences gaining", "受益居住点数", "Pass after, and not before."),
    integer("residences_lost", "residences losing", "受损居住点数", "Passed before, and not after."),
    integer("households_gained", "households gaining", "受益户数"),
    integer("households_lost", "households losing", "受损户数"),
    integer("persons_gained", "persons gaining", "受益人数"),
    integer("persons_lost", "persons losing", "受损人数"),
)

SCENARIO_CHANGES = TableSchema(
    "scenario_changes", "Who gains, who loses", "受益与受损居住点", "a residence and a service that differ",
    (
        RESIDENCE, SERVICE, COMMUNITY, NAME, HOUSEHOLDS, PERSONS,
        Column(
            "change", "choice", "change", "变化", "``gain``: passes, and did not; ``loss``: the reverse; ``shorter``, "
            "``longer``: the walk alone, by more than 0.01 min; ``other``: between fail and unknown; "
            "``added``, ``removed``: decided on one side only.", choices=CHANGES,
        ),
        verdict("verdict_before", "verdict before", "此前结论"),
        verdict("verdict_after", "verdict after", "此后结论"),
        number("minutes_before", "walk before (min)", "此前步行（分钟）", unit="min"),
        number("minutes_after", "walk after (min)", "此后步行（分钟）", unit="min"),
        text("nearest_before", "nearest before", "此前最近设施"),
        text("nearest_after", "nearest after", "此后最近设施"),
    ),
    geometry=("Point",),
)  # fmt: skip

SCENARIO_COMMUNITIES = TableSchema(
    "scenario_communities", "Gains and losses by community", "各社区受益与受损", "a community and a service that differ",
    (COMMUNITY, SERVICE, *_GAINED_LOST),
)  # fmt: skip

SCENARIO_TOTALS = TableSchema(
    "scenario_totals", "Both sides", "前后对照", "a service",
    (
        SERVICE,
        number("coverage_rate_before", "coverage rate before", "此前覆盖率", "Persons passing of all persons.", "ratio"),
        number("coverage_rate_after", "coverage rate after", "此后覆盖率", unit="ratio"),
        integer("residences_pass_before", "residences passing before", "此前达标居住点数"),
        integer("residences_pass_after", "residences passing after", "此后达标居住点数"),
        integer("households_pass_before", "households passing before", "此前达标户数"),
        integer("households_pass_after", "households passing after", "此后达标户数"),
        integer("persons_pass_before", "persons passing before", "此前达标人数"),
        integer("persons_pass_after", "persons passing after", "此后达标人数"),
        *_GAINED_LOST,
    ),
    key="service",
)  # fmt: skip

SCENARIO_TABLES = (SCENARIO_TOTALS, SCENARIO_COMMUNITIES, SCENARIO_CHANGES)
