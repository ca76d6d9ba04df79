"""From an OSM extract to a study: streets, places, homes, communities and a declared number of people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.crs.metric import require_metric, suggest_metric_crs, transform_xy
from geoplan.errors import DataError
from geoplan.io.osm_communities import (
    AdminArea,
    admin_areas,
    choose_level,
    communities_table,
    community_of,
)
from geoplan.io.osm_pbf import OsmExtract, read_osm
from geoplan.io.osm_people import Counted, People, count_people
from geoplan.io.osm_places import (
    barriers_table,
    centres_table,
    drop_doubles,
    facilities_table,
    find_places,
    residences_table,
)
from geoplan.io.osm_streets import Islands, drop_islands, streets_table
from geoplan.io.study_folder import read_layer
from geoplan.io.vector import VECTOR_SUFFIXES
from geoplan.messages import Lang
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import Fault, quarantine, validate_table
from geoplan.standards.standard import Standard

__all__ = ["ATTRIBUTION", "OsmAccount", "OsmStudy", "People", "study_from_osm"]

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"
_TABLES = ("communities", "residences", "facilities", "centres", "streets", "barriers")
_STAGES = ("stage.osm_read", "stage.osm_streets", "stage.osm_places", "stage.osm_people")


@dataclass(frozen=True, slots=True)
class OsmAccount:
    """
    How a study came out of an extract, for the reader of its figures.

    Parameters
    ----------
    file, sha256, data_date, dated_by
        The extract, as in `geoplan.io.osm_pbf.OsmExtract`.
    rows
        Table -> rows, for the tables the study has.
    missing
        Tables the extract gives no row of.
    admin_level
        Level of the communities, empty if they come from a layer or there are none.
    closed
        Name and id -> length of the straight line that closes its clipped outline [m].
    people
        What was spread over the homes.
    homes_outside
        Buildings where people live outside every community: left out.
    homes_with_assumed_levels
        Residences whose storeys are the default of their kind.
    islands, islands_m
        Groups of streets left out because they join no others, and their length [m].
    mapped_twice
        Nodes left out because the area they name is in the table itself.
    """

    file: str
    sha256: str
    data_date: str
    dated_by: str
    rows: Mapping[str, int]
    missing: tuple[str, ...]
    admin_level: str
    closed: Mapping[str, float]
    people: Counted
    homes_outside: int
    homes_with_assumed_levels: int
    islands: int
    islands_m: float
    mapped_twice: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class OsmStudy:
    """A study built from an extract, and how."""

    study: Study
    account: OsmAccount


def study_from_osm(
    file: str | Path,
    standard: Standard,
    *,
    study_id: str,
    name: str = "",
    people: People | None = None,
    admin_level: str | None = None,
    communities: Path | None = None,
    centres: Path | None = None,
    crs: str | None = None,
    standard_id: str | None = None,
    lang: Lang = "en",
    progress: Progress | None = None,
) -> OsmStudy:
    """
    Build a study from an OSM extract.

    Parameters
    ----------
    file
        A local ``.osm.pbf`` file.
    standard
        Its OSM tag table says what is a facility and what is a centre.
    study_id, name
        Identifier and name of the study; the name defaults to the identifier.
    people
        Declared totals, spread over residential floor area.
    admin_level
        ``admin_level`` of the boundaries that become communities; None takes the finest with two whole ones.
    communities, centres
        Layers to use instead of OSM's: map files that state their CRS, with headings as in a study folder.
    crs
        Metric CRS; None takes the one that suits the middle of the extract.
    standard_id
        What study.toml shall name; None takes the standard's id.
    lang
        Language of the study's outputs.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    OsmStudy
        Homes outside every community are left out, so that a total declared for the communities is theirs;
        without communities every home is kept. A table without rows is absent.

    Raises
    ------
    DataError
        If the file is unusable, holds nothing a study can use, the admin level is not there, or people are
        declared and there is no home to spread them over.
    NotMetricError
        If ``crs`` does not measure metres truthfully here.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    tell(_STAGES[0], 0, len(_STAGES))
    extract = read_osm(file, place_keys=_keys_of(standard))
    metric = crs or suggest_metric_crs(*_middle(extract))
    node_xy = _project(extract, metric)
    tell(_STAGES[1], 1, len(_STAGES))
    raw = {}
    raw["streets"], islands = drop_islands(streets_table(extract, node_xy, crs=metric))
    tell(_STAGES[2], 2, len(_STAGES))
    places = find_places(extract, node_xy, crs=metric)
    admin = admin_areas(extract, places, node_xy)
    level = "" if communities is not None else choose_level(admin, admin_level)
    faults: list[Fault] = []
    raw["communities"] = (
        communities_table(admin, level, crs=metric)
        if communities is None
        else _own_layer(communities, "communities", metric, faults)
    )
    raw["residences"] = residences_table(places)
    raw["facilities"], doubles = drop_doubles(facilities_table(places, standard.osm_tags), "kind")
    raw["centres"], double_centres = drop_doubles(centres_table(places, standard.osm_tags), "level")
    if centres is not None:
        raw["centres"] = _own_layer(centres, "centres", metric, faults)
    raw["barriers"] = barriers_table(extract, places, node_xy)
    tables = _validated(raw, faults)
    if not tables:
        raise DataError("error.osm_nothing_usable", file=extract.file)
    tell(_STAGES[3], 3, len(_STAGES))
    stated = dict(tables)
    outside = _place_in_communities(tables)
    tables, counted = count_people(tables, people or People(), admin)
    account = _account(extract, tables, admin, level, outside, counted, islands, doubles | double_centres)
    study = Study(
        study_id=study_id, name=name or study_id, crs=metric, lang=lang,
        standard_id=standard_id or standard.id,
        estimated=_estimated(stated, tables), attribution=(ATTRIBUTION,), data_date=extract.data_date,
        quarantine=quarantine(faults), **tables,
    )  # fmt: skip
    return OsmStudy(study, account)


