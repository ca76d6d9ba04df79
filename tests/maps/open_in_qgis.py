"""Open a project with QGIS, in the Python that has it; write what QGIS makes of it as JSON."""

from __future__ import annotations

import json
import sys

from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsProject
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
told = {
    "read": project.read(sys.argv[1]),
    "crs": project.crs().authid(),
    "title": project.title(),
    "layers": {},
}
for layer in project.mapLayers().values():
    how = layer.renderer() if layer.isSpatial() else None
    kind = how.type() if how else None
    parts = {"categorizedSymbol": "categories", "graduatedSymbol": "ranges"}
    told["layers"][layer.id()] = {
        "valid": layer.isValid(),
        "name": layer.name(),
        "count": layer.featureCount(),
        "crs": layer.crs().authid(),
        "renderer": kind,
        "entries": [one.label() for one in getattr(how, parts[kind])()] if kind in parts else [],
        "labelled": bool(layer.labelsEnabled() and layer.labeling()),
        "aliases": {one.name(): one.alias() for one in layer.fields()},
    }
tree = project.layerTreeRoot()
told["groups"] = [one.name() for one in tree.children()]
shown = [one.layer() for one in tree.findLayers() if one.isVisible()]
told["shown"] = [one.id() for one in shown]
settings = QgsMapSettings()
settings.setLayers(shown)
settings.setDestinationCrs(project.crs())
settings.setExtent(project.viewSettings().defaultViewExtent())
settings.setOutputSize(QSize(800, 400))
settings.setBackgroundColor(QColor("white"))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
picture = job.renderedImage()
colours = {}
for x in range(picture.width()):
    for y in range(picture.height()):
        colour = QColor(picture.pixel(x, y)).name()
        colours[colour] = colours.get(colour, 0) + 1
told["pixels"] = colours
sys.stdout.write(json.dumps(told))
sys.stdout.flush()
application.exitQgis()
