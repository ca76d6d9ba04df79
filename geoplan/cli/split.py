"""``geoplan split``: oversized communities split into parts, or a planner's own split checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geoplan.cli.common import (
    EXIT_FAULTS,
    JsonOption,
    LangOption,
    OutOption,
    Progress,
    QuietOption,
    StandardOption,
    StudyArgument,
    choose_lang,
    file_stem,
    load_pack,
    progress_bar,
    write_json,
)
from geoplan.messages import Lang, text

if TYPE_CHECKING:
    import geopandas as gpd
    from rich.console import Console

    from geoplan.model.study import Study
    from geoplan.network.graph import WalkNetwork
    from geoplan.planning.plan import SplitPlan
    from geoplan.standards.standard import Standard

__all__ = [
    "AllOption",
    "CommunityArgument",
    "MembersOption",
    "PartsOption",
    "SeedOption",
    "chosen_communities",
    "joined_walks",
    "parts_of",
    "plan_each",
    "split",
]

CommunityArgument = Annotated[
    str | None, typer.Argument(metavar="COMMUNITY", help="Id or name of a community.", show_default=False)
]
AllOption = Annotated[bool, typer.Option("--all", help="Every community oversized under the standard.")]
PartsOption = Annotated[
    str, typer.Option("--parts", metavar="N|auto", help="How many parts; auto: the fewest that work.")
]
ModelOption = Annotated[
    str, typer.Option("--model", metavar="seat|cut", help="seat: a seat in walking reach; cut: borders only.")
]
SeatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--seat", metavar="ID", help="Premises, centre or compound that must be a seat; repeatable."
    ),
]
ToleranceOption = Annotated[
    float | None,
    typer.Option("--tolerance", metavar="RATIO", help="In place of the standard's.", show_default=False),
]
MaxWalkOption = Annotated[
    float | None,
    typer.Option("--max-walk", metavar="MIN", help="In place of the standard's.", show_default=False),
]
AreasOption = Annotated[bool, typer.Option("--areas", help="Nest grid areas (片区) inside each part.")]
MembersOption = Annotated[
    Path | None,
    typer.Option(
        "--members",
        metavar="FILE",
        help="Check this split instead: Excel or CSV with columns residence_id and part_id.",
        show_default=False,
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the search; the same seed gives the same plan.")]
SecondsOption = Annotated[
    float, typer.Option("--seconds", help="Most time of the exact solver for each plan.")
]


def split(
    study: StudyArgument,
    community: CommunityArgument = None,
    every: AllOption = False,
    parts: PartsOption = "auto",
    model: ModelOption = "seat",
    seat: SeatOption = None,
    tolerance: ToleranceOption = None,
    max_walk: MaxWalkOption = None,
    areas: AreasOption = False,
    members: MembersOption = None,
    seed: SeedOption = 0,
    seconds: SecondsOption = 60.0,
    out: OutOption = None,
    json: JsonOption = None,
    standard: StandardOption = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """Split oversized communities; or check a planner's own split (--members)."""
    if every == (community is not None):
        raise typer.BadParameter("give a COMMUNITY or --all", param_hint="COMMUNITY")
    if members is not None and every:
        raise typer.BadParameter("--members is for one COMMUNITY", param_hint="--members")
    if model not in ("seat", "cut"):
        raise typer.BadParameter("must be seat or cut", param_hint="--model")
    count = parts_of(parts)
    language = choose_lang(lang)
    started = time.perf_counter()
    from geoplan.io.members import read_members
    from geoplan.io.study_folder import read_study
    from geoplan.network.build import walk_network
    from geoplan.planning.split import evaluate_split, plan_split
    from geoplan.report.headline import study_banners
    from geoplan.report.split_json import split_as_dict

    with progress_bar(language, quiet=quiet) as progress:
        read = read_study(study, lang=None if lang is None else language, progress=progress)
        language = choose_lang(lang, read.lang)
        pack = load_pack(study, read.standard_id, standard)
        network = walk_network(read) if read.streets is not None and model == "seat" else None
        ids = chosen_communities(read, pack, community)

        def make(one: str) -> SplitPlan:
            common: dict[str, Any] = {
                "model": model,
                "tolerance": tolerance,
                "max_walk_minutes": max_walk,
                "areas": areas,
            }
            if members is not None:
                return evaluate_split(network, read, one, pack, read_members(members), **common)
            return plan_split(
                network, read, one, pack, parts=count, seats=seat or [], seed=seed, seconds=seconds, **common
            )

        plans, failed = plan_each(ids, make, every=every, lang=language, progress=progress)
        written: list[Path] = []
        if out is not None:
            written = _write(plans, network, read, pack, out, language)
    if json is not None:
        write_json([split_as_dict(one, lang=language) for one in plans], json)
    if not quiet and str(json) != "-":
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        for line in study_banners(read, language):
            console.print(line, style="bold", markup=False)
        _print_all(console, plans, failed, pack, language)
        if written:
            console.print(text("cli.written", language, files=" ".join(map(str, written))))
        console.print(text("cli.seconds", language, seconds=time.perf_counter() - started))
    if failed:
        raise typer.Exit(EXIT_FAULTS)


def plan_each(
    ids: list[str], make: Callable[[str], SplitPlan], *, every: bool, lang: Lang, progress: Progress
) -> tuple[list[SplitPlan], list[str]]:
    """Plan communities one by one; with ``--all`` one that cannot be planned does not stop the rest."""
    from geoplan.errors import PlanningError

    plans: list[SplitPlan] = []
    failed: list[str] = []
    for done, one in enumerate(ids):
        progress("stage.split", done, len(ids))
        try:
            plans.append(make(one))
        except PlanningError as error:
            if not every:
                raise
            failed.append(error.text(lang))
    return plans, failed


