"""Small OSM files with answers one can work out by hand: places in metres from an origin in Monaco."""

from __future__ import annotations

from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

from geoplan.crs.metric import to_lonlat

CRS = "EPSG:32632"
X0, Y0 = 372_000.0, 4_843_000.0
STAMP = "2024-05-06T07:08:09Z"


def write_osm(file: Path, *, nodes, ways=None, relations=None, stamp: str | None = STAMP) -> Path:
    """
    Write an OSM file.

    nodes {id: (x, y) or (x, y, tags)} [m] · ways {id: (node ids, tags)} · relations {id: (members, tags)}
    with members [("w", id, role)]. A way may name nodes that the file does not hold.
    """
    header = osmium.io.Header()
    if stamp:
        header.set("osmosis_replication_timestamp", stamp)
    with osmium.SimpleWriter(str(file), header=header, overwrite=True) as writer:
        for key, (x, y, *tags) in sorted(nodes.items()):
            lon, lat = to_lonlat(CRS, [X0 + x], [Y0 + y])
            writer.add_node(
                Node(id=key, location=(float(lon[0]), float(lat[0])), tags=tags[0] if tags else {}, version=1)
            )
        for key, (refs, tags) in sorted((ways or {}).items()):
            writer.add_way(Way(id=key, nodes=refs, tags=tags, version=1))
        for key, (members, tags) in sorted((relations or {}).items()):
            writer.add_relation(Relation(id=key, members=members, tags=tags, version=1))
    return file


def square_nodes(first: int, x: float, y: float, side: float) -> dict[int, tuple[float, float]]:
    """Return four nodes of a square, numbered from ``first``, counter-clockwise from the south-west."""
    corners = ((x, y), (x + side, y), (x + side, y + side), (x, y + side))
    return {first + number: corner for number, corner in enumerate(corners)}


def ring(first: int, corners: int = 4) -> list[int]:
    """Return the node ids of a closed way over ``corners`` nodes numbered from ``first``."""
    return [*range(first, first + corners), first]


def shared_extract(name: str) -> Path:
    """Return an extract that lies beside the checkout, if it is there."""
    return Path(__file__).parents[3] / "shared" / "data" / "osm" / name


def same_bytes(one: Path, other: Path) -> bool:
    """Tell whether two folders hold the same files with the same bytes."""
    names, others = (sorted(file.name for file in folder.iterdir()) for folder in (one, other))
    return names == others and all((one / name).read_bytes() == (other / name).read_bytes() for name in names)
