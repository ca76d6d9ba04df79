"""Read layers of a service with QGIS, in the Python that has it; write what was read as JSON."""

from __future__ import annotations

import json
import sys

from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer, QgsVectorTileLayer

SERVICE = sys.argv[1]


def layer(name, more):
    return QgsVectorLayer(f"url='{SERVICE}/ogc' typename='{name}' {more}", name, "OAPIF")


def read():
    """Return what was read; the layers are gone before QGIS ends, as they must."""
    shops, reach = layer("facilities", "pageSize='2'"), layer("reach", "pageSize='7'")
    inside = layer("facilities", "restrictToRequestBBOX='1'")
    box = QgsFeatureRequest(QgsRectangle(*map(float, sys.argv[2:6])))
    address = f"{SERVICE}/ogc/collections/communities/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    return {
        "valid": [shops.isValid(), reach.isValid(), inside.isValid()],
        "shops": {one["facility_id"]: [one["name"], one.geometry().asWkt(9)] for one in shops.getFeatures()},
        "reach": sum(1 for _ in reach.getFeatures()),
        "inside": sorted(one["facility_id"] for one in inside.getFeatures(box)),
        "tiles": QgsVectorTileLayer(f"type=xyz&url={address}&zmin=0&zmax=16", "tiles").isValid(),
    }


application = QgsApplication([], False)
application.initQgis()
sys.stdout.write(json.dumps(read()))
sys.stdout.flush()
application.exitQgis()
