from __future__ import annotations

import json

import jinja2
from hypothesis import given
from hypothesis import strategies as st

from geoplan.maps.escape import html_text, script_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_escaped_text_holds_no_sign_of_markup_or_template(content):
    assert not set(html_text(content)) & set("<>\"'`${}\\")


@given(
    st.recursive(
        TEXT | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
    )
)
def test_script_json_reads_back_and_cannot_end_a_script(content):
    dumped = script_json(content)
    assert json.loads(dumped) == content
    assert not set(dumped) & set("<>&\u2028\u2029")


@given(
    st.recursive(st.text('{}%# "a'), lambda inner: st.lists(inner) | st.dictionaries(st.text("{}%#"), inner))
)
def test_script_json_is_no_template(content):
    dumped = script_json(content)
    assert json.loads(dumped) == content
    assert jinja2.Template(dumped, keep_trailing_newline=True).render() == dumped
