"""Small random cities for property tests."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

CRS = "EPSG:4544"
ORIGIN = (474_000.0, 3_997_000.0)


def random_streets(rng, *, size=6, spacing=120.0, keep=0.85, steps=0.1, bridges=0.05):
    """Return a perturbed grid of streets with holes, stairs, bridges and bent lines."""
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    at = np.column_stack([x.ravel(), y.ravel()]) * spacing + rng.normal(0, spacing / 6, (size * size, 2))
    at = np.round(at + ORIGIN, 2)
    lines, flags, levels = [], [], []
    for row in range(size):
        for column in range(size):
            here = row * size + column
            for other in ([here + 1] if column < size - 1 else []) + (
                [here + size] if row < size - 1 else []
            ):
                if rng.random() > keep:
                    continue
                middle = np.round((at[here] + at[other]) / 2 + rng.normal(0, 10, 2), 2)
                lines.append(shapely.LineString([at[here], middle, at[other]]))
                flags.append(bool(rng.random() < steps))
                levels.append("bridge" if rng.random() < bridges else "ground")
    index = pd.Index([f"s{number:03d}" for number in range(len(lines))], name="street_id")
    return gpd.GeoDataFrame(
        {"steps": pd.array(flags, dtype="boolean"), "level": levels}, geometry=lines, index=index, crs=CRS
    )


def random_points(rng, count, *, size=6, spacing=120.0, prefix="p"):
    """Return a GeoDataFrame of points over the same ground."""
    xy = np.round(rng.uniform(-spacing / 2, (size - 0.5) * spacing, (count, 2)) + ORIGIN, 2)
    index = pd.Index([f"{prefix}{number:03d}" for number in range(count)])
    return gpd.GeoDataFrame(geometry=shapely.points(xy), index=index, crs=CRS)


def with_entrances(rng, places):
    """Return the places with one to three entrances on some of them."""
    entrances = []
    for point in places.geometry:
        doors = rng.integers(0, 4)
        xy = shapely.get_coordinates(point) + rng.normal(0, 40, (doors, 2))
        entrances.append(shapely.MultiPoint(np.round(xy, 2)) if doors else None)
    return places.assign(entrances=pd.Series(entrances, index=places.index, dtype=object))
