"""
In which encoding a file's text is.

Office files from China are UTF-8 or GB18030 (of which GBK is a part), and rarely say so. Text that decodes as
UTF-8 is UTF-8: other encodings hardly ever do so by chance.
"""

from __future__ import annotations

import struct
from pathlib import Path

from geoplan.errors import EncodingError

__all__ = ["decode", "shapefile_encoding"]

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CANDIDATES = ("utf-8", "gb18030")
_LANGUAGE_DRIVER_GBK = 0x4D
_DBF_HEADER, _DBF_FIELD, _DBF_END = 32, 32, 0x0D
_TEXT_FIELDS = b"CM"


def decode(content: bytes, *, file: str, encoding: str = "") -> tuple[str, str]:
    """
    Return text and the encoding it was in.

    Parameters
    ----------
    content
        Bytes of the file.
    file
        Its name, for messages.
    encoding
        Encoding the study declares; empty finds it out.

    Raises
    ------
    EncodingError
        If the declared encoding does not fit, or neither UTF-8 nor GB18030 does.

    Examples
    --------
    >>> decode("洄水湾".encode("gbk"), file="a.csv")
    ('洄水湾', 'gb18030')
    """
    if encoding:
        return _decode_declared(content, file, encoding), encoding
    for mark, name in _BOMS:
        if content.startswith(mark):
            return _decode_declared(content, file, name), name
    trouble = ""
    for name in _CANDIDATES:
        try:
            return content.decode(name), name
        except UnicodeDecodeError as error:
            trouble = f"{content[error.start : error.start + 4].hex(' ')} @ {error.start}"
    raise EncodingError("error.encoding", file=file, detail=trouble)


def shapefile_encoding(file: Path, *, encoding: str = "") -> str:
    """
    Return the encoding of a shapefile's attributes.

    Parameters
    ----------
    file
        The ``.shp`` file; its ``.dbf`` and ``.cpg`` lie beside it.
    encoding
        Encoding the study declares, if it does; then the ``.cpg``, the language driver of the ``.dbf``
        and the text itself are asked, in this order.

    Raises
    ------
    EncodingError
        If the text is neither UTF-8 nor GB18030.
    """
    texts = dbf_texts(beside(file, ".dbf").read_bytes())
    if encoding:
        _decode_declared(b" ".join(texts), file.name, encoding)
        return encoding
    mark = beside(file, ".cpg")
    declared = mark.read_text(encoding="ascii", errors="replace").strip() if mark.is_file() else ""
    if declared:
        # GBK and GB2312 are parts of GB18030; a page number such as 936 names GBK
        chinese = declared.lower().removeprefix("cp").replace("-", "") in ("gbk", "gb2312", "936", "54936")
        return "gb18030" if chinese else declared
    with beside(file, ".dbf").open("rb") as stream:
        driver = stream.read(_DBF_HEADER)[29]
    if driver == _LANGUAGE_DRIVER_GBK:
        return "gb18030"
    trouble = ""
    for name in _CANDIDATES:
        try:
            for one in texts:
                _decode_cut(one, name)
        except UnicodeDecodeError as error:
            trouble = f"{error.object[:16].hex(' ')}"
        else:
            return name
    raise EncodingError("error.encoding", file=file.name, detail=trouble)


def beside(file: Path, suffix: str) -> Path:
    """Return a shapefile's companion, whichever way its suffix is written."""
    upper = file.with_suffix(suffix.upper())
    return upper if upper.is_file() else file.with_suffix(suffix)


def dbf_texts(content: bytes) -> list[bytes]:
    """Return the distinct texts of a ``.dbf``: headings, and cells of text fields without padding."""
    count, header, width = struct.unpack_from("<IHH", content, 4)
    fields, offset, at = [], 1, _DBF_HEADER
    names = []
    while at + _DBF_FIELD <= header and content[at] != _DBF_END:
        length = content[at + 16]
        names.append(content[at : at + 11].split(b"\0")[0])
        if content[at + 11] in _TEXT_FIELDS:
            fields.append((offset, length))
        offset += length
        at += _DBF_FIELD
    cells = {
        content[start + first : start + first + length].strip(b" \0")
        for start in range(header, min(header + count * width, len(content)), width)
        for first, length in fields
    }
    return [*names, *sorted(cells)]


def _decode_declared(content: bytes, file: str, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise EncodingError(
            "error.wrong_encoding", file=file, encoding=encoding, detail=str(error)
        ) from error


def _decode_cut(content: bytes, encoding: str) -> str:
    """Decode a cell whose last character the field's width may have cut in two."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(content) - 3 or error.start == 0:
            raise
        return content[: error.start].decode(encoding)
