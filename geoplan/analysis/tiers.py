"""Two tiers of centres: whom each covers, whose nearest each centre is, and who would miss it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.access import TwoStep, two_step_access, zone_weights
from geoplan.analysis.needs import centre_facilities
from geoplan.analysis.reach import combine_verdicts
from geoplan.analysis.tally import counts, rate, tally, total
from geoplan.model.result_tables import CENTRE_SERVICES, finish
from geoplan.model.study import Study
from geoplan.network.graph import FloatArray, IntArray
from geoplan.standards.standard import Standard
from geoplan.units import minutes_to_ms

__all__ = ["CentreTiers", "centre_tiers"]

_SUPPLIES = ("capacity", "floor_area_m2")
_SUBSTITUTION = "centre.district_serves_community_tier"


@dataclass(frozen=True, eq=False)
class CentreTiers:
    """Tables ``centre_tiers``, ``centre_load``, ``centre_overlaps`` and ``centre_access``."""

    tiers: pd.DataFrame
    load: pd.DataFrame
    overlaps: pd.DataFrame
    access: pd.DataFrame


def centre_tiers(
    study: Study, standard: Standard, reach: pd.DataFrame, times_ms: npt.NDArray[np.int64]
) -> CentreTiers:
    """
    Tell whom the two tiers of centres serve, together and centre by centre.

    Parameters
    ----------
    study
        Needs ``centres`` and ``residences``.
    standard
        Rules used: ``centre.minutes``, ``centre.district_serves_community_tier`` (which centres count for
        the community tier), ``access.weight_*``.
    reach
        Table ``reach`` with the centre services.
    times_ms
        ``geoplan.analysis.centres.centre_times``.

    Returns
    -------
    CentreTiers
        A catchment is exclusive: of centres equally near, the one with the lowest id. Sums leave out
        residences without a figure. The supply is ``capacity`` where any centre states it, else the floor
        area.
    """
    centres, residences = study.need("centres", "residences")
    people = _People.of(residences)
    limit_ms = minutes_to_ms(standard.number("centre.minutes"))
    parts = [_Service(study, standard, service, times_ms, people, limit_ms) for service in CENTRE_SERVICES]
    return CentreTiers(
        tiers=_tier_table(standard, residences, reach),
        load=finish(pd.concat([one.load(centres) for one in parts]), "centre_load"),
        overlaps=finish(pd.concat([one.overlaps(centres) for one in parts]), "centre_overlaps"),
        access=finish(pd.concat([one.access(residences, centres) for one in parts]), "centre_access"),
    )


@dataclass(frozen=True, eq=False)
class _People:
    persons: FloatArray
    households: FloatArray
    elderly: FloatArray

    @classmethod
    def of(cls, residences: gpd.GeoDataFrame) -> _People:
        return cls(*(counts(residences, one) for one in ("persons", "households", "elderly_persons")))


def _tier_table(standard: Standard, residences: gpd.GeoDataFrame, reach: pd.DataFrame) -> pd.DataFrame:
    verdict = {
        level: reach.loc[reach["service"] == f"centre_{level}", "verdict"].to_numpy(object)
        for level in ("district", "community", "any")
    }
    verdict["both"] = combine_verdicts(np.array([verdict["district"], verdict["community"]], dtype=object))
    elderly, persons = counts(residences, "elderly_persons"), counts(residences, "persons")
    minutes, substitution = standard.rule("centre.minutes"), standard.rule(_SUBSTITUTION)
    other = {"district": "community", "community": "district"}
    rows = []
    for tier in ("district", "community", "both", "any"):
        passed = verdict[tier] == "pass"
        alone = passed & (verdict[other[tier]] != "pass") if tier in other else np.zeros(len(passed), bool)
        known = total(elderly)
        rule = substitution if tier in ("community", "both") else minutes
        rows.append(
            {
                "tier": tier,
                **tally(residences, verdict[tier]),
                "elderly_pass": total(np.where(passed, elderly, 0.0)) if not np.isnan(known) else np.nan,
                "elderly_coverage_rate": rate(total(elderly[passed]), known),
                "persons_only": total(persons[alone]) if tier in other else np.nan,
                "rule": rule.id,
                "clause": rule.clause,
            }
        )
    return finish(pd.DataFrame(rows), "centre_tiers")


class _Service:
    """The centres that count for one service, and the residences within a walk of each."""

    def __init__(
        self,
        study: Study,
        standard: Standard,
        service: str,
        times_ms: npt.NDArray[np.int64],
        people: _People,
        limit_ms: int,
    ) -> None:
        (centres,) = study.need("centres")
        self.service, self.people = service, people
        self.rows: IntArray = np.flatnonzero(centre_facilities(centres, service, standard).to_numpy(bool))
        times = times_ms[self.rows]
        self.reached = times <= limit_ms
        self.count = self.reached.sum(axis=0)
        nearest = times.argmin(axis=0) if len(self.rows) else np.zeros(times.shape[1], np.int64)
        self.own = self.reached & (nearest == np.arange(len(self.rows))[:, None])
        self.supply_name = next((one for one in _SUPPLIES if not np.isnan(counts(centres, one)).all()), "")
        supply = counts(centres, self.supply_name)[self.rows]
        supplier, place = np.nonzero(self.reached)
        weights = zone_weights(times[supplier, place], limit_ms, standard)

        def shared(weights: FloatArray | None) -> TwoStep:
            return two_step_access(place, supplier, supply=supply, demand=people.persons, weights=weights)

        self.plain = shared(None)
        self.enhanced = None if weights is None else shared(weights)

    def load(self, centres: gpd.GeoDataFrame) -> pd.DataFrame:
        sole = self.reached & (self.count == 1)
        people = self.people
        frame = centres.iloc[self.rows].reindex(columns=["level", "name"]).reset_index(names="centre_id")
        frame["service"] = self.service

        def sums(figures: FloatArray, mask: npt.NDArray[np.bool_]) -> list[float]:
            return [total(figures[one]) for one in mask]

        frame["persons_reached"] = sums(people.persons, self.reached)
        frame["households_reached"] = sums(people.households, self.reached)
        frame["elderly_reached"] = sums(people.elderly, self.reached)
        frame["persons_catchment"] = sums(people.persons, self.own)
        frame["households_catchment"] = sums(people.households, self.own)
        frame["elderly_catchment"] = sums(people.elderly, self.own)
        frame["persons_shared"] = sums(people.persons, self.reached & (self.count > 1))
        frame["persons_sole"] = sums(people.persons, sole)
        frame["households_sole"] = sums(people.households, sole)
        for name in _SUPPLIES:
            frame[name] = counts(centres, name)[self.rows]
        frame["persons_per_place"] = _ratio(frame["persons_catchment"], frame["capacity"])
        hundreds = frame["households_catchment"].astype(float) / 100
        frame["area_per_100_households"] = _ratio(frame["floor_area_m2"], hundreds)
        frame["supply"] = self.supply_name
        frame["supply_ratio"] = self.plain.ratio
        return frame

    def overlaps(self, centres: gpd.GeoDataFrame) -> pd.DataFrame:
        ids = centres.index.to_numpy(object)[self.rows]
        rows = []
        for one, other in combinations(range(len(self.rows)), 2):
            both = self.reached[one] & self.reached[other]
            if both.any():
                rows.append(
                    {
                        "service": self.service,
                        "centre_id": ids[one],
                        "other_id": ids[other],
                        "residences": int(both.sum()),
                        "households": total(self.people.households[both]),
                        "persons": total(self.people.persons[both]),
                    }
                )
        columns = ["service", "centre_id", "other_id", "residences", "households", "persons"]
        return pd.DataFrame(rows, columns=columns)

    def access(self, residences: gpd.GeoDataFrame, centres: gpd.GeoDataFrame) -> pd.DataFrame:
        ids = np.array([*centres.index.to_numpy(object)[self.rows], None], dtype=object)
        first = self.reached.argmax(axis=0) if len(self.rows) else np.zeros(len(residences), np.int64)
        return pd.DataFrame(
            {
                "residence_id": residences.index.to_numpy(object),
                "service": self.service,
                "centres_within": self.count,
                "sole_centre_id": ids[np.where(self.count == 1, first, len(self.rows))],
                "access_2sfca": self.plain.score,
                "access_e2sfca": np.nan if self.enhanced is None else self.enhanced.score,
            }
        )


def _ratio(part: pd.Series, whole: pd.Series) -> FloatArray:
    above, below = part.to_numpy(float), whole.to_numpy(float)
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))
