"""A planner's split from Excel or CSV: which compound belongs to which part."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geoplan.errors import DataError, MissingColumnError
from geoplan.io.study_toml import LayerConfig
from geoplan.io.tabular import read_csv, read_excel
from geoplan.model.split_tables import SPLIT_MEMBERS

__all__ = ["read_members"]

_COLUMNS = ("residence_id", "part_id")


def read_members(file: str | Path) -> pd.DataFrame:
    """
    Read a table of members, such as a dossier's sheet that a planner has edited.

    Parameters
    ----------
    file
        ``.xlsx``, ``.xlsm`` or ``.csv``. Headings are recognised by column name or in either language; of
        several sheets the one called ``split_members``.

    Returns
    -------
    Columns ``residence_id`` and ``part_id`` as text; missing where a cell is empty.

    Raises
    ------
    DataError
        If the file cannot be read or is of another format.
    MissingColumnError
        If a heading is missing.
    """
    path = Path(file)
    if not path.is_file():
        raise DataError("error.no_members_file", file=str(path))
    config = LayerConfig()
    if path.suffix.lower() == ".csv":
        cells, _, _ = read_csv(path, config, table="split_members")
    elif path.suffix.lower() in (".xlsx", ".xlsm"):
        cells, _ = read_excel(
            path, config, table="split_members", recognises=lambda heads: len(_found(heads)) == len(_COLUMNS)
        )
    else:
        raise DataError("error.format", file=path.name, known=".csv .xlsx .xlsm")
    heads = _found([str(one) for one in cells.columns])
    for column in _COLUMNS:
        if column not in heads:
            raise MissingColumnError("error.missing_column", table=path.name, column=column)
    frame = cells[[heads[column] for column in _COLUMNS]].set_axis(list(_COLUMNS), axis=1)
    return frame.map(lambda cell: None if pd.isna(cell) or not str(cell).strip() else str(cell).strip())


def _found(headings: list[str]) -> dict[str, str]:
    """Return which heading stands for which column."""
    found = {}
    for name in _COLUMNS:
        column = SPLIT_MEMBERS.column(name)
        known = {one.casefold() for one in (name, column.en, column.zh)}
        for heading in headings:
            if heading.strip().casefold() in known:
                found[name] = heading
                break
    return found
