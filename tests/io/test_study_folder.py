from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import geoplan as gp
from geoplan.crs.datum import from_wgs84
from geoplan.errors import (
    CrsError,
    CrsMismatchError,
    DataError,
    MissingColumnError,
    MissingCrsError,
    NotMetricError,
    SchemaError,
)
from geoplan.model.tables import INPUT_TABLES
from tests.folders import CRS, TABLES, X0, Y0, as_cells, communities, residences, streets, write_folder
from tests.studies import street_study


def same(one, other):
    assert_frame_equal(
        pd.DataFrame(one.drop(columns="geometry")), pd.DataFrame(other.drop(columns="geometry"))
    )
    here, there = one.geometry.to_numpy(), other.geometry.to_numpy()
    assert shapely.equals_exact(here[here != None], there[there != None], 0).all()  # noqa: E711


def ledger(study):
    rows = study.quarantine
    return [
        tuple(row) for row in rows[["table", "row", "id", "column", "code", "effect"]].itertuples(index=False)
    ]


def refused(folder, kind=DataError):
    """Read what must be refused; return the message in English, having seen that both languages tell it."""
    with pytest.raises(kind) as caught:
        gp.read_study(folder)
    assert caught.value.text("zh") != caught.value.text("en")
    return str(caught.value)


def test_every_table_is_keyed_sorted_typed_and_in_the_studys_crs(tmp_path):
    study = gp.read_study(write_folder(tmp_path / "s", residences=residences().iloc[::-1]))
    assert (study.study_id, study.name, study.lang, study.crs) == ("small", "小城", "zh", CRS)
    assert study.residences.index.tolist() == ["r0", "r1", "r2", "r3"]
    assert study.residences.index.name == "residence_id"
    assert study.residences["persons"].dtype == "Int64"
    assert study.residences["elderly_persons"].isna().all()
    assert study.residences.crs.to_epsg() == 4544
    assert study.departments is None
    assert study.quarantine.empty
    assert {layer.table: layer.rows_read for layer in study.layers} == {
        "communities": 2, "residences": 4, "facilities": 2, "streets": 1,
    }  # fmt: skip


def write_as(frame, file):
    if file.suffix == ".csv":
        as_cells(frame).to_csv(file, index=False, encoding="utf-8-sig")
    elif file.suffix == ".xlsx":
        as_cells(frame).to_excel(file, index=False)
    elif file.suffix == ".parquet":
        frame.to_parquet(file)
    elif file.suffix == ".geojson":
        frame.to_crs("EPSG:4326").to_file(file, COORDINATE_PRECISION=12)
    elif file.suffix == ".shp":
        frame.to_file(file, encoding="utf-8")
    else:
        frame.to_file(file)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".geojson", ".gpkg"])
def test_every_format_gives_the_same_table(tmp_path, suffix):
    plain = suffix in (".csv", ".xlsx")
    toml = f'[layers.residences]\ncrs = "{CRS}"\n' if plain else ""
    folder = write_folder(tmp_path / "s", toml=toml, skip=("residences",))
    write_as(residences(), folder / f"residences{suffix}")
    study, expected = gp.read_study(folder), gp.read_study(write_folder(tmp_path / "t"))
    assert study.quarantine.empty
    columns = expected.residences.columns.drop("geometry")
    assert_frame_equal(pd.DataFrame(study.residences[columns]), pd.DataFrame(expected.residences[columns]))
    apart = study.residences.distance(expected.residences)
    assert apart.max() < (1e-4 if suffix == ".geojson" else 1e-9)


def test_wkt_in_a_csv_is_read(tmp_path):
    folder = write_folder(
        tmp_path / "s", toml=f'[layers.communities]\ncrs = "{CRS}"\n', skip=("communities",)
    )
    frame = communities()
    pd.DataFrame(frame.drop(columns="geometry")).assign(WKT=frame.to_wkt()["geometry"]).to_csv(
        folder / "communities.csv", index=False
    )
    same(gp.read_study(folder).communities, gp.read_study(write_folder(tmp_path / "t")).communities)


