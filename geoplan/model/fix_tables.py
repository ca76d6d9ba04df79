"""Result tables of the one-fix ledger: what each single fix changes, by service and home by home."""

from __future__ import annotations

from geoplan.model.declare import (
    CLAUSE,
    COMMUNITY,
    HOUSEHOLDS,
    NAME,
    PERSONS,
    integer,
    number,
    text,
    verdict,
)
from geoplan.model.schema import Column, TableSchema

__all__ = ["FIXES", "FIX_CHANGES", "FIX_KINDS", "FIX_SERVICES", "FIX_TABLES"]

FIX_KINDS = ("centre", "facility", "gate", "link", "premises")
"""A centre here; a facility of the kind that is missing; a gate opened; a footbridge; premises enlarged."""

_FIX = text("fix_id", "fix id", "措施编码", "Kind, and what it is about.")
_SERVICE = text(
    "service", "service", "服务",
    "A category id of the standard, centre_any/_district/_community, all_five, or a rule on premises.",
)  # fmt: skip
_COUNTS = (
    integer("residences_gained", "residences newly passing", "新达标居住点数", "Failed before and pass after."),
    integer("households_gained", "households newly passing", "新达标户数", "Each household once; those not known are in no sum."),
    integer("persons_gained", "persons newly passing", "新达标人数"),
    integer("elderly_persons_gained", "elderly persons newly passing", "新达标老年人数"),
    integer("residences_lost", "residences losing", "受损居住点数", "Passed before, and not after."),
    integer("households_lost", "households losing", "受损户数"),
    integer("persons_lost", "persons losing", "受损人数"),
    integer("residences_unknown", "residences unknown before", "此前数据不足居住点数", "Pass after; before it was not known whether they do. In no gain."),
    integer("households_unknown", "households unknown before", "此前数据不足户数"),
)  # fmt: skip

FIXES = TableSchema(
    "fixes", "Which single fix helps most", "单项措施台账", "a fix",
    (
        _FIX,
        integer("rank", "rank", "位次", "Most households newly passing first; of equals fewest losing, most persons, lowest id."),
        Column("fix_kind", "choice", "fix", "措施", "What is done.", choices=FIX_KINDS),
        text("what", "what", "内容", "Level of the centre, kind of facility, kind of barrier crossed."),
        text("subject_id", "about", "对象编码", "Id of the gate's street, the barrier or the premises; premises or place for a centre or facility."),
        NAME, COMMUNITY, *_COUNTS,
        integer("households_all_five", "households newly passing all categories", "五类全部新达标户数", "Passed not all of the categories before, and do after."),
        text("services", "services gained", "受益服务", "Comma-separated, most households first."),
        text("main_service", "service gained most", "主要受益服务"),
        number("threshold", "threshold", "限值", "Of that service, in ``unit``."),
        text("unit", "unit", "单位"), CLAUSE,
        text("reason", "reason", "理由", "Message key ``reason.fix_*``: why it helps."),
        text("residence_ids", "residences newly passing (ids)", "新达标居住点编码", "Comma-separated; for premises, communities."),
        text("uncounted_ids", "residences without counts", "无户数的居住点", "Those of them whose households are not known."),
        Column("estimated", "flag", "rests on made-up or estimated data", "依据含合成或估算数据", "Streets, places or counts."),
        text("edit", "edit", "情景编辑", "The fix as a scenario in TOML, for ``geoplan compare``."),
    ),
    key="fix_id", geometry=("Point", "LineString", "Polygon"),
)  # fmt: skip

FIX_SERVICES = TableSchema(
    "fix_services", "Single fixes by service", "单项措施分服务效果", "a fix and a service that it changes",
    (_FIX, _SERVICE, *_COUNTS),
)  # fmt: skip

FIX_CHANGES = TableSchema(
    "fix_changes", "What single fixes change", "单项措施前后变化", "a fix, and a residence or community and a service that differ",
    (
        _FIX,
        text("table", "table", "表", "``residences``; ``communities`` for rules on premises."),
        text("id", "id", "编码"), _SERVICE, NAME, HOUSEHOLDS, PERSONS,
        Column(
            "change", "choice", "change", "变化", "``gain``: passes, and failed or was unknown; ``loss``: the reverse; ``shorter``, "
            "``longer``: the walk alone, by more than 0.01 min; ``other``: between fail and unknown.",
            choices=("gain", "loss", "shorter", "longer", "other"),
        ),
        verdict("verdict_before", "verdict before", "此前结论"),
        verdict("verdict_after", "verdict after", "此后结论"),
        number("minutes_before", "walk before (min)", "此前步行（分钟）", unit="min"),
        number("minutes_after", "walk after (min)", "此后步行（分钟）", unit="min"),
    ),
)  # fmt: skip

FIX_TABLES = (FIXES, FIX_SERVICES, FIX_CHANGES)
