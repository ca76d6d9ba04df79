from __future__ import annotations

import pytest
from typer.testing import CliRunner

from geoplan.cli.app import app
from geoplan.errors import MissingExtraError
from geoplan.report import report_pdf
from tests.folders import write_folder

RUN = CliRunner()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("study") / "small")


def test_every_format_is_written_from_a_folder(study, tmp_path):
    done = RUN.invoke(app, ["report", str(study), "--out", str(tmp_path), "--lang", "zh"])
    assert done.exit_code == 0, done.output
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "report.docx", "report.html", "report.pdf", "report.xlsx"
    ]  # fmt: skip
    assert "小城一刻钟服务圈核查报告" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_only_the_formats_asked_for_are_written(study, tmp_path):
    done = RUN.invoke(app, ["report", str(study), "--out", str(tmp_path), "--format", "html", "--quiet"])
    assert done.exit_code == 0, done.output
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert done.output == ""


def test_an_unknown_format_is_refused_with_the_known_ones(study, tmp_path):
    done = RUN.invoke(app, ["report", str(study), "--out", str(tmp_path), "--format", "odt"])
    assert done.exit_code == 2
    assert "html, docx, xlsx, pdf" in done.output
    assert not list(tmp_path.iterdir())


def test_a_missing_package_stops_its_format_only_and_says_how_to_install_it(study, tmp_path, monkeypatch):
    def absent(module, *, extra):
        raise MissingExtraError("error.missing_extra", module=module, extra=extra)

    monkeypatch.setattr(report_pdf, "import_extra", absent)
    done = RUN.invoke(
        app, ["report", str(study), "--out", str(tmp_path), "--format", "pdf,html", "--lang", "en"]
    )
    assert done.exit_code == 1
    assert "report.pdf is not written" in done.output
    assert "pip install 'geoplan[pdf]'" in done.output
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_without_the_package_that_draws_the_report_has_no_pictures_and_says_so(study, tmp_path, monkeypatch):
    def absent(*_):
        raise MissingExtraError("error.missing_extra", module="matplotlib", extra="figures")

    monkeypatch.setattr("geoplan.report.pictures.report_figures", absent)
    done = RUN.invoke(app, ["report", str(study), "--out", str(tmp_path), "--format", "html", "--lang", "en"])
    assert done.exit_code == 1
    assert "the report has no pictures" in done.output
    assert "<img" not in (tmp_path / "report.html").read_text(encoding="utf-8")
