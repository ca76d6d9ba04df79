from __future__ import annotations

import dataclasses
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geoplan_api.ogc.collection import Collection
from geoplan_api.ogc.crs import offered_crs
from geoplan_api.ogc.documents import item_url
from geoplan_api.ogc.query import MAX_LIMIT, items_query
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from tests.api.ogc.world import CGCS, CRS84, X0, Y0, Client, app_of, odd_shapes, served, swapped

ITEMS = "/ogc/collections/{}/items"


@pytest.fixture(scope="module")
def tables(plain):
    """Name -> table, input and result."""
    given_tables = {name: plain.study.table(name) for name in INPUT_TABLES}
    return {name: one for name, one in {**given_tables, **plain.tables}.items() if one is not None}


@pytest.fixture(scope="module")
def odd():
    return odd_shapes()


@pytest.fixture(scope="module")
def odd_client(plain, odd):
    study = dataclasses.replace(plain.study, facilities=odd.sort_index())
    return Client(app_of(dataclasses.replace(plain, study=study)))


def keyed(name):
    return {**INPUT_TABLES, **RESULT_TABLES}[name].key


def expected_properties(table, name):
    """Return the rows as the library has them, one obvious cell after another."""
    rows = table.reset_index() if keyed(name) else table
    shape = rows.geometry.name if isinstance(rows, gpd.GeoDataFrame) else None
    found = []
    for at in range(len(rows)):
        cells = {}
        for column in rows.columns:
            if column == shape:
                continue
            value = rows[column].iloc[at]
            cells[column] = None if value is None or value is pd.NA or value != value else value
        found.append(cells)
    return found


def test_every_table_of_the_study_and_of_the_audit_is_a_collection(client, tables):
    listed = client.get("/ogc/collections")["collections"]
    assert [one["id"] for one in listed] == list(tables)
    assert {one["itemType"] for one in listed} == {"feature"}


