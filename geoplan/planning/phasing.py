"""The order, over the years, in which communities are split and premises brought up (分期分批)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geoplan.model.result_tables import finish
from geoplan.planning.plan import SplitPlan
from geoplan.standards.standard import Standard

__all__ = ["CRITERIA", "phase_splits", "years_of"]

CRITERIA = ("severity", "premises", "plan", "network")
"""Each has a weight ``phasing.weight_<criterion>`` in the standard."""


def phase_splits(sizes: pd.DataFrame, standard: Standard, *, plans: Sequence[SplitPlan] = ()) -> pd.DataFrame:
    """
    Put the oversized communities in the order in which they are ready to be split.

    Parameters
    ----------
    sizes
        Table ``oversized``.
    standard
        Rules used: ``phasing.weight_severity``, ``phasing.weight_premises``, ``phasing.weight_plan``,
        ``phasing.weight_network``, ``phasing.splits_per_year``, ``phasing.years``.
    plans
        Their splits; of a community without one, only the severity is known.

    Returns
    -------
    split_phases
        One row an oversized community, the readiest first; ties by id. Scores run from 0 to 1:
        ``severity``, how far over the limit, in multiples of it, at most 1; ``premises``, share of the parts
        whose seat stands in premises or a centre that exist; ``plan``, 1 if a split keeps every rule;
        ``network``, share of the compounds with a known walk to the seat. What is unknown counts 0 in
        ``score`` and is named. ``year`` is missing beyond the last year.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> phases = geoplan.phase_splits(geoplan.flag_oversized(study.communities, standard), standard)
    >>> phases["year"].value_counts().sort_index().tolist()
    [5, 5, 4]
    """
    by_id = {plan.community_id: plan for plan in plans}
    weights = {
        "severity": standard.number("phasing.weight_severity"),
        "premises": standard.number("phasing.weight_premises"),
        "plan": standard.number("phasing.weight_plan"),
        "network": standard.number("phasing.weight_network"),
    }
    rows = []
    over = sizes[sizes["size"] == "oversized"].sort_index()
    for community_id, row in over.iterrows():
        scores = {"severity": min(1.0, -float(row["margin"]) / float(row["threshold"]))}
        scores |= _readiness(by_id.get(str(community_id)))
        known = {name: 0.0 if np.isnan(scores[name]) else scores[name] for name in CRITERIA}
        total = sum(weights[name] * known[name] for name in CRITERIA) / sum(weights.values())
        rows.append(
            {
                "community_id": community_id,
                "name": row["name"],
                "households": row["households"],
                "persons": row["persons"],
                **{f"score_{name}": scores[name] for name in CRITERIA},
                "score": total,
                "unknown": ",".join(name for name in CRITERIA if np.isnan(scores[name])),
                "parts_min": row["parts_min"],
            }
        )
    columns = [
        "community_id", "name", "households", "persons", *(f"score_{name}" for name in CRITERIA), "score",
        "unknown", "parts_min",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.sort_values(
        ["score", "community_id"], ascending=[False, True], key=_rounded, kind="stable"
    ).reset_index(drop=True)
    frame["rank"] = np.arange(1, len(frame) + 1)
    frame["year"] = years_of(
        len(frame), standard.number("phasing.splits_per_year"), standard.number("phasing.years")
    )
    return finish(frame, "split_phases")


def _rounded(column: pd.Series) -> pd.Series:
    """Scores that differ by rounding only are ties."""
    return column.round(9) if pd.api.types.is_float_dtype(column.dtype) else column


def _readiness(plan: SplitPlan | None) -> Mapping[str, float]:
    if plan is None:
        return dict.fromkeys(("premises", "plan", "network"), float("nan"))
    shown = plan if len(plan.parts) else (*plan.alternatives, plan)[0]
    stands = shown.parts["seat_table"].isin(["premises", "centres"]).to_numpy(bool)
    walks = shown.members["walk_m"].notna().to_numpy(bool)
    seated = shown.model == "seat" and len(shown.parts) > 0
    return {
        "premises": float(stands.mean()) if seated else float("nan"),
        "plan": float(plan.status in ("optimal", "optimal_for_these_seats", "feasible")),
        "network": float(walks.mean()) if seated else float("nan"),
    }


def years_of(count: int, per_year: float, years: float) -> Any:
    """
    Return the year of each of some jobs in order, so many a year; missing beyond the last.

    Examples
    --------
    >>> years_of(5, 2, 2).tolist()
    [1, 1, 2, 2, <NA>]
    """
    year = np.arange(count) // max(int(per_year), 1) + 1
    return pd.array([int(one) if one <= years else pd.NA for one in year], dtype="Int64")
