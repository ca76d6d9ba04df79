"""The whole check in one call."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.analysis.causes import find_causes
from geoplan.analysis.centres import centre_times, check_levels, coverage_by_centre, service_circles
from geoplan.analysis.communities import compare_sizes, flag_oversized
from geoplan.analysis.compliance import compliance_sheet
from geoplan.analysis.coverage import CoverageResult, coverage
from geoplan.analysis.distribution import matching, walk_distribution
from geoplan.analysis.gap_places import find_gap_places
from geoplan.analysis.kinds import facility_kinds
from geoplan.analysis.premises import check_premises
from geoplan.analysis.recheck import recheck
from geoplan.analysis.stability import Stability, verdict_stability
from geoplan.analysis.stability_figures import headline_ranges
from geoplan.analysis.tally import counts, rate, tally, total
from geoplan.analysis.tiers import centre_tiers
from geoplan.errors import DataError
from geoplan.messages import text
from geoplan.model.provenance import Provenance, library_versions
from geoplan.model.result_tables import RESULT_TABLES, finish
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.network.graph import WalkNetwork
from geoplan.network.quality import network_quality
from geoplan.planning.fixes import FixLedger
from geoplan.standards.catalogue import size_standards
from geoplan.standards.standard import Standard

__all__ = ["Audit", "audit", "with_fixes"]

Progress = Callable[[str, int, int], None]

_REACH_TABLES = (
    "reach",
    "completeness",
    "coverage_by_category",
    "gaps",
    "snaps",
    "network_components",
    "network_faults",
    "recheck",
)
_EXPLAINING_TABLES = (
    "stability",
    "marginal",
    "causes",
    "causes_by_service",
    "obstacles",
    "gap_places",
    "distribution",
    "matching",
)
_CENTRE_TABLES = (
    "coverage_by_centre",
    "level_checks",
    "centre_tiers",
    "centre_load",
    "centre_overlaps",
    "centre_access",
    "service_circles",
)
_NEEDS = {
    **dict.fromkeys((*_REACH_TABLES, *_EXPLAINING_TABLES), ("residences", "streets")),
    "coverage_by_community": ("communities", "residences", "streets"),
    "coverage_by_community_category": ("communities", "residences", "streets"),
    **dict.fromkeys(_CENTRE_TABLES, ("centres", "residences", "streets")),
    **dict.fromkeys(("oversized", "size_matrix"), ("communities",)),
    "premises_checks": ("premises",),
}
"""Input tables each result needs; reach needs facilities or centres besides."""


@dataclass(frozen=True, eq=False)
class Audit:
    """
    Everything the tables of a study allow to say under a standard.

    Parameters
    ----------
    study, standard
        What was checked, and against what.
    headline
        The figures people quote; None where a table is missing.
    tables
        Result table name -> table, those that could be computed.
    not_computed
        Result table name -> the input tables it lacks.
    provenance
        What the figures were made of.
    """

    study: Study
    standard: Standard
    headline: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    not_computed: Mapping[str, tuple[str, ...]]
    provenance: Provenance


def audit(
    study: Study,
    standard: Standard,
    *,
    minutes: tuple[float, ...] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Audit:
    """
    Check everything the study's tables allow.

    Parameters
    ----------
    study
        At least ``communities``, or ``premises``, or ``residences`` with ``streets`` and ``facilities`` or
        ``centres``.
    standard
        The rules.
    minutes
        Times of the service circles drawn [min]; None takes thirds of ``centre.minutes``.
    seed
        Of the residences that the independent check draws.
    progress
        Called as ``progress(stage, done, total)``.

    Raises
    ------
    DataError
        If the tables allow nothing at all.
    DisagreementError
        If the independent check (`geoplan.analysis.recheck`) decides otherwise than the engine.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> checked.headline["persons"]
    39050
    """
    lacking = {name: _lacking(study, name) for name in _NEEDS}
    not_computed = {name: tables for name, tables in lacking.items() if tables}
    if len(not_computed) == len(_NEEDS):
        raise DataError("error.nothing_to_audit", study=study.study_id)
    tables: dict[str, pd.DataFrame] = {}
    sure: Stability | None = None
    circle_minutes = minutes or _thirds(standard.number("centre.minutes"))
    if "reach" not in not_computed:
        network = walk_network(study)
        result = coverage(network, study, standard, progress=progress)
        if progress is not None:
            progress("stage.recheck", 0, 1)
        tables["recheck"] = recheck(study, standard, result.reach, seed=seed)
        tables |= _coverage_tables(result) | _network_tables(network, study, result)
        sure = verdict_stability(network, study, standard, result, progress=progress)
        tables |= {"stability": sure.stability, "marginal": sure.marginal}
        tables |= _explaining_tables(network, study, standard, result, progress)
        if study.centres is not None:
            tables |= _centre_tables(network, study, standard, result, circle_minutes, progress)
    if "oversized" not in not_computed:
        (communities,) = study.need("communities")
        tables["oversized"] = flag_oversized(communities, standard)
        tables["size_matrix"] = compare_sizes(communities, size_standards(standard))
    if "premises_checks" not in not_computed:
        tables["premises_checks"] = check_premises(
            study.need("premises")[0], standard, communities=study.communities
        )
    if study.centres is not None or study.communities is not None:
        tables["compliance"] = _compliance(study, standard, tables)
    if study.facilities is not None:
        tables["facility_kinds"] = facility_kinds(study.facilities, standard)
    tables["quarantine"] = finish(study.quarantine, "quarantine")
    headline = _headline(study, tables)
    tables["indicators"] = _indicators(headline, study, None if sure is None else sure.headline)
    return Audit(
        study=study,
        standard=standard,
        headline=headline,
        tables={name: tables[name] for name in RESULT_TABLES if name in tables},
        not_computed=not_computed,
        provenance=Provenance(
            versions=library_versions(),
            standard_id=standard.id,
            standard_digest=standard.digest,
            layers=study.layers,
            parameters={
                "circle_minutes": list(circle_minutes),
                "max_snap_m": standard.number("walking.max_snap")
                if study.max_snap_m is None
                else study.max_snap_m,
                "crs": study.crs,
            },
            scenarios=study.scenarios,
        ),
    )


def with_fixes(audit: Audit, ledger: FixLedger) -> Audit:
    """
    Return an audit with the one-fix ledger in it, for every face to show.

    Parameters
    ----------
    audit
        Stays as it is.
    ledger
        ``geoplan.rank_fixes(...)`` of the same study and standard.
    """
    own = {"fixes": ledger.fixes, "fix_services": ledger.services, "fix_changes": ledger.changes}
    tables = {**audit.tables, **own}
    return dataclasses.replace(audit, tables={name: tables[name] for name in RESULT_TABLES if name in tables})


def _lacking(study: Study, name: str) -> tuple[str, ...]:
    absent = [table for table in _NEEDS[name] if study.table(table) is None]
    if "streets" in _NEEDS[name] and study.facilities is None and study.centres is None:
        absent += ["facilities", "centres"]
    return tuple(dict.fromkeys(absent))


def _thirds(minutes: float) -> tuple[float, ...]:
    return (minutes / 3, minutes * 2 / 3, minutes)


def _coverage_tables(result: CoverageResult) -> dict[str, pd.DataFrame]:
    found = {
        "reach": result.reach,
        "completeness": result.completeness,
        "coverage_by_category": result.by_category,
        "coverage_by_community": result.by_community,
        "coverage_by_community_category": result.by_community_category,
        "gaps": result.gaps,
        "snaps": result.snaps,
    }
    return {name: table for name, table in found.items() if table is not None}


def _network_tables(network: WalkNetwork, study: Study, result: CoverageResult) -> dict[str, pd.DataFrame]:
    places = result.places
    snaps = {"residences": places.residences, "facilities": places.facilities, "centres": places.centres}
    known = {name: one for name, one in snaps.items() if one is not None}
    found = network_quality(network, study, known, max_snap_m=places.max_snap_m)
    return {"network_components": found.components, "network_faults": found.faults}


def _explaining_tables(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    result: CoverageResult,
    progress: Progress | None,
) -> dict[str, pd.DataFrame]:
    if progress is not None:
        progress("stage.causes", 0, 1)
    found = find_causes(network, study, standard, result)
    return {
        "causes": found.causes,
        "causes_by_service": found.by_service,
        "obstacles": found.obstacles,
        "gap_places": find_gap_places(study, standard, found.causes),
        "distribution": walk_distribution(study, result.reach),
        "matching": matching(network, study, standard, result.reach, result.places),
    }


def _centre_tables(
    network: WalkNetwork,
    study: Study,
    standard: Standard,
    result: CoverageResult,
    minutes: tuple[float, ...],
    progress: Progress | None,
) -> dict[str, pd.DataFrame]:
    if progress is not None:
        progress("stage.centres", 0, 2)
    (centres,) = study.need("centres")
    times = centre_times(network, study, result.places)
    tiers = centre_tiers(study, standard, result.reach, times)
    tables = {
        "coverage_by_centre": coverage_by_centre(study, standard, result.places, times),
        "level_checks": check_levels(study, standard, times),
        "centre_tiers": tiers.tiers,
        "centre_load": tiers.load,
        "centre_overlaps": tiers.overlaps,
        "centre_access": tiers.access,
    }
    if progress is not None:
        progress("stage.circles", 1, 2)
    tables["service_circles"] = service_circles(
        network,
        centres,
        standard,
        minutes=minutes,
        max_snap_m=result.places.max_snap_m,
        barriers=study.barriers,
    )
    return tables


def _compliance(study: Study, standard: Standard, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    centres = tables.get("coverage_by_centre")
    return compliance_sheet(
        study,
        standard,
        reach=tables.get("reach"),
        level_checks=tables.get("level_checks"),
        centre_snap_m=None if centres is None else centres["snap_m"].to_numpy(float),
        max_snap_m=study.max_snap_m,
    )


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else round(value)


def _share(value: float) -> float | None:
    return None if math.isnan(value) else value


def _headline(study: Study, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the figures people quote."""
    people = study.residences if study.residences is not None else study.communities
    headline: dict[str, Any] = {
        "persons": None if people is None else _whole(total(counts(people, "persons"))),
        "households": None if people is None else _whole(total(counts(people, "households"))),
        "residences": None if study.residences is None else len(study.residences),
        **_reach_figures(study, tables),
        "communities": None if study.communities is None else len(study.communities),
        "oversized": None,
        "undersized": None,
        "size_unknown": None,
        "premises_below_minimum": None,
        "premises_unknown": None,
        "centres_district": None,
        "centres_community": None,
    }
    if "oversized" in tables:
        size = tables["oversized"]["size"]
        headline |= {
            "oversized": int((size == "oversized").sum()),
            "undersized": int((size == "undersized").sum()),
            "size_unknown": int((size == "unknown").sum()),
        }
    if "premises_checks" in tables:
        verdict = tables["premises_checks"]["verdict"]
        headline["premises_below_minimum"] = int((verdict == "fail").sum())
        headline["premises_unknown"] = int((verdict == "unknown").sum())
    if study.centres is not None:
        headline["centres_district"] = int((study.centres["level"] == "district").sum())
        headline["centres_community"] = int((study.centres["level"] == "community").sum())
    headline["rows_set_aside"] = int((study.quarantine["effect"] == "set_aside").sum())
    return headline


