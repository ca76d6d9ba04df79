"""The grid of distances: both engines alike bit for bit, and right by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.areas import service_area
from geoplan.network.build import network_from_streets
from geoplan.network.polygons import corridor_polygons
from geoplan.network.snap import snap_places
from geoplan.network.splat import RIM, Pieces, splat, split
from tests.cities import random_points, random_streets, with_entrances

SEEDS = st.integers(0, 2**32 - 1)
SIDE = 70
REACH = 5.0


@pytest.fixture(scope="module", params=["numba", "numpy"])
def numba(request):
    if request.param == "numba":
        pytest.importorskip("numba")
    return request.param == "numba"


def some_segments(rng, *, most=20):
    """Return segments well inside the grid: long, short, along its lines, on its corners, of no length."""
    count = rng.integers(1, most)
    start = rng.uniform(RIM + 1, SIDE - RIM - 2, (count, 2))
    end = np.where(rng.random((count, 1)) < 0.5, rng.uniform(RIM + 1, SIDE - RIM - 2, (count, 2)), start)
    end = np.clip(end + rng.normal(0, 2, (count, 2)), RIM + 1, SIDE - RIM - 2)
    segments = np.hstack([start, end])
    draw = rng.random(count)
    segments[draw < 0.2] = np.round(segments[draw < 0.2])
    segments[draw > 0.8, 2] = segments[draw > 0.8, 0]
    segments[(draw > 0.45) & (draw < 0.5), 2:] = segments[(draw > 0.45) & (draw < 0.5), :2]
    return segments


def oracle(segments, band, bands):
    """Return each corner's distance to the nearest segment of each band, REACH at most."""
    corners = shapely.points(*np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    found = np.full((bands, SIDE, SIDE), REACH)
    for number in range(bands):
        for line in shapely.linestrings(segments.reshape(-1, 2, 2))[band == number]:
            np.minimum(found[number], shapely.distance(corners, line), out=found[number])
    return found


@settings(max_examples=15)
@given(seed=SEEDS)
def test_corners_have_the_distance_that_brute_force_measures(numba, seed):
    rng = np.random.default_rng(seed)
    segments = some_segments(rng)
    band = rng.integers(0, 3, len(segments))
    pieces = split(segments, band, numba=numba)
    squared = splat(pieces, 3, SIDE, SIDE, reach=REACH, numba=numba)
    assert np.sqrt(squared) == pytest.approx(oracle(segments, band, 3), abs=1e-4)


@settings(max_examples=15)
@given(seed=SEEDS)
def test_what_is_left_out_of_a_segment_brings_no_corner_closer(numba, seed):
    rng = np.random.default_rng(seed)
    segments = some_segments(rng, most=8)
    pieces = split(segments, np.zeros(len(segments), np.int64), numba=numba)
    pieces = pieces.only(rng.random(len(pieces.x)) < 0.8)
    squared = splat(pieces, 1, SIDE, SIDE, reach=REACH, numba=numba)
    alone = np.column_stack([pieces.x, pieces.y, pieces.x + pieces.dx, pieces.y + pieces.dy])
    expected = oracle(alone, np.zeros(len(alone)), 1)
    assert np.sqrt(squared) == pytest.approx(expected, abs=1e-4)


@settings(max_examples=30)
@given(seed=SEEDS)
def test_pieces_make_up_their_segments_each_within_one_cell(numba, seed):
    rng = np.random.default_rng(seed)
    segments = some_segments(rng)
    pieces = split(segments, np.arange(len(segments)), numba=numba)
    for at, cell, way in ((pieces.x, pieces.column, pieces.dx), (pieces.y, pieces.row, pieces.dy)):
        low, high = np.minimum(at, at + way), np.maximum(at, at + way)
        assert (low >= cell - 1e-9).all()
        assert (high <= cell + 1 + 1e-9).all()
    assert np.array_equal(pieces.band, pieces.segment)
    total = np.bincount(pieces.segment, np.hypot(pieces.dx, pieces.dy), minlength=len(segments))
    assert total == pytest.approx(np.hypot(*(segments[:, 2:] - segments[:, :2]).T))
    first = np.flatnonzero(np.r_[True, np.diff(pieces.segment) != 0])
    starts = np.column_stack([pieces.x, pieces.y])
    assert np.array_equal(starts[first], segments[pieces.segment[first], :2])
    ends = starts + np.column_stack([pieces.dx, pieces.dy])
    onward = np.flatnonzero(np.diff(pieces.segment) == 0)
    assert starts[onward + 1] == pytest.approx(ends[onward])


@settings(max_examples=30)
@given(seed=SEEDS, shift=st.sampled_from([0.0, 1e-9, 0.1, 7.3]))
def test_both_engines_split_and_splat_alike_to_the_last_bit(seed, shift):
    pytest.importorskip("numba")
    rng = np.random.default_rng(seed)
    segments = some_segments(rng) - shift / 10
    band = rng.integers(0, 3, len(segments))
    one, other = (split(segments, band, numba=numba) for numba in (True, False))
    for name in Pieces.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    kept = rng.random(len(one.x)) < 0.9
    grids = [splat(one.only(kept), 3, SIDE, SIDE, reach=REACH, numba=numba) for numba in (True, False)]
    assert np.array_equal(*grids)


@settings(max_examples=15)
@given(seed=SEEDS, keep_off=st.booleans())
def test_both_engines_draw_the_same_polygons(seed, keep_off):
    pytest.importorskip("numba")
    rng = np.random.default_rng(seed)
    segments = rng.uniform(0, rng.choice([40, 500, 2500]), (rng.integers(1, 60), 4))
    segments[rng.random(len(segments)) < 0.3] = np.round(segments[0], -1)
    band = rng.integers(0, 4, len(segments))
    one, other = (
        corridor_polygons(segments, band, bands=2, keep_off=keep_off, engine=engine)
        for engine in ("numba", "scipy")
    )
    for mine, theirs in zip(one, other, strict=True):
        assert mine.polygon.wkb == theirs.polygon.wkb
        assert mine.missed_length_m == theirs.missed_length_m
        assert mine.unreached_length_inside_m == theirs.unreached_length_inside_m


@settings(max_examples=10)
@given(seed=SEEDS, exclusive=st.booleans())
def test_both_engines_give_the_same_service_areas(seed, exclusive):
    pytest.importorskip("numba")
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    centres = snap_places(walk, with_entrances(rng, random_points(rng, 3)), max_snap_m=300)
    costs = walk.costs(speed_m_per_min=67, steps_factor=2)
    one, other = (
        service_area(walk, costs, centres, limits_ms=[90_000, 300_000], exclusive=exclusive, engine=engine)
        for engine in ("numba", "scipy")
    )
    for mine, theirs in zip(one, other, strict=True):
        assert mine.streets.wkb == theirs.streets.wkb
        assert mine.polygon.wkb == theirs.polygon.wkb
        assert mine.unreached_length_inside_m == theirs.unreached_length_inside_m
