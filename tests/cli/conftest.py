from __future__ import annotations

import pytest

from geoplan.cli.app import main


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line; return its exit status, standard output and standard error."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["geoplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capsys.readouterr()
        return ended.value.code or 0, out.out, out.err

    return call
