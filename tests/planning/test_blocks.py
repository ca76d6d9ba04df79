from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan
from geoplan.errors import PlanningError
from geoplan.planning.blocks import community_blocks, find_community
from geoplan.planning.boundary import four_sides, side_names
from geoplan.planning.cells import tile
from geoplan.planning.problem import pair_edges
from tests.planning.towns import CRS, PITCH, at, line, square, town

STANDARD = geoplan.load_standard("default")


def pairs(blocks, **wanted):
    """Return the pairs of compounds with such a border."""
    frame = blocks.borders
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return set(zip(frame["residence_u"], frame["residence_v"], strict=True))


def random_compounds(seed, count):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(50, 950, (count, 2))
    shapes = [
        shapely.Point(x, y)
        if rng.random() < 0.3
        else shapely.box(x, y, x + rng.uniform(5, 90), y + rng.uniform(5, 90))
        for x, y in xy
    ]
    return np.array(shapes, dtype=object)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 25), cut=st.booleans())
def test_cells_tile_the_community_and_nearly_every_compound_lies_in_its_own(seed, count, cut):
    outline = shapely.box(0, 0, 1000, 1000)
    shapes = random_compounds(seed, count)
    barriers = [shapely.LineString([(0, 480), (1000, 520)])] if cut else []
    tiling = tile(outline, shapes, barriers)
    cells = tiling.cells(count)
    assert shapely.area(cells).sum() == pytest.approx(outline.area, rel=1e-9)
    assert shapely.union_all(cells).symmetric_difference(outline).area < 1e-3
    for number, (cell, shape) in enumerate(zip(cells, shapes, strict=True)):
        others = shapely.union_all(np.delete(shapes, number))
        own = shape.intersection(outline).difference(others)
        assert own.difference(cell.buffer(1e-6)).area < 1e-6


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_borders_add_up_to_what_two_cells_share(seed):
    outline, shapes = shapely.box(0, 0, 1000, 1000), random_compounds(seed, 12)
    tiling = tile(outline, shapes, [])
    cells = tiling.cells(12)
    for left, right in {*zip(tiling.left.tolist(), tiling.right.tolist(), strict=True)}:
        own = (tiling.left == left) & (tiling.right == right)
        shared = shapely.length(shapely.intersection(cells[left], cells[right]))
        assert shapely.length(tiling.segment[own]).sum() == pytest.approx(shared, abs=1e-3)


def test_without_barriers_ground_goes_to_the_nearest_compound():
    outline = shapely.box(0, 0, 300, 100)
    shapes = np.array([shapely.box(10, 10, 90, 90), shapely.box(210, 10, 290, 90)], dtype=object)
    west, east = tile(outline, shapes, []).cells(2)
    assert west.area == pytest.approx(15_000, rel=1e-3)
    assert west.intersects(shapely.Point(149, 50))
    assert east.intersects(shapely.Point(151, 50))


def test_ground_across_a_railway_goes_to_the_compound_on_its_own_side():
    outline = shapely.box(0, 0, 300, 100)
    shapes = np.array([shapely.box(10, 10, 90, 90), shapely.box(210, 10, 290, 90)], dtype=object)
    railway = shapely.LineString([(120, -10), (120, 110)])
    west, east = tile(outline, shapes, [railway]).cells(2)
    assert west.area == pytest.approx(12_000)
    assert east.area == pytest.approx(18_000)


def test_compounds_in_each_other_outside_and_alone_all_get_ground():
    outline = shapely.box(0, 0, 300, 100)
    inner, outer = shapely.box(30, 30, 40, 40), shapely.box(10, 10, 90, 90)
    outside = shapely.box(400, 0, 420, 20)
    cells = tile(outline, np.array([outer, inner, outside], dtype=object), []).cells(3)
    assert cells[1].contains(inner.buffer(-0.1))
    assert (shapely.area(cells) > 0).all()
    (whole,) = tile(outline, np.array([inner], dtype=object), []).cells(1)
    assert whole.area == pytest.approx(outline.area)


def test_ground_inside_a_campus_wall_goes_to_the_compound_inside():
    outline = shapely.box(0, 0, 400, 200)
    inside, outside = shapely.box(20, 80, 40, 100), shapely.box(230, 80, 250, 100)
    campus = shapely.box(10, 10, 210, 190)  # its east is nearer to the compound outside
    shapes = np.array([inside, outside], dtype=object)
    for wall in (campus.exterior, campus, shapely.MultiLineString([campus.exterior])):
        cells = tile(outline, shapes, [wall]).cells(2)
        assert cells[0].area == pytest.approx(campus.area)
        assert cells[1].area == pytest.approx(outline.area - campus.area)
    open_ = tile(outline, shapes, []).cells(2)[0]
    assert open_.intersection(campus).area < 0.75 * campus.area


