"""Causes as tables: with the walk, the place and the obstacle of each, and summed up."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.analysis.naming import names_near
from geoplan.analysis.reach import PlacesOnNetwork
from geoplan.analysis.straight import doors_of
from geoplan.analysis.tally import counts, rate, total
from geoplan.model.cause_tables import CAUSES
from geoplan.model.result_tables import finish
from geoplan.model.study import Study
from geoplan.network.graph import WalkNetwork
from geoplan.network.walks import quickest_walks

__all__ = ["cause_table", "causes_by_service", "obstacle_ids", "obstacle_table"]

_WALKED = ("closed_gate", "severed", "speed_profile", "detour", "bad_snap")
"""Causes whose line is the walk of today."""


def cause_table(
    network: WalkNetwork, study: Study, places: PlacesOnNetwork, rows: pd.DataFrame
) -> gpd.GeoDataFrame:
    """
    Return table ``causes``.

    Parameters
    ----------
    network, study, places
        As coverage was decided with.
    rows
        Rows of ``reach`` with ``cause``, ``barrier_id``, ``street_id``, ``place_id`` and
        ``minutes_counterfactual``.
    """
    (residences,) = study.need("residences")
    home = residences.index.get_indexer(rows["residence_id"])
    frame = rows.reset_index(drop=True)
    walk_m = np.full(len(rows), np.nan)
    same = (frame["place_id"] == frame["nearest_id"].astype(object)).to_numpy(bool)
    walk_m[same] = frame["metres"].to_numpy(float)[same]
    air_m, lines = np.full(len(rows), np.nan), np.full(len(rows), None, object)
    home_doors = doors_of(residences)
    of_centre = frame["service"].str.startswith("centre_").to_numpy(bool)
    for name, own in (("facilities", ~of_centre), ("centres", of_centre)):
        table = study.table(name)
        at = np.flatnonzero(own & frame["place_id"].notna().to_numpy(bool))
        if table is None or not len(at):
            continue
        place = table.index.get_indexer(frame["place_id"].iloc[at])
        doors = doors_of(table)
        air_m[at] = shapely.distance(home_doors[home[at]], doors[place])
        lines[at] = shapely.shortest_line(home_doors[home[at]], doors[place])
        some = frame["cause"].iloc[at].isin(_WALKED).to_numpy(bool)
        pairs = np.column_stack([home[at], place])[some]
        walks = quickest_walks(
            network, places.costs, (residences, places.residences), (table, places.of(name)), pairs
        )
        for row, walk in zip(at[some], walks, strict=True):
            walk_m[row] = np.nan if walk is None else walk.metres
            lines[row] = lines[row] if walk is None else walk.line
    frame["walk_m"], frame["air_m"] = walk_m, air_m
    frame["detour_ratio"] = np.divide(walk_m, air_m, out=np.full(len(rows), np.nan), where=air_m > 0)
    no_way = (frame["cause"] == "detour") & np.isnan(walk_m)
    reasons = pd.Series([f"reason.cause_{one}" for one in frame["cause"]], index=frame.index, dtype="str")
    frame["reason"] = reasons.mask(no_way, "reason.cause_no_way")
    for column in ("community_id", "name", "households", "persons"):
        frame[column] = residences[column].array[home] if column in residences else pd.NA
    frame["obstacle_name"] = _obstacle_names(study, frame)
    frame["geometry"] = lines
    return finish(frame, "causes", crs=study.crs)


def obstacle_ids(causes: pd.DataFrame) -> pd.Series:
    """
    Return what each row of table ``causes`` names: barriers, then gates, comma-separated; missing if nothing.

    Parameters
    ----------
    causes
        Columns ``barrier_id`` and ``street_id``.
    """
    barriers, gates = (causes[one].astype(object) for one in ("barrier_id", "street_id"))
    both = barriers.notna() & gates.notna()
    joined = barriers.where(barriers.notna(), gates)
    joined[both] = barriers[both] + "," + gates[both]
    return joined.where(joined.notna(), None)


def _obstacle_names(study: Study, frame: pd.DataFrame) -> pd.Series:
    """Return what people call the barriers and gates of each row."""
    gates = sorted(_named(frame["street_id"]))
    called = dict(zip(gates, _gate_names(study, study.need("streets")[0], gates), strict=True))
    barriers = study.barriers
    known: dict[str, str] = {}
    if barriers is not None and "name" in barriers:
        known = barriers["name"].dropna().astype(str).to_dict()
    named = [
        [*(known.get(one) for one in _ids(barrier_id)), *(called[one] for one in _ids(street_id))]
        for barrier_id, street_id in zip(frame["barrier_id"], frame["street_id"], strict=True)
    ]
    told = [",".join(dict.fromkeys(one for one in names if one)) or None for names in named]
    return pd.Series(told, index=frame.index, dtype=object)


def _ids(cell: object) -> list[str]:
    return [] if pd.isna(cell) else str(cell).split(",")


def _named(column: pd.Series) -> set[str]:
    """Return every id that a column of comma-separated ids names."""
    return {one for cell in column.dropna().unique() for one in _ids(cell)}


def _gate_names(study: Study, streets: gpd.GeoDataFrame, gates: list[str]) -> npt.NDArray[np.object_]:
    rows = streets.loc[gates]
    near = names_near(study, rows.geometry.to_numpy())
    if "name" not in rows:
        return near
    own = rows["name"].fillna("").astype(str).str.strip().to_numpy(object)
    return np.where(own != "", own, near)


def causes_by_service(causes: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Sum up table ``causes`` by service and cause.

    Returns
    -------
    causes_by_service
        Services in the order of ``causes``, causes in the order in which they are looked for; those that
        nobody has are left out. Sums are missing where no figure is known.
    """
    rows = []
    for service, own in causes.groupby("service", sort=False):
        everyone = total(counts(own, "persons"))
        for cause in CAUSES:
            some = own[own["cause"] == cause]
            if len(some):
                persons = total(counts(some, "persons"))
                rows.append(
                    {
                        "service": service,
                        "cause": cause,
                        "residences": len(some),
                        "households": total(counts(some, "households")),
                        "persons": persons,
                        "person_share": rate(persons, everyone),
                    }
                )
    columns = ["service", "cause", "residences", "households", "persons", "person_share"]
    return finish(pd.DataFrame(rows, columns=columns), "causes_by_service")


