"""``audit.json``: the whole audit as plain data under stable keys."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoplan.messages import Lang
from geoplan.model.validate import fault_text

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["audit_as_dict", "records", "write_json"]

_ON_TOP = ("indicators", "quarantine")
"""Tables that stand at the top level, as ``headline`` and ``quarantine``."""


def audit_as_dict(audit: Audit, *, lang: Lang | None = None) -> dict[str, Any]:
    """
    Return an audit as plain data.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    lang
        Language of the quarantine's reasons and of names; None takes the study's.

    Returns
    -------
    content
        ``study``, ``standard``, ``provenance``, ``headline``, ``ranges`` (between which values each of its
        figures lies), ``not_computed``, ``quarantine`` (each fault with its ``reason`` in words) and
        ``tables``: result table -> list of records, without geometry. What is missing is None; shares are
        0-1.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> geoplan.report.audit_as_dict(checked)["headline"]["persons"]
    39050
    """
    chosen = lang or audit.study.lang
    return {
        **_head(audit, chosen),
        "tables": {name: records(table) for name, table in audit.tables.items() if name not in _ON_TOP},
    }


def write_json(audit: Audit, file: str | Path, *, lang: Lang | None = None) -> None:
    """
    Write ``audit.json``: UTF-8, one record of a table a line.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    file
        File to write; its folder exists.
    lang
        As in `audit_as_dict`.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> geoplan.report.write_json(checked, f"{tempfile.mkdtemp()}/audit.json")
    """
    chosen = lang or audit.study.lang
    names = [name for name in audit.tables if name not in _ON_TOP]
    with Path(file).open("w", encoding="utf-8", newline="\n") as target:
        target.write(_dumps(_head(audit, chosen), indent=1).removesuffix("\n}") + ',\n "tables": {')
        for at, name in enumerate(names):
            target.write(f"{',' if at else ''}\n  {_dumps(name)}: [")
            for number, record in enumerate(_iterate(audit.tables[name])):
                target.write(f"{',' if number else ''}\n   {_dumps(record)}")
            target.write("\n  ]")
        target.write("\n }\n}\n")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a result table as records: key and declared columns, no geometry, None for what is missing."""
    return list(_iterate(table))


def _iterate(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    if plain.index.name is not None:
        plain = plain.reset_index()
    columns = []
    for name in plain.columns:
        cells, missing = plain[name].tolist(), plain[name].isna().to_numpy()
        columns.append([None if gone else cell for cell, gone in zip(cells, missing, strict=True)])
    names = [str(name) for name in plain.columns]
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def _head(audit: Audit, lang: Lang) -> dict[str, Any]:
    study, standard = audit.study, audit.standard
    quarantine = records(audit.tables["quarantine"])
    return {
        "study": {
            "id": study.study_id,
            "name": study.name,
            "synthetic": study.synthetic,
            "estimated": list(study.estimated),
            "crs": study.crs,
            "lang": study.lang,
            "data_date": study.data_date,
            "attribution": list(study.attribution),
            "scenarios": [dataclasses.asdict(one) for one in study.scenarios],
        },
        "standard": {
            "id": standard.id,
            "name": standard.name(lang),
            "digest": standard.digest,
            "rules": [
                {
                    "id": rule.id, "value": rule.value, "unit": rule.unit, "comparison": rule.comparison,
                    "clause": rule.clause, "source": rule.source, "place": rule.place,
                    "in_force": rule.in_force, "status": rule.status, "note": rule.note,
                }
                for rule in standard.rules.values()
            ],
            "categories": [
                {
                    "id": one.id, "name": one.name(lang), "kinds": list(one.kinds), "mode": one.mode,
                    "min_count": one.min_count, "limit_minutes": standard.limit_minutes(one),
                    "clause": one.clause, "source": one.source, "status": one.status, "note": one.note,
                }
                for one in standard.categories
            ],
        },
        "provenance": audit.provenance.as_dict(),
        "headline": {key: _figure(value) for key, value in audit.headline.items()},
        "ranges": _ranges(audit),
        "not_computed": {name: list(lacking) for name, lacking in audit.not_computed.items()},
        "quarantine": [{**row, "reason": fault_text(_texts(row), lang)} for row in quarantine],
    }  # fmt: skip


def _ranges(audit: Audit) -> dict[str, dict[str, Any]]:
    """Return, by figure of the headline, ``low``, ``high``, what sets them, and what has no bound."""
    names = ("low", "high", "low_by", "high_by", "unbounded")
    return {row["indicator"]: {one: row[one] for one in names} for row in records(audit.tables["indicators"])}


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in row.items()}


def _figure(value: Any) -> Any:
    if isinstance(value, dict):
        return {part: _plain(figure) for part, figure in value.items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    """Return a JSON value: None for what is missing, Python numbers for numpy's."""
    if value is None or value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _dumps(content: Any, indent: int | None = None) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent)
