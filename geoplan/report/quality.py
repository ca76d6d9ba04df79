"""What the figures rest on, as sections: the data and their faults, the method, where all came from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

from geoplan.messages import Lang, text
from geoplan.model.result_tables import FAULT_KINDS, RESULT_TABLES
from geoplan.report import explained
from geoplan.report.blocks import Lines, Section
from geoplan.report.compose import grid, lines, listed, notes, pairs, section
from geoplan.report.evidence import (
    fault_reasons,
    parameter_cells,
    sheet_of_categories,
    sheet_of_layers,
    sheet_of_rules,
)
from geoplan.report.headline import headline_cells
from geoplan.report.sheet import Sheet, sheet_of
from geoplan.report.traced import Cell, Source, figure, say
from geoplan.report.words import DASH, service_name

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["MAX_LEDGER", "data_quality", "method", "provenance"]

MAX_LEDGER = 200
"""Faults printed on paper; the Excel file has all of them."""
_LEDGER = ("table", "row", "id", "column", "value", "effect")


def data_quality(audit: Audit, lang: Lang) -> Section | None:
    """Return what is unknown, what was set aside, the network's faults, and what was not computed."""
    return section(
        "quality",
        text("report.section_quality", lang),
        sections=(_unknown(audit, lang), _ledger(audit, lang), _network(audit, lang), _left_out(audit, lang)),
    )


def _unknown(audit: Audit, lang: Lang) -> Section | None:
    """Return what is unknown, as label and count; what is known everywhere is left out."""
    rows = []
    table = audit.tables.get("coverage_by_category")
    for service, persons in () if table is None else table["persons_unknown"].dropna().items():
        if persons > 0:
            name = service_name(audit.standard, str(service), lang)
            source = Source("coverage_by_category", (service,), "persons_unknown")
            rows.append(
                (text("report.persons_unknown", lang, service=name), figure(persons, "count", source))
            )
    known = {row.key: row for row in headline_cells(audit, lang)}
    rows += [
        (known[key].label, known[key].value)
        for key in ("persons_unknown_all_five", "size_unknown", "premises_unknown")
        if audit.headline[key]
    ]
    title = text("report.section_unknown", lang)
    table_block = pairs("unknown", title, rows)
    return section("unknown", title, table_block and lines(say("report.unknown_note", lang)), table_block)


def _ledger(audit: Audit, lang: Lang) -> Section | None:
    faults = audit.tables["quarantine"]
    title = text("report.section_ledger", lang)
    told = [
        say("report.ledger_count", lang, count=_how_many("quarantine", faults.index))
        if len(faults)
        else say("report.ledger_clean", lang)
    ]
    snaps = audit.tables.get("snaps")
    lost = [] if snaps is None else snaps.index[snaps["reason"] != ""]
    if len(lost):
        told.append(say("report.not_snapped", lang, count=_how_many("snaps", lost)))
    return section("ledger", title, Lines(tuple(told)), grid(
        "ledger", title, _faults(audit, lang), lang, of="quarantine", printed=MAX_LEDGER
    ))  # fmt: skip


def _faults(audit: Audit, lang: Lang) -> Sheet:
    faults = audit.tables["quarantine"]
    sheet = sheet_of("quarantine", faults, _LEDGER, audit.standard, lang)
    reasons = [Cell(reason) for reason in fault_reasons(faults, lang)]
    return sheet.with_column(text("report.reason", lang), reasons)


def _how_many(table: str, labels: Iterable[Hashable]) -> Cell:
    rows = tuple(labels)
    return figure(len(rows), "count", Source(table, rows, "", "count"))


