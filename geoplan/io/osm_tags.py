"""What OSM tags mean to a walker and to a count of people: tables and pure functions on one object's tags."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

__all__ = [
    "DEFAULT_LEVELS",
    "RESIDENTIAL_BUILDINGS",
    "WALKABLE_HIGHWAYS",
    "WalkTags",
    "barrier_kind",
    "bears",
    "first_match",
    "gate_state",
    "has_signals",
    "is_closed_to_the_public",
    "is_door",
    "is_residential",
    "is_square",
    "is_walkable",
    "storeys",
    "street_level",
    "walk_kind",
    "walk_tags",
    "walking_direction",
]

Tags = Mapping[str, str]

WALKABLE_HIGHWAYS = frozenset({
    "bridleway", "corridor", "crossing", "elevator", "footway", "living_street", "path", "pedestrian",
    "platform", "primary", "primary_link", "residential", "road", "secondary", "secondary_link", "service",
    "steps", "tertiary", "tertiary_link", "track", "trunk", "trunk_link", "unclassified",
})  # fmt: skip
"""Ways one may walk unless their tags say otherwise. Motorways, raceways and plans are not among them."""

_WALKABLE_IF_SAID = frozenset({"bus_guideway", "busway", "cycleway"})
_ALLOWED = frozenset({"yes", "designated", "permissive", "official", "public", "customers", "destination"})
_REFUSED = frozenset({
    "no", "private", "use_sidepath", "military", "restricted", "agricultural", "forestry", "emergency",
})  # fmt: skip

_GATES = frozenset({
    "door", "entrance", "full-height_turnstile", "gate", "hampshire_gate", "kissing_gate", "sally_port",
    "security_control", "sliding_gate", "swing_gate", "turnstile", "wicket_gate",
})  # fmt: skip
_NO_TUNNEL = frozenset({"no", "building_passage", "avalanche_protector", "arcade", "covered"})
_NO_DOORS = frozenset({"no", "emergency", "fire_exit", "exit", "garage", "parking"})

DEFAULT_LEVELS: Mapping[str, float] = {
    "apartments": 5.0, "bungalow": 1.0, "cabin": 1.0, "detached": 2.0, "dormitory": 4.0, "farm": 2.0,
    "house": 2.0, "houseboat": 1.0, "residential": 3.0, "semi": 2.0, "semidetached_house": 2.0,
    "static_caravan": 1.0, "terrace": 2.0, "townhouse": 3.0, "villa": 2.0, "yes": 3.0,
}  # fmt: skip
"""Storeys assumed for a residential building without ``building:levels``, by ``building`` value."""

RESIDENTIAL_BUILDINGS = frozenset(DEFAULT_LEVELS) - {"yes"}
"""``building`` values that say people live there. ``building=yes`` says nothing: see `is_residential`."""

_OTHER_USES = (
    "amenity", "shop", "office", "craft", "tourism", "leisure", "healthcare", "historic", "man_made",
    "military", "aeroway", "railway", "public_transport", "power", "government", "emergency", "club",
    "parking", "industrial",
)  # fmt: skip
_LARGEST_STOREYS = 200.0
_STOREYS = re.compile(r"\s*(\d+(?:[.,]\d+)?)")


def bears(tags: Tags, tag: str) -> bool:
    """
    Tell whether an object bears a tag ``"key=value"``, also among several values.

    Examples
    --------
    >>> bears({"shop": "bakery; butcher"}, "shop=butcher")
    True
    """
    key, _, wanted = tag.partition("=")
    value = tags.get(key)
    if value is None:
        return False
    return value == wanted or (";" in value and wanted in [one.strip() for one in value.split(";")])


def first_match(tags: Tags, table: Mapping[str, tuple[str, ...]]) -> str:
    """Return the first name in ``table`` (name -> tags) one of whose tags the object bears, empty if none."""
    for name, wanted in table.items():
        if any(bears(tags, tag) for tag in wanted):
            return name
    return ""


def walk_kind(tags: Tags) -> str:
    """Return the class of a way: its first ``highway`` value, empty if it has none."""
    return tags.get("highway", "").partition(";")[0].strip()


def is_walkable(tags: Tags) -> bool:
    """
    Tell whether the public may walk along a way.

    ``foot`` decides before ``access``. Cycle tracks and bus lanes need to be opened to walkers in so many
    words; motor roads (``motorroad=yes``) too.

    Examples
    --------
    >>> is_walkable({"highway": "service", "access": "private"})
    False
    >>> is_walkable({"highway": "service", "access": "private", "foot": "yes"})
    True
    """
    kind = walk_kind(tags)
    if kind not in WALKABLE_HIGHWAYS and kind not in _WALKABLE_IF_SAID:
        return False
    foot = tags.get("foot", "")
    if foot in _REFUSED:
        return False
    if foot in _ALLOWED:
        return True
    if kind in _WALKABLE_IF_SAID or tags.get("motorroad") == "yes":
        return False
    return tags.get("access", "") not in _REFUSED


def is_square(tags: Tags) -> bool:
    """
    Tell whether an area's tags say that walkers cross it straight: a walkable area, or a ``place=square``.

    Whether a closed way is an area at all (``area=yes``) is for the caller to know.
    """
    if walk_kind(tags):
        return is_walkable(tags)
    return tags.get("place") == "square" and not is_closed_to_the_public(tags)


def is_closed_to_the_public(tags: Tags) -> bool:
    """Tell whether an object is for its owners only."""
    foot = tags.get("foot", "")
    return foot in _REFUSED or (tags.get("access", "") in _REFUSED and foot not in _ALLOWED)


def street_level(tags: Tags) -> Literal["ground", "bridge", "tunnel"]:
    """
    Return whether a way is on the ground, a bridge or a tunnel.

    A passage through a building, an arcade and any covered way are on the ground. ``layer`` decides where
    neither ``bridge`` nor ``tunnel`` is tagged.

    Examples
    --------
    >>> street_level({"tunnel": "building_passage"}), street_level({"layer": "-1"})
    ('ground', 'tunnel')
    """
    if tags.get("bridge", "no") != "no":
        return "bridge"
    tunnel = tags.get("tunnel", "no")
    if tunnel not in _NO_TUNNEL or tags.get("location") == "underground":
        return "tunnel"
    if tunnel != "no":
        return "ground"
    try:
        layer = float(tags.get("layer", "0"))
    except ValueError:
        return "ground"
    return "bridge" if layer > 0 else "tunnel" if layer < 0 else "ground"


def walking_direction(tags: Tags) -> Literal[-1, 0, 1]:
    """
    Return which way a way is walked: 1 along its nodes only, -1 against them only, 0 both ways.

    Escalators and moving walkways (``conveying``) that run one way, and ``oneway:foot`` on any way. A plain
    ``oneway`` is meant for vehicles.

    Examples
    --------
    >>> walking_direction({"highway": "steps", "conveying": "backward"}), walking_direction({"oneway": "yes"})
    (-1, 0)
    """
    said, conveying = tags.get("oneway:foot", tags.get("foot:oneway", "")), tags.get("conveying", "")
    if said in ("yes", "1", "true") or conveying == "forward":
        return 1
    return -1 if said in ("-1", "reverse") or conveying == "backward" else 0


def has_signals(tags: Tags) -> bool:
    """
    Tell whether a way is a crossing with signals, where people wait for them.

    Examples
    --------
    >>> has_signals({"highway": "footway", "footway": "crossing", "crossing": "traffic_signals"})
    True
    """
    if "crossing" not in (tags.get("footway"), tags.get("path"), walk_kind(tags)):
        return False
    return tags.get("crossing:signals") == "yes" or bears(tags, "crossing=traffic_signals")


class WalkTags(NamedTuple):
    """What a way's tags say to a walker, see the functions of these names; ``area`` is ``area=yes``."""

    walkable: bool
    area: bool
    kind: str
    level: Literal["ground", "bridge", "tunnel"]
    direction: Literal[-1, 0, 1]
    signals: bool


