"""What a split dossier says, as words and cells: one content for Word and Excel."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.analysis.communities import flag_oversized, rows_of_community
from geoplan.analysis.premises import premises_need
from geoplan.messages import Lang, text
from geoplan.model.split_tables import SPLIT_MEMBERS, SPLIT_PARTS
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.headline import study_banners
from geoplan.report.split_sketch import compound_numbers
from geoplan.report.split_words import (
    compound_name,
    kind_text,
    part_label,
    relaxation_text,
    said,
    status_text,
)
from geoplan.report.words import (
    DASH,
    count_text,
    number_text,
    plain_text,
    rate_text,
    rule_name,
    translate,
    unit_text,
)
from geoplan.standards.standard import Standard

__all__ = ["Dossier", "dossier_of"]

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """
    The content of a dossier.

    Parameters
    ----------
    title
        Subject of the request.
    warnings
        What every page about the study warns of: that data are synthetic, and which are estimated.
    request
        Its paragraphs.
    comparison, compounds, checks, figures
        Tables: headings, then rows of text.
    boundaries
        A sentence a part.
    basis
        Paragraphs on method and data.
    shown
        The plan that is drawn: the split, or the one that a relaxation makes possible.
    """

    title: str
    warnings: list[str]
    request: list[str]
    comparison: Rows
    boundaries: list[str]
    compounds: Rows
    checks: Rows
    figures: Rows
    basis: list[str]
    shown: SplitPlan


def dossier_of(plan: SplitPlan, study: Study, standard: Standard, *, lang: Lang) -> Dossier:
    """
    Put a split into words.

    Parameters
    ----------
    plan
        The split; one that is impossible is told with what would help, and the plan that gives.
    study, standard
        What it was made of.
    lang
        Language.
    """
    t: Callable[..., str] = lambda key, **params: text(key, lang, **params)  # noqa: E731
    shown = plan if len(plan.parts) else (*plan.alternatives, plan)[0]
    content = Dossier(
        title=t("dossier.title", community=plan.name),
        warnings=study_banners(study, lang),
        request=_request(plan, shown, study, standard, lang),
        comparison=_comparison(shown, study, standard, lang),
        boundaries=[
            t(
                "dossier.boundary",
                part=part_label(shown, part_id, lang),
                **{
                    side: row[side] if isinstance(row[side], str) and row[side] else DASH
                    for side in ("east", "south", "west", "north")
                },
            )
            for part_id, row in shown.parts.iterrows()
        ],
        compounds=_compounds(shown, lang),
        checks=_checks(shown, standard, lang),
        figures=_figures(plan, lang),
        basis=_basis(plan, study, standard, lang),
        shown=shown,
    )
    return _inert(content)


def _inert(content: Dossier) -> Dossier:
    """Return the content without signs that no Word file can hold, wherever a name brought them in."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(content):
        value = getattr(content, field.name)
        if isinstance(value, str):
            changed[field.name] = plain_text(value)
        elif isinstance(value, list):
            changed[field.name] = [
                plain_text(one) if isinstance(one, str) else [plain_text(cell) for cell in one]
                for one in value
            ]
    return dataclasses.replace(content, **changed)


def _request(plan: SplitPlan, shown: SplitPlan, study: Study, standard: Standard, lang: Lang) -> list[str]:
    (communities,) = study.need("communities")
    row = flag_oversized(communities.loc[[plan.community_id]], standard).iloc[0]
    people = {
        "households": count_text(_or_nan(row["households"])),
        "persons": count_text(_or_nan(row["persons"])),
    }
    named = {"community": plan.name, "standard": standard.name(lang), **people}
    if row["size"] == "oversized":
        unit = unit_text(row["unit"], lang)
        rule = standard.rule(row["rule"])
        why = text(
            "dossier.why",
            lang,
            **named,
            clause=row["clause"],
            source=rule.source,
            parts=plan.parts_min,
            threshold=f"{number_text(row['threshold'])} {unit}",
            excess=f"{number_text(-row['margin'])} {unit}",
        )
    else:
        why = text("dossier.why_asked", lang, **named)
    lines = [text("dossier.to", lang), why]
    if not len(plan.parts):
        joined = ("; " if lang == "en" else "；").join(said(one, lang) for one in plan.reasons)
        told = "dossier.not_found" if plan.status == "not_found" else "dossier.impossible"
        lines.append(text(told, lang, reasons=joined))
        if plan.relaxations:
            lines.append(text("dossier.would_help", lang))
            lines += [f"• {relaxation_text(one, plan, lang)}" for one in plan.relaxations]
    if len(shown.parts):
        lines.append(text("dossier.propose", lang, parts=len(shown.parts), status=status_text(shown, lang)))
    return [*lines, text("dossier.please", lang), text("dossier.signed", lang)]


def _or_nan(value: Any) -> float:
    return float("nan") if pd.isna(value) else float(value)


