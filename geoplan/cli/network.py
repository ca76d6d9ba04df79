"""``geoplan network``: what may be wrong with a study's streets, and repairs that are asked for."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
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
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from rich.console import Console

    from geoplan.model.study import Study
    from geoplan.network.quality import NetworkQuality

__all__ = ["network"]

_ROWS_SHOWN = 20
"""Rows printed of each kind of fault, and of the repairs."""

UndershootOption = Annotated[
    float,
    typer.Option(
        "--undershoot", metavar="M", help="Report dead ends within M metres of a street they do not join."
    ),
]
SnapDanglesOption = Annotated[
    float | None,
    typer.Option(
        "--snap-dangles",
        metavar="M",
        help="Join dead ends within M metres; writes a repaired copy of the study to --out.",
        show_default=False,
    ),
]


def network(
    study: StudyArgument,
    out: OutOption = None,
    json: JsonOption = None,
    snap_dangles: SnapDanglesOption = None,
    undershoot: UndershootOption = 2.0,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Check a study's streets: components, undershoots, overlaps, barrier crossings, far snaps."""
    if snap_dangles is not None and out is None:
        raise typer.BadParameter("--snap-dangles needs --out DIR", param_hint="--out")
    if not undershoot > 0:
        raise typer.BadParameter("must be above 0", param_hint="--undershoot")
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.study_folder import read_study
    from geoplan.network.quality import check_network

    repairs = None
    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        cap = _cap(study, read, standard)
        written: list[Path] = []
        if snap_dangles is not None and out is not None:
            read, repairs, written = _repair(study, read, snap_dangles, out)
        found = check_network(read, max_snap_m=cap, undershoot_m=undershoot)
    if out is not None:
        written += _write(found, repairs, out, language)
    if json is not None:
        write_json(_as_dict(read, found, repairs, cap, undershoot, language), json)
    if not quiet and str(json) != "-":
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        _print(console, read, found, language)
        if repairs is not None:
            _print_repairs(console, repairs, snap_dangles or 0.0, language)
        if written:
            console.print(text("cli.written", language, files=" ".join(map(str, written))))
        console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))


def _cap(folder: Path, study: Study, standard: str | None) -> float:
    """Return the cap on snapping: the study's own, else the standard's [m]."""
    if study.max_snap_m is not None:
        return study.max_snap_m
    return load_pack(folder, study.standard_id, standard).number("walking.max_snap")


def _repair(
    folder: Path, study: Study, within_m: float, out: Path
) -> tuple[Study, gpd.GeoDataFrame, list[Path]]:
    """Write the repaired study to ``out``; the folder read is left as it is."""
    from geoplan.io.repair import snap_dangles
    from geoplan.io.study_write import write_study

    repaired, repairs = snap_dangles(study, within_m=within_m)
    written = list(write_study(repaired, out))
    pack, copy = folder / study.standard_id, out / study.standard_id
    if pack.suffix == ".toml" and pack.is_file() and copy.resolve().is_relative_to(out.resolve()):
        copy.parent.mkdir(parents=True, exist_ok=True)
        written.append(Path(shutil.copyfile(pack, copy)))
    return repaired, repairs, written


def _write(found: NetworkQuality, repairs: pd.DataFrame | None, out: Path, lang: Lang) -> list[Path]:
    from geoplan.report.gpkg import write_layers

    out.mkdir(parents=True, exist_ok=True)
    tables: dict[str, pd.DataFrame] = {
        "network_components": found.components,
        "network_faults": found.faults,
    }
    if repairs is not None:
        tables["network_repairs"] = repairs
    write_layers(tables, out / "network.gpkg", lang=lang)
    return [out / "network.gpkg"]


def _as_dict(
    study: Study,
    found: NetworkQuality,
    repairs: pd.DataFrame | None,
    cap: float,
    undershoot: float,
    lang: Lang,
) -> dict[str, Any]:
    from geoplan.report.json_file import records

    people = not math.isnan(found.persons)
    return {
        "study": {
            "id": study.study_id,
            "name": study.name,
            "synthetic": study.synthetic,
            "estimated": list(study.estimated),
            "crs": study.crs,
        },
        "parameters": {"max_snap_m": cap, "undershoot_m": undershoot},
        "summary": {
            "components": len(found.components),
            "residences": found.residences,
            "residences_apart": found.residences_apart,
            "residences_off": found.residences_off,
            "persons": round(found.persons) if people else None,
            "persons_apart": round(found.persons_apart) if people else None,
            "faults": found.fault_counts(),
        },
        "components": records(found.components),
        "faults": [
            {**row, "reason_text": text(row["reason"], lang), "cure_text": text(row["cure"], lang)}
            for row in records(found.faults)
        ],
        "repairs": None if repairs is None else records(repairs),
    }


