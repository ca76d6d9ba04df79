"""
Why a residence does not pass: one cause for each residence and service, decided by running the engine again.

The first of these that holds is the cause; the cheapest to cure stand first.

==================  ====================================================================================
``unknown_data``    no rows of the kind, in a layer not declared complete
``bad_snap``        home, or everything of the kind, met no street; or it passes once every place meets its
                    nearest street however far, and legs beyond half the cap take no time
``no_facility``     fewer exist than are needed, in a layer declared complete
``closed_gate``     passes once the gates named are open, and no others
``severed``         passes once the barrier named is gone (`geoplan.analysis.counterfactual`)
``speed_profile``   passes at the default walking profile
``none_near``       a straight line at walking speed takes too long already
``detour``          the rest: near by air, too far along the streets, or no walk at all
==================  ====================================================================================

Which gates and barriers are tried: those on the quickest walk when all gates are open, or all barriers gone;
each alone in the order of walking, then (gates only) all of them. Each is a study of its own, read by the
same engine, and named only if the home passes in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.analysis.cause_rows import cause_table, causes_by_service, obstacle_table
from geoplan.analysis.counterfactual import (
    barrier_of_row,
    closed_gates,
    study_around,
    with_gates_open,
    without_barriers,
)
from geoplan.analysis.coverage import CoverageResult
from geoplan.analysis.obstacles import (
    Candidates,
    barriers_walked_across,
    gates_walked_through,
    needed_walks,
)
from geoplan.analysis.reach import PlacesOnNetwork, place_on_network, reach_table
from geoplan.analysis.straight import nearest_by_air
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import BoolArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.network.walking import fastest_m_per_min
from geoplan.network.walks import Walk
from geoplan.standards.standard import Standard
from geoplan.units import metres_to_ms, minutes_to_ms

__all__ = ["CauseResult", "find_causes"]

_FAR_SHARE = 0.5
"""A leg beyond this share of the cap is far, as in the network check."""
_MARGIN = 1.01
"""On how far anybody walks: edges are rounded to the millisecond."""


@dataclass(frozen=True, eq=False)
class CauseResult:
    """Tables ``causes``, ``causes_by_service`` and ``obstacles``."""

    causes: gpd.GeoDataFrame
    by_service: pd.DataFrame
    obstacles: gpd.GeoDataFrame


def find_causes(
    network: WalkNetwork, study: Study, standard: Standard, covered: CoverageResult
) -> CauseResult:
    """
    Tell why each residence and service of ``reach`` does not pass.

    Parameters
    ----------
    network, study, standard
        What coverage was decided with.
    covered
        ``coverage(network, study, standard)``.

    Returns
    -------
    CauseResult
        ``causes`` has one row for each row of ``reach`` that does not pass, in that order; the line is the
        walk of today to ``place_id``, or the straight line where none leads there or none is near.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> network = geoplan.walk_network(study)
    >>> covered = geoplan.coverage(network, study, standard)
    >>> found = geoplan.find_causes(network, study, standard, covered)
    >>> len(found.causes), int((covered.reach["verdict"] != "pass").sum())
    (3202, 3202)
    """
    places = covered.places
    inquiry = _Inquiry(study, standard, covered.reach, places)
    inquiry.ask_the_data()
    inquiry.ask_the_snaps(network, places)
    inquiry.ask_the_gates()
    inquiry.ask_the_barriers()
    inquiry.ask_the_default_profile(network)
    inquiry.ask_the_air()
    rows = inquiry.rows
    causes = cause_table(network, study, places, rows)
    return CauseResult(causes, causes_by_service(causes), obstacle_table(study, causes))


class _Inquiry:
    """The rows that do not pass, and what is known of each so far."""

    def __init__(
        self, study: Study, standard: Standard, reach: pd.DataFrame, places: PlacesOnNetwork
    ) -> None:
        self.study, self.standard, self.cap_m = study, standard, places.max_snap_m
        self.rows = reach[reach["verdict"] != "pass"].reset_index(drop=True)
        for name in ("cause", "barrier_id", "street_id", "place_id"):
            self.rows[name] = pd.Series(None, index=self.rows.index, dtype=object)
        self.rows["minutes_counterfactual"] = np.nan
        fastest = fastest_m_per_min(standard)
        self.reach_m = float(self.rows["limit_minutes"].max()) * fastest * _MARGIN if len(self.rows) else 0.0

    def _open(self) -> BoolArray:
        """Tell the rows without a cause yet."""
        return np.asarray(self.rows["cause"].isna().to_numpy(bool))

    def ask_the_data(self) -> None:
        """Settle what reach itself says: unknown data, places off the streets, too few facilities."""
        said = self.rows["reason"].map(
            {
                "reason.no_data": "unknown_data",
                "reason.residence_not_on_network": "bad_snap",
                "reason.not_on_network": "bad_snap",
                "reason.no_facility": "no_facility",
                "reason.too_few": "no_facility",
            }
        )
        self.rows["cause"] = said.astype(object).where(said.notna(), None)

    def ask_the_snaps(self, network: WalkNetwork, places: PlacesOnNetwork) -> None:
        """Settle what passes once no place is off the streets or far from them."""
        rows = self._open()
        known = [one for one in (places.residences, places.facilities, places.centres) if one is not None]
        far = [~(snaps.snap_m <= _FAR_SHARE * self.cap_m) for snaps in known]
        if not rows.any() or not any(one.any() for one in far):
            return
        study = _only(self.study, self.rows[rows])
        lifted = place_on_network(
            network, dataclasses.replace(study, max_snap_m=_widest_m(study)), self.standard
        )
        eased = dataclasses.replace(
            lifted,
            residences=self._eased(lifted.residences),
            facilities=None if lifted.facilities is None else self._eased(lifted.facilities),
            centres=None if lifted.centres is None else self._eased(lifted.centres),
        )
        answers = _answers(network, study, self.standard, eased, self.rows[rows])
        self._settle("bad_snap", answers[answers["verdict"] == "pass"])

    def _eased(self, snaps: Snaps) -> Snaps:
        """Return the snaps with far legs, those within the cap, of no length."""
        far = (snaps.snap_m > _FAR_SHARE * self.cap_m) & (snaps.snap_m <= self.cap_m)
        return dataclasses.replace(snaps, snap_m=np.where(far, 0.0, snaps.snap_m))

    def ask_the_gates(self) -> None:
        """Settle what passes once gates are open."""
        shut = closed_gates(self.study)
        if not len(shut) or not self._open().any():
            return
        _, walks = self._passing(with_gates_open(self.study, shut))
        tried = gates_walked_through(walks, set(shut))
        for street_ids, answers in self._first_that_passes(
            tried, lambda gates: with_gates_open(self.study, gates)
        ):
            self.rows.loc[answers.index, "street_id"] = ",".join(street_ids)
            self._settle("closed_gate", answers)

    def ask_the_barriers(self) -> None:
        """Settle what passes once one barrier is gone."""
        barrier = barrier_of_row(self.study.barriers)
        if not len(barrier) or not self._open().any():
            return
        everything = without_barriers(self.study, barrier.unique(), each_alone=True)
        links, walks = self._passing(everything)
        tried, crossed = barriers_walked_across(walks, links, self.study.need("barriers")[0], barrier)
        for names, answers in self._first_that_passes(tried, lambda gone: without_barriers(self.study, gone)):
            self.rows.loc[answers.index, "barrier_id"] = [crossed[row, names[0]] for row in answers.index]
            self._settle("severed", answers)

    def ask_the_default_profile(self, network: WalkNetwork) -> None:
        """Settle what passes at the default walking profile."""
        rows = self._open()
        if not self.standard.displaced or not rows.any():
            return
        default = self.standard.with_profile("default")
        study = _only(self.study, self.rows[rows])
        answers = _answers(
            network, study, default, place_on_network(network, study, default), self.rows[rows]
        )
        self._settle("speed_profile", answers[answers["verdict"] == "pass"])

    def ask_the_air(self) -> None:
        """Settle the rest by the straight line, and give every row without a place the nearest by air."""
        place, air_m = nearest_by_air(self.study, self.standard, self.rows)
        speed = self.standard.number("walking.speed")
        air_ms = metres_to_ms(np.nan_to_num(air_m), speed_m_per_min=speed)
        lacks = self.rows["place_id"].isna().to_numpy(bool)
        self.rows.loc[lacks, "place_id"] = place[lacks]
        rows = self._open()
        limit = np.array([minutes_to_ms(one) for one in self.rows["limit_minutes"]], np.int64)
        self.rows.loc[rows, "cause"] = np.where(air_ms > limit, "none_near", "detour")[rows]

    def _around(self, study: Study, rows: pd.Index) -> Study:
        homes = pd.Index(self.rows.loc[rows, "residence_id"].unique())
        return study_around(study, homes, reach_m=self.reach_m, max_snap_m=self.cap_m)

    def _passing(self, study: Study) -> tuple[gpd.GeoSeries, dict[int, list[Walk]]]:
        """Return the streets another study has more, and the walks of the open rows that pass in it."""
        rows = self.rows[self._open()]
        part = self._around(study, rows.index)
        network = walk_network(part)
        places = place_on_network(network, part, self.standard)
        answers = _answers(network, part, self.standard, places, rows)
        passing = rows[(answers["verdict"] == "pass").to_numpy(bool)]
        lines = part.need("streets")[0].geometry
        more = lines[~lines.index.isin(self.study.need("streets")[0].index)]
        return more, needed_walks(network, part, self.standard, places, passing)

    def _first_that_passes(
        self, tried: Candidates, changed: Callable[[tuple[str, ...]], Study]
    ) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
        """Yield candidates with the rows that they let pass; a row stops at its first that does."""
        waiting = dict(tried)
        for turn in range(max((len(one) for one in tried.values()), default=0)):
            groups: dict[tuple[str, ...], list[int]] = {}
            for row, candidates in waiting.items():
                if turn < len(candidates):
                    groups.setdefault(candidates[turn], []).append(row)
            for candidate, members in sorted(groups.items()):
                index = pd.Index(sorted(members))
                study = self._around(changed(candidate), index)
                network = walk_network(study)
                places = place_on_network(network, study, self.standard)
                answers = _answers(network, study, self.standard, places, self.rows.loc[index])
                answers = answers[answers["verdict"] == "pass"]
                for row in answers.index:
                    del waiting[row]
                if len(answers):
                    yield candidate, answers

    def _settle(self, cause: str, answers: pd.DataFrame) -> None:
        self.rows.loc[answers.index, "cause"] = cause
        self.rows.loc[answers.index, "minutes_counterfactual"] = answers["minutes"]
        self.rows.loc[answers.index, "place_id"] = answers["nearest_id"].astype(object)


def _only(study: Study, rows: pd.DataFrame) -> Study:
    """Return the study with no other residences than those of some rows."""
    (residences,) = study.need("residences")
    return dataclasses.replace(
        study, residences=residences.loc[residences.index.isin(rows["residence_id"].unique())]
    )


def _widest_m(study: Study) -> float:
    """Return a distance beyond which nothing of a study lies from anything else [m]."""
    tables = [study.table(name) for name in ("streets", "residences", "facilities", "centres")]
    bounds = np.array([table.total_bounds for table in tables if table is not None and len(table)])
    low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
    return float(np.hypot(*(high - low))) + 1.0


def _answers(
    network: WalkNetwork, study: Study, standard: Standard, places: PlacesOnNetwork, rows: pd.DataFrame
) -> pd.DataFrame:
    """Return ``verdict``, ``minutes`` and ``nearest_id`` of rows, as decided in another study."""
    asked = rows["service"].unique()
    decided = pd.concat([reach_table(network, study, standard, places, one) for one in asked])
    decided = decided.set_index(["residence_id", "service"])[["verdict", "minutes", "nearest_id"]]
    found = decided.loc[pd.MultiIndex.from_frame(rows[["residence_id", "service"]])]
    return found.set_axis(rows.index)
