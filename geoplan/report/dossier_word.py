"""The dossier of a split in Word, as it is handed in."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from geoplan._optional import import_extra
from geoplan.messages import Lang, text
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.dossier import Dossier, Rows, dossier_of
from geoplan.report.words import plain_text
from geoplan.report.workbook import sign_count
from geoplan.standards.standard import Standard

__all__ = ["write_dossier_word"]

_BODY, _HEAD = "宋体", "黑体"
_LATIN = "Times New Roman"
_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
_WIDTH_CM = 16.0
_LONGEST_PROPERTY = 255
_MARGIN = "40"
"""Of a cell, in twentieths of a point: narrow, so that figures stay on one line."""
_SHORTEST, _LONGEST = 6, 24
"""Signs between which a column's share of the page is kept."""


def write_dossier_word(
    plan: SplitPlan,
    study: Study,
    standard: Standard,
    file: str | Path,
    *,
    sketches: tuple[Path, Path] | None = None,
    lang: Lang | None = None,
) -> None:
    """
    Write the dossier of a split as a Word document.

    Parameters
    ----------
    plan, study, standard
        The split, and what it was made of.
    file
        ``.docx``.
    sketches
        Pictures before and after (`geoplan.report.split_sketch.draw_split`); None leaves them out.
    lang
        Language; None takes the study's.

    Raises
    ------
    MissingExtraError
        If python-docx is not installed.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> plan = geoplan.plan_split(None, study, "620105007013", standard, model="cut")
    >>> write_dossier_word(plan, study, standard, f"{tempfile.mkdtemp()}/split.docx")
    """
    chosen = lang or study.lang
    content = dossier_of(plan, study, standard, lang=chosen)
    document = import_extra("docx", extra="docx").Document()
    _set_up(document, content.title)
    _request(document, content)
    writer = _Writer(document, chosen)
    writer.heading("dossier.comparison")
    writer.table("dossier.comparison", content.comparison)
    if sketches is not None:
        writer.heading("dossier.maps")
        for picture, key in zip(sketches, ("sketch.before", "sketch.after"), strict=True):
            writer.picture(picture, plain_text(text(key, chosen, community=plan.name)))
        writer.paragraph(text("dossier.numbers", chosen))
        writer.paragraph(f"{text('sketch.internal', chosen)}    {text('sketch.review', chosen)}")
    writer.heading("dossier.boundaries")
    for line in content.boundaries:
        writer.paragraph(line)
    writer.heading("dossier.compounds")
    writer.table("dossier.compounds", content.compounds)
    writer.heading("dossier.checks")
    verdicts = content.shown.checks["verdict"]
    counted = {
        name: int((verdicts == code).sum())
        for name, code in (("passed", "pass"), ("failed", "fail"), ("unknown", "unknown"))
    }
    writer.paragraph(text("dossier.counted", chosen, **counted))
    writer.table("dossier.checks", content.checks)
    writer.heading("dossier.figures")
    writer.table("dossier.figures", content.figures)
    writer.heading("dossier.basis")
    for line in content.basis:
        writer.paragraph(line)
    document.save(str(file))


