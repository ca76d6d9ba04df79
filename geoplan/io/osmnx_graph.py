"""To and from the graphs of osmnx; and, for those who ask, the streets of a place fetched through osmnx."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan._optional import import_extra
from geoplan.crs.metric import require_metric, suggest_metric_crs, transform_xy
from geoplan.errors import DataError
from geoplan.io.osm_tags import street_level
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import validate_table
from geoplan.network.build import walk_network
from geoplan.network.graph import WalkNetwork

__all__ = ["from_osmnx", "from_place", "to_osmnx"]

_TAGS = ("highway", "bridge", "tunnel", "layer", "name")


def from_osmnx(graph: Any, *, crs: str | None = None) -> gpd.GeoDataFrame:
    """
    Return the streets of an osmnx graph.

    Parameters
    ----------
    graph
        A ``networkx.MultiDiGraph`` as osmnx makes it: ``graph.graph["crs"]``, nodes with ``x`` and ``y``,
        edges with or without ``geometry``. Every edge is walkable, both ways: take a walking network.
    crs
        Metric CRS to return; None keeps the graph's if it is metric, else takes the one that suits the place.

    Returns
    -------
    streets
        Table ``streets``: an edge and its reverse are one row, ``street_id`` is ``<u>-<v>-<key>``. Where
        osmnx merged ways, ``kind`` is the first of theirs by the alphabet, and steps or a bridge among them
        make the whole edge so.

    Raises
    ------
    DataError
        If the graph lacks coordinates, a CRS or edges.
    NotMetricError
        If ``crs`` does not measure metres truthfully here.
    """
    source = getattr(graph, "graph", {}).get("crs")
    if source is None:
        raise DataError("error.osmnx_graph", lacking="graph['crs']")
    nodes = dict(graph.nodes(data=True))
    lacking = [node for node, data in nodes.items() if "x" not in data or "y" not in data]
    if lacking or not nodes:
        raise DataError("error.osmnx_graph", lacking="x, y")
    rows = _one_way_each(graph, nodes)
    if not rows:
        raise DataError("error.osmnx_graph", lacking="edges")
    streets = gpd.GeoDataFrame(
        {
            "street_id": [label for label, _, _ in rows],
            "name": [_joined(tags.get("name")) for _, tags, _ in rows],
            "kind": [min(_values(tags.get("highway")), default=None) for _, tags, _ in rows],
            "level": [street_level(_first_of_each(tags)) for _, tags, _ in rows],
            "steps": pd.array(
                ["steps" in _values(tags.get("highway")) for _, tags, _ in rows], dtype="boolean"
            ),
        },
        geometry=[line for _, _, line in rows],
        crs=source,
        index=pd.RangeIndex(1, len(rows) + 1),
    )
    moved = streets.to_crs(crs or _metric(streets))
    require_metric(moved)
    return validate_table(moved, INPUT_TABLES["streets"]).table


def to_osmnx(source: WalkNetwork | Study) -> Any:
    """
    Return a walking network as a graph that osmnx works with.

    Parameters
    ----------
    source
        A network, or a study with table ``streets``, whose names and kinds then go along.

    Returns
    -------
    graph
        A ``networkx.MultiDiGraph`` in the network's CRS: nodes numbered from 0 with ``x``, ``y`` and
        ``street_count``; every edge both ways with ``osmid`` (street id), ``highway``, ``length`` [m],
        ``oneway``, ``reversed`` and ``geometry``; a one-way edge has no reverse.

    Raises
    ------
    DataError
        If the study has no streets.
    """
    networkx = import_extra("networkx", extra="osmnx")
    network = walk_network(source) if isinstance(source, Study) else source
    streets = source.streets if isinstance(source, Study) else None
    graph = networkx.MultiDiGraph(crs=network.crs, simplified=True)
    degree = np.bincount(np.concatenate([network.edge_u, network.edge_v]), minlength=network.node_count)
    for node in range(network.node_count):
        x, y = float(network.node_x[node]), float(network.node_y[node])
        graph.add_node(node, x=x, y=y, street_count=int(degree[node]))
    tags = _street_tags(streets)
    for edge in range(network.edge_count):
        u, v = int(network.edge_u[edge]), int(network.edge_v[edge])
        street, line = str(network.edge_street[edge]), network.edge_geometry[edge]
        shared = {
            "osmid": street,
            "highway": "steps" if network.edge_steps[edge] else "path",
            **tags.get(street, {}),
            "length": float(network.edge_length_m[edge]),
            "oneway": bool(network.edge_one_way[edge]),
        }
        graph.add_edge(u, v, **shared, reversed=False, geometry=line)
        if u != v and not network.edge_one_way[edge]:
            graph.add_edge(v, u, **shared, reversed=True, geometry=shapely.reverse(line))
    return graph


def from_place(place: str, *, crs: str | None = None) -> gpd.GeoDataFrame:
    """
    Fetch the walking streets of a named place through osmnx: this goes online.

    osmnx asks Nominatim for the outline and Overpass for the streets, and keeps their answers in its cache
    folder. Nothing else in geoplan goes online; where there is no network, use an extract: ``geoplan new``.

    Parameters
    ----------
    place
        Name that Nominatim finds, such as ``"Anning District, Lanzhou"``.
    crs
        As in `from_osmnx`.

    Returns
    -------
    streets
        As in `from_osmnx`; ways are merged only where class, bridge, tunnel and layer agree.

    Raises
    ------
    MissingExtraError
        If osmnx is not installed.
    """
    osmnx = import_extra("osmnx", extra="osmnx")
    found = osmnx.graph_from_place(place, network_type="walk", simplify=False, retain_all=True)
    return from_osmnx(osmnx.simplify_graph(found, edge_attrs_differ=list(_TAGS)), crs=crs)


def _one_way_each(
    graph: Any, nodes: Mapping[Any, Mapping[str, Any]]
) -> list[tuple[str, dict[str, Any], Any]]:
    """Return label, tags and line of each edge, of an edge and its reverse only one."""
    found: dict[bytes, tuple[str, dict[str, Any], Any]] = {}
    for u, v, key, data in sorted(
        graph.edges(keys=True, data=True), key=lambda one: (str(one[0]), str(one[1]), one[2])
    ):
        line = data.get("geometry")
        if line is None:
            line = shapely.LineString([(nodes[end]["x"], nodes[end]["y"]) for end in (u, v)])
        same_both_ways = min(shapely.to_wkb(line), shapely.to_wkb(shapely.reverse(line)))
        found.setdefault(same_both_ways, (f"{u}-{v}-{key}", {tag: data.get(tag) for tag in _TAGS}, line))
    return list(found.values())


def _values(tag: object) -> list[str]:
    """Return the values of an osmnx attribute: one, several where ways were merged, or none."""
    if tag is None or (isinstance(tag, float) and np.isnan(tag)):
        return []
    listed: Iterable[object] = tag if isinstance(tag, list | tuple | set) else [tag]
    return sorted(str(one) for one in listed)


def _joined(tag: object) -> str | None:
    return "; ".join(_values(tag)) or None


def _first_of_each(tags: Mapping[str, Any]) -> dict[str, str]:
    """Return one value a tag; of several that which says more than ``no``."""
    first = {tag: [one for one in _values(value) if one != "no"] for tag, value in tags.items()}
    return {tag: values[0] for tag, values in first.items() if values}


def _metric(streets: gpd.GeoDataFrame) -> str:
    if streets.crs.is_projected:
        return str(streets.crs.to_string())
    bounds = streets.total_bounds
    lon, lat = transform_xy(streets.crs, "EPSG:4326", bounds[[0, 2]].mean(), bounds[[1, 3]].mean())
    return suggest_metric_crs(float(lon), float(lat))


def _street_tags(streets: gpd.GeoDataFrame | None) -> dict[str, dict[str, str]]:
    """Return what osmnx calls the attributes of each street."""
    if streets is None:
        return {}
    found: dict[str, dict[str, str]] = {}
    for street_id, kind, name, level in zip(
        streets.index, *(_column(streets, one) for one in ("kind", "name", "level")), strict=True
    ):
        tags = {"highway": kind, "name": name, "bridge": "", "tunnel": ""}
        if level in ("bridge", "tunnel"):
            tags[level] = "yes"
        found[str(street_id)] = {tag: value for tag, value in tags.items() if value}
    return found


def _column(streets: gpd.GeoDataFrame, name: str) -> list[str]:
    cells = streets[name] if name in streets else pd.Series("", index=streets.index)
    return [str(cell) for cell in cells.fillna("")]
