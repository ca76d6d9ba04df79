"""``audit.qgz``: a QGIS project with styled layers over the GeoPackages of an audit and its study."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np
import pyogrio
from pyproj import CRS

from geoplan.crs.metric import parse_crs
from geoplan.io.study_write import write_study_tables
from geoplan.maps.qgis_layers import AUDIT_FILE, STUDY_FILE, QgisGroup, QgisLayer, qgis_groups
from geoplan.maps.qgis_style import labels, renderer
from geoplan.messages import Lang, text
from geoplan.report.gpkg import write_gpkg
from geoplan.report.headline import banners

if TYPE_CHECKING:
    from geoplan.workflow import Audit

__all__ = ["PROJECT_FILE", "project_xml", "write_qgis"]

PROJECT_FILE = "audit.qgz"
_VERSION = "3.22.16"
"""Version whose format is written; later ones read it too."""
_DATE = (2000, 1, 1, 0, 0, 0)
"""A fixed date in the archive: the same audit gives the same bytes."""
_FORBIDDEN = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def write_qgis(audit: Audit, folder: str | Path, *, lang: Lang | None = None) -> tuple[Path, ...]:
    """
    Write a QGIS project and the two GeoPackages it shows.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    folder
        Folder to write to; made if absent. Older files of the same names are replaced.
    lang
        Language of layers, legends and headings; None takes the study's.

    Returns
    -------
    files
        ``audit.qgz``, ``audit.gpkg`` (result tables), ``study.gpkg`` (input tables). The project names the
        other two by relative paths, so that the folder can be moved as a whole.

    Examples
    --------
    >>> import geoplan as gp
    >>> study = gp.read_study("data/monaco")
    >>> audit = gp.audit(study, gp.load_standard("default"))
    >>> [file.name for file in write_qgis(audit, "out/monaco")]  # doctest: +SKIP
    ['audit.qgz', 'audit.gpkg', 'study.gpkg']
    """
    chosen = lang or audit.study.lang
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = target / PROJECT_FILE, target / AUDIT_FILE, target / STUDY_FILE
    write_gpkg(audit, files[1], lang=chosen)
    files[2].unlink(missing_ok=True)
    write_study_tables(audit.study, files[2])
    content = project_xml(audit, target, lang=chosen)
    with zipfile.ZipFile(files[0], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("audit.qgs", _DATE), content, zipfile.ZIP_DEFLATED)
    return files


def project_xml(audit: Audit, folder: Path, *, lang: Lang) -> bytes:
    """
    Return the project as XML.

    Parameters
    ----------
    audit
        ``geoplan.audit(...)``.
    folder
        Where the GeoPackages are; their columns are read.
    lang
        Language of layers, legends and headings.
    """
    crs = parse_crs(audit.study.crs)
    groups = qgis_groups(audit, lang)
    root = Element("qgis", projectname=audit.study.name, version=_VERSION)
    SubElement(root, "homePath", path="")
    SubElement(root, "title").text = audit.study.name
    SubElement(root, "projectCrs").append(_reference(crs))
    root.append(_tree(groups))
    layers = SubElement(root, "projectlayers")
    order = SubElement(root, "layerorder")
    columns = {name: _columns(folder / name) for name in (AUDIT_FILE, STUDY_FILE)}
    for layer in (one for group in groups for one in group.layers):
        layers.append(_layer(layer, crs, columns[layer.file][layer.schema.name], lang))
        SubElement(order, "layer", id=layer.id)
    _view(root, audit, crs)
    root.append(_properties(audit, lang))
    _clean(root)
    indent(root, " ")
    out = io.BytesIO()
    out.write(b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n")
    ElementTree(root).write(out, encoding="utf-8", xml_declaration=False)
    return out.getvalue()


def _columns(file: Path) -> dict[str, list[str]]:
    """Return the columns of each layer of a GeoPackage."""
    return {
        str(name): [str(one) for one in pyogrio.read_info(file, layer=name)["fields"]]
        for name in pyogrio.list_layers(file)[:, 0]
    }


def _source(layer: QgisLayer) -> str:
    """Return where a layer's rows are, relative to the project."""
    parts = [f"./{layer.file}", f"layername={layer.schema.name}"]
    if layer.family is not None:
        parts.append(f"geometrytype={layer.family}")
    if layer.subset:
        # the last part: it may hold any sign
        parts.append(f"subset={layer.subset}")
    return "|".join(parts)


def _tree(groups: tuple[QgisGroup, ...]) -> Element:
    root = Element("layer-tree-group")
    for group in groups:
        shown = any(one.shown for one in group.layers)
        state = "Qt::Checked" if shown else "Qt::Unchecked"
        branch = SubElement(
            root, "layer-tree-group", name=group.title, checked=state, expanded="1" if shown else "0"
        )
        for layer in group.layers:
            SubElement(
                branch, "layer-tree-layer", id=layer.id, name=layer.title, source=_source(layer),
                providerKey="ogr", checked="Qt::Checked" if layer.shown else "Qt::Unchecked", expanded="0",
            )  # fmt: skip
    return root