_WALK_KEYS = (
    "access", "area", "bridge", "conveying", "crossing", "crossing:signals", "foot", "foot:oneway", "footway",
    "highway", "layer", "location", "motorroad", "oneway:foot", "path", "tunnel",
)  # fmt: skip
"""Every key `walk_tags` looks at."""


def walk_tags(tags: Tags) -> WalkTags:
    """
    Return what a way's tags say to a walker.

    Examples
    --------
    >>> walk_tags({"highway": "steps", "conveying": "forward"})
    WalkTags(walkable=True, area=False, kind='steps', level='ground', direction=1, signals=False)
    """
    return _walk_tags(tuple(map(tags.get, _WALK_KEYS)))


@lru_cache(maxsize=4096)
def _walk_tags(values: tuple[str | None, ...]) -> WalkTags:
    tags = {key: value for key, value in zip(_WALK_KEYS, values, strict=True) if value is not None}
    return WalkTags(
        walkable=is_walkable(tags),
        area=tags.get("area") == "yes",
        kind=walk_kind(tags),
        level=street_level(tags),
        direction=walking_direction(tags),
        signals=has_signals(tags),
    )


def gate_state(tags: Tags) -> Literal["", "open", "closed"]:
    """
    Return the state of a barrier node on a way: ``open``, ``closed``, or empty if walkers pass it anyway.

    A gate is closed if it is locked, or private and not opened to walkers. A bollard, chain or lift gate
    stops vehicles; it stops walkers only where ``foot`` says so.

    Examples
    --------
    >>> gate_state({"barrier": "gate", "access": "private"})
    'closed'
    >>> gate_state({"barrier": "lift_gate", "access": "private"})
    ''
    """
    barrier = tags.get("barrier", "")
    if not barrier:
        return ""
    foot = tags.get("foot", "")
    if foot in _REFUSED:
        return "closed"
    if barrier not in _GATES:
        return ""
    if foot in _ALLOWED:
        return "open"
    locked = tags.get("locked") == "yes" or tags.get("access", "") in _REFUSED
    return "closed" if locked else "open"


