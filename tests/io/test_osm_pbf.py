from __future__ import annotations

import osmium
import pytest
from osmium.osm.mutable import Node, Way

from geoplan.errors import DataError
from geoplan.io.osm_pbf import read_osm

from .osm_world import ring, square_nodes, write_osm

WAY = {1: ([1, 2], {"highway": "footway"})}
NODES = {1: (0, 0), 2: (100, 0)}


def error_of(file):
    with pytest.raises(DataError) as caught:
        read_osm(file)
    assert file.name in caught.value.text("en")
    assert file.name in caught.value.text("zh")
    return caught.value.key


def test_a_file_cut_short_is_one_plain_error(tmp_path):
    nodes = {number: (number, number % 97, {"shop": f"kiosk{number}"}) for number in range(1, 3000)}
    whole = write_osm(tmp_path / "whole.osm.pbf", nodes=nodes).read_bytes()
    for share in (0.001, 0.1, 0.5, 0.99):
        cut = tmp_path / f"cut{share}.osm.pbf"
        cut.write_bytes(whole[: max(int(len(whole) * share), 1)])
        assert error_of(cut) == "error.osm_unreadable"


def test_what_is_not_osm_is_one_plain_error(tmp_path):
    text = tmp_path / "text.osm.pbf"
    text.write_text("hello", encoding="utf-8")
    assert error_of(text) == "error.osm_unreadable"
    page = tmp_path / "page.osm"
    page.write_text("<html>404 not found</html>", encoding="utf-8")
    assert error_of(page) == "error.osm_unreadable"
    picture = tmp_path / "city.png"
    picture.write_bytes(b"\x89PNG")
    assert error_of(picture) == "error.osm_suffix"


def test_an_empty_file_and_an_empty_extract_are_one_plain_error(tmp_path):
    nothing = tmp_path / "nothing.osm.pbf"
    nothing.touch()
    assert error_of(nothing) == "error.osm_empty"
    assert error_of(write_osm(tmp_path / "no_objects.osm.pbf", nodes={})) == "error.osm_empty"


def test_a_history_file_is_refused(tmp_path):
    file = tmp_path / "city.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(file), "osh.pbf")) as writer:
        for version in (1, 2):
            writer.add_node(Node(id=1, location=(7.4, 43.7), tags={"shop": "x"}, version=version))
    assert error_of(file) == "error.osm_history"


def test_a_file_whose_nodes_come_after_its_ways_is_read_like_a_sorted_one(tmp_path):
    file = tmp_path / "city.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        writer.add_way(Way(id=1, nodes=[1, 2], tags={"highway": "path"}, version=1))
        writer.add_node(Node(id=1, location=(7.4, 43.7), tags={"barrier": "gate"}, version=1))
        writer.add_node(Node(id=2, location=(7.5, 43.7), version=1))
    extract = read_osm(file)
    assert extract.node_ids.tolist() == [1, 2]
    assert extract.node_lonlat.tolist() == [[7.4, 43.7], [7.5, 43.7]]
    assert [point.id for point in extract.points] == [1]


def test_a_missing_file_is_told_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"away\.osm\.pbf"):
        read_osm(tmp_path / "away.osm.pbf")


def test_the_date_is_that_of_the_header_else_of_the_newest_object(tmp_path):
    dated = read_osm(write_osm(tmp_path / "a.osm.pbf", nodes=NODES, ways=WAY))
    assert (dated.data_date, dated.dated_by) == ("2024-05-06", "header")
    undated = read_osm(write_osm(tmp_path / "b.osm.pbf", nodes=NODES, ways=WAY, stamp=None))
    assert (undated.data_date, undated.dated_by) == ("", "")
    file = tmp_path / "c.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        for number, year in ((1, 2019), (2, 2021), (3, 2020)):
            stamp = f"{year}-02-03T00:00:00Z"
            writer.add_node(
                Node(id=number, location=(7.4, 43.7), tags={"shop": "x"}, version=1, timestamp=stamp)
            )
    newest = read_osm(file, place_keys=["shop"])
    assert (newest.data_date, newest.dated_by) == ("2021-02-03", "objects")


def test_nodes_are_known_by_id_and_missing_ones_are_minus_one(tmp_path):
    extract = read_osm(
        write_osm(tmp_path / "a.osm.pbf", nodes=NODES, ways={1: ([1, 7, 2], {"highway": "path"})})
    )
    assert extract.rows_of(extract.ways[0].nodes).tolist() == [0, -1, 1]


def test_only_what_a_study_can_use_is_read(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 50), 5: (5, 5, {"natural": "tree"}), 6: (6, 6, {"shop": "bakery"})}
    ways = {
        1: (ring(1), {"building": "yes"}),
        2: (ring(1), {"natural": "wood"}),
        3: ([1, 2], {"power": "line"}),
    }
    extract = read_osm(write_osm(tmp_path / "a.osm.pbf", nodes=nodes, ways=ways), place_keys=["shop"])
    assert [point.id for point in extract.points] == [6]
    assert [area.label for area in extract.areas] == ["w1"]
    assert len(extract.ways) == 0


def test_reading_twice_gives_the_same(tmp_path):
    file = write_osm(tmp_path / "a.osm.pbf", nodes=NODES, ways=WAY)
    one, other = read_osm(file), read_osm(file)
    assert one.sha256 == other.sha256
    assert one.node_lonlat.tobytes() == other.node_lonlat.tobytes()
    assert [way.nodes.tolist() for way in one.ways] == [way.nodes.tolist() for way in other.ways]
