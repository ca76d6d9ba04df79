"""A service to ask, without a server and with one, and a table of odd shapes."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager

import geopandas as gpd
import httpx
import numpy as np
import pandas as pd
import shapely
import uvicorn
from geoplan_api.app import create_app
from geoplan_api.served import Served
from geoplan_api.settings import Settings

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CGCS = "http://www.opengis.net/def/crs/EPSG/0/4544"
CRS = "EPSG:4544"
X0, Y0 = 474_000.0, 3_997_000.0


def served(audit, generation=1):
    """Return an audit as the service holds it."""
    return Served(
        study=audit.study, standard=audit.standard, network=None, audit=audit, generation=generation,
        lang="en", loaded_at=time.time(),
    )  # fmt: skip


def app_of(audit):
    return create_app(Settings(), served=served(audit))


class Client:
    """Ask an application without a server."""

    def __init__(self, app):
        self.app = app

    def ask(self, path, params=None, method="GET", **headers):
        async def run():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, path, params=params, headers=named)

        return asyncio.run(run())

    def get(self, path, params=None):
        """Return the JSON of a good answer."""
        answer = self.ask(path, params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, path, params=None):
        """Yield page after page, along the links called next."""
        page = self.get(path, params)
        while True:
            yield page
            following = [one["href"] for one in page["links"] if one["rel"] == "next"]
            if not following:
                return
            page = self.get(following[0])

    def features(self, path, params=None):
        return [one for page in self.pages(path, params) for one in page["features"]]


@contextmanager
def listening(app):
    """Serve on loopback while the block runs; yield the address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def swapped(shape):
    """Return a geometry with its axes the other way round."""
    return None if shape is None else shapely.transform(shape, lambda xy: xy[:, ::-1])


def odd_shapes(count=60, seed=0):
    """Return places, lines and areas with holes over a few kilometres, some without a shape."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 5000, (count, 2)) + np.array([X0, Y0])
    shapes = []
    for number, centre in enumerate(at):
        spokes = np.sort(rng.uniform(0, 2 * np.pi, 9))
        ring = centre + np.column_stack([np.cos(spokes), np.sin(spokes)]) * rng.uniform(20, 700)
        area = shapely.make_valid(shapely.Polygon(ring))
        hole = shapely.Point(centre).buffer(15)
        kinds = (
            shapely.Point(centre), shapely.LineString(ring), area.difference(hole), None,
            shapely.MultiPoint(ring), shapely.MultiPolygon([shapely.box(*p, *(p + 30)) for p in ring[::4]]),
        )  # fmt: skip
        shapes.append(kinds[number % len(kinds)])
    values = {
        "kind": pd.Series(rng.choice(["market", "clinic"], count), dtype="str"),
        "capacity": pd.array(rng.choice([1, 2, pd.NA], count), dtype="Int64"),
        "floor_area_m2": rng.choice([0.1, 1 / 3, np.nan, np.inf], count),
    }
    index = pd.Index([f"f{number:03d}" for number in rng.permutation(count)], name="facility_id")
    table = gpd.GeoDataFrame(values, geometry=shapes, crs=CRS)
    return table.set_index(index)
