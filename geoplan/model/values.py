"""Cells as people type them, read as values: full-width digits, thousands separators, ids turned floats."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.model.schema import Column, ColumnKind

__all__ = ["DTYPES", "is_missing", "parse_number", "plain", "read_column", "shown"]

DTYPES: dict[ColumnKind, str] = {
    "text": "str", "choice": "str", "integer": "Int64", "number": "float64", "flag": "boolean",
    "points": "object",
}  # fmt: skip

NOT_A_NUMBER, NOT_WHOLE, BELOW_MINIMUM = "fault.not_a_number", "fault.not_whole", "fault.below_minimum"
NOT_A_CHOICE, NOT_A_FLAG, BAD_ENTRANCES = "fault.not_a_choice", "fault.not_a_flag", "fault.bad_entrances"
MISSING = "fault.missing_value"

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_FLOATED_ID = re.compile(r"\d+\.0+|\d\.\d+e\+?\d{1,2}")
_LARGEST_WHOLE = 2**53
_SHOWN_LENGTH = 80
_FLAGS = dict.fromkeys(("true", "yes", "y", "t", "1", "是", "有"), True) | dict.fromkeys(
    ("false", "no", "n", "f", "0", "否", "无"), False
)


def plain(text: str) -> str:
    """
    Return text with full-width forms made ordinary and the ends trimmed.

    Examples
    --------
    >>> plain(" １２３（户） ")
    '123(户)'
    """
    return unicodedata.normalize("NFKC", text).strip()


def shown(value: object) -> str:
    """Return what stood in a cell, short enough for a ledger."""
    if is_missing(value):
        return ""
    text = str(value)
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"


def is_missing(value: object) -> bool:
    """Tell whether a cell holds nothing: None, NaN or blanks."""
    if isinstance(value, str):
        return not value.strip()
    return (
        value is None or value is pd.NA or value is pd.NaT or (isinstance(value, Real) and math.isnan(value))
    )


def parse_number(value: object) -> float | None:
    """
    Return a cell as a number, None if it is not one.

    Parameters
    ----------
    value
        A number, or text. Full-width digits, spaces and thousands separators are understood.

    Examples
    --------
    >>> parse_number("３，５４７"), parse_number("1 200.5"), parse_number("约300"), parse_number("1,2")
    (3547.0, 1200.5, None, None)
    """
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, Real | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if not isinstance(value, str):
        return None
    text = "".join(unicodedata.normalize("NFKC", value).split()).replace("\N{MINUS SIGN}", "-").lower()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def read_column(values: pd.Series, column: Column, *, key: bool) -> tuple[pd.Series, npt.NDArray[np.object_]]:
    """
    Return the typed values of a column and, for each, what is wrong with it.

    Parameters
    ----------
    values
        Cells as read.
    column
        What they should be.
    key
        The column is its table's key.

    Returns
    -------
    typed, codes
        ``typed`` has the dtype of the column's kind and is missing where a cell could not be read; ``codes``
        holds message keys ``fault.*``, empty where nothing is wrong.
    """
    read = _reader(column, key=key)
    found: list[Any] = [None] * len(values)
    codes = np.full(len(values), "", dtype=object)
    for at, cell in enumerate(values.astype(object)):
        if is_missing(cell):
            codes[at] = "" if column.nullable else MISSING
        else:
            found[at], codes[at] = read(cell)
    if column.kind == "number":
        found = [math.nan if one is None else one for one in found]
    return pd.Series(found, index=values.index, dtype=DTYPES[column.kind]), codes


def _reader(column: Column, *, key: bool) -> Callable[[object], tuple[Any, str]]:
    if column.kind in ("number", "integer"):
        return lambda cell: _read_number(cell, column)
    if column.kind == "choice":
        return lambda cell: _read_choice(cell, column.choices)
    if column.kind == "flag":
        return _read_flag
    if column.kind == "points":
        return _read_points
    if key or column.references:
        return lambda cell: (_id_text(cell), "")
    # names keep their full-width signs; words that are compared with other words do not
    return lambda cell: (plain(_text(cell)) if column.required else _text(cell), "")


def _text(cell: object) -> str:
    if isinstance(cell, Real) and not isinstance(cell, Integral) and float(cell).is_integer():
        return str(int(float(cell)))
    return str(cell).strip()


def _id_text(cell: object) -> str:
    """Return an id as text, undoing what spreadsheets do to long codes."""
    text = plain(_text(cell))
    if not isinstance(cell, str) or not _FLOATED_ID.fullmatch(text.lower()):
        return text
    number = Decimal(text)
    return str(int(number)) if number == number.to_integral_value() else text


def _read_number(cell: object, column: Column) -> tuple[float | int | None, str]:
    number = parse_number(cell)
    whole = column.kind == "integer"
    if number is None or (whole and abs(number) > _LARGEST_WHOLE):
        return None, NOT_A_NUMBER
    if whole and not number.is_integer():
        return None, NOT_WHOLE
    if column.minimum is not None and number < column.minimum:
        return None, BELOW_MINIMUM
    return (int(number) if whole else number), ""


def _read_choice(cell: object, choices: tuple[str, ...]) -> tuple[str | None, str]:
    word = plain(str(cell)).casefold()
    return (word, "") if word in choices else (None, NOT_A_CHOICE)


def _read_flag(cell: object) -> tuple[bool | None, str]:
    word = plain(_text(cell)).casefold()
    return (_FLAGS[word], "") if word in _FLAGS else (None, NOT_A_FLAG)


def _read_points(cell: object) -> tuple[shapely.MultiPoint | None, str]:
    geometry = (
        cell if isinstance(cell, shapely.Geometry) else shapely.from_wkt(str(cell), on_invalid="ignore")
    )
    if not isinstance(geometry, shapely.Point | shapely.MultiPoint) or geometry.is_empty:
        return None, BAD_ENTRANCES
    xy = shapely.get_coordinates(geometry)
    return (shapely.MultiPoint(xy), "") if np.isfinite(xy).all() else (None, BAD_ENTRANCES)
