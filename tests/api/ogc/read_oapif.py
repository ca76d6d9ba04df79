"""Read layers of a service with GDAL's OAPIF driver, in a process of its own; write what was read as JSON."""

from __future__ import annotations

import json
import sys

import pyogrio

service, asked = f"OAPIF:{sys.argv[1]}/ogc", json.loads(sys.argv[2])
found = []
for one in asked:
    options = {name: one[name] for name in ("PAGE_SIZE", "CRS") if name in one}
    box = tuple(one["bbox"]) if "bbox" in one else None
    table = pyogrio.read_dataframe(service, layer=one["layer"], bbox=box, **options)
    shaped = hasattr(table, "geometry")
    plain = table.drop(columns="geometry") if shaped else table
    found.append(
        {
            "crs": table.crs.to_string() if shaped and table.crs else None,
            "shapes": table.geometry.to_wkt(rounding_precision=-1).tolist() if shaped else [],
            "rows": json.loads(plain.to_json(orient="records", double_precision=15)),
            "types": {name: str(kind) for name, kind in plain.dtypes.items()},
        }
    )
layers = pyogrio.list_layers(service)[:, 0].tolist()
sys.stdout.write(json.dumps({"layers": layers, "found": found}))
