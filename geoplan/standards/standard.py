"""A standard: rules, categories and OSM tags as values. Files are read in ``parse.py``."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from geoplan.errors import StandardError, UnknownStandardError
from geoplan.messages import Lang

__all__ = ["MAY_BE_ZERO", "Category", "Comparison", "OsmTags", "Rule", "Standard", "Status", "set_by_user"]

MAY_BE_ZERO = frozenset({"walking.slope_rate", "walking.crossing_delay", "walking_elder.crossing_delay"})
"""Rules whose value may be zero: what they stand for is then left out."""


Comparison = Literal["<=", "<", ">=", ">", "="]
Status = Literal["official", "borrowed", "assumed"]

_PROFILE = "walking_"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One threshold with its evidence.

    Parameters
    ----------
    id
        Dotted name, ``group.rule``, such as ``"circle.minutes"``.
    value
        The threshold, in ``unit``. A yes/no rule holds True or False.
    unit
        ``min``, ``m``, ``m/min``, ``household``, ``person``, ``km²``, ``m²``, ``m²/100 households``,
        ``ratio``, ``yes/no``.
    comparison
        What a measured value must be to pass: ``measured comparison value``.
    clause
        Where in the source the rule stands.
    source, place, in_force
        The document, where it is in force, and since when (ISO date, or empty).
    status
        ``official`` here, ``borrowed`` from elsewhere or a weak carrier, or ``assumed`` by us.
    note
        What a reader must know, or empty.
    """

    id: str
    value: float | bool
    unit: str
    comparison: Comparison
    clause: str
    source: str
    place: str
    in_force: str
    status: Status
    note: str = ""

    @property
    def group(self) -> str:
        """The part of the id before the first dot."""
        return self.id.split(".", 1)[0]

    def passes(self, measured: float) -> bool:
        """
        Tell whether a measured value meets the rule; NaN never does.

        Examples
        --------
        >>> rule = Rule("circle.minutes", 15, "min", "<=", "-", "-", "-", "", "assumed")
        >>> rule.passes(15.0), rule.passes(15.001)
        (True, False)
        """
        return bool(_COMPARE[self.comparison](measured, float(self.value)))

    def margin(self, measured: float) -> float:
        """Return by how much the rule is met: positive inside, negative outside, in ``unit``."""
        towards = 1.0 if self.comparison in (">=", ">") else -1.0
        return towards * (measured - float(self.value)) + 0.0  # never minus zero


