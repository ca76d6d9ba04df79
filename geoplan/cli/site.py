"""``geoplan site``: where new centres should stand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from geoplan.cli.split import SeedOption
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from geoplan.model.study import Study
    from geoplan.planning.site_plan import SitePlan
    from geoplan.standards.standard import Standard

__all__ = ["site"]

_MODELS = ("lscp", "mclp", "p_median", "p_centre")

AddOption = Annotated[int, typer.Option("--add", metavar="N", help="Most centres to add (not for lscp).")]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="mclp: reach most; lscp: fewest for all; p_median: least walking; p_centre: least longest walk.",
    ),
]
LevelOption = Annotated[
    str, typer.Option("--level", metavar="community|district", help="Level of the centres.")
]
CandidatesOption = Annotated[
    str | None,
    typer.Option(
        "--candidates",
        metavar="premises|network|FILE",
        help="Where centres may stand; default: premises if some are large enough, else along the streets.",
        show_default=False,
    ),
]
DemandOption = Annotated[str, typer.Option("--demand", metavar="persons|households", help="What is counted.")]
MinutesOption = Annotated[
    float | None,
    typer.Option("--minutes", metavar="MIN", help="In place of the standard's.", show_default=False),
]
CapacitatedOption = Annotated[
    bool, typer.Option("--capacitated", help="Centres serve no more than they hold.")
]
SiteCapacityOption = Annotated[
    int | None,
    typer.Option("--site-capacity", metavar="N", help="Of a candidate that states none.", show_default=False),
]
SecondsOption = Annotated[float, typer.Option("--seconds", help="Most time of walks and solver.")]
AreaOption = Annotated[
    float | None,
    typer.Option("--min-area", metavar="M2", help="Least floor area of candidates.", show_default=False),
]


def site(
    study: StudyArgument,
    add: AddOption = 2,
    model: ModelOption = "mclp",
    level: LevelOption = "community",
    candidates: CandidatesOption = None,
    demand: DemandOption = "persons",
    minutes: MinutesOption = None,
    capacitated: CapacitatedOption = False,
    site_capacity: SiteCapacityOption = None,
    min_area: AreaOption = None,
    seed: SeedOption = 0,
    seconds: SecondsOption = 45.0,
    out: OutOption = None,
    json: JsonOption = None,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find where new centres should stand, by walking time, with proof or gap."""
    for name, value, choices in (
        ("--model", model, _MODELS),
        ("--level", level, ("community", "district")),
        ("--demand", demand, ("persons", "households")),
    ):
        if value not in choices:
            raise typer.BadParameter(f"must be one of {', '.join(choices)}", param_hint=name)
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.study_folder import read_study
    from geoplan.network.build import walk_network
    from geoplan.planning.siting import locate_centres
    from geoplan.report.site_json import site_as_dict

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard)
        options: dict[str, Any] = {
            "model": model,
            "add": add,
            "level": level,
            "candidates": _candidates(candidates, read),
            "demand": demand,
            "minutes": minutes,
            "capacitated": capacitated,
            "site_capacity": site_capacity,
            "min_floor_area_m2": min_area,
            "seed": seed,
            "seconds": seconds,
        }
        plan = locate_centres(walk_network(read), read, pack, **options, progress=progress)
        written = [] if out is None else _write(plan, read, out, language)
    if json is not None:
        write_json(site_as_dict(plan, lang=language), json)
    if quiet or str(json) == "-":
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if read.synthetic:
        console.print(text("banner.synthetic", language), style="bold")
    _print(console, plan, pack, language)
    if written:
        console.print(text("cli.written", language, files=" ".join(map(str, written))))
    console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))


def _candidates(given: str | None, study: Study) -> Any:
    """Return a word, or the places in a file, in the study's CRS."""
    if given in (None, "premises", "network"):
        return given
    from geoplan.io.candidates import read_candidates

    return read_candidates(Path(str(given)), crs=study.crs)


def _write(plan: SitePlan, study: Study, out: Path, lang: Lang) -> list[Path]:
    """Write sites, newly reached and uncoverable residences as layers of one GeoPackage; and the map."""
    from geoplan.maps.sites import sites_map
    from geoplan.report.gpkg import write_layers

    out.mkdir(parents=True, exist_ok=True)
    new = plan.residences[plan.residences["newly_reached"].to_numpy(bool)]
    tables: dict[str, pd.DataFrame] = {
        "sites": plan.sites.drop(columns="entrances"),
        "site_demand": new,
        "site_uncoverable": plan.uncoverable,
    }
    write_layers(tables, out / "sites.gpkg", lang=lang)
    sites_map(study, plan, lang=lang).save(out / "sites.html")
    return [out / "sites.gpkg", out / "sites.html"]


def _print(console: Console, plan: SitePlan, pack: Standard, lang: Lang) -> None:
    from rich.markup import escape
    from rich.table import Table

    from geoplan.report.sheet import sheet_of
    from geoplan.report.site_json import site_figures, site_notes, site_status, site_title

    console.print(escape(f"{site_title(plan, lang)} · {site_status(plan, lang)}"), style="bold")
    columns = [
        "centre_id",
        "name",
        "persons_new",
        "households_new",
        "persons_served",
        "mean_walk_minutes",
        "max_walk_minutes",
    ]
    if len(plan.sites):
        sheet = sheet_of("sites", plan.sites.drop(columns="entrances").reset_index(), columns, pack, lang)
        shown = Table()
        for heading in sheet.headings:
            shown.add_column(heading, overflow="fold")
        for row in sheet.rows:
            shown.add_row(*(escape(cell.text) for cell in row))
        console.print(shown)
    elif plan.status != "infeasible":
        console.print(text("site.none", lang))
    for label, said in site_figures(plan, lang):
        console.print(f"  {label}: {said}", markup=False)
    for note in site_notes(plan, lang):
        console.print(f"  {note}", markup=False)
