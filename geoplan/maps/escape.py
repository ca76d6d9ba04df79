"""Hostile text made harmless: for HTML that Leaflet builds, and for JSON inside a script."""

from __future__ import annotations

import html
import json
from typing import Any

__all__ = ["html_text", "script_json"]

_TEMPLATE_SIGNS = str.maketrans({sign: f"&#{ord(sign)};" for sign in "`${}\\"})
_SCRIPT_SIGNS = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def html_text(content: str) -> str:
    """
    Return text that stays text in HTML, in an attribute and in a JavaScript template literal.

    Examples
    --------
    >>> html_text('<b title="x">${alert(1)}`')
    '&lt;b title=&quot;x&quot;&gt;&#36;&#123;alert(1)&#125;&#96;'
    """
    return html.escape(content, quote=True).translate(_TEMPLATE_SIGNS)


def script_json(content: Any) -> str:
    """
    Return compact JSON that cannot end the script element it stands in.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    dumped = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return dumped.translate(_SCRIPT_SIGNS)
