"""Which category counts which kind of facility; a kind that none counts is said, not dropped."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geoplan.model.result_tables import finish
from geoplan.standards.standard import Standard

__all__ = ["facility_kinds"]


def facility_kinds(facilities: gpd.GeoDataFrame, standard: Standard) -> pd.DataFrame:
    """
    List the kinds of facility, how many there are, and which categories count them.

    Parameters
    ----------
    facilities
        Table ``facilities``.
    standard
        Its categories.

    Returns
    -------
    facility_kinds
        One row a kind that the table or a category names, by category and kind: those that no category
        counts come first, with an empty ``categories``; a kind without facilities has 0.

    Examples
    --------
    >>> import geopandas as gpd, geoplan
    >>> shops = gpd.GeoDataFrame({"kind": ["market", "菜市场"]}, geometry=[None, None], crs="EPSG:4544")
    >>> table = facility_kinds(shops, geoplan.load_standard("default"))
    >>> table.loc[table["categories"] == "", "kind"].tolist()
    ['菜市场']
    """
    counted = facilities["kind"].value_counts()
    order = {kind: at for at, kind in enumerate(kind for one in standard.categories for kind in one.kinds)}
    strangers = sorted(kind for kind in counted.index if kind not in order)
    rows = [
        {
            "kind": kind,
            "facilities": int(counted.get(kind, 0)),
            "categories": ",".join(one.id for one in standard.categories if kind in one.kinds),
        }
        for kind in (*strangers, *order)
    ]
    return finish(pd.DataFrame(rows, columns=["kind", "facilities", "categories"]), "facility_kinds")
