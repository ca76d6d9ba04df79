from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
import shapely
from geoplan_api.served import load_served
from geoplan_api.settings import Settings
from geoplan_api.store import audit_key, read_audit, write_audit

import geoplan as gp
from tests.folders import write_folder


@pytest.mark.parametrize("which", ["plain", "bare", "hostile", "city"])
def test_a_stored_audit_comes_back_to_the_last_bit(which, request, tmp_path):
    audit = request.getfixturevalue(which)
    write_audit(tmp_path, "key", audit)
    found = read_audit(tmp_path, "key", audit.study, audit.standard)
    assert found.headline == audit.headline
    assert found.not_computed == dict(audit.not_computed)
    assert found.provenance.as_dict() == audit.provenance.as_dict()
    assert list(found.tables) == list(audit.tables)
    for name, table in audit.tables.items():
        other = found.tables[name]
        pd.testing.assert_frame_equal(
            pd.DataFrame(table).drop(columns="geometry", errors="ignore"),
            pd.DataFrame(other).drop(columns="geometry", errors="ignore"),
            check_exact=True,
        )
        if "geometry" in table:
            assert other.crs == table.crs
            same = shapely.equals_identical(other.geometry.to_numpy(), table.geometry.to_numpy())
            assert (same | table.geometry.isna().to_numpy()).all()
            assert other.geometry.isna().tolist() == table.geometry.isna().tolist()


def test_a_stored_audit_of_something_else_is_not_taken(plain, tmp_path):
    write_audit(tmp_path, "key", plain)
    assert read_audit(tmp_path, "other", plain.study, plain.standard) is None
    assert read_audit(tmp_path / "nowhere", "key", plain.study, plain.standard) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"x" * 100])
def test_a_damaged_file_is_not_taken(plain, tmp_path, damage):
    write_audit(tmp_path, "key", plain)
    file = tmp_path / "audit.json"
    content = file.read_bytes()
    file.write_bytes(damage if damage != b"{" else content.replace(b"pass", b"fail", 1))
    assert read_audit(tmp_path, "key", plain.study, plain.standard) is None


def test_the_key_changes_with_everything_an_audit_is_made_of(tmp_path):
    folder = write_folder(tmp_path / "s")
    study, standard = gp.read_study(folder), gp.load_standard("default")
    keys = {audit_key(study, standard, folder)}
    keys.add(audit_key(study, standard.override({"circle.minutes": 10}), folder))
    keys.add(audit_key(study, standard.with_profile("elder"), folder))
    keys.add(audit_key(dataclasses.replace(study, max_snap_m=10.0), standard, folder))
    keys.add(audit_key(dataclasses.replace(study, complete=frozenset({"*"})), standard, folder))
    with (folder / "study.toml").open("a", encoding="utf-8") as toml:
        toml.write("# another\n")
    keys.add(audit_key(study, standard, folder))
    assert len(keys) == 6
    assert audit_key(study, standard, folder) in keys


def test_a_study_that_was_audited_before_is_not_audited_again(tmp_path, monkeypatch):
    told = Settings(study=write_folder(tmp_path / "s"), state_dir=tmp_path / "state")
    first = load_served(told)
    monkeypatch.setattr(gp, "audit", lambda *_: pytest.fail("audited again"))
    again = load_served(told, generation=2)
    assert again.audit.headline == first.audit.headline
    assert (again.key, again.generation) == (first.key, 2)


def test_a_state_folder_that_cannot_be_written_is_no_reason_not_to_answer(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    told = Settings(study=write_folder(tmp_path / "s"), state_dir=tmp_path / "file" / "state")
    assert load_served(told).audit.headline["communities"] == 2
