from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report import write_gpkg


@pytest.fixture(scope="module")
def written(plain, tmp_path_factory):
    file = tmp_path_factory.mktemp("gpkg") / "audit.gpkg"
    write_gpkg(plain, file)
    return file


def test_there_is_a_layer_for_each_table_and_one_for_the_provenance(plain, written):
    layers = set(pyogrio.list_layers(written)[:, 0])
    assert layers == {*plain.tables, "provenance"}


def test_columns_and_figures_come_back_as_they_were(plain, written):
    for name, table in plain.tables.items():
        back = pyogrio.read_dataframe(written, layer=name)
        flat = table.reset_index() if table.index.name is not None else table
        columns = [column.name for column in RESULT_TABLES[name].columns]
        assert [one for one in back.columns if one != "geometry"] == columns
        assert len(back) == len(flat)
        for column in columns:
            known = [None if pd.isna(one) else one for one in flat[column].tolist()]
            found = [None if pd.isna(one) else one for one in back[column].tolist()]
            assert found == known, (name, column)


def test_geometries_come_back_in_the_studys_crs(plain, written):
    for name, table in plain.tables.items():
        if not RESULT_TABLES[name].geometry:
            continue
        back = pyogrio.read_dataframe(written, layer=name)
        assert isinstance(back, gpd.GeoDataFrame)
        assert back.crs == plain.study.crs
        same = back.geometry.reset_index(drop=True).geom_equals(table.geometry.reset_index(drop=True))
        empty = back.geometry.isna() & table.geometry.reset_index(drop=True).isna()
        assert (same | empty).all(), name


def test_the_provenance_says_what_it_was_made_of(plain, written):
    pairs = pyogrio.read_dataframe(written, layer="provenance").set_index("key")["value"]
    assert pairs["standard_digest"] == plain.standard.digest
    assert pairs["study.synthetic"] == "true"
    assert "合成数据" in pairs["study.banner"]


def test_the_settings_of_gdal_are_as_before(plain, tmp_path):
    names = ("OGR_CURRENT_DATE", "OGR_SQLITE_SYNCHRONOUS")
    before = [pyogrio.get_gdal_config_option(one) for one in names]
    write_gpkg(plain, tmp_path / "audit.gpkg")
    assert [pyogrio.get_gdal_config_option(one) for one in names] == before


def test_an_older_file_is_replaced_whole(plain, bare, tmp_path):
    file = tmp_path / "audit.gpkg"
    write_gpkg(plain, file)
    write_gpkg(bare, file)
    assert set(pyogrio.list_layers(file)[:, 0]) == {*bare.tables, "provenance"}
