"""
The one error tree. Every error is also the built-in a caller would expect.

A message is a catalogue key plus parameters, so that one error reads well in either language:
``str(error)`` is English, ``error.text("zh")`` is Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable

from geoplan.messages import Lang, text

__all__ = [
    "CrsError",
    "CrsMismatchError",
    "DataError",
    "DatumError",
    "DisagreementError",
    "DisconnectedError",
    "DuplicateIdError",
    "EncodingError",
    "GeometryError",
    "GeoplanError",
    "InfeasibleError",
    "MissingColumnError",
    "MissingCrsError",
    "MissingExtraError",
    "NetworkError",
    "NotMetricError",
    "PlanningError",
    "RuleParseError",
    "SchemaError",
    "SnapError",
    "SolverError",
    "StandardError",
    "UnknownStandardError",
    "some_ids",
]


class GeoplanError(Exception):
    """
    Base of every error geoplan raises on purpose.

    Parameters
    ----------
    key
        Message key in the catalogue (``geoplan/messages/*.toml``).
    faults
        Every fault found, when several were collected before raising.
    params
        Values for the placeholders of that message.
    """

    def __init__(self, key: str, *, faults: Iterable[GeoplanError] = (), **params: object) -> None:
        self.key = key
        self.params = params
        self.faults = tuple(faults)
        super().__init__(key)

    def __str__(self) -> str:
        return self.text("en")

    def text(self, lang: Lang) -> str:
        """Return the message in ``lang``: what, which rows, the cure; then a line a collected fault."""
        own = text(self.key, lang, **self.params)
        return "\n".join([own, *("- " + fault.text(lang) for fault in self.faults)])


class DataError(GeoplanError, ValueError):
    """The input tables cannot be used."""


class SchemaError(DataError):
    """A table does not have the declared shape."""


class MissingColumnError(SchemaError):
    """A required column is absent."""


class DuplicateIdError(DataError):
    """Ids that must be unique are not."""


class EncodingError(DataError):
    """Text could not be decoded without guessing."""


class GeometryError(DataError):
    """Geometries are unusable."""


class CrsError(GeoplanError, ValueError):
    """Something is wrong with coordinates."""


class MissingCrsError(CrsError):
    """Neither the file nor the study declares a CRS or datum."""


class NotMetricError(CrsError):
    """The CRS does not measure metres truthfully here."""


class CrsMismatchError(CrsError):
    """Two tables that must share a CRS do not."""


class DatumError(CrsError):
    """A datum name is unknown, or coordinates contradict it."""


class StandardError(GeoplanError, ValueError):
    """Something is wrong with a standard pack."""


class UnknownStandardError(StandardError):
    """No pack, or no rule, of that name."""


class RuleParseError(StandardError):
    """A pack file does not parse into rules."""


class NetworkError(GeoplanError):
    """The walking network cannot answer."""


class SnapError(NetworkError):
    """A point lies too far from every walkable street."""


class DisconnectedError(NetworkError):
    """Two places that must be connected are not."""


class PlanningError(GeoplanError):
    """A plan could not be made."""


class InfeasibleError(PlanningError):
    """No plan meets every hard limit."""


class SolverError(PlanningError):
    """The solver stopped without an answer."""


class DisagreementError(GeoplanError):
    """The independent checker decides otherwise than the engine: the figures must not be used."""


class MissingExtraError(GeoplanError, ImportError):
    """An optional dependency is not installed."""


def some_ids(ids: Iterable[object], most: int = 5) -> str:
    """
    Return the first ``most`` ids and the count, for a message.

    Examples
    --------
    >>> some_ids(["a", "b"])
    'a, b'
    >>> some_ids(range(9))
    '0, 1, 2, 3, 4, … (9)'
    """
    listed = [str(one) for one in ids]
    shown = ", ".join(listed[:most])
    return shown if len(listed) <= most else f"{shown}, … ({len(listed)})"
