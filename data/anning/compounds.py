"""Plots behind walls: compounds, campuses, schools, parks; their gates and the paths inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from streets import Plan, Street
from terrain import Floats, Terrain, density

__all__ = ["Plot", "StreetBook", "build_campuses", "build_homes", "cut_plots", "open_gates", "spread"]

_STREET_GAP_M, _WALL_GAP_M = 9.0, 3.5
_PLOT_AREA_M2 = 23_000.0
_FRONTAGE_KINDS = ("arterial", "street", "lane")
_TO_STREET_M = 34.0


@dataclass
class Plot:
    """
    A walled plot on the ground.

    Parameters
    ----------
    polygon
        Its walls.
    board
        Its middle on the drawing board.
    use
        ``vacant``, ``home``, ``campus``, or a facility kind.
    gates
        Open gates [x, y].
    """

    polygon: shapely.Polygon
    board: tuple[float, float]
    use: str = "vacant"
    gates: list[Floats] = field(default_factory=list)

    @property
    def density(self) -> float:
        """How closely the town is built here."""
        return density(*self.board)


class StreetBook:
    """Streets that get further vertices where gates open onto them; and the plots beside them."""

    def __init__(self, streets: list[Street], plots: list[Plot]) -> None:
        self.streets = list(streets)
        self._plots = shapely.STRtree([plot.polygon for plot in plots])
        self._frontage = [
            at for at, one in enumerate(streets) if one.kind in _FRONTAGE_KINDS and len(one.xy) > 1
        ]
        self._lines = np.array([shapely.LineString(streets[at].xy) for at in self._frontage])
        self._tree = shapely.STRtree(self._lines)
        self._marks: dict[int, dict[float, Floats]] = {}

    def frontages(self, polygon: shapely.Polygon) -> list[tuple[int, shapely.LineString]]:
        """Return the streets along a plot, each with its longest stretch beside it."""
        beside = polygon.buffer(_TO_STREET_M, join_style="mitre")
        found = []
        for at in sorted(self._tree.query(beside, "intersects")):
            parts = shapely.get_parts(shapely.intersection(self._lines[at], beside))
            part = parts[np.argmax(shapely.length(parts))]
            if part.geom_type == "LineString" and part.length > 30:
                found.append((int(at), part))
        return found

    def stands_free(self, polygon: shapely.Polygon) -> bool:
        """Tell whether no street and no other plot lies on a plot."""
        others = self._plots.query(polygon.buffer(-0.5), "intersects")
        return len(others) == 1 and not len(self._tree.query(polygon, "intersects"))

    def leads_in(self, street: Floats, wall: Floats) -> bool:
        """Tell whether the way from a street to a gate crosses no plot but its own."""
        return len(self._plots.query(shapely.LineString([street, wall]), "dwithin", distance=0.2)) == 1

    def mark(self, street: int, point: shapely.Point) -> Floats:
        """Put a vertex on a street where ``point`` meets it; a mark within 6 m is used again."""
        line = self._lines[street]
        along = float(np.clip(line.project(point), 2.0, line.length - 2.0))
        marks = self._marks.setdefault(street, {})
        for other, xy in marks.items():
            if abs(other - along) < 6:
                return xy
        marks[along] = shapely.get_coordinates(line.interpolate(along)).round(2)[0]
        return marks[along]

    def finished(self) -> list[Street]:
        """Return all streets with their marks as vertices."""
        for number, marks in self._marks.items():
            street = self.streets[self._frontage[number]]
            street.xy = with_vertices(street.xy, marks)
        self._marks = {}
        return self.streets


def with_vertices(xy: Floats, marks: dict[float, Floats]) -> Floats:
    """Return a polyline with further vertices, given as distance along it -> position."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
    order = np.argsort(np.r_[along, list(marks)], kind="stable")
    merged = np.vstack([xy, np.array(list(marks.values())).reshape(-1, 2)])[order]
    return merged[np.r_[True, (np.diff(merged, axis=0) != 0).any(axis=1)]]


