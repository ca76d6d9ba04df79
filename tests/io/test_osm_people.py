from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.errors import DataError
from geoplan.io.osm_people import spread

weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any)


@given(total=st.integers(0, 10**7), shares=weights)
def test_parts_add_up_to_the_total_and_are_fair_to_less_than_one(total, shares):
    parts = spread(total, shares)
    assert parts.sum() == total
    exact = [Fraction(total * one, sum(shares)) for one in shares]
    assert all(abs(int(part) - share) < 1 + 1e-6 for part, share in zip(parts, exact, strict=True))


@given(total=st.integers(0, 10**6), shares=weights)
def test_nobody_lives_where_there_is_no_floor(total, shares):
    assert all(part == 0 for part, share in zip(spread(total, shares), shares, strict=True) if share == 0)


@given(total=st.integers(0, 10**6), shares=weights)
def test_more_floor_never_means_fewer_people(total, shares):
    by_share = sorted(zip(shares, spread(total, shares).tolist(), strict=True))
    for (less, fewer), (more, many) in pairwise(by_share):
        assert less == more or fewer <= many


@given(total=st.integers(0, 10**6), shares=weights)
def test_the_unit_of_the_weights_does_not_matter(total, shares):
    assert spread(total, [one * 2.0 for one in shares]).tolist() == spread(total, shares).tolist()


def test_of_equal_remainders_the_earlier_row_is_served_first():
    assert spread(2, [1, 1, 1, 1]).tolist() == [1, 1, 0, 0]


def test_people_without_a_home_are_an_error_and_nobody_is_not():
    with pytest.raises(DataError, match="no home to spread"):
        spread(5, [0.0, 0.0])
    with pytest.raises(DataError, match="no home to spread"):
        spread(5, [])
    assert spread(0, [0.0, 0.0]).tolist() == [0, 0]
