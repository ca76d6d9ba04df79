"""What maps of plans share: the barriers and streets behind, and the view."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.crs.metric import to_lonlat
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import shape_features
from geoplan.maps.palette import BARRIER_STYLES, STREET_STYLE
from geoplan.messages import Lang, text
from geoplan.model.study import Study

__all__ = ["bounds_of", "context_layers"]


def context_layers(study: Study, lang: Lang) -> list[DataLayer]:
    """Return the barriers and streets of a study, as far as it has them."""
    layers = []
    if study.barriers is not None:
        kinds = list(BARRIER_STYLES)
        data = {
            "features": shape_features(study.barriers.geometry.to_numpy(), study.crs),
            "styles": [BARRIER_STYLES[kind] for kind in kinds],
            "style": pd.Index(kinds).get_indexer(study.barriers["kind"]).tolist(),
        }
        layers.append(DataLayer("shapes", data, name=text("map.layer_barriers", lang)))
    if study.streets is not None:
        parts = shapely.get_parts(study.streets.geometry.to_numpy())
        lines = np.array([shapely.multilinestrings(parts)], dtype=object)
        streets = {"features": shape_features(lines, study.crs), "styles": [STREET_STYLE]}
        layers.append(DataLayer("shapes", streets, name=text("map.layer_streets", lang)))
    return layers


def bounds_of(places: gpd.GeoSeries) -> list[list[float]]:
    """Return south-west and north-east corner of some places, each latitude and longitude."""
    west, south, east, north = places.total_bounds
    lon, lat = to_lonlat(
        places.crs, np.array([west, east, west, east]), np.array([south, south, north, north])
    )
    corners = [[lat.min(), lon.min()], [lat.max(), lon.max()]]
    return [[round(float(value), 6) for value in corner] for corner in corners]
