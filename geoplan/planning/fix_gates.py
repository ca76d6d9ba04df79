"""
Which closed gates could change anything at all: the rest need no run.

A gate opened shortens a walk only if, at two places where its street meets others, what is needed lies
so much nearer from one than from the other that the way between them is worth it. It changes where people
enter the network only if its street is as near to them as theirs. And it may move a walk by milliseconds, as
streets are cut where it meets them: that matters to those who walk the limit exactly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.graph import BoolArray, FloatArray, IntArray
from geoplan.network.snap import Snaps, entrance_points, snap_points
from geoplan.network.walking import fastest_m_per_min
from geoplan.planning.fix_walks import Today, nearest_ms
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS

__all__ = ["gates_that_matter"]

_ONE_VERTEX_M = 0.02
_ROUNDING_MS = 2
"""More than the times of the parts of an edge add up to beyond that of the whole, for each cut."""


def gates_that_matter(today: Today, gates: npt.NDArray[np.object_]) -> BoolArray:
    """
    Tell which gates, each opened alone, may change a verdict, or a walk by more than its rounding.

    Parameters
    ----------
    today
        The study as it is.
    gates
        Ids of streets with a closed gate.

    Returns
    -------
    One entry a gate. False is proven; True is to be found out by a run.
    """
    lines = today.study.need("streets")[0].geometry.loc[gates].to_numpy()
    xy, gate = shapely.get_coordinates(lines, return_index=True)
    meets, barred = _contacts(today, xy)
    matters = np.zeros(len(gates), bool)
    matters[gate[barred]] = True
    xy, gate = xy[meets], gate[meets]
    cuts = np.bincount(gate, minlength=len(gates))
    matters |= _are_entered(today, lines)
    matters |= _limits_near(today, lines, _ROUNDING_MS * (cuts + 1))
    walks = _walks_from(today, xy)
    fastest = fastest_m_per_min(today.standard)
    for at in np.flatnonzero(~matters):
        own = np.flatnonzero(gate == at)
        apart_m = np.hypot(*(xy[own][:, None] - xy[own][None, :]).transpose(2, 0, 1))
        between = apart_m / fastest * MS_PER_MINUTE
        matters[at] = any(_worth_it(column, between, _ROUNDING_MS * (cuts[at] + 1)) for column in walks[own].T)
    return matters


def _contacts(today: Today, xy: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Tell which vertices of gated streets may join an open street; and those that join a bridge or tunnel."""
    network = today.network
    vertices = shapely.points(xy)
    vertex, edge = shapely.STRtree(network.edge_geometry).query(vertices, "dwithin", _ONE_VERTEX_M)
    meets, barred = np.zeros(len(xy), bool), np.zeros(len(xy), bool)
    meets[vertex] = True
    barred[vertex[~network.edge_enterable[edge]]] = True
    return meets, barred


def _are_entered(today: Today, lines: npt.NDArray[np.object_]) -> BoolArray:
    """Tell the streets that are as near to a place as the one it enters the network on, or nearer."""
    entered = np.zeros(len(lines), bool)
    tree = shapely.STRtree(lines)
    for name in ("residences", "facilities", "centres"):
        table = today.study.table(name)
        if table is None:
            continue
        points, _ = entrance_points(table)
        snap_m = today.places.of(name).snap_m
        point, line = tree.query(points, "dwithin", today.places.max_snap_m + _ONE_VERTEX_M)
        far = np.where(np.isnan(snap_m[point]), np.inf, snap_m[point])
        entered[line[shapely.distance(points[point], lines[line]) <= far + _ONE_VERTEX_M]] = True
    return entered


def _limits_near(today: Today, lines: npt.NDArray[np.object_], slack_ms: IntArray) -> BoolArray:
    """Tell the streets within a walk of which somebody walks the limit of a service to within some ms."""
    homes = today.homes
    margin = np.full(len(homes), UNREACHED_MS)
    for every in today.walks.parts.values():
        for one in every:
            walked = one.ms[:, -1]
            off = np.where(walked == UNREACHED_MS, UNREACHED_MS, np.abs(walked - one.part.limit_ms))
            margin = np.minimum(margin, off)
    close = np.flatnonzero(margin <= slack_ms.max(initial=0))
    found = np.zeros(len(lines), bool)
    points, owner = entrance_points(homes)
    some = np.flatnonzero(np.isin(owner, close))
    reach_m = today.farthest_m + today.places.max_snap_m
    line, point = shapely.STRtree(points[some]).query(lines, "dwithin", reach_m)
    found[line[margin[owner[some[point]]] <= slack_ms[line]]] = True
    return found


def _walks_from(today: Today, xy: FloatArray) -> IntArray:
    """Return the walks from some places on the streets to all that the services need, a row a place [ms]."""
    edge, offset_m, snap_m = snap_points(
        today.network, shapely.points(xy), max_snap_m=2 * _ONE_VERTEX_M
    )
    here = Snaps(owner=np.arange(len(xy)), owners=len(xy), edge=edge, offset_m=offset_m, snap_m=snap_m)
    columns = [
        nearest_ms(
            today.network, today.places.costs, here, today.places.of(one.part.table).only(one.part.rows),
            one.part.needed,
        )
        for every in today.walks.parts.values()
        for one in every
    ]  # fmt: skip
    return np.concatenate([np.zeros((len(xy), 0), np.int64), *columns], axis=1)


def _worth_it(walks: IntArray, between: FloatArray, slack_ms: int) -> bool:
    """Tell whether a walk from one place is longer than by way of another, by more than a rounding."""
    reached = walks != UNREACHED_MS
    ms = np.where(reached, walks, 0).astype(float)
    longer = ms[:, None] > ms[None, :] + between + slack_ms
    longer |= ~reached[:, None]
    return bool((longer & reached[None, :]).any())
