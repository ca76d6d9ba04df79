"""Communities, subdistricts and grids: blocks of the street plan, joined so that they tile the strip."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from compounds import Plot
from streets import Plan
from terrain import EXPRESSWAY_T, LENGTH_M, MIDDLE_T, NORTH_T, RAILWAY_T, RIVERSIDE_T, Floats, Terrain

__all__ = ["Tiles", "communities_of_tiles", "cut_tiles", "grid_cells", "tile_of_points"]

Ints = npt.NDArray[np.int64]

_CENTRELINES = (RIVERSIDE_T, MIDDLE_T, RAILWAY_T, NORTH_T, EXPRESSWAY_T)
_ACROSS_M = {RIVERSIDE_T: 0.0, MIDDLE_T: 500.0, RAILWAY_T: 1_400.0, NORTH_T: 500.0, EXPRESSWAY_T: 0.0}
"""What crossing a line adds to the distance when communities are formed: they rather end there."""
_OTHER_SUBDISTRICT_M = 1e6


@dataclass(frozen=True)
class Tiles:
    """
    The blocks, from centreline to centreline: they tile the strip and share vertices.

    Parameters
    ----------
    polygons
        On the ground.
    board
        Middles on the drawing board (s, t).
    joins
        Neighbours: (one, other, metres between their middles and penalties for lines between).
    bank_s
        Where along the bank there are vertices, west to east.
    """

    polygons: npt.NDArray[np.object_]
    board: Floats
    joins: tuple[tuple[int, int, float], ...]
    bank_s: Floats


def cut_tiles(plan: Plan, terrain: Terrain) -> Tiles:
    """Cut the strip, river bank to ridge, along the plan's lines."""
    ridge = shapely.LineString(terrain.ridge)
    ends = [float(terrain.ridge[at, 1]) for at in (0, -1)]
    outline = [
        shapely.LineString([(0, 0), (LENGTH_M, 0)]), shapely.LineString([(0, 0), (0, ends[0])]),
        shapely.LineString([(LENGTH_M, 0), (LENGTH_M, ends[1])]), ridge,
    ]  # fmt: skip
    lines = [shapely.LineString([(0, t), (LENGTH_M, t)]) for t in _CENTRELINES]
    lines += [shapely.LineString(cut) for cut in plan.cuts]
    noded = shapely.get_parts(shapely.union_all(np.array(lines + outline), grid_size=0.01))
    # vertices are set once a piece, so that both neighbours have the same ones
    faces = shapely.get_parts(shapely.polygonize(shapely.segmentize(noded, 70.0)))
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    order = np.lexsort(middle.round(1).T)
    vertices = shapely.get_coordinates(faces)
    bank_s = np.unique(vertices[vertices[:, 1] == 0, 0])
    return Tiles(terrain.bend(faces[order]), middle[order], _joins(faces[order], middle[order]), bank_s)


def _joins(faces: npt.NDArray[np.object_], middle: Floats) -> tuple[tuple[int, int, float], ...]:
    sides: dict[tuple[tuple[float, ...], ...], list[int]] = defaultdict(list)
    for at, face in enumerate(faces):
        xy = [tuple(one) for one in shapely.get_coordinates(face).round(2)]
        for one, other in itertools.pairwise(xy):
            sides[tuple(sorted((one, other)))].append(at)
    shared: dict[tuple[int, int], float] = defaultdict(float)
    for (one, other), owners in sides.items():
        if len(owners) == 2:
            shared[min(owners), max(owners)] += float(np.hypot(one[0] - other[0], one[1] - other[1]))
    joins = []
    for (a, b), length in sorted(shared.items()):
        if length < 25:
            continue
        low, high = sorted((middle[a, 1], middle[b, 1]))
        penalty = sum(extra for t, extra in _ACROSS_M.items() if low < t < high)
        joins.append((a, b, float(np.hypot(*(middle[a] - middle[b]))) + penalty))
    return tuple(joins)


def tile_of_points(tiles: Tiles, points: npt.NDArray[np.object_]) -> Ints:
    """Return the tile each ground point lies in; the nearest one for a point outside the strip."""
    point, tile = shapely.STRtree(tiles.polygons).query_nearest(points)
    order = np.lexsort((tile, point))
    first = np.r_[True, np.diff(point[order]) > 0]
    return np.asarray(tile[order][first], np.int64)


