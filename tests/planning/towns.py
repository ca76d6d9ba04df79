"""A hand-made community: rows of square compounds with streets between them, and what may divide it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.model.study import Study

CRS = "EPSG:4544"
X0, Y0 = 384_000.0, 3_998_000.0
PITCH, SIDE = 100.0, 80.0


def square(column, row):
    """Return the compound at a place of the grid."""
    x, y = X0 + column * PITCH + 10, Y0 + row * PITCH + 10
    return shapely.box(x, y, x + SIDE, y + SIDE)


def at(x, y):
    return (X0 + x, Y0 + y)


def line(*points):
    return shapely.LineString([at(*point) for point in points])


def town(
    *,
    columns=6,
    rows=3,
    households=200,
    arterial=None,
    barriers=None,
    extra_streets=(),
    premises=None,
    gates=True,
):
    """
    Return a study of one community of ``columns`` x ``rows`` compounds.

    Streets run along every grid line, between compounds; ``arterial`` is the column whose western grid line
    is the main road 建宁路. ``barriers`` {id: (kind, geometry)}; streets across barriers are not cut.
    """
    width, height = columns * PITCH, rows * PITCH
    shapes, ids, doors = [], [], []
    for row in range(rows):
        for column in range(columns):
            ids.append(f"r{row}{column}")
            shapes.append(square(column, row))
            x, y = column * PITCH + 50, row * PITCH + 10
            doors.append(shapely.MultiPoint([at(x, y)]) if gates else None)
    residences = gpd.GeoDataFrame(
        {
            "community_id": "c1",
            "name": [f"小区{one}" for one in ids],
            "households": pd.array([households] * len(ids), dtype="Int64"),
            "persons": pd.array([households * 2] * len(ids), dtype="Int64"),
            "entrances": pd.Series(doors, dtype=object).to_numpy(),
        },
        geometry=shapes, index=pd.Index(ids, name="residence_id"), crs=CRS,
    )  # fmt: skip
    lines = {
        f"h{row}": line(*((column * PITCH, row * PITCH) for column in range(columns + 1)))
        for row in range(rows + 1)
    }
    lines |= {
        f"v{column}": line(*((column * PITCH, row * PITCH) for row in range(rows + 1)))
        for column in range(columns + 1)
    }
    kinds = dict.fromkeys(lines, "street")
    names = dict.fromkeys(lines)
    if arterial is not None:
        kinds[f"v{arterial}"], names[f"v{arterial}"] = "arterial", "建宁路"
    for name, (kind, geometry) in dict(extra_streets).items():
        lines[name], kinds[name], names[name] = geometry, kind, None
    streets = gpd.GeoDataFrame(
        {"kind": list(kinds.values()), "name": list(names.values())},
        geometry=list(lines.values()), index=pd.Index(list(lines), name="street_id"), crs=CRS,
    ).sort_index()  # fmt: skip
    communities = gpd.GeoDataFrame(
        {
            "name": ["试验社区"],
            "households": pd.array([households * len(ids)], dtype="Int64"),
            "persons": pd.array([households * 2 * len(ids)], dtype="Int64"),
        },
        geometry=[shapely.box(*at(0, 0), *at(width, height))],
        index=pd.Index(["c1"], name="community_id"), crs=CRS,
    )  # fmt: skip
    tables = {"communities": communities, "residences": residences.sort_index(), "streets": streets}
    if barriers:
        tables["barriers"] = gpd.GeoDataFrame(
            {"kind": [one[0] for one in barriers.values()], "name": [None] * len(barriers)},
            geometry=[one[1] for one in barriers.values()],
            index=pd.Index(list(barriers), name="barrier_id"), crs=CRS,
        )  # fmt: skip
    if premises:
        tables["premises"] = gpd.GeoDataFrame(
            {
                "community_id": "c1",
                "name": list(premises),
                "floor_area_m2": [one[2] for one in premises.values()],
            },
            geometry=[shapely.Point(at(one[0], one[1])) for one in premises.values()],
            index=pd.Index(list(premises), name="premises_id"), crs=CRS,
        )  # fmt: skip
    return Study(study_id="town", name="town", crs=CRS, lang="zh", **tables)
