from __future__ import annotations

import geopandas as gpd
import pyogrio
import pytest

from geoplan.model.tables import INPUT_TABLES
from geoplan.report.pmtiles import write_pmtiles


@pytest.fixture(scope="module")
def written(plain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    return folder, write_pmtiles(plain, folder, lang="en")


def test_there_is_an_archive_for_every_table_with_geometry(plain, written):
    tables = {name: plain.study.table(name) for name in INPUT_TABLES} | dict(plain.tables)
    known = {name: one for name, one in tables.items() if isinstance(one, gpd.GeoDataFrame)}
    shaped = {name for name, one in known.items() if one.geometry.notna().any()}
    assert {one.stem for one in written[1]} == shaped


def test_an_archive_holds_every_feature_where_it_is(plain, written):
    for name in ("facilities", "completeness", "coverage_by_community"):
        back = pyogrio.read_dataframe(written[0] / f"{name}.pmtiles")
        table = plain.study.facilities if name == "facilities" else plain.tables[name]
        assert back.crs.to_epsg() == 3857
        key = table.index.name
        assert set(back[key]) == set(table.index)
        true = table.geometry.to_crs("EPSG:3857")
        for identity, rows in back.dissolve(by=key).geometry.items():
            # a unit of a tile of the last zoom is 30 cm at the equator; tiles overlap at their sides
            if name == "coverage_by_community":
                assert rows.symmetric_difference(true[identity]).area < true[identity].length
            else:
                assert rows.hausdorff_distance(true[identity]) < 1.0
        assert pyogrio.read_info(written[0] / f"{name}.pmtiles")["dataset_metadata"]["maxzoom"] == "15"


def test_the_same_audit_gives_the_same_bytes(plain, written, tmp_path):
    for one in write_pmtiles(plain, tmp_path, lang="en"):
        assert one.read_bytes() == (written[0] / one.name).read_bytes()
