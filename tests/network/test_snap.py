from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import SnapError
from geoplan.network.build import network_from_streets
from geoplan.network.snap import snap_places, snap_points
from geoplan.network.snap_grid import nearest_by_grid, segment_grid
from tests.cities import ORIGIN, random_points, random_streets
from tests.oracles import nearest_edge

CRS = "EPSG:4544"


def network(*wkt, **columns):
    return network_from_streets(
        gpd.GeoDataFrame(
            columns, geometry=shapely.from_wkt(wkt), index=[f"s{n}" for n in range(len(wkt))], crs=CRS
        )
    )


def places(*wkt, **columns):
    return gpd.GeoDataFrame(
        columns, geometry=shapely.from_wkt(wkt), index=[f"p{n}" for n in range(len(wkt))], crs=CRS
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cap=st.sampled_from([15.0, 60.0, 400.0]))
def test_the_edge_met_is_the_nearest_of_all(seed, cap):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    points = random_points(rng, 20).geometry.to_numpy()
    edge, offset, snap = snap_points(walk, points, max_snap_m=cap)
    for number, point in enumerate(points):
        expected, distance = nearest_edge(walk, point, cap)
        assert (edge[number] >= 0) == (expected >= 0)
        if expected >= 0:
            assert snap[number] == pytest.approx(distance, abs=1e-6)
            foot = shapely.line_interpolate_point(walk.edge_geometry[edge[number]], offset[number])
            assert shapely.distance(foot, point) == pytest.approx(distance, abs=1e-6)


def test_the_cap_is_inclusive():
    walk = network("LINESTRING (0 0, 100 0)")
    points = shapely.points([[50, 200], [50, 200.01]])
    assert snap_points(walk, points, max_snap_m=200)[0].tolist() == [0, -1]


def test_of_edges_equally_near_the_lowest_number_wins():
    walk = network("LINESTRING (0 10, 100 10)", "LINESTRING (0 -10, 100 -10)")
    assert snap_points(walk, shapely.points([[50, 0]]), max_snap_m=50)[0].tolist() == [0]


def test_nobody_steps_onto_a_bridge_between_its_ends():
    walk = network("LINESTRING (0 0, 100 0)", "LINESTRING (0 30, 100 30)", level=["bridge", "ground"])
    assert snap_points(walk, shapely.points([[50, 1]]), max_snap_m=50)[0].tolist() == [1]


@pytest.mark.parametrize("kind", ["river", "railway", "expressway"])
def test_an_access_leg_never_crosses_a_river_railway_or_expressway(kind):
    walk = network("LINESTRING (0 0, 100 0)", "LINESTRING (0 60, 100 60)")
    home = places("POINT (50 20)")
    barrier = gpd.GeoDataFrame(
        {"kind": [kind]}, geometry=shapely.from_wkt(["LINESTRING (-50 10, 150 10)"]), crs=CRS
    )
    assert snap_places(walk, home, max_snap_m=100).edge.tolist() == [0]
    assert snap_places(walk, home, max_snap_m=100, barriers=barrier).edge.tolist() == [1]
    assert snap_places(walk, home, max_snap_m=30, barriers=barrier).edge.tolist() == [-1]
    passable = barrier.assign(severity="passable")
    assert snap_places(walk, home, max_snap_m=100, barriers=passable).edge.tolist() == [0]


def test_a_river_polygon_stops_a_leg():
    walk = network("LINESTRING (0 0, 100 0)")
    river = gpd.GeoDataFrame({"kind": ["river"]}, geometry=[shapely.box(-50, 5, 150, 15)], crs=CRS)
    assert snap_places(walk, places("POINT (50 20)"), max_snap_m=100, barriers=river).edge.tolist() == [-1]


def test_entrances_stand_for_the_place_and_a_polygon_without_any_for_itself():
    walk = network("LINESTRING (0 0, 400 0)")
    doors = pd.Series([shapely.MultiPoint([[10, 5], [300, 3]]), None], index=["p0", "p1"], dtype=object)
    homes = places(
        "POLYGON ((0 10, 40 10, 40 50, 0 50, 0 10))", "POLYGON ((200 10, 240 10, 240 50, 200 50, 200 10))"
    )
    snaps = snap_places(walk, homes.assign(entrances=doors), max_snap_m=100)
    assert snaps.owner.tolist() == [0, 0, 1]
    assert snaps.snap_m[:2].tolist() == [5, 3]
    assert 10 < snaps.snap_m[2] < 50
    assert snaps.owner_snap_m()[0] == 3


