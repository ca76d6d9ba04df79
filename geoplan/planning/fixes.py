"""
The one-fix ledger: which single fix helps most?

Fixes of different kinds are weighed on one scale: the households that fail a service today and pass with the
fix, and nothing else changed. Each fix is an edit of a scenario, so that `apply_scenario` and a run of the
whole check say the same, verdict for verdict and walk for walk; here only what it touches is run again.

==============  ================================================================  ======================
fix             candidates                                                        run again
==============  ================================================================  ======================
``centre``      premises large enough, gaps, a grid along the streets; each level  one search from it
``facility``    gaps and the grid; each kind that counts differently               one search from it
``gate``        every closed gate                                                  the walks, if it can matter
``link``        footbridges across each barrier, the best of each stretch          the walks
``premises``    premises below a minimum, enlarged to meet it                      the check of premises
==============  ================================================================  ======================
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.causes import find_causes
from geoplan.analysis.counterfactual import closed_gates
from geoplan.analysis.coverage import CoverageResult, coverage
from geoplan.analysis.gap_places import find_gap_places
from geoplan.errors import DataError, PlanningError
from geoplan.model.fix_tables import FIX_KINDS
from geoplan.model.provenance import Provenance, library_versions
from geoplan.model.scenario_tables import ALL_CATEGORIES
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import WalkNetwork
from geoplan.planning.edits import AddLink, Edit, OpenGate
from geoplan.planning.fix_effects import ANY_SERVICE, Effect, People
from geoplan.planning.fix_gates import gates_that_matter
from geoplan.planning.fix_links import best_links
from geoplan.planning.fix_places import (
    Spots,
    Variant,
    best_spots,
    centre_variants,
    effects_of_places,
    facility_variants,
    find_spots,
    spot_edit,
)
from geoplan.planning.fix_premises import PREMISES_RULES, enlarged_premises
from geoplan.planning.fix_tables import Fix, change_table, fix_table, service_table
from geoplan.planning.fix_walks import Today, services_of, walks_after
from geoplan.planning.scenarios import Scenario, apply_scenario
from geoplan.planning.site_candidates import Note
from geoplan.standards.standard import Standard

__all__ = ["FIX_LIMIT", "FixLedger", "rank_fixes"]

Progress = Callable[[str, int, int], None]

FIX_LIMIT = 5
"""How many fixes of each kind are listed unless told."""
_NEEDS = {
    "centre": ("residences", "streets", "centres"),
    "facility": ("residences", "streets", "facilities"),
    "gate": ("residences", "streets"),
    "link": ("residences", "streets", "barriers"),
    "premises": ("premises",),
}


@dataclass(frozen=True, eq=False)
class FixLedger:
    """
    Fixes by how many households they help; tables as declared in ``geoplan.model.fix_tables``.

    Parameters
    ----------
    fixes
        The fixes listed, best first.
    services
        The same by service.
    changes
        Every verdict or walk that differs, fix by fix.
    scenarios
        Fix id -> the scenario it is.
    tried
        Kind -> how many candidates were weighed.
    helping
        How many fixes help anybody; the list holds the first of each kind.
    by
        What ranks them: a service, ``all_five`` or ``any``.
    notes
        What a reader must know: message key and parameters.
    provenance
        What the figures were made of.
    """

    fixes: gpd.GeoDataFrame
    services: pd.DataFrame
    changes: pd.DataFrame
    scenarios: Mapping[str, Scenario]
    tried: Mapping[str, int]
    helping: int
    by: str
    notes: tuple[Note, ...]
    provenance: Provenance


def rank_fixes(
    network: WalkNetwork | None,
    study: Study,
    standard: Standard,
    *,
    kinds: Collection[str] | None = None,
    by: str = ANY_SERVICE,
    limit: int = FIX_LIMIT,
    covered: CoverageResult | None = None,
    causes: gpd.GeoDataFrame | None = None,
    progress: Progress | None = None,
) -> FixLedger:
    """
    Weigh single fixes of different kinds against each other.

    Parameters
    ----------
    network
        ``walk_network(study)``; None builds it if it is needed: premises need none.
    study
        Needs ``premises``, or ``residences`` and ``streets`` with ``facilities`` or ``centres``.
    standard
        The rules.
    kinds
        Of `FIX_KINDS`: ``centre``, ``facility``, ``gate``, ``link``, ``premises``; None: all that the
        study's tables allow, with a note of those they do not.
    by
        Rank by households newly passing this service: a category id, ``centre_any``, ``centre_district``,
        ``centre_community``, ``all_five`` (all categories together), a rule on premises, or ``any``: any of
        them, each household once.
    limit
        How many fixes of each kind to list: one kind does not crowd out the others.
    covered, causes
        ``coverage(...)`` and table ``causes`` of the same, if they are at hand.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    FixLedger
        Most households newly passing first; of equals fewest households losing, most persons, most
        residences, most whose verdict was unknown, lowest id. A household whose verdict is unknown today is
        in no gain. Losses are counted too: a place may enter the network on the street behind a gate that is
        opened, and walk longer.

    Raises
    ------
    DataError
        If the study lacks the tables that every kind, or a kind asked for, needs.
    PlanningError
        If a kind or service is not known, or ``limit`` is below 1.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> ledger = geoplan.rank_fixes(None, study, standard, kinds=["premises"], limit=3)
    >>> ledger.fixes["fix_kind"].tolist(), len(ledger.scenarios)
    (['premises', 'premises', 'premises'], 3)
    """
    wanted, notes = _kinds(study, kinds)
    _check_options(study, standard, by, limit)
    walking = [one for one in wanted if one != "premises"]
    found: list[Fix] = []
    tried: dict[str, int] = {}
    if walking:
        walked = walk_network(study) if network is None else network
        base = coverage(walked, study, standard) if covered is None else covered
        search = _Search(Today.of(walked, study, standard, base.places), by, limit, progress)
        if search.all_pass:
            notes.append(("note.fixes_none_fail", {}))
        else:
            search.look(wanted, base, causes)
        found, tried = search.found, search.tried
        notes += search.notes
    if "premises" in wanted:
        own = _premises_fixes(study, standard)
        found, tried = [*found, *own], {**tried, "premises": len(own)}
    helping = sorted((one for one in found if one.effect.helps), key=lambda one: one.key(by))
    if by != ANY_SERVICE:
        helping = [one for one in helping if one.counts_in(by)]
    places = pd.Series([one.kind for one in helping], dtype=object)
    listed = [helping[at] for at in np.flatnonzero(places.groupby(places).cumcount() < limit)]
    return FixLedger(
        fixes=fix_table(study, standard, listed),
        services=service_table(listed),
        changes=change_table(listed),
        scenarios={one.fix_id: one.scenario(study) for one in listed},
        tried=tried,
        helping=len(helping),
        by=by,
        notes=tuple(notes),
        provenance=Provenance(
            library_versions(), standard.id, standard.digest, study.layers,
            {"kinds": list(wanted), "by": by, "limit": limit},
        ),
    )  # fmt: skip


def _kinds(study: Study, asked: Collection[str] | None) -> tuple[list[str], list[Note]]:
    """Return the kinds to weigh, in order, and a note on each that the study's tables do not allow."""
    chosen = FIX_KINDS if asked is None else tuple(one for one in FIX_KINDS if one in asked)
    unknown = sorted(set(asked or ()) - set(FIX_KINDS))
    if unknown or not chosen:
        raise PlanningError("error.fix_kinds", kinds=", ".join(unknown) or "—", known=", ".join(FIX_KINDS))
    lacking = {}
    for one in chosen:
        absent = [table for table in _NEEDS[one] if study.table(table) is None]
        if one in ("gate", "link") and study.facilities is None and study.centres is None:
            absent += ["facilities", "centres"]
        if one == "premises" and not absent and "floor_area_m2" not in study.need("premises")[0]:
            absent = ["premises.floor_area_m2"]
        if absent:
            lacking[one] = absent
    if lacking and (asked is not None or len(lacking) == len(chosen)):
        tables = "; ".join(f"{one}: {', '.join(absent)}" for one, absent in lacking.items())
        raise DataError("error.fix_tables", study=study.study_id, tables=tables)
    notes: list[Note] = [
        ("note.fixes_lacking", {"kind": one, "tables": ", ".join(absent)}) for one, absent in lacking.items()
    ]
    return [one for one in chosen if one not in lacking], notes


