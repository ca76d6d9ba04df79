"""The shipped packs as a table: what each one says, and on what it rests."""

from __future__ import annotations

import pandas as pd

from geoplan.standards.parse import load_standard, pack_ids
from geoplan.standards.standard import Standard

__all__ = ["list_standards", "size_standards"]

_COLUMNS = (
    "rule", "value", "unit", "comparison", "status", "clause", "source", "place", "in_force", "note",
)  # fmt: skip


def list_standards(pack: str = "") -> pd.DataFrame:
    """
    List the rules of the shipped packs with their sources.

    Parameters
    ----------
    pack
        Id of one pack; empty lists all.

    Returns
    -------
    standards
        One row a pack and rule: ``standard``, ``rule``, ``value``, ``unit``, ``comparison``, ``status``
        (``official``, ``borrowed``, ``assumed``), ``clause``, ``source``, ``place``, ``in_force``, ``note``;
        inherited rules included. A category is a row whose rule is ``category.<id>`` and whose value is its
        limit in minutes.

    Raises
    ------
    UnknownStandardError
        If there is no such pack.

    Examples
    --------
    >>> rules = list_standards("law-2025").set_index("rule")
    >>> rules.loc["community.max_households", "clause"]
    '第三条 / Art. 3'
    """
    rows: list[dict[str, object]] = []
    for name in (pack,) if pack else pack_ids():
        standard = load_standard(name)
        for rule in standard.rules.values():
            row = {column: getattr(rule, column, "") for column in _COLUMNS} | {"rule": rule.id}
            rows.append({"standard": name, **row})
        rows += [
            {
                "standard": name,
                "rule": f"category.{category.id}",
                "value": standard.limit_minutes(category),
                "unit": "min",
                "comparison": "<=",
                **{column: getattr(category, column, "") for column in _COLUMNS[4:]},
            }
            for category in standard.categories
        ]
    frame = pd.DataFrame(rows, columns=["standard", *_COLUMNS])
    return frame.astype({"value": object})


def size_standards(own: Standard) -> list[Standard]:
    """
    Return the standards that say something of their own on the size of communities, ``own`` first.

    Packs that only inherit another's rules, or state the same ones, are left out.
    """
    found: dict[tuple[tuple[str, object, str], ...], Standard] = {}
    for standard in (own, *(load_standard(name) for name in pack_ids())):
        rules = [rule for rule in standard.rules.values() if rule.group == "community"]
        stated = tuple(sorted((rule.id, rule.value, rule.comparison) for rule in rules))
        if any(rule_id.startswith("community.max_") for rule_id, _, _ in stated):
            found.setdefault(stated, standard)
    return list(found.values())
