"""Rows of the audit's tables, as plain data in a language."""

from __future__ import annotations

from typing import Any

import pandas as pd

import geoplan as gp
from geoplan.analysis.communities import flag_oversized
from geoplan.messages import Lang, catalogue, text
from geoplan.report.json_file import records
from geoplan.standards.catalogue import list_standards
from geoplan_api.answers import head
from geoplan_api.problems import ProblemError
from geoplan_api.served import Served

__all__ = ["catchment", "community", "fixes", "oversized", "provenance", "rows_of", "standards"]

Row = dict[str, Any]

_WORDS = {"reason": "reason", "cause": "cause"}
"""Columns of codes that get a sentence beside them: ``<column>_text``."""


def rows_of(served: Served, name: str, lang: Lang) -> list[Row]:
    """
    Return a table of the audit as rows, each code with its sentence; made once a language.

    Raises
    ------
    ProblemError
        404 if the study lacks what the table needs.
    """
    table = served.table(name)
    found: list[Row] = served.kept(("rows", name, lang), lambda: _rows(table, lang))
    return found


def _rows(table: pd.DataFrame, lang: Lang) -> list[Row]:
    rows = records(table)
    for row in rows:
        for column in _WORDS.keys() & row.keys():
            row[f"{column}_text"] = _sentence(column, row[column], lang)
    return rows


def _sentence(column: str, code: str | None, lang: Lang) -> str:
    if not code:
        return ""
    key = code if code.startswith(f"{column}.") else f"{column}.{code}"
    return text(key, lang) if key in catalogue() else code


def page(
    served: Served,
    rows: list[Row],
    lang: Lang,
    *,
    limit: int,
    offset: int,
    standard: gp.Standard | None = None,
) -> dict[str, Any]:
    """Return a page of rows, and how many there are."""
    return {
        "count": len(rows),
        "limit": limit,
        "offset": offset,
        "rows": rows[offset : offset + limit],
        **head(served, standard or served.standard, lang),
    }


def oversized(served: Served, standard: gp.Standard, lang: Lang) -> list[Row]:
    """Return the communities that are too large under a pack."""
    (communities,) = _need(served, "communities")

    def make() -> list[Row]:
        table = flag_oversized(communities, standard)
        return _rows(table[table["size"] == "oversized"], lang)

    found: list[Row] = served.kept(("oversized", standard.id, lang), make)
    return found


def community(served: Served, community_id: str, lang: Lang) -> dict[str, Any]:
    """
    Return everything the audit says of one community.

    Raises
    ------
    ProblemError
        404 if there is no such community.
    """
    (communities,) = _need(served, "communities")
    if community_id not in communities.index:
        raise ProblemError(404, "problem.no_community", id=community_id)
    own = communities.loc[[community_id]].drop(columns="entrances", errors="ignore")

    def of(name: str) -> list[Row]:
        if name not in served.audit.tables:
            return []
        return [row for row in rows_of(served, name, lang) if row.get("community_id") == community_id]

    first = {name: next(iter(of(table)), None) for name, table in _ONE_ROW.items()}
    return {
        **records(own)[0],
        **first,
        **{name: of(table) for name, table in _MANY_ROWS.items()},
        "not_computed": {name: list(lacking) for name, lacking in served.audit.not_computed.items()},
        **head(served, served.standard, lang),
    }


_ONE_ROW = {"coverage": "coverage_by_community", "size": "oversized"}
_MANY_ROWS = {
    "coverage_by_service": "coverage_by_community_category",
    "size_by_standard": "size_matrix",
    "premises": "premises_checks",
    "centres": "coverage_by_centre",
    "gaps": "gaps",
}


def catchment(served: Served, centre_id: str, lang: Lang) -> dict[str, Any]:
    """
    Return whom a centre serves: the homes within the walk for which it is the nearest of any level.

    Raises
    ------
    ProblemError
        404 if there is no such centre, or the study lacks homes or streets.
    """
    centre = next(
        (row for row in rows_of(served, "coverage_by_centre", lang) if row["centre_id"] == centre_id), None
    )
    if centre is None:
        raise ProblemError(404, "problem.no_centre", id=centre_id)
    reach, homes = served.table("reach"), served.table("completeness")
    own = reach[
        (reach["service"] == "centre_any") & (reach["nearest_id"] == centre_id) & (reach["verdict"] == "pass")
    ]
    about = homes.loc[own["residence_id"], ["community_id", "name", "households", "persons"]]
    joined = pd.DataFrame(about).reset_index()
    joined["minutes"], joined["metres"] = own["minutes"].to_numpy(), own["metres"].to_numpy()
    return {"centre": centre, "residences": records(joined), **head(served, served.standard, lang)}


def fixes(served: Served, lang: Lang, *, limit: int) -> dict[str, Any]:
    """Return what keeps people from services: gates and barriers, causes, and places without a service."""
    return {
        "obstacles": rows_of(served, "obstacles", lang)[:limit],
        "causes_by_service": rows_of(served, "causes_by_service", lang),
        "gap_places": rows_of(served, "gap_places", lang)[:limit],
        **head(served, served.standard, lang),
    }


def standards(served: Served, standard_id: str | None) -> dict[str, Any]:
    """Return the rules of a pack, of the audit's own for None, and which packs there are."""
    standard = served.standard_called(standard_id)
    known = [{"id": one, "current": one == served.standard.id} for one in served.standard_ids]
    if standard is not served.standard:
        table = list_standards(standard.id)
        return {"id": standard.id, "packs": known, "rules": records(table.drop(columns="standard"))}
    rules = [
        {
            "rule": one.id, "value": one.value, "unit": one.unit, "comparison": one.comparison,
            "status": one.status, "clause": one.clause, "source": one.source, "place": one.place,
            "in_force": one.in_force, "note": one.note,
        }
        for one in standard.rules.values()
    ]  # fmt: skip
    rules += [
        {
            "rule": f"category.{one.id}", "value": standard.limit_minutes(one), "unit": "min",
            "comparison": "<=", "status": one.status, "clause": one.clause, "source": one.source,
            "place": "", "in_force": "", "note": one.note,
        }
        for one in standard.categories
    ]  # fmt: skip
    return {"id": standard.id, "packs": known, "rules": rules}


def provenance(served: Served, lang: Lang) -> dict[str, Any]:
    """Return what the audit was made of, and its headline figures."""
    return {
        **served.audit.provenance.as_dict(),
        "generation": served.generation,
        "key": served.key,
        "loaded_at": served.loaded_at,
        "headline": dict(served.audit.headline),
        "not_computed": {name: list(lacking) for name, lacking in served.audit.not_computed.items()},
        **head(served, served.standard, lang),
    }


def _need(served: Served, *names: str) -> tuple[Any, ...]:
    lacking = [one for one in names if served.study.table(one) is None]
    if lacking:
        raise ProblemError(404, "problem.lacking", lacking=", ".join(lacking))
    return served.study.need(*names)
