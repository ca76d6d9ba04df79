"""The maps of an audit: everything, or one question each, on a page that needs no network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import geopandas as gpd

from geoplan.analysis.coverage import CoverageResult
from geoplan.errors import DataError
from geoplan.maps.assemble import Box, Drawing, Furniture, box_of, legend_html, map_page, rendered
from geoplan.maps.basemap import Basemap
from geoplan.maps.cause_layer import cause_layers, gap_place_layer, obstacle_layer
from geoplan.maps.fixes import fix_layer
from geoplan.maps.gap_layer import failing_layer
from geoplan.maps.ground import ground_layers, name_layers
from geoplan.maps.layers import (
    centre_layers,
    circle_layers,
    circle_slider,
    community_layers,
    facility_layer,
    residence_layers,
    thresholds,
)
from geoplan.maps.network_layer import component_layer, fault_layer, unsnapped_layer
from geoplan.maps.page import AuditMap
from geoplan.maps.panels import centre_rows, circle_rows, gap_rows, headline_of, network_rows
from geoplan.maps.split_layers import add_seats, add_splits, drawn_plans
from geoplan.maps.tier_layer import catchment_layer, tier_layer
from geoplan.messages import Lang, text
from geoplan.model.study import Study
from geoplan.planning.plan import SplitPlan
from geoplan.report.headline import banners
from geoplan.standards.standard import Standard
from geoplan.workflow import Audit, audit_of_coverage

__all__ = ["audit_map", "centres_map", "circles_map", "coverage_map", "gaps_map", "network_map"]

Draw = Callable[[Audit, Lang, Drawing], None]
Rows = Sequence[tuple[str, str]]

_LABEL_ZOOM = 13
_BOUNDING = ("communities", "residences", "centres", "premises")


def audit_map(
    audit: Audit,
    *,
    plans: Sequence[SplitPlan] = (),
    walks: gpd.GeoDataFrame | None = None,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw an audit: communities by completeness, residences by verdict, centres and their service circles.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``; whatever it could not compute is not drawn.
    plans
        Splits of its communities (`geoplan.plan_split`): their parts, the borders cut, the seats. Of one that
        is impossible, what its first relaxation would give.
    walks
        Walking lines to the seats, off at first: `geoplan.seat_paths` of the plans, joined.
    basemap, key
        An online map beneath, ``tianditu`` (needs the user's key, which then stands in the file), ``osm`` or
        ``amap``; None: the study's own streets, rivers and green alone, and nothing is loaded.
    review_number
        Review number of the map (审图号); empty leaves a blank, for internal use.
    lang
        Language; None takes the study's.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("map.html")`` writes one file that loads nothing else.

    Raises
    ------
    DataError
        If the online map is unknown, or needs a key and has none.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> page = geoplan.maps.audit_map(checked, lang="zh")
    >>> page.html.count("<script src"), page.html.count("<link")
    (0, 0)
    """
    furniture = Furniture(lang or audit.study.lang, basemap, key, review_number)
    drawn = drawn_plans(plans)

    def splits(audit: Audit, lang: Lang, drawing: Drawing) -> None:
        add_splits(drawn, walks, audit.study, lang, drawing)

    def seats(audit: Audit, lang: Lang, drawing: Drawing) -> None:
        add_seats(drawn, audit.study, lang, drawing)

    layers = (
        community_layers, _ground, circle_layers, gap_place_layer, cause_layers, splits, facility_layer,
        residence_layers, centre_layers, fault_layer, fix_layer, seats,
    )  # fmt: skip
    rows = headline_of(audit, furniture.lang)
    return _map_of(audit, layers, furniture, "map.title", "map.headline", rows)