def _layer(layer: QgisLayer, crs: CRS, columns: list[str], lang: Lang) -> Element:
    family = layer.family
    geometry = "No geometry" if family is None else family.removesuffix("String")
    made = Element(
        "maplayer", type="vector", geometry=geometry, styleCategories="AllStyleCategories",
        labelsEnabled="1" if layer.label else "0", hasScaleBasedVisibilityFlag="0", readOnly="0",
        wkbType=f"Multi{family}" if family else "NoGeometry",
    )  # fmt: skip
    SubElement(made, "id").text = layer.id
    SubElement(made, "datasource").text = _source(layer)
    SubElement(made, "layername").text = layer.title
    SubElement(made, "abstract").text = layer.schema.row
    if family is not None:
        SubElement(made, "srs").append(_reference(crs))
    SubElement(made, "provider", encoding="UTF-8").text = "ogr"
    if family is not None and layer.how is not None:
        made.append(renderer(layer.how, family))
        if layer.label:
            made.append(labels(layer.label, family))
        SubElement(made, "blendMode").text = "0"
        SubElement(made, "layerOpacity").text = "1"
    made.append(_aliases(layer, columns, lang))
    if layer.label:
        SubElement(made, "previewExpression").text = f'"{layer.label}"'
    return made


def _aliases(layer: QgisLayer, columns: list[str], lang: Lang) -> Element:
    """Return the headings for people; a column that a study carries besides keeps its own."""
    headings = {one.name: one.heading(lang) for one in layer.schema.columns}
    made = Element("aliases")
    # the row number that a GeoPackage adds is column 0
    for number, name in enumerate(columns, start=1):
        SubElement(made, "alias", index=str(number), field=name, name=headings.get(name, ""))
    return made


def _reference(crs: CRS) -> Element:
    made = Element("spatialrefsys")
    SubElement(made, "wkt").text = crs.to_wkt()
    authority = crs.to_authority(min_confidence=100)
    if authority is not None:
        SubElement(made, "authid").text = ":".join(authority)
    SubElement(made, "description").text = crs.name
    SubElement(made, "geographicflag").text = "true" if crs.is_geographic else "false"
    return made


def _view(root: Element, audit: Audit, crs: CRS) -> None:
    """Add what the window shows at first: everything, with a margin."""
    tables = [audit.study.communities, audit.study.residences, audit.study.streets, audit.study.premises]
    bounds = np.array([one.total_bounds for one in tables if one is not None])
    known = bounds[np.isfinite(bounds).all(axis=1)] if len(bounds) else bounds
    if not len(known):
        return
    least, most = known[:, :2].min(axis=0), known[:, 2:].max(axis=0)
    margin = 0.04 * float((most - least).max())
    sides = [*(least - margin).tolist(), *(most + margin).tolist()]
    names = ("xmin", "ymin", "xmax", "ymax")
    canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    SubElement(canvas, "units").text = "meters"
    extent = SubElement(canvas, "extent")
    for name, value in zip(names, sides, strict=True):
        SubElement(extent, name).text = repr(value)
    SubElement(canvas, "destinationsrs").append(_reference(crs))
    settings = SubElement(root, "ProjectViewSettings", UseProjectScales="0")
    sides_given = dict(zip(names, map(repr, sides), strict=True))
    view = SubElement(settings, "DefaultViewExtent", sides_given)
    view.append(_reference(crs))


def _properties(audit: Audit, lang: Lang) -> Element:
    """Return settings of the project: relative paths, and on the map what every page says."""
    study, standard = audit.study, audit.standard
    credit = text("map.standard", lang, name=standard.name(lang), id=standard.id, digest=standard.digest[:12])
    made = Element("properties")
    settings: dict[str, dict[str, tuple[str, str]]] = {
        "Paths": {"Absolute": ("bool", "false")},
        "SpatialRefSys": {"ProjectionsEnabled": ("int", "1")},
        "Measurement": {"AreaUnits": ("QString", "m2"), "DistanceUnits": ("QString", "meters")},
        "TitleLabel": {
            "Enabled": ("bool", "true" if banners(audit, lang) else "false"),
            "Label": ("QString", _inert(" ".join(banners(audit, lang)))),
            "Placement": ("int", "5"),
        },
        "CopyrightLabel": {
            "Enabled": ("bool", "true"),
            "Label": ("QString", _inert(" · ".join([*study.attribution, credit]))),
            "Placement": ("int", "1"),
        },
    }
    for group, values in settings.items():
        branch = SubElement(made, group)
        for name, (kind, value) in values.items():
            SubElement(branch, name, type=kind).text = value
    return made


def _clean(root: Element) -> None:
    """Drop the control characters that XML cannot hold."""
    for one in root.iter():
        one.text = None if one.text is None else _FORBIDDEN.sub("", one.text)
        for key, value in one.items():
            one.set(key, _FORBIDDEN.sub("", value))


def _inert(words: str) -> str:
    """Return text for a label in which QGIS finds no expression to evaluate."""
    return words.replace("[%", "[ %").replace("%]", "% ]")
