"""
Which closed gates could change a verdict at all: the rest need no run.

A gate opened lets a home pass only if, at two places where its street meets others, what the home needs lies
so much nearer from one than from the other that the way between them is worth it, and then within the
limit from a home that fails. It changes where people enter the network only if its street is as near to
them as theirs. And it may move a walk by milliseconds, as streets are cut where it meets them: that matters
to those who walk the limit exactly.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.graph import BoolArray, FloatArray, IntArray
from geoplan.network.snap import Snaps, entrance_points
from geoplan.network.times import within
from geoplan.network.walking import fastest_m_per_min
from geoplan.planning.fix_walks import PartWalks, Today, nearest_ms, places_at
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS

__all__ = ["gates_that_matter"]

_ONE_VERTEX_M = 0.02
_ROUNDING_MS = 2
"""More than the times of the parts of an edge add up to beyond that of the whole, for each cut."""


def gates_that_matter(today: Today, gates: npt.NDArray[np.object_]) -> BoolArray:
    """
    Tell which gates, each opened alone, may change a verdict.

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
    beside_ms = 4 * _ONE_VERTEX_M / fastest_m_per_min(today.standard) * MS_PER_MINUTE
    slack_ms: FloatArray = np.asarray(_ROUNDING_MS * (cuts + 1.0) + beside_ms, np.float64)
    matters |= _are_entered(today, lines)
    matters |= _limits_near(today, lines, slack_ms)
    here = places_at(today.network, xy, 2 * _ONE_VERTEX_M)
    here = dataclasses.replace(here, snap_m=np.where(here.snapped, 0.0, np.nan))
    homes = within(
        today.network, today.places.costs, today.places.residences, here, limit_ms=today.farthest_ms
    )
    contact = np.repeat(np.arange(len(xy)), np.diff(homes.indptr))
    for service, every in today.walks.parts.items():
        fails = today.decided[service][1][homes.place] != "pass"
        for one in every:
            left_ms = _left_ms(today, one, here, xy, gate, slack_ms)
            matters[gate[contact[fails & (homes.ms <= left_ms[contact])]]] = True
    return matters


def _contacts(today: Today, xy: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Tell which vertices of gated streets may join an open street, and which a bridge or tunnel."""
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


def _limits_near(today: Today, lines: npt.NDArray[np.object_], slack_ms: FloatArray) -> BoolArray:
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


def _left_ms(
    today: Today, walks: PartWalks, here: Snaps, xy: FloatArray, gate: IntArray, slack_ms: FloatArray
) -> FloatArray:
    """
    Return what is left of a part's limit to whoever gets to a place where a gated street meets others.

    If it were open, that is: to go along it, straight as the bird flies, and leave it where what is needed
    lies nearer than from where one met it, or to meet it again farther on and do so there. -1 if none does.
    """
    targets = today.places.of(walks.part.table).only(walks.part.rows)
    found = nearest_ms(today.network, today.places.costs, here, targets, walks.part.needed)
    ms = np.where(found == UNREACHED_MS, np.inf, found)
    m_per_ms = fastest_m_per_min(today.standard) / MS_PER_MINUTE
    left = np.full(len(xy), -1.0)
    order = np.argsort(gate, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(gate[order])) + 1):
        if not len(own):
            continue
        between = np.hypot(*(xy[own][:, None] - xy[own][None, :]).transpose(2, 0, 1)) / m_per_ms
        slack = slack_ms[gate[own[0]]]
        # whatever is newly among those needed lies no nearer than the nearest beyond the gate
        through = ms[own, 0][None, :] + between
        best = np.where(through < ms[own, -1][:, None] + slack, through, np.inf).min(axis=1, initial=np.inf)
        rest = walks.part.limit_ms + slack - best
        left[own] = np.maximum((rest[None, :] - between).max(axis=1), -1.0)
    return left
