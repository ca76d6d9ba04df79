"""Validated tables into the study's one metric CRS; what cannot lie where it says is set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.crs.datum import DATUMS, to_wgs84
from geoplan.crs.metric import parse_crs, require_metric, suggest_metric_crs, transform_xy
from geoplan.crs.plausible import FAR, distance_m, far_from, implausible, locate
from geoplan.errors import CrsError, CrsMismatchError, MissingCrsError
from geoplan.model.validate import GEOMETRY, Checked, Fault

__all__ = ["choose_crs", "declared_crs", "set_aside_far", "set_aside_implausible", "to_study_crs"]

_WGS84 = "EPSG:4326"
_MOST = 0.5
"""If more than this share of a layer is misplaced alike, the layer is refused: its declaration is wrong."""

Floats = npt.NDArray[np.float64]


def declared_crs(table: str, file: str, own: object, declared: str) -> str:
    """
    Return the CRS or datum of a layer.

    Parameters
    ----------
    table, file
        For messages.
    own
        CRS the file states, or None.
    declared
        CRS or datum that ``study.toml`` states, or empty.

    Raises
    ------
    MissingCrsError
        If neither states one.
    CrsMismatchError
        If they contradict each other. A datum of web maps may stand in for the WGS84 that files claim for it.
    """
    found = None if own is None else parse_crs(own)
    if found is not None and not (found.is_geographic or found.is_projected):
        found = None
    if declared.lower() in DATUMS:
        if found is not None and not found.is_geographic:
            raise CrsMismatchError(
                "error.crs_mismatch", table=table, file=file, found=_label(found), declared=declared
            )
        return declared.lower()
    if declared:
        stated = parse_crs(declared)
        if found is not None and not found.equals(stated, ignore_axis_order=True):
            same = found.to_epsg(min_confidence=70) == stated.to_epsg(min_confidence=70) is not None
            if not same:
                raise CrsMismatchError(
                    "error.crs_mismatch", table=table, file=file, found=_label(found), declared=declared
                )
        return _label(stated)
    if found is None:
        raise MissingCrsError("error.missing_crs", table=table, file=file)
    return _label(found)


def set_aside_implausible(table: str, checked: Checked, declared: str) -> Checked:
    """
    Set aside rows whose coordinates cannot be right in the CRS they are declared in.

    Raises
    ------
    CrsError
        If most rows of the table are misplaced alike.
    """
    rows = np.flatnonzero(~shapely.is_missing(checked.table.geometry.to_numpy()))
    x, y = _spots(checked.table.geometry.to_numpy()[rows])
    codes = implausible(declared, x, y)
    wrong = np.flatnonzero(codes != "")
    values = [f"{x[at]:.10g} {y[at]:.10g}" for at in wrong]
    return _without(table, checked, rows[wrong], codes[wrong].tolist(), values)


def set_aside_far(checked: Mapping[str, Checked], declared: Mapping[str, str]) -> dict[str, Checked]:
    """
    Set aside rows that lie far from everything else.

    Parameters
    ----------
    checked
        Validated tables in the CRS they were read in.
    declared
        Table -> that CRS or datum.

    Raises
    ------
    CrsError
        If most rows of a table lie far from the rest of the study.
    """
    spots = {}
    for table, crs in declared.items():
        geometry = checked[table].table.geometry.to_numpy()
        rows = np.flatnonzero(~shapely.is_missing(geometry))
        spots[table] = (rows, *locate(crs, *_spots(geometry[rows])))
    lon = np.concatenate([one[1] for one in spots.values()] or [np.empty(0)])
    lat = np.concatenate([one[2] for one in spots.values()] or [np.empty(0)])
    if not len(lon):
        return dict(checked)
    centre = float(np.median(lon)), float(np.median(lat))
    spread = float(np.median(distance_m(lon, lat, centre)))
    done = dict(checked)
    for table, (rows, east, north) in spots.items():
        far = np.flatnonzero(far_from(east, north, centre, spread))
        values = [f"{one / 1000:.0f}" for one in distance_m(east[far], north[far], centre)]
        done[table] = _without(table, checked[table], rows[far], [FAR] * len(far), values)
    return done


def choose_crs(wanted: str, checked: Mapping[str, Checked], declared: Mapping[str, str]) -> str:
    """
    Return the study's metric CRS.

    Parameters
    ----------
    wanted
        CRS that ``study.toml`` states; empty takes the one metric CRS all layers share, else the one that
        suits the place.
    checked, declared
        Tables, and the CRS or datum of each.

    Raises
    ------
    NotMetricError
        If it does not measure truthfully here.
    """
    shared = set(declared.values())
    lon, lat = _middle(checked, declared)
    if wanted:
        label = _label(parse_crs(wanted))
    elif len(shared) == 1 and not (shared & {*DATUMS}) and parse_crs(*shared).is_projected:
        label = next(iter(shared))
    else:
        label = suggest_metric_crs(lon, lat)
    if np.isfinite([lon, lat]).all() and parse_crs(label).is_projected:
        require_metric(gpd.GeoSeries(gpd.points_from_xy([lon], [lat]), crs=_WGS84).to_crs(label))
    require_metric(label)
    return label


def to_study_crs(table: str, checked: Checked, declared: str, crs: str) -> Checked:
    """Return a table in the study's CRS; rows that cannot be expressed in it are set aside."""
    frame = checked.table
    geometry = _moved(frame.geometry.to_numpy(), declared, crs)
    changed: dict[str, object] = {GEOMETRY: geometry}
    if "entrances" in frame.columns:
        doors = _moved(frame["entrances"].to_numpy(), declared, crs)
        changed["entrances"] = pd.Series(doors, index=frame.index, dtype=object)
    moved = frame.drop(columns=GEOMETRY).assign(
        **{name: values for name, values in changed.items() if name != GEOMETRY}
    )
    placed = gpd.GeoDataFrame(moved, geometry=geometry, crs=crs)
    coordinates, owner = shapely.get_coordinates(geometry, return_index=True)
    lost = np.unique(owner[~np.isfinite(coordinates).all(axis=1)])
    done = Checked(placed[frame.columns], checked.rows, checked.faults)
    return _without(table, done, lost, ["fault.outside_crs"] * len(lost), [""] * len(lost))


