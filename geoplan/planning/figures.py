"""The tables of a split: who belongs where, what each part measures, which borders are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.communities import rows_of_community
from geoplan.analysis.premises import premises_need
from geoplan.analysis.tally import counts, total
from geoplan.model.result_tables import finish
from geoplan.model.split_tables import BORDER_CLASSES, SPLIT_PARTS
from geoplan.model.study import Study
from geoplan.planning.boundary import side_names
from geoplan.planning.limits import Measure, unit_sizes
from geoplan.planning.plan import Blocks
from geoplan.standards.standard import Standard
from geoplan.units import MS_PER_MINUTE, UNREACHED_MS

__all__ = [
    "Assignment",
    "border_table",
    "member_table",
    "part_table",
    "premises_within",
    "summarise",
    "walk_metres",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

BARRIER_CLASSES = ("railway", "river", "expressway", "wall")
_M2_PER_KM2 = 1_000_000


@dataclass(frozen=True, eq=False)
class Assignment:
    """
    A split before it has figures.

    Parameters
    ----------
    blocks
        What is split.
    measure
        What was shared out.
    part
        Part of each compound, 0, 1, ..., in the order of ``blocks.cells``; -1: in none.
    parts
        How many parts.
    seats
        Candidate seats (`geoplan.planning.seats`); None without seats.
    seat
        Row of each part's seat in ``seats``; -1: none.
    walk_ms
        Walks from compounds to seats, shape (compounds, seats) [ms]; None without seats.
    speed_m_per_min
        Turns walks into metres at level pace.
    """

    blocks: Blocks
    measure: Measure
    part: IntArray
    parts: int
    seats: pd.DataFrame | None
    seat: IntArray
    walk_ms: IntArray | None
    speed_m_per_min: float

    @property
    def part_ids(self) -> list[str]:
        """Identifier of each part: the community's, a dash and a number from 1."""
        return [f"{self.blocks.community_id}-{number + 1}" for number in range(self.parts)]

    def own_walk_m(self) -> FloatArray:
        """Return the walk of each compound to its part's seat [m]; NaN where there is none."""
        if self.walk_ms is None:
            return np.full(len(self.part), np.nan)
        seat = np.append(self.seat, -1)[self.part]  # in no part: the last
        metres = walk_metres(self.walk_ms, self.speed_m_per_min)
        return np.where(seat >= 0, metres[np.arange(len(seat)), seat], np.nan)

    def kept_part(self) -> int:
        """Return the part that keeps the community's present seat, -1 if there is none."""
        if self.seats is None:
            return -1
        fixed = np.flatnonzero(self.seats["fixed"].to_numpy(bool))
        kept = [part for part, seat in enumerate(self.seat.tolist()) if seat in fixed]
        return min(kept, default=-1)


def walk_metres(ms: IntArray, speed_m_per_min: float) -> FloatArray:
    """Return walks as metres at level pace; NaN where no walk leads."""
    return np.where(ms == UNREACHED_MS, np.nan, ms / MS_PER_MINUTE * speed_m_per_min)


def member_table(found: Assignment, *, area: list[str | None] | None = None) -> gpd.GeoDataFrame:
    """Return table ``split_members``: one row a compound."""
    cells = found.blocks.cells
    frame = cells.reindex(columns=["name", "households", "persons"]).reset_index(names="residence_id")
    ids = np.array([*found.part_ids, None], object)
    frame["community_id"] = found.blocks.community_id
    frame["part_id"] = ids[found.part]
    frame["walk_m"] = found.own_walk_m()
    kept = found.kept_part()
    frame["changes_hands"] = pd.array(
        [pd.NA if kept < 0 else bool(one != kept) for one in found.part.tolist()], dtype="boolean"
    )
    frame["area_id"] = [None] * len(frame) if area is None else area
    frame["geometry"] = cells.geometry.to_numpy()
    return finish(frame, "split_members", crs=cells.crs)


def border_table(found: Assignment) -> gpd.GeoDataFrame:
    """Return table ``split_borders`` with column ``cut``."""
    borders = found.blocks.borders
    number = pd.Series(found.part, index=found.blocks.cells.index)
    cut = (
        number.reindex(borders["residence_u"]).to_numpy() != number.reindex(borders["residence_v"]).to_numpy()
    )
    return finish(borders.assign(cut=cut), "split_borders", crs=borders.crs)


