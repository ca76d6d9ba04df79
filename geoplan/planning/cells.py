"""Cells: the piece of a community that belongs to each compound. They tile it, and compounds stay whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import Voronoi, cKDTree

__all__ = ["Tiling", "tile"]

Geometries = npt.NDArray[np.object_]
IntArray = npt.NDArray[np.int64]

_SPACING_M = 10.0
"""Outlines of compounds become points this far apart before space is shared out among them."""
_SLIVER_M2 = 1e-6


@dataclass(frozen=True, eq=False)
class Tiling:
    """
    A community cut into faces, each belonging to a compound.

    Parameters
    ----------
    face
        Polygons that tile the community.
    owner
        Row of the compound each belongs to.
    segment
        Pieces of line between two faces of different compounds, shape (segments,).
    left, right
        Rows of the compounds on either side, the lower first.
    """

    face: Geometries
    owner: IntArray
    segment: Geometries
    left: IntArray
    right: IntArray

    def cells(self, count: int) -> Geometries:
        """Return the cell of each of ``count`` compounds; an empty polygon for one without any face."""
        return np.array(
            [shapely.union_all(self.face[self.owner == number]) for number in range(count)], dtype=object
        )


def tile(outline: shapely.Geometry, compounds: Geometries, barriers: Iterable[shapely.Geometry]) -> Tiling:
    """
    Share out a community among its compounds.

    Each point goes to the nearest compound; what a barrier cuts off from its compound goes to the one it
    can be reached from, where there is one.

    Parameters
    ----------
    outline
        The community (polygon), metric.
    compounds
        Polygons or points. What lies outside the community counts by its nearest point inside.
    barriers
        Lines and polygons people cannot cross.

    Returns
    -------
    Tiling
        Of compounds that overlap, the smaller keeps what both claim.
    """
    shapes = np.array([_inside(one, outline) for one in compounds], dtype=object)
    nearest = _Nearest.of(shapes)
    cuts = _lines(barriers, outline)
    lines = [
        shapely.boundary(outline),
        *nearest.borders(outline),
        *(shapely.boundary(one) for one in shapes if one.geom_type != "Point"),
        *cuts,
    ]
    noded = shapely.union_all([one for one in lines if one is not None and not one.is_empty])
    faces = shapely.get_parts(shapely.polygonize(list(shapely.get_parts(noded))))
    shapely.prepare(outline)
    at = shapely.point_on_surface(faces)
    kept = shapely.intersects(outline, at) & (shapely.area(faces) > _SLIVER_M2)
    faces, at = faces[kept], at[kept]
    owner, anchored = _owners(at, faces, shapes, nearest)
    first, second, segment = _shared(faces)
    blocked = _on_lines(segment, cuts)
    owner = _reached(owner, anchored, first, second, segment, blocked)
    a, b = owner[first], owner[second]
    between = a != b
    return Tiling(
        face=faces, owner=owner, segment=segment[between],
        left=np.minimum(a, b)[between], right=np.maximum(a, b)[between],
    )  # fmt: skip


def _inside(shape: shapely.Geometry, outline: shapely.Geometry) -> shapely.Geometry:
    """Return a compound as far as it lies in the community; else the point of the community nearest to it."""
    if shape.geom_type == "Point":
        return shape if outline.intersects(shape) else _nearest_inside(shape, outline)
    part = shapely.intersection(shapely.make_valid(shape), outline)
    polygons = [
        one for one in shapely.get_parts(part) if one.geom_type == "Polygon" and one.area > _SLIVER_M2
    ]
    if not polygons:
        return _nearest_inside(shapely.point_on_surface(shape), outline)
    return shapely.union_all(polygons)


def _nearest_inside(point: shapely.Geometry, outline: shapely.Geometry) -> shapely.Geometry:
    inner = shapely.buffer(outline, -1.0)
    target = outline if inner.is_empty else inner
    return shapely.get_point(shapely.shortest_line(target, point), 0)


@dataclass(frozen=True, eq=False)
class _Nearest:
    """Which compound is nearest, by points along their outlines."""

    xy: npt.NDArray[np.float64]
    owner: IntArray

    @classmethod
    def of(cls, shapes: Geometries) -> _Nearest:
        """Return the points of some compounds; of points in one place the first compound's."""
        edges = [
            shape if shape.geom_type == "Point" else shapely.segmentize(shapely.boundary(shape), _SPACING_M)
            for shape in shapes
        ]
        xy, owner = shapely.get_coordinates(edges, return_index=True)
        _, once = np.unique(np.round(xy, 6), axis=0, return_index=True)
        once.sort()
        return cls(xy[once], owner[once].astype(np.int64))

    def owners(self, points: Geometries) -> IntArray:
        """Return the compound nearest to each point."""
        found: IntArray = self.owner[cKDTree(self.xy).query(shapely.get_coordinates(points))[1]]
        return found

    def borders(self, outline: shapely.Geometry) -> Geometries:
        """Return the lines on which two compounds are equally near (ridges of the Voronoi diagram)."""
        if len(np.unique(self.owner)) < 2:
            return np.zeros(0, object)
        low, high = np.reshape(outline.bounds, (2, 2))
        middle, far = (low + high) / 2, 10 * float((high - low).max())
        corners = np.array([(-far, -far), (-far, far), (far, -far), (far, far)])
        found = Voronoi(np.concatenate([self.xy - middle, corners]))
        owner = np.concatenate([self.owner, [-1] * len(corners)])[found.ridge_points]
        ends = np.array(found.ridge_vertices)
        kept = (owner[:, 0] != owner[:, 1]) & (owner >= 0).all(axis=1) & (ends >= 0).all(axis=1)
        at = found.vertices[ends[kept]] + middle
        return np.atleast_1d(shapely.linestrings(at[(at[:, 0] != at[:, 1]).any(axis=1)]))


