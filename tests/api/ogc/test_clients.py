"""Read by what people have: GDAL in Python, Debian's ogrinfo and ogr2ogr, OWSLib."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from owslib.ogcapi.features import Features

from tests.qgis import told_by_qgis

HERE = Path(__file__).parent
PLAIN_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "OGR_SKIP"}
"""That of people's programs: the service keeps itself from opening addresses, they should."""
OGR = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="GDAL's programs are not installed")


def nearly(shapes, others, tolerance):
    return all(a.equals_exact(b, tolerance) for a, b in zip(shapes, others, strict=True))


@pytest.fixture(scope="module")
def boxes(plain):
    """A box around part of the street, in the study's CRS and in degrees."""
    west, south, _, north = plain.study.communities.total_bounds
    own = gpd.GeoSeries([shapely.box(west, south, west + 260, north)], crs=plain.study.crs)
    return own.iloc[0], shapely.box(*own.to_crs("EPSG:4326").total_bounds)


@pytest.fixture(scope="module")
def by_gdal(address, boxes):
    own, degrees = boxes
    asked = [
        {"layer": "residences", "PAGE_SIZE": 3, "CRS": "EPSG:4544"},
        {"layer": "residences", "PAGE_SIZE": 3, "CRS": "OGC:CRS84"},
        {"layer": "reach", "PAGE_SIZE": 7},
        {"layer": "facilities", "PAGE_SIZE": 2, "CRS": "EPSG:4544", "bbox": own.bounds},
        {"layer": "facilities", "PAGE_SIZE": 2, "CRS": "OGC:CRS84", "bbox": degrees.bounds},
        {"layer": "service_circles", "CRS": "EPSG:4544"},
    ]
    script = [sys.executable, str(HERE / "read_oapif.py"), address, json.dumps(asked)]
    done = subprocess.run(script, capture_output=True, env=PLAIN_ENVIRONMENT, check=True, timeout=60)
    return json.loads(done.stdout)


def test_pyogrio_sees_every_table(by_gdal, client):
    assert by_gdal["layers"] == [one["id"] for one in client.get("/ogc/collections")["collections"]]


def test_pyogrio_reads_every_feature_over_pages_in_both_crss(by_gdal, plain):
    own, degrees = by_gdal["found"][:2]
    homes = plain.study.residences
    assert (own["crs"], degrees["crs"]) == ("EPSG:4544", "OGC:CRS84")
    for read in (own, degrees):
        assert [one["residence_id"] for one in read["rows"]] == list(homes.index)
        assert [one["name"] for one in read["rows"]] == homes["name"].tolist()
        persons = [None if one != one else one for one in (row["persons"] for row in read["rows"])]
        assert persons == [300, 120, 90, 50]
        assert [one["households"] for one in read["rows"]] == [100, 40, 30, None]
    assert nearly(map(shapely.from_wkt, own["shapes"]), homes.geometry, 0.0)
    assert nearly(map(shapely.from_wkt, degrees["shapes"]), homes.to_crs("EPSG:4326").geometry, 1e-12)


def test_pyogrio_reads_a_table_without_geometry_to_the_digit(by_gdal, plain):
    read, reach = by_gdal["found"][2]["rows"], plain.tables["reach"]
    assert len(read) == len(reach)
    for row, (_, own) in zip(read, reach.iterrows(), strict=True):
        assert (row["residence_id"], row["verdict"]) == (own["residence_id"], own["verdict"])
        minutes = own["minutes"]
        assert row["minutes"] == (None if minutes != minutes else pytest.approx(minutes, rel=1e-14))
    assert by_gdal["found"][2]["types"]["minutes"] == "float64"


def test_pyogrio_gets_what_a_box_holds_in_either_crs(by_gdal, plain, boxes):
    shops = plain.study.facilities
    inside = list(shops.index[shops.intersects(boxes[0])])
    assert 0 < len(inside) < len(shops)
    for read in by_gdal["found"][3:5]:
        assert [one["facility_id"] for one in read["rows"]] == inside


