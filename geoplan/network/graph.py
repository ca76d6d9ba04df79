"""The walking network as frozen arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from geoplan.units import MS_PER_MINUTE

__all__ = ["Costs", "WalkNetwork"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """
    Streets people can walk, cut into edges between junctions. Walking is possible both ways.

    Nodes are numbered by position, edges by street id and then along the street, so that the order of
    input rows does not matter.

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

    def costs(self, *, speed_m_per_min: float, steps_factor: float = 1.0) -> Costs:
        """
        Return what walking costs at a speed.

        Parameters
        ----------
        speed_m_per_min
            Walking speed on the flat [m/min].
        steps_factor
            Time on a stairway, as a multiple of the time on the flat.
        """
        flat = self.edge_length_m * (MS_PER_MINUTE / speed_m_per_min)
        edge_ms = np.rint(flat * np.where(self.edge_steps, steps_factor, 1.0)).astype(np.int64)
        return Costs(speed_m_per_min=speed_m_per_min, edge_ms=np.maximum(edge_ms, 1))


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
        Time along each edge, the same both ways [ms].
    """

    speed_m_per_min: float
    edge_ms: IntArray
