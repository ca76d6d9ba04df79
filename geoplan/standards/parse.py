"""
Standard packs: TOML text into a `Standard`.

A pack may extend another. Rules are inherited by group (the part of the id before the dot): a pack that
states one rule of a group states the whole group, so that a county's split rule never mixes with another's.
Categories and OSM tags are inherited unless the pack states them.
"""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from geoplan.errors import RuleParseError, UnknownStandardError
from geoplan.standards.declared import RULES
from geoplan.standards.standard import MAY_BE_ZERO, Category, OsmTags, Rule, Standard, Status

__all__ = ["load_standard", "pack_ids", "parse_standard"]

_PACK_KEYS = {"id": str, "en": str, "zh": str, "extends": str, "note": str}
_PACK_NEEDED = ("id", "en", "zh")
_EVIDENCE = ("clause", "source", "status")
_RULE_NEEDED = ("id", "value", "unit", "comparison", *_EVIDENCE, "place", "in_force")
_CATEGORY_NEEDED = ("id", "en", "zh", "kinds", *_EVIDENCE)
_CATEGORY_OPTIONAL = ("mode", "min_count", "minutes", "level", "note")
_LEVELS = (15, 10, 5)
_CENTRE_LEVELS = ("district", "community")


def load_standard(pack: str | Path) -> Standard:
    """
    Load a standard pack.

    Parameters
    ----------
    pack
        Id of a shipped pack, or a TOML file. A pack in a file may extend a shipped one.

    Raises
    ------
    UnknownStandardError
        If no pack has this id.
    RuleParseError
        If the file does not parse; every fault in it is listed.

    Examples
    --------
    >>> load_standard("law-2025").rule("community.max_households").value
    3000
    """
    if isinstance(pack, Path) or str(pack).endswith(".toml"):
        try:
            content = Path(pack).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise RuleParseError("error.pack_encoding", origin=str(pack)) from error
        return parse_standard(content, str(pack))
    return _shipped(pack, ())


def pack_ids() -> tuple[str, ...]:
    """Return the ids of the shipped packs, ``default`` first."""
    found = [
        entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda one: (one != "default", one)))


def parse_standard(content: str, origin: str) -> Standard:
    """
    Parse the text of a pack.

    Parameters
    ----------
    content
        TOML: a table ``pack`` (``id``, ``en``, ``zh``, ``extends``), arrays ``rules`` and ``categories``, and
        tables ``osm.facilities`` (kind -> tags) and ``osm.centres`` (level -> tags).
    origin
        Name of the file, for messages.

    Raises
    ------
    RuleParseError
        Listing every fault: unknown or absent keys, wrong types or units, duplicates, empty evidence.
    """
    return _parse(content, origin, ())


def _folder() -> Any:
    return resources.files("geoplan.standards") / "data"


def _shipped(pack: str, chain: tuple[str, ...]) -> Standard:
    if pack not in pack_ids():
        raise UnknownStandardError("error.unknown_standard", standard=pack, known=", ".join(pack_ids()))
    content = (_folder() / f"{pack}.toml").read_text(encoding="utf-8")
    return _parse(content, f"{pack}.toml", (*chain, pack))


def _parse(content: str, origin: str, chain: tuple[str, ...]) -> Standard:
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise RuleParseError("error.pack_not_toml", origin=origin, detail=str(error)) from error
    faults: list[RuleParseError] = []
    head = _table(data, "pack", faults)
    _keys("pack", head, _PACK_NEEDED, _PACK_KEYS, faults)
    for key, kind in _PACK_KEYS.items():
        if key in head and (not isinstance(head[key], kind) or not head[key]):
            _fault(faults, "pack_empty", where="pack", field=key)
    _keys("", data, ("pack",), ("pack", "rules", "categories", "osm"), faults)
    rules = _rules(_tables(data, "rules", faults), faults)
    categories = _categories(_tables(data, "categories", faults), faults)
    osm_tags = _osm_tags(data, faults)
    parent = _parent(head.get("extends"), chain, faults)
    if parent is None and "circle.minutes" not in rules and not faults:
        _fault(faults, "pack_no_parent")
    if faults:
        raise RuleParseError("error.pack_faults", faults=faults, origin=origin, count=len(faults))
    if parent is not None:
        stated = {rule.group for rule in rules.values()}
        inherited = {key: rule for key, rule in parent.rules.items() if rule.group not in stated}
        rules = {**inherited, **rules}
        categories = categories or parent.categories
        osm_tags = OsmTags(
            facilities=osm_tags.facilities or parent.osm_tags.facilities,
            centres=osm_tags.centres or parent.osm_tags.centres,
        )
    return Standard(
        id=head["id"], en=head["en"], zh=head["zh"], rules=MappingProxyType(rules), categories=categories,
        osm_tags=osm_tags,
    )  # fmt: skip


def _parent(extends: object, chain: tuple[str, ...], faults: list[RuleParseError]) -> Standard | None:
    if extends is None or not isinstance(extends, str):
        return None
    if extends in chain or extends not in pack_ids():
        _fault(faults, "pack_extends", extends=extends, known=", ".join(pack_ids()))
        return None
    return _shipped(extends, chain)


