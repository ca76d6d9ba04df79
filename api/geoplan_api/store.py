"""
A stored audit: found again when everything it was made of is the same to the byte.

One JSON file: a line that tells the key and the digest of the rest, then the tables, column by column.
Numbers come back to the last bit. Nothing in it is run or imported; a file whose digest does not match is
left alone, and the study audited again.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import shapely

import geoplan as gp
from geoplan.model.provenance import Provenance, library_versions
from geoplan.model.result_tables import RESULT_TABLES, finish

__all__ = ["alone", "audit_key", "read_audit", "write_audit"]

_FORMAT = 1
_NAME = "audit.json"
_LOCK_SECONDS = 3600.0
_log = logging.getLogger("geoplan_api.store")


def audit_key(study: gp.Study, standard: gp.Standard, folder: Path) -> str:
    """
    Return the SHA-256 of everything an audit is made of, as hex.

    Parameters
    ----------
    study, standard
        What is audited.
    folder
        The study folder, whose ``study.toml`` says how layers are read.
    """
    said = {
        one.name: getattr(study, one.name)
        for one in dataclasses.fields(study)
        if isinstance(getattr(study, one.name), str | bool | float | int | tuple)
    }
    content = {
        "format": _FORMAT,
        "versions": library_versions(),
        "standard": standard.digest,
        "displaced": sorted(standard.displaced),
        "study": said,
        "complete": sorted(study.complete),
        "toml": hashlib.sha256((folder / "study.toml").read_bytes()).hexdigest(),
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def write_audit(folder: Path, key: str, audit: gp.Audit) -> None:
    """
    Store an audit in place of an older one.

    Parameters
    ----------
    folder
        Where it is kept.
    key
        Its `audit_key`.
    audit
        What is stored.
    """
    body = orjson.dumps(
        {
            "headline": audit.headline,
            "not_computed": audit.not_computed,
            "provenance": audit.provenance.as_dict(),
            "tables": {name: _columns(table) for name, table in audit.tables.items()},
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )
    head = orjson.dumps({"key": key, "sha256": hashlib.sha256(body).hexdigest()})
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".audit-")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(head + b"\n" + body)
        Path(name).replace(folder / _NAME)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_audit(folder: Path, key: str, study: gp.Study, standard: gp.Standard) -> gp.Audit | None:
    """
    Return the stored audit of this key, None if there is none that can be trusted.

    Parameters
    ----------
    folder
        Where it is kept.
    key
        `audit_key` of the study and the standard.
    study, standard
        What it is an audit of.
    """
    try:
        head, _, body = (folder / _NAME).read_bytes().partition(b"\n")
        stated = orjson.loads(head)
        if stated["key"] != key:
            return None
        if stated["sha256"] != hashlib.sha256(body).hexdigest():
            _log.warning("the stored audit is damaged; the study is audited again")
            return None
        content = orjson.loads(body)
        tables = {name: _table(name, rows, study.crs) for name, rows in content["tables"].items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, gp.GeoplanError) as error:
        _log.warning("the stored audit cannot be read (%s); the study is audited again", type(error).__name__)
        return None
    made = content["provenance"]
    return gp.Audit(
        study=study,
        standard=standard,
        headline=content["headline"],
        tables=tables,
        not_computed={name: tuple(lacking) for name, lacking in content["not_computed"].items()},
        provenance=Provenance(
            versions=made["versions"],
            standard_id=made["standard_id"],
            standard_digest=made["standard_digest"],
            layers=study.layers,
            parameters=made["parameters"],
        ),
    )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time in: the others wait, and then find what it stored."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(folder / "lock.sqlite", timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a result table as plain lists: its key and columns; geometry as WKB in base64."""
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    if plain.index.name is not None:
        plain = plain.reset_index()
    columns: dict[str, list[Any]] = {}
    for name in plain.columns:
        missing = plain[name].isna().to_numpy()
        cells = plain[name].tolist()
        columns[str(name)] = [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]
    if "geometry" in table:
        shapes = shapely.to_wkb(table["geometry"].to_numpy())
        columns["geometry"] = [None if one is None else base64.b64encode(one).decode() for one in shapes]
    return columns


def _table(name: str, columns: dict[str, list[Any]], crs: str) -> pd.DataFrame:
    """Return a result table in its declared shape."""
    frame = pd.DataFrame({key: pd.Series(cells, dtype=object) for key, cells in columns.items()})
    if RESULT_TABLES[name].geometry:
        shapes = [None if one is None else base64.b64decode(one) for one in columns["geometry"]]
        frame["geometry"] = np.asarray(shapely.from_wkb(np.array(shapes, dtype=object)), dtype=object)
        return finish(frame, name, crs=crs)
    return finish(frame, name)
