"""
Street spans: which part of which street is within a walk of which place, cut where the time runs out.

Along an edge the walking time to a place is the least of a few straight lines: by way of its start, by
way of its end, and straight to an entrance on it. An edge is cut where one of them meets a limit, and,
where every street belongs to its nearest place, where those of two places meet. Between two cuts all is
equal, so that the middle tells for the whole span.

Walks lead from the street **to** the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.network.graph import BoolArray, Costs, FloatArray, IntArray, WalkNetwork
from geoplan.network.search import Engine
from geoplan.network.snap import Snaps
from geoplan.network.times import nearest, within
from geoplan.units import UNREACHED_MS, metres_to_ms

__all__ = ["StreetLines", "StreetSpans", "junctions", "nearest_spans", "reached_spans", "street_lines"]

_BATCH = 64
"""Places cut at once."""
_TICKS_PER_MS = 1024
"""Walks are compared in these fractions of a millisecond: of equal ones, the lowest row wins."""
_FAR_MS = float(2**40)
_SHORTEST_M = 1e-6
"""Spans shorter than this are rounding, not street."""


@dataclass(frozen=True, eq=False)
class StreetSpans:
    """
    Spans of edges, each as a whole within or beyond each limit.

    Parameters
    ----------
    owner
        Row number of the place.
    edge
        Edge number.
    low, high
        Where the span begins and ends, as shares of the edge's length from its start.
    band
        Number of the least limit that reaches the span; the number of limits if none does.
    """

    owner: IntArray
    edge: IntArray
    low: FloatArray
    high: FloatArray
    band: IntArray

    def __getitem__(self, kept: BoolArray | IntArray) -> StreetSpans:
        """Return some of the spans."""
        return StreetSpans(
            self.owner[kept], self.edge[kept], self.low[kept], self.high[kept], self.band[kept]
        )

    def joined(self) -> StreetSpans:
        """Return the spans with those that touch on one edge made one; bands become 0."""
        first = _changes(self.owner, self.edge)
        first[1:] |= self.low[1:] != self.high[:-1]
        last = np.r_[first[1:], True][: len(first)]
        return StreetSpans(
            self.owner[first],
            self.edge[first],
            self.low[first],
            self.high[last],
            np.zeros(int(first.sum()), np.int64),
        )


@dataclass(frozen=True, eq=False)
class _Walks:
    """
    Edges, and the straight lines that are the walking times along them.

    ``ms + slope * share`` on the shares ``low`` to ``high`` of the edge of job ``job`` leads to ``owner``.
    """

    job: IntArray
    owner: IntArray
    ms: FloatArray
    slope: FloatArray
    low: FloatArray
    high: FloatArray


def reached_spans(
    network: WalkNetwork, costs: Costs, targets: Snaps, *, limits_ms: IntArray, engine: Engine = "auto"
) -> list[StreetSpans]:
    """
    Return, place by place, the spans of the edges that are reached in part or whole.

    Parameters
    ----------
    network, costs, targets, engine
        As in `geoplan.network.times.nearest`.
    limits_ms
        Walking times [ms], ascending.

    Returns
    -------
    One `StreetSpans` a place, by edge, then along it; what of these edges is not reached is in the last band.
    """
    found = []
    near = within(network, costs, junctions(network), targets, limit_ms=int(limits_ms[-1]), engine=engine)
    for start in range(0, targets.owners, _BATCH):
        rows = np.arange(start, min(start + _BATCH, targets.owners))
        batch = targets.only(rows)
        bounds = near.indptr[start : rows[-1] + 2]
        listed = slice(bounds[0], bounds[-1])
        at_nodes = np.full((len(rows), network.node_count), UNREACHED_MS)
        at_nodes[np.repeat(rows - start, np.diff(bounds)), near.place[listed]] = near.ms[listed]
        met = np.flatnonzero(batch.snapped)
        feet = batch.owner[met] * network.edge_count + batch.edge[met]
        owner, edge = _touched(network, at_nodes != UNREACHED_MS, feet)
        job_of = np.searchsorted(owner * network.edge_count + edge, feet)
        u, v = at_nodes[owner, network.edge_u[edge]], at_nodes[owner, network.edge_v[edge]]
        walks = _walks(network, costs, edge, (u, owner), (v, owner), batch, met, job_of)
        job, spans = _spans(network, edge, walks, limits_ms, meet=False)
        ends = np.searchsorted(owner[job], np.arange(len(rows) + 1))
        for number, row in enumerate(rows):
            one = spans[np.arange(ends[number], ends[number + 1])]
            found.append(StreetSpans(np.full(len(one.edge), row), one.edge, one.low, one.high, one.band))
    return found


def _touched(network: WalkNetwork, near: BoolArray, feet: IntArray) -> tuple[IntArray, IntArray]:
    """Return owner and edge of all edges with a reached end or an entrance (``feet``), ascending."""
    keys = [feet]
    for row, one in enumerate(near):
        edges = np.flatnonzero(one[network.edge_u] | one[network.edge_v])
        keys.append(row * network.edge_count + edges)
    key = np.unique(np.concatenate(keys))
    return key // network.edge_count, key % network.edge_count


def nearest_spans(
    network: WalkNetwork, costs: Costs, targets: Snaps, *, limits_ms: IntArray, engine: Engine = "auto"
) -> StreetSpans:
    """
    Return the spans of all edges, each belonging to its nearest place.

    Of places equally near, the one with the lowest row number has the street.

    Parameters
    ----------
    network, costs, targets, limits_ms, engine
        As in `reached_spans`.

    Returns
    -------
    StreetSpans
        By edge, then along it; owner -1 where no walk leads to any place.
    """
    found = nearest(network, costs, junctions(network), targets, metres=False, engine=engine)
    edge = np.arange(network.edge_count)
    met = np.flatnonzero(targets.snapped)
    ends = [(found.ms[nodes], found.target[nodes]) for nodes in (network.edge_u, network.edge_v)]
    walks = _walks(network, costs, edge, ends[0], ends[1], targets, met, targets.edge[met])
    return _spans(network, edge, walks, limits_ms, meet=True)[1]


def junctions(network: WalkNetwork) -> Snaps:
    """Return a place at every node, at the end of one of its edges; made once and kept while it lives."""
    kept = _JUNCTIONS.get(network)
    if kept is None:
        kept = _JUNCTIONS[network] = _junctions(network)
    return kept


_JUNCTIONS: WeakKeyDictionary[WalkNetwork, Snaps] = WeakKeyDictionary()


def _junctions(network: WalkNetwork) -> Snaps:
    edge = np.zeros(network.node_count, np.int64)
    at_end = np.zeros(network.node_count, bool)
    for nodes, end in ((network.edge_v, True), (network.edge_u, False)):
        edge[nodes] = np.arange(network.edge_count)
        at_end[nodes] = end
    return Snaps(
        owner=np.arange(network.node_count),
        owners=network.node_count,
        edge=edge,
        offset_m=np.where(at_end, network.edge_length_m[edge], 0.0),
        snap_m=np.zeros(network.node_count),
    )


def _both_ways(costs: Costs, edge: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the time to the end and to the start of edges [ms]; infinite where nobody may walk that way."""
    ways = [costs.edge_ms[edge], costs.backward_ms[edge]]
    forward, back = (np.where(way == UNREACHED_MS, np.inf, way.astype(np.float64)) for way in ways)
    return forward, back