@dataclass(frozen=True, slots=True)
class Category:
    """
    One of the standard's service categories.

    Parameters
    ----------
    id, en, zh
        Identifier and names.
    kinds
        Facility kinds that belong to it.
    mode
        ``any``: one of the kinds suffices; ``all``: each kind is needed.
    min_count
        How many must be within reach (of any kind together, or of each kind).
    minutes
        Own limit in minutes; None takes ``circle.minutes``.
    level
        Circle level in minutes (15, 10, 5) for the non-inclusion rule; None has none.
    clause, source, status, note
        Evidence, as in `Rule`.
    """

    id: str
    en: str
    zh: str
    kinds: tuple[str, ...]
    mode: Literal["any", "all"]
    min_count: int
    minutes: float | None
    level: int | None
    clause: str
    source: str
    status: Status
    note: str = ""

    def name(self, lang: Lang) -> str:
        """Return the name in ``lang``."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class OsmTags:
    """
    Which OSM objects become which rows.

    Parameters
    ----------
    facilities
        Facility kind -> tags ``"key=value"``; an object is of the first kind one of whose tags it bears.
    centres
        Centre level -> tags.
    """

    facilities: Mapping[str, tuple[str, ...]]
    centres: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Standard:
    """
    A standard pack. Values never change; `override` returns a new one.

    Parameters
    ----------
    id, en, zh
        Identifier and names.
    rules
        Rule id -> `Rule`, in the pack's order.
    categories
        The service categories, in the pack's order.
    osm_tags
        Tag table for studies built from OSM.
    displaced
        Rules of the default walking profile whose place another profile has taken.
    """

    id: str
    en: str
    zh: str
    rules: Mapping[str, Rule]
    categories: tuple[Category, ...]
    osm_tags: OsmTags
    displaced: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))

    def name(self, lang: Lang) -> str:
        """Return the name in ``lang``."""
        return self.zh if lang == "zh" else self.en

    def rule(self, rule_id: str) -> Rule:
        """
        Return the rule ``rule_id``.

        Raises
        ------
        UnknownStandardError
            If the pack has no such rule.
        """
        if rule_id not in self.rules:
            raise UnknownStandardError(
                "error.unknown_rule", rule=rule_id, standard=self.id, known=", ".join(self.rules)
            )
        return self.rules[rule_id]

    def get(self, rule_id: str) -> Rule | None:
        """Return the rule ``rule_id``, or None if the pack does not state it."""
        return self.rules.get(rule_id)

    def number(self, rule_id: str) -> float:
        """Return the value of a rule as a number; UnknownStandardError if absent."""
        return float(self.rule(rule_id).value)

    def limit_minutes(self, category: Category) -> float:
        """
        Return the walking limit of a category.

        Its own minutes; else the distance rule of its circle level (``circle_15.max_walk_m``) at the
        pack's walking speed; else ``circle.minutes``.
        """
        return self.limit_rule(category)[0]

    def limit_rule(self, category: Category) -> tuple[float, str]:
        """Return the walking limit of a category in minutes, and the clause it rests on."""
        if category.minutes is not None:
            return category.minutes, category.clause
        if category.level is not None:
            distance = self.get(f"circle_{category.level}.max_walk_m")
            if distance is not None:
                return float(distance.value) / self.number("walking.speed"), distance.clause
        rule = self.rule("circle.minutes")
        return float(rule.value), rule.clause

    def override(self, values: Mapping[str, float | bool]) -> Standard:
        """
        Return a standard with other thresholds.

        Parameters
        ----------
        values
            Rule id -> new value. Such rules become ``assumed`` and say that the user set them.

        Raises
        ------
        UnknownStandardError
            If the pack has no such rule.
        StandardError
            If a value is not a positive number (`MAY_BE_ZERO` apart), or not yes/no where the rule is.

        Examples
        --------
        >>> from geoplan.standards.parse import load_standard
        >>> strict = load_standard("default").override({"circle.minutes": 10})
        >>> strict.rule("circle.minutes").value, strict.rule("circle.minutes").status
        (10, 'assumed')
        """
        changed = dict(self.rules)
        for rule_id, value in values.items():
            old = self.rule(rule_id)
            is_flag = isinstance(value, bool)
            possible = is_flag or 0 < value < math.inf or (value == 0 and rule_id in MAY_BE_ZERO)
            if is_flag != isinstance(old.value, bool) or not possible:
                raise StandardError(
                    "error.override_value", rule=rule_id, standard=self.id, unit=old.unit, value=value
                )
            changed[rule_id] = dataclasses.replace(
                old,
                value=value,
                status="assumed",
                clause=set_by_user(old.clause, old.value),
            )
        return dataclasses.replace(self, rules=MappingProxyType(changed))

    def with_limit(self, minutes: float) -> Standard:
        """
        Return a standard with one walking limit for every category and centre.

        Parameters
        ----------
        minutes
            In place of each category's own limit, ``circle.minutes`` and ``centre.minutes`` [min].

        Raises
        ------
        StandardError
            If it is not a positive number.

        Examples
        --------
        >>> from geoplan.standards.parse import load_standard
        >>> tight = load_standard("default").with_limit(10)
        >>> {tight.limit_minutes(one) for one in tight.categories}, tight.number("centre.minutes")
        ({10}, 10.0)
        """
        rules = [one for one in ("circle.minutes", "centre.minutes") if one in self.rules]
        categories = []
        for category in self.categories:
            limit, clause = self.limit_rule(category)
            categories.append(
                dataclasses.replace(
                    category, minutes=minutes, status="assumed", clause=set_by_user(clause, limit)
                )
            )
        changed = self.override(dict.fromkeys(rules, minutes))
        return dataclasses.replace(changed, categories=tuple(categories))

    @property
    def profiles(self) -> tuple[str, ...]:
        """Walking profiles the pack states: ``default``, and each ``x`` that has rules ``walking_x.*``."""
        groups = dict.fromkeys(rule.group for rule in self.rules.values())
        return ("default", *(one.removeprefix(_PROFILE) for one in groups if one.startswith(_PROFILE)))

    def with_profile(self, profile: str) -> Standard:
        """
        Return the standard as someone of a walking profile meets it.

        Parameters
        ----------
        profile
            One of `profiles`. The rules ``walking_<profile>.*`` take the place of ``walking.*``; those the
            profile does not state stay. ``default`` gives every rule its place back.

        Raises
        ------
        UnknownStandardError
            If the pack has no such profile.

        Examples
        --------
        >>> from geoplan.standards.parse import load_standard
        >>> load_standard("default").with_profile("elder").rule("walking.speed").value
        50
        """
        if profile not in self.profiles:
            raise UnknownStandardError(
                "error.unknown_profile", profile=profile, standard=self.id, known=", ".join(self.profiles)
            )
        group = f"{_PROFILE}{profile}"
        rules = {**self.rules, **self.displaced}
        stated = {
            rule_id: dataclasses.replace(rules[own], id=rule_id)
            for rule_id in rules
            if (own := f"{group}.{rule_id.removeprefix('walking.')}") in rules
        }
        return dataclasses.replace(
            self,
            rules=MappingProxyType({**rules, **stated}),
            displaced=MappingProxyType({rule_id: rules[rule_id] for rule_id in stated}),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of everything the standard says, as hex."""
        content = {
            "id": self.id,
            "rules": [dataclasses.asdict(rule) for rule in self.rules.values()],
            "categories": [dataclasses.asdict(category) for category in self.categories],
            "osm_facilities": {kind: list(tags) for kind, tags in self.osm_tags.facilities.items()},
            "osm_centres": {level: list(tags) for level, tags in self.osm_tags.centres.items()},
        }
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def set_by_user(clause: str, value: float | bool) -> str:
    """Return the clause of a threshold that the user set in place of ``value``."""
    was = str(value).lower() if isinstance(value, bool) else f"{value:g}"
    return f"{clause} (set by the user, was {was})"