def _comparison(plan: SplitPlan, study: Study, standard: Standard, lang: Lang) -> Rows:
    """Return a row for the community as it is, and one for each part."""
    cells = plan.blocks.cells
    areas = [float("nan") if pd.isna(one) else float(one) for one in plan.parts["premises_floor_area_m2"]]
    before = [
        text("dossier.before", lang),
        count_text(len(cells)),
        count_text(_sum(cells["households"])),
        count_text(_sum(cells["persons"])),
        number_text(cells.geometry.area.sum() / 1e6),
        _present_seat(plan, study),
        number_text(sum(areas) if areas else float("nan")),
        number_text(premises_need(_sum(cells["households"]), standard)[0]),
        "",
    ]
    rows = [before]
    words = translate(
        plan.parts[["premises_verdict"]].rename(columns={"premises_verdict": "verdict"}), standard, lang
    )
    for (part_id, row), verdict in zip(plan.parts.iterrows(), words["verdict"], strict=True):
        rows.append(
            [
                part_label(plan, part_id, lang),
                count_text(row["compounds"]),
                count_text(_or_nan(row["households"])),
                count_text(_or_nan(row["persons"])),
                number_text(row["area_km2"]),
                row["seat_name"] if isinstance(row["seat_name"], str) else DASH,
                number_text(row["premises_floor_area_m2"]),
                number_text(row["premises_minimum_m2"]),
                str(verdict),
            ]
        )
    schema = (
        "compounds",
        "households",
        "persons",
        "area_km2",
        "seat_name",
        "premises_floor_area_m2",
        "premises_minimum_m2",
        "premises_verdict",
    )
    return [[text("dossier.unit", lang), *_headings(schema, lang)], *rows]


def _headings(names: tuple[str, ...], lang: Lang) -> list[str]:
    return [SPLIT_PARTS.column(name).heading(lang) for name in names]


def _sum(values: pd.Series) -> float:
    return float("nan") if values.isna().any() else float(values.sum())


def _present_seat(plan: SplitPlan, study: Study) -> str:
    if study.premises is None:
        return DASH
    own = rows_of_community(study.premises, plan.community_id)
    return "、".join(str(one) for one in own["name"].dropna()) or DASH


def _compounds(plan: SplitPlan, lang: Lang) -> Rows:
    numbers = compound_numbers(plan)
    rows = []
    for residence_id, number in numbers.items():
        row = plan.members.loc[residence_id]
        rows.append(
            [
                str(number),
                compound_name(plan, residence_id),
                residence_id,
                part_label(plan, row["part_id"], lang),
                count_text(_or_nan(row["households"])),
                count_text(_or_nan(row["persons"])),
                _metres(_or_nan(row["walk_m"])),
            ]
        )
    names = ("name", "residence_id", "part_id", "households", "persons", "walk_m")
    return [
        [text("dossier.number", lang), *(SPLIT_MEMBERS.column(name).heading(lang) for name in names)],
        *rows,
    ]


def _checks(plan: SplitPlan, standard: Standard, lang: Lang) -> Rows:
    words = translate(plan.checks, standard, lang)
    rows = []
    for (_, row), (_, said_) in zip(plan.checks.iterrows(), words.iterrows(), strict=True):
        rows.append(
            [
                part_label(plan, row["part_id"], lang) if row["part_id"] else plan.name,
                rule_name(row["rule"], lang),
                _with_unit(row["value"], row["unit"], lang),
                _with_unit(row["threshold"], row["unit"], lang),
                str(said_["verdict"]),
                row["clause"],
            ]
        )
    heads = [
        text("split.part", lang),
        text("dossier.rule", lang),
        text("dossier.value", lang),
        text("dossier.limit", lang),
        text("dossier.verdict", lang),
        text("dossier.clause", lang),
    ]
    return [heads, *rows]


def _with_unit(value: float, unit: str, lang: Lang) -> str:
    if math.isnan(value):
        return DASH
    return rate_text(value) if unit == "ratio" else f"{number_text(value)} {unit_text(unit, lang)}"


def _metres(value: float) -> str:
    return DASH if math.isnan(value) else count_text(round(value))


def _figures(plan: SplitPlan, lang: Lang) -> Rows:
    """Return a row for each plan: the best and its alternatives."""
    heads = ("plan", "objective", "max_deviation", "cut_m", "barrier_m", "mean_walk", "max_walk", "moves")
    rows = []
    for one in (plan, *plan.alternatives):
        if not len(one.parts):
            continue
        figures: dict[str, Any] = dict(one.summary)
        rows.append(
            [
                kind_text(one, plan, lang) + f" ({status_text(one, lang)})",
                number_text(one.objective),
                rate_text(figures["max_deviation"]),
                _metres(figures["cut_m"]),
                _metres(figures["barrier_m_inside"]),
                _metres(_or_nan(figures["mean_walk_m"])),
                _metres(_or_nan(figures["max_walk_m"])),
                count_text(_or_nan(figures["persons_changing_hands"])),
            ]
        )
    return [[text(f"dossier.{name}", lang) for name in heads], *rows]


def _basis(plan: SplitPlan, study: Study, standard: Standard, lang: Lang) -> list[str]:
    def figure(value: float) -> str:
        return DASH if math.isnan(value) else number_text(value)

    lines = [
        text(
            "dossier.method",
            lang,
            model=text(f"plan.model.{plan.model}", lang),
            objective=figure(plan.objective),
            bound=figure(plan.bound),
            gap=DASH if math.isnan(plan.gap) else rate_text(plan.gap),
            seed=plan.seed,
            standard=f"{standard.name(lang)} ({standard.id})",
            digest=standard.digest[:12],
        )
    ]
    per, least = standard.get("premises.area_per_100_households"), standard.get("premises.min_floor_area")
    if per is not None and least is not None:
        lines.append(text("dossier.premises_note", lang, per=f"{per.value:g}", least=f"{least.value:g}"))
    groups = ("split", "walking", "community", "premises")
    assumed = [
        rule.id for rule in standard.rules.values() if rule.status == "assumed" and rule.group in groups
    ]
    if assumed:
        names = ("; " if lang == "en" else "；").join(rule_name(one, lang) for one in assumed)
        lines.append(text("dossier.assumed", lang, rules=names))
    return [
        *lines,
        *study_banners(study, lang),
        *(said(one, lang) for one in plan.blocks.notes),
        *study.attribution,
    ]
