"""How evenly people reach services: walks by persons, who is served worst, and facilities against people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.access import two_step_access
from geoplan.analysis.needs import service_parts
from geoplan.analysis.reach import PlacesOnNetwork
from geoplan.analysis.tally import counts
from geoplan.analysis.units import Unit, units_of
from geoplan.model.access_tables import PEOPLE
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import FloatArray, WalkNetwork
from geoplan.network.lists import ListedPlaces
from geoplan.network.times import within
from geoplan.standards.standard import Rule, Standard

__all__ = ["Spread", "matching", "spread_of", "walk_distribution"]

_PER_PERSONS = 10_000


@dataclass(frozen=True, slots=True)
class Spread:
    """
    How the walks of some persons are spread; NaN where a figure cannot be told.

    Parameters
    ----------
    mean, gini
        Over persons with a way [min, ratio].
    median, p90
        Least time within which half, nine tenths of all persons walk [min].
    worst_tenth
        Mean over the tenth of all persons that walk longest [min].
    """

    mean: float
    median: float
    p90: float
    worst_tenth: float
    gini: float


def spread_of(minutes: FloatArray, persons: FloatArray) -> Spread:
    """
    Measure how walks are spread over persons.

    Parameters
    ----------
    minutes
        Walks [min]; NaN is a walk without end.
    persons
        How many walk each; none missing.

    Examples
    --------
    >>> spread_of(np.array([5.0, 15.0]), np.array([9.0, 1.0]))
    Spread(mean=6.0, median=5.0, p90=5.0, worst_tenth=15.0, gini=0.15)
    >>> spread_of(np.array([5.0, np.nan]), np.array([1.0, 1.0]))
    Spread(mean=5.0, median=5.0, p90=nan, worst_tenth=nan, gini=0.0)
    """
    asked = persons > 0
    order = np.argsort(minutes[asked], kind="stable")  # those without end come last
    walk, weight = minutes[asked][order], persons[asked][order]
    if not len(walk):
        return Spread(*[float("nan")] * 5)
    upto = np.cumsum(weight)
    known = ~np.isnan(walk)
    return Spread(
        mean=_mean(walk[known], weight[known]),
        median=float(walk[np.searchsorted(2 * upto, upto[-1])]),
        p90=float(walk[np.searchsorted(10 * upto, 9 * upto[-1])]),
        worst_tenth=_worst_tenth(walk, weight, upto),
        gini=_gini(walk[known], weight[known]),
    )


def _mean(walk: FloatArray, weight: FloatArray) -> float:
    return float((walk * weight).sum() / weight.sum()) if len(walk) else float("nan")


def _worst_tenth(walk: FloatArray, weight: FloatArray, upto: FloatArray) -> float:
    tenth = upto[-1] / 10
    longer = upto[-1] - upto  # persons who walk longer
    share = np.clip(tenth - longer, 0, weight)
    return float((walk[share > 0] * share[share > 0]).sum() / tenth)


def _gini(walk: FloatArray, weight: FloatArray) -> float:
    """Return half the mean difference of two persons' walks, over the mean walk."""
    total = float((walk * weight).sum())
    if not len(walk) or total <= 0:
        return 0.0 if len(walk) else float("nan")
    before = np.cumsum(weight) - weight
    after = weight.sum() - before - weight
    return float((walk * weight * (before - after)).sum() / (weight.sum() * total))


def walk_distribution(study: Study, reach: pd.DataFrame) -> pd.DataFrame:
    """
    Return how the walks to each service are spread over persons.

    Parameters
    ----------
    study
        Needs ``residences`` with ``persons``; ``elderly_persons`` tells the elderly from the others.
    reach
        Table ``reach``.

    Returns
    -------
    distribution
        By unit (the study, subdistricts, communities), service, and people. Residences without a figure
        for a group are in none of its sums; groups nobody of whom is known have no row.
    """
    (residences,) = study.need("residences")
    persons, elderly = counts(residences, "persons"), counts(residences, "elderly_persons")
    groups = dict(zip(PEOPLE, (persons, elderly, persons - elderly), strict=True))
    units = units_of(study)
    rows = []
    for service, own in reach.groupby("service", sort=False):
        minutes, verdict = own["minutes"].to_numpy(float), own["verdict"].to_numpy(object)
        for unit in units:
            for people, weight in groups.items():
                at = unit.residences[~np.isnan(weight[unit.residences])]
                if not len(at):
                    continue
                sure = at[verdict[at] != "unknown"]
                spread = spread_of(minutes[sure], weight[sure])
                rows.append(
                    {
                        **_unit(unit, str(service)),
                        "people": people,
                        "persons": weight[sure].sum(),
                        "persons_unreached": weight[sure][np.isnan(minutes[sure])].sum(),
                        "persons_unknown": weight[at].sum() - weight[sure].sum(),
                        "mean_minutes": spread.mean,
                        "median_minutes": spread.median,
                        "p90_minutes": spread.p90,
                        "worst_tenth_minutes": spread.worst_tenth,
                        "gini": spread.gini,
                    }
                )
    columns = ["unit_table", "unit_id", "name", "service", "people", "persons", "persons_unreached",
               "persons_unknown", "mean_minutes", "median_minutes", "p90_minutes", "worst_tenth_minutes",
               "gini"]  # fmt: skip
    return finish(pd.DataFrame(rows, columns=columns), "distribution")


