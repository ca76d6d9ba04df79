"""``geoplan audit``: from a study folder to verdicts, tables, map and report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoplan.cli.common import (
    JsonOption,
    LangOption,
    OutOption,
    ProfileOption,
    QuietOption,
    ReviewOption,
    StandardOption,
    StudyArgument,
    choose_lang,
    load_pack,
    progress_bar,
    write_json,
)
from geoplan.errors import DataError
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    import geopandas as gpd

    from geoplan.cli.common import Progress
    from geoplan.planning.plan import SplitPlan
    from geoplan.workflow import Audit

__all__ = ["FixesOption", "Splits", "SplitsOption", "audit", "split_oversized", "with_fixes"]

_FORMATS = ("json", "xlsx", "gpkg", "map", "report")
_EVERY_FORMAT = ",".join(_FORMATS)

FormatsOption = Annotated[
    str,
    typer.Option("--format", help="Which files to write: any of json,xlsx,gpkg,map,report, comma-separated."),
]
BasemapOption = Annotated[
    str | None,
    typer.Option(
        "--basemap", metavar="NAME", help="Online map beneath: tianditu (with --key), osm or amap.",
        show_default=False,
    ),
]  # fmt: skip
KeyOption = Annotated[
    str, typer.Option("--key", metavar="KEY", help="Your key for the online map; it stands in map.html.")
]
SplitsOption = Annotated[
    bool,
    typer.Option(
        "--splits", help="Split the oversized communities too (about a minute) and draw that in the map."
    ),
]
FixesOption = Annotated[
    bool,
    typer.Option("--fixes", help="Rank single fixes too (some ten seconds): which one helps most."),
]


def audit(
    study: StudyArgument,
    out: OutOption = None,
    json: JsonOption = None,
    formats: FormatsOption = _EVERY_FORMAT,
    standard: StandardOption = None,
    profile: ProfileOption = "default",
    splits: SplitsOption = False,
    fixes: FixesOption = False,
    basemap: BasemapOption = None,
    key: KeyOption = "",
    review_number: ReviewOption = "",
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Check a study: print the headline; write audit.json, .xlsx, .gpkg, map.html and report.html."""
    chosen = tuple(dict.fromkeys(one.strip() for one in formats.split(",") if one.strip()))
    wrong = [one for one in chosen if one not in _FORMATS]
    if wrong:
        raise typer.BadParameter(f"{', '.join(wrong)}; known: {', '.join(_FORMATS)}", param_hint="--format")
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.study_folder import read_study
    from geoplan.maps.basemap import tiles_of
    from geoplan.report.json_file import audit_as_dict
    from geoplan.workflow import audit as run

    tiles_of(basemap, key)  # an online map that cannot be had is told before the work begins
    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard).with_profile(profile)
        checked = run(read, pack, progress=progress)
        told: list[str] = []
        if fixes:
            checked, told = with_fixes(checked, language, progress)
        folder = out if out is not None else Path("out") / read.study_id
        found = split_oversized(checked, language, progress) if splits else Splits()
        around = {"basemap": basemap, "key": key, "review_number": review_number}
        written = _write(checked, folder, chosen, found, around, language, progress)
    if json is not None:
        write_json(audit_as_dict(checked, lang=language), json)
    if not quiet and str(json) != "-":
        _print(checked, written, (*told, *found.failed), language, time.perf_counter() - started)


def with_fixes(checked: Audit, lang: Lang, progress: Progress) -> tuple[Audit, list[str]]:
    """Return the audit with the one-fix ledger in it, if there can be one; and what a reader must know."""
    from geoplan.planning.fixes import rank_fixes
    from geoplan.report.fix_words import fix_notes
    from geoplan.workflow import with_fixes as joined

    study, causes = checked.study, checked.tables.get("causes")
    try:
        ledger = rank_fixes(None, study, checked.standard, causes=causes, progress=progress)
    except DataError as error:
        return checked, [error.text(lang)]
    return joined(checked, ledger), fix_notes(ledger, lang)


