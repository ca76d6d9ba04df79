"""Figures under every variant of the check, and under the bounds on rows set aside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.coverage import CoverageResult
from geoplan.analysis.set_aside import SetAside, rows_set_aside, unbounded
from geoplan.analysis.tally import counts
from geoplan.messages import text
from geoplan.model.result_tables import CENTRE_SERVICES, RESULT_TABLES, finish
from geoplan.model.stability_tables import BOUNDS, VARIANTS
from geoplan.model.study import Study
from geoplan.network.graph import BoolArray, FloatArray
from geoplan.standards.standard import Standard

__all__ = ["Figures", "Verdicts", "headline_ranges", "verdicts_of"]

Verdicts = dict[str, npt.NDArray[np.object_]]
"""Service, `_ALL_FIVE` or `_BUFFER` -> one verdict a residence."""

_ALL_FIVE = "coverage_rate_all_five"
_BUFFER = "buffer_coverage_rate_any_centre"
_COUNTS = {
    "residences_all_five": ("pass", "residences"),
    "residences_unknown_all_five": ("unknown", "residences"),
    "persons_all_five": ("pass", "persons"),
    "persons_unknown_all_five": ("unknown", "persons"),
    "households_all_five": ("pass", "households"),
}
"""Figures of the headline that count: which verdict, and what."""
_MORE = {
    "residences": ("", "residences"),
    "communities": ("", "communities"),
    "oversized": ("size_unknown", "communities"),
    "undersized": ("size_unknown", "communities"),
    "size_unknown": ("", "communities"),
    "premises_below_minimum": ("premises_unknown", "premises"),
    "premises_unknown": ("", "premises"),
    "centres_district": ("", "centres"),
    "centres_community": ("", "centres"),
}
"""Counts that no walk decides: the figure of those unknown, and the table whose rows set aside may add."""


def verdicts_of(study: Study, result: CoverageResult) -> Verdicts:
    """Return what a check decided, residence by residence."""
    found = {}
    homes = result.completeness
    if study.facilities is not None:
        found[_ALL_FIVE] = homes["verdict_all_five"].to_numpy(object)
    for service, rows in result.reach.groupby("service", sort=False):
        found[str(service)] = rows["verdict"].to_numpy(object)
    if study.centres is not None:
        within = homes["buffer_any_centre"].to_numpy(dtype=bool, na_value=False)
        found[_BUFFER] = np.where(within, "pass", "fail").astype(object)
    return found


class Figures:
    """
    The figures of a study and its communities, under every variant and bound.

    Parameters
    ----------
    study, standard
        What was decided, and by which rules.
    reach
        Table ``reach``.
    base, runs
        The verdicts of the check, and of each variant.
    """

    def __init__(
        self,
        study: Study,
        standard: Standard,
        reach: pd.DataFrame,
        base: Verdicts,
        runs: Mapping[str, Verdicts],
    ) -> None:
        (residences,) = study.need("residences")
        self.study, self.standard, self.base, self.runs = study, standard, base, runs
        self.aside = SetAside(study, standard, reach)
        self.lost = rows_set_aside(study)
        self.people = {one: counts(residences, one) for one in ("persons", "households")}
        self.people["residences"] = np.ones(len(residences))
        self.units: list[tuple[str, str, str | None]] = [("study", study.study_id, study.name)]
        self.owner = np.full(len(residences), -1)
        if study.communities is not None and "community_id" in residences:
            names = study.communities.reindex(columns=["name"])["name"]
            self.units += [("communities", str(one), name) for one, name in names.items()]
            self.owner = names.index.get_indexer(residences["community_id"])

    def rates(self) -> pd.DataFrame:
        """Return table ``stability``."""
        parts = []
        for key in (one for one in self.base if one != _BUFFER):
            for people, prefix in (("persons", ""), ("households", "household_")):
                indicator, label = self._named(key, prefix)
                frame = pd.DataFrame(self.units, columns=["unit_table", "unit_id", "name"])
                told = self._under(key, "pass", people, share=True)
                frame = frame.assign(indicator=indicator, label=label, **told)
                frame["low"], frame["high"] = _least(told.values()), _most(told.values())
                parts.append(frame.assign(unbounded=unbounded(self.study)))
        columns = [column.name for column in RESULT_TABLES["stability"].columns]  # without rows too
        frame = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
        return finish(frame.sort_index(kind="stable"), "stability")  # unit by unit, as they are numbered

    def headline(self) -> pd.DataFrame:
        """Return ``low``, ``high``, and what they come from, of the headline's figures that walks decide."""
        asked = []
        for key in self.base:
            asked.append((self._named(key, "")[0], key, "pass", "persons", True))
            if key == _ALL_FIVE:
                asked.append((self._named(key, "household_")[0], key, "pass", "households", True))
                asked += [(name, key, *how, False) for name, how in _COUNTS.items()]
            elif key != _BUFFER and key not in CENTRE_SERVICES:
                asked.append((f"unknown_rate_by_category.{key}", key, "unknown", "persons", True))
        rows = {}
        for indicator, key, verdict, people, share in asked:
            told = self._under(key, verdict, people, share=share)
            known = {name: float(values[0]) for name, values in told.items() if not math.isnan(values[0])}
            low, high = (pick(known, key=lambda one: known[one], default="") for pick in (min, max))
            rows[indicator] = {
                "low": known.get(low, math.nan),
                "high": known.get(high, math.nan),
                "low_by": "" if low == "value" else low,
                "high_by": "" if high == "value" else high,
            }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high", "low_by", "high_by"])

    def _named(self, key: str, prefix: str) -> tuple[str, str]:
        """Return the key and label of a service's coverage rate, as in the headline."""
        lang = self.study.lang
        if key in (_ALL_FIVE, _BUFFER):
            return f"{prefix}{key}", text(f"headline.{prefix}{key}", lang)
        if key in CENTRE_SERVICES:
            name = f"coverage_rate_{key.removeprefix('centre_')}_centre"
            label = text(f"headline.{name}", lang)
        else:
            category = next(one for one in self.standard.categories if one.id == key)
            name = f"coverage_rate_by_category.{key}"
            label = f"{text('headline.coverage_rate_by_category', lang)} · {category.name(lang)}"
        return prefix + name, text("stability.by_households", lang, label=label) if prefix else label

    def _sums(self, values: FloatArray) -> FloatArray:
        """Return the sum over the study, then over each community."""
        inside = self.owner >= 0
        parts = np.bincount(self.owner[inside], values[inside], len(self.units) - 1)
        return np.concatenate([[values.sum()], parts])

    def _under(self, key: str, verdict: str, people: str, *, share: bool) -> dict[str, FloatArray]:
        """Return a figure as reported (``value``), under each variant and each bound, unit by unit."""
        known = ~np.isnan(self.people[people])
        weight = np.where(known, self.people[people], 0.0)
        whole = self._sums(weight)
        told = np.where(self._sums(known.astype(float)) > 0, 0.0, np.nan)  # a sum of unknowns is none

        def figure(some: FloatArray, of: FloatArray) -> FloatArray:
            if not share:
                return some + told
            return np.asarray(np.divide(some, of, out=np.full(len(of), np.nan), where=of > 0))

        def counted(verdicts: Verdicts) -> FloatArray:
            return self._sums(weight * (verdicts[key] == verdict))

        some, nothing = counted(self.base), np.full(len(whole), np.nan)
        found = {"value": figure(some, whole)}
        for one in VARIANTS:
            found[one] = figure(counted(self.runs[one]), whole) if one in self.runs else nothing
        found |= dict.fromkeys(BOUNDS, nothing)
        homes = self.lost.get("residences", 0)
        if homes and known.any():
            more = homes * float(weight[known].mean())
            found["quarantine_low"] = np.where(whole > 0, figure(some, whole + more), np.nan)
            found["quarantine_high"] = np.where(whole > 0, figure(some + more, whole + more), np.nan)
        if verdict == "unknown":
            if self._places_lost(key) or "streets" in self.lost:  # they may make known what is not
                found["places_high"] = figure(0.0 * some, whole)
            return found
        failing = np.where(self.base[key] == verdict, 0.0, weight)
        if self._places_lost(key):
            most = np.minimum(self._sums(failing), self.aside.helped(self._service(key), failing))
            found["places_high"] = figure(some + most, whole)
        if "streets" in self.lost and key != _BUFFER:
            found["streets_high"] = figure(self._sums(weight * self._straight[key]), whole)
        return found

    def _service(self, key: str) -> str | None:
        return None if key == _ALL_FIVE else "centre_any" if key == _BUFFER else key

    def _places_lost(self, key: str) -> bool:
        return ("centres" if self._service(key) in CENTRE_SERVICES else "facilities") in self.lost

    @cached_property
    def _straight(self) -> dict[str, BoolArray]:
        """Return who passes each service, or would if streets led straight everywhere."""
        found: dict[str, BoolArray] = {}
        for key, verdict in self.base.items():
            if key not in (_ALL_FIVE, _BUFFER):
                found[key] = (verdict == "pass") | self.aside.by_air(key)
        categories = [found[key] for key in found if key not in CENTRE_SERVICES]
        if _ALL_FIVE in self.base:
            found[_ALL_FIVE] = np.logical_and.reduce(categories)
        return found


