"""Premises that are too small: how large they must be, and whose rule is then met."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.analysis.premises import check_premises
from geoplan.analysis.reach import combine_verdicts
from geoplan.analysis.tally import counts
from geoplan.model.study import Study
from geoplan.network.graph import FloatArray
from geoplan.planning.edits import ResizePremises
from geoplan.planning.fix_effects import Effect, People
from geoplan.planning.fix_walks import Decided
from geoplan.planning.study_edits import edit_study
from geoplan.standards.standard import Rule, Standard
from geoplan.units import UNREACHED_MS

__all__ = ["PREMISES_RULES", "enlarged_premises", "premises_people", "premises_verdicts", "target_area_m2"]

PREMISES_RULES = ("premises.min_floor_area", "premises.area_per_100_households")
"""Stand in column ``service`` for the rules on premises."""


def premises_people(study: Study) -> People:
    """Return the communities that have premises; where one states no counts, those of its homes."""
    (premises,) = study.need("premises")
    owners = premises["community_id"].dropna() if "community_id" in premises else []
    ids = pd.Index(sorted(set(owners)), dtype="str")
    communities = study.communities if study.communities is not None else pd.DataFrame(index=ids)
    frame = pd.DataFrame(index=ids)
    frame["name"] = communities["name"].reindex(ids) if "name" in communities else None
    homes = study.residences
    for column in ("households", "persons", "elderly_persons"):
        stated = pd.Series(counts(communities, column), index=communities.index).reindex(ids)
        if homes is not None and "community_id" in homes:
            own = pd.Series(counts(homes, column)).groupby(homes["community_id"].to_numpy(object))
            stated = stated.fillna(own.sum(min_count=1).reindex(ids))
        frame[column] = stated
    return People.of("communities", frame)


def premises_verdicts(study: Study, standard: Standard, people: People) -> Decided:
    """
    Return the verdict of each community on each rule of `PREMISES_RULES`: all its premises must pass.

    Parameters
    ----------
    study
        Needs ``premises``; ``communities`` for the rule by households.
    standard
        Those rules.
    people
        `premises_people`.
    """
    (premises,) = study.need("premises")
    checks = check_premises(premises, standard, communities=study.communities)
    owner = pd.Index(people.ids).get_indexer(checks["community_id"])
    nowhere = np.full(len(people.ids), UNREACHED_MS)
    found: Decided = {}
    for rule, column in zip(PREMISES_RULES, ("verdict", "household_verdict"), strict=True):
        verdict = checks[column].to_numpy(object)
        every = [combine_verdicts(verdict[owner == at][:, None])[0] for at in range(len(people.ids))]
        found[rule] = nowhere, np.array(every, dtype=object)
    return found


def enlarged_premises(study: Study, standard: Standard) -> list[tuple[ResizePremises, Effect]]:
    """
    Return each premises known to be too small, enlarged to what the rules ask for, and what that changes.

    Parameters
    ----------
    study
        Needs ``premises``.
    standard
        Rules used: `PREMISES_RULES`.
    """
    (premises,) = study.need("premises")
    people = premises_people(study)
    before = premises_verdicts(study, standard, people)
    checks = check_premises(premises, standard, communities=study.communities)
    target = target_area_m2(checks, standard)
    found = []
    for premises_id, area in zip(checks.index, target, strict=True):
        if math.isnan(area):
            continue
        edit = ResizePremises(str(premises_id), float(area))
        after = premises_verdicts(edit_study(study, edit, ""), standard, people)
        found.append((edit, Effect(people, before, after)))
    return found


def target_area_m2(checks: gpd.GeoDataFrame, standard: Standard) -> FloatArray:
    """
    Return the floor area, in whole m², at which each premises meets every rule it is known to miss.

    Parameters
    ----------
    checks
        Table ``premises_checks``.
    standard
        Rules used: `PREMISES_RULES`.

    Returns
    -------
    One entry a premises; NaN where it misses none, or its area is not known.
    """
    area = checks["floor_area_m2"].to_numpy(float)
    least, by_households = (standard.rule(one) for one in PREMISES_RULES)
    others = np.nan_to_num(checks["community_floor_area_m2"].to_numpy(float) - area)
    needs = np.column_stack(
        [
            np.where(checks["verdict"] == "fail", checks["minimum_m2"].to_numpy(float), np.nan),
            np.where(
                checks["household_verdict"] == "fail",
                checks["household_minimum_m2"].to_numpy(float) - others,
                np.nan,
            ),
        ]
    )
    whole = np.column_stack(
        [_whole(need, rule) for need, rule in zip(needs.T, (least, by_households), strict=True)]
    )
    known = ~np.isnan(whole).all(axis=1) & ~np.isnan(area)
    target = np.full(len(checks), np.nan)
    target[known] = np.nanmax(whole[known], axis=1)
    return target


def _whole(need: FloatArray, rule: Rule) -> FloatArray:
    """Return the least whole number that meets a minimum."""
    least = np.ceil(need)
    return np.where(least == need, least + 1, least) if rule.comparison == ">" else least
