"""The map of the one-fix ledger, and its layer in an audit's map: where each fix is, and whom it helps."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.maps.assemble import Drawing, Furniture, box_of, legend_html, map_page, rendered
from geoplan.maps.basemap import Basemap
from geoplan.maps.elements import DataLayer
from geoplan.maps.features import counts_fact
from geoplan.maps.ground import counted, ground_layers, name_layers
from geoplan.maps.layers import thresholds
from geoplan.maps.packing import Numbers, points_of, shapes_of
from geoplan.maps.page import AuditMap
from geoplan.maps.palette import FIX_LINE_STYLE, FIX_STYLES
from geoplan.messages import Lang, text
from geoplan.model.fix_tables import FIX_KINDS
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import Study
from geoplan.planning.fixes import FixLedger
from geoplan.report.fix_words import fix_by_text, fix_evidence, fix_notes, fix_titles
from geoplan.report.headline import study_banners
from geoplan.report.words import count_text
from geoplan.standards.standard import Standard
from geoplan.workflow import Audit

__all__ = ["fix_layer", "fixes_map"]

_LABEL_ZOOM = 13
_COUNTS = (
    "households_gained",
    "persons_gained",
    "elderly_persons_gained",
    "households_all_five",
    "households_lost",
    "households_unknown",
)


def fixes_map(
    study: Study,
    standard: Standard,
    ledger: FixLedger,
    *,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw the one-fix ledger.

    Parameters
    ----------
    study, standard
        What the ledger is of.
    ledger
        ``geoplan.rank_fixes(...)``. Premises without a place are in the list beside the map alone.
    basemap, key, review_number
        As of `audit_map`.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("fixes.html")`` writes one file that loads nothing else.

    Examples
    --------
    >>> import geoplan
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> ledger = geoplan.rank_fixes(None, study, standard, kinds=["premises"], limit=2)
    >>> geoplan.maps.fixes_map(study, standard, ledger).html.count("<script src")
    0
    """
    chosen = lang or study.lang
    furniture, drawing = Furniture(chosen, basemap, key, review_number), Drawing()
    ground_layers(study, chosen, drawing)
    placed = ledger.fixes[_placed(ledger.fixes)]
    _add_fixes(placed, ledger.services, standard, chosen, drawing)
    ranks = {"at": points_of(placed.geometry, study.crs), "title": [str(one) for one in placed["rank"]]}
    drawing.layers.append(DataLayer("labels", ranks, name=text("fix.layer_labels", chosen)))
    name_layers(study, chosen, drawing)
    drawing.legend["thresholds"] = thresholds(standard, chosen)
    tables = (study.residences, study.premises, study.communities)
    where = [one.geometry for one in tables if one is not None and one.geometry.notna().any()]
    return map_page(
        study, drawing, furniture, title=f"{study.name} · {text('fix.map_title', chosen)}",
        head=_panel(study, standard, ledger, furniture), legend=legend_html(drawing, furniture),
        bounds=box_of(*where), label_zoom=_LABEL_ZOOM,
    )  # fmt: skip


def fix_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the fixes of an audit that has a ledger; off at first."""
    fixes, services = audit.tables.get("fixes"), audit.tables.get("fix_services")
    if fixes is None or services is None:
        return
    rows = fixes[_placed(fixes)]
    if len(rows):
        _add_fixes(rows, services, audit.standard, lang, drawing, show=False)


def _add_fixes(
    rows: gpd.GeoDataFrame,
    services: pd.DataFrame,
    standard: Standard,
    lang: Lang,
    drawing: Drawing,
    *,
    show: bool = True,
) -> None:
    """Add gates and footbridges as lines, and a point for every fix, a layer a kind."""
    lines = rows[rows["fix_kind"].isin(["gate", "link"])]
    if len(lines):
        shapes = {
            **_cards(lines, services, standard, lang),
            "shapes": shapes_of(lines.geometry.to_numpy(), str(lines.crs)),
            "styles": [FIX_LINE_STYLE],
        }
        label = text("fix.layer_lines", lang, count=count_text(len(lines)))
        drawing.layers.append(DataLayer("shapes", shapes, name=label, show=show))
    kinds = [one for one in FIX_KINDS if (rows["fix_kind"] == one).any()]
    content = {
        **_cards(rows, services, standard, lang),
        "at": points_of(rows.geometry, str(rows.crs)),
        "groups": [FIX_STYLES[one] for one in kinds],
        "group": Numbers(np.array([kinds.index(one) for one in rows["fix_kind"]], float)),
    }
    names = []
    for kind in kinds:
        name = counted(text(f"fix.kind.{kind}", lang), int((rows["fix_kind"] == kind).sum()), lang)
        names.append((name, show))
        drawing.explain("faults", {"style": FIX_STYLES[kind], "label": name})
    drawing.add_cloud(content, names)


def _placed(fixes: gpd.GeoDataFrame) -> Any:
    """Tell which fixes have a place."""
    shapes = fixes.geometry.to_numpy()
    return ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))


def _cards(rows: gpd.GeoDataFrame, services: pd.DataFrame, standard: Standard, lang: Lang) -> dict[str, Any]:
    """Return the cards that a click on a fix opens."""
    schema = RESULT_TABLES["fixes"]
    titles = fix_titles(rows, standard, lang)
    return {
        "title": [f"{rank} · {title}" for rank, title in zip(rows["rank"], titles, strict=True)],
        "facts": [
            (schema.column("fix_id").heading(lang), [str(one) for one in rows.index]),
            *(counts_fact(schema.column(one).heading(lang), rows[one]) for one in _COUNTS),
            (text("fix.evidence", lang), fix_evidence(rows, services, standard, lang)),
        ],
    }


def _panel(study: Study, standard: Standard, ledger: FixLedger, furniture: Furniture) -> str:
    fixes, lang = ledger.fixes, furniture.lang
    helping, by = count_text(ledger.helping), fix_by_text(ledger.by, standard, lang)
    return rendered(
        "fixes.html",
        furniture,
        name=study.name,
        title=text("fix.title", lang, helping=helping, by=by),
        banners=study_banners(study, lang),
        rows=[
            (f"{rank} · {title}", count_text(gained))
            for rank, title, gained in zip(
                fixes["rank"], fix_titles(fixes, standard, lang), fixes["households_gained"], strict=True
            )
        ],
        gained=text("fix.short_households_gained", lang),
        notes=fix_notes(ledger, lang),
    )
