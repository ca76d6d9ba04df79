from __future__ import annotations

import dataclasses
import math

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pandas as pd
import pytest
import shapely
from geoplan_api.ogc.collection import Collection
from geoplan_api.ogc.crs import offered_crs
from geoplan_api.ogc.tiles import MAX_ZOOM, TileCache, encode_tile, tile_bounds

from geoplan.model.tables import INPUT_TABLES
from tests.api.ogc.world import CRS, X0, Y0, Client, app_of, odd_shapes

TILE = "/ogc/collections/{}/tiles/WebMercatorQuad/{}/{}/{}"
EXTENT, BUFFER, TOLERANCE, SPACING = 4096, 64, 2, 8


@pytest.fixture(scope="module")
def odd():
    return odd_shapes()


@pytest.fixture(scope="module")
def collection(odd):
    return Collection(INPUT_TABLES["facilities"], odd, offered_crs(CRS))


def address_of(lon, lat, zoom):
    """Return row and column of the tile that holds a place."""
    count = 2**zoom
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return math.floor(down * count), math.floor((lon + 180) / 360 * count)


def decoded(made):
    """Return id -> geometry in the units of the tile, y up, and id -> properties."""
    if not made:
        return {}, {}
    layer = mapbox_vector_tile.decode(made)["facilities"]
    assert layer["extent"] == EXTENT
    shapes = {
        one["properties"]["facility_id"]: shapely.geometry.shape(one["geometry"]) for one in layer["features"]
    }
    return shapes, {one["properties"]["facility_id"]: one["properties"] for one in layer["features"]}


def in_tile(odd, zoom, row, column):
    """Return the true shapes in the units of a tile, y up."""
    west, south, east, _ = tile_bounds(zoom, row, column)
    unit = (east - west) / EXTENT
    drawn = odd.to_crs("EPSG:3857").geometry.sort_index().dropna()
    return {
        name: shapely.transform(shape, lambda xy: (xy - (west, south)) / unit)
        for name, shape in drawn.items()
    }


