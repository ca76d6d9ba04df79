"""A study folder, read and written."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.errors import DataError, GeoplanError
from geoplan.io.columns import match_columns, missing_required, with_geometry
from geoplan.io.encoding import beside
from geoplan.io.heights import DEM_SUFFIXES, fill_climbs, read_dem
from geoplan.io.placing import (
    choose_crs,
    declared_crs,
    set_aside_far,
    set_aside_implausible,
    to_study_crs,
)
from geoplan.io.study_toml import LayerConfig, StudyConfig, read_config
from geoplan.io.tabular import read_csv, read_excel
from geoplan.io.vector import VECTOR_SUFFIXES, layer_names, read_vector
from geoplan.messages import Lang
from geoplan.model.crosscheck import cross_check
from geoplan.model.study import LayerInfo, ScenarioInfo, Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import GEOMETRY, Checked, Fault, quarantine, validate_table

__all__ = ["read_layer", "read_study"]

_EXCEL = (".xlsx", ".xlsm")
_SUFFIXES = (*VECTOR_SUFFIXES, ".csv", *_EXCEL)
_SIDECARS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer, read and validated, still in the coordinates it was read in."""

    checked: Checked
    crs: str
    info: LayerInfo


def read_study(folder: str | Path, *, lang: Lang | None = None, progress: Progress | None = None) -> Study:
    """
    Read and validate a study folder.

    Parameters
    ----------
    folder
        Holds ``study.toml``, and the layers: GeoPackage, Shapefile, GeoJSON, GeoParquet, CSV or Excel. A
        layer that ``[layers.<table>]`` does not name is found by its file name, or by its layer name in a
        GeoPackage. A GeoTIFF of heights that ``dem`` names fills missing climbs of streets.
    lang
        Language of the outputs; None takes the study's.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    study
        Every table validated and in one metric CRS. Every row read is in its table or in ``quarantine``; a
        row that is kept with a fault is in both.

    Raises
    ------
    DataError, CrsError
        If a layer cannot be used at all: the error itself if there is one, else a `DataError` that lists all
        of them. Never for single rows.

    Examples
    --------
    >>> import geoplan
    >>> study = geoplan.read_study("data/monaco")
    >>> study.crs, int(study.residences["persons"].sum())
    ('EPSG:32632', 39050)
    """
    folder = Path(folder)
    config = read_config(folder)
    faults: list[GeoplanError] = []
    layers: dict[str, _Layer] = {}
    sources = _sources(folder, config, faults)
    for done, (table, (file, one)) in enumerate(sources.items()):
        if progress is not None:
            progress("stage.read", done, len(sources))
        try:
            layers[table] = _read(folder, file, table, one)
        except GeoplanError as error:
            faults.append(error)
    crs = ""
    if not faults:
        try:
            layers, crs = _place(layers, config)
        except GeoplanError as error:
            faults.append(error)
    if faults:
        raise _joined(folder, faults)
    checked = cross_check({table: layer.checked for table, layer in layers.items()})
    infos = [layer.info for layer in layers.values()]
    if config.dem and "streets" in checked and len(checked["streets"].table):
        checked["streets"], info = _with_climbs(folder, config.dem, checked["streets"])
        infos.append(info)
    return _study(config, crs, lang or config.lang, checked, infos)


def _with_climbs(folder: Path, name: str, streets: Checked) -> tuple[Checked, LayerInfo]:
    """Return the streets with climbs from the study's DEM, and where these came from."""
    faults: list[GeoplanError] = []
    file = _named(folder, "dem", name, faults, known=DEM_SUFFIXES)
    if file is None:
        raise faults[0]
    dem = read_dem(file, streets.table)
    table = fill_climbs(streets.table, dem)
    info = LayerInfo(
        table="dem", file=file.relative_to(folder).as_posix(), sha256=_digest(file), crs=dem.crs, encoding="",
        rows_read=len(table), rows_used=int(table["climb_m"].notna().sum()),
    )  # fmt: skip
    return dataclasses.replace(streets, table=table), info


def read_layer(file: Path, table: str, *, crs: str) -> Checked:
    """
    Read one layer outside a study folder.

    Parameters
    ----------
    file
        The file; it must say in which CRS its coordinates are.
    table
        Input table it fills.
    crs
        CRS to return it in.

    Returns
    -------
    checked
        The rows that passed validation, and the faults of the others.

    Raises
    ------
    DataError, CrsError
        If it cannot be used.
    """
    layer = _read(file.parent, file, table, LayerConfig())
    if not layer.crs:
        raise DataError("error.no_coordinates", table=table, file=file.name)
    return to_study_crs(table, layer.checked, layer.crs, crs)


def _study(
    config: StudyConfig, crs: str, lang: Lang, checked: dict[str, Checked], infos: list[LayerInfo]
) -> Study:
    facilities = config.layers.get("facilities", LayerConfig())
    return Study(
        study_id=config.id,
        name=config.name,
        crs=crs,
        lang=lang,
        standard_id=config.standard,
        synthetic=config.synthetic,
        estimated=config.estimated,
        complete=frozenset(facilities.complete),
        attribution=config.attribution,
        data_date=config.data_date,
        max_snap_m=config.max_snap_m,
        scenarios=tuple(_scenario(line) for line in config.scenarios),
        layers=tuple(infos),
        quarantine=quarantine(fault for one in checked.values() for fault in one.faults),
        **{table: one.table for table, one in checked.items()},
    )


