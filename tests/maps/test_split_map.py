from __future__ import annotations

import dataclasses
import re

import pytest

import geoplan
from geoplan.planning.split import plan_split
from tests.planning.towns import town

STANDARD = geoplan.load_standard("default")
HOSTILE = "<img src=x onerror=alert(1)>${1}`{{7*7}}"


@pytest.fixture(scope="module")
def study():
    made = town(arterial=3, premises={"p1": (50, 150, 500.0)})
    homes = made.residences.copy()
    homes.loc["r00", "name"] = HOSTILE
    return dataclasses.replace(
        made, residences=homes, synthetic=True, communities=made.communities.assign(name=[HOSTILE])
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_loads_nothing_and_hostile_names_stay_text(study, lang):
    plan = plan_split(geoplan.walk_network(study), study, "c1", STANDARD)
    page = geoplan.maps.split_map(plan, study, lang=lang).html
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
