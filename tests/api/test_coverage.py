from __future__ import annotations

import dataclasses
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geoplan_api.explain import home_study

import geoplan as gp
from geoplan.analysis.reach import place_on_network
from geoplan.crs.datum import from_wgs84
from geoplan.network.times import times_from_each
from tests.api.conftest import client_of, served_from, spots


def library_says(study, standard, lon, lat):
    """Return what the library says of a home at a place, the slow way."""
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326").to_crs(study.crs).iloc[0]
    asked = home_study(study, point.x, point.y)
    network = gp.walk_network(study)
    covered = gp.coverage(network, asked, standard)
    return point, covered, gp.find_causes(network, asked, standard, covered).causes


def plain(value):
    return None if pd.isna(value) else value


@pytest.mark.parametrize("minutes", [None, 4.0])
def test_the_answer_is_the_librarys_to_the_digit(city, city_client, minutes):
    standard = city.standard if minutes is None else city.standard.with_limit(minutes)
    seen = set()
    for lon, lat in spots(city.study, 9):
        query = {"lon": lon, "lat": lat, "cause": "true"} | ({} if minutes is None else {"minutes": minutes})
        told = city_client.get("/v1/coverage", params=query).json()
        _, covered, causes = library_says(city.study, standard, lon, lat)
        assert told["verdict"] == covered.completeness["verdict_all_five"].iloc[0]
        snap_m = covered.snaps.loc[covered.snaps["table"] == "residences", "snap_m"].iloc[0]
        assert told["snap"]["snap_m"] == plain(snap_m)
        assert len(told["services"]) == len(covered.reach)
        cause = causes.set_index("service")["cause"]
        for one, (_, row) in zip(told["services"], covered.reach.iterrows(), strict=True):
            for column in covered.reach.columns.drop("residence_id"):
                assert one[column] == plain(row[column]), column
            assert one["cause"] == cause.get(one["service"])
            seen.add((one["verdict"], one["cause"]))
    assert len({verdict for verdict, _ in seen}) > 1


def test_the_quick_answer_is_that_of_the_route(city, city_client):
    for lon, lat in spots(city.study, 10, seed=2):
        quick = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat})
        # paths are not plain: the route answers; without them it is the same
        routed = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat, "paths": "true"}).json()
        for one in routed["services"]:
            one.pop("path", None)
        assert quick.json() == routed
        again = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat})
        assert again.content == quick.content


def test_a_path_leads_from_the_point_to_the_place_and_is_as_long_as_said(city, city_client):
    walked = 0
    for lon, lat in spots(city.study, 10, seed=3):
        told = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat, "paths": "true"}).json()
        for one in told["services"]:
            if one["nearest_id"] is None:
                continue
            line = gpd.GeoSeries([shapely.geometry.shape(one["path"])], crs=4326).to_crs(city.study.crs)
            assert line.length.iloc[0] == pytest.approx(one["metres"], abs=0.01)
            assert one["path"]["coordinates"][0] == pytest.approx([lon, lat], abs=1e-9)
            walked += 1
    assert walked > 20


def test_centres_are_listed_by_level_with_their_walks(city, city_client):
    for lon, lat in spots(city.study, 10, seed=4):
        told = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat}).json()
        by_service = {one["service"]: one for one in told["services"]}
        every = sorted(
            (one["minutes"], one["centre_id"]) for level in told["centres"].values() for one in level
        )
        nearest = by_service["centre_any"]
        assert bool(every) == (nearest["verdict"] == "pass")
        if every:
            assert every[0] == (nearest["minutes"], nearest["nearest_id"])
        district = by_service["centre_district"]
        assert bool(told["centres"]["district"]) == (district["verdict"] == "pass")


def test_a_point_may_come_in_other_coordinates(city, city_client):
    lon, lat = spots(city.study, 1, seed=5)[0]
    plainly = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat}).json()
    x, y = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4326).to_crs(city.study.crs).iloc[0].coords[0]
    metric = city_client.get("/v1/coverage", params={"lon": x, "lat": y, "crs": city.study.crs}).json()
    assert metric["services"] == plainly["services"]
    shifted = [float(one) for one in from_wgs84(lon, lat, "gcj02")]
    gcj = city_client.get(
        "/v1/coverage", params={"lon": shifted[0], "lat": shifted[1], "crs": "gcj02"}
    ).json()
    assert gcj["lon"] == pytest.approx(lon, abs=1e-8)


