"""How the width of a page is shared out among the columns of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoplan.report.blocks import Table
from geoplan.report.workbook import sign_count

__all__ = ["column_shares", "soft_breaks"]

_LONGEST_WORD = 24
"""Signs of a word that a column makes room for; longer ones, such as digests, are broken."""
_MOST = 60
"""Signs beyond which a column's wish is not heard."""
_SAMPLE_ROWS = 400
_BREAKABLE = re.compile(r"[\s　-鿿！-￯]+")
_LONG_WORD = re.compile(rf"[!-~]{{{_LONGEST_WORD + 1},}}")


def column_shares(table: Table) -> list[float]:
    """
    Return the share of the width that each column of a table gets; they add up to 1.

    Parameters
    ----------
    table
        Figures stay on one line; headings and texts wrap, longer ones getting more room.

    Examples
    --------
    >>> from geoplan.report.blocks import Sheet
    >>> from geoplan.report.traced import Cell
    >>> rows = [[Cell("12", "number"), Cell("a text of some length")]]
    >>> shares = column_shares(Table("t", "t", Sheet(["n", "what it is"], rows)))
    >>> shares[0] < shares[1]
    True
    """
    if table.kind == "form":
        return [0.28, 0.22] * 2
    rows = [*table.rows[:_SAMPLE_ROWS], *([table.sheet.totals] if table.sheet.totals else [])]
    headings = table.sheet.headings or [""] * max(len(row) for row in rows)
    weights = []
    for at, heading in enumerate(headings):
        cells = [row[at] for row in rows if at < len(row)]
        least = max((_least(one.text, one.mark == "number") for one in cells), default=0)
        least = max(least, _least(heading, whole=False), 4)
        wish = max((sign_count(one.text) for one in cells), default=0)
        # a wish weighs less than a need: a column twice as long may have twice as many lines
        weights.append(least + 2 + 0.35 * max(0, min(wish, _MOST) - least))
    return [one / sum(weights) for one in weights]


def soft_breaks(text: str) -> str:
    """Return a text in which words too long for a column may be broken."""
    return _LONG_WORD.sub(
        lambda word: "\u200b".join(
            word[0][at : at + _LONGEST_WORD // 2] for at in range(0, len(word[0]), _LONGEST_WORD // 2)
        ),
        text,
    )


def _least(text: str, whole: bool) -> int:
    """Return the signs that cannot be broken; a heading of Chinese signs breaks between any two."""
    if whole and sign_count(text) <= _LONGEST_WORD:
        return sign_count(text)
    words: Sequence[str] = _BREAKABLE.split(text)
    return min(max((sign_count(one) for one in words), default=0), _LONGEST_WORD)
