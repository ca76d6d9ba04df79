"""What explains the findings, as sheets to print: causes of failure, and barriers and gates in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoplan.messages import Lang, text
from geoplan.model.cause_tables import CAUSES
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.sheet import Cell, Sheet, sheet_of
from geoplan.report.words import DASH, count_text, service_name

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["MAX_OBSTACLES", "causes_by_service", "worst_obstacles"]

MAX_OBSTACLES = 20
"""Barriers and gates printed; the Excel file has all of them."""
_OBSTACLE = "obstacle_id obstacle_kind name households persons residences services"


def causes_by_service(audit: Audit, lang: Lang) -> Sheet | None:
    """Return services by causes, a cell saying how many homes and persons; None if nothing fails."""
    table = audit.tables.get("causes_by_service")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table)
    causes = [one for one in CAUSES if (frame["cause"] == one).any()]
    cells = frame.set_index(["service", "cause"])
    rows = []
    for service in frame["service"].unique():
        row = [Cell(service_name(audit.standard, service, lang))]
        for cause in causes:
            known = (service, cause) in cells.index
            row.append(Cell(_homes_and_persons(cells.loc[(service, cause)]) if known else DASH, "number"))
        rows.append(row)
    heading = RESULT_TABLES["causes_by_service"].column("service").heading(lang)
    return Sheet([heading, *(text(f"cause.{one}", lang) for one in causes)], rows)


def _homes_and_persons(row: pd.Series) -> str:
    persons = "" if pd.isna(row["persons"]) else f" · {count_text(row['persons'])}"
    return f"{count_text(row['residences'])}{persons}"


def worst_obstacles(audit: Audit, lang: Lang) -> Sheet | None:
    """Return the barriers and gates that most households would pass without; None if there is none."""
    table = audit.tables.get("obstacles")
    if table is None or table.empty:
        return None
    frame = pd.DataFrame(table.drop(columns="geometry")).reset_index().head(MAX_OBSTACLES)
    return sheet_of("obstacles", frame, _OBSTACLE.split(), audit.standard, lang)
