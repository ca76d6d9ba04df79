"""``study.toml``: what a study is called, and how each of its layers is to be read."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geoplan.errors import DataError, GeoplanError, SchemaError
from geoplan.messages import LANGS, Lang
from geoplan.model.tables import INPUT_TABLES

__all__ = ["STUDY_TOML", "LayerConfig", "StudyConfig", "read_config"]

STUDY_TOML = "study.toml"

_TEXT, _TEXTS, _FLAG, _POSITIVE = "text", "a list of texts", "true or false", "a positive number"
_STUDY_KEYS = {
    "id": _TEXT, "name": _TEXT, "lang": _TEXT, "crs": _TEXT, "standard": _TEXT, "synthetic": _FLAG,
    "estimated": _TEXTS, "attribution": _TEXTS, "data_date": _TEXT, "max_snap_m": _POSITIVE,
    "dem": _TEXT, "scenarios": _TEXTS,
}  # fmt: skip
_LAYER_KEYS = {
    "file": _TEXT, "layer": _TEXT, "crs": _TEXT, "encoding": _TEXT, "sheet": _TEXT, "header_row": _POSITIVE,
    "x": _TEXT, "y": _TEXT, "wkt": _TEXT, "complete": "true, false or a list of kinds", "columns": "a table",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayerConfig:
    """
    How one table is to be read; empty means: find it out.

    Parameters
    ----------
    file, layer, sheet
        File relative to the study folder, and the layer or sheet in it.
    crs
        CRS or datum of its coordinates.
    encoding
        Encoding of its text.
    header_row
        Row of the headings in a sheet, from 1; 0 finds it out.
    x, y, wkt
        Headings of the coordinate columns of a CSV or Excel file.
    complete
        Facility kinds whose absence is a fact; ``"*"`` stands for all.
    columns
        Declared column -> heading in the file.
    """

    file: str = ""
    layer: str = ""
    crs: str = ""
    encoding: str = ""
    sheet: str = ""
    header_row: int = 0
    x: str = ""
    y: str = ""
    wkt: str = ""
    complete: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudyConfig:
    """
    The file ``study.toml``, read: what it may state of a `Study`, a DEM, and a `LayerConfig` a table.

    A line of ``scenarios`` is the digest of a scenario applied before the study was written, and its name.
    """

    id: str
    name: str
    lang: Lang = "en"
    crs: str = ""
    standard: str = "default"
    synthetic: bool = False
    estimated: tuple[str, ...] = ()
    attribution: tuple[str, ...] = ()
    data_date: str = ""
    max_snap_m: float | None = None
    dem: str = ""
    scenarios: tuple[str, ...] = ()
    layers: Mapping[str, LayerConfig] = field(default_factory=dict)


def read_config(folder: Path) -> StudyConfig:
    """
    Read ``study.toml``.

    Raises
    ------
    DataError
        If it is absent or no TOML.
    SchemaError
        Listing every unknown key and wrong type.
    """
    if not folder.is_dir():
        raise DataError("error.no_folder", folder=str(folder))
    file = folder / STUDY_TOML
    if not file.is_file():
        raise DataError("error.no_study_toml", folder=str(folder))
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError("error.study_not_toml", detail=str(error)) from error
    faults: list[GeoplanError] = []
    _known("table", data, ("study", "layers"), faults)
    study = _section(data, "study", faults)
    values = _values("study", study, _STUDY_KEYS, faults)
    if values.get("lang", "en") not in LANGS:
        faults.append(_wrong("study.lang", " / ".join(LANGS), values["lang"]))
    if "data_date" in values and not _is_date(values["data_date"]):
        faults.append(_wrong("study.data_date", "2026-01-31", values["data_date"]))
    layers = {}
    sections = _section(data, "layers", faults)
    _known("layers", sections, tuple(INPUT_TABLES), faults)
    for table in sections:
        if table in INPUT_TABLES:
            layers[table] = _layer(table, _section(sections, table, faults), faults)
    if faults:
        raise SchemaError("error.study_faults", faults=faults, folder=str(folder), count=len(faults))
    own_id = values.get("id") or folder.resolve().name
    return StudyConfig(**{**values, "id": own_id, "name": values.get("name", own_id), "layers": layers})


def _layer(table: str, section: Mapping[str, Any], faults: list[GeoplanError]) -> LayerConfig:
    where = f"layers.{table}"
    keys = _LAYER_KEYS if table == "facilities" else {k: v for k, v in _LAYER_KEYS.items() if k != "complete"}
    values = _values(where, section, keys, faults)
    if "header_row" in values:
        values["header_row"] = int(values["header_row"])
    complete = values.get("complete", ())
    values["complete"] = ("*",) if complete is True else () if complete is False else complete
    columns = values.get("columns", {})
    _known(f"{where}.columns", columns, tuple(one.name for one in INPUT_TABLES[table].columns), faults)
    for name, heading in columns.items():
        if not isinstance(heading, str):
            faults.append(_wrong(f"{where}.columns.{name}", _TEXT, heading))
    return LayerConfig(**values)


def _values(
    where: str, section: Mapping[str, Any], keys: Mapping[str, str], faults: list[GeoplanError]
) -> dict[str, Any]:
    """Return the known, well-typed values; lists become tuples."""
    _known(where, section, tuple(keys), faults)
    found = {}
    for key, wanted in keys.items():
        if key not in section:
            continue
        value = section[key]
        if isinstance(value, datetime.date):
            value = value.isoformat()
        if _fits(value, wanted):
            found[key] = tuple(value) if isinstance(value, list) else value
        else:
            faults.append(_wrong(f"{where}.{key}", wanted, value))
    return found


def _fits(value: object, wanted: str) -> bool:
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if wanted == _TEXT:
        return isinstance(value, str)
    if wanted == _TEXTS:
        return texts
    if wanted == _FLAG:
        return isinstance(value, bool)
    if wanted == _POSITIVE:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    if wanted == "a table":
        return isinstance(value, dict)
    return isinstance(value, bool) or texts


def _known(where: str, found: Mapping[str, Any], known: tuple[str, ...], faults: list[GeoplanError]) -> None:
    unknown = [key for key in found if key not in known]
    if unknown:
        faults.append(
            SchemaError("error.study_key", where=where, found=", ".join(unknown), known=", ".join(known))
        )


def _section(data: Mapping[str, Any], key: str, faults: list[GeoplanError]) -> dict[str, Any]:
    found = data.get(key, {})
    if isinstance(found, dict):
        return found
    faults.append(_wrong(key, "a table", found))
    return {}


def _wrong(where: str, wanted: str, found: object) -> GeoplanError:
    return SchemaError("error.study_type", where=where, wanted=wanted, found=str(found))


def _is_date(value: str) -> bool:
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return value == ""
    return True
