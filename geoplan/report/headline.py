"""The headline for people: label and value as text, in either language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoplan.messages import Lang, text
from geoplan.report.words import count_text, rate_text, service_name

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["banners", "headline_rows"]


def headline_rows(audit: Audit, lang: Lang | None = None) -> list[tuple[str, str, str]]:
    """
    Return the headline as rows to print.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    lang
        Language; None takes the study's.

    Returns
    -------
    rows
        ``(key, label, value)``, in the order of ``audit.headline``. A figure by category gives a row a
        category, ``coverage_rate_by_category.<id>``. A figure that could not be computed is a dash; rates
        are percentages.
    """
    chosen = lang or audit.study.lang
    rows = []
    for key, value in audit.headline.items():
        label = text(f"headline.{key}", chosen)
        show = rate_text if "_rate" in key else count_text
        if not isinstance(value, dict):
            rows.append((key, label, show(value)))
            continue
        rows += [
            (f"{key}.{part}", f"{label} · {service_name(audit.standard, part, chosen)}", show(figure))
            for part, figure in value.items()
        ]
    return rows


def banners(audit: Audit, lang: Lang) -> list[str]:
    """Return the warnings every page carries: that data are synthetic, and which are estimated."""
    lines = []
    if audit.study.synthetic:
        lines.append(text("banner.synthetic", lang))
    if audit.study.estimated:
        lines.append(text("banner.estimated", lang, columns=", ".join(audit.study.estimated)))
    return lines
