"""Tables to what the cards of a map show: facts, services, walking paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.analysis.reach import place_on_network
from geoplan.maps.packing import Numbers, Paths, paths_of
from geoplan.messages import Lang, text
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.network.build import walk_network
from geoplan.network.walks import quickest_walks
from geoplan.report.words import (
    ceil_hundredths,
    count_text,
    names_of,
    place_names,
    rate_text,
    reason_text,
    service_name,
)
from geoplan.workflow import Audit

__all__ = [
    "CodedFact",
    "Fact",
    "coded_fact",
    "counts_fact",
    "numbers_fact",
    "rates_fact",
    "services_of",
    "titles_of",
    "walking_paths",
    "words_fact",
]

MAX_PATHS = 25_000
"""Of more walks the cards tell minutes, but draw no line: the page would grow too heavy."""
_VERDICTS = ("pass", "fail", "unknown")

Fact = tuple[str, list[str | None]]
CodedFact = tuple[str, list[int], list[str]]


def titles_of(table: pd.DataFrame) -> dict[str, list[str | None] | list[str]]:
    """Return the titles of rows and their ids; a row without a name has no title, and is shown by its id."""
    ids = [str(one) for one in table.index]
    names = [str(one) for one in names_of(table)]
    return {
        "ids": ids,
        "title": [None if name == one else name for name, one in zip(names, ids, strict=True)],
    }


def numbers_fact(label: str, values: pd.Series) -> tuple[str, Numbers]:
    """Return whole numbers as a fact of many cards, packed."""
    return label, Numbers(
        pd.to_numeric(values, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
    )


def counts_fact(label: str, values: pd.Series) -> Fact:
    """Return whole numbers as a fact of a popup."""
    return label, [None if pd.isna(value) else count_text(float(value)) for value in values]


def rates_fact(label: str, values: pd.Series) -> Fact:
    """Return shares as a fact of a popup."""
    return label, [None if pd.isna(value) else rate_text(float(value)) for value in values]


def coded_fact(label: str, keys: pd.Series, lang: Lang) -> CodedFact:
    """Return long sentences (message keys) as a fact of a popup: each is told once, rows name its place."""
    known = sorted(keys.dropna().unique())
    return label, pd.Index(known).get_indexer(keys).tolist(), [reason_text(one, lang) for one in known]


def words_fact(label: str, values: pd.Series, prefix: str, lang: Lang) -> Fact:
    """Return codes, in the words of messages ``prefix.*``, as a fact of a popup."""
    return label, [None if pd.isna(value) else text(f"{prefix}.{value}", lang) for value in values]


def services_of(audit: Audit, ids: pd.Index, lang: Lang) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """
    Return the walks of some residences, service by service, and the words they refer to.

    Parameters
    ----------
    audit
        Has table ``reach``.
    ids
        Residences.
    lang
        Language of the words.

    Returns
    -------
    services, words
        Packed columns with an entry a residence: ``minutes`` (rounded up to hundredths), and positions in
        ``words``: ``nearest`` among its names, ``outcome`` among its outcomes: verdict and reason.
    """
    reach = audit.tables["reach"]
    reach = reach[reach["residence_id"].isin(ids)]
    names = place_names(audit.study)
    near = pd.Index(sorted(reach["nearest_id"].dropna().unique()))
    reasons = sorted(reach["reason"].dropna().unique())
    pairs = reach[["verdict", "reason"]].drop_duplicates()
    outcomes = sorted((_VERDICTS.index(row.verdict), reasons.index(row.reason)) for row in pairs.itertuples())
    code = {(_VERDICTS[verdict], reasons[reason]): at for at, (verdict, reason) in enumerate(outcomes)}
    services = []
    for service in reach["service"].unique():
        rows = reach[reach["service"] == service].set_index("residence_id").reindex(ids)
        place = near.get_indexer(rows["nearest_id"]).astype(float)
        told = [code[pair] for pair in zip(rows["verdict"], rows["reason"], strict=True)]
        services.append(
            {
                "name": service_name(audit.standard, service, lang),
                "limit": f"{rows['limit_minutes'].iloc[0]:g}" if len(rows) else "",
                "minutes": Numbers(_upwards(rows["minutes"].to_numpy(float)), 100),
                "nearest": Numbers(np.where(place < 0, np.nan, place)),
                "outcome": Numbers(np.array(told, float)),
            }
        )
    heads = ("service", "minutes", "limit", "nearest", "verdict", "reason")
    words = {
        "heads": [text(f"map.popup_{head}", lang) for head in heads],
        "names": [names.get(one, one) for one in near],
        "verdicts": [[verdict, text(f"verdict.{verdict}", lang)] for verdict in _VERDICTS],
        "reasons": [reason_text(one, lang) for one in reasons],
        "outcomes": outcomes,
        "paths": text("map.popup_paths", lang),
    }
    return services, words


def _upwards(minutes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return minutes rounded up to hundredths, by way of the network's whole milliseconds."""
    return np.asarray([np.nan if np.isnan(one) else ceil_hundredths(one) for one in minutes])


def walking_paths(audit: Audit, ids: pd.Index) -> list[Paths] | None:
    """
    Return the quickest walk of some residences to the nearest place of each service, as drawn lines.

    Parameters
    ----------
    audit
        Has table ``reach``.
    ids
        Residences.

    Returns
    -------
    paths
        One a service, in the order of `services_of`; None if there are more than `MAX_PATHS`.
    """
    study, reach = audit.study, audit.tables["reach"]
    own = reach[reach["residence_id"].isin(ids) & reach["nearest_id"].notna()]
    if own.empty or len(own) > MAX_PATHS:
        return None
    (residences,) = study.need("residences")
    network = walk_network(study)
    places = place_on_network(network, study, audit.standard)
    found = []
    for service in reach["service"].unique():
        rows = own[own["service"] == service]
        name = "centres" if service in CENTRE_SERVICES else "facilities"
        (table,) = study.need(name)
        pairs = np.column_stack([
            residences.index.get_indexer(rows["residence_id"]), table.index.get_indexer(rows["nearest_id"])
        ])  # fmt: skip
        walks = quickest_walks(
            network, places.costs, (residences, places.residences), (table, places.of(name)), pairs
        )
        lines = np.full(len(ids), None, dtype=object)
        for at, walk in zip(ids.get_indexer(rows["residence_id"]), walks, strict=True):
            lines[at] = None if walk is None else walk.line
        found.append(paths_of(lines, study.crs, tolerance_m=1.5))
    return found
