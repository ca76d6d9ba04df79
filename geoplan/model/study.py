"""A study: validated tables in one metric CRS, with what was set aside and where it came from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from geoplan.errors import DataError, DuplicateIdError, some_ids
from geoplan.messages import Lang
from geoplan.model.tables import INPUT_TABLES

__all__ = ["LayerInfo", "ScenarioInfo", "Study", "empty_quarantine"]


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """
    Where one table came from.

    Parameters
    ----------
    table
        Input table it fills.
    file
        File name relative to the study folder.
    sha256
        Digest of the file's bytes.
    crs
        CRS or datum the coordinates were read in; empty for a plain table.
    encoding
        Text encoding used; empty where the format fixes it.
    rows_read, rows_used
        Rows in the file, and rows that passed validation.
    """

    table: str
    file: str
    sha256: str
    crs: str
    encoding: str
    rows_read: int
    rows_used: int


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """
    A scenario that was applied to a study.

    Parameters
    ----------
    name
        For people; may be empty.
    sha256
        Digest of its edits, in their order, and of the CRS of their places; its name is not in it.
    """

    name: str
    sha256: str


def empty_quarantine() -> pd.DataFrame:
    """Return a ``quarantine`` table without rows."""
    columns = {
        "table": "str",
        "row": "Int64",
        "id": "str",
        "column": "str",
        "value": "str",
        "code": "str",
        "effect": "str",
    }
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


@dataclass(frozen=True, eq=False)
class Study:
    """
    A study folder, read and validated. Verbs are functions: nothing computes here.

    Every table is a (Geo)DataFrame indexed by its key, sorted by it, in ``crs``; a table the study
    does not have is None. Columns are declared in ``geoplan.model.tables``.

    Parameters
    ----------
    study_id, name
        Short identifier and name for people.
    crs
        Metric CRS of every geometry, such as ``"EPSG:4544"``.
    lang
        Language of its outputs unless told otherwise.
    standard_id
        Standard pack the study asks for (an id, or a file relative to the study folder).
    synthetic
        True if made-up data is in it; every page says so.
    estimated
        ``table.column`` names whose values are estimates.
    complete
        Facility kinds whose absence is a fact: all kinds if it holds ``"*"``.
    attribution
        Credit lines for the data.
    data_date
        Day the data describes, ISO 8601, or empty.
    max_snap_m
        Farthest a place may lie from a walkable street; None leaves it to the standard.
    layers
        One record a table read.
    quarantine
        One row a fault: table, row, id, column, value, code, effect (``set_aside`` or ``kept``).
    scenarios
        Scenarios applied, in their order; every page of an audit says so. Empty: the data as they were read.
    """

    study_id: str
    name: str
    crs: str
    lang: Lang = "en"
    standard_id: str = "default"
    synthetic: bool = False
    estimated: tuple[str, ...] = ()
    complete: frozenset[str] = frozenset()
    attribution: tuple[str, ...] = ()
    data_date: str = ""
    max_snap_m: float | None = None
    layers: tuple[LayerInfo, ...] = ()
    quarantine: pd.DataFrame = field(default_factory=empty_quarantine)
    scenarios: tuple[ScenarioInfo, ...] = ()
    subdistricts: gpd.GeoDataFrame | None = None
    communities: gpd.GeoDataFrame | None = None
    residences: gpd.GeoDataFrame | None = None
    facilities: gpd.GeoDataFrame | None = None
    centres: gpd.GeoDataFrame | None = None
    premises: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    grids: gpd.GeoDataFrame | None = None
    departments: gpd.GeoDataFrame | None = None

    def table(self, name: str) -> gpd.GeoDataFrame | None:
        """Return the input table ``name``, None if the study does not have it."""
        return getattr(self, INPUT_TABLES[name].name)

    def need(self, *names: str) -> tuple[gpd.GeoDataFrame, ...]:
        """
        Return the named tables.

        Raises
        ------
        DataError
            Naming every one of them that the study does not have.
        """
        absent = [name for name in names if self.table(name) is None]
        if absent:
            raise DataError("error.missing_tables", study=self.study_id, tables=", ".join(absent))
        return tuple(self.table(name) for name in names)

    def with_centres(self, centres: gpd.GeoDataFrame) -> Study:
        """
        Return a study that has ``centres`` beside its own.

        Parameters
        ----------
        centres
            Table ``centres``, with new ids; or ``SitePlan.chosen``, whose further columns are left out.

        Raises
        ------
        DuplicateIdError
            If an id is taken.
        """
        known = [column.name for column in INPUT_TABLES["centres"].columns if column.name in centres]
        places = gpd.GeoDataFrame(centres[known], geometry=centres.geometry.to_numpy(), crs=centres.crs)
        added = places.to_crs(self.crs)
        if self.centres is None:
            return dataclasses.replace(self, centres=added.sort_index())
        taken = centres.index[centres.index.isin(self.centres.index)]
        if len(taken):
            raise DuplicateIdError("error.duplicate_ids", table="centres", ids=some_ids(taken))
        both = [one.dropna(axis=1, how="all") for one in (self.centres, added) if len(one)]
        every = [*self.centres.columns, *(name for name in added.columns if name not in self.centres)]
        joined = pd.concat([self.centres.iloc[:0], *both]).reindex(columns=every).sort_index()
        return dataclasses.replace(self, centres=joined)