def cut_plots(rng: np.random.Generator, plan: Plan, terrain: Terrain) -> list[Plot]:
    """Cut the blocks into walled plots."""
    plots = []
    for block in plan.blocks:
        inner = shapely.intersection(shapely.Polygon(block.quad), shapely.box(-1, block.low, 1e6, block.high))
        ground = terrain.bend(np.array([shapely.segmentize(inner, 55.0)]))[0]
        ground = ground.buffer(-_STREET_GAP_M, join_style="mitre")
        if ground.geom_type != "Polygon" or ground.area < 2_500:
            continue
        middle = tuple(block.quad.mean(axis=0))
        if block.use == "campus":
            plots.append(Plot(ground, middle, "campus"))
            continue
        wanted = _PLOT_AREA_M2 * rng.uniform(0.6, 1.6) / density(*middle)
        plots += [Plot(part, middle) for part in _halves(rng, ground, wanted)]
    for quad in plan.hamlets:
        outline = shapely.segmentize(shapely.Polygon(quad), 55.0)
        plots.append(Plot(terrain.bend(np.array([outline]))[0], tuple(quad.mean(axis=0))))
    return [plot for plot in plots if plot.polygon.is_valid and plot.polygon.area > 1_500]


def _halves(rng: np.random.Generator, polygon: shapely.Polygon, wanted: float) -> list[shapely.Polygon]:
    """Cut a polygon across its longer side until the parts are no larger than ``wanted`` [m²]."""
    if polygon.area <= wanted * 1.3:
        return [shapely.Polygon(shapely.simplify(polygon, 0.5).exterior.coords)]
    centre, along, across = _axes(polygon)
    at = centre + along * rng.uniform(-0.16, 0.16)
    tilt = across + along * rng.normal(0, 0.04)
    cut = shapely.LineString([at - 3 * tilt, at + 3 * tilt])
    pieces = shapely.get_parts(shapely.difference(polygon, cut.buffer(_WALL_GAP_M, cap_style="flat")))
    pieces = [one for one in pieces if one.area > 1_500]
    return [part for one in pieces for part in _halves(rng, one, wanted)]


