"""
The study as it would be if something did not stop people: a gate, a barrier.

What comes out is a study like any other, so that "would the walk pass?" is answered by the engine that
decided the walk of today.

**A barrier that is gone.** It stops no access leg any more, and people step straight across it from street
to street: every vertex of a street at ground level within 100 m of it (long stretches get a vertex every
50 m) is linked to the nearest such vertex that lies straight across. A link crosses what is taken away and
none of the barriers that stay; it is at most 400 m long, of which at most 100 m lie outside the barrier's
own ground. Bridges, tunnels and streets with a closed gate get no link.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geoplan.errors import DataError, some_ids
from geoplan.model.study import Study
from geoplan.network.graph import BoolArray, FloatArray, IntArray

__all__ = [
    "barrier_of_row",
    "closed_gates",
    "joinable_streets",
    "study_around",
    "with_gates_open",
    "with_nothing_in_the_way",
    "without_barriers",
]

_BESIDE_M = 100.0
_LONGEST_M = 400.0
_STEP_M = 50.0
_ONE_BARRIER_M = {"wall": 1.0, "river": 50.0, "railway": 50.0, "expressway": 50.0}
"""Rows of one kind within this distance, not differently named, are one barrier: two tracks, one railway."""
_CELLS_PER_M = 100
_AT_ONCE = 200_000
_SQUARE_M = 250.0


def closed_gates(study: Study) -> pd.Index:
    """Return the ids of the streets with a closed gate, ascending."""
    (streets,) = study.need("streets")
    if "gate" not in streets:
        return streets.index[:0]
    return streets.index[(streets["gate"] == "closed").fillna(False).to_numpy(bool)].sort_values()


def with_gates_open(study: Study, street_ids: Collection[str]) -> Study:
    """
    Return the study with some closed gates open.

    Parameters
    ----------
    study
        Needs ``streets``.
    street_ids
        Streets with a closed gate.

    Raises
    ------
    DataError
        If a street is unknown or has no closed gate.
    """
    (streets,) = study.need("streets")
    strangers = sorted(set(street_ids) - set(closed_gates(study)))
    if strangers:
        raise DataError("error.no_closed_gate", ids=some_ids(strangers))
    gate = streets["gate"].mask(streets.index.isin(list(street_ids)), "open")
    return dataclasses.replace(study, streets=streets.assign(gate=gate))


def barrier_of_row(barriers: gpd.GeoDataFrame | None) -> pd.Series:
    """
    Tell which barrier each impassable row of table ``barriers`` belongs to.

    Parameters
    ----------
    barriers
        Table ``barriers``, or None.

    Returns
    -------
    ``barrier_id`` -> lowest id of the rows that are one barrier with it: of the same kind, not differently
    named, within 50 m (walls: 1 m) of one another. Passable rows are left out.

    Examples
    --------
    >>> tracks = gpd.GeoDataFrame(
    ...     {"kind": ["railway", "railway", "river"]}, index=["b1", "b2", "b3"], crs=4544,
    ...     geometry=shapely.from_wkt([f"LINESTRING (0 {y}, 9 {y})" for y in (0, 5, 9)]),
    ... )
    >>> barrier_of_row(tracks).to_dict()
    {'b1': 'b1', 'b2': 'b1', 'b3': 'b3'}
    """
    if barriers is None or not len(barriers):
        return pd.Series(dtype="str")
    stops = barriers.sort_index()
    if "severity" in stops:
        stops = stops[(stops["severity"].fillna("impassable") == "impassable").to_numpy(bool)]
    shapes, kinds = stops.geometry.to_numpy(), stops["kind"].to_numpy(object)
    names = stops["name"].fillna("").to_numpy(object) if "name" in stops else np.full(len(stops), "", object)
    near = np.array([_ONE_BARRIER_M[kind] for kind in kinds])
    one, other = shapely.STRtree(shapes).query(shapes, "dwithin", near)
    same = (kinds[one] == kinds[other]) & (
        (names[one] == names[other]) | (names[one] == "") | (names[other] == "")
    )
    size = len(stops)
    graph = coo_array((np.ones(same.sum()), (one[same], other[same])), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    lowest = np.full(size, size)
    np.minimum.at(lowest, label, np.arange(size))
    return pd.Series(stops.index.to_numpy(object)[lowest[label]], index=stops.index, dtype="str")


def without_barriers(study: Study, barrier_ids: Collection[str], *, each_alone: bool = False) -> Study:
    """
    Return the study without some barriers; people step straight across where they were (see the module).

    Parameters
    ----------
    study
        Needs ``streets`` and ``barriers``.
    barrier_ids
        Any row of a barrier stands for the whole barrier (`barrier_of_row`).
    each_alone
        True: no link crosses two of the barriers taken away, as if each were gone on its own.

    Returns
    -------
    Study
        The links are streets of kind ``link``, with ids ``<barriers, joined by +>~<number>``.

    Raises
    ------
    DataError
        If a barrier is unknown or passable.
    """
    _, barriers = study.need("streets", "barriers")
    barrier = barrier_of_row(barriers)
    strangers = sorted(set(barrier_ids) - set(barrier.index))
    if strangers:
        raise DataError("error.no_barrier", ids=some_ids(strangers))
    wanted = sorted(barrier[list(barrier_ids)].unique())
    return _linked(study, barrier, [[one] for one in wanted] if each_alone else [wanted])


def _linked(study: Study, barrier: pd.Series, groups: list[list[str]]) -> Study:
    """Return the study without the barriers of some groups; a link crosses those of one group only."""
    streets, barriers = study.need("streets", "barriers")
    streets = streets.sort_index()
    joinable = np.flatnonzero(joinable_streets(streets))
    lines, links = streets.geometry.to_numpy().copy(), []
    tree = shapely.STRtree(lines[joinable])
    for group in groups:
        gone = barriers.loc[barrier.index[barrier.isin(group)]].geometry.to_numpy()
        stays = barriers.loc[barrier.index[~barrier.isin(group)]].geometry.to_numpy()
        _, near = tree.query(gone, "dwithin", _BESIDE_M)
        beside = joinable[np.unique(near)]
        lines[beside] = shapely.segmentize(lines[beside], _STEP_M)
        links.append(_link_rows(streets, _links(lines[beside], gone, stays), "+".join(group)))
    cut = streets.set_geometry(gpd.GeoSeries(lines, index=streets.index, crs=streets.crs))
    return dataclasses.replace(
        study,
        streets=pd.concat([cut, *(one for one in links if len(one))]).sort_index(),
        barriers=barriers.drop(index=barrier.index[barrier.isin(np.concatenate([[], *groups]))]),
    )


def with_nothing_in_the_way(study: Study) -> Study:
    """
    Return the study without barriers and with every gate open.

    Parameters
    ----------
    study
        Needs ``streets`` and ``barriers``.

    Returns
    -------
    Study
        Its links are those across each barrier alone, and those across two that lie together.
    """
    shut = closed_gates(study)
    opened = with_gates_open(study, shut) if len(shut) else study
    barrier = barrier_of_row(study.barriers)
    names = sorted(barrier.unique())
    shapes = study.need("barriers")[0].geometry.loc[barrier.index].to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, "dwithin", _BESIDE_M)
    pairs = {(barrier.iloc[at], barrier.iloc[to]) for at, to in zip(one, other, strict=True)}
    together = sorted([*pair] for pair in pairs if pair[0] < pair[1])
    return _linked(opened, barrier, [[name] for name in names] + together)


def _link_rows(streets: gpd.GeoDataFrame, ends: FloatArray, name: str) -> gpd.GeoDataFrame:
    """Return links as rows of table ``streets``."""
    index = pd.Index(
        [f"{name}~{number:05d}" for number in range(len(ends))], dtype="str", name=streets.index.name
    )
    links = gpd.GeoDataFrame(
        {"kind": "link"}, index=index, geometry=shapely.linestrings(ends), crs=streets.crs
    )
    shaped = links.reindex(columns=streets.columns)
    return shaped.astype({one: kind for one, kind in streets.dtypes.items() if one != "geometry"})


def joinable_streets(streets: gpd.GeoDataFrame) -> BoolArray:
    """Tell the streets people can step onto: at ground level, without a closed gate."""
    free = np.ones(len(streets), bool)
    if "level" in streets:
        free &= ~streets["level"].isin(["bridge", "tunnel"]).to_numpy(bool)
    if "gate" in streets:
        free &= ~(streets["gate"] == "closed").fillna(False).to_numpy(bool)
    return free


def _links(
    lines: npt.NDArray[np.object_], gone: npt.NDArray[np.object_], stays: npt.NDArray[np.object_]
) -> FloatArray:
    """Return both ends of each link, an array of shape (links, 2, 2)."""
    xy = shapely.get_coordinates(lines)
    _, one_of = np.unique(np.rint(xy * _CELLS_PER_M).astype(np.int64), axis=0, return_index=True)
    xy = xy[one_of]
    _, near = shapely.STRtree(shapely.points(xy)).query(gone, "dwithin", _BESIDE_M)
    xy = xy[np.unique(near)]
    if len(xy) < 2:
        return np.zeros((0, 2, 2))
    wide = (shapely.get_dimensions(gone) == 2).any()
    pairs = cKDTree(xy).query_pairs(_LONGEST_M if wide else _BESIDE_M, output_type="ndarray")
    if wide:  # most pairs leave too much other ground: what lies between them and the barrier already does
        off_m = shapely.distance(
            shapely.points(xy), shapely.union_all(gone[shapely.get_dimensions(gone) == 2])
        )
        short = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) <= _BESIDE_M
        pairs = pairs[short | (off_m[pairs].sum(axis=1) <= _BESIDE_M)]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    parts = [_across(xy[pairs[low : low + _AT_ONCE]], gone, stays) for low in range(0, len(pairs), _AT_ONCE)]
    pairs = pairs[np.concatenate([np.zeros(0, bool), *parts])]
    return np.asarray(xy[_shortest_of_each(pairs, np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T))])


def _across(ends: FloatArray, gone: npt.NDArray[np.object_], stays: npt.NDArray[np.object_]) -> BoolArray:
    """Tell which straight lines cross what is gone, nothing that stays, and not too much other ground."""
    lines = shapely.linestrings(ends)
    across = _crossing(lines, gone)
    at = np.flatnonzero(across)
    across[at] = ~_crossing(lines[at], stays)
    at = np.flatnonzero(across & (shapely.length(lines) > _BESIDE_M))
    if len(at):
        ground = shapely.union_all(gone[shapely.get_dimensions(gone) == 2])
        across[at] = shapely.length(shapely.difference(lines[at], ground)) <= _BESIDE_M
    return across


def _crossing(lines: npt.NDArray[np.object_], shapes: npt.NDArray[np.object_]) -> BoolArray:
    crossed = np.zeros(len(lines), bool)
    shape, line = shapely.STRtree(lines).query(shapes, "intersects")
    crossed[line[shapely.crosses(lines[line], shapes[shape])]] = True
    return crossed


def _shortest_of_each(pairs: IntArray, length_m: FloatArray) -> IntArray:
    """Return the pairs that are the shortest of one of their two ends; of equals the lowest."""
    end = np.concatenate([pairs[:, 0], pairs[:, 1]])
    at = np.concatenate([np.arange(len(pairs))] * 2)
    order = np.lexsort((at, np.rint(length_m[at] * _CELLS_PER_M), end))
    first = np.r_[True, np.diff(end[order]) != 0] if len(order) else np.zeros(0, bool)
    return np.asarray(pairs[np.unique(at[order][first])])


def study_around(study: Study, residence_ids: pd.Index, *, reach_m: float, max_snap_m: float) -> Study:
    """
    Return the part of a study that decides what some residences reach.

    Parameters
    ----------
    study
        Needs ``residences`` and ``streets``.
    residence_ids
        Residences to keep.
    reach_m
        Nobody walks farther than this within any limit [m].
    max_snap_m
        Cap on the distance from a place to its street [m].

    Returns
    -------
    Study
        These residences, and the facilities, centres and streets that a walk of ``reach_m`` may touch, with
        every street that those streets join: walks that pass in it take as long as in the whole.
    """
    residences, streets = study.need("residences", "streets")
    homes = residences.loc[residence_ids].sort_index()
    # squares are few where homes are many, and one shape is met sooner than many
    low, high = (
        np.floor(part / _SQUARE_M).astype(np.int64)
        for part in np.split(shapely.bounds(_with_entrances(homes)), 2, axis=1)
    )
    squares = np.unique(np.column_stack([low, high + 1]), axis=0) * _SQUARE_M

    def near(table: gpd.GeoDataFrame, within_m: float) -> gpd.GeoDataFrame:
        west, south, east, north = squares.T
        ground = shapely.union_all(
            shapely.box(west - within_m, south - within_m, east + within_m, north + within_m)
        )
        shapely.prepare(ground)
        found = shapely.STRtree(_with_entrances(table)).query(ground, "intersects")
        return table.iloc[np.sort(found)]

    core = near(streets, reach_m + max_snap_m)
    joined, _ = shapely.STRtree(core.geometry.to_numpy()).query(streets.geometry.to_numpy(), "intersects")
    return dataclasses.replace(
        study,
        residences=homes,
        streets=streets.iloc[np.unique(joined)],
        facilities=None if study.facilities is None else near(study.facilities, reach_m),
        centres=None if study.centres is None else near(study.centres, reach_m),
        barriers=None if study.barriers is None else near(study.barriers, reach_m + 2 * max_snap_m),
    )


def _with_entrances(table: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return each row's geometry together with its declared entrances."""
    shapes = table.geometry.to_numpy()
    if "entrances" not in table:
        return np.asarray(shapes)
    doors = np.array([None if pd.isna(one) else one for one in table["entrances"]], dtype=object)
    both = np.column_stack([shapes, doors]).astype(object)
    return np.asarray(shapely.geometrycollections(list(both)) if len(both) else shapes, dtype=object)
