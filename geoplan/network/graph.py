"""The walking network as frozen arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.errors import NetworkError, some_ids
from geoplan.units import MS_PER_MINUTE, MS_PER_SECOND, UNREACHED_MS

__all__ = ["Costs", "WalkNetwork"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_MOST_MS = 2**31 - 2
"""Searches count in 32 bits."""


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """
    Streets people can walk, cut into edges between junctions. Walking is possible both ways, unless the
    costs say otherwise.

    Nodes are numbered along a Hilbert curve, so that neighbours lie together in memory; edges by street id
    and then along the street. The order of input rows does not matter.

    Parameters
    ----------
    crs
        Metric CRS of all coordinates.
    node_x, node_y
        Position of each node [m].
    edge_u, edge_v
        Nodes at the start and end of each edge.
    edge_length_m
        Length of each edge [m].
    edge_steps
        True where the edge is a stairway.
    edge_enterable
        True where people can step onto the edge between its ends; False on bridges and in tunnels.
    edge_one_way
        True where people may walk from u to v only.
    edge_crossings
        How often people wait to cross a carriageway along the edge; part of a crossing counts by its share.
    edge_climb_m
        How much higher v lies than u [m]; 0 where nothing is known.
    edge_street
        Street id of each edge.
    edge_geometry
        LineString of each edge, from u to v.
    """

    crs: str
    node_x: FloatArray
    node_y: FloatArray
    edge_u: IntArray
    edge_v: IntArray
    edge_length_m: FloatArray
    edge_steps: BoolArray
    edge_enterable: BoolArray
    edge_one_way: BoolArray
    edge_crossings: FloatArray
    edge_climb_m: FloatArray
    edge_street: npt.NDArray[np.object_]
    edge_geometry: npt.NDArray[np.object_]

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.node_x)

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return len(self.edge_u)

    @cached_property
    def enterable_edges(self) -> IntArray:
        """Numbers of the edges onto which people can step between the ends, ascending."""
        return np.flatnonzero(self.edge_enterable)

    @cached_property
    def enterable_tree(self) -> shapely.STRtree:
        """Spatial index of `enterable_edges`, in that order."""
        return shapely.STRtree(self.edge_geometry[self.enterable_edges])

    def costs(
        self,
        *,
        speed_m_per_min: float,
        steps_factor: float = 1.0,
        slope_rate: float = 0.0,
        slope_shift: float = 0.0,
        crossing_delay_s: float = 0.0,
    ) -> Costs:
        """
        Return what walking costs at a speed.

        Parameters
        ----------
        speed_m_per_min
            Walking speed on the flat [m/min].
        steps_factor
            Time on a stairway, as a multiple of the time on the flat. Its climb counts in the factor alone.
        slope_rate, slope_shift
            Time on a slope of ``s`` (rise over length) is that on the flat times
            ``exp(slope_rate * (|s + slope_shift| - slope_shift))``; 3.5 and 0.05 by Tobler (1993). A rate
            of 0 leaves slopes out. The slope of an edge is the mean between its ends.
        crossing_delay_s
            Wait at a crossing [s].

        Raises
        ------
        NetworkError
            If the speed or the factor is not above zero and finite, or another is negative or not finite.

        Examples
        --------
        >>> import geopandas as gpd, shapely
        >>> hill = gpd.GeoDataFrame(
        ...     {"climb_m": [10.0]}, geometry=[shapely.LineString([(0, 0), (100, 0)])], crs="EPSG:4544"
        ... )
        >>> from geoplan.network.build import network_from_streets
        >>> costs = network_from_streets(hill).costs(speed_m_per_min=60, slope_rate=3.5, slope_shift=0.05)
        >>> costs.edge_ms.tolist(), costs.backward_ms.tolist()
        ([141907], [100000])
        """
        if not (np.isfinite(speed_m_per_min) and speed_m_per_min > 0):
            raise NetworkError("error.walking_speed", value=speed_m_per_min)
        if not (np.isfinite(steps_factor) and steps_factor > 0):
            raise NetworkError("error.steps_factor", value=steps_factor)
        for value in (slope_rate, slope_shift):
            if not (np.isfinite(value) and value >= 0):
                raise NetworkError("error.slope_rule", value=value)
        if not (np.isfinite(crossing_delay_s) and crossing_delay_s >= 0):
            raise NetworkError("error.crossing_delay", value=crossing_delay_s)
        flat = self.edge_length_m * (MS_PER_MINUTE / speed_m_per_min)
        if self.edge_steps.any():
            flat *= np.where(self.edge_steps, steps_factor, 1.0)
        wait: FloatArray | float = 0.0
        if crossing_delay_s > 0:
            wait = self.edge_crossings * (crossing_delay_s * MS_PER_SECOND)
        if not (slope_rate > 0 and self.edge_climb_m.any()):
            onward = _checked_ms(np.maximum(np.rint(flat + wait), 1.0))
            back = onward.copy() if self.edge_one_way.any() else None
        else:
            slope = np.where(self.edge_steps, 0.0, self.edge_climb_m / self.edge_length_m)

            def whole(rise: FloatArray) -> IntArray:
                uphill = np.exp(slope_rate * (np.abs(rise + slope_shift) - slope_shift))
                return _checked_ms(np.maximum(np.rint(flat * np.where(rise == 0, 1.0, uphill) + wait), 1.0))

            onward = whole(slope)
            back = whole(-slope) if slope.any() or self.edge_one_way.any() else None
        if back is not None:
            back[self.edge_one_way] = UNREACHED_MS
        return Costs(speed_m_per_min=speed_m_per_min, edge_ms=onward, edge_back_ms=back)


@dataclass(frozen=True, eq=False)
class Costs:
    """
    Walking costs on a network, in whole milliseconds.

    Each edge's time is rounded half to even, and is at least 1 ms. A 15-minute walk over 100 edges is
    thus off by 50 ms at most.

    Parameters
    ----------
    speed_m_per_min
        Walking speed on the flat [m/min]; access legs are walked at it.
    edge_ms
        Time along each edge, from its start to its end [ms]; `UNREACHED_MS` where nobody may walk that way.
    edge_back_ms
        Time from its end to its start [ms]; None: the same.

    Raises
    ------
    NetworkError
        If the speed is not above zero, or a time is not finite, below 1 ms or beyond 32 bits (596 hours).
    """

    speed_m_per_min: float
    edge_ms: IntArray
    edge_back_ms: IntArray | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.speed_m_per_min) and self.speed_m_per_min > 0):
            raise NetworkError("error.walking_speed", value=self.speed_m_per_min)
        object.__setattr__(self, "edge_ms", _checked_ms(self.edge_ms))
        if self.edge_back_ms is not None:
            back = _checked_ms(self.edge_back_ms)
            if back.shape != self.edge_ms.shape:
                raise NetworkError("error.costs_length", costs=len(back), edges=len(self.edge_ms))
            object.__setattr__(self, "edge_back_ms", back)

    @property
    def backward_ms(self) -> IntArray:
        """Time along each edge, from its end to its start [ms]."""
        return self.edge_ms if self.edge_back_ms is None else self.edge_back_ms


def _checked_ms(given: npt.ArrayLike) -> IntArray:
    """Return times as whole milliseconds, or tell which are none."""
    ms = np.asarray(given)
    bad = ms < 1
    if not np.issubdtype(ms.dtype, np.integer):
        bad |= ~np.isfinite(ms)
        if not bad.any():
            bad = ms != np.rint(ms)
    if bad.any():
        raise NetworkError("error.edge_cost", edges=some_ids(np.flatnonzero(bad).tolist()))
    whole = ms.astype(np.int64, copy=False)
    bad = (whole > _MOST_MS) & (whole != UNREACHED_MS)
    if bad.any():
        raise NetworkError("error.cost_overflow_edges", edges=some_ids(np.flatnonzero(bad).tolist()))
    return whole
