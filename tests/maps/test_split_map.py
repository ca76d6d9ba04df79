from __future__ import annotations

import dataclasses
import re

import pytest

import geoplan
from geoplan.messages import text
from geoplan.planning.plan import Relaxation
from geoplan.planning.seat_paths import seat_paths
from geoplan.planning.split import plan_split
from geoplan.report.split_words import relaxation_text
from tests.maps import unpacking
from tests.planning.towns import town

STANDARD = geoplan.load_standard("default")
HOSTILE = "<img src=x onerror=alert(1)>${1}`{{7*7}}"


def hostile_town():
    """Return a town whose names try to run."""
    made = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    homes = made.residences.copy()
    homes.loc["r00", "name"] = HOSTILE
    return dataclasses.replace(
        made, residences=homes, synthetic=True, communities=made.communities.assign(name=[HOSTILE])
    )


@pytest.fixture(scope="module")
def study():
    return hostile_town()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_loads_nothing_and_hostile_names_stay_text(study, lang):
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD)
    page = geoplan.maps.split_map(plan, study, lang=lang).html
    assert text("rule.community.max_households", lang) in page
    assert not re.search(r'<(?:script|link)[^>]+(?:src|href)=["\']?http', page)
    assert "<img src=x" not in page
    assert "49" not in re.findall(r"onerror=alert\(1\)[^<]{0,40}", page)
    assert geoplan.messages.text("banner.synthetic", lang) in page
    assert geoplan.messages.text("plan.status.optimal", lang, gap="") in page


def test_the_same_plan_gives_the_same_map(study):
    network = geoplan.walk_network(study)
    pages = {geoplan.maps.split_map(plan_split(network, study, "c1", STANDARD), study).html for _ in range(2)}
    assert len(pages) == 1


def test_an_impossible_split_is_drawn_as_it_is(study):
    homes = study.residences.copy()
    homes.loc["r05", "households"] = 9000
    changed = dataclasses.replace(study, residences=homes)
    plan = plan_split(geoplan.walk_network(changed), changed, "c1", STANDARD, parts=2)
    assert plan.status == "infeasible"
    assert "r05" in geoplan.maps.split_map(plan, changed).html


def layers_of(page):
    """Return the data of every layer by its name in the layer control."""
    return {name: data for name, (_, data) in unpacking.layers_of(page).items()}


def drawn(data):
    """Return how many rows of a layer have a shape."""
    return sum(bool(row) for row in unpacking.shapes(data["shapes"]))


def test_walking_lines_are_a_layer_with_every_way_and_only_when_given(study):
    network = geoplan.walk_network(study)
    plan = plan_split(network, study, "c1", STANDARD)
    walks = seat_paths(network, study, plan, STANDARD)
    name = text("split.layer_walks", "zh")
    layers = layers_of(geoplan.maps.split_map(plan, study, walks=walks).html)
    assert drawn(layers[name]) == int(walks.geometry.notna().sum()) > 10
    assert name not in geoplan.maps.split_map(plan, study).html


def test_the_audits_map_shows_the_splits_it_is_given(study):
    network = geoplan.walk_network(study)
    plan = plan_split(network, study, "c1", STANDARD)
    audit = geoplan.audit(study, STANDARD)
    page = geoplan.maps.audit_map(
        audit, plans=[plan], walks=seat_paths(network, study, plan, STANDARD), lang="en"
    ).html
    layers = layers_of(page)
    assert drawn(layers[text("split.layer_all_parts", "en")]) == len(plan.parts)
    cut = layers[text("split.layer_all_cuts", "en")]
    assert drawn(cut) == int(plan.borders["cut"].sum())
    assert layers[text("split.layer_seats", "en")]["at"]["count"] == len(plan.parts)
    assert text("split.layer_walks", "en") in layers
    assert "<img src=x" not in page
    without = geoplan.maps.audit_map(audit, lang="en").html
    assert text("split.layer_all_parts", "en") not in without


def test_of_an_impossible_split_the_audits_map_shows_what_would_help(study):
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD, alternatives=False)
    relaxed = dataclasses.replace(plan, kind="relaxed")
    impossible = dataclasses.replace(
        plan, status="infeasible", parts=plan.parts.iloc[:0], alternatives=(relaxed,),
        relaxations=(Relaxation("tolerance", 0.2),),
    )  # fmt: skip
    page = geoplan.maps.audit_map(geoplan.audit(study, STANDARD), plans=[impossible], lang="en").html
    parts = layers_of(page)[text("split.layer_all_parts", "en")]
    assert drawn(parts) == len(plan.parts)
    change = relaxation_text(impossible.relaxations[0], impossible, "en")
    assert all(change in one for one in parts["facts"][-1][1])
