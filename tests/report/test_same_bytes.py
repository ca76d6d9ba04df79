from __future__ import annotations

import time

import pytest

from geoplan import maps, report
from tests.audits import plain_audit

WRITERS = {
    "audit.json": report.write_json,
    "audit.xlsx": report.write_excel,
    "audit.gpkg": report.write_gpkg,
    "report.html": report.write_html,
    "map.html": lambda audit, file, lang: maps.audit_map(audit, lang=lang).save(file),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_study_audited_twice_gives_the_same_bytes(plain, tmp_path, name, lang):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    WRITERS[name](plain, first / name, lang=lang)
    # file formats stamp seconds, or pairs of seconds in a zip
    time.sleep(2.1 if lang == "zh" and name.endswith(("xlsx", "gpkg")) else 0)
    WRITERS[name](plain_audit(), second / name, lang=lang)
    assert (first / name).read_bytes() == (second / name).read_bytes()
