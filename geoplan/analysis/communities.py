"""Community size against a standard: oversized, undersized, and by what margin."""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.tally import counts
from geoplan.crs.metric import require_metric
from geoplan.errors import UnknownStandardError
from geoplan.model.result_tables import finish
from geoplan.standards.standard import Rule, Standard

__all__ = ["compare_sizes", "flag_oversized", "rows_of_community"]

_MAXIMA = {
    "community.max_households": "households",
    "community.max_persons": "persons",
    "community.max_area": "area_km2",
}
_M2_PER_KM2 = 1_000_000
_COLUMNS = [
    "size",
    "rule",
    "value",
    "threshold",
    "unit",
    "margin",
    "parts_min",
    "parts_max",
    "reason",
    "clause",
    "status",
]
_ORDER = {"oversized": 0, "unknown": 1, "undersized": 2, "within": 3}


def flag_oversized(communities: gpd.GeoDataFrame, standard: Standard) -> gpd.GeoDataFrame:
    """
    Tell which communities are oversized or undersized under a standard, and by how much.

    Parameters
    ----------
    communities
        Table ``communities``: index ``community_id``; ``households``, ``persons`` and a geometry in a
        metric CRS, as far as known.
    standard
        Rules used: ``community.max_households``, ``community.max_persons``, ``community.max_area``,
        ``community.min_households``, ``community.new_max_households``, ``community.new_min_households``.

    Returns
    -------
    oversized
        One row a community, the oversized first, the farthest over its limit at the top. Exceeding any
        one maximum is oversized; a figure that a maximum needs and that is missing gives ``unknown``.
        Exactly the limit is within. The rule shown is the one exceeded most, else the tightest. Parts are
        counted by the limits of new communities where the standard has them: ``parts_min`` keep every
        maximum, no more than ``parts_max`` can reach the minimum.

    Raises
    ------
    UnknownStandardError
        If the standard states no maximum for communities.

    Examples
    --------
    >>> import geopandas as gpd, geoplan
    >>> towns = gpd.GeoDataFrame({"name": ["甲", "乙"], "households": [3547, 3000]}, index=["a", "b"],
    ...                          geometry=[None, None], crs="EPSG:4544")
    >>> flagged = geoplan.flag_oversized(towns, geoplan.load_standard("law-2025"))
    >>> flagged[["size", "margin", "parts_min"]].values.tolist()
    [['oversized', -547.0, 2], ['within', 0.0, 1]]
    """
    if communities.crs is not None:
        require_metric(communities.crs)
    maxima = [rule for rule in map(standard.get, _MAXIMA) if rule is not None]
    if not maxima:
        raise UnknownStandardError(
            "error.unknown_rule",
            rule="community.max_*",
            standard=standard.id,
            known=", ".join(standard.rules),
        )
    frame = communities.reindex(columns=["name", "households", "persons"])
    frame.index.name = "community_id"
    area = shapely.area(communities.geometry.to_numpy()) / _M2_PER_KM2
    measures = pd.DataFrame(
        {"households": counts(frame, "households"), "persons": counts(frame, "persons"), "area_km2": area},
        index=frame.index,
    )
    decided = [_decide(figures, maxima, standard) for _, figures in measures.iterrows()]
    frame = frame.reset_index().join(pd.DataFrame(decided, columns=_COLUMNS))
    frame["area_km2"] = area
    frame["geometry"] = communities.geometry.to_numpy()
    worst = frame["margin"].to_numpy(float) / frame["threshold"].to_numpy(float)
    order = np.lexsort((frame["community_id"].to_numpy(str), worst, frame["size"].map(_ORDER).to_numpy()))
    return finish(frame.iloc[order], "oversized", crs=communities.crs)


