"""``report.html``: the audit to read and print, on one page that loads nothing."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from geoplan.messages import Lang, text
from geoplan.report.blocks import Chart, Lines, Picture, Report, Table
from geoplan.report.context import report_of
from geoplan.report.words import plain_text
from geoplan.report.workbook import sign_count

if TYPE_CHECKING:
    from geoplan.planning.plan import SplitPlan
    from geoplan.workflow import Audit

__all__ = ["write_html", "write_report_html"]

_LANGUAGE_TAGS: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}
_KINDS = {Lines: "lines", Table: "table", Chart: "chart", Picture: "picture"}


def write_html(
    audit: Audit,
    file: str | Path,
    *,
    lang: Lang | None = None,
    plans: Sequence[SplitPlan] = (),
    pictures: Sequence[Picture] = (),
) -> None:
    """
    Write ``report.html``.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; a section whose table could not be computed is left out, and listed.
    file
        File to write; its folder exists.
    lang
        Language; None takes the study's.
    plans, pictures
        As in `geoplan.report.context.report_of`.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> folder = tempfile.mkdtemp()
    >>> write_html(checked, f"{folder}/report.html")
    """
    write_report_html(report_of(audit, lang=lang, plans=plans, pictures=pictures), file)


def write_report_html(report: Report, file: str | Path) -> None:
    """
    Write a report as one self-contained page.

    Parameters
    ----------
    report
        `geoplan.report.report_of`.
    file
        File to write; its folder exists.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report = geoplan.report.report_of(checked, lang="en")
    >>> write_report_html(report, f"{tempfile.mkdtemp()}/report.html")
    """
    page = _template().render(
        t=partial(text, lang=report.lang), tag=_LANGUAGE_TAGS[report.lang], report=report
    )
    Path(file).write_text(page, encoding="utf-8", newline="\n")


def _css_string(content: str) -> str:
    """Return text as a string of a style sheet, which no name in it can end."""
    return "".join(
        sign if sign.isalnum() or sign == " " else f"\\{ord(sign):06x}" for sign in plain_text(content)
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: _KINDS[type(block)]
    environment.filters["css"] = _css_string
    environment.filters["signs"] = sign_count
    environment.filters["base64"] = lambda content: base64.b64encode(content).decode("ascii")
    return environment.get_template("report.html")