def tiles_over(odd, zoom):
    west, south, east, north = odd.to_crs("EPSG:4326").total_bounds
    top, left = address_of(west, north, zoom)
    bottom, right = address_of(east, south, zoom)
    return [(zoom, row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]


def test_at_the_last_zoom_each_tile_holds_what_the_library_cuts_out(odd, collection):
    window = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    for address in tiles_over(odd, MAX_ZOOM)[::7]:
        shapes, _ = decoded(encode_tile(collection, *address))
        expected = {}
        for name, shape in in_tile(odd, *address).items():
            cut = shape.intersection(window)
            same = [one for one in getattr(cut, "geoms", [cut]) if not one.is_empty]
            same = [one for one in same if shapely.get_dimensions(one) == shapely.get_dimensions(shape)]
            if same:
                expected[name] = shapely.union_all(same)
        # what reaches into the tile by less than a unit may vanish on its grid
        clear = {name for name, shape in expected.items() if shape.intersects(window.buffer(-1))}
        assert clear <= set(shapes) <= set(expected)
        for name, shape in shapes.items():
            assert shapely.hausdorff_distance(shape, expected[name]) <= 1.5
            assert shape.is_valid


@pytest.mark.parametrize("zoom", [9, 12, 14])
def test_below_the_last_zoom_shapes_lie_where_they_are_to_a_fraction_of_a_pixel(odd, collection, zoom):
    window = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    seen = set()
    for address in tiles_over(odd, zoom):
        shapes, _ = decoded(encode_tile(collection, *address))
        true = in_tile(odd, *address)
        for name, shape in shapes.items():
            cut = true[name].intersection(window)
            # every vertex drawn is on the true shape, to the tolerance and the grid
            for spot in shapely.points(shapely.get_coordinates(shape)):
                assert cut.distance(spot) <= TOLERANCE + 1.5
            assert shape.is_valid
        seen |= set(shapes)
        for name in set(true) - set(shapes):
            size = np.ptp(np.array(true[name].bounds).reshape(2, 2), axis=0).max()
            small = size < TOLERANCE + 1
            assert small or not true[name].intersects(window.buffer(-TOLERANCE - 1))
    assert len(seen) > 20


def test_of_places_close_together_the_first_is_drawn_and_none_is_far_from_one_drawn():
    rng = np.random.default_rng(1)
    at = rng.uniform(0, 3000, (4000, 2)) + np.array([X0, Y0])
    index = pd.Index([f"f{one:04d}" for one in range(len(at))], name="facility_id")
    places = gpd.GeoDataFrame({"kind": "x"}, geometry=shapely.points(at), index=index, crs=CRS)
    collection = Collection(INPUT_TABLES["facilities"], places, offered_crs(CRS))
    lon, lat = places.to_crs("EPSG:4326").geometry.iloc[0].coords[0]
    for zoom in (8, 11):
        address = (zoom, *address_of(lon, lat, zoom))
        shapes, _ = decoded(encode_tile(collection, *address))
        true = in_tile(places, *address)
        drawn = shapely.MultiPoint(list(shapes.values()))
        inside = [one for one in true.values() if 0 <= one.x <= EXTENT and 0 <= one.y <= EXTENT]
        assert len(shapes) < len(true)
        assert max(drawn.distance(one) for one in inside) <= SPACING * math.sqrt(2) + 1
        cells = [(math.floor(true[name].x / SPACING), math.floor(true[name].y / SPACING)) for name in shapes]
        assert len(set(cells)) == len(cells)


def test_properties_are_the_librarys_and_what_is_missing_is_left_out(odd, collection):
    lon, lat = odd.to_crs("EPSG:4326").total_bounds[:2]
    _, told = decoded(encode_tile(collection, 8, *address_of(lon, lat, 8)))
    for name, properties in told.items():
        row = odd.loc[name]
        area = row["floor_area_m2"] if math.isfinite(row["floor_area_m2"]) else None
        capacity = None if pd.isna(row["capacity"]) else row["capacity"]
        known = {"facility_id": name, "kind": row["kind"], "capacity": capacity, "floor_area_m2": area}
        assert properties == {key: value for key, value in known.items() if value is not None}
    assert told


def test_tiles_of_a_zoom_meet_without_a_gap():
    for zoom in (0, 1, 5):
        for row, column in ((0, 0), (2**zoom - 1, 2**zoom - 1)):
            west, south, east, north = tile_bounds(zoom, row, column)
            assert east - west == pytest.approx(north - south) == pytest.approx(40_075_016.68557849 / 2**zoom)
    west, south, east, north = tile_bounds(3, 4, 5)
    assert tile_bounds(3, 4, 6)[0] == pytest.approx(east)
    assert tile_bounds(3, 5, 5)[3] == pytest.approx(south)
    # a known answer: Lanzhou's tile of zoom 10 in the usual numbering
    lon, lat = 103.73, 36.1
    x, y = math.radians(lon) * 6378137, math.asinh(math.tan(math.radians(lat))) * 6378137
    box = tile_bounds(10, *address_of(lon, lat, 10))
    assert shapely.box(*box).contains(shapely.Point(x, y))


def test_the_cache_gives_the_same_bytes_and_stays_within_its_bound(odd, collection):
    addresses = tiles_over(odd, 14)
    cache = TileCache(max_bytes=3000)
    for _ in range(2):
        for address in addresses:
            assert cache.tile(collection, *address) == encode_tile(collection, *address)
            assert cache.held_bytes <= 3000
    assert 0 < len(cache) < len(addresses)
    roomy = TileCache()
    first = roomy.tile(collection, *addresses[0])
    assert roomy.tile(collection, *addresses[0]) is first


def test_a_tile_is_served_as_it_is_made_and_an_empty_one_says_so(plain, odd):
    study = dataclasses.replace(plain.study, facilities=odd.sort_index())
    asked = Client(app_of(dataclasses.replace(plain, study=study)))
    collection = Collection(INPUT_TABLES["facilities"], odd, offered_crs(CRS))
    zoom, row, column = next(one for one in tiles_over(odd, 13) if encode_tile(collection, *one))
    answer = asked.ask(TILE.format("facilities", zoom, row, column))
    assert answer.content == encode_tile(collection, zoom, row, column)
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    empty = asked.ask(TILE.format("facilities", 13, 0, 0))
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize(
    "address", ["17/0/0", "1/2/0", "1/0/2", "-1/0/0", "a/0/0", "1/0/1.5", "99999999/0/0"]
)
def test_a_tile_outside_the_world_is_404(client, address):
    assert client.ask(f"/ogc/collections/facilities/tiles/WebMercatorQuad/{address}").status_code == 404


def test_where_tiles_are_is_told_for_tables_with_geometry_only(client, plain):
    own = "/ogc/collections/facilities/tiles"
    (tileset,) = client.get(own)["tilesets"]
    template = next(one for one in tileset["links"] if one["rel"] == "item")
    assert template["templated"]
    row, column = address_of(103.71, 36.1, 12)
    url = template["href"].format(tileMatrix=12, tileRow=row, tileCol=column)
    assert client.ask(url).status_code in (200, 204)
    told = client.get(f"{own}/WebMercatorQuad", {"f": "tilejson"})
    assert told["tiles"][0].endswith("/facilities/tiles/WebMercatorQuad/{z}/{y}/{x}")
    assert told["bounds"] == pytest.approx(plain.study.facilities.to_crs("EPSG:4326").total_bounds.tolist())
    assert (
        "entrances" not in told["vector_layers"][0]["fields"]
        or plain.study.facilities.get("entrances") is not None
    )
    assert client.ask("/ogc/collections/facilities/tiles/WorldCRS84Quad").status_code == 404
    assert client.ask("/ogc/collections/reach/tiles/WebMercatorQuad").status_code == 404
    matrices = client.get("/ogc/tileMatrixSets/WebMercatorQuad")["tileMatrices"]
    assert len(matrices) == MAX_ZOOM + 1
    assert matrices[0]["scaleDenominator"] == pytest.approx(559_082_264.028717)
