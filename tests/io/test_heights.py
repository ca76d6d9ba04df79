"""Climbs of streets by a DEM."""

from __future__ import annotations

import shutil
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from geoplan.errors import DataError, GeoplanError, MissingCrsError, MissingExtraError
from geoplan.io.heights import Dem, fill_climbs, read_dem
from geoplan.io.study_folder import read_study
from geoplan.model.crosscheck import cross_check
from geoplan.model.tables import INPUT_TABLES
from geoplan.model.validate import validate_table
from geoplan.report.evidence import layer_title

CRS = "EPSG:32632"
X0, Y0, CELL = 372_000.0, 4_844_000.0, 10.0


def plane(x, y):
    return 100 + 0.04 * (x - X0) - 0.03 * (y - Y0)


def write_dem(
    file, *, west=X0 - 1000, north=Y0 + 1000, size=200, crs=CRS, unknown=None, height=plane, **more
):
    """Write heights of the middles of 10 m cells; return the file."""
    x = west + CELL * (np.arange(size) + 0.5)
    y = north - CELL * (np.arange(size) + 0.5)
    cells = np.broadcast_to(height(x[None, :], y[:, None]), (size, size)).astype(np.float32)
    if unknown is not None:
        cells = np.where(unknown(x[None, :], y[:, None]), np.float32(-9999), cells)
    with rasterio.open(
        file, "w", driver="GTiff", height=size, width=size, count=1, dtype="float32", crs=crs,
        transform=Affine(CELL, 0, west, 0, -CELL, north), nodata=-9999, **more,
    ) as out:  # fmt: skip
        out.write(cells, 1)
    return file


def streets(*lines, **columns):
    index = pd.Index([f"s{n}" for n in range(len(lines))], name="street_id")
    shapes = [shapely.LineString([(X0 + x, Y0 + y) for x, y in line]) for line in lines]
    return gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs=CRS)


@settings(max_examples=25, deadline=None)
@given(
    ends=st.lists(st.tuples(*[st.floats(-900, 900)] * 4), min_size=1, max_size=8),
    shift=st.floats(-500, 500),
)
def test_on_a_plane_climbs_are_the_planes_wherever_cells_begin(tmp_path_factory, ends, shift):
    lines = [[(a, b), (c, d + 2000 * (abs(a - c) + abs(b - d) < 1))] for a, b, c, d in ends]
    table = streets(*lines)
    file = tmp_path_factory.mktemp("dem") / "dem.tif"
    write_dem(file, west=X0 - 3000 + shift / 100, north=Y0 + 3500, size=700)
    found = fill_climbs(table, read_dem(file, table))["climb_m"]
    for line, climb in zip(lines, found, strict=True):
        (a, b), (c, d) = line[0], line[-1]
        assert climb == pytest.approx(0.04 * (c - a) - 0.03 * (d - b), abs=0.006)


def test_only_the_ends_count_own_climbs_stay_and_cliffs_and_unknown_heights_give_none(tmp_path):
    def bump(x, y):
        return np.where(np.abs(x - X0 - 500) < 100, 80.0, 0.0) + np.where(x < X0 - 495, 400.0, 0.0)

    table = streets(
        [(0, 0), (500, 0), (900, 0)],
        [(0, 0), (500, 0)],
        [(0, 0), (500, 0)],
        [(-505, 0), (-485, 0)],
        [(0, 0), (0, 700)],
        climb_m=[None, None, 12.5, None, None],
    )
    file = write_dem(tmp_path / "dem.tif", height=bump, unknown=lambda x, y: (y > Y0 + 600) & (x < X0 + 2e9))
    found = fill_climbs(table, read_dem(file, table))["climb_m"].tolist()
    assert found[:3] == [0.0, 80.0, 12.5]
    assert np.isnan(found[3:]).all()


def test_a_dem_in_degrees_gives_the_same_climbs(tmp_path):
    table = streets([(0, 0), (700, 300)], [(-400, 200), (100, -600)])
    metric = fill_climbs(table, read_dem(write_dem(tmp_path / "m.tif"), table))["climb_m"]
    box = table.to_crs("EPSG:4326").total_bounds
    step = 0.0001
    west, north = box[0] - 0.01, box[3] + 0.01
    columns, rows = int((box[2] - west + 0.01) / step), int((north - box[1] + 0.01) / step)
    lon, lat = np.meshgrid(west + step * (np.arange(columns) + 0.5), north - step * (np.arange(rows) + 0.5))
    places = gpd.GeoSeries(gpd.points_from_xy(lon.ravel(), lat.ravel()), crs="EPSG:4326").to_crs(CRS)
    cells = plane(places.x.to_numpy(), places.y.to_numpy()).reshape(rows, columns).astype(np.float32)
    with rasterio.open(
        tmp_path / "d.tif", "w", driver="GTiff", height=rows, width=columns, count=1, dtype="float32",
        crs="EPSG:4326", transform=Affine(step, 0, west, 0, -step, north),
    ) as out:  # fmt: skip
        out.write(cells, 1)
    degrees = fill_climbs(table, read_dem(tmp_path / "d.tif", table))["climb_m"]
    assert degrees.to_numpy() == pytest.approx(metric.to_numpy(), abs=0.05)


