from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
import time

import pytest

import geoplan

MODULES = sorted(
    info.name for info in pkgutil.walk_packages(geoplan.__path__, "geoplan.") if ".vendor" not in info.name
)


def test_every_exported_name_resolves_and_the_list_is_sorted():
    assert geoplan.__all__ == sorted(geoplan.__all__)
    for name in geoplan.__all__:
        assert getattr(geoplan, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = geoplan.nothing_like_it


@pytest.mark.parametrize("module", MODULES)
def test_every_room_lists_what_it_exports(module):
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", []):
        assert hasattr(loaded, name), f"{module} exports {name}, which it does not have"


def remembered(function):
    """Return a function that works out the same call once: most examples begin with the same audit."""
    known = {}

    def call(*arguments, **options):
        key = tuple(one if isinstance(one, str) else id(one) for one in arguments), str(options)
        if key not in known:
            known[key] = (
                arguments,
                function(*arguments, **options),
            )  # arguments are kept, so that ids stay theirs
        return known[key][1]

    return call


SLOW = {
    name: remembered(getattr(geoplan, name))
    for name in ("audit", "load_standard", "plan_split", "read_study")
}


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_the_docstrings_run(module, pytestconfig, monkeypatch):
    monkeypatch.chdir(pytestconfig.rootpath)
    for name, function in SLOW.items():
        monkeypatch.setattr(geoplan, name, function)
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.failed == 0


@pytest.mark.parametrize("room", [geoplan, geoplan.maps, geoplan.report], ids=lambda room: room.__name__)
def test_every_public_function_has_an_example(room):
    functions = [one for one in (getattr(room, name) for name in room.__all__) if inspect.isfunction(one)]
    assert [one.__name__ for one in functions if ">>> " not in (one.__doc__ or "")] == []


def run_python(code):
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


def test_importing_the_library_loads_nothing_heavy():
    _, out = run_python(
        "import sys, geoplan; print([m for m in ('numba','pandas','geopandas','folium') if m in sys.modules])"
    )
    assert out.strip() == "[]"


def test_the_help_of_the_command_line_loads_nothing_heavy():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom geoplan.cli.app import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([m for m in ('pandas','geopandas','scipy','folium','shapely') if m in sys.modules])"
    )
    _, out = run_python(code)
    assert out.strip() == "[]"
