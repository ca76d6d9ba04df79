"""``geoplan fixes``: which single fix helps most."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.cli.common import (
    JsonOption,
    LangOption,
    OutOption,
    ProfileOption,
    QuietOption,
    StandardOption,
    StudyArgument,
    choose_lang,
    load_pack,
    progress_bar,
    write_json,
)
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod

    from geoplan.model.study import Study
    from geoplan.planning.fixes import FixLedger
    from geoplan.standards.standard import Standard

__all__ = ["fixes"]

_LEAST_WIDTH = 16
"""Signs that a column of words keeps on a narrow terminal."""

KindsOption = Annotated[
    str | None,
    typer.Option(
        "--kinds",
        metavar="KINDS",
        help="Any of centre,facility,gate,link,premises; default: all that the tables allow.",
        show_default=False,
    ),
]
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="SERVICE",
        help="Rank by this service: a category id, all_five, centre_community ...; any: each household once.",
    ),
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", help="How many fixes of each kind to list.")
]
ScenarioOption = Annotated[
    Path | None,
    typer.Option(
        "--scenario-out",
        metavar="DIR",
        help="Write each fix as a scenario, for geoplan compare.",
        show_default=False,
    ),
]


def fixes(
    study: StudyArgument,
    limit: LimitOption = 5,
    kinds: KindsOption = None,
    by: ByOption = "any",
    out: OutOption = None,
    scenario_out: ScenarioOption = None,
    json: JsonOption = None,
    standard: StandardOption = None,
    profile: ProfileOption = "default",
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Rank single fixes by households newly passing: centres, facilities, gates, footbridges, premises."""
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.study_folder import read_study
    from geoplan.planning.fixes import rank_fixes
    from geoplan.report.fix_words import fixes_as_dict

    wanted = None if kinds is None else [one.strip() for one in kinds.split(",") if one.strip()]
    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard).with_profile(profile)
        ledger = rank_fixes(None, read, pack, kinds=wanted, by=by, limit=limit, progress=progress)
        written = [] if out is None else _write(ledger, read, pack, out, language)
        if scenario_out is not None:
            written += _write_scenarios(ledger, scenario_out)
    if json is not None:
        write_json(fixes_as_dict(ledger, read, pack, lang=language), json)
    if quiet or str(json) == "-":
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    _print(console, ledger, read, pack, language)
    if written:
        console.print(text("cli.written", language, files=" ".join(map(str, written))), markup=False)
    console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))


def _write(ledger: FixLedger, study: Study, pack: Standard, out: Path, lang: Lang) -> list[Path]:
    """Write the tables as layers of one GeoPackage and as an Excel file, and the map."""
    from geoplan.maps.fixes import fixes_map
    from geoplan.report.fix_excel import write_fixes_excel
    from geoplan.report.gpkg import write_layers

    out.mkdir(parents=True, exist_ok=True)
    tables = {"fixes": ledger.fixes, "fix_services": ledger.services, "fix_changes": ledger.changes}
    write_layers(tables, out / "fixes.gpkg", lang=lang)
    write_fixes_excel(ledger, study, pack, out / "fixes.xlsx", lang=lang)
    fixes_map(study, pack, ledger, lang=lang).save(out / "fixes.html")
    return [out / "fixes.gpkg", out / "fixes.xlsx", out / "fixes.html"]


def _write_scenarios(ledger: FixLedger, folder: Path) -> list[Path]:
    """Write a scenario a fix, named by its rank and kind: ids may hold what no file name does."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for fix_id, row in ledger.fixes.iterrows():
        about = re.sub(r"[^A-Za-z0-9]+", "-", str(fix_id)).strip("-")[:60]
        file = folder / f"{int(row['rank']):02d}-{about}.toml"
        file.write_text(row["edit"], encoding="utf-8", newline="\n")
        written.append(file)
    return written


def _print(console: Console, ledger: FixLedger, study: Study, pack: Standard, lang: Lang) -> None:
    from rich.markup import escape
    from rich.table import Table

    from geoplan.report.fix_words import fix_by_text, fix_notes, narrow_fix_sheet
    from geoplan.report.words import count_text

    if study.synthetic:
        console.print(text("banner.synthetic", lang), style="bold")
    if study.estimated:
        console.print(text("banner.estimated", lang, columns=", ".join(study.estimated)), markup=False)
    by = fix_by_text(ledger.by, pack, lang)
    title = text("fix.title", lang, helping=count_text(ledger.helping), by=by)
    console.print(f"{study.name} · {pack.name(lang)}\n{title}", style="bold", markup=False)
    if ledger.fixes.empty:
        console.print(text("fix.none", lang))
    else:
        sheet = narrow_fix_sheet(ledger.fixes, ledger.services, pack, lang)
        shown = Table()
        for heading, cell in zip(sheet.headings, sheet.rows[0], strict=True):
            least = None if cell.mark else _LEAST_WIDTH
            justify: JustifyMethod = "right" if cell.mark else "left"
            shown.add_column(escape(heading), overflow="fold", justify=justify, min_width=least)
        for row in sheet.rows:
            shown.add_row(*(escape(cell.text) for cell in row))
        console.print(shown)
        console.print(text("fix.note", lang))
    separator = "、" if lang == "zh" else ", "
    tried = separator.join(
        f"{text(f'fix.kind.{kind}', lang)} {count_text(count)}" for kind, count in ledger.tried.items()
    )
    if tried:
        console.print(text("fix.tried", lang, kinds=tried))
    for line in fix_notes(ledger, lang):
        console.print(line, markup=False)
