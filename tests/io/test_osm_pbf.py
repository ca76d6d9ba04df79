from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Way

from geoplan.errors import DataError
from geoplan.io.osm_lines import ways_of_text
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


def plain_ways(file, keys):
    """Return (id, tags, nodes) of the ways that bear a key, object by object."""
    return [
        (one.id, dict(one.tags), [node.ref for node in one.nodes])
        for one in osmium.FileProcessor(str(file), osmium.osm.WAY)
        if any(key in one.tags for key in keys)
    ]


# pyosmium writes characters of the last private plane wrongly: no name has any
written = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xFFFFF), max_size=9
)
tag_sets = st.dictionaries(written, written, max_size=4).map(lambda tags: tags | {"highway": "path"})
ways_listed = st.lists(st.tuples(st.lists(st.integers(1, 2**40), max_size=5), tag_sets), max_size=5)


@settings(max_examples=60, deadline=None)
@given(ways_listed)
def test_ways_come_as_they_were_written_whatever_their_tags_say(listed):
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/x.osm.pbf"
        with osmium.SimpleWriter(file) as writer:
            writer.add_node(Node(id=1, location=(7.4, 43.7), tags={"barrier": "gate"}, version=1))
            for number, (nodes, tags) in enumerate(listed, 1):
                writer.add_way(Way(id=number, nodes=nodes, tags=tags, version=1))
        ways = [(way.id, way.tags, way.nodes.tolist()) for way in read_osm(file).ways]
        assert ways == plain_ways(file, ["highway"])


def test_ways_of_a_real_town_are_those_read_object_by_object():
    extract = read_osm(shared_town())
    members = {way for boundary in extract.boundaries for way in boundary.outer_ways}
    lines = plain_ways(shared_town(), ["highway", "waterway", "railway"])
    found = [(way.id, way.tags, way.nodes.tolist()) for way in extract.ways]
    assert [way for way in found if way[0] not in members] == [way for way in lines if way[0] not in members]
    assert {way[0] for way in lines} <= {way[0] for way in found} <= {way[0] for way in lines} | members
    place = {
        one.id: (one.location.lon, one.location.lat)
        for one in osmium.FileProcessor(str(shared_town()), osmium.osm.NODE)
    }
    assert [place[node] for node in extract.node_ids.tolist()] == list(
        map(tuple, extract.node_lonlat.tolist())
    )


def shared_town():
    return Path(__file__).parents[2] / "data" / "monaco" / "monaco.osm.pbf"


def test_a_way_that_comes_twice_is_one_and_ways_are_in_the_order_of_their_ids():
    ways = ways_of_text("w9 Thighway=path Nn3,n4\nw2 T N\nw5 Tk= Nn7\nw9 Thighway=path Nn3,n4\n")
    assert [(way.id, way.tags, way.nodes.tolist()) for way in ways] == [
        (2, {}, []),
        (5, {"k": ""}, [7]),
        (9, {"highway": "path"}, [3, 4]),
    ]
    assert ways[-1].id == 9
    assert [way.id for way in ways[:2]] == [2, 5]


def test_a_place_that_is_nowhere_is_left_out_and_spoils_nothing(tmp_path):
    file = tmp_path / "city.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        writer.add_node(Node(id=1, location=(7.4, 43.7), version=1))
        writer.add_node(Node(id=2, location=(200.0, 43.7), tags={"barrier": "gate"}, version=1))
        writer.add_way(Way(id=1, nodes=[1, 2], tags={"highway": "path"}, version=1))
    extract = read_osm(file)
    assert extract.points == ()
    assert extract.ways[0].nodes.tolist() == [1, 2]


def test_nothing_is_left_behind_in_the_folder_for_temporary_files(tmp_path, monkeypatch):
    file = write_osm(tmp_path / "a.osm.pbf", nodes=NODES, ways=WAY)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    read_osm(file)
    broken = tmp_path / "b.osm.pbf"
    broken.write_bytes(file.read_bytes()[:-9])
    assert error_of(broken) == "error.osm_unreadable"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_extract_is_read_beside_itself_where_temporary_files_lie_in_a_folder_named_in_chinese(
    tmp_path, monkeypatch
):
    used = []
    make = tempfile.TemporaryDirectory

    def watched(**options):
        used.append(options["dir"])
        return make(**options)

    file = write_osm(tmp_path / "a.osm.pbf", nodes=NODES, ways=WAY)
    (tmp_path / "张三").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "张三"))
    monkeypatch.setattr(tempfile, "TemporaryDirectory", watched)
    assert len(read_osm(file).ways) == 1
    assert used == [tmp_path]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.osm.pbf", "张三"]


def test_a_full_disk_is_told_before_pyosmium_meets_it(tmp_path, monkeypatch):
    file = write_osm(tmp_path / "a.osm.pbf", nodes=NODES, ways=WAY)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
    with pytest.raises(OSError, match="space"):
        read_osm(file)


def test_streets_only_reads_streets_squares_and_gates(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 50), 5: (5, 5, {"barrier": "gate"}), 6: (6, 6, {"entrance": "yes"})}
    ways = {
        1: (ring(1), {"building": "yes"}),
        2: (ring(1), {"highway": "footway"}),
        3: (ring(1), {"highway": "pedestrian", "area": "yes"}),
        4: (ring(1), {"place": "square"}),
        5: ([1, 2], {"railway": "rail"}),
    }
    extract = read_osm(write_osm(tmp_path / "a.osm.pbf", nodes=nodes, ways=ways), streets_only=True)
    assert [way.id for way in extract.ways] == [2, 3]
    assert [area.label for area in extract.areas] == ["w3", "w4"]
    assert [point.id for point in extract.points] == [5]
    assert extract.boundaries == ()
