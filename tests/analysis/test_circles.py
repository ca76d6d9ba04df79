from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.centres import service_circles
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.network.build import network_from_streets, walk_network
from geoplan.standards.parse import load_standard
from tests.cities import random_points, random_streets
from tests.studies import street_study

HOMES = {"a": (0, 0, 10, 4)}
SEEDS = st.integers(0, 2**32 - 1)


def circles_of(seed, *, count=3, **choices):
    rng = np.random.default_rng(seed)
    centres = random_points(rng, count, prefix="c").assign(level="community")
    network = network_from_streets(random_streets(rng))
    standard = load_standard("default")
    return network, centres, service_circles(network, centres, standard, minutes=(1, 2.5, 4), **choices)


@settings(max_examples=10)
@given(seed=SEEDS, exclusive=st.booleans())
def test_circles_of_a_centre_are_nested_and_have_their_quality_beside_them(seed, exclusive):
    _, _, circles = circles_of(seed, exclusive=exclusive)
    assert list(circles.columns[:-1]) == [column.name for column in RESULT_TABLES["service_circles"].columns]
    for _, own in circles.sort_values("minutes").groupby("centre_id"):
        assert own["area_m2"].is_monotonic_increasing
        for inner, outer in zip(own.geometry, own.geometry[1:], strict=False):
            assert shapely.difference(inner, outer).area == 0
    if not exclusive:
        assert (circles["missed_length_m"] == 0).all()
    assert (circles["unreached_length_inside_m"] >= 0).all()


@settings(max_examples=10)
@given(seed=SEEDS)
def test_exclusive_circles_have_no_ground_in_common_and_no_more_street_than_overlapping_ones(seed):
    _, _, shared = circles_of(seed, exclusive=True)
    _, _, overlapping = circles_of(seed)
    for row, one in enumerate(shared.geometry):
        for other in shared.geometry[row + 1 :][shared["centre_id"][row + 1 :] != shared["centre_id"][row]]:
            assert shapely.intersection(one, other).area == 0
    assert (shared["street_length_m"] <= overlapping["street_length_m"] + 1e-6).all()


@settings(max_examples=5)
@given(seed=SEEDS, exclusive=st.booleans())
def test_the_order_of_centres_does_not_change_their_circles(seed, exclusive):
    network, centres, circles = circles_of(seed, exclusive=exclusive)
    turned = service_circles(
        network,
        centres.iloc[::-1],
        load_standard("default"),
        minutes=(4, 1, 2.5),
        exclusive=exclusive,
    )
    one, other = (
        frame.sort_values(["centre_id", "minutes"], ignore_index=True) for frame in (circles, turned)
    )
    assert one["street_length_m"].tolist() == pytest.approx(other["street_length_m"].tolist())
    assert [shape.wkb for shape in one.geometry] == [shape.wkb for shape in other.geometry]


def test_two_centres_share_a_street_in_the_middle():
    study = street_study(homes=HOMES, centres={"c1": (200, 0, "district"), "c2": (800, 0, "community")})
    network, standard = walk_network(study), load_standard("default")
    shared = service_circles(network, study.centres, standard, minutes=(15,), exclusive=True)
    both = service_circles(network, study.centres, standard, minutes=(15,))
    assert shared.geometry.iloc[0].bounds[2] == pytest.approx(shared.geometry.iloc[1].bounds[0], abs=0.1)
    assert shared["street_length_m"].sum() == pytest.approx(
        shapely.union_all(both.geometry).length / 2, rel=0.1
    )


def test_a_centre_off_the_network_has_an_empty_circle():
    study = street_study(homes=HOMES, centres={"c1": (200, 5000, "district")})
    for exclusive in (False, True):
        circles = service_circles(
            walk_network(study), study.centres, load_standard("default"), minutes=(15,), exclusive=exclusive
        )
        assert circles.geometry.is_empty.all()
        assert circles["area_m2"].tolist() == [0]