def _network(audit: Audit, lang: Lang) -> Section | None:
    """Return what may be wrong with the network, as label and figure; nothing if nothing was found."""
    parts, faults = audit.tables.get("network_components"), audit.tables.get("network_faults")
    if parts is None or faults is None or (len(parts) == 1 and not len(faults)):
        return None
    rows = [(text("network.components", lang), _how_many("network_components", parts.index))]
    if len(parts) > 1:
        apart = parts.iloc[1:]
        labels = tuple(apart.index)
        count = figure(
            apart["residences"].sum(), "count", Source("network_components", labels, "residences", "sum")
        )
        share = figure(
            apart["residence_share"].sum(), "rate",
            Source("network_components", labels, "residence_share", "sum"),
        )  # fmt: skip
        rows.append(
            (text("network.residences_apart", lang), say("report.bar_count", lang, count=count, rate=share))
        )
    for kind in FAULT_KINDS:
        own = faults.index[faults["kind"] == kind]
        if len(own):
            rows.append((text(f"network.kind.{kind}", lang), _how_many("network_faults", own)))
    title = text("network.section", lang)
    return section("network", title, lines(say("network.section_note", lang)), pairs("network", title, rows))


def _left_out(audit: Audit, lang: Lang) -> Section | None:
    """Return what could not be computed for want of tables, and words that no category counts."""
    title = text("report.not_computed", lang)
    lacking = [
        Cell(f"{RESULT_TABLES[name].title(lang)}: {text('report.lacks', lang, tables=', '.join(tables))}")
        for name, tables in audit.not_computed.items()
    ]
    kinds = audit.tables.get("facility_kinds")
    strange = None if kinds is None else kinds[kinds["categories"] == ""]
    if strange is not None and len(strange):
        counted = [
            f"{kind} ({count})" for kind, count in zip(strange["kind"], strange["facilities"], strict=True)
        ]
        lacking.append(Cell(text("cli.strange_kinds", lang, kinds=", ".join(counted))))
    return section("left-out", title, listed(lacking))


def method(audit: Audit, lang: Lang) -> Section | None:
    """Return how verdicts are made, what the independent check found, and every rule with its clause."""
    standard = audit.standard
    title = text("report.recheck_title", lang)
    return section(
        "method",
        text("report.section_method", lang),
        listed(_method(audit, lang)),
        grid("recheck", title, explained.rechecked(audit, lang), lang, of="recheck"),
        grid("rules", text("report.rules", lang), sheet_of_rules(standard, lang), lang),
        grid("categories", text("report.categories", lang), sheet_of_categories(standard, lang), lang),
    )


def _method(audit: Audit, lang: Lang) -> list[Cell]:
    speed = audit.standard.get("walking.speed")
    cap = audit.provenance.parameters["max_snap_m"]
    measured = isinstance(cap, int | float)
    return [
        say("report.method_verdict", lang),
        say(
            "report.method_speed",
            lang,
            speed=DASH
            if speed is None
            else figure(speed.value, "plain", Source("rules", ("walking.speed",), "value")),
            status=DASH if speed is None else text(f"status.{speed.status}", lang),
        ),
        say(
            "report.method_snap",
            lang,
            cap=figure(cap, "plain", Source("parameters", ("max_snap_m",), "value")) if measured else DASH,
        ),
        say("report.method_unknown", lang),
        say("report.method_buffer", lang),
        *explained.recheck_lines(audit, lang),
    ]


def provenance(audit: Audit, lang: Lang) -> Section | None:
    """Return the input layers with their digests, parameters, versions, and credits."""
    made_of = audit.provenance
    versions = [(str(name), Cell(str(value))) for name, value in made_of.versions.items()]
    credits_ = tuple(Cell(line) for line in audit.study.attribution)
    return section(
        "provenance",
        text("report.section_provenance", lang),
        grid("layers", text("report.layers", lang), sheet_of_layers(audit, lang), lang),
        pairs("parameters", text("report.parameters", lang), [*parameter_cells(audit, lang), *versions]),
        Lines((Cell(text("report.digest", lang, digest=made_of.standard_digest)),), "digest"),
        notes(*credits_) if credits_ else None,
    )
