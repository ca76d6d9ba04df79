"""What a split is made from, and what it says: values, no verbs."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from geoplan.planning.instance import SplitModel, SplitStatus

__all__ = ["Blocks", "Relaxation", "SplitPlan"]


@dataclass(frozen=True, eq=False)
class Blocks:
    """
    One community as compounds that are never cut.

    Parameters
    ----------
    community_id, name
        Which community.
    cells
        One row a compound, index ``residence_id``: ``name``, ``households``, ``persons`` and the piece of the
        community that belongs to it (polygon). The cells tile the community.
    borders
        Table ``split_borders``, column ``cut`` missing.
    notes
        What a reader must know, as message keys with their parameters.
    """

    community_id: str
    name: str
    cells: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    notes: tuple[tuple[str, dict[str, object]], ...] = ()


@dataclass(frozen=True, slots=True)
class Relaxation:
    """
    The smallest single change under which a split becomes possible.

    Parameters
    ----------
    kind
        ``tolerance``, ``max_walk``, ``parts``, ``present_seat`` (let it go), ``seat`` or ``crossing``.
    value
        What it would have to be: a ratio, minutes or a number of parts; NaN where ``ids`` tell.
    ids
        The compound where the seat is or is missing, or the two between which a crossing is.
    """

    kind: str
    value: float
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SplitPlan:
    """
    A split of one community, with its figures and checks.

    Parameters
    ----------
    community_id, name
        Which community.
    model, status, objective, bound, gap, seed
        See `geoplan.planning.instance`.
    kind
        Why this plan is shown: ``best``; ``main_roads`` (most of its borders along main roads),
        ``fewest_moves`` (fewest persons changing hands), ``shortest_walks``, ``best_balance`` (parts most
        even) or ``different``, each as far as searched; ``relaxed`` (possible only under the first of the
        relaxations); ``given`` (a planner's own).
    parts, members, borders, checks
        Tables ``split_parts``, ``split_members``, ``split_borders``, ``split_checks``.
    summary
        Figures of the whole: ``parts``, ``households``, ``max_deviation``, ``cut_m``, ``cut_m_by_class``,
        ``barrier_m_inside``, ``mean_walk_m``, ``max_walk_m``, ``compounds_changing_hands``,
        ``persons_changing_hands``, ``compactness``.
    parts_min, parts_max
        Fewest and most parts the standard allows; ``parts_max`` None where it states no minimum.
    relaxations
        Without a split: single changes that would make it possible, the smallest first.
    reasons
        Without a split: why, as message keys with their parameters.
    alternatives
        Clearly different plans, each with its own figures.
    blocks
        What was split.
    """

    community_id: str
    name: str
    model: SplitModel
    status: SplitStatus
    objective: float
    bound: float
    gap: float
    seed: int
    kind: str
    parts: gpd.GeoDataFrame
    members: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    checks: pd.DataFrame
    summary: dict[str, object]
    blocks: Blocks
    parts_min: int = 1
    parts_max: int | None = None
    relaxations: tuple[Relaxation, ...] = ()
    reasons: tuple[tuple[str, dict[str, object]], ...] = ()
    alternatives: tuple[SplitPlan, ...] = field(default=())