def _least(columns: Iterable[FloatArray]) -> FloatArray:
    return np.asarray(np.fmin.reduce(list(columns)))


def _most(columns: Iterable[FloatArray]) -> FloatArray:
    return np.asarray(np.fmax.reduce(list(columns)))


def headline_ranges(study: Study, figures: pd.DataFrame, decided: pd.DataFrame | None) -> pd.DataFrame:
    """
    Tell between which values each figure of the headline lies.

    Parameters
    ----------
    study
        Its quarantine says what was set aside.
    figures
        ``indicator`` and ``value``: the headline.
    decided
        ``Stability.headline``; None if no walks were decided.

    Returns
    -------
    The figures with ``low``, ``high``, ``low_by``, ``high_by`` and ``unbounded`` beside them. Those that
    walks decide lie between the lowest and the highest of all variants and bounds. Counts are bounded by what
    is unknown and by rows set aside, each of which may add one; persons and households, by as many as a used
    row has on average. A figure that is not known has no range.
    """
    lost = rows_set_aside(study)
    values = pd.Series(figures["value"].astype(float).to_numpy(), index=figures["indicator"])
    people = study.residences if study.residences is not None else study.communities
    rows = []
    for indicator, value in values.items():
        low, high, low_by, high_by, open_ended = value, value, "", "", ""
        if decided is not None and indicator in decided.index:
            low, high, low_by, high_by = decided.loc[indicator]
            open_ended = unbounded(study)
        elif indicator in ("persons", "households") and people is not None:
            own = counts(people, str(indicator))
            aside = lost.get("residences" if people is study.residences else "communities", 0)
            more = aside * float(own[~np.isnan(own)].mean()) if aside and not np.isnan(own).all() else 0.0
            high, high_by = value + more, "set_aside" if more else ""
        elif indicator in _MORE:
            unsure, table = _MORE[str(indicator)]
            doubts = {"unknown": float(values.get(unsure, 0.0)), "set_aside": float(lost.get(table, 0))}
            high += sum(one for one in doubts.values() if one > 0)
            high_by = ",".join(name for name, one in doubts.items() if one > 0)
        rows.append((low, high, low_by, high_by, open_ended))
    names = ["low", "high", "low_by", "high_by", "unbounded"]
    return figures.join(pd.DataFrame(rows, columns=names, index=figures.index))
