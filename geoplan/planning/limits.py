"""How many parts a community needs, and how large each may be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoplan.analysis.communities import flag_oversized
from geoplan.analysis.tally import counts
from geoplan.errors import PlanningError, some_ids
from geoplan.model.study import Study
from geoplan.planning.plan import Blocks
from geoplan.standards.standard import Rule, Standard

__all__ = ["Limits", "Measure", "choose_measure", "even_limits", "part_limits", "unit_sizes"]

Measure = Literal["households", "persons", "area_m2"]
"""What is shared out evenly."""

_MEASURES: dict[str, Measure] = {
    "community.max_households": "households",
    "community.max_persons": "persons",
    "community.max_area": "area_m2",
}
_M2_PER_KM2 = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How large a part may be.

    Parameters
    ----------
    measure
        What is shared out.
    lower, upper
        Smallest and largest size of a part, in whole units of the measure.
    hard_lower, hard_upper
        What the standard says of any community; 0 and None if nothing.
    tolerance
        Greatest deviation from an even share.
    """

    measure: Measure
    lower: int
    upper: int
    hard_lower: int
    hard_upper: int | None
    tolerance: float


def choose_measure(study: Study, community_id: str, blocks: Blocks, standard: Standard) -> Measure:
    """
    Return what is shared out among the parts.

    What makes the community oversized; else households, or persons where households are not known.

    Raises
    ------
    PlanningError
        If some compound lacks the figure, naming the compounds.
    """
    (communities,) = study.need("communities")
    flagged = flag_oversized(communities.loc[[community_id]], standard).iloc[0]
    measure: Measure = "households"
    if flagged["size"] == "oversized":
        measure = _MEASURES[flagged["rule"]]
    elif np.isnan(counts(blocks.cells, "households")).any():
        measure = "persons"
    if measure == "area_m2":
        return measure
    unknown = np.isnan(counts(blocks.cells, measure))
    if unknown.any():
        raise PlanningError(
            "error.split_unknown",
            community=blocks.name,
            column=measure,
            ids=some_ids(blocks.cells.index[unknown]),
        )
    if not counts(blocks.cells, measure).sum() > 0:
        raise PlanningError("error.split_nobody", community=blocks.name, column=measure)
    return measure


def unit_sizes(blocks: Blocks, measure: Measure) -> npt.NDArray[np.int64]:
    """Return the size of each compound in whole units of the measure."""
    if measure == "area_m2":
        sizes = np.rint(blocks.cells.geometry.area.to_numpy(float))
    else:
        sizes = counts(blocks.cells, measure)
    whole: npt.NDArray[np.int64] = sizes.astype(np.int64)
    return whole


def part_limits(
    total: int, parts: int, measure: Measure, standard: Standard, *, tolerance: float | None = None
) -> Limits:
    """
    Return the limits of a part.

    Parameters
    ----------
    total
        Size of the community in the measure.
    parts
        How many parts.
    measure
        What is shared out.
    standard
        Rules used: ``split.tolerance``; for households ``community.max_households``,
        ``community.min_households``, and those of new communities before them
        (``community.new_max_households``, ``community.new_min_households``).
    tolerance
        In place of the standard's.

    Examples
    --------
    >>> from geoplan.standards.parse import load_standard
    >>> found = part_limits(4630, 2, "households", load_standard("default"))
    >>> found.lower, found.upper
    (1968, 2662)
    """
    allowed = standard.number("split.tolerance") if tolerance is None else tolerance
    if not 0 <= allowed < 1:
        raise PlanningError("error.split_tolerance", value=tolerance)
    lower, upper = even_limits(total, parts, allowed)
    hard_lower, hard_upper = 0, None
    most, least = _maximum(standard, measure), _minimum(standard, measure)
    if most is not None:
        limit = _in_units(most, measure)
        hard_upper = math.floor(limit) if most.comparison == "<=" else math.ceil(limit) - 1
        upper = min(upper, hard_upper)
    if least is not None:
        limit = Fraction(str(least.value))
        hard_lower = math.ceil(limit) if least.comparison == ">=" else math.floor(limit) + 1
        lower = max(lower, hard_lower)
    return Limits(measure, lower, upper, hard_lower, hard_upper, allowed)


def even_limits(total: int, parts: int, tolerance: float) -> tuple[int, int]:
    """
    Return the smallest and largest whole size within a tolerance of an even share.

    Examples
    --------
    >>> even_limits(2400, 2, 0.3)
    (840, 1560)
    """
    share, allowed = Fraction(total, parts), Fraction(str(tolerance))
    return math.ceil((1 - allowed) * share), math.floor((1 + allowed) * share)


def _maximum(standard: Standard, measure: Measure) -> Rule | None:
    if measure == "households":
        return standard.get("community.new_max_households") or standard.get("community.max_households")
    return standard.get("community.max_persons" if measure == "persons" else "community.max_area")


def _minimum(standard: Standard, measure: Measure) -> Rule | None:
    if measure != "households":
        return None
    return standard.get("community.new_min_households") or standard.get("community.min_households")


def _in_units(rule: Rule, measure: Measure) -> Fraction:
    value = Fraction(str(rule.value))
    return value * _M2_PER_KM2 if measure == "area_m2" else value
