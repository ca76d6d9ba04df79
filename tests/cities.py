"""Small random cities for property tests."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.model.study import Study

CRS = "EPSG:4544"
ORIGIN = (474_000.0, 3_997_000.0)
KINDS = ("market", "clinic", "bank", "police", "park")


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


def random_study(seed):
    """Return a city with gates, bridges, stairs, hills, signals, streets walked one way, and a river."""
    rng = np.random.default_rng(seed)
    streets = random_streets(rng, steps=0.15, bridges=0.15)
    count = len(streets)
    streets["gate"] = pd.Series(rng.choice(["closed", "open"], count, p=[0.1, 0.9]), index=streets.index)
    streets["one_way"] = pd.array(rng.random(count) < 0.1, dtype="boolean")
    streets["crossings"] = rng.choice([0.0, 1.0, np.nan], count)
    streets["climb_m"] = rng.choice([0.0, 6.0, -9.0, np.nan], count)
    homes = with_entrances(rng, random_points(rng, 14, prefix="r")).rename_axis("residence_id")
    homes["persons"] = pd.array(rng.integers(1, 90, 14), dtype="Int64")
    homes["households"] = homes["persons"]
    shops = with_entrances(rng, random_points(rng, 12, prefix="f")).rename_axis("facility_id")
    shops["kind"] = pd.Series(rng.choice(KINDS, 12), index=shops.index)
    shops["service_level"] = pd.array(rng.choice([5, 10, 15, pd.NA], 12), dtype="Int64")
    centres = random_points(rng, 3, prefix="c").rename_axis("centre_id")
    centres["level"] = pd.Series(rng.choice(["district", "community"], 3), index=centres.index)
    middle = shapely.get_coordinates(streets.geometry.iloc[0])[0] + 200
    bend = np.array([900, 30])
    river = shapely.LineString([middle - bend, middle, middle + bend])
    barriers = random_points(rng, 1, prefix="b").rename_axis("barrier_id").set_geometry([river], crs=CRS)
    barriers = barriers.assign(kind="river", severity=pd.Series([None], index=barriers.index, dtype="str"))
    return Study(
        study_id="random", name="random", crs=CRS, streets=streets, residences=homes, facilities=shops,
        centres=centres, barriers=barriers, max_snap_m=60.0,
        complete=frozenset({"museum"}) if seed % 2 else frozenset(),
    )  # fmt: skip


def demanding(standard):
    """Return the standard with short limits; categories of every kind, of two, by level, and of nothing."""
    daily, civic, welfare, *rest = standard.categories
    categories = (
        dataclasses.replace(daily, kinds=("market", "bank"), mode="all", minutes=6.0),
        dataclasses.replace(civic, kinds=KINDS, min_count=2, minutes=4.0),
        dataclasses.replace(welfare, kinds=KINDS, level=10, minutes=5.0),
        dataclasses.replace(rest[0], kinds=("museum",)),
        *rest[1:],
    )
    changed = {"centre.minutes": 4, "walking.crossing_delay": 20}
    rules = dict(standard.override(changed).rules)
    tier = rules["centre.district_serves_community_tier"]
    rules["circle.non_inclusion"] = dataclasses.replace(tier, id="circle.non_inclusion", value=True)
    return dataclasses.replace(standard, rules=rules, categories=categories)
