"""
Geographic files: GeoPackage, Shapefile, GeoJSON, GeoParquet.

A file is opened only if its first bytes are those of the format its name claims: some formats that share
these suffixes make the reading library open other files, or fetch addresses, that the data names.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from geoplan._optional import import_extra
from geoplan.errors import DataError, GeoplanError
from geoplan.io.encoding import beside, shapefile_encoding
from geoplan.io.study_toml import LayerConfig

__all__ = ["VECTOR_SUFFIXES", "layer_names", "read_vector"]

_FORMATS = {
    ".gpkg": ("GeoPackage", b"SQLite format 3\x00"),
    ".shp": ("Shapefile", b"\x00\x00\x27\x0a"),
    ".geojson": ("GeoJSON", b"{"),
    ".json": ("GeoJSON", b"{"),
    ".parquet": ("GeoParquet", b"PAR1"),
}
VECTOR_SUFFIXES = tuple(_FORMATS)
_BOM = b"\xef\xbb\xbf"


def layer_names(file: Path) -> list[str]:
    """
    Return the names of the layers of a file.

    Raises
    ------
    DataError
        If it is not what its name says, or cannot be read.
    """
    _sniff(file)
    if file.suffix.lower() == ".parquet":
        return [file.stem]
    with _told(file):
        return [str(name) for name in pyogrio.list_layers(file)[:, 0]]


def read_vector(file: Path, config: LayerConfig, *, table: str) -> tuple[pd.DataFrame, str]:
    """
    Read a layer as it stands.

    Parameters
    ----------
    file
        The file.
    config
        Layer and encoding, if declared. Of several layers the one named after the table is read.
    table
        Input table it fills.

    Returns
    -------
    rows, encoding
        Rows numbered from 1, with the CRS of the file if it has geometries; the encoding of a Shapefile's
        text, else empty.

    Raises
    ------
    DataError
        If the file is not what its name says, cannot be read or lacks the layer.
    EncodingError
        If the encoding of a Shapefile cannot be told.
    """
    _sniff(file)
    suffix, encoding = file.suffix.lower(), ""
    if suffix == ".parquet":
        import_extra("pyarrow", extra="parquet")
        with _told(file):
            rows = gpd.read_parquet(file)
    else:
        if suffix == ".shp":
            lacking = [one for one in (".shx", ".dbf") if not beside(file, one).is_file()]
            if lacking:
                raise DataError("error.sidecar", file=file.name, lacking=" ".join(lacking))
            encoding = shapefile_encoding(file, encoding=config.encoding)
        layer = _layer(file, config, table)
        with _told(file):
            # reading dates as text keeps what stood there, even where it is no date
            rows = pyogrio.read_dataframe(
                file, layer=layer, encoding=encoding or None, datetime_as_string=True
            )
    rows = pd.DataFrame(rows) if "geometry" not in rows else rows
    rows.index = pd.RangeIndex(1, len(rows) + 1)
    return rows, encoding


def _layer(file: Path, config: LayerConfig, table: str) -> str:
    names = layer_names(file)
    known = ", ".join(names)
    if config.layer:
        if config.layer not in names:
            raise DataError("error.no_layer", table=table, file=file.name, layer=config.layer, known=known)
        return config.layer
    if len(names) == 1:
        return names[0]
    if table in names:
        return table
    raise DataError("error.which_layer", table=table, file=file.name, known=known)


def _sniff(file: Path) -> None:
    """Refuse a file whose first bytes are not of the format its name claims."""
    suffix = file.suffix.lower()
    label, magic = _FORMATS[suffix]
    with file.open("rb") as stream:
        start = stream.read(4096)
    if label == "GeoJSON":
        start = start.removeprefix(_BOM).lstrip()
    if not start.startswith(magic):
        raise DataError("error.content", file=file.name, format=label)


@contextlib.contextmanager
def _told(file: Path) -> Iterator[None]:
    """Turn what the reading libraries raise and warn of into one plain error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except GeoplanError:
        raise
    except (DataSourceError, DataLayerError, ValueError, OSError, RuntimeError, KeyError, TypeError) as error:
        detail = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError("error.unreadable", file=file.name, detail=detail[:200]) from error
