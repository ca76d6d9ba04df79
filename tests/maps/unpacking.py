"""What a page's data say, unpacked the slow and obvious way: the oracle of ``geoplan.maps.packing``."""

from __future__ import annotations

import base64
import json
import re

TOP = {"u1": 0xFF, "u2": 0xFFFF, "u4": 0xFFFFFFFF}


def numbers(column):
    """Return a packed column as numbers; None for a missing one."""
    content = base64.b64decode(column["data"])
    width = int(column["type"][1])
    values = [int.from_bytes(content[at : at + width], "little") for at in range(0, len(content), width)]
    return [None if one == TOP[column["type"]] else one / column["scale"] for one in values]


def coordinates(packed):
    """Return packed places as pairs of longitude and latitude."""
    steps, value, shift = [], 0, 0
    for byte in base64.b64decode(packed["data"]):
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            steps.append(-(value + 1) // 2 if value % 2 else value // 2)
            value = shift = 0
    found, lon, lat = [], 0, 0
    for east, north in zip(steps[::2], steps[1::2], strict=True):
        lon, lat = lon + east, lat + north
        found.append((lon / packed["scale"], lat / packed["scale"]))
    assert len(found) == packed["count"]
    return found


def shapes(packed):
    """Return packed shapes: for each row its parts, each a kind and its rings."""
    places = iter(coordinates(packed["at"]))
    names = ("parts", "kinds", "rings", "vertices")
    columns = {name: iter(map(int, numbers(packed[name]))) for name in names}
    rows = []
    for _ in range(packed["rows"]):
        row = []
        for _ in range(next(columns["parts"])):
            kind = next(columns["kinds"])
            counts = [next(columns["vertices"]) for _ in range(next(columns["rings"]))]
            row.append((kind, [[next(places) for _ in range(count)] for count in counts]))
        rows.append(row)
    return rows


def layers_of(page):
    """
    Return what each layer of a page shows, by its name in the layer control.

    A layer that is a group of a cloud comes as the cloud's data, with ``rows``: the places of its points.
    """
    data = {
        name: (kind, json.loads(content))
        for name, kind, content in re.findall(
            r"var ((?:data_layer|cloud)_\w+) = geoplan\.(\w+)\((.*)\);\n", page
        )
    }
    groups = re.findall(r"var (group_layer_\w+) = geoplan\.group\((cloud_\w+), (\d+)\);", page)
    for name, cloud, number in groups:
        content = data[cloud][1]
        every = numbers(content["group"]) if "group" in content else [0] * content["at"]["count"]
        rows = [at for at, one in enumerate(every) if one == int(number)]
        data[name] = ("points", {**content, "style": content["groups"][int(number)], "rows": rows})
    named = re.findall(r'"((?:[^"\\]|\\.)*)"\s*:\s*((?:data_layer|group_layer)_\w+)', page)
    return {json.loads(f'"{name}"'): data[one] for name, one in named}


def title(data, at):
    """Return the title of a card."""
    return data["ids"][at] if data["title"][at] is None else data["title"][at]


def fact(data, label, at):
    """Return what a card shows beside a label."""
    (found,) = [one for one in data["facts"] if one[0] == label]
    if len(found) == 3:
        return found[2][found[1][at]]
    return numbers(found[1])[at] if isinstance(found[1], dict) else found[1][at]
