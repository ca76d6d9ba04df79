from __future__ import annotations

import pytest

from geoplan.analysis.coverage import coverage
from geoplan.errors import UnknownStandardError
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from tests.studies import street_study


def test_a_profile_takes_the_place_of_the_walking_rules_it_states_and_of_no_others():
    default = load_standard("default")
    elder = default.with_profile("elder")
    for rule in default.rules:
        own = f"walking_elder.{rule.removeprefix('walking.')}"
        expected = default.rules[own].value if own in default.rules else default.rules[rule].value
        assert elder.rules[rule].value == expected
        assert elder.rules[rule].id == rule
    assert elder.digest != default.digest
    assert default.with_profile("default").digest == default.digest


def test_an_unknown_profile_is_refused_with_what_is_known():
    with pytest.raises(UnknownStandardError, match="default, elder"):
        load_standard("default").with_profile("toddler")


def test_whoever_the_elderly_can_reach_everyone_can():
    homes = {f"r{n}": (n * 100, 0, 1, 1) for n in range(14)}
    study = street_study(homes=homes, shops={"m": (0, 0, "market")})
    network, standard = walk_network(study), load_standard("default")

    def passed(one):
        reach = coverage(network, study, one).reach
        return set(reach[(reach["service"] == "daily") & (reach["verdict"] == "pass")]["residence_id"])

    assert passed(standard.with_profile("elder")) == {f"r{n}" for n in range(8)}
    assert passed(standard) == {f"r{n}" for n in range(11)}


def test_the_default_profile_gives_every_rule_its_place_back():
    default = load_standard("default")
    elder = default.with_profile("elder")
    assert elder.with_profile("default").rules == default.rules
    assert elder.with_profile("elder").rules == elder.rules
    assert set(elder.displaced) == {"walking.speed", "walking.steps_factor", "walking.crossing_delay"}
    assert not default.displaced
    assert not elder.with_profile("default").displaced
