from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.coverage import coverage
from geoplan.analysis.distribution import matching, spread_of, walk_distribution
from geoplan.analysis.units import units_of
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from tests.audits import plain_audit
from tests.studies import street_study

DEFAULT = load_standard("default")
WALK = st.one_of(st.floats(0, 90, allow_subnormal=False), st.just(float("nan")))


def person_by_person(minutes, persons):
    """Line everybody up by how long they walk, those without a way last, and read the figures off."""
    row = sorted(
        (walk for walk, count in zip(minutes, persons, strict=True) for _ in range(count)),
        key=lambda walk: (math.isnan(walk), walk),
    )
    ways = [walk for walk in row if not math.isnan(walk)]
    tenths = sorted((walk for walk in row for _ in range(10)), key=lambda walk: (math.isnan(walk), walk))
    apart = sum(abs(a - b) for a in ways for b in ways)
    return {
        "mean": sum(ways) / len(ways) if ways else math.nan,
        "median": row[math.ceil(len(row) / 2) - 1],
        "p90": row[math.ceil(9 * len(row) / 10) - 1],
        "worst_tenth": sum(tenths[-len(row) :]) / len(row),
        "gini": apart / (2 * len(ways) * sum(ways)) if sum(ways) > 0 else 0.0 if ways else math.nan,
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(WALK, st.integers(0, 7)), min_size=1, max_size=8))
def test_figures_of_the_spread_are_those_of_a_row_of_persons(pairs):
    minutes, persons = zip(*pairs, strict=True)
    found = spread_of(np.array(minutes), np.array(persons, float))
    if not sum(persons):
        assert all(math.isnan(one) for one in dataclasses.astuple(found))
        return
    expected = person_by_person(minutes, persons)
    assert dataclasses.asdict(found) == pytest.approx(expected, abs=1e-9, nan_ok=True)
    if not math.isnan(found.gini):
        assert -1e-12 <= found.gini < 1


def city():
    study = street_study(
        homes={"a": (0, 0, 10, 4), "b": (500, 0, 20, 8), "c": (3900, 0, 70, 28), "d": (3800, 0, None, None)},
        shops={"m": (0, 0, "market"), "n": (0, 0, "market"), "o": (3000, 0, "market"), "p": (9, 400, "bank")},
    )
    elderly = pd.array([4, None, 30, 1], dtype="Int64")
    return dataclasses.replace(
        study, residences=study.residences.assign(elderly_persons=elderly), max_snap_m=50.0
    )


def test_groups_leave_out_who_is_not_counted_and_unknown_services_count_nobody():
    study = city()
    reach = coverage(walk_network(study), study, DEFAULT).reach
    rows = walk_distribution(study, reach).set_index(["unit_table", "unit_id", "service", "people"])
    everybody = rows.loc[("study", "tiny", "daily", "all")]
    assert everybody["persons"] == 100
    assert everybody["mean_minutes"] * 67 == pytest.approx((20 * 500 + 70 * 900) / 100, abs=0.1)
    assert rows.loc[("study", "tiny", "daily", "elderly"), "persons"] == 35
    assert rows.loc[("study", "tiny", "daily", "others"), "persons"] == 46
    assert rows.loc[("communities", "west", "daily", "all"), "persons"] == 30
    unknown = rows.loc[("study", "tiny", "civic", "all")]
    assert (unknown["persons"], unknown["persons_unknown"]) == (0, 100)
    assert math.isnan(unknown["median_minutes"])


def test_persons_of_the_units_add_up_to_those_of_the_study():
    rows = plain_audit().tables["distribution"]
    whole = rows[rows["unit_table"] == "study"].set_index(["service", "people"])
    parts = rows[rows["unit_table"] == "communities"].groupby(["service", "people"], sort=False)
    for name in ("persons", "persons_unreached", "persons_unknown"):
        assert (parts[name].sum() == whole[name]).all()


def test_facilities_are_shared_by_all_who_reach_them_and_held_against_the_mean():
    study = city()
    network = walk_network(study)
    covered = coverage(network, study, DEFAULT)
    found = matching(network, study, DEFAULT, covered.reach, covered.places)
    daily = found[found["service"] == "daily"].set_index("unit_id")
    # two markets for the 30 in the west, one for the 70 in the east: 1/15 and 1/70, 3/100 in all
    assert daily["per_10k_persons"].to_dict() == pytest.approx({"west": 10_000 / 15, "east": 10_000 / 70})
    assert daily["quotient"].to_dict() == pytest.approx({"west": 100 / 45, "east": 100 / 210})
    assert daily["match"].to_dict() == {"west": "high", "east": "low"}
    assert set(found.loc[found["service"] == "civic", "match"]) == {"unknown"}
    assert daily["persons"].to_dict() == {"west": 30, "east": 70}


def test_nobody_reaching_any_is_missing_and_the_bounds_themselves_are_suitable():
    study = city()
    far = study.facilities.drop(index="o")
    study = dataclasses.replace(study, facilities=far)
    network = walk_network(study)
    covered = coverage(network, study, DEFAULT)
    daily = matching(network, study, DEFAULT, covered.reach, covered.places).iloc[:2].set_index("unit_id")
    assert daily.loc["east", ["match", "quotient"]].tolist() == ["missing", 0.0]
    exact = DEFAULT.override({"matching.high_above": float(daily.loc["west", "quotient"])})
    again = matching(network, study, exact, covered.reach, covered.places).iloc[:2].set_index("unit_id")
    assert again.loc["west", "match"] == "suitable"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_persons_times_facilities_per_person_make_the_facilities_reached(seed):
    rng = np.random.default_rng(seed)
    homes = {f"h{at}": (x, 0, int(rng.integers(1, 50)), 1) for at, x in enumerate(rng.integers(0, 4000, 8))}
    shops = {f"m{at}": (x, 0, "market") for at, x in enumerate(rng.integers(0, 4000, 5))}
    study = street_study(homes=homes, shops=shops)
    network = walk_network(study)
    covered = coverage(network, study, DEFAULT)
    rows = matching(network, study, DEFAULT, covered.reach, covered.places)
    daily = rows[(rows["service"] == "daily") & (rows["persons"] > 0)]
    near = {
        shop for shop, (x, *_) in shops.items() if any(abs(x - home[0]) <= 15 * 67 for home in homes.values())
    }
    total = (daily["persons"] * daily["per_10k_persons"]).sum() / 10_000
    assert total == pytest.approx(len(near), abs=1e-6)


def test_a_residence_is_in_the_units_its_row_names():
    study = plain_audit().study
    found = {(one.table, one.id): one.residences.tolist() for one in units_of(study)}
    assert found[("study", "tiny")] == [0, 1, 2, 3]
    for community in study.communities.index:
        expected = np.flatnonzero(study.residences["community_id"] == community).tolist()
        assert found[("communities", community)] == expected
    alone = dataclasses.replace(study, communities=None)
    assert [one.table for one in units_of(alone)] == ["study"]
    by_district = dataclasses.replace(
        study, communities=study.communities.assign(subdistrict_id=["j1", "j1"]), subdistricts=None
    )
    assert [one.residences.tolist() for one in units_of(by_district) if one.table == "subdistricts"] == [
        [0, 1, 2, 3]
    ]
