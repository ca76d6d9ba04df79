from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def files_of(package):
    found = (one for one in package.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    return {one.relative_to(package.parent).as_posix() for one in found}


def test_the_wheel_holds_the_library_the_service_and_everything_they_read(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = files_of(ROOT / "geoplan") | files_of(ROOT / "api" / "geoplan_api")
    assert sorted(wanted - names) == []
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"geoplan", "geoplan_api"}
