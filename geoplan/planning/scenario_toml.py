"""A scenario as the text of a TOML file, as `geoplan.planning.scenarios.parse_scenario` reads it."""

from __future__ import annotations

import dataclasses
import json

from geoplan.planning.edits import edit_name
from geoplan.planning.scenarios import Scenario

__all__ = ["scenario_toml"]


def scenario_toml(scenario: Scenario) -> str:
    """
    Return a scenario as TOML; fields that are not given are left out.

    Parameters
    ----------
    scenario
        Any scenario; reading the text gives an equal one.

    Examples
    --------
    >>> from geoplan.planning.edits import OpenGate
    >>> print(scenario_toml(Scenario((OpenGate("s7"),), name="the gate")))
    name = "the gate"
    <BLANKLINE>
    [[edits]]
    edit = "open_gate"
    street_id = "s7"
    <BLANKLINE>
    """
    head = [(key, getattr(scenario, key)) for key in ("name", "crs")]
    lines = [f"{key} = {_value(value)}" for key, value in head if value]
    for edit in scenario.edits:
        lines += ["", "[[edits]]", f"edit = {_value(edit_name(edit))}"]
        for field in dataclasses.fields(edit):
            value = getattr(edit, field.name)
            if value is not None:
                lines.append(f"{field.name} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # a basic string of TOML has the escapes of JSON, and wants DEL escaped too
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return repr(value)