def gbk(frame):
    """Headings short enough for a shapefile."""
    return frame.rename(columns={"residence_id": "小区编码", "community_id": "社区编码"})


@pytest.mark.parametrize(("declared", "stated"), [(True, False), (False, True), (False, False)])
def test_a_gbk_shapefile_is_read_whether_or_not_it_says_so(tmp_path, declared, stated):
    toml = '[layers.residences]\nencoding = "gbk"\n' if declared else ""
    folder = write_folder(tmp_path / "s", toml=toml, skip=("residences",))
    gbk(residences()).to_file(folder / "residences.shp", encoding="gbk")
    if not stated:
        (folder / "residences.cpg").unlink()
    study = gp.read_study(folder)
    assert study.residences["name"].tolist() == [f"幸福里{n}号" for n in range(4)]
    info = next(one for one in study.layers if one.table == "residences")
    assert info.encoding == ("gbk" if declared else "gb18030")


def test_a_wrongly_declared_encoding_is_refused(tmp_path):
    folder = write_folder(
        tmp_path / "s", toml='[layers.residences]\nencoding = "utf-8"\n', skip=("residences",)
    )
    gbk(residences()).to_file(folder / "residences.shp", encoding="gbk")
    assert "not utf-8" in refused(folder)


def test_headings_a_shapefile_cut_are_recognised(tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences",))
    cut = residences().rename(columns=lambda name: name if name == "geometry" else name[:10])
    cut.to_file(folder / "residences.shp", encoding="utf-8")
    assert gp.read_study(folder).residences.index.tolist() == ["r0", "r1", "r2", "r3"]


def test_a_study_written_is_read_back_equal_and_the_bytes_are_the_same(tmp_path):
    doors = [shapely.MultiPoint([(X0 + 1 / 3, Y0), (X0 + 2, Y0 + 0.1)]), None, None, None]
    homes = residences().assign(entrances=[None if one is None else one.wkt for one in doors])
    folder = write_folder(tmp_path / "s", residences=homes)
    pd.DataFrame({"department_id": ["d1"], "name": ["教育局"]}).to_csv(
        folder / "departments.csv", index=False
    )
    study = dataclasses.replace(
        gp.read_study(folder), synthetic=True, estimated=("residences.persons",), complete=frozenset({"*"}),
        attribution=("© OpenStreetMap contributors, ODbL",), data_date="2026-01-31", max_snap_m=150.0,
    )  # fmt: skip
    gp.write_study(study, tmp_path / "one")
    back = gp.read_study(tmp_path / "one")
    for field in dataclasses.fields(study):
        if field.name in INPUT_TABLES:
            if study.table(field.name) is None:
                assert back.table(field.name) is None
            else:
                same(study.table(field.name), back.table(field.name))
        elif field.name not in ("layers", "quarantine"):
            assert getattr(study, field.name) == getattr(back, field.name), field.name
    gp.write_study(back, tmp_path / "two")
    for name in ("study.toml", "study.gpkg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_study_is_overwritten_only_when_told(tmp_path):
    study = street_study(homes={"a": (0, 0, 1, 1)}, shops={"m": (0, 0, "market")})
    gp.write_study(study, tmp_path)
    with pytest.raises(DataError, match=r"study\.toml, study\.gpkg"):
        gp.write_study(study, tmp_path)
    gp.write_study(study, tmp_path, overwrite=True)
    assert gp.read_study(tmp_path).residences.index.tolist() == ["a"]


@settings(max_examples=15, deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])), min_size=4, max_size=4
    )
)
def test_any_name_survives_writing_and_reading(tmp_path_factory, names):
    tmp_path = tmp_path_factory.mktemp("names")
    study = street_study(homes={f"r{n}": (n, 0, 1, 1) for n in range(4)}, shops={})
    homes = study.residences.assign(name=pd.array(names, dtype="str"))
    gp.write_study(dataclasses.replace(study, residences=homes), tmp_path)
    read = gp.read_study(tmp_path).residences["name"]
    assert [one if isinstance(one, str) else "" for one in read] == [one.strip() for one in names]


# -- rows that are set aside, or kept and noted --------------------------------------------------------------