def is_door(tags: Tags) -> bool:
    """Tell whether a node is a door people walk in by: ``entrance=*``, emergency exits and garages apart."""
    return tags.get("entrance", "no") not in _NO_DOORS


def is_residential(tags: Tags, *, on_residential_land: bool) -> bool:
    """
    Tell whether people live in a building.

    They do if its ``building`` value says so (`RESIDENTIAL_BUILDINGS`), or it has ``building:flats`` or
    ``building:use=residential``. ``building=yes`` counts only on ``landuse=residential`` or with a house
    number, and only if it has no other use: no amenity, shop, office or the like.

    Parameters
    ----------
    tags
        Tags of the building.
    on_residential_land
        Whether it stands on ``landuse=residential``.

    Examples
    --------
    >>> is_residential({"building": "yes", "addr:housenumber": "3"}, on_residential_land=False)
    True
    >>> is_residential({"building": "yes", "shop": "mall"}, on_residential_land=True)
    False
    """
    building = tags.get("building", "no")
    if building == "no" or tags.get("abandoned") == "yes" or tags.get("disused") == "yes":
        return False
    if (
        building in RESIDENTIAL_BUILDINGS
        or "building:flats" in tags
        or tags.get("building:use") == "residential"
    ):
        return True
    if building != "yes" or any(tags.get(key, "no") != "no" for key in _OTHER_USES):
        return False
    return on_residential_land or "addr:housenumber" in tags


def storeys(tags: Tags) -> float | None:
    """
    Return the tagged storeys of a building, None if they are not tagged or cannot be.

    Examples
    --------
    >>> storeys({"building:levels": "4,5"}), storeys({"building:levels": "many"})
    (4.5, None)
    """
    found = _STOREYS.match(tags.get("building:levels", ""))
    if found is None:
        return None
    value = float(found[1].replace(",", "."))
    return value if math.isfinite(value) and 0 < value <= _LARGEST_STOREYS else None


def barrier_kind(tags: Tags) -> Literal["", "river", "railway", "expressway"]:
    """
    Return what a line or area is to a walker away from streets, empty if it does not stop one.

    Rivers and canals, railways on the surface, motorways and motor roads. Whatever runs on a bridge or in a
    tunnel is passed under or over.
    """
    if street_level(tags) != "ground" or tags.get("covered", "no") != "no":
        return ""
    water = tags.get("waterway", "")
    if water in ("river", "canal", "riverbank") or tags.get("water") in ("river", "canal"):
        return "river"
    if tags.get("railway") in ("rail", "light_rail", "narrow_gauge"):
        return "railway"
    kind = walk_kind(tags)
    if kind in ("motorway", "motorway_link") or (
        kind in ("trunk", "trunk_link") and tags.get("motorroad") == "yes"
    ):
        return "expressway"
    return ""
