"""``geoplan standards``: the shipped packs, rule by rule, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoplan.cli.common import JsonOption, LangOption, QuietOption, choose_lang, write_json
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from rich.console import Console

    from geoplan.standards.standard import Category, Rule, Standard

__all__ = ["standards"]

PackArgument = Annotated[
    str | None,
    typer.Argument(metavar="[ID|FILE]", help="One pack in full; default: all, each less what it inherits."),
]


def standards(
    pack: PackArgument = None,
    json: JsonOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """List the standard packs with the clause and source of every rule."""
    language = choose_lang(lang)
    from geoplan.standards.parse import load_standard, pack_ids

    chosen = [load_standard(one) for one in ((pack,) if pack else pack_ids())]
    if json is not None:
        write_json({"standards": [_as_dict(one) for one in chosen]}, json)
    if quiet or str(json) == "-":
        return
    base = None if pack else load_standard("default")
    for one in chosen:
        _print(one, None if base is None or one.id == base.id else base, language)


def _as_dict(standard: Standard) -> dict[str, Any]:
    import dataclasses

    return {
        "id": standard.id,
        "en": standard.en,
        "zh": standard.zh,
        "digest": standard.digest,
        "rules": [dataclasses.asdict(rule) for rule in standard.rules.values()],
        "categories": [
            dataclasses.asdict(category) | {"limit_minutes": standard.limit_minutes(category)}
            for category in standard.categories
        ],
    }


def _print(standard: Standard, base: Standard | None, lang: Lang) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    console.print(f"{standard.id} · {standard.name(lang)}", style="bold")
    for rule in standard.rules.values():
        if base is None or base.get(rule.id) != rule:
            _print_one(console, *_rule_lines(rule, lang))
    for category in standard.categories:
        if base is None or category not in base.categories:
            _print_one(console, *_category_lines(standard, category, lang))
    console.print()


def _print_one(console: Console, *lines: str) -> None:
    from rich.padding import Padding

    for depth, line in zip((2, 6, 6), lines, strict=True):
        console.print(Padding(line, (0, 0, 0, depth)), style="" if depth == 2 else "dim")


def _rule_lines(rule: Rule, lang: Lang) -> tuple[str, str, str]:
    from geoplan.report.words import rule_name, unit_text

    if isinstance(rule.value, bool):
        value = text("cli.yes" if rule.value else "cli.no", lang)
    else:
        value = f"{rule.comparison} {rule.value:g} {unit_text(rule.unit, lang)}"
    status = text(f"status.{rule.status}", lang)
    source = " · ".join(part for part in (rule.source, rule.place.strip("-"), rule.in_force) if part)
    return f"{rule_name(rule.id, lang)} ({rule.id}): {value} [{status}]", rule.clause, source


def _category_lines(standard: Standard, category: Category, lang: Lang) -> tuple[str, str, str]:
    status = text(f"status.{category.status}", lang)
    limit = f"<= {standard.limit_minutes(category):.3g} min"
    kinds = f"{category.mode} {category.min_count}: {', '.join(category.kinds)}"
    evidence = f"{category.clause} · {category.source}"
    return f"{category.name(lang)} ({category.id}): {limit} [{status}]", kinds, evidence
