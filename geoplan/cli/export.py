"""``geoplan export``: an audit for other programs: a QGIS project, vector tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

__all__ = ["export"]

QgisOption = Annotated[
    bool, typer.Option("--qgis", help="A QGIS project with styled layers, and the GeoPackages it shows.")
]
PmtilesOption = Annotated[
    bool, typer.Option("--pmtiles", help="Vector tiles: a PMTiles archive a table with geometry.")
]


def export(
    study: StudyArgument,
    out: OutOption = None,
    qgis: QgisOption = False,
    pmtiles: PmtilesOption = False,
    standard: StandardOption = None,
    profile: ProfileOption = "default",
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Audit a study and write it for QGIS (audit.qgz) or as vector tiles (tiles/*.pmtiles)."""
    if not (qgis or pmtiles):
        raise typer.BadParameter("name what to write: --qgis, --pmtiles or both", param_hint="--qgis")
    language = choose_lang(lang)
    from geoplan.io.study_folder import read_study
    from geoplan.workflow import audit

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard).with_profile(profile)
        checked = audit(read, pack, progress=progress)
        folder = out if out is not None else Path("out") / read.study_id
        written: list[Path] = []
        if qgis:
            from geoplan.maps.qgis import write_qgis

            progress("stage.write_qgis", 0, 1)
            written += write_qgis(checked, folder, lang=language)
        if pmtiles:
            from geoplan.report.pmtiles import write_pmtiles

            progress("stage.write_pmtiles", 0, 1)
            written += write_pmtiles(checked, folder / "tiles", lang=language)
    if not quiet:
        typer.echo(text("cli.written", language, files=" ".join(map(str, written))))