def test_walls_of_a_study_cut_cells_and_open_ones_do_not():
    wall = shapely.LinearRing([at(205, 5), at(395, 5), at(395, 95), at(205, 95)])
    study = town(barriers={"b": ("wall", wall)})
    homes = study.residences.drop(index="r03")
    cells = community_blocks(dataclasses.replace(study, residences=homes), "c1", STANDARD).cells
    campus = shapely.Polygon(wall)
    assert cells.geometry["r02"].intersection(campus).area == pytest.approx(campus.area)
    passable = study.barriers.assign(severity="passable")
    opened = dataclasses.replace(study, residences=homes, barriers=passable)
    cells = community_blocks(opened, "c1", STANDARD).cells
    assert cells.geometry["r02"].intersection(campus).area < 0.9 * campus.area


@pytest.mark.parametrize(
    "wall",
    [
        None,
        shapely.Polygon(),
        shapely.Point(150, 50),
        shapely.LineString([(150, 20), (150, 80)]),  # not closed
        shapely.LineString([(20, 20), (180, 80), (180, 20), (20, 80), (20, 20)]),  # crosses itself
        shapely.Polygon([(20, 20), (180, 80), (180, 20), (20, 80)]),
        shapely.LineString([(100, 50), (100, 50)]),
        shapely.box(-500, -500, 900, 900),  # around everything
        shapely.box(140, 40, 160, 60),  # around nobody
        shapely.GeometryCollection([shapely.Point(150, 50), shapely.box(5, 5, 120, 95)]),
        shapely.MultiPolygon([shapely.box(5, 5, 100, 95), shapely.box(100, 5, 195, 95)]),
    ],
)
def test_walls_that_enclose_nothing_or_cross_themselves_leave_cells_that_tile(wall):
    outline = shapely.box(0, 0, 300, 100)
    shapes = np.array([shapely.box(10, 10, 90, 90), shapely.box(210, 10, 290, 90)], dtype=object)
    cells = tile(outline, shapes, [wall]).cells(2)
    assert shapely.area(cells).sum() == pytest.approx(outline.area)
    assert shapely.union_all(cells).area == pytest.approx(outline.area)
    assert all(cell.buffer(1e-6).contains(shape) for cell, shape in zip(cells, shapes, strict=True))


def test_borders_are_named_by_what_lies_between_the_compounds():
    wall = line((300, 0), (300, 100))
    blocks = community_blocks(town(arterial=2, barriers={"b": ("wall", wall)}), "c1", STANDARD)
    assert ("r01", "r02") in pairs(blocks, border_class="arterial")
    assert ("r00", "r01") in pairs(blocks, border_class="street")
    assert ("r02", "r03") in pairs(blocks, border_class="wall")
    assert ("r12", "r13") in pairs(blocks, border_class="street")
    arterial = blocks.borders[blocks.borders["border_class"] == "arterial"]
    assert arterial["length_m"].sum() == pytest.approx(300, abs=45)
    assert arterial["cost"].sum() == pytest.approx(arterial["length_m"].sum() * 0.2)


def test_a_street_that_leads_across_a_border_does_not_name_it():
    study = town()
    study = dataclasses.replace(
        study,
        streets=study.streets.loc[["h0"]].assign(geometry=[line((0, 50), (600, 50))], kind="arterial"),
    )
    blocks = community_blocks(study, "c1", STANDARD)
    border = blocks.borders[
        (blocks.borders["residence_u"] == "r00") & (blocks.borders["residence_v"] == "r01")
    ]
    assert set(border["border_class"]) <= {"lane", "arterial"}
    assert border.loc[border["border_class"] == "lane", "length_m"].sum() >= 0.85 * border["length_m"].sum()


def test_nobody_passes_a_river_but_at_its_one_bridge():
    river = shapely.box(*at(-10, 96), *at(610, 104))
    study = town(rows=2, barriers={"river": ("river", river)})
    dry = study.streets[[not one.startswith("v") and one != "h1" for one in study.streets.index]]
    halves = {f"v{column}{side}": line((column * PITCH, low), (column * PITCH, high))
              for column in range(7) for side, low, high in (("s", 0, 90), ("n", 110, 200))}  # fmt: skip
    bridge = {"bridge": line((250, 50), (250, 150))}
    streets = gpd.GeoDataFrame(
        {"kind": "street", "name": None, "level": [None] * len(halves) + ["bridge"]},
        geometry=[*halves.values(), *bridge.values()],
        index=pd.Index([*halves, *bridge], name="street_id"), crs=CRS,
    )  # fmt: skip
    study = dataclasses.replace(study, streets=pd.concat([dry, streets]).sort_index())
    blocks = community_blocks(study, "c1", STANDARD)
    across = {one for one in pairs(blocks, passable=True) if one[0][1] != one[1][1]}
    assert across == {("r02", "r12")}
    severed = {one for one in pairs(blocks, passable=False) if one[0][1] != one[1][1]}
    assert ("r00", "r10") in severed
    u, _, cost, passable = pair_edges(blocks)
    assert len(u) == len(cost) == len(passable) == len({*pairs(blocks)})


def test_a_passable_barrier_severs_nobody():
    river = line((-10, 100), (610, 100))
    study = town(rows=2, barriers={"b": ("river", river)})
    study = dataclasses.replace(
        study, streets=study.streets.loc[["h0"]], barriers=study.barriers.assign(severity="passable")
    )
    blocks = community_blocks(study, "c1", STANDARD)
    assert blocks.borders["passable"].all()
    assert ("r00", "r10") in pairs(blocks, border_class="river")