def obstacle_table(study: Study, causes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Sum up table ``causes`` by barrier and gate, those that must go together as one.

    Returns
    -------
    obstacles
        Those with most households first, then most persons, then most walks.
    """
    named = obstacle_ids(causes)
    rows = []
    for obstacle_id, own in causes[named.notna()].groupby(named[named.notna()], sort=True):
        homes = own.drop_duplicates("residence_id")
        kind, shape = _shape_of(study, _ids(own["barrier_id"].iloc[0]), _ids(own["street_id"].iloc[0]))
        rows.append(
            {
                "obstacle_id": obstacle_id,
                "obstacle_kind": kind,
                "name": own["obstacle_name"].iloc[0],
                "walks": len(own),
                "residences": len(homes),
                "households": total(counts(homes, "households")),
                "persons": total(counts(homes, "persons")),
                "services": ",".join(own["service"].unique()),
                "geometry": shape,
            }
        )
    columns = ["obstacle_id", "obstacle_kind", "name", "walks", "residences", "households", "persons",
               "services", "geometry"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    order = frame.sort_values(
        ["households", "persons", "walks", "obstacle_id"],
        ascending=[False, False, False, True],
        na_position="last",
        kind="stable",
    )
    return finish(order, "obstacles", crs=study.crs)


def _shape_of(study: Study, barriers: list[str], gates: list[str]) -> tuple[str, shapely.Geometry]:
    """Return the kind of what stands in the way, and where it is."""
    kinds, shapes = ["gate"] * bool(gates), []
    if gates:
        lines = study.need("streets")[0].geometry.loc[gates].to_numpy()
        shapes.append(shapely.line_merge(shapely.union_all(lines)) if len(lines) > 1 else lines[0])
    if barriers:
        rows = study.need("barriers")[0].loc[barriers]
        kinds += rows["kind"].astype(str).tolist()
        shapes += rows.geometry.tolist()
    if len({shapely.get_dimensions(one) for one in shapes}) > 1:  # a layer holds shapes of one dimension
        shapes = [one if shapely.get_dimensions(one) < 2 else one.boundary for one in shapes]
    shape = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    return kinds[0] if len(set(kinds)) == 1 else "several", shape
