"""What may be wrong with a network, place by place: asked before anyone trusts its walking times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geoplan.crs.metric import to_lonlat
from geoplan.model.result_tables import FAULT_KINDS, finish
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.dangles import UNDERSHOOT_M, find_dangles
from geoplan.network.graph import FloatArray, IntArray, WalkNetwork
from geoplan.network.overlaps import find_overlaps
from geoplan.network.snap import SNAPPED, Snaps, entrance_points, severing_barriers, snap_places

__all__ = ["NetworkQuality", "check_network", "network_quality", "with_lonlat"]

_PLACES = ("residences", "facilities", "centres")
_LEAST_SEGMENT_M = 0.01
_FAR_SHARE = 0.5
"""A snap is far beyond this share of the cap."""
_DEGREES_DECIMALS = 7
_SIGHT_LINE = re.compile(r"-x\d+$")
"""Ids of the lines ``geoplan new`` draws across squares: those lie on one another and on paths on purpose."""

TextArray = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class NetworkQuality:
    """
    What may be wrong with the network of a study.

    Parameters
    ----------
    components
        Table ``network_components``.
    faults
        Table ``network_faults``.
    residences, residences_off, residences_apart
        How many residences there are, how many met no street, and how many are on another component than
        the longest.
    persons, persons_apart
        Persons of all residences, and of those apart; NaN where no persons are known.
    """

    components: gpd.GeoDataFrame
    faults: gpd.GeoDataFrame
    residences: int
    residences_off: int
    residences_apart: int
    persons: float
    persons_apart: float

    def fault_counts(self) -> dict[str, int]:
        """Return how many faults there are of each kind, all kinds listed."""
        found = self.faults["kind"].value_counts()
        return {kind: int(found.get(kind, 0)) for kind in FAULT_KINDS}


def check_network(study: Study, *, max_snap_m: float, undershoot_m: float = UNDERSHOOT_M) -> NetworkQuality:
    """
    Build a study's network, snap its places and tell what may be wrong.

    Parameters
    ----------
    study
        Needs ``streets``; takes ``residences``, ``facilities``, ``centres`` and ``barriers`` if present.
    max_snap_m
        Cap on the distance from a place to the street it meets [m].
    undershoot_m
        A dead end within this distance of a street that it does not join is a fault [m].

    Raises
    ------
    DataError
        If the study has no streets.
    NetworkError
        If no street can be walked.

    Examples
    --------
    >>> import geoplan
    >>> found = check_network(geoplan.read_study("data/monaco"), max_snap_m=200)
    >>> found.components["length_m"].is_monotonic_decreasing
    True
    """
    network = walk_network(study)
    snaps = {}
    for name in _PLACES:
        table = study.table(name)
        if table is not None:
            snaps[name] = snap_places(network, table, max_snap_m=max_snap_m, barriers=study.barriers)
    return network_quality(network, study, snaps, max_snap_m=max_snap_m, undershoot_m=undershoot_m)


def network_quality(
    network: WalkNetwork,
    study: Study,
    snaps: Mapping[str, Snaps],
    *,
    max_snap_m: float,
    undershoot_m: float = UNDERSHOOT_M,
) -> NetworkQuality:
    """
    Tell what may be wrong with a network that is built and snapped to already.

    Parameters
    ----------
    network
        Built from the study's streets.
    study
        The study.
    snaps
        Table name (``residences``, ``facilities``, ``centres``) -> where its places met the network.
    max_snap_m
        Cap they were snapped with [m].
    undershoot_m
        As in `check_network`.
    """
    label = _component_of_nodes(network)
    homes = snaps.get("residences")
    component = np.zeros(0, np.int64) if homes is None else _component_of_places(network, homes, label)
    persons = _persons(study, len(component))
    parts = [
        _undershoots(network, study, undershoot_m),
        _overlaps(network, study),
        _zero_lengths(study),
        _barrier_crossings(network, study),
        *(_snap_faults(network, study, name, snaps[name], max_snap_m) for name in _PLACES if name in snaps),
    ]
    known = ~np.isnan(persons)
    return NetworkQuality(
        components=_components(network, label, component, persons),
        faults=_fault_table(parts, network.crs),
        residences=len(component),
        residences_off=int((component == 0).sum()),
        residences_apart=int((component > 1).sum()),
        persons=float(persons[known].sum()) if known.any() else float("nan"),
        persons_apart=float(persons[known & (component > 1)].sum()) if known.any() else float("nan"),
    )


def _component_of_nodes(network: WalkNetwork) -> IntArray:
    """Return the component of each node: 1 is the longest; of equals, the one with the lowest node."""
    size = network.node_count
    ends = (network.edge_u.astype(np.int32), network.edge_v.astype(np.int32))
    graph = csr_array((np.ones(network.edge_count), ends), shape=(size, size))
    count, found = connected_components(graph, directed=False)
    length = np.bincount(found[network.edge_u], weights=network.edge_length_m, minlength=count)
    lowest = np.full(count, size)
    np.minimum.at(lowest, found, np.arange(size))
    rank = np.empty(count, np.int64)
    # lengths are compared in whole centimetres: their last bits depend on the order of summing
    rank[np.lexsort((lowest, -np.rint(length * 100)))] = np.arange(1, count + 1)
    component: IntArray = rank[found]
    return component


def _component_of_places(network: WalkNetwork, snaps: Snaps, label: IntArray) -> IntArray:
    """Return the component each place is on, the longest of several; 0 for a place on none."""
    none = np.iinfo(np.int64).max
    best = np.full(snaps.owners, none)
    met = snaps.snapped
    np.minimum.at(best, snaps.owner[met], label[network.edge_u[snaps.edge[met]]])
    return np.where(best == none, 0, best)


def _persons(study: Study, count: int) -> FloatArray:
    if study.residences is None or "persons" not in study.residences:
        return np.full(count, np.nan)
    persons: FloatArray = study.residences["persons"].to_numpy(np.float64, na_value=np.nan)
    return persons


def _components(
    network: WalkNetwork, label: IntArray, component: IntArray, persons: FloatArray
) -> gpd.GeoDataFrame:
    count = int(label.max(initial=0))
    edge_label = label[network.edge_u]
    lowest = np.full(count + 1, network.node_count)
    np.minimum.at(lowest, label, np.arange(network.node_count))
    x, y = network.node_x[lowest[1:]], network.node_y[lowest[1:]]
    residences = np.bincount(component, minlength=count + 1)[1:]
    known = ~np.isnan(persons)
    people = np.bincount(component[known], weights=persons[known], minlength=count + 1)[1:]
    told = known.any()
    frame = gpd.GeoDataFrame(
        {
            "component": np.arange(1, count + 1),
            "nodes": np.bincount(label, minlength=count + 1)[1:],
            "edges": np.bincount(edge_label, minlength=count + 1)[1:],
            "length_m": np.bincount(edge_label, weights=network.edge_length_m, minlength=count + 1)[1:],
            "residences": residences,
            "residence_share": residences / len(component) if len(component) else np.nan,
            "persons": pd.array(np.rint(people) if told else [pd.NA] * count, dtype="Int64"),
            "person_share": people / persons[known].sum() if told and persons[known].sum() else np.nan,
        },
        geometry=shapely.points(x, y),
        crs=network.crs,
    )
    return finish(with_lonlat(frame), "network_components")


def with_lonlat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table of points with columns ``lon`` and ``lat`` (WGS84), a centimetre fine."""
    xy = shapely.get_coordinates(frame.geometry.to_numpy())
    lon, lat = to_lonlat(frame.crs, xy[:, 0], xy[:, 1]) if len(frame) else (np.empty(0), np.empty(0))
    return frame.assign(lon=lon.round(_DEGREES_DECIMALS), lat=lat.round(_DEGREES_DECIMALS))


