"""Checks of a split, each with its clause: the same for a plan of ours and for a planner's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geoplan.analysis.premises import premises_need
from geoplan.model.result_tables import finish
from geoplan.planning.figures import Assignment
from geoplan.standards.standard import Rule, Standard

__all__ = ["HARD_RULES", "broken_rules", "check_split"]

HARD_RULES = (
    "split.complete",
    "split.contiguous",
    "split.tolerance",
    "split.max_walk",
    "community.max_households",
    "community.min_households",
    "community.new_max_households",
    "community.new_min_households",
    "community.max_persons",
    "community.max_area",
)
"""What a split must meet; premises are found after it."""

_DECIMALS = 9
"""Figures are compared to so many: exactly the limit passes, whatever binary fractions make of it."""


def check_split(
    found: Assignment,
    parts: pd.DataFrame,
    standard: Standard,
    *,
    tolerance: float,
    max_walk_minutes: float,
) -> pd.DataFrame:
    """
    Check a split rule by rule.

    Parameters
    ----------
    found
        The split.
    parts
        Its table ``split_parts``.
    standard
        Rules used: ``split.complete``, ``split.contiguous``, ``split.tolerance``, ``split.max_walk``,
        ``community.*``, ``premises.min_floor_area``, ``premises.area_per_100_households``.
    tolerance
        Greatest deviation allowed.
    max_walk_minutes
        Longest walk to the seat allowed.

    Returns
    -------
    split_checks
        The whole first, then part by part. What is missing is ``unknown``.
    """
    rows = [_complete(found, standard)]
    for number, part_id in enumerate(found.part_ids):
        own = np.flatnonzero(found.part == number)
        row = parts.loc[part_id]
        rows.append({"part_id": part_id, **_contiguous(found, own, standard)})
        rows += [{"part_id": part_id, **one} for one in _sizes(row, standard)]
        deviation = round(abs(float(row["deviation"])), _DECIMALS)
        rule = standard.rule("split.tolerance")
        rows.append({"part_id": part_id, **_measured(rule, deviation, threshold=tolerance)})
        if found.seats is not None:
            rows.append({"part_id": part_id, **_walks(found, own, standard, max_walk_minutes)})
        rows.append({"part_id": part_id, **_premises(row, standard)})
    frame = pd.DataFrame(rows)
    frame["community_id"] = found.blocks.community_id
    return finish(frame, "split_checks")


def broken_rules(checks: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `check_split` that fail a rule a split must meet."""
    return checks[(checks["verdict"] == "fail") & checks["rule"].isin(HARD_RULES)]


def _measured(
    rule: Rule, value: float, *, threshold: float | None = None, at_fault: list[str] | None = None
) -> dict[str, Any]:
    limit = float(rule.value) if threshold is None else threshold
    least = rule.comparison in (">=", ">")
    margin = (value - limit if least else limit - value) + 0.0
    met = margin > 0 or (margin == 0 and rule.comparison in ("<=", ">=", "="))
    if np.isnan(value):
        verdict, reason = "unknown", "reason.missing_value"
    elif met:
        verdict, reason = "pass", "reason.at_least_minimum" if least else "reason.within"
    else:
        verdict, reason = "fail", "reason.below_minimum" if least else "reason.above_maximum"
    return {
        "rule": rule.id,
        "value": value,
        "threshold": limit,
        "unit": rule.unit,
        "margin": margin,
        "verdict": verdict,
        "reason": reason,
        "residences": ",".join(at_fault or []),
        "clause": rule.clause,
        "status": rule.status,
    }


def _counted(rule: Rule, excess: int, reason: str, at_fault: list[str]) -> dict[str, Any]:
    """Return the check of a yes/no rule: what is counted must be none."""
    return {
        "rule": rule.id,
        "value": float(excess),
        "threshold": 0.0,
        "unit": "count",
        "margin": -float(excess) + 0.0,
        "verdict": "fail" if excess else "pass",
        "reason": reason if excess else "reason.within",
        "residences": ",".join(at_fault),
        "clause": rule.clause,
        "status": rule.status,
    }


def _complete(found: Assignment, standard: Standard) -> dict[str, Any]:
    left = found.blocks.cells.index[found.part < 0].tolist()
    rule = standard.rule("split.complete")
    return {"part_id": "", **_counted(rule, len(left), "reason.compounds_left", left)}


def _contiguous(found: Assignment, own: np.ndarray, standard: Standard) -> dict[str, Any]:
    """Count the compounds cut off from the largest piece of the part, by plain search on the borders."""
    ids = found.blocks.cells.index[own].tolist()
    neighbours: dict[str, set[str]] = {one: set() for one in ids}
    borders = found.blocks.borders
    for u, v, passable in zip(
        borders["residence_u"], borders["residence_v"], borders["passable"], strict=True
    ):
        if passable and u in neighbours and v in neighbours:
            neighbours[u].add(v)
            neighbours[v].add(u)
    pieces: list[list[str]] = []
    unseen = dict.fromkeys(ids)
    while unseen:
        start = next(iter(unseen))
        piece, waiting = [], [start]
        del unseen[start]
        while waiting:
            here = waiting.pop()
            piece.append(here)
            for other in sorted(neighbours[here]):
                if other in unseen:
                    del unseen[other]
                    waiting.append(other)
        pieces.append(sorted(piece))
    pieces.sort(key=lambda one: (-len(one), one))
    apart = sorted(one for piece in pieces[1:] for one in piece)
    return _counted(standard.rule("split.contiguous"), len(apart), "reason.part_apart", apart)


def _sizes(row: pd.Series, standard: Standard) -> list[dict[str, Any]]:
    """Check a part against what the standard says of a new community, else of any."""
    households = float("nan") if pd.isna(row["households"]) else float(row["households"])
    persons = float("nan") if pd.isna(row["persons"]) else float(row["persons"])
    measured = [
        (
            standard.get("community.new_max_households") or standard.get("community.max_households"),
            households,
        ),
        (
            standard.get("community.new_min_households") or standard.get("community.min_households"),
            households,
        ),
        (standard.get("community.max_persons"), persons),
        (standard.get("community.max_area"), float(row["area_km2"])),
    ]
    return [_measured(rule, value) for rule, value in measured if rule is not None]


def _walks(found: Assignment, own: np.ndarray, standard: Standard, most: float) -> dict[str, Any]:
    """Check the longest walk to the seat, naming the compounds beyond the limit."""
    rule = standard.rule("split.max_walk")
    minutes = np.round(found.own_walk_m()[own] / found.speed_m_per_min, _DECIMALS)
    ids = found.blocks.cells.index[own]
    known = minutes[~np.isnan(minutes)]
    longest = float(known.max()) if len(known) else float("nan")
    most = round(most, _DECIMALS)
    far = ids[minutes > most].tolist()
    check = _measured(rule, longest, threshold=most, at_fault=far)
    if not far and len(known) < len(minutes):
        unknown = ids[np.isnan(minutes)].tolist()
        return {
            **check,
            "verdict": "unknown",
            "reason": "reason.residence_not_on_network",
            "residences": ",".join(unknown),
        }
    return check


def _premises(row: pd.Series, standard: Standard) -> dict[str, Any]:
    """Check the floor area of the premises in the part against the rule that asks for more."""
    households = float("nan") if pd.isna(row["households"]) else float(row["households"])
    need, rule = premises_need(households, standard)
    check = {**_measured(rule, float(row["premises_floor_area_m2"]), threshold=need), "unit": "m²"}
    if np.isnan(need):
        return {**check, "verdict": "unknown", "reason": "reason.missing_value"}
    return check
