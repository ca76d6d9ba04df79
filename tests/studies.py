"""Tiny studies with answers one can work out by hand: one straight street, one metre a unit."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.model.study import Study

CRS = "EPSG:4544"
X0, Y0 = 474_000.0, 3_997_000.0


def frame(rows, key, columns):
    """Return a table from {id: (x, y, *values)}; x may be None for a row without geometry."""
    index = pd.Index(list(rows), name=key, dtype="str")
    data = {name: [row[2 + at] for row in rows.values()] for at, name in enumerate(columns)}
    for name in ("persons", "households", "service_level", "elderly_persons"):
        if name in data:
            data[name] = pd.array(data[name], dtype="Int64")
    points = [None if row[0] is None else shapely.Point(X0 + row[0], Y0 + row[1]) for row in rows.values()]
    return gpd.GeoDataFrame(data, geometry=points, index=index, crs=CRS).sort_index()


def street_study(*, homes, shops=None, centres=None, length=4000.0, communities=True, **settings):
    """
    Return a study with one street from (0, 0) to (length, 0).

    homes {id: (x, y, persons, households)} · shops {id: (x, y, kind)} or with a fourth value service_level ·
    centres {id: (x, y, level)} · two communities, west and east of the middle.
    """
    residences = frame(homes, "residence_id", ["persons", "households"])
    tables = {"residences": residences}
    if shops is not None:
        wide = {key: (*row, None) if len(row) == 3 else row for key, row in shops.items()}
        tables["facilities"] = frame(wide, "facility_id", ["kind", "service_level"])
    if centres is not None:
        tables["centres"] = frame(centres, "centre_id", ["level"])
    street = shapely.LineString([(X0, Y0), (X0 + length, Y0)])
    tables["streets"] = gpd.GeoDataFrame(geometry=[street], index=pd.Index(["s"], name="street_id"), crs=CRS)
    if communities:
        middle = X0 + length / 2
        west = residences.geometry.x < middle
        residences["community_id"] = pd.Series("east", index=residences.index).mask(west, "west")
        tables["communities"] = gpd.GeoDataFrame(
            {"name": ["东", "西"]},
            geometry=[
                shapely.box(middle, Y0 - 500, X0 + length, Y0 + 500),
                shapely.box(X0, Y0 - 500, middle, Y0 + 500),
            ],
            index=pd.Index(["east", "west"], name="community_id"),
            crs=CRS,
        )
    return Study(study_id="tiny", name="tiny", crs=CRS, **tables, **settings)
