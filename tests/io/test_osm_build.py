from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import geopandas.testing
import numpy as np
import pandas as pd
import pytest
import shapely

from geoplan.errors import DataError, NotMetricError
from geoplan.io.osm_build import study_from_osm
from geoplan.io.osm_people import People
from geoplan.io.osm_write import README, TEMPLATE, readme_text, template_text, write_osm_study
from geoplan.io.study_folder import read_study
from geoplan.model.tables import INPUT_TABLES
from geoplan.standards.parse import load_standard

from .osm_world import ring, same_bytes, shared_extract, square_nodes, write_osm

MONACO = Path(__file__).parents[2] / "data" / "monaco"
COMMAND = "geoplan new data/monaco --osm data/monaco/monaco.osm.pbf --admin-level 10 --name Monaco --lang en"
HOSTILE = "<script>alert(1)</script> `=cmd|' /C calc'!A0` ${x} | # *"
FLATS = {"building": "apartments", "building:levels": "4"}


def side(x):
    """A square of 500 m west or east of the middle, with two blocks of flats in it."""
    return {
        **{
            1 + x + number: place
            for number, place in enumerate([(x, 0), (x + 500, 0), (x + 500, 500), (x, 500)])
        },
        **square_nodes(x + 10, x + 100, 100, 20),
        **square_nodes(x + 20, x + 300, 100, 20),
    }


def town(tmp_path, *, population="", extra_nodes=None, extra_ways=None, name="东社区"):
    """Two communities side by side in a town: a street through both, two blocks in each, a shop, a hall."""
    nodes = {**side(0), **side(1000), 5000: (0, 250), 5001: (1500, 250)}
    nodes |= {
        6000: (200, 260, {"shop": "supermarket", "name": name}),
        6001: (900, 260, {"amenity": "townhall"}),
    }
    # the two squares touch: the east one starts where the west one ends
    nodes |= {1001: (500, 0), 1002: (1500, 0), 1003: (1500, 500), 1004: (500, 500)}
    ways = {
        1: ([1, 1001], {}), 2: ([1001, 1004], {}), 3: ([1004, 4], {}), 4: ([4, 1], {}),
        5: ([1001, 1002], {}), 6: ([1002, 1003], {}), 7: ([1003, 1004], {}),
        10: (ring(10), FLATS), 11: (ring(20), {"building": "house"}),
        12: (ring(1010), FLATS), 13: (ring(1020), FLATS),
        20: ([5000, 5001], {"highway": "residential", "name": name}),
    }  # fmt: skip
    border = {"type": "boundary", "boundary": "administrative"}
    outer = lambda *members: [("w", one, "outer") for one in members]  # noqa: E731
    relations = {
        1: (outer(1, 2, 3, 4), {**border, "admin_level": "10", "name": "西社区"}),
        2: (outer(5, 6, 7, 2), {**border, "admin_level": "10", "name": name}),
        3: (outer(1, 3, 4, 5, 6, 7), {**border, "admin_level": "8", "name": "镇", "population": population}),
    }
    return write_osm(
        tmp_path / "town.osm.pbf",
        nodes=nodes | (extra_nodes or {}),
        ways=ways | (extra_ways or {}),
        relations=relations,
    )


def build(file, **options):
    return study_from_osm(file, load_standard("default"), study_id="town", **options)


@pytest.mark.parametrize("persons", [0, 1, 7, 1000, 39_050])
def test_persons_add_up_to_the_declared_total_in_homes_and_in_communities(tmp_path, persons):
    study = build(town(tmp_path), people=People(persons)).study
    assert study.residences["persons"].sum() == persons
    assert study.communities["persons"].sum() == persons
    by_community = study.residences.groupby("community_id")["persons"].sum()
    assert by_community.to_dict() == study.communities["persons"].to_dict()


def test_persons_follow_residential_floor_area(tmp_path):
    study = build(town(tmp_path), people=People(1400)).study
    assert study.residences["persons"].to_dict() == {"w10": 400, "w11": 200, "w12": 400, "w13": 400}
    assert {"communities.persons", "residences.persons"} <= set(study.estimated)