def coverage_map(
    source: Audit | CoverageResult,
    circles: gpd.GeoDataFrame | None = None,
    *,
    study: Study | None = None,
    standard: Standard | None = None,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw whom the services reach: residences by verdict, with every walk on a click, and a slider of the time.

    Parameters
    ----------
    source
        ``geoplan.audit(...)``, or ``geoplan.coverage(...)`` with ``study`` and ``standard``.
    circles
        ``geoplan.service_circles(...)``; None takes those of the audit, if it has some.
    study, standard
        Those the coverage was decided with; an audit has them.
    basemap, key, review_number, lang
        As of `audit_map`.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("coverage.html")`` writes one file that loads nothing else.

    Raises
    ------
    DataError
        If a coverage comes without its study and standard, or nothing was decided.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> "0,0" in geoplan.maps.coverage_map(checked, lang="en").html
    True
    """
    if isinstance(source, CoverageResult):
        if study is None or standard is None:
            raise DataError("error.map_needs_study")
        source = audit_of_coverage(study, standard, source)
    if circles is not None:
        source = dataclasses.replace(source, tables={**source.tables, "service_circles": circles})
    furniture = Furniture(lang or source.study.lang, basemap, key, review_number)
    layers = (community_layers, _ground, circle_layers, facility_layer, residence_layers, centre_layers)
    rows = headline_of(source, furniture.lang)
    _need(source, "completeness", "residences, streets, facilities")
    return _map_of(source, layers, furniture, "map.coverage_title", "map.headline", rows)


def circles_map(
    audit: Audit,
    *,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw the service circles of the centres, with a slider of the time.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)`` with table ``service_circles``.
    basemap, key, review_number, lang
        As of `audit_map`.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("circles.html")`` writes one file that loads nothing else.

    Raises
    ------
    DataError
        If the audit has no circles.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> "gp-panel" in geoplan.maps.circles_map(checked).html
    True
    """
    _need(audit, "service_circles", "centres, residences, streets")
    furniture = Furniture(lang or audit.study.lang, basemap, key, review_number)

    def slider(_: Audit, lang: Lang, drawing: Drawing) -> None:
        circle_slider(lang, drawing)

    layers = (_ground, circle_layers, slider, tier_layer, centre_layers)
    rows = circle_rows(audit, furniture.lang)
    return _map_of(audit, layers, furniture, "map.circles_title", "map.circles_rows", rows)


def centres_map(
    audit: Audit,
    *,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw the centres, their load, and who is reached by which tier.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)`` of a study with centres.
    basemap, key, review_number, lang
        As of `audit_map`.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("centres.html")`` writes one file that loads nothing else.

    Raises
    ------
    DataError
        If the audit tells nothing of centres.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> "Centres" in geoplan.maps.centres_map(checked, lang="en").html
    True
    """
    _need(audit, "coverage_by_centre", "centres, residences, streets")
    furniture = Furniture(lang or audit.study.lang, basemap, key, review_number)
    layers = (_ground, catchment_layer, tier_layer, centre_layers)
    rows = centre_rows(audit, furniture.lang)
    return _map_of(audit, layers, furniture, "map.centres_title", "map.centres_rows", rows)


def gaps_map(
    audit: Audit,
    *,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw where people lack a service, and why: gaps by category, places, causes, gates and barriers.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)`` of a study with facilities.
    basemap, key, review_number, lang
        As of `audit_map`.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("gaps.html")`` writes one file that loads nothing else.

    Raises
    ------
    DataError
        If nothing was decided.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> "Gaps" in geoplan.maps.gaps_map(checked, lang="en").html
    True
    """
    _need(audit, "completeness", "residences, streets, facilities")
    furniture = Furniture(lang or audit.study.lang, basemap, key, review_number)
    layers = (_ground, gap_place_layer, cause_layers, obstacle_layer, facility_layer, failing_layer)
    rows = gap_rows(audit, furniture.lang)
    return _map_of(audit, layers, furniture, "map.gaps_title", "map.gaps_rows", rows)


def network_map(
    audit: Audit,
    *,
    basemap: Basemap | None = None,
    key: str = "",
    review_number: str = "",
    lang: Lang | None = None,
) -> AuditMap:
    """
    Draw the walking network and where it may be wrong: faults by kind, loose parts, places off the network.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)`` of a study with streets.
    basemap, key, review_number, lang
        As of `audit_map`.

    Returns
    -------
    AuditMap
        Shows itself in a notebook; ``.save("network.html")`` writes one file that loads nothing else.

    Raises
    ------
    DataError
        If the audit tells nothing of the network.

    Examples
    --------
    >>> import geoplan
    >>> checked = geoplan.audit(geoplan.read_study("data/monaco"), geoplan.load_standard("default"))
    >>> "Network faults" in geoplan.maps.network_map(checked, lang="en").html
    True
    """
    _need(audit, "network_faults", "residences, streets")
    furniture = Furniture(lang or audit.study.lang, basemap, key, review_number)

    def shown(audit: Audit, lang: Lang, drawing: Drawing) -> None:
        fault_layer(audit, lang, drawing, show=True)

    layers = (_ground, component_layer, unsnapped_layer, shown)
    rows = network_rows(audit, furniture.lang)
    return _map_of(audit, layers, furniture, "map.network_title", "map.network_rows", rows)


def _ground(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    ground_layers(audit.study, lang, drawing)


def _need(audit: Audit, table: str, tables: str) -> None:
    if table not in audit.tables:
        raise DataError("error.figure_lacks", tables=tables)


def _map_of(
    audit: Audit, layers: Sequence[Draw], furniture: Furniture, title: str, about: str, rows: Rows
) -> AuditMap:
    """Put together a map of an audit: its layers, then names, title and legend."""
    lang, study, standard = furniture.lang, audit.study, audit.standard
    drawing = Drawing()
    for draw in layers:
        draw(audit, lang, drawing)
    name_layers(study, lang, drawing)
    drawing.legend["thresholds"] = thresholds(standard, lang)
    pack = text("map.standard", lang, name=standard.name(lang), id=standard.id, digest=standard.digest[:8])
    head = rendered(
        "title.html", furniture, study=study.name, title=text(title, lang), standard=pack,
        banners=banners(audit, lang), data_date=study.data_date, about=text(about, lang), rows=rows,
    )  # fmt: skip
    return map_page(
        study, drawing, furniture, title=f"{study.name} · {text(title, lang)}", head=head,
        legend=legend_html(drawing, furniture), bounds=_bounds(study), label_zoom=_LABEL_ZOOM,
    )  # fmt: skip


def _bounds(study: Study) -> Box | None:
    """Return the box around everything people look at; around the streets if there is nothing else."""
    tables = [study.table(name) for name in _BOUNDING]
    found = box_of(*(None if one is None else one.geometry for one in tables))
    return found if found is not None or study.streets is None else box_of(study.streets.geometry)