def hard_points(rng, walk, count):
    """Points anywhere, on vertices, on edges, and amid two streets: where ties and rounding decide."""
    vertices = shapely.get_coordinates(walk.edge_geometry)
    some = vertices[rng.integers(0, len(vertices), (4, count))]
    lines = walk.edge_geometry[rng.integers(0, walk.edge_count, count)]
    on_edges = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, rng.random(count), normalized=True)
    )
    whole = np.round(some[3] + rng.normal(0, 80, (count, 2)))
    return np.vstack([some[0], (some[1] + some[2]) / 2, on_edges, whole])


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), cap=st.sampled_from([5.0, 60.0, 400.0, np.inf]), compiled=st.booleans()
)
def test_the_grid_gives_what_geos_gives_to_the_last_bit_or_says_it_doubts(seed, cap, compiled):
    if compiled:
        pytest.importorskip("numba")
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng, size=4))
    xy = hard_points(rng, walk, 15)
    hits = nearest_by_grid(walk, xy, max_snap_m=cap, compiled=compiled)
    edge, offset, snap = snap_points(walk, shapely.points(xy), max_snap_m=min(cap, 1e6), engine="geos")
    sure = ~hits.doubtful
    assert sure.mean() > 0.4
    assert hits.edge[sure].tolist() == edge[sure].tolist()
    np.testing.assert_allclose(hits.snap_m[sure], snap[sure], rtol=0, atol=1e-9)
    np.testing.assert_allclose(hits.offset_m[sure], offset[sure], rtol=0, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cap=st.sampled_from([15.0, 80.0, 400.0]))
def test_both_engines_snap_alike_with_and_without_barriers(seed, cap):
    pytest.importorskip("numba")
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng))
    homes = gpd.GeoDataFrame(geometry=shapely.points(hard_points(rng, walk, 20)), crs=CRS)
    for barriers in (None, random_barriers(rng)):
        one = snap_places(walk, homes, max_snap_m=cap, barriers=barriers, engine="numba")
        two = snap_places(walk, homes, max_snap_m=cap, barriers=barriers, engine="geos")
        assert one.edge.tolist() == two.edge.tolist()
        assert one.reason.tolist() == two.reason.tolist()
        np.testing.assert_allclose(one.snap_m, two.snap_m, rtol=0, atol=1e-9)
        np.testing.assert_allclose(one.offset_m, two.offset_m, rtol=0, atol=1e-9)


def random_barriers(rng, count=4):
    ends = rng.uniform(-60, 660, (count, 2, 2)) + ORIGIN
    return gpd.GeoDataFrame({"kind": ["river"] * count}, geometry=shapely.linestrings(ends), crs=CRS)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cap=st.sampled_from([40.0, 300.0]))
def test_the_edge_met_is_the_nearest_whose_leg_crosses_no_barrier(seed, cap):
    rng = np.random.default_rng(seed)
    walk = network_from_streets(random_streets(rng, size=4))
    homes, barriers = random_points(rng, 15, size=4), random_barriers(rng)
    found = snap_places(walk, homes, max_snap_m=cap, barriers=barriers)
    river = shapely.union_all(barriers.geometry.to_numpy())
    for number, point in enumerate(homes.geometry):
        legs = shapely.shortest_line(np.full(walk.edge_count, point), walk.edge_geometry)
        near = [e for e in np.flatnonzero(walk.edge_enterable) if shapely.length(legs[e]) <= cap]
        free = [e for e in near if not shapely.crosses(legs[e], river)]
        if free:
            nearest = min(shapely.length(legs[e]) for e in free)
            assert found.snap_m[number] == pytest.approx(nearest, abs=1e-6)
            assert found.edge[number] in free
            assert found.reason[number] == ""
        else:
            assert found.edge[number] == -1
            assert found.reason[number] == ("reason.snap_severed" if near else "reason.snap_too_far")


@pytest.mark.parametrize("engine", ["geos", "numba"])
def test_a_place_that_meets_no_street_has_the_reason(engine):
    if engine == "numba":
        pytest.importorskip("numba")
    walk = network("LINESTRING (0 0, 100 0)")
    homes = places("POINT (50 20)", "POINT (50 500)", "POINT EMPTY", "POINT (50 -20)", "POINT (0 1)")
    homes.loc["p4", "geometry"] = None
    homes = pd.concat([homes, gpd.GeoDataFrame(geometry=shapely.points([[np.nan, 1]]), crs=CRS)])
    river = gpd.GeoDataFrame({"kind": ["river"]}, geometry=[shapely.box(-50, -15, 150, -5)], crs=CRS)
    found = snap_places(walk, homes, max_snap_m=100, barriers=river, engine=engine)
    assert found.owner.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.edge.tolist() == [0, -1, -1, -1, -1, -1]
    assert found.reason.tolist() == [
        "", "reason.snap_too_far", "reason.snap_no_geometry", "reason.snap_severed",
        "reason.snap_no_geometry", "reason.snap_no_geometry",
    ]  # fmt: skip
    assert np.isnan(found.snap_m[1:]).all()


