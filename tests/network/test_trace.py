"""Outlines of a field on a grid: both engines alike, and the inside is where the field is negative."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.trace import trace, trace_rings

TICKS = 1024
SEEDS = st.integers(0, 2**32 - 1)
ENGINES = ("numba", "contourpy", "plain Python")


@pytest.fixture(scope="module", params=ENGINES)
def traced(request):
    """Return a function that traces a field: xy, first, polygon."""
    if request.param == "plain Python":
        return lambda field: trace_rings(field, TICKS)
    if request.param == "numba":
        pytest.importorskip("numba")

    def by_engine(field):
        rings = trace(field, TICKS, numba=request.param == "numba")
        return rings.xy, rings.first, rings.polygon

    return by_engine


def some_field(rng):
    """Return a field with islands, lakes, islands in lakes, and cells with opposite corners inside."""
    rows, columns = rng.integers(3, 24, 2)
    field = rng.uniform(-2, 1, (rows, columns)) + rng.uniform(-0.5, 2)
    if rng.random() < 0.4:
        field = np.where(rng.random((rows, columns)) < rng.uniform(0.2, 0.9), -1.0, 1.0)
    field = np.where(field <= 0, np.minimum(field, -0.002), np.maximum(field, 0.002))
    field[[0, -1]] = field[:, [0, -1]] = 1.0
    return field.astype(np.float32)


def polygons_of(xy, first, polygon):
    rings = [shapely.LinearRing(xy[low:high]) for low, high in pairwise(first)]
    each = [
        [ring for ring, of in zip(rings, polygon, strict=True) if of == number] for number in set(polygon)
    ]
    return [shapely.Polygon(outer, holes) for outer, *holes in each]


@settings(max_examples=60)
@given(seed=SEEDS)
def test_a_corner_is_inside_exactly_if_the_field_is_negative_there(traced, seed):
    field = some_field(np.random.default_rng(seed))
    polygons = polygons_of(*traced(field))
    assert all(one.is_valid for one in polygons)
    row, column = np.indices(field.shape)
    corners = shapely.points(column.ravel(), row.ravel())
    times_inside = sum((shapely.contains(one, corners).astype(int) for one in polygons), np.zeros(field.size))
    assert (times_inside == (field.ravel() < 0)).all()


@settings(max_examples=60)
@given(seed=SEEDS)
def test_every_edge_between_inside_and_outside_is_crossed_once_where_the_field_is_zero(traced, seed):
    field = some_field(np.random.default_rng(seed))
    xy, first, _ = traced(field)
    assert np.array_equal(xy[first[:-1]], xy[first[1:] - 1])
    found = sorted(map(tuple, np.delete(xy, first[1:] - 1, axis=0).tolist()))
    expected = []
    for (row, column), a in np.ndenumerate(field.astype(float)):
        for up, right in ((1, 0), (0, 1)):
            if row + up < field.shape[0] and column + right < field.shape[1]:
                b = float(field[row + up, column + right])
                if (a < 0) != (b < 0):
                    part = round(a / (a - b) * TICKS) / TICKS
                    expected.append((column + right * part, row + up * part))
    assert found == sorted(expected)


@settings(max_examples=60)
@given(seed=SEEDS)
def test_where_two_opposite_corners_are_inside_the_middle_decides(traced, seed):
    rng = np.random.default_rng(seed)
    field = np.ones((4, 4), np.float32)
    field[1, 1], field[2, 2] = -rng.uniform(0.01, 2, 2)
    field[1, 2], field[2, 1] = rng.uniform(0.01, 2, 2)
    joined = field[1:3, 1:3].astype(float).sum() <= 0
    assert len(polygons_of(*traced(field))) == (1 if joined else 2)


@settings(max_examples=60)
@given(seed=SEEDS)
def test_outer_rings_come_first_and_run_anticlockwise_and_holes_clockwise(traced, seed):
    xy, first, polygon = traced(some_field(np.random.default_rng(seed)))
    known = set()
    for (low, high), of in zip(pairwise(first), polygon.tolist(), strict=True):
        assert shapely.LinearRing(xy[low:high]).is_ccw == (of not in known)
        known.add(of)
    assert known == set(range(len(known)))


@settings(max_examples=150)
@given(seed=SEEDS)
def test_all_engines_trace_alike_to_the_last_bit(seed):
    pytest.importorskip("numba")
    field = some_field(np.random.default_rng(seed))
    mine, theirs = trace(field, TICKS, numba=True), trace(field, TICKS, numba=False)
    plain = trace_rings(field, TICKS)
    for number, name in enumerate(("xy", "first", "polygon")):
        assert np.array_equal(getattr(mine, name), getattr(theirs, name)), name
        assert np.array_equal(getattr(mine, name), plain[number]), name


def test_without_anything_inside_there_is_no_ring(traced):
    xy, first, polygon = traced(np.ones((4, 5), np.float32))
    assert (len(xy), first.tolist(), len(polygon)) == (0, [0], 0)
