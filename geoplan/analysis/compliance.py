"""The compliance sheet: every centre and community against every rule that speaks of it, with evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.tally import counts
from geoplan.model.result_tables import CENTRE_SERVICES, finish
from geoplan.model.study import Study
from geoplan.standards.standard import Rule, Standard

__all__ = ["compliance_sheet"]

_M2_PER_KM2 = 1_000_000
_SIZE_RULES = (
    "community.max_households",
    "community.min_households",
    "community.max_persons",
    "community.max_area",
)
_AREA_RULES = {
    "district": "centre.min_floor_area_district",
    "community": "centre.min_floor_area_community",
}
_REASONS = {"pass": "reason.within_range", "unknown": "reason.missing_value"}


@dataclass(frozen=True, slots=True)
class _Unit:
    """Who is checked: a row of ``centres`` or ``communities``."""

    table: str
    id: str
    name: str | None


def compliance_sheet(
    study: Study,
    standard: Standard,
    *,
    reach: pd.DataFrame | None = None,
    level_checks: pd.DataFrame | None = None,
    centre_snap_m: npt.NDArray[np.float64] | None = None,
    max_snap_m: float | None = None,
) -> pd.DataFrame:
    """
    Return every check of every centre and community as one table.

    Parameters
    ----------
    study
        Takes ``centres``, ``communities``, ``residences`` and ``premises`` if present.
    standard
        Rules used: ``centre.min_floor_area_*``, ``walking.max_snap``, ``circle.minutes``,
        ``centre.minutes``, ``community.max_*``, ``community.min_households``, ``premises.*``. What the pack
        does not state is not checked.
    reach, level_checks
        Result tables; without them walks and circle sizes are left out.
    centre_snap_m
        Distance of each centre from the street it meets [m].
    max_snap_m
        Cap used, where it is not the standard's [m].

    Returns
    -------
    compliance
        Centres first, then communities, by id. ``value`` is that of the worst row, ``measured_on`` names the
        rows whose figure it is, ``evidence`` all rows that do not pass, both as ``table:id,id``. What cannot
        be measured is ``unknown``, never ``pass``.
    """
    rows: list[dict[str, object]] = []
    if study.centres is not None:
        rows += _centre_rows(study, standard, centre_snap_m, max_snap_m)
    if level_checks is not None:
        checks = level_checks.assign(about="", evidence="", evidence_count=0)
        checks["measured_on"] = checks["unit_table"] + ":" + checks["unit_id"]
        rows += checks.to_dict("records")
    if study.communities is not None:
        rows += _size_rows(study, standard)
        if study.premises is not None:
            rows += _premises_rows(study, standard)
        if reach is not None and study.residences is not None:
            rows += _walk_rows(study, standard, reach)
    columns = ["unit_table", "unit_id", "name", "rule", "about", "value", "threshold", "unit", "margin",
               "verdict", "reason", "measured_on", "evidence_count", "evidence", "clause",
               "status"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return finish(frame.sort_values(["unit_table", "unit_id"], kind="stable"), "compliance")


def _row(
    unit: _Unit,
    rule: Rule,
    value: float,
    *,
    verdict: str = "",
    about: str = "",
    threshold: float | None = None,
    clause: str = "",
    evidence: tuple[str, Iterable[object]] = ("", ()),
    measured_on: tuple[str, Iterable[object]] | None = None,
) -> dict[str, object]:
    """Return one check; the verdict follows from the value where none is given."""
    limit = float(rule.value) if threshold is None else threshold
    towards = 1.0 if rule.comparison in (">=", ">") else -1.0
    decided = verdict or ("unknown" if np.isnan(value) else "pass" if rule.passes(value) else "fail")
    below = rule.comparison in (">=", ">")
    failing = "reason.below_minimum" if below else "reason.above_maximum"
    ids = list(evidence[1])
    source = (unit.table, (unit.id,)) if measured_on is None else measured_on
    return {
        "unit_table": unit.table,
        "unit_id": unit.id,
        "name": unit.name,
        "rule": rule.id,
        "about": about,
        "value": value,
        "threshold": limit,
        "unit": rule.unit,
        "margin": towards * (value - limit) + 0.0,
        "verdict": decided,
        "reason": _REASONS.get(decided, failing),
        "evidence_count": len(ids),
        "measured_on": _named(*source) if not np.isnan(value) or measured_on is None else "",
        "evidence": _named(evidence[0], ids),
        "clause": clause or rule.clause,
        "status": rule.status,
    }


def _named(table: str, ids: Iterable[object]) -> str:
    """Return rows as ``table:id,id``."""
    listed = ",".join(str(one) for one in ids)
    return f"{table}:{listed}" if listed else ""


def _units(study: Study, table: str) -> list[_Unit]:
    (frame,) = study.need(table)
    names = frame["name"] if "name" in frame else pd.Series(None, index=frame.index, dtype=object)
    return [
        _Unit(table, str(unit_id), None if pd.isna(name) else str(name)) for unit_id, name in names.items()
    ]


def _centre_rows(
    study: Study,
    standard: Standard,
    snap_m: npt.NDArray[np.float64] | None,
    max_snap_m: float | None,
) -> list[dict[str, object]]:
    (centres,) = study.need("centres")
    area = counts(centres, "floor_area_m2")
    snap_rule = standard.rule("walking.max_snap")
    cap = float(snap_rule.value) if max_snap_m is None else max_snap_m
    rows = []
    for at, (unit, level) in enumerate(zip(_units(study, "centres"), centres["level"], strict=True)):
        rule = standard.get(_AREA_RULES[level])
        if rule is not None:
            rows.append(_row(unit, rule, float(area[at])))
        if snap_m is not None:
            met = "unknown" if np.isnan(snap_m[at]) else "pass"
            rows.append(_row(unit, snap_rule, float(snap_m[at]), verdict=met, threshold=cap))
    return rows


def _size_rows(study: Study, standard: Standard) -> list[dict[str, object]]:
    (communities,) = study.need("communities")
    measures = {
        "households": counts(communities, "households"),
        "persons": counts(communities, "persons"),
        "area": shapely.area(communities.geometry.to_numpy()) / _M2_PER_KM2,
    }
    rules = [rule for rule in map(standard.get, _SIZE_RULES) if rule is not None]
    return [
        _row(unit, rule, float(measures[rule.id.rsplit("_", 1)[1]][at]))
        for at, unit in enumerate(_units(study, "communities"))
        for rule in rules
    ]


def _premises_rows(study: Study, standard: Standard) -> list[dict[str, object]]:
    communities, premises = study.need("communities", "premises")
    least, by_households = (
        standard.get(f"premises.{one}") for one in ("min_floor_area", "area_per_100_households")
    )
    area, households = counts(premises, "floor_area_m2"), counts(communities, "households")
    owner = communities.index.get_indexer(premises["community_id"]) if "community_id" in premises else None
    ids = premises.index.to_numpy(object)
    rows = []
    for at, unit in enumerate(_units(study, "communities")):
        own = np.zeros(0, np.int64) if owner is None else np.flatnonzero(owner == at)
        if least is not None:
            short = own[[not least.passes(float(one)) for one in area[own]]] if len(own) else own
            worst = float(np.min(area[own])) if len(own) else float("nan")
            failing = bool((~np.isnan(area[short])).any())
            verdict = "fail" if failing else "unknown" if np.isnan(worst) else "pass"
            value = float(np.nanmin(area[own])) if failing else worst
            source = ("premises", ids[own[area[own] == value]])
            evidence = ("premises", ids[short])
            rows.append(_row(unit, least, value, verdict=verdict, evidence=evidence, measured_on=source))
        if by_households is not None:
            have = float(area[own].sum()) if len(own) else float("nan")
            # as the premises check compares: areas, not their quotients
            need = float(by_households.value) * float(households[at]) / 100
            known = not (np.isnan(have) or np.isnan(need))
            met = have > need if by_households.comparison == ">" else have >= need
            value = have / float(households[at]) * 100 if known and households[at] > 0 else float("nan")
            verdict = "unknown" if not known else "pass" if met else "fail"
            rows.append(_row(unit, by_households, value, verdict=verdict, measured_on=("premises", ids[own])))
    return rows


def _walk_rows(study: Study, standard: Standard, reach: pd.DataFrame) -> list[dict[str, object]]:
    """Return the worst walk of each community to each service."""
    residences, communities = study.need("residences", "communities")
    owner = np.full(len(residences), -1)
    if "community_id" in residences:
        owner = communities.index.get_indexer(residences["community_id"])
    known = {one.id: one for one in standard.categories}
    rows = []
    for service, of_service in reach.groupby("service", sort=False):
        if service in CENTRE_SERVICES:
            rule = standard.rule("centre.minutes")
            limit, clause = float(rule.value), rule.clause
        else:
            rule = standard.rule("circle.minutes")
            limit, clause = standard.limit_rule(known[service])
        minutes, verdict = of_service["minutes"].to_numpy(float), of_service["verdict"].to_numpy(object)
        ids = of_service["residence_id"].to_numpy(object)
        for at, unit in enumerate(_units(study, "communities")):
            own = np.flatnonzero(owner == at)
            failed, unsure = own[verdict[own] == "fail"], own[verdict[own] == "unknown"]
            decided = "fail" if len(failed) else "unknown" if len(unsure) or not len(own) else "pass"
            looked_at = failed if len(failed) else own
            value = float(minutes[looked_at].max()) if decided != "unknown" else float("nan")
            worst = looked_at[minutes[looked_at] == value][:1]
            rows.append(
                _row(
                    unit, rule, value, verdict=decided, about=str(service), threshold=limit, clause=clause,
                    evidence=("residences", ids[np.sort(np.concatenate([failed, unsure]))]),
                    measured_on=("residences", ids[worst]),
                )
            )  # fmt: skip
    return rows
