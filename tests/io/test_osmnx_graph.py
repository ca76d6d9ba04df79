from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from geoplan.errors import DataError, NotMetricError
from geoplan.io.osmnx_graph import from_osmnx, from_place, to_osmnx
from geoplan.model.study import Study
from geoplan.network.build import network_from_streets, walk_network

osmnx = pytest.importorskip("osmnx")

CRS = "EPSG:32632"
X0, Y0 = 372_000.0, 4_843_000.0


@pytest.fixture
def study():
    lines = shapely.from_wkt([
        f"LINESTRING ({X0} {Y0}, {X0 + 60} {Y0 + 80}, {X0 + 200} {Y0 + 80})",
        f"LINESTRING ({X0 + 60} {Y0 + 80}, {X0 + 60} {Y0 + 180})",
        f"LINESTRING ({X0 + 60} {Y0 + 180}, {X0 + 200} {Y0 + 80})",
    ])  # fmt: skip
    streets = gpd.GeoDataFrame(
        {
            "name": ["<b>Rue</b>", None, None],
            "kind": ["footway", "steps", "residential"],
            "level": ["ground", "ground", "bridge"],
            "steps": [False, True, False],
        },
        geometry=lines,
        index=["a", "b", "c"],
        crs=CRS,
    )
    return Study(study_id="x", name="x", crs=CRS, streets=streets)


def distances(graph):
    """Return the shortest ways between all nodes, which are named by their place to the decimetre."""
    place = {
        node: (round(data["x"] - X0, 1), round(data["y"] - Y0, 1)) for node, data in graph.nodes(data=True)
    }
    found = dict(nx.all_pairs_dijkstra_path_length(graph, weight="length"))
    return {(place[one], place[other]): length for one, row in found.items() for other, length in row.items()}


def assert_same_walks(one, other):
    first, second = distances(one), distances(other)
    assert first.keys() == second.keys()
    for pair, length in first.items():
        assert second[pair] == pytest.approx(length, abs=0.05)


def test_a_network_there_and_back_walks_the_same(study):
    graph = to_osmnx(study)
    back = from_osmnx(graph)
    assert len(back) == walk_network(study).edge_count
    assert_same_walks(graph, to_osmnx(network_from_streets(back)))


def test_what_is_known_of_a_street_survives_the_way_there_and_back(study):
    back = from_osmnx(to_osmnx(study))
    assert sorted(back["kind"]) == ["footway", "footway", "residential", "steps"]
    assert back.loc[back["kind"] == "steps", "steps"].tolist() == [True]
    assert back.loc[back["level"] == "bridge", "kind"].tolist() == ["residential"]
    assert set(back["name"].dropna()) == {"<b>Rue</b>"}
    assert (back.index.name, back.crs.to_string()) == ("street_id", CRS)


def test_osmnx_works_with_the_graph(study):
    graph = to_osmnx(study)
    nodes, edges = osmnx.graph_to_gdfs(graph)
    assert nodes.crs.to_string() == CRS
    assert len(edges) == 2 * walk_network(study).edge_count
    end = osmnx.distance.nearest_nodes(graph, X0 + 201, Y0 + 79)
    start = osmnx.distance.nearest_nodes(graph, X0 - 1, Y0 + 1)
    route = osmnx.routing.shortest_path(graph, start, end, weight="length")
    walked = osmnx.routing.route_to_gdf(graph, route)["length"].sum()
    assert walked == pytest.approx(240)
    edge = osmnx.distance.nearest_edges(graph, X0 + 30, Y0 + 41)
    assert graph.edges[edge]["osmid"] == "a"


def test_a_projected_graph_and_one_in_degrees_give_the_same_streets(study):
    graph = to_osmnx(study)
    degrees = osmnx.project_graph(graph, to_crs="EPSG:4326")
    one, other = from_osmnx(graph), from_osmnx(degrees)
    assert other.crs.to_string() == CRS
    for line, same in zip(one.geometry, other.geometry, strict=True):
        assert shapely.equals_exact(line, same, tolerance=0.01)


