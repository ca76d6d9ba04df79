"""The street plan on the board: bands between arterials, cut into irregular blocks, and crossings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from terrain import (
    EXPRESSWAY_T,
    LENGTH_M,
    MIDDLE_T,
    NORTH_T,
    RAILWAY_T,
    RIVERSIDE_T,
    Floats,
    Terrain,
    density,
)

__all__ = ["CAMPUSES", "Block", "Plan", "Street", "ground_streets", "lay_out"]

_GRID_M = 0.01
_HALF_WIDTH_M = {RIVERSIDE_T: 16.0, MIDDLE_T: 19.0, RAILWAY_T: 30.0, NORTH_T: 19.0, EXPRESSWAY_T: 34.0}
_BANDS = [(RIVERSIDE_T, MIDDLE_T), (MIDDLE_T, RAILWAY_T), (RAILWAY_T, NORTH_T), (NORTH_T, EXPRESSWAY_T)]
_SIDEWALK_KIND = {RAILWAY_T: "lane", EXPRESSWAY_T: "lane"}
_NAMES = {RIVERSIDE_T: "北滨河路", MIDDLE_T: "安宁大道", NORTH_T: "北环路"}
_PROMENADE_T = 42.0
_BLOCK_WIDTH_M, _BLOCK_DEPTH_M = 285.0, 235.0
_CROSSING_SPACING_M = {RIVERSIDE_T: 480.0, MIDDLE_T: 390.0, RAILWAY_T: 1_500.0, NORTH_T: 520.0}
_VILLAGES = (1_350.0, 4_300.0, 6_500.0, 9_300.0, 11_400.0, 13_900.0, 16_100.0, 17_900.0)
"""Where a lane goes under the expressway and up a gully."""
CAMPUSES = (
    (7_700.0, 2_160.0), (9_900.0, 1_540.0), (11_700.0, 2_740.0), (12_050.0, 620.0), (14_450.0, 1_480.0),
    (15_350.0, 2_720.0), (16_500.0, 560.0),
)  # fmt: skip
"""Board points inside the walled campuses."""
_CAMPUS_M = (760.0, 700.0)


@dataclass(frozen=True)
class Block:
    """A block between streets, on the board: ``quad`` is its four corners, ``use`` ``town`` or ``campus``."""

    quad: Floats
    use: str
    low: float
    high: float


@dataclass
class Plan:
    """Everything on the board: source lines with what they are, block edges for tiling, and blocks."""

    lines: list[Floats] = field(default_factory=list)
    kinds: list[tuple[str, str, str]] = field(default_factory=list)
    cuts: list[Floats] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    hamlets: list[Floats] = field(default_factory=list)

    def add(self, points: object, kind: str, level: str = "", name: str = "") -> None:
        """Add a street, bridge or tunnel."""
        self.lines.append(np.array(points, float))
        self.kinds.append((kind, level, name))


@dataclass
class Street:
    """A walkable segment on the ground while it is being worked on."""

    xy: Floats
    kind: str
    level: str = ""
    name: str = ""
    steps: bool = False
    gate: str = ""


def lay_out(rng: np.random.Generator, terrain: Terrain) -> Plan:
    """Draw the whole plan."""
    plan = Plan()
    for low, high in _BANDS:
        _band(rng, plan, low, high)
    _crossings(rng, plan)
    _riverside(rng, plan)
    _hills(rng, plan, terrain)
    return plan


def _split(rng: np.random.Generator, quad: Floats, *, across: bool) -> tuple[Floats, Floats, Floats]:
    """Cut a quad (sw, se, ne, nw) by a slightly slanted line; return both parts and the line."""
    sw, se, ne, nw = quad
    at = rng.uniform(0.36, 0.64)
    width = float(np.hypot(*(se - sw))) if across else float(np.hypot(*(nw - sw)))
    slant = rng.normal(0, 15.0) / width
    share = np.clip([at - slant, at + slant], 0.25, 0.75)
    if across:
        south, north = sw + share[0] * (se - sw), nw + share[1] * (ne - nw)
        return np.array([sw, south, north, nw]), np.array([south, se, ne, north]), np.array([south, north])
    west, east = sw + share[0] * (nw - sw), se + share[1] * (ne - se)
    return np.array([sw, se, east, west]), np.array([west, east, ne, nw]), np.array([west, east])


def _is_campus(quad: Floats) -> bool:
    width, depth = quad.max(axis=0) - quad.min(axis=0)
    if width > _CAMPUS_M[0] or depth > _CAMPUS_M[1]:
        return False
    return bool(shapely.contains_xy(shapely.Polygon(quad), *np.transpose(CAMPUSES)).any())


def _band(rng: np.random.Generator, plan: Plan, low: float, high: float) -> None:
    """Cut the band between two centrelines into blocks and lay the streets between them."""
    inner_low, inner_high = low + _HALF_WIDTH_M[low], high - _HALF_WIDTH_M[high]
    waiting = [np.array([[0, low], [LENGTH_M, low], [LENGTH_M, high], [0, high]], float)]
    while waiting:
        quad = waiting.pop()
        size = (quad[1] - quad[0] + quad[2] - quad[3])[0] / 2, (quad[3] - quad[0] + quad[2] - quad[1])[1] / 2
        if _is_campus(quad):
            plan.blocks.append(Block(quad, "campus", inner_low, inner_high))
            continue
        stretch = rng.uniform(0.8, 1.5) / density(*quad.mean(axis=0))
        excess = size[0] / (_BLOCK_WIDTH_M * stretch), size[1] / (_BLOCK_DEPTH_M * stretch)
        if max(excess) <= 1:
            plan.blocks.append(Block(quad, "town", inner_low, inner_high))
            continue
        one, two, line = _split(rng, quad, across=excess[0] >= excess[1])
        plan.cuts.append(line)
        kind = "street" if max(size) > 700 else "lane"
        plan.add(_clip(line, inner_low, inner_high), kind)
        waiting += [one, two]
    for side, centre in ((inner_low, low), (inner_high, high)):
        kind = _SIDEWALK_KIND.get(centre, "arterial")
        plan.add([[0, side], [LENGTH_M, side]], kind, "", _NAMES.get(centre, ""))


def _clip(line: Floats, low: float, high: float) -> Floats:
    """Cut a line off at the sidewalks of its band."""
    (s1, t1), (s2, t2) = line
    if abs(t2 - t1) < 1:
        return line
    ends = [(s1 + (s2 - s1) * (t - t1) / (t2 - t1), t) for t in np.clip([t1, t2], low, high)]
    return np.array(ends)


def _crossings(rng: np.random.Generator, plan: Plan) -> None:
    """Lay the few places where arterials and the railway can be crossed."""
    for centre, spacing in _CROSSING_SPACING_M.items():
        half = _HALF_WIDTH_M[centre]
        landings = sorted(
            {round(float(end[0]), 2) for line in plan.cuts for end in line if abs(end[1] - centre) < 1}
        )
        at, last = [], -np.inf
        for s in landings:
            if s - last >= spacing * rng.uniform(0.75, 1.3) and 60 < s < LENGTH_M - 60:
                at.append(s)
                last = s
        for s in at:
            kind, level = "crossing", ""
            draw = rng.random()
            if centre == RAILWAY_T:
                level = "tunnel" if draw < 0.42 else "bridge" if draw < 0.74 else ""
            elif draw < 0.14:
                level = "bridge"
            elif draw < 0.2:
                level = "tunnel"
            if level:
                kind = "footbridge" if level == "bridge" else "underpass"
            # a landing on the inner line: cross streets that slant meet the sidewalk a little to the side
            plan.add([[s, centre - half], [s, centre + half]], kind, level)


def _riverside(rng: np.random.Generator, plan: Plan) -> None:
    """Lay the promenade, the steps down to it, and the tile cuts of the riverside."""
    plan.add([[0, _PROMENADE_T], [LENGTH_M, _PROMENADE_T]], "promenade", "", "黄河风情线")
    inner = RIVERSIDE_T - _HALF_WIDTH_M[RIVERSIDE_T]
    plan.add([[0, inner], [LENGTH_M, inner]], "arterial", "", _NAMES[RIVERSIDE_T])
    s = 150.0
    while s < LENGTH_M - 150:
        plan.add(
            [[s, _PROMENADE_T], [s + rng.normal(0, 6), inner]], "steps" if rng.random() < 0.6 else "footway"
        )
        s += rng.uniform(330, 620)
    cut = 0.0
    while (cut := cut + rng.uniform(350, 700)) < LENGTH_M - 300:
        plan.cuts.append(np.array([[cut, 0], [cut, RIVERSIDE_T]]))


def _hills(rng: np.random.Generator, plan: Plan, terrain: Terrain) -> None:
    """Lay the tile cuts of the hills, and lanes under the expressway into the gullies."""
    cut = 0.0
    while (cut := cut + rng.uniform(500, 1_000)) < LENGTH_M - 350:
        top = float(np.interp(cut, terrain.ridge[:, 0], terrain.ridge[:, 1]))
        plan.cuts.append(np.array([[cut, EXPRESSWAY_T], [cut, top]]))
    half = _HALF_WIDTH_M[EXPRESSWAY_T]
    for near in _VILLAGES:
        s = near + rng.uniform(-60, 60)
        start = EXPRESSWAY_T + half
        plan.add([[s, EXPRESSWAY_T - half], [s, start]], "underpass", "tunnel")
        bend, top = s + rng.uniform(-40, 40), s + rng.uniform(-60, 60)
        reach = rng.uniform(420, 640)
        depth = 0.125 * reach - 16
        stem = np.array([[s, start], [bend, start + reach / 2], [top, start + reach]])
        plan.add(stem, "lane")
        plan.add([stem[-1], stem[-1] + [rng.uniform(-30, 30), rng.uniform(60, 110)]], "steps")
        for share in (0.35, 0.6, 0.85):
            at = np.array([np.interp(share, [0, 0.5, 1], stem[:, axis]) for axis in (0, 1)])
            side = rng.choice([-1, 1])
            end = at + np.array([side * rng.uniform(90, 150), rng.uniform(-15, 25)])
            plan.add([at, end], "lane")
            for foot in (13, -13 - depth):
                beside, up = np.array([side * 26, foot]), np.array([0, depth])
                far = end + np.array([0, foot])
                plan.hamlets.append(np.array([at + beside, at + beside + up, far + up, far]))


def ground_streets(rng: np.random.Generator, plan: Plan, terrain: Terrain) -> list[Street]:
    """
    Return the streets on the ground, cut at every junction, some of them left out or cut short.

    No street that alone holds the network together is left out.
    """
    sources = np.array([shapely.LineString(points) for points in plan.lines])
    noded = shapely.get_parts(shapely.union_all(sources, grid_size=_GRID_M))
    noded = noded[np.lexsort(_middle(noded).T)]
    source = _source(noded, sources)
    kept, stub = _thin_out(rng, noded, np.array([plan.kinds[at][0] for at in source]))
    streets = []
    for at in np.flatnonzero(kept | (stub > 0)):
        kind, level, name = plan.kinds[source[at]]
        piece = noded[at]
        if not kept[at]:
            piece = shapely.line_interpolate_point(piece, [0, stub[at]], normalized=True)
            piece = shapely.LineString(piece)
        xy = terrain.place(shapely.get_coordinates(shapely.segmentize(piece, 55.0)))
        streets.append(Street(xy, kind, level, name, steps=kind in ("steps", "footbridge")))
    return streets


def _middle(lines: npt.NDArray[np.object_]) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True)))


def _source(noded: npt.NDArray[np.object_], sources: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Return which source line each noded piece is part of; both its ends must lie on it."""
    ends = [shapely.line_interpolate_point(noded, at, normalized=True) for at in (0.1, 0.5, 0.9)]
    piece, line = shapely.STRtree(sources).query(ends[1], "dwithin", 0.5)
    gap = np.max([shapely.distance(points[piece], sources[line]) for points in ends], axis=0)
    order = np.lexsort((line, np.round(gap, 2), piece))
    first = np.r_[True, np.diff(piece[order]) > 0]
    found = np.full(len(noded), -1, np.int64)
    found[piece[order][first]] = line[order][first]
    if (found < 0).any():
        raise ValueError("a street has no source line")
    return found


def _thin_out(
    rng: np.random.Generator, noded: npt.NDArray[np.object_], kind: npt.NDArray[np.str_]
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Choose which pieces stay; of some that go, a share stays as a dead end."""
    ends = shapely.get_coordinates(shapely.get_point(noded, [[0], [-1]])).round(2).reshape(2, -1, 2)
    _, number = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    u, v = number.reshape(2, -1)
    length = shapely.length(noded)
    chance = np.select([kind == "street", kind == "lane"], [0.07, 0.20], 0.0)
    removable = rng.random(len(noded)) < chance
    parent = np.arange(number.max() + 1)

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    # those that must stay join first, so only what closes a loop can go
    kept = ~removable
    for at in [*np.flatnonzero(~removable), *rng.permutation(np.flatnonzero(removable))]:
        a, b = root(int(u[at])), root(int(v[at]))
        if a != b:
            parent[a] = b
            kept[at] = True
    stub = np.where(
        ~kept & (length > 90) & (rng.random(len(noded)) < 0.55), rng.uniform(0.35, 0.7, len(noded)), 0.0
    )
    return kept, stub
