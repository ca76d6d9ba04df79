"""The coverage-query service over one study."""

from __future__ import annotations

import os

# before GDAL is loaded: these drivers read other files, or fetch addresses, that a file of theirs names
os.environ.setdefault("OGR_SKIP", "OGR_VRT,WFS,OAPIF,CSW,HTTP,AmigoCloud,Carto,PLSCENES")
