"""
The independent checker: a second, plain implementation re-decides part of every audit.

A seeded sample of residences is decided anew for every service, and so are the walks that reports quote:
of each service the longest that passes, the shortest that fails and the longest of all, and the longest of
each community. It starts from the
study's tables and has its own streets, doors and search (`geoplan.analysis.plain_walks`); nothing of
`geoplan.network` or `geoplan.analysis.reach` is in it, so that a fault there cannot hide here. A contract of
import-linter holds that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.plain_walks import PlainStreets, PlainWalks, Row
from geoplan.errors import DisagreementError, some_ids
from geoplan.model.result_tables import CENTRE_SERVICES, RESULT_TABLES, finish
from geoplan.model.study import Study
from geoplan.standards.standard import Category, Standard
from geoplan.units import MS_PER_MINUTE, minutes_to_ms

__all__ = ["SAMPLED", "recheck"]

SAMPLED = 50
"""Residences drawn in an audit."""
_TIMES_LIMIT = 2
"""A walk drawn is followed to this many times the longest limit; beyond, both must find it beyond."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What must be within reach: ``needed`` of the rows of a table, within a limit."""

    table: str
    rows: frozenset[int]
    needed: int
    limit_ms: int
    complete: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """A verdict, the walk it rests on [ms], and the place reached; None: no walk found."""

    verdict: str
    ms: int | None
    nearest_id: str | None


@dataclass(frozen=True, slots=True)
class _Finding:
    """One residence and service, decided twice."""

    residence_id: str
    service: str
    first: _Answer
    second: _Answer
    within_ms: float

    @property
    def agrees(self) -> bool:
        if self.second.ms is None:
            beyond = self.first.ms is None or self.first.ms > self.within_ms
            return self.first.verdict == self.second.verdict and beyond
        return self.first == self.second

    @property
    def difference_ms(self) -> int:
        """By how much the walks differ, where both have one."""
        both = self.first.ms is not None and self.second.ms is not None
        return abs((self.first.ms or 0) - (self.second.ms or 0)) if both else 0

    def __str__(self) -> str:
        told = " / ".join(
            f"{one.verdict} {'-' if one.ms is None else one.ms} ms {one.nearest_id or '-'}"
            for one in (self.first, self.second)
        )
        return f"{self.residence_id} {self.service} ({told})"


def recheck(
    study: Study, standard: Standard, reach: pd.DataFrame, *, sampled: int = SAMPLED, seed: int = 0
) -> pd.DataFrame:
    """
    Decide part of a ``reach`` table again, by other means.

    Parameters
    ----------
    study
        Needs ``residences`` and ``streets``.
    standard
        The rules the table was made under.
    reach
        Table ``reach``, all services.
    sampled
        How many residences to draw; all, if there are no more.
    seed
        Of the draw.

    Returns
    -------
    recheck
        One row a service; see ``geoplan.model.recheck_tables``.

    Raises
    ------
    DisagreementError
        If a verdict, a nearest place or a walk differs.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/monaco"), geoplan.load_standard("default")
    >>> reach = geoplan.coverage(geoplan.walk_network(study), study, standard).reach
    >>> recheck(study, standard, reach, sampled=5).loc["daily", "largest_difference_ms"]
    np.int64(0)
    """
    residences, _ = study.need("residences", "streets")
    told = _told(reach)
    services = list(told)
    needs = {service: _needs(study, standard, service) for service in services}
    count = min(sampled, len(residences))
    drawn = np.sort(np.random.default_rng(seed).choice(len(residences), count, replace=False))
    communities = _communities(residences)
    bound = _TIMES_LIMIT * max((one.limit_ms for parts in needs.values() for one in parts), default=0)
    asked = {(str(residences.index[row]), service): float(bound) for row in drawn for service in services}
    for service in services:
        asked |= {(one, service): math.inf for one in _telling(told[service], communities)}
    row_of = {str(label): row for row, label in enumerate(residences.index)}
    walks = _walks(study, standard, needs, {row_of[residence_id] for residence_id, _ in asked})
    findings = []
    for (residence_id, service), within in asked.items():
        second = _decide(study, walks, row_of[residence_id], needs[service], within)
        findings.append(_Finding(residence_id, service, told[service][residence_id], second, within))
    apart = [one for one in findings if not one.agrees]
    if apart:
        raise DisagreementError(
            "error.recheck", count=len(apart), checked=len(findings), rows=some_ids(apart), seed=seed,
            ms=max(one.difference_ms for one in apart),
        )  # fmt: skip
    return _table(findings, services, count, seed)


