"""
Trials: would residences that do not pass today do so in another study?

A trial is the whole check on the changed study, on the part of it that the residences asked about can reach.
Of many changes, each is tried alone for all whom it could help; what helps nobody in common is tried in one
run: the walk of whoever passes in it touches no other change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.counterfactual import study_around, with_gates_open, without_barriers
from geoplan.analysis.needs import service_parts
from geoplan.analysis.obstacles import needed_walks
from geoplan.analysis.reach import PlacesOnNetwork, place_on_network, reach_table
from geoplan.analysis.straight import doors_of
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import BoolArray, FloatArray, WalkNetwork
from geoplan.network.walking import fastest_m_per_min
from geoplan.network.walks import Walk
from geoplan.standards.standard import Standard

__all__ = ["Candidates", "Change", "Touches", "Trial", "Trials", "answers_in", "passing"]


class Change(NamedTuple):
    """Closed gates (by their streets) that are opened and barriers that are taken away, together."""

    gates: tuple[str, ...] = ()
    barriers: tuple[str, ...] = ()

    def made_in(self, study: Study) -> Study:
        """Return the study so changed."""
        opened = with_gates_open(study, self.gates) if self.gates else study
        return without_barriers(opened, self.barriers) if self.barriers else opened


Candidates = dict[int, list[Change]]
"""Row -> what to try, in order."""
Touches = dict[str, pd.Index]
"""Gate or barrier -> the rows that could be helped without it."""
Placing = Callable[[WalkNetwork, Study, Standard], PlacesOnNetwork]

_MARGIN = 1.01
"""On how far anybody walks: edges are rounded to the millisecond."""


@dataclass(frozen=True, eq=False)
class Trial:
    """
    One run.

    Parameters
    ----------
    study, network, places
        The part of the changed study that was walked.
    answers
        ``verdict``, ``minutes`` and ``nearest_id`` of the rows asked about.
    """

    study: Study
    network: WalkNetwork
    places: PlacesOnNetwork
    answers: pd.DataFrame


class Trials:
    """
    The runs of one inquiry.

    Parameters
    ----------
    study, standard
        What was decided, and by which rules.
    rows
        Rows of ``reach``, indexed by number.
    places
        The study's places on its network.
    """

    def __init__(self, study: Study, standard: Standard, rows: pd.DataFrame, places: PlacesOnNetwork) -> None:
        self.study, self.standard, self.cap_m = study, standard, places.max_snap_m
        self.rows = rows[["residence_id", "service", "limit_minutes"]]
        longest = float(rows["limit_minutes"].max()) if len(rows) else 0.0
        self.reach_m = longest * fastest_m_per_min(standard) * _MARGIN
        legs = [one.snap_m for one in (places.facilities, places.centres) if one is not None]
        leg_m = np.nan_to_num(np.concatenate(legs), nan=self.cap_m).max(initial=0.0) if legs else 0.0
        # a street that opens elsewhere may draw a place away from the street it is reached by
        self.touch_m = self.reach_m + 2 * float(leg_m)

    def run(self, study: Study, index: pd.Index, placed: Placing = place_on_network) -> Trial:
        """Decide some rows in a changed study, the places on its network as ``placed`` puts them."""
        homes = pd.Index(self.rows.loc[index, "residence_id"].unique())
        part = study_around(study, homes, reach_m=self.reach_m, max_snap_m=self.cap_m)
        network = walk_network(part)
        places = placed(network, part, self.standard)
        return Trial(
            part, network, places, answers_in(network, part, self.standard, places, self.rows.loc[index])
        )

    def walks(self, trial: Trial, index: pd.Index) -> dict[int, list[Walk]]:
        """Return the walks of rows that pass in a trial to what they need."""
        return needed_walks(trial.network, trial.study, self.standard, trial.places, self.rows.loc[index])

    def touches(self, shapes: Mapping[str, shapely.Geometry], index: pd.Index) -> Touches:
        """
        Tell which rows a change at some place could help.

        Parameters
        ----------
        shapes
            Where each change is.
        index
            Rows to look at.

        Returns
        -------
        Whoever passes through a change walks to it and on to what they need, in no less than straight lines.
        """
        names, where = list(shapes), np.array(list(shapes.values()), dtype=object)
        (residences,) = self.study.need("residences")
        doors = doors_of(residences)
        rows = self.rows.loc[index]
        home = residences.index.get_indexer(rows["residence_id"])
        found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        for service in rows["service"].unique():
            at = np.flatnonzero((rows["service"] == service).to_numpy(bool))
            onward = self._to_nearest(where, service)
            shape, which = shapely.STRtree(doors[home[at]]).query(where, "dwithin", self.touch_m)
            metres = shapely.distance(where[shape], doors[home[at][which]]) + onward[shape]
            near = metres <= self.touch_m
            found.append((shape[near], at[which[near]]))
        if not found:
            return {}
        shape, at = (np.concatenate(one) for one in zip(*found, strict=True))
        order = np.lexsort((at, shape))
        shape, at = shape[order], at[order]
        cuts = np.searchsorted(shape, np.arange(len(names) + 1))
        return {
            name: rows.index[at[low:high]]
            for name, low, high in zip(names, cuts[:-1], cuts[1:], strict=True)
            if high > low
        }

    def _to_nearest(self, where: npt.NDArray[np.object_], service: str) -> FloatArray:
        """Return how far each shape is from the nearest place that counts for a service [m]."""
        metres = np.full(len(where), np.inf)
        for part in service_parts(self.study, self.standard, service):
            doors = doors_of(self.study.need(part.table)[0])[part.rows]
            shape, distance = shapely.STRtree(doors).query_nearest(
                where, all_matches=False, return_distance=True
            )
            metres[shape[0]] = np.minimum(metres[shape[0]], distance)
        return metres

    def each_alone(
        self, touches: Touches, changed: Callable[[tuple[str, ...]], Change]
    ) -> Iterator[tuple[Trial, pd.Series]]:
        """
        Try each change on its own.

        Parameters
        ----------
        touches
            Whom each could help.
        changed
            Makes the change of some gates, or of some barriers.

        Yields
        ------
        trial, by
            ``by``: row that passes -> the change it passes by.
        """
        batches: list[list[str]] = []
        taken: list[set[int]] = []
        for name in sorted(touches):
            own = set(touches[name])
            at = next((at for at, rows in enumerate(taken) if rows.isdisjoint(own)), len(batches))
            if at == len(batches):
                batches.append([])
                taken.append(set())
            batches[at].append(name)
            taken[at] |= own
        for batch in batches:
            by = pd.concat([pd.Series(name, index=touches[name]) for name in batch]).sort_index()
            trial = self.run(changed(tuple(batch)).made_in(self.study), by.index)
            yield trial, by[passing(trial)]

    def first_that_passes(self, tried: Candidates) -> Iterator[tuple[Change, Trial, pd.DataFrame]]:
        """Yield changes with the answers of the rows they let pass; a row stops at its first that does."""
        waiting = dict(tried)
        for turn in range(max((len(one) for one in tried.values()), default=0)):
            groups: dict[Change, list[int]] = {}
            for row, changes in waiting.items():
                if turn < len(changes):
                    groups.setdefault(changes[turn], []).append(row)
            for change, members in sorted(groups.items()):
                trial = self.run(change.made_in(self.study), pd.Index(sorted(members)))
                answers = trial.answers[passing(trial)]
                for row in answers.index:
                    del waiting[row]
                if len(answers):
                    yield change, trial, answers


def passing(trial: Trial) -> BoolArray:
    """Tell the rows of a trial that pass in it."""
    return np.asarray((trial.answers["verdict"] == "pass").to_numpy(bool))


def answers_in(
    network: WalkNetwork, study: Study, standard: Standard, places: PlacesOnNetwork, rows: pd.DataFrame
) -> pd.DataFrame:
    """
    Return ``verdict``, ``minutes`` and ``nearest_id`` of rows, as decided in another study.

    Parameters
    ----------
    network, study, standard, places
        What is walked there.
    rows
        Columns ``residence_id`` and ``service``.
    """
    asked = rows["service"].unique()
    decided = pd.concat([reach_table(network, study, standard, places, one) for one in asked])
    decided = decided.set_index(["residence_id", "service"])[["verdict", "minutes", "nearest_id"]]
    found = decided.loc[pd.MultiIndex.from_frame(rows[["residence_id", "service"]])]
    return found.set_axis(rows.index)
