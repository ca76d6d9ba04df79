"""
Why a residence does not pass: one cause for each residence and service, decided by running the engine again.

The first of these that holds is the cause; the cheapest to cure stand first.

==================  ====================================================================================
``unknown_data``    no rows of the kind, in a layer not declared complete
``bad_snap``        home, or everything of the kind, met no street; or it passes once every place meets its
                    nearest street however far, and legs beyond half the cap take no time
``no_facility``     fewer exist than are needed, in a layer declared complete
``closed_gate``     passes once the gates named are open, and no others
``severed``         passes once what is named is gone (`geoplan.analysis.counterfactual`): one barrier, or
                    two, or a barrier and a gate
``speed_profile``   passes at the default walking profile
``none_near``       a straight line at walking speed takes too long already
``detour``          the rest: near by air, too far along the streets, or no walk at all
==================  ====================================================================================

Which gates and barriers are tried: each that could help, alone (`geoplan.analysis.trials`); of several that
do, the one with the quickest walk is named. Then sets of gates, the smallest first; a gate and a barrier; two
barriers. Each trial is a study of its own, read by the same engine, and a thing is named only if the
home passes in it. How many are tried is bounded by `_FEW` and `_MOST_TRIED`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.cause_rows import cause_table, causes_by_service, obstacle_table
from geoplan.analysis.counterfactual import (
    barrier_of_row,
    closed_gates,
    with_gates_open,
    with_nothing_in_the_way,
)
from geoplan.analysis.coverage import CoverageResult
from geoplan.analysis.obstacles import (
    Crossed,
    barriers_walked_across,
    gates_walked_through,
    on_either_street,
)
from geoplan.analysis.reach import PlacesOnNetwork, place_on_network
from geoplan.analysis.straight import nearest_by_air
from geoplan.analysis.trials import Candidates, Change, Touches, Trial, Trials, answers_in, passing
from geoplan.model.study import Study
from geoplan.network.graph import BoolArray, WalkNetwork
from geoplan.network.snap import Snaps
from geoplan.standards.standard import Standard
from geoplan.units import metres_to_ms, minutes_to_ms

__all__ = ["CauseResult", "find_causes"]

_FAR_SHARE = 0.5
"""A leg beyond this share of the cap is far, as in the network check."""
_ROUNDING_MINUTES = 0.005
"""A bound on walks may be off by the rounding of a street's pieces to the millisecond."""
_FEW = 5
"""All sets of so few gates (or pairs of barriers) are tried; of more, those on the quickest walk."""
_MOST_TRIED = 20
"""Pairs of barriers, or of a gate and a barrier, tried for one home and service."""


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
        self.trials = Trials(study, standard, self.rows, places)

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
        answers = answers_in(network, study, self.standard, eased, self.rows[rows])
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
        opened = with_gates_open(self.study, shut)
        hopeful = self._hopeful(opened, self.rows.index[self._open()])
        if not len(hopeful):
            return
        touches = self.trials.touches(self._gate_shapes(shut), hopeful)
        self._settle_quickest("closed_gate", "street_id", touches, lambda gates: Change(gates=gates))
        rest = hopeful[self._open()[hopeful]]
        walked = self._gates_on_the_way(opened, shut, rest)
        sets = {row: _sets(near, walked.get(row, [])) for row, near in _by_row(touches, rest).items()}
        tried = {row: [Change(gates=one) for one in several] for row, several in sets.items()}
        for change, _, answers in self.trials.first_that_passes(tried):
            self.rows.loc[answers.index, "street_id"] = ",".join(change.gates)
            self._settle("closed_gate", answers)

    def _gate_shapes(self, shut: pd.Index) -> dict[str, shapely.Geometry]:
        return dict(self.study.need("streets")[0].geometry.loc[shut])

    def _hopeful(self, free: Study, index: pd.Index) -> pd.Index:
        """Return the rows that may pass with some obstacles away, given the study with none of them."""
        streets, today = free.need("streets")[0], self.study.need("streets")[0]
        added = {*closed_gates(self.study), *streets.index[~streets.index.isin(today.index)]}

        def placed(network: WalkNetwork, part: Study, standard: Standard) -> PlacesOnNetwork:
            return on_either_street(network, part, standard, added=added, barriers=self.study.barriers)

        answers = self.trials.run(free, index, placed).answers
        limit = self.rows.loc[index, "limit_minutes"].to_numpy(float)
        return index[answers["minutes"].to_numpy(float) <= limit + _ROUNDING_MINUTES]

    def _gates_on_the_way(self, opened: Study, shut: pd.Index, index: pd.Index) -> dict[int, list[str]]:
        """Return the gates on the walks of the rows that pass with every gate open."""
        if not len(index):
            return {}
        trial = self.trials.run(opened, index)
        return gates_walked_through(self.trials.walks(trial, index[passing(trial)]), set(shut))

    def ask_the_barriers(self) -> None:
        """Settle what passes once a barrier is gone; or two, or a barrier and a gate."""
        barrier = barrier_of_row(self.study.barriers)
        index = self.rows.index[self._open()]
        if not len(barrier) or not len(index):
            return
        barriers = self.study.need("barriers")[0]
        shapes = {
            name: shapely.union_all(barriers.geometry.loc[own.index].to_numpy())
            for name, own in barrier.groupby(barrier)
        }
        free = with_nothing_in_the_way(self.study)
        touches = self.trials.touches(shapes, index)
        index = pd.Index(sorted(set().union(*touches.values())))
        if not len(index):
            return
        index = self._hopeful(free, index)
        touches = {name: own for name, rows in touches.items() if len(own := rows.intersection(index))}
        self._settle_quickest(
            "severed", "barrier_id", touches, lambda gone: Change(barriers=gone),
            lambda trial, by: self._named(trial, by.map(lambda name: (name,)), barrier),
        )  # fmt: skip
        tried = self._pairs(free, touches, index[self._open()[index]], barrier)
        for change, trial, answers in self.trials.first_that_passes(tried):
            gone = pd.Series([change.barriers] * len(answers), index=answers.index)
            self.rows.loc[answers.index, "barrier_id"] = self._named(trial, gone, barrier)
            self.rows.loc[answers.index, "street_id"] = ",".join(change.gates) or None
            self._settle("severed", answers)

    def _pairs(self, free: Study, touches: Touches, rest: pd.Index, barrier: pd.Series) -> Candidates:
        """Return two things to take away for each row: a gate and a barrier first, then two barriers."""
        if not len(rest):
            return {}
        shut = closed_gates(self.study)
        trial = self.trials.run(free, rest)
        index = rest[passing(trial)]
        gates = gates_walked_through(self.trials.walks(trial, index), set(shut))
        crossed = self._crossed(trial, index, barrier)
        near = _by_row(touches, rest)
        ways = _by_row(self.trials.touches(self._gate_shapes(shut), rest), rest)
        tried: Candidates = {}
        for row in rest:
            names = _few(near.get(row, []), crossed.get(row, {}))
            shutting = _few(ways.get(row, []), gates.get(row, []))
            pairs = [Change((gate,), (name,)) for gate in shutting for name in names]
            pairs += [Change(barriers=two) for two in combinations(names, 2)]
            tried[row] = pairs[:_MOST_TRIED]
        return tried

    def _named(self, trial: Trial, gone: pd.Series, barrier: pd.Series) -> pd.Series:
        """Return the ids to name barriers by: of each, the lowest of its rows that the walks cross."""
        crossed = self._crossed(trial, gone.index, barrier)
        named = [
            ",".join(sorted(crossed.get(row, {}).get(one, one) for one in names))
            for row, names in gone.items()
        ]
        return pd.Series(named, index=gone.index, dtype=object)

    def _crossed(self, trial: Trial, index: pd.Index, barrier: pd.Series) -> Crossed:
        lines = trial.study.need("streets")[0].geometry
        links = lines[~lines.index.isin(self.study.need("streets")[0].index)]
        walks = self.trials.walks(trial, index)
        return barriers_walked_across(walks, links, self.study.need("barriers")[0], barrier)

    def ask_the_default_profile(self, network: WalkNetwork) -> None:
        """Settle what passes at the default walking profile."""
        rows = self._open()
        if not self.standard.displaced or not rows.any():
            return
        default = self.standard.with_profile("default")
        study = _only(self.study, self.rows[rows])
        answers = answers_in(
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

    def _settle_quickest(
        self,
        cause: str,
        column: str,
        touches: Touches,
        changed: Callable[[tuple[str, ...]], Change],
        named: Callable[[Trial, pd.Series], pd.Series] | None = None,
    ) -> None:
        """Settle what passes by one change alone: of several, by that with the quickest walk."""
        found = []
        for trial, by in self.trials.each_alone(touches, changed):
            names = by if named is None else named(trial, by)
            found.append(trial.answers.loc[by.index].assign(by=by, named=names))
        if found:
            every = pd.concat(found).rename_axis("row").reset_index()
            first = every.sort_values(["row", "minutes", "by"]).drop_duplicates("row").set_index("row")
            self.rows.loc[first.index, column] = first["named"].astype(object)
            self._settle(cause, first)

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


def _by_row(touches: Touches, index: pd.Index) -> dict[int, list[str]]:
    """Return what could help each of some rows, ascending."""
    near: dict[int, list[str]] = {}
    for name in sorted(touches):
        for row in touches[name].intersection(index):
            near.setdefault(int(row), []).append(name)
    return near


def _few(near: list[str], on_the_way: Iterable[str]) -> list[str]:
    """Return what to try in pairs, ascending: what is on the quickest walk, and all that is near if few."""
    return sorted({*on_the_way, *(near if len(near) <= _FEW else ())})


def _sets(near: list[str], on_the_way: list[str]) -> list[tuple[str, ...]]:
    """Return sets of gates to open, the smallest first, and of these those on the way."""
    few = near if len(near) <= _FEW else on_the_way if len(on_the_way) <= _FEW else []
    sets = [one for size in range(2, len(few) + 1) for one in combinations(sorted(few), size)]
    if len(on_the_way) > 1:
        sets.append(tuple(sorted(on_the_way)))
    sets.sort(key=lambda one: (len(one), not set(one) <= set(on_the_way), one))
    return list(dict.fromkeys(sets))