def _unit(unit: Unit, service: str) -> dict[str, object]:
    return {"unit_table": unit.table, "unit_id": unit.id, "name": unit.name or None, "service": service}


def matching(
    network: WalkNetwork, study: Study, standard: Standard, reach: pd.DataFrame, places: PlacesOnNetwork
) -> pd.DataFrame:
    """
    Tell where facilities are many or few for the people who share them (高配、适配、低配、漏配).

    Parameters
    ----------
    network, study, standard
        What coverage was decided with. Rules used: ``matching.low_below``, ``matching.high_above``; a pack
        without them gives no rows.
    reach, places
        Of its result.

    Returns
    -------
    matching
        By community and subdistrict, and service. Every facility counts as one and is shared by all who
        walk to it within the limit (2SFCA); the unit's mean over persons is held against the study's.
        ``missing``: nobody in the unit reaches any. ``unknown``: no data, or no persons known.
    """
    low, high = standard.get("matching.low_below"), standard.get("matching.high_above")
    if low is None or high is None:
        return finish(_matches([]), "matching")
    (residences,) = study.need("residences")
    persons = counts(residences, "persons")
    whole, *units = units_of(study)
    rows: list[dict[str, object]] = []
    for service, own in reach.groupby("service", sort=False):
        verdict = own["verdict"].to_numpy(object)
        known = ~np.isnan(persons) & (verdict != "unknown")
        score = _facilities_per_person(network, study, standard, str(service), places, persons)
        mean = _mean_over(score, persons, known, whole)
        for unit in units:
            here = _mean_over(score, persons, known, unit)
            match, rule = _match(here, mean, low, high)
            rows.append(
                {
                    **_unit(unit, str(service)),
                    "persons": persons[unit.residences][known[unit.residences]].sum(),
                    "per_10k_persons": here * _PER_PERSONS,
                    "quotient": here / mean if mean > 0 else np.nan,
                    "match": match,
                    "rule": rule.id,
                    "clause": rule.clause,
                    "status": rule.status,
                }
            )
    return finish(_matches(rows), "matching")


def _matches(rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = ["unit_table", "unit_id", "name", "service", "persons", "per_10k_persons", "quotient", "match",
               "rule", "clause", "status"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _match(here: float, mean: float, low: Rule, high: Rule) -> tuple[str, Rule]:
    if np.isnan(here):
        return "unknown", low
    if here == 0 or not mean > 0:
        return "missing", low
    if not low.passes(here / mean):
        return "low", low
    return ("suitable", low) if high.passes(here / mean) else ("high", high)


def _mean_over(score: FloatArray, persons: FloatArray, known: npt.NDArray[np.bool_], unit: Unit) -> float:
    at = unit.residences[known[unit.residences]]
    return (
        float((score[at] * persons[at]).sum() / persons[at].sum()) if persons[at].sum() > 0 else float("nan")
    )


def _facilities_per_person(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    service: str,
    places: PlacesOnNetwork,
    persons: FloatArray,
) -> FloatArray:
    score = np.zeros(len(persons))
    for part in service_parts(study, standard, service):
        targets = places.of(part.table).only(part.rows)
        lists: ListedPlaces = within(
            network, places.costs, places.residences, targets, limit_ms=part.limit_ms
        )
        supplier = np.repeat(np.arange(len(part.rows)), np.diff(lists.indptr))
        score += two_step_access(lists.place, supplier, supply=np.ones(len(part.rows)), demand=persons).score
    return score
