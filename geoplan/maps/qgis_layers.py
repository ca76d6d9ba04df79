"""Which layers a QGIS project of an audit has, in which order, and how each is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geoplan.maps.palette import (
    BARRIER_STYLES,
    CAUSE_STYLES,
    CENTRE_COLOURS,
    COMPLETENESS_COLOURS,
    FACILITY_STYLE,
    FAULT_STYLES,
    GAP_PLACE_STYLE,
    NO_DATA_COLOUR,
    OVERSIZED_STYLE,
    STREET_STYLE,
    VERDICT_STYLES,
    Style,
    circle_style,
    community_style,
)
from geoplan.maps.qgis_style import Categories, Classes, Entry, Family, Renderer, Single
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import TableSchema
from geoplan.model.tables import INPUT_TABLES

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["AUDIT_FILE", "STUDY_FILE", "QgisGroup", "QgisLayer", "qgis_groups"]

AUDIT_FILE, STUDY_FILE = "audit.gpkg", "study.gpkg"

_FAMILIES: tuple[Family, ...] = ("Point", "LineString", "Polygon")
_OUTLINE: Style = {"color": "#6d6d6d", "weight": 1, "fill": False}
_OBSTACLE: Style = {"color": "#c2003f", "weight": 3.5, "fill": False, "radius": 5}
_PLACE: Style = {"color": "#1d1d1b", "weight": 1, "fillColor": "#999999", "fillOpacity": 0.8, "radius": 4}


@dataclass(frozen=True, slots=True)
class QgisLayer:
    """
    One layer of a project.

    Parameters
    ----------
    id
        Unique in the project.
    title
        What people see.
    file, schema
        GeoPackage, and the table in it.
    family
        Which geometries of the table; None for a table without.
    how
        How they are drawn.
    subset
        SQL condition on the table's columns; empty: all rows.
    label
        Column whose values name the features on the map; empty: none.
    shown
        Switched on at first.
    """

    id: str
    title: str
    file: str
    schema: TableSchema
    family: Family | None = None
    how: Renderer | None = None
    subset: str = ""
    label: str = ""
    shown: bool = False


@dataclass(frozen=True, slots=True)
class QgisGroup:
    """Layers that stand together, topmost first."""

    title: str
    layers: tuple[QgisLayer, ...]


def qgis_groups(audit: Audit, lang: Lang) -> tuple[QgisGroup, ...]:
    """
    Return the groups of layers, topmost first.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    lang
        Language of titles and legends.
    """
    layers = _Layers(audit, lang)
    parts = {
        "qgis.group_results": (
            layers.centres, layers.residences, layers.premises, layers.findings, layers.circles,
        ),
        "qgis.group_others": (layers.places, layers.others),
        "map.legend_lines": (layers.lines,),
        "qgis.group_areas": (layers.communities, layers.areas),
        "qgis.group_tables": (layers.plain_tables,),
    }  # fmt: skip
    groups = []
    for key, makers in parts.items():
        first = len(layers.found)
        for make in makers:
            make()
        if found := tuple(layers.found[first:]):
            groups.append(QgisGroup(text(key, lang), found))
    return tuple(groups)


class _Layers:
    """Layers in the making, topmost first."""

    def __init__(self, audit: Audit, lang: Lang) -> None:
        self.audit, self.lang = audit, lang
        self.found: list[QgisLayer] = []

    def centres(self) -> None:
        """Add the centres by level."""
        white: Style = {"color": "#ffffff", "weight": 1.2, "fillOpacity": 1.0}
        forms = {"district": {"shape": "star", "radius": 8}, "community": {"shape": "square", "radius": 6}}
        entries = [
            Entry(
                level,
                {**white, **forms[level], "fillColor": colour},
                self._level(level),
            )
            for level, colour in CENTRE_COLOURS.items()
        ]
        title = INPUT_TABLES["centres"].title(self.lang)
        name = "coverage_by_centre" if "coverage_by_centre" in self.audit.tables else "centres"
        self._add(name, Categories("level", entries), title=title, label="name", shown=True)

    def residences(self) -> None:
        """Add the residences by verdict."""
        column = "verdict_all_five" if self.audit.study.facilities is not None else "verdict_any_centre"
        heading = RESULT_TABLES["completeness"].column(column).heading(self.lang)
        title = text("map.legend_residences", self.lang, verdict=heading)
        how = Categories(column, self._verdicts("circle", 4))
        self._add("completeness", how, title=title, shown=True)

    def premises(self) -> None:
        """Add the premises by verdict."""
        self._add("premises_checks", Categories("verdict", self._verdicts("diamond", 5)))

    def findings(self) -> None:
        """Add what stands in the way, where people are left out, and why."""
        self._add("obstacles", Single(_OBSTACLE), label="name")
        causes = [
            Entry(cause, style, text(f"cause.{cause}", self.lang)) for cause, style in CAUSE_STYLES.items()
        ]
        self._add("causes", Categories("cause", causes))
        self._add("gap_places", Single(GAP_PLACE_STYLE))
        faults = [
            Entry(kind, style, text(f"network.kind.{kind}", self.lang))
            for kind, style in FAULT_STYLES.items()
        ]
        self._add("network_faults", Categories("kind", faults))

    def circles(self) -> None:
        """Add the service circles, a layer a time; the longest is on at first."""
        circles = self.audit.tables.get("service_circles")
        if circles is None or circles.empty:
            return
        entries = [Entry(level, circle_style(level), self._level(level)) for level in CENTRE_COLOURS]
        times = sorted(circles["minutes"].unique().tolist())
        for minutes in times:
            self._add(
                "service_circles", Categories("level", entries), subset=f'"minutes" = {minutes!r}',
                title=text("qgis.circles", self.lang, minutes=f"{minutes:g}"), shown=minutes == times[-1],
            )  # fmt: skip

    def communities(self) -> None:
        """Add the oversized communities, then all by mean completeness, those without a figure below."""
        title = text("map.layer_oversized", self.lang)
        self._add("oversized", Single(OVERSIZED_STYLE), subset="\"size\" = 'oversized'", title=title)
        unknown = community_style(NO_DATA_COLOUR)
        covered = self.audit.tables.get("coverage_by_community")
        if covered is None:
            self._add("communities", Single(unknown), label="name", shown=True)
            return
        most = max(1, len(self.audit.standard.categories))
        count = len(COMPLETENESS_COLOURS)
        entries = []
        for at, colour in enumerate(COMPLETENESS_COLOURS):
            low, high = most * at / count, most * (at + 1) / count
            label = text("map.completeness_class", self.lang, low=f"{low:g}", high=f"{high:g}")
            entries.append(Entry((low, high), community_style(colour), label))
        title = text("map.layer_communities", self.lang)
        how = Classes("mean_completeness", entries)
        self._add("coverage_by_community", how, title=title, label="name", shown=True)
        if covered["mean_completeness"].isna().any():
            self._add(
                "coverage_by_community", Single(unknown), subset='"mean_completeness" IS NULL',
                title=f"{title}: {text('verdict.unknown', self.lang)}", shown=True,
            )  # fmt: skip

    def places(self) -> None:
        """Add facilities and departments; off at first."""
        self._add("facilities", Single(FACILITY_STYLE))
        self._add("departments", Single(_PLACE), label="name")

    def lines(self) -> None:
        """Add streets and barriers."""
        styles = BARRIER_STYLES.items()
        kinds = [Entry(kind, style, text(f"map.barrier_{kind}", self.lang)) for kind, style in styles]
        self._add("barriers", Categories("kind", kinds), shown=True)
        self._add("streets", Single(STREET_STYLE), shown=True)

    def areas(self) -> None:
        """Add subdistricts and grids."""
        self._add("subdistricts", Single({**_OUTLINE, "weight": 2}), shown=True)
        self._add("grids", Single(_OUTLINE))

    def others(self) -> None:
        """Add the result tables with geometry that no other part draws; off at first."""
        drawn = {one.schema.name for one in self.found} | {"oversized", "coverage_by_community"}
        for name, table in self.audit.tables.items():
            if isinstance(table, gpd.GeoDataFrame) and name not in drawn:
                self._add(name, Single({**_PLACE, "fillOpacity": 0.4}))

    def plain_tables(self) -> None:
        """Add the result tables without geometry, to be joined or read."""
        for name, table in self.audit.tables.items():
            if not isinstance(table, gpd.GeoDataFrame):
                schema = RESULT_TABLES[name]
                self.found.append(QgisLayer(_layer_id(name, 0), schema.title(self.lang), AUDIT_FILE, schema))

    def _level(self, level: str) -> str:
        return text(f"report.level.{level}", self.lang)

    def _verdicts(self, shape: str, radius: float) -> list[Entry]:
        return [
            Entry(verdict, {**style, "shape": shape, "radius": radius}, text(f"verdict.{verdict}", self.lang))
            for verdict, style in VERDICT_STYLES.items()
        ]

    def _add(
        self,
        name: str,
        how: Renderer,
        *,
        title: str = "",
        subset: str = "",
        label: str = "",
        shown: bool = False,
    ) -> None:
        """Add a table, a layer a family of geometry that it holds; nothing if there is no such geometry."""
        given = name in INPUT_TABLES
        table = self.audit.study.table(name) if given else self.audit.tables.get(name)
        if not isinstance(table, gpd.GeoDataFrame):
            return
        schema = INPUT_TABLES[name] if given else RESULT_TABLES[name]
        kinds = set(table.geom_type.dropna().str.removeprefix("Multi"))
        families = [one for one in _FAMILIES if one in kinds]
        for family in families:
            number = sum(one.schema is schema for one in self.found)
            plain = title or schema.title(self.lang)
            kind = f" · {text(f'qgis.family_{family}', self.lang)}" if len(families) > 1 else ""
            self.found.append(
                QgisLayer(
                    id=_layer_id(name, number), title=plain + kind, file=STUDY_FILE if given else AUDIT_FILE,
                    schema=schema, family=family, how=how, subset=subset,
                    label=label if label in table and _named(table[label]) else "", shown=shown,
                )
            )  # fmt: skip


def _layer_id(name: str, number: int) -> str:
    """Return an id; QGIS takes none of fewer than eleven signs."""
    return f"geoplan_{name}_{number}"


def _named(values: pd.Series) -> bool:
    return bool(values.notna().any())
