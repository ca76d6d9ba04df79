"""``report.pdf``: the report typeset by Typst. Text of the data is data to it, never markup."""

from __future__ import annotations

import json
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from geoplan._optional import import_extra
from geoplan.messages import text
from geoplan.report.blocks import Block, Chart, Lines, Picture, Report, Section, Table
from geoplan.report.layout import column_shares, soft_breaks
from geoplan.report.traced import Cell
from geoplan.report.words import plain_text

__all__ = ["write_report_pdf"]

_EPOCH = 946_684_800
"""2000-01-01: the same report gives the same bytes."""


def write_report_pdf(report: Report, file: str | Path, *, tagged: bool = True) -> None:
    """
    Write ``report.pdf``: A4, fonts embedded, with contents and page numbers.

    Parameters
    ----------
    report
        `geoplan.report.report_of`.
    file
        File to write; its folder exists.
    tagged
        Write PDF/UA-1, which screen readers can read; without, the file is an eighth as long.

    Raises
    ------
    MissingExtraError
        If typst or the font package is not installed.

    Notes
    -----
    The template is fixed and reads the report as JSON, so that no name can become markup.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report = geoplan.report.report_of(checked, lang="en")
    >>> write_report_pdf(report, f"{tempfile.mkdtemp()}/report.pdf", tagged=False)
    """
    typst = import_extra("typst", extra="pdf")
    fonts = Path(import_extra("pylopdf_fonts_zh_cn", extra="pdf").sans_path()).parent
    template = resources.files("geoplan.report").joinpath("templates", "layout.typ")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "layout.typ").write_bytes(template.read_bytes())
        content = json.dumps(_report(report, root), ensure_ascii=False)
        (root / "report.json").write_text(content, encoding="utf-8")
        made = typst.compile(
            str(root / "layout.typ"),
            root=str(root),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            timestamp=_EPOCH,
            pdf_tags=tagged,
            pdf_standards="ua-1" if tagged else [],
        )
    Path(file).write_bytes(made)


def _text(content: str) -> str:
    return soft_breaks(plain_text(content))


def _report(report: Report, root: Path) -> dict[str, Any]:
    """Return a report as plain data; its pictures go to files beside it."""
    words = {name: text(f"report.{name}", report.lang) for name in ("contents", "bars_note")}
    words |= {verdict: text(f"verdict.{verdict}", report.lang) for verdict in ("pass", "fail", "unknown")}
    return {
        "title": _text(report.title),
        "lang": report.lang,
        "about": [_text(line) for line in report.about],
        "warnings": [_text(line) for line in report.warnings],
        "running": _text(report.running),
        "page": text("report.page", report.lang, page="%", pages="%").split("%"),
        "cards": [{"label": _text(label), "value": _text(cell.text)} for label, cell in report.cards],
        "words": words,
        "sections": [_section(one, root) for one in report.sections],
    }


def _section(section: Section, root: Path) -> dict[str, Any]:
    return {
        "title": _text(section.title),
        "unit": section.unit,
        "blocks": [_block(one, root) for one in section.blocks],
        "sections": [_section(one, root) for one in section.sections],
    }


def _block(block: Block, root: Path) -> dict[str, Any]:
    if isinstance(block, Lines):
        return {"is": "lines", "style": block.style, "lines": [_text(one.text) for one in block.cells]}
    if isinstance(block, Table):
        totals = block.sheet.totals if block.printed is None else None
        return {
            "is": block.kind,
            "title": _text(block.title),
            "foot": _text(block.foot.text),
            "shares": column_shares(block),
            "headings": [_text(one) for one in block.sheet.headings],
            "rows": [_cells(row) for row in block.rows],
            "totals": _cells(totals or []),
        }
    if isinstance(block, Chart):
        bars = [
            {
                "label": _text(bar.label),
                "value": _text(bar.value.text),
                "parts": [[mark, width] for mark, _, width, _ in bar.parts],
            }
            for bar in block.bars
        ]
        return {"is": "chart", "title": _text(block.title), "verdicts": block.verdicts, "bars": bars}
    return {
        "is": "picture",
        "title": _text(block.title),
        "upright": block.upright,
        "file": _picture(block, root),
    }


def _cells(row: list[Cell]) -> list[dict[str, str]]:
    return [{"text": _text(one.text), "mark": one.mark} for one in row]


def _picture(picture: Picture, root: Path) -> str:
    name = f"picture-{sum(1 for _ in root.glob('picture-*'))}.png"
    (root / name).write_bytes(picture.png)
    return name
