"""``geoplan phases``: in which year each oversized community is split, and premises are brought up."""

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
from geoplan.cli.split import SeedOption, chosen_communities, plan_each
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from geoplan.standards.standard import Standard

__all__ = ["phases"]

PlanOption = Annotated[
    bool, typer.Option("--plan/--no-plan", help="Plan each split first; without, only severity is known.")
]


def phases(
    study: StudyArgument,
    plan: PlanOption = True,
    seed: SeedOption = 0,
    out: OutOption = None,
    json: JsonOption = None,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Put splits and premises in order over three years, with transparent scores."""
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.analysis.communities import flag_oversized
    from geoplan.io.study_folder import read_study
    from geoplan.network.build import walk_network
    from geoplan.planning.phasing import phase_splits
    from geoplan.planning.premises_plan import plan_premises
    from geoplan.planning.split import plan_split
    from geoplan.report.json_file import records

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard)
        network = walk_network(read) if read.streets is not None else None
        ids = chosen_communities(read, pack, None) if plan and read.residences is not None else []
        plans, failed = plan_each(
            ids,
            lambda one: plan_split(network, read, one, pack, alternatives=False, seed=seed),
            every=True,
            lang=language,
            progress=progress,
        )
        sizes = flag_oversized(read.need("communities")[0], pack)
        tables: dict[str, pd.DataFrame] = {"split_phases": phase_splits(sizes, pack, plans=plans)}
        if read.premises is not None:
            tables["premises_plan"] = plan_premises(network, read, pack, plans=plans)
    if json is not None:
        write_json({name: records(table) for name, table in tables.items()}, json)
    if quiet or str(json) == "-":
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if read.synthetic:
        console.print(text("banner.synthetic", language), style="bold")
    for line in failed:
        console.print(line, style="bold", markup=False)
    for name, table in tables.items():
        _print(console, name, table, pack, language)
    if out is not None:
        console.print(text("cli.written", language, files=str(_write(tables, out, language))))
    console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))


def _write(tables: dict[str, pd.DataFrame], out: Path, lang: Lang) -> Path:
    from geoplan.report.gpkg import write_layers

    out.mkdir(parents=True, exist_ok=True)
    write_layers(tables, out / "phases.gpkg", lang=lang)
    return out / "phases.gpkg"


def _print(console: Console, name: str, table: pd.DataFrame, pack: Standard, lang: Lang) -> None:
    from rich.markup import escape
    from rich.table import Table

    from geoplan.model.result_tables import RESULT_TABLES
    from geoplan.report.sheet import sheet_of

    columns = {
        "split_phases": ["rank", "year", "community_id", "name", "households", "score_severity",
                         "score_premises", "score_plan", "score_network", "score"],
        "premises_plan": ["year", "community_id", "part_id", "name", "state", "households", "floor_area_m2",
                          "minimum_m2", "shortfall_m2", "households_affected"],
    }[name]  # fmt: skip
    frame = table.reset_index() if table.index.name else table
    if name == "premises_plan":
        frame = frame[frame["state"] != "met"].sort_values(
            ["stage", "year"], ascending=[False, True], kind="stable"
        )
    sheet = sheet_of(name, frame, columns, pack, lang)
    shown = Table(title=RESULT_TABLES[name].title(lang), title_justify="left")
    for heading in sheet.headings:
        shown.add_column(heading, overflow="fold")
    for row in sheet.rows:
        shown.add_row(*(escape(cell.text) for cell in row))
    console.print(shown)
