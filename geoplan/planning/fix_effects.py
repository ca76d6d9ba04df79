"""What a fix changes: verdicts and walks before and after, and the people behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.tally import counts, total
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.network.graph import BoolArray, FloatArray
from geoplan.planning.fix_walks import Decided
from geoplan.units import ms_to_minutes

__all__ = ["ANY_SERVICE", "Effect", "People", "gained_of"]

ANY_SERVICE = "any"
"""Stands for every service: a household counts once, however many it gains."""
_SAME_MINUTES = 0.01
"""As in a comparison: a cut in a street may move a walk by the rounding of its parts."""


@dataclass(frozen=True, eq=False)
class People:
    """
    Whose verdicts are at stake: the rows of ``residences``, or of ``communities`` for rules on premises.

    Parameters
    ----------
    table
        Name of that table.
    ids, names
        Row by row.
    households, persons, elderly_persons
        NaN where not known.
    """

    table: str
    ids: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    households: FloatArray
    persons: FloatArray
    elderly_persons: FloatArray

    @classmethod
    def of(cls, table: str, frame: pd.DataFrame) -> People:
        """Return the people of a table."""
        names = frame["name"] if "name" in frame else pd.Series(None, index=frame.index, dtype=object)
        return cls(
            table, frame.index.to_numpy(object), names.to_numpy(object),
            *(counts(frame, one) for one in ("households", "persons", "elderly_persons")),
        )  # fmt: skip


def gained_of(before: npt.NDArray[np.object_], after: npt.NDArray[np.object_]) -> BoolArray:
    """Tell who failed and passes; whose verdict was unknown is no gain."""
    return np.asarray((before == "fail") & (after == "pass"))


@dataclass(frozen=True, eq=False)
class Effect:
    """
    Verdicts and walks with and without a fix.

    Parameters
    ----------
    people
        Whose they are.
    before, after
        Of the services that the fix touches, ``all_five`` among them if it touches a category.
    """

    people: People
    before: Decided
    after: Decided

    def _changed(self, one: str, other: str) -> dict[str, BoolArray]:
        return {
            service: np.asarray((self.before[service][1] == one) & (verdict == other))
            for service, (_, verdict) in self.after.items()
        }

    @cached_property
    def gained(self) -> Mapping[str, BoolArray]:
        """Service -> who failed and passes."""
        return self._changed("fail", "pass")

    @cached_property
    def lost(self) -> Mapping[str, BoolArray]:
        """Service -> who passed and does no more."""
        return {
            service: np.asarray((self.before[service][1] == "pass") & (verdict != "pass"))
            for service, (_, verdict) in self.after.items()
        }

    @cached_property
    def unknown(self) -> Mapping[str, BoolArray]:
        """Service -> who passes, and of whom it was not known."""
        return self._changed("unknown", "pass")

    def who(self, masks: Mapping[str, BoolArray], service: str = ANY_SERVICE) -> BoolArray:
        """Return the people of one service, or of any (all categories together apart)."""
        nobody = np.zeros(len(self.people.ids), bool)
        if service != ANY_SERVICE:
            return masks.get(service, nobody)
        some = [mask for one, mask in masks.items() if one != ALL_CATEGORIES]
        return np.asarray(np.logical_or.reduce([nobody, *some]))

    @property
    def helps(self) -> bool:
        """Whether anybody passes anything who did not."""
        return bool(self.who(self.gained).any() or self.who(self.unknown).any())

    def figures(self, service: str = ANY_SERVICE) -> dict[str, Any]:
        """Return the counts of a service, or of any: gained, lost, unknown before."""
        gained, lost, unknown = (self.who(masks, service) for masks in (self.gained, self.lost, self.unknown))
        unknown = unknown & ~gained
        people = self.people
        return {
            "residences_gained": int(gained.sum()),
            "households_gained": _count(people.households[gained]),
            "persons_gained": _count(people.persons[gained]),
            "elderly_persons_gained": _count(people.elderly_persons[gained]),
            "residences_lost": int(lost.sum()),
            "households_lost": _count(people.households[lost]),
            "persons_lost": _count(people.persons[lost]),
            "residences_unknown": int(unknown.sum()),
            "households_unknown": _count(people.households[unknown]),
        }

    def services_gained(self) -> list[str]:
        """Return the services that somebody gains, most households first; unknown before if nobody does."""
        masks = self.gained if self.who(self.gained).any() else self.unknown
        weight = np.nan_to_num(self.people.households)
        some = [one for one, mask in masks.items() if one != ALL_CATEGORIES and mask.any()]
        return sorted(some, key=lambda one: (-weight[masks[one]].sum(), -int(masks[one].sum())))

    def changes(self) -> pd.DataFrame:
        """Return the rows that differ, as in table ``fix_changes`` without ``fix_id``."""
        parts = [self._rows(service) for service in self.after]
        columns = ["table", "id", "service", "name", "households", "persons", "change", "verdict_before",
                   "verdict_after", "minutes_before", "minutes_after"]  # fmt: skip
        return pd.concat([pd.DataFrame(columns=columns), *(one for one in parts if len(one))])

    def _rows(self, service: str) -> pd.DataFrame:
        (before_ms, before), (after_ms, after) = self.before[service], self.after[service]
        minutes = [ms_to_minutes(before_ms), ms_to_minutes(after_ms)]
        walks = [np.nan_to_num(one, nan=np.inf) for one in minutes]
        kinds = {
            "gain": (after == "pass") & (before != "pass"),
            "loss": (before == "pass") & (after != "pass"),
            "other": before != after,
            "shorter": walks[1] < walks[0] - _SAME_MINUTES,
            "longer": walks[1] > walks[0] + _SAME_MINUTES,
        }
        change = np.select([mask.astype(bool) for mask in kinds.values()], list(kinds), "").astype(object)
        at = np.flatnonzero(change != "")
        return pd.DataFrame(
            {
                "table": self.people.table,
                "id": self.people.ids[at],
                "service": service,
                "name": self.people.names[at],
                "households": self.people.households[at],
                "persons": self.people.persons[at],
                "change": change[at],
                "verdict_before": before[at],
                "verdict_after": after[at],
                "minutes_before": minutes[0][at],
                "minutes_after": minutes[1][at],
            }
        )


def _count(values: FloatArray) -> Any:
    found = total(values)
    return pd.NA if np.isnan(found) else int(found)
