"""The residences of a map of gaps: by service, whether each passes, fails, or is unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geoplan.maps.assemble import Drawing
from geoplan.maps.elements import Choice
from geoplan.maps.layers import home_card
from geoplan.maps.packing import Numbers, points_of
from geoplan.maps.palette import VERDICT_STYLES
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.words import count_text, service_name
from geoplan.workflow import Audit

__all__ = ["failing_layer"]

_FAILING_PX, _PASSING_PX = 5.5, 3.0


def failing_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the residences by verdict on one service at a time, chosen from a list."""
    homes, reach = audit.tables["completeness"], audit.tables["reach"]
    if homes.empty:
        return
    verdicts = list(VERDICT_STYLES)
    groups = [
        {**style, "radius": _PASSING_PX if verdict == "pass" else _FAILING_PX}
        for verdict, style in VERDICT_STYLES.items()
    ]
    heading = RESULT_TABLES["completeness"].column("verdict_all_five").heading(lang)
    choices: list[tuple[str, pd.Series]] = []
    if audit.study.facilities is not None:
        choices.append((heading, homes["verdict_all_five"]))
    for service in reach["service"].unique():
        own = reach[reach["service"] == service].set_index("residence_id")["verdict"].reindex(homes.index)
        choices.append((service_name(audit.standard, service, lang), own))
    columns: list[Numbers] = []
    steps: list[dict[str, Any]] = []
    for label, found in choices:
        group = pd.Index(verdicts).get_indexer(found)
        columns.append(Numbers(group.astype(float)))
        tallied = np.bincount(group, minlength=len(verdicts))
        counts: dict[str, Any] = {
            name: count_text(int(one)) for name, one in zip(verdicts, tallied, strict=True)
        }
        steps.append({"label": label, "counts": counts})
    words = [text(f"verdict.{verdict}", lang) for verdict in verdicts]
    drawing.legend["residences_title"] = text("map.legend_residences", lang, verdict=text("map.chosen", lang))
    for verdict, style, word in zip(verdicts, groups, words, strict=True):
        entry = {"verdict": verdict, "style": style, "label": word, "count": steps[0]["counts"][verdict]}
        drawing.explain("residences", entry)
    content = {
        "at": points_of(homes.geometry, audit.study.crs),
        "groups": groups,
        "group": columns[0],
        **home_card(audit, homes, lang),
    }
    names = [text("map.layer_residences", lang, verdict=word) for word in words]
    cloud = drawing.add_cloud(content, [(name, True) for name in names])
    drawing.choices.append(
        Choice(label=text("map.service", lang), steps=steps, clouds=[(cloud, columns)], start=0, slider=False)
    )