def _reach_figures(study: Study, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    figures: dict[str, Any] = dict.fromkeys(
        (
            "residences_all_five",
            "residences_unknown_all_five",
            "persons_all_five",
            "persons_unknown_all_five",
            "households_all_five",
            "coverage_rate_all_five",
            "household_coverage_rate_all_five",
        )
    )
    figures["coverage_rate_by_category"] = {}
    figures["unknown_rate_by_category"] = {}
    for level in ("any", "district", "community"):
        figures[f"coverage_rate_{level}_centre"] = None
    figures["buffer_coverage_rate_any_centre"] = None
    if "completeness" not in tables:
        return figures
    homes, by_category = tables["completeness"], tables["coverage_by_category"]
    for service, row in by_category.iterrows():
        if str(service).startswith("centre_"):
            figures[f"coverage_rate_{str(service).removeprefix('centre_')}_centre"] = _share(
                row["coverage_rate"]
            )
        else:
            figures["coverage_rate_by_category"][service] = _share(row["coverage_rate"])
            unknown = float("nan") if pd.isna(row["persons_unknown"]) else float(row["persons_unknown"])
            figures["unknown_rate_by_category"][service] = _share(
                rate(unknown, total(counts(homes, "persons")))
            )
    if study.facilities is not None:
        every = tally(homes, homes["verdict_all_five"].to_numpy(object))
        verdict = homes["verdict_all_five"]
        figures |= {
            "residences_all_five": int((verdict == "pass").sum()),
            "residences_unknown_all_five": int((verdict == "unknown").sum()),
            "persons_all_five": _whole(every["persons_pass"]),
            "persons_unknown_all_five": _whole(every["persons_unknown"]),
            "households_all_five": _whole(every["households_pass"]),
            "coverage_rate_all_five": _share(every["coverage_rate"]),
            "household_coverage_rate_all_five": _share(every["household_coverage_rate"]),
        }
    if study.centres is not None:
        persons = counts(homes, "persons")
        within = homes["buffer_any_centre"].to_numpy(dtype=bool, na_value=False)
        figures["buffer_coverage_rate_any_centre"] = _share(rate(total(persons[within]), total(persons)))
    return figures


def _indicators(headline: Mapping[str, Any], study: Study, decided: pd.DataFrame | None) -> pd.DataFrame:
    """Return the headline as table ``indicators``, labelled in the study's language, with its ranges."""
    rows = []
    for name, value in headline.items():
        entries = value.items() if isinstance(value, dict) else [("", value)]
        for part, figure in entries:
            unit = "ratio" if "rate" in name else "count"
            label = text(f"headline.{name}", study.lang)
            rows.append(
                {
                    "indicator": f"{name}.{part}" if part else name,
                    "label": f"{label} · {part}" if part else label,
                    "value": figure,
                    "unit": unit,
                }
            )
    return finish(headline_ranges(study, pd.DataFrame(rows), decided), "indicators")
