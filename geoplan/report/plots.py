"""Printed figures of an audit, and writing all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoplan.errors import DataError
from geoplan.messages import Lang
from geoplan.report.drawing import save
from geoplan.report.plot_charts import heat_table, minutes_ecdf, size_against_packs
from geoplan.report.plot_maps import before_after, coverage_choropleth, locator
from geoplan.workflow import Audit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FIGURES",
    "FORMATS",
    "before_after",
    "coverage_choropleth",
    "heat_table",
    "locator",
    "minutes_ecdf",
    "size_against_packs",
    "write_figures",
]

FORMATS = ("svg", "pdf", "png")

FIGURES: dict[str, Callable[..., Figure]] = {
    "locator": locator,
    "coverage_choropleth": coverage_choropleth,
    "minutes_ecdf": minutes_ecdf,
    "heat_table": heat_table,
    "size_against_packs": size_against_packs,
}
"""Figures of one audit: name -> ``(audit, lang) -> figure``."""
_MAPS = frozenset({"locator", "coverage_choropleth"})


def write_figures(
    audit: Audit,
    folder: str | Path,
    *,
    formats: Iterable[str] = FORMATS,
    after: Audit | None = None,
    review_number: str = "",
    lang: Lang | None = None,
) -> tuple[list[Path], dict[str, DataError]]:
    """
    Write every figure that an audit allows.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    folder
        Where the files go; made if need be.
    formats
        Of ``svg`` (text as outlines), ``pdf`` (text that can be searched) and ``png`` (200 dots an inch).
    after
        Audit of a scenario of the same study: figure ``before_after`` is written too.
    review_number
        Review number (审图号) for the maps; empty: they say that they are for internal use.
    lang
        Language; None takes the study's.

    Returns
    -------
    files, not_drawn
        What was written, and of each figure that could not be drawn the error that says what it lacks.

    Raises
    ------
    DataError
        If a format is not one of the three.
    MissingExtraError
        If matplotlib or a font with Chinese signs is not installed (``pip install 'geoplan[figures]'``).

    Examples
    --------
    >>> import geoplan, tempfile
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files, not_drawn = write_figures(checked, folder, formats=["svg"])
    >>> [file.name for file in files]
    ['locator.svg', 'coverage_choropleth.svg', 'minutes_ecdf.svg', 'heat_table.svg', 'size_against_packs.svg']
    >>> not_drawn
    {}
    """
    chosen = lang or audit.study.lang
    kinds = list(dict.fromkeys(formats))
    unknown = [one for one in kinds if one not in FORMATS]
    if unknown:
        raise DataError("error.figure_format", formats=", ".join(unknown), known=", ".join(FORMATS))
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    not_drawn: dict[str, DataError] = {}
    for name, draw in FIGURES.items():
        options: dict[str, Any] = {"review_number": review_number} if name in _MAPS else {}
        try:
            figure = draw(audit, chosen, **options)
        except DataError as error:
            not_drawn[name] = error
            continue
        files += _write(figure, place, name, kinds)
    if after is not None:
        try:
            figure = before_after(audit, after, chosen, review_number=review_number)
            files += _write(figure, place, "before_after", kinds)
        except DataError as error:
            not_drawn["before_after"] = error
    return files, not_drawn


def _write(figure: Figure, folder: Path, name: str, formats: list[str]) -> list[Path]:
    files = [folder / f"{name}.{kind}" for kind in formats]
    for file in files:
        save(figure, file)
    return files