def _walks(
    network: WalkNetwork,
    costs: Costs,
    edge: IntArray,
    by_start: tuple[IntArray, IntArray],
    by_end: tuple[IntArray, IntArray],
    targets: Snaps,
    met: IntArray,
    job_of: IntArray,
) -> _Walks:
    """Return the walks along edges: by the start, by the end, and straight to entrances from both sides."""
    jobs = np.arange(len(edge))
    forward, back = _both_ways(costs, edge)
    (start_ms, start_owner), (end_ms, end_owner) = by_start, by_end
    start = np.where(start_ms == UNREACHED_MS, np.inf, start_ms.astype(np.float64))
    end = np.where(end_ms == UNREACHED_MS, np.inf, end_ms.astype(np.float64)) + forward
    foot = targets.offset_m[met] / network.edge_length_m[targets.edge[met]]
    leg = metres_to_ms(targets.snap_m[met], speed_m_per_min=costs.speed_m_per_min).astype(np.float64)
    foot_forward, foot_back = forward[job_of], back[job_of]
    zero, one = np.zeros(len(edge)), np.ones(len(edge))
    with np.errstate(invalid="ignore"):
        walks = _Walks(
            job=np.concatenate([jobs, jobs, job_of, job_of]),
            owner=np.concatenate([start_owner, end_owner, targets.owner[met], targets.owner[met]]),
            ms=np.concatenate([start, end, leg - foot * foot_back, leg + foot * foot_forward]),
            slope=np.concatenate([back, -forward, foot_back, -foot_forward]),
            low=np.concatenate([zero, zero, foot, np.zeros(len(met))]),
            high=np.concatenate([one, one, np.ones(len(met)), foot]),
        )
    usable = np.isfinite(walks.ms) & np.isfinite(walks.slope)
    order = np.flatnonzero(usable)
    order = order[np.argsort(walks.job[order], kind="stable")]
    return _Walks(*(getattr(walks, name)[order] for name in ("job", "owner", "ms", "slope", "low", "high")))


