from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.errors import DataError
from geoplan.io.repair import snap_dangles
from geoplan.model.study import Study
from geoplan.network.build import network_from_streets, walk_network
from geoplan.network.dangles import find_dangles
from tests.cities import CRS, random_streets
from tests.studies import X0, Y0

ROAD = [(0, 0), (200, 0)]


def study(*lines, **columns):
    made = [shapely.LineString(np.array(line, float) + np.array([X0, Y0])) for line in lines]
    index = pd.Index([f"s{number}" for number in range(len(lines))], name="street_id")
    table = gpd.GeoDataFrame(columns, geometry=made, index=index, crs=CRS)
    return Study(study_id="r", name="r", crs=CRS, streets=table)


def drawn(table, name):
    xy = shapely.get_coordinates(table.geometry[name]) - np.array([X0, Y0])
    return [tuple(one) for one in xy.round(6).tolist()]


def components(one):
    network = walk_network(one)
    graph = {(int(u), int(v)) for u, v in zip(network.edge_u, network.edge_v, strict=True)}
    left, parts = set(range(network.node_count)), 0
    while left:
        parts, edge_of = parts + 1, {left.pop()}
        while edge_of:
            met = {b if a in edge_of else a for a, b in graph if (a in edge_of) != (b in edge_of)} & left
            left -= met
            edge_of = met
    return parts


def test_a_street_that_ends_short_is_drawn_on_to_a_new_vertex():
    before = study(ROAD, [(100, 80), (100, 0.5)])
    after, rows = snap_dangles(before, within_m=1)
    assert drawn(after.streets, "s0") == [(0, 0), (100, 0), (200, 0)]
    assert drawn(after.streets, "s1") == [(100, 80), (100, 0.5), (100, 0)]
    (row,) = rows.to_dict("records")
    assert (row["street_id"], row["other_id"], row["extended"], row["vertex_added"]) == (
        "s1",
        "s0",
        True,
        True,
    )
    assert row["gap_m"] == pytest.approx(0.5)
    assert (row["geometry"].x - X0, row["geometry"].y - Y0) == pytest.approx((100, 0))
    assert (components(before), components(after)) == (2, 1)


def test_the_study_given_is_left_as_it_was():
    before = study(ROAD, [(100, 80), (100, 0.5)])
    kept = before.streets.copy()
    snap_dangles(before, within_m=1)
    assert before.streets.geometry.geom_equals_exact(kept.geometry, 0).all()


def test_an_end_on_the_other_street_gives_that_one_a_vertex_only():
    after, rows = snap_dangles(study(ROAD, [(100, 80), (100, 0)]), within_m=1)
    assert drawn(after.streets, "s0") == [(0, 0), (100, 0), (200, 0)]
    assert drawn(after.streets, "s1") == [(100, 80), (100, 0)]
    assert rows[["extended", "vertex_added"]].to_numpy(object).tolist() == [[False, True]]
    assert components(after) == 1


def test_a_vertex_that_stands_there_is_used():
    after, rows = snap_dangles(study([(0, 0), (100, 0), (200, 0)], [(100, 80), (100, 0.5)]), within_m=1)
    assert drawn(after.streets, "s0") == [(0, 0), (100, 0), (200, 0)]
    assert rows[["extended", "vertex_added"]].to_numpy(object).tolist() == [[True, False]]
    assert components(after) == 1


def test_two_dead_ends_that_face_each_other_are_joined_once():
    after, rows = snap_dangles(study([(0, 0), (100, 0)], [(100.6, 0), (200, 0)]), within_m=1)
    assert rows[["street_id", "other_id"]].to_numpy(object).tolist() == [["s0", "s1"]]
    assert drawn(after.streets, "s0") == [(0, 0), (100, 0), (100.6, 0)]
    assert drawn(after.streets, "s1") == [(100.6, 0), (200, 0)]
    assert components(after) == 1


def test_several_streets_may_join_one_in_any_order_of_its_length():
    lines = [ROAD, [(150, 80), (150, 0.5)], [(50, 80), (50, 0.5)], [(100, -80), (100, -0.5)]]
    after, rows = snap_dangles(study(*lines), within_m=1)
    assert drawn(after.streets, "s0") == [(0, 0), (50, 0), (100, 0), (150, 0), (200, 0)]
    assert len(rows) == 3
    assert components(after) == 1


def test_a_street_may_join_itself():
    loop = [(0, 0), (100, 0), (100, 50), (50, 50), (50, 0.5)]
    after, _ = snap_dangles(study(loop), within_m=1)
    assert drawn(after.streets, "s0") == [(0, 0), (50, 0), (100, 0), (100, 50), (50, 50), (50, 0.5), (50, 0)]


