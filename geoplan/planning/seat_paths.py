"""The way each compound of a split walks to the seat of its part, along the streets."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.model.result_tables import RESULT_TABLES, finish
from geoplan.model.study import Study
from geoplan.network.graph import Costs, WalkNetwork
from geoplan.network.snap import snap_places
from geoplan.network.walking import walking_costs
from geoplan.network.walks import quickest_walks
from geoplan.planning.plan import SplitPlan
from geoplan.standards.standard import Standard

__all__ = ["seat_paths"]


def seat_paths(network: WalkNetwork, study: Study, plan: SplitPlan, standard: Standard) -> gpd.GeoDataFrame:
    """
    Return the walking paths of a split, door to door: what `geoplan.maps.split_map` draws as walking lines.

    Parameters
    ----------
    network, study, standard
        Those the plan was made with. Rules used: those of walking, and ``walking.max_snap``.
    plan
        The split; its alternatives are plans of their own.

    Returns
    -------
    split_walks
        One row a compound whose part has a seat: the part, the seat, the length of the path [m] and the path
        itself. A compound at its own seat, and one from which no way leads there, has a row without a path;
        the length of the former is 0, that of the latter unknown.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> network = geoplan.walk_network(study)
    >>> plan = geoplan.plan_split(network, study, "620105002005", standard, alternatives=False)
    >>> walks = geoplan.seat_paths(network, study, plan, standard)
    >>> len(walks), bool((walks["length_m"] < 1500).all())
    (33, True)
    """
    cap = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    costs = walking_costs(network, standard)
    rows: list[dict[str, Any]] = []
    for part_id, part in plan.parts.iterrows():
        if isinstance(part["seat_id"], str):
            own = plan.members.index[(plan.members["part_id"] == part_id).to_numpy(bool)]
            rows += _part_rows(network, costs, study, own, part, cap)
    columns = [column.name for column in RESULT_TABLES["split_walks"].columns]
    frame = pd.DataFrame(rows, columns=[*columns, "geometry"])
    frame["community_id"] = plan.community_id
    return finish(frame.sort_values("residence_id"), "split_walks", crs=study.crs)


def _part_rows(
    network: WalkNetwork, costs: Costs, study: Study, own: pd.Index, part: pd.Series, cap_m: float
) -> list[dict[str, Any]]:
    """Return the rows of one part."""
    (residences,) = study.need("residences")
    homes = residences.loc[own]
    seat = study.need(part["seat_table"])[0].loc[[part["seat_id"]]]
    places, target = (
        snap_places(network, one, max_snap_m=cap_m, barriers=study.barriers) for one in (homes, seat)
    )
    pairs = np.column_stack([np.arange(len(own)), np.zeros(len(own), np.int64)])
    walks = quickest_walks(network, costs, (homes, places), (seat, target), pairs)
    rows = []
    for residence_id, walk in zip(own, walks, strict=True):
        at_home = part["seat_table"] == "residences" and residence_id == part["seat_id"]
        length_m = float("nan") if walk is None else walk.metres
        rows.append(
            {
                "residence_id": residence_id,
                "part_id": part.name,
                "seat_id": part["seat_id"],
                "length_m": 0.0 if at_home else length_m,
                "geometry": None if at_home or walk is None else walk.line,
            }
        )
    return rows
