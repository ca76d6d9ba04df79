"""
How sure the figures are: the check run again with what nobody knows exactly set otherwise, one at a time.

=====================  =====================================================================================
``speed_slow, _fast``  walking speed times 57/67 and 80/67 (57 and 80 m/min where the pack states 67)
``snap_near, _far``    half and twice the cap on the way to the street
``gates_open``         every closed gate open (that may lower a rate too: who then meets the street behind it
                       may walk longer)
``gates_closed``       every gate closed that is open today
``hours_open``         every gate with opening hours open, as by day; the others as they are
``hours_closed``       every gate with opening hours closed, as by night; one that is open ``24/7`` has none
``quarantine_*``       rows set aside, bounded: `geoplan.analysis.set_aside`
=====================  =====================================================================================

Every variant and bound stands for itself: nothing is said of two at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from geoplan.analysis.coverage import CoverageResult, coverage
from geoplan.analysis.stability_figures import Figures, Verdicts, verdicts_of
from geoplan.model.result_tables import finish
from geoplan.model.stability_tables import VARIANTS
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import WalkNetwork
from geoplan.standards.standard import Standard

__all__ = ["Stability", "verdict_stability"]

_SPEEDS = (57 / 67, 80 / 67)
"""The usual range of walking speeds, 57 to 80 m/min, about the one that makes 15 minutes a kilometre."""
_SNAPS = (0.5, 2.0)
_ALWAYS = "24/7"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Stability:
    """Tables ``stability`` and ``marginal``, and the ranges of the headline that walks decide."""

    stability: pd.DataFrame
    marginal: pd.DataFrame
    headline: pd.DataFrame


def verdict_stability(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    result: CoverageResult,
    *,
    speed_factors: tuple[float, float] = _SPEEDS,
    snap_factors: tuple[float, float] = _SNAPS,
    progress: Progress | None = None,
) -> Stability:
    """
    Tell how far coverage rates and verdicts move with what nobody knows exactly.

    Parameters
    ----------
    network, study, standard
        As in `geoplan.analysis.coverage.coverage`.
    result
        What that found.
    speed_factors, snap_factors
        The slower and the faster walk, and the nearer and the farther cap, as multiples of the standard's.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    Stability
        ``stability``: each coverage rate of the study and of every community, by persons and by households,
        with its value under each variant and bound, the lowest and the highest. ``marginal``: residences and
        services whose verdict a variant changes. ``headline``: the same for figures of the headline.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/monaco"), geoplan.load_standard("default")
    >>> network = geoplan.walk_network(study)
    >>> found = verdict_stability(network, study, standard, geoplan.coverage(network, study, standard))
    >>> row = found.stability.iloc[0]
    >>> bool(row["speed_slow"] <= row["value"] <= row["speed_fast"])
    True
    """
    base = verdicts_of(study, result)
    runs: dict[str, Verdicts] = {}
    for variant, walked, changed, rules in _variants(network, study, standard, speed_factors, snap_factors):
        if progress is not None:
            progress("stage.stability", len(runs), len(VARIANTS))
        runs[variant] = verdicts_of(study, coverage(walked, changed, rules))
    figures = Figures(study, standard, result.reach, base, runs)
    return Stability(
        stability=figures.rates(),
        marginal=_marginal(study, result, base, runs),
        headline=figures.headline(),
    )


def _variants(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    speed_factors: tuple[float, float],
    snap_factors: tuple[float, float],
) -> Iterator[tuple[str, WalkNetwork, Study, Standard]]:
    speed = standard.number("walking.speed")
    for name, factor in zip(("speed_slow", "speed_fast"), speed_factors, strict=True):
        yield name, network, study, standard.override({"walking.speed": speed * factor})
    cap_m = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    for name, factor in zip(("snap_near", "snap_far"), snap_factors, strict=True):
        yield name, network, dataclasses.replace(study, max_snap_m=cap_m * factor), standard
    for name, gates in _gates(study).items():
        changed = dataclasses.replace(study, streets=study.need("streets")[0].assign(gate=gates))
        yield name, walk_network(changed), changed, standard


def _gates(study: Study) -> dict[str, pd.Series]:
    """Return column ``gate`` of each variant that says anything: some gate is meant, some street is left."""
    (streets,) = study.need("streets")
    gate, hours = (
        streets[one].astype(object) if one in streets else pd.Series(None, index=streets.index, dtype=object)
        for one in ("gate", "gate_hours")
    )
    gate = gate.where(gate.notna(), None)
    limited = hours.notna() & (hours.astype(str).str.strip() != _ALWAYS)
    found: dict[str, pd.Series] = {}
    if (gate == "closed").any():
        found["gates_open"] = gate.mask(gate == "closed", "open")
    if (gate == "open").any():
        found["gates_closed"] = gate.mask(gate.notna(), "closed")
    if limited.any():
        found["hours_open"] = gate.mask(limited, "open")
        found["hours_closed"] = gate.mask(limited, "closed")
    return {name: one for name, one in found.items() if not (one == "closed").all()}


def _marginal(
    study: Study, result: CoverageResult, base: Verdicts, runs: Mapping[str, Verdicts]
) -> pd.DataFrame:
    (residences,) = study.need("residences")
    about = pd.DataFrame(residences.reindex(columns=["community_id", "name", "persons", "households"]))
    changed = pd.Series("", index=result.reach.index, dtype="str")
    for variant in runs:
        for service, rows in result.reach.groupby("service", sort=False):
            other = runs[variant][str(service)] != base[str(service)]
            changed[rows.index[other]] += f",{variant}"
    rows = result.reach.assign(variants=changed.str.removeprefix(","))
    rows = rows[rows["variants"] != ""].join(about.rename_axis(None), on="residence_id")
    rows = rows.sort_values(["residence_id", "service"], kind="stable")
    return finish(rows, "marginal")
