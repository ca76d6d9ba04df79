"""The font of printed figures: open, with rare signs of place names, as TrueType where PDF asks for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from geoplan._optional import import_extra
from geoplan.errors import MissingExtraError

__all__ = ["cjk_font", "true_type"]

_EMBEDDED = "Noto Sans SC"
_INSTALLED = (
    "WenQuanYi Micro Hei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "SimSun",
    "WenQuanYi Zen Hei",
)
_ALWAYS = frozenset(map(chr, range(0x20, 0x7F))) | frozenset(
    "\u2212\u2013\u2014\u00b7\u00d7\u2264\u2265\u00b0\ufffd"
)
_NO_PROGRAMS = (
    "maxTwilightPoints",
    "maxStorage",
    "maxFunctionDefs",
    "maxInstructionDefs",
    "maxStackElements",
    "maxSizeOfInstructions",
    "maxComponentElements",
)
_MOST_ERROR = 0.001
"""How far a quadratic curve may lie from the cubic one it replaces, as a share of the font's em."""


@cache
def cjk_font() -> str:
    """
    Return the name of a font that has Chinese signs, known to matplotlib.

    The one of the package ``pylopdf-fonts-zh-cn`` (Noto Sans SC, SIL Open Font License) comes first: it has
    rare signs of place names and is the same on every machine. Else one that is installed.

    Raises
    ------
    MissingExtraError
        If there is none; the message names the cure.
    """
    manager = import_extra("matplotlib.font_manager", extra="figures").fontManager
    packaged = _packaged()
    if packaged is not None:
        manager.addfont(str(packaged))
        return _EMBEDDED
    known = {font.name for font in manager.ttflist}
    for name in (*_INSTALLED, _EMBEDDED):
        if name in known:
            return name
    raise MissingExtraError("error.no_cjk_font", known=", ".join(_INSTALLED[:5]))


def _packaged() -> Path | None:
    try:
        package = import_extra("pylopdf_fonts_zh_cn", extra="figures")
    except MissingExtraError:
        return None
    return Path(package.sans_path())


def true_type(signs: frozenset[str], folder: Path) -> Path | None:
    """
    Write the packaged font, cut down to some signs, with TrueType outlines.

    It has OpenType outlines of the other kind (CFF), which matplotlib embeds in a PDF as if they were
    TrueType; some readers then show nothing.

    Parameters
    ----------
    signs
        What is to be written with it; ASCII is always in it.
    folder
        Where the file is put.

    Returns
    -------
    file
        The font, the same bytes for the same signs; None if the package is not installed.
    """
    packaged = _packaged()
    if packaged is None:
        return None
    subset = import_extra("fontTools.subset", extra="figures")
    font = import_extra("fontTools.ttLib", extra="figures").TTFont(packaged, recalcTimestamp=False)
    options = subset.Options(layout_features=[], notdef_outline=True, hinting=False, glyph_names=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(signs | _ALWAYS)))
    cutter.subset(font)
    _quadratic(font)
    file = folder / "signs.ttf"
    font.save(file)
    return file


def _quadratic(font: Any) -> None:
    """Replace the outlines of a font by TrueType ones."""
    new_table = import_extra("fontTools.ttLib", extra="figures").newTable
    curves = import_extra("fontTools.pens.cu2quPen", extra="figures")
    pens = import_extra("fontTools.pens.ttGlyphPen", extra="figures")
    order, drawn = font.getGlyphOrder(), font.getGlyphSet()
    most = _MOST_ERROR * font["head"].unitsPerEm
    glyphs = {}
    for name in order:
        pen = pens.TTGlyphPen(drawn)
        drawn[name].draw(curves.Cu2QuPen(pen, most, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"] = new_table("loca")
    font["glyf"] = outlines = new_table("glyf")
    outlines.glyphOrder, outlines.glyphs = order, glyphs
    for name in order:
        glyphs[name].recalcBounds(outlines)
        width, _ = font["hmtx"][name]
        font["hmtx"][name] = (width, getattr(glyphs[name], "xMin", 0))
    sizes = font["maxp"]
    sizes.tableVersion = 0x00010000
    for part in _NO_PROGRAMS:
        setattr(sizes, part, 0)
    sizes.maxZones = 1
    for name in ("CFF ", "VORG"):
        if name in font:
            del font[name]
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"