def _scenario(line: str) -> ScenarioInfo:
    sha256, _, name = line.partition(" ")
    return ScenarioInfo(name=name, sha256=sha256)


def _joined(folder: Path, faults: list[GeoplanError]) -> GeoplanError:
    """Return one error for all; a single fault speaks for itself."""
    if len(faults) == 1:
        return faults[0]
    return DataError("error.study_faults", faults=faults, folder=str(folder), count=len(faults))


def _sources(
    folder: Path, config: StudyConfig, faults: list[GeoplanError]
) -> dict[str, tuple[Path, LayerConfig]]:
    """Return the file of each table, in the order of the tables."""
    present = sorted(one for one in folder.iterdir() if one.suffix.lower() in _SUFFIXES)
    inside: dict[str, list[Path]] = {}
    for file in present:
        if file.suffix.lower() == ".gpkg" and file.stem not in INPUT_TABLES:
            try:
                for name in layer_names(file):
                    inside.setdefault(name, []).append(file)
            except GeoplanError as error:
                faults.append(error)
    sources = {}
    for table in INPUT_TABLES:
        layer = config.layers.get(table, LayerConfig())
        if layer.file:
            named = _named(folder, table, layer.file, faults)
            found = [] if named is None else [named]
        else:
            found = [*(one for one in present if one.stem == table), *inside.get(table, [])]
            if len(found) > 1:
                listed = ", ".join(one.name for one in found)
                faults.append(DataError("error.two_sources", table=table, files=listed))
            elif not found and table in config.layers and layer != LayerConfig(complete=layer.complete):
                faults.append(DataError("error.no_file", table=table, file=f"{table}.*"))
        if len(found) == 1:
            sources[table] = (found[0], layer)
    if not sources and not faults:
        raise DataError("error.no_tables", folder=str(folder), known=", ".join(INPUT_TABLES))
    return sources


def _named(
    folder: Path,
    table: str,
    name: str,
    faults: list[GeoplanError],
    *,
    known: tuple[str, ...] = _SUFFIXES,
) -> Path | None:
    """Return the file a study names, which must lie in its folder."""
    file = folder / name
    if not file.resolve().is_relative_to(folder.resolve()):
        faults.append(DataError("error.outside_folder", table=table, file=name))
    elif not file.is_file():
        faults.append(DataError("error.no_file", table=table, file=name))
    elif file.suffix.lower() == ".xls":
        faults.append(DataError("error.old_excel", file=name))
    elif file.suffix.lower() not in known:
        faults.append(DataError("error.format", file=name, known=" ".join(known)))
    else:
        return file
    return None


def _read(folder: Path, file: Path, table: str, config: LayerConfig) -> _Layer:
    schema = INPUT_TABLES[table]
    suffix, encoding = file.suffix.lower(), ""
    found: list[Fault] = []
    if suffix == ".csv":
        raw, encoding, found = read_csv(file, config, table=table)
    elif suffix in _EXCEL:
        raw, found = read_excel(
            file, config, table=table, recognises=lambda names: not missing_required(names, schema, config)
        )
    else:
        raw, encoding = read_vector(file, config, table=table)
    own: Any = getattr(raw, "crs", None) if isinstance(raw, gpd.GeoDataFrame) else None
    rows: pd.DataFrame = match_columns(raw, schema, config, file=file.name, cut=suffix == ".shp")
    if not isinstance(raw, gpd.GeoDataFrame):
        rows, wrong = with_geometry(rows, schema, config, file=file.name)
        found = [*found, *wrong]
    # a spreadsheet of premises has no geometry; a map layer of departments has one that nothing reads
    located = GEOMETRY in rows and bool(schema.geometry) and bool(rows[GEOMETRY].notna().any())
    crs = declared_crs(table, file.name, own, config.crs) if located else ""
    checked = validate_table(pd.DataFrame(rows), schema, found=found)
    if located:
        checked = set_aside_implausible(table, checked, crs)
    info = LayerInfo(
        table=table, file=file.relative_to(folder).as_posix(), sha256=_digest(file), crs=crs,
        encoding=encoding, rows_read=len(rows), rows_used=len(checked.table),
    )  # fmt: skip
    return _Layer(checked, crs, info)


def _place(layers: dict[str, _Layer], config: StudyConfig) -> tuple[dict[str, _Layer], str]:
    """Bring all layers into one metric CRS."""
    declared = {table: layer.crs for table, layer in layers.items() if layer.crs}
    checked = set_aside_far({table: layer.checked for table, layer in layers.items()}, declared)
    crs = choose_crs(config.crs, checked, declared)
    placed = {}
    for table, layer in layers.items():
        done = to_study_crs(table, checked[table], layer.crs or crs, crs)
        info = LayerInfo(
            table=table, file=layer.info.file, sha256=layer.info.sha256, crs=layer.crs,
            encoding=layer.info.encoding, rows_read=layer.info.rows_read, rows_used=len(done.table),
        )  # fmt: skip
        placed[table] = _Layer(done, layer.crs, info)
    return placed, crs


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file; of a Shapefile, that of its parts one after the other."""
    parts = [file]
    if file.suffix.lower() == ".shp":
        parts = [part for part in (beside(file, suffix) for suffix in _SIDECARS) if part.is_file()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes())
    return digest.hexdigest()
