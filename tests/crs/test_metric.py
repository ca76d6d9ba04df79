from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.crs.metric import parse_crs, require_metric, suggest_metric_crs, to_lonlat, transform_xy
from geoplan.errors import CrsError, NotMetricError


def points(lon, lat, crs):
    return gpd.GeoSeries(gpd.points_from_xy([lon], [lat]), crs="EPSG:4326").to_crs(crs)


@pytest.mark.parametrize("crs", ["EPSG:4544", "EPSG:4523", "EPSG:32648", "EPSG:2154"])
def test_a_projected_crs_in_metres_is_accepted(crs):
    assert require_metric(crs).to_epsg() == int(crs[5:])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:3857", "EPSG:2229", None])
def test_degrees_feet_web_mercator_and_nothing_are_refused(crs):
    with pytest.raises(NotMetricError):
        require_metric(crs)


@pytest.mark.parametrize("crs", ["EPSG:4528", "EPSG:32650", "EPSG:4541"])
def test_the_wrong_zone_is_refused_for_data_in_anning_and_the_right_one_named(crs):
    with pytest.raises(NotMetricError, match="EPSG:4544"):
        require_metric(points(103.72, 36.10, crs))


def test_the_neighbouring_zone_is_still_true_enough_at_annings_west_tip():
    require_metric(points(103.57, 36.10, "EPSG:4543"))


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (103.72, 36.10, "EPSG:4544"), (116.4, 39.9, "EPSG:4548"), (121.4, 31.2, "EPSG:4549"),
        (7.42, 43.73, "EPSG:32632"), (1.52, 42.5, "EPSG:32631"), (24.94, 60.17, "EPSG:32635"),
        (-8.6, 41.15, "EPSG:32629"), (151.2, -33.9, "EPSG:32756"), (180, 0, "EPSG:32660"),
    ],
)  # fmt: skip
def test_the_zone_that_suits_a_place(lon, lat, crs):
    assert suggest_metric_crs(lon, lat) == crs


@given(lon=st.floats(-180, 180), lat=st.floats(-80, 80))
def test_the_suggested_crs_is_metric_at_its_place(lon, lat):
    crs = suggest_metric_crs(lon, lat)
    x, y = transform_xy("EPSG:4326", crs, [lon], [lat])
    require_metric(gpd.GeoSeries(gpd.points_from_xy(x, y), crs=crs))


def test_a_place_off_the_earth_is_refused():
    with pytest.raises(CrsError):
        suggest_metric_crs(103.7, 136.1)
    with pytest.raises(CrsError, match="EPSG:4544"):
        parse_crs("WGS eighty-four")


@given(x=st.floats(380_000, 400_000), y=st.floats(3_990_000, 4_000_000))
def test_there_and_back_is_the_same_place_whatever_the_axis_order(x, y):
    lon, lat = to_lonlat("EPSG:4544", [x], [y])
    assert 103 < lon[0] < 104.5
    assert 35 < lat[0] < 37
    back = transform_xy("EPSG:4326", "EPSG:4544", lon, lat)
    assert np.hypot(back[0] - x, back[1] - y)[0] < 1e-4
    straight = pyproj.Transformer.from_crs("EPSG:4544", "EPSG:4326", always_xy=True).transform(x, y)
    assert straight == (lon[0], lat[0])