def _spans(
    network: WalkNetwork, edge: IntArray, walks: _Walks, limits_ms: IntArray, *, meet: bool
) -> tuple[IntArray, StreetSpans]:
    """Cut the edges of all jobs; tell each span's job, owner and band."""
    cuts = [_at_limits(walks, limits_ms), _at_entrances(walks)]
    if meet:
        cuts.append(_meetings(walks))
    job = np.concatenate([one[0] for one in cuts])
    share = np.concatenate([one[1] for one in cuts])
    inner = np.minimum(share, 1 - share) * network.edge_length_m[edge[job]] > _SHORTEST_M
    jobs = np.arange(len(edge))
    job = np.concatenate([jobs, jobs, job[inner]])
    share = np.concatenate([np.zeros(len(edge)), np.ones(len(edge)), share[inner]])
    order = np.lexsort((share, job))
    job, share = job[order], share[order]
    # a cut next to the one before is left out; no cut lies next to the end of its edge
    apart = np.diff(share) * network.edge_length_m[edge[job[1:]]] > _SHORTEST_M
    kept = _changes(job)
    kept[1:] |= apart
    job, share = job[kept], share[kept]
    here = np.flatnonzero(np.diff(job) == 0)
    job, low, high = job[here], share[here], share[here + 1]
    ms, owner = _least(walks, job, (low + high) / 2)
    band = np.searchsorted(limits_ms, ms - 0.5 / _TICKS_PER_MS, side="left")
    first = _changes(job, owner, band)
    last = np.r_[first[1:], True][: len(first)]
    return job[first], StreetSpans(owner[first], edge[job[first]], low[first], high[last], band[first])


def _changes(*columns: IntArray) -> BoolArray:
    """Mark the rows that differ from the one before."""
    new = np.ones(len(columns[0]), bool)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def _at_limits(walks: _Walks, limits_ms: IntArray) -> tuple[IntArray, FloatArray]:
    """Return job and share of the points where a walk takes exactly a limit."""
    share = (limits_ms[:, None] - walks.ms) / walks.slope
    inside = (share > walks.low) & (share < walks.high)
    return np.broadcast_to(walks.job, share.shape)[inside], share[inside]


def _at_entrances(walks: _Walks) -> tuple[IntArray, FloatArray]:
    """Return job and share of the entrances: one side may be another matter than the other."""
    begins, stops = walks.low > 0, walks.high < 1
    return (
        np.concatenate([walks.job[begins], walks.job[stops]]),
        np.concatenate([walks.low[begins], walks.high[stops]]),
    )


def _meetings(walks: _Walks) -> tuple[IntArray, FloatArray]:
    """Return job and share of the points where walks to different places take as long."""
    first = np.searchsorted(walks.job, walks.job, "left")
    count = np.searchsorted(walks.job, walks.job, "right") - first
    a = np.repeat(np.arange(len(walks.job)), count)
    b = first[a] + np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
    pair = (a < b) & (walks.owner[a] != walks.owner[b]) & (walks.slope[a] != walks.slope[b])
    a, b = a[pair], b[pair]
    share = (walks.ms[b] - walks.ms[a]) / (walks.slope[a] - walks.slope[b])
    inside = (share > np.maximum(walks.low[a], walks.low[b])) & (
        share < np.minimum(walks.high[a], walks.high[b])
    )
    return walks.job[a[inside]], share[inside]


