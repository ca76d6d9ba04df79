"""``geoplan compare``: who gains and who loses, by a scenario or between two studies."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.cli.common import (
    JsonOption,
    LangOption,
    OutOption,
    QuietOption,
    StandardOption,
    StudyArgument,
    choose_lang,
    load_pack,
    progress_bar,
    write_json,
)
from geoplan.errors import DataError
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from geoplan.model.study import Study
    from geoplan.planning.compare import Comparison
    from geoplan.standards.standard import Standard

__all__ = ["compare"]

OtherArgument = Annotated[
    Path, typer.Argument(metavar="SCENARIO|STUDY", help="Scenario file (.toml), or another study folder.")
]


def compare(
    study: StudyArgument,
    other: OtherArgument,
    out: OutOption = None,
    json: JsonOption = None,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compare a study with a scenario of it, or with another study: who gains, who loses."""
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.analysis.coverage import coverage
    from geoplan.io.study_folder import read_study
    from geoplan.network.build import walk_network
    from geoplan.planning.compare import compare as compare_results
    from geoplan.report.compare_json import compare_as_dict

    with progress_bar(language, quiet=quiet) as progress:
        before = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, before.lang)
        pack = load_pack(study, before.standard_id, standard)
        after, later_pack, title = _other(before, pack, other, standard, language)
        found = compare_results(
            coverage(walk_network(before), before, pack, progress=progress),
            coverage(walk_network(after), after, later_pack, progress=progress),
        )
        written = [] if out is None else _write(found, before, after, later_pack, title, out, language)
    if json is not None:
        write_json(compare_as_dict(found, (before, pack), (after, later_pack), title=title), json)
    if quiet or str(json) == "-":
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from geoplan.report.compare_json import compare_rows

    console = Console(highlight=False, soft_wrap=True)
    if before.synthetic or after.synthetic:
        console.print(text("banner.synthetic", language), style="bold")
    console.print(escape(title), style="bold")
    shown = Table()
    for heading in ("service", "rates", "gained", "lost"):
        shown.add_column(text(f"compare.{heading}", language), overflow="fold")
    for row in compare_rows(found, later_pack, language):
        shown.add_row(*map(escape, row))
    console.print(shown)
    if found.changes.empty:
        console.print(text("compare.none", language))
    if written:
        console.print(text("cli.written", language, files=" ".join(map(str, written))))
    console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))


def _other(
    before: Study, pack: Standard, file: Path, standard: str | None, lang: Lang
) -> tuple[Study, Standard, str]:
    """Return the other side: study, standard, and what is compared, for people."""
    if file.suffix.lower() == ".toml" and file.name != "study.toml":
        from geoplan.planning.scenarios import apply_scenario, read_scenario

        scenario = read_scenario(file)
        name = scenario.name or file.stem
        return *apply_scenario(before, pack, scenario), _title(before.name, name, lang)
    if not file.is_dir():
        raise DataError("error.compare_folders", file=str(file))
    from geoplan.io.study_folder import read_study

    after = read_study(file, lang=lang)
    return after, load_pack(file, after.standard_id, standard), _title(before.name, after.name, lang)


def _title(before: str, after: str, lang: Lang) -> str:
    return text("compare.title", lang, before=before, after=after)


def _write(
    found: Comparison, before: Study, after: Study, pack: Standard, title: str, out: Path, lang: Lang
) -> list[Path]:
    """Write the tables as layers of one GeoPackage, and the map."""
    from geoplan.maps.compare import compare_map
    from geoplan.report.gpkg import write_layers

    out.mkdir(parents=True, exist_ok=True)
    tables = {
        "scenario_totals": found.totals,
        "scenario_communities": found.by_community,
        "scenario_changes": found.changes,
    }
    write_layers(tables, out / "compare.gpkg", lang=lang)
    compare_map(after, pack, found, before=before, title=title, lang=lang).save(out / "compare.html")
    return [out / "compare.gpkg", out / "compare.html"]
