"""``geoplan dossier``: the papers of a split, as they are handed in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.cli.common import (
    EXIT_FAULTS,
    LangOption,
    QuietOption,
    StandardOption,
    StudyArgument,
    choose_lang,
    file_stem,
    load_pack,
    progress_bar,
)
from geoplan.cli.split import (
    AllOption,
    CommunityArgument,
    MembersOption,
    PartsOption,
    SeedOption,
    chosen_communities,
    joined_walks,
    parts_of,
    plan_each,
)
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from geoplan.model.study import Study
    from geoplan.network.graph import WalkNetwork
    from geoplan.planning.plan import SplitPlan
    from geoplan.standards.standard import Standard

__all__ = ["dossier"]

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Folder for the files; default: out/dossier.", show_default=False
    ),
]


def dossier(
    study: StudyArgument,
    community: CommunityArgument = None,
    every: AllOption = False,
    out: FolderOption = None,
    parts: PartsOption = "auto",
    members: MembersOption = None,
    seed: SeedOption = 0,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the dossier of a split: Word, Excel, sketch maps before and after, and a map to click."""
    if every == (community is not None):
        raise typer.BadParameter("give a COMMUNITY or --all", param_hint="COMMUNITY")
    if members is not None and every:
        raise typer.BadParameter("--members is for one COMMUNITY", param_hint="--members")
    count = parts_of(parts)
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.members import read_members
    from geoplan.io.study_folder import read_study
    from geoplan.network.build import walk_network
    from geoplan.planning.split import evaluate_split, plan_split

    written: list[Path] = []
    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard)
        network = walk_network(read) if read.streets is not None else None
        folder = out or Path("out") / "dossier"
        folder.mkdir(parents=True, exist_ok=True)
        ids = chosen_communities(read, pack, community)

        def make(one: str) -> SplitPlan:
            if members is not None:
                return evaluate_split(network, read, one, pack, read_members(members))
            return plan_split(network, read, one, pack, parts=count, seed=seed)

        plans, failed = plan_each(ids, make, every=every, lang=language, progress=progress)
        for done, plan in enumerate(plans):
            progress("stage.dossier", done, len(plans))
            written += _write(plan, network, read, pack, folder, language)
    if not quiet:
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        for line in failed:
            console.print(line, style="bold", markup=False)
        console.print(text("cli.written", language, files=" ".join(map(str, written))))
        console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))

    if failed:
        raise typer.Exit(EXIT_FAULTS)


def _write(
    plan: SplitPlan, network: WalkNetwork | None, study: Study, pack: Standard, folder: Path, lang: Lang
) -> list[Path]:
    """Write the files of one community, named by its id."""
    from geoplan.maps import split_map
    from geoplan.report.dossier import dossier_of
    from geoplan.report.dossier_excel import write_dossier_excel
    from geoplan.report.dossier_word import write_dossier_word
    from geoplan.report.split_sketch import draw_split

    stem = file_stem(plan.community_id)
    before, after = folder / f"{stem}_before.png", folder / f"{stem}_after.png"
    shown = dossier_of(plan, study, pack, lang=lang).shown
    draw_split(shown, study, before, when="before", lang=lang)
    draw_split(shown, study, after, when="after", lang=lang)
    word, excel = folder / f"{stem}.docx", folder / f"{stem}.xlsx"
    write_dossier_word(plan, study, pack, word, sketches=(before, after), lang=lang)
    write_dossier_excel(plan, study, pack, excel, lang=lang)
    page = folder / f"{stem}_map.html"
    split_map(plan, study, walks=joined_walks(network, study, [shown], pack), lang=lang).save(page)
    return [word, excel, before, after, page]
