"""
Hostile text made harmless: for HTML that Leaflet builds, and for JSON inside a script.

Folium renders a script as a template twice: what the first pass filled in is a template to the second.
So a name such as ``{{ 7 * 7 }}`` would be computed, in Python, when the map is drawn.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

__all__ = ["html_text", "script_json"]

_TEMPLATE_SIGNS = str.maketrans({sign: f"&#{ord(sign)};" for sign in "`${}\\"})
_SCRIPT_SIGNS = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})
_TEMPLATE_START = re.compile(r"\{(?=[{%#])")
"""JSON itself never has these pairs outside of a string."""


def html_text(content: str) -> str:
    """
    Return text that stays text in HTML, in an attribute and in a JavaScript template literal.

    Examples
    --------
    >>> html_text('<b title="x">${alert(1)}`')
    '&lt;b title=&quot;x&quot;&gt;&#36;&#123;alert(1)&#125;&#96;'
    """
    return html.escape(content, quote=True).translate(_TEMPLATE_SIGNS)


def script_json(content: Any, *, datum: str | None = None) -> str:
    """
    Return compact JSON that cannot end the script element it stands in, and is no template.

    Parameters
    ----------
    content
        Plain data, and what has a method ``packed(datum)`` that returns such.
    datum
        Of the map that places are packed for; None is WGS84.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    >>> script_json("{{ 7 * 7 }}")
    '"\\\\u007b{ 7 * 7 }}"'
    """
    dumped = json.dumps(
        content, ensure_ascii=False, allow_nan=False, separators=(",", ":"),
        default=lambda one: one.packed(datum),
    )  # fmt: skip
    return _TEMPLATE_START.sub(r"\\u007b", dumped).translate(_SCRIPT_SIGNS)