def _lines(barriers: Iterable[shapely.Geometry], outline: shapely.Geometry) -> Geometries:
    """Return what barriers cut along, near the community: lines, and the edges of polygons."""
    parts = shapely.get_parts([one for one in barriers if one is not None])
    edges = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = np.where(edges, shapely.boundary(parts), parts)  # of lines alone: a polygon may cross itself
    lines = lines[(shapely.get_dimensions(lines) == 1) & shapely.intersects(lines, outline)]
    return np.atleast_1d(shapely.intersection(lines, outline))


def _owners(
    at: Geometries, faces: Geometries, shapes: Geometries, nearest: _Nearest
) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return who owns each face, and whether it is part of the compound itself."""
    owner = nearest.owners(at)
    anchored = np.zeros(len(at), bool)
    area = shapely.area(shapes)
    face, shape = shapely.STRtree(shapes).query(at, predicate="intersects")
    order = np.lexsort((shape, area[shape], face))
    face, shape = face[order], shape[order]
    first = np.r_[True, np.diff(face) != 0][: len(face)]
    owner[face[first]], anchored[face[first]] = shape[first], True
    points = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.POINT)
    if len(points) and len(faces):
        tree = shapely.STRtree(faces)
        row, face = tree.query(shapes[points], predicate="intersects")
        anchored[face] |= owner[face] == points[row]
    return owner, anchored


def _shared(faces: Geometries) -> tuple[IntArray, IntArray, Geometries]:
    """Return every piece of line between two faces, and which; faces are noded, so vertices agree."""
    rings, face = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same], xy[1:][same]
    number = face[ring[:-1][same]]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[swap], end[swap] = end[swap].copy(), start[swap].copy()
    key = np.concatenate([start, end], axis=1)
    order = np.lexsort((number, *key.T[::-1]))
    key, number = key[order], number[order]
    twin = np.flatnonzero((key[1:] == key[:-1]).all(axis=1))
    segment = shapely.linestrings(key[twin].reshape(-1, 2, 2))
    return number[twin], number[twin + 1], np.atleast_1d(segment)


def _on_lines(segment: Geometries, cuts: Geometries) -> npt.NDArray[np.bool_]:
    """Tell which pieces run along a barrier."""
    blocked = np.zeros(len(segment), bool)
    if len(cuts) and len(segment):
        middle = shapely.line_interpolate_point(segment, 0.5, normalized=True)
        blocked[np.unique(shapely.STRtree(cuts).query(middle, predicate="dwithin", distance=1e-3)[0])] = True
    return blocked


def _reached(
    owner: IntArray, anchored: npt.NDArray[np.bool_], first: IntArray, second: IntArray, segment: Geometries,
    blocked: npt.NDArray[np.bool_],
) -> IntArray:  # fmt: skip
    """Give faces cut off from their compound by a barrier to one they can be reached from."""
    neighbours: list[list[tuple[int, float]]] = [[] for _ in owner]
    length = shapely.length(segment)
    for a, b, metres in zip(
        first[~blocked].tolist(), second[~blocked].tolist(), length[~blocked], strict=True
    ):
        neighbours[a].append((b, metres))
        neighbours[b].append((a, metres))
    settled = anchored.copy()
    waiting = np.flatnonzero(anchored).tolist()
    while waiting:  # first each compound's own
        here = waiting.pop()
        for there, _ in neighbours[here]:
            if not settled[there] and owner[there] == owner[here]:
                settled[there] = True
                waiting.append(there)
    found = owner.copy()
    open_ = [face for face in np.flatnonzero(~settled).tolist() if neighbours[face]]
    while open_:
        claims: dict[int, dict[int, float]] = {}
        for face in open_:
            for there, metres in neighbours[face]:
                if settled[there]:
                    owners = claims.setdefault(face, {})
                    owners[int(found[there])] = owners.get(int(found[there]), 0.0) + metres
        if not claims:
            break
        for face, owners in claims.items():
            found[face] = min(owners, key=lambda one: (-round(owners[one], 6), one))
            settled[face] = True
        open_ = [face for face in open_ if not settled[face]]
    return found
