"""A page that loads nothing: every script and style sheet inside it, and a guard that finds what is not."""

from __future__ import annotations

import base64
import re
from functools import cache
from html.parser import HTMLParser
from importlib import resources

from geoplan.errors import DataError

__all__ = ["external_urls", "inline_page"]

_VENDORED = {"leaflet.js": "vendor/leaflet/leaflet.js", "leaflet.css": "vendor/leaflet/leaflet.css"}
"""File names of what the page needs; every other script or sheet that Folium names goes unused."""

_SCRIPT = re.compile(r"""<script\s+src=["']([^"']+)["']\s*></script>""")
_SHEET = re.compile(r"""<link\s[^>]*?href=["']([^"']+)["'][^>]*?/?>""")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
_CSS_IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?([^"');\s]+)""")
_LOADING = {
    "script": ("src",), "link": ("href",), "img": ("src", "srcset"), "iframe": ("src",), "object": ("data",),
    "embed": ("src",), "source": ("src", "srcset"), "video": ("src", "poster"), "audio": ("src",),
    "track": ("src",), "image": ("href", "xlink:href"), "use": ("href", "xlink:href"), "input": ("src",),
    "body": ("background",), "base": ("href",),
}  # fmt: skip
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src {images}; "
    "base-uri 'none'; form-action 'none'"
)


def inline_page(page: str, *, lang: str, tile_host: str = "") -> str:
    """
    Return a rendered Folium page with its scripts and style sheets inside.

    Parameters
    ----------
    page
        HTML as Folium renders it.
    lang
        BCP 47 tag of the page's language.
    tile_host
        The one origin, such as ``https://tile.openstreetmap.org``, that the page may load pictures from;
        empty: none.

    Returns
    -------
    page
        Needs no other file. A content security policy forbids the browser to load anything else.

    Raises
    ------
    DataError
        If the page would still load something.
    """
    page = _SCRIPT.sub(lambda found: _script(found.group(1)), page)
    page = _SHEET.sub(lambda found: _sheet(found.group(1)), page)
    policy = _POLICY.format(images=f"data: {tile_host}".strip())
    head = f'<html lang="{lang}">\n<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    page = re.sub(r"<html>\s*<head>", lambda _: head, page, count=1)
    left = external_urls(page)
    if left:
        raise DataError("error.external_url", urls=", ".join(left[:5]), count=len(left))
    return page


def external_urls(page: str) -> list[str]:
    """
    Return what a browser would load from elsewhere when it shows the page.

    Examples
    --------
    >>> external_urls('<img src="data:,x"><img src="http://example.org/a.png">')
    ['http://example.org/a.png']
    >>> external_urls("<style>a { background: url(//example.org/b.png) }</style>")
    ['//example.org/b.png']
    """
    finder = _Finder()
    finder.feed(page)
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    """Collects references that leave the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if value is None:
                continue
            if name in _LOADING.get(tag, ()):
                self._note(value)
            elif name == "style":
                self._css(value)
            elif tag == "meta" and name == "http-equiv" and value.lower() == "refresh":
                self.found.append(str(dict(attrs).get("content")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._css(data)

    def _css(self, style: str) -> None:
        for pattern in (_CSS_URL, _CSS_IMPORT):
            for url in pattern.findall(style):
                self._note(url)

    def _note(self, url: str) -> None:
        if not url.strip().lower().startswith(("data:", "#", "about:")):
            self.found.append(url)


def _script(url: str) -> str:
    name = url.rsplit("/", 1)[-1]
    if name not in _VENDORED:
        return ""
    # "</script" inside a script would end it; within a string or a pattern "<\/script" says the same
    harmless = re.sub(r"</(?=script)", r"<\\/", _vendored(name), flags=re.IGNORECASE)
    return f"<script>\n{harmless}\n</script>"


def _sheet(url: str) -> str:
    name = url.rsplit("/", 1)[-1]
    return f"<style>\n{_vendored(name)}\n</style>" if name in _VENDORED else ""


@cache
def _vendored(name: str) -> str:
    """Return a vendored file as text, its images inside and without a source map."""
    path = _VENDORED[name]
    content = _read(path).decode("utf-8")
    content = re.sub(r"^//# sourceMappingURL=.*$", "", content, flags=re.MULTILINE)
    folder = path.rsplit("/", 1)[0]
    return content if name.endswith(".js") else _CSS_URL.sub(lambda found: _image(folder, found), content)


def _image(folder: str, found: re.Match[str]) -> str:
    url = found.group(1)
    if not url.endswith(".png"):
        return found.group(0)
    return f"url(data:image/png;base64,{base64.b64encode(_read(f'{folder}/{url}')).decode('ascii')})"


def _read(path: str) -> bytes:
    return resources.files("geoplan.maps").joinpath(path).read_bytes()
