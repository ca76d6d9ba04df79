"""Case d: polygons around what 15 minutes reach, and how truthful they are."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from bench.measure import Absent, Result, Sample, interleave, row
from bench.networks import SPEED_M_PER_MIN, City, extract_path
from bench.peers import why_not
from bench.routing import LIMIT_MS
from geoplan.crs.metric import transform_xy
from geoplan.network.areas import service_area
from geoplan.network.graph import WalkNetwork
from geoplan.network.polygons import CORRIDOR_M, corridor_polygons
from geoplan.network.search import Engine
from geoplan.network.spans import StreetLines, reached_spans
from geoplan.network.times import node_times

__all__ = ["Truth", "polygons_case", "truth"]

IntArray = npt.NDArray[np.int64]

_CENTRES = 12
_WHOLE = "polygons, from the network"
_DRAWN = "polygons, drawing alone"


@dataclass(frozen=True)
class Truth:
    """
    How a polygon compares with the streets that are reached.

    Parameters
    ----------
    missed
        Reached length outside the polygon, as a share of the reached length.
    false
        Unreached length inside the polygon, as a share of the reached length.
    """

    missed: float
    false: float


def truth(walk: WalkNetwork, polygon: Any, reached: shapely.MultiLineString) -> Truth:
    """Measure a polygon against the reached pieces of a network's streets, by cutting every street."""
    shapely.prepare(polygon)
    near = walk.edge_geometry[shapely.STRtree(walk.edge_geometry).query(polygon, "intersects")]
    inside = float(shapely.length(shapely.intersection(near, polygon)).sum())
    pieces = shapely.get_parts(reached)
    reached_m = float(shapely.length(pieces).sum())
    reached_inside = float(shapely.length(shapely.intersection(pieces, polygon)).sum())
    return Truth(1 - reached_inside / reached_m, max(0.0, inside - reached_inside) / reached_m)


def polygons_case(city: City, rounds: int, work: Path) -> Result:
    """Measure case d: the polygons of twelve places, by several makers."""
    result = Result()
    nodes = city.some_nodes(_CENTRES, 12)
    targets = city.at_nodes(nodes)
    areas = service_area(city.walk, city.costs, targets, limits_ms=[LIMIT_MS])
    streets = [area.streets for area in areas]
    _drawing(result, city, targets, streets, rounds)
    contestants: dict[str, Callable[[], Any]] = {
        "ours": lambda: service_area(city.walk, city.costs, targets, limits_ms=[LIMIT_MS], engine="numba"),
        "node hull": lambda: [
            _node_hull(city, times) for times in node_times(city.walk, city.costs, targets, engine="numba")
        ],
    }
    notes = {"node hull": "convex hull of the reached nodes, times from our own search"}
    networkx = why_not("networkx")
    if networkx:
        result.absent.append(Absent("d", city.name, "osmnx-style hull", networkx))
    else:
        ego = _ego_hulls(city, nodes)
        contestants["osmnx-style hull"] = ego
        notes["osmnx-style hull"] = "networkx ego_graph, convex hull of its nodes, as in osmnx's examples"
    if city.name == "porto":
        reason = why_not("valhalla")
        if reason:
            result.absent.append(Absent("d", city.name, "Valhalla", reason))
        else:
            contestants["Valhalla"] = _valhalla(city, nodes, work)
            notes["Valhalla"] = "its own walking rules on the same extract; its tiles are built beforehand"
    samples = interleave(contestants, rounds)
    ours = samples.pop("ours")
    _note_truth(result, city, "geoplan", [one.polygon for one in ours.answer], streets)
    for name, theirs in samples.items():
        drawn = theirs.answer
        if name == "Valhalla":
            drawn = [_in_metres(city, one) for one in drawn]
        _note_truth(result, city, name, drawn, streets)
        where = ("d", city.name, f"{_CENTRES} {_WHOLE}")
        result.rows.append(row(where, name, ours, theirs, agrees="see truth", note=notes[name]))
    return result


