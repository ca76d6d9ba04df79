"""Splits of oversized communities as a section: what each plan proposes, and whether it keeps the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.report.blocks import Block, Lines, Picture, Section
from geoplan.report.compose import grid, section
from geoplan.report.sheet import sheet_of, totals_of
from geoplan.report.split_words import relaxation_text, said, status_text
from geoplan.report.traced import Cell

if TYPE_CHECKING:
    from geoplan.planning.plan import SplitPlan
    from geoplan.workflow import Audit

__all__ = ["split_tables", "splits"]

_PARTS = (
    "part_id seat_name compounds households persons area_km2 deviation max_walk_m premises_floor_area_m2 "
    "premises_minimum_m2 premises_verdict"
)
_SIDES = "part_id east south west north"
_CHECKS = "part_id rule value threshold unit verdict reason clause status"


def split_tables(plans: Sequence[SplitPlan]) -> dict[str, pd.DataFrame]:
    """Return the tables that figures of splits are looked up in, by kind and community."""
    return {
        f"{name}:{plan.community_id}": table
        for plan in plans
        for name, table in (("split_parts", _shown(plan).parts), ("split_checks", _shown(plan).checks))
    }


def splits(
    audit: Audit, plans: Sequence[SplitPlan], pictures: dict[str, Picture], lang: Lang
) -> Section | None:
    """
    Return a section with a part a community that was planned.

    Parameters
    ----------
    audit
        Names the standard.
    plans
        A plan a community.
    pictures
        ``split-<community>``: the sketch after a split.
    lang
        Language.
    """
    parts = [
        section(
            f"split-{plan.community_id}",
            text("report.unit_title", lang, name=plan.name, id=plan.community_id),
            *_plan(audit, plan, lang),
            pictures.get(f"split-{plan.community_id}"),
        )
        for plan in plans
    ]
    return section("splits", text("report.section_splits", lang), sections=parts)


def _shown(plan: SplitPlan) -> SplitPlan:
    """Return the plan to show: where a community cannot be split, what a relaxation would make possible."""
    return plan if len(plan.parts) else (*plan.alternatives, plan)[0]


def _plan(audit: Audit, plan: SplitPlan, lang: Lang) -> list[Block | None]:
    shown = _shown(plan)
    told = [Cell(text("report.split_status", lang, status=status_text(shown, lang)))]
    if not len(plan.parts):
        separator = "; " if lang == "en" else "；"
        reasons = separator.join(said(one, lang) for one in plan.reasons)
        key = "dossier.not_found" if plan.status == "not_found" else "dossier.impossible"
        told = [Cell(text(key, lang, reasons=reasons))]
        if plan.relaxations:
            told.append(Cell(text("dossier.would_help", lang)))
            told += [Cell(f"• {relaxation_text(one, plan, lang)}") for one in plan.relaxations]
    own = f"split_parts:{plan.community_id}"
    rows = shown.parts.drop(columns="geometry").reset_index()
    columns = _PARTS.split()
    parts = sheet_of("split_parts", rows, columns, audit.standard, lang, source=own)
    summed = [columns.index(one) for one in ("compounds", "households", "persons", "area_km2")]
    sides = sheet_of("split_parts", rows, _SIDES.split(), audit.standard, lang, source=own)
    checks = sheet_of(
        "split_checks", shown.checks, _CHECKS.split(), audit.standard, lang,
        source=f"split_checks:{plan.community_id}",
    )  # fmt: skip
    key = f"split-{plan.community_id}"
    titles = {name: text(f"report.split_{name}", lang) for name in ("parts", "sides", "checks")}
    return [
        Lines(tuple(told)),
        grid(f"{key}-parts", titles["parts"], totals_of(parts, lang, summed), lang, of="split_parts"),
        grid(f"{key}-sides", titles["sides"], sides, lang, of="split_parts"),
        grid(f"{key}-checks", titles["checks"], checks, lang, of="split_checks"),
    ]