def _keys_of(standard: Standard) -> set[str]:
    tags = (*standard.osm_tags.facilities.values(), *standard.osm_tags.centres.values())
    return {tag.partition("=")[0] for listed in tags for tag in listed}


def _middle(extract: OsmExtract) -> tuple[float, float]:
    lon, lat = np.median(extract.node_lonlat, axis=0)
    return float(lon), float(lat)


def _project(extract: OsmExtract, crs: str) -> FloatArray:
    """
    Return the places of the nodes in a metric CRS, to the centimetre.

    The CRS must suit the middle of the extract; the ends of a boundary or a ferry line may lie far outside.
    """
    west, south = np.quantile(extract.node_lonlat, 0.01, axis=0)
    east, north = np.quantile(extract.node_lonlat, 0.99, axis=0)
    x, y = transform_xy("EPSG:4326", crs, *extract.node_lonlat.T)
    corners = transform_xy("EPSG:4326", crs, [west, east], [south, north])
    require_metric(gpd.GeoSeries(shapely.points(np.column_stack(corners)), crs=crs))
    return np.asarray(np.round(np.column_stack([x, y]), 2), np.float64)


def _own_layer(file: Path, table: str, crs: str, faults: list[Fault]) -> gpd.GeoDataFrame:
    if file.suffix.lower() not in VECTOR_SUFFIXES:
        raise DataError("error.format", file=file.name, known=" ".join(VECTOR_SUFFIXES))
    checked = read_layer(file, table, crs=crs)
    faults += checked.faults
    return checked.table.reset_index()


def _validated(raw: Mapping[str, gpd.GeoDataFrame], faults: list[Fault]) -> dict[str, gpd.GeoDataFrame]:
    """Return the tables that have rows, typed as declared; add what was set aside to ``faults``."""
    tables: dict[str, gpd.GeoDataFrame] = {}
    for name in _TABLES:
        numbered = raw[name].set_axis(pd.RangeIndex(1, len(raw[name]) + 1), axis=0)
        checked = validate_table(numbered, INPUT_TABLES[name])
        faults += checked.faults
        if len(checked.table):
            tables[name] = checked.table
    return tables


def _place_in_communities(tables: dict[str, gpd.GeoDataFrame]) -> int:
    """Say in which community homes and centres lie; drop homes outside all and return how many they are."""
    communities = tables.get("communities")
    if communities is None:
        return 0
    for name in ("residences", "centres"):
        if name in tables:
            table = tables[name]
            found = community_of(table.geometry.to_numpy(), communities)
            known = table["community_id"].notna().to_numpy()
            tables[name] = table.assign(
                community_id=pd.Series(
                    np.where(known, table["community_id"], found), table.index, dtype="str"
                )
            )
    if "residences" not in tables:
        return 0
    homes = tables["residences"]
    outside = homes["community_id"].isna()
    tables["residences"] = homes[~outside]
    if outside.all():
        del tables["residences"]
    return int(outside.sum())


def _estimated(
    before: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, gpd.GeoDataFrame]
) -> tuple[str, ...]:
    """Return the columns whose values are estimates: what spreading and footprints gave."""
    found = []
    for table, column in (
        ("communities", "households"), ("communities", "persons"), ("facilities", "floor_area_m2"),
        ("centres", "floor_area_m2"), ("residences", "households"), ("residences", "persons"),
    ):  # fmt: skip
        if table in tables and tables[table][column].notna().any():
            stated = column != "floor_area_m2" and before[table][column].notna().any()
            found += [] if stated else [f"{table}.{column}"]
    return tuple(sorted(found))


def _account(
    extract: OsmExtract,
    tables: Mapping[str, gpd.GeoDataFrame],
    admin: list[AdminArea],
    level: str,
    outside: int,
    counted: Counted,
    islands: Islands,
    doubles: frozenset[str],
) -> OsmAccount:
    closed = {
        f"{area.tags.get('name', '')} ({area.label})".strip(): area.gap_m
        for area in admin
        if level and area.level == level and area.gap_m
    }
    assumed = 0 if "residences" not in tables else int(tables["residences"]["levels_assumed"].sum())
    return OsmAccount(
        file=extract.file,
        sha256=extract.sha256,
        data_date=extract.data_date,
        dated_by=extract.dated_by,
        rows={name: len(tables[name]) for name in _TABLES if name in tables},
        missing=tuple(name for name in _TABLES if name not in tables),
        admin_level=level,
        closed=closed,
        people=counted,
        homes_outside=outside,
        homes_with_assumed_levels=assumed,
        islands=islands.groups,
        islands_m=islands.length_m,
        mapped_twice=tuple(sorted(doubles)),
    )
