"""``geoplan check``: what was read from a study folder, and every fault in it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import typer

from geoplan.cli.common import (
    EXIT_FAULTS,
    JsonOption,
    LangOption,
    QuietOption,
    StudyArgument,
    choose_lang,
    fault_rows,
    print_faults,
    progress_bar,
    write_json,
)
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from geoplan.model.study import Study

__all__ = ["check"]


def check(
    study: StudyArgument,
    json: JsonOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Read a study and print the ledger. Exit 0: clean; 1: faults; 2: unusable."""
    language = choose_lang(lang)
    from geoplan.io.study_folder import read_study

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
    language = choose_lang(lang, read.lang)
    if json is not None:
        write_json(_as_dict(read, language), json)
    if not quiet and str(json) != "-":
        _print(read, language)
    if len(read.quarantine):
        raise typer.Exit(EXIT_FAULTS)


def _as_dict(study: Study, lang: Lang) -> dict[str, Any]:
    return {
        "study": {"id": study.study_id, "name": study.name, "synthetic": study.synthetic, "crs": study.crs},
        "layers": [dataclasses.asdict(layer) for layer in study.layers],
        "quarantine": fault_rows(study.quarantine, lang),
    }


def _print(study: Study, lang: Lang) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from geoplan.report.evidence import layer_title

    console = Console(highlight=False)
    layers = Table(title=escape(f"{study.name} · {text('cli.check_layers', lang)}"), title_justify="left")
    for column in ("table", "file", "crs", "encoding", "rows_read", "rows_used"):
        layers.add_column(text(f"cli.check_{column}", lang), overflow="fold")
    for layer in study.layers:
        title = layer_title(layer.table, lang)
        cells = (title, layer.file, layer.crs, layer.encoding, str(layer.rows_read), str(layer.rows_used))
        layers.add_row(*map(escape, cells))
    console.print(layers)
    print_faults(console, study.quarantine, lang)
