"""Networks to measure on: perturbed grids of any size, and the streets of an extract."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from geoplan.crs.metric import suggest_metric_crs, transform_xy
from geoplan.io.osm_pbf import read_osm
from geoplan.io.osm_streets import streets_table
from geoplan.network.build import network_from_streets
from geoplan.network.graph import Costs, WalkNetwork
from geoplan.network.snap import Snaps

__all__ = [
    "SIZES",
    "SPEED_M_PER_MIN",
    "City",
    "extract_path",
    "from_extract",
    "grid",
    "largest_component",
    "load",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}
"""Nodes of the synthetic networks."""
SPEED_M_PER_MIN = 67.0
SPACING_M = 75.0
"""Between the streets of a grid: 15 minutes at walking speed reach about 300 nodes."""
JITTER = 0.3
"""How far a node may lie from its place in the grid, as a share of the spacing."""
MISSING = 0.12
"""Share of the grid's edges that are left out."""
_CRS = "EPSG:32650"


@dataclass(frozen=True, eq=False)
class City:
    """
    A connected walking network with its costs, and the same arcs as the peers want them.

    Parameters
    ----------
    name
        "10k", "100k", "1M" or "porto".
    walk, costs
        Network and walking costs.
    """

    name: str
    walk: WalkNetwork
    costs: Costs

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.walk.node_count

    @cached_property
    def links(self) -> tuple[IntArray, IntArray, IntArray]:
        """Both ends and the time [ms] of each link: one a node pair, the cheapest; no loops."""
        u = np.minimum(self.walk.edge_u, self.walk.edge_v)
        v = np.maximum(self.walk.edge_u, self.walk.edge_v)
        ms = self.costs.edge_ms
        order = np.lexsort((ms, v, u))
        u, v, ms = u[order], v[order], ms[order]
        kept = np.r_[True, (np.diff(u) != 0) | (np.diff(v) != 0)] & (u != v)
        return u[kept].astype(np.int64), v[kept].astype(np.int64), ms[kept].astype(np.int64)

    @cached_property
    def matrix(self) -> csr_array:
        """The links both ways as scipy wants them."""
        u, v, ms = self.links
        weight = np.concatenate([ms, ms]).astype(np.float64)
        tail = np.concatenate([u, v]).astype(np.int32)
        head = np.concatenate([v, u]).astype(np.int32)
        return csr_array((weight, (tail, head)), shape=(self.nodes, self.nodes))

    def at_nodes(self, nodes: IntArray) -> Snaps:
        """Return places that lie exactly on nodes, so that every peer is asked the same question."""
        edge = np.zeros(self.nodes, np.int64)
        at_end = np.zeros(self.nodes, bool)
        number = np.arange(self.walk.edge_count)
        edge[self.walk.edge_v], at_end[self.walk.edge_v] = number, True
        edge[self.walk.edge_u], at_end[self.walk.edge_u] = number, False
        chosen = edge[nodes]
        return Snaps(
            owner=np.arange(len(nodes)),
            owners=len(nodes),
            edge=chosen,
            offset_m=np.where(at_end[nodes], self.walk.edge_length_m[chosen], 0.0),
            snap_m=np.zeros(len(nodes)),
        )

    def some_nodes(self, count: int, seed: int) -> IntArray:
        """Return distinct nodes drawn at random, ascending."""
        drawn = np.random.default_rng(seed).choice(self.nodes, min(count, self.nodes), replace=False)
        return np.sort(drawn).astype(np.int64)


def load(name: str, *, work: Path | None = None) -> City:
    """
    Return a network by name.

    Parameters
    ----------
    name
        A key of `SIZES`, or "porto".
    work
        Folder where networks are kept for the next case of the same run.

    Raises
    ------
    FileNotFoundError
        If the extract is not there.
    """
    kept = None if work is None else work / f"{name}.pickle"
    if kept is not None and kept.exists():
        walk = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this very run
    else:
        walk = grid(SIZES[name], seed=7) if name in SIZES else largest_component(from_extract(extract_path()))
        if kept is not None:
            kept.write_bytes(pickle.dumps(walk))
    return City(name, walk, walk.costs(speed_m_per_min=SPEED_M_PER_MIN))


def extract_path() -> Path:
    """Return where the extract lies: beside the checkout."""
    found = Path(__file__).resolve().parents[1] / "../shared/data/osm/porto_roads.osm.pbf"
    if not found.exists():
        raise FileNotFoundError("../shared/data/osm/porto_roads.osm.pbf is not beside the checkout")
    return found


def from_extract(file: Path) -> WalkNetwork:
    """Return the walking network of an OSM extract, the same that ``geoplan new`` builds."""
    extract = read_osm(file, streets_only=True)
    crs = suggest_metric_crs(*(float(one) for one in np.median(extract.node_lonlat, axis=0)))
    x, y = transform_xy("EPSG:4326", crs, *extract.node_lonlat.T)
    streets = streets_table(extract, np.round(np.column_stack([x, y]), 2), crs=crs)
    return network_from_streets(streets.set_index("street_id"))


def grid(nodes: int, *, seed: int) -> WalkNetwork:
    """
    Return the largest component of a perturbed square grid with about so many nodes.

    Parameters
    ----------
    nodes
        Nodes of the whole grid.
    seed
        Of the perturbation.
    """
    side = round(nodes**0.5)
    rng = np.random.default_rng(seed)
    column, line = np.meshgrid(np.arange(side), np.arange(side))
    shift = rng.uniform(-JITTER, JITTER, (2, side, side))
    x = np.round(500_000 + SPACING_M * (column + shift[0]).ravel(), 2)
    y = np.round(3_500_000 + SPACING_M * (line + shift[1]).ravel(), 2)
    number = np.arange(side * side).reshape(side, side)
    u = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    v = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = rng.random(len(u)) >= MISSING
    u, v = u[kept], v[kept]
    inside = _in_largest(u, v, side * side)[u]
    u, v = u[inside], v[inside]
    ends = np.stack([np.column_stack([x[u], y[u]]), np.column_stack([x[v], y[v]])], axis=1)
    streets = gpd.GeoDataFrame(geometry=shapely.linestrings(ends), index=np.arange(len(u)), crs=_CRS)
    return network_from_streets(streets)


def largest_component(walk: WalkNetwork) -> WalkNetwork:
    """Return the part of a network that holds the most nodes; order of nodes and edges is kept."""
    inside = _in_largest(walk.edge_u, walk.edge_v, walk.node_count)
    number = np.cumsum(inside) - 1
    kept = inside[walk.edge_u]
    changed: dict[str, Any] = {}
    for one in fields(walk):
        value = getattr(walk, one.name)
        if one.name in ("edge_u", "edge_v"):
            changed[one.name] = number[value[kept]]
        elif isinstance(value, np.ndarray):
            changed[one.name] = value[kept if one.name.startswith("edge_") else inside]
    return replace(walk, **changed)


def _in_largest(u: IntArray, v: IntArray, nodes: int) -> npt.NDArray[np.bool_]:
    joined = coo_array((np.ones(len(u), np.int8), (u, v)), shape=(nodes, nodes))
    label = connected_components(joined, directed=False)[1]
    return np.asarray(label == np.bincount(label).argmax(), bool)
