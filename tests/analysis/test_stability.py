from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.coverage import coverage
from geoplan.analysis.stability import verdict_stability
from geoplan.model.stability_tables import VARIANTS
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from tests.audits import plain_study
from tests.cities import demanding, random_study

STANDARD = load_standard("default")


def stability_of(study, standard=STANDARD):
    network = walk_network(study)
    result = coverage(network, study, standard)
    return result, verdict_stability(network, study, standard, result)


def by_hand(study, standard, variant):
    """Return the reach table of a study changed by hand."""
    if variant in ("speed_slow", "speed_fast"):
        standard = standard.override({"walking.speed": {"speed_slow": 57, "speed_fast": 80}[variant]})
    elif variant.startswith("snap"):
        factor = 0.5 if variant == "snap_near" else 2
        study = dataclasses.replace(study, max_snap_m=study.max_snap_m * factor)
    else:
        state = variant.removeprefix("gates_")
        gate = [None if pd.isna(one) else state for one in study.streets["gate"]]
        study = dataclasses.replace(study, streets=study.streets.assign(gate=gate))
    return coverage(walk_network(study), study, standard).reach


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_faster_walk_or_a_wider_cap_never_lowers_a_rate_and_the_range_holds_every_variant(seed):
    _, found = stability_of(random_study(seed), demanding(STANDARD))
    table = found.stability
    for low, high in (("speed_slow", "speed_fast"), ("snap_near", "snap_far")):
        for less, more in ((low, "value"), ("value", high)):
            known = table.dropna(subset=[less, more])
            assert (known[less] <= known[more]).all(), (less, more)
    for one in ("value", *VARIANTS):
        known = table.dropna(subset=[one])
        assert ((known["low"] <= known[one]) & (known[one] <= known["high"])).all(), one


@pytest.mark.parametrize("seed", range(3))
def test_every_variant_is_the_check_run_again_on_the_changed_study(seed):
    study, standard = random_study(seed), demanding(STANDARD)
    study.streets["gate"] = study.streets["gate"].mask(study.streets.index > "s030")
    result, found = stability_of(study, standard)
    persons = result.completeness["persons"].astype(float)
    changed = {key: set() for key in zip(result.reach["residence_id"], result.reach["service"], strict=True)}
    for variant in VARIANTS:
        reach = by_hand(study, standard, variant)
        for row, old, new in zip(reach.itertuples(), result.reach["verdict"], reach["verdict"], strict=True):
            if old != new:
                changed[row.residence_id, row.service].add(variant)
        passing = reach[(reach["service"] == "daily") & (reach["verdict"] == "pass")]["residence_id"]
        rates = found.stability.set_index("indicator")[variant]
        assert rates["coverage_rate_by_category.daily"] == persons[passing].sum() / persons.sum()
    told = {
        (row.residence_id, row.service): set(row.variants.split(",")) for row in found.marginal.itertuples()
    }
    assert told == {key: variants for key, variants in changed.items() if variants}
    assert told


def test_homes_set_aside_move_the_rate_as_if_all_failed_or_all_passed():
    study = plain_study()  # one home set aside; 560 persons in four homes, 420 of them reach a market
    _, found = stability_of(study)
    row = found.stability.set_index("indicator").loc[["coverage_rate_by_category.daily"]]
    row = row[row["unit_table"] == "study"].iloc[0]
    assert (row["value"], row["quarantine_low"], row["quarantine_high"]) == (0.75, 0.6, 0.8)
    communities = found.stability[found.stability["unit_table"] == "communities"]
    assert communities["quarantine_low"].isna().all()


def test_the_value_of_a_community_is_that_of_its_coverage():
    result, found = stability_of(plain_study())
    table = found.stability[found.stability["indicator"] == "coverage_rate_all_five"].set_index("unit_id")
    for community_id, rate in result.by_community["coverage_rate_all_five"].items():
        assert table.loc[community_id, "value"] == rate


def test_without_gates_nothing_is_said_of_gates():
    _, found = stability_of(plain_study())
    assert found.stability[["gates_open", "gates_closed"]].isna().all(axis=None)