def test_shifted_coordinates_and_other_ids_give_the_same_borders():
    study = town(arterial=2)
    blocks = community_blocks(study, "c1", STANDARD)
    moved = {
        name: getattr(study, name).set_geometry(getattr(study, name).translate(1024, -2048))
        for name in ("communities", "residences", "streets")
    }
    again = community_blocks(dataclasses.replace(study, **moved), "c1", STANDARD)
    columns = ["residence_u", "residence_v", "border_class", "passable"]
    assert again.borders[columns].equals(blocks.borders[columns])
    assert np.allclose(again.borders["length_m"], blocks.borders["length_m"])
    shuffled = dataclasses.replace(study, residences=study.residences.iloc[::-1])
    assert community_blocks(shuffled, "c1", STANDARD).borders[columns].equals(blocks.borders[columns])


def test_a_compound_without_code_belongs_by_place_and_that_is_noted():
    study = town()
    homes = study.residences.copy()
    homes.loc["r00", "community_id"] = None
    blocks = community_blocks(dataclasses.replace(study, residences=homes), "c1", STANDARD)
    assert "r00" in blocks.cells.index
    assert blocks.notes == (("note.by_place", {"ids": "r00"}),)


def test_two_compounds_in_the_same_place_are_named():
    study = town(columns=2, rows=1)
    homes = study.residences.copy()
    homes.loc["r01", "geometry"] = square(0, 0)
    with pytest.raises(PlanningError, match="r01"):
        community_blocks(dataclasses.replace(study, residences=homes), "c1", STANDARD)


def test_a_community_is_found_by_id_or_by_a_name_that_is_its_alone():
    study = geoplan.read_study("data/anning")
    assert find_community(study, "阳光社区") == "620105002005"
    assert find_community(study, "620105002005") == "620105002005"
    with pytest.raises(PlanningError, match="620105002001, 620105005005"):
        find_community(study, "水挂庄社区")
    with pytest.raises(PlanningError, match="620105002005"):
        find_community(study, "阳光")


def test_the_four_sides_are_met_where_they_are():
    shape = shapely.box(*at(0, 0), *at(200, 200))
    lines = {"e": ("东路", line((210, 0), (210, 200))), "s": ("南路", line((0, -10), (200, -10))),
             "w": ("西路", line((-5, 0), (-5, 200))), "n": ("北路", line((0, 205), (200, 205))),
             "x": ("横路", line((100, -100), (100, 300)))}  # fmt: skip
    study = dataclasses.replace(
        town(),
        streets=gpd.GeoDataFrame(
            {"kind": "street", "name": [one[0] for one in lines.values()]},
            geometry=[one[1] for one in lines.values()],
            index=pd.Index(list(lines), name="street_id"), crs=CRS,
        ),
    )  # fmt: skip
    met = four_sides(shape, study, community_id="c1")
    assert {side: one.name for side, one in met.items()} == {
        "east": "东路", "south": "南路", "west": "西路", "north": "北路"
    }  # fmt: skip


@pytest.mark.parametrize(("away", "told"), [(15, "北路"), (35, "北路附近"), (45, "")])
def test_a_street_beside_the_boundary_is_told_as_near_and_one_farther_off_not_at_all(away, told):
    shape = shapely.box(*at(0, 0), *at(200, 200))
    study = dataclasses.replace(
        town(),
        streets=gpd.GeoDataFrame(
            {"kind": ["street", "lane"], "name": ["北路", None]},
            geometry=[line((0, 200 + away), (200, 200 + away)), line((0, 200), (200, 200))],
            index=pd.Index(["n", "lane"], name="street_id"), crs=CRS,
        ),
    )  # fmt: skip
    blocks = community_blocks(study, "c1", geoplan.load_standard("default"))
    assert side_names(shape, study, blocks)["north"] == told


def test_where_no_name_is_met_the_kind_is_told():
    shape = shapely.box(*at(0, 0), *at(200, 200))
    study = dataclasses.replace(
        town(), streets=town().streets.iloc[:0],
        barriers=gpd.GeoDataFrame(
            {"kind": ["railway"], "name": [None]}, geometry=[line((0, 210), (200, 210))],
            index=pd.Index(["b"], name="barrier_id"), crs=CRS,
        ),
    )  # fmt: skip
    met = four_sides(shape, study, community_id="c1")
    assert met["north"][:2] == ("", "railway")
    assert met["south"][:2] == ("", "")


def test_a_compound_ringed_by_a_barrier_is_cut_off_whatever_the_rounding():
    for metres in (3.0, 3.3, 5.7, 9.1):
        ring = shapely.buffer(square(1, 1), metres).exterior
        study = town(barriers={"river": ("river", ring)})
        blocks = community_blocks(dataclasses.replace(study, streets=None), "c1", STANDARD)
        own = blocks.borders[(blocks.borders[["residence_u", "residence_v"]] == "r11").any(axis=1)]
        assert len(own)
        assert not own["passable"].any()