def _check_options(study: Study, standard: Standard, by: str, limit: int) -> None:
    known = [ANY_SERVICE, *services_of(study, standard), ALL_CATEGORIES, *PREMISES_RULES]
    if by not in known:
        raise PlanningError("error.fix_by", by=by, known=", ".join(known))
    if isinstance(limit, bool) or not isinstance(limit, int | np.integer) or limit < 1:
        raise PlanningError("error.fix_limit", limit=limit)


def _premises_fixes(study: Study, standard: Standard) -> list[Fix]:
    (premises,) = study.need("premises")
    return [
        Fix(
            fix_id=f"premises:{edit.id}", kind="premises", what="", subject_id=edit.id, edit=edit,
            geometry=premises.geometry.loc[edit.id], effect=effect,
        )
        for edit, effect in enlarged_premises(study, standard)
    ]  # fmt: skip


class _Search:
    """The fixes that change walks, kind by kind."""

    def __init__(self, today: Today, by: str, limit: int, progress: Progress | None) -> None:
        self.today, self.by, self.limit = today, by, limit
        self.progress = progress or (lambda _stage, _done, _total: None)
        self.people = People.of("residences", today.homes)
        self.found: list[Fix] = []
        self.tried: dict[str, int] = {}
        self.notes: list[Note] = []
        uncounted = today.homes.index[np.isnan(self.people.households)]
        if len(uncounted):
            self.notes.append(("note.fixes_uncounted", {"count": len(uncounted)}))

    @property
    def all_pass(self) -> bool:
        """Whether nobody fails, and of nobody it is unknown."""
        return all((verdict == "pass").all() for _, verdict in self.today.decided.values())

    def look(self, kinds: Collection[str], base: CoverageResult, causes: gpd.GeoDataFrame | None) -> None:
        """Weigh the candidates of some kinds."""
        if {"centre", "facility"} & set(kinds):
            self._places(kinds, base, causes)
        if "gate" in kinds:
            self._gates()
        if "link" in kinds:
            self._links()

    def _places(self, kinds: Collection[str], base: CoverageResult, causes: gpd.GeoDataFrame | None) -> None:
        today = self.today
        study, standard = today.study, today.standard
        if causes is None:
            self.progress("stage.causes", 0, 1)
            causes = find_causes(today.network, study, standard, base).causes
        spots = find_spots(today, find_gap_places(study, standard, causes))
        if not len(spots.table):
            return
        at = spots.table.geometry.iloc[0]
        variants: list[Variant] = []
        if "centre" in kinds:
            variants += centre_variants(study, standard, at)
        if "facility" in kinds:
            variants += facility_variants(study, standard, at)
        chosen: list[tuple[Variant, int]] = []
        for done, variant in enumerate(variants):
            self.progress("stage.fixes_place", done, len(variants))
            kind = "centre" if variant.table == "centres" else "facility"
            self.tried[kind] = self.tried.get(kind, 0) + len(spots.table)
            best = best_spots(today, spots, variant, self.people, self.by)
            # no more of one variant can be listed than of its kind
            chosen += [(variant, spot) for spot in best[: self.limit]]
        effects = effects_of_places(today, spots, self.people, chosen)
        for (variant, spot), effect in zip(chosen, effects, strict=True):
            self.found.append(self._place(spots, variant, spot, effect))

    def _place(self, spots: Spots, variant: Variant, spot: int, effect: Effect) -> Fix:
        row, label = spots.table.iloc[spot], str(spots.table.index[spot])
        kind = "centre" if variant.table == "centres" else "facility"
        fix_id = f"{kind}:{variant.what}@{label}"
        new_id = f"fix-{variant.what}-{label}"
        taken = self.today.study.need(variant.table)[0].index
        while new_id in taken:
            new_id = f"new-{new_id}"
        edit = spot_edit(spots, variant, spot, self.today.study, new_id)
        return Fix(fix_id, kind, variant.what, label, edit, row.geometry, effect)

    def _run(self, edit: Edit) -> Effect:
        """Return the effect of other streets."""
        today = self.today
        later, _ = apply_scenario(today.study, today.standard, Scenario((edit,), crs=today.study.crs))
        walks = walks_after(today, later)
        after = today.joined(walks.decide(walks.parts))
        return Effect(self.people, {one: today.decided[one] for one in after}, after)

    def _gates(self) -> None:
        today = self.today
        gates = closed_gates(today.study)
        self.tried["gate"] = len(gates)
        if not len(gates):
            return
        lines = today.study.need("streets")[0].geometry
        some = gates[gates_that_matter(today, gates.to_numpy(object))]
        for done, gate in enumerate(some):
            self.progress("stage.fixes_gate", done, len(some))
            effect = self._run(OpenGate(str(gate)))
            if effect.helps:
                self.found.append(
                    Fix(f"gate:{gate}", "gate", "", str(gate), OpenGate(str(gate)), lines.loc[gate], effect)
                )

    def _links(self) -> None:
        today = self.today
        links, tried = best_links(today, self.people)
        self.tried["link"] = tried
        taken = today.study.need("streets")[0].index
        barriers = today.study.need("barriers")[0]
        for done, link in enumerate(links.itertuples()):
            self.progress("stage.fixes_link", done, len(links))
            ident = f"fix-link-{link.link_id}"
            while ident in taken:
                ident = f"new-{ident}"
            start, end = (link.start_x, link.start_y), (link.end_x, link.end_y)
            edit = AddLink(ident, start, end)
            effect = self._run(edit)
            if effect.helps:
                kind = str(barriers["kind"].loc[link.barrier_id])
                line = shapely.LineString([start, end])
                self.found.append(
                    Fix(f"link:{link.link_id}", "link", kind, str(link.barrier_id), edit, line, effect)
                )
