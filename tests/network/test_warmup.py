from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from geoplan.cli.app import app
from geoplan.network import warmup


def test_warmup_says_how_long_compiling_took():
    pytest.importorskip("numba")
    done = CliRunner().invoke(app, ["warmup", "--lang", "en"])
    assert done.exit_code == 0
    assert "searches compiled in" in done.output


def test_without_numba_warmup_names_the_cure(monkeypatch):
    monkeypatch.setattr(warmup, "numba_is_installed", lambda: False)
    done = CliRunner().invoke(app, ["warmup", "--lang", "en"])
    assert done.exit_code == 0
    assert "geoplan[fast]" in done.output


def test_small_searches_do_not_load_numba():
    code = (
        "import sys, numpy as np, geopandas as gpd, shapely\n"
        "from geoplan.network.areas import service_area\n"
        "from geoplan.network.build import network_from_streets\n"
        "from geoplan.network.snap import snap_places\n"
        "from geoplan.network.times import nearest, within\n"
        "lines = gpd.GeoDataFrame(geometry=shapely.from_wkt(['LINESTRING (0 0, 90 0)']), crs='EPSG:4544')\n"
        "walk = network_from_streets(lines)\n"
        "at = snap_places(walk, lines.set_geometry(lines.centroid), max_snap_m=5)\n"
        "costs = walk.costs(speed_m_per_min=60.0)\n"
        "nearest(walk, costs, at, at), within(walk, costs, at, at, limit_ms=5)\n"
        "service_area(walk, costs, at, limits_ms=[60_000])\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
