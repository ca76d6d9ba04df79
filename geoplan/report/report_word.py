"""``report.docx``: the report as a Word document in real styles, to be worked on and handed in."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

from geoplan._optional import import_extra
from geoplan.messages import text
from geoplan.report.blocks import Block, Chart, Lines, Picture, Report, Section, Table
from geoplan.report.charts import chart_png
from geoplan.report.word_parts import bookmarked, contents, element, field, fixed_zip, run, table
from geoplan.report.words import plain_text

__all__ = ["write_report_word"]

_BODY, _HEAD, _LATIN = "宋体", "黑体", "Times New Roman"
_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
_LONGEST_PROPERTY = 255
_LONG, _SHORT, _MARGIN = 29.7, 21.0, 1.8
"""A4 and its margins [cm]."""
_TWENTIETHS_PER_CM = 567
_STYLES = (
    ("Normal", _BODY, 10.5),
    ("Title", _HEAD, 22),
    ("Heading 1", _HEAD, 15),
    ("Heading 2", _HEAD, 12),
    ("Heading 3", _HEAD, 11),
    ("Caption", _HEAD, 9),
    ("Header", _BODY, 8),
    ("Footer", _BODY, 8),
    ("List Bullet", _BODY, 10.5),
    ("Table Text", _BODY, 7),
    ("Note", _BODY, 7.5),
    ("Warning", _HEAD, 10.5),
    ("toc 1", _BODY, 10),
    ("toc 2", _BODY, 9),
)
_SPACES = {"Table Text": 0, "Note": 2, "Caption": 2}
"""Below a paragraph [pt]: small, so that the sheet of a unit stays a page."""


def write_report_word(report: Report, file: str | Path) -> None:
    """
    Write ``report.docx``: contents, captions and page numbers as fields, headings of tables on every page.

    Parameters
    ----------
    report
        `geoplan.report.report_of`.
    file
        File to write; its folder exists.

    Raises
    ------
    MissingExtraError
        If python-docx or, for charts, matplotlib is not installed.

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> report = geoplan.report.report_of(checked, lang="en")
    >>> write_report_word(report, f"{tempfile.mkdtemp()}/report.docx")
    """
    document = import_extra("docx", extra="docx").Document()
    _styles(document)
    _properties(document, report)
    writer = _Writer(document, report)
    writer.front()
    for section in report.sections:
        writer.section(section, 1)
    made = io.BytesIO()
    document.save(made)
    Path(file).write_bytes(fixed_zip(made.getvalue()))


def _styles(document: Any) -> None:
    """Set the fonts of every style used; Word takes Chinese signs from the East Asian font."""
    shared = import_extra("docx.shared", extra="docx")
    kinds = import_extra("docx.enum.style", extra="docx").WD_STYLE_TYPE
    known = {style.name for style in document.styles}
    for name, font, size in _STYLES:
        if name not in known:
            made = document.styles.add_style(name, kinds.PARAGRAPH)
            made.base_style = document.styles["Normal"]
        style = document.styles[name]
        style.font.name, style.font.size = _LATIN, shared.Pt(size)
        style.font.color.rgb = shared.RGBColor(0x1D, 0x1D, 0x1B)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(_w(attribute), None)  # a theme font would go before ours
        fonts.set(_w("eastAsia"), font)
        style.paragraph_format.space_after = shared.Pt(_SPACES.get(name, 4))
    for name in ("Caption", "Heading 1", "Heading 2", "Heading 3"):
        document.styles[name].paragraph_format.keep_with_next = True
        document.styles[name].paragraph_format.space_before = shared.Pt(6)
    width = shared.Cm(_LONG - 2 * _MARGIN)
    right = import_extra("docx.enum.text", extra="docx").WD_TAB_ALIGNMENT.RIGHT
    for name, indent in (("toc 1", 0.0), ("toc 2", 0.6)):
        form = document.styles[name].paragraph_format
        form.tab_stops.add_tab_stop(width, right)
        form.left_indent, form.space_after = shared.Cm(indent), shared.Pt(0)


def _w(name: str) -> str:
    found: str = import_extra("docx.oxml.ns", extra="docx").qn(f"w:{name}")
    return found


def _properties(document: Any, report: Report) -> None:
    properties = document.core_properties
    properties.title, properties.author = plain_text(report.title)[:_LONGEST_PROPERTY], "geoplan"
    properties.created = properties.modified = _CREATED
    properties.last_modified_by = "geoplan"
    properties.comments = plain_text(report.running)[:_LONGEST_PROPERTY]
    properties.language = {"zh": "zh-CN", "en": "en-GB"}[report.lang]


class _Writer:
    """Adds blocks to a document, numbering captions and headings."""

    def __init__(self, document: Any, report: Report) -> None:
        self.document, self.report = document, report
        self.numbers = {"table": 0, "figure": 0}
        self.headings = 0
        self.portrait = False
        self._page(document.sections[0], portrait=False)
        self._edges(document.sections[0])

    def front(self) -> None:
        """Write the title, the warnings and the table of contents."""
        self.document.add_paragraph(plain_text(self.report.title), style="Title")
        for line in self.report.warnings:
            self.document.add_paragraph(plain_text(line), style="Warning")
        for line in self.report.about:
            self.document.add_paragraph(plain_text(line), style="Note")
        cards = [f"{label}: {cell.text}" for label, cell in self.report.cards]
        self.document.add_paragraph(plain_text("    ".join(cards)))
        self.document.add_paragraph(text("report.contents", self.report.lang), style="Warning")
        for paragraph in contents(_entries(self.report)):
            self._append(paragraph)

    def section(self, section: Section, level: int) -> None:
        """Write a section; the sheets of units stand upright, each on a page of its own."""
        units = bool(section.sections) and section.sections[0].unit
        turned = units != self.portrait
        self._turn(portrait=units)
        new_page = not turned and (units or not self.headings)
        self.heading(section.title, level, new_page=new_page)
        for block in section.blocks:
            self.block(block, unit=section.unit)
        for number, part in enumerate(section.sections):
            if part.unit:
                self.heading(part.title, level + 1, new_page=number > 0)
                for block in part.blocks:
                    self.block(block, unit=True)
            else:
                self.section(part, level + 1)

    def heading(self, title: str, level: int, *, new_page: bool) -> None:
        """Add a heading that the table of contents points to."""
        runs = run(title) if level > 2 else bookmarked(self.headings, run(title))
        self.headings += level <= 2
        broken = "<w:pageBreakBefore/>" if new_page else ""
        self._append(element(f'<w:p><w:pPr><w:pStyle w:val="Heading{level}"/>{broken}</w:pPr>{runs}</w:p>'))

    def block(self, block: Block, *, unit: bool) -> None:
        """Add a block."""
        if isinstance(block, Lines):
            style = {"plain": "Normal", "list": "List Bullet"}.get(block.style, "Note")
            for one in block.cells:
                self.document.add_paragraph(plain_text(one.text), style=style)
        elif isinstance(block, Table):
            self.caption("table", block.title, numbered=not unit)
            width = (_SHORT if self.portrait else _LONG) - 2 * _MARGIN
            self._append(table(block, round(width * _TWENTIETHS_PER_CM)))
            self.document.add_paragraph(plain_text(block.foot.text), style="Note")
        elif isinstance(block, Chart):
            told = "; ".join(f"{bar.label} {bar.value.text}" for bar in block.bars)
            self.picture(Picture(block.key, block.title, chart_png(block, self.report.lang)), told)
        else:
            self._turn(portrait=block.upright)
            self.picture(block, block.title)

    def caption(self, kind: str, title: str, *, numbered: bool = True) -> None:
        """Add a caption, its number a field."""
        if not numbered:
            self.document.add_paragraph(plain_text(title), style="Caption")
            return
        self.numbers[kind] += 1
        # the message has the number between words: they stand on either side of the field
        told = text(f"dossier.{kind}", self.report.lang, number="\0", title=plain_text(title))
        before, after = told.split("\0")
        counted = field(f"SEQ {kind} \\* ARABIC", str(self.numbers[kind]))
        runs = run(before) + counted + run(after)
        self._append(element(f'<w:p><w:pPr><w:pStyle w:val="Caption"/></w:pPr>{runs}</w:p>'))

    def picture(self, picture: Picture, told: str) -> None:
        """Add a picture with its caption above, and what it tells for those who cannot see it."""
        shared = import_extra("docx.shared", extra="docx")
        self.caption("figure", picture.title)
        self.document.add_picture(io.BytesIO(picture.png), width=shared.Cm(16.0))
        shape = self.document.inline_shapes[-1]
        shape._inline.docPr.set("descr", plain_text(told))
        most = shared.Cm(23.0 if self.portrait else 14.5)
        if shape.height > most:
            shape.width, shape.height = round(shape.width * most / shape.height), most

    def _append(self, made: Any) -> None:
        # the last element of a body is its section's properties
        self.document.element.body.insert(len(self.document.element.body) - 1, made)

    def _turn(self, *, portrait: bool) -> None:
        """Begin a page the other way up, unless it is that way already."""
        if portrait == self.portrait:
            return
        starts = import_extra("docx.enum.section", extra="docx").WD_SECTION.NEW_PAGE
        self._page(self.document.add_section(starts), portrait=portrait)
        self.portrait = portrait

    def _page(self, section: Any, *, portrait: bool) -> None:
        shared = import_extra("docx.shared", extra="docx")
        orient = import_extra("docx.enum.section", extra="docx").WD_ORIENT
        section.orientation = orient.PORTRAIT if portrait else orient.LANDSCAPE
        section.page_width = shared.Cm(_SHORT if portrait else _LONG)
        section.page_height = shared.Cm(_LONG if portrait else _SHORT)
        section.left_margin = section.right_margin = shared.Cm(_MARGIN)
        section.top_margin = section.bottom_margin = shared.Cm(_MARGIN)
        section.header_distance = section.footer_distance = shared.Cm(0.9)

    def _edges(self, section: Any) -> None:
        """Write head and foot of every page: title and warning, and the page's number."""
        head = section.header.paragraphs[0]
        warning = run(f"    {self.report.running}", '<w:b/><w:color w:val="A84300"/>')
        for part in (run(self.report.title), *([warning] if self.report.running else [])):
            head._p.append(element(part))
        foot = section.footer.paragraphs[0]
        foot.alignment = import_extra("docx.enum.text", extra="docx").WD_ALIGN_PARAGRAPH.CENTER
        words = text("report.page", self.report.lang, page="\0", pages="\0").split("\0")
        pieces = run(words[0]) + field("PAGE", "1") + run(words[1]) + field("NUMPAGES", "1") + run(words[2])
        for one in element(f"<w:p>{pieces}</w:p>"):
            foot._p.append(one)


def _entries(report: Report) -> list[tuple[int, str]]:
    """Return level and title of every heading of the first two levels, as `_Writer` writes them."""
    return [
        (level, one.title)
        for section in report.sections
        for level, one in ((1, section), *((2, part) for part in section.sections))
    ]
