from __future__ import annotations

import dataclasses
import re

import pandas as pd
import pytest

import geoplan
from geoplan.messages import text
from tests.planning.test_siting import layer, one_street

STANDARD = geoplan.load_standard("default")
HOSTILE = "<img src=x onerror=alert(1)>${1}`{{7*7}}"


def hostile_siting():
    """Return a study whose names try to run, and a siting of it."""
    study = one_street(
        {"a": (0, 100), "b": (1500, 40), "c": (3000, None)},
        centres={"old": (200, "community")},
        synthetic=True,
    )
    named = pd.Series(HOSTILE, index=study.residences.index)
    study = dataclasses.replace(
        study, name=HOSTILE, residences=study.residences.assign(name=named),
        centres=study.centres.assign(name=[HOSTILE]),
    )  # fmt: skip
    places = layer({HOSTILE: 2200}, name=[HOSTILE])
    plan = geoplan.locate_centres(geoplan.walk_network(study), study, STANDARD, add=1, candidates=places)
    return study, plan


@pytest.fixture(scope="module")
def made():
    return hostile_siting()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_loads_nothing_and_hostile_names_stay_text(made, lang):
    study, plan = made
    page = geoplan.maps.sites_map(study, plan, lang=lang).html
    assert text("map.legend_thresholds", lang) in page
    assert not re.search(r'<(?:script|link)[^>]+(?:src|href)=["\']?http', page)
    assert "<img src=x" not in page
    assert "49" not in re.findall(r"onerror=alert\(1\)[^<]{0,40}", page)
    assert geoplan.messages.text("banner.synthetic", lang) in page
    assert geoplan.messages.text("site.status.optimal", lang) in page
    for group in ("new", "before"):
        assert geoplan.messages.text(f"site.residence_{group}", lang) in page


def test_a_study_and_an_audit_of_it_give_the_same_map(made):
    study, plan = made
    audit = geoplan.audit(study, STANDARD)
    assert geoplan.maps.sites_map(audit, plan).html == geoplan.maps.sites_map(study, plan).html


def test_an_impossible_siting_is_drawn_as_it_is():
    study = one_street({"a": (0, 5), "b": (30_000, 5)}, length=30_000)
    plan = geoplan.locate_centres(
        geoplan.walk_network(study), study, STANDARD, model="p_median", add=1,
        candidates=layer({"x": 0, "y": 30_000}),
    )  # fmt: skip
    page = geoplan.maps.sites_map(study, plan, lang="en").html
    assert "impossible" in page
