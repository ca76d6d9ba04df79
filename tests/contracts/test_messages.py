from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from geoplan.messages import LANGS, catalogue, text

PACKAGE = Path(__file__).parents[2] / "geoplan"
KEY = re.compile(
    r"""["']((?:error|fault|reason|verdict|size|status|stage|headline|banner|map|report|cli)\.[a-z0-9_.]+)["']"""
)


def placeholders(template):
    return sorted({name for _, name, _, _ in string.Formatter().parse(template) if name is not None})


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_message_has_both_languages_with_the_same_placeholders(key):
    languages = catalogue()[key]
    assert sorted(languages) == sorted(LANGS)
    assert placeholders(languages["zh"]) == placeholders(languages["en"])


def test_every_key_in_the_code_is_in_the_catalogue():
    used = {
        key
        for file in PACKAGE.rglob("*.py")
        for key in KEY.findall(file.read_text(encoding="utf-8"))
        if not key.endswith((".", ".py", ".json", ".html", ".xlsx", ".gpkg", ".css", ".js"))
    }
    assert used
    # a key that others begin with is completed at run time, by a verdict, a level, a kind
    unknown = {key for key in used if not any(one == key or one.startswith(f"{key}.") for one in catalogue())}
    assert sorted(unknown) == []


def test_a_missing_key_is_an_error_not_an_empty_string():
    with pytest.raises(KeyError):
        text("error.no_such_message", "en")