def test_a_negative_count_sets_its_row_aside_and_the_rest_goes_on(tmp_path):
    homes = residences()
    homes.loc[2, "persons"] = -4
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert ledger(study) == [("residences", 3, "r2", "persons", "fault.below_minimum", "set_aside")]
    assert study.residences.index.tolist() == ["r0", "r1", "r3"]


def test_full_width_digits_and_thousands_are_numbers_and_words_are_not(tmp_path):
    homes = residences().astype({"persons": object})
    homes["persons"] = ["１２３", "1,200", "约300", ""]
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert study.residences["persons"].tolist()[:2] == [123, 1200]
    assert study.residences["persons"].isna().tolist() == [False, False, True]
    assert ledger(study) == [("residences", 3, "r2", "persons", "fault.not_a_number", "set_aside")]


def test_of_equal_rows_one_is_used_and_of_differing_ones_under_one_id_none(tmp_path):
    homes = residences(5)
    homes.loc[1] = homes.loc[0]
    homes.loc[4, "residence_id"] = "r3"
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert study.residences.index.tolist() == ["r0", "r2"]
    assert ledger(study) == [
        ("residences", 2, "r0", "residence_id", "fault.duplicate_row", "set_aside"),
        ("residences", 4, "r3", "residence_id", "fault.duplicate_id", "set_aside"),
        ("residences", 5, "r3", "residence_id", "fault.duplicate_id", "set_aside"),
    ]


def test_equal_names_are_no_fault(tmp_path):
    study = gp.read_study(write_folder(tmp_path / "s"))
    assert study.communities["name"].tolist() == ["水挂庄社区"] * 2
    assert study.quarantine.empty


def test_a_self_crossing_polygon_is_set_aside_with_the_place(tmp_path):
    towns = communities()
    bow = [(X0, Y0), (X0 + 1000, Y0 + 1000), (X0 + 1000, Y0), (X0, Y0 + 1000)]
    towns.loc[1, "geometry"] = shapely.Polygon(bow)
    study = gp.read_study(write_folder(tmp_path / "s", communities=towns))
    assert ledger(study)[0][3:] == ("geometry", "fault.invalid_geometry", "set_aside")
    assert "Self-intersection" in study.quarantine["value"].iloc[0]
    assert study.communities.index.tolist() == ["620105002001"]


def test_a_home_outside_every_community_is_kept_and_noted(tmp_path):
    homes = residences()
    homes.loc[3, "geometry"] = shapely.Point(X0 + 100, Y0 + 900)
    homes.loc[3, "community_id"] = None
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert ledger(study) == [("residences", 4, "r3", "geometry", "fault.outside_communities", "kept")]
    assert len(study.residences) == 4
    assert pd.isna(study.residences.loc["r3", "community_id"])


def test_a_reference_that_leads_nowhere_is_kept_and_noted(tmp_path):
    homes = residences()
    homes.loc[0, "community_id"] = "620105009999"
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert ledger(study) == [("residences", 1, "r0", "community_id", "fault.dangling_reference", "kept")]


def test_a_home_without_community_gets_that_of_the_place(tmp_path):
    homes = residences(8).assign(community_id=None)
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert study.residences["community_id"].tolist() == ["620105002001"] * 5 + ["620105005005"] * 3


def test_the_wrong_kind_of_geometry_is_set_aside(tmp_path):
    homes = residences()
    homes.loc[0, "geometry"] = shapely.LineString([(X0, Y0), (X0 + 1, Y0)])
    homes.loc[1, "geometry"] = None
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert [row[4] for row in ledger(study)] == ["fault.wrong_geometry", "fault.missing_geometry"]


def test_one_place_far_away_is_set_aside(tmp_path):
    homes = residences()
    homes.loc[0, "geometry"] = shapely.Point(X0, Y0 + 400_000)
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert ledger(study) == [("residences", 1, "r0", "geometry", "fault.far_away", "set_aside")]


def test_a_total_row_is_set_aside(tmp_path):
    homes = residences()
    homes.loc[3, "residence_id"] = "合计"
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    assert ledger(study) == [("residences", 4, "合计", "residence_id", "fault.total_row", "set_aside")]


