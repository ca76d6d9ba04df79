"""Reading an OSM file with pyosmium: the objects a study is made of, nothing interpreted yet."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geoplan._bulk import without_collecting
from geoplan._optional import import_extra
from geoplan.errors import DataError
from geoplan.io.osm_lines import OPL_FORMAT, OsmWays, ways_of_text

__all__ = ["OsmArea", "OsmBoundary", "OsmExtract", "OsmPoint", "read_osm"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
_UNITS_PER_DEGREE = 10_000_000
_NO_LOCATION = 2_147_483_647
_LINE_KEYS = ("highway", "waterway", "railway")
_AREA_KEYS = ("building", "highway", "place", "landuse", "boundary", "waterway", "water")
_POINT_KEYS = ("entrance", "barrier")
_STREET_KEYS, _SQUARE_KEYS, _GATE_KEYS = ("highway",), ("highway", "place"), ("barrier",)
_SQUARE_WAY_KEYS = ("area", "place")
"""A closed street is a loop unless it says that it is an area."""
_LISTED_NODE = np.dtype([("id", np.uint64), ("x", np.int32), ("y", np.int32)])
"""An entry of the list of nodes pyosmium keeps in a file."""
_ROOM_AT_LEAST, _ROOM_TIMES = 64 * 2**20, 16
"""Free bytes asked for in the folder for temporary files: so many, and so many times the extract."""


@dataclass(frozen=True, slots=True)
class OsmPoint:
    """A tagged node: ``id``, ``tags``; its place is in `OsmExtract.node_lonlat`."""

    id: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OsmArea:
    """
    A closed way or an assembled multipolygon.

    Parameters
    ----------
    origin
        ``"w"`` or ``"r"``: way or relation.
    id, tags
        As in OSM.
    rings
        One entry an outer ring: its node ids, and those of its inner rings. Rings are closed.
    """

    origin: str
    id: int
    tags: Mapping[str, str]
    rings: tuple[tuple[IntArray, tuple[IntArray, ...]], ...]

    @property
    def label(self) -> str:
        """Identifier such as ``"w123"``."""
        return f"{self.origin}{self.id}"

    def ring_nodes(self) -> IntArray:
        """Return the node ids of every ring, one after another."""
        parts = [ring for outer, inners in self.rings for ring in (outer, *inners)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class OsmBoundary:
    """A relation with an administrative boundary: ``id``, ``tags``, ids of the outer member ways in order."""

    id: int
    tags: Mapping[str, str]
    outer_ways: tuple[int, ...]


@dataclass(frozen=True)
class OsmExtract:
    """
    What an OSM file holds that a study can use.

    Parameters
    ----------
    file
        Name of the file.
    sha256
        Digest of its bytes.
    data_date
        Day the data describes, ISO 8601, or empty.
    dated_by
        ``"header"`` or ``"objects"`` (the newest object), or empty.
    node_ids
        Ids of all nodes whose place is known, ascending.
    node_lonlat
        Their WGS84 longitude and latitude.
    points, ways, areas, boundaries
        The objects, each by id. ``ways`` also holds the member ways of the boundaries.
    """

    file: str
    sha256: str
    data_date: str
    dated_by: str
    node_ids: IntArray
    node_lonlat: FloatArray
    points: tuple[OsmPoint, ...]
    ways: OsmWays
    areas: tuple[OsmArea, ...]
    boundaries: tuple[OsmBoundary, ...]

    def rows_of(self, nodes: IntArray) -> IntArray:
        """Return the row of each node id in ``node_ids``, -1 where its place is not known."""
        if not len(self.node_ids):
            return np.full(len(nodes), -1, np.int64)
        at = np.minimum(np.searchsorted(self.node_ids, nodes), len(self.node_ids) - 1)
        return np.where(self.node_ids[at] == nodes, at, -1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """
    Keys whose bearers are read: nodes, ways, areas; and whether boundaries are.

    A closed way is read as an area if it also bears one of ``closed_ways``, or if that is empty.
    """

    points: tuple[str, ...]
    lines: tuple[str, ...]
    areas: tuple[str, ...]
    boundaries: bool
    closed_ways: tuple[str, ...] = ()


def read_osm(file: str | Path, *, place_keys: Iterable[str] = (), streets_only: bool = False) -> OsmExtract:
    """
    Read the objects a study is made of.

    Parameters
    ----------
    file
        A local ``.osm.pbf`` (or ``.osm``, ``.osm.gz``, ``.osm.bz2``) file. Node places beyond the extract may
        be missing: such nodes are left out of `OsmExtract.node_ids`.
    place_keys
        Keys whose bearers are read as places, besides streets, buildings, barriers and boundaries.
    streets_only
        Read only what `geoplan.io.osm_streets.streets_table` needs: streets, squares and gates.

    Returns
    -------
    OsmExtract
        The same for the same bytes.

    Raises
    ------
    DataError
        If the file is not OSM data, is cut short, holds a history, or has nothing in it.
    MissingExtraError
        If pyosmium is not installed.
    OSError
        If the folder for temporary files has no room: pyosmium works there, and a full disk would kill it.
    """
    path = Path(file)
    if not path.name.lower().endswith(SUFFIXES):
        raise DataError("error.osm_suffix", file=path.name, known=", ".join(SUFFIXES))
    content = path.read_bytes()  # a missing file or folder is told by the operating system's own error
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    if not content:
        raise DataError("error.osm_empty", file=path.name)
    del content
    osmium = import_extra("osmium", extra="osm")
    try:
        with without_collecting(), _workshop(path.resolve(), size) as folder:
            return _extract(osmium, path.resolve(), digest, _wanted(place_keys, streets_only), Path(folder))
    except (RuntimeError, UnicodeDecodeError) as error:
        raise DataError("error.osm_unreadable", file=path.name, reason=_first_line(error)) from error


def _wanted(place_keys: Iterable[str], streets_only: bool) -> _Wanted:
    if streets_only:
        return _Wanted(_GATE_KEYS, _STREET_KEYS, _SQUARE_KEYS, boundaries=False, closed_ways=_SQUARE_WAY_KEYS)
    places = tuple(sorted(place_keys))
    return _Wanted((*_POINT_KEYS, *places), _LINE_KEYS, (*_AREA_KEYS, *places), boundaries=True)


def _workshop(file: Path, size: int) -> tempfile.TemporaryDirectory[str]:
    """Return a folder for the files pyosmium works with."""
    # pyosmium cannot open a folder named in Chinese on Windows; that of the extract it can, or nothing helps
    shared = tempfile.gettempdir()
    folder = tempfile.TemporaryDirectory(
        prefix="geoplan-", dir=shared if shared.isascii() else file.parent, ignore_cleanup_errors=True
    )
    if shutil.disk_usage(folder.name).free < _ROOM_AT_LEAST + _ROOM_TIMES * size:
        folder.cleanup()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder.name)
    return folder


def _extract(osmium: Any, file: Path, digest: str, wanted: _Wanted, folder: Path) -> OsmExtract:
    path = str(file)
    header = osmium.FileProcessor(path).header
    if header.has_multiple_object_versions:
        raise DataError("error.osm_history", file=file.name)
    stamp = header.get("osmosis_replication_timestamp") or ""
    newest = "" if stamp else _newest(osmium, path)
    boundaries = _boundaries(osmium, path) if wanted.boundaries else ()
    index = osmium.index.create_map(f"sparse_file_array,{folder / 'nodes'}")
    locate = osmium.NodeLocationsForWays(index)
    locate.ignore_errors()
    points, point_units = _points(osmium, path, wanted.points, locate)
    areas = _ways_and_areas(osmium, path, wanted, locate, folder / "ways")
    members = {way for boundary in boundaries for way in boundary.outer_ways}
    texts = [folder / "ways"]
    if members:
        texts.append(folder / "members")
        _write_members(osmium, path, members, texts[-1])
    del locate, index  # closes the list of nodes
    ways = ways_of_text("".join(one.read_text(encoding="utf-8") for one in texts))
    used = [ways.nodes, *(area.ring_nodes() for area in areas)]
    node_ids, node_units = _places(folder / "nodes", points, point_units, np.concatenate(used))
    if not len(node_ids):
        raise DataError("error.osm_empty", file=file.name)
    return OsmExtract(
        file=file.name,
        sha256=digest,
        data_date=stamp[:10] or newest,
        dated_by="header" if stamp else "objects" if newest else "",
        node_ids=node_ids,
        node_lonlat=node_units / _UNITS_PER_DEGREE,
        points=points,
        ways=ways,
        areas=areas,
        boundaries=boundaries,
    )


def _newest(osmium: Any, path: str) -> str:
    """Return the day of the newest object, empty if objects are not dated."""
    # an untagged node is only a place on a way: skipping it saves most time
    tagged_nodes = osmium.filter.EmptyTagFilter().enable_for(osmium.osm.NODE)
    found = max((one.timestamp for one in osmium.FileProcessor(path).with_filter(tagged_nodes)), default=None)
    day = "" if found is None else found.strftime("%Y-%m-%d")
    return "" if day <= "1970-01-01" else day


def _boundaries(osmium: Any, path: str) -> tuple[OsmBoundary, ...]:
    found = {}
    administrative = osmium.filter.TagFilter(("boundary", "administrative"))
    for one in osmium.FileProcessor(path, osmium.osm.RELATION).with_filter(administrative):
        tags = dict(one.tags)
        if tags.get("type") in ("boundary", "multipolygon"):
            outer = tuple(
                member.ref for member in one.members if member.type == "w" and member.role in ("outer", "")
            )
            found[one.id] = OsmBoundary(one.id, tags, outer)
    return tuple(found[one] for one in sorted(found))


def _points(
    osmium: Any, path: str, keys: tuple[str, ...], locate: Any
) -> tuple[tuple[OsmPoint, ...], IntArray]:
    """Return the nodes that bear a key, and their places; the places of all nodes go to ``locate``."""
    found = {}
    bearing = osmium.filter.KeyFilter(*keys)
    with osmium.io.Reader(path, osmium.osm.NODE) as reader:
        for one in osmium.OsmFileIterator(reader, locate, bearing):
            if one.location.valid():
                found[one.id] = OsmPoint(one.id, dict(one.tags)), (one.location.x, one.location.y)
    ordered = [found[one] for one in sorted(found)]
    units = np.array([place for _, place in ordered], np.int64).reshape(-1, 2)
    return tuple(point for point, _ in ordered), units


def _ways_and_areas(osmium: Any, path: str, wanted: _Wanted, locate: Any, text: Path) -> tuple[OsmArea, ...]:
    """Return the areas, and write the wanted ways."""
    manager, bearing = osmium.area.AreaManager(), osmium.filter.KeyFilter(*wanted.areas)
    with osmium.io.Reader(path, osmium.osm.RELATION) as reader:
        osmium.apply(reader, bearing, manager.first_pass_handler())
    buffer = osmium.BufferIterator(bearing)
    lines = osmium.filter.KeyFilter(*wanted.lines)
    _write_ways(osmium, path, (locate, manager.second_pass_to_buffer(buffer), lines), text)
    found = {}
    for one in buffer:
        if one.from_way() and wanted.closed_ways and not any(key in one.tags for key in wanted.closed_ways):
            continue
        rings = tuple(
            (_nodes(outer), tuple(_nodes(inner) for inner in one.inner_rings(outer)))
            for outer in one.outer_rings()
        )
        if rings:
            origin = "w" if one.from_way() else "r"
            found[origin, one.orig_id()] = OsmArea(origin, one.orig_id(), dict(one.tags), rings)
    return tuple(found[one] for one in sorted(found))


def _write_ways(osmium: Any, path: str, handlers: tuple[Any, ...], text: Path) -> None:
    """Write the ways that pass the handlers."""
    with (
        osmium.io.Reader(path, osmium.osm.WAY) as reader,
        osmium.SimpleWriter(osmium.io.File(str(text), OPL_FORMAT)) as writer,
    ):
        osmium.apply(reader, *handlers, writer)


def _write_members(osmium: Any, path: str, members: set[int], text: Path) -> None:
    # pyosmium's own filter by id would take more than a hundred megabytes for ids as high as they are
    with (
        osmium.io.Reader(path, osmium.osm.WAY) as reader,
        osmium.SimpleWriter(osmium.io.File(str(text), OPL_FORMAT)) as writer,
    ):
        for one in osmium.OsmFileIterator(reader):
            if one.id in members:
                writer.add_way(one)


def _nodes(refs: Any) -> IntArray:
    return np.array([node.ref for node in refs], np.int64)


def _places(
    nodes: Path, points: tuple[OsmPoint, ...], point_units: IntArray, used: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the ids, ascending, and the places of points and used nodes, as far as they are known."""
    listed = np.fromfile(nodes, _LISTED_NODE)
    listed = listed[listed["x"] != _NO_LOCATION]
    point_ids = np.array([point.id for point in points], np.int64)
    ids, first = np.unique(np.r_[point_ids, listed["id"].astype(np.int64)], return_index=True)
    units = np.vstack([point_units, np.column_stack([listed["x"], listed["y"]])])[first]
    kept = np.zeros(len(ids), bool)
    kept[np.searchsorted(ids, point_ids)] = True
    if len(ids):
        at = np.minimum(np.searchsorted(ids, used), len(ids) - 1)
        kept[at[ids[at] == used]] = True
    return ids[kept], units[kept]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
