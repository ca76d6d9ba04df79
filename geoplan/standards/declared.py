"""The rules the code reads, declared once: a pack may state these and no others."""

from __future__ import annotations

from geoplan.standards.standard import Comparison

__all__ = ["RULES"]

_AT_MOST: tuple[Comparison, ...] = ("<=", "<")
_AT_LEAST: tuple[Comparison, ...] = (">=", ">")
_WALK: tuple[Comparison, ...] = ("<=",)
_EXACT: tuple[Comparison, ...] = ("=",)

RULES: dict[str, tuple[str, tuple[Comparison, ...]]] = {
    "circle.minutes": ("min", _WALK),
    "circle.non_inclusion": ("yes/no", _EXACT),
    "centre.minutes": ("min", _WALK),
    "centre.district_serves_community_tier": ("yes/no", _EXACT),
    "walking.speed": ("m/min", _EXACT),
    "walking.steps_factor": ("ratio", _EXACT),
    "walking.slope_rate": ("ratio", _EXACT),
    "walking.slope_shift": ("ratio", _EXACT),
    "walking.crossing_delay": ("s", _EXACT),
    "walking.max_snap": ("m", _WALK),
    "walking_elder.speed": ("m/min", _EXACT),
    "walking_elder.steps_factor": ("ratio", _EXACT),
    "walking_elder.crossing_delay": ("s", _EXACT),
    "centre.min_floor_area_district": ("m²", _AT_LEAST),
    "centre.min_floor_area_community": ("m²", _AT_LEAST),
    "access.weight_near": ("ratio", _EXACT),
    "access.weight_middle": ("ratio", _EXACT),
    "access.weight_far": ("ratio", _EXACT),
    "matching.low_below": ("ratio", _AT_LEAST),
    "matching.high_above": ("ratio", _AT_MOST),
    "community.max_households": ("household", _AT_MOST),
    "community.min_households": ("household", _AT_LEAST),
    "community.max_persons": ("person", _AT_MOST),
    "community.max_area": ("km²", _AT_MOST),
    "community.new_max_households": ("household", _AT_MOST),
    "community.new_min_households": ("household", _AT_LEAST),
    "split.complete": ("yes/no", _EXACT),
    "split.contiguous": ("yes/no", _EXACT),
    "split.tolerance": ("ratio", _WALK),
    "split.max_walk": ("min", _WALK),
    "split.area_max_households": ("household", _AT_MOST),
    "split.weight_lane": ("ratio", _EXACT),
    "split.weight_street": ("ratio", _EXACT),
    "split.weight_arterial": ("ratio", _EXACT),
    "split.weight_railway": ("ratio", _EXACT),
    "split.weight_river": ("ratio", _EXACT),
    "split.weight_expressway": ("ratio", _EXACT),
    "split.weight_wall": ("ratio", _EXACT),
    "phasing.years": ("count", _EXACT),
    "phasing.splits_per_year": ("count", _AT_MOST),
    "phasing.premises_per_year": ("count", _AT_MOST),
    "phasing.weight_severity": ("ratio", _EXACT),
    "phasing.weight_premises": ("ratio", _EXACT),
    "phasing.weight_plan": ("ratio", _EXACT),
    "phasing.weight_network": ("ratio", _EXACT),
    "premises.min_floor_area": ("m²", _AT_LEAST),
    "premises.area_per_100_households": ("m²/100 households", _AT_LEAST),
}
"""Rule id -> unit, and the comparisons that make sense for it."""

for _level, _measures in (
    (15, ("persons", "households")),
    (10, ("persons", "households")),
    (5, ("persons",)),
):
    RULES[f"circle_{_level}.max_walk_m"] = ("m", _WALK)
    for _measure in _measures:
        RULES[f"circle_{_level}.min_{_measure}"] = (_measure.removesuffix("s"), _AT_LEAST)
        RULES[f"circle_{_level}.max_{_measure}"] = (_measure.removesuffix("s"), _AT_MOST)