def test_every_row_read_is_used_or_in_the_ledger(tmp_path):
    homes = residences(6)
    homes.loc[0, "persons"] = -1
    homes.loc[1, "residence_id"] = None
    homes.loc[2, "geometry"] = None
    study = gp.read_study(write_folder(tmp_path / "s", residences=homes))
    aside = study.quarantine[study.quarantine["effect"] == "set_aside"]["row"].nunique()
    info = next(one for one in study.layers if one.table == "residences")
    assert (info.rows_read, info.rows_used, aside) == (6, 3, 3)
    assert len(study.residences) == 3


# -- layers and studies that are refused ---------------------------------------------------------------------


def test_a_layer_that_is_not_there_is_named_with_the_cure(tmp_path):
    folder = write_folder(tmp_path / "s", toml='[layers.residences]\nfile = "homes.shp"\n')
    assert "no file homes.shp" in refused(folder)
    folder = write_folder(
        tmp_path / "t", toml='[layers.residences]\nfile = "residences.gpkg"\nlayer = "homes"\n'
    )
    assert "no layer homes; it has: residences" in refused(folder)


def test_coordinates_without_crs_are_refused_with_the_cure(tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences",))
    write_as(residences(), folder / "residences.csv")
    told = refused(folder, MissingCrsError)
    assert "[layers.residences]" in told
    assert 'crs = "EPSG:4544"' in told
    assert "gcj02" in told
    other = write_folder(tmp_path / "t", skip=("residences",))
    gbk(residences()).to_file(other / "residences.shp", encoding="gbk")
    (other / "residences.prj").unlink()
    assert "residences.shp" in refused(other, MissingCrsError)


def test_a_crs_that_contradicts_the_file_is_refused(tmp_path):
    folder = write_folder(tmp_path / "s", toml='[layers.residences]\ncrs = "EPSG:4528"\n')
    assert "EPSG:4544" in refused(folder, CrsMismatchError)


def lonlat(frame):
    return frame.to_crs("EPSG:4326")


def test_swapped_longitude_and_latitude_are_told(tmp_path):
    toml = '[layers.residences]\ncrs = "EPSG:4326"\n'
    folder = write_folder(tmp_path / "s", toml=toml, skip=("residences",))
    as_cells(lonlat(residences()), x="纬度", y="经度").to_csv(folder / "residences.csv", index=False)
    told = refused(folder, CrsError)
    assert "4 of 4 rows" in told
    assert "swapped" in told
    named = toml + 'x = "纬度"\ny = "经度"\n'
    good = write_folder(tmp_path / "t", toml=named, skip=("residences",))
    as_cells(lonlat(residences()), x="纬度", y="经度").to_csv(good / "residences.csv", index=False)
    assert len(gp.read_study(good).residences) == 4


def test_one_swapped_row_among_good_ones_is_set_aside(tmp_path):
    folder = write_folder(
        tmp_path / "s", toml='[layers.residences]\ncrs = "EPSG:4326"\n', skip=("residences",)
    )
    cells = as_cells(lonlat(residences()), x="lon", y="lat")
    cells.loc[1, ["lon", "lat"]] = cells.loc[1, ["lat", "lon"]].tolist()
    cells.to_csv(folder / "residences.csv", index=False)
    assert ledger(gp.read_study(folder)) == [
        ("residences", 2, "r1", "geometry", "fault.swapped_coordinates", "set_aside")
    ]


def test_a_zone_prefix_that_the_crs_does_not_have_is_told(tmp_path):
    folder = write_folder(tmp_path / "s", toml=f'[layers.residences]\ncrs = "{CRS}"\n', skip=("residences",))
    cells = as_cells(residences())
    cells.assign(x=cells["x"] + 35_000_000).to_csv(folder / "residences.csv", index=False)
    assert "zone prefix" in refused(folder, CrsError)
    prefixed = write_folder(
        tmp_path / "t", toml='[layers.residences]\ncrs = "EPSG:4523"\n', skip=("residences",)
    )
    cells.assign(x=cells["x"] + 35_000_000).to_csv(prefixed / "residences.csv", index=False)
    moved = gp.read_study(prefixed).residences.distance(
        gp.read_study(write_folder(tmp_path / "u")).residences
    )
    assert moved.max() < 1e-3


def test_a_web_maps_datum_is_undone(tmp_path):
    folder = write_folder(tmp_path / "s", toml='[layers.residences]\ncrs = "gcj02"\n', skip=("residences",))
    cells = as_cells(lonlat(residences()), x="lon", y="lat")
    cells["lon"], cells["lat"] = from_wgs84(cells["lon"], cells["lat"], "gcj02")
    cells.to_csv(folder / "residences.csv", index=False)
    back, truth = gp.read_study(folder), gp.read_study(write_folder(tmp_path / "t"))
    assert back.residences.distance(truth.residences).max() < 1e-3
    wrong = write_folder(
        tmp_path / "u", toml='[layers.residences]\ncrs = "EPSG:4326"\n', skip=("residences",)
    )
    cells.to_csv(wrong / "residences.csv", index=False)
    assert 206 < gp.read_study(wrong).residences.distance(truth.residences).mean() < 230


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:4528"])
def test_a_study_crs_that_does_not_measure_truthfully_here_is_refused(tmp_path, crs):
    folder = write_folder(tmp_path / "s")
    text = (folder / "study.toml").read_text(encoding="utf-8").replace("EPSG:4544", crs)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    assert crs in refused(folder, NotMetricError)


def test_without_a_stated_crs_the_one_that_suits_the_place_is_taken(tmp_path):
    folder = write_folder(tmp_path / "s", **{name: lonlat(make()) for name, make in TABLES.items()})
    text = (folder / "study.toml").read_text(encoding="utf-8").replace('crs = "EPSG:4544"\n', "")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    assert gp.read_study(folder).crs == "EPSG:4544"


def test_missing_columns_and_missing_crs_of_several_layers_are_told_at_once(tmp_path):
    folder = write_folder(
        tmp_path / "s", facilities=TABLES["facilities"]().drop(columns="kind"), skip=("residences",)
    )
    write_as(residences(), folder / "residences.csv")
    told = refused(folder)
    assert "2 reasons" in told
    assert "kind (" in told
    assert "residences.csv" in told
    (folder / "residences.csv").unlink()
    assert "facilities" in refused(folder, MissingColumnError)


def test_a_heading_that_study_toml_names_is_taken(tmp_path):
    renamed = residences().rename(columns={"residence_id": "号", "persons": "总人数(2025)"})
    toml = '[layers.residences.columns]\nresidence_id = "号"\npersons = "总人数（2025）"\n'
    study = gp.read_study(write_folder(tmp_path / "s", toml=toml, residences=renamed))
    assert study.residences["persons"].tolist() == [25, 50, 75, 100]
    wrong = write_folder(tmp_path / "t", toml=toml.replace("号", "序"), residences=renamed)
    assert "names the heading 序" in refused(wrong, SchemaError)


def test_two_headings_for_one_column_are_refused(tmp_path):
    twice = residences().assign(户数=1).drop(columns="households").assign(总户数=2)
    assert "户数, 总户数" in refused(write_folder(tmp_path / "s", residences=twice), SchemaError)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("residences.gpkg", b"not a database"),
        ("residences.gpkg", b"SQLite format 3\x00" + b"\x00" * 100),
        ("residences.shp", b"PK\x03\x04"),
        ("residences.geojson", b'{"type": "FeatureCollection", "features": ['),
        ("residences.xlsx", b"PK\x03\x04 broken"),
        ("residences.parquet", b"PAR1xxxx"),
        ("residences.csv", b""),
    ],
)
def test_a_file_that_cannot_be_read_is_one_plain_error(tmp_path, name, content):
    folder = write_folder(tmp_path / "s", skip=("residences",))
    (folder / name).write_bytes(content)
    assert name in refused(folder)