def _told(reach: pd.DataFrame) -> dict[str, dict[str, _Answer]]:
    """Return what a reach table says, by service and residence."""
    told: dict[str, dict[str, _Answer]] = {}
    columns = ("service", "residence_id", "verdict", "minutes", "nearest_id")
    for service, home, verdict, minutes, nearest_id in zip(
        *(reach[name].tolist() for name in columns), strict=True
    ):
        told.setdefault(service, {})[home] = _Answer(
            verdict,
            None if math.isnan(minutes) else round(minutes * MS_PER_MINUTE),
            nearest_id if isinstance(nearest_id, str) else None,
        )
    return told


def _communities(residences: gpd.GeoDataFrame) -> dict[str, str]:
    """Return residence -> community."""
    if "community_id" not in residences:
        return {}
    return {str(home): str(one) for home, one in residences["community_id"].dropna().items()}


def _telling(told: dict[str, _Answer], communities: dict[str, str]) -> dict[str, None]:
    """Return who has the longest walk that passes, of all and of a community, and the shortest that fails."""
    groups: dict[str, tuple[int, str]] = {}
    for home, one in told.items():
        if one.ms is None:
            continue
        walk = (one.ms, home)
        for group in ("all", one.verdict, f"community {communities.get(home, '')}"):
            chosen = min if group == "fail" else max
            groups[group] = chosen(groups.get(group, walk), walk)
    return {home: None for _, home in groups.values()}


def _needs(study: Study, standard: Standard, service: str) -> list[_Need]:
    """Return what of a service must be within reach, all of it."""
    if service in CENTRE_SERVICES:
        (centres,) = study.need("centres")
        any_level = service == "centre_any" or (
            service == "centre_community"
            and bool(standard.rule("centre.district_serves_community_tier").value)
        )
        levels = centres["level"].tolist()
        rows = [row for row, level in enumerate(levels) if any_level or f"centre_{level}" == service]
        limit_ms = minutes_to_ms(standard.number("centre.minutes"))
        return [_Need("centres", frozenset(rows), 1, limit_ms, complete=False)]
    category = next(one for one in standard.categories if one.id == service)
    limit_ms = minutes_to_ms(standard.limit_minutes(category))
    groups = [category.kinds] if category.mode == "any" else [(kind,) for kind in category.kinds]
    return [
        _Need(
            "facilities",
            _counting(study, standard, category, kinds),
            category.min_count,
            limit_ms,
            complete="*" in study.complete or all(kind in study.complete for kind in kinds),
        )
        for kinds in groups
    ]


def _counting(study: Study, standard: Standard, category: Category, kinds: tuple[str, ...]) -> frozenset[int]:
    """Return the rows of facilities of some kinds that count: none built for a larger circle, by the rule."""
    (facilities,) = study.need("facilities")
    rule = standard.get("circle.non_inclusion")
    most = category.level if rule is not None and rule.value and category.level is not None else math.inf
    levels: Any = facilities["service_level"] if "service_level" in facilities else [None] * len(facilities)
    return frozenset(
        row
        for row, (kind, level) in enumerate(zip(facilities["kind"], levels, strict=True))
        if kind in kinds and (level is None or pd.isna(level) or level <= most)
    )