def test_an_edge_without_geometry_is_straight_and_merged_values_are_told_apart():
    graph = nx.MultiDiGraph(crs=CRS)
    graph.add_node(1, x=X0, y=Y0)
    graph.add_node(2, x=X0 + 30, y=Y0 + 40)
    tags = {"highway": ["steps", "footway"], "name": ["B", "A"], "bridge": ["no", "yes"]}
    graph.add_edge(1, 2, osmid=[5, 6], length=50.0, **tags)
    graph.add_edge(2, 1, osmid=[5, 6], length=50.0, **tags)
    streets = from_osmnx(graph)
    (street,) = streets.itertuples()
    assert (street.Index, street.kind, street.name, street.level, street.steps) == (
        "1-2-0", "footway", "A; B", "bridge", True,
    )  # fmt: skip
    assert street.geometry.length == pytest.approx(50)


def test_the_order_of_nodes_and_edges_does_not_matter(study):
    graph = to_osmnx(study)
    turned = nx.MultiDiGraph(**graph.graph)
    turned.add_nodes_from(list(graph.nodes(data=True))[::-1])
    turned.add_edges_from(list(graph.edges(keys=True, data=True))[::-1])
    one, other = from_osmnx(graph), from_osmnx(turned)
    assert list(one.index) == list(other.index)
    assert shapely.equals_exact(one.geometry.to_numpy(), other.geometry.to_numpy()).all()


def test_a_graph_that_is_not_of_osmnx_is_one_plain_error(study):
    with pytest.raises(DataError, match="crs"):
        from_osmnx(nx.MultiDiGraph())
    with pytest.raises(DataError, match="x, y"):
        from_osmnx(nx.MultiDiGraph(crs=CRS))
    lone = nx.MultiDiGraph(crs=CRS)
    lone.add_node(1, x=X0, y=Y0)
    with pytest.raises(DataError, match="edges"):
        from_osmnx(lone)
    with pytest.raises(NotMetricError):
        from_osmnx(to_osmnx(study), crs="EPSG:3857")


PLACE = [
    {
        "osm_type": "relation", "osm_id": 1, "place_id": 1, "class": "boundary", "type": "administrative",
        "boundingbox": ["43.70", "43.76", "7.38", "7.46"], "lat": "43.73", "lon": "7.42", "importance": 0.5,
        "display_name": "Somewhere", "name": "Somewhere",
        "geojson": {
            "type": "Polygon",
            "coordinates": [[[7.38, 43.70], [7.46, 43.70], [7.46, 43.76], [7.38, 43.76], [7.38, 43.70]]],
        },
    }
]  # fmt: skip
WAYS = {
    "elements": [
        {"type": "node", "id": 1, "lon": 7.420, "lat": 43.730},
        {"type": "node", "id": 2, "lon": 7.421, "lat": 43.730},
        {"type": "node", "id": 3, "lon": 7.422, "lat": 43.730},
        {"type": "node", "id": 4, "lon": 7.421, "lat": 43.731},
        {"type": "node", "id": 5, "lon": 7.421, "lat": 43.732},
        {"type": "way", "id": 11, "nodes": [1, 2, 3], "tags": {"highway": "footway", "name": "`Rue` <i>"}},
        {"type": "way", "id": 12, "nodes": [2, 4], "tags": {"highway": "steps"}},
        {"type": "way", "id": 13, "nodes": [4, 5], "tags": {"highway": "footway", "bridge": "yes"}},
    ]
}


def test_the_online_door_gives_streets_and_asks_only_through_osmnx(monkeypatch):
    """The answers of Nominatim and Overpass are stubs; sockets are blocked in every test."""
    asked = []

    def nominatim(params, **_):
        asked.append(params["q"])
        return PLACE

    def overpass(data):
        asked.append("overpass")
        return WAYS

    monkeypatch.setattr("osmnx._nominatim._nominatim_request", nominatim)
    monkeypatch.setattr("osmnx._overpass._overpass_request", overpass)
    streets = from_place("Somewhere")
    assert asked == ["Somewhere", "overpass"]
    assert streets.crs.to_string() == CRS
    assert sorted(streets["kind"]) == ["footway", "footway", "footway", "steps"]
    # the stairs and the bridge behind them stay apart, because only one of them is a bridge
    assert streets.loc[streets["level"] == "bridge", "kind"].tolist() == ["footway"]
    assert "`Rue` <i>" in set(streets["name"].dropna())
    network = network_from_streets(streets)
    assert (network.node_count, network.edge_count) == (5, 4)
    assert np.isfinite(network.edge_length_m).all()
