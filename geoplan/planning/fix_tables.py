"""The tables of the one-fix ledger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.naming import names_near
from geoplan.model.result_tables import CENTRE_SERVICES, RESULT_TABLES, finish
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.model.study import Study
from geoplan.planning.edits import Edit
from geoplan.planning.fix_effects import Effect
from geoplan.planning.fix_premises import PREMISES_RULES
from geoplan.planning.scenario_toml import scenario_toml
from geoplan.planning.scenarios import Scenario
from geoplan.planning.site_candidates import community_of
from geoplan.planning.study_edits import has_place
from geoplan.standards.standard import Standard

__all__ = ["Fix", "change_table", "fix_table", "service_table"]


@dataclass(frozen=True, eq=False)
class Fix:
    """
    One fix and what it changes.

    Parameters
    ----------
    fix_id
        Kind, and what it is about: stable from run to run.
    kind
        Of `FIX_KINDS`.
    what
        Level of the centre, kind of facility or barrier; empty for others.
    subject_id
        Id of the gate's street, the barrier, the premises or the spot.
    edit
        The fix.
    geometry
        Where; may be missing for premises.
    effect
        What it changes.
    """

    fix_id: str
    kind: str
    what: str
    subject_id: str
    edit: Edit
    geometry: shapely.Geometry | None
    effect: Effect

    def scenario(self, study: Study) -> Scenario:
        """Return the fix as a scenario."""
        return Scenario((self.edit,), crs=study.crs if has_place(self.edit) else "", name=self.fix_id)

    def key(self, by: str) -> tuple[tuple[float, ...], str]:
        """Return what ranks the fix: the less, the better."""
        found = {name: 0 if pd.isna(one) else int(one) for name, one in self.effect.figures(by).items()}
        return (
            -found["households_gained"],
            found["households_lost"],
            -found["persons_gained"],
            -found["residences_gained"],
            -found["households_unknown"],
            -found["residences_unknown"],
        ), self.fix_id

    def counts_in(self, by: str) -> bool:
        """Tell whether anybody newly passes a service, or is no longer unknown."""
        found = self.effect.figures(by)
        return bool(found["residences_gained"] or found["residences_unknown"])


def fix_table(study: Study, standard: Standard, fixes: Sequence[Fix]) -> pd.DataFrame:
    """Return table ``fixes``; the order is the rank."""
    rows = [_fix_row(study, standard, rank, one) for rank, one in enumerate(fixes, start=1)]
    columns = [*(one.name for one in RESULT_TABLES["fixes"].columns), "geometry"]
    shapes = np.array([*(one.geometry for one in fixes), None], dtype=object)[:-1]
    here = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    middles = shapely.point_on_surface(shapes[here])
    inside = community_of(middles, study)
    for at, (row, name) in enumerate(zip(here, names_near(study, middles), strict=True)):
        rows[row]["name"] = rows[row]["name"] or name or None
        rows[row]["community_id"] = rows[row]["community_id"] or (None if inside is None else inside[at])
    frame = pd.DataFrame(rows, columns=columns)
    frame["geometry"] = shapes
    return finish(frame, "fixes", crs=study.crs)


def _fix_row(study: Study, standard: Standard, rank: int, fix: Fix) -> dict[str, Any]:
    effect = fix.effect
    gains = effect.services_gained()
    threshold, unit, clause = _rule(standard, gains[0]) if gains else (math.nan, "", "")
    newly = effect.who(effect.gained)
    uncounted = newly & np.isnan(effect.people.households)
    ids = effect.people.ids
    return {
        "fix_id": fix.fix_id,
        "rank": rank,
        "fix_kind": fix.kind,
        "what": fix.what or None,
        "subject_id": fix.subject_id,
        **_about(study, fix),
        **effect.figures(),
        "households_all_five": effect.figures(ALL_CATEGORIES)["households_gained"],
        "services": ",".join(gains),
        "main_service": gains[0] if gains else None,
        "threshold": threshold,
        "unit": unit,
        "clause": clause,
        "reason": f"reason.fix_{fix.kind}",
        "residence_ids": ",".join(sorted(map(str, ids[newly]))),
        "uncounted_ids": ",".join(sorted(map(str, ids[uncounted]))),
        "estimated": study.synthetic or bool(study.estimated),
        "edit": scenario_toml(fix.scenario(study)),
    }


def _about(study: Study, fix: Fix) -> dict[str, Any]:
    """Return the name and the community that the fix itself has."""
    tables = {"gate": study.streets, "premises": study.premises}
    table = tables.get(fix.kind)
    if table is None:
        return {
            "name": getattr(fix.edit, "name", None),
            "community_id": getattr(fix.edit, "community_id", None),
        }
    row = table.loc[fix.subject_id]
    found = {column: row.get(column) for column in ("name", "community_id")}
    return {column: None if pd.isna(value) else value for column, value in found.items()}


def _rule(standard: Standard, service: str) -> tuple[float, str, str]:
    """Return the threshold of a service, its unit and its clause."""
    if service in PREMISES_RULES or service in CENTRE_SERVICES:
        rule = standard.rule(service if service in PREMISES_RULES else "centre.minutes")
        return float(rule.value), rule.unit, rule.clause
    category = next(one for one in standard.categories if one.id == service)
    limit, clause = standard.limit_rule(category)
    return limit, "min", clause


def service_table(fixes: Sequence[Fix]) -> pd.DataFrame:
    """Return table ``fix_services``: the services in which anybody's verdict differs."""
    rows = []
    for one in fixes:
        for service in one.effect.after:
            found = one.effect.figures(service)
            if found["residences_gained"] or found["residences_lost"] or found["residences_unknown"]:
                rows.append({"fix_id": one.fix_id, "service": service, **found})
    columns = [one.name for one in RESULT_TABLES["fix_services"].columns]
    return finish(pd.DataFrame(rows, columns=columns), "fix_services")


def change_table(fixes: Sequence[Fix]) -> pd.DataFrame:
    """Return table ``fix_changes``."""
    columns = [one.name for one in RESULT_TABLES["fix_changes"].columns]
    parts = [one.effect.changes().assign(fix_id=one.fix_id) for one in fixes]
    return finish(pd.concat([pd.DataFrame(columns=columns), *parts]), "fix_changes")
