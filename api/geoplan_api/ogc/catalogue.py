"""Every collection of one audited study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from geoplan.messages import Lang
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.report.headline import banners
from geoplan.workflow import Audit
from geoplan_api.ogc.collection import Collection
from geoplan_api.ogc.crs import offered_crs

__all__ = ["Catalogue", "Snapshot"]


class Snapshot(Protocol):
    """What the service answers from: one audited study."""

    @property
    def study(self) -> Study:
        """The study."""

    @property
    def audit(self) -> Audit:
        """Its audit."""


class Catalogue:
    """
    The collections of a study and its audit, and what is said about all of them.

    Parameters
    ----------
    snapshot
        The audited study.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        study = snapshot.study
        self.offered = offered_crs(study.crs)
        given = {name: study.table(name) for name in INPUT_TABLES}
        found = snapshot.audit.tables
        tables = [(schema, given[name]) for name, schema in INPUT_TABLES.items()]
        tables += [(schema, found[name]) for name, schema in RESULT_TABLES.items() if name in found]
        self._collections = {
            schema.name: Collection(schema, table, self.offered)
            for schema, table in tables
            if table is not None
        }

    def __iter__(self) -> Iterator[Collection]:
        return iter(self._collections.values())

    def get(self, name: str) -> Collection | None:
        """Return the collection called ``name``, None if there is none."""
        return self._collections.get(name)

    @property
    def names(self) -> list[str]:
        """Names of the collections."""
        return list(self._collections)

    @property
    def storage_crs(self) -> str:
        """URI of the CRS the tables are kept in; CRS84 where theirs has none."""
        return self.offered[-1].uri

    def notices(self, lang: Lang) -> list[str]:
        """Return what every page says: synthetic or estimated data, then credits."""
        return [*banners(self.snapshot.audit, lang), *self.snapshot.study.attribution]
