from __future__ import annotations

import pandas as pd

from geoplan.standards.parse import load_standard
from geoplan.workflow import audit
from tests.studies import street_study

SHOPS = {f"f{n}": (0, 0, kind) for n, kind in enumerate(("market", "bank", "clinic", "police", "park"))}
HOMES = {"near": (10, 0, None, None), "far": (3000, 0, None, None), "lost": (10, 2000, None, None)}


def test_homes_are_counted_where_nobody_counted_persons():
    study = street_study(homes=HOMES, shops=SHOPS)
    headline = audit(study, load_standard("default")).headline
    assert (headline["persons"], headline["coverage_rate_all_five"]) == (None, None)
    assert (headline["residences"], headline["residences_all_five"]) == (3, 1)
    assert headline["residences_unknown_all_five"] == 1


def test_the_headline_adds_up_from_the_tables():
    study = street_study(homes={"a": (10, 0, 30, 10), "b": (3000, 0, 20, 8)}, shops=SHOPS)
    checked = audit(study, load_standard("default"))
    homes = checked.tables["completeness"]
    passed = homes["verdict_all_five"] == "pass"
    assert checked.headline["persons_all_five"] == homes["persons"][passed].sum() == 30
    assert checked.headline["coverage_rate_all_five"] == 0.6
    indicators = checked.tables["indicators"]
    assert indicators.loc["persons_all_five", "value"] == 30
    assert pd.isna(indicators.loc["premises_unknown", "value"])
