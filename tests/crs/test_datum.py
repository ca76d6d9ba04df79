from __future__ import annotations

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.crs.datum import DATUMS, from_wgs84, to_wgs84
from geoplan.errors import DatumError

CHINA = {"lon": st.floats(74, 134), "lat": st.floats(4, 53)}
GEOD = pyproj.Geod(ellps="WGS84")


@pytest.mark.parametrize("datum", DATUMS)
@given(**CHINA)
def test_there_and_back_is_within_a_millimetre(datum, lon, lat):
    shifted = from_wgs84([lon], [lat], datum)
    back = to_wgs84(*shifted, datum)
    assert GEOD.inv(lon, lat, back[0][0], back[1][0])[2] < 1e-3


@given(**CHINA)
def test_gcj02_moves_a_place_by_less_than_a_kilometre_but_moves_it(lon, lat):
    moved = from_wgs84([lon], [lat], "gcj02")
    assert 10 < GEOD.inv(lon, lat, moved[0][0], moved[1][0])[2] < 1100


def test_in_anning_gcj02_is_off_by_206_to_227_metres_mostly_to_the_east():
    lon, lat = np.meshgrid(np.linspace(103.57, 103.78, 8), np.linspace(36.08, 36.16, 5))
    moved = from_wgs84(lon.ravel(), lat.ravel(), "gcj02")
    _, _, metres = GEOD.inv(lon.ravel(), lat.ravel(), *moved)
    assert metres.min() > 200
    assert metres.max() < 235
    assert (moved[0] > lon.ravel()).all()
    assert (moved[1] < lat.ravel()).all()


def test_known_pairs_from_public_converters():
    # Tian'anmen as commonly published: WGS84 116.391, 39.907 -> GCJ-02 116.3972, 39.9084
    lon, lat = from_wgs84(116.391, 39.907, "gcj02")
    assert (float(lon), float(lat)) == pytest.approx((116.3972, 39.9084), abs=2e-4)
    # BD-09 adds about 0.0065 and 0.0060 degrees to GCJ-02
    east, north = from_wgs84(116.391, 39.907, "bd09")
    assert (float(east - lon), float(north - lat)) == pytest.approx((0.0065, 0.0060), abs=6e-4)


def test_outside_china_nothing_moves():
    for datum in DATUMS:
        lon, lat = from_wgs84([2.35, 7.42], [48.86, 43.73], datum)
        assert lon.tolist() == [2.35, 7.42]
        assert lat.tolist() == [48.86, 43.73]


def test_an_unknown_datum_is_refused():
    with pytest.raises(DatumError, match="gcj02, bd09"):
        to_wgs84([103.7], [36.1], "cgcs")
