"""What a request asks for: its parameters checked one by one, an unknown one refused."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geoplan.errors import some_ids
from geoplan.messages import LANGS
from geoplan.model.schema import Column
from geoplan_api.ogc.collection import Bbox, Collection
from geoplan_api.ogc.crs import CRS84, OfferedCrs
from geoplan_api.problems import ProblemError

__all__ = [
    "DEFAULT_LIMIT",
    "ITEMS_PARAMETERS",
    "MAX_LIMIT",
    "MAX_OFFSET",
    "ItemsQuery",
    "asked_crs",
    "check_names",
    "items_query",
    "negotiate",
]

DEFAULT_LIMIT = 10
MAX_LIMIT = 10_000
"""More may be asked for; no more are given at once."""
MAX_OFFSET = 10**9
ITEMS_PARAMETERS = ("f", "lang", "limit", "offset", "bbox", "bbox-crs", "datetime", "crs")

Pairs = Sequence[tuple[str, str]]

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = re.compile(
    rf"{_DAY}([Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}}))?", re.ASCII
)
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """
    A page of features asked for.

    Parameters
    ----------
    limit, offset
        How many features at most, and how many of those that match come before them.
    boxes, box_crs
        Where; a box across the antimeridian comes as two.
    values
        Column -> value it must have.
    crs
        CRS of the answer.
    """

    limit: int
    offset: int
    boxes: tuple[Bbox, ...]
    box_crs: OfferedCrs
    values: Mapping[str, Any]
    crs: OfferedCrs


def check_names(pairs: Pairs, allowed: Iterable[str]) -> dict[str, str]:
    """
    Return the parameters of a request.

    Raises
    ------
    ProblemError
        400, if one is not allowed here, or stands twice.
    """
    known = tuple(allowed)
    unknown = [name for name, _ in pairs if name not in known]
    if unknown:
        listed = some_ids(unknown)
        raise ProblemError(400, "problem.ogc_unknown_parameter", names=listed, known=", ".join(known))
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        raise ProblemError(400, "problem.ogc_twice", names=some_ids(twice))
    if "lang" in found:
        _check_choice("lang", found["lang"], LANGS)
    return found


def items_query(pairs: Pairs, collection: Collection) -> ItemsQuery:
    """
    Return what a request for features asks for.

    Parameters
    ----------
    pairs
        Names and values as they stand in the URL.
    collection
        Whose features are asked for.

    Raises
    ------
    ProblemError
        400, if a parameter is unknown, stands twice, or has an impossible value.
    """
    filters = {name: one for name, one in collection.filters.items() if name not in ITEMS_PARAMETERS}
    given = check_names(pairs, (*ITEMS_PARAMETERS, *filters))
    offered = collection.offered
    box_crs = _crs(given.get("bbox-crs", CRS84), offered, "bbox-crs")
    if "datetime" in given:
        _check_datetime(given["datetime"])
    return ItemsQuery(
        limit=min(_whole(given.get("limit", str(DEFAULT_LIMIT)), "limit", least=1), MAX_LIMIT),
        offset=min(_whole(given.get("offset", "0"), "offset", least=0), MAX_OFFSET),
        boxes=_boxes(given["bbox"], box_crs) if "bbox" in given else (),
        box_crs=box_crs,
        values={name: _value(given[name], one) for name, one in filters.items() if name in given},
        crs=_crs(given.get("crs", CRS84), offered, "crs"),
    )


def asked_crs(given: Mapping[str, str], collection: Collection) -> OfferedCrs:
    """Return the CRS that a request for one feature asks for; ProblemError 400 if it is not offered."""
    return _crs(given.get("crs", CRS84), collection.offered, "crs")


def negotiate(given: Mapping[str, str], accept: str, offered: Mapping[str, Sequence[str]]) -> str:
    """
    Return the format to answer in.

    Parameters
    ----------
    given
        Parameters of the request; ``f`` decides if it is there.
    accept
        Header ``Accept``; empty accepts everything.
    offered
        Format -> its media types, the favourite first.

    Raises
    ------
    ProblemError
        400 if ``f`` names no format on offer, 406 if the client accepts none of them.

    Examples
    --------
    >>> offered = {"json": ["application/geo+json", "application/json"], "html": ["text/html"]}
    >>> negotiate({}, "text/html,*/*;q=0.8", offered), negotiate({}, "", offered)
    ('html', 'json')
    """
    if "f" in given:
        _check_choice("f", given["f"], offered)
        return given["f"]
    ranges = _accepted(accept)
    if not ranges:
        return next(iter(offered))
    quality = {name: max(_quality(one, ranges) for one in types) for name, types in offered.items()}
    best = max(quality, key=lambda name: quality[name])
    if quality[best] <= 0:
        types = [one for several in offered.values() for one in several]
        raise ProblemError(406, "problem.ogc_not_acceptable", known=", ".join(types))
    return best


def _accepted(header: str) -> dict[str, float]:
    """Return the media ranges of an ``Accept`` header and their qualities, as far as they can be read."""
    ranges = {}
    for part in header.split(","):
        name, *settings = (one.strip().lower() for one in part.split(";"))
        stated = [one.removeprefix("q=") for one in settings if one.startswith("q=")]
        if name and (not stated or _NUMBER.fullmatch(stated[0])):
            ranges[name] = float(stated[0]) if stated else 1.0
    return ranges


def _quality(media_type: str, ranges: Mapping[str, float]) -> float:
    """Return how much a client wants a media type: the most exact range that covers it counts."""
    family = media_type.split("/")[0] + "/*"
    return next((ranges[one] for one in (media_type, family, "*/*") if one in ranges), 0.0)


def _whole(value: str, name: str, *, least: int) -> int:
    if not _WHOLE.fullmatch(value) or int(value) < least:
        raise ProblemError(400, "problem.ogc_whole", name=name, value=value, least=least)
    return int(value)


def _number(value: str, name: str) -> float:
    number = float(value) if _NUMBER.fullmatch(value) else math.nan
    if not math.isfinite(number):
        raise ProblemError(400, "problem.ogc_number", name=name, value=value)
    return number


def _crs(uri: str, offered: Mapping[str, OfferedCrs], name: str) -> OfferedCrs:
    _check_choice(name, uri, offered)
    return offered[uri]


def _check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in (listed := tuple(known)):
        raise ProblemError(400, "problem.ogc_choice", name=name, value=value, known=", ".join(listed))


def _boxes(value: str, crs: OfferedCrs) -> tuple[Bbox, ...]:
    """Return the boxes of ``bbox``; heights are passed over, as no geometry has one."""
    numbers = [_number(one, "bbox") for one in value.split(",")]
    if len(numbers) not in (4, 6):
        raise ProblemError(400, "problem.ogc_bbox_numbers", value=value)
    half = len(numbers) // 2
    if half == 3 and numbers[2] > numbers[5]:
        raise ProblemError(400, "problem.ogc_bbox_order", value=value)
    (first_least, second_least), (first_most, second_most) = numbers[:2], numbers[half : half + 2]
    west, south, east, north = first_least, second_least, first_most, second_most
    if crs.north_first:
        west, south, east, north = second_least, first_least, second_most, first_most
    if south > north or (west > east and not crs.geographic):
        raise ProblemError(400, "problem.ogc_bbox_order", value=value)
    if west > east:
        return (west, south, 180.0, north), (-180.0, south, east, north)
    return ((west, south, east, north),)


def _check_datetime(value: str) -> None:
    """Refuse what is no time and no interval of RFC 3339; features have no time, so each matches any."""
    ends = value.split("/")
    opened = [one in ("", "..") for one in ends]
    if len(ends) > 2 or (len(ends) == 1 and opened[0]) or all(opened):
        raise ProblemError(400, "problem.ogc_datetime", value=value)
    instants = [_instant(one, value) for one, free in zip(ends, opened, strict=True) if not free]
    if len(instants) == 2 and instants[0] > instants[1]:
        raise ProblemError(400, "problem.ogc_datetime", value=value)


def _instant(text: str, value: str) -> dt.datetime:
    if not _TIME.fullmatch(text):
        raise ProblemError(400, "problem.ogc_datetime", value=value)
    try:
        # a leap second is a time, though Python knows none
        read = dt.datetime.fromisoformat(re.sub(r"(?<=:[0-9]{2}):60", ":59", text.upper()))
    except ValueError as error:
        raise ProblemError(400, "problem.ogc_datetime", value=value) from error
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


def _value(value: str, column: Column) -> Any:
    """Return a filter's value as the column holds it."""
    if column.kind == "integer":
        if not _WHOLE.fullmatch(value):
            raise ProblemError(400, "problem.ogc_integer", name=column.name, value=value)
        return int(value)
    if column.kind == "number":
        return _number(value, column.name)
    known = tuple(_FLAGS) if column.kind == "flag" else column.choices
    if known:
        _check_choice(column.name, value, known)
    return _FLAGS[value] if column.kind == "flag" else value
