"""Which centres a point reaches, each with its walk: lists at the nodes, made once."""

from __future__ import annotations

import numpy as np

from geoplan.network.arcs import along_edges
from geoplan.network.fields import Foot
from geoplan.network.graph import Costs, IntArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.network.spans import junctions
from geoplan.network.times import times_from_each, within

__all__ = ["CentresReached"]


class CentresReached:
    """
    The centres within a walk of each node.

    Parameters
    ----------
    network, costs
        The network and what walking it costs.
    centres
        Snaps of table ``centres``.
    limit_ms
        Longest walk that is listed; a longer one is searched when it is asked for [ms].
    """

    def __init__(self, network: WalkNetwork, costs: Costs, centres: Snaps, *, limit_ms: int) -> None:
        self.network, self.costs, self.centres, self.limit_ms = network, costs, centres, limit_ms
        listed = within(network, costs, junctions(network), centres, limit_ms=limit_ms)
        row = np.repeat(np.arange(centres.owners), np.diff(listed.indptr))
        order = np.argsort(listed.place, kind="stable")
        self._first: IntArray = np.searchsorted(listed.place[order], np.arange(network.node_count + 1))
        self._row: IntArray = row[order]
        self._ms: IntArray = listed.ms[order]
        self._on_edge = np.zeros(network.edge_count, bool)
        self._on_edge[centres.edge[centres.snapped]] = True

    def at(self, foot: Foot, snaps: Snaps, *, limit_ms: int) -> list[tuple[int, int]]:
        """
        Return the walks within a limit: time [ms] and row of the centre, the shortest first.

        Parameters
        ----------
        foot, snaps
            Where one place meets the network; the same as a place with one entrance.
        limit_ms
            A walk of exactly this time counts [ms].
        """
        least: dict[int, int] = {}
        if limit_ms > self.limit_ms:
            for row, ms in times_from_each(self.network, self.costs, snaps, self.centres, limit_ms=limit_ms):
                least[row] = int(ms[0])
        else:
            for node, door_ms, _ in foot.doors:
                for at in range(self._first.item(node), self._first.item(node + 1)):
                    row, total = self._row.item(at), self._ms.item(at) + door_ms
                    least[row] = min(total, least.get(row, total))
            if self._on_edge[foot.edge]:
                along = along_edges(self.network, self.costs, snaps, self.centres)
                for row, total in zip(along.target.tolist(), along.ms.tolist(), strict=True):
                    least[row] = min(total, least.get(row, total))
        return sorted((ms, row) for row, ms in least.items() if ms <= limit_ms)
