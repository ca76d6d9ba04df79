"""What explains the findings, as sheets to print: causes, places left out, tiers, spread, compliance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoplan.analysis.set_aside import unbounded
from geoplan.messages import Lang, text
from geoplan.model.access_tables import MATCHES
from geoplan.model.cause_tables import CAUSES
from geoplan.model.result_tables import RESULT_TABLES, VERDICTS
from geoplan.model.tables import INPUT_TABLES
from geoplan.report.headline import headline_rows
from geoplan.report.sheet import Sheet, sheet_of
from geoplan.report.traced import Cell, Form, Source, figure, joined, say
from geoplan.report.words import DASH, service_name, translate

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = [
    "MAX_OBSTACLES",
    "MAX_PLACES",
    "causes_by_service",
    "centre_load",
    "centre_tiers",
    "compliance_counts",
    "match_counts",
    "range_cells",
    "recheck_lines",
    "rechecked",
    "spread",
    "stability",
    "stability_lines",
    "stability_ranges",
    "worst_obstacles",
    "worst_places",
]

MAX_OBSTACLES = 20
"""Barriers and gates printed on paper; the Excel file has all of them."""
MAX_PLACES = 20
"""Places printed on paper; the Excel file has all of them."""
_TIER = "tier persons_pass coverage_rate household_coverage_rate elderly_coverage_rate persons_only clause"
_LOAD = (
    "centre_id name level persons_catchment households_catchment elderly_catchment persons_shared "
    "persons_sole households_sole capacity persons_per_place area_per_100_households"
)
_SPREAD = (
    "service people persons mean_minutes median_minutes p90_minutes worst_tenth_minutes gini "
    "persons_unreached persons_unknown"
)
_PLACE = (
    "place_id service name community_id persons households elderly_persons cause cause_share obstacle_ids "
    "mean_minutes"
)
_STABILITY = (
    "label value low high speed_slow speed_fast snap_near snap_far gates_open gates_closed hours_open "
    "hours_closed quarantine_low quarantine_high places_high streets_high"
)
_RECHECK = "service redecided agreeing timed largest_difference_ms longest_pass_id longest_pass_minutes"
_OBSTACLE = "obstacle_id obstacle_kind name households persons residences services"


def causes_by_service(audit: Audit, lang: Lang) -> Sheet | None:
    """Return services by causes, a cell saying how many homes and persons; None if nothing fails."""
    table = audit.tables.get("causes_by_service")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table)
    causes = [one for one in CAUSES if (frame["cause"] == one).any()]
    labels = dict(zip(zip(frame["service"], frame["cause"], strict=True), frame.index, strict=True))
    rows = []
    for service in frame["service"].unique():
        row = [Cell(service_name(audit.standard, service, lang))]
        for cause in causes:
            known = (service, cause) in labels
            row.append(_homes_and_persons(frame, labels[service, cause]) if known else Cell(DASH, "number"))
        rows.append(row)
    heading = RESULT_TABLES["causes_by_service"].column("service").heading(lang)
    return Sheet([heading, *(text(f"cause.{one}", lang) for one in causes)], rows)


def _homes_and_persons(frame: pd.DataFrame, label: int) -> Cell:
    shown = [
        figure(frame.at[label, name], "count", Source("causes_by_service", (label,), name))
        for name in ("residences", "persons")
        if not pd.isna(frame.at[label, name])
    ]
    return joined(" · ", *shown)


def worst_obstacles(audit: Audit, lang: Lang) -> Sheet | None:
    """Return barriers and gates, those first that most households would pass without; None without any."""
    table = audit.tables.get("obstacles")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table.drop(columns="geometry")).reset_index()
    return sheet_of("obstacles", frame, _OBSTACLE.split(), audit.standard, lang)


def worst_places(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the places where people fail a category, most persons first; None if there is none."""
    frame = _places(audit)
    if frame.empty:
        return None
    return sheet_of("gap_places", frame, _PLACE.split(), audit.standard, lang)


def _places(audit: Audit) -> pd.DataFrame:
    """Return the places of the categories; those of the centres where no category fails."""
    table = audit.tables.get("gap_places")
    if table is None:
        return pd.DataFrame()
    frame = pd.DataFrame(table.drop(columns="geometry")).reset_index()
    of_category = frame[frame["service"].isin([one.id for one in audit.standard.categories])]
    return of_category if len(of_category) else frame


def centre_tiers(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the tiers of centres; None if there are no centres."""
    table = audit.tables.get("centre_tiers")
    if table is None:
        return None
    return sheet_of("centre_tiers", table.reset_index(), _TIER.split(), audit.standard, lang)


def centre_load(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the demand on each centre, each within its own tier; None if there are no centres."""
    table = audit.tables.get("centre_load")
    if table is None:
        return None
    frame = pd.DataFrame(table)
    own = frame[frame["service"] == "centre_" + frame["level"]]
    return sheet_of("centre_load", own, _LOAD.split(), audit.standard, lang)


def spread(audit: Audit, lang: Lang) -> Sheet | None:
    """Return how walks are spread over the study's persons; None if not computed."""
    table = audit.tables.get("distribution")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table)
    return sheet_of(
        "distribution", frame[frame["unit_table"] == "study"], _SPREAD.split(), audit.standard, lang
    )


