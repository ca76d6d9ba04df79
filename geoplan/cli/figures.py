"""``geoplan figures``: the figures of an audit for print."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoplan.cli.common import (
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
from geoplan.messages import text

if TYPE_CHECKING:
    from geoplan.cli.common import Progress
    from geoplan.model.study import Study
    from geoplan.standards.standard import Standard
    from geoplan.workflow import Audit

__all__ = ["figures"]

FormatsOption = Annotated[
    str, typer.Option("--format", help="Which formats to write: any of svg,pdf,png, comma-separated.")
]
ScenarioOption = Annotated[
    Path | None,
    typer.Option(
        "--scenario", metavar="FILE", help="Scenario (.toml): coverage before and after is drawn too.",
        show_default=False,
    ),
]  # fmt: skip
ReviewOption = Annotated[
    str, typer.Option("--review-number", metavar="TEXT", help="Review number of the maps (审图号).")
]


def figures(
    study: StudyArgument,
    out: OutOption = None,
    formats: FormatsOption = "svg,pdf,png",
    scenario: ScenarioOption = None,
    review_number: ReviewOption = "",
    standard: StandardOption = None,
    profile: ProfileOption = "default",
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Check a study and draw its figures for print, as wide as the text of an A4 page."""
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.study_folder import read_study
    from geoplan.report.plots import write_figures
    from geoplan.workflow import audit as run

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard).with_profile(profile)
        checked = run(read, pack, progress=progress)
        after = None if scenario is None else _after(read, pack, scenario, progress)
        folder = out if out is not None else Path("out") / read.study_id / "figures"
        progress("stage.write_figures", 0, 1)
        written, not_drawn = write_figures(
            checked, folder, formats=[one.strip() for one in formats.split(",") if one.strip()], after=after,
            review_number=review_number, lang=language,
        )  # fmt: skip
    if quiet:
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if read.synthetic:
        console.print(text("banner.synthetic", language), style="bold")
    for name, error in not_drawn.items():
        label = text(f"figure.{name}", language)
        said = text("figure.not_drawn", language, figure=label, reason=error.text(language))
        console.print(said, style="bold", markup=False)
    if written:
        console.print(text("cli.written", language, files=" ".join(map(str, written))), markup=False)
    console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))


def _after(study: Study, pack: Standard, scenario: Path, progress: Progress) -> Audit:
    """Return the audit of a scenario."""
    from geoplan.planning.scenarios import apply_scenario, read_scenario
    from geoplan.workflow import audit as run

    changed, changed_pack = apply_scenario(study, pack, read_scenario(scenario))
    return run(changed, changed_pack, progress=progress)
