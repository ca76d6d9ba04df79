from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.io.osm_tags import (
    DEFAULT_LEVELS,
    RESIDENTIAL_BUILDINGS,
    barrier_kind,
    bears,
    first_match,
    gate_state,
    has_signals,
    is_door,
    is_residential,
    is_square,
    is_walkable,
    storeys,
    street_level,
    walk_kind,
    walk_tags,
    walking_direction,
)


def tags(text: str) -> dict[str, str]:
    """Read ``"key=value key=value"``."""
    return dict(one.split("=", 1) for one in text.split())


@pytest.mark.parametrize(
    "text",
    [
        "highway=footway", "highway=steps", "highway=trunk", "highway=unclassified;tertiary",
        "highway=service access=private foot=yes", "highway=path access=no foot=designated",
        "highway=cycleway foot=designated", "highway=residential access=destination",
        "highway=trunk motorroad=yes foot=yes", "highway=service access=customers",
    ],
)  # fmt: skip
def test_the_public_may_walk(text):
    assert is_walkable(tags(text))


@pytest.mark.parametrize(
    "text",
    [
        "highway=motorway", "highway=motorway_link", "highway=footway foot=no", "highway=cycleway",
        "highway=service access=private", "highway=service access=no", "highway=trunk motorroad=yes",
        "highway=construction", "highway=proposed", "highway=primary foot=use_sidepath",
        "highway=footway access=yes foot=private", "route=ferry foot=yes", "railway=rail", "highway=raceway",
    ],
)  # fmt: skip
def test_the_public_may_not_walk(text):
    assert not is_walkable(tags(text))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("highway=footway", "ground"),
        ("highway=footway bridge=yes layer=1", "bridge"),
        ("highway=footway bridge=viaduct", "bridge"),
        ("highway=footway bridge=no", "ground"),
        ("highway=footway tunnel=yes", "tunnel"),
        ("highway=footway tunnel=building_passage", "ground"),
        ("highway=footway tunnel=building_passage layer=-1", "ground"),
        ("highway=footway covered=yes", "ground"),
        ("highway=footway layer=-1", "tunnel"),
        ("highway=steps layer=2", "bridge"),
        ("highway=steps layer=up", "ground"),
    ],
)
def test_levels_of_ways(text, level):
    assert street_level(tags(text)) == level


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("barrier=gate", "open"),
        ("barrier=gate access=private", "closed"),
        ("barrier=gate access=no", "closed"),
        ("barrier=gate access=private foot=yes", "open"),
        ("barrier=gate locked=yes", "closed"),
        ("barrier=gate foot=no", "closed"),
        ("barrier=bollard access=private", ""),
        ("barrier=lift_gate access=private", ""),
        ("barrier=lift_gate foot=no", "closed"),
        ("amenity=bench", ""),
    ],
)
def test_states_of_gates(text, state):
    assert gate_state(tags(text)) == state


@pytest.mark.parametrize("building", sorted(RESIDENTIAL_BUILDINGS))
def test_a_residential_building_is_a_residence_wherever_it_stands_and_has_storeys(building):
    assert is_residential({"building": building}, on_residential_land=False)
    assert DEFAULT_LEVELS[building] >= 1


@pytest.mark.parametrize(
    ("text", "land", "lived_in"),
    [
        ("building=yes", False, False),
        ("building=yes", True, True),
        ("building=yes addr:housenumber=3", False, True),
        ("building=yes addr:housenumber=3 shop=bakery", False, False),
        ("building=yes amenity=school", True, False),
        ("building=yes building:flats=12", False, True),
        ("building=commercial building:use=residential", False, True),
        ("building=retail", True, False),
        ("building=garage", True, False),
        ("building=apartments shop=bakery", False, True),
        ("building=apartments disused=yes", True, False),
        ("building=no", True, False),
        ("landuse=residential", True, False),
    ],
)
def test_who_lives_in_a_building(text, land, lived_in):
    assert is_residential(tags(text), on_residential_land=land) is lived_in


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3.0), ("2.5", 2.5), ("2,5", 2.5), ("4;5", 4.0), ("", None), ("many", None), ("0", None),
        ("999", None), ("-2", None),
    ],
)  # fmt: skip
def test_storeys_are_read_as_people_write_them_and_never_invented(written, value):
    assert storeys({"building:levels": written}) == value