@pytest.mark.parametrize(
    "query",
    [
        "lon=nan&lat=1", "lon=inf&lat=1", "lon=1e308&lat=1", "lon=-1e309&lat=1", "lon=x&lat=1", "lat=1", "",
        "lon=0&lat=0", "lon=181&lat=0", "lon=103&lat=36&minute=5", "lon=1&lat=1&lon=2",
        "lon=103.7&lat=36.1&minutes=0", "lon=103.7&lat=36.1&minutes=nan", "lon=103.7&lat=36.1&minutes=601",
        "lon=103.7&lat=36.1&minutes=90", "lon=1&lat=1&crs=/etc/passwd", "lon=1&lat=1&crs=EPSG:3857",
        "lon=1&lat=1&standard=../x", "lon=103.7&lat=36.1&standard=none", "lon=1&lat=1&lang=fr",
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(city_client, query):
    answer = city_client.get(f"/v1/coverage?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_another_pack_gives_the_librarys_verdicts_under_it(city, city_client):
    lon, lat = spots(city.study, 1, seed=6)[0]
    told = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat, "standard": "gb50180-2018"}).json()
    assert told["standard"]["id"] == "gb50180-2018"
    _, covered, _ = library_says(city.study, gp.load_standard("gb50180-2018"), lon, lat)
    assert [one["verdict"] for one in told["services"]] == covered.reach["verdict"].tolist()


def test_a_batch_answers_the_good_points_and_tells_what_is_wrong_with_the_bad(city, city_client):
    good = spots(city.study, 30, seed=8)
    bad = [[0, 0], "x", [1], [math.pi, None], [True, 1], [1e308, 1], [10**400, 1], {}, None]
    answer = city_client.post("/v1/coverage/batch", json={"points": [*good, *bad]})
    told = answer.json()
    assert (told["count"], told["errors"]) == (len(good) + len(bad), len(bad))
    for (lon, lat), one in zip(good, told["results"], strict=False):
        single = city_client.get("/v1/coverage", params={"lon": lon, "lat": lat}).json()
        assert one["verdict"] == single["verdict"]
        assert one["snap_m"] == single["snap"]["snap_m"]
        for own in single["services"]:
            assert one["services"][own["service"]] == {
                name: own[name] for name in ("verdict", "minutes", "nearest_id", "reason")
            }
    assert [one["error"]["status"] for one in told["results"][len(good) :]] == [422] * len(bad)


def test_a_batch_may_be_geojson(city, city_client):
    good = spots(city.study, 3, seed=9)
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": list(one)}}
        for one in good
    ]
    features.append({"type": "Feature", "geometry": {"type": "LineString", "coordinates": []}})
    told = city_client.post(
        "/v1/coverage/batch", json={"type": "FeatureCollection", "features": features}
    ).json()
    pairs = city_client.post("/v1/coverage/batch", json={"points": good}).json()
    assert told["results"][:3] == pairs["results"]
    assert told["errors"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"points": [], "features": []}, 422), ({"points": [[1, 2]] * 10_001}, 413),
        ({"points": [], "minutes": -1}, 422), ({"points": [], "more": 1}, 422), ({"points": []}, 200),
    ],
)  # fmt: skip
def test_a_batch_that_makes_no_sense_is_refused(city_client, body, status):
    assert city_client.post("/v1/coverage/batch", json=body).status_code == status


