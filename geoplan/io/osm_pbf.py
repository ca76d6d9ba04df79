"""Reading an OSM file with pyosmium: the objects a study is made of, nothing interpreted yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geoplan._optional import import_extra
from geoplan.errors import DataError

__all__ = ["OsmArea", "OsmBoundary", "OsmExtract", "OsmPoint", "OsmWay", "read_osm"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
_UNITS_PER_DEGREE = 10_000_000
_NO_LOCATION = 2_147_483_647
_LINE_KEYS = ("highway", "waterway", "railway")
_AREA_KEYS = ("building", "highway", "place", "landuse", "boundary", "waterway", "water")
_POINT_KEYS = ("entrance", "barrier")


@dataclass(frozen=True, slots=True)
class OsmPoint:
    """A tagged node: ``id``, ``tags``; its place is in `OsmExtract.node_lonlat`."""

    id: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OsmWay:
    """A way: ``id``, ``tags`` and the ids of its nodes in order."""

    id: int
    tags: Mapping[str, str]
    nodes: IntArray


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
        The objects, each list by id. ``ways`` also holds the member ways of the boundaries.
    """

    file: str
    sha256: str
    data_date: str
    dated_by: str
    node_ids: IntArray
    node_lonlat: FloatArray
    points: tuple[OsmPoint, ...]
    ways: tuple[OsmWay, ...]
    areas: tuple[OsmArea, ...]
    boundaries: tuple[OsmBoundary, ...]

    def rows_of(self, nodes: IntArray) -> IntArray:
        """Return the row of each node id in ``node_ids``, -1 where its place is not known."""
        if not len(self.node_ids):
            return np.full(len(nodes), -1, np.int64)
        at = np.minimum(np.searchsorted(self.node_ids, nodes), len(self.node_ids) - 1)
        return np.where(self.node_ids[at] == nodes, at, -1).astype(np.int64)


@dataclass(slots=True)
class _Collected:
    points: dict[int, OsmPoint] = field(default_factory=dict)
    ways: dict[int, OsmWay] = field(default_factory=dict)
    areas: dict[tuple[str, int], OsmArea] = field(default_factory=dict)
    boundaries: dict[int, OsmBoundary] = field(default_factory=dict)
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    newest: str = ""
    objects: int = 0


def read_osm(file: str | Path, *, place_keys: Iterable[str] = ()) -> OsmExtract:
    """
    Read the objects a study is made of.

    Parameters
    ----------
    file
        A local ``.osm.pbf`` (or ``.osm``, ``.osm.gz``, ``.osm.bz2``) file, sorted by type and id as extracts
        are. Node places beyond the extract may be missing: such nodes are left out of `OsmExtract.node_ids`.
    place_keys
        Keys whose bearers are read as places, besides streets, buildings, barriers and boundaries.

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
    """
    path = Path(file)
    if not path.name.lower().endswith(SUFFIXES):
        raise DataError("error.osm_suffix", file=path.name, known=", ".join(SUFFIXES))
    content = path.read_bytes()  # a missing file or folder is told by the operating system's own error
    digest = hashlib.sha256(content).hexdigest()
    if not content:
        raise DataError("error.osm_empty", file=path.name)
    del content
    osmium = import_extra("osmium", extra="osm")
    try:
        stamp, collected = _collect(osmium, path.resolve(), frozenset(place_keys))
    except (RuntimeError, UnicodeDecodeError) as error:
        raise DataError("error.osm_unreadable", file=path.name, reason=_first_line(error)) from error
    if not collected.objects or not collected.places:
        raise DataError("error.osm_empty", file=path.name)
    return _extract(path.name, digest, stamp, collected)


def _collect(osmium: Any, file: Path, place_keys: frozenset[str]) -> tuple[str, _Collected]:
    """Return the header's time stamp and the objects."""
    path = str(file)
    header = osmium.FileProcessor(path).header
    if header.has_multiple_object_versions:
        raise DataError("error.osm_history", file=file.name)
    stamp = header.get("osmosis_replication_timestamp") or ""
    found = _Collected()
    members = _collect_boundaries(osmium, path, found)
    # an untagged node is only a place on a way, which the way brings along: skipping it saves most time
    tagged_nodes = osmium.filter.EmptyTagFilter().enable_for(osmium.osm.NODE)
    keep_point = frozenset(_POINT_KEYS) | place_keys
    keep_area = frozenset(_AREA_KEYS) | place_keys
    for one in osmium.FileProcessor(path).with_areas().with_filter(tagged_nodes):
        found.objects += 1
        if one.is_area():
            _take_area(one, keep_area, found)
            continue
        if not stamp:
            found.newest = max(found.newest, one.timestamp.strftime("%Y-%m-%d"))
        if one.is_node():
            if found.ways:
                raise DataError("error.osm_unsorted", file=file.name)
            tags = _tags(one, keep_point)
            if tags and one.location.valid():
                found.points[one.id] = OsmPoint(one.id, tags)
                found.places[one.id] = (one.location.x, one.location.y)
        elif one.is_way():
            wanted = one.id in members or any(key in one.tags for key in _LINE_KEYS)
            if wanted:
                found.ways[one.id] = OsmWay(one.id, dict(one.tags), _nodes(one.nodes, found))
    return stamp, found


def _collect_boundaries(osmium: Any, path: str, found: _Collected) -> set[int]:
    members: set[int] = set()
    for one in osmium.FileProcessor(path, osmium.osm.RELATION):
        tags = dict(one.tags)
        if tags.get("boundary") != "administrative" or tags.get("type") not in ("boundary", "multipolygon"):
            continue
        outer = tuple(
            member.ref for member in one.members if member.type == "w" and member.role in ("outer", "")
        )
        found.boundaries[one.id] = OsmBoundary(one.id, tags, outer)
        members.update(outer)
    return members


def _tags(one: Any, keys: frozenset[str]) -> dict[str, str]:
    tags = dict(one.tags)
    return {} if keys.isdisjoint(tags) else tags


def _take_area(one: Any, keys: frozenset[str], found: _Collected) -> None:
    tags = _tags(one, keys)
    if not tags:
        return
    rings = tuple(
        (_nodes(outer, found), tuple(_nodes(inner, found) for inner in one.inner_rings(outer)))
        for outer in one.outer_rings()
    )
    if rings:
        origin = "w" if one.from_way() else "r"
        found.areas[origin, one.orig_id()] = OsmArea(origin, one.orig_id(), tags, rings)


def _nodes(refs: Any, found: _Collected) -> IntArray:
    listed = [(node.ref, node.x, node.y) for node in refs]
    found.places.update((ref, (x, y)) for ref, x, y in listed if x != _NO_LOCATION)
    return np.array([ref for ref, _, _ in listed], np.int64)


def _extract(file: str, digest: str, stamp: str, found: _Collected) -> OsmExtract:
    newest = "" if found.newest <= "1970-01-01" else found.newest
    ids = np.array(list(found.places), np.int64)
    units = np.array(list(found.places.values()), np.int64).reshape(-1, 2)
    order = np.argsort(ids)
    return OsmExtract(
        file=file,
        sha256=digest,
        data_date=stamp[:10] or newest,
        dated_by="header" if stamp else "objects" if newest else "",
        node_ids=ids[order],
        node_lonlat=units[order] / _UNITS_PER_DEGREE,
        points=tuple(found.points[one] for one in sorted(found.points)),
        ways=tuple(found.ways[one] for one in sorted(found.ways)),
        areas=tuple(found.areas[one] for one in sorted(found.areas)),
        boundaries=tuple(found.boundaries[one] for one in sorted(found.boundaries)),
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