def _rules(rows: list[dict[str, Any]], faults: list[RuleParseError]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for row in rows:
        before = len(faults)
        where = f"rule {row.get('id', '?')}"
        _keys(where, row, _RULE_NEEDED, (*_RULE_NEEDED, "note"), faults)
        _evidence(where, row, ("place",), faults)
        name = row.get("id")
        if name in rules:
            _fault(faults, "pack_twice", where=where)
        elif name is not None and name not in RULES:
            _fault(faults, "pack_unknown_rule", where=where, known=", ".join(RULES))
        elif name is not None:
            _check_rule(where, row, faults)
        in_force = _date(where, row.get("in_force", ""), faults)
        if len(faults) == before:
            rules[row["id"]] = Rule(**{**row, "in_force": in_force})
    return rules


def _check_rule(where: str, row: Mapping[str, Any], faults: list[RuleParseError]) -> None:
    unit, comparisons = RULES[row["id"]]
    value = row.get("value")
    if row.get("unit") != unit:
        _fault(faults, "pack_unit", where=where, unit=unit, found=row.get("unit"))
    if row.get("comparison") not in comparisons:
        known = " ".join(comparisons)
        _fault(faults, "pack_comparison", where=where, known=known, found=row.get("comparison"))
    if unit == "yes/no":
        if not isinstance(value, bool):
            _fault(faults, "pack_flag", where=where, found=value)
    elif not (_is_positive(value) or (row["id"] in MAY_BE_ZERO and _is_zero(value))):
        _fault(faults, "pack_number", where=where, found=value)


def _categories(rows: list[dict[str, Any]], faults: list[RuleParseError]) -> tuple[Category, ...]:
    found: dict[str, Category] = {}
    for row in rows:
        before = len(faults)
        where = f"category {row.get('id', '?')}"
        _keys(where, row, _CATEGORY_NEEDED, (*_CATEGORY_NEEDED, *_CATEGORY_OPTIONAL), faults)
        _evidence(where, row, ("id", "en", "zh"), faults)
        full = {"mode": "any", "min_count": 1, "minutes": None, "level": None, "note": "", **row}
        if full.get("id") in found:
            _fault(faults, "pack_twice", where=where)
        if str(full.get("id", "")).startswith("centre_"):
            _fault(faults, "pack_reserved", where=where)
        if "kinds" in row and not _is_words(row["kinds"]):
            _fault(faults, "pack_words", where=where, field="kinds")
        if full["mode"] not in ("any", "all"):
            _fault(faults, "pack_choice", where=where, field="mode", known="any all", found=full["mode"])
        if not _is_count(full["min_count"]):
            _fault(faults, "pack_count", where=where, field="min_count", found=full["min_count"])
        if full["minutes"] is not None and not _is_positive(full["minutes"]):
            _fault(faults, "pack_number", where=where, found=full["minutes"])
        if full["level"] is not None and full["level"] not in _LEVELS:
            known = " ".join(map(str, _LEVELS))
            _fault(faults, "pack_choice", where=where, field="level", known=known, found=full["level"])
        if len(faults) == before:
            found[full["id"]] = Category(**{**full, "kinds": tuple(full["kinds"])})
    return tuple(found.values())


def _osm_tags(data: Mapping[str, Any], faults: list[RuleParseError]) -> OsmTags:
    osm = _table(data, "osm", faults)
    _keys("osm", osm, (), ("facilities", "centres"), faults)
    read: dict[str, dict[str, tuple[str, ...]]] = {"facilities": {}, "centres": {}}
    for part, found in read.items():
        for name, tags in _table(osm, part, faults).items():
            where = f"osm.{part}.{name}"
            if part == "centres" and name not in _CENTRE_LEVELS:
                known = " ".join(_CENTRE_LEVELS)
                _fault(faults, "pack_choice", where=where, field="level", known=known, found=name)
            elif not _is_words(tags) or not all("=" in tag.strip("=") for tag in tags):
                _fault(faults, "pack_tags", where=where)
            else:
                found[name] = tuple(tags)
    return OsmTags(facilities=MappingProxyType(read["facilities"]), centres=MappingProxyType(read["centres"]))


def _evidence(
    where: str, row: Mapping[str, Any], also: tuple[str, ...], faults: list[RuleParseError]
) -> None:
    """Evidence must be there: an empty clause cannot be defended in a meeting."""
    for key in (*_EVIDENCE, *also):
        if key in row and (not isinstance(row[key], str) or not row[key].strip()):
            _fault(faults, "pack_empty", where=where, field=key)
    if "note" in row and not isinstance(row["note"], str):
        _fault(faults, "pack_empty", where=where, field="note")
    known = get_args(Status)
    if "status" in row and row["status"] not in known:
        _fault(faults, "pack_choice", where=where, field="status", known=" ".join(known), found=row["status"])


def _date(where: str, value: object, faults: list[RuleParseError]) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if value == "":
        return ""
    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        _fault(faults, "pack_date", where=where, found=value)
        return ""


def _keys(
    where: str, row: Mapping[str, Any], needed: tuple[str, ...], known: Any, faults: list[RuleParseError]
) -> None:
    absent = [key for key in needed if key not in row]
    unknown = [key for key in row if key not in known]
    if absent:
        _fault(faults, "pack_absent", where=where, keys=", ".join(absent))
    if unknown:
        _fault(faults, "pack_unknown", where=where, keys=", ".join(unknown), known=", ".join(known))


def _table(data: Mapping[str, Any], key: str, faults: list[RuleParseError]) -> dict[str, Any]:
    found = data.get(key, {})
    if isinstance(found, dict):
        return found
    _fault(faults, "pack_not_table", field=key)
    return {}


def _tables(data: Mapping[str, Any], key: str, faults: list[RuleParseError]) -> list[dict[str, Any]]:
    found = data.get(key, [])
    if isinstance(found, list) and all(isinstance(one, dict) for one in found):
        return found
    _fault(faults, "pack_not_table", field=f"[{key}]")
    return []


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_zero(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _fault(faults: list[RuleParseError], key: str, **params: Any) -> None:
    faults.append(RuleParseError(f"error.{key}", **params))
