"""A split as plain data: what ``geoplan split --json`` writes, and the API answers."""

from __future__ import annotations

import math
from typing import Any

from geoplan.messages import Lang
from geoplan.planning.plan import SplitPlan
from geoplan.report.json_file import records
from geoplan.report.split_words import relaxation_text, said, status_text

__all__ = ["split_as_dict"]

_PART_KEYS = ("part_id", "seat_id", "households", "persons", "deviation", "max_walk_m")


def split_as_dict(plan: SplitPlan, *, lang: Lang) -> dict[str, Any]:
    """
    Return a split as plain data.

    Parameters
    ----------
    plan
        Its alternatives come with it, each in the same shape.
    lang
        Language of the sentences; codes and figures are the same in both.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> plan = geoplan.plan_split(None, study, "620105007013", standard, model="cut")
    >>> split_as_dict(plan, lang="en")["status"]
    'optimal'
    """
    parts = [{**{key: row[key] for key in _PART_KEYS}, **row} for row in records(plan.parts)]
    members = plan.members["part_id"]
    return {
        "community_id": plan.community_id,
        "name": plan.name,
        "kind": plan.kind,
        "status": plan.status,
        "status_text": status_text(plan, lang),
        "objective": _figure(plan.objective),
        "bound": _figure(plan.bound),
        "gap": _figure(plan.gap),
        "model": plan.model,
        "seed": plan.seed,
        "parts_min": plan.parts_min,
        "parts_max": plan.parts_max,
        "parts": parts,
        "members": {str(one): part if isinstance(part, str) else None for one, part in members.items()},
        "areas": {str(one): area for one, area in plan.members["area_id"].items() if isinstance(area, str)},
        "checks": records(plan.checks),
        "summary": plan.summary,
        "reasons": [said(one, lang) for one in plan.reasons],
        "relaxations": [
            {
                "kind": one.kind,
                "value": _figure(one.value),
                "ids": list(one.ids),
                "text": relaxation_text(one, plan, lang),
            }
            for one in plan.relaxations
        ],
        "notes": [said(one, lang) for one in plan.blocks.notes],
        "alternatives": [split_as_dict(one, lang=lang) for one in plan.alternatives],
    }


def _figure(value: float) -> float | None:
    return value if math.isfinite(value) else None