def _least(walks: _Walks, job: IntArray, share: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the least walking time at points of edges, and to which place."""
    first = np.searchsorted(walks.job, job, "left")
    count = np.searchsorted(walks.job, job, "right") - first
    point = np.repeat(np.arange(len(job)), count)
    walk = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(point))
    at = share[point]
    ms = np.where(
        (walks.low[walk] <= at) & (at <= walks.high[walk]), walks.ms[walk] + walks.slope[walk] * at, _FAR_MS
    )
    rank = int(walks.owner.max(initial=0)) + 1
    code = np.rint(ms * _TICKS_PER_MS).astype(np.int64) * rank + walks.owner[walk]
    best = np.full(len(job), int(_FAR_MS) * _TICKS_PER_MS * rank)
    some = count > 0
    best[some] = np.minimum.reduceat(code, (np.cumsum(count) - count)[some]) if some.any() else 0
    least = best // rank / _TICKS_PER_MS
    return least, np.where(least < _FAR_MS, best % rank, -1)


class StreetLines:
    """The vertices of a network's edges in one array, to cut spans from many edges at once."""

    def __init__(self, network: WalkNetwork) -> None:
        xy, edge = shapely.get_coordinates(network.edge_geometry, return_index=True)
        self.xy: FloatArray = xy
        self.first: IntArray = np.searchsorted(edge, np.arange(network.edge_count + 1))
        step = np.r_[0.0, np.hypot(*np.diff(xy, axis=0).T)]
        step[self.first[:-1]] = 0.0
        along = np.cumsum(step)
        along -= along[self.first[:-1]][edge]
        length = along[self.first[1:] - 1]
        share = along / length[edge]
        share[self.first[1:] - 1] = 1.0
        # whole numbers tell the edge, two apart, so that the end of one never meets the start of the next
        self._key: FloatArray = share + 2.0 * edge
        self.bounds: FloatArray = np.ascontiguousarray(shapely.bounds(network.edge_geometry).T)

    def _at(self, edge: IntArray, share: FloatArray, after: IntArray) -> FloatArray:
        """Return the position at a share of an edge, just before vertex ``after``."""
        low, high = self._key[after - 1], self._key[after]
        part = np.clip((share + 2.0 * edge - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)[:, None]
        between: FloatArray = self.xy[after - 1] * (1.0 - part) + self.xy[after] * part
        return between

    def cut(self, edge: IntArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, IntArray]:
        """
        Cut spans out of edges.

        Returns
        -------
        xy, span
            Vertices [m], and which span each belongs to, ascending.
        """
        begin = np.searchsorted(self._key, low + 2.0 * edge, side="right")
        begin = np.clip(begin, self.first[edge] + 1, self.first[edge + 1] - 1)
        stop = np.maximum(np.searchsorted(self._key, high + 2.0 * edge, side="left"), begin)
        stop = np.minimum(stop, self.first[edge + 1] - 1)
        count = stop - begin + 2
        span = np.repeat(np.arange(len(edge)), count)
        at = np.cumsum(count)
        vertex = np.arange(len(span)) - np.repeat(at - count, count) + begin[span] - 1
        xy = self.xy[np.clip(vertex, 0, len(self.xy) - 1)]
        xy[at - count] = self._at(edge, low, begin)
        xy[at - 1] = self._at(edge, high, stop)
        return xy, span

    def segments(self, edge: IntArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, IntArray]:
        """Return the straight segments (x, y, x, y) [m] of spans, and which span each belongs to."""
        xy, span = self.cut(edge, low, high)
        within = np.flatnonzero(np.diff(span) == 0)
        return np.hstack([xy[within], xy[within + 1]]), span[within]

    def pieces(self, edge: IntArray, low: FloatArray, high: FloatArray) -> npt.NDArray[np.object_]:
        """Return a LineString a span."""
        xy, span = self.cut(edge, low, high)
        lines: npt.NDArray[np.object_] = np.asarray(shapely.linestrings(xy, indices=span), dtype=object)
        return lines


_LINES: WeakKeyDictionary[WalkNetwork, StreetLines] = WeakKeyDictionary()


def street_lines(network: WalkNetwork) -> StreetLines:
    """Return the vertices of a network's edges; they are gathered once and kept while the network lives."""
    if network not in _LINES:
        _LINES[network] = StreetLines(network)
    return _LINES[network]
