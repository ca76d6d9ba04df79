"""Case e: meeting the nearest street."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from scipy.spatial import cKDTree

from bench.measure import Result, interleave, row
from bench.networks import City
from geoplan.network.snap import snap_points

__all__ = ["snapping_case"]

_POINTS = 100_000
_CAP_M = 200.0


def snapping_case(city: City, rounds: int) -> Result:
    """Measure case e: the nearest street of 100,000 points anywhere in the city."""
    result = Result()
    walk = city.walk
    rng = np.random.default_rng(5)
    # around nodes, not around the box: an extract's box is mostly empty
    near = rng.integers(0, city.nodes, _POINTS)
    xy = np.column_stack([walk.node_x[near], walk.node_y[near]]) + rng.uniform(-60, 60, (_POINTS, 2))
    points = shapely.points(xy)
    lines = walk.edge_geometry[walk.enterable_edges]
    tree = shapely.STRtree(lines)
    nodes = cKDTree(np.column_stack([walk.node_x, walk.node_y]))
    contestants: dict[str, Callable[[], Any]] = {
        "ours": lambda: snap_points(walk, points, max_snap_m=_CAP_M, engine="numba"),
        "ours without numba": lambda: snap_points(walk, points, max_snap_m=_CAP_M, engine="geos"),
        "STRtree": lambda: tree.query_nearest(
            points, max_distance=_CAP_M, return_distance=True, all_matches=False
        ),
        "KD-tree on nodes": lambda: nodes.query(xy),
    }
    samples = interleave(contestants, rounds)
    ours = samples.pop("ours")
    edge, _, mine = ours.answer
    where = ("e", city.name, f"snap {_POINTS:,} points")
    for name, theirs in samples.items():
        note, reach = "", None
        if name == "STRtree":
            which, distance = theirs.answer[0][0], theirs.answer[1]
            other = np.full(_POINTS, np.nan)
            other[which] = distance
            other[other > _CAP_M] = np.nan
            agrees = _distances(mine, other)
            reach, note = 6.0, "distance and edge only; ours also says where along the edge"
        elif name == "KD-tree on nodes":
            extra = (theirs.answer[0] - mine)[edge >= 0]
            worst = np.quantile(extra, 0.95)
            agrees = f"wrong: {extra.mean():.1f} m farther on average, {worst:.0f} m at the 95th percentile"
            note = "nearest junction instead of nearest street"
        else:
            agrees = _distances(mine, theirs.answer[2])
            note = "the same call with engine='geos'"
        result.rows.append(row(where, name, ours, theirs, agrees=agrees, reach=reach, note=note))
    return result


def _distances(mine: Any, other: Any) -> str:
    if np.array_equal(mine, other, equal_nan=True):
        return "equal"
    differing = ~((mine == other) | (np.isnan(mine) & np.isnan(other)))
    return f"{int(differing.sum())} differ, by {np.nanmax(np.abs(mine - other)):.1e} m at most"
