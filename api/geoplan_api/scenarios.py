"""What if centres were added, moved or closed? Only the walks to centres are searched again."""

from __future__ import annotations

from typing import Any

import geoplan as gp
from geoplan.analysis.coverage import CoverageResult, coverage_with_centres
from geoplan.analysis.reach import place_on_network
from geoplan.messages import Lang
from geoplan.planning.edits import AddCentre, CloseCentre, Edit, MoveCentre
from geoplan.planning.scenarios import Scenario, apply_scenario
from geoplan.report.compare_json import compare_as_dict
from geoplan_api.answers import head
from geoplan_api.positions import LONLAT
from geoplan_api.problems import ProblemError
from geoplan_api.schemas import CentreEdit, ScenarioQuestion
from geoplan_api.served import Served

__all__ = ["answer_scenario", "check_edits", "covered_now"]


def covered_now(served: Served) -> CoverageResult:
    """
    Return the audit's coverage as `geoplan.coverage` returned it.

    Raises
    ------
    ProblemError
        404 if the study lacks homes or streets.
    """
    table, network = served.table, served.need_network()

    def make() -> CoverageResult:
        tables = served.audit.tables
        return CoverageResult(
            reach=table("reach"),
            completeness=table("completeness"),
            by_category=table("coverage_by_category"),
            by_community=tables.get("coverage_by_community"),
            by_community_category=tables.get("coverage_by_community_category"),
            gaps=table("gaps"),
            snaps=table("snaps"),
            places=place_on_network(network, served.study, served.standard),
        )

    table("reach")  # absent: told before anything is computed
    found: CoverageResult = served.kept("coverage", make)
    return found


def answer_scenario(served: Served, question: ScenarioQuestion, lang: Lang) -> dict[str, Any]:
    """
    Return who gains and who loses.

    Parameters
    ----------
    served
        The study.
    question
        What would change.
    lang
        Language of names.

    Raises
    ------
    ProblemError
        422 if a place lies outside the study.
    DataError
        If an edit cannot be made.
    """
    before, network = covered_now(served), served.need_network()
    for edit in question.edits:
        if edit.edit != "close_centre":
            served.positions.into_study(*edit.at, question.crs)
    crs = "EPSG:4326" if question.crs == LONLAT else question.crs
    scenario = Scenario(tuple(map(_edit, question.edits)), crs, question.name)
    study, standard = apply_scenario(served.study, served.standard, scenario)
    after = coverage_with_centres(before, network, study, standard)
    found = compare_as_dict(
        gp.compare(before, after), (served.study, standard), (study, standard), title=question.name
    )
    return {
        **{name: found[name] for name in ("title", "totals", "by_community", "changes")},
        **head(served, standard, lang),
    }


def _edit(asked: CentreEdit) -> Edit:
    if asked.edit == "close_centre":
        return CloseCentre(asked.id)
    if asked.edit == "move_centre":
        return MoveCentre(asked.id, asked.at)
    return AddCentre(
        asked.id,
        asked.at,
        level=asked.level,
        name=asked.name,
        floor_area_m2=asked.floor_area_m2,
        capacity=asked.capacity,
    )


def check_edits(question: ScenarioQuestion, most: int) -> None:
    """Raise ProblemError 413 if there are too many edits."""
    if len(question.edits) > most:
        raise ProblemError(413, "problem.too_many_edits", count=len(question.edits), most=most)