def test_pages_hold_every_feature_once_in_the_order_of_ids_with_the_librarys_values(client, tables):
    for name, table in tables.items():
        size = max(1, len(table) // 3)
        pages = list(client.pages(ITEMS.format(name), {"limit": size, "crs": CGCS}))
        assert {page["numberMatched"] for page in pages} == {len(table)}
        assert [page["numberReturned"] for page in pages] == [len(page["features"]) for page in pages]
        features = [one for page in pages for one in page["features"]]
        ordered = table.sort_index() if keyed(name) else table
        ids = list(ordered.index) if keyed(name) else list(range(1, len(table) + 1))
        assert [one["id"] for one in features] == ids, name
        assert [one["properties"] for one in features] == expected_properties(ordered, name)
        for feature, shape in zip(features, getattr(ordered, "geometry", [None] * len(ordered)), strict=True):
            if shape is None:
                assert feature["geometry"] is None
            else:
                found = shapely.geometry.shape(feature["geometry"])
                assert swapped(found).equals_exact(shape, 0.0), (name, feature["id"])


def test_without_a_crs_coordinates_are_longitude_and_latitude(client, tables):
    for name in ("communities", "residences", "streets", "service_circles"):
        features = client.features(ITEMS.format(name), {"limit": 1000})
        moved = tables[name].to_crs("EPSG:4326").geometry
        for feature, shape in zip(features, moved.sort_index() if keyed(name) else moved, strict=True):
            assert shapely.geometry.shape(feature["geometry"]).equals_exact(shape, 1e-12)


def test_missing_and_infinite_values_are_null(odd, odd_client):
    features = odd_client.features(ITEMS.format("facilities"), {"limit": 1000})
    for feature in features:
        row = odd.loc[feature["id"]]
        area = feature["properties"]["floor_area_m2"]
        assert area == (row["floor_area_m2"] if math.isfinite(row["floor_area_m2"]) else None)
        assert feature["properties"]["capacity"] == (None if pd.isna(row["capacity"]) else row["capacity"])
        assert (feature["geometry"] is None) == (row.geometry is None)


_METRES = st.floats(-800, 5800).map(lambda one: round(one, 3))


@given(st.tuples(_METRES, _METRES, _METRES, _METRES), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_a_bbox_takes_what_intersects_it_and_what_has_no_shape(odd, odd_client, corners, own, with_heights):
    x, y = sorted(corners[:2]), sorted(corners[2:])
    box = shapely.box(X0 + x[0], Y0 + y[0], X0 + x[1], Y0 + y[1])
    shapes = odd.geometry.sort_index()
    if not own:
        # the box is one in degrees: what it covers is decided there
        box = shapely.box(*gpd.GeoSeries([box], crs=odd.crs).to_crs("EPSG:4326").total_bounds)
        shapes = shapes.to_crs("EPSG:4326")
    expected = [one for one, shape in shapes.items() if shape is None or shape.intersects(box)]
    west, south, east, north = box.bounds
    sides = [south, west, north, east] if own else [west, south, east, north]
    if with_heights:
        sides = [*sides[:2], 0, *sides[2:], 100]
    asked = {"bbox": ",".join(map(repr, sides)), "limit": 1000}
    asked |= {"bbox-crs": CGCS, "crs": CGCS} if own else {}
    assert [one["id"] for one in odd_client.features(ITEMS.format("facilities"), asked)] == expected


@pytest.mark.parametrize("point", [(3, 5), (0, 0)])
def test_a_box_without_extent_takes_what_lies_on_it(odd, odd_client, point):
    spot = odd.geometry.dropna().iloc[point[0]]
    x, y = shapely.get_coordinates(spot)[0].tolist()
    asked = {"bbox": f"{y!r},{x!r},{y!r},{x!r}", "bbox-crs": CGCS, "limit": 1000}
    found = {one["id"] for one in odd_client.features(ITEMS.format("facilities"), asked)}
    assert odd.index[odd.geometry == spot][0] in found


def test_a_box_may_span_the_antimeridian_in_degrees_only():
    spots = gpd.GeoDataFrame(
        {"kind": ["east", "west", "far"]},
        geometry=[shapely.Point(179.5, 5), shapely.Point(-179.5, 5), shapely.Point(0, 5)],
        index=pd.Index(["a", "b", "c"], name="facility_id"), crs="EPSG:4326",
    )  # fmt: skip
    collection = Collection(INPUT_TABLES["facilities"], spots, offered_crs("EPSG:4326"))
    query = items_query([("bbox", "179,0,-179,10")], collection)
    assert collection.select(query.boxes, query.box_crs.uri, {}).tolist() == [0, 1]
    lat_first = "http://www.opengis.net/def/crs/EPSG/0/4326"
    query = items_query([("bbox", "0,179,10,-179"), ("bbox-crs", lat_first)], collection)
    assert collection.select(query.boxes, query.box_crs.uri, {}).tolist() == [0, 1]


def test_a_filter_takes_the_rows_that_have_the_value(client, tables):
    asked = 0
    for name, table in tables.items():
        rows = table.reset_index() if keyed(name) else table.reset_index(drop=True)
        rows = rows.sort_values(keyed(name)) if keyed(name) else rows
        for column in [one for one in rows.columns if one not in ("geometry", "entrances")][:6]:
            known = rows[column].dropna()
            if known.empty:
                continue
            value = known.iloc[-1]
            told = str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
            found = client.features(ITEMS.format(name), {column: told, "limit": 10_000})
            expected = [one for one in rows[column] if not pd.isna(one) and one == value]
            assert [one["properties"][column] for one in found] == expected, (name, column)
            asked += 1
    assert asked > 80


def test_filters_and_a_box_hold_together(odd, odd_client):
    box = shapely.box(X0, Y0, X0 + 2500, Y0 + 5000)
    asked = {"bbox": f"{Y0},{X0},{Y0 + 5000},{X0 + 2500}", "bbox-crs": CGCS, "kind": "market", "capacity": 1}
    rows = odd[(odd["kind"] == "market") & (odd["capacity"] == 1).fillna(False)].sort_index()
    expected = [one for one, shape in rows.geometry.items() if shape is None or shape.intersects(box)]
    assert [one["id"] for one in odd_client.features(ITEMS.format("facilities"), asked)] == expected
    assert expected


REFUSED = [
    "limit=0", "limit=-1", "limit=ten", "limit=1.5", "limit=", "limit=%EF%BC%95", "offset=-1", "offset=x",
    "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=nan,0,1,1", "bbox=0,0,inf,1", "bbox=0,1e999,1,2",
    "bbox=0,5,1,2", "bbox=0,0,9,1,1,2", "bbox=1_0,0,20,1", f"bbox=0,9,1,8&bbox-crs={CGCS}", "bbox=",
    "bbox-crs=EPSG:4544", "crs=http://www.opengis.net/def/crs/EPSG/0/3857", "crs=",
    "datetime=yesterday", "datetime=2025-02-30T00:00:00Z", "datetime=2025-01-01T00:00:00", "datetime=",
    "datetime=../..", "datetime=2025-01-02T00:00:00Z/2025-01-01T00:00:00Z", "datetime=2025-13-01/..",
    "datetime=2025-01-01T00:00:00Z/2025-01-02T00:00:00Z/..", "datetime=2025-01-01T25:00:00Z",
    "f=xml", "f=", "lang=fr", "kindd=market", "kind=market&kind=bank", "limit=1&limit=2",
    "service_level=x", "floor_area_m2=nan", "entrances=POINT(0 0)", "geometry=x",
]  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_a_parameter_that_is_unknown_twice_or_impossible_is_refused(client, query):
    answer = client.ask(f"{ITEMS.format('facilities')}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert query.split("=")[0] in answer.json()["detail"]


def test_a_choice_that_a_column_does_not_have_is_refused_with_those_it_has(client):
    answer = client.ask(ITEMS.format("reach"), {"verdict": "Pass"})
    assert answer.status_code == 400
    assert "pass, fail, unknown" in answer.json()["detail"]


@pytest.mark.parametrize(
    "value",
    ["2025-01-01T00:00:00Z", "2025-01-01T00:00:00+08:00/..", "../2025-01-01T00:00:00.5Z",
     "/2025-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "2024-02-29",
     "2025-01-01T00:00:00Z/2025-01-01T00:00:00Z"],
)  # fmt: skip
def test_features_have_no_time_so_every_time_matches_all(client, value):
    whole = client.get(ITEMS.format("facilities"))["numberMatched"]
    assert client.get(ITEMS.format("facilities"), {"datetime": value})["numberMatched"] == whole


def test_a_page_has_ten_features_unless_told_and_never_more_than_the_greatest_limit(client):
    page = client.get(ITEMS.format("reach"))
    assert page["numberReturned"] == 10
    many = pd.DataFrame({"facility_id": [f"f{one:05d}" for one in range(MAX_LIMIT + 5)], "kind": "x"})
    table = gpd.GeoDataFrame(
        many.set_index("facility_id"), geometry=[shapely.Point(X0, Y0)] * len(many), crs="EPSG:4544"
    )
    collection = Collection(INPUT_TABLES["facilities"], table, offered_crs("EPSG:4544"))
    assert items_query([("limit", "999999")], collection).limit == MAX_LIMIT
    assert items_query([], collection).limit == 10


def test_an_offset_beyond_the_end_gives_an_empty_page_that_leads_back(client):
    page = client.get(ITEMS.format("facilities"), {"offset": 500, "limit": 3})
    assert (page["numberMatched"], page["numberReturned"], page["features"]) == (5, 0, [])
    (back,) = [one["href"] for one in page["links"] if one["rel"] == "prev"]
    assert [one["id"] for one in client.get(back)["features"]] == ["f3", "f4", "f5"]


def test_the_pages_before_hold_every_feature_once_too(client):
    url, found = f"{ITEMS.format('facilities')}?limit=2&offset=5", []
    while url:
        page = client.get(url)
        found = [one["id"] for one in page["features"]] + found
        url = next((one["href"] for one in page["links"] if one["rel"] == "prev"), None)
    assert found == ["f1", "f2", "f3", "f4", "f5"]


def test_links_keep_what_was_asked(client):
    page = client.get(ITEMS.format("facilities"), {"kind": "market", "limit": 1, "crs": CGCS, "lang": "zh"})
    links = {one["rel"]: one for one in page["links"]}
    assert links["collection"]["href"].endswith("/ogc/collections/facilities")
    assert client.get(links["self"]["href"])["features"] == page["features"]
    assert links["alternate"]["type"] == "text/html"
    assert "f=html" in links["alternate"]["href"]
    assert "kind=market" in links["alternate"]["href"]


@pytest.mark.parametrize(("asked", "stated"), [({}, CRS84), ({"crs": CRS84}, CRS84), ({"crs": CGCS}, CGCS)])
def test_the_answer_names_its_crs(client, asked, stated):
    for path in (ITEMS.format("facilities"), f"{ITEMS.format('facilities')}/f1"):
        answer = client.ask(path, asked)
        assert answer.headers["content-crs"] == f"<{stated}>"
        assert answer.headers["content-type"] == "application/geo+json"


def test_one_feature_is_the_one_of_the_list_with_links(client):
    listed = client.get(ITEMS.format("facilities"), {"crs": CGCS})["features"]
    for feature in listed:
        alone = client.get(f"{ITEMS.format('facilities')}/{feature['id']}", {"crs": CGCS})
        links = {one["rel"] for one in alone.pop("links")}
        assert alone == feature
        assert links == {"self", "alternate", "collection"}
    assert client.get(f"{ITEMS.format('reach')}/3")["id"] == 3


@pytest.mark.parametrize("path", [
    "/ogc/collections/nothing", "/ogc/collections/nothing/items", ITEMS.format("facilities") + "/f99",
    ITEMS.format("reach") + "/0", "/ogc/collections/../../etc/passwd", "/ogc/collections/reach/tiles",
])  # fmt: skip
def test_what_there_is_not_is_404(client, path):
    answer = client.ask(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "odd_id", ["a/b", "x?y#z", "50%", "<script>alert(1)</script>", "水 挂", "a&b=c", "..;"]
)
def test_a_feature_is_found_whatever_its_id_holds(plain, odd_id):
    facilities = plain.study.facilities.rename(index={"f1": odd_id}).sort_index()
    changed = dataclasses.replace(plain, study=dataclasses.replace(plain.study, facilities=facilities))
    asked = Client(app_of(changed))
    url = item_url("http://test/ogc", Collection(INPUT_TABLES["facilities"], facilities, ()), odd_id)
    alone = asked.get(url)
    assert alone["id"] == odd_id
    (own,) = [one["href"] for one in alone["links"] if one["rel"] == "self"]
    assert asked.get(own)["id"] == odd_id
    assert asked.features(ITEMS.format("facilities"), {"facility_id": odd_id})[0]["id"] == odd_id


def test_columns_that_a_study_carries_besides_are_there_too(plain):
    more = plain.study.facilities.assign(
        code=[620105004001 + one for one in range(5)],
        opened=pd.to_datetime(["2020-01-01"] * 4 + [None]),
        note=pd.Series([1, "二", None, 2.5, ""], dtype=object).to_numpy(),
        limit=[1.5, 2.5, np.nan, 0.1, 0.3],
    )
    changed = dataclasses.replace(plain, study=dataclasses.replace(plain.study, facilities=more))
    asked = Client(app_of(changed))
    values = [one["properties"] for one in asked.features(ITEMS.format("facilities"))]
    assert [one["code"] for one in values] == [620105004001 + one for one in range(5)]
    assert [one["note"] for one in values] == ["1", "二", None, "2.5", ""]
    assert values[0]["opened"].startswith("2020-01-01")
    assert values[4]["opened"] is None
    # a column called like a parameter is told, but the name stays the parameter's
    assert [one["limit"] for one in values] == [1.5, 2.5, None, 0.1, 0.3]
    assert len(asked.get(ITEMS.format("facilities"), {"limit": 2})["features"]) == 2
    schema = asked.get("/ogc/collections/facilities/schema")["properties"]["properties"]["properties"]
    assert (schema["code"]["type"], schema["service_level"]["type"]) == ("number", "integer")
    assert [one["id"] for one in asked.features(ITEMS.format("facilities"), {"code": "620105004003"})] == [
        "f3"
    ]


def test_a_crs_without_a_name_is_offered_as_longitude_and_latitude_only():
    local = "+proj=tmerc +lat_0=0 +lon_0=103.7 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m"
    assert [one.uri for one in offered_crs(local)] == [CRS84]


def test_a_study_read_anew_is_answered_anew(plain, bare):
    app = app_of(plain)
    asked = Client(app)
    before = asked.get("/ogc/collections")["collections"]
    app.state.served = served(bare, generation=2)
    after = asked.get("/ogc/collections")["collections"]
    assert len(after) < len(before)
    assert asked.ask(ITEMS.format("residences")).status_code == 404
