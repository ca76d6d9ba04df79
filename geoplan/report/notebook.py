"""For notebooks: tables with headings and words that people read, and a bar for what takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pandas as pd

from geoplan._optional import import_extra
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.report.sheet import sheet_of
from geoplan.standards.standard import Standard

__all__ = ["progress", "readable"]


def readable(
    frame: pd.DataFrame,
    name: str,
    standard: Standard,
    *,
    columns: Sequence[str] | None = None,
    lang: Lang = "zh",
) -> pd.DataFrame:
    """
    Return a result table as people read it: headings, verdicts and reasons in words, figures rounded.

    Parameters
    ----------
    frame
        Rows of a result table, its key as index or column.
    name
        Which table it is, such as ``coverage_by_category``.
    standard
        Names the categories.
    columns
        Columns to show, in this order; None shows every declared column that is there.
    lang
        Language of headings and words.

    Returns
    -------
    pandas.DataFrame
        Text only, one row a row; to look at, not to calculate with.

    Raises
    ------
    KeyError
        If there is no such table or column.

    Examples
    --------
    >>> import geoplan as gp
    >>> rules = gp.load_standard("law-2025")
    >>> study = gp.read_study("data/anning")
    >>> found = gp.flag_oversized(study.communities, rules)
    >>> list(readable(found, "oversized", rules, columns=["name", "households", "size"]).columns)
    ['名称', '户数', '规模']
    """
    schema = RESULT_TABLES[name]
    flat = frame.reset_index() if frame.index.name else frame
    shown = list(columns) if columns else [one.name for one in schema.columns if one.name in flat]
    sheet = sheet_of(name, flat, shown, standard, lang)
    return pd.DataFrame([[cell.text for cell in row] for row in sheet.rows], columns=sheet.headings)


@contextmanager
def progress(*, lang: Lang = "zh") -> Iterator[Callable[[str, int, int], None]]:
    """
    Show a bar in a notebook or terminal while the block runs.

    Parameters
    ----------
    lang
        Language of the stages' names.

    Yields
    ------
    callable
        ``progress(stage, done, total)``, what `geoplan.audit` and others take as ``progress``.

    Raises
    ------
    MissingExtraError
        If tqdm (extra ``notebook``) is not installed.

    Examples
    --------
    >>> import geoplan as gp
    >>> study = gp.read_study("data/monaco")
    >>> with progress(lang="en") as bar:
    ...     audit = gp.audit(study, gp.load_standard("default"), progress=bar)
    """
    tqdm = import_extra("tqdm.auto", extra="notebook").tqdm
    with tqdm(total=1, leave=False) as bar:

        def move(stage: str, done: int, total: int) -> None:
            bar.set_description_str(text(stage, lang), refresh=False)
            bar.total, bar.n = total, done
            bar.refresh()

        yield move
