from __future__ import annotations

from tests.folders import write_folder


def test_export_writes_the_project_with_what_it_shows_and_the_tiles(run, tmp_path):
    folder = write_folder(tmp_path / "small")
    code, out, _ = run("export", folder, "--qgis", "--pmtiles", "--out", tmp_path / "out", "--lang", "en")
    assert code == 0
    written = {one.relative_to(tmp_path / "out").as_posix() for one in (tmp_path / "out").rglob("*.*")}
    assert {"audit.qgz", "audit.gpkg", "study.gpkg", "tiles/residences.pmtiles"} <= written
    assert all(one in out for one in written)


def test_export_of_nothing_is_a_usage_error(run, tmp_path):
    code, _, err = run("export", write_folder(tmp_path / "small"))
    assert code == 2
    assert "--pmtiles" in err