def match_counts(audit: Audit, lang: Lang) -> Sheet | None:
    """Return how many communities are of each match, by service; None if not computed."""
    table = audit.tables.get("matching")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table)[table["unit_table"] == "communities"]
    if frame.empty:
        return None
    rows = []
    for service, own in frame.groupby("service", sort=False):
        cells = [_how_many("matching", own, "match", one) for one in MATCHES]
        rows.append([Cell(service_name(audit.standard, str(service), lang)), *cells])
    heading = RESULT_TABLES["matching"].column("service").heading(lang)
    return Sheet([heading, *(text(f"match.{one}", lang) for one in MATCHES)], rows)


def compliance_counts(audit: Audit, lang: Lang) -> Sheet | None:
    """Return how many centres and communities pass each rule; None if none was checked."""
    table = audit.tables.get("compliance")
    if table is None or table.empty:
        return None
    schema, names = RESULT_TABLES["compliance"], ["unit_table", "rule", "about", "clause", "status"]
    rows = []
    for key, own in pd.DataFrame(table).groupby(names, sort=False):
        words = translate(pd.DataFrame([key], columns=names), audit.standard, lang).iloc[0]
        cells = [_how_many("compliance", own, "verdict", one) for one in VERDICTS]
        rows.append([*(Cell(str(words[one])) for one in names[:3]), *cells,
                     *(Cell(str(words[one])) for one in names[3:])])  # fmt: skip
    headings = [schema.column(one).heading(lang) for one in names]
    return Sheet([*headings[:3], *(text(f"verdict.{one}", lang) for one in VERDICTS), *headings[3:]], rows)


def _how_many(table: str, rows: pd.DataFrame, column: str, code: str) -> Cell:
    own = tuple(rows.index[rows[column] == code])
    return figure(len(own), "count", Source(table, own, column, "count"))


def rechecked(audit: Audit, lang: Lang) -> Sheet | None:
    """Return what the independent check found, by service; None if no walks were decided."""
    table = audit.tables.get("recheck")
    if table is None:
        return None
    return sheet_of("recheck", table.reset_index(), _RECHECK.split(), audit.standard, lang)


def recheck_lines(audit: Audit, lang: Lang) -> list[Cell]:
    """Return a sentence on the independent check; none if no walks were decided."""
    table = audit.tables.get("recheck")
    if table is None:
        return []
    services = tuple(table.index)
    greatest = {"sampled": "sampled", "ms": "largest_difference_ms"}
    figures = {
        name: figure(table[column].max(), "count", Source("recheck", services, column, "max"))
        for name, column in greatest.items()
    }
    for name in ("redecided", "agreeing", "timed"):
        figures[name] = figure(table[name].sum(), "count", Source("recheck", services, name, "sum"))
    seed = figure(table["seed"].max(), "plain", Source("recheck", services, "seed", "max"))
    return [say("report.recheck", lang, seed=seed, **figures)]


def stability(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the study's coverage rates under each variant; None if no walks were decided."""
    if "stability" not in audit.tables:
        return None
    labels = {key: label for key, label, _ in headline_rows(audit, lang)}
    frame = _of_study(audit)
    frame = frame[frame["indicator"].isin(labels)]
    frame = frame.assign(label=frame["indicator"].map(labels))
    told = [one for one in _STABILITY.split() if frame[one].notna().any()]
    return sheet_of("stability", frame, told, audit.standard, lang)


def stability_lines(audit: Audit, lang: Lang) -> list[Cell]:
    """Return what the variants are, and how many residences are marginal; none if no walks were decided."""
    if "marginal" not in audit.tables:
        return []
    table = audit.tables["marginal"]
    own = Source("marginal", tuple(table.index), "residence_id", "distinct")
    homes = figure(table["residence_id"].nunique(), "count", own)
    told = [say("report.stability_note", lang), say("report.marginal", lang, residences=homes)]
    open_ended = unbounded(audit.study)
    if open_ended:
        told.append(say("report.unbounded", lang, tables=_titles(open_ended, lang)))
    return told


def _titles(tables: str, lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(INPUT_TABLES[one].title(lang) for one in tables.split(","))


def stability_ranges(audit: Audit, lang: Lang) -> dict[str, str]:
    """Return the range of each figure of the headline in words, by row key of `headline_rows`."""
    return {
        key: text("report.range", lang, low=low.text, high=high.text)
        for key, (low, high) in range_cells(audit).items()
    }


def range_cells(audit: Audit) -> dict[str, tuple[Cell, Cell]]:
    """Return the lowest and highest value of each figure of the headline that has a range, by row key."""
    known = audit.tables["indicators"].dropna(subset=["low", "high"])
    known = known[(known["unit"] == "ratio") | (known["low"] < known["high"])]
    cells = {}
    for key, row in known.iterrows():
        form: Form = "rate" if row["unit"] == "ratio" else "count"
        ends = [figure(row[end], form, Source("indicators", (key,), end)) for end in ("low", "high")]
        cells[str(key)] = (ends[0], ends[1])
    return cells


def _of_study(audit: Audit) -> pd.DataFrame:
    frame = pd.DataFrame(audit.tables["stability"])
    return frame[frame["unit_table"] == "study"]