def _drawing(
    result: Result, city: City, targets: Any, streets: list[shapely.MultiLineString], rounds: int
) -> None:
    """Compare the drawing step with GEOS on the same pieces, at the same corridor width."""
    lines = StreetLines(city.walk)
    pieces = []
    for spans in reached_spans(city.walk, city.costs, targets, limits_ms=np.array([LIMIT_MS])):
        reached = spans[spans.band == 0]
        pieces.append(lines.segments(reached.edge, reached.low, reached.high)[0])

    def draw(engine: Engine = "numba") -> list[Any]:
        drawn = []
        for one in pieces:
            all_reached = np.zeros(len(one), np.int64)
            drawn += corridor_polygons(one, all_reached, bands=1, keep_off=False, engine=engine)
        return [one.polygon for one in drawn]

    def buffer() -> list[Any]:
        return [shapely.union_all(shapely.buffer(shapely.get_parts(one), CORRIDOR_M)) for one in streets]

    contestants: dict[str, Callable[[], Any]] = {
        "ours": draw, "ours without numba": lambda: draw("scipy"), "GEOS buffer": buffer,
    }  # fmt: skip
    samples = interleave(contestants, rounds)
    ours: Sample = samples.pop("ours")
    _note_truth(result, city, "geoplan, plain corridor", ours.answer, streets)
    for name, theirs in samples.items():
        _note_truth(result, city, name, theirs.answer, streets)
        shares = [
            shapely.intersection(a, b).area / shapely.union(a, b).area
            for a, b in zip(ours.answer, theirs.answer, strict=True)
        ]
        result.figures[f"iou_{name}"] = float(np.mean(shares))
        geos = name == "GEOS buffer"
        note = f"same pieces, {CORRIDOR_M:.0f} m corridor; buffers of the pieces, joined"
        result.rows.append(
            row(
                ("d", city.name, f"{len(streets)} {_DRAWN}"),
                name,
                ours,
                theirs,
                agrees=f"IoU {np.mean(shares):.4f} (least {min(shares):.4f})",
                reach=30.0 if geos else None,
                note=note if geos else "the same call with engine='scipy'",
            )
        )


def _note_truth(
    result: Result, city: City, name: str, polygons: list[Any], streets: list[shapely.MultiLineString]
) -> None:
    found = [truth(city.walk, *one) for one in zip(polygons, streets, strict=True)]
    result.figures.setdefault("truth", {})[name] = {
        "missed": float(np.mean([one.missed for one in found])),
        "false": float(np.mean([one.false for one in found])),
    }


def _node_hull(city: City, times: IntArray) -> Any:
    near = times <= LIMIT_MS
    points = np.column_stack([city.walk.node_x[near], city.walk.node_y[near]])
    return shapely.convex_hull(shapely.multipoints(points))


def _ego_hulls(city: City, nodes: IntArray) -> Callable[[], list[Any]]:
    import networkx as nx

    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(*(one.tolist() for one in city.links), strict=True), weight="ms")

    def hulls() -> list[Any]:
        found = []
        for one in nodes.tolist():
            near = np.array(list(nx.ego_graph(graph, one, radius=LIMIT_MS, distance="ms")), np.int64)
            points = np.column_stack([city.walk.node_x[near], city.walk.node_y[near]])
            found.append(shapely.convex_hull(shapely.multipoints(points)))
        return found

    return hulls


def _valhalla(city: City, nodes: IntArray, work: Path) -> Callable[[], list[Any]]:
    """Build Valhalla's tiles from the extract; return the call that asks it for isochrones."""
    import valhalla

    tiles, packed = work / "tiles", work / "tiles.tar"
    tiles.mkdir(exist_ok=True)
    packed.touch()
    config = valhalla.get_config(tile_extract=str(packed), tile_dir=str(tiles), verbose=False)
    plain = json.loads(json.dumps(config))
    del plain["mjolnir"]["tile_extract"]
    (work / "valhalla.json").write_text(json.dumps(plain), encoding="utf-8")
    build = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    command = [str(build), "-c", str(work / "valhalla.json"), str(extract_path().resolve())]
    # it leaves notes in the folder it runs in
    subprocess.run(command, check=True, capture_output=True, cwd=work)
    with tarfile.open(packed, "w") as tar:
        for one in sorted(tiles.rglob("*.gph")):
            tar.add(one, arcname=str(one.relative_to(tiles)))
    actor = valhalla.Actor(config)
    lon, lat = transform_xy(city.walk.crs, "EPSG:4326", city.walk.node_x[nodes], city.walk.node_y[nodes])

    request = {
        "costing": "pedestrian",
        "costing_options": {"pedestrian": {"walking_speed": SPEED_M_PER_MIN * 60 / 1000}},
        "contours": [{"time": LIMIT_MS / 60_000}],
        "polygons": True, "denoise": 0, "generalize": 0,
    }  # fmt: skip

    def isochrones() -> list[Any]:
        places = [{"lat": y, "lon": x} for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
        return [actor.isochrone({**request, "locations": [one]}) for one in places]

    return isochrones


def _in_metres(city: City, answer: Any) -> Any:
    """Return the polygon of one of Valhalla's answers in the network's CRS."""

    def project(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transform_xy("EPSG:4326", city.walk.crs, *xy.T))

    features = (json.loads(answer) if isinstance(answer, str) else answer)["features"]
    parts = [shapely.make_valid(shapely.from_geojson(json.dumps(one["geometry"]))) for one in features]
    return shapely.make_valid(shapely.transform(shapely.union_all(parts), project))
