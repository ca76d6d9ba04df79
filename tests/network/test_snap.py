from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.network.build import network_from_streets
from geoplan.network.snap import snap_places, snap_points
from tests.cities import random_points, random_streets
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
