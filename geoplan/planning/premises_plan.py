"""Premises to be brought up: what each community, or each part of a split one, has and needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.communities import rows_of_community
from geoplan.analysis.premises import premises_need
from geoplan.analysis.tally import counts
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.network.snap import snap_places
from geoplan.network.times import nearest
from geoplan.network.walking import walking_costs
from geoplan.planning.figures import premises_within
from geoplan.planning.phasing import years_of
from geoplan.planning.plan import SplitPlan
from geoplan.standards.standard import Standard
from geoplan.units import UNREACHED_MS, ms_to_minutes

__all__ = ["PREMISES_STATES", "plan_premises"]

FloatArray = npt.NDArray[np.float64]

PREMISES_STATES = ("none", "too_small", "too_far", "unknown", "met")


def plan_premises(
    network: WalkNetwork | None, study: Study, standard: Standard, *, plans: Sequence[SplitPlan] = ()
) -> pd.DataFrame:
    """
    Tell which communities lack premises, or have them too small or too far, and in which year they come.

    Parameters
    ----------
    network
        The study's; without it no walk is known, and what has floor area enough is ``unknown``.
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
        than the limit), ``unknown`` (a floor area, a household count or a walk is missing) or ``met``;
        ``households_affected`` are all for the first two, those too far for the third. ``year`` is given to
        what fails now, the most households first, ties by id; missing for the rest, and beyond the last year.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> geoplan.plan_premises(None, study, standard)["state"].value_counts()["too_small"]
    np.int64(30)
    """
    (communities, premises) = study.need("communities", "premises")
    rows = []
    for community_id, community in communities.sort_index().iterrows():
        own = rows_of_community(premises, str(community_id))
        households = float("nan") if pd.isna(community.get("households")) else float(community["households"])
        name = community.get("name")
        head = {"community_id": community_id, "part_id": "", "name": name, "stage": "before"}
        area = counts(own, "floor_area_m2")
        far = _too_far(network, study, standard, str(community_id), own)
        rows.append({**head, **_state(area, households, far, standard)})
    for plan in sorted(plans, key=lambda one: one.community_id):
        own = rows_of_community(premises, plan.community_id)
        for part_id, part in plan.parts.iterrows():
            area = counts(premises_within(part.geometry, own), "floor_area_m2")
            households = float("nan") if pd.isna(part["households"]) else float(part["households"])
            head = {
                "community_id": plan.community_id,
                "part_id": part_id,
                "name": part["name"],
                "stage": "after",
            }
            rows.append(
                {**head, **_state(area, households, _too_far_in_part(plan, part_id, standard), standard)}
            )
    return finish(_with_years(pd.DataFrame(rows), standard), "premises_plan")


@dataclass(frozen=True, slots=True)
class _Far:
    """Whether some home is too far, None if not known; and the households of those that are, NaN likewise."""

    verdict: bool | None
    households: float


def _state(area: FloatArray, households: float, far: _Far, standard: Standard) -> dict[str, Any]:
    """Return what a unit has, needs and lacks."""
    needed, rule = premises_need(households, standard)
    total = float(area.sum())
    state, affected = "met", 0.0
    if not len(area):
        state, affected = "none", households
    elif np.isnan(total) or np.isnan(needed):
        state, affected = "unknown", float("nan")
    elif total < needed:
        state, affected = "too_small", households
    elif far.verdict is None:
        state, affected = "unknown", float("nan")
    elif far.verdict:
        state, affected, rule = "too_far", far.households, standard.rule("split.max_walk")
    return {
        "state": state,
        "households": pd.NA if np.isnan(households) else int(households),
        "floor_area_m2": total,
        "minimum_m2": needed,
        "shortfall_m2": max(0.0, needed - total) if not np.isnan(needed - total) else float("nan"),
        "households_affected": pd.NA if np.isnan(affected) else int(affected),
        "clause": rule.clause,
    }


def _too_far(
    network: WalkNetwork | None, study: Study, standard: Standard, community_id: str, own: gpd.GeoDataFrame
) -> _Far:
    """Tell whether a home of a community has too long a walk to its nearest premises."""
    placed = own[own.geometry.notna().to_numpy()]
    if network is None or study.residences is None or placed.empty:
        return _Far(None, float("nan"))
    homes = rows_of_community(study.residences, community_id)
    cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    places = snap_places(network, homes, max_snap_m=cap, barriers=study.barriers)
    seats = snap_places(network, placed, max_snap_m=cap, barriers=study.barriers)
    costs = walking_costs(network, standard)
    ms = nearest(network, costs, places, seats, metres=False, engine="scipy").ms
    known = places.owner_snapped() & (ms != UNREACHED_MS)
    minutes = np.where(known, ms_to_minutes(ms), np.nan)
    return _farther(minutes, counts(homes, "households"), standard)


def _too_far_in_part(plan: SplitPlan, part_id: object, standard: Standard) -> _Far:
    """Tell whether a compound of a part has too long a walk to the part's seat."""
    members = plan.members[plan.members["part_id"] == part_id]
    minutes = members["walk_m"].to_numpy(float) / standard.number("walking.speed")
    return _farther(minutes, counts(members, "households"), standard)


def _farther(minutes: FloatArray, households: FloatArray, standard: Standard) -> _Far:
    rule = standard.rule("split.max_walk")
    far = np.array([not np.isnan(one) and not rule.passes(round(float(one), 9)) for one in minutes], bool)
    if far.any():
        return _Far(True, float(households[far].sum()))
    sure = len(minutes) > 0 and not np.isnan(minutes).any()
    return _Far(False if sure else None, 0.0 if sure else float("nan"))


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