def _set_up(document: Any, title: str) -> None:
    """Set page, fonts and properties; Word takes Chinese signs from the East Asian font."""
    shared = import_extra("docx.shared", extra="docx")
    section = document.sections[0]
    section.page_width, section.page_height = shared.Cm(21.0), shared.Cm(29.7)
    section.left_margin = section.right_margin = shared.Cm(2.5)
    for name, font, size in (
        ("Normal", _BODY, 11),
        ("Title", _HEAD, 20),
        ("Heading 1", _HEAD, 15),
        ("Caption", _BODY, 9),
        ("Table Grid", _BODY, 9),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = _LATIN, shared.Pt(size)
        style.font.color.rgb = shared.RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(_w(attribute), None)  # a theme font would go before ours
        fonts.set(_w("eastAsia"), font)
    document.styles["Normal"].paragraph_format.space_after = shared.Pt(6)
    properties = document.core_properties
    properties.title, properties.author = title[:_LONGEST_PROPERTY], "geoplan"
    properties.created = properties.modified = _CREATED
    properties.last_modified_by, properties.comments = "geoplan", ""
    _page_number(section.footer.paragraphs[0])


def _w(name: str) -> str:
    found: str = import_extra("docx.oxml.ns", extra="docx").qn(f"w:{name}")
    return found


def _element(name: str, **attributes: str) -> Any:
    made = import_extra("docx.oxml", extra="docx").OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(_w(key), value)
    return made


def _page_number(paragraph: Any) -> None:
    paragraph.alignment = import_extra("docx.enum.text", extra="docx").WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    for kind, instruction in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            run._r.append(_element("fldChar", fldCharType=kind))
        else:
            code = _element("instrText")
            code.text = instruction
            run._r.append(code)


def _request(document: Any, content: Dossier) -> None:
    """Write the request itself: title, warnings, paragraphs."""
    alignment = import_extra("docx.enum.text", extra="docx").WD_ALIGN_PARAGRAPH
    document.add_paragraph(content.title, style="Title").alignment = alignment.CENTER
    for line in content.warnings:
        document.add_paragraph().add_run(line).bold = True
    for line in content.request:
        document.add_paragraph(line)


class _Writer:
    """Adds headings, tables and pictures, numbering their captions."""

    def __init__(self, document: Any, lang: Lang) -> None:
        self.document, self.lang = document, lang
        self.numbers = {"dossier.table": 0, "dossier.figure": 0}

    def heading(self, key: str) -> None:
        """Add a heading."""
        self.document.add_heading(text(key, self.lang), level=1)

    def paragraph(self, line: str) -> None:
        """Add a paragraph."""
        self.document.add_paragraph(line)

    def _caption(self, kind: str, title: str, *, before: bool) -> None:
        self.numbers[kind] += 1
        told = text(kind, self.lang, number=self.numbers[kind], title=title)
        paragraph = self.document.add_paragraph(told, style="Caption")
        paragraph.paragraph_format.keep_with_next = before

    def table(self, key: str, rows: Rows) -> None:
        """Add a table with its caption above; the headings repeat on every page, rows are not torn."""
        self._caption("dossier.table", text(key, self.lang), before=True)
        table = self.document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
        # cells are asked for row by row: by place, each lookup walks the whole table
        for number, (row, values) in enumerate(zip(table.rows, rows, strict=True)):
            properties = row._tr.get_or_add_trPr()
            properties.append(_element("cantSplit"))
            if number == 0:
                properties.append(_element("tblHeader"))
            for cell, value in zip(row.cells, values, strict=True):
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.space_after = 0
                paragraph.add_run(value).bold = number == 0 or None
        self._widths(table, rows)
        self.document.add_paragraph()

    def _widths(self, table: Any, rows: Rows) -> None:
        """Share out the width of the page: figures stay on one line, headings and long texts are wrapped."""
        centimetres = import_extra("docx.shared", extra="docx").Cm
        least = []
        for at, heading in enumerate(rows[0]):
            body = max((sign_count(row[at]) for row in rows[1:]), default=0)
            word = max((len(one) for one in heading.split() if one.isascii()), default=0)
            least.append(min(max(body + 2, word + 3, sign_count(heading) // 2 + 2, _SHORTEST), _LONGEST))
        table.autofit = False
        margins = _element("tblCellMar")
        for side in ("left", "right"):
            margins.append(_element(side, w=_MARGIN, type="dxa"))
        table._tbl.tblPr.append(margins)
        for at, column in enumerate(table.columns):
            column.width = centimetres(_WIDTH_CM * least[at] / sum(least))
        for row in table.rows:
            for at, cell in enumerate(row.cells):
                cell.width = centimetres(_WIDTH_CM * least[at] / sum(least))

    def picture(self, file: Path, title: str) -> None:
        """Add a picture with its caption below, on one page with it."""
        shared = import_extra("docx.shared", extra="docx")
        self.document.add_picture(str(file), width=shared.Cm(_WIDTH_CM))
        self.document.paragraphs[-1].paragraph_format.keep_with_next = True
        shape = self.document.inline_shapes[-1]
        shape._inline.docPr.set("descr", title)
        most = shared.Cm(20.0)
        if shape.height > most:
            shape.width, shape.height = round(shape.width * most / shape.height), most
        self._caption("dossier.figure", title, before=False)
