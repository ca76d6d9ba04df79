"""Both engines against the oracle, to the millisecond, and the laws of walking."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import NetworkError
from geoplan.network import lists, search
from geoplan.network.build import network_from_streets
from geoplan.network.graph import Costs
from geoplan.network.snap import Snaps, snap_places
from geoplan.network.times import (
    count_within,
    k_nearest,
    kth_nearest,
    nearest,
    node_times,
    times_from_each,
    within,
)
from geoplan.network.warmup import compile_searches
from geoplan.units import UNREACHED_MS
from tests.cities import random_points, random_streets, with_entrances
from tests.oracles import walking_times

pytest.importorskip("numba", reason="numba is not installed: the scipy engine is tested in test_times")

ENGINES = ("numba", "scipy")
SEEDS = st.integers(0, 2**32 - 1)
KINDS = st.sampled_from(["both ways", "sloped", "one-way", "instant"])


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_searches()


def some_costs(rng, walk, kind):
    """Return costs: the same both ways; sloped; with one-way streets; or 1 ms on many edges."""
    costs = walk.costs(speed_m_per_min=67.0, steps_factor=2.0)
    if kind == "both ways":
        return costs
    if kind == "instant":
        ms = np.where(rng.random(walk.edge_count) < 0.5, 1, rng.integers(1, 4, walk.edge_count) * 1000)
        return Costs(67.0, ms)
    back = np.maximum(np.rint(costs.edge_ms * rng.uniform(0.6, 1.8, walk.edge_count)), 1)
    forward = costs.edge_ms.copy()
    if kind == "one-way":
        back = np.where(rng.random(walk.edge_count) < 0.25, UNREACHED_MS, back.astype(np.int64))
        forward[rng.random(walk.edge_count) < 0.1] = UNREACHED_MS
    return Costs(67.0, forward, back)


def snapped(rng, walk, count):
    """Return places with several entrances; some stand exactly on ends of edges, some on one spot."""
    snaps = snap_places(walk, with_entrances(rng, random_points(rng, count)), max_snap_m=80.0)
    offset, edge = snaps.offset_m.copy(), snaps.edge
    draw = rng.random(len(offset))
    offset[draw < 0.15] = 0.0
    at_end = (draw > 0.85) & (edge >= 0)
    offset[at_end] = walk.edge_length_m[edge[at_end]]
    return replace(snaps, offset_m=offset)


def city(seed, kind="both ways", *, homes=12, shops=6):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    return walk, some_costs(rng, walk, kind), snapped(rng, walk, homes), snapped(rng, walk, shops)


def as_float(ms):
    return np.where(ms == UNREACHED_MS, np.inf, ms)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, kind=KINDS)
def test_all_verbs_of_both_engines_agree_with_the_oracle_to_the_millisecond(seed, kind):
    walk, costs, places, targets = city(seed, kind)
    expected = walking_times(walk, costs, places, targets)
    limit = int(np.random.default_rng(seed).integers(0, 500_000))
    inside = expected <= limit
    order = np.lexsort((np.broadcast_to(np.arange(targets.owners), expected.shape), expected))
    for engine in ENGINES:
        found = nearest(walk, costs, places, targets, engine=engine)
        assert np.array_equal(as_float(found.ms), expected.min(axis=1))
        best = np.where(np.isfinite(expected.min(axis=1)), expected.argmin(axis=1), -1)
        assert np.array_equal(found.target, best)
        for row, ms in times_from_each(walk, costs, places, targets, engine=engine):
            assert np.array_equal(as_float(ms), expected[:, row])
        listed = within(walk, costs, places, targets, limit_ms=limit, engine=engine)
        assert np.array_equal(np.diff(listed.indptr), inside.sum(axis=0))
        assert np.array_equal(listed.place, np.nonzero(inside.T)[1])
        assert np.array_equal(listed.ms, expected.T[inside.T])
        counted = count_within(walk, costs, places, targets, limit_ms=limit, engine=engine)
        assert np.array_equal(counted, inside.sum(axis=1))
        nearest_three = k_nearest(walk, costs, places, targets, k=3, engine=engine)
        times = np.take_along_axis(expected, order, axis=1)[:, :3]
        assert np.array_equal(as_float(nearest_three.ms), times)
        assert np.array_equal(nearest_three.target, np.where(np.isfinite(times), order[:, :3], -1))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, kind=KINDS)
def test_lengths_and_sums_of_both_engines_are_equal_to_the_last_bit(seed, kind):
    walk, costs, places, targets = city(seed, kind, homes=30)
    weights = np.random.default_rng(seed).uniform(-1, 3, targets.owners)
    one, other = (nearest(walk, costs, places, targets, engine=engine) for engine in ENGINES)
    assert np.array_equal(one.metres, other.metres, equal_nan=True)
    assert np.array_equal(np.isnan(one.metres), one.target < 0)
    sums = [
        count_within(walk, costs, places, targets, limit_ms=300_000, weights=weights, engine=engine)
        for engine in ENGINES
    ]
    assert np.array_equal(*sums)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_small_blocks_short_rounds_and_little_room_change_nothing(seed):
    walk, costs, places, targets = city(seed, "sloped")
    usual = nearest(walk, costs, places, targets, engine="numba")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_BLOCK_SHIFT", 2)
        patch.setattr(search, "_ROUND_MS", 20_000)
        patch.setattr(search, "_MANY_ENTRIES", 1)
        patch.setattr(search, "_LARGE_NODES", int(walk.node_count + seed % 2))
        patch.setattr(search, "_ROOM_PER_NODE", 0)
        patch.setattr(search, "_LEAST_ROOM", 1)
        blocked = nearest(walk, costs, places, targets, engine="numba")
    assert np.array_equal(usual.ms, blocked.ms)
    assert np.array_equal(usual.target, blocked.target)
    assert np.array_equal(usual.metres, blocked.metres, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, kind=KINDS, limit=st.sampled_from([0, 60_000, 300_000, 2**31 - 2]))
def test_searching_side_by_side_or_one_by_one_with_little_room_changes_no_list_or_count(seed, kind, limit):
    walk, costs, places, targets = city(seed, kind, shops=9)
    found = []
    for nodes_per_target, lanes, room in ((0, 64, 64), (10**9, 4, 64), (10**9, 2, 1), (0, 64, 1)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lists, "_NODES_PER_TARGET", nodes_per_target)
            patch.setattr(lists, "_LANES", lanes)
            patch.setattr(lists, "_ROOM_PER_NODE", 0)
            patch.setattr(lists, "_LEAST_ROOM", room)
            patch.setattr(lists, "_ROUND_MS", 1_000 * room)
            patch.setattr(lists, "_ROUND_OF_LANES_MS", 1_000 * room)
            counts = count_within(walk, costs, places, targets, limit_ms=limit, engine="numba")
            listed = within(walk, costs, places, targets, limit_ms=limit, engine="numba")
            found.append((counts, listed.indptr, listed.place, listed.ms))
    plain = within(walk, costs, places, targets, limit_ms=limit, engine="scipy")
    for counts, *listed in found:
        assert np.array_equal(counts, np.bincount(plain.place, minlength=places.owners))
        assert all(map(np.array_equal, listed, (plain.indptr, plain.place, plain.ms)))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, kind=KINDS)
def test_the_triangle_inequality_holds(seed, kind):
    walk, costs, *_ = city(seed, kind)
    edge = np.random.default_rng(seed).choice(walk.edge_count, 10)
    for engine in ENGINES:
        node = walk.edge_u[edge]
        times = as_float(node_times(walk, costs, on(edge, np.zeros(10)), engine=engine))
        between = times[:, node]  # to the row's node from the column's
        assert (times[:, None, :] <= between[:, :, None] + times[None, :, :]).all()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_without_slope_there_takes_as_long_as_back(seed):
    walk, costs, places, targets = city(seed)
    there = [ms for _, ms in times_from_each(walk, costs, places, targets, engine="numba")]
    back = [ms for _, ms in times_from_each(walk, costs, targets, places, engine="numba")]
    assert np.array_equal(np.array(there), np.array(back).T)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_row_order_new_ids_and_a_shift_change_no_time(engine, seed):
    rng = np.random.default_rng(seed)
    streets = random_streets(rng)
    points, shops = random_points(rng, 12), random_points(rng, 5)

    def minutes(lines, shift=0.0):
        walk = network_from_streets(lines)
        moved = [one.set_geometry(one.geometry.translate(shift, -shift)) for one in (points, shops)]
        places, targets = (snap_places(walk, one, max_snap_m=80.0) for one in moved)
        costs = walk.costs(speed_m_per_min=67.0, steps_factor=2.0)
        return nearest(walk, costs, places, targets, engine=engine)

    usual = minutes(streets)
    shuffled = minutes(streets.sample(frac=1.0, random_state=1))
    assert np.array_equal(usual.ms, shuffled.ms)
    assert np.array_equal(usual.metres, shuffled.metres, equal_nan=True)
    renamed = streets.set_axis([f"x{number:03d}" for number in rng.permutation(len(streets))])
    assert np.array_equal(usual.ms, minutes(renamed).ms)
    shifted = minutes(streets.set_geometry(streets.geometry.translate(4096.0, -4096.0)), shift=4096.0)
    reached = usual.ms != UNREACHED_MS
    assert np.array_equal(reached, shifted.ms != UNREACHED_MS)
    # the last bits of coordinates may tip a rounding: a millisecond an edge or leg
    assert (np.abs(usual.ms[reached] - shifted.ms[reached]) <= 5).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_no_targets_and_no_places_give_empty_answers(engine):
    walk, costs, places, targets = city(1)
    none = targets.only(np.zeros(0, np.int64))
    assert (nearest(walk, costs, places, none, engine=engine).target == -1).all()
    assert within(walk, costs, places, none, limit_ms=1, engine=engine).indptr.tolist() == [0]
    assert count_within(walk, costs, places, none, limit_ms=1, engine=engine).sum() == 0
    assert k_nearest(walk, costs, none, targets, k=2, engine=engine).ms.shape == (0, 2)
    assert (kth_nearest(walk, costs, places, none, k=2, engine=engine).target == -1).all()


def line(*lengths, crs="EPSG:4544"):
    x = np.r_[0, np.cumsum(lengths)] + 400_000.0
    lines = [shapely.LineString([(a, 4e6), (b, 4e6)]) for a, b in pairwise(x.tolist())]
    return network_from_streets(gpd.GeoDataFrame(geometry=lines, index=range(len(lines)), crs=crs))


def on(edges, offsets):
    count = len(edges)
    return Snaps(np.arange(count), count, np.array(edges), np.array(offsets, float), np.zeros(count))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_one_way_street_is_walked_one_way(engine):
    walk = line(100.0)
    east = walk.node_x[walk.edge_u[0]] < walk.node_x[walk.edge_v[0]]
    ways = (np.array([60_000]), np.array([UNREACHED_MS]))
    costs = Costs(60.0, *(ways if east else ways[::-1]))
    west_end, east_end = on([0], [10.0 if east else 90.0]), on([0], [90.0 if east else 10.0])
    assert nearest(walk, costs, west_end, east_end, engine=engine).ms.tolist() == [48_000]
    assert nearest(walk, costs, east_end, west_end, engine=engine).target.tolist() == [-1]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_walk_beyond_32_bits_is_an_error_and_one_just_below_is_not(engine):
    walk = line(100.0, 100.0)
    here, there = on([0], [0.0]), on([1], [100.0])
    costs = Costs(60.0, np.array([2**30, 2**30 - 2]))
    assert nearest(walk, costs, here, there, engine=engine).ms.tolist() == [2**31 - 2]
    with pytest.raises(NetworkError, match="596 hours"):
        nearest(walk, Costs(60.0, np.array([2**30, 2**30])), here, there, engine=engine)


@pytest.mark.parametrize("bad", [-5, 0, np.nan, np.inf, 2.5])
def test_times_that_are_none_are_refused_with_their_edges(bad):
    with pytest.raises(NetworkError, match="edges 1 is not"):
        Costs(60.0, np.array([1000, bad]))


@pytest.mark.parametrize("speed", [0.0, -1.0, np.nan, np.inf])
def test_a_speed_that_is_none_is_refused(speed):
    walk = line(100.0)
    with pytest.raises(NetworkError, match="walking speed"):
        walk.costs(speed_m_per_min=speed)
    with pytest.raises(NetworkError, match="steps factor"):
        walk.costs(speed_m_per_min=60.0, steps_factor=speed)


def test_costs_beyond_32_bits_or_of_another_network_are_refused():
    walk = line(100.0, 50.0)
    with pytest.raises(NetworkError, match="edges 0 exceeds 596 hours"):
        Costs(60.0, np.array([2**31, 1]))
    with pytest.raises(NetworkError, match="the costs have 1 edges"):
        nearest(walk, Costs(60.0, np.array([5])), on([0], [0.0]), on([0], [0.0]))


def test_limits_weights_k_and_engines_that_are_none_are_refused():
    walk = line(100.0)
    costs, here = walk.costs(speed_m_per_min=60.0), on([0], [0.0])
    for limit in (-1, 1.5, 2**31):
        with pytest.raises(NetworkError, match="time limit"):
            within(walk, costs, here, here, limit_ms=limit)
    with pytest.raises(NetworkError, match="2 weights for 1 targets"):
        count_within(walk, costs, here, here, limit_ms=1, weights=np.ones(2))
    with pytest.raises(NetworkError, match="k is 0"):
        k_nearest(walk, costs, here, here, k=0)
    with pytest.raises(NetworkError, match="no engine"):
        nearest(walk, costs, here, here, engine="fortran")


def test_costs_and_places_taken_to_another_network_are_measured_anew():
    one, other = line(100.0, 60.0), line(300.0, 60.0)
    costs, here, there = one.costs(speed_m_per_min=60.0), on([0], [30.0]), on([0], [100.0])
    on_one, on_other = (nearest(walk, costs, here, there).ms.tolist() for walk in (one, other))
    assert (on_one, on_other) == ([70_000], [23_333])
    assert nearest(one, costs, here, there).ms.tolist() == on_one