def _faults(
    kind: str,
    *,
    street: TextArray,
    table: str,
    other: TextArray,
    value: FloatArray,
    unit: str,
    point: npt.NDArray[np.object_],
    reason: TextArray | str = "",
) -> pd.DataFrame:
    """Return rows of table ``network_faults`` of one kind."""
    return pd.DataFrame(
        {
            "kind": kind,
            "street_id": street,
            "table": table,
            "other_id": other,
            "value": value,
            "unit": unit,
            "reason": reason or f"reason.{kind}" if isinstance(reason, str) else reason,
            "cure": f"cure.{kind}",
            "geometry": point,
        }
    )


def _undershoots(network: WalkNetwork, study: Study, within_m: float) -> pd.DataFrame:
    (streets,) = study.need("streets")
    found = find_dangles(network, streets, within_m=within_m, barriers=study.barriers)
    return _faults(
        "undershoot",
        street=network.edge_street[found.edge],
        table="streets",
        other=network.edge_street[found.other],
        value=found.gap_m,
        unit="m",
        point=shapely.points(network.node_x[found.node], network.node_y[found.node]),
    )


def _level(network: WalkNetwork, study: Study) -> TextArray:
    """Return the level of each edge."""
    (streets,) = study.need("streets")
    if "level" not in streets:
        return np.full(network.edge_count, "ground", object)
    level: TextArray = streets["level"].fillna("ground").reindex(network.edge_street).to_numpy(object)
    return level


