"""Pieces of a Word document as XML: tables and fields, quicker than cell by cell, and in real styles."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from geoplan._optional import import_extra
from geoplan.report.blocks import Table
from geoplan.report.layout import column_shares
from geoplan.report.traced import Cell
from geoplan.report.words import plain_text

__all__ = ["bookmarked", "contents", "element", "field", "fixed_zip", "run", "table"]

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_COLOURS = {
    "pass": "00588C", "within": "00588C", "fail": "A84300", "oversized": "A84300", "unknown": "4D4D4D",
    "undersized": "6D4C00",
}  # fmt: skip
_HEAD_FILL, _LABEL_FILL = "E6EDF4", "F6F8FA"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date a zip can hold: the same report gives the same bytes."""


def element(xml: str) -> Any:
    """Return an element of WordprocessingML, its prefix declared."""
    at = next(place for place, sign in enumerate(xml) if sign in " />" and place)
    declared = f'{xml[:at]} xmlns:w="{_NAMESPACE}"{xml[at:]}'
    return import_extra("docx.oxml", extra="docx").parse_xml(declared)


def run(content: str, properties: str = "") -> str:
    """Return a run of text; ``properties`` is what stands in its ``rPr``."""
    styled = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{styled}<w:t xml:space="preserve">{escape(plain_text(content))}</w:t></w:r>'


def field(instruction: str, shown: str) -> str:
    """Return a field with the result it has until it is updated."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(shown)}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def bookmarked(number: int, runs: str) -> str:
    """Return runs inside a bookmark that `contents` refers to."""
    return (
        f'<w:bookmarkStart w:id="{number}" w:name="_Toc{number:06}"/>{runs}<w:bookmarkEnd w:id="{number}"/>'
    )


def contents(entries: Sequence[tuple[int, str]]) -> list[Any]:
    """
    Return the paragraphs of a table of contents, its entries filled in.

    Parameters
    ----------
    entries
        Level (1 or 2) and title of each heading, in order; the n-th is bookmark n.

    Notes
    -----
    Page numbers are fields too: a program that lays out pages fills them in, at the latest when the table is
    updated. None is written here, as a wrong one is worse than none.
    """
    paragraphs = []
    for number, (level, title) in enumerate(entries):
        begin = end = ""
        if number == 0:
            begin = (
                '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
                '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>'
                '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
            )
        if number == len(entries) - 1:
            end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        page = field(f"PAGEREF _Toc{number:06} \\h", "")
        paragraphs.append(
            element(
                f'<w:p><w:pPr><w:pStyle w:val="TOC{level}"/></w:pPr>{begin}'
                f'<w:hyperlink w:anchor="_Toc{number:06}" w:history="1">{run(title)}<w:r><w:tab/></w:r>{page}'
                f"</w:hyperlink>{end}</w:p>"
            )
        )
    return paragraphs


def table(block: Table, width: int) -> Any:
    """
    Return a table: its headings repeat on every page, rows are not torn.

    Parameters
    ----------
    block
        What it shows.
    width
        Width of the page between its margins [twentieths of a point].
    """
    columns = [round(share * width * (0.7 if block.kind == "pairs" else 1)) for share in column_shares(block)]
    headings = [Cell(one) for one in block.sheet.headings]
    rows = [_row(headings, columns, heading=True)] if headings else []
    rows += [_row(row, columns, form=block.kind != "grid") for row in block.rows]
    if block.sheet.totals and block.printed is None:
        rows.append(_row(block.sheet.totals, columns, total=True))
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in columns)
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="C9C9C9"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    return element(
        f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="{sum(columns)}" w:type="dxa"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="50" w:type="dxa"/><w:right w:w="50" w:type="dxa"/></w:tblCellMar>'
        f"<w:tblCaption w:val={quoteattr(plain_text(block.title))}/></w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _row(
    cells: Sequence[Cell],
    columns: Sequence[int],
    *,
    heading: bool = False,
    total: bool = False,
    form: bool = False,
) -> str:
    def labelled(cell: Cell) -> str:
        return _LABEL_FILL if cell.mark == "label" else ""

    filled = _HEAD_FILL if heading or total else ""
    written = [
        _cell(
            cell,
            width,
            filled or (_LABEL_FILL if cell.mark == "label" else ""),
            bold=heading or total,
            left=form,
        )
        for cell, width in zip(cells, columns, strict=True)
    ]
    repeated = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(written)}</w:tr>"


def _cell(cell: Cell, width: int, fill: str, *, bold: bool, left: bool) -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    aligned = '<w:jc w:val="right"/>' if cell.mark == "number" and not left else ""
    properties = "<w:b/>" if bold else ""
    if cell.mark in _COLOURS:
        properties += f'<w:color w:val="{_COLOURS[cell.mark]}"/>'
    content = run(cell.text, properties) if cell.text else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="TableText"/>{aligned}</w:pPr>{content}</w:p></w:tc>'
    )


def fixed_zip(content: bytes) -> bytes:
    """Return a zip with the same files, each dated the same."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            info = zipfile.ZipInfo(entry.filename, _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(info, source.read(entry.filename))
    return made.getvalue()