def _axes(polygon: shapely.Polygon) -> tuple[Floats, Floats, Floats]:
    """Return the centre and the whole-length axes (longer, shorter) of the smallest rectangle around it."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))[:4]
    one, two = corners[1] - corners[0], corners[3] - corners[0]
    along, across = (one, two) if np.hypot(*one) >= np.hypot(*two) else (two, one)
    # the same direction whichever corner came first
    along = along if along[0] > 0 or (along[0] == 0 and along[1] > 0) else -along
    across = across if across[1] > 0 or (across[1] == 0 and across[0] > 0) else -across
    return shapely.get_coordinates(polygon.centroid)[0], along, across


def spread(
    rng: np.random.Generator,
    plots: list[Plot],
    use: str,
    count: int,
    apart_m: float,
    area: tuple[float, float],
) -> None:
    """Give ``count`` vacant plots of the right area [m²] a use, rather where the town is dense, and apart."""
    fit = [plot for plot in plots if plot.use == "vacant" and area[0] <= plot.polygon.area <= area[1]]
    keys = rng.random(len(fit)) ** (1 / np.array([plot.density for plot in fit]) ** 2)
    taken: list[shapely.Point] = []
    for at in np.argsort(-keys, kind="stable"):
        if len(taken) == count:
            return
        middle = fit[at].polygon.centroid
        if all(middle.distance(other) > apart_m for other in taken):
            fit[at].use = use
            taken.append(middle)


def open_gates(
    rng: np.random.Generator, book: StreetBook, plot: Plot, wanted: int, *, apart_m: float = 45.0
) -> list[tuple[Floats, Floats]]:
    """Return up to ``wanted`` gates as (vertex on the street, point in the wall)."""
    fronts = book.frontages(plot.polygon)
    wall = plot.polygon.exterior
    gates: list[tuple[Floats, Floats]] = []
    weights = np.array(
        [part.length * (0.4 if book.streets[at].kind == "arterial" else 1.0) for at, part in fronts]
    )
    keys = rng.random(len(fronts)) ** (1 / np.maximum(weights, 1) * 100)
    for number in np.argsort(-keys, kind="stable"):
        if len(gates) == wanted:
            break
        street, part = fronts[number]
        on_street = book.mark(street, part.interpolate(rng.uniform(0.28, 0.72), normalized=True))
        point = shapely.Point(on_street)
        in_wall = shapely.get_coordinates(shapely.shortest_line(wall, point)).round(2)[0]
        if np.hypot(*(in_wall - on_street)) > _TO_STREET_M * 1.2 or not book.leads_in(on_street, in_wall):
            continue
        if all(np.hypot(*(in_wall - other)) > apart_m for _, other in gates):
            gates.append((on_street, in_wall))
    return gates


def build_homes(
    rng: np.random.Generator, book: StreetBook, plots: Iterable[Plot], count: int
) -> tuple[list[Street], list[Plot]]:
    """Make the first ``count`` plots beside a street compounds; return paths and compounds."""
    paths: list[Street] = []
    homes: list[Plot] = []
    for plot in plots:
        if len(homes) == count:
            break
        if not book.stands_free(plot.polygon):
            continue
        wanted = int(rng.choice([1, 2, 3], p=[0.5, 0.36, 0.14]))
        gates = open_gates(rng, book, plot, wanted + int(rng.random() < 0.16))
        if not gates:
            continue
        plot.use = "home"
        homes.append(plot)
        plot.gates = [wall for _, wall in gates[:wanted]]
        closed = len(gates) - len(plot.gates)
        inside, joins = _paths_inside(rng, plot.polygon, [wall for _, wall in gates])
        paths += inside
        for number, ((street, wall), join) in enumerate(zip(gates, joins, strict=True)):
            state = "closed" if number >= len(gates) - closed else "open"
            paths.append(Street(np.array([street, wall, join]), "gateway", gate=state))
    return paths, homes


def _paths_inside(
    rng: np.random.Generator, polygon: shapely.Polygon, walls: list[Floats]
) -> tuple[list[Street], list[Floats]]:
    """Return the paths inside a compound and where the way in from each gate joins them."""
    centre, along, across = _axes(polygon)
    ring = polygon.buffer(-0.27 * float(np.hypot(*across)), join_style="mitre").simplify(4)
    if polygon.area < 12_000 or rng.random() < 0.45:
        share = rng.uniform(0.6, 1.0)
        end = ((1 - share) * walls[0] + share * centre).round(2)
        return [], [end for _ in walls]
    if ring.geom_type == "Polygon" and ring.area > 2_500 and rng.random() < 0.4:
        return _loop(ring, centre, walls)
    core = polygon.buffer(-9)
    spine = shapely.intersection(shapely.LineString([centre - 0.36 * along, centre + 0.36 * along]), core)
    if spine.geom_type != "LineString" or spine.length < 20:
        end = centre.round(2)
        return [], [end for _ in walls]
    xy = shapely.get_coordinates(spine).round(2)
    line = shapely.LineString(xy)
    marks: dict[float, Floats] = {}
    joins = []
    for wall in walls:
        at = float(np.clip(line.project(shapely.Point(wall)), 0.1 * line.length, 0.9 * line.length))
        marks[at] = shapely.get_coordinates(line.interpolate(at)).round(2)[0]
        joins.append(marks[at])
    return [Street(with_vertices(xy, marks), "path")], joins


def _loop(ring: shapely.Polygon, centre: Floats, walls: list[Floats]) -> tuple[list[Street], list[Floats]]:
    """Return a loop that starts at the first gate's join, with a dead end on its far side."""
    line = shapely.LineString(shapely.get_coordinates(ring.exterior).round(2))
    starts = [float(line.project(shapely.Point(wall))) for wall in walls]
    branch = (starts[0] + 0.5 * line.length) % line.length
    marks = {at: shapely.get_coordinates(line.interpolate(at)).round(2)[0] for at in [*starts, branch]}
    xy = with_vertices(shapely.get_coordinates(line), marks)[:-1]
    first = int(np.argmin(np.hypot(*(xy - marks[starts[0]]).T)))
    xy = np.roll(xy, -first, axis=0)
    end = (0.45 * marks[branch] + 0.55 * centre).round(2)
    loop = Street(np.vstack([xy, xy[:1]]), "path")
    return [loop, Street(np.array([marks[branch], end]), "path")], [marks[at] for at in starts]


