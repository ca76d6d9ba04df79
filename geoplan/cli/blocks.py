"""``geoplan blocks``: the compounds of a community, their cells, and what lies between them."""

from __future__ import annotations

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
    write_json,
)
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from geoplan.model.study import Study
    from geoplan.planning.plan import Blocks

__all__ = ["blocks"]

OneCommunity = Annotated[str, typer.Argument(metavar="COMMUNITY", help="Id or name of a community.")]


def blocks(
    study: StudyArgument,
    community: OneCommunity,
    out: OutOption = None,
    json: JsonOption = None,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Show what a split is made from: compounds, and the borders between them by class."""
    language = choose_lang(lang)
    from geoplan.io.study_folder import read_study
    from geoplan.planning.blocks import community_blocks, find_community
    from geoplan.report.json_file import records

    read = read_study(study, lang=None if lang is None else language)
    language = choose_lang(lang, read.lang)
    pack = load_pack(study, read.standard_id, standard)
    found = community_blocks(read, find_community(read, community), pack)
    written = [] if out is None else _write(found, read, out, language)
    if json is not None:
        content = {"community_id": found.community_id, "name": found.name,
                   "compounds": records(found.cells), "borders": records(found.borders)}  # fmt: skip
        write_json(content, json)
    if not quiet and str(json) != "-":
        _print(found, read, written, language)


def _write(found: Blocks, study: Study, out: Path, lang: Lang) -> list[Path]:
    """Write the borders as a GeoPackage, and the picture."""
    from geoplan.report.gpkg import write_layers
    from geoplan.report.split_sketch import draw_blocks

    out.mkdir(parents=True, exist_ok=True)
    write_layers({"split_borders": found.borders}, out / "blocks.gpkg", lang=lang)
    draw_blocks(found, study, out / "blocks.png", lang=lang)
    return [out / "blocks.gpkg", out / "blocks.png"]


def _print(found: Blocks, study: Study, written: list[Path], lang: Lang) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from geoplan.report.split_words import said
    from geoplan.report.words import count_text, number_text

    console = Console(highlight=False, soft_wrap=True)
    if study.synthetic:
        console.print(text("banner.synthetic", lang), style="bold")
    table = Table(title=escape(f"{found.name} ({found.community_id})"), title_justify="left")
    for column in ("border", "pairs", "length", "cost", "severed"):
        table.add_column(text(f"blocks.{column}", lang))
    for border_class, own in found.borders.groupby("border_class", sort=True):
        severed = int((~own["passable"].astype(bool)).sum())
        table.add_row(
            text(f"border.{border_class}", lang), count_text(len(own)), number_text(own["length_m"].sum()),
            number_text(own["cost"].sum()), count_text(severed),
        )  # fmt: skip
    console.print(text("blocks.compounds", lang, count=count_text(len(found.cells))))
    console.print(table)
    for note in found.notes:
        console.print(escape(said(note, lang)))
    if written:
        console.print(text("cli.written", lang, files=" ".join(map(str, written))))