def test_pyogrio_reads_circles_as_they_are(by_gdal, plain):
    circles = plain.tables["service_circles"]
    read = map(shapely.from_wkt, by_gdal["found"][5]["shapes"])
    assert all(
        a.normalize().equals_exact(b.normalize(), 0.0) for a, b in zip(read, circles.geometry, strict=True)
    )


@OGR
def test_ogrinfo_counts_and_shows_the_features(address, plain):
    every = ["ogrinfo", "-ro", f"OAPIF:{address}/ogc"]
    layers = subprocess.run(every, capture_output=True, env=PLAIN_ENVIRONMENT, check=True, text=True)
    assert all(f": {name}" in layers.stdout for name in plain.tables)
    one = ["ogrinfo", "-ro", "-al", "-oo", "PAGE_SIZE=2", f"OAPIF:{address}/ogc", "facilities"]
    told = subprocess.run(one, capture_output=True, env=PLAIN_ENVIRONMENT, check=True, text=True).stdout
    assert "Feature Count: 5" in told
    assert all(name in told for name in plain.study.facilities["name"])


@OGR
def test_ogr2ogr_copies_a_table_whole_and_by_box(address, plain, boxes, tmp_path):
    bounds = [repr(one) for one in boxes[1].bounds]
    for more, expected in (([], 5), (["-spat", *bounds], None), (["-where", "kind = 'market'"], 1)):
        file = tmp_path / f"{len(more)}.gpkg"
        command = ["ogr2ogr", "-oo", "PAGE_SIZE=2", *more, str(file), f"OAPIF:{address}/ogc", "facilities"]
        subprocess.run(command, check=True, capture_output=True, env=PLAIN_ENVIRONMENT)
        copied = gpd.read_file(file)
        shops = plain.study.facilities
        inside = shops.index[shops.intersects(boxes[0])] if expected is None else shops.index[:expected]
        assert copied["facility_id"].tolist() == list(inside)
        assert nearly(copied.geometry, shops.loc[inside].to_crs("EPSG:4326").geometry, 1e-9)


def test_owslib_reads_the_whole(address, plain, boxes):
    service = Features(f"{address}/ogc")
    assert set(service.feature_collections()) >= {*plain.tables, "communities"}
    assert service.collection("communities")["title"] == "Communities"
    assert any("ogcapi-features-2" in one for one in service.conformance()["conformsTo"])
    assert service.api()["openapi"].startswith("3.0")
    found = []
    for offset in range(0, 6, 2):
        page = service.collection_items("facilities", limit=2, offset=offset)
        assert page["numberMatched"] == 5
        found += page["features"]
    assert [one["id"] for one in found] == list(plain.study.facilities.index)
    inside = service.collection_items("facilities", bbox=list(boxes[1].bounds), limit=100)
    shops = plain.study.facilities
    assert [one["id"] for one in inside["features"]] == list(shops.index[shops.intersects(boxes[0])])
    assert service.collection_item("facilities", "f2")["properties"]["name"] == "诊所"


def test_qgis_reads_pages_boxes_tables_and_tiles(address, plain, boxes, tmp_path):
    told = told_by_qgis(HERE / "read_by_qgis.py", address, *boxes[1].bounds, home=tmp_path)
    shops = plain.study.facilities
    assert told["valid"] == [True] * 3
    assert {name: one[0] for name, one in told["shops"].items()} == shops["name"].to_dict()
    for name, shape in shops.to_crs("EPSG:4326").geometry.items():
        assert shapely.from_wkt(told["shops"][name][1]).distance(shape) < 1e-8
    assert told["reach"] == len(plain.tables["reach"])
    assert told["inside"] == list(shops.index[shops.intersects(boxes[0])])
    assert told["tiles"]
