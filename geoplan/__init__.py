"""
geoplan: check 15-minute service circles on real streets, and plan what is missing.

Names are resolved on first use, so that ``import geoplan`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoplan import maps, report
    from geoplan.analysis.causes import CauseResult, find_causes
    from geoplan.analysis.centres import service_circles
    from geoplan.analysis.communities import compare_sizes, flag_oversized
    from geoplan.analysis.coverage import CoverageResult, coverage
    from geoplan.analysis.premises import check_premises
    from geoplan.errors import GeoplanError
    from geoplan.io.study_folder import read_study
    from geoplan.io.study_write import write_study
    from geoplan.model.study import Study
    from geoplan.network.build import walk_network
    from geoplan.network.graph import WalkNetwork
    from geoplan.network.quality import check_network
    from geoplan.planning.blocks import community_blocks
    from geoplan.planning.compare import Comparison, compare
    from geoplan.planning.fixes import FixLedger, rank_fixes
    from geoplan.planning.phasing import phase_splits
    from geoplan.planning.plan import SplitPlan
    from geoplan.planning.premises_plan import plan_premises
    from geoplan.planning.scenarios import Scenario, apply_scenario, read_scenario, undo_scenario
    from geoplan.planning.seat_paths import seat_paths
    from geoplan.planning.site_plan import SitePlan
    from geoplan.planning.siting import locate_centres
    from geoplan.planning.siting_from_costs import (
        lscp_from_costs,
        mclp_from_costs,
        p_centre_from_costs,
        p_median_from_costs,
    )
    from geoplan.planning.split import evaluate_split, plan_split
    from geoplan.planning.split_from_costs import split_from_costs
    from geoplan.standards.catalogue import list_standards
    from geoplan.standards.parse import load_standard
    from geoplan.standards.standard import Standard
    from geoplan.workflow import Audit, audit

__version__ = "0.1.0"

_HOMES = {
    "Audit": "geoplan.workflow",
    "CauseResult": "geoplan.analysis.causes",
    "Comparison": "geoplan.planning.compare",
    "CoverageResult": "geoplan.analysis.coverage",
    "FixLedger": "geoplan.planning.fixes",
    "GeoplanError": "geoplan.errors",
    "Scenario": "geoplan.planning.scenarios",
    "SitePlan": "geoplan.planning.site_plan",
    "SplitPlan": "geoplan.planning.plan",
    "Standard": "geoplan.standards.standard",
    "Study": "geoplan.model.study",
    "WalkNetwork": "geoplan.network.graph",
    "apply_scenario": "geoplan.planning.scenarios",
    "audit": "geoplan.workflow",
    "check_network": "geoplan.network.quality",
    "check_premises": "geoplan.analysis.premises",
    "compare": "geoplan.planning.compare",
    "compare_sizes": "geoplan.analysis.communities",
    "community_blocks": "geoplan.planning.blocks",
    "coverage": "geoplan.analysis.coverage",
    "evaluate_split": "geoplan.planning.split",
    "find_causes": "geoplan.analysis.causes",
    "flag_oversized": "geoplan.analysis.communities",
    "list_standards": "geoplan.standards.catalogue",
    "load_standard": "geoplan.standards.parse",
    "locate_centres": "geoplan.planning.siting",
    "lscp_from_costs": "geoplan.planning.siting_from_costs",
    "mclp_from_costs": "geoplan.planning.siting_from_costs",
    "p_centre_from_costs": "geoplan.planning.siting_from_costs",
    "p_median_from_costs": "geoplan.planning.siting_from_costs",
    "phase_splits": "geoplan.planning.phasing",
    "plan_premises": "geoplan.planning.premises_plan",
    "plan_split": "geoplan.planning.split",
    "rank_fixes": "geoplan.planning.fixes",
    "read_scenario": "geoplan.planning.scenarios",
    "read_study": "geoplan.io.study_folder",
    "seat_paths": "geoplan.planning.seat_paths",
    "service_circles": "geoplan.analysis.centres",
    "split_from_costs": "geoplan.planning.split_from_costs",
    "undo_scenario": "geoplan.planning.scenarios",
    "walk_network": "geoplan.network.build",
    "write_study": "geoplan.io.study_write",
}
_ROOMS = ("maps", "report")

__all__ = [
    "Audit",
    "CauseResult",
    "Comparison",
    "CoverageResult",
    "FixLedger",
    "GeoplanError",
    "Scenario",
    "SitePlan",
    "SplitPlan",
    "Standard",
    "Study",
    "WalkNetwork",
    "apply_scenario",
    "audit",
    "check_network",
    "check_premises",
    "community_blocks",
    "compare",
    "compare_sizes",
    "coverage",
    "evaluate_split",
    "find_causes",
    "flag_oversized",
    "list_standards",
    "load_standard",
    "locate_centres",
    "lscp_from_costs",
    "maps",
    "mclp_from_costs",
    "p_centre_from_costs",
    "p_median_from_costs",
    "phase_splits",
    "plan_premises",
    "plan_split",
    "rank_fixes",
    "read_scenario",
    "read_study",
    "report",
    "seat_paths",
    "service_circles",
    "split_from_costs",
    "undo_scenario",
    "walk_network",
    "write_study",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"geoplan.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'geoplan' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