def test_without_a_total_persons_and_households_are_missing_not_invented(tmp_path):
    built = build(town(tmp_path))
    for table in (built.study.residences, built.study.communities):
        assert table["persons"].isna().all()
        assert table["households"].isna().all()
    assert built.account.people.persons is None
    assert not any(one.endswith((".persons", ".households")) for one in built.study.estimated)
    assert "Persons are missing" in readme_text(built, command="", lang="en")


def test_the_population_tag_of_the_boundary_that_holds_the_study_is_the_total(tmp_path):
    built = build(town(tmp_path, population="1234"))
    assert built.study.residences["persons"].sum() == 1234
    assert (built.account.people.persons_from, built.account.people.boundary) == ("boundary", "镇")
    assert "population tag of the boundary 镇" in readme_text(built, command="", lang="en")
    declared = build(town(tmp_path, population="1234"), people=People(99))
    assert declared.study.residences["persons"].sum() == 99


def test_households_come_from_a_total_or_a_household_size_else_are_missing(tmp_path):
    file = town(tmp_path)
    given = build(file, people=People(1400, households=503)).study
    assert given.residences["households"].sum() == given.communities["households"].sum() == 503
    sized = build(file, people=People(1400, persons_per_household=2.5)).study
    assert sized.residences["households"].sum() == 560
    assert (sized.residences["households"] <= sized.residences["persons"]).all()
    assert build(file, people=People(1400)).study.residences["households"].isna().all()
    assert build(file, people=People(persons_per_household=2.5)).study.residences["households"].isna().all()


def test_homes_outside_every_community_are_left_out_and_counted(tmp_path):
    far = square_nodes(9000, 3000, 0, 20)
    built = build(town(tmp_path, extra_nodes=far, extra_ways={90: (ring(9000), FLATS)}), people=People(1400))
    assert "w90" not in built.study.residences.index
    assert built.account.homes_outside == 1
    assert "1 residential buildings lie outside" in readme_text(built, command="", lang="en")


def test_without_communities_every_home_is_kept(tmp_path):
    nodes = {**square_nodes(1, 0, 0, 20), 5: (0, 50), 6: (100, 50)}
    file = write_osm(
        tmp_path / "x.osm.pbf", nodes=nodes, ways={1: (ring(1), FLATS), 2: ([5, 6], {"highway": "path"})}
    )
    built = build(file, people=People(10))
    assert built.study.residences["persons"].tolist() == [10]
    assert built.study.communities is None
    assert built.account.missing == ("communities", "facilities", "centres", "barriers")


def test_people_without_a_home_are_one_plain_error(tmp_path):
    file = write_osm(
        tmp_path / "x.osm.pbf", nodes={1: (0, 0), 2: (9, 9)}, ways={1: ([1, 2], {"highway": "path"})}
    )
    with pytest.raises(DataError, match="no home to spread them over"):
        build(file, people=People(10))
    assert build(file).study.streets is not None


def test_an_extract_with_nothing_a_study_can_use_is_one_plain_error(tmp_path):
    file = write_osm(tmp_path / "x.osm.pbf", nodes={1: (0, 0, {"shop": "tobacco"})})
    with pytest.raises(DataError, match="no street, place, building or boundary"):
        build(file)


def test_a_crs_that_does_not_measure_metres_here_is_refused(tmp_path):
    file = town(tmp_path)
    assert build(file, crs="EPSG:25832").study.crs == "EPSG:25832"
    for wrong in ("EPSG:3857", "EPSG:4326", "EPSG:4544"):
        with pytest.raises(NotMetricError):
            build(file, crs=wrong)