def test_an_isochrone_to_a_point_is_the_circle_of_a_centre_that_stands_there(city, city_client):
    lon, lat = next(
        one for one in spots(city.study, 20, seed=10) if isochrone(city_client, one).status_code == 200
    )
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4326).to_crs(city.study.crs)
    centre = gpd.GeoDataFrame(
        {"level": ["community"]}, geometry=point.to_numpy(), index=["c"], crs=city.study.crs
    )
    circles = gp.service_circles(
        gp.walk_network(city.study), centre, city.standard, minutes=(5, 10), max_snap_m=city.study.max_snap_m,
        barriers=city.study.barriers,
    )  # fmt: skip
    told = isochrone(city_client, (lon, lat), minutes=[10, 5], direction="to").json()["features"]
    assert [one["properties"]["area_m2"] for one in told] == circles["area_m2"].tolist()
    outward = isochrone(city_client, (lon, lat), minutes=[5, 10], direction="from").json()["features"]
    # hills and one-way streets make the two directions differ
    assert [one["properties"]["area_m2"] for one in outward] != circles["area_m2"].tolist()


def isochrone(client, spot, **more):
    return client.post("/v1/isochrone", json={"lon": spot[0], "lat": spot[1], **more})


def test_an_isochrone_from_a_point_holds_the_doors_one_walks_to(city, city_client):
    middle = city.study.streets.geometry.iloc[[len(city.study.streets) // 2]].interpolate(5).to_crs(4326)
    lon, lat = middle.iloc[0].coords[0]
    told = isochrone(city_client, (lon, lat), minutes=[6], direction="from").json()["features"][0]
    area = gpd.GeoSeries([shapely.geometry.shape(told["geometry"])], crs=4326).to_crs(city.study.crs).iloc[0]
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4326).to_crs(city.study.crs).iloc[0]
    study, network = home_study(city.study, point.x, point.y), gp.walk_network(city.study)
    places = place_on_network(network, study, city.standard)
    reached = 0
    for row, ms in times_from_each(network, places.costs, places.residences, places.facilities):
        doors = places.facilities.only(np.array([row]))
        if len(doors.edge) == 1 and ms[0] <= 6 * 60_000:
            foot = network.edge_geometry[doors.edge[0]].interpolate(doors.offset_m[0])
            assert area.buffer(0.1).contains(foot)
            reached += 1
    assert reached > 0


def test_circles_of_a_centre_are_the_librarys(city, city_client):
    centre_id = city.study.centres.index[0]
    told = city_client.get(f"/v1/circles/{centre_id}?minutes=3,6")
    assert told.headers["content-type"] == "application/geo+json"
    circles = gp.service_circles(
        gp.walk_network(city.study), city.study.centres, city.standard, minutes=(3, 6),
        max_snap_m=city.study.max_snap_m, barriers=city.study.barriers,
    )  # fmt: skip
    own = circles[circles["centre_id"] == centre_id]
    assert [one["properties"]["area_m2"] for one in told.json()["features"]] == own["area_m2"].tolist()
    kept = city_client.get(f"/v1/circles/{centre_id}").json()["features"]
    stored = city.tables["service_circles"]
    assert len(kept) == (stored["centre_id"] == centre_id).sum()
    assert city_client.get("/v1/circles/nowhere").status_code == 404
    assert city_client.get(f"/v1/circles/{centre_id}?minutes=0").status_code == 422


def test_a_study_without_streets_says_what_it_lacks(plain, tmp_path):
    study = dataclasses.replace(plain.study, streets=None)
    with client_of(served_from(gp.audit(study, plain.standard)), tmp_path) as client:
        (lon, lat), *_ = spots(plain.study, 1)
        for answer in (
            client.get("/v1/coverage", params={"lon": lon, "lat": lat}),
            client.get("/v1/gaps"),
            client.post("/v1/isochrone", json={"lon": lon, "lat": lat}),
            client.post("/v1/scenarios", json={"edits": [{"edit": "close_centre", "id": "c1"}]}),
        ):
            assert answer.status_code == 404
            assert "streets" in answer.json()["detail"]


def test_an_answer_speaks_the_language_asked_for(plain, tmp_path):
    with client_of(served_from(plain), tmp_path) as client:
        (lon, lat), *_ = spots(plain.study, 1)
        ask = {"lon": lon, "lat": lat}
        chinese = client.get("/v1/coverage", params=ask | {"lang": "zh"}).json()
        spoken = client.get("/v1/coverage", params=ask, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()
        english = client.get("/v1/coverage", params=ask).json()
        assert chinese == spoken
        assert chinese["services"][0]["name"] != english["services"][0]["name"]
        assert np.isclose(chinese["lon"], lon)
