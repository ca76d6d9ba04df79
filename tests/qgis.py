"""The Python that has QGIS, if there is one on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache

import pytest


@cache
def python_with_qgis():
    """Return a Python that can import QGIS, None if there is none."""
    for name in ("/usr/bin/python3", shutil.which("python3")):
        if name and subprocess.run([name, "-c", "import qgis.core"], capture_output=True).returncode == 0:
            return name
    return None


def told_by_qgis(script, *arguments, home):
    """Return what a script writes as JSON, run by that Python without a window; skip the test if none is."""
    python = python_with_qgis()
    if python is None:
        pytest.skip("QGIS is not on this machine")
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(home)}
    command = [python, str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=True, env=environment, timeout=120)
    return json.loads(done.stdout)
