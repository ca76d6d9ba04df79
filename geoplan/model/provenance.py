"""Provenance: what a result was made of, so that it can be made again."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from geoplan.model.study import LayerInfo, ScenarioInfo

__all__ = ["Provenance", "library_versions"]

_LIBRARIES = ("geoplan", "geopandas", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")


@dataclass(frozen=True, slots=True)
class Provenance:
    """
    What a result was made of.

    Parameters
    ----------
    versions
        Library -> version, Python included.
    standard_id, standard_digest
        The standard and the SHA-256 of everything it says.
    layers
        The input layers with their digests.
    parameters
        Everything else that moves a figure.
    scenarios
        Scenarios applied to the study, with their digests; the layers are those of before.
    """

    versions: Mapping[str, str]
    standard_id: str
    standard_digest: str
    layers: tuple[LayerInfo, ...]
    parameters: Mapping[str, object]
    scenarios: tuple[ScenarioInfo, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            "versions": dict(self.versions),
            "standard_id": self.standard_id,
            "standard_digest": self.standard_digest,
            "layers": [dataclasses.asdict(layer) for layer in self.layers],
            "parameters": dict(self.parameters),
            "scenarios": [dataclasses.asdict(one) for one in self.scenarios],
        }


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that move figures."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in _LIBRARIES}