def _walks(study: Study, standard: Standard, needs: dict[str, list[_Need]], homes: set[int]) -> PlainWalks:
    """Return the street graph with the doors of the homes, and of every place that counts."""
    (streets,) = study.need("streets")
    plain = PlainStreets(streets, standard)
    cap_m = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    wanted: dict[str, set[int]] = {"residences": homes}
    for part in (one for parts in needs.values() for one in parts):
        wanted.setdefault(part.table, set()).update(part.rows)
    doors = []
    for table, rows in wanted.items():
        owner, points = _entrances(study.need(table)[0], sorted(rows))
        met = plain.meet(points, cap_m, study.barriers)
        doors += [(table, owner[at], *where) for at, where in met.items()]
    return PlainWalks(plain, doors)


def _entrances(places: gpd.GeoDataFrame, rows: list[int]) -> tuple[list[int], npt.NDArray[np.object_]]:
    """Return the doors of places, and whose they are: those declared, else a point of the place."""
    owner: list[int] = []
    points: list[shapely.Point | None] = []
    for row in rows:
        declared = places["entrances"].iloc[row] if "entrances" in places else None
        shape = places.geometry.iloc[row]
        if declared is None or pd.isna(declared) or declared.is_empty:
            whole = shape is None or shape.is_empty or shape.geom_type == "Point"
            doors = [shape if whole else shape.point_on_surface()]
        else:
            doors = list(declared.geoms) if hasattr(declared, "geoms") else [declared]
        owner += [row] * len(doors)
        points += doors
    found = np.empty(len(points), dtype=object)
    found[:] = points
    return owner, found


def _decide(study: Study, walks: PlainWalks, row: int, parts: list[_Need], within_ms: float) -> _Answer:
    """Decide one service for one residence."""
    home: Row = ("residences", row)
    usable = [sum((part.table, one) in walks.met for one in part.rows) for part in parts]
    waiting = {number for number, part in enumerate(parts) if usable[number] >= part.needed}
    found: list[list[tuple[int, int]]] = [[] for _ in parts]
    last = -1
    for walked_ms, (table, target) in walks.from_place(home, within_ms):
        if not waiting and walked_ms > last:  # of places equally near the lowest row tells
            break
        for number, part in enumerate(parts):
            if table == part.table and target in part.rows:
                found[number].append((walked_ms, target))
                if len(found[number]) >= part.needed and number in waiting:
                    waiting.remove(number)
                    last = walked_ms
    answers = []
    for number, part in enumerate(parts):
        ranked = sorted(found[number])[part.needed - 1 :][:1]
        ms = ranked[0][0] if ranked else None
        verdict = _verdict(part, usable[number], home in walks.met, ms)
        reached = str(study.need(part.table)[0].index[ranked[0][1]]) if ranked else None
        answers.append(_Answer(verdict, ms, reached))
    # one failure fails, else one unknown is unknown; of those that tell, no walk at all, else the longest
    rank = ("pass", "unknown", "fail")
    return max(answers, key=lambda one: (rank.index(one.verdict), math.inf if one.ms is None else one.ms))


def _verdict(part: _Need, usable: int, home_met: bool, ms: int | None) -> str:
    if len(part.rows) < part.needed:
        return "fail" if part.complete else "unknown"
    if usable < part.needed or not home_met:
        return "unknown"
    return "pass" if ms is not None and ms <= part.limit_ms else "fail"


def _table(findings: list[_Finding], services: list[str], sampled: int, seed: int) -> pd.DataFrame:
    rows = []
    for service in services:
        own = [one for one in findings if one.service == service]
        passing = [(one.second.ms or 0, one.residence_id) for one in own if one.second.verdict == "pass"]
        longest_ms, longest_id = max(passing, default=(None, None))
        rows.append(
            {
                "service": service,
                "sampled": sampled,
                "redecided": len(own),
                "agreeing": sum(one.agrees for one in own),
                "timed": sum(one.second.ms is not None for one in own),
                "largest_difference_ms": max((one.difference_ms for one in own), default=0),
                "longest_pass_id": longest_id,
                "longest_pass_minutes": math.nan if longest_ms is None else longest_ms / MS_PER_MINUTE,
                "seed": seed,
            }
        )
    columns = [column.name for column in RESULT_TABLES["recheck"].columns]  # without rows too
    return finish(pd.DataFrame(rows, columns=columns), "recheck")
