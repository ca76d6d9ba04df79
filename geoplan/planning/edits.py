"""
The edits a scenario is made of: values that name one change each, checked when they are made.

The fields of an edit are the keys of its table in a TOML file; a field means the same in every edit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from geoplan.errors import DataError
from geoplan.model.tables import CENTRE_LEVELS

__all__ = [
    "EDITS",
    "AddCentre",
    "AddFacility",
    "AddLink",
    "AddResidence",
    "CloseCentre",
    "Edit",
    "MoveCentre",
    "OpenGate",
    "Place",
    "ResizeCentre",
    "ResizePremises",
    "SetProfile",
    "SetRule",
    "edit_name",
]

Place = tuple[float, float]
"""East and north, or longitude and latitude, in the scenario's CRS."""


_MOST = 1_000_000_000
"""More than any coordinate, area or count of one place."""


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    # compared, not converted: a whole number may be too large for a float
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST <= value <= _MOST


def _is_place(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _is_area(value: object) -> bool:
    return _is_number(value) and float(str(value)) >= 0


def _is_level(value: object) -> bool:
    return value in CENTRE_LEVELS


def _is_threshold(value: object) -> bool:
    return isinstance(value, bool) or _is_number(value)


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(
        ("id", "name", "kind", "community_id", "street_id", "rule", "profile"), (_is_word, "word")
    ),
    **dict.fromkeys(("at", "start", "end"), (_is_place, "place")),
    **dict.fromkeys(
        ("households", "persons", "elderly_persons", "capacity", "service_level"), (_is_count, "count")
    ),
    "floor_area_m2": (_is_area, "area"),
    "level": (_is_level, "level"),
    "value": (_is_threshold, "threshold"),
}
"""Field -> what it must be, and the name of that in ``scenario.must_be.*``."""


@dataclass(frozen=True, slots=True)
class Edit:
    """
    One change to a study or its standard.

    Raises
    ------
    DataError
        Naming the first field whose value makes no sense.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            possible, kind = _CHECKS[field.name]
            if not possible(value):
                raise DataError(f"error.scenario_{kind}", field=field.name, found=value)


@dataclass(frozen=True, slots=True)
class AddCentre(Edit):
    """
    A new centre, of so many m² and with room for ``capacity`` persons.

    Without ``community_id`` it belongs to the community it stands in.
    """

    id: str
    at: Place
    level: str = "community"
    name: str | None = None
    community_id: str | None = None
    floor_area_m2: float | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class MoveCentre(Edit):
    """A centre elsewhere: its entrances are forgotten, its community is the one it then stands in."""

    id: str
    at: Place


@dataclass(frozen=True, slots=True)
class CloseCentre(Edit):
    """A centre that is there no more."""

    id: str


@dataclass(frozen=True, slots=True)
class ResizeCentre(Edit):
    """A centre with another floor area [m²] or capacity [persons]; what is not given stays."""

    id: str
    floor_area_m2: float | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class AddFacility(Edit):
    """
    A new facility of a kind that the standard's categories use.

    Without ``service_level`` [minutes] it serves whoever reaches it.
    """

    id: str
    at: Place
    kind: str
    name: str | None = None
    service_level: int | None = None
    floor_area_m2: float | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class ResizePremises(Edit):
    """Premises of another floor area [m²]."""

    id: str
    floor_area_m2: float


@dataclass(frozen=True, slots=True)
class OpenGate(Edit):
    """A street whose closed gate is open."""

    street_id: str


@dataclass(frozen=True, slots=True)
class AddLink(Edit):
    """A footbridge from ``start`` to ``end``, joined to the nearest street at either end."""

    id: str
    start: Place
    end: Place
    name: str | None = None


@dataclass(frozen=True, slots=True)
class SetRule(Edit):
    """Another threshold for a rule of the standard, such as ``walking.speed``."""

    rule: str
    value: float | bool


@dataclass(frozen=True, slots=True)
class SetProfile(Edit):
    """Another walking profile of the standard, such as ``elder``."""

    profile: str


@dataclass(frozen=True, slots=True)
class AddResidence(Edit):
    """A new residence; without ``community_id`` it belongs to the community it stands in."""

    id: str
    at: Place
    households: int
    persons: int
    elderly_persons: int | None = None
    name: str | None = None
    community_id: str | None = None


EDITS: MappingProxyType[str, type[Edit]] = MappingProxyType(
    {
        "add_centre": AddCentre,
        "add_facility": AddFacility,
        "add_link": AddLink,
        "add_residence": AddResidence,
        "close_centre": CloseCentre,
        "move_centre": MoveCentre,
        "open_gate": OpenGate,
        "resize_centre": ResizeCentre,
        "resize_premises": ResizePremises,
        "set_profile": SetProfile,
        "set_rule": SetRule,
    }
)
"""Word in a scenario file -> edit."""


def edit_name(edit: Edit) -> str:
    """
    Return the word for an edit in a scenario file.

    Examples
    --------
    >>> edit_name(OpenGate("s1"))
    'open_gate'
    """
    return next(word for word, kind in EDITS.items() if type(edit) is kind)
