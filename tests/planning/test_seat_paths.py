from __future__ import annotations

import dataclasses

import pytest
import shapely

import geoplan
from geoplan.planning.seat_paths import seat_paths
from geoplan.planning.split import evaluate_split, plan_split
from tests.planning.towns import at, town

STANDARD = geoplan.load_standard("default")


def planned(**options):
    study = town(arterial=3, **options)
    network = geoplan.walk_network(study)
    return network, study, plan_split(network, study, "c1", STANDARD, alternatives=False)


def test_every_compound_has_the_way_to_the_seat_of_its_own_part():
    network, study, plan = planned(premises={"p1": (50, 150, 500.0)})
    walks = seat_paths(network, study, plan, STANDARD)
    assert walks.index.tolist() == plan.members.index.tolist()
    assert (walks["part_id"] == plan.members["part_id"]).all()
    # on level streets without stairs, walks are as long as their time says
    assert walks["length_m"].to_numpy() == pytest.approx(plan.members["walk_m"].to_numpy(), abs=0.1)
    drawn = walks.geometry.notna()
    assert walks.geometry[drawn].length.to_numpy() == pytest.approx(
        walks["length_m"][drawn].to_numpy(), abs=1e-3
    )


def test_a_compound_at_its_own_seat_has_no_way_to_walk():
    network, study, plan = planned()
    walks = seat_paths(network, study, plan, STANDARD)
    seats = plan.parts.loc[plan.parts["seat_table"] == "residences", "seat_id"]
    assert len(seats)
    assert (walks.loc[seats, "length_m"] == 0).all()
    assert walks.geometry[seats].isna().all()


def test_a_compound_off_every_street_has_a_row_and_no_way():
    study = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    homes = study.residences.copy()
    homes.loc["r05", "entrances"] = shapely.MultiPoint([at(550, 5000)])
    study = dataclasses.replace(study, residences=homes)
    network = geoplan.walk_network(study)
    members = {one: "a" if int(one[2]) < 3 else "b" for one in homes.index}
    plan = evaluate_split(network, study, "c1", STANDARD, members)
    lost = seat_paths(network, study, plan, STANDARD).loc["r05"]
    assert lost["length_m"] != lost["length_m"]
    assert lost["geometry"] is None


def test_without_seats_there_are_no_ways():
    study = town(arterial=3)
    plan = plan_split(None, study, "c1", STANDARD, alternatives=False)
    assert seat_paths(geoplan.walk_network(study), study, plan, STANDARD).empty