def _print_all(
    console: Console, plans: list[SplitPlan], failed: list[str], pack: Standard, lang: Lang
) -> None:
    for plan in plans:
        _print(console, plan, lang)
    for line in failed:
        console.print(line, style="bold", markup=False)
    if not plans and not failed:
        console.print(text("split.none", lang, standard=pack.id))


def parts_of(given: str) -> int | Literal["auto"]:
    """Return the number of parts asked for, or ``auto``."""
    if given == "auto":
        return "auto"
    try:
        return int(given)
    except ValueError as error:
        raise typer.BadParameter("must be a whole number or auto", param_hint="--parts") from error


def chosen_communities(study: Study, pack: Standard, community: str | None) -> list[str]:
    """Return the community that is meant by an id or a name; without one every oversized community."""
    from geoplan.analysis.communities import flag_oversized
    from geoplan.planning.blocks import find_community

    if community is not None:
        return [find_community(study, community)]
    flagged = flag_oversized(study.need("communities")[0], pack)
    return [str(one) for one in flagged.index[flagged["size"] == "oversized"]]


def joined_walks(
    network: WalkNetwork | None, study: Study, plans: list[SplitPlan], pack: Standard
) -> gpd.GeoDataFrame | None:
    """Return the ways to the seats of several plans as one table; None without streets or plans."""
    import pandas as pd

    from geoplan.planning.seat_paths import seat_paths

    if network is None or not plans:
        return None
    walks: gpd.GeoDataFrame = pd.concat([seat_paths(network, study, plan, pack) for plan in plans])
    return walks


def _write(
    plans: list[SplitPlan], network: WalkNetwork | None, study: Study, pack: Standard, out: Path, lang: Lang
) -> list[Path]:
    """Write the tables of all plans as layers of one GeoPackage, and a map before and after of each."""
    import geopandas as gpd
    import pandas as pd

    from geoplan.maps import split_map
    from geoplan.report.gpkg import write_layers

    out.mkdir(parents=True, exist_ok=True)
    tables = {}
    for name in ("parts", "members", "borders", "checks"):
        frames = [getattr(plan, name) for plan in plans]
        if frames:
            joined = pd.concat(frames)
            if isinstance(frames[0], gpd.GeoDataFrame):
                joined = gpd.GeoDataFrame(joined, crs=frames[0].crs)
            tables[f"split_{name}"] = joined
    walks = joined_walks(network, study, plans, pack)
    if walks is not None:
        tables["split_walks"] = walks
    write_layers(tables, out / "split.gpkg", lang=lang)
    written = [out / "split.gpkg"]
    for plan in plans:
        shown = next((one for one in (plan, *plan.alternatives) if len(one.parts)), plan)
        page = out / f"split_{file_stem(plan.community_id)}.html"
        split_map(plan, study, walks=joined_walks(network, study, [shown], pack), lang=lang).save(page)
        written.append(page)
    return written


def _print(console: Console, plan: SplitPlan, lang: Lang) -> None:
    from rich.markup import escape

    from geoplan.report.split_words import relaxation_text, said, status_text

    if len(plan.parts):
        _print_plan(console, plan, plan, lang)
    else:
        console.print(escape(f"{plan.name} ({plan.community_id}): {status_text(plan, lang)}"), style="bold")
        for reason in plan.reasons:
            console.print(escape(f"  {said(reason, lang)}"))
        for change in plan.relaxations:
            console.print(escape(f"  → {relaxation_text(change, plan, lang)}"))
        if not plan.relaxations and plan.status == "infeasible":
            console.print(f"  {text('relax.none', lang)}")
    for alternative in plan.alternatives:
        _print_plan(console, alternative, plan, lang)
    for note in plan.blocks.notes:
        console.print(escape(said(note, lang)))


def _print_plan(console: Console, one: SplitPlan, whole: SplitPlan, lang: Lang) -> None:
    """Print one plan: a row a part, the four sides, and what fails."""
    from rich.markup import escape
    from rich.table import Table

    from geoplan.report.split_words import kind_text, status_text
    from geoplan.report.words import DASH, count_text, number_text, rate_text

    def cell(value: object) -> str:
        return escape(value) if isinstance(value, str) and value else DASH

    title = f"{one.name} ({one.community_id}) · {kind_text(one, whole, lang)} · {status_text(one, lang)}"
    table = Table(title=escape(title), title_justify="left")
    for column in ("part", "seat", "compounds", "households", "persons", "deviation", "max_walk"):
        table.add_column(text(f"split.{column}", lang), overflow="fold")
    for part_id, row in one.parts.iterrows():
        table.add_row(
            escape(str(part_id)),
            cell(row["seat_name"]),
            count_text(row["compounds"]),
            count_text(row["households"]),
            count_text(row["persons"]),
            rate_text(row["deviation"]),
            number_text(row["max_walk_m"]),
        )
    console.print(table)
    for part_id, row in one.parts.iterrows():
        met = {side: cell(row[side]) for side in ("east", "south", "west", "north")}
        console.print(f"  {escape(str(part_id))}: {text('split.sides', lang, **met)}")
    failed = one.checks[one.checks["verdict"] == "fail"]
    if len(failed):
        console.print(text("split.failed", lang, count=len(failed)))