def _zone(s: float, t: float) -> str:
    """Return the subdistrict a board point lies in: codes of one lie together."""
    u = s / LENGTH_M
    if u < 0.185:
        return "620105003"
    if u < 0.405:
        return "620105008"
    if t > (MIDDLE_T if u < 0.72 else RAILWAY_T):
        ends: tuple[tuple[float, str], ...] = (
            (0.575, "620105007"),
            (0.785, "620105002"),
            (0.905, "620105001"),
        )
    else:
        ends = ((0.645, "620105006"), (0.84, "620105005"))
    return next((code for end, code in ends if u < end), "620105004")


def communities_of_tiles(
    rng: np.random.Generator, tiles: Tiles, homes: list[Plot], codes: pd.DataFrame
) -> npt.NDArray[np.object_]:
    """
    Return the community code of every tile.

    Parameters
    ----------
    tiles
        The blocks.
    homes
        Compounds; communities form around where they lie.
    codes
        Columns ``community_id`` and ``subdistrict_id``.
    """
    weight = np.full(len(tiles.polygons), 1e-3)
    at = tile_of_points(tiles, np.array([home.polygon.centroid for home in homes]))
    np.add.at(weight, at, [home.polygon.area * home.density for home in homes])
    zone = np.array([_zone(s, t) for s, t in tiles.board])
    seeds: dict[int, str] = {}
    for subdistrict, group in codes.groupby("subdistrict_id"):
        members = np.flatnonzero(zone == subdistrict)
        ids = sorted(group["community_id"])
        middles = _seats(rng, tiles.board[members] * [1.0, 1.3], weight[members], len(ids))
        chosen = members[middles]
        seeds |= dict(zip((int(one) for one in chosen[np.argsort(tiles.board[chosen, 0])]), ids, strict=True))
    seats = sorted(seeds)
    owner = _grow(tiles, seats, zone)
    return np.array([seeds[tile] for tile in seats], dtype=object)[owner]


def _seats(rng: np.random.Generator, xy: Floats, weight: Floats, count: int) -> Ints:
    """Return ``count`` different rows in the middle of clusters of about equal weight (k-means)."""
    middle = xy[np.sort(rng.choice(len(xy), count, replace=False, p=weight / weight.sum()))]
    for _ in range(40):
        near = np.hypot(*(xy[:, None] - middle).transpose(2, 0, 1)).argmin(axis=1)
        for cluster in range(count):
            mine = near == cluster
            if mine.any():
                middle[cluster] = np.average(xy[mine], axis=0, weights=weight[mine])
    seats: list[int] = []
    for one in middle:
        distance = np.hypot(*(xy - one).T)
        distance[seats] = np.inf
        seats.append(int(distance.argmin()))
    return np.array(seats)


def _grow(tiles: Tiles, seeds: list[int], zone: npt.NDArray[Any]) -> Ints:
    """Return the seed each tile is nearest to, walking from tile to tile: every part hangs together."""
    beside: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for a, b, metres in tiles.joins:
        cost = metres + (_OTHER_SUBDISTRICT_M if zone[a] != zone[b] else 0.0)
        beside[a].append((b, cost))
        beside[b].append((a, cost))
    owner = np.full(len(tiles.polygons), -1, np.int64)
    waiting = [(0.0, tile, number) for number, tile in enumerate(seeds)]
    heapq.heapify(waiting)
    while waiting:
        cost, tile, number = heapq.heappop(waiting)
        if owner[tile] >= 0:
            continue
        owner[tile] = number
        for other, step in beside[tile]:
            if owner[other] < 0:
                heapq.heappush(waiting, (cost + step, other, number))
    return owner


def grid_cells(
    rng: np.random.Generator, tiles: Tiles, members: Ints, count: int
) -> list[shapely.Polygon | shapely.MultiPolygon]:
    """Return a community's tiles joined to ``count`` cells, each in one piece."""
    seats = members[_seats(rng, tiles.board[members], shapely.area(tiles.polygons[members]), count)]
    zone = np.zeros(len(tiles.polygons))
    zone[members] = 1
    joins = tuple(one for one in tiles.joins if zone[one[0]] and zone[one[1]])
    inside = dataclasses.replace(tiles, joins=joins)
    owner = _grow(inside, [int(one) for one in seats], zone)
    return [shapely.union_all(tiles.polygons[members[owner[members] == cell]]) for cell in range(count)]
