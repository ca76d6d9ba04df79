"""Optional dependencies: imported where they are used, named with their cure when absent."""

from __future__ import annotations

import importlib
from typing import Any

from geoplan.errors import MissingExtraError

__all__ = ["import_extra"]


def import_extra(module: str, *, extra: str) -> Any:
    """
    Import an optional module.

    Parameters
    ----------
    module
        Importable name, such as ``"osmium"``.
    extra
        The extra of geoplan that installs it, such as ``"osm"``.

    Raises
    ------
    MissingExtraError
        If it is not installed; the message gives the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError("error.missing_extra", module=module, extra=extra) from error
