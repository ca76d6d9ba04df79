"""``geoplan report``: the report of a study, to be handed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.cli.audit import FixesOption, SplitsOption, split_oversized, with_fixes
from geoplan.cli.common import (
    EXIT_FAULTS,
    LangOption,
    OutOption,
    ProfileOption,
    QuietOption,
    StandardOption,
    StudyArgument,
    choose_lang,
    load_pack,
    progress_bar,
)
from geoplan.errors import MissingExtraError
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from geoplan.cli.common import Progress
    from geoplan.planning.plan import SplitPlan
    from geoplan.report.blocks import Picture
    from geoplan.workflow import Audit

__all__ = ["report"]

_FORMATS = ("html", "docx", "xlsx", "pdf")
_EVERY_FORMAT = ",".join(_FORMATS)

FormatsOption = Annotated[
    str, typer.Option("--format", help="Which files to write: any of html,docx,xlsx,pdf, comma-separated.")
]


def report(
    study: StudyArgument,
    out: OutOption = None,
    formats: FormatsOption = _EVERY_FORMAT,
    standard: StandardOption = None,
    profile: ProfileOption = "default",
    splits: SplitsOption = False,
    fixes: FixesOption = False,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Check a study and write its report: page, Word, Excel and PDF with the same content."""
    chosen = tuple(dict.fromkeys(one.strip() for one in formats.split(",") if one.strip()))
    wrong = [one for one in chosen if one not in _FORMATS]
    if wrong:
        raise typer.BadParameter(f"{', '.join(wrong)}; known: {', '.join(_FORMATS)}", param_hint="--format")
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.study_folder import read_study
    from geoplan.workflow import audit as run

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard).with_profile(profile)
        checked = run(read, pack, progress=progress)
        told: list[str] = []
        if fixes:
            checked, told = with_fixes(checked, language, progress)
        found = split_oversized(checked, language, progress) if splits else None
        plans = () if found is None else found.plans
        folder = out if out is not None else Path("out") / read.study_id
        folder.mkdir(parents=True, exist_ok=True)
        written, lacking = _write(checked, plans, folder, chosen, language, progress)
    failed = [*lacking, *(() if found is None else found.failed)]
    if not quiet:
        _print(written, [*told, *failed], language, time.perf_counter() - started)
    if failed:
        raise typer.Exit(EXIT_FAULTS)


def _write(
    checked: Audit,
    plans: tuple[SplitPlan, ...],
    folder: Path,
    chosen: tuple[str, ...],
    lang: Lang,
    progress: Progress,
) -> tuple[list[Path], list[str]]:
    """Write each format; return the files, and of a format that lacks a package how to install it."""
    from geoplan.report.context import report_of
    from geoplan.report.html import write_report_html
    from geoplan.report.report_excel import write_report_excel
    from geoplan.report.report_pdf import write_report_pdf
    from geoplan.report.report_word import write_report_word

    progress("stage.write_figures", 0, len(chosen) + 1)
    pictures, lacking = _pictures(checked, plans, lang)
    content = report_of(checked, lang=lang, plans=plans, pictures=pictures)
    writers: dict[str, Callable[[Path], None]] = {
        "html": lambda file: write_report_html(content, file),
        "docx": lambda file: write_report_word(content, file),
        "xlsx": lambda file: write_report_excel(content, checked, file),
        "pdf": lambda file: write_report_pdf(content, file),
    }
    written = []
    for done, one in enumerate(chosen, start=1):
        progress("stage.report", done, len(chosen) + 1)
        file = folder / f"report.{one}"
        try:
            writers[one](file)
        except MissingExtraError as error:
            lacking.append(text("cli.format_failed", lang, format=one, why=error.text(lang)))
        else:
            written.append(file)
    return written, lacking


def _pictures(checked: Audit, plans: tuple[SplitPlan, ...], lang: Lang) -> tuple[list[Picture], list[str]]:
    """Return the static figures; without the package that draws them none, and how to install it."""
    from geoplan.report.pictures import report_figures

    try:
        return report_figures(checked, lang, plans), []
    except MissingExtraError as error:
        return [], [text("cli.no_figures", lang, why=error.text(lang))]


def _print(written: list[Path], told: list[str], lang: Lang, seconds: float) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for line in told:
        console.print(line, style="bold", markup=False)
    if written:
        console.print(text("cli.written", lang, files=" ".join(map(str, written))), markup=False)
    console.print(text("cli.seconds", lang, seconds=seconds))
