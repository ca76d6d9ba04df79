"""Premises to be brought up: what each community, or each part of a split one, has and needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.tally import counts
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.network.snap import snap_places
from geoplan.network.times import nearest
from geoplan.network.walking import walking_costs
from geoplan.planning.phasing import years_of
from geoplan.planning.plan import SplitPlan
from geoplan.standards.standard import Standard
from geoplan.units import UNREACHED_MS, minutes_to_ms

__all__ = ["PREMISES_STATES", "plan_premises"]

PREMISES_STATES = ("none", "too_small", "too_far", "unknown", "met")


def plan_premises(
    network: WalkNetwork | None, study: Study, standard: Standard, *, plans: Sequence[SplitPlan] = ()
) -> pd.DataFrame:
    """
    Tell which communities lack premises, or have them too small or too far, and in which year they come.

    Parameters
    ----------
    network
        The study's; without it nobody is known to be too far.
    study
        Needs ``communities`` and ``premises``; takes ``residences``.
    standard
        Rules used: ``premises.min_floor_area`` and ``premises.area_per_100_households``, the larger of
        which counts; ``split.max_walk``; ``phasing.premises_per_year``, ``phasing.years``; walking.
    plans
        Splits; a community split has a row for each part (stage ``after``) besides its own (``before``).

    Returns
    -------
    premises_plan
        One row a community, and a part: ``state`` is ``none``, ``too_small``, ``too_far`` (some walk longer
        than the limit), ``unknown`` (a floor area or a household count is missing) or ``met``;
        ``households_affected`` are all for the first two, those too far for the third. ``year`` is given to
        what fails now, the most households first, ties by id; missing for the rest, and beyond the last year.
    """
    (communities, premises) = study.need("communities", "premises")
    far = _beyond(network, study, standard)
    rows = []
    for community_id, community in communities.sort_index().iterrows():
        own = premises[(premises["community_id"] == community_id).fillna(False).astype(bool)]
        households = float("nan") if pd.isna(community.get("households")) else float(community["households"])
        affected = far.get(str(community_id), float("nan"))
        area = counts(own, "floor_area_m2")
        rows.append(
            {
                "community_id": community_id,
                "part_id": "",
                "name": community.get("name"),
                "stage": "before",
                **_state(area, households, affected, standard),
            }
        )
    for plan in sorted(plans, key=lambda one: one.community_id):
        for part_id, part in plan.parts.iterrows():
            own = premises[(premises["community_id"] == plan.community_id).fillna(False).astype(bool)]
            inside = own[shapely.intersects(own.geometry.to_numpy(), part.geometry)]
            households = float("nan") if pd.isna(part["households"]) else float(part["households"])
            rows.append(
                {
                    "community_id": plan.community_id,
                    "part_id": part_id,
                    "name": part["name"],
                    "stage": "after",
                    **_state(counts(inside, "floor_area_m2"), households, float("nan"), standard),
                }
            )
    return finish(_with_years(pd.DataFrame(rows), standard), "premises_plan")


def _state(area: Any, households: float, far: float, standard: Standard) -> dict[str, Any]:
    """Return what a unit has, needs and lacks."""
    needed = max(
        standard.number("premises.min_floor_area"),
        households * standard.number("premises.area_per_100_households") / 100,
    )
    needed = float("nan") if np.isnan(households) else needed
    total = float(area.sum())
    state, affected = "met", 0.0
    if not len(area):
        state, affected = "none", households
    elif np.isnan(total) or np.isnan(needed):
        state, affected = "unknown", float("nan")
    elif total < needed:
        state, affected = "too_small", households
    elif far > 0:
        state, affected = "too_far", far
    return {
        "state": state,
        "households": pd.NA if np.isnan(households) else int(households),
        "floor_area_m2": total,
        "minimum_m2": needed,
        "shortfall_m2": max(0.0, needed - total) if not np.isnan(needed - total) else float("nan"),
        "households_affected": pd.NA if np.isnan(affected) else int(affected),
        "clause": standard.rule("premises.min_floor_area").clause,
    }


def _beyond(network: WalkNetwork | None, study: Study, standard: Standard) -> dict[str, float]:
    """Return the households of each community whose walk to its own premises is too long."""
    if network is None or study.residences is None or study.premises is None:
        return {}
    limit = minutes_to_ms(standard.number("split.max_walk"))
    cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    costs = walking_costs(network, standard)
    found = {}
    placed = study.premises[study.premises.geometry.notna()]
    for community_id, own in placed.groupby("community_id", sort=True):
        homes = study.residences[
            (study.residences["community_id"] == community_id).fillna(False).astype(bool)
        ]
        if homes.empty:
            continue
        places = snap_places(network, homes, max_snap_m=cap, barriers=study.barriers)
        seats = snap_places(network, own, max_snap_m=cap, barriers=study.barriers)
        ms = nearest(network, costs, places, seats, metres=False, engine="scipy").ms
        known = places.owner_snapped() & (ms != UNREACHED_MS)
        found[str(community_id)] = float(np.nansum(counts(homes, "households")[known & (ms > limit)]))
    return found


def _with_years(frame: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Give a year to what fails now, the most households first."""
    failing = frame[(frame["stage"] == "before") & frame["state"].isin(PREMISES_STATES[:3])]
    weight = failing["households_affected"].astype("Float64").fillna(0)
    order = failing.assign(weight=weight).sort_values(
        ["weight", "community_id"], ascending=[False, True], kind="stable"
    )
    years = years_of(
        len(order), standard.number("phasing.premises_per_year"), standard.number("phasing.years")
    )
    frame["year"] = pd.Series(years, index=order.index).reindex(frame.index).astype("Int64")
    return frame