def test_the_tables_are_as_declared_and_read_back_the_same(tmp_path):
    study = build(town(tmp_path, name=HOSTILE), people=People(1400, persons_per_household=2.4)).study
    folder = tmp_path / "town"
    write_osm_study(
        build(town(tmp_path, name=HOSTILE), people=People(1400, persons_per_household=2.4)), folder
    )
    read = read_study(folder)
    assert read.quarantine.empty
    for name in ("communities", "residences", "facilities", "centres", "streets"):
        table, again = study.table(name), read.table(name)
        assert table.index.name == INPUT_TABLES[name].key
        assert table.index.is_monotonic_increasing
        geopandas.testing.assert_geodataframe_equal(table, again, check_like=True)
    assert read.facilities.loc["n6000", "name"] == HOSTILE
    assert read.attribution[0].startswith("© OpenStreetMap contributors")
    assert (read.data_date, read.estimated) == ("2024-05-06", study.estimated)


def test_the_same_extract_gives_the_same_bytes(tmp_path):
    for at in ("one", "other"):
        write_osm_study(build(town(tmp_path), people=People(1400)), tmp_path / at, command="geoplan new x")
    assert same_bytes(tmp_path / "one", tmp_path / "other")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_readme_tells_source_licence_date_and_estimates(tmp_path, lang):
    file = town(tmp_path)
    built = build(file, people=People(1400), lang=lang, name="T`<b>")
    readme = readme_text(built, command="geoplan new town", lang=lang)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for told in ("town.osm.pbf", digest, "2024-05-06", "OpenStreetMap contributors, ODbL", built.study.crs):
        assert told in readme
    for told in ("residences.persons", "geoplan new town", "1400", TEMPLATE):
        assert told in readme
    assert "<b>" not in readme.replace(r"\<b\>", "")


def test_the_template_has_a_row_a_community_and_no_formulas(tmp_path):
    study = build(town(tmp_path, name="=1+1")).study
    rows = list(csv.reader(io.StringIO(template_text(study, lang="zh"))))
    assert rows[0] == ["阵地编码", "社区编码", "名称", "建筑面积（平方米）"]
    assert [row[1] for row in rows[1:]] == ["r1", "r2"]
    assert [row[2] for row in rows[1:]] == ["西社区", "'=1+1"]
    assert all(row[3] == "" for row in rows[1:])


def test_writing_again_needs_leave_and_keeps_what_people_filled_in(tmp_path):
    built, folder = build(town(tmp_path)), tmp_path / "town"
    write_osm_study(built, folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError):
        write_osm_study(built, folder)
    template = folder / TEMPLATE
    filled = template.read_text(encoding="utf-8-sig").replace("西社区,", "西社区,320")
    template.write_text(filled, encoding="utf-8-sig")
    written = write_osm_study(built, folder, overwrite=True)
    assert "西社区,320" in template.read_text(encoding="utf-8-sig")
    assert template not in written
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_an_own_layer_of_communities_replaces_the_boundaries(tmp_path):
    file = town(tmp_path)
    own = build(file).study.communities.assign(name="own").reset_index()
    own["community_id"] = ["620105001001", "620105001002"]
    layer = tmp_path / "wards.gpkg"
    own.drop(columns=["persons", "households"]).to_crs("EPSG:4326").to_file(layer)
    built = build(file, communities=layer, people=People(1400))
    assert list(built.study.communities.index) == ["620105001001", "620105001002"]
    assert built.study.communities["persons"].tolist() == [600, 800]
    assert built.account.admin_level == ""
    with pytest.raises(DataError, match=r"wards\.txt"):
        build(file, communities=tmp_path / "wards.txt")


def own_layer(tmp_path, file, **columns):
    layer = tmp_path / "wards.gpkg"
    build(file).study.communities.reset_index().assign(**columns).to_file(layer)
    return layer


def test_counts_that_an_own_layer_states_are_spread_within_each_community(tmp_path):
    file = town(tmp_path, population="5000")
    built = build(file, communities=own_layer(tmp_path, file, persons=[11, 200], households=[5, 80]))
    study = built.study
    assert study.communities["persons"].tolist() == [11, 200]
    assert study.residences["persons"].to_dict() == {"w10": 7, "w11": 4, "w12": 100, "w13": 100}
    assert study.residences.groupby("community_id")["households"].sum().tolist() == [5, 80]
    assert study.estimated == ("residences.households", "residences.persons")
    assert (built.account.people.persons, built.account.people.persons_from) == (211, "communities")
    assert "as the layer of communities states" in readme_text(built, command="", lang="en")


