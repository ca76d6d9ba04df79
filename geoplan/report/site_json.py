"""A siting as plain data, and its words: what ``geoplan site --json`` writes, and every face says."""

from __future__ import annotations

import math
from typing import Any

from geoplan.messages import Lang, text
from geoplan.planning.site_plan import SitePlan
from geoplan.report.json_file import records
from geoplan.report.words import DASH, count_text, minutes_text, rate_text

__all__ = ["site_as_dict", "site_figures", "site_notes", "site_status", "site_title"]


def site_as_dict(plan: SitePlan, *, lang: Lang) -> dict[str, Any]:
    """
    Return a siting as plain data.

    Parameters
    ----------
    plan
        ``geoplan.locate_centres(...)``.
    lang
        Language of the sentences; codes and figures are the same in both.
    """
    return {
        "model": plan.model,
        "level": plan.level,
        "demand": plan.demand,
        "minutes": plan.minutes,
        "status": plan.status,
        "status_text": site_status(plan, lang),
        "objective": _figure(plan.objective),
        "bound": _figure(plan.bound),
        "gap": _figure(plan.gap),
        "gain": plan.gain,
        "seed": plan.seed,
        "sites": records(plan.sites.drop(columns="entrances")),
        "summary": plan.summary,
        "newly_reached": records(plan.residences[plan.residences["newly_reached"].to_numpy(bool)]),
        "uncoverable": records(plan.uncoverable),
        "notes": site_notes(plan, lang),
        "provenance": plan.provenance.as_dict(),
    }


def _figure(value: float) -> float | None:
    return value if math.isfinite(value) else None


def site_status(plan: SitePlan, lang: Lang) -> str:
    """Return how sure a plan is."""
    gap = "" if math.isnan(plan.gap) else rate_text(plan.gap)
    return text(f"site.status.{plan.status}", lang, gap=gap)


def site_title(plan: SitePlan, lang: Lang) -> str:
    """Return what was asked."""
    level, model = text(f"site.level.{plan.level}", lang), text(f"site.model.{plan.model}", lang)
    return text("site.title", lang, level=level, model=model, minutes=f"{plan.minutes:g}")


def site_notes(plan: SitePlan, lang: Lang) -> list[str]:
    """Return what a reader must know, as sentences."""
    return [text(key, lang, **params) for key, params in plan.notes]


def site_figures(plan: SitePlan, lang: Lang) -> list[tuple[str, str]]:
    """Return the figures of the whole: label and text."""
    found = plan.summary
    rows = []
    for one in ("persons", "households", "residences"):
        before, after, gained = (
            found[f"{one}_{name}"] for name in ("reached_before", "reached_after", "gained")
        )
        if gained is not None:
            said = f"{count_text(before)} → {count_text(after)} ({gained:+,.0f})"
            rows.append((text(f"site.reached_{one}", lang), said))
    for one in ("mean", "max"):
        walks = [found[f"{one}_minutes_{when}"] for when in ("before", "after")]
        said = " → ".join(DASH if walk is None else minutes_text(walk) for walk in walks)
        rows.append((text(f"site.{one}_minutes", lang), said))
    rows.append((text("site.uncoverable", lang), count_text(len(plan.uncoverable))))
    return rows