def test_text_in_no_known_encoding_is_refused(tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences",))
    (folder / "residences.csv").write_bytes(b"residence_id,x,y\n\xff\xff\x80,1,2\n")
    assert "neither UTF-8 nor GB18030" in refused(folder)


def test_a_virtual_dataset_under_a_borrowed_name_is_not_opened(tmp_path):
    folder = write_folder(tmp_path / "s", skip=("residences",))
    secret = tmp_path / "secret.csv"
    secret.write_text("residence_id,x,y\ns1,1,2\n")
    layer = f'<OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>'
    (folder / "residences.geojson").write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    assert "is no GeoJSON" in refused(folder)


@pytest.mark.parametrize("file", ["../secret.gpkg", "/etc/passwd.csv", "/vsicurl/http://localhost/a.gpkg"])
def test_a_file_outside_the_study_folder_is_refused(tmp_path, file):
    residences().to_file(tmp_path / "secret.gpkg")
    folder = write_folder(tmp_path / "s", toml=f'[layers.residences]\nfile = "{file}"\n')
    assert "outside the study folder" in refused(folder)


def test_two_files_for_one_table_are_refused(tmp_path):
    folder = write_folder(tmp_path / "s")
    write_as(residences(), folder / "residences.geojson")
    assert "residences.geojson, residences.gpkg" in refused(folder)


def test_a_folder_without_anything_is_refused(tmp_path):
    assert "no folder" in refused(tmp_path / "absent")
    assert "no study.toml" in refused(tmp_path)
    (tmp_path / "study.toml").write_text('[study]\nname = "x"\n')
    assert "no table" in refused(tmp_path)
    (tmp_path / "study.toml").write_bytes("[study]\nname = '安宁'\n".encode("gbk"))
    assert "not TOML in UTF-8" in refused(tmp_path)


def test_every_mistake_in_study_toml_is_told_at_once(tmp_path):
    toml = 'max_snap_m = -1\nsynthetic = "yes"\n[layers.homes]\n[layers.streets]\nx = 3\ncomplete = true\n'
    folder = write_folder(tmp_path / "s", toml=toml)
    told = refused(folder, SchemaError)
    for word in ("max_snap_m", "synthetic", "homes", "layers.streets.x", "complete"):
        assert word in told


def test_an_empty_layer_is_a_table_without_rows(tmp_path):
    study = gp.read_study(write_folder(tmp_path / "s", facilities=TABLES["facilities"]().iloc[:0]))
    assert len(study.facilities) == 0
    audit = gp.audit(study, gp.load_standard("default"))
    assert audit.headline["coverage_rate_all_five"] == 0
    assert audit.headline["unknown_rate_by_category"] == dict.fromkeys(
        ("daily", "civic", "welfare", "safety", "culture"), 1.0
    )


def test_a_facility_three_kilometres_from_every_street_is_unknown_not_near(tmp_path):
    shops = TABLES["facilities"]()
    shops["geometry"] = [shapely.Point(X0, Y0 + 3000), shapely.Point(X0 + 1500, Y0)]
    study = gp.read_study(write_folder(tmp_path / "s", facilities=shops))
    reach = gp.coverage(gp.walk_network(study), study, gp.load_standard("default")).reach
    daily = reach[reach["service"] == "daily"]
    assert set(daily["verdict"]) == {"unknown"}
    assert set(daily["reason"]) == {"reason.not_on_network"}


def test_row_order_does_not_matter(tmp_path):
    rng = np.random.default_rng(3)
    one = gp.read_study(write_folder(tmp_path / "s", residences=residences(30)))
    shuffled = residences(30).iloc[rng.permutation(30)]
    other = gp.read_study(write_folder(tmp_path / "t", residences=shuffled, streets=streets().iloc[::-1]))
    same(one.residences, other.residences)
    assert isinstance(one.residences, gpd.GeoDataFrame)


@pytest.mark.parametrize("table", ["residences", "communities", "facilities"])
def test_a_table_without_rows_never_stops_an_audit(tmp_path, table):
    folder = write_folder(tmp_path / "s", **{table: TABLES[table]().iloc[:0]})
    audit = gp.audit(gp.read_study(folder), gp.load_standard("default"))
    assert audit.headline["communities"] == (0 if table == "communities" else 2)
    assert audit.headline["persons"] == (0 if table == "residences" else 250)