def test_where_an_own_layer_states_no_count_persons_are_missing(tmp_path):
    file = town(tmp_path)
    study = build(file, communities=own_layer(tmp_path, file, persons=[11, None])).study
    assert study.residences["persons"].to_dict() == {"w10": 7, "w11": 4, "w12": None, "w13": None}


def test_persons_of_a_community_without_a_home_are_told(tmp_path):
    file = town(tmp_path)
    layer = tmp_path / "wards.gpkg"
    wards = build(file).study.communities.reset_index().assign(persons=[11, 200])
    far = wards.iloc[[0]].assign(community_id="far", persons=33)
    far = far.set_geometry(far.geometry.translate(9000, 0))
    pd.concat([wards, far]).to_file(layer)
    built = build(file, communities=layer)
    assert built.account.people.persons_without_home == 33
    assert built.study.residences["persons"].sum() == 211
    assert "A further 33 persons" in readme_text(built, command="", lang="en")


def test_a_declared_total_goes_before_the_counts_of_an_own_layer(tmp_path):
    file = town(tmp_path)
    study = build(file, communities=own_layer(tmp_path, file, persons=[11, 22]), people=People(1400)).study
    assert study.residences["persons"].sum() == 1400
    assert study.communities["persons"].tolist() == [11, 22]


def test_an_own_layer_of_centres_replaces_those_from_tags(tmp_path):
    file = town(tmp_path)
    assert list(build(file).study.centres.index) == ["n6001"]
    own = build(file).study.centres.reset_index().assign(centre_id="c1", level="community")
    layer = tmp_path / "own.gpkg"
    own[["centre_id", "level", "geometry"]].to_file(layer)
    centres = build(file, centres=layer).study.centres
    assert centres["level"].to_dict() == {"c1": "community"}
    assert centres["community_id"].tolist() == ["r2"]


def test_the_shipped_study_of_monaco_is_what_its_command_builds(tmp_path):
    built = study_from_osm(
        MONACO / "monaco.osm.pbf",
        load_standard("default"),
        study_id="monaco",
        name="Monaco",
        admin_level="10",
    )
    write_osm_study(built, tmp_path / "monaco", command=COMMAND)
    shipped, rebuilt = read_study(MONACO), read_study(tmp_path / "monaco")
    assert shipped.residences["persons"].sum() == 39_050
    assert len(shipped.communities) == 9
    for name in ("communities", "residences", "facilities", "centres", "streets"):
        one, other = shipped.table(name), rebuilt.table(name)
        # other versions of PROJ and GEOS may differ in the last digit
        geopandas.testing.assert_geodataframe_equal(one, other, check_less_precise=True)
    for name in (README, TEMPLATE, "study.toml"):
        assert (MONACO / name).read_bytes() == (tmp_path / "monaco" / name).read_bytes()


def test_a_small_country_becomes_a_study_with_its_parishes():
    file = shared_extract("andorra_2025.osm.pbf")
    if not file.exists():
        pytest.skip("andorra_2025.osm.pbf is not beside the checkout")
    built = build(file, people=People(80_000))
    assert built.account.admin_level == "7"
    assert len(built.study.communities) == 7
    assert built.study.residences["persons"].sum() == 80_000
    assert built.study.quarantine.empty


@pytest.mark.parametrize(
    ("name", "lacking"),
    [("helsinki_centre_2019", {"communities"}), ("porto_roads", {"communities", "centres"})],
)
def test_a_clipped_extract_gives_the_tables_it_can_and_names_the_others(name, lacking):
    file = shared_extract(f"{name}.osm.pbf")
    if not file.exists():
        pytest.skip(f"{file.name} is not beside the checkout")
    built = build(file)
    assert lacking <= set(built.account.missing)
    assert built.study.streets.geometry.is_valid.all()
    assert np.isfinite(shapely.get_coordinates(built.study.streets.geometry.to_numpy())).all()
