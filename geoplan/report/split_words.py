"""Words for splits: status, kinds, reasons, relaxations, the names of compounds."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.planning.plan import Relaxation, SplitPlan
from geoplan.report.words import rate_text

__all__ = ["compound_name", "kind_text", "part_label", "relaxation_text", "said", "status_text"]


def status_text(plan: SplitPlan, lang: Lang) -> str:
    """Return how sure a plan is."""
    if plan.status == "feasible" and math.isnan(plan.gap):
        return text("plan.status.feasible_unbounded", lang)
    gap = "" if math.isnan(plan.gap) else rate_text(plan.gap)
    return text(f"plan.status.{plan.status}", lang, gap=gap)


def kind_text(plan: SplitPlan, whole: SplitPlan, lang: Lang) -> str:
    """Return why a plan is shown; one that needs a relaxation says which, as its whole plan lists it."""
    if plan.kind == "relaxed":
        return text("plan.relaxed", lang, change=relaxation_text(whole.relaxations[0], whole, lang))
    return text(f"plan.{plan.kind}", lang)


def said(message: tuple[str, dict[str, Any]], lang: Lang) -> str:
    """Return a message key with its parameters as a sentence."""
    key, params = message
    return text(key, lang, **params)


def relaxation_text(one: Relaxation, plan: SplitPlan, lang: Lang) -> str:
    """Return a relaxation in words a planner understands."""
    if one.kind == "tolerance":
        return text("relax.tolerance", lang, percent=f"{one.value * 100:.1f}")
    if one.kind == "max_walk":
        return text("relax.max_walk", lang, minutes=f"{math.ceil(one.value * 10) / 10:g}")
    if one.kind == "parts":
        return text("relax.parts", lang, parts=round(one.value))
    names = (" – " if lang == "en" else "与").join(compound_name(plan, ident) for ident in one.ids)
    return text(f"relax.{one.kind}", lang, names=names)


def compound_name(plan: SplitPlan, residence_id: str) -> str:
    """Return a compound's name, or its id if it has none."""
    name = plan.blocks.cells["name"].get(residence_id)
    return residence_id if name is None or pd.isna(name) else str(name)


def part_label(plan: SplitPlan, part_id: object, lang: Lang) -> str:
    """Return a part's short label, such as "Part 1"; a dash where there is none."""
    if not isinstance(part_id, str) or part_id not in plan.parts.index:
        return "—"
    return text("split.part_number", lang, number=plan.parts.index.get_loc(part_id) + 1)
