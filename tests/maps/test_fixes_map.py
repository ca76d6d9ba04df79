"""The ledger's faces on a study whose every name tries to run."""

from __future__ import annotations

import json
import re

import openpyxl
import pytest

import geoplan
from geoplan.maps.fixes import fixes_map
from geoplan.maps.palette import FIX_STYLES
from geoplan.messages import text
from geoplan.model.fix_tables import FIX_KINDS
from geoplan.planning.fixes import rank_fixes
from geoplan.planning.scenarios import apply_scenario, parse_scenario
from geoplan.report.fix_excel import write_fixes_excel
from geoplan.report.fix_words import fixes_as_dict
from tests.audits import SCRIPT, hostile_study

STANDARD = geoplan.load_standard("default").override({"circle.minutes": 8, "centre.minutes": 8})


@pytest.fixture(scope="module")
def made():
    study = hostile_study()
    return study, rank_fixes(geoplan.walk_network(study), study, STANDARD, limit=3)


def test_every_kind_has_a_style():
    assert set(FIX_STYLES) == set(FIX_KINDS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_loads_nothing_and_hostile_names_stay_text(made, lang):
    study, ledger = made
    assert {"centre", "facility", "premises"} <= set(ledger.fixes["fix_kind"])
    page = fixes_map(study, STANDARD, ledger, lang=lang).html
    assert not re.search(r'<(?:script|link)[^>]+(?:src|href)=["\']?http', page)
    assert SCRIPT not in page
    assert "<img src=x" not in page
    assert text("banner.synthetic", lang) in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_holds_text_and_no_formula(made, tmp_path, lang):
    study, ledger = made
    write_fixes_excel(ledger, study, STANDARD, tmp_path / "f.xlsx", lang=lang)
    for sheet in openpyxl.load_workbook(tmp_path / "f.xlsx").worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_plain_data_is_json_and_every_edit_can_be_made(made, lang):
    study, ledger = made
    content = json.loads(json.dumps(fixes_as_dict(ledger, study, STANDARD, lang=lang), allow_nan=False))
    assert len(content["fixes"]) == len(ledger.fixes) > 0
    for row in content["fixes"]:
        assert row["estimated"] and row["title"] and row["clause"]
        assert {one["service"] for one in row["by_service"]} >= set(row["services"].split(","))
        apply_scenario(study, STANDARD, parse_scenario(row["edit"], row["fix_id"]))