@dataclass(frozen=True, eq=False)
class Splits:
    """Plans of the oversized communities, the ways to their seats, and why some could not be planned."""

    plans: tuple[SplitPlan, ...] = ()
    walks: gpd.GeoDataFrame | None = None
    failed: tuple[str, ...] = ()


def split_oversized(checked: Audit, lang: Lang, progress: Progress) -> Splits:
    """Split every community that the audit's standard calls oversized."""
    from geoplan.cli.split import chosen_communities, joined_walks, plan_each
    from geoplan.maps.split_layers import drawn_plans
    from geoplan.network.build import walk_network
    from geoplan.planning.split import plan_split

    study, pack = checked.study, checked.standard
    network = walk_network(study) if study.streets is not None else None

    def make(one: str) -> SplitPlan:
        return plan_split(network, study, one, pack, alternatives=False)

    ids = chosen_communities(study, pack, None)
    plans, failed = plan_each(ids, make, every=True, lang=lang, progress=progress)
    walks = joined_walks(network, study, [one for _, one in drawn_plans(plans)], pack)
    return Splits(tuple(plans), walks, tuple(failed))


def _write(
    checked: Audit,
    folder: Path,
    chosen: tuple[str, ...],
    splits: Splits,
    around: dict[str, Any],
    lang: Lang,
    progress: Progress,
) -> list[Path]:
    from geoplan.maps import audit_map
    from geoplan.report import write_excel, write_gpkg, write_html, write_json

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for done, one in enumerate(chosen):
        progress(f"stage.write_{one}", done, len(chosen))
        if one == "json":
            write_json(checked, folder / "audit.json", lang=lang)
            written.append(folder / "audit.json")
        elif one == "xlsx":
            write_excel(checked, folder / "audit.xlsx", lang=lang)
            written.append(folder / "audit.xlsx")
        elif one == "gpkg":
            write_gpkg(checked, folder / "audit.gpkg", lang=lang)
            written.append(folder / "audit.gpkg")
        elif one == "map":
            page = audit_map(checked, plans=splits.plans, walks=splits.walks, lang=lang, **around)
            page.save(folder / "map.html")
            written.append(folder / "map.html")
        else:
            write_html(checked, folder / "report.html", lang=lang)
            written.append(folder / "report.html")
    return written


def _print(checked: Audit, written: list[Path], failed: tuple[str, ...], lang: Lang, seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    from geoplan.report.explained import recheck_lines, stability_ranges
    from geoplan.report.headline import headline_rows, scenario_lines

    console = Console(highlight=False, soft_wrap=True)
    study, standard = checked.study, checked.standard
    table = Table(title=f"{study.name} · {standard.name(lang)}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    ranges = stability_ranges(checked, lang)
    for key, label, value in headline_rows(checked, lang):
        table.add_row(label, value, ranges.get(key, ""))
    for line in scenario_lines(study, lang):
        console.print(line, style="bold", markup=False)
    if study.synthetic:
        console.print(text("banner.synthetic", lang), style="bold")
    if study.estimated:
        console.print(text("banner.estimated", lang, columns=", ".join(study.estimated)))
    console.print(table)
    kinds = checked.tables.get("facility_kinds")
    if kinds is not None and (kinds["categories"] == "").any():
        strangers = kinds[kinds["categories"] == ""]
        listed = ", ".join(f"{row.kind} ({row.facilities})" for row in strangers.itertuples())
        console.print(text("cli.strange_kinds", lang, kinds=listed), markup=False)
    for sentence in recheck_lines(checked, lang):
        console.print(sentence.text)
    for name, lacking in checked.not_computed.items():
        console.print(text("cli.not_computed", lang, table=name, lacking=", ".join(lacking)))
    for line in failed:
        console.print(line, style="bold", markup=False)
    if written:
        console.print(text("cli.written", lang, files=" ".join(str(file) for file in written)))
    console.print(text("cli.seconds", lang, seconds=seconds))