def test_a_street_that_comes_back_onto_itself_is_joined_there():
    loop = [(0, 0), (100, 0), (100, 50), (50, 50), (50, 0.004)]
    after, rows = snap_dangles(study(loop), within_m=1)
    assert drawn(after.streets, "s0") == [(0, 0), (50, 0.004), (100, 0), (100, 50), (50, 50), (50, 0.004)]
    assert rows[["extended", "vertex_added"]].to_numpy(object).tolist() == [[False, True]]
    assert walk_network(after).edge_count == 2


def test_bridges_and_tunnels_are_not_joined_in_the_middle():
    before = study(ROAD, [(100, 80), (100, 0.5)], [(50, 0), (50, 60)], level=["bridge", "ground", "tunnel"])
    after, rows = snap_dangles(before, within_m=1)
    assert len(rows) == 0
    assert after.streets.geometry.geom_equals_exact(before.streets.geometry, 0).all()


def test_nothing_is_joined_over_a_barrier_or_a_closed_gate():
    before = study([(0, 0), (100, 0)], [(100, 0), (100.8, 0)], [(100.8, 0), (200, 0)])
    gated = before.streets.assign(gate=pd.array([None, "closed", None], dtype="str"))
    _, rows = snap_dangles(Study(study_id="r", name="r", crs=CRS, streets=gated), within_m=1)
    assert len(rows) == 0


def test_parts_and_heights_are_kept():
    lines = [
        shapely.MultiLineString([[(0, 0, 1), (200, 0, 3)], [(0, 90, 5), (50, 90, 5)]]),
        shapely.LineString([(100, 80, 7), (100, 0.5, 8)]),
    ]
    moved = [shapely.transform(one, lambda xyz: xyz + np.array([X0, Y0, 0]), include_z=True) for one in lines]
    table = gpd.GeoDataFrame(geometry=moved, index=pd.Index(["a", "b"], name="street_id"), crs=CRS)
    after, _ = snap_dangles(Study(study_id="r", name="r", crs=CRS, streets=table), within_m=1)
    assert after.streets.geometry["a"].geom_type == "MultiLineString"
    heights = shapely.get_coordinates(after.streets.geometry.to_numpy(), include_z=True)[:, 2]
    assert heights.tolist() == [1, 2, 3, 5, 5, 7, 8, 8]


@pytest.mark.parametrize("within", [0, -1, 21, float("nan"), float("inf")])
def test_a_senseless_distance_is_refused(within):
    with pytest.raises(DataError, match="dead ends"):
        snap_dangles(study(ROAD), within_m=within)


def cut_back(rng, table):
    lines = []
    for line in table.geometry:
        xy = shapely.get_coordinates(line)
        if rng.random() < 0.5:
            away = xy[0] - xy[1]
            xy[0] -= away / np.hypot(*away) * rng.uniform(0, 1.5)
        lines.append(shapely.LineString(xy if rng.random() < 0.5 else np.round(xy, 2)))
    return table.set_geometry(gpd.GeoSeries(lines, index=table.index, crs=table.crs))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_repair_leaves_no_dangle_it_told_of_and_moves_no_vertex(seed):
    rng = np.random.default_rng(seed)
    table = cut_back(rng, random_streets(rng, size=4))
    before = Study(study_id="r", name="r", crs=CRS, streets=table)
    was = find_dangles(network_from_streets(table), table, within_m=1.0)
    after, rows = snap_dangles(before, within_m=1.0)
    now = find_dangles(walk_network(after), after.streets, within_m=1.0)
    assert len(was.edge) > 0
    assert len(rows) >= 1
    assert len(now.edge) == 0
    changed = set(rows.loc[rows["extended"], "street_id"]) | set(rows.loc[rows["vertex_added"], "other_id"])
    for name in table.index:
        old = shapely.get_coordinates(table.geometry[name]).tolist()
        new = shapely.get_coordinates(after.streets.geometry[name]).tolist()
        assert [one for one in new if one in old] == old
        assert (new != old) == (name in changed)
        assert after.streets.geometry[name].hausdorff_distance(table.geometry[name]) <= 1.0 + 1e-9
    assert components(after) <= components(before)
    pd.testing.assert_frame_equal(
        after.streets.drop(columns="geometry"), before.streets.drop(columns="geometry")
    )


def test_row_order_does_not_matter():
    rng = np.random.default_rng(4)
    table = cut_back(rng, random_streets(rng, size=4))
    shuffled = table.sample(frac=1, random_state=2)
    one, rows = snap_dangles(Study(study_id="r", name="r", crs=CRS, streets=table), within_m=1.0)
    two, again = snap_dangles(Study(study_id="r", name="r", crs=CRS, streets=shuffled), within_m=1.0)
    pd.testing.assert_frame_equal(rows, again)
    assert two.streets.sort_index().geometry.geom_equals_exact(one.streets.geometry, 0).all()
