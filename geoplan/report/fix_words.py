"""The one-fix ledger in words and as plain data: what ``geoplan fixes --json`` writes and faces say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoplan.messages import Lang, catalogue, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.planning.edits import ResizePremises
from geoplan.planning.fix_effects import ANY_SERVICE
from geoplan.planning.fixes import FixLedger
from geoplan.planning.scenarios import parse_scenario
from geoplan.report.json_file import records
from geoplan.report.sheet import Cell, Sheet
from geoplan.report.words import DASH, count_text, number_text, service_name, unit_text
from geoplan.standards.standard import Standard

if TYPE_CHECKING:
    from geoplan.model.study import Study

__all__ = [
    "fix_by_text",
    "fix_evidence",
    "fix_notes",
    "fix_sheet",
    "fix_titles",
    "fixes_as_dict",
    "narrow_fix_sheet",
]


def fixes_as_dict(ledger: FixLedger, study: Study, standard: Standard, *, lang: Lang) -> dict[str, Any]:
    """
    Return the ledger as plain data.

    Parameters
    ----------
    ledger
        ``geoplan.rank_fixes(...)``.
    study, standard
        What it is of.
    lang
        Language of the sentences; codes and figures are the same in both.

    Returns
    -------
    content
        ``fixes``: each with its ``title`` and ``evidence`` in words, its services, and ``edit``, a scenario
        in TOML for ``geoplan compare``; ``changes``: every verdict or walk that differs.
    """
    titles = fix_titles(ledger.fixes, standard, lang)
    evidence = fix_evidence(ledger.fixes, ledger.services, standard, lang)
    services = pd.DataFrame(ledger.services)
    rows = [
        {
            **row,
            "title": title,
            "evidence": said,
            "by_service": records(services[services["fix_id"] == row["fix_id"]].drop(columns="fix_id")),
        }
        for row, title, said in zip(records(ledger.fixes), titles, evidence, strict=True)
    ]
    return {
        "study": study.study_id,
        "synthetic": study.synthetic,
        "estimated": list(study.estimated),
        "by": ledger.by,
        "tried": dict(ledger.tried),
        "helping": ledger.helping,
        "fixes": rows,
        "changes": records(ledger.changes),
        "notes": fix_notes(ledger, lang),
        "provenance": ledger.provenance.as_dict(),
    }


def fix_titles(fixes: pd.DataFrame, standard: Standard, lang: Lang) -> list[str]:
    """
    Return what each fix of table ``fixes`` does, as a phrase.

    Parameters
    ----------
    fixes
        Table ``fixes``.
    standard
        Names the categories.
    lang
        Language.
    """
    return [_title(str(ident), row, standard, lang) for ident, row in fixes.iterrows()]


def _title(ident: str, row: pd.Series, standard: Standard, lang: Lang) -> str:
    kind, name = row["fix_kind"], row["name"] if isinstance(row["name"], str) else row["subject_id"]
    what = str(row["what"]) if isinstance(row["what"], str) else ""
    if kind == "centre":
        level = text(f"report.level.{what}", lang)
        inside = str(row["subject_id"]).startswith("premises-")
        return text(
            "fix.title_premises_centre" if inside else "fix.title_centre", lang, level=level, name=name
        )
    if kind == "facility":
        service = row["main_service"]
        category = service_name(standard, service, lang) if isinstance(service, str) else DASH
        return text("fix.title_facility", lang, kind=what, category=category, name=name)
    if kind == "link":
        barrier = text(f"obstacle.{what}", lang) if f"obstacle.{what}" in catalogue() else what
        return text("fix.title_link", lang, barrier=barrier, name=name)
    if kind == "gate":
        return text("fix.title_gate", lang, name=name, id=row["subject_id"])
    (edit,) = parse_scenario(row["edit"], ident).edits
    area = number_text(edit.floor_area_m2) if isinstance(edit, ResizePremises) else DASH
    return text("fix.title_premises", lang, name=name, area=area)


def fix_evidence(fixes: pd.DataFrame, services: pd.DataFrame, standard: Standard, lang: Lang) -> list[str]:
    """
    Return why each fix of table ``fixes`` helps, as a sentence: whom, by which service, under which rule.

    Parameters
    ----------
    fixes, services
        Tables ``fixes`` and ``fix_services``.
    standard
        Names the categories.
    lang
        Language.
    """
    found = []
    for ident, row in fixes.iterrows():
        gains = _gains(str(ident), services, standard, lang)
        said = [text(str(row["reason"]), lang)]
        if gains:
            said.append(text("fix.gains", lang, services=gains))
        if isinstance(row["main_service"], str):
            threshold = f"{number_text(row['threshold'])} {unit_text(str(row['unit']), lang)}"
            said.append(text("fix.rule", lang, threshold=threshold, clause=row["clause"]))
        if row["residences_lost"]:
            lost = count_text(row["households_lost"])
            said.append(
                text("fix.loses", lang, residences=count_text(row["residences_lost"]), households=lost)
            )
        if row["residences_unknown"]:
            said.append(text("fix.unknown", lang, residences=count_text(row["residences_unknown"])))
        if row["uncounted_ids"]:
            said.append(text("fix.uncounted", lang, ids=row["uncounted_ids"].replace(",", ", ")))
        found.append(("" if lang == "zh" else " ").join(said))
    return found


def _gains(ident: str, services: pd.DataFrame, standard: Standard, lang: Lang) -> str:
    """Return the services that people gain by a fix, each with its households, most first."""
    own = pd.DataFrame(services)
    own = own[(own["fix_id"] == ident) & (own["service"] != ALL_CATEGORIES) & (own["residences_gained"] > 0)]
    own = own.sort_values("households_gained", ascending=False, kind="stable", na_position="last")
    parts = [f"{service_name(standard, one.service, lang)} {_people(one, lang)}" for one in own.itertuples()]
    return ("、" if lang == "zh" else ", ").join(parts)


def _people(row: Any, lang: Lang) -> str:
    """Return the households of a service gained; where none are known, the persons."""
    if pd.isna(row.households_gained) and not pd.isna(row.persons_gained):
        return text("fix.persons", lang, count=count_text(row.persons_gained))
    return count_text(row.households_gained)


def fix_notes(ledger: FixLedger, lang: Lang) -> list[str]:
    """Return what a reader of the ledger must know, as sentences."""
    found = []
    for key, params in ledger.notes:
        told = dict(params)
        if "kind" in told:
            told["kind"] = text(f"fix.kind.{told['kind']}", lang)
        found.append(text(key, lang, **told))
    return found


def fix_by_text(by: str, standard: Standard, lang: Lang) -> str:
    """Return what ranks the fixes, in words."""
    return text("fix.by_any", lang) if by == ANY_SERVICE else service_name(standard, by, lang)


def fix_sheet(fixes: pd.DataFrame, services: pd.DataFrame, standard: Standard, lang: Lang) -> Sheet:
    """
    Return the ledger as a sheet to print: households newly passing, together and service by service.

    Parameters
    ----------
    fixes, services
        Tables ``fixes`` and ``fix_services``.
    standard
        Names the categories.
    lang
        Language.
    """
    schema = RESULT_TABLES["fixes"]
    people = ("households_gained", "persons_gained", "elderly_persons_gained")
    columns = (*people, "households_lost", "households_unknown")
    gained = pd.DataFrame(services)
    gained = gained[gained["residences_gained"] > 0]
    table = gained.pivot_table(index="fix_id", columns="service", values="households_gained", aggfunc="first")
    order = [ALL_CATEGORIES, *(one.id for one in standard.categories)]
    shown = [one for one in order if one in table.columns]
    shown += [one for one in table.columns if one not in order]
    headings = [
        schema.column("rank").heading(lang), schema.column("fix_kind").heading(lang), text("fix.what", lang),
        *(text(f"fix.short_{one}", lang) for one in columns),
        *(service_name(standard, one, lang) for one in shown),
    ]  # fmt: skip
    rows = []
    for (ident, row), title in zip(fixes.iterrows(), fix_titles(fixes, standard, lang), strict=True):
        cells = [
            Cell(str(row["rank"]), "number"), Cell(text(f"fix.kind.{row['fix_kind']}", lang)), Cell(title),
            *(Cell(count_text(row[one]), "number") for one in columns),
        ]  # fmt: skip
        for service in shown:
            known = ident in table.index and not pd.isna(table.loc[ident, service])
            cells.append(Cell(count_text(table.loc[ident, service]) if known else "", "number"))
        rows.append(cells)
    return Sheet(headings, rows)


def narrow_fix_sheet(fixes: pd.DataFrame, services: pd.DataFrame, standard: Standard, lang: Lang) -> Sheet:
    """Return what `fix_sheet` does for a terminal: the services of each fix in one cell."""
    people = ("households_gained", "persons_gained", "elderly_persons_gained")
    columns = [*people, "households_lost"]
    if (fixes["residences_unknown"] > 0).any():
        columns.append("households_unknown")
    headings = [
        RESULT_TABLES["fixes"].column("rank").heading(lang), text("fix.what", lang),
        *(text(f"fix.narrow_{one}", lang) for one in columns), text("fix.by_service", lang),
    ]  # fmt: skip
    titles = fix_titles(fixes, standard, lang)
    rows = [
        [
            Cell(str(row["rank"]), "number"), Cell(title),
            *(Cell(count_text(row[one]), "number") for one in columns),
            Cell(_gains(str(ident), services, standard, lang)),
        ]
        for (ident, row), title in zip(fixes.iterrows(), titles, strict=True)
    ]  # fmt: skip
    return Sheet(headings, rows)