def _moved(geometry: npt.NDArray[np.object_], declared: str, crs: str) -> npt.NDArray[np.object_]:
    if declared == crs:
        return geometry
    xy = shapely.get_coordinates(geometry)
    if declared in DATUMS:
        x, y = transform_xy(_WGS84, crs, *to_wgs84(xy[:, 0], xy[:, 1], declared))
    else:
        x, y = transform_xy(declared, crs, xy[:, 0], xy[:, 1])
    return np.asarray(shapely.set_coordinates(geometry.copy(), np.column_stack([x, y])), dtype=object)


def _spots(geometry: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Return the middle of the bounds of each geometry."""
    bounds = shapely.bounds(geometry).reshape(-1, 4)
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _middle(checked: Mapping[str, Checked], declared: Mapping[str, str]) -> tuple[float, float]:
    lon, lat = [np.empty(0)], [np.empty(0)]
    for table, crs in declared.items():
        geometry = checked[table].table.geometry.to_numpy()
        east, north = locate(crs, *_spots(geometry[~shapely.is_missing(geometry)]))
        lon.append(east)
        lat.append(north)
    if not sum(map(len, lon)):
        return float("nan"), float("nan")
    return float(np.median(np.concatenate(lon))), float(np.median(np.concatenate(lat)))


def _without(
    table: str, checked: Checked, rows: npt.NDArray[np.intp], codes: list[str], values: list[str]
) -> Checked:
    """Set rows aside, unless they are most of the table."""
    if len(rows) > 1 and len(rows) > _MOST * len(checked.table):
        code, count = Counter(codes).most_common(1)[0]
        first = values[codes.index(code)]
        raise CrsError(
            "error.layer_misplaced",
            faults=[CrsError(code, value=first)],
            table=table,
            count=count,
            rows=len(checked.table),
        )
    ids = checked.table.index[rows]
    numbers = checked.rows.iloc[rows]
    return checked.without(
        Fault(table, int(number), str(label), GEOMETRY, value, code)
        for number, label, value, code in zip(numbers, ids, values, codes, strict=True)
    )


def _label(crs: CRS) -> str:
    epsg = crs.to_epsg(min_confidence=70)
    return f"EPSG:{epsg}" if epsg else str(crs.to_string())