@pytest.mark.parametrize("engine", ["geos", "numba"])
def test_a_network_of_bridges_alone_is_met_by_nobody(engine):
    walk = network("LINESTRING (0 0, 100 0)", level=["bridge"])
    found = snap_places(walk, places("POINT (50 1)"), max_snap_m=100, engine=engine)
    assert found.edge.tolist() == [-1]
    assert found.reason.tolist() == ["reason.snap_too_far"]
    assert len(snap_points(walk, np.zeros(0, object), max_snap_m=10, engine=engine)[0]) == 0


def test_a_stray_street_far_away_does_not_make_the_grid_large():
    walk = network("LINESTRING (0 0, 100 0)", "LINESTRING (9e6 9e6, 9e6 9000100)")
    grid = segment_grid(walk)
    assert grid.columns * grid.rows < 1000
    found = nearest_by_grid(
        walk, np.array([[50.0, 3], [9e6 + 5, 9e6], [1e300, 0]]), max_snap_m=50, compiled=False
    )
    assert found.edge[:2].tolist() == [0, 1]
    assert found.snap_m[:2].tolist() == [3, 5]
    assert found.doubtful.tolist() == [False, False, True]


def test_a_long_slanting_street_is_found_from_every_cell_it_passes():
    walk = network("LINESTRING (0 0, 3000 1700)", "LINESTRING (3000 0, 3000.001 4000)")
    share = np.linspace(0, 1, 200)
    xy = np.column_stack([3000 * share + 3, 1700 * share - 5])
    found = nearest_by_grid(walk, xy, max_snap_m=20, compiled=False)
    assert (found.edge >= 0).all()
    np.testing.assert_allclose(
        found.snap_m, shapely.distance(walk.edge_geometry[found.edge], shapely.points(xy)), atol=1e-9
    )


def test_moving_everything_together_changes_no_distance():
    rng = np.random.default_rng(5)
    streets, points = random_streets(rng), random_points(rng, 60).geometry.to_numpy()
    there = snap_points(network_from_streets(streets), points, max_snap_m=200, engine="geos")
    moved = streets.set_geometry(streets.translate(1000, -2000))
    here = snap_points(
        network_from_streets(moved),
        shapely.points(shapely.get_coordinates(points) + np.array([1000, -2000])),
        max_snap_m=200,
    )
    np.testing.assert_allclose(here[2], there[2], atol=1e-6)


@pytest.mark.parametrize("cap", [-1.0, np.nan, np.inf])
def test_a_senseless_cap_is_refused(cap):
    with pytest.raises(SnapError, match="max_snap_m"):
        snap_points(network("LINESTRING (0 0, 100 0)"), shapely.points([[1.0, 1]]), max_snap_m=cap)


def test_many_points_take_the_grid_by_themselves_and_fare_no_differently():
    pytest.importorskip("numba")
    rng = np.random.default_rng(9)
    walk = network_from_streets(random_streets(rng))
    points = random_points(rng, 20_000).geometry.to_numpy()
    for one, two in zip(
        snap_points(walk, points, max_snap_m=60),
        snap_points(walk, points, max_snap_m=60, engine="geos"),
        strict=True,
    ):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-9)


def test_the_number_of_threads_changes_nothing(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setattr("geoplan.network.snap_grid._POINTS_A_JOB", 70)
    rng = np.random.default_rng(4)
    walk = network_from_streets(random_streets(rng))
    points = random_points(rng, 1000).geometry.to_numpy()
    found = {}
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found[threads] = snap_points(walk, points, max_snap_m=60, engine="numba")
    monkeypatch.setattr("geoplan.network.snap_grid._POINTS_A_JOB", 10**6)
    found["whole"] = snap_points(walk, points, max_snap_m=60, engine="numba")
    for threads in ("1", "3"):
        for one, two in zip(found[threads], found["whole"], strict=True):
            np.testing.assert_array_equal(one, two)


def test_small_work_never_loads_numba():
    code = (
        "import sys, shapely, geopandas as gpd\n"
        "from geoplan.network.build import network_from_streets\n"
        "from geoplan.network.snap import snap_points\n"
        "line = shapely.LineString([(0, 0), (9, 0)])\n"
        "lines = gpd.GeoDataFrame(geometry=[line], index=['a'], crs='EPSG:4544')\n"
        "snap_points(network_from_streets(lines), shapely.points([[1.0, 1]]), max_snap_m=5)\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