def _print(console: Console, study: Study, found: NetworkQuality, lang: Lang) -> None:
    from rich.markup import escape
    from rich.table import Table

    if study.synthetic:
        console.print(text("banner.synthetic", lang), style="bold")
    table = Table(title=escape(study.name), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for label, value in _summary(found, lang):
        table.add_row(label, value)
    console.print(table)
    if not len(found.faults):
        console.print(text("network.clean", lang))
        return
    kinds = Table(title=text("network.faults", lang), title_justify="left")
    for column in ("fault", "count", "cure"):
        kinds.add_column(text(f"network.{column}", lang), overflow="fold")
    for kind, count in found.fault_counts().items():
        if count:
            kinds.add_row(text(f"network.kind.{kind}", lang), f"{count:,}", text(f"cure.{kind}", lang))
    console.print(kinds)
    shown = found.faults.groupby("kind", sort=False).head(_ROWS_SHOWN)
    places = Table(title=text("network.places", lang), title_justify="left")
    for column in ("fault", "street", "other", "value", "lonlat"):
        places.add_column(text(f"network.{column}", lang), overflow="fold")
    for row in shown.to_dict("records"):
        places.add_row(*map(escape, _cells(row, lang)))
    console.print(places)
    if len(found.faults) > len(shown):
        console.print(text("network.more", lang, count=len(found.faults) - len(shown)))


def _summary(found: NetworkQuality, lang: Lang) -> list[tuple[str, str]]:
    """Return what stands first: components, and how much lies outside the longest."""
    from geoplan.report.words import count_text, rate_text

    def part(count: float, whole: float) -> str:
        share = rate_text(count / whole if whole else None)
        return text("network.of", lang, count=count_text(count), all=count_text(whole), share=share)

    length = found.components["length_m"]
    rows = [
        ("components", count_text(len(length))),
        ("length_apart", part(float(length.iloc[1:].sum()), float(length.sum()))),
    ]
    if found.residences:
        rows.append(("residences_apart", part(found.residences_apart, found.residences)))
        rows.append(("residences_off", part(found.residences_off, found.residences)))
    if not math.isnan(found.persons):
        rows.append(("persons_apart", part(found.persons_apart, found.persons)))
    return [(text(f"network.{name}", lang), value) for name, value in rows]


def _cells(row: Mapping[str, Any], lang: Lang) -> tuple[str, ...]:
    from geoplan.model.tables import INPUT_TABLES
    from geoplan.report.words import number_text, unit_text

    def known(value: Any) -> str:
        return value if isinstance(value, str) else ""

    other = known(row["other_id"])
    table = INPUT_TABLES[row["table"]].title(lang) if other else ""
    unit = "" if row["unit"] == "count" else unit_text(row["unit"], lang)
    return (
        text(f"network.kind.{row['kind']}", lang),
        known(row["street_id"]),
        f"{table} {other}".strip(),
        "" if math.isnan(row["value"]) else f"{number_text(row['value'])} {unit}".strip(),
        f"{row['lon']:.6f}, {row['lat']:.6f}",
    )


def _print_repairs(console: Console, repairs: pd.DataFrame, within_m: float, lang: Lang) -> None:
    from rich.markup import escape

    console.print(text("network.repaired", lang, count=len(repairs), within=within_m))
    for row in repairs.head(_ROWS_SHOWN).to_dict("records"):
        gap = f"{row['gap_m']:.2f}"
        told = text("network.repair", lang, street=row["street_id"], other=row["other_id"], gap=gap)
        console.print(escape(f"  {told}"))
    if len(repairs) > _ROWS_SHOWN:
        console.print(text("network.more", lang, count=len(repairs) - _ROWS_SHOWN))
