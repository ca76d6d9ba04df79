from __future__ import annotations

import dataclasses
import json
import re

import geopandas as gpd
import pandas as pd
import pytest

import geoplan
from geoplan.maps.compare import _columns, _groups, _services, compare_map
from geoplan.maps.palette import CHANGE_STYLES, SIDE_STYLES
from geoplan.messages import text
from geoplan.planning.compare import Comparison
from geoplan.planning.edits import AddCentre, AddLink, CloseCentre
from geoplan.planning.scenarios import Scenario, apply_scenario
from tests.maps import unpacking
from tests.studies import CRS, X0, Y0, street_study

STANDARD = geoplan.load_standard("default")
HOSTILE = "<img src=x onerror=alert(1)>${1}`{{7*7}}"


def covered(study):
    return geoplan.coverage(geoplan.walk_network(study), study, STANDARD)


def hostile_comparison():
    """One home loses its centre, one gains one, one only walks farther; names try to run."""
    study = street_study(
        homes={"a": (0, 0, 100, 40), "b": (1500, 0, 30, 9), "c": (3900, 0, 7, 2)},
        centres={"old": (200, 0, "community"), "mid": (2100, 0, "district")}, synthetic=True,
    )  # fmt: skip
    named = pd.Series(HOSTILE, index=study.residences.index)
    study = dataclasses.replace(study, name=HOSTILE, residences=study.residences.assign(name=named))
    edits = (
        CloseCentre("old"), AddCentre("new", (X0 + 3800, Y0), name=HOSTILE),
        AddLink("bridge", (X0 + 100, Y0 + 2), (X0 + 900, Y0 + 2), name=HOSTILE),
    )  # fmt: skip
    there, _ = apply_scenario(study, STANDARD, Scenario(edits, crs=CRS))
    return study, there, geoplan.compare(covered(study), covered(there))


@pytest.fixture(scope="module")
def made():
    _, there, found = hostile_comparison()
    return there, found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_loads_nothing_and_hostile_names_stay_text(made, lang):
    there, found = made
    page = compare_map(there, STANDARD, found, title=HOSTILE, lang=lang).html
    assert text("map.legend_thresholds", lang) in page
    assert not re.search(r'<(?:script|link)[^>]+(?:src|href)=["\']?http', page)
    assert "<img src=x" not in page
    assert text("banner.synthetic", lang) in page
    # names of layers stand in the page as JSON
    assert json.dumps(text("compare.layer_links", lang)) in page


def test_each_home_is_drawn_once_by_what_it_gains_and_loses(made):
    there, found = made
    page = compare_map(there, STANDARD, found, lang="en").html
    kinds = found.changes.set_index(["residence_id", "service"])["change"]
    assert kinds["a", "centre_community"] == "loss"
    assert kinds["c", "centre_community"] == "gain"
    homes = found.changes["residence_id"].nunique()
    counted = re.findall(r"Residences: ([a-z ]+) \((\d+)\)", page)
    assert sum(int(count) for _, count in {tuple(one) for one in counted}) == homes
    assert {group for group, _ in counted} >= {"gain a service", "lose a service"}
    assert len({(style["fillColor"], style["radius"]) for style in CHANGE_STYLES.values()}) == 4


def test_where_nothing_differs_the_map_says_so(made):
    there, _ = made
    same = covered(there)
    page = compare_map(there, STANDARD, geoplan.compare(same, same), lang="en").html
    assert text("compare.none", "en") in page


def test_a_home_that_gains_one_service_and_loses_another_is_drawn_as_both(made):
    changes = gpd.GeoDataFrame(
        {
            "residence_id": ["a", "a", "b"],
            "verdict_before": ["pass", "fail", "fail"],
            "verdict_after": ["fail", "pass", "unknown"],
        }
    )
    assert _groups(changes).to_dict() == {"a": "both", "b": "other"}


def test_both_sides_are_drawn_with_the_verdict_of_each_home_on_the_service_chosen():
    before, after, found = hostile_comparison()
    page = compare_map(after, STANDARD, found, before=before, lang="en").html
    layers = unpacking.layers_of(page)
    changes = found.changes.set_index(["residence_id", "service"])
    options = re.findall(r"geoplan\.choice\(.*?clouds: \[(.*)\], timed", page, flags=re.S)[0]
    columns = [json.loads(one) for one in re.findall(r"columns: (\[.*?\]) \}", options)]
    services = _services(found)
    groups = list(SIDE_STYLES)
    for side, of_side in zip(("before", "after"), columns, strict=True):
        word = text("compare.side", "en", side=side, verdict=text("verdict.pass", "en"))
        _, data = layers[word]
        for service, column in zip(services, of_side, strict=True):
            for home, group in zip(data["ids"], unpacking.numbers(column), strict=True):
                known = (home, service) in changes.index
                wanted = changes.loc[(home, service), f"verdict_{side}"] if known else "same"
                assert groups[int(group)] == wanted
    assert page.count("geoplan.setUp(") == 2
    assert page.count("geoplan.together(") == 1
    # the centre closed stands on the left, the new one on the right
    assert sum(data["at"]["count"] for _, data in layers.values() if "symbol" in data) >= 2


def test_a_home_that_was_not_there_before_is_not_drawn_on_the_left():
    changes = gpd.GeoDataFrame(
        {"residence_id": ["n"], "service": ["x"], "verdict_before": [None], "verdict_after": ["pass"]}
    )
    found = Comparison(changes=changes, by_community=None, totals=None)
    (left,), (right,) = (_columns(found, ["x"], side) for side in ("before", "after"))
    assert unpacking.numbers(left.packed()) == [None]
    assert unpacking.numbers(right.packed()) == [0]