def test_a_door_is_an_entrance_that_people_walk_in_by():
    assert all(is_door({"entrance": one}) for one in ("yes", "main", "staircase"))
    assert not any(is_door({"entrance": one}) for one in ("emergency", "garage", "no"))
    assert not is_door({"door": "yes"})


def test_an_object_is_of_the_first_kind_whose_tag_it_bears():
    table = {"market": ("shop=greengrocer",), "supermarket": ("shop=supermarket", "amenity=marketplace")}
    assert first_match({"shop": "supermarket", "amenity": "marketplace"}, table) == "supermarket"
    assert first_match({"shop": "greengrocer; supermarket"}, table) == "market"
    assert first_match({"shop": "tobacco"}, table) == ""


def test_a_tag_matches_whole_values_only():
    assert bears({"shop": "a;supermarket"}, "shop=supermarket")
    assert not bears({"shop": "supermarkets"}, "shop=supermarket")
    assert not bears({"shop": "yes"}, "shop")
    assert bears({"service:bicycle:repair": "yes"}, "service:bicycle:repair=yes")


def test_squares_are_walkable_areas_and_named_places():
    assert is_square(tags("highway=pedestrian area=yes"))
    assert is_square(tags("place=square"))
    assert not is_square(tags("place=square access=private"))
    assert not is_square(tags("highway=pedestrian foot=no"))
    assert not is_square(tags("leisure=park"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("waterway=river", "river"),
        ("waterway=canal", "river"),
        ("natural=water water=river", "river"),
        ("waterway=river tunnel=culvert", ""),
        ("waterway=stream", ""),
        ("railway=rail", "railway"),
        ("railway=rail tunnel=yes", ""),
        ("railway=rail bridge=yes", ""),
        ("railway=tram", ""),
        ("highway=motorway", "expressway"),
        ("highway=trunk", ""),
        ("highway=trunk motorroad=yes", "expressway"),
    ],
)
def test_what_stops_a_walker_away_from_streets(text, kind):
    assert barrier_kind(tags(text)) == kind


WALK_VALUES = {
    "access": ("private",), "area": ("yes",), "bridge": ("yes", "no"), "conveying": ("forward", "backward"),
    "crossing": ("traffic_signals",), "crossing:signals": ("yes",), "foot": ("no", "yes"),
    "foot:oneway": ("yes",), "footway": ("crossing",), "highway": ("steps", "cycleway", "crossing"),
    "layer": ("1", "-1", "x"), "location": ("underground",), "motorroad": ("yes",), "oneway:foot": ("-1",),
    "path": ("crossing",), "tunnel": ("yes", "arcade"), "name": ("A",), "surface": ("sand",),
}  # fmt: skip
walk_tag_sets = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in WALK_VALUES.items()}
)


class Watched(dict):
    """Tags that remember which keys were asked for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


@given(walk_tag_sets)
def test_what_all_tags_say_to_a_walker_is_what_each_function_says(found):
    told = walk_tags(found)
    assert told == (
        is_walkable(found), found.get("area") == "yes", walk_kind(found), street_level(found),
        walking_direction(found), has_signals(found),
    )  # fmt: skip


@given(walk_tag_sets)
def test_no_function_on_a_walkers_tags_asks_for_a_key_that_is_not_tried_here(found):
    tags = Watched(found)
    for function in (is_walkable, walk_kind, street_level, walking_direction, has_signals):
        function(tags)
    assert tags.asked <= set(WALK_VALUES)
