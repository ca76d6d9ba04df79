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
from geoplan.errors import CrsMismatchError, DuplicateIdError, PlanningError
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.planning.site_candidates import candidate_sites
from geoplan.planning.siting import locate_centres
from tests.studies import CRS, X0, Y0, street_study

STANDARD = geoplan.load_standard("default")
METRES_15 = 1005.0  # at 67 m/min


def layer(places, **columns):
    """Return candidates {id: x} beside the one street."""
    points = [shapely.Point(X0 + x, Y0) for x in places.values()]
    return gpd.GeoDataFrame(columns, geometry=points, index=list(places), crs=CRS)


def one_street(homes, *, centres=None, length=6000.0, **settings_):
    given_ = {
        key: (x, 0, persons, None if persons is None else persons // 2) for key, (x, persons) in homes.items()
    }
    return street_study(
        homes=given_, length=length,
        centres=None if centres is None else {key: (x, 0, level) for key, (x, level) in centres.items()},
        **settings_,
    )  # fmt: skip


def passing(study, level="community"):
    network = geoplan.walk_network(study)
    found = geoplan.coverage(network, study, STANDARD).by_category
    return found.loc[f"centre_{level}"]


def locate(study, **options):
    return locate_centres(geoplan.walk_network(study), study, STANDARD, **options)


HOMES = {"a": (0, 100), "b": (1500, 40), "c": (3000, 70), "d": (5900, 10)}


def test_the_site_with_most_people_in_walking_reach_is_chosen_and_existing_centres_stay():
    study = one_street(HOMES, centres={"old": (200, "community"), "far": (5900, "district")})
    plan = locate(study, add=1, candidates=layer({"x": 2200, "y": 5500}))
    assert plan.status == "optimal"
    assert plan.sites.index.tolist() == ["site-x"]
    assert (plan.gain, plan.objective) == (110.0, 210.0)
    assert plan.sites.loc["site-x", ["persons_new", "households_new", "residences_new"]].tolist() == [
        110,
        55,
        2,
    ]
    assert plan.residences["centre_after"].tolist() == ["old", "site-x", "site-x", "site-x"]
    assert plan.residences["newly_reached"].tolist() == [False, True, True, False]
    assert plan.sites.loc["site-x", "community_id"] == "west"


def test_a_walk_of_exactly_the_limit_is_reached():
    study = one_street({"a": (0, 10), "b": (2500, 1)})
    edge = locate(study, add=1, candidates=layer({"x": METRES_15}))
    assert edge.gain == 10
    assert (
        locate(study, add=1, candidates=layer({"x": METRES_15 + 0.1, "y": 2500})).sites.index[0] == "site-y"
    )


@st.composite
def streets(draw):
    place = st.integers(0, 60).map(lambda one: one * 100)
    homes = draw(st.lists(st.tuples(place, st.one_of(st.none(), st.integers(0, 50))), min_size=1, max_size=8))
    if all(persons is None for _, persons in homes):
        homes[0] = (homes[0][0], 5)
    centres = draw(st.lists(st.tuples(place, st.sampled_from(["community", "district"])), max_size=3))
    sites = draw(st.lists(place, min_size=1, max_size=5))
    return (
        {f"r{at}": one for at, one in enumerate(homes)}, {f"c{at}": one for at, one in enumerate(centres)},
        {f"s{at}": one for at, one in enumerate(sites)},
    )  # fmt: skip


@pytest.mark.parametrize("model", ["mclp", "lscp", "p_median", "p_centre"])
@given(drawn=streets(), add=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_coverage_of_the_study_with_the_sites_is_higher_by_exactly_the_gain(model, drawn, add):
    homes, centres, sites = drawn
    study = one_street(homes, centres=centres)
    plan = locate(study, model=model, add=min(add, len(sites)), candidates=layer(sites))
    before, after = passing(study), passing(study.with_centres(plan.chosen))
    for measure in ("persons", "households"):
        gained = plan.summary[f"{measure}_gained"]
        assert int(after[f"{measure}_pass"]) - int(before[f"{measure}_pass"]) == (gained or 0)
    if model == "mclp":
        assert plan.objective == int(after["persons_pass"])


@pytest.mark.parametrize("city", ["anning", "monaco"])
def test_on_the_studies_too(city):
    study = geoplan.read_study(f"data/{city}")
    network = geoplan.walk_network(study)
    plan = locate_centres(network, study, STANDARD, add=2)
    wider = study.with_centres(plan.chosen)
    figures = geoplan.coverage(network, wider, STANDARD).by_category.loc["centre_community"]
    assert figures["persons_pass"] == plan.summary["persons_reached_after"]
    assert plan.gain == plan.sites["persons_new"].sum() > 0
    assert set(wider.centres.columns) <= {
        "level", "name", "community_id", "floor_area_m2", "capacity", "entrances", "geometry"
    }  # fmt: skip


def test_more_centres_or_more_minutes_never_reach_fewer():
    study = one_street(HOMES)
    network = geoplan.walk_network(study)
    gains = [
        [
            locate_centres(
                network, study, STANDARD, add=add, minutes=minutes, candidates="network", spacing_m=400
            ).gain
            for add in (1, 2, 3)
        ]
        for minutes in (5, 10, 15)
    ]
    assert (np.diff(gains, axis=0) >= 0).all()
    assert (np.diff(gains, axis=1) >= 0).all()


def test_the_order_of_candidates_changes_nothing():
    study = one_street(HOMES, centres={"old": (200, "community")})
    places = layer({"x": 2200, "y": 5500, "z": 2300})
    plan = locate(study, candidates=places)
    other = locate(study, candidates=places.iloc[::-1])
    pd.testing.assert_frame_equal(plan.sites, other.sites)
    pd.testing.assert_frame_equal(plan.residences, other.residences)


def test_who_has_no_count_is_named_and_must_be_reached_where_everyone_must():
    study = one_street({"a": (0, 100), "b": (3000, None)})
    plan = locate(study, add=1, candidates=layer({"x": 3000, "y": 300}))
    assert plan.sites.index.tolist() == ["site-y"]
    assert ("note.siting_unknown", {"column": "persons", "ids": "b"}) in plan.notes
    every = locate(study, model="lscp", candidates=layer({"x": 3000, "y": 300}))
    assert every.sites.index.tolist() == ["site-x", "site-y"]


def test_homes_off_every_street_and_homes_beyond_all_candidates_are_listed_with_the_reason():
    study = street_study(homes={"a": (0, 0, 5, 2), "b": (100, 900, 7, 3), "c": (5000, 0, 9, 4)}, length=6000)
    plan = locate(study, model="lscp", candidates=layer({"x": 0}))
    assert plan.status == "optimal"
    assert plan.uncoverable["reason"].to_dict() == {
        "b": "reason.residence_not_on_network", "c": "reason.no_candidate"
    }  # fmt: skip
    assert pd.isna(plan.residences.loc["b", "reached_after"])


def test_a_choice_that_cannot_serve_everyone_is_an_answer():
    study = one_street({"a": (0, 5), "b": (30_000, 5)}, length=30_000)
    plan = locate(study, model="p_median", add=1, candidates=layer({"x": 0, "y": 30_000}))
    assert plan.status == "infeasible"
    assert plan.sites.empty
    assert np.isnan(plan.gap)
    assert plan.gain == 0


def test_capacities_hold_and_residences_stay_whole():
    homes = {"a": (0, 60), "b": (100, 50), "c": (200, 40)}
    study = one_street(homes, centres={"old": (0, "community")})
    study.centres["capacity"] = pd.array([60], dtype="Int64")
    plan = locate(study, add=1, capacitated=True, candidates=layer({"x": 100}, capacity=[90]))
    assert plan.objective == 150
    assert plan.sites.loc["site-x", "persons_served"] == 90
    assert plan.gain == 90
    tight = locate(study, add=1, capacitated=True, site_capacity=45, candidates=layer({"x": 100}))
    assert tight.gain == 40


def test_households_fill_floor_area_by_the_rule():
    study = one_street({"a": (0, 200), "b": (10, 400)})
    plan = locate(
        study, add=1, capacitated=True, demand="households", candidates=layer({"x": 0}, floor_area_m2=[45.0])
    )
    assert plan.objective == 100  # 45 m2 hold 150 households of 100 and 200


def test_centres_without_a_capacity_serve_nobody_and_are_named():
    study = one_street({"a": (0, 60)}, centres={"old": (0, "community")})
    plan = locate(study, add=1, capacitated=True, candidates=layer({"x": 100}, capacity=[90]))
    assert plan.gain == 60
    assert ("note.siting_no_capacity", {"ids": "old"}) in plan.notes
    with pytest.raises(PlanningError, match="capacity"):
        locate(study, add=1, capacitated=True, candidates=layer({"x": 100}))


def test_premises_count_only_when_known_to_be_large_enough():
    study = one_street(HOMES)
    premises = gpd.GeoDataFrame(
        {"floor_area_m2": [300.0, 299.9, np.nan, 900.0]},
        geometry=[*(shapely.Point(X0 + x, Y0) for x in (0, 10, 20)), None],
        index=pd.Index(["p1", "p2", "p3", "p4"], name="premises_id"), crs=CRS,
    )  # fmt: skip
    study = dataclasses.replace(study, premises=premises)
    network = geoplan.walk_network(study)

    def candidates(given_, least=None):
        return candidate_sites(network, study, STANDARD, given_, min_floor_area_m2=least, spacing_m=500)

    table, notes = candidates(None)
    assert table.index.tolist() == ["p1"]
    assert notes[1] == ("note.siting_no_area", {"ids": "p3"})
    assert candidates("premises", 200.0)[0].index.tolist() == ["p1", "p2"]
    assert set(candidates(None, 5000.0)[0]["candidate_table"]) == {"network"}
    with pytest.raises(PlanningError):
        candidates("premises", 5000.0)


@pytest.mark.parametrize("spacing", [100.0, 350.0])
def test_candidates_along_streets_stand_on_them_one_a_square_inside_the_communities(spacing):
    study = geoplan.read_study("data/monaco")
    network = geoplan.walk_network(study)
    table, _ = candidate_sites(network, study, STANDARD, "network", min_floor_area_m2=None, spacing_m=spacing)
    again, _ = candidate_sites(network, study, STANDARD, "network", min_floor_area_m2=None, spacing_m=spacing)
    pd.testing.assert_frame_equal(table, again)
    squares = {tuple(one) for one in np.floor(shapely.get_coordinates(table.geometry.to_numpy()) / spacing)}
    assert len(squares) == len(table)
    streets_ = shapely.union_all(network.edge_geometry)
    assert shapely.distance(table.geometry.to_numpy(), streets_).max() < 1e-6
    area = shapely.union_all(study.communities.geometry.to_numpy())
    assert shapely.intersects(table.geometry.to_numpy(), shapely.buffer(area, 0.001)).all()


def test_ids_of_sites_are_never_taken():
    study = one_street(HOMES, centres={"site-x": (200, "community")})
    plan = locate(study, add=1, candidates=layer({"x": 2200}))
    assert plan.sites.index.tolist() == ["new-site-x"]
    assert len(study.with_centres(plan.chosen).centres) == 2
    with pytest.raises(DuplicateIdError):
        study.with_centres(plan.chosen).with_centres(plan.chosen)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"candidates": layer({})}, "error.siting_no_candidates"),
        ({"candidates": layer({"x": 0}), "add": 2}, "error.siting_add"),
        ({"candidates": layer({"x": 0}), "add": 0}, "error.siting_add"),
        ({"candidates": layer({"x": 0}), "add": 1.5}, "error.siting_add"),
        ({"candidates": "parks"}, "error.siting_candidates"),
        ({"model": "p_mean"}, "error.siting_option"),
        ({"level": "street"}, "error.siting_option"),
        ({"demand": "cars"}, "error.siting_option"),
        ({"minutes": 0}, "error.siting_limit"),
        ({"minutes": float("nan")}, "error.siting_limit"),
        ({"candidates": "network", "spacing_m": 0}, "error.siting_spacing"),
        ({"candidates": layer({"x": 0}), "capacitated": True, "site_capacity": 0},
         "error.siting_site_capacity"),
        ({"candidates": layer({"x": 0}, capacity=[0]), "add": 1, "capacitated": True},
         "error.siting_no_capacity"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(options, key):
    with pytest.raises(PlanningError) as raised:
        locate(one_street(HOMES), **options)
    assert raised.value.key == key


def test_candidates_must_have_unique_ids_and_the_studys_crs():
    twice = gpd.GeoDataFrame(geometry=[shapely.Point(X0, Y0)] * 2, index=["x", "x"], crs=CRS)
    with pytest.raises(DuplicateIdError):
        locate(one_street(HOMES), candidates=twice)
    with pytest.raises(CrsMismatchError):
        locate(one_street(HOMES), candidates=layer({"x": 0}).to_crs("EPSG:4543"))


def test_nobody_counted_is_told():
    with pytest.raises(PlanningError, match="persons"):
        locate(one_street({"a": (0, None)}), candidates=layer({"x": 0}), add=1)


def test_tables_are_as_declared_and_the_plan_says_what_it_was_made_of():
    plan = locate(one_street(HOMES), add=1, candidates=layer({"x": 2200}))
    for name, table in (
        ("sites", plan.sites),
        ("site_demand", plan.residences),
        ("site_uncoverable", plan.uncoverable),
    ):
        schema = RESULT_TABLES[name]
        assert [table.index.name, *table.columns] == [*(column.name for column in schema.columns), "geometry"]
        assert table.crs == CRS
    assert plan.provenance.parameters["model"] == "mclp"
    assert plan.provenance.standard_id == "default"
