"""``geoplan new``: a study folder from an OSM extract."""

from __future__ import annotations

import math
import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoplan.cli.common import (
    JsonOption,
    LangOption,
    QuietOption,
    choose_lang,
    fault_rows,
    print_faults,
    progress_bar,
    write_json,
)
from geoplan.errors import DataError, some_ids
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    from geoplan.io.osm_build import OsmStudy

__all__ = ["new"]

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Study folder to make.")]
OsmOption = Annotated[
    Path, typer.Option("--osm", metavar="FILE.osm.pbf", help="OSM extract.", show_default=False)
]
PersonsOption = Annotated[
    int | None,
    typer.Option(
        "--persons", metavar="N", show_default=False,
        help="Persons who live there; default: the population tag of the boundary that holds the study.",
    ),
]  # fmt: skip
HouseholdsOption = Annotated[
    int | None, typer.Option("--households", metavar="N", help="Households there.", show_default=False)
]
HouseholdSizeOption = Annotated[
    float | None,
    typer.Option(
        "--persons-per-household",
        metavar="X",
        help="Mean household size, instead of --households.",
        show_default=False,
    ),
]
LevelOption = Annotated[
    str | None,
    typer.Option(
        "--admin-level", metavar="L", show_default=False,
        help="OSM admin_level of the communities; default: the finest with two whole boundaries.",
    ),
]  # fmt: skip
CommunitiesOption = Annotated[
    Path | None,
    typer.Option(
        "--communities", metavar="FILE", help="Layer of communities, instead of OSM's.", show_default=False
    ),
]
CentresOption = Annotated[
    Path | None,
    typer.Option("--centres", metavar="FILE", help="Layer of centres, instead of OSM's.", show_default=False),
]
TagTableOption = Annotated[
    str | None,
    typer.Option(
        "--standard",
        metavar="ID|FILE",
        help="Standard pack, whose OSM tag table is used; default: default.",
        show_default=False,
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="TEXT", help="Name of the study; default: DIR's.", show_default=False),
]
CrsOption = Annotated[
    str | None,
    typer.Option(
        "--crs",
        metavar="EPSG:…",
        help="Metric CRS; default: the zone that suits the place.",
        show_default=False,
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Write into a folder that is not empty; other files there are left alone."),
]


def new(
    folder: FolderArgument,
    osm: OsmOption,
    persons: PersonsOption = None,
    households: HouseholdsOption = None,
    persons_per_household: HouseholdSizeOption = None,
    admin_level: LevelOption = None,
    communities: CommunitiesOption = None,
    centres: CentresOption = None,
    standard: TagTableOption = None,
    name: NameOption = None,
    crs: CrsOption = None,
    force: ForceOption = False,
    json: JsonOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Build a study folder from an OSM extract: streets, facilities, homes, communities, centres."""
    language = choose_lang(lang)
    started = time.perf_counter()
    pack = standard or "default"
    sources = [
        osm,
        *(one for one in (communities, centres) if one),
        *([Path(pack)] if _is_file(pack) else []),
    ]
    _check_people(persons, households, persons_per_household)
    _check_folder(folder, sources, force=force)
    _check_layers(folder, [one for one in (communities, centres) if one])
    from geoplan.io.osm_build import People, study_from_osm
    from geoplan.io.osm_write import write_osm_study
    from geoplan.standards.parse import load_standard

    rules = load_standard(pack)
    with progress_bar(language, quiet=quiet) as progress:
        built = study_from_osm(
            osm,
            rules,
            study_id=folder.resolve().name,
            name=name or "",
            people=People(persons, households, persons_per_household),
            admin_level=admin_level,
            communities=communities,
            centres=centres,
            crs=crs,
            standard_id=_relative(Path(pack), folder) if _is_file(pack) else pack,
            lang=language,
            progress=progress,
        )
        progress("stage.osm_write", 0, 1)
        options = {
            "--osm": osm, "--persons": persons, "--households": households,
            "--persons-per-household": persons_per_household, "--admin-level": admin_level,
            "--communities": communities, "--centres": centres,
            "--standard": Path(pack) if _is_file(pack) else standard, "--name": name, "--crs": crs,
            "--lang": None if lang is None else lang.value,
        }  # fmt: skip
        written = write_osm_study(built, folder, command=_command(folder, options), overwrite=True)
    if json is not None:
        write_json(_as_dict(built, folder, written), json)
    if not quiet and str(json) != "-":
        _print(built, folder, written, language, time.perf_counter() - started)


def _is_file(pack: str) -> bool:
    return pack.endswith(".toml")


def _check_people(persons: int | None, households: int | None, size: float | None) -> None:
    for option, value in (("--persons", persons), ("--households", households)):
        if value is not None and value < 0:
            raise DataError("error.osm_people", option=option, value=value, allowed="0, 1, 2, …")
    if size is not None and not (math.isfinite(size) and size > 0):
        raise DataError("error.osm_people", option="--persons-per-household", value=size, allowed="> 0")
    if households is not None and size is not None:
        raise DataError("error.osm_two_household_options")


def _check_folder(folder: Path, sources: list[Path], *, force: bool) -> None:
    """Refuse a folder that holds anything but the sources themselves, unless told to write into it."""
    if folder.exists() and not folder.is_dir():
        raise DataError("error.osm_folder_is_file", folder=folder)
    if force or not folder.is_dir():
        return
    own = {source.resolve() for source in sources}
    others = sorted(one.name for one in folder.iterdir() if one.resolve() not in own)
    if others:
        raise DataError("error.osm_folder_taken", folder=folder, files=some_ids(others))


def _check_layers(folder: Path, layers: list[Path]) -> None:
    """Refuse a layer that the study folder would read a second time, beside its copy in the study."""
    for file in layers:
        if file.resolve().parent == folder.resolve():
            raise DataError("error.osm_layer_in_folder", file=file.name, folder=folder)


def _relative(file: Path, folder: Path) -> str:
    return Path(os.path.relpath(file, folder)).as_posix()


def _command(folder: Path, options: dict[str, Any]) -> str:
    """Return the command that builds this study again, with paths relative to the working folder."""
    words = ["geoplan", "new", _relative(folder, Path())]
    for option, value in options.items():
        if value is not None:
            words += [option, _relative(value, Path()) if isinstance(value, Path) else str(value)]
    return shlex.join(words)


def _as_dict(built: OsmStudy, folder: Path, written: list[Path]) -> dict[str, Any]:
    import dataclasses

    study = built.study
    return {
        "study": {
            "id": study.study_id,
            "name": study.name,
            "crs": study.crs,
            "lang": study.lang,
            "standard": study.standard_id,
            "data_date": study.data_date,
            "attribution": list(study.attribution),
            "estimated": list(study.estimated),
        },
        "osm": dataclasses.asdict(built.account),
        "quarantine": fault_rows(study.quarantine, study.lang),
        "folder": str(folder),
        "files": [file.name for file in written],
    }


def _print(built: OsmStudy, folder: Path, written: list[Path], lang: Lang, seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    from geoplan.io.osm_write import account_lines
    from geoplan.model.tables import INPUT_TABLES

    study, account = built.study, built.account
    console = Console(highlight=False, soft_wrap=True, markup=False)
    date = study.data_date or text("cli.new_date_unknown", lang)
    title = text("cli.new_rows", lang, name=study.name, crs=study.crs, date=date)
    console.print(title)
    table = Table()
    table.add_column(text("cli.new_table", lang))
    table.add_column(text("cli.new_count", lang), justify="right")
    for one, rows in account.rows.items():
        table.add_row(INPUT_TABLES[one].title(lang), f"{rows}")
    console.print(table)
    if account.missing:
        titles = ", ".join(INPUT_TABLES[one].title(lang) for one in account.missing)
        console.print(text("cli.new_missing", lang, tables=titles))
    for line in account_lines(built, lang=lang):
        console.print(line)
    print_faults(Console(highlight=False), study.quarantine, lang)
    console.print(text("cli.written", lang, files=" ".join(str(file) for file in written)))
    console.print(text("cli.new_next", lang, folder=folder))
    console.print(text("cli.seconds", lang, seconds=seconds))
