"""The static figures a report shows, as pictures with captions."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from geoplan._optional import import_extra
from geoplan.errors import DataError
from geoplan.messages import Lang, text
from geoplan.report.blocks import Picture
from geoplan.report.drawing import save
from geoplan.report.plots import FIGURES
from geoplan.report.split_sketch import draw_split

if TYPE_CHECKING:
    from geoplan.planning.plan import SplitPlan
    from geoplan.workflow import Audit

__all__ = ["report_figures"]

_COLOURS = 96


def report_figures(audit: Audit, lang: Lang, plans: Sequence[SplitPlan] = ()) -> list[Picture]:
    """
    Return the figures that an audit allows, and a sketch of each split.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    lang
        Language of captions and of what is written in the pictures.
    plans
        Splits; one without parts is left out.

    Returns
    -------
    pictures
        Those of `geoplan.report.plots.FIGURES` whose tables are there, and ``split-<community>``.

    Raises
    ------
    MissingExtraError
        If matplotlib or a font with Chinese signs is not installed.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> [picture.key for picture in report_figures(checked, "en")][:2]
    ['locator', 'coverage_choropleth']
    """
    drawings: dict[str, tuple[str, Callable[[Path], None]]] = {
        name: (text(f"figure.{name}", lang), _drawn(draw, audit, lang)) for name, draw in FIGURES.items()
    }
    for plan in plans:
        if len(plan.parts):
            caption = text("sketch.after", lang, community=plan.name)
            drawings[f"split-{plan.community_id}"] = (caption, _sketched(plan, audit, lang))
    found = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / "figure.png"
        for key, (caption, draw_to) in drawings.items():
            try:
                draw_to(file)
            except DataError:  # a table is missing; the report lists what was not computed
                continue
            found.append(Picture(key, caption, _light(file)))
    return found


def _light(file: Path) -> bytes:
    """Return a picture in few colours: figures have no more, and a report with many stays light."""
    image = import_extra("PIL.Image", extra="figures")
    made = io.BytesIO()
    with image.open(file) as drawn:
        plain = drawn.convert("RGB")
        plain.quantize(_COLOURS, image.Quantize.FASTOCTREE, dither=image.Dither.NONE).save(made, "PNG")
    return made.getvalue()


def _drawn(draw: Callable[..., Any], audit: Audit, lang: Lang) -> Callable[[Path], None]:
    return lambda file: save(draw(audit, lang), file)


def _sketched(plan: SplitPlan, audit: Audit, lang: Lang) -> Callable[[Path], None]:
    return lambda file: draw_split(plan, audit.study, file, when="after", lang=lang)
