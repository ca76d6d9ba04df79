from __future__ import annotations

import pytest

from geoplan.errors import DataError
from geoplan.maps.inline import external_urls, inline_page

PAGE = "<!DOCTYPE html>\n<html>\n<head>{head}</head>\n<body>{body}</body>\n</html>"


def test_the_vendored_files_replace_their_links():
    head = (
        '<script src="https://cdn.example/leaflet@1.9.3/dist/leaflet.js"></script>'
        '<link rel="stylesheet" href="https://cdn.example/leaflet@1.9.3/dist/leaflet.css"/>'
    )
    page = inline_page(PAGE.format(head=head, body=""), lang="en")
    assert "cdn.example" not in page
    assert "Leaflet 1.9.4" in page
    assert ".leaflet-pane" in page
    assert 'lang="en"' in page


def test_links_to_what_is_not_used_vanish():
    head = '<script src="https://code.example/jquery-3.7.1.min.js"></script><link href="//x.example/b.css"/>'
    assert "example" not in inline_page(PAGE.format(head=head, body=""), lang="en")


def test_an_inlined_script_cannot_end_its_element():
    head = '<script src="https://cdn.example/leaflet.js"></script>'
    page = inline_page(PAGE.format(head=head, body=""), lang="en")
    assert page.lower().count("<script") == page.lower().count("</script") == 1


@pytest.mark.parametrize(
    "body",
    [
        '<img src="http://tracker.example/a.png">',
        '<img srcset="//tracker.example/a.png 2x">',
        '<iframe src="https://tracker.example/"></iframe>',
        '<div style="background:url(http://tracker.example/a.png)"></div>',
        "<style>@import 'http://tracker.example/a.css';</style>",
        "<style>a{background:url( 'http://tracker.example/a.png' )}</style>",
        '<script type="module" src="http://tracker.example/a.js"></script>',
        '<svg><image href="http://tracker.example/a.png"/></svg>',
        '<meta http-equiv="refresh" content="0;url=http://tracker.example/">',
        '<object data="http://tracker.example/a.swf"></object>',
        '<video poster="http://tracker.example/a.png"></video>',
        '<img src="images/marker.png">',
    ],
)
def test_whatever_a_browser_would_load_is_refused(body):
    assert external_urls(body)
    with pytest.raises(DataError, match="load from elsewhere"):
        inline_page(PAGE.format(head="", body=body), lang="en")


@pytest.mark.parametrize(
    "body",
    [
        '<img src="data:image/png;base64,AA==">',
        '<a href="https://example.org/">a link is followed, not loaded</a>',
        "<p>http://example.org/ in the text</p>",
        "<script>const where = 'http://example.org/';</script>",
        "<style>a{background:url(#hatch)}</style>",
    ],
)
def test_what_a_browser_does_not_load_is_let_be(body):
    assert external_urls(body) == []


def test_the_policy_lets_nothing_in():
    page = inline_page(PAGE.format(head="", body=""), lang="zh-CN")
    assert "default-src 'none'" in page
    assert page.index("Content-Security-Policy") < page.index("</head>")
