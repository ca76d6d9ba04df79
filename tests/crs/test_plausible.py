from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.crs.metric import transform_xy
from geoplan.crs.plausible import distance_m, far_from, implausible, zone_crs

LON, LAT = st.floats(103.5, 103.9), st.floats(36.0, 36.2)


@given(lon=LON, lat=LAT)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "gcj02", "bd09"])
def test_degrees_are_plausible_and_swapped_ones_are_told(crs, lon, lat):
    assert implausible(crs, [lon], [lat]).tolist() == [""]
    assert implausible(crs, [lat], [lon]).tolist() == ["fault.swapped_coordinates"]


@given(lon=LON, lat=LAT)
def test_metres_are_plausible_and_the_usual_mistakes_are_told_apart(lon, lat):
    x, y = transform_xy("EPSG:4326", "EPSG:4544", [lon], [lat])
    assert implausible("EPSG:4544", x, y).tolist() == [""]
    assert implausible("EPSG:4544", y, x).tolist() == ["fault.swapped_coordinates"]
    assert implausible("EPSG:4544", x + 35e6, y).tolist() == ["fault.zone_prefix"]
    assert implausible("EPSG:4523", x + 35e6, y).tolist() == [""]
    assert implausible("EPSG:4523", x, y).tolist() == ["fault.zone_prefix_missing"]
    assert implausible("EPSG:4544", [lon], [lat]).tolist() == ["fault.outside_crs"]


@pytest.mark.parametrize(
    ("lon", "lat"), [(7.42, 43.73), (151.2, -33.9), (-74.0, 40.7), (24.9, 60.2), (18.5, 69.6)]
)
def test_cities_elsewhere_are_plausible(lon, lat):
    assert implausible("EPSG:4326", [lon], [lat]).tolist() == [""]


def test_a_coordinate_that_is_no_number_is_implausible():
    assert implausible("EPSG:4544", [np.nan, np.inf], [1.0, 1.0]).tolist() == ["fault.outside_crs"] * 2


def test_a_place_in_the_next_province_is_far_and_one_across_the_city_is_not():
    lon, lat = np.array([103.7, 103.9, 106.2]), np.array([36.1, 36.0, 38.5])
    assert far_from(lon, lat, (103.7, 36.1), 4000.0).tolist() == [False, False, True]


def test_distances_are_those_of_a_sphere():
    assert distance_m(np.array([103.7]), np.array([37.1]), (103.7, 36.1))[0] == pytest.approx(
        111_195, rel=1e-3
    )


def test_the_zone_of_a_prefixed_easting():
    assert (zone_crs(35_385_000), zone_crs(385_000)) == ("EPSG:4523", "")