def build_campuses(
    rng: np.random.Generator, book: StreetBook, plots: Iterable[Plot]
) -> tuple[list[Street], list[Plot]]:
    """Lay the paths of walled campuses; return them and the plots inside, each with a door on a path."""
    paths: list[Street] = []
    inside: list[Plot] = []
    for plot in plots:
        gates = open_gates(rng, book, plot, 5, apart_m=170)
        plot.gates = [wall for _, wall in gates]
        ring = plot.polygon.buffer(-26, join_style="mitre").simplify(2).exterior
        ring = shapely.LineString(shapely.get_coordinates(ring).round(2))
        marks = {float(ring.project(shapely.Point(wall))): wall for wall in plot.gates}
        joins = [shapely.get_coordinates(ring.interpolate(at)).round(2)[0] for at in marks]
        around = with_vertices(shapely.get_coordinates(ring), dict(zip(marks, joins, strict=True)))
        paths += [
            Street(np.array([street, wall, join]), "gateway", gate="open")
            for (street, wall), join in zip(gates, joins, strict=True)
        ]
        lines = [shapely.LineString(around), *_avenues(rng, plot.polygon, shapely.Polygon(ring).buffer(1.0))]
        net = shapely.get_parts(shapely.union_all(np.array(lines), grid_size=0.01))
        # avenues cross the ring path to be sure to meet it; what sticks out goes
        net = net[shapely.dwithin(_middles(net), shapely.Polygon(ring), 0.1)]
        net = shapely.get_parts(shapely.line_merge(shapely.union_all(net)))
        paths += [Street(shapely.get_coordinates(one).round(2), "campus_path") for one in net]
        inside += _quarters(plot, net)
    return paths, inside


def _avenues(
    rng: np.random.Generator, polygon: shapely.Polygon, within: shapely.Polygon
) -> list[npt.NDArray[np.object_]]:
    """Return straight avenues through a campus, from ring path to ring path."""
    centre, along, across = _axes(polygon)
    lines = []
    for axis, other in ((along, across), (across, along)):
        for share in (-0.2, 0.16):
            at = centre + other * (share + rng.uniform(-0.05, 0.05))
            lines.append(shapely.intersection(shapely.LineString([at - axis, at + axis]), within))
    return [line for line in lines if line.geom_type == "LineString" and line.length > 50]


def _middles(lines: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.line_interpolate_point(lines, 0.5, normalized=True), dtype=object)


def _quarters(campus: Plot, net: npt.NDArray[np.object_]) -> list[Plot]:
    """Return what stands between the campus paths, largest first."""
    cells = shapely.get_parts(shapely.polygonize(net))
    paths = shapely.MultiLineString(list(net))
    found = []
    for cell in cells[np.argsort(-shapely.area(cells), kind="stable")]:
        polygon = cell.buffer(-14, join_style="mitre")
        if polygon.geom_type != "Polygon" or polygon.area < 2_500:
            continue
        door = shapely.get_coordinates(shapely.shortest_line(polygon.exterior, paths)).round(2)[0]
        found.append(Plot(polygon, campus.board, "campus quarter", [door]))
    return found
