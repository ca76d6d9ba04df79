from __future__ import annotations

import re

import numpy as np
import pytest

from geoplan.crs.datum import from_wgs84
from geoplan.errors import DataError
from geoplan.maps import audit_map, circles_map
from geoplan.maps.basemap import tiles_of
from tests.maps import unpacking

HOSTS = {
    "tianditu": "https://t0.tianditu.gov.cn",
    "osm": "https://tile.openstreetmap.org",
    "amap": "https://webrd01.is.autonavi.com",
}


def policy_of(page):
    return re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page).group(1)


def test_without_asking_no_page_may_load_a_picture(plain):
    page = audit_map(plain).html
    assert "img-src data:;" in policy_of(page)
    assert not any(host in page for host in HOSTS.values())


@pytest.mark.parametrize("basemap", HOSTS)
def test_an_online_map_opens_the_page_for_its_one_host_and_no_other(plain, basemap):
    page = circles_map(plain, basemap=basemap, key="abc123").html
    assert f"img-src data: {HOSTS[basemap]};" in policy_of(page)
    assert [host for host in HOSTS.values() if host in page] == [HOSTS[basemap]]
    assert ("tk=abc123" in page) == (basemap == "tianditu")


@pytest.mark.parametrize("key", ["", "a b", "x&y=1", "</script>", "k" * 65, "{z}"])
def test_a_key_that_is_none_is_refused(plain, key):
    with pytest.raises(DataError, match="key"):
        audit_map(plain, basemap="tianditu", key=key)


def test_an_unknown_online_map_is_refused_with_those_that_are_known(plain):
    with pytest.raises(DataError, match="tianditu, osm, amap"):
        audit_map(plain, basemap="google")


def test_only_on_a_map_in_gcj02_everything_is_shifted(plain):
    def places(basemap):
        page = circles_map(plain, basemap=basemap, key="k").html
        clouds = [data for _, data in unpacking.layers_of(page).values() if "rows" in data]
        return np.array(unpacking.coordinates(clouds[0]["at"])), re.search(
            r'"bounds":(\[\[.*?\]\])', page
        ).group(1)

    (here, box), (same, _), (shifted, moved_box) = places(None), places("tianditu"), places("amap")
    assert (here == same).all()
    assert np.allclose(shifted, np.column_stack(from_wgs84(here[:, 0], here[:, 1], "gcj02")), atol=2e-6)
    assert box != moved_box
    assert tiles_of("amap", "").datum == "gcj02"