def test_the_border_half_of_a_cell_has_its_height_and_beyond_is_unknown():
    dem = Dem(CRS, (1, 0, 0, 0, 1, 0), np.array([[1, 3]], np.float32))
    assert dem.at(np.array([0.0, 2.0, 1.0]), np.array([0.0, 1.0, 0.5])).tolist() == [1.0, 3.0, 2.0]
    assert np.isnan(dem.at(np.array([-0.01, 2.01, 1.0]), np.array([0.5, 0.5, 1.01]))).all()


def test_a_dem_that_cannot_be_used_is_refused_with_the_cure(tmp_path):
    table = streets([(0, 0), (100, 0)])
    with pytest.raises(DataError, match="not lie under the streets"):
        read_dem(write_dem(tmp_path / "far.tif", west=X0 + 50_000), table)
    feet = write_dem(tmp_path / "feet.tif")
    with rasterio.open(feet, "r+") as out:
        out.units = ("ft",)
    with pytest.raises(DataError, match="heights in ft"):
        read_dem(feet, table)
    (tmp_path / "vrt.tif").write_text("<VRTDataset/>", encoding="utf-8")
    with pytest.raises(DataError, match="no GeoTIFF"):
        read_dem(tmp_path / "vrt.tif", table)
    (tmp_path / "cut.tif").write_bytes(b"II*\0" + bytes(40))
    with pytest.raises(DataError, match="cannot be read"):
        read_dem(tmp_path / "cut.tif", table)
    with pytest.raises(MissingCrsError, match="assign it"):
        read_dem(write_dem(tmp_path / "bare.tif", crs=None), table)


def test_without_rasterio_the_extra_is_named(tmp_path, monkeypatch):
    file = write_dem(tmp_path / "dem.tif")
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(MissingExtraError, match=r"geoplan\[dem\]"):
        read_dem(file, streets([(0, 0), (1, 0)]))


def study_with(tmp_path, name):
    folder = tmp_path / "monaco"
    shutil.copytree("data/monaco", folder)
    told = (folder / "study.toml").read_text(encoding="utf-8")
    assert "[study]\n" in told
    told = told.replace("[study]\n", f'[study]\ndem = "{name}"\n', 1)
    (folder / "study.toml").write_text(told, encoding="utf-8")
    return folder


def test_a_study_takes_climbs_from_the_dem_it_names_and_says_so(tmp_path):
    folder = study_with(tmp_path, "dem.tif")
    box = read_study("data/monaco").streets.total_bounds
    write_dem(folder / "dem.tif", west=box[0] - 50, north=box[3] + 50, size=1200)
    study = read_study(folder)
    ends = shapely.get_coordinates(
        [shapely.get_point(study.streets.geometry.to_numpy(), at) for at in (0, -1)]
    )
    start, stop = np.split(plane(*ends.T), 2)
    assert study.streets["climb_m"].to_numpy() == pytest.approx(stop - start, abs=0.01)
    told = study.layers[-1]
    assert (told.table, told.file, told.crs) == ("dem", "dem.tif", CRS)
    assert told.rows_used == told.rows_read == len(study.streets)
    assert len(told.sha256) == 64
    assert layer_title("dem", "zh") == "高程（DEM），按道路"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no.tif", "no file"), ("../x.tif", "outside"), ("study.toml", "known format")],
)
def test_a_dem_a_study_cannot_have_is_one_clear_error(tmp_path, name, reason):
    with pytest.raises(GeoplanError, match=reason):
        read_study(study_with(tmp_path, name))


def test_a_street_steeper_than_upright_is_noted_and_counts_as_level():
    raw = streets([(0, 0), (100, 0)], [(0, 0), (0, 50)], climb_m=[99.0, -50.5]).reset_index()
    checked = cross_check({"streets": validate_table(pd.DataFrame(raw), INPUT_TABLES["streets"])})["streets"]
    assert checked.table["climb_m"].tolist()[0] == 99.0
    assert pd.isna(checked.table["climb_m"].tolist()[1])
    (fault,) = checked.faults
    assert (fault.id, fault.column, fault.code, fault.effect) == ("s1", "climb_m", "fault.climb", "kept")