def _overlaps(network: WalkNetwork, study: Study) -> pd.DataFrame:
    found = find_overlaps(network, _level(network, study))
    street, other = network.edge_street[found.edge], network.edge_street[found.other]
    drawn = [
        not (_SIGHT_LINE.search(str(a)) or _SIGHT_LINE.search(str(b)))
        for a, b in zip(street, other, strict=True)
    ]
    at = np.flatnonzero(drawn)
    return _faults(
        "overlap",
        street=street[at],
        table="streets",
        other=other[at],
        value=found.length_m[at],
        unit="m",
        point=shapely.points(found.point[at]),
    )


def _zero_lengths(study: Study) -> pd.DataFrame:
    """Return streets in which neighbouring vertices stand in one place, with how many such pairs."""
    (streets,) = study.need("streets")
    lines, row = shapely.get_parts(streets.geometry.to_numpy(), return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0).T)
    at = np.flatnonzero((line[1:] == line[:-1]) & (step < _LEAST_SEGMENT_M))
    rows, first, count = np.unique(row[line[at]], return_index=True, return_counts=True)
    return _faults(
        "zero_length",
        street=streets.index.to_numpy(object)[rows],
        table="streets",
        other=np.full(len(rows), None, object),
        value=count.astype(np.float64),
        unit="count",
        point=shapely.points(xy[at[first]]),
    )


def _barrier_crossings(network: WalkNetwork, study: Study) -> pd.DataFrame:
    """Return edges at ground level that go through an impassable river, railway or expressway."""
    edges = np.flatnonzero(_level(network, study) == "ground")
    lines = network.edge_geometry[edges]
    stops = severing_barriers(study.barriers)
    severing = np.zeros(0, object) if stops is None else stops.geometry.to_numpy()
    ids = np.zeros(0, object) if stops is None else stops.index.to_numpy(object)
    barrier, edge = shapely.STRtree(lines).query(severing, "intersects")
    through = ~shapely.touches(lines[edge], severing[barrier])
    barrier, edge = barrier[through], edge[through]
    shared = shapely.intersection(lines[edge], severing[barrier])
    return _faults(
        "barrier_crossing",
        street=network.edge_street[edges[edge]],
        table="barriers",
        other=ids[barrier],
        value=shapely.get_num_geometries(shared).astype(np.float64),
        unit="count",
        point=shapely.point_on_surface(shapely.get_geometry(shared, 0)),
    )


def _snap_faults(
    network: WalkNetwork, study: Study, name: str, snaps: Snaps, max_snap_m: float
) -> pd.DataFrame:
    """Return entrances that met a street far away, or none."""
    (table,) = study.need(name)
    points, owner = entrance_points(table)
    reason = snaps.reasons()
    located = ~shapely.is_empty(points)
    far = np.flatnonzero(snaps.snapped & (snaps.snap_m > _FAR_SHARE * max_snap_m))
    off = np.flatnonzero((reason != SNAPPED) & located)
    ids = table.index.to_numpy(object)
    street = np.full(len(owner), None, object)
    street[far] = network.edge_street[snaps.edge[far]]

    def rows(kind: str, at: IntArray, reasons: TextArray | str = "") -> pd.DataFrame:
        return _faults(
            kind, street=street[at], table=name, other=ids[owner[at]], value=snaps.snap_m[at], unit="m",
            point=points[at], reason=reasons,
        )  # fmt: skip

    return pd.concat([rows("far_snap", far), rows("off_network", off, reason[off])])


def _fault_table(parts: list[pd.DataFrame], crs: str) -> gpd.GeoDataFrame:
    """Join the faults, by kind as declared, then street, other and place."""
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=crs)
    xy = shapely.get_coordinates(frame.geometry.to_numpy())
    rank = {kind: number for number, kind in enumerate(FAULT_KINDS)}
    order = pd.DataFrame(
        {
            "kind": frame["kind"].map(rank),
            "street": frame["street_id"].fillna("").astype(str),
            "table": frame["table"],
            "other": frame["other_id"].fillna("").astype(str),
            "x": xy[:, 0],
            "y": xy[:, 1],
        }
    ).sort_values(["kind", "street", "table", "other", "x", "y"], kind="stable")
    return finish(with_lonlat(frame.iloc[order.index]), "network_faults")
