"""The Anning study: its figures, its shape, and that it is what its script builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.crs.metric import transform_xy
from geoplan.io.study_folder import read_study
from geoplan.model.tables import GRID_SYSTEMS, INPUT_TABLES
from geoplan.network.areas import service_area
from geoplan.network.build import walk_network
from geoplan.network.snap import Snaps, snap_places, snap_points
from geoplan.network.times import node_times
from geoplan.standards.catalogue import load_standard

FOLDER = Path(__file__).parents[2] / "data" / "anning"
SHARED_CODES = Path(__file__).parents[2] / ".." / "shared" / "data" / "anning" / "communities.csv"
LON, LAT = 103.72, 36.10
WALK_M_PER_MIN = 80.0
REAL_NODES = {5: 27, 10: 109, 15: 290}
REAL_AREA_KM2 = 1.6476
TOLERANCE = 0.4
CATEGORY_KINDS = {
    "daily": {"market", "supermarket", "convenience_store", "parcel", "repair"},
    "civic": {"community_office", "service_centre", "bank", "post_office"},
    "welfare": {"clinic", "hospital", "pharmacy", "elder_care", "kindergarten", "school"},
    "safety": {"police", "fire_station", "shelter", "conciliation"},
    "culture": {"park", "sports", "library", "culture_station"},
}


@pytest.fixture(scope="module")
def study():
    return read_study(FOLDER)


@pytest.fixture(scope="module")
def network(study):
    return walk_network(study)


@pytest.fixture(scope="module")
def graph(network):
    """The network once more, as networkx sees it."""
    edges = zip(network.edge_u.tolist(), network.edge_v.tolist(), network.edge_length_m.tolist(), strict=True)
    graph = nx.MultiGraph()
    graph.add_weighted_edges_from(edges, weight="metres")
    return graph


@pytest.fixture(scope="module")
def start(network):
    """The check point, snapped."""
    x, y = transform_xy("EPSG:4326", "EPSG:4544", [LON], [LAT])
    edge, offset_m, snap_m = snap_points(network, shapely.points(x, y), max_snap_m=200)
    assert edge[0] >= 0
    return Snaps(owner=np.array([0]), owners=1, edge=edge, offset_m=offset_m, snap_m=snap_m)


def test_every_row_of_the_study_is_used(study):
    assert len(study.quarantine) == 0
    assert {layer.table for layer in study.layers} == set(INPUT_TABLES)
    assert all(layer.rows_read == layer.rows_used for layer in study.layers)


def test_the_study_says_that_it_is_synthetic(study):
    assert study.synthetic
    assert any("合成" in line for line in study.attribution)
    assert (study.crs, study.lang, study.complete) == ("EPSG:4544", "zh", frozenset({"*"}))


def test_codes_and_names_are_those_of_the_list(study):
    listed = pd.read_csv(FOLDER / "community_codes.csv", dtype=str).set_index("community_id").sort_index()
    assert study.communities.index.tolist() == listed.index.tolist()
    assert study.communities["name"].tolist() == listed["name"].tolist()
    assert study.communities["subdistrict_id"].tolist() == listed["subdistrict_id"].tolist()
    names = listed.drop_duplicates("subdistrict_id").set_index("subdistrict_id")["subdistrict"].sort_index()
    assert study.subdistricts["name"].to_dict() == names.to_dict()


def test_the_list_is_the_shared_one():
    if not SHARED_CODES.exists():
        pytest.skip("the shared material does not lie beside this checkout")
    assert (FOLDER / "community_codes.csv").read_bytes() == SHARED_CODES.read_bytes()


def test_households_and_persons_add_up(study):
    homes, communities = study.residences, study.communities
    assert len(homes) == 1_400
    assert homes["households"].sum() == communities["households"].sum() == 118_700
    assert homes["persons"].sum() == communities["persons"].sum() == 288_500
    sums = homes.groupby("community_id")[["households", "persons"]].sum()
    assert sums.equals(communities[["households", "persons"]].rename_axis("community_id"))
    assert (homes["elderly_persons"] <= homes["persons"]).all()
    assert (homes["households"] <= homes["persons"]).all()


def test_fourteen_communities_are_large(study):
    assert (study.communities["households"] > 3_000).sum() == 14


def test_premises_and_centres_have_the_published_counts(study):
    premises, centres = study.premises, study.centres
    assert sorted(premises["community_id"]) == study.communities.index.tolist()
    assert (premises["floor_area_m2"] < 300).sum() == 18
    assert premises["floor_area_m2"].isna().sum() == 2
    assert centres["level"].value_counts().to_dict() == {"district": 12, "community": 10}
    assert len(study.departments) == 75 == study.departments["name"].nunique()
    assert set(study.departments["community_id"]) == set(study.communities.index)
    assert (study.communities["social_organisations"] > 0).all()


def test_every_facility_kind_is_there_and_no_other(study):
    assert set(study.facilities["kind"]) == set().union(*CATEGORY_KINDS.values())
    standard = load_standard("default")
    assert {one.id: set(one.kinds) for one in standard.categories} == CATEGORY_KINDS


def test_communities_tile_the_strip(study):
    shapes = study.communities.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert shapely.area(shapes).sum() == pytest.approx(whole.area, rel=1e-9)
    assert {one.geom_type for one in shapes} == {"Polygon"}
    assert set(study.subdistricts.geom_type) == {"Polygon"}
    assert shapely.union_all(study.subdistricts.geometry.to_numpy()).area == pytest.approx(
        whole.area, rel=1e-9
    )


def test_the_strip_lies_where_anning_lies(study):
    west, south, east, north = study.communities.to_crs("EPSG:4326").total_bounds
    assert 103.56 < west < 103.58
    assert 103.77 < east < 103.79
    assert 36.08 < south < 36.10
    assert 36.13 < north < 36.17
    river = study.barriers[study.barriers["kind"] == "river"].geometry.iloc[0]
    bank = river.intersection(study.communities.geometry.union_all().boundary)
    assert bank.length > 18_000


def test_each_home_lies_in_its_community(study):
    points = study.residences.geometry.centroid
    inside = study.communities.geometry.reindex(study.residences["community_id"]).to_numpy()
    assert shapely.intersects(inside, points.to_numpy()).all()


def test_five_grid_systems_cover_each_community_and_mostly_coincide(study):
    cells = study.grids.assign(wkb=shapely.to_wkb(shapely.normalize(study.grids.geometry.to_numpy())))
    sets = cells.groupby(["community_id", "system"])["wkb"].agg(frozenset).unstack()
    assert sets.shape == (60, 5)
    assert set(sets.columns) == set(GRID_SYSTEMS)
    for system in set(GRID_SYSTEMS) - {"party"}:
        same = (sets[system] == sets["party"]).mean()
        assert 0.6 <= same < 1, system
    covered = cells.dissolve(["community_id", "system"]).geometry
    of_community = study.communities.geometry.reindex(covered.index.get_level_values(0)).to_numpy()
    assert np.allclose(shapely.area(covered.to_numpy()), shapely.area(of_community))
    assert shapely.area(shapely.difference(of_community, covered.to_numpy())).max() < 1


def test_the_railway_is_crossed_at_few_places_and_the_river_nowhere(study):
    barriers = study.barriers.set_index("kind").geometry
    crossing = study.streets[study.streets.crosses(barriers["railway"])]
    assert 8 <= len(crossing) <= 16
    assert set(crossing["level"]) == {"ground", "bridge", "tunnel"}
    expressway = study.streets[study.streets.crosses(barriers["expressway"])]
    assert set(expressway["level"]) == {"tunnel"}
    assert not study.streets.intersects(barriers["river"]).any()


def test_compounds_are_entered_through_their_gates_only(study):
    homes = study.residences.geometry.to_numpy()
    ways = study.streets.geometry.to_numpy()
    way, home = shapely.STRtree(homes).query(ways, "crosses")
    assert set(study.streets["kind"].to_numpy()[way]) <= {"gateway"}
    open_ways = (study.streets["gate"] == "open").to_numpy()
    owners = study.residences["entrances"].to_numpy()
    closed = set(home[~open_ways[way]])
    assert closed
    for number in np.unique(home):
        passing = ways[way[(home == number) & open_ways[way]]]
        gates = shapely.get_parts(owners[number])
        assert len(passing) == len(gates)
        assert shapely.distance(gates, shapely.multilinestrings(list(passing))).max() < 0.02
    assert {1, 2, 3} == {len(one.geoms) for one in owners}


def test_nearly_all_homes_reach_one_another(study, network, graph):
    component = max(nx.connected_components(graph), key=len)
    snaps = snap_places(network, study.residences, max_snap_m=200, barriers=study.barriers)
    joined = np.zeros(snaps.owners, bool)
    for owner, edge in zip(snaps.owner, snaps.edge, strict=True):
        joined[owner] |= bool(edge >= 0 and int(network.edge_u[edge]) in component)
    assert joined.mean() >= 0.995


def test_some_places_lie_off_the_street_but_within_the_cap(study, network):
    snap_m = snap_places(network, study.facilities, max_snap_m=200, barriers=study.barriers).owner_snap_m()
    assert not np.isnan(snap_m).any()
    assert (snap_m > 60).sum() >= 5


@pytest.fixture(scope="module")
def metres_by_search(network, graph, start):
    """Metres from the check point to every junction within a quarter of an hour, as networkx finds them."""
    edge, offset_m, snap_m = int(start.edge[0]), float(start.offset_m[0]), float(start.snap_m[0])
    graph = graph.copy()
    graph.add_edge("here", int(network.edge_u[edge]), metres=snap_m + offset_m)
    rest_m = float(network.edge_length_m[edge]) - offset_m
    graph.add_edge("here", int(network.edge_v[edge]), metres=snap_m + rest_m)
    limit_m = 15 * WALK_M_PER_MIN
    found = nx.single_source_dijkstra_path_length(graph, "here", cutoff=limit_m, weight="metres")
    del found["here"]
    return found


def _junctions(graph, nodes):
    """Return the nodes that are junctions or dead ends, not mere bends."""
    return {node for node in nodes if graph.degree(node) != 2}


def test_walking_times_from_the_check_point_are_what_networkx_finds(network, metres_by_search, start):
    costs = network.costs(speed_m_per_min=WALK_M_PER_MIN)
    times_ms = node_times(network, costs, start)[0]
    nodes = np.array(sorted(metres_by_search))
    metres = np.array([metres_by_search[node] for node in nodes])
    assert np.abs(times_ms[nodes] / 60_000 * WALK_M_PER_MIN - metres).max() < 0.2
    others = np.setdiff1d(np.arange(network.node_count), nodes)
    assert times_ms[others].min() > 15 * 60_000 - 100


@pytest.mark.parametrize("minutes", [5, 10, 15])
def test_the_walk_reaches_about_as_many_junctions_as_the_real_one(
    network, graph, metres_by_search, start, minutes
):
    costs = network.costs(speed_m_per_min=WALK_M_PER_MIN)
    times_ms = node_times(network, costs, start)[0]
    fast = _junctions(graph, np.flatnonzero(times_ms <= minutes * 60_000).tolist())
    slow = _junctions(graph, [node for node, m in metres_by_search.items() if m <= minutes * WALK_M_PER_MIN])
    assert fast == slow
    assert abs(len(fast) / REAL_NODES[minutes] - 1) <= TOLERANCE


def test_the_walk_covers_about_the_area_of_the_real_one(network, metres_by_search, start):
    nodes = sorted(metres_by_search)
    points = shapely.multipoints(np.column_stack([network.node_x[nodes], network.node_y[nodes]]))
    hull_km2 = shapely.concave_hull(points, ratio=0.85).area / 1e6
    costs = network.costs(speed_m_per_min=WALK_M_PER_MIN)
    (circle,) = service_area(network, costs, start, limits_ms=[15 * 60_000])
    for area_km2 in (hull_km2, circle.polygon.area / 1e6):
        assert abs(area_km2 / REAL_AREA_KM2 - 1) <= TOLERANCE


def test_the_script_builds_the_same_bytes_again(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        subprocess.run([sys.executable, FOLDER / "build.py", "--out", folder], check=True, timeout=180)
    for name in ("study.toml", "study.gpkg"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
    committed, built = read_study(FOLDER), read_study(folders[0])
    for name in INPUT_TABLES:
        one, other = committed.table(name), built.table(name)
        # other releases of numpy and GEOS may differ in the last digits
        pd.testing.assert_frame_equal(
            pd.DataFrame(one.drop(columns=["geometry", "entrances"], errors="ignore")),
            pd.DataFrame(other.drop(columns=["geometry", "entrances"], errors="ignore")),
        )
        assert shapely.equals_exact(one.geometry.to_numpy(), other.geometry.to_numpy(), 0.02).all(), name


def test_another_seed_gives_another_city(tmp_path):
    command = [sys.executable, FOLDER / "build.py", "--seed", "1", "--out", tmp_path / "other"]
    subprocess.run(command, check=True, timeout=180)
    other, own = read_study(tmp_path / "other"), read_study(FOLDER)
    assert other.residences["households"].sum() == own.residences["households"].sum()
    assert not other.communities["households"].equals(own.communities["households"])
