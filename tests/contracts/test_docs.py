"""The documentation: examples that load, and a site that builds without a warning and fetches nothing."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from geoplan.io.study_toml import read_config
from geoplan.standards.parse import parse_standard

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
BLOCKS = [
    (page.relative_to(ROOT).as_posix(), found[1])
    for page in PAGES
    for found in re.finditer(r"```toml\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
]
PACKS = [one for one in BLOCKS if "[pack]" in one[1]]
STUDIES = [one for one in BLOCKS if "[study]" in one[1]]


class Fetched(HTMLParser):
    """Collects what a browser would fetch while it shows a page."""

    def __init__(self):
        super().__init__()
        self.urls = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source"):
            self.urls.append(given.get("src") or "")
        elif tag == "link" and "canonical" not in (given.get("rel") or ""):
            self.urls.append(given.get("href") or "")


@pytest.mark.parametrize(("page", "block"), PACKS, ids=[page for page, _ in PACKS])
def test_every_pack_shown_is_a_pack(page, block):
    standard = parse_standard(block, page)
    assert standard.categories
    assert standard.rule("circle.minutes")


@pytest.mark.parametrize(("page", "block"), STUDIES, ids=[page for page, _ in STUDIES])
def test_every_study_file_shown_is_read(page, block, tmp_path):
    (tmp_path / "study.toml").write_text(block, encoding="utf-8")
    assert read_config(tmp_path).layers


def test_the_pages_show_packs_and_studies_in_both_languages():
    for found in (PACKS, STUDIES):
        assert {page.split("/")[1] for page, _ in found} >= {"how-to", "zh"}


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="the site's builder is not here")
def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path):
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        build,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"NO_MKDOCS_2_WARNING": "1", "GEOPLAN_DOCS_EXECUTE": "false"},
    )
    assert done.returncode == 0, done.stderr  # with --quiet warnings would not count
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        fetched = Fetched()
        fetched.feed(page.read_text("utf-8"))
        outside = [url for url in fetched.urls if re.match(r"(https?:)?//", url)]
        assert outside == [], page.name
    words = (tmp_path / "reference" / "python.html").read_text("utf-8")
    assert "locate_centres" in words
    assert "<math" in (tmp_path / "method.html").read_text("utf-8")
