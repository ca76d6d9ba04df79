"""A small study folder in Lanzhou, in any format, that one fault at a time can be put into."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

CRS = "EPSG:4544"
X0, Y0 = 385_000.0, 3_997_000.0

TOML = '[study]\nid = "small"\nname = "小城"\nlang = "zh"\ncrs = "EPSG:4544"\n'


def communities():
    boxes = [
        shapely.box(X0, Y0 - 500, X0 + 1000, Y0 + 500),
        shapely.box(X0 + 1000, Y0 - 500, X0 + 2000, Y0 + 500),
    ]
    return gpd.GeoDataFrame(
        {
            "community_id": ["620105002001", "620105005005"],
            "name": ["水挂庄社区", "水挂庄社区"],
            "households": [900, 3100],
        },
        geometry=boxes, crs=CRS,
    )  # fmt: skip


def residences(count=4):
    return gpd.GeoDataFrame(
        {
            "residence_id": [f"r{n}" for n in range(count)],
            "community_id": ["620105002001"] * count,
            "name": [f"幸福里{n}号" for n in range(count)],
            "households": [10 * (n + 1) for n in range(count)],
            "persons": [25 * (n + 1) for n in range(count)],
        },
        geometry=[shapely.Point(X0 + 100 + 200 * n, Y0 + 20) for n in range(count)],
        crs=CRS,
    )


def facilities():
    return gpd.GeoDataFrame(
        {"facility_id": ["f1", "f2"], "kind": ["market", "clinic"], "name": ["菜市场", "卫生站"]},
        geometry=[shapely.Point(X0 + 300, Y0), shapely.Point(X0 + 1500, Y0)], crs=CRS,
    )  # fmt: skip


def streets():
    return gpd.GeoDataFrame(
        {"street_id": ["s1"], "steps": [False]},
        geometry=[shapely.LineString([(X0, Y0), (X0 + 2000, Y0)])], crs=CRS,
    )  # fmt: skip


TABLES = {
    "communities": communities, "residences": residences, "facilities": facilities, "streets": streets,
}  # fmt: skip


def write_folder(folder, *, toml="", skip=(), **changed):
    """Write the study with GeoJSON-free GeoPackages, one a table; ``changed`` replaces tables."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(TOML + toml, encoding="utf-8")
    for table, make in TABLES.items():
        if table not in skip:
            frame = changed.get(table, make())
            frame.to_file(folder / f"{table}.gpkg", layer=table)
    return folder


def as_cells(frame, x="x", y="y"):
    """Return a point table as plain columns."""
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    return plain.assign(**{x: frame.geometry.x, y: frame.geometry.y})
