"""Open a project with QGIS, in the Python that has it; write what QGIS makes of it as JSON."""

from __future__ import annotations

import json
import sys

from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsProject
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

PARTS = {"categorizedSymbol": "categories", "graduatedSymbol": "ranges"}


def described(layer):
    how = layer.renderer() if layer.isSpatial() else None
    kind = how.type() if how else None
    return {
        "valid": layer.isValid(),
        "count": layer.featureCount(),
        "crs": layer.crs().authid(),
        "renderer": kind,
        "entries": [one.label() for one in getattr(how, PARTS[kind])()] if kind in PARTS else [],
        "labelled": bool(layer.labelsEnabled() and layer.labeling()),
        "aliases": {one.name(): one.alias() for one in layer.fields()},
    }


def pixels(project):
    """Return the colours of the map as it opens, and how many pixels have each."""
    shown = [one.layer() for one in project.layerTreeRoot().findLayers() if one.isVisible()]
    settings = QgsMapSettings()
    settings.setLayers(shown)
    settings.setDestinationCrs(project.crs())
    settings.setExtent(project.viewSettings().defaultViewExtent())
    settings.setOutputSize(QSize(800, 400))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    picture, found = job.renderedImage(), {}
    for x in range(picture.width()):
        for y in range(picture.height()):
            colour = QColor(picture.pixel(x, y)).name()
            found[colour] = found.get(colour, 0) + 1
    return found


application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
told = {"read": project.read(sys.argv[1]), "crs": project.crs().authid(), "title": project.title()}
told["layers"] = {name: described(one) for name, one in project.mapLayers().items()}
told["groups"] = [one.name() for one in project.layerTreeRoot().children()]
told["pixels"] = pixels(project)
sys.stdout.write(json.dumps(told))
sys.stdout.flush()
project.clear()
application.exitQgis()
