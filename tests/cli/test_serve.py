from __future__ import annotations

import hashlib
import os

import pytest

from geoplan.cli import serve as command
from geoplan.cli.app import app, main
from geoplan.errors import DataError
from tests.folders import write_folder


def test_a_new_key_comes_with_its_hash(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["geoplan", "serve", "--new-key"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    key, digest = (line.rsplit(": ", 1)[1] for line in capsys.readouterr().out.splitlines())
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    assert len(key) >= 40


def test_what_is_typed_reaches_the_service_through_the_environment(monkeypatch, tmp_path):
    folder, told = write_folder(tmp_path / "s"), {}
    monkeypatch.setattr("os.environ", {})
    monkeypatch.setattr("uvicorn.run", lambda application, **more: told.update(more, application=application))
    command.serve(folder, host="0.0.0.0", port=81, workers=2, standard="law-2025", state=tmp_path)  # noqa: S104
    assert os.environ["GEOPLAN_STUDY"] == str(folder)
    assert os.environ["GEOPLAN_STANDARD"] == "law-2025"
    assert os.environ["GEOPLAN_STATE_DIR"] == str(tmp_path)
    assert "GEOPLAN_PROFILE" not in os.environ
    assert (told["host"], told["port"], told["workers"], told["factory"]) == ("0.0.0.0", 81, 2, True)  # noqa: S104
    # uvicorn's own log holds whole addresses, and with them positions
    assert told["access_log"] is False
    assert told["application"] == "geoplan_api.app:create_app"


def test_without_a_study_the_command_says_what_to_type(monkeypatch):
    monkeypatch.delenv("GEOPLAN_STUDY", raising=False)
    with pytest.raises(DataError, match="geoplan serve STUDY"):
        command.serve(None)
    assert any(one.callback is command.serve for one in app.registered_commands)
