"""What a siting says: values, no verbs."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from geoplan.model.provenance import Provenance
from geoplan.planning.siting_costs import SitingModel, SitingStatus

__all__ = ["SitePlan"]


@dataclass(frozen=True, eq=False)
class SitePlan:
    """
    Where new centres should stand, whom they reach, and how sure that is.

    Parameters
    ----------
    model
        ``lscp``, ``mclp``, ``p_median`` or ``p_centre``.
    level
        Level of the centres: ``district`` or ``community``.
    demand
        What was counted: ``persons`` or ``households``.
    minutes
        Walk within which a centre reaches a residence [min].
    status, objective, bound, gap, seed
        See `geoplan.planning.siting_costs.SitingSolution`. Walks are in ms; the objective of ``lscp`` counts
        existing centres too.
    sites, residences, uncoverable
        Tables ``sites``, ``site_demand``, ``site_uncoverable``.
    summary
        Figures of the whole: ``candidates``, ``existing``, ``sites``, ``persons_reached_before``,
        ``persons_reached_after``, ``persons_gained`` and the same of households and residences;
        ``mean_minutes_before``, ``mean_minutes_after``, ``max_minutes_before``, ``max_minutes_after``.
        None where nothing is known.
    notes
        What a reader must know, as message keys with their parameters.
    provenance
        What the plan was made of.
    """

    model: SitingModel
    level: str
    demand: str
    minutes: float
    status: SitingStatus
    objective: float
    bound: float
    gap: float
    seed: int
    sites: gpd.GeoDataFrame
    residences: gpd.GeoDataFrame
    uncoverable: gpd.GeoDataFrame
    summary: dict[str, float | None]
    notes: tuple[tuple[str, dict[str, object]], ...]
    provenance: Provenance

    @property
    def chosen(self) -> gpd.GeoDataFrame:
        """The sites, as `Study.with_centres` takes them."""
        return self.sites

    @property
    def gain(self) -> float | None:
        """How much more demand is reached than before, in what was counted; None if nothing is known."""
        return self.summary[f"{self.demand}_gained"]
