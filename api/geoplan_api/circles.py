"""Service circles and isochrones as GeoJSON."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import orjson
import shapely

import geoplan as gp
from geoplan.network.areas import service_area
from geoplan.network.graph import Costs
from geoplan.network.snap import Snaps
from geoplan.report.json_file import records
from geoplan.units import MS_PER_MINUTE, minutes_to_ms
from geoplan_api.problems import ProblemError
from geoplan_api.schemas import IsochroneQuestion
from geoplan_api.served import Served

__all__ = ["centre_circles", "geojson", "isochrone"]


def geojson(table: gpd.GeoDataFrame) -> bytes:
    """Return a table as GeoJSON in longitude and latitude (RFC 7946), its key and columns as properties."""
    shapes = shapely.to_geojson(table.to_crs("EPSG:4326").geometry.to_numpy())
    features = [
        {
            "type": "Feature",
            "properties": row,
            "geometry": None if shape is None else orjson.Fragment(shape),
        }
        for row, shape in zip(records(table), shapes, strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def centre_circles(served: Served, centre_id: str, minutes: tuple[float, ...] | None) -> bytes:
    """
    Return the circles of one centre, as `geoplan.service_circles` draws them.

    Parameters
    ----------
    served
        The study.
    centre_id
        Which centre.
    minutes
        Walking times [min]; None: those of the audit.

    Raises
    ------
    ProblemError
        404 if there is no such centre.
    """
    study, standard = served.study, served.standard
    if study.centres is None or centre_id not in study.centres.index:
        raise ProblemError(404, "problem.no_centre", id=centre_id)
    if minutes is None:
        drawn = served.table("service_circles")
        return geojson(drawn[drawn["centre_id"] == centre_id])
    circles = gp.service_circles(
        served.need_network(),
        study.centres.loc[[centre_id]],
        standard,
        minutes=minutes,
        max_snap_m=study.max_snap_m,
        barriers=study.barriers,
    )
    return geojson(circles)


def isochrone(served: Served, question: IsochroneQuestion) -> bytes:
    """
    Return what lies within a walk from a point, or from where one walks to it.

    Parameters
    ----------
    served
        The study.
    question
        The point, the times and the direction.

    Raises
    ------
    ProblemError
        422 if the point is outside the study, or off every street.
    """
    points = served.points(question.standard)
    x, y = served.positions.into_study(question.lon, question.lat, question.crs)
    edge, offset_m, snap_m = points.snapper.snap(x, y)
    if edge < 0:
        raise ProblemError(422, "problem.off_streets", metres=f"{points.snapper.max_snap_m:g}")
    costs = points.costs
    if question.direction == "from":
        costs = served.kept(("turned", points.standard.id), lambda: turned(costs))
    place = Snaps(
        owner=np.zeros(1, np.int64),
        owners=1,
        edge=np.array([edge]),
        offset_m=np.array([offset_m]),
        snap_m=np.array([snap_m]),
    )
    limits = sorted({minutes_to_ms(one) for one in question.minutes})
    areas = service_area(points.network, costs, place, limits_ms=limits)
    table = gpd.GeoDataFrame(
        {
            "minutes": [one.limit_ms / MS_PER_MINUTE for one in areas],
            "direction": question.direction,
            "snap_m": snap_m,
            "area_m2": shapely.area(np.array([one.polygon for one in areas], object)),
            "street_length_m": shapely.length(np.array([one.streets for one in areas], object)),
            "missed_length_m": [one.missed_length_m for one in areas],
            "unreached_length_inside_m": [one.unreached_length_inside_m for one in areas],
        },
        geometry=[one.polygon for one in areas],
        crs=served.study.crs,
    )
    return geojson(table)


def turned(costs: Costs) -> Costs:
    """
    Return what walking costs the other way: searches to a place then find the walks from it.

    Where both ways cost the same, they are the same.
    """
    if costs.edge_back_ms is None:
        return costs
    return dataclasses.replace(costs, edge_ms=costs.edge_back_ms, edge_back_ms=costs.edge_ms)
