"""A chart as a picture, for formats that cannot draw it themselves."""

from __future__ import annotations

import io

from geoplan._optional import import_extra
from geoplan.messages import Lang, text
from geoplan.report.blocks import Chart
from geoplan.report.fonts import cjk_font
from geoplan.report.words import plain_text

__all__ = ["chart_png"]

_FILLS = {"pass": "#0072b2", "fail": "#d55e00", "unknown": "#ffffff", "step": "#4c8c8c"}
_DPI = 160


def chart_png(chart: Chart, lang: Lang) -> bytes:
    """
    Return a chart as PNG; the same chart gives the same bytes.

    Parameters
    ----------
    chart
        Bars of shares; what is unknown is hatched.
    lang
        Language of the legend.

    Raises
    ------
    MissingExtraError
        If matplotlib or the font package is not installed.
    """
    made = import_extra("matplotlib.figure", extra="figures").Figure(
        figsize=(6.3, 0.45 + 0.26 * len(chart.bars)), dpi=_DPI
    )
    import_extra("matplotlib.backends.backend_agg", extra="figures").FigureCanvasAgg(made)
    font = {"family": cjk_font(), "size": 8}
    written = {"fontfamily": font["family"], "fontsize": font["size"]}
    axis = made.add_axes((0.22, 0.12 if chart.verdicts else 0.02, 0.55, 0.86 if chart.verdicts else 0.96))
    axis.set_axis_off()
    axis.set_xlim(0, 1)
    axis.set_ylim(len(chart.bars) - 0.4, -0.6)
    for row, bar in enumerate(chart.bars):
        axis.barh(row, 1, height=0.72, color="#f2f2f2")
        for mark, start, width, _ in bar.parts:
            hatch = "////" if mark == "unknown" else None
            edge = "#6b6b6b" if hatch else None
            look = {"color": _FILLS[mark], "edgecolor": edge, "hatch": hatch, "linewidth": 0}
            axis.barh(row, width, left=start, height=0.72, **look)
        for x, side, words in ((-0.02, "right", bar.label), (1.02, "left", bar.value.text)):
            axis.text(x, row, plain_text(words), ha=side, va="center", parse_math=False, **written)
    if chart.verdicts:
        patch = import_extra("matplotlib.patches", extra="figures").Patch
        keys = [
            patch(facecolor=_FILLS[mark], edgecolor="#555555", linewidth=0.4,
                  hatch="////" if mark == "unknown" else None, label=text(f"verdict.{mark}", lang))
            for mark in ("pass", "fail", "unknown")
        ]  # fmt: skip
        made.legend(handles=keys, loc="lower center", ncols=3, frameon=False, prop=font)
    content = io.BytesIO()
    made.savefig(content, format="png", bbox_inches="tight", metadata={"Software": None})
    return content.getvalue()
