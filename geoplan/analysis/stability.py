"""
How sure the figures are: the check run again with what nobody knows exactly set otherwise, one at a time.

The walking speed 57/67 and 80/67 of the pack's (57 and 80 m/min, where it states 67); half and twice the cap
on the way to the street; every gate open, every gate closed (an open one may lower a rate too: who then
meets the street behind it may walk longer). Rows set aside are bounded: all of their homes
pass, or none does, each with as many persons as a used home has on average. Facilities and streets set aside
are not bounded, as nobody knows where they are.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.counterfactual import closed_gates, with_gates_open
from geoplan.analysis.coverage import CoverageResult, coverage
from geoplan.analysis.tally import counts, rate, total
from geoplan.messages import text
from geoplan.model.result_tables import CENTRE_SERVICES, RESULT_TABLES, finish
from geoplan.model.stability_tables import VARIANTS
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import WalkNetwork
from geoplan.standards.standard import Standard

__all__ = ["Stability", "verdict_stability"]

_SPEED, _SLOWER, _FASTER = 67, 57, 80
"""The usual range of walking speeds [m/min], about the one that makes 15 minutes a kilometre."""
_ALL_FIVE = "coverage_rate_all_five"

Progress = Callable[[str, int, int], None]
Verdicts = dict[str, npt.NDArray[np.object_]]
"""Service, or `_ALL_FIVE` -> one verdict a residence."""


@dataclass(frozen=True, eq=False)
class Stability:
    """Tables ``stability`` and ``marginal``."""

    stability: pd.DataFrame
    marginal: pd.DataFrame


def verdict_stability(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    result: CoverageResult,
    *,
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
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    Stability
        ``stability``: each coverage rate of the study and of every community with its value under each
        variant, the lowest and the highest. ``marginal``: residences and services whose verdict changes.

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
    base = _verdicts(study, result)
    runs: dict[str, Verdicts] = {}
    for variant, walked, changed, rules in _variants(network, study, standard):
        if progress is not None:
            progress("stage.stability", len(runs), len(VARIANTS))
        runs[variant] = _verdicts(study, coverage(walked, changed, rules))
    return Stability(
        stability=_ranges(study, standard, base, runs), marginal=_marginal(study, result, base, runs)
    )


def _variants(
    network: WalkNetwork, study: Study, standard: Standard
) -> Iterator[tuple[str, WalkNetwork, Study, Standard]]:
    speed = standard.number("walking.speed")
    for name, usual in (("speed_slow", _SLOWER), ("speed_fast", _FASTER)):
        yield name, network, study, standard.override({"walking.speed": speed * usual / _SPEED})
    cap_m = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    for name, factor in (("snap_near", 0.5), ("snap_far", 2.0)):
        yield name, network, dataclasses.replace(study, max_snap_m=cap_m * factor), standard
    shut = closed_gates(study)
    if len(shut):
        opened = with_gates_open(study, shut)
        yield "gates_open", walk_network(opened), opened, standard
    (streets,) = study.need("streets")
    if "gate" in streets:
        gated = streets["gate"].notna()
        if len(shut) < gated.sum() < len(streets):
            closed = dataclasses.replace(
                study, streets=streets.assign(gate=streets["gate"].mask(gated, "closed"))
            )
            yield "gates_closed", walk_network(closed), closed, standard


def _verdicts(study: Study, result: CoverageResult) -> Verdicts:
    found = {}
    if study.facilities is not None:
        found[_ALL_FIVE] = result.completeness["verdict_all_five"].to_numpy(object)
    for service, rows in result.reach.groupby("service", sort=False):
        found[str(service)] = rows["verdict"].to_numpy(object)
    return found


def _ranges(study: Study, standard: Standard, base: Verdicts, runs: dict[str, Verdicts]) -> pd.DataFrame:
    (residences,) = study.need("residences")
    persons = counts(residences, "persons")
    units = [("study", study.study_id, study.name, np.ones(len(residences), bool))]
    if study.communities is not None and "community_id" in residences:
        names = study.communities.reindex(columns=["name"])["name"]
        home = residences["community_id"].to_numpy(object)
        units += [("communities", one, name, home == one) for one, name in names.items()]
    aside = study.quarantine[study.quarantine["effect"] == "set_aside"]
    lost = aside.loc[aside["table"] == "residences", "row"].nunique()
    rows = []
    for unit_table, unit_id, name, inside in units:
        own = persons[inside]
        for key, verdict in base.items():
            indicator, label = _indicator(study, standard, key)
            row = {"value": _rate(verdict[inside], own)}
            row |= {one: _rate(runs[one][key][inside], own) if one in runs else math.nan for one in VARIANTS}
            row |= _set_aside(verdict[inside], own, lost if unit_table == "study" else 0)
            known = [one for one in row.values() if not math.isnan(one)]
            rows.append(
                {
                    "unit_table": unit_table, "unit_id": unit_id, "name": name, "indicator": indicator,
                    "label": label, **row, "low": min(known, default=math.nan),
                    "high": max(known, default=math.nan),
                }
            )  # fmt: skip
    columns = [column.name for column in RESULT_TABLES["stability"].columns]  # without rows too
    return finish(pd.DataFrame(rows, columns=columns), "stability")


def _indicator(study: Study, standard: Standard, key: str) -> tuple[str, str]:
    """Return the headline's key and label of a service's coverage rate."""
    if key == _ALL_FIVE:
        return key, text(f"headline.{key}", study.lang)
    if key in CENTRE_SERVICES:
        name = f"coverage_rate_{key.removeprefix('centre_')}_centre"
        return name, text(f"headline.{name}", study.lang)
    category = next(one for one in standard.categories if one.id == key)
    label = text("headline.coverage_rate_by_category", study.lang)
    return f"coverage_rate_by_category.{key}", f"{label} · {category.name(study.lang)}"


def _rate(verdict: npt.NDArray[np.object_], persons: npt.NDArray[np.float64]) -> float:
    return rate(total(persons[verdict == "pass"]), total(persons))


def _set_aside(
    verdict: npt.NDArray[np.object_], persons: npt.NDArray[np.float64], lost: int
) -> dict[str, float]:
    """Return the rate if no home set aside passes, and if all do."""
    known = persons[~np.isnan(persons)]
    if not lost or not len(known):
        return {"quarantine_low": math.nan, "quarantine_high": math.nan}
    more = lost * float(known.mean())
    passing = total(persons[verdict == "pass"])
    whole = float(known.sum()) + more
    return {"quarantine_low": rate(passing, whole), "quarantine_high": rate(passing + more, whole)}


def _marginal(
    study: Study, result: CoverageResult, base: Verdicts, runs: dict[str, Verdicts]
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
