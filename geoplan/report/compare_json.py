"""A comparison as plain data, and its words: what ``geoplan compare --json`` writes, and every face says."""

from __future__ import annotations

import dataclasses
from typing import Any

from geoplan.messages import Lang
from geoplan.model.provenance import library_versions
from geoplan.model.study import Study
from geoplan.planning.compare import Comparison
from geoplan.report.json_file import records
from geoplan.report.words import count_text, rate_text, service_name
from geoplan.standards.standard import Standard

__all__ = ["compare_as_dict", "compare_rows"]


Side = tuple[Study, Standard]


def compare_as_dict(found: Comparison, before: Side, after: Side, *, title: str) -> dict[str, Any]:
    """
    Return a comparison as plain data.

    Parameters
    ----------
    found
        ``geoplan.compare(...)``.
    before, after
        Study and standard of either side.
    title
        What is compared, for people.
    """
    return {
        "title": title,
        "versions": dict(library_versions()),
        "before": _side(*before),
        "after": _side(*after),
        "totals": records(found.totals),
        "by_community": records(found.by_community),
        "changes": records(found.changes),
    }


def _side(study: Study, standard: Standard) -> dict[str, Any]:
    return {
        "study": study.study_id,
        "synthetic": study.synthetic,
        "scenarios": [dataclasses.asdict(one) for one in study.scenarios],
        "standard": standard.id,
        "standard_digest": standard.digest,
    }


def compare_rows(found: Comparison, standard: Standard, lang: Lang) -> list[tuple[str, str, str, str]]:
    """
    Return both sides as rows to print: service, coverage rates, persons gaining, persons losing.

    Parameters
    ----------
    found
        ``geoplan.compare(...)``.
    standard
        Names the categories.
    lang
        Language.
    """
    return [
        (
            service_name(standard, str(service), lang),
            f"{rate_text(row['coverage_rate_before'])} → {rate_text(row['coverage_rate_after'])}",
            count_text(row["persons_gained"]),
            count_text(row["persons_lost"]),
        )
        for service, row in found.totals.iterrows()
    ]