def part_table(found: Assignment, study: Study, standard: Standard) -> gpd.GeoDataFrame:
    """
    Return table ``split_parts``.

    Parameters
    ----------
    found
        The split.
    study
        Takes ``premises``, ``streets`` and ``barriers`` if present.
    standard
        Rules used: ``premises.min_floor_area``, ``premises.area_per_100_households``.
    """
    cells, blocks = found.blocks.cells, found.blocks
    households, persons = counts(cells, "households"), counts(cells, "persons")
    sizes, walks = unit_sizes(blocks, found.measure), found.own_walk_m()
    share = sizes.sum() / max(found.parts, 1)
    rows: list[dict[str, Any]] = []
    for number, part_id in enumerate(found.part_ids):
        own = found.part == number
        shape = shapely.union_all(cells.geometry.to_numpy()[own])
        rows.append(
            {
                "part_id": part_id,
                "community_id": blocks.community_id,
                "name": f"{blocks.name} {number + 1}",
                **_seat_row(found, number),
                "compounds": int(own.sum()),
                "households": _whole(households[own]),
                "persons": _whole(persons[own]),
                "area_km2": shape.area / _M2_PER_KM2,
                "deviation": sizes[own].sum() / share - 1,
                **_walk_row(
                    walks[own], households[own] if not np.isnan(households[own]).any() else sizes[own]
                ),
                "compactness": 4 * np.pi * shape.area / shape.length**2 if shape.length else float("nan"),
                **_premises_row(shape, found, _whole(households[own]), study, standard),
                **side_names(shape, study, blocks),
                "geometry": shape,
            }
        )
    columns = [*(column.name for column in SPLIT_PARTS.columns), "geometry"]
    return finish(gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=cells.crs), "split_parts")


def _whole(values: FloatArray) -> Any:
    """Return the sum; missing if any value is: a part's figure is all of it or unknown."""
    return pd.NA if np.isnan(values).any() else int(values.sum())


def _seat_row(found: Assignment, number: int) -> dict[str, Any]:
    seat = int(found.seat[number]) if len(found.seat) else -1
    if found.seats is None or seat < 0:
        return {"seat_table": None, "seat_id": None, "seat_name": None}
    row = found.seats.iloc[seat]
    return {"seat_table": row["seat_table"], "seat_id": row["seat_id"], "seat_name": row["name"]}


def _walk_row(walks: FloatArray, weights: FloatArray | IntArray) -> dict[str, float]:
    """Return mean and longest walk; unknown if any is."""
    if np.isnan(walks).any() or not len(walks):
        return {"mean_walk_m": float("nan"), "max_walk_m": float("nan")}
    mean = np.average(walks, weights=weights) if weights.sum() else walks.mean()
    return {"mean_walk_m": float(mean), "max_walk_m": float(walks.max())}


def _premises_row(
    shape: shapely.Geometry, found: Assignment, households: Any, study: Study, standard: Standard
) -> dict[str, Any]:
    """Return floor area, the larger of both minima, and the verdict; no premises at all is no area."""
    minimum, _ = premises_need(float("nan") if households is pd.NA else float(households), standard)
    area = _floor_area(shape, found, study)
    unknown = np.isnan(area) or np.isnan(minimum)
    return {
        "premises_floor_area_m2": area,
        "premises_minimum_m2": minimum,
        "premises_verdict": "unknown" if unknown else "pass" if area >= minimum else "fail",
    }


def _floor_area(shape: shapely.Geometry, found: Assignment, study: Study) -> float:
    if study.premises is None:
        return float("nan")
    own = premises_within(shape, rows_of_community(study.premises, found.blocks.community_id))
    return float(counts(own, "floor_area_m2").sum())  # one unknown area makes the sum unknown


def premises_within(shape: shapely.Geometry, premises: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Return the premises of a community that stand in one of its parts.

    Premises without a place may stand in any: they are returned with an unknown floor area.
    """
    places = premises.geometry.to_numpy()
    lost = shapely.is_missing(places) | shapely.is_empty(places)
    area = np.where(lost, np.nan, counts(premises, "floor_area_m2"))
    return premises.assign(floor_area_m2=area)[lost | shapely.intersects(places, shape)]


def summarise(
    found: Assignment, parts: gpd.GeoDataFrame, members: gpd.GeoDataFrame, borders: gpd.GeoDataFrame
) -> dict[str, object]:
    """Return the figures of a whole split, see `SplitPlan.summary`."""
    cut, inside = borders[borders["cut"]], borders[~borders["cut"]]
    lengths = cut.groupby("border_class")["length_m"].sum()
    moved = members[members["changes_hands"].fillna(False).astype(bool)]
    known = members["changes_hands"].notna().all()
    weights = counts(members, "households")
    if np.isnan(weights).any():
        weights = unit_sizes(found.blocks, found.measure).astype(float)
    walk = _walk_row(found.own_walk_m(), weights)
    return {
        "parts": found.parts,
        "measure": found.measure,
        "households": _or_none(total(counts(members, "households"))),
        "persons": _or_none(total(counts(members, "persons"))),
        "max_deviation": float(np.abs(parts["deviation"].to_numpy(float)).max()),
        "cut_m": float(cut["length_m"].sum()),
        "cut_m_by_class": {name: float(lengths.get(name, 0.0)) for name in BORDER_CLASSES},
        "barrier_m_inside": float(inside.loc[inside["border_class"].isin(BARRIER_CLASSES), "length_m"].sum()),
        "mean_walk_m": _or_none(walk["mean_walk_m"]),
        "max_walk_m": _or_none(walk["max_walk_m"]),
        "compounds_changing_hands": len(moved) if known else None,
        "persons_changing_hands": _or_none(total(counts(moved, "persons"))) if known else None,
        "compactness": float(parts["compactness"].mean()),
    }


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