def compare_sizes(communities: gpd.GeoDataFrame, standards: Sequence[Standard]) -> pd.DataFrame:
    """
    Tell the size of communities under several standards side by side.

    Parameters
    ----------
    communities
        As in `flag_oversized`.
    standards
        Packs that state a maximum for communities; what differs between them is often the answer.

    Returns
    -------
    size_matrix
        One row a community and pack, in the order of the communities' ids and of ``standards``.

    Raises
    ------
    UnknownStandardError
        If a standard states no maximum for communities.

    Examples
    --------
    >>> import geopandas as gpd, geoplan
    >>> towns = gpd.GeoDataFrame({"name": ["甲"], "households": [3547]}, index=["a"], geometry=[None],
    ...                          crs="EPSG:4544")
    >>> packs = [geoplan.load_standard(one) for one in ("law-2025", "yuhang-2020")]
    >>> geoplan.compare_sizes(towns, packs)[["standard_id", "size"]].values.tolist()
    [['law-2025', 'oversized'], ['yuhang-2020', 'within']]
    """
    frames = [
        pd.DataFrame(flag_oversized(communities, one).drop(columns="geometry"))
        .reset_index()
        .assign(standard_id=one.id, order=place)
        for place, one in enumerate(standards)
    ]
    joined = pd.concat(frames).sort_values(["community_id", "order"], kind="stable")
    return finish(joined, "size_matrix")


def _decide(figures: pd.Series, maxima: list[Rule], standard: Standard) -> dict[str, object]:
    """Decide one community."""
    return {
        **_size(figures, maxima, standard),
        "parts_max": _parts_max(float(figures["households"]), standard),
    }


def _size(figures: pd.Series, maxima: list[Rule], standard: Standard) -> dict[str, object]:
    values = {rule.id: float(figures[_MAXIMA[rule.id]]) for rule in maxima}
    over = [rule for rule in maxima if not math.isnan(values[rule.id]) and not rule.passes(values[rule.id])]
    missing = [rule for rule in maxima if math.isnan(values[rule.id])]
    minimum = standard.get("community.min_households")
    if over:
        rule = min(over, key=lambda one: one.margin(values[one.id]) / float(one.value))
        parts = max(_parts(one, values[one.id], standard) for one in over)
        return _row("oversized", rule, values[rule.id], parts, "reason.above_maximum")
    if missing:
        return _row("unknown", missing[0], float("nan"), None, "reason.missing_value")
    households = float(figures["households"])
    if minimum is not None and math.isnan(households):
        return _row("unknown", minimum, households, None, "reason.missing_value")
    if minimum is not None and not minimum.passes(households):
        return _row("undersized", minimum, households, 1, "reason.below_minimum")
    rule = min(maxima, key=lambda one: one.margin(values[one.id]) / float(one.value))
    return _row("within", rule, values[rule.id], 1, "reason.within_range")


def _parts(rule: Rule, value: float, standard: Standard) -> int:
    """Return into how many parts a community must be split at least to get within a rule."""
    limit = rule
    if rule.id == "community.max_households":
        limit = standard.get("community.new_max_households") or rule
    parts = max(2, math.ceil(value / float(limit.value)))
    return parts if limit.passes(value / parts) else parts + 1


def _parts_max(households: float, standard: Standard) -> int | None:
    """Return into how many parts a community can be split so that none is too small; None: no telling."""
    rule = standard.get("community.new_min_households") or standard.get("community.min_households")
    if rule is None or math.isnan(households) or not float(rule.value) > 0:
        return None
    parts = max(1, math.floor(households / float(rule.value)))
    return parts if parts == 1 or rule.passes(households / parts) else parts - 1


def _row(size: str, rule: Rule, value: float, parts: int | None, reason: str) -> dict[str, object]:
    return {
        "size": size,
        "rule": rule.id,
        "value": value,
        "threshold": float(rule.value),
        "unit": rule.unit,
        "margin": rule.margin(value),
        "parts_min": parts,
        "reason": reason,
        "clause": rule.clause,
        "status": rule.status,
    }


def rows_of_community(table: gpd.GeoDataFrame, community_id: str) -> gpd.GeoDataFrame:
    """Return the rows of a table that name a community; none if the table has no such column."""
    if "community_id" not in table:
        return table.iloc[:0]
    return table[(table["community_id"] == community_id).fillna(False).to_numpy(bool)]
