"""Facilities, centres, premises and departments: made up, placed along streets and on plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from compounds import Plot
from streets import Street
from terrain import Floats

__all__ = ["PLOT_KINDS", "Frontage", "centres", "facilities", "premises"]

KIND_NAMES = {
    "market": "菜市场",
    "supermarket": "超市",
    "convenience_store": "便利店",
    "parcel": "快递驿站",
    "repair": "便民维修点",
    "community_office": "居委会",
    "service_centre": "便民服务中心",
    "bank": "银行网点",
    "post_office": "邮政所",
    "clinic": "卫生服务站",
    "hospital": "医院",
    "pharmacy": "药店",
    "elder_care": "养老服务站",
    "kindergarten": "幼儿园",
    "school": "学校",
    "police": "派出所",
    "fire_station": "消防站",
    "shelter": "应急避难场所",
    "conciliation": "人民调解室",
    "park": "公园",
    "sports": "健身场",
    "library": "图书馆",
    "culture_station": "文化站",
}

PLOT_KINDS = (
    # kind, how many, apart [m], least and most area [m²], gates
    ("park", 17, 600, (9_000, 60_000), 3),
    ("hospital", 6, 1_300, (12_000, 60_000), 2),
    ("school", 38, 320, (9_000, 45_000), 1),
    ("kindergarten", 44, 260, (3_000, 13_000), 1),
    ("fire_station", 5, 2_200, (4_000, 16_000), 1),
    ("shelter", 9, 1_200, (8_000, 40_000), 2),
    ("sports", 9, 900, (6_000, 30_000), 2),
)  # fmt: skip
"""Facilities with ground of their own."""
_STREET_KINDS = {
    "market": 0.42, "supermarket": 1.5, "convenience_store": 3.2, "parcel": 1.7, "repair": 0.8, "bank": 0.9,
    "post_office": 0.2, "clinic": 1.0, "pharmacy": 1.6, "elder_care": 0.5, "police": 0.3, "shelter": 0.35,
    "conciliation": 1.35, "sports": 0.45, "library": 0.12, "culture_station": 0.75,
}  # fmt: skip
"""Expected number a community of usual size and density."""
_LEVELS = {
    "hospital": 15,
    "library": 15,
    "school": 10,
    "market": 10,
    "kindergarten": 5,
    "convenience_store": 5,
}
_SIZES = {
    "market": (800, 4_000), "supermarket": (300, 3_500), "convenience_store": (40, 140), "bank": (150, 600),
    "clinic": (150, 900), "hospital": (9_000, 60_000), "elder_care": (200, 1_600),
    "kindergarten": (1_500, 5_000), "school": (5_000, 26_000), "library": (400, 3_000),
    "culture_station": (200, 900), "service_centre": (400, 1_500),
}  # fmt: skip
_CAPACITY = {
    "elder_care": (30, 160),
    "kindergarten": (150, 420),
    "school": (600, 2_400),
    "shelter": (800, 6_000),
}
_OFF_STREET = 9


@dataclass(frozen=True)
class Frontage:
    """
    Streets one can build along.

    Parameters
    ----------
    lines
        Their ground lines.
    community
        Community code of each.
    weight
        How likely something stands there.
    main
        Whether it is more than a lane.
    """

    lines: npt.NDArray[np.object_]
    community: npt.NDArray[np.object_]
    weight: Floats
    main: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, streets: list[Street], community: npt.NDArray[np.object_], weight: Floats) -> Frontage:
        """Choose the streets; the others are given in the same order."""
        keep = np.array([one.kind in ("arterial", "street", "lane") and one.level == "" for one in streets])
        lines = np.array([shapely.LineString(one.xy) for one in streets])
        keep &= shapely.length(lines) > 50
        main = np.array([one.kind != "lane" for one in streets])
        return cls(lines[keep], community[keep], (weight * shapely.length(lines))[keep], main[keep])

    def point(self, rng: np.random.Generator, community: str, *, main: bool = False) -> shapely.Point:
        """Return a place beside a street of a community, some metres off it; on no lane if ``main``."""
        mine = self.community == community
        if main and (mine & self.main).any():
            mine = mine & self.main
        mine = np.flatnonzero(mine)
        line = self.lines[rng.choice(mine, p=self.weight[mine] / self.weight[mine].sum())]
        at = rng.uniform(0.12, 0.88) * line.length
        (x1, y1), (x2, y2) = (line.interpolate(at + step).coords[0] for step in (-1, 1))
        side = rng.choice([-1, 1]) * rng.uniform(5, 8) / np.hypot(x2 - x1, y2 - y1)
        x, y = (x1 + x2) / 2 - side * (y2 - y1), (y1 + y2) / 2 + side * (x2 - x1)
        return shapely.Point(round(x, 2), round(y, 2))


def facilities(
    rng: np.random.Generator,
    frontage: Frontage,
    plots: list[tuple[Plot, str]],
    communities: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """
    Return facility rows.

    Parameters
    ----------
    frontage
        Where shops stand.
    plots
        Plots in use with their community; vacant ones may hold something off the street.
    communities
        ``community_id``, ``name``, ``households`` and ``density`` of each.
    """
    names = {one["community_id"]: one["name"].removesuffix("社区") for one in communities}
    rows: list[tuple[str, str, shapely.Geometry, list[Floats]]] = []
    for plot, code in plots:
        if plot.use in KIND_NAMES:
            rows.append((plot.use, code, plot.polygon, plot.gates))
    for one in communities:
        code = one["community_id"]
        rows.append(("community_office", code, frontage.point(rng, code), []))
        # few services follow where few people live, and where the town is thin fewer than that
        usual = one["density"] ** 1.6 * (0.35 + 0.65 * one["households"] / 1_978)
        for kind, mean in _STREET_KINDS.items():
            rows += [(kind, code, frontage.point(rng, code), []) for _ in range(rng.poisson(mean * usual))]
    for _, group in sorted(_by_subdistrict(communities).items()):
        seat = max(group, key=lambda one: one["households"])["community_id"]
        rows.append(("service_centre", seat, frontage.point(rng, seat), []))
    rows += _off_street(rng, frontage, plots)
    return [_facility(rng, names, number, *row) for number, row in enumerate(sorted(rows, key=_place), 1)]


def _place(row: tuple[str, str, shapely.Geometry, list[Floats]]) -> tuple[str, str, float, float]:
    return row[1], row[0], row[2].centroid.x, row[2].centroid.y


def _by_subdistrict(communities: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in communities:
        groups.setdefault(one["community_id"][:9], []).append(one)
    return groups


def _off_street(
    rng: np.random.Generator, frontage: Frontage, plots: list[tuple[Plot, str]]
) -> list[tuple[str, str, shapely.Geometry, list[Floats]]]:
    """Place a few facilities in the middle of open ground, away from every street but within its reach."""
    tree = shapely.STRtree(frontage.lines)
    found: list[tuple[str, str, shapely.Geometry, list[Floats]]] = []
    vacant = [(plot, code) for plot, code in plots if plot.use == "vacant" and plot.polygon.area > 22_000]
    for at in rng.permutation(len(vacant)):
        plot, code = vacant[at]
        middle = shapely.Point(shapely.get_coordinates(plot.polygon.point_on_surface()).round(2)[0])
        nearest = frontage.lines[tree.nearest(middle)].distance(middle)
        if 60 < nearest < 180:
            found.append((str(rng.choice(["repair", "clinic", "sports", "park"])), code, middle, []))
        if len(found) == _OFF_STREET:
            break
    return found


def _facility(
    rng: np.random.Generator, names: dict[str, str], number: int,
    kind: str, code: str, shape: shapely.Geometry, gates: list[Floats],
) -> dict[str, Any]:  # fmt: skip
    low, high = _SIZES.get(kind, (0, 0))
    least, most = _CAPACITY.get(kind, (0, 0))
    return {
        "facility_id": f"f{number:04d}",
        "kind": kind,
        "name": f"{names[code]}{KIND_NAMES[kind]}",
        "service_level": _LEVELS.get(kind),
        "entrances": shapely.MultiPoint(gates) if gates else None,
        "floor_area_m2": float(round(rng.uniform(low, high))) if high else None,
        "capacity": int(rng.integers(least, most)) if most else None,
        "geometry": shape,
    }


def centres(
    rng: np.random.Generator, frontage: Frontage, communities: list[dict[str, Any]], district: int, own: int
) -> list[dict[str, Any]]:
    """Return district and community centres: in the largest communities of each subdistrict first."""
    groups = _by_subdistrict(communities)
    ranked = [sorted(group, key=lambda one: -one["households"]) for _, group in sorted(groups.items())]
    rounds = [group[turn] for turn in range(max(map(len, ranked))) for group in ranked if turn < len(group)]
    seats = [(one, "district") for one in rounds[:district]]
    others = rounds[district:]
    chosen = sorted(rng.choice(len(others), own, replace=False))
    seats += [(others[at], "community") for at in chosen]
    rows = []
    for number, (one, level) in enumerate(sorted(seats, key=lambda seat: seat[0]["community_id"]), 1):
        low, high = (900, 2_600) if level == "district" else (320, 900)
        area = int(rng.integers(low, high))
        stem = one["name"].removesuffix("社区")
        rows.append(
            {
                "centre_id": f"c{number:02d}",
                "level": level,
                "name": f"安宁区{stem}党群服务中心" if level == "district" else f"{one['name']}党群服务中心",
                "community_id": one["community_id"],
                "floor_area_m2": float(area),
                "capacity": area // 4,
                "entrances": None,
                "geometry": frontage.point(rng, one["community_id"], main=True),
            }
        )
    return rows


def premises(
    rng: np.random.Generator, frontage: Frontage, communities: list[dict[str, Any]], small: int, unknown: int
) -> list[dict[str, Any]]:
    """Return one premises a community: ``small`` below 300 m², ``unknown`` without an area."""
    order = rng.permutation(len(communities))
    area = np.round(rng.uniform(300, 1_250, len(communities)))
    area[order[:small]] = np.round(rng.uniform(90, 299, small))
    area[order[small : small + unknown]] = np.nan
    return [
        {
            "premises_id": f"p{number:02d}",
            "community_id": one["community_id"],
            "name": f"{one['name']}阵地",
            "floor_area_m2": float(area[number - 1]),
            "geometry": frontage.point(rng, one["community_id"], main=True),
        }
        for number, one in enumerate(communities, 1)
    ]
